"""Delimited tables: CSV, TSV, and their cousins with semicolons and bars."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from scanner.documents.decoding import decoded_pieces
from scanner.documents.delimiters import delimiter_of, quote_of
from scanner.documents.headings import form_labels, is_header, is_heading_row, names_something, unnumbered
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.markup.plain import text_segments
from scanner.documents.parsers.sheets.cell_text import whole_number
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import CELL_SEPARATOR
from scanner.text import Field

_SAMPLE = 20_000
_LOOK_AHEAD = 200
_PREAMBLE = 30
_WIDEST = 2_000
_LONGEST_LINE = 4_000_000
_Row = tuple[int, list[str]]


class DelimitedParser:
    """Reads a table row by row: each row a segment, each cell a field under its column's name."""

    kinds = frozenset({"csv"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield lines before the header, the header itself, and the rows."""
        with source.open() as file:
            texts = decoded_pieces(file)
            first = next(texts, "")
            sample = first[:_SAMPLE]
            delimiter = delimiter_of(sample) or delimiter_of(sample, lenient=True) or ","
            rows = numbered_rows(lines_of(chain((first,), texts)), delimiter, quote_of(sample, delimiter))
            yield from table_segments(rows, limits)


def lines_of(texts: Iterable[str]) -> Iterator[str]:
    """Lines of a stream of texts with their line ends, whichever of the three ends is used."""
    rest = ""
    for text in texts:
        rest += text
        end = rest.rfind("\n") + 1 or rest.rfind("\r", 0, -1) + 1
        if not end and len(rest) > _LONGEST_LINE:
            end = len(rest)
        if end:
            yield from io.StringIO(rest[:end], newline="")
            rest = rest[end:]
    if rest:
        yield from io.StringIO(rest, newline="")


def numbered_rows(lines: Iterator[str], delimiter: str, quote: str = '"') -> Iterator[_Row]:
    """Rows with the number of the line on which each begins.

    Where a quote is opened and never closed, the lines that it swallowed are read again without quotes.
    """
    pending: list[str] = []

    def remembering() -> Iterator[str]:
        for line in lines:
            pending.append(line)
            yield line

    number = 1
    while True:
        reader = csv.reader(remembering(), delimiter=delimiter, quotechar=quote)
        try:
            for row in reader:
                yield number, row
                number += len(pending)
                pending.clear()
            return
        except csv.Error:
            swallowed = list(pending)
            pending.clear()
            for line in swallowed:
                # A line over the reader's own limit for a field is split by hand.
                yield number, line.rstrip("\r\n").split(delimiter)
                number += 1


def table_segments(rows: Iterator[_Row], limits: Limits, within: Location = HERE) -> Iterator[Segment | Gap]:
    """Segments of one table: what stands before the header, the header, the rows under it."""
    start = list(islice(rows, _LOOK_AHEAD))
    head = header_index([row for _, row in start])
    labels: list[str] = []
    begin = 0
    if head is not None:
        begin = head
        labels = _labels(start[head][1][:_WIDEST])
        for number, row in start[:head]:
            yield Segment(CELL_SEPARATOR.join(filter(None, row)), within / f"line {number}")
    header = start[head][1] if head is not None else None
    names = [f"column {label or index}" for index, label in enumerate(labels, 1)]
    cells = tuple(names)
    width = len(labels)
    count = 0
    broken = False  # behind a blank line or a lone title: here a further table may begin
    for number, row in chain(start[begin:], rows):
        size = len(row)
        count += size
        alone = False
        if not any(row):
            broken = True
        elif broken or size == 1 < width:
            broken = alone = sum(map(bool, row)) == 1
            if not alone and size <= _WIDEST and row != header and is_heading_row(row):
                header = row
                labels = _labels(row)
                names = [f"column {label or index}" for index, label in enumerate(labels, 1)]
                cells = tuple(names)
                width = size
        if count > limits.cells:
            yield Gap(within, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
            return
        if not size:
            continue
        if size > _WIDEST:
            # No table has so many columns: a line of values, whose cells would cost more than they tell.
            yield from text_segments(("\t".join(row),), limits, within / f"line {number}")
            continue
        if size > width:
            labels.extend([""] * (size - width))
            names.extend(f"column {index}" for index in range(width + 1, size + 1))
            cells = tuple(names)
            width = size
        fields = []
        position = 0
        if row == header or alone:
            row = [" ".join(cell.split()) for cell in row]  # the lines of a column's name are one name
            for cell in row:
                end = position + len(cell)
                fields.append(Field(position, end))
                position = end + 1
        else:
            text = "\t".join(row)
            if '="' in text or ".0" in text or "," in text or "E+" in text or "e+" in text:
                row = [whole_number(cell) for cell in row]
            own = form_labels(row) if header is None and size in (2, 4) else ()
            for cell, label in zip(row, own or labels, strict=False):
                end = position + len(cell)
                fields.append(Field(position, end, label))
                position = end + 1
        yield Segment(
            "\t".join(row),
            Location((*within.parts, f"line {number}")),
            "",
            tuple(fields),
            cells if size == width else cells[:size],
            1,
        )


def _labels(header: Sequence[str]) -> list[str]:
    return [unnumbered(" ".join(name.split())) for name in header]


def header_index(rows: Sequence[list[str]]) -> int | None:
    """Index of the row that names the columns, ``None`` where none does.

    It is the first row of the table's usual width that reads like names, near the top, when it holds a
    word that columns are called by, or when some column under it holds numbers where it has letters.
    """
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return None
    usual, _ = widths.most_common(1)[0]
    for index, row in enumerate(rows[:_PREAMBLE]):
        filled = sum(1 for cell in row if cell.strip())
        if len(row) < min(usual, 2) or filled < 2 or filled * 2 < usual:
            continue
        if not is_header(row):
            return None if len(row) == usual and filled * 10 >= usual * 8 else _later(rows, index, usual)
        beneath = rows[index + 1 : index + 30]
        if is_heading_row(row) or (
            (len(row) > 2 or not _is_form(beneath)) and _has_numbers_beneath(beneath, row)
        ):
            return index
        return None
    return None


def _is_form(rows: Sequence[list[str]]) -> bool:
    """Whether rows of two cells may be labels with their values: too few to tell, or labels in front."""
    filled = [row for row in rows if any(row)]
    return len(filled) < 3 or sum(1 for row in filled if names_something(row[0])) * 3 > len(filled)


def _later(rows: Sequence[list[str]], index: int, usual: int) -> int | None:
    """Index of a full header after a ragged line of the preamble."""
    for after in range(index + 1, min(len(rows), _PREAMBLE)):
        row = rows[after]
        if len(row) == usual and is_heading_row(row):
            return after
    return None


def _has_numbers_beneath(rows: Sequence[list[str]], header: list[str]) -> bool:
    if not rows:
        return False
    for column in range(len(header)):
        values = [row[column] for row in rows if column < len(row) and row[column].strip()]
        numeric = sum(1 for value in values if any(char.isdigit() for char in value) or "@" in value)
        if values and numeric * 2 > len(values):
            return True
    return False
