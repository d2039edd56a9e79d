"""The names in the directory of an OLE compound file (MS-CFB), without opening the file for its streams.

Sniffing needs no more, and the directory of a message has hundreds of entries that a reader builds anew.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

# Behind the mark: shift of a sector's size at 30, first sector of the directory at 48, then that of the
# table which goes on where the header's own list of allocation sectors ends, and that list itself.
_HEADER = struct.Struct("<8s22xH16xL16xLL109L")
_ENTRY = struct.Struct("<64sHBx3L48x")
_END = 0xFFFFFFFA  # from here on no number of a sector
_STORAGE, _STREAM = 1, 2
_SHIFTS = (9, 12)
_MOST_ENTRIES = 200_000


class DamagedDirectoryError(Exception):
    """The directory is not as the format says: somebody more patient has to read it."""


def stream_paths(file: BinaryIO) -> frozenset[str]:
    """Return the paths of all streams, in lower case, with slashes between their parts.

    Raises ``DamagedDirectoryError`` where anything is out of order.
    """
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise DamagedDirectoryError
    _, shift, directory, difat, _, *tables = _HEADER.unpack(head)
    if shift not in _SHIFTS:
        raise DamagedDirectoryError
    chain = _Chain(file, shift, tables, difat)
    names: list[tuple[str, int, int, int, int]] = []
    for sector in chain.sectors(directory):
        for raw, length, kind, left, right, child in _ENTRY.iter_unpack(sector):
            name = raw[: max(0, length - 2)].decode("utf-16-le", "replace").lower()
            names.append((name, kind, left, right, child))
        if len(names) > _MOST_ENTRIES:
            raise DamagedDirectoryError
    return _walked(names)


def _walked(entries: list[tuple[str, int, int, int, int]]) -> frozenset[str]:
    """Follow the tree of each storage from the root."""
    if not entries:
        raise DamagedDirectoryError
    paths: set[str] = set()
    seen: set[int] = set()
    waiting = [(entries[0][4], "")]
    while waiting:
        index, folder = waiting.pop()
        if index >= _END:
            continue
        if index in seen or index >= len(entries):
            raise DamagedDirectoryError
        seen.add(index)
        name, kind, left, right, child = entries[index]
        if kind == _STREAM:
            paths.add(folder + name)
        elif kind == _STORAGE:
            waiting.append((child, f"{folder}{name}/"))
        else:
            raise DamagedDirectoryError
        waiting += ((left, folder), (right, folder))
    return frozenset(paths)


class _Chain:
    """Follows the allocation table, a sector of which is read only when it is asked."""

    def __init__(self, file: BinaryIO, shift: int, tables: list[int], difat: int) -> None:
        self._file = file
        self._shift = shift
        self._tables = [table for table in tables if table < _END]
        self._difat = difat
        self._read: dict[int, tuple[int, ...]] = {}

    def sectors(self, first: int) -> list[bytes]:
        """Return the sectors of the chain that begins with ``first``."""
        found: list[bytes] = []
        seen: set[int] = set()
        while first < _END:
            if first in seen or len(seen) * (1 << self._shift) > _MOST_ENTRIES * _ENTRY.size:
                raise DamagedDirectoryError
            seen.add(first)
            found.append(self._sector(first))
            first = self._next(first)
        return found

    def _sector(self, number: int) -> bytes:
        size = 1 << self._shift
        self._file.seek((number + 1) << self._shift)
        data = self._file.read(size)
        if len(data) < size:
            raise DamagedDirectoryError
        return data

    def _next(self, number: int) -> int:
        numbers = 1 << (self._shift - 2)
        table, at = divmod(number, numbers)
        while table >= len(self._tables):
            if self._difat >= _END or len(self._tables) > _MOST_ENTRIES:
                raise DamagedDirectoryError
            more = struct.unpack(f"<{numbers}L", self._sector(self._difat))
            self._tables += [sector for sector in more[:-1] if sector < _END]
            self._difat = more[-1]
        if table not in self._read:
            self._read[table] = struct.unpack(f"<{numbers}L", self._sector(self._tables[table]))
        return self._read[table][at]
