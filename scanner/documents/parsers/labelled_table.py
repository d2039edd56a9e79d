"""Tables of documents as segments: rows are held back until their header is known, then go out labelled.

Sheets and word tables say nowhere what is a header: title rows stand above it, forms have their labels
on the left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from scanner.documents.headings import header_row, is_declared, is_form, is_label, runs_across, unnumbered
from scanner.documents.model import Location, Segment
from scanner.documents.rows import CELL_SEPARATOR, Cell, Row
from scanner.text import Field

# Rows held back to compare a header with what stands beneath it.
_HELD_ROWS = 16
# Rows held back while labels run down the side and the records across: a whole record is needed.
_HELD_ACROSS = 80


def _clean(label: str) -> str:
    return unnumbered(" ".join(label.split()).rstrip(":").rstrip())


class LabelledTable:
    """Takes the rows of one table in order and gives them back as segments with labelled fields.

    ``table`` numbers the table.  At most sixteen rows are held back, eighty where labels run down the side
    and each further column is a record: such a table is given out column by column.
    """

    def __init__(self, table: int, emit: Callable[[Segment], None]) -> None:
        self._table = table
        self._emit = emit
        self._held: list[Row] = []
        self._labels: dict[int, str] = {}
        self._form = False
        self._decided = False

    def add(self, row: Row) -> None:
        """Take the next row; gives rows out once the header is known."""
        if not row.cells:
            return
        if self._decided:
            self._give(row)
            if row.header:
                self._labels = {cell.column: _clean(cell.text) for cell in row.cells}
            return
        self._held.append(row)
        held = len(self._held)
        if held >= _HELD_ACROSS or (held >= _HELD_ROWS and not self._stays_across()):
            self._decide()

    def _stays_across(self) -> bool:
        """Whether what is held still runs across; looked at anew with every sixteenth row."""
        return len(self._held) % _HELD_ROWS != 0 or runs_across(self._held)

    def gap(self) -> None:
        """Take note of empty rows: what follows may have a header of its own, or go on as before."""
        self.end()
        self._decided = False

    def end(self) -> None:
        """Give out what is still held."""
        if not self._decided:
            self._decide()

    def _decide(self) -> None:
        self._decided = True
        rows, self._held = self._held, []
        if not rows:
            return
        header = next((index for index, row in enumerate(rows) if is_declared(row, rows)), None)
        if header is None:
            if runs_across(rows):
                self._labels = {}
                self._give_columns(rows)
                return
            header = header_row(rows)
        known = {cell.column for cell in rows[0].cells} <= self._labels.keys() and len(rows[0].cells) > 1
        if header is not None or not known:
            self._labels = {}
            self._form = header is None and is_form(rows)
        for index, row in enumerate(rows):
            if index == header or is_declared(row, rows):
                # The lines of a column's name are one name.
                row.cells = [replace(cell, text=" ".join(cell.text.split())) for cell in row.cells]
                self._give(row)
                self._labels = {cell.column: _clean(cell.text) for cell in row.cells}
            else:
                self._give(row)

    def _give_columns(self, rows: Sequence[Row]) -> None:
        """Give out a table whose labels run down its first column: the labels, then each record."""
        side = min(row.cells[0].column for row in rows)
        records: dict[int, list[tuple[str, Row, Cell]]] = {side: []}
        for row in rows:
            label = _clean(row.cells[0].text) if row.cells[0].column == side else ""
            for cell in row.cells:
                own = "" if cell.column == side else label
                records.setdefault(cell.column, []).append((own, row, cell))
        for column, entries in sorted(records.items()):
            fields: list[Field] = []
            names: list[str] = []
            start = 0
            for label, row, cell in entries:
                end = start + len(cell.text)
                fields.append(Field(start, end, label))
                names.append(cell.name or f"row {row.number}, column {column + 1}")
                start = end + len(CELL_SEPARATOR)
            reasons = tuple([row.hidden or cell.hidden for _, row, cell in entries])
            hidden = reasons[0] if len(set(reasons)) == 1 else ""
            place = entries[0][1].location
            if not entries[0][2].name and place.parts:
                place = Location(place.parts[:-1])  # the table, not its first row
            self._emit(
                Segment(
                    CELL_SEPARATOR.join(cell.text for _, _, cell in entries),
                    place,
                    hidden,
                    tuple(fields),
                    tuple(names),
                    self._table,
                    () if hidden or not any(reasons) else reasons,
                )
            )

    def _give(self, row: Row) -> None:
        fields: list[Field] = []
        names: list[str] = []
        start = 0
        pending = ""
        for cell in row.cells:
            label = self._labels.get(cell.column, "")
            if self._form or (not self._labels and cell.text.rstrip().endswith(":")):
                if pending and not cell.text.rstrip().endswith(":"):
                    label, pending = pending, ""
                elif is_label(cell.text):
                    pending = _clean(cell.text)
            elif pending:
                label, pending = pending, ""
            end = start + len(cell.text)
            fields.append(Field(start, end, label))
            names.append(cell.name or (f"column {label}" if label else f"column {cell.column + 1}"))
            start = end + len(CELL_SEPARATOR)
        if not any(one.label for one in fields) and (
            len(fields) == 1 or any("\n" in cell.text for cell in row.cells)
        ):
            self._give_text(row, names)
            return
        reasons = tuple([cell.hidden for cell in row.cells])
        distinct = set(reasons)
        hidden = row.hidden or (reasons[0] if len(distinct) == 1 else "")
        self._emit(
            Segment(
                CELL_SEPARATOR.join(cell.text for cell in row.cells),
                row.location,
                hidden,
                tuple(fields),
                tuple(names),
                self._table,
                () if hidden or len(distinct) == 1 else reasons,
            )
        )

    def _give_text(self, row: Row, names: Sequence[str]) -> None:
        """Give out the cells of a row as running text, which they are where a table only makes layout.

        Titles, notes, and whole forms and letters in the cells of a table without borders.
        """
        for cell, name in zip(row.cells, names, strict=True):
            self._emit(Segment(cell.text, row.location / name, row.hidden or cell.hidden))


def labelled(rows: Sequence[Row], table: int) -> Iterator[Segment]:
    """Rows of a small table as segments with labelled fields."""
    segments: list[Segment] = []
    reader = LabelledTable(table, segments.append)
    for row in rows:
        reader.add(row)
    reader.end()
    yield from segments
