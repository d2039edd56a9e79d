"""What a reader of a document sees: its visible text as blocks, for writing it into a clean file.

The readers' own judgement of what is hidden decides; nothing but text that they call visible gets through.
Embedded files, file names and whatever has no known place are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanner.documents import Coverage, Segment
from scanner.documents.model import Location

_SHEET = re.compile(r'sheet "(.*)"\Z', re.DOTALL)
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})\Z")
_NUMBERED_COLUMN = re.compile(r"column ([1-9][0-9]{0,3})\Z")
# Parts that number what stands in the body; every other first part is a story of its own (header, slide 3).
_BODY = re.compile(r"(?:paragraph|after paragraph|table|line|row) [0-9]+\Z")
_EMBEDDED = ("embedded file", "embedded object", "attachment", "picture ", "data in the page")
# What a sheet shows beside its cells that is no text of its own: on paper only, or drawn from cells.
_NOT_BOXES = ("header", "footer", "chart", "name")
BOXES = "Text boxes"
"""The name of the sheet for what stands over the cells of the others."""
# Names of objects, that stand in the file and on no page.
_NAMES = frozenset(("file name", "name"))


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a new part begins: "slide 3", "header"."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; line breaks are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: cells by column from 0.  Rows of one table share ``table``."""

    table: int
    cells: dict[int, str]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Visible cells of a row of a sheet, by column from 0; ``row`` counts from 1."""

    sheet: str
    row: int
    cells: dict[int, str]


def _is_left_out(location: Location) -> bool:
    parts = location.parts
    if not parts or parts[-1] in _NAMES:
        return True
    return any(part.startswith(_EMBEDDED) for part in parts)


def visible_cells(segment: Segment) -> list[tuple[str, str]]:
    """Name and text of each visible cell of a row."""
    hidden = segment.hidden_fields
    cells = []
    for index, one in enumerate(segment.fields):
        if not (hidden and hidden[index]):
            name = segment.cells[index] if index < len(segment.cells) else ""
            cells.append((name, segment.text[one.start : one.end]))
    return cells


def sheet_rows(items: Iterable[Segment | Coverage]) -> Iterator[SheetRow]:
    """The visible cells of a workbook, row by row, as they are displayed; then the texts over the cells.

    Those stand in a sheet of their own: the name of their sheet, and the text.
    """
    boxes: list[tuple[str, str]] = []
    for item in items:
        if isinstance(item, Coverage) or item.hidden:
            continue
        parts = item.location.parts
        sheet = _SHEET.match(parts[0]) if parts else None
        if sheet is None:
            continue
        if item.fields and len(parts) == 1:
            cells = visible_cells(item)
        elif len(parts) == 2 and not item.fields and _CELL.match(parts[1]):
            cells = [(parts[1], item.text)]
        else:
            if len(parts) > 1 and not parts[1].startswith(_NOT_BOXES) and not _is_left_out(item.location):
                boxes.append((sheet[1], item.text.strip()))
            continue
        rows: dict[int, dict[int, str]] = {}  # forms and records stand in one segment with several rows
        for name, text in cells:
            if (place := _CELL.match(name)) is not None:
                rows.setdefault(int(place[2]), {}).setdefault(column_number(place[1]), text)
        for row, found in sorted(rows.items()):
            yield SheetRow(sheet[1], row, found)
    for row, (name, text) in enumerate(boxes, 1):
        yield SheetRow(BOXES, row, {0: name, 1: text})


def column_number(letters: str) -> int:
    """The number of a column from 0.

    >>> column_number("A"), column_number("AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def blocks(items: Iterable[Segment | Coverage]) -> Iterator[Heading | Paragraph | TableRow]:
    """The visible text of a document in the order of reading, with its tables."""
    part = ""
    columns: dict[int, _Columns] = {}
    for item in items:
        if isinstance(item, Coverage) or item.hidden or _is_left_out(item.location):
            continue
        first = item.location.parts[0]
        story = "" if _BODY.match(first) else first
        if story != part:
            part = story
            if story:
                yield Heading(story[:1].upper() + story[1:])
        if item.table is not None and item.fields:
            table = columns.setdefault(item.table, _Columns())
            cells = table.placed(visible_cells(item))
            if cells:
                yield TableRow(item.table, cells)
        elif item.hidden_fields:
            text = "\n".join(text for _, text in visible_cells(item))
            if text.strip():
                yield Paragraph(text)
        else:
            yield Paragraph(item.text.strip("\n"))


@dataclass(slots=True)
class _Columns:
    """Which column each name of a cell stands for: numbers as they are, names by the header that was seen."""

    by_name: dict[str, list[int]] = field(default_factory=dict)

    def placed(self, cells: list[tuple[str, str]]) -> dict[int, str]:
        """The cells of a row by column."""
        found: dict[int, str] = {}
        last = -1
        for name, text in cells:
            numbered = _NUMBERED_COLUMN.match(name)
            known = [column for column in self.by_name.get(name, ()) if column > last]
            if numbered and not known:
                column = max(int(numbered[1]) - 1, last + 1)
            else:
                column = known[0] if known else last + 1
            found[column] = text
            last = column
            header = f"column {' '.join(text.split()).rstrip(':').rstrip()}"
            if numbered and len(header) < 80 and column not in self.by_name.setdefault(header, []):
                self.by_name[header].append(column)
        return found
