"""Legacy Visio drawings (VSD): the texts of shapes, in streams that hang on a tree of pointers.

The layout (versions 6 and 11, which are Visio 2000 to 2010) is the one that libvisio and Apache POI describe.
A text is found by the head of its chunk; what else the streams say is told by its readable runs.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.office import ole_object
from scanner.documents.parsers.office.compound import stream_events
from scanner.documents.parsers.office.compound_file import CompoundFile, open_or_scan
from scanner.documents.parsers.pictures.embedded_pictures import picture_gap
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.sniffing import PLAIN_WORDS
from scanner.documents.strings import string_segments

_DRAWING = "visiodocument"
_VERSION_AT, _TRAILER_AT = 0x1A, 0x24
_WIDE, _KNOWN = 11, frozenset({6, 11})
_POINTER = struct.Struct("<LLLLH")  # kind, address, offset, length, format
_TRAILER, _POINTERS, _COMPRESSED = 0x14, 5, 2
_DEPTH, _MOST_POINTERS = 20, 100_000
_SLACK, _EXPANSION = 1_000_000, 20
# A chunk: kind, number, list, length, level, flag; the text begins eight bytes behind it.
_TEXT_CHUNK = re.compile(rb"\x0e\0\0\0(?=.{8}(.{4}).{3})", re.DOTALL)
_CHUNK_HEAD, _BEFORE_TEXT = 19, 8
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1d\x7f\ud800-\udfff\ue000-\uf8ff\ufff0-\ufffb\ufffd-\uffff]")
# An object is cut into pieces of 8 kB, each behind its length.
_PIECE_HEAD, _FULL_PIECE = 4, 8_192
_FIELD = "\ufffc"
_TELLING = re.compile(r"[^\W_]")


class VisioParser:
    """Reads Visio drawings; those before Visio 2000 by their readable runs, in part."""

    kinds = frozenset({"vsd"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the texts of shapes, embedded objects, properties, then the strings of all else."""
        for event in open_or_scan(source, "vsd"):
            if not isinstance(event, CompoundFile):
                yield event
                continue
            data = event.read(_DRAWING)
            (version,) = struct.unpack_from("<H", data, _VERSION_AT) if len(data) > _TRAILER_AT else (0,)
            if version in _KNOWN:
                yield from _drawing(data, version)
                yield from stream_events(event, ((_DRAWING,),))
            else:
                yield from stream_events(event)
                detail = f"{PLAIN_WORDS['vsd']}; only runs of readable characters were read"
                yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)


def _drawing(data: bytes, version: int) -> Iterator[Event]:
    tree = _Tree(data, _SLACK + _EXPANSION * len(data))
    seen: set[str] = set()
    fields = 0
    others: list[bytes] = []
    streams = list(tree.streams())
    for stream in streams:
        rest = bytearray(stream)
        for text in _texts(stream, rest, version):
            fields += _FIELD in text
            if text not in seen:
                seen.add(text)
                yield Segment(text.strip("\n\0 "), Location((f"text {len(seen)}",)))
        others.append(bytes(rest))
    for number, content in enumerate(_objects(streams), 1):
        yield from ole_object.members(content, "", Location((f"embedded object {number}",)))
    for segment in string_segments(io.BytesIO(b"\0\1".join(others)), Location(("other texts",))):
        yield replace(segment, hidden="other part")
    yield from picture_gap(others)
    if tree.damaged:
        yield Gap(HERE, Shortfall.DAMAGED, "streams of the drawing")
    elif fields:
        detail = f"{PLAIN_WORDS['vsd']}; values that fields show in {fields} texts were not read"
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, detail)


def _objects(streams: list[bytes]) -> Iterator[bytes]:
    """Compound files in the streams: one that is large goes on in the streams behind it."""
    pieces: list[bytes] = []
    for stream in (*streams, b""):
        if pieces and len(pieces[-1]) == _FULL_PIECE and len(stream) > _PIECE_HEAD:
            pieces.append(stream[_PIECE_HEAD:])
            continue
        if pieces:
            yield b"".join(pieces)
        at = stream.find(ole_object.OLE_MAGIC)
        pieces = [stream[at:]] if at >= 0 else []


def _texts(stream: bytes, rest: bytearray, version: int) -> Iterator[str]:
    """The texts of a stream; they are taken out of ``rest``."""
    for chunk in _TEXT_CHUNK.finditer(stream):
        start = chunk.start() + _CHUNK_HEAD
        end = start + int.from_bytes(chunk[1], "little")
        if not start + _BEFORE_TEXT < end <= len(stream):
            continue
        raw = stream[start + _BEFORE_TEXT : end]
        text = raw.decode("utf-16-le" if version >= _WIDE else "cp1252", "replace").rstrip("\0")
        # U+001E and U+001F stand for fields and for hyphens.
        text = text.replace("\x1e", _FIELD).replace("\x1f", "").replace("\v", "\n").replace("\r", "\n")
        if not _NO_TEXT.search(text) and (_TELLING.search(text) or _FIELD in text):
            rest[start:end] = bytes(end - start)
            yield text


class _Pointer(NamedTuple):
    """Where a stream stands, and what it holds."""

    kind: int
    offset: int
    length: int
    form: int


@dataclass(slots=True)
class _Tree:
    """The streams of a drawing; ``left`` is how many bytes they may expand to."""

    data: bytes
    left: int
    damaged: bool = False
    _seen: set[_Pointer] = field(default_factory=set)

    def streams(self) -> Iterator[bytes]:
        """Yield every stream once, unpacked."""
        waiting = [(0, pointer) for pointer in self._pointers(self.data, _TRAILER_AT, 1)]
        while waiting:
            depth, pointer = waiting.pop()
            if pointer in self._seen:
                continue
            self._seen.add(pointer)
            raw = self.data[pointer.offset : pointer.offset + pointer.length]
            if len(raw) < pointer.length or self.left < 0 or len(self._seen) > _MOST_POINTERS:
                self.damaged = True
                continue
            packed = bool(pointer.form & _COMPRESSED)
            stream = unpacked(raw) if packed else raw
            self.left -= len(stream)
            yield stream
            if pointer.kind == _TRAILER or pointer.form >> 4 == _POINTERS:
                inside = self._inside(stream, 4 * packed) if depth < _DEPTH else []
                waiting.extend((depth + 1, inner) for inner in reversed(inside))

    def _inside(self, stream: bytes, shift: int) -> list[_Pointer]:
        """The pointers in a stream: their place stands at its start, their number in front of them."""
        try:
            (at,) = struct.unpack_from("<L", stream, shift)
            (count,) = struct.unpack_from("<L", stream, at + shift)
        except struct.error:
            self.damaged = True
            return []
        return list(self._pointers(stream, at + shift + 8, count))

    def _pointers(self, stream: bytes, at: int, count: int) -> Iterator[_Pointer]:
        for number in range(min(count, _MOST_POINTERS)):
            start = at + _POINTER.size * number
            if start + _POINTER.size > len(stream):
                self.damaged = True
                return
            kind, _, offset, length, form = _POINTER.unpack_from(stream, start)
            if kind and length:
                yield _Pointer(kind, offset, length, form)


_WINDOW = 4_096
_START, _LONGEST_PLACE = 18, 4_078


def unpacked(data: bytes) -> bytes:
    """Undo the packing of streams: letters, and copies of 3 to 18 bytes from the 4,096 before them."""
    out = bytearray(_WINDOW)
    at, end = 0, len(data)
    while at < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                break
            if flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            if at + 2 > end:
                return bytes(out[_WINDOW:])
            low, high = data[at], data[at + 1]
            at += 2
            length = (high & 15) + 3
            place = (high & 0xF0) << 4 | low
            place += _START if place <= _LONGEST_PLACE else -_LONGEST_PLACE
            distance = (len(out) - place) % _WINDOW or _WINDOW
            begin = len(out) - distance
            if distance >= length:
                out += out[begin : begin + length]
            else:  # what is copied reaches into itself: it repeats
                out += (bytes(out[begin:]) * (length // distance + 1))[:length]
    return bytes(out[_WINDOW:])
