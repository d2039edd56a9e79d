"""Worksheets of Excel 2 to 4 (BIFF2 to BIFF4): one sheet, one stream of records, no container.

Programs that export for the web still write them, as the simplest file that Excel opens.  Source: the
OpenOffice.org documentation of the Excel file format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.office.office_encryption import office_lock
from scanner.documents.parsers.office.property_sets import codec_of
from scanner.documents.parsers.sheets import biff
from scanner.documents.parsers.sheets.binary_sheet import SheetRows, cell_name, drain, rk_number, sheet_place
from scanner.documents.parsers.sheets.formula_tokens import biff5, searched
from scanner.documents.parsers.sheets.number_format import GENERAL
from scanner.documents.parsers.sheets.workbook_parts import header_text
from scanner.documents.parsers.sheets.workbook_styles import Styles
from scanner.documents.protocol import HERE, Event

_INTEGER_2, _NUMBER_2, _LABEL_2, _TRUTH_2, _FORMULA_2, _STRING_2 = 0x02, 0x03, 0x04, 0x05, 0x06, 0x07
_NUMBER, _LABEL, _TRUTH, _STRING, _RK = 0x203, 0x204, 0x205, 0x207, 0x27E
_FORMULAS = frozenset((0x206, 0x406))
_ROW_2, _ROW, _WIDTH_2, _WIDTHS, _CODE_PAGE, _DATE_MODE = 0x08, 0x208, 0x24, 0x7D, 0x42, 0x22
_FORMAT, _FORMAT_4, _FORMAT_OF_CELLS_3, _FORMAT_OF_CELLS_4 = 0x1E, 0x41E, 0x243, 0x443
_HEADER, _FOOTER, _NOTE, _LOCK, _SHEET_NAME = 0x14, 0x15, 0x1C, 0x2F, 0x8F
_SILENT = frozenset((0x31, 0x231, 0x20B, 0x0B, 0x25, 0x41, 0x13))  # fonts, rows' places, windows, passwords
_ERRORS = (struct.error, IndexError)


@dataclass(slots=True)
class _Sheet:
    """What is known of the sheet when its cells come: formats stand in front of them."""

    codec: str = "cp1252"
    date1904: bool = False
    codes: list[str] = field(default_factory=list)
    number_of_format: list[int] = field(default_factory=list)
    place: Location = field(default_factory=lambda: sheet_place("1", ""))
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    pending: tuple[int, int, int] | None = None


def worksheet(data: bytes, limits: Limits) -> Iterator[Event]:
    """Yield the rows of the sheet, then its header, footer, comments and other words."""
    sheet = _Sheet()
    ready: list[Segment] = []
    behind: list[Segment] = []
    styles = Styles()
    rows: SheetRows | None = None
    walk = biff.Walk(data)
    cells = 0
    damaged = False
    ended = False
    for kind, at, length in walk.headers():
        body = data[at : at + length]
        ended = kind == biff.EOF
        if kind == _LOCK:
            yield office_lock(data, "", Protection.WEAK, "Excel XOR")
            return
        try:
            if rows is None and _is_cell(kind):
                styles.formats.extend(_formats(sheet))
                rows = SheetRows(1, sheet.place, "", styles, sheet.date1904, ready.append)
                rows.hidden_rows = sheet.hidden_rows
                for columns in sheet.hidden_columns:
                    rows.hide_columns(*columns)
            if rows is None or not _is_cell(kind):
                _around(kind, body, sheet, behind)
            else:
                cells += 1
                _cell(kind, body, sheet, rows, ready)
        except _ERRORS:
            damaged = True
        if cells > limits.cells:
            yield Gap(sheet.place, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
            break
        yield from drain(ready)
    if rows is not None:
        rows.end()
    yield from drain(ready)
    yield from behind
    if damaged or walk.damaged or not ended:
        yield Gap(HERE, Shortfall.DAMAGED, "records of the workbook break off")


def _is_cell(kind: int) -> bool:
    return (
        _INTEGER_2 <= kind <= _STRING_2
        or kind in _FORMULAS
        or kind in (_NUMBER, _LABEL, _TRUTH, _STRING, _RK)
    )


def _formats(sheet: _Sheet) -> Iterator[str]:
    """The number format of each cell format; before Excel 3 cells name the number format itself."""
    if not sheet.number_of_format:
        yield from sheet.codes
    for number in sheet.number_of_format:
        yield sheet.codes[number] if number < len(sheet.codes) else GENERAL


def _cell(kind: int, body: bytes, sheet: _Sheet, rows: SheetRows, ready: list[Segment]) -> None:
    if kind in (_STRING, _STRING_2):
        if sheet.pending is not None:
            rows.text(*sheet.pending, _string(body, 0, 1 if kind == _STRING_2 else 2, sheet))
            sheet.pending = None
        return
    row, column = struct.unpack_from("<HH", body)
    if kind <= _STRING_2:
        style, value = body[5] & 0x3F, body[7:]
    else:
        style, value = struct.unpack_from("<H", body, 4)[0], body[6:]
    if kind == _INTEGER_2:
        rows.number(row, column, style, float(struct.unpack_from("<H", value)[0]))
    elif kind in (_NUMBER, _NUMBER_2):
        rows.number(row, column, style, struct.unpack_from("<d", value)[0])
    elif kind == _RK:
        rows.number(row, column, style, rk_number(struct.unpack_from("<L", value)[0]))
    elif kind in (_LABEL, _LABEL_2):
        rows.text(row, column, style, _string(value, 0, 1 if kind == _LABEL_2 else 2, sheet))
    elif kind in (_TRUTH, _TRUTH_2):
        if value[1] == 0:
            rows.truth(row, column, style, value[0] != 0)
    else:
        _formula(value, (row, column, style), sheet, rows)
        place = sheet.place / cell_name(row, column)
        for text in searched(value[8:], biff5(sheet.codec)):
            ready.append(Segment(text, place, "text in a formula"))


def _formula(value: bytes, where: tuple[int, int, int], sheet: _Sheet, rows: SheetRows) -> None:
    """The result of a formula; a text follows in a record of its own."""
    sheet.pending = None
    if value[6:8] == b"\xff\xff":
        if value[0] == 0:
            sheet.pending = where
        elif value[0] == 1:
            rows.truth(*where, value[2] != 0)
    else:
        rows.number(*where, struct.unpack_from("<d", value)[0])


def _around(kind: int, body: bytes, sheet: _Sheet, behind: list[Segment]) -> None:
    if kind == _CODE_PAGE:
        (page,) = struct.unpack_from("<H", body)
        codec = codec_of(1252 if page == 0x8001 else page)
        sheet.codec = "cp1252" if codec == "utf-16-le" else codec
    elif kind == _DATE_MODE:
        sheet.date1904 = body[:1] == b"\1"
    elif kind in (_FORMAT, _FORMAT_4):
        sheet.codes.append(_string(body, 0 if kind == _FORMAT else 2, 1, sheet))
    elif kind in (_FORMAT_OF_CELLS_3, _FORMAT_OF_CELLS_4):
        sheet.number_of_format.append(body[1])
    elif kind == _WIDTH_2:
        if body[2:4] == b"\0\0":
            sheet.hidden_columns.append((body[0], body[1]))
    elif kind == _WIDTHS:
        first, last, width, _, flags = struct.unpack_from("<5H", body)
        if flags & 1 or not width:
            sheet.hidden_columns.append((first, last))
    elif kind in (_ROW, _ROW_2):
        row, height = struct.unpack_from("<H4xH", body)
        if not height or (kind == _ROW and len(body) >= 14 and body[12] & 0x20):
            sheet.hidden_rows.add(row)
    elif kind == _SHEET_NAME and len(body) > 5:
        sheet.place = sheet_place(_string(body, 4, 1, sheet), "")
    elif kind in (_HEADER, _FOOTER) and body:
        where = "header" if kind == _HEADER else "footer"
        behind.append(Segment(header_text(_string(body, 0, 1, sheet)).strip(), sheet.place / where))
    elif kind == _NOTE:
        row, column, _ = struct.unpack_from("<HHH", body)
        text = body[6:].decode(sheet.codec, "replace")
        behind.append(Segment(text, sheet.place / f"comment on {cell_name(row, column)}", "comment"))
    elif kind not in _SILENT and kind not in biff.BOF:
        behind.extend(Segment(text, sheet.place / "other part", "other part") for text in biff.readable(body))


def _string(data: bytes, at: int, size: int, sheet: _Sheet) -> str:
    length = int.from_bytes(data[at : at + size], "little")
    return data[at + size : at + size + length].decode(sheet.codec, "replace")
