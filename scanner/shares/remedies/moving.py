"""Moving a file to the vault, leaving a note, and bringing it back.

At every moment the content lies, whole and synced, in its place, beside its place under a name of ours, or in
the vault; what was begun can be told from what lies where.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scanner.shares.remedies.snapshot import (
    Held,
    RefusedError,
    folder_of,
    hash_of,
    held,
    restore,
    stat_at,
)
from scanner.store.folders import sync_folder
from scanner.store.remedies import Act

_PIECE = 1 << 20
_CONTENT = "content"
_NAME_BYTES = 255
# Behind the name that people look for.
_NOTE = b" - moved.txt"


@dataclass(frozen=True, slots=True)
class Vault:
    """A private folder, away from the shares, with one folder for each file."""

    folder: Path

    def prepare(self) -> None:
        """Make it; refused where others may enter it."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            about = self.folder.lstat()
        except OSError as error:
            raise RefusedError(f"the vault cannot be made ({(error.strerror or '').lower()})") from None
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
            raise RefusedError(
                "the vault must be a folder of your own that nobody else can enter (chmod 700)"
            )

    def place(self, act: Act) -> Path:
        """Where an act's file lies."""
        return self.folder / act.reference


def note_name(name: bytes) -> bytes:
    """What the note beside ``name`` is called."""
    return name[: _NAME_BYTES - len(_NOTE)] + _NOTE


def aside_name(act: Act) -> bytes:
    """The name under which a file lies for the moment between its place and the vault."""
    return b".dlp-" + act.reference.encode()


def copy_into_vault(file: Held, place: Path, key: bytes, digest: str) -> None:
    """A copy of the open file, on disk when this returns; refused where it changed while it was copied."""
    try:
        place.mkdir(mode=0o700)
        target = os.open(
            place / _CONTENT, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise RefusedError(f"the vault cannot be written ({(error.strerror or '').lower()})") from None
    try:
        os.lseek(file.file, 0, os.SEEK_SET)
        _copy(file.file, target)
        os.fsync(target)
        if hash_of(target, key) != digest:
            raise RefusedError("it changed while it was copied")
    except OSError as error:
        raise RefusedError(f"it cannot be copied ({(error.strerror or '').lower()})") from None
    finally:
        os.close(target)
    for folder in (place, place.parent):
        sync_folder(folder)


def write_note(file: Held, act: Act) -> None:
    """The note beside the file, readable by whoever could read the file; refused where its name is taken."""
    draft, about = _draft_name(act), file.about()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        note = os.open(draft, flags, 0o600, dir_fd=file.folder)
        try:
            os.write(note, str(act.after["note"]).encode("utf-8", "replace"))
            with suppress(PermissionError):
                os.fchown(note, about.st_uid, about.st_gid)
            with suppress(PermissionError):
                os.fchmod(note, stat.S_IMODE(about.st_mode) & 0o666)
            os.fsync(note)
        finally:
            os.close(note)
        _give_name(file.folder, draft, note_name(file.name))
    except FileExistsError:
        raise RefusedError("a file with the name of its note lies there already") from None
    except OSError as error:
        raise RefusedError(f"no note can be left there ({(error.strerror or '').lower()})") from None


def take_away(file: Held, act: Act) -> None:
    """Remove the file from its place, unless what lies there is another one by now."""
    before = file.about()
    aside = aside_name(act)
    os.rename(file.name, aside, src_dir_fd=file.folder, dst_dir_fd=file.folder)
    found = stat_at(file.folder, aside)
    same = found is not None and _same(found, before) and _same(file.about(), before)
    if not same:
        _put_back(file.folder, aside, file.name)
        raise RefusedError("it changed in the last moment")
    os.unlink(aside, dir_fd=file.folder)
    os.fsync(file.folder)


def bring_back(act: Act, key: bytes) -> None:
    """Put the file of the vault in its place, as it was; refused where something lies there."""
    source = Path(os.fsdecode(act.vault)) / _CONTENT
    try:
        stored = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise RefusedError("its copy in the vault cannot be read") from None
    try:
        if hash_of(stored, key) != act.after.get("hash"):
            raise RefusedError("its copy in the vault is not what was put there")
        with folder_of(act.path) as (folder, name):
            if stat_at(folder, name) is not None:
                raise RefusedError("something else lies in its place")
            _rebuild(stored, folder, name, act)
            _remove_note(folder, name, act)
    except OSError as error:
        raise RefusedError(f"it cannot be brought back ({(error.strerror or '').lower()})") from None
    finally:
        os.close(stored)


def clear_vault(act: Act) -> None:
    """Remove what the vault has of an act."""
    place = Path(os.fsdecode(act.vault))
    with suppress(FileNotFoundError):
        (place / _CONTENT).unlink()
    with suppress(FileNotFoundError):
        place.rmdir()


def roll_back(act: Act, key: bytes) -> bool:
    """End an interrupted move: true where the file is in its place again, false where it is in the vault."""
    with folder_of(act.path) as (folder, name):
        aside = aside_name(act)
        ours, there = stat_at(folder, aside), stat_at(folder, name)
        if ours is not None and there is None:
            _put_back(folder, aside, name)
        elif ours is not None and there is not None:
            if not os.path.samestat(ours, there) and not _whole(act, key):
                raise RefusedError(f"something else lies in its place; it is beside it as {aside.decode()}")
            os.unlink(aside, dir_fd=folder)
            if not os.path.samestat(ours, there):
                return False
        if stat_at(folder, name) is None and _whole(act, key):
            return False
        _remove_note(folder, name, act)
    clear_vault(act)
    return True


def roll_forward(act: Act, key: bytes) -> bool:
    """End an interrupted undoing: returns whether the file is back."""
    with folder_of(act.path) as (folder, _), suppress(FileNotFoundError):
        os.unlink(aside_name(act), dir_fd=folder)
    try:
        with held(act.path) as file:
            # Another file may have taken the place before ours was back.
            if hash_of(file.file, key) != act.after.get("hash"):
                return False
            _remove_note(file.folder, file.name, act)
            return True
    except RefusedError:
        return False


def _rebuild(stored: int, folder: int, name: bytes, act: Act) -> None:
    aside = aside_name(act)
    with suppress(FileNotFoundError):
        os.unlink(aside, dir_fd=folder)
    made = os.open(
        aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder
    )
    try:
        os.lseek(stored, 0, os.SEEK_SET)
        _copy(stored, made)
        restore(made, act.before)
        os.fsync(made)
    except BaseException:
        os.unlink(aside, dir_fd=folder)
        raise
    finally:
        os.close(made)
    _put_back(folder, aside, name)
    os.fsync(folder)


def _put_back(folder: int, aside: bytes, name: bytes) -> None:
    """Give a file its name again, never over another file."""
    try:
        _give_name(folder, aside, name)
    except FileExistsError:
        raise RefusedError(f"something else lies in its place; it is beside it as {aside.decode()}") from None


def _give_name(folder: int, old: bytes, new: bytes) -> None:
    """Rename within a folder; ``FileExistsError`` where the name is taken."""
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
            raise
        # A file system without links: the best that it can do.
        if stat_at(folder, new) is not None:
            raise FileExistsError from None
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
        return
    os.unlink(old, dir_fd=folder)


def _draft_name(act: Act) -> bytes:
    return aside_name(act) + b".note"


def _remove_note(folder: int, name: bytes, act: Act) -> None:
    """Take our note away, unless somebody wrote into it."""
    with suppress(FileNotFoundError):
        os.unlink(_draft_name(act), dir_fd=folder)
    note = note_name(name)
    about = stat_at(folder, note)
    if about is None or not stat.S_ISREG(about.st_mode) or about.st_size > 10_000:
        return
    try:
        descriptor = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return
    try:
        ours = os.read(descriptor, 10_000).decode("utf-8", "replace") == act.after.get("note")
    finally:
        os.close(descriptor)
    if ours:
        os.unlink(note, dir_fd=folder)


def _whole(act: Act, key: bytes) -> bool:
    try:
        stored = os.open(Path(os.fsdecode(act.vault)) / _CONTENT, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return hash_of(stored, key) == act.after.get("hash")
    finally:
        os.close(stored)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    # The time of the entry moves with every renaming, ours included.
    return (one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) == (
        other.st_dev,
        other.st_ino,
        other.st_size,
        other.st_mtime_ns,
    )


def _copy(source: int, target: int) -> None:
    while piece := os.read(source, _PIECE):
        view = memoryview(piece)
        while view:
            view = view[os.write(target, view) :]
