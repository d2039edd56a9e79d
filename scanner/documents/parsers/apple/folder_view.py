"""Folder views of the Mac (``.DS_Store``): which files lay in a folder, with comments, and how it looked.

Source: the format as described by the ``ds_store`` and Mac::Finder::DSStore projects.  Blocks of a buddy
allocator hold a B-tree of records: a file's name, what is told of it, and a value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import RECORD_SEPARATOR, row_segment
from scanner.documents.strings import string_segments

_FIXED = {b"long": 4, b"shor": 4, b"bool": 1, b"type": 4, b"comp": 8, b"dutc": 8}
_MOST_NODES, _MOST_RECORDS = 20_000, 500_000
_PER_RECORD = 200
# Shorter values are positions, sizes and colours.
_SHORTEST_FILE = 64


class FolderViewParser:
    """Reads names and values; free blocks, where old names stay, as readable runs."""

    kinds = frozenset({"folder-view"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the names of files, comments on them, and longer values as members."""
        data = source.read()
        try:
            yield from self._records(data)
        except (struct.error, IndexError, ValueError):
            yield Gap(HERE, Shortfall.DAMAGED, "folder view")
        # Names are in UTF-16 of the other byte order; runs of letters show in either.
        with source.open() as file:
            yield from string_segments(file, Location(("whole file",)))

    def _records(self, data: bytes) -> Iterator[Event]:
        blocks, root = _blocks(data)
        start, _ = blocks[root]
        (top,) = struct.unpack_from(">I", data, start)
        pending, seen, count = [top], set[int](), 0
        texts: list[str] = []
        labels: list[str] = []
        while pending:
            number = pending.pop()
            if number in seen or len(seen) >= _MOST_NODES:
                raise ValueError("nodes in a circle")
            seen.add(number)
            at, _ = blocks[number]
            last, records = struct.unpack_from(">II", data, at)
            at += 8
            if last:
                pending.append(last)
            for _ in range(records):
                if last:
                    pending.append(struct.unpack_from(">I", data, at)[0])
                    at += 4
                (length,) = struct.unpack_from(">I", data, at)
                name = data[at + 4 : at + 4 + 2 * length].decode("utf-16-be", "replace")
                at += 4 + 2 * length
                told, kind = data[at : at + 4], data[at + 4 : at + 8]
                at += 8
                value, at = _value(data, kind, at)
                count += 1
                if count > _MOST_RECORDS:
                    raise ValueError("too many records")
                if name not in texts[-8:]:
                    texts.append(name)
                    labels.append("file")
                if kind == b"ustr":
                    texts.append(value.decode("utf-16-be", "replace"))
                    labels.append(told.decode("latin-1"))
                elif len(value) >= _SHORTEST_FILE:
                    yield Member("", value, Location((f"value {count}",)))
                if len(texts) >= _PER_RECORD:
                    yield row_segment(texts, labels, HERE, separator=RECORD_SEPARATOR)
                    texts, labels = [], []
        if texts:
            yield row_segment(texts, labels, HERE, separator=RECORD_SEPARATOR)


def _blocks(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """Start and length of each block, and which one describes the tree; raises ``ValueError``."""
    offset, size = struct.unpack_from(">II", data, 8)
    at = offset + 4
    if at + size > len(data):
        raise ValueError("beyond the end")
    (count,) = struct.unpack_from(">I", data, at)
    if count > len(data) // 4:
        raise ValueError("more blocks than bytes")
    addresses = struct.unpack_from(f">{count}I", data, at + 8)
    blocks = [((address & ~0x1F) + 4, 1 << (address & 0x1F)) for address in addresses]
    at += 8 + 4 * ((count + 255) // 256 * 256)
    (names,) = struct.unpack_from(">I", data, at)
    at += 4
    for _ in range(min(names, 256)):
        length = data[at]
        name = data[at + 1 : at + 1 + length]
        (number,) = struct.unpack_from(">I", data, at + 1 + length)
        if name == b"DSDB":
            return blocks, number
        at += 5 + length
    raise ValueError("no tree")


def _value(data: bytes, kind: bytes, at: int) -> tuple[bytes, int]:
    """A value and where the next record begins; raises ``ValueError`` for a type that does not exist."""
    size = _FIXED.get(kind, 0)
    if kind in (b"blob", b"ustr"):
        (size,) = struct.unpack_from(">I", data, at)
        size *= 2 if kind == b"ustr" else 1
        at += 4
    elif not size:
        raise ValueError("no such type")
    if at + size > len(data):
        raise ValueError("cut off")
    return data[at : at + size], at + size
