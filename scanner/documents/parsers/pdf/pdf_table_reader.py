"""Pages of a PDF that have tables or forms as segments: rows with their labels, and the text around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

import pypdfium2 as pdfium

from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.pdf.pdf_drawing import Look, straight_edges
from scanner.documents.parsers.pdf.pdf_tables import Table, goes_on, tables_of
from scanner.documents.parsers.pdf.pdf_words import words_of

# Cells beneath each other: a page without so many is not looked at, unless a table may go on there.
_FEW_ROWS = 3
# With more text than this behind it, a table does not go on on the next page.
_FOOTER = 300


@dataclass(frozen=True, slots=True)
class PageTables:
    """The tables of a page, in the order of its content, and the text before, between and behind them."""

    tables: tuple[Table, ...]
    texts: tuple[str, ...]


class TableReader:
    """Makes segments of the tables of one document; one that goes on over pages keeps its labels."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        """``clean`` makes text as that of pages is made."""
        self._clean = clean
        self._count = 0
        self._given: list[Segment] = []
        self._open: LabelledTable | None = None
        # Where the columns of the open table begin.
        self._lefts: tuple[float, ...] = ()

    def found(
        self, textpage: pdfium.PdfTextPage, text: str, look: Look, hidden: Set[int]
    ) -> PageTables | None:
        """The tables of a page; ``None`` where it has none.

        ``text`` is the page's as pdfium gives it; ``hidden`` are the text objects whose words are reported
        as hidden, and are no part of any table.
        """
        if look.columned < (1 if self._open is not None else _FEW_ROWS):
            return None
        spread = words_of(textpage, text, items=bool(hidden))
        if spread is None:
            return None
        shown = [word for word in spread.words if word.item not in hidden]
        tables = tables_of(shown, straight_edges(look.paths, spread.quarter), self._lefts)
        if not tables:
            return None
        characters = spread.characters
        gone = [word for word in spread.words if word.item in hidden]
        for word in (*gone, *(word for table in tables for word in table.words())):
            for start, end in word.spans:
                characters[start:end] = [""] * (end - start)
        tables.sort(key=lambda table: table.start)
        ends = [*(table.start for table in tables), len(characters)]
        texts = []
        start = 0
        for end in ends:
            texts.append(self._text(characters[start:end]))
            start = end
        return PageTables(tuple(tables), tuple(texts))

    def _text(self, characters: list[str]) -> str:
        lines = self._clean("".join(characters)).split("\n")
        return "\n".join(line for line in lines if line.strip())

    def events(self, page: PageTables, place: Location) -> Iterator[Segment]:
        """The segments of a page; the rows of its last table may come with the next one."""
        if self._open is not None and not goes_on(page.tables[0], self._lefts):
            yield from self.end()
        several = len(page.tables) > 1
        for number, text in enumerate(page.texts):
            if number and (number < len(page.tables) or len(text) > _FOOTER):
                yield from self.end()
            if text:
                yield Segment(text, place)
            if number < len(page.tables):
                here = place / f"table {number + 1}" if several else place / "table"
                self._add(page.tables[number], here)
                yield from self._taken()

    def _add(self, table: Table, place: Location) -> None:
        reader = self._open
        if reader is None:
            reader = self._open = LabelledTable(self._count, self._given.append)
            self._lefts = table.lefts
            self._count += 1
        else:
            reader.gap()
        if table.pairs():
            for pairs, labels in table.as_pairs(place):
                reader.add_pairs(pairs, labels)
            return
        # A page may leave columns empty: they have the numbers that they had before.
        columns = [
            min(range(len(self._lefts)), key=lambda one: abs(self._lefts[one] - left)) for left in table.lefts
        ]
        for made, row in zip(table.as_rows(place), table.rows, strict=True):
            if row.apart:
                reader.gap()
            made.cells = [replace(cell, column=columns[cell.column]) for cell in made.cells]
            reader.add(made)

    def end(self) -> Iterator[Segment]:
        """What is held of the open table, which nothing goes on with."""
        if self._open is not None:
            self._open.end()
            self._open, self._lefts = None, ()
        yield from self._taken()

    def _taken(self) -> Iterator[Segment]:
        given = self._given[:]
        self._given.clear()
        yield from given
