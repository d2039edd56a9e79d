"""The walk: every object beneath the roots is met once, in a stable order, and nothing is opened but folders.

Links are never followed, devices, pipes and sockets never opened; what cannot be listed is met as an object
with its reason.  Memory is bounded by the largest folder's batch and the depth of the tree, not by its size.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from scanner.documents.model import Shortfall
from scanner.shares.globs import Exclusions
from scanner.store.entry import MetObject, displayable

# A folder is sorted in pieces of this many names: one with millions of files must not be held whole.
NAMES_SORTED = 100_000

_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}

# Windows of the kernel, not storage: reading them can block, never end, or change the machine.
_KERNEL_FILE_SYSTEMS = frozenset(
    [
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "fusectl",
        "hugetlbfs",
        "mqueue",
        "nsfs",
        "proc",
        "pstore",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "sysfs",
        "tracefs",
    ]
)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder on the way down, with its way up (to notice a tree that contains itself)."""

    path: bytes
    root: bytes
    tally: bytes  # the folder that totals are kept under
    parent: _Folder | None = None
    identity: tuple[int, int] = (0, 0)

    def within(self, identity: tuple[int, int]) -> bool:
        above: _Folder | None = self
        while above is not None:
            if above.identity == identity:
                return True
            above = above.parent
        return False


@dataclass
class Walk:
    """One walk over ``roots``; iterate it once.

    ``left_out`` are absolute folders that are never entered (the scanner's own state).  ``directories``
    counts the folders that were listed, while the walk goes on.
    """

    roots: Sequence[Path]
    exclusions: Exclusions = field(default_factory=Exclusions)
    left_out: Sequence[Path] = ()
    cross_mounts: bool = True
    directories: int = 0

    def __iter__(self) -> Iterator[MetObject]:
        left_out = {os.fsencode(path) for path in self.left_out}
        mounts = _kernel_mounts()
        for root in distinct_roots(self.roots):
            pending = [_Folder(os.fsencode(root), os.fsencode(root), os.fsencode(root))]
            first = True
            while pending:
                folder = pending.pop()
                if folder.path in left_out:
                    yield _unread(folder, Shortfall.EXCLUDED, "the scanner's own state")
                elif folder.path in mounts:
                    yield _unread(
                        folder, Shortfall.NOT_A_FILE, f"system files ({mounts[folder.path]}), not entered"
                    )
                else:
                    yield from self._list(folder, pending, is_root=first)
                first = False

    def _list(self, folder: _Folder, pending: list[_Folder], *, is_root: bool) -> Iterator[MetObject]:
        """Meet what is in one folder; folders inside it are put on ``pending``."""
        try:
            descriptor = _open_folder(folder.path)
        except NotADirectoryError:
            if is_root:
                yield self._root_file(folder)
            else:
                yield _unread(folder, Shortfall.VANISHED, "was a folder a moment ago")
            return
        except OSError as error:
            yield _unread(folder, *shortfall_of(error), prefix="folder cannot be opened")
            return
        try:
            about = os.fstat(descriptor)
            identity = (about.st_dev, about.st_ino)
            if folder.parent is not None:
                if folder.parent.within(identity):
                    yield _unread(folder, Shortfall.NOT_A_FILE, "folder contains itself, not entered again")
                    return
                if not self.cross_mounts and identity[0] != folder.parent.identity[0]:
                    yield _unread(folder, Shortfall.EXCLUDED, "another file system is mounted here")
                    return
            self.directories += 1
            here = _Folder(folder.path, folder.root, folder.tally, folder.parent, identity)
            found: list[_Folder] = []
            yield from self._names(descriptor, here, found)
            pending.extend(reversed(found))
        finally:
            os.close(descriptor)

    def _names(self, descriptor: int, here: _Folder, found: list[_Folder]) -> Iterator[MetObject]:
        prefix = here.path if here.path.endswith(b"/") else here.path + b"/"
        tally = displayable(here.tally)
        names: Iterator[os.DirEntry[str]] = os.scandir(descriptor)
        while True:
            batch: list[os.DirEntry[str]] = []
            trouble: OSError | None = None
            try:
                batch.extend(islice(names, NAMES_SORTED))
            except OSError as error:  # what was listed before the failure is still met
                trouble = error
            batch.sort(key=lambda entry: entry.name)
            for entry in batch:
                path = prefix + os.fsencode(entry.name)
                if self.exclusions.patterns and self.exclusions.match(path, here.root):
                    yield MetObject(path, tally, 0, 0, Shortfall.EXCLUDED, "matches an exclusion")
                elif _is_folder(entry):
                    top = path if here.path == here.root else here.tally
                    found.append(_Folder(path, here.root, top, here))
                else:
                    yield _met(entry, path, tally)
            if trouble is not None:
                yield _unread(here, *shortfall_of(trouble), prefix="folder cannot be listed to its end")
            if trouble is not None or len(batch) < NAMES_SORTED:
                return

    def _root_file(self, folder: _Folder) -> MetObject:
        """A root that is not a folder: the file itself, or whatever else was named."""
        parent = displayable(folder.path.rpartition(b"/")[0] or b"/")
        try:
            about = os.lstat(folder.path)
        except OSError as error:
            return MetObject(folder.path, parent, 0, 0, *shortfall_of(error))
        return _from_stat(folder.path, parent, about)


def distinct_roots(roots: Sequence[Path]) -> list[Path]:
    """The roots as absolute paths, in their order, without those that lie inside another one.

    A root that is itself a link was named on purpose: it is followed, here and only here.
    """
    absolute = list(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
    return [root for root in absolute if not any(other in root.parents for other in absolute)]


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


def _met(entry: os.DirEntry[str], path: bytes, folder: str) -> MetObject:
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError as error:
        return MetObject(path, folder, 0, 0, *shortfall_of(error))
    return _from_stat(path, folder, about)


def _from_stat(path: bytes, folder: str, about: os.stat_result) -> MetObject:
    if stat.S_ISREG(about.st_mode):
        return MetObject(path, folder, about.st_size, about.st_mtime_ns)
    kind = _KINDS.get(stat.S_IFMT(about.st_mode), "unknown object")
    return MetObject(path, folder, 0, about.st_mtime_ns, Shortfall.NOT_A_FILE, kind)


def _unread(folder: _Folder, reason: Shortfall, detail: str, prefix: str = "") -> MetObject:
    line = ", ".join(part for part in (prefix, detail) if part)
    return MetObject(folder.path, displayable(folder.tally), 0, 0, reason, line)


def _kernel_mounts() -> dict[bytes, str]:
    """Mount points of kernel file systems, with their type; empty where the system does not tell."""
    mounts: dict[bytes, str] = {}
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return mounts
    for line in lines:
        before, _, after = line.partition(b" - ")
        fields, kind = before.split(b" "), after.split(b" ")[0].decode("ascii", "replace")
        if kind in _KERNEL_FILE_SYSTEMS and len(fields) > 4:
            mounts[_unescaped(fields[4])] = kind
    # devtmpfs is not the only /dev: containers mount a tmpfs there, full of device nodes.
    mounts.setdefault(b"/dev", "dev")
    return mounts


def _unescaped(path: bytes) -> bytes:
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        path = path.replace(code, char)
    return path
