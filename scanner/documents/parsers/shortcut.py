"""Windows shortcuts (LNK): where they lead, with which words.  Source: MS-SHLLINK."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.strings import string_segments

_HEADER, _FLAGS_AT = 76, 20
_HAS_IDS, _HAS_INFO, _WIDE = 1, 2, 0x80
# Flag and name of each string behind the head, in their order (section 2.4).
_STRINGS = ((4, "description"), (8, "path"), (0x10, "folder"), (0x20, "arguments"), (0x40, "icon"))


class ShortcutParser:
    """Reads shortcuts."""

    kinds = frozenset({"shortcut"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the names of the target, then the strings behind them, then what blocks of data hold."""
        data = source.read()
        try:
            yield from _parts(data)
        except (struct.error, IndexError):
            yield Gap(HERE, Shortfall.DAMAGED, "shortcut breaks off")


def _parts(data: bytes) -> Iterator[Event]:
    (flags,) = struct.unpack_from("<I", data, _FLAGS_AT)
    at = _HEADER
    if flags & _HAS_IDS:
        (size,) = struct.unpack_from("<H", data, at)
        yield from string_segments(io.BytesIO(data[at + 2 : at + 2 + size]), Location(("target",)))
        at += 2 + size
    if flags & _HAS_INFO:
        (size,) = struct.unpack_from("<I", data, at)
        yield from string_segments(io.BytesIO(data[at + 4 : at + size]), Location(("volume",)))
        at += max(4, size)
    for flag, name in _STRINGS:
        if not flags & flag:
            continue
        (count,) = struct.unpack_from("<H", data, at)
        size = count * 2 if flags & _WIDE else count
        if at + 2 + size > len(data):
            raise IndexError
        text = data[at + 2 : at + 2 + size].decode("utf-16-le" if flags & _WIDE else "cp1252", "replace")
        yield Segment(text, Location((name,)))
        at += 2 + size
    yield from string_segments(io.BytesIO(data[at:]), Location(("more data",)))
