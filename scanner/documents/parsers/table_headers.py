"""Tables of documents: which row heads the columns, which cells are labels of their neighbours.

Sheets and word tables say nowhere what is a header: title rows stand above it, forms have their labels
on the left.  Rows are held back until enough of them are known, then go out labelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scanner.documents.model import Location, Segment
from scanner.documents.rows import CELL_SEPARATOR
from scanner.text import Field

# A header stands within the first rows of a table, behind a title, a date, an owner and a blank or two.
_SEARCHED_ROWS = 8
# Rows held back to compare a header with what stands beneath it.
_HELD_ROWS = 16
# A label names something: longer cells are sentences.
_LONGEST_LABEL = 60
_WORD = re.compile(r"[A-Za-z]+")
_DIGIT = re.compile(r"\d")
# Words of column headers and form labels in council documents: people, identifiers, contact, care, money.
_WORDS_OF_LABELS = """name names surname forename forenames firstname lastname first last middle initials
    title alias known
    dob birth born age gender sex ethnicity religion nationality language
    address addr street town county postcode post home email mail phone tel telephone mobile contact fax
    nhs nino ni upn uln urn id ref reference no number num code case account sort payroll employee staff
    date from to start end due time year month day period type category status stage need needs
    school class teacher parent carer guardian mother father child client applicant tenant relationship
    worker manager officer team department directorate service role job post grade salary pay
    amount total cost budget balance value price rate quantity qty invoice supplier
    description details notes comments comment reason outcome action decision allegation diagnosis
    ward area location site property uprn room signature signed religion gp doctor hospital"""
_LABEL_WORDS = frozenset(_WORDS_OF_LABELS.split())


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


def is_label(text: str) -> bool:
    """Whether a text can be a label at all: short, begins with a letter or #, hardly any digits.

    >>> is_label("NHS No."), is_label("943 476 5919"), is_label("See the attached note. It is long.")
    (True, False, False)
    """
    text = text.strip()
    if not text or len(text) > _LONGEST_LABEL or "\t" in text or ". " in text:
        return False
    if not (text[0].isalpha() or text[0] in "#%£(*"):
        return False
    digits = len(_DIGIT.findall(text))
    return bool(_WORD.search(text)) and digits <= 2 and digits * 2 <= len(text) and "@" not in text


def names_something(text: str) -> bool:
    """Whether a text reads like a label: it ends in a colon, or one of its words is used for labels.

    >>> names_something("Surname"), names_something("Place:"), names_something("Osei")
    (True, True, False)
    """
    text = text.strip()
    if not is_label(text):
        return False
    if text.endswith(":"):
        return True
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("_", " "))
    return any(word.lower() in _LABEL_WORDS for word in _WORD.findall(spaced))


def _clean(label: str) -> str:
    return " ".join(label.split()).rstrip(":").rstrip()


class LabelledTable:
    """Takes the rows of one table in order and gives them back as segments with labelled fields.

    ``table`` numbers the table.  At most sixteen rows are held back.
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
        if len(self._held) >= _HELD_ROWS:
            self._decide()

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
        header = next((index for index, row in enumerate(rows) if _is_declared(row, rows)), None)
        if header is None:
            header = header_row(rows)
        known = {cell.column for cell in rows[0].cells} <= self._labels.keys() and len(rows[0].cells) > 1
        if header is not None or not known:
            self._labels = {}
            self._form = header is None and is_form(rows)
        for index, row in enumerate(rows):
            self._give(row)
            if index == header or _is_declared(row, rows):
                self._labels = {cell.column: _clean(cell.text) for cell in row.cells}

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


def header_row(rows: Sequence[Row]) -> int | None:
    """Index of the row that heads the columns, ``None`` where no row does.

    It is a row of short texts, about as wide as what stands beneath it, beneath which the columns hold
    other things: numbers and dates, or names under words that are used for labels.
    """
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        below = rows[index + 1 :]
        if not below:
            continue
        if len(row.cells) < 2:
            if names_something(row.cells[0].text) and _is_list(row.cells[0].column, below):
                return index
            continue
        width = sorted(len(other.cells) for other in below)[len(below) // 2]
        if len(row.cells) * 5 < width * 3:
            continue
        if sum(1 for cell in row.cells if is_label(cell.text)) * 5 < len(row.cells) * 4:
            continue
        colons = sum(1 for cell in row.cells if cell.text.rstrip().endswith(":"))
        if 0 < colons < len(row.cells):
            continue  # a line of a form: labels and their values
        named = sum(1 for cell in row.cells if names_something(cell.text))
        down = sum(1 for other in (row, *below) if names_something(other.cells[0].text))
        if len(row.cells) <= 4 and down >= max(2, named + 1) and down * 3 >= 2 * (1 + len(below)):
            continue  # labels run down the side: a form, not a list
        if named * 2 >= len(row.cells) or _columns_differ(row, below):
            return index
    return None


def _is_declared(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row that the document calls a header is one; a title over all columns is not."""
    return row.header and (len(row.cells) > 1 or all(len(other.cells) == 1 for other in rows))


def _is_list(column: int, below: Sequence[Row]) -> bool:
    """Whether rows hold one number or code each, in one column: a list under a heading."""
    alone = [row for row in below if len(row.cells) == 1 and row.cells[0].column == column]
    codes = sum(
        1 for row in alone if _DIGIT.search(row.cells[0].text) and len(row.cells[0].text) <= _LONGEST_LABEL
    )
    return len(alone) == len(below) and len(below) >= 2 and codes * 5 >= len(below) * 4


def _columns_differ(row: Row, below: Sequence[Row]) -> bool:
    """Whether most columns under a row without digits hold digits in most of their cells."""
    columns = {cell.column for cell in row.cells if not _DIGIT.search(cell.text)}
    filled = dict.fromkeys(columns, 0)
    digits = dict.fromkeys(columns, 0)
    for other in below:
        for cell in other.cells:
            if cell.column in columns:
                filled[cell.column] += 1
                digits[cell.column] += bool(_DIGIT.search(cell.text))
    differing = sum(1 for column in columns if filled[column] and digits[column] * 5 >= filled[column] * 3)
    return differing >= 1 and differing * 3 >= len(row.cells)


def is_form(rows: Sequence[Row]) -> bool:
    """Whether the cells of a table stand in pairs of a label and its value.

    At least half of the rows begin with a cell that reads like a label, and no row is wider than
    three pairs.
    """
    paired = [row for row in rows if len(row.cells) >= 2]
    if not paired or any(len(row.cells) > 6 for row in paired):
        return False
    labels = sum(1 for row in paired if names_something(row.cells[0].text))
    return labels * 2 >= len(paired)


def labelled(rows: Sequence[Row], table: int) -> Iterator[Segment]:
    """Rows of a small table as segments with labelled fields."""
    segments: list[Segment] = []
    reader = LabelledTable(table, segments.append)
    for row in rows:
        reader.add(row)
    reader.end()
    yield from segments
