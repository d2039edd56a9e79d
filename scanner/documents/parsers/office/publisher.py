"""Publisher documents (PUB): the text of all stories, in one stream; other streams by their readable runs.

The stream lists its pieces: a kind of four letters, where the piece begins and how long it is.  The layout is
the one that the readers of the format in Apache POI and libmspub describe; nobody else publishes one.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import replace

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.parsers.office.compound import stream_events
from scanner.documents.parsers.office.compound_file import CompoundFile, open_or_scan
from scanner.documents.parsers.pictures.embedded_pictures import picture_gap
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.sniffing import PLAIN_WORDS
from scanner.documents.strings import string_segments

_STORIES = ("quill", "quillsub", "contents")
_PICTURES = ("escher", "escherdelaystm")
_PAGES = ("contents",)
_FIRST_LIST, _LISTS, _LAST = 0x18, 1_000, 0xFFFFFFFF
_PIECE = struct.Struct("<2x4s6x4sLL")


class PublisherParser:
    """Reads Publisher 98 to 2021; older ones are read in part."""

    kinds = frozenset({"pub"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the stories, properties, embedded files, then the strings of everything else."""
        for event in open_or_scan(source, "pub"):
            if not isinstance(event, CompoundFile):
                yield event
                continue
            stories = event.read(*_STORIES)
            found = list(_texts(stories))
            for text in found:
                yield from text_segments((text,), limits, Location(("text",)))
            yield from stream_events(event, (_STORIES, _PICTURES, _PAGES))
            for name, data in (("stories", _without_texts(stories)), ("pages", event.read(*_PAGES))):
                for segment in string_segments(io.BytesIO(data), Location((name,))):
                    yield replace(segment, hidden="other part")
            yield from picture_gap((event.read(*_PICTURES),))
            yield from event.take_gaps()
            if not found:
                detail = f"{PLAIN_WORDS['pub']}; only runs of readable characters were read"
                yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)


def _pieces(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the pieces of text begin and end; lists of pieces are chained."""
    at = _FIRST_LIST
    for _ in range(_LISTS):
        if at == _LAST or at + 8 > len(data):
            return
        count, following = struct.unpack_from("<2xHL", data, at)
        for number in range(count):
            start = at + 8 + _PIECE.size * number
            if start + _PIECE.size > len(data):
                return
            name, kind, begin, length = _PIECE.unpack_from(data, start)
            if b"TEXT" in (name, kind) and 0 < length <= len(data) - begin:
                yield begin, begin + length
        at = following


def _texts(data: bytes) -> Iterator[str]:
    for begin, end in _pieces(data):
        text = data[begin:end].decode("utf-16-le", "replace")
        yield text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n")


def _without_texts(data: bytes) -> bytes:
    rest = bytearray(data)
    for begin, end in _pieces(data):
        rest[begin:end] = bytes(end - begin)
    return bytes(rest)
