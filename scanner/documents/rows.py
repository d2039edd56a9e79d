"""Rows of tables, and rows and records as segments: cells side by side, each a labelled field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.documents.model import Location, Segment
from scanner.text import Field

# Between cells of a row: what a spreadsheet puts on the clipboard, and no part of any identifier.
CELL_SEPARATOR = "\t"
# Between the values of a record or form, which may be whole paragraphs.
RECORD_SEPARATOR = "\n"


@dataclass(slots=True)
class Cell:
    """A cell that holds something: column number from 0, text, its name for a person, why hidden."""

    column: int
    text: str
    name: str = ""
    hidden: str = ""


@dataclass(slots=True)
class Row:
    """A row with its filled cells from left to right; ``header`` where the document says it is one."""

    number: int
    cells: list[Cell]
    location: Location
    hidden: str = ""
    header: bool = False


def row_segment(
    values: Sequence[str],
    labels: Sequence[str],
    location: Location,
    *,
    cells: tuple[str, ...] = (),
    table: int | None = None,
    hidden: str = "",
    separator: str = CELL_SEPARATOR,
) -> Segment:
    """One row or record as a segment: ``values`` joined, each a field under the label of its place.

    Cells beyond the last label have an empty one.  ``cells`` names the values for a person, in the
    same order; it may be longer than the row (short rows share the tuple of the full ones).
    """
    fields = []
    start = 0
    width = len(separator)
    known = len(labels)
    for index, value in enumerate(values):
        end = start + len(value)
        fields.append(Field(start, end, labels[index] if index < known else ""))
        start = end + width
    if len(cells) != len(fields):
        cells = cells[: len(fields)]
    return Segment(separator.join(values), location, hidden, tuple(fields), cells, table)
