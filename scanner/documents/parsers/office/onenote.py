"""OneNote sections (ONE): texts of paragraphs, embedded files, and the readable runs of the rest, in part.

No kept library reads the object spaces of a section.  The values of their objects stand in them unpacked,
though: a text as its length in bytes and UTF-16 (MS-ONESTORE 2.6.6), and embedded files between two marks
(2.6.13).  Which page a text is on, and whether an earlier revision alone has it, is not told by that.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.strings import string_segments

_FILE_BEGINS = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
_FILE_HEAD = struct.Struct("<16sQIQ")
_LONGEST_TEXT = 1_000_000
# How a text may begin; what follows is told by its length.
_TEXT = re.compile(rb"[\x20-\x7e\xa0-\xff]\x00")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ue000-\uf8ff\ufff0-\ufffe]")
_TELLING = re.compile(r"[^\W_]{2}")


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
        yield from _texts(rest)
        yield from string_segments(io.BytesIO(rest), HERE)
        detail = "OneNote section; only texts, runs of readable characters and embedded files were read"
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)


def _texts(data: bytearray) -> Iterator[Segment]:
    """Texts behind their lengths, each once, and taken out of ``data``: the same in two revisions is one."""
    seen: set[str] = set()
    at = 4
    left = _LONGEST_TEXT + 4 * len(
        data
    )  # bytes to look at: numbers that are no lengths can name the same again
    while left > 0 and (found := _TEXT.search(data, at)):
        start = found.start()
        at = found.end()
        length = int.from_bytes(data[start - 4 : start], "little")
        if not 2 <= length <= min(_LONGEST_TEXT, len(data) - start) or length % 2:
            continue
        left -= length
        text = data[start : start + length].decode("utf-16-le", "replace").removesuffix("\0")
        if _NO_TEXT.search(text):
            continue
        at = start + length
        data[start:at] = bytes(length)
        if _TELLING.search(text) and text not in seen:
            seen.add(text)
            yield Segment(text, Location((f"text {len(seen)}",)))
