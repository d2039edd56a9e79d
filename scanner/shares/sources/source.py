"""What a run asks of the place where files lie: this machine's own folders, or a server behind a protocol."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from scanner.shares.exposure import Rights
from scanner.shares.globs import Selection
from scanner.shares.mounts import FileSystem, Mounts, handle, identity
from scanner.shares.pace import probe
from scanner.shares.walk import Listing, Walk
from scanner.store.entry import Access


class Walking(Protocol):
    """A walk on its way; see :class:`scanner.shares.walk.Walk`."""

    directories: int
    unlisted: list[bytes]
    skipped: list[bytes]

    def __iter__(self) -> Iterator[Listing]:
        """Every folder's listing, once."""
        ...


class Source(Protocol):
    """Where files lie.  Whatever fails raises ``OSError``."""

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """What kind of file system answers, and which of its answers can be believed."""
        ...

    def handle(self, path: bytes) -> tuple[int, int]:
        """What is at ``path``, for as long as it stays there."""
        ...

    def identity(self, path: bytes, mounts: Mounts) -> str:
        """What is at ``path``, to be compared with another night's."""
        ...

    def lstat(self, path: bytes) -> os.stat_result:
        """What the system says of one object, as it would in a listing."""
        ...

    def probe(self, path: bytes) -> float:
        """Seconds that a small question takes."""
        ...

    def walk(
        self,
        root: bytes,
        selection: Selection,
        left_out: Sequence[Path],
        *,
        cross_mounts: bool,
        rights: Rights,
        mounts: Mounts,
    ) -> Walking:
        """A walk over everything beneath ``root``."""
        ...


class LocalSource:
    """Folders of this machine and what is mounted there."""

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """The system's own answer."""
        return mounts.at(path)

    def handle(self, path: bytes) -> tuple[int, int]:
        """The system's own answer."""
        return handle(path)

    def identity(self, path: bytes, mounts: Mounts) -> str:
        """The system's own answer."""
        return identity(path, mounts)

    def lstat(self, path: bytes) -> os.stat_result:
        """The system's own answer."""
        return os.lstat(path)

    def probe(self, path: bytes) -> float:
        """The system's own answer."""
        return probe(path)

    def walk(
        self,
        root: bytes,
        selection: Selection,
        left_out: Sequence[Path],
        *,
        cross_mounts: bool,
        rights: Rights,
        mounts: Mounts,
    ) -> Walking:
        """The system's own answer."""
        return Walk(Path(os.fsdecode(root)), selection, left_out, cross_mounts, rights, mounts)


class Server(Protocol):
    """A connection to one server: all that a protocol has to bring.

    Paths are whole addresses; what fails raises ``OSError``.
    """

    @property
    def system(self) -> FileSystem:
        """The kind of file system, and the share."""
        ...

    def about(self, path: bytes) -> os.stat_result:
        """One object; a link is not followed."""
        ...

    def listing(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        """What lies in a folder, in any order, each with what the server says of it."""
        ...

    def access(self, path: bytes, about: os.stat_result) -> Access:
        """Who may read a file; never raises."""
        ...

    def open(self, path: bytes) -> BinaryIO:
        """A file for reading."""
        ...


def stat_result(
    mode: int,
    *,
    size: int = 0,
    number: int = 0,
    device: int = 0,
    uid: int = 0,
    gid: int = 0,
    atime_ns: int = 0,
    mtime_ns: int = 0,
    ctime_ns: int = 0,
) -> os.stat_result:
    """What a server says of an object in the form of the system's own answer."""
    times = (atime_ns, mtime_ns, ctime_ns)
    seconds = [moment // 1_000_000_000 for moment in times]
    exact = [moment / 1e9 for moment in times]
    return os.stat_result((mode, number, device, 1, uid, gid, size, *seconds, *exact, *times))


FOLDER = stat.S_IFDIR | 0o555
FILE = stat.S_IFREG | 0o444
LINK = stat.S_IFLNK | 0o444
