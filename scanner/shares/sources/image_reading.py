"""The inside of the process that reads file systems in disk images: The Sleuth Kit, confined like any parser.

An image comes from a stranger's disk, and what reads it is written in C: it runs without network and answers
questions over a socket; what it copies goes into a file that the other side has opened.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator
from typing import Any, NoReturn

import pytsk3

from scanner.documents.isolation import Confinement, confine
from scanner.shares.letting_go import let_go
from scanner.shares.wire import encode

# What one answer of a long listing holds.
ENTRIES_AT_ONCE = 1_000
# Unallocated space is read in files of this size: it has none of its own.
PIECE_BYTES = 64_000_000
UNALLOCATED = "unallocated space"
UNREADABLE = "no file system that can be read"

_DELETED = re.compile(r" \(deleted, entry ([0-9]+)\)$")
_COPIED_AT_ONCE = 1 << 20
_DEEPEST = 100
_CPU_SECONDS = 1_000_000  # ends with the run; a day of reading is nothing unusual
_MEMORY = 2_000_000_000

Entry = tuple[str, str, int, int, int]  # name, kind (d, f, o), size, number, seconds of change


class _Image(pytsk3.Img_Info):  # type: ignore[misc]
    """An open image; areas that cannot be read are read as zeros."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.lseek(descriptor, 0, os.SEEK_END)
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def close(self) -> None:
        """Closed with the process."""

    def read(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError:
            return bytes(max(0, min(size, self._size - offset)))

    def get_size(self) -> int:
        return self._size


class _Part:
    """One file system of an image."""

    def __init__(self, system: Any) -> None:
        self.system = system
        self.block = int(system.info.block_size)
        self.blocks = int(system.info.last_block) + 1
        self._free: bytearray | None = None

    def entries(self, place: str) -> Iterator[Entry]:
        for found in self.system.open_dir(path=place or "/"):
            entry = _entry(found)
            if entry is not None:
                yield entry

    def file(self, place: str) -> Any:
        deleted = _DELETED.search(place)
        return self.system.open_meta(int(deleted[1])) if deleted else self.system.open(place)

    def free(self) -> bytearray:
        """One byte for each block: whether no file that is there has it."""
        if self._free is None:
            self._free = bytearray(b"\1") * self.blocks
            self._mark(self.system.open_dir(path="/"), set(), 0)
        return self._free

    def _mark(self, folder: Any, met: set[int], depth: int) -> None:
        assert self._free is not None
        for found in folder:
            meta = found.info.meta
            if meta is None or found.info.name.name in (b".", b".."):
                continue
            if not int(meta.flags) & pytsk3.TSK_FS_META_FLAG_ALLOC or int(meta.addr) in met:
                continue
            met.add(int(meta.addr))
            try:
                for attribute in found:
                    for run in attribute:
                        first, count = int(run.addr), int(run.len)
                        if not int(run.flags) and first >= 0 and first + count <= self.blocks:
                            self._free[first : first + count] = bytes(count)
                if meta.type == pytsk3.TSK_FS_META_TYPE_DIR and depth < _DEEPEST:
                    self._mark(found.as_directory(), met, depth + 1)
            except OSError:
                continue

    def pieces(self) -> Iterator[tuple[str, int]]:
        """Names and sizes of what unallocated space is read as."""
        free, step = self.free(), max(1, PIECE_BYTES // self.block)
        for first in range(0, self.blocks, step):
            count = free.count(1, first, first + step)
            if count:
                yield f"from block {first}", count * self.block

    def piece(self, name: str) -> Iterator[bytes]:
        """The content of a piece."""
        first = int(name.rpartition(" ")[2])
        free, step = self.free(), max(1, PIECE_BYTES // self.block)
        end = min(first + step, self.blocks)
        while first < end:
            first = free.find(1, first, end)
            if first < 0:
                return
            used = free.find(0, first, end)
            last = min(end if used < 0 else used, first + max(1, _COPIED_AT_ONCE // self.block))
            yield bytes(
                self.system.info_image.read(
                    self.system.info_offset + first * self.block, (last - first) * self.block
                )
            )
            first = last


def _entry(found: Any) -> Entry | None:
    name_info, meta = found.info.name, found.info.meta
    raw = bytes(name_info.name)
    if raw in (b".", b"..") or b"/" in raw or not raw or meta is None:
        return None
    name = raw.decode("utf-8", "surrogateescape")
    kinds = {pytsk3.TSK_FS_META_TYPE_DIR: "d", pytsk3.TSK_FS_META_TYPE_REG: "f"}
    kind = kinds.get(meta.type, "o")
    if meta.type == getattr(pytsk3, "TSK_FS_META_TYPE_VIRT_DIR", None):
        kind = "d"
    elif meta.type == getattr(pytsk3, "TSK_FS_META_TYPE_VIRT", None):
        kind = "f"
    if int(name_info.flags) & pytsk3.TSK_FS_NAME_FLAG_UNALLOC:
        if int(meta.flags) & pytsk3.TSK_FS_META_FLAG_ALLOC or kind != "f":
            return None  # what it pointed to belongs to another file by now
        name = f"{name} (deleted, entry {int(meta.addr)})"
    return name, kind, max(0, int(meta.size)), int(meta.addr), max(0, int(meta.mtime))


class _Reader:
    """Answers for one image."""

    def __init__(self, descriptor: int) -> None:
        self._image = _Image(descriptor)
        self._parts: dict[str, _Part | None] = {}
        try:
            volume = pytsk3.Volume_Info(self._image)
        except OSError:
            system = self._open(0)
            if system is not None:
                self._parts["file system"] = system
            return
        for part in volume:
            if int(part.flags) == pytsk3.TSK_VS_PART_FLAG_ALLOC and int(part.len):
                opened = self._open(int(part.start) * int(volume.info.block_size))
                name = f"partition {int(part.slot_num) + 1}"
                self._parts[name if opened else f"{name} ({UNREADABLE})"] = opened

    def _open(self, offset: int) -> _Part | None:
        try:
            system = pytsk3.FS_Info(self._image, offset=offset)
        except OSError:
            return None
        part = _Part(_Placed(system, self._image, offset))
        return part

    def entries(self, place: list[str]) -> Iterator[Entry]:
        if not place:
            if not self._parts:
                raise OSError(errno.EMEDIUMTYPE, "")
            for name in self._parts:
                yield name, "d", 0, 0, 0
            return
        part = self._part(place)
        if place[1:2] == [UNALLOCATED]:
            for name, size in part.pieces():
                yield name, "f", size, 0, 0
            return
        if len(place) == 1:
            yield UNALLOCATED, "d", 0, 0, 0
        yield from part.entries("/" + "/".join(place[1:]))

    def about(self, place: list[str]) -> Entry:
        if len(place) <= 1 or (place[1] == UNALLOCATED and len(place) == 2):
            if place:
                self._part(place)
            elif not self._parts:
                raise OSError(errno.EMEDIUMTYPE, "")
            return "", "d", 0, 0, 0
        if place[1] == UNALLOCATED:
            for name, size in self._part(place).pieces():
                if name == place[2]:
                    return name, "f", size, 0, 0
            raise FileNotFoundError(errno.ENOENT, "")
        meta = self._part(place).file("/" + "/".join(place[1:])).info.meta
        kind = "d" if meta.type == pytsk3.TSK_FS_META_TYPE_DIR else "f"
        return place[-1], kind, max(0, int(meta.size)), int(meta.addr), max(0, int(meta.mtime))

    def content(self, place: list[str]) -> Iterator[bytes]:
        part = self._part(place)
        if place[1] == UNALLOCATED:
            yield from part.piece(place[2])
            return
        file = part.file("/" + "/".join(place[1:]))
        size, done = int(file.info.meta.size), 0
        while done < size:
            piece = file.read_random(done, min(_COPIED_AT_ONCE, size - done))
            if not piece:
                raise OSError(errno.EIO, "")
            yield piece
            done += len(piece)

    def _part(self, place: list[str]) -> _Part:
        part = self._parts.get(place[0])
        if part is None:
            raise OSError(errno.EMEDIUMTYPE if place[0] in self._parts else errno.ENOENT, "")
        return part


class _Placed:
    """A file system together with where it lies in its image."""

    def __init__(self, system: Any, image: _Image, offset: int) -> None:
        self._system = system
        self.info_image = image
        self.info_offset = offset

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


def serve(connection: socket.socket, image: str) -> NoReturn:
    """Answer questions about ``image`` until the other side hangs up.  Never returns."""
    try:
        let_go(keep=connection.fileno())
        descriptor = os.open(image, os.O_RDONLY | os.O_CLOEXEC)
        confine(
            Confinement(memory_bytes=_MEMORY, cpu_seconds=_CPU_SECONDS, written_bytes=2 * _MEMORY, niceness=0)
        )
        reader = _Reader(descriptor)
        while True:
            message, descriptors, _, _ = socket.recv_fds(connection, 1 << 20, 1)
            if not message:
                os._exit(0)
            _answer(connection, reader, message, descriptors)
    finally:
        os._exit(1)


def _answer(connection: socket.socket, reader: _Reader, message: bytes, descriptors: list[int]) -> None:
    import json

    asked = json.loads(message)
    place = [str(name) for name in asked["place"]]
    try:
        if asked["do"] == "list":
            batch: list[Entry] = []
            for entry in reader.entries(place):
                batch.append(entry)
                if len(batch) == ENTRIES_AT_ONCE:
                    connection.sendall(encode({"entries": batch, "more": True}))
                    batch = []
            connection.sendall(encode({"entries": batch, "more": False}))
        elif asked["do"] == "about":
            connection.sendall(encode({"entry": reader.about(place)}))
        else:
            for piece in reader.content(place):
                view = memoryview(piece)
                while view:
                    view = view[os.write(descriptors[0], view) :]
            connection.sendall(encode({}))
    except (OSError, ValueError, IndexError) as error:
        number = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
        connection.sendall(encode({"error": number}))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
