"""RTF: where text goes that the tokens tell: paragraphs, the rows of tables, what is concealed in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable, label_before
from scanner.documents.parsers.looks import parted
from scanner.documents.protocol import Event
from scanner.documents.rows import Cell, Row
from scanner.text import Field


@dataclass(slots=True)
class Buffer:
    """Text of one destination: the paragraph so far, the cells of a row so far.

    ``parts`` and ``cells`` are those of the innermost open table; ``outer`` keeps those around it, and
    ``tables`` its rows.  ``concealed`` holds what is not shown: behind which part, why, the text.
    """

    place: str = "paragraph"
    hidden: str = ""
    label: str = ""
    word: str = ""
    repeats: bool = False
    parts: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    concealed: list[tuple[int, str, list[str]]] = field(default_factory=list)
    outer: list[tuple[list[str], list[str]]] = field(default_factory=list)
    tables: list[LabelledTable | None] = field(default_factory=list)


class Paragraphs:
    """Makes segments of buffers; ``done`` collects them for the parser to yield."""

    def __init__(self) -> None:
        self.done: list[Event] = []
        self.shape_texts: set[str] = set()
        self._rows: LabelledTable | None = None
        self._table = 0
        self._count = 0

    def _location(self, buffer: Buffer) -> Location:
        if buffer.place != "paragraph":
            return Location((buffer.place,))
        self._count += 1
        return Location((f"paragraph {self._count}",))

    def flush(self, buffer: Buffer) -> None:
        """End the paragraph."""
        if buffer.outer:
            self.to_level(buffer, 0)
        if buffer.cells:
            self.row(buffer)
            return
        text = "".join(buffer.parts).strip()
        if text and buffer.place == "paragraph":
            self.end_table()
        if text:
            shown = storable(text)
            if buffer.place == "text box":
                if buffer.repeats and shown in self.shape_texts:
                    shown = ""
                self.shape_texts.add(shown)
            fields = (Field(0, len(shown), buffer.label),) if buffer.label else ()
            self.done.append(Segment(shown, self._location(buffer), buffer.hidden, fields))
        if buffer.concealed:
            self._reveal(buffer)
        buffer.parts.clear()

    def to_level(self, buffer: Buffer, level: int) -> None:
        """Go into a table inside of a cell, or out of it."""
        while len(buffer.outer) < level:
            buffer.outer.append((buffer.parts, buffer.cells))
            buffer.tables.append(None)
            buffer.parts, buffer.cells = [], []
        while len(buffer.outer) > level:
            if buffer.cells or buffer.parts:
                self.inner_row(buffer)
            if buffer.concealed:
                self._reveal(buffer)
            buffer.parts, buffer.cells = buffer.outer.pop()
            rows = buffer.tables.pop()
            if rows is not None:
                rows.end()

    def end_cell(self, buffer: Buffer) -> None:
        """End a cell of the innermost table."""
        if buffer.concealed:
            self._reveal(buffer)
        buffer.cells.append("".join(buffer.parts).strip())
        buffer.parts.clear()

    def inner_row(self, buffer: Buffer) -> None:
        """End a row of a table inside of a cell."""
        if buffer.parts:
            self.end_cell(buffer)
        cells = _filled(buffer.cells)
        buffer.cells.clear()
        rows = buffer.tables[-1]
        if not cells:
            return
        if rows is None:
            self._table += 1
            rows = buffer.tables[-1] = LabelledTable(self._table, self.done.append)
        rows.add(Row(self._count + 1, cells, self._location(buffer), buffer.hidden))

    def row(self, buffer: Buffer) -> None:
        """End a row of the outermost table."""
        if buffer.parts or buffer.concealed:
            self.end_cell(buffer)
        cells = _filled(buffer.cells)
        buffer.cells.clear()
        if not cells:
            return
        if self._rows is None:
            self._table += 1
            self._rows = LabelledTable(self._table, self.done.append)
        self._rows.add(Row(self._count + 1, cells, self._location(buffer), buffer.hidden))

    def end_table(self) -> None:
        """Hand out what the outermost table still holds back."""
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.end()

    def _reveal(self, buffer: Buffer) -> None:
        """Hand out what is not shown of a paragraph or cell, each stretch under its reason."""
        concealed, buffer.concealed = buffer.concealed, []
        for at, reason, texts in concealed:
            text = "".join(texts).strip()
            if not text:
                continue
            reason, words = parted(reason)
            label = label_before("".join(buffer.parts[max(0, at - 8) : at]))
            place = buffer.place if buffer.place != "paragraph" else f"paragraph {max(1, self._count)}"
            by = Location((place, words)) if words != reason else Location((place,))
            text = storable(text)
            fields = (Field(0, len(text), label),) if label else ()
            self.done.append(Segment(text, by, buffer.hidden or reason, fields))


def _filled(values: list[str]) -> list[Cell]:
    return [Cell(column, storable(value)) for column, value in enumerate(values) if value]


def storable(text: str) -> str:
    """Replace halves of surrogate pairs, which no encoder takes."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
