"""Sheets of workbooks that are stored in binary records (XLS, XLSB): cells in, labelled rows out."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.sheets.cell_text import number_shown, text_shown
from scanner.documents.parsers.sheets.number_format import GENERAL
from scanner.documents.parsers.sheets.sheet_rows import COLUMNS, column_letters
from scanner.documents.parsers.sheets.workbook_styles import Styles
from scanner.documents.rows import Cell, Row

STATES = {1: "hidden sheet", 2: "very hidden sheet"}
"""Why a sheet is hidden, by the state that the list of sheets gives it."""

_MOST_HIDES = 1_000_000
_MARKS = {"hidden sheet": " (hidden)", "very hidden sheet": " (very hidden)"}


def sheet_place(name: str, hidden: str) -> Location:
    """Location of a sheet, with its state."""
    kind = "unreferenced sheet" if hidden == "unreferenced part" else "sheet"
    return Location((f'{kind} "{name}"{_MARKS.get(hidden, "")}',))


def cell_name(row: int, column: int) -> str:
    """Name of a cell by its row and column from 0.

    >>> cell_name(13, 2)
    'C14'
    """
    return (COLUMNS[column] if column < len(COLUMNS) else column_letters(column)) + str(row + 1)


def rk_number(bits: int) -> float:
    """The number in 32 bits: an integer or the upper half of a float, perhaps hundredths (MS-XLS 2.5.217)."""
    if bits & 2:
        value = float((bits >> 2) - (1 << 30) if bits & 0x80000000 else bits >> 2)
    else:
        (value,) = struct.unpack("<d", struct.pack("<Q", (bits & 0xFFFFFFFC) << 32))
    return value / 100 if bits & 1 else value


def raw_number(value: float) -> str:
    """A float as the XML of a workbook would hold it.

    >>> raw_number(12345678.0), raw_number(0.1)
    ('12345678', '0.1')
    """
    if value == value and abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return repr(value)


@dataclass(slots=True)
class SheetRows:
    """Takes the cells of one sheet in the order of its rows and gives out rows."""

    table: int
    place: Location
    hidden: str
    styles: Styles
    date1904: bool
    emit: Callable[[Segment], None]
    hidden_rows: set[int] = field(default_factory=set)
    _hidden_columns: set[int] = field(default_factory=set)
    _hides: int = 0
    _rows: LabelledTable | None = None
    _row: int = -1
    _cells: list[Cell] = field(default_factory=list)
    _last: int = -1
    _shown: dict[tuple[float, int], list[tuple[str, str]]] = field(default_factory=dict)

    def hide_columns(self, first: int, last: int) -> None:
        """Note that the columns from first to last are hidden."""
        last = min(last, len(COLUMNS) - 1)
        # Files that hide columns over and over cost time and say nothing new.
        self._hides += max(0, last - first + 1)
        if self._hides <= _MOST_HIDES:
            self._hidden_columns.update(range(first, last + 1))

    def text(self, row: int, column: int, style: int, text: str) -> None:
        """Take a cell with text."""
        code = self.styles.format(style)
        if code == GENERAL:
            self._add(row, column, style, text, "")
            return
        for shown, reason in text_shown(text, code):
            self._add(row, column, style, shown, reason)

    def number(self, row: int, column: int, style: int, value: float) -> None:
        """Take a cell with a number."""
        key = (value, style)
        known = self._shown.get(key)
        if known is None:
            known = number_shown(raw_number(value), self.styles.format(style), date1904=self.date1904)
            if len(self._shown) < 50_000:
                self._shown[key] = known
        for shown, reason in known:
            self._add(row, column, style, shown, reason)

    def truth(self, row: int, column: int, style: int, value: bool) -> None:
        """Take a cell with TRUE or FALSE."""
        self._add(row, column, style, "TRUE" if value else "FALSE", "")

    def end(self) -> None:
        """Give out what is still held."""
        self._flush()
        if self._rows is not None:
            self._rows.end()

    def _add(self, row: int, column: int, style: int, text: str, reason: str) -> None:
        if not text or text.isspace():
            return
        if row != self._row:
            self._flush()
            self._row = row
        concealed = column in self._hidden_columns
        hidden = "hidden column" if concealed else self.styles.reason(style) or reason
        self._cells.append(Cell(column, text, cell_name(row, column), hidden))

    def _flush(self) -> None:
        if not self._cells:
            return
        if self._rows is None:
            self._rows = LabelledTable(self.table, self.emit)
        cells, self._cells = self._cells, []
        cells.sort(key=_column)
        if self._last >= 0 and self._row > self._last + 1:
            self._rows.gap()
        self._last = self._row
        hidden = self.hidden or ("hidden row" if self._row in self.hidden_rows else "")
        self._rows.add(Row(self._row + 1, cells, self.place, hidden))


def _column(cell: Cell) -> int:
    return cell.column


def drain(ready: list[Segment]) -> Iterator[Segment]:
    """Hand out the segments that are ready and forget them."""
    yield from ready
    ready.clear()
