"""Files that hold no text of anybody's: fonts, and the geometry of maps.  What they claim to be is checked.

Behind the first bytes of a font anything could be hidden, so the whole of it must be what the format says:
then it is read, and else a gap.  Sources: OpenType 1.9 (table directory), WOFF 1 and 2, ESRI Shapefile.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.protocol import Event, Source
from scanner.documents.sniffing import PLAIN_WORDS, SHAPEFILE, sniff
from scanner.documents.strings import only_strings

_TAG = re.compile(rb"[A-Za-z0-9/ ]{4}")
_MOST_TABLES, _MOST_FONTS = 200, 100
# Bytes that no table takes: padding to four between them, a little more at the end.
_SLACK = 16
_SHAPE_KINDS = frozenset((0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31))


class TextlessParser:
    """Passes what has no text, and says so where a file is not what it begins like."""

    kinds = frozenset({"font", "geometry"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield nothing for a sound file; for any other its readable runs and a gap."""
        data = source.read()
        try:
            sound = _is_geometry(data) if data.startswith(SHAPEFILE) else _is_font(data)
        except struct.error:
            sound = False
        if not sound:
            yield from only_strings(source, f"{PLAIN_WORDS[sniff(source)]}, not whole")


def _is_geometry(data: bytes) -> bool:
    """Whether the length in the head, in words of 16 bits, is that of the file, and its shapes are known."""
    (length,) = struct.unpack_from(">i", data, 24)
    (kind,) = struct.unpack_from("<i", data, 32)
    return len(data) == 2 * length and kind in _SHAPE_KINDS


def _is_font(data: bytes) -> bool:
    if data.startswith((b"wOFF", b"wOF2")):
        (length,) = struct.unpack_from(">I", data, 8)
        # Private data, which may be anything, stands last in both heads.
        (private,) = struct.unpack_from(">I", data, 40 if data.startswith(b"wOFF") else 44)
        return length == len(data) and not private
    starts = [0]
    pieces = []
    if data.startswith(b"ttcf"):
        (count,) = struct.unpack_from(">I", data, 8)
        if count > _MOST_FONTS:
            return False
        starts = list(struct.unpack_from(f">{count}I", data, 12))
        pieces.append((0, 12 + 4 * count))
    for start in starts:
        (count,) = struct.unpack_from(">H", data, start + 4)
        if not 0 < count <= _MOST_TABLES:
            return False
        pieces.append((start, start + 12 + 16 * count))
        for index in range(count):
            tag, _, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * index)
            if not _TAG.fullmatch(tag):
                return False
            pieces.append((offset, offset + length))
    covered = 0
    for start, end in sorted(pieces):
        if start > covered + _SLACK:
            return False
        covered = max(covered, end)
    return covered - _SLACK <= len(data) <= covered + _SLACK
