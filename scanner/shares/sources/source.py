"""What a run asks of the place where files lie: this machine's own folders, or a server behind a protocol."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from scanner.shares.exposure import Rights
from scanner.shares.mounts import FileSystem, Mounts, handle, identity
from scanner.shares.pace import probe
from scanner.shares.settings import ScanSettings
from scanner.shares.walk import Listing, Walk
from scanner.store.entry import Access, Audience


class SilentError(TimeoutError):
    """A file system or server that does not answer: neither yes nor no."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "does not answer")


class Walking(Protocol):
    """A walk on its way; see :class:`scanner.shares.walk.Walk`."""

    directories: int
    unlisted: list[bytes]
    skipped: list[bytes]

    def __iter__(self) -> Iterator[Listing | None]:
        """Every folder's listing, once; ``None`` where nothing came yet and there is time for other things.

        Raises :class:`SilentError` where nothing comes any more.
        """
        ...


class Source(Protocol):
    """Where the files of one root lie: the one way to list, to look, and to ask for rights.

    Whatever fails raises ``OSError``; :class:`SilentError` where there is no answer.
    """

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """What kind of file system answers, and which of its answers can be believed."""
        ...

    def handle(self, path: bytes) -> tuple[int, int]:
        """What is at ``path``, for as long as it stays there."""
        ...

    def identity(self, path: bytes) -> str:
        """What is at ``path``, to be compared with another night's."""
        ...

    def lstat(self, path: bytes) -> os.stat_result:
        """What the system says of one object, as it would in a listing."""
        ...

    def probe(self, path: bytes) -> float:
        """Seconds that a small question takes."""
        ...

    def access(self, path: bytes, about: os.stat_result, system: FileSystem) -> Access:
        """Who may read a file."""
        ...

    def asking(self, system: FileSystem) -> Callable[[bytes, os.stat_result], Access] | None:
        """Whom a listing is to ask who may read a file; ``None`` where the system here answers at once."""
        ...

    def passage(self, path: bytes, about: os.stat_result, system: FileSystem) -> Audience:
        """Who may pass through a folder to what lies in it."""
        ...

    def being_written(self, path: bytes) -> bool:
        """Whether somebody has the file open for writing, as far as that is told."""
        ...

    def walk(
        self, root: bytes, start: bytes = b"", *, deep: bool = True, passage: Audience = Audience.PUBLIC
    ) -> Walking:
        """A walk over what is beneath ``root``, or beneath ``start``, which lies in it."""
        ...

    def knock(self, path: bytes) -> None:
        """Ask whether anybody is there, and do not wait for the answer."""
        ...

    def silent(self) -> bool:
        """Whether what was asked has not been answered for too long; never waits."""
        ...


class LocalSource:
    """Folders of this machine and what is mounted there; ``left_out`` are our own."""

    def __init__(self, settings: ScanSettings | None = None, left_out: Sequence[Path] = ()) -> None:
        self._settings = settings or ScanSettings()
        self._left_out = left_out
        self._rights = Rights(self._settings.exposure)

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """The system's own answer."""
        return mounts.at(path)

    def handle(self, path: bytes) -> tuple[int, int]:
        """The system's own answer."""
        return handle(path)

    def identity(self, path: bytes) -> str:
        """The system's own answer."""
        return identity(path, Mounts())

    def lstat(self, path: bytes) -> os.stat_result:
        """The system's own answer."""
        return os.lstat(path)

    def probe(self, path: bytes) -> float:
        """The system's own answer."""
        return probe(path)

    def access(self, path: bytes, about: os.stat_result, system: FileSystem) -> Access:
        """The system's own answer."""
        return self._rights.of(path, about, system)

    def asking(self, system: FileSystem) -> Callable[[bytes, os.stat_result], Access] | None:
        """The system answers at once."""
        return None

    def passage(self, path: bytes, about: os.stat_result, system: FileSystem) -> Audience:
        """The system's own answer."""
        return self._rights.passage(path, about, system)

    def being_written(self, path: bytes) -> bool:
        """Whether somebody has it open for writing; told to the file's owner and to root, of local disks.

        A lease for reading is refused then (fcntl(2)).  It is given back at once; the process must ignore
        SIGIO.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags)
        except OSError:
            return False
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        else:
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            return False
        finally:
            os.close(descriptor)

    def walk(
        self, root: bytes, start: bytes = b"", *, deep: bool = True, passage: Audience = Audience.PUBLIC
    ) -> Walking:
        """The system's own answer."""
        return Walk(
            Path(os.fsdecode(root)),
            self._settings.selection(),
            self._left_out,
            self._settings.cross_mounts,
            self._rights,
            Mounts(),
            start=Path(os.fsdecode(start)) if start else None,
            passage=passage,
            deep=deep,
        )

    def knock(self, path: bytes) -> None:
        """Local disks answer, or nothing here does."""

    def silent(self) -> bool:
        """Local disks answer, or nothing here does."""
        return False


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
