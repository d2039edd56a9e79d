"""A run of the gate: each file in a process apart, its safe copy written, the copy checked in turn."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from scanner.documents import Coverage, Gap, Limits, Location, Shortfall, Source, Status
from scanner.release.apart import EndedError, Room, run_apart
from scanner.release.copying.flatten import NoCopyError, PdfCopy, flatten
from scanner.release.gate import REMOVED_LIST, Gate, not_checked
from scanner.release.model import Checked, ReleaseCheck, SafeCopy
from scanner.release.wire import WireError, check_from_json, check_to_json

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700
# Objections to what everybody can see: a copy keeps that, and must not promise otherwise.
_VISIBLE = frozenset(("personal-data", "identifiers", "names", "small-numbers"))


@dataclass(frozen=True, slots=True)
class Copying:
    """Where safe copies go, and how PDFs are copied."""

    directory: Path
    pdf: PdfCopy
    limits: Limits


@dataclass(frozen=True, slots=True)
class Found:
    """A file to check: where it is, and its place beneath the path that was given (for the copy).

    ``named`` tells that it was given itself, not met in a folder: then a link is followed.
    """

    path: Path
    relative: PurePath
    named: bool = False


def files_beneath(paths: Sequence[Path], left_out: Path | None = None) -> Iterator[Found]:
    """The files of the given paths in order; folders are walked, links in them are met but not followed."""
    for path in paths:
        if not path.is_dir():
            yield Found(path, PurePath(path.name), named=True)
            continue
        for folder, names, files in os.walk(path):
            here = Path(folder)
            names[:] = sorted(name for name in names if not _same(here / name, left_out))
            links = [name for name in names if (here / name).is_symlink()]
            for name in sorted((*files, *links)):
                yield Found(here / name, (here / name).relative_to(path))


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()


@dataclass(slots=True)
class ReleaseRun:
    """Checks one file after the other; ``check`` never raises for what a file is or holds."""

    gate: Gate
    copying: Copying | None = None
    room: Room = field(default_factory=Room)
    _written: set[Path] = field(default_factory=set)

    def check(self, found: Found) -> Checked:
        """Check a file, and make its safe copy where copies are wanted."""
        shown = str(found.path)
        try:
            descriptor = _open(found)
        except OSError as error:
            return Checked(shown, _unread(_shortfall(error)))
        except _NoFileError as error:
            return Checked(shown, _unread(Gap(Location(), Shortfall.NOT_A_FILE, str(error))))
        try:
            check = self._check(descriptor, found.path.name)
            if self.copying is None:
                return Checked(shown, check)
            return Checked(shown, check, self._copy(descriptor, found, check, self.copying))
        finally:
            os.close(descriptor)

    def _check(self, descriptor: int, name: str) -> ReleaseCheck:
        def work() -> dict[str, Any]:
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return check_to_json(self.gate.check(file, name))

        try:
            return check_from_json(run_apart(work, self.room, (descriptor,)))
        except (EndedError, WireError) as error:
            return _unread(Gap(Location(), Shortfall.PARSER_STOPPED, str(error)))

    # --- copies -----------------------------------------------------------------------------------------

    def _copy(self, descriptor: int, found: Found, check: ReleaseCheck, copying: Copying) -> SafeCopy:
        try:
            folder = copying.directory / found.relative.parent
            folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            draft = folder / f".{found.relative.name[:100]}.{os.getpid()}.part"
            writing = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE)
        except OSError as error:
            return SafeCopy(problem=f"cannot be written ({(error.strerror or 'write error').lower()})")
        try:
            suffix, left_behind = self._flatten(descriptor, writing, found.path.name, copying)
            os.fsync(writing)
            target = self._target(folder, found.relative, suffix)
            removed = tuple(_removed(check, left_behind))
            _take_name(draft, target)
            try:
                _write_new(target.with_name(target.name + REMOVED_LIST), _list_of(found.path.name, removed))
            except OSError:
                target.unlink()  # ours, since a moment ago: no copy goes without its list
                raise
        except NoCopyError as error:
            return SafeCopy(problem=str(error))
        except FileExistsError as error:
            return SafeCopy(problem=f"{Path(str(error.filename)).name} exists already and is not overwritten")
        except OSError as error:
            return SafeCopy(problem=f"cannot be written ({(error.strerror or 'write error').lower()})")
        finally:
            os.close(writing)
            draft.unlink(missing_ok=True)
        self._written.add(target)
        return SafeCopy(str(target), removed=removed, check=self._check_again(target))

    def _flatten(self, descriptor: int, writing: int, name: str, copying: Copying) -> tuple[str, str]:
        """Write the copy in a process apart; returns its suffix and what it always leaves behind."""

        def work() -> dict[str, Any]:
            source = Source.from_descriptor(descriptor, name)
            with os.fdopen(writing, "w+b", closefd=False) as file:
                try:
                    written = flatten(source, file, copying.limits, copying.pdf)
                except NoCopyError as error:
                    return {"problem": str(error)}
            return {"suffix": written.suffix, "left_behind": written.left_behind}

        try:
            answer = run_apart(work, self.room, (descriptor, writing))
        except EndedError as error:
            raise NoCopyError(f"the copy could not be made ({error})") from None
        if "problem" in answer:
            raise NoCopyError(str(answer["problem"]))
        suffix = str(answer.get("suffix", ""))
        if suffix not in (".xlsx", ".docx", ".csv", ".txt", ".pdf", ".jpg", ".png", ".tif"):
            raise NoCopyError("the copy could not be made (gave no sensible answer)")
        return suffix, str(answer.get("left_behind", ""))

    def _target(self, folder: Path, relative: PurePath, suffix: str) -> Path:
        """The copy's path; a second file that would get the same name keeps its own suffix inside."""
        target = folder / (relative.stem + suffix)
        return folder / (relative.name + suffix) if target in self._written else target

    def _check_again(self, target: Path) -> ReleaseCheck:
        descriptor = os.open(target, _FLAGS)
        try:
            return self._check(descriptor, target.name)
        finally:
            os.close(descriptor)


class _NoFileError(Exception):
    """Not a regular file; the message says what."""


def _open(found: Found) -> int:
    if not found.named and found.path.is_symlink():
        raise _NoFileError("a link, which may lead anywhere")
    descriptor = os.open(found.path, _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _NoFileError("folder, pipe or device")
    return descriptor


def _shortfall(error: OSError) -> Gap:
    detail = (error.strerror or type(error).__name__).lower()
    if isinstance(error, PermissionError):
        return Gap(Location(), Shortfall.NO_PERMISSION)
    if isinstance(error, FileNotFoundError):
        return Gap(Location(), Shortfall.VANISHED)
    return Gap(Location(), Shortfall.IO_ERROR, detail)


def _unread(gap: Gap) -> ReleaseCheck:
    """The check of a file that could not be looked into at all: it fails."""
    coverage = Coverage(Status.NOT_INSPECTED, "", (gap,))
    return ReleaseCheck(kind="", inspected=coverage.status.value, objections=tuple(not_checked(coverage)))


def _removed(check: ReleaseCheck, left_behind: str) -> Iterator[str]:
    """One line for each thing that the copy does not have; the original's own words for it."""
    for objection in (*check.objections, *check.accepted):
        if objection.code in _VISIBLE:
            continue
        where = f"{objection.place}: " if objection.place else ""
        if objection.code == "not-checked":
            yield f"not in the copy, for it could not be read: {where}{objection.text}"
        else:
            yield f"{objection.code}: {where}{objection.text}"
    for remark in check.remarks:
        if remark.code not in ("contact-details", "protection", "small-numbers-wider"):
            yield f"{remark.code}: {remark.place}: {remark.count:,}" if remark.place else remark.code
    if left_behind:
        yield f"always: {left_behind}"


def _list_of(name: str, removed: Sequence[str]) -> bytes:
    lines = (
        f"What the safe copy of {name} leaves out.",
        "This list is for the person who releases the copy; do not publish it.",
        "",
        *removed,
    )
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _take_name(draft: Path, target: Path) -> None:
    """Give a finished file its name in one step, and never another file's: raises ``FileExistsError``."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE))
    draft.replace(target)
