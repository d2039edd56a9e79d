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
from scanner.shares.globs import Selection
from scanner.shares.mounts import FileSystem, Mounts
from scanner.shares.sources.address import Address, SourceError, canonical, image_file, is_remote, parsed
from scanner.shares.sources.source import LocalSource, Server, Source, Walking
from scanner.shares.sources.walking import RemoteWalk

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
    """Folders of servers."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """The server's answer."""
        return self._servers.of(path).system

    def handle(self, path: bytes) -> tuple[int, int]:
        """The server's answer."""
        return 0, self._servers.of(path).about(path).st_ino

    def identity(self, path: bytes, mounts: Mounts) -> str:
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
        """The server's answer."""
        return RemoteWalk(self._servers.of(root), root, selection, rights)


class Sources:
    """The sources of a run."""

    def __init__(self) -> None:
        self.servers = Servers()
        self._remote = RemoteSource(self.servers)

    def of(self, path: bytes) -> Source:
        """The source that ``path`` lies in."""
        return self._remote if is_remote(path) else LOCAL


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
