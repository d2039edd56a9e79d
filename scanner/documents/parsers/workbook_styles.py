"""Cell formats and shared strings of a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from scanner.documents.parsers.number_format import BUILT_IN_FORMATS, GENERAL
from scanner.documents.parsers.ooxml_package import Package, Part, parse_xml
from scanner.documents.parsers.ooxml_parts import local
from scanner.documents.parsers.sheet_rows import as_utf8, unescape_string

_WHITE = frozenset(("FFFFFF", "FFFFFFFF", "00FFFFFF"))


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
    white_fonts: list[bool] = []
    filled: list[bool] = []
    formats: list[tuple[int, int, int]] = []
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        parent = path[-1] if path else ""
        path.append(tag)
        if tag == "numFmt" and parent == "numFmts":
            number = attributes.get("numFmtId", "")
            if number.isdecimal() and len(number) < 9:
                codes[int(number)] = attributes.get("formatCode", GENERAL)
        elif tag == "font" and parent == "fonts":
            white_fonts.append(False)
        elif tag == "color" and parent == "font" and white_fonts:
            rgb = attributes.get("rgb", "").upper()
            white_fonts[-1] = rgb in _WHITE or (attributes.get("theme") == "0" and "tint" not in attributes)
        elif tag == "fill" and parent == "fills":
            filled.append(False)
        elif tag in ("patternFill", "gradientFill") and filled:
            filled[-1] = tag == "gradientFill" or attributes.get("patternType", "none") != "none"
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
        white = font_id < len(white_fonts) and white_fonts[font_id]
        backed = fill_id < len(filled) and filled[fill_id]
        styles.reasons.append("white text" if white and not backed else "")
    return styles


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
