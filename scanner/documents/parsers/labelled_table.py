"""Tables of documents as segments: rows are held back until their header is known, then go out labelled.

Sheets and word tables say nowhere what is a header: title rows stand above it, forms have their labels
on the left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import TypeAlias

from scanner.documents.headings import (
    header_row,
    is_declared,
    is_form,
    is_label,
    names_something,
    runs_across,
    unnumbered,
)
from scanner.documents.model import Location, Segment
from scanner.documents.rows import CELL_SEPARATOR, RECORD_SEPARATOR, Cell, Row
from scanner.text import Field

# Rows held back to compare a header with what stands beneath it.
_HELD_ROWS = 16
# Rows held back while labels run down the side and the records across: a whole record is needed.
_HELD_ACROSS = 80
# A form longer than this is given out in pieces.
_LONGEST_FORM = 20_000
# A lone cell longer than this is a paragraph of its own and no title inside of a form.
_TITLE = 80
# Where it is asked anew who somebody is, somebody else begins.
_ASKS_WHO = re.compile(
    r"\bname\b|surname|forename|"
    r"\b(?:client|child|pupil|tenant|applicant|patient|claimant|employee|payee|customer|resident|student)$"
)

# What stands before a stretch of text is its label as a reader of the whole saw it.
_LABEL_CHARACTERS = 60

_Entry: TypeAlias = tuple[str, Row, Cell]


def label_before(text: str) -> str:
    r"""The label that the end of ``text`` is for what follows it on the same line.

    >>> label_before("Dear all\tNI number: ")
    'NI number'
    """
    return text[-_LABEL_CHARACTERS:].rpartition("\n")[2].rpartition("\t")[2].strip().rstrip(":")


def _clean(label: str) -> str:
    return unnumbered(" ".join(label.split()).rstrip(":").rstrip())


class LabelledTable:
    """Takes the rows of one table in order and gives them back as segments with labelled fields.

    ``table`` numbers the table.  At most sixteen rows are held back, eighty where labels run down the side
    and each further column is a record: such a table is given out column by column.  The pairs of a form are
    one segment, which ends where a person's name is asked for anew.
    """

    def __init__(self, table: int, emit: Callable[[Segment], None]) -> None:
        self._table = table
        self._emit = emit
        self._held: list[Row] = []
        self._labels: dict[int, str] = {}
        self._form = False
        self._decided = False
        # The form that is being filled, by person where two stand side by side; what each was asked.
        self._records: list[list[_Entry]] = []
        self._asked: list[set[str]] = []
        self._filled = 0
        # A header with one row beneath it, alone between empty rows: a line of a form, if another follows.
        self._block: list[Row] = []

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

    def add_pairs(self, row: Row, labels: Sequence[str]) -> None:
        """Take a row of a form, the labels of whose cells are known: one record with the rows around it."""
        if not self._decided:
            self._decide(alone=True)
        self._fill(list(zip(labels, repeat(row), row.cells, strict=False)))

    def _stays_across(self) -> bool:
        """Whether what is held still runs across; looked at anew with every sixteenth row."""
        return len(self._held) % _HELD_ROWS != 0 or runs_across(self._held)

    def gap(self) -> None:
        """Take note of empty rows: what follows may have a header of its own, or go on as before."""
        if not self._decided:
            self._decide(alone=True)
        self._decided = False

    def end(self) -> None:
        """Give out what is still held."""
        if not self._decided:
            self._decide(alone=True)
        self._end_block()
        self._end_form()

    def _decide(self, *, alone: bool = False) -> None:
        self._decided = True
        rows, self._held = self._held, []
        if not rows:
            return
        header = next((index for index, row in enumerate(rows) if is_declared(row, rows)), None)
        if header is None:
            if runs_across(rows):
                self._labels = {}
                self._end_block()
                self._give_columns(rows)
                return
            header = header_row(rows)
        if alone and header == 0 and _is_block(rows):
            self._take_block(rows)
            return
        self._end_block()
        known = {cell.column for cell in rows[0].cells} <= self._labels.keys() and len(rows[0].cells) > 1
        if header is not None or not known:
            self._labels = {}
            self._form = header is None and is_form(rows)
        self._give_all(rows, header)

    def _give_all(self, rows: Sequence[Row], header: int | None) -> None:
        for index, row in enumerate(rows):
            if index == header or is_declared(row, rows):
                # The lines of a column's name are one name.
                row.cells = [replace(cell, text=" ".join(cell.text.split())) for cell in row.cells]
                self._give(row)
                self._labels = {cell.column: _clean(cell.text) for cell in row.cells}
            else:
                self._give(row)

    def _take_block(self, rows: list[Row]) -> None:
        """Take a header over one row: with others above or beneath it, a form with its labels on top."""
        if any(_ASKS_WHO.search(_clean(cell.text).lower()) for cell in rows[0].cells):
            self._end_block()  # somebody else
            self._end_form()
        before, self._block = self._block, rows
        self._form = False
        self._labels = {}
        if not before and not self._records:
            return  # what follows decides
        for header, values in (before, rows) if before else (rows,):
            names = {cell.column: _clean(cell.text) for cell in header.cells}
            self._fill([("", header, cell) for cell in header.cells])
            self._fill([(names.get(cell.column, ""), values, cell) for cell in values.cells])
        self._block = []

    def _end_block(self) -> None:
        rows, self._block = self._block, []
        if rows:
            self._form = False
            self._labels = {}
            self._give_all(rows, 0)

    def _give_columns(self, rows: Sequence[Row]) -> None:
        """Give out a table whose labels run down its first column: the labels, then each record."""
        self._end_form()
        side = min(row.cells[0].column for row in rows)
        records: dict[int, list[_Entry]] = {side: []}
        for row in rows:
            label = _clean(row.cells[0].text) if row.cells[0].column == side else ""
            for cell in row.cells:
                own = "" if cell.column == side else label
                records.setdefault(cell.column, []).append((own, row, cell))
        for _, entries in sorted(records.items()):
            self._give_record(entries)

    def _fill(self, entries: Sequence[_Entry]) -> None:
        """Put the cells of one row into the form, each value to the person whom it is about."""
        labels = [label.lower() for label, _, _ in entries if label]
        if any(_ASKS_WHO.search(label) and any(label in asked for asked in self._asked) for label in labels):
            self._end_form()
        counts: dict[str, int] = {}
        waiting: list[_Entry] = []
        for entry in entries:
            waiting.append(entry)
            if not entry[0]:
                continue
            label = entry[0].lower()
            who = counts.get(label, 0)
            counts[label] = who + 1
            self._record(who).extend(waiting)
            self._asked[who].add(label)
            waiting = []
        self._record(0).extend(waiting)
        self._filled += sum(len(cell.text) + 1 for _, _, cell in entries)
        if self._filled > _LONGEST_FORM:
            self._end_form()

    def _record(self, who: int) -> list[_Entry]:
        while len(self._records) <= who:
            self._records.append([])
            self._asked.append(set())
        return self._records[who]

    def _end_form(self) -> None:
        records, self._records, self._asked, self._filled = self._records, [], [], 0
        for entries in records:
            if entries:
                self._give_record(entries)

    def _give_record(self, entries: Sequence[_Entry]) -> None:
        """Give out one record whose cells may stand in many rows: a line for each row."""
        fields: list[Field] = []
        names: list[str] = []
        pieces: list[str] = []
        start = 0
        last: Row | None = None
        here = entries[0][1].location
        several = any(row.location != here for _, row, _ in entries)
        for label, row, cell in entries:
            if pieces:
                pieces.append(CELL_SEPARATOR if row is last else RECORD_SEPARATOR)
                start += 1
            last = row
            pieces.append(cell.text)
            end = start + len(cell.text)
            fields.append(Field(start, end, label))
            start = end
            name = cell.name or (f"column {label}" if label else f"column {cell.column + 1}")
            names.append(f"{row.location.parts[-1]} > {name}" if several else name)
        reasons = tuple([row.hidden or cell.hidden for _, row, cell in entries])
        hidden = reasons[0] if len(set(reasons)) == 1 else ""
        self._emit(
            Segment(
                "".join(pieces),
                Location(here.parts[:-1]) if several else here,
                hidden,
                tuple(fields),
                tuple(names),
                self._table,
                () if hidden or not any(reasons) else reasons,
            )
        )

    def _give(self, row: Row) -> None:
        if self._form or not self._labels:
            labels = self._labels_of(row)
        else:
            known = self._labels.get
            labels = [known(cell.column, "") for cell in row.cells]
        if not any(labels) and (len(labels) == 1 or any("\n" in cell.text for cell in row.cells)):
            if self._form and self._records and len(labels) == 1 and len(row.cells[0].text) <= _TITLE:
                self._fill([("", row, row.cells[0])])  # a title inside of a form
                return
            self._end_form()
            self._give_text(row)
            return
        if self._form:
            self._fill(list(zip(labels, repeat(row), row.cells, strict=False)))
            return
        if self._records:
            self._end_form()
        fields: list[Field] = []
        names: list[str] = []
        texts: list[str] = []
        reasons: list[str] = []
        start = 0
        for cell, label in zip(row.cells, labels, strict=True):
            text = cell.text
            end = start + len(text)
            fields.append(Field(start, end, label))
            texts.append(text)
            reasons.append(cell.hidden)
            names.append(cell.name or _name(cell, label))
            start = end + 1  # the separator's length
        distinct = set(reasons)
        hidden = row.hidden or (reasons[0] if len(distinct) == 1 else "")
        self._emit(
            Segment(
                CELL_SEPARATOR.join(texts),
                row.location,
                hidden,
                tuple(fields),
                tuple(names),
                self._table,
                () if hidden or len(distinct) == 1 else tuple(reasons),
            )
        )

    def _labels_of(self, row: Row) -> list[str]:
        """The label of each cell: its column's name, or the cell before it in a form."""
        labels: list[str] = []
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
            labels.append(label)
        return labels

    def _give_text(self, row: Row) -> None:
        """Give out the cells of a row as running text, which they are where a table only makes layout.

        Titles, notes, and whole forms and letters in the cells of a table without borders.
        """
        for cell in row.cells:
            place = row.location / _name(cell, "")
            self._emit(Segment(cell.text, place, row.hidden or cell.hidden))


def _name(cell: Cell, label: str) -> str:
    return cell.name or (f"column {label}" if label else f"column {cell.column + 1}")


def _is_block(rows: Sequence[Row]) -> bool:
    """Whether these rows are labels over one value each."""
    if len(rows) != 2 or len(rows[0].cells) < 2 or rows[0].header:
        return False
    columns = {cell.column for cell in rows[0].cells}
    below = {cell.column for cell in rows[1].cells}
    return below <= columns and all(names_something(cell.text) for cell in rows[0].cells)


def labelled(rows: Sequence[Row], table: int) -> Iterator[Segment]:
    """Rows of a small table as segments with labelled fields."""
    segments: list[Segment] = []
    reader = LabelledTable(table, segments.append)
    for row in rows:
        reader.add(row)
    reader.end()
    yield from segments
