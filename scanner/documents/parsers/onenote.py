"""OneNote sections (ONE): the files embedded in them, and the readable runs of the rest, in part.

No kept library reads the object spaces of a section.  Their texts stand in them unpacked, though, as UTF-16
or Latin-1, and embedded files stand between two marks (MS-ONESTORE 2.6.13).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.strings import string_segments

_FILE_BEGINS = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
_FILE_HEAD = struct.Struct("<16sQIQ")


class OneNoteParser:
    """Reads OneNote sections in part."""

    kinds = frozenset({"onenote"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield embedded files, the strings outside of them, and the gap that says so."""
        data = source.read()
        rest = bytearray()
        begin = number = 0
        while (found := data.find(_FILE_BEGINS, begin)) >= 0:
            rest += data[begin:found]
            start = found + _FILE_HEAD.size
            begin = start
            if start > len(data):
                break
            length = _FILE_HEAD.unpack_from(data, found)[1]
            number += 1
            place = Location((f"embedded file {number}",))
            if length > len(data) - start:
                yield Gap(place, Shortfall.DAMAGED, "embedded file breaks off")
                continue
            yield Member("", data[start : start + length], place)
            begin = start + length
        rest += data[begin:]
        yield from string_segments(io.BytesIO(rest), HERE)
        detail = "OneNote section; only runs of readable characters and embedded files were read"
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)
