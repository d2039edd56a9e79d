"""The walk: every object beneath a root is met once, in a stable order, and nothing is opened but folders.

Links are never followed, devices, pipes and sockets never opened; what cannot be listed is met as an object
with its reason.  Memory is bounded by the largest folder's batch and the depth of the tree, not by its size.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from scanner.documents.model import Shortfall
from scanner.shares.exposure import Rights
from scanner.shares.globs import Selection
from scanner.shares.mounts import FileSystem, Mounts
from scanner.store.entry import Access, Audience

# A folder is sorted in pieces of this many names: one with millions of files must not be held whole.
NAMES_SORTED = 100_000

# Objects in one listing: a turn between two looks at the workers.
LISTED = 1_000

_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}


@dataclass(frozen=True, slots=True)
class Unopened:
    """Something that was met and will not be opened: its name in its folder, why, one line of detail."""

    name: bytes
    shortfall: Shortfall
    detail: str = ""
    mtime_ns: int = 0


@dataclass(slots=True)
class Listing:
    """What was met in one folder, or a part of it.

    ``files`` are regular files to be read, each with what the system says of it.  ``passage`` is who can
    reach the folder at all, ``published`` whether it lies in a web root.  ``entered`` is false for a listing
    that only adds an object to a folder that was listed before.  ``last`` ends a folder; it never comes for
    one that could not be listed to its end.  ``access`` is who to ask who may read a file, where that is not
    the system of this machine.
    """

    folder: bytes
    passage: Audience
    published: bool
    system: FileSystem
    files: list[tuple[bytes, os.stat_result]] = field(default_factory=list)
    unopened: list[Unopened] = field(default_factory=list)
    entered: bool = True
    last: bool = True
    access: Callable[[bytes, os.stat_result], Access] | None = None

    def __len__(self) -> int:
        return len(self.files) + len(self.unopened)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder on the way down, with its way up (to notice a tree that contains itself)."""

    path: bytes
    parent: _Folder | None = None
    identity: tuple[int, int] = (0, 0)
    passage: Audience = Audience.PUBLIC

    def within(self, identity: tuple[int, int]) -> bool:
        above: _Folder | None = self
        while above is not None:
            if above.identity == identity:
                return True
            above = above.parent
        return False


@dataclass
class Walk:
    """One walk over ``root``; iterate it once.

    ``left_out`` are absolute folders that are never entered (the scanner's own state).  ``directories``
    counts the folders that were listed, while the walk goes on.  Of what was not walked, ``unlisted`` are
    folders that could not be listed (to their end), ``skipped`` those that were not to be entered.
    ``start`` is a folder beneath ``root`` where it begins instead, ``passage`` who gets through to there;
    where it is not ``deep`` no folder inside is entered.
    """

    root: Path
    selection: Selection = field(default_factory=Selection)
    left_out: Sequence[Path] = ()
    cross_mounts: bool = True
    rights: Rights = field(default_factory=Rights)
    mounts: Mounts = field(default_factory=Mounts)
    directories: int = 0
    unlisted: list[bytes] = field(default_factory=list)
    skipped: list[bytes] = field(default_factory=list)
    start: Path | None = None
    passage: Audience = Audience.PUBLIC
    deep: bool = True

    def __iter__(self) -> Iterator[Listing]:
        root = os.fsencode(self.start or self.root)
        left_out = {os.fsencode(path) for path in self.left_out}
        kernel = self.mounts.kernel()
        self._system = self.mounts.at(root)
        pending = [_Folder(root, passage=self.passage)]
        while pending:
            folder = pending.pop()
            if folder.path in left_out:
                yield self._skip(folder, Shortfall.EXCLUDED, "the scanner's own state")
            elif folder.path in kernel:
                detail = f"system files ({kernel[folder.path]}), not entered"
                yield self._skip(folder, Shortfall.NOT_A_FILE, detail)
            else:
                yield from self._list(folder, pending)

    def _list(self, folder: _Folder, pending: list[_Folder]) -> Iterator[Listing]:
        """Meet what is in one folder; folders inside it are put on ``pending``."""
        try:
            descriptor = _open_folder(folder.path)
        except NotADirectoryError:
            if folder.parent is None:
                yield self._root_file(folder)
            else:
                self.unlisted.append(folder.path)
                yield self._add(folder, Shortfall.VANISHED, "was a folder a moment ago")
            return
        except OSError as error:
            self.unlisted.append(folder.path)
            reason, detail = shortfall_of(error)
            yield self._add(folder, reason, ", ".join(filter(None, ("folder cannot be opened", detail))))
            return
        try:
            about = os.fstat(descriptor)
            identity = (about.st_dev, about.st_ino)
            if folder.parent is not None:
                if folder.parent.within(identity):
                    yield self._skip(
                        folder, Shortfall.NOT_A_FILE, "folder contains itself, not entered again"
                    )
                    return
                if not self.cross_mounts and identity[0] != folder.parent.identity[0]:
                    yield self._skip(folder, Shortfall.EXCLUDED, "another file system is mounted here")
                    return
            self.directories += 1
            system = self.mounts.of_device(about.st_dev, self._system)
            passage = min(folder.passage, self.rights.passage(folder.path, about, system))
            here = _Folder(folder.path, folder.parent, identity, passage)
            found: list[_Folder] = []
            yield from self._names(descriptor, here, system, found)
            if self.deep:
                pending.extend(reversed(found))
        finally:
            os.close(descriptor)

    def _names(
        self, descriptor: int, here: _Folder, system: FileSystem, found: list[_Folder]
    ) -> Iterator[Listing]:
        names: Iterator[os.DirEntry[str]] = os.scandir(descriptor)
        published = self.rights.published(here.path)
        while True:
            batch: list[os.DirEntry[str]] = []
            trouble: OSError | None = None
            try:
                batch.extend(islice(names, NAMES_SORTED))
            except OSError as error:  # what was listed before the failure is still met
                trouble = error
            more = trouble is None and len(batch) == NAMES_SORTED
            batch.sort(key=lambda entry: entry.name)
            for start in range(0, len(batch) or 1, LISTED):
                listing = Listing(here.path, here.passage, published, system)
                listing.last = not more and trouble is None and start + LISTED >= len(batch)
                self._meet(batch[start : start + LISTED], here, listing, found)
                yield listing
            if trouble is not None:
                self.unlisted.append(here.path)
                reason, detail = shortfall_of(trouble)
                line = ", ".join(filter(None, ("folder cannot be listed to its end", detail)))
                yield self._add(here, reason, line)
            if not more:
                return

    def _meet(
        self, entries: Sequence[os.DirEntry[str]], here: _Folder, listing: Listing, found: list[_Folder]
    ) -> None:
        prefix = here.path if here.path.endswith(b"/") else here.path + b"/"
        root = os.fsencode(self.root)
        selection, files, unopened = self.selection, listing.files, listing.unopened
        excluding, by_look = bool(selection.exclude.patterns), selection.by_look
        for entry in entries:
            name = entry.name.encode("utf-8", "surrogateescape")
            if excluding and selection.exclude.match(prefix + name, root):
                if _is_folder(entry):
                    self.skipped.append(prefix + name)
                unopened.append(Unopened(name, Shortfall.EXCLUDED, "matches an exclusion"))
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    found.append(_Folder(prefix + name, here, passage=here.passage))
                    continue
                about = entry.stat(follow_symlinks=False)
            except OSError as error:
                unopened.append(Unopened(name, *shortfall_of(error)))
                continue
            if stat.S_ISREG(about.st_mode):
                refused = selection.refuses(prefix + name, root, about) if by_look else ""
                if refused:
                    unopened.append(Unopened(name, Shortfall.EXCLUDED, refused, about.st_mtime_ns))
                else:
                    files.append((name, about))
            else:
                unopened.append(special(name, about))

    def _root_file(self, folder: _Folder) -> Listing:
        """A root that is not a folder: the file itself, or whatever else was named."""
        parent, _, name = folder.path.rpartition(b"/")
        published = self.rights.published(parent)
        listing = Listing(parent or b"/", Audience.PUBLIC, published, self._system, entered=False)
        try:
            about = os.lstat(folder.path)
        except OSError as error:
            listing.unopened.append(Unopened(name, *shortfall_of(error)))
            return listing
        if stat.S_ISREG(about.st_mode):
            listing.files.append((name, about))
        else:
            listing.unopened.append(special(name, about))
        return listing

    def _skip(self, folder: _Folder, reason: Shortfall, detail: str) -> Listing:
        self.skipped.append(folder.path)
        return self._add(folder, reason, detail)

    def _add(self, folder: _Folder, reason: Shortfall, detail: str) -> Listing:
        """A folder as an object of the folder above it."""
        parent, _, name = folder.path.rpartition(b"/")
        met = Unopened(name, reason, detail)
        return Listing(parent or b"/", folder.passage, False, self._system, unopened=[met], entered=False)


def distinct_roots(roots: Sequence[Path]) -> list[Path]:
    """Absolute paths without links, in their order, without those that lie inside another one."""
    once = list(dict.fromkeys(roots))
    return [root for root in once if not any(other in root.parents for other in once)]


def shortfall_of(error: OSError) -> tuple[Shortfall, str]:
    """The ledger's reason for an error of the system, with a line that names no path."""
    if isinstance(error, FileNotFoundError):
        return Shortfall.VANISHED, ""
    if isinstance(error, PermissionError):
        return Shortfall.NO_PERMISSION, ""
    return Shortfall.IO_ERROR, os.strerror(error.errno).lower() if error.errno else type(error).__name__


def open_quietly(path: bytes) -> int:
    """A read-only descriptor of the regular file at ``path``, leaving its access time alone where allowed.

    The file may have been exchanged since it was met: a link is not followed, a pipe or device does not
    block, and anything that is not a regular file raises :class:`NotAFileError`; ``OSError`` as usual.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = _open_without_atime(path, flags)
    except OSError as error:
        kind = _kind_now(path)
        if kind is not None:
            raise NotAFileError(kind) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise NotAFileError(_KINDS.get(stat.S_IFMT(mode), "folder"))
    return descriptor


class NotAFileError(Exception):
    """What was met as a regular file is something else now; the message says what."""


def _kind_now(path: bytes) -> str | None:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return None
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "folder")


def _open_without_atime(path: bytes, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOATIME)
    except PermissionError:
        # O_NOATIME is for the owner and root only.
        return os.open(path, flags)


def _open_folder(path: bytes) -> int:
    return _open_without_atime(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # where the listing does not tell kinds and the object cannot be looked at
        return False


def special(name: bytes, about: os.stat_result) -> Unopened:
    """Something that is no regular file, and why it is not opened."""
    kind = _KINDS.get(stat.S_IFMT(about.st_mode), "unknown object")
    return Unopened(name, Shortfall.NOT_A_FILE, kind, about.st_mtime_ns)
