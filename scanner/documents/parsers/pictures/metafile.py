"""Metafiles (EMF, WMF, SVM): drawings as they were told to a printer, whose texts are still texts.

A table that was pasted "as a picture" is one of these; LibreOffice keeps pictures of tables in SVM.
Sources: MS-EMF, MS-EMFPLUS, MS-WMF; for SVM the kinds of actions that its programs publish.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Segment, Shortfall
from scanner.documents.parsers.pictures.embedded_pictures import (
    TEXT_PIXELS,
    picture_gap,
    picture_size,
    unread_pictures,
)
from scanner.documents.protocol import HERE, Event, Source

_EMF_MARK, _EMF_MARK_AT = b" EMF", 40
_PLACEABLE, _PLACEABLE_SIZE, _WMF_HEADER = b"\xd7\xcd\xc6\x9a", 22, 18
_MOST_RECORDS = 2_000_000
# A drawing of as many outlines without a text may be text in outlines; logos and charts have fewer.
_OUTLINES = 1_000
# Types of EMF records: the end, a comment, texts, pictures with the place of their head, outlines.
_EOF, _COMMENT = 14, 70
_TEXT_8, _TEXT_16, _POLY_8, _POLY_16, _SMALL = 83, 84, 96, 97, 108
_PICTURES = {76: 84, 77: 84, 78: 84, 79: 96, 80: 48, 81: 48, 114: 84, 116: 84}
_DRAWN = frozenset((*range(2, 9), *range(85, 93), 62, 63, 64))
_GLYPHS, _SMALL_8, _NO_RECTANGLE = 0x10, 0x200, 0x100
_PLUS, _PLUS_STRING, _PLUS_DRIVEN = b"EMF+", 0x401C, 0x4036
# Functions of WMF records.
_W_TEXT, _W_EXTENDED = 0x0521, 0x0A32
_W_PICTURES = frozenset((0x0F43, 0x0940, 0x0B41, 0x0D33))
_W_DRAWN = frozenset((0x0324, 0x0325, 0x0538))
_W_RECTANGLES = 6
# Actions of SVM: texts with the bytes of the place before them, and those between text and letters drawn.
_STARVIEW = b"VCLMTF"
_S_TEXTS = {112: (8, 0), 113: (8, 0), 114: (8, 4), 115: (16, -1)}
_S_ARRAY = 113
_S_BITMAPS = range(116, 122)
_S_DRAWN = frozenset((109, 110, 111))


@dataclass(slots=True)
class _Drawing:
    """What the records tell: lines of text, pictures and outlines."""

    lines: list[str] = field(default_factory=list)
    pictures: int = 0
    outlines: int = 0
    glyphs: int = 0
    damaged: bool = False
    _end: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def write(self, text: str, x: int, y: int, width: int) -> None:
        """Add a piece: to the line before it where it stands on its height and behind it."""
        if not text.strip("\0"):
            return
        text = text.replace("\0", "")
        end, height, letter = self._end
        if self.lines and y == height and x >= end - letter:
            gap = " " if x > end + letter / 4 and not self.lines[-1].endswith(" ") else ""
            self.lines[-1] += gap + text
        else:
            self.lines.append(text)
        self._end = (x + width, y, width / max(1, len(text)))


class MetafileParser:
    """Reads the texts of metafiles."""

    kinds = frozenset({"metafile", "starview"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the texts in the order in which they are drawn, and gaps for pictures of text."""
        data = source.read()
        drawing = _Drawing()
        plus: list[str] = []
        if data[_EMF_MARK_AT : _EMF_MARK_AT + 4] == _EMF_MARK:
            _enhanced(data, drawing, plus)
        elif data.startswith(_STARVIEW):
            _starview(data, drawing)
        else:
            _windows(data, drawing)
        shown = "\n".join(drawing.lines)
        more = [text for text in plus if text not in shown]
        if text := "\n".join((shown, *more)).strip():
            yield Segment(text, HERE)
        elif drawing.outlines >= _OUTLINES or drawing.glyphs:
            yield Gap(HERE, Shortfall.NEEDS_OCR, "drawn outlines without text")
        yield from unread_pictures(drawing.pictures)
        yield from picture_gap((data,))
        if drawing.damaged:
            yield Gap(HERE, Shortfall.DAMAGED, "the drawing breaks off")


def _enhanced(data: bytes, drawing: _Drawing, plus: list[str]) -> None:
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + 8 > len(data):
            break
        kind, size = struct.unpack_from("<II", data, at)
        if size < 8 or at + size > len(data):
            break
        try:
            if kind == _EOF:
                return
            if kind in (_TEXT_8, _TEXT_16):
                _text(data, at, at + 36, kind == _TEXT_16, drawing)
            elif kind in (_POLY_8, _POLY_16):
                (count,) = struct.unpack_from("<I", data, at + 36)
                for index in range(min(count, size // 40)):
                    _text(data, at, at + 40 + 40 * index, kind == _POLY_16, drawing)
            elif kind == _SMALL:
                _small_text(data, at, drawing)
            elif kind == _COMMENT:
                if data[at + 12 : at + 16] == _PLUS:
                    plus += _plus_texts(data[at + 16 : at + size])
            elif kind in _PICTURES:
                drawing.pictures += _is_large(data, at, _PICTURES[kind])
            drawing.outlines += kind in _DRAWN
        except struct.error:
            drawing.damaged = True
        at += size
    drawing.damaged = True


def _text(data: bytes, record: int, at: int, wide: bool, drawing: _Drawing) -> None:
    x, y, count, offset, options = struct.unpack_from("<iiIII", data, at)
    (widths,) = struct.unpack_from("<I", data, at + 36)
    if options & _GLYPHS:
        drawing.glyphs += count > 0  # numbers of a font, not letters
        return
    text = _decoded(data, record + offset, count, wide)
    width = 0
    if widths and count < 10_000 and record + widths + 4 * count <= len(data):
        width = sum(struct.unpack_from(f"<{count}i", data, record + widths))
    drawing.write(text, x, y, width)


def _small_text(data: bytes, at: int, drawing: _Drawing) -> None:
    x, y, count, options = struct.unpack_from("<iiII", data, at + 8)
    start = at + (36 if options & _NO_RECTANGLE else 52)
    if options & _GLYPHS:
        drawing.glyphs += count > 0
        return
    drawing.write(_decoded(data, start, count, not options & _SMALL_8), x, y, 0)


def _decoded(data: bytes, at: int, count: int, wide: bool) -> str:
    raw = data[at : at + min(count, len(data)) * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "cp1252", "replace")


def _plus_texts(data: bytes) -> Iterator[str]:
    """The texts of EMF+ records in a comment: often those of the plain records once more."""
    at = 0
    while at + 12 <= len(data):
        kind, _, size = struct.unpack_from("<HHI", data, at)
        if size < 12:
            return
        body = data[at + 12 : at + size]
        if kind == _PLUS_STRING and len(body) >= 28:
            (count,) = struct.unpack_from("<I", body, 8)
            yield _decoded(body, 28, count, wide=True)
        elif kind == _PLUS_DRIVEN and len(body) >= 16:
            options, _, count = struct.unpack_from("<III", body, 4)
            if options & 1:  # letters, and not numbers of a font
                yield _decoded(body, 16, count, wide=True)
        at += size


def _is_large(data: bytes, record: int, at: int) -> bool:
    """Whether a bitmap of a record has the pixels of a picture of text."""
    (offset,) = struct.unpack_from("<I", data, record + at)
    if not offset:
        return False
    width, height = struct.unpack_from("<ii", data, record + offset + 4)
    return abs(int(width) * int(height)) >= TEXT_PIXELS


def _windows(data: bytes, drawing: _Drawing) -> None:
    at = (_PLACEABLE_SIZE if data.startswith(_PLACEABLE) else 0) + _WMF_HEADER
    for _ in range(_MOST_RECORDS):
        if at + 6 > len(data):
            break
        size, function = struct.unpack_from("<IH", data, at)
        if not function and size == 3:
            return
        if size < 3 or at + 2 * size > len(data):
            break
        try:
            if function == _W_TEXT:
                (count,) = struct.unpack_from("<H", data, at + 6)
                y, x = struct.unpack_from("<hh", data, at + 8 + count + count % 2)
                drawing.write(_decoded(data, at + 8, count, wide=False), x, y, 0)
            elif function == _W_EXTENDED:
                y, x, count, options = struct.unpack_from("<hhHH", data, at + 6)
                start = at + 14 + (8 if options & _W_RECTANGLES else 0)
                drawing.write(_decoded(data, start, count, wide=False), x, y, 0)
            elif function in _W_PICTURES:
                # Three bytes or less for each dot.
                drawing.pictures += 2 * size >= TEXT_PIXELS
            drawing.outlines += function in _W_DRAWN
        except struct.error:
            drawing.damaged = True
        at += 2 * size
    drawing.damaged = True


def _starview(data: bytes, drawing: _Drawing) -> None:
    """Every action is its kind, its version and the size of what follows; so is the head."""
    if len(data) < 12:
        drawing.damaged = True
        return
    at = 12 + int(struct.unpack_from("<I", data, 8)[0])
    for _ in range(_MOST_RECORDS):
        if at + 8 > len(data):
            break
        kind, version, size = struct.unpack_from("<HHI", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) < size:
            break
        try:
            if kind in _S_TEXTS:
                _starview_text(kind, version, body, drawing)
            elif kind in _S_BITMAPS:
                width, height = picture_size(body[:26]) or (0, 0)
                drawing.pictures += width * height >= TEXT_PIXELS
            drawing.outlines += kind in _S_DRAWN
        except struct.error:
            drawing.damaged = True
        at += 8 + size
    drawing.damaged = drawing.damaged or at != len(data)


def _starview_text(kind: int, version: int, body: bytes, drawing: _Drawing) -> None:
    """A text in 8-bit letters, the part of it that is drawn, and (version 2) the text in UTF-16.

    Some have a length of 32 bits, and then UTF-16 alone.
    """
    before, between = _S_TEXTS[kind]
    x, y = struct.unpack_from("<ii", body)
    count, high = struct.unpack_from("<HH", body, before)
    wide = bool(count and not high)
    text = (
        _decoded(body, before + 4, count, wide=True)
        if wide
        else _decoded(body, before + 2, count, wide=False)
    )
    at = before + (4 + 2 * count if wide else 2 + count)
    start, length, width = 0, 0, 0
    if between < 0:
        at += 2
    else:
        start, length = struct.unpack_from("<HH", body, at + between)
        at += between + 4
    if kind == _S_ARRAY and not wide:
        (steps,) = struct.unpack_from("<I", body, at)
        if steps:
            (width,) = struct.unpack_from("<i", body, at + 4 * steps)
        at += 4 + 4 * steps
    if version > 1 and not wide and at + 2 <= len(body):
        (count,) = struct.unpack_from("<H", body, at)
        text = _decoded(body, at + 2, count, wide=True) or text
    drawing.write(text[start : start + length] or text, x, y, width)
