"""From a path to its source: the one place that knows which protocols there are."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from scanner.shares.exposure import Rights
from scanner.shares.mounts import FileSystem, Mounts
from scanner.shares.settings import ScanSettings
from scanner.shares.sources.address import Address, SourceError, canonical, image_file, is_remote, parsed
from scanner.shares.sources.apart import ApartSource
from scanner.shares.sources.source import LocalSource, Server, Source, Walking
from scanner.shares.sources.walking import RemoteWalk
from scanner.store.entry import Access, Audience

LOCAL = LocalSource()

# Scheme: the module and class that speak it, and the library that the extra of the same name brings.
_SERVERS = {
    "smb": ("scanner.shares.sources.smb", "SmbServer", "smbprotocol"),
    "sftp": ("scanner.shares.sources.sftp", "SftpServer", "paramiko"),
    "s3": ("scanner.shares.sources.objects", "ObjectStore", "s3fs"),
    "image": ("scanner.shares.sources.images", "ImageSource", "pytsk3"),
}


class Servers:
    """The connections of one process; a fork has none of its parent's."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._known: dict[str, Server] = {}
        self._inherited: list[dict[str, Server]] = []

    def of(self, path: bytes) -> Server:
        """The server of an address; raises :class:`SourceError` where nothing here can speak to it."""
        if os.getpid() != self._process:
            # Kept and never touched: to end a parent's connection is not ours.
            self._inherited.append(self._known)
            self._known, self._process = {}, os.getpid()
        address = parsed(path)
        # Of images, each is a place of its own.
        top = f"image://{image_file(address.place)}" if address.scheme == "image" else address.top
        if top not in self._known:
            self._known[top] = _server_kind(address.scheme)(address)
        return self._known[top]


def _server_kind(scheme: str) -> Callable[[Address], Server]:
    module, name, library = _SERVERS[scheme]
    try:
        importlib.import_module(library)
        return cast(Callable[[Address], Server], getattr(importlib.import_module(module), name))
    except ImportError:
        extra = "images" if scheme == "image" else scheme
        raise SourceError(f"{scheme}:// needs {library}: pip install 'council-dlp[{extra}]'") from None


class RemoteSource:
    """Folders of servers, spoken to by this process."""

    def __init__(self, servers: Servers, settings: ScanSettings | None = None) -> None:
        self._servers = servers
        self._settings = settings or ScanSettings()
        self._rights = Rights(self._settings.exposure)

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """The server's answer."""
        return self._servers.of(path).system

    def handle(self, path: bytes) -> tuple[int, int]:
        """The server's answer."""
        return 0, self._servers.of(path).about(path).st_ino

    def identity(self, path: bytes) -> str:
        """The server's answer."""
        server = self._servers.of(path)
        about = server.about(path)
        number = about.st_ino if server.system.stable_numbers else 0
        return f"{server.system.kind} {server.system.source} {number}"

    def lstat(self, path: bytes) -> os.stat_result:
        """The server's answer."""
        return self._servers.of(path).about(path)

    def probe(self, path: bytes) -> float:
        """The server's answer."""
        started = time.monotonic()
        with suppress(OSError):
            self._servers.of(path).about(path)
        return time.monotonic() - started

    def access(self, path: bytes, about: os.stat_result, system: FileSystem) -> Access:
        """The server's answer."""
        return self._servers.of(path).access(path, about)

    def asking(self, system: FileSystem) -> Callable[[bytes, os.stat_result], Access] | None:
        """The server is asked."""
        return lambda path, about: self.access(path, about, system)

    def passage(self, path: bytes, about: os.stat_result, system: FileSystem) -> Audience:
        """What a server says of a file is what counts there, whatever the folders above say."""
        return Audience.PUBLIC

    def being_written(self, path: bytes) -> bool:
        """Not told: to try would be in the way of whoever writes."""
        return False

    def walk(
        self, root: bytes, start: bytes = b"", *, deep: bool = True, passage: Audience = Audience.PUBLIC
    ) -> Walking:
        """The server's answer."""
        selection = self._settings.selection()
        return RemoteWalk(self._servers.of(root), root, selection, self._rights, start=start, deep=deep)

    def knock(self, path: bytes) -> None:
        """Whoever asks waits."""

    def silent(self) -> bool:
        """Whoever asks waits."""
        return False


class Sources:
    """The sources of the roots of a run.

    What may fall silent (servers, what is mounted from one, whatever holds such a mount) is asked by
    processes apart.  ``left_out`` are our own folders.
    """

    def __init__(self, settings: ScanSettings | None = None, left_out: Sequence[Path] = ()) -> None:
        self.servers = Servers()
        self._settings = settings or ScanSettings()
        self._local = LocalSource(self._settings, left_out)
        self._remote = RemoteSource(self.servers, self._settings)
        self._apart: dict[bytes, ApartSource] = {}

    def of(self, root: bytes) -> Source:
        """The source of a root."""
        direct: Source = self._remote if is_remote(root) else self._local
        if not _may_fall_silent(root):
            return direct
        if root not in self._apart:
            self._apart[root] = ApartSource(root, direct, self._settings.silent_seconds)
        return self._apart[root]

    def close(self) -> None:
        """End the processes that were started."""
        for source in self._apart.values():
            source.close()
        self._apart.clear()


def _may_fall_silent(root: bytes) -> bool:
    if is_remote(root):
        return parsed(root).scheme != "image"
    mounts = Mounts()
    stem = root.rstrip(b"/") + b"/"
    return mounts.at(root).network or any(point.startswith(stem) for point, _ in mounts.network())


def usable(written: str) -> bytes:
    """An address as the run keeps it; raises :class:`SourceError` where it cannot even be tried."""
    path = canonical(written)
    _server_kind(parsed(path).scheme)
    return path


def distinct(roots: Sequence[bytes]) -> list[bytes]:
    """Addresses in their order, without those that lie inside another one."""
    once = list(dict.fromkeys(roots))
    return [
        root for root in once if not any(other != root and root.startswith(other + b"/") for other in once)
    ]
