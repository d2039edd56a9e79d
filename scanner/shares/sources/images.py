"""Disk images and unmounted drives as folders, ``image:///srv/laptop.dd``: read without mounting them."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytsk3  # noqa: F401 - said at once where it is missing

from scanner.documents.isolation import die_with_parent
from scanner.shares.mounts import FileSystem
from scanner.shares.sources.address import Address, image_file
from scanner.shares.sources.source import FILE, FOLDER, stat_result
from scanner.shares.wire import receive
from scanner.store.entry import Access, Audience

_SOCKET = stat.S_IFSOCK  # whatever is neither file nor folder is not opened


class ImageSource:
    """One image, and the process that reads it."""

    def __init__(self, address: Address) -> None:
        self._inside = len(image_file(address.place).parts) - 1
        self._image = image_file(address.place)
        self._connection: socket.socket | None = None

    @cached_property
    def system(self) -> FileSystem:
        """The image."""
        return FileSystem("image", str(self._image))

    def about(self, path: bytes) -> os.stat_result:
        """One object."""
        return _stat(self._ask("about", path)["entry"])

    def listing(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        """What lies in a folder, deleted files too."""
        answer = self._ask("list", folder)
        # Taken whole before anything else is asked: there is one connection.
        entries = list(answer["entries"])
        while answer["more"]:
            answer = self._answer()
            entries += answer["entries"]
        for entry in entries:
            yield os.fsencode(entry[0]), _stat(entry)

    def access(self, path: bytes, about: os.stat_result) -> Access:
        """A drive in a drawer is read by whoever opens the drawer."""
        return Access(about.st_mode, 0, 0, Audience.UNKNOWN, False, how="on a disk image")

    def open(self, path: bytes) -> BinaryIO:
        """A file's content, copied."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - given away
        try:
            self._ask("read", path, copy.fileno())
            copy.seek(0)
        except OSError:
            copy.close()
            raise
        return cast(BinaryIO, copy)

    def _ask(self, what: str, path: bytes, descriptor: int | None = None) -> dict[str, Any]:
        if self._connection is None:
            self._connection = _started(self._image)
        place = os.fsdecode(path).partition("://")[2].split("/")
        place = [name for name in place if name][self._inside :]
        question = json.dumps({"do": what, "place": place}).encode("ascii")
        try:
            socket.send_fds(self._connection, [question], [] if descriptor is None else [descriptor])
        except OSError:
            self._lost()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        answer = receive(self._connection) if self._connection is not None else None
        if answer is None:
            self._lost()
        assert answer is not None
        if "error" in answer:
            raise OSError(answer["error"], os.strerror(answer["error"]))
        return answer

    def _lost(self) -> None:
        self._connection = None
        raise OSError(errno.EIO, "the image could not be read on")


def _started(image: Path) -> socket.socket:
    from scanner.shares.sources.image_reading import serve

    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        die_with_parent()
        serve(theirs, str(image))
    theirs.close()
    return ours


def _stat(entry: list[Any]) -> os.stat_result:
    _, kind, size, number, changed = entry
    mode = {"d": FOLDER, "f": FILE}.get(str(kind), _SOCKET)
    moment = int(changed) * 1_000_000_000
    return stat_result(mode, size=int(size), number=int(number), mtime_ns=moment, ctime_ns=moment)
