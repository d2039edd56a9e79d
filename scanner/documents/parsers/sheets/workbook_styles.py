"""Cell formats and shared strings of a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

from scanner.documents.parsers.office.ooxml_package import Package, Part, parse_xml
from scanner.documents.parsers.office.ooxml_parts import local
from scanner.documents.parsers.sheets.number_format import BUILT_IN_FORMATS, GENERAL
from scanner.documents.parsers.sheets.sheet_rows import as_utf8, unescape_string

WHITE, BLACK = "FFFFFF", "000000"
# The first two colours of a theme, and of the palette with the system's own for text and ground.
_THEME = {"0": WHITE, "1": BLACK}
_PALETTE = {"0": BLACK, "1": WHITE, "8": BLACK, "9": WHITE, "64": BLACK, "65": WHITE}
_RGB = re.compile(r"(?:[0-9A-F]{2})?([0-9A-F]{6})")


def unseen_by_colour(font: str, fill: str | None) -> str:
    """Why text of a colour is not seen on a fill: ``None`` for a cell without one, "" for an unknown colour.

    >>> unseen_by_colour(WHITE, None), unseen_by_colour(WHITE, "0000FF"), unseen_by_colour(BLACK, BLACK)
    ('white text', '', 'blacked-out text')
    """
    if not font or font != (WHITE if fill is None else fill):
        return ""
    if font == WHITE:
        return "white text"
    return "blacked-out text" if font == BLACK else "text in the colour of its background"


@dataclass(slots=True)
class Styles:
    """Number format and hidden reason of each cell format, by the index that cells name."""

    formats: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def format(self, index: int) -> str:
        """Return the number format of a cell format, General for one that does not exist."""
        return self.formats[index] if index < len(self.formats) else GENERAL

    def reason(self, index: int) -> str:
        """Why text in a cell format is not seen, empty where it is."""
        return self.reasons[index] if index < len(self.reasons) else ""


def read_styles(package: Package, part: Part) -> Styles:
    """Read the cell formats of a ``styleSheet`` part."""
    codes = dict(BUILT_IN_FORMATS)
    fonts: list[str] = []
    fills: list[str | None] = []
    formats: list[tuple[int, int, int]] = []
    path: list[str] = []

    is_solid = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_solid
        tag = local(name)
        parent = path[-1] if path else ""
        path.append(tag)
        if tag == "numFmt" and parent == "numFmts":
            number = attributes.get("numFmtId", "")
            if number.isdecimal() and len(number) < 9:
                codes[int(number)] = attributes.get("formatCode", GENERAL)
        elif tag == "font" and parent == "fonts":
            fonts.append(BLACK)
        elif tag == "color" and parent == "font" and fonts:
            fonts[-1] = _colour(attributes)
        elif tag == "fill" and parent == "fills":
            fills.append(None)
        elif tag in ("patternFill", "gradientFill") and fills:
            pattern = attributes.get("patternType", "none")
            fills[-1] = None if tag == "patternFill" and pattern == "none" else ""
            is_solid = pattern == "solid"
        elif tag == "fgColor" and parent == "patternFill" and fills and is_solid:
            fills[-1] = _colour(attributes)
        elif tag == "xf" and parent == "cellXfs":
            numbers = [attributes.get(key, "") for key in ("numFmtId", "fontId", "fillId")]
            format_id, font_id, fill_id = (
                int(value) if value.isdecimal() and len(value) < 9 else 0 for value in numbers
            )
            formats.append((format_id, font_id, fill_id))

    def end(name: str) -> None:
        path.pop()

    for _ in parse_xml(package, part, start=start, end=end):
        pass
    styles = Styles()
    for format_id, font_id, fill_id in formats:
        styles.formats.append(codes.get(format_id, GENERAL))
        font = fonts[font_id] if font_id < len(fonts) else BLACK
        styles.reasons.append(unseen_by_colour(font, fills[fill_id] if fill_id < len(fills) else None))
    return styles


def _colour(attributes: Mapping[str, str]) -> str:
    """A colour as RRGGBB, a mark of its own for one of the theme or palette, "" for none."""
    if match := _RGB.fullmatch(attributes.get("rgb", "").upper()):
        return match[1]
    for kind, known in (("theme", _THEME), ("indexed", _PALETTE)):
        if number := attributes.get(kind, ""):
            tint = attributes.get("tint", "0").rstrip("0.")
            return f"{kind} {number} {tint}" if tint else known.get(number, f"{kind} {number}")
    return BLACK if "auto" in attributes else ""


_ITEM = re.compile(rb"<(?:[\w.-]+:)?si\b")
_SIMPLE_ITEM = re.compile(rb"<si>\s*(?:<t(?: [^>]*)?>([^<]*)</t>|<t/>)\s*</si>")


@dataclass(slots=True)
class SharedStrings:
    """The string table of a workbook and which of its entries cells have used."""

    texts: list[str] = field(default_factory=list)
    phonetic: list[str] = field(default_factory=list)
    used: bytearray = field(default_factory=bytearray)

    def at(self, value: str) -> str:
        """Return the entry that a cell's value names and note that it is used; empty if there is none."""
        if not value.isdecimal() or len(value) > 9:
            return ""
        index = int(value)
        if index >= len(self.texts):
            return ""
        self.used[index] = 1
        return self.texts[index]

    def orphans(self) -> Iterator[str]:
        """Yield the entries that no cell has used: text of cells that were deleted."""
        for index, text in enumerate(self.texts):
            if not self.used[index]:
                yield text


def read_shared_strings(package: Package, part: Part) -> SharedStrings:
    """Read an ``sst`` part: by one regular expression where all entries are plain, by expat elsewhere."""
    strings = SharedStrings()
    data = b"".join(as_utf8((package.read(part),)))
    if b"<!" not in data:
        found = _SIMPLE_ITEM.findall(data)
        if found and len(found) == len(_ITEM.findall(data)):
            for value in found:
                text = value.decode("utf-8", "replace")
                strings.texts.append(unescape_string(unescape(text) if b"&" in value else text))
            strings.used = bytearray(len(strings.texts))
            return strings
    pieces: list[str] = []
    phonetic: list[str] = []
    sink: list[str] | None = None
    in_phonetic = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal sink, in_phonetic
        tag = local(name)
        if tag == "t":
            sink = phonetic if in_phonetic else pieces
        elif tag == "rPh":
            in_phonetic = True

    def end(name: str) -> None:
        nonlocal sink, in_phonetic
        tag = local(name)
        sink = None
        if tag == "si":
            strings.texts.append(unescape_string("".join(pieces)))
            pieces.clear()
        elif tag == "rPh":
            in_phonetic = False
            strings.phonetic.append("".join(phonetic))
            phonetic.clear()

    def characters(value: str) -> None:
        if sink is not None:
            sink.append(value)

    for _ in parse_xml(package, part, start=start, end=end, text=characters, salvage=strings.texts.append):
        pass
    strings.used = bytearray(len(strings.texts))
    return strings
