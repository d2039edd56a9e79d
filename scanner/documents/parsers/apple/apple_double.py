"""AppleSingle and AppleDouble: what a Mac keeps beside a file, in mail and as ``._name`` in its archives.

Sources: RFC 1740 with its appendix (entries and their numbers), Apple's ``vfs_xattr.c`` (extended attributes
behind the Finder's information), Inside Macintosh: More Toolbox, chapter 1 (resource forks).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.strings import string_segments

_HEAD, _ENTRY = 26, 12
_MOST_ENTRIES, _MOST_RESOURCES, _MOST_ATTRIBUTES = 100, 10_000, 1_000
_DATA_FORK, _RESOURCE_FORK, _FINDER = 1, 2, 9
_TEXTS = {3: "name", 4: "comment", 13: "short name"}
# Dates, flags and numbers: these are of a fixed length.
_FIXED = {8: 16, 10: 4, 11: 8, 12: 4, 14: 4, 15: 4}
# The Finder's own 32 bytes and two of padding; then the attributes.
_FINDER_BYTES, _ATTRIBUTES = 32, 34
_ATTRIBUTE_HEAD = 36
# Offsets, and what the system and the program left there; the list of resources and their names.
_FORK_HEAD, _LONGEST_NAMES = 256, 4_096
# Shorter values are dates, flags and identifiers: readable runs are all that a person could write there.
_SHORTEST_FILE = 64


class AppleDoubleParser:
    """Reads both forks, the names, and extended attributes such as where a file was downloaded from."""

    kinds = frozenset({"applefile"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield forks, resources and attributes as members, names and comments as text."""
        data = source.read()
        (count,) = struct.unpack_from(">H", data, 24)
        done = min(len(data), _HEAD + _ENTRY * min(count, _MOST_ENTRIES))
        pieces = [(0, done)]
        if count > _MOST_ENTRIES:
            yield Gap(HERE, Shortfall.LIMIT, f"more than {_MOST_ENTRIES} entries")
        for index in range(min(count, _MOST_ENTRIES)):
            if _HEAD + _ENTRY * (index + 1) > len(data):
                yield Gap(HERE, Shortfall.DAMAGED, "the list of entries is cut off")
                break
            kind, start, length = struct.unpack_from(">III", data, _HEAD + _ENTRY * index)
            if start + length > len(data):
                yield Gap(HERE, Shortfall.DAMAGED, "an entry is cut off")
            pieces.append((start, start + length))
            yield from _entry(kind, data, start, min(len(data), start + length))
        # What stands between the entries, or behind them, belongs to nobody, and is looked at.
        end = 0
        for start, stop in sorted(pieces):
            yield from _leftover(data[end:start])
            end = max(end, stop)
        yield from _leftover(data[end:])


def _entry(kind: int, data: bytes, start: int, end: int) -> Iterator[Event]:
    content = data[start:end]
    if kind == _DATA_FORK:
        yield Member("", content, Location(("data fork",)))
    elif kind == _RESOURCE_FORK:
        yield from _resources(content)
    elif kind in _TEXTS:
        yield Segment(decode(content), Location((_TEXTS[kind],)))
    elif kind == _FINDER:
        yield from _small(content[:_ATTRIBUTES], "Finder information")
        if content[_ATTRIBUTES : _ATTRIBUTES + 4] == b"ATTR":
            yield from _attributes(data, start + _ATTRIBUTES, end)
        elif any(content[_ATTRIBUTES:]):
            yield Member("", content[_ATTRIBUTES:], Location(("Finder information",)))
    elif len(content) <= _FIXED.get(kind, 0):
        yield from _small(content, f"entry {kind}")
    elif content:
        yield Member("", content, Location((f"entry {kind}",)))


def _attributes(data: bytes, start: int, end: int) -> Iterator[Event]:
    """Name and value of each attribute; their offsets count from the start of the file."""
    if start + _ATTRIBUTE_HEAD > end:
        yield Gap(HERE, Shortfall.DAMAGED, "extended attributes")
        return
    first, length = struct.unpack_from(">II", data, start + 12)
    (count,) = struct.unpack_from(">H", data, start + 34)
    at = start + _ATTRIBUTE_HEAD
    pieces = []
    for _ in range(min(count, _MOST_ATTRIBUTES)):
        if at + 11 > end:
            break
        offset, size, _, name_size = struct.unpack_from(">IIHB", data, at)
        name = decode(data[at + 11 : at + 11 + name_size].rstrip(b"\0"))
        at += (11 + name_size + 3) // 4 * 4
        if at > end or offset < start or offset + size > end:
            break
        pieces.append((offset, offset + size))
        value = data[offset : offset + size]
        place = Location((f"attribute {name}",))
        if size < _SHORTEST_FILE:
            yield from _small(value, f"attribute {name}")
        else:
            yield Member("", value, place)
    else:
        if count <= _MOST_ATTRIBUTES:
            done = at
            for begin, stop in [*sorted(pieces), (min(first + length, end), end)]:
                yield from _leftover(data[done:begin])
                done = max(done, stop)
            return
    yield Gap(HERE, Shortfall.DAMAGED, "extended attributes")
    yield Member("", data[start:end], Location(("attributes",)))


def _resources(fork: bytes) -> Iterator[Event]:
    """Each resource as a member; most files have an empty fork, which says that it is."""
    if not fork:
        return
    if len(fork) < 16:
        yield from _leftover(fork)
        return
    start, names, length, names_length = struct.unpack_from(">IIII", fork)
    if start + length > len(fork) or names + names_length > len(fork):
        yield Member("", fork, Location(("resource fork",)))
        yield Gap(Location(("resource fork",)), Shortfall.DAMAGED, "resource fork")
        return
    yield from _small(fork[:_FORK_HEAD], "resource fork")
    yield from _leftover(fork[_FORK_HEAD:start])
    if names_length <= _LONGEST_NAMES:
        yield from _small(fork[names : names + names_length], "names of resources")
    else:
        yield Member("", fork[names : names + names_length], Location(("names of resources",)))
    at, number = start, 0
    while at + 4 <= start + length and number < _MOST_RESOURCES:
        (size,) = struct.unpack_from(">I", fork, at)
        at += 4
        number += 1
        place = Location((f"resource {number}",))
        value = fork[at : min(at + size, start + length)]
        if len(value) < size:
            yield Gap(place, Shortfall.DAMAGED, "the resource is cut off")
        if len(value) < _SHORTEST_FILE:
            yield from _small(value, f"resource {number}")
        else:
            yield Member("", value, place)
        at += size
    if number == _MOST_RESOURCES:
        yield Gap(HERE, Shortfall.LIMIT, f"more than {_MOST_RESOURCES:,} resources")
    done = 0
    for begin, stop in sorted(((0, start), (start, start + length), (names, names + names_length))):
        yield from _leftover(fork[done:begin])
        done = max(done, stop)
    yield from _leftover(fork[done:])


def _small(data: bytes, where: str) -> Iterator[Segment]:
    yield from string_segments(io.BytesIO(data), Location((where,)))


def _leftover(data: bytes) -> Iterator[Event]:
    if any(data):
        yield Member("", data, Location(("between the entries",)))
