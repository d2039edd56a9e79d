"""Rows of a worksheet part, streamed: cells by one regular expression per row, by expat elsewhere.

The whole rectangle of a sheet is never held: a value in the far corner of an empty sheet costs one cell.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple
from xml.parsers import expat

# A row longer than this is no row that a spreadsheet wrote (16,384 cells of 32,767 characters would
# be, but nobody has met one); it ends the sheet with a gap instead of filling the memory.
LONGEST_ROW = 64_000_000

_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})\d+"(?: s="(\d{1,8})")?(?: t="(\w+)")?'
    rb"(?:/>|></c>|>(?:<f[^>]*/>|<f[^>]*>([^<]*)</f>)?<v(?: [^>]*)?>([^<]*)</v></c>"
    rb"|>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v/></c>"
    rb"|><is><t[^>]*>([^<]*)</t></is></c>)\s*"
)
_ROW_START = re.compile(rb"<(?:[\w.-]+:)?row\b([^>]*)>")
# Begins where a name begins: tried inside of one it would cost the square of a long name.
_ATTRIBUTE = re.compile(rb"""(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,80}?encoding\s*=\s*["']([\w.-]{1,40})""")
_DATA_START = re.compile(rb"<((?:[\w.-]+:)?)sheetData\s*(/?)>")
_SHEET_END = re.compile(rb"</(?:[\w.-]+:)?(?:work|macro|dialog|chart)sheet\s*>\s*\Z|/>\s*\Z")
_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})\Z")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUE = frozenset((b"1", b"true", b"on"))
# Heights in points of rows that show nothing of their text.
_FLAT = re.compile(rb"0(?:\.[0-9]{1,30})?(?:[Ee]-[0-9]{1,3})?")


class RawCell(NamedTuple):
    """A cell as stored: column from 0, style index, type ("s", "str", "n"...), value, formula."""

    column: int
    style: int
    kind: str
    value: str
    formula: str


class RawRow(NamedTuple):
    """A row as stored: number from 1, whether it is hidden, its cells."""

    number: int
    hidden: bool
    cells: list[RawCell]


class RowTooLongError(Exception):
    """A row is larger than ``LONGEST_ROW`` bytes."""


def column_number(letters: str) -> int:
    """Column number from 0 of its letters.

    >>> column_number("A"), column_number("XFD")
    (0, 16383)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Letters of a column number from 0.

    >>> column_letters(0), column_letters(16383)
    ('A', 'XFD')
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def unescape_string(text: str) -> str:
    """Resolve the escapes of spreadsheet strings (``_x000D_``), ECMA-376 part 1, 22.9.2.19."""
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def attributes_of(tag: bytes) -> dict[bytes, bytes]:
    """Attributes of a tag by their names, as bytes and with entities as they are."""
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(tag)}


def as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Recode a part in UTF-16 or in the encoding that it declares; UTF-8 passes as it is."""
    decoder: codecs.IncrementalDecoder | None = None
    first = True
    for chunk in chunks:
        if first:
            first = False
            encoding = _encoding_of(chunk)
            decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        yield decoder.decode(chunk).encode() if decoder else chunk


def _encoding_of(head: bytes) -> str:
    """The encoding of an XML part where it is another than UTF-8, else empty."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if head[:2] in (b"<\0", b"\0<"):
        return "utf-16-le" if head[:1] == b"<" else "utf-16-be"
    declared = _DECLARED.match(head[:200])
    if declared is None:
        return ""
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name
    except LookupError:
        return ""
    # (a declaration that could be read is not in UTF-16, whatever it says)
    return "" if name in ("utf-8", "ascii") or name.startswith(("utf-16", "utf-32")) else name


@dataclass(slots=True)
class SheetStream:
    """The three parts of a worksheet: what stands before its rows, the rows, what stands behind them.

    ``head`` is complete before the first row is yielded, ``tail`` after the last; each at most 16 MB.
    ``damaged`` says at the end that the part breaks off or that a row in it is malformed.
    """

    head: bytes = b""
    tail: bytes = b""
    default_hidden: bool = False
    damaged: bool = False

    _LONGEST = 16_000_000

    def rows(self, chunks: Iterator[bytes]) -> Iterator[RawRow]:
        """Yield the rows of the part; raises ``RowTooLongError``."""
        buffer = b""
        start = None
        for chunk in chunks:
            buffer += chunk
            start = _DATA_START.search(buffer)
            if start or len(buffer) > self._LONGEST:
                break
        if start is None:
            self.head = buffer[: self._LONGEST]
            self.damaged = not _SHEET_END.search(buffer[-200:])
            return
        self.head = buffer[: start.start()]
        # Entities of its own would stand for text in any cell; workbooks have none.
        self.damaged = b"<!ENTITY" in self.head
        self.default_hidden = attribute_is_on(self.head, b"sheetFormatPr", b"zeroHeight")
        buffer = buffer[start.end() :]
        if not start.group(2):
            prefix = start.group(1)
            row_end, data_end = b"</" + prefix + b"row>", b"</" + prefix + b"sheetData>"
            buffer = yield from self._rows(buffer, chunks, row_end, data_end, bool(prefix))
        for chunk in chunks:
            if len(buffer) > self._LONGEST:
                break
            buffer += chunk
        self.tail = buffer[: self._LONGEST]
        if len(buffer) <= self._LONGEST and not _SHEET_END.search(buffer[-200:]):
            self.damaged = True

    def _rows(
        self, buffer: bytes, chunks: Iterator[bytes], row_end: bytes, data_end: bytes, prefixed: bool
    ) -> Generator[RawRow, None, bytes]:
        number = 0
        while True:
            pieces = buffer.split(row_end)
            buffer = pieces.pop()
            for piece in pieces:
                row = self._row(piece, number, prefixed)
                if row is not None:
                    number = row.number
                    yield row
            if (end := buffer.find(data_end)) >= 0:
                return buffer[end:]
            if len(buffer) > LONGEST_ROW:
                raise RowTooLongError
            chunk = next(chunks, b"")
            if not chunk:
                # The part breaks off: the cells of the last row that are whole are still cells.
                row = self._row(buffer, number, prefixed)
                if row is not None:
                    yield row
                return b""
            buffer += chunk

    def _row(self, piece: bytes, previous: int, prefixed: bool) -> RawRow | None:
        starts = list(_ROW_START.finditer(piece))
        if not starts:
            return None
        start = starts[-1]  # rows without cells stand before the one that this piece ends
        attributes = attributes_of(start.group(1))
        reference = attributes.get(b"r", b"")
        number = int(reference) if reference.isdigit() and len(reference) < 9 else previous + 1
        hidden = attributes.get(b"hidden", b"")
        is_hidden = hidden in _TRUE or _FLAT.fullmatch(attributes.get(b"ht", b"")) is not None
        if self.default_hidden and not hidden and b"ht" not in attributes:
            is_hidden = True
        body = piece[start.end() :]
        cells = None if prefixed else quick_cells(body)
        if cells is None:
            cells, whole = slow_cells(body)
            self.damaged = self.damaged or not whole
        return RawRow(number, is_hidden, cells)


def attribute_is_on(data: bytes, tag: bytes, name: bytes) -> bool:
    """Whether the first ``tag`` in ``data`` has the attribute ``name`` set to true."""
    match = re.search(rb"<(?:[\w.-]+:)?" + tag + rb"\b([^>]*)>", data)
    return match is not None and attributes_of(match.group(1)).get(name, b"") in _TRUE


COLUMNS = tuple(column_letters(number) for number in range(16384))
"""The letters of all columns that a sheet can have."""
_COLUMNS: dict[bytes, int] = {letters.encode(): number for number, letters in enumerate(COLUMNS)}


def quick_cells(body: bytes) -> list[RawCell] | None:
    """Cells of a row in the form that spreadsheet programs write, ``None`` when one is of another form."""
    found = _CELL.findall(body)
    if len(found) != body.count(b"<c ") + body.count(b"<c>") or b"<!" in body:
        return None
    cells: list[RawCell] = []
    columns = _COLUMNS
    for letters, style, kind, formula, value, inline in found:
        if not value:
            if not inline and not formula:
                continue
            value = inline
        column = columns.get(letters)
        if column is None:
            return None
        text = value.decode("utf-8", "replace")
        if b"&" in value:
            text = unescape(text)
        cells.append(
            RawCell(
                column,
                int(style) if style else 0,
                kind.decode() if kind else "n",
                text,
                unescape(formula.decode("utf-8", "replace")) if formula else "",
            )
        )
    return cells


def slow_cells(body: bytes) -> tuple[list[RawCell], bool]:
    """Cells of a row in any form (rich inline strings, other attribute order, prefixes, comments).

    The second value tells whether the row is well formed; if not, the cells before the error are given.
    """
    cells: list[RawCell] = []
    column = -1
    attributes: dict[str, str] = {}
    texts: dict[str, list[str]] = {}
    current = ""
    phonetic = 0

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal attributes, column, current, phonetic
        tag = name.rpartition(":")[2]
        if tag == "c":
            attributes = given
            texts.clear()
            reference = _REFERENCE.match(given.get("r", ""))
            column = column_number(reference.group(1)) if reference else column + 1
        elif tag == "rPh":
            phonetic += 1
        elif tag in ("v", "t", "f") and not phonetic:
            current = tag

    def end(name: str) -> None:
        nonlocal current, phonetic
        tag = name.rpartition(":")[2]
        if tag == "rPh":
            phonetic -= 1
        elif tag == "c":
            style = attributes.get("s", "")
            value = "".join(texts.get("v") or texts.get("t", []))
            formula = "".join(texts.get("f", []))
            kind = attributes.get("t", "n")
            if value or formula:
                cells.append(
                    RawCell(
                        column,
                        int(style) if style.isdecimal() and len(style) < 9 else 0,
                        kind,
                        value,
                        formula,
                    )
                )
        current = ""

    def text(data: str) -> None:
        if current:
            texts.setdefault(current, []).append(data)

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(b"<row>", False)
        parser.Parse(body, False)
    except expat.ExpatError:
        return cells, False
    return cells, True
