"""Telling delimited rows (CSV, TSV) from prose and logs, by the consistency of counts."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice

from scanner.documents.headings import is_heading_row

# Exports of older systems part their fields with what no text holds: a tilde, a caret, a unit separator.
DELIMITERS = ("\t", ",", ";", "|", "~", "^", "¬", "¦", "\x1f", "\x1e")
_ROWS = 200
_WORDY = 60  # characters: cells of real tables are shorter on average, clauses between commas are not


def lines_in(text: str) -> list[str]:
    """Lines with their ends: those of files, and not the separators that ``str.splitlines`` breaks at."""
    return list(io.StringIO(text, newline=""))


def quote_of(text: str, delimiter: str) -> str:
    """The sign that values are quoted with: an apostrophe where nearly all of them have it, else ``"``."""
    if f"'{delimiter}'" not in text:
        return '"'
    cells = [cell for line in lines_in(text)[:_ROWS] for cell in line.rstrip("\r\n").split(delimiter)]
    quoted = sum(1 for cell in cells if len(cell) > 1 and cell[0] == cell[-1] == "'")
    return "'" if quoted * 10 >= len(cells) * 8 else '"'


def rows_of(text: str, delimiter: str, count: int = _ROWS) -> list[list[str]]:
    """Give the first rows of ``text``, quotes spanning lines as in a spreadsheet's export."""
    reader = csv.reader(lines_in(text), delimiter=delimiter, quotechar=quote_of(text, delimiter))
    try:
        return list(islice(reader, count))
    except csv.Error:
        return []


def delimiter_of(text: str, *, lenient: bool = False) -> str:
    """Return the delimiter that cuts ``text`` (the start of a file) into a table, empty where none does.

    Most rows must have the same number of cells, at least two.  A comma stands in prose as well: there
    cells must be short, hardly ever begin with a blank, and two columns alone need a header-like first
    row.  ``lenient`` is for text that says of itself that it is a table: half of the rows are enough.
    """
    best = ""
    best_score = 0.0
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        score = _consistency(text, delimiter, lenient)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _consistency(text: str, delimiter: str, lenient: bool) -> float:
    rows = [row for row in rows_of(text, delimiter) if any(cell.strip() for cell in row)]
    if len(rows) > 2:
        rows.pop()  # the last row of a sample may be cut
    if len(rows) < (1 if lenient else 2):
        return 0.0
    width, _ = max(
        Counter(len(row) for row in rows).items(), key=lambda item: (item[1] * (item[0] > 1), item[0])
    )
    if width < 2:
        return 0.0
    same = [row for row in rows if len(row) == width]
    # Lines of code that end in a comma, or begin with a tab, have a second cell without anything in it.
    filled = [sum(1 for row in same if row[column].strip()) for column in range(width)]
    if sum(1 for count in filled if count * 4 >= len(same)) < 2:
        return 0.0
    # Lines before the header (report titles, dates of extract) do not speak against a table.
    first = next(index for index, row in enumerate(rows) if len(row) == width)
    share = len(same) / (len(rows) - min(first, 10))
    if lenient:
        return share * width if share >= 0.5 else 0.0
    if share < 0.8 or len(same) < 2:
        return 0.0
    if delimiter == "|" and all(row[0].strip() == "" and row[-1].strip() == "" for row in same):
        return 0.0  # a table drawn in text (Markdown): its lines are read as text
    if len(same) < min(first, 10):
        return 0.0  # a few aligned lines under a text
    if width == 2 and not is_heading_row(rows[first]):
        return 0.0  # "Surname:", tab, "Smith": a form, whose lines are read as text
    if delimiter != "\t" and not _looks_tabular(same, delimiter):
        return 0.0
    return share * width


def _looks_tabular(rows: list[list[str]], delimiter: str) -> bool:
    cells = [cell for row in rows for cell in row]
    if sum(map(len, cells)) > _WORDY * len(cells) and not is_heading_row(rows[0]):
        return False
    after = [cell for row in rows for cell in row[1:] if cell]
    blanks = sum(1 for cell in after if cell[0] == " ")
    spaced = blanks * 2 > len(after)
    return not spaced or is_heading_row(rows[0]) or (delimiter != "," and len(rows) >= 4)
