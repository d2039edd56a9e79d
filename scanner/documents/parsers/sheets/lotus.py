"""Spreadsheets of the time before Excel: Lotus 1-2-3, Microsoft Works, Quattro Pro for DOS and Windows.

All are records of a type, a length and a body.  Sources: the Lotus File Formats reference of 1984, and what
LibreOffice's import filters read of its successors.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.sheets import biff
from scanner.documents.parsers.sheets.binary_sheet import SheetRows, cell_name, drain
from scanner.documents.parsers.sheets.workbook_styles import Styles
from scanner.documents.protocol import Event, Source

# What stands before the text of a label and says how it is aligned.
_ALIGNMENT = "'\"^\\|"
# Quattro Pro puts the number of a font in front.
_FONTS = "".join(map(chr, range(1, 9)))
_TELLING = re.compile(r"[A-Za-z]{4}|[0-9]{6}")
_INTEGER, _NUMBER, _LABEL, _FORMULA, _FORMULA_TEXT = 0x0D, 0x0E, 0x0F, 0x10, 0x33
_COLUMN_WIDTH = 0x08
# Of releases 3 and later, with sheets: a long double, a packed number, a formula's result and text.
_LABEL_3, _NUMBER_3, _SMALL_3, _FORMULA_3, _TEXT_3 = 0x16, 0x17, 0x18, 0x19, 0x1A
_PACKED_3, _NOTE_3, _FLOAT_3, _FLOAT_FORMULA_3 = 0x25, 0x26, 0x27, 0x28
_FACTORS = (5000.0, 500.0, 0.05, 0.005, 0.0005, 0.00005, 0.0625, 0.015625)
# Formats of dates in the lower bits of a cell's format byte, as spreadsheets of today write them.
_FORMATS = ("General", "dd-mmm-yy", "dd-mmm", "mmm-yy", "dd/mm/yyyy", "dd/mm")
_DATES = {0x72: 1, 0x73: 2, 0x74: 3, 0x79: 4, 0x7A: 5}
_END = 0x01
_LAST_ROW, _LAST_COLUMN = 1 << 16, 1 << 10
_ERRORS = (struct.error, IndexError)


@dataclass(slots=True)
class _Cell:
    sheet: int
    row: int
    column: int
    value: float | str
    style: int = 0


@dataclass(slots=True)
class _Contents:
    cells: list[_Cell] = field(default_factory=list)
    notes: list[_Cell] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    damaged: bool = False


class LotusParser:
    """Reads the worksheets of WKS, WK1, WQ1, WB1, WK3, WK4 and 123."""

    kinds = frozenset({"lotus"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the sheets row by row, notes, and words in records that are not taken apart."""
        data = source.read()
        contents = _Contents()
        for kind, body in _records(data, contents):
            if len(contents.cells) > limits.cells:
                yield Gap(Location(), Shortfall.LIMIT, f"more than {limits.cells:,} cells")
                break
            try:
                _take(_LAYOUTS.get(data[:6], _later)(kind, body), kind, body, contents)
            except _ERRORS:
                contents.damaged = True
        yield from _sheets(contents)
        for note in contents.notes:
            where = _place(note.sheet) / f"comment on {cell_name(note.row, note.column)}"
            yield Segment(str(note.value), where, "comment")
        for text in contents.words:
            yield Segment(text, Location(("other parts",)), "other part")
        if contents.damaged:
            yield Gap(Location(), Shortfall.DAMAGED, "records of the worksheet break off")
        elif data[2:4] == b"\x1a\0":
            yield Gap(Location(), Shortfall.UNSUPPORTED_KIND, "formats of cells: dates are numbers of days")


def _records(data: bytes, contents: _Contents) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _END and not length:
            return
    contents.damaged = True


def _take(cell: _Cell | None, kind: int, body: bytes, contents: _Contents) -> None:
    if cell is None:
        for text in biff.readable(body):
            if _TELLING.search(text):
                contents.words.setdefault(text)
    elif cell.row < 0:
        contents.hidden.add(cell.column)
    elif kind == _NOTE_3 and isinstance(cell.value, str):
        contents.notes.append(cell)
    elif cell.value != "":
        contents.cells.append(cell)


def _sheets(contents: _Contents) -> Iterator[Event]:
    ready: list[Segment] = []
    rows: SheetRows | None = None
    sheet = -1
    styles = Styles(list(_FORMATS))
    for cell in sorted(contents.cells, key=_order):
        if cell.sheet != sheet or rows is None:
            if rows is not None:
                rows.end()
            sheet = cell.sheet
            rows = SheetRows(sheet + 1, _place(sheet), "", styles, False, ready.append)
            for column in contents.hidden:
                rows.hide_columns(column, column)
        if isinstance(cell.value, str):
            rows.text(cell.row, cell.column, 0, cell.value)
        else:
            rows.number(cell.row, cell.column, cell.style, cell.value)
        yield from drain(ready)
    if rows is not None:
        rows.end()
    yield from drain(ready)


def _order(cell: _Cell) -> tuple[int, int, int]:
    return cell.sheet, cell.row, cell.column


def _place(sheet: int) -> Location:
    return Location((f'sheet "{cell_name(0, sheet)[:-1]}"',))


def _text(raw: bytes, *, aligned: bool = True) -> str:
    text = raw.partition(b"\0")[0].decode("cp850")
    if aligned and text[:1] and text[0] in _ALIGNMENT:
        text = text[1:]
    return text.lstrip(_FONTS)


def _value(kind: int, raw: bytes, *, aligned: bool) -> float | str:
    """The value of a cell of the first releases, behind its place."""
    if kind == _INTEGER:
        return float(struct.unpack_from("<h", raw)[0])
    if kind in (_NUMBER, _FORMULA):
        return _double(raw)
    return _text(raw, aligned=aligned and kind == _LABEL)


def _first(kind: int, body: bytes) -> _Cell | None:
    """Releases 1 and 2, Works for DOS, Quattro Pro for DOS: format, column, row."""
    if kind == _COLUMN_WIDTH and len(body) >= 3 and body[2] == 0:
        return _Cell(0, -1, min(int.from_bytes(body[:2], "little"), _LAST_COLUMN), "")
    if kind not in (_INTEGER, _NUMBER, _LABEL, _FORMULA, _FORMULA_TEXT):
        return None
    form, column, row = struct.unpack_from("<BHH", body)
    style = _DATES.get(form & 0x7F, 0)
    value = _value(kind, body[5:], aligned=True)
    return _Cell(0, min(row, _LAST_ROW), min(column, _LAST_COLUMN), value, style)


def _works(kind: int, body: bytes) -> _Cell | None:
    """Works for Windows: column, row, the number of a format."""
    if kind not in (_INTEGER, _NUMBER, _LABEL, _FORMULA, _FORMULA_TEXT):
        return None
    column, row = struct.unpack_from("<HH", body)
    return _Cell(0, min(row, _LAST_ROW), min(column, _LAST_COLUMN), _value(kind, body[6:], aligned=False))


def _quattro(kind: int, body: bytes) -> _Cell | None:
    """Quattro Pro for Windows: column, sheet, row, the number of a format."""
    if kind not in (_INTEGER, _NUMBER, _LABEL, _FORMULA, _FORMULA_TEXT):
        return None
    column, sheet, row = struct.unpack_from("<BBH", body)
    return _Cell(sheet, min(row, _LAST_ROW), column, _value(kind, body[6:], aligned=True))


def _later(kind: int, body: bytes) -> _Cell | None:
    """Releases 3 and later: row, sheet, column."""
    if not (_LABEL_3 <= kind <= _TEXT_3 or _PACKED_3 <= kind <= _FLOAT_FORMULA_3):
        return None
    row, sheet, column = struct.unpack_from("<HBB", body)
    raw = body[4:]
    value: float | str
    if kind in (_LABEL_3, _TEXT_3):
        value = _text(raw, aligned=kind == _LABEL_3)
    elif kind == _NOTE_3:
        value = _text(raw[1:], aligned=False)
    elif kind in (_NUMBER_3, _FORMULA_3):
        value = _long_double(raw)
    elif kind == _SMALL_3:
        (packed,) = struct.unpack_from("<h", raw)
        value = (packed >> 4) * _FACTORS[packed >> 1 & 7] if packed & 1 else float(packed >> 1)
    elif kind == _PACKED_3:
        (packed,) = struct.unpack_from("<L", raw)
        power = packed & 15
        number = (packed >> 6) / 10.0**power if packed & 16 else (packed >> 6) * 10.0**power
        value = -number if packed & 32 else number
    else:
        value = _double(raw)
    return _Cell(sheet, row, column, value)


def _double(raw: bytes) -> float | str:
    """A number; empty for what stands for an error."""
    number: float = struct.unpack_from("<d", raw)[0]
    return number if abs(number) < 1e300 else ""


def _long_double(raw: bytes) -> float | str:
    """A number in the ten bytes of the 8087; empty for an error or nothing."""
    mantissa, exponent = struct.unpack_from("<QH", raw)
    power = (exponent & 0x7FFF) - 16383 - 63
    if not mantissa or not -400 < power < 400:
        return 0.0 if not mantissa and not exponent else ""
    value = math.ldexp(mantissa, power)
    return -value if exponent & 0x8000 else value


_LAYOUTS = {
    b"\xff\0\2\0\4\4": _works,
    b"\0\0\2\0\1\x10": _quattro,
    **{b"\0\0\2\0" + version: _first for version in (b"\4\4", b"\5\4", b"\6\4", b"\x20\x51", b"\x21\x51")},
}
"""First record, with its version, -> the layout of cells; all others have that of the later releases."""
