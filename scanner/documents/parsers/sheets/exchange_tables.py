"""Tables in the text formats that spreadsheets exchange: SYLK (``.slk``) and DIF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from scanner.documents.decoding import decoded_pieces
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Segment, Shortfall
from scanner.documents.parsers.sheets import workbook_parts
from scanner.documents.parsers.sheets.binary_sheet import SheetRows, cell_name, drain
from scanner.documents.parsers.sheets.delimited import lines_of
from scanner.documents.parsers.sheets.number_format import GENERAL
from scanner.documents.parsers.sheets.workbook_styles import Styles
from scanner.documents.protocol import HERE, Event, Source

# A semicolon in a SYLK field is written twice; what parts the fields stands alone.
_FIELD = re.compile(r";((?:[^;]|;;)*)")
_STYLE = re.compile(r"P(\d{1,5})\Z")
_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14
_MOST_STYLES = 100_000
# Types of a DIF value, which stand before the comma of its first line.
_DIRECTION, _NUMBER, _TEXT = "-1", "0", "1"
_LINES_OF_A_TEXT = 1_000


def _lines(source: Source) -> Iterator[str]:
    with source.open() as file:
        texts = decoded_pieces(file)
        for line in lines_of(chain((next(texts, ""),), texts)):
            yield line.rstrip("\r\n")


class SylkParser:
    """Reads SYLK: one record a line, its fields behind semicolons, each with a letter in front."""

    kinds = frozenset({"sylk"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the rows, texts in formulas, and defined names."""
        ready: list[Segment] = []
        styles = Styles()
        rows = SheetRows(1, HERE, "", styles, False, ready.append)
        row = column = cells = 0
        style_of: dict[tuple[int, int], int] = {}
        for line in _lines(source):
            kind, separator, rest = line.partition(";")
            fields = [field.replace(";;", ";") for field in _FIELD.findall(separator + rest)]
            if kind == "P" and len(styles.formats) < _MOST_STYLES:
                styles.formats.extend(field[1:] for field in fields if field[:1] == "P")
            elif kind in ("C", "F"):
                row = _at(fields, "Y", row, _LAST_ROW)
                column = _at(fields, "X", column, _LAST_COLUMN)
                if kind == "F":
                    known = next((int(match[1]) for one in fields if (match := _STYLE.match(one))), 0)
                    whole = [_at(fields, letter, -1, _LAST_ROW) for letter in "RC"]
                    if len(style_of) < _MOST_STYLES:
                        style_of[tuple(whole) if max(whole) >= 0 else (row, column)] = known  # type: ignore[index]
                    continue
                cells += 1
                if cells > limits.cells:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
                    break
                places = ((row, column), (row, -1), (-1, column))
                style = next((style_of[place] for place in places if place in style_of), 0)
                self._cell(fields, row, column, style, rows, ready)
            elif kind == "NN":
                texts = [field[1:] for field in fields if field[:1] == "N" or '"' in field]
                ready.extend(Segment(text, HERE / "defined names", "defined name") for text in texts)
            yield from drain(ready)
        rows.end()
        yield from drain(ready)

    def _cell(
        self, fields: list[str], row: int, column: int, style: int, rows: SheetRows, ready: list[Segment]
    ) -> None:
        for field in fields:
            letter, value = field[:1], field[1:]
            if letter == "K" and value[:1] == '"':
                rows.text(row, column, style, value[1:].removesuffix('"'))
            elif letter == "K" and value in ("TRUE", "FALSE"):
                rows.truth(row, column, style, value == "TRUE")
            elif letter == "K" and value[:1] != "#":
                _number(value, row, column, style, rows)
            elif letter == "E":
                for text in workbook_parts.literals(value):
                    ready.append(Segment(text, HERE / cell_name(row, column), "text in a formula"))
            elif letter == "A" and value:
                place = HERE / f"comment on {cell_name(row, column)}"
                ready.append(Segment(value.strip('"'), place, "comment"))


class DifParser:
    """Reads DIF: values in two lines each, row by row."""

    kinds = frozenset({"dif"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the title and the rows."""
        ready: list[Segment] = []
        rows = SheetRows(1, HERE, "", Styles([GENERAL]), False, ready.append)
        lines = _lines(source)
        for line in lines:
            if line.strip() == "DATA":
                next(lines, ""), next(lines, "")
                break
            if (text := line.strip().strip('"').strip()) and line[:1] == '"':
                yield Segment(text, HERE / "title")
        row = column = -1
        cells = 0
        for line in lines:
            kind, _, number = line.partition(",")
            text = _value(lines)
            if kind.strip() == _DIRECTION:
                if text != "BOT":
                    break
                row, column = min(row + 1, _LAST_ROW), -1
                continue
            column = min(column + 1, _LAST_COLUMN)
            cells += 1
            if cells > limits.cells:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
                break
            if kind.strip() == _TEXT:
                if text[:1] == '"':
                    text = text[1:].removesuffix('"').replace('""', '"')
                rows.text(max(row, 0), column, 0, text)
            elif kind.strip() == _NUMBER and text in ("TRUE", "FALSE"):
                rows.truth(max(row, 0), column, 0, text == "TRUE")
            elif kind.strip() == _NUMBER and text == "V":
                _number(number, max(row, 0), column, 0, rows)
            yield from drain(ready)
        rows.end()
        yield from drain(ready)


def _value(lines: Iterator[str]) -> str:
    """The second line of a value, and those behind it where a text breaks over several."""
    text = next(lines, "").strip()
    if text[:1] != '"':
        return text
    for _ in range(_LINES_OF_A_TEXT):
        end = text[1:]
        if (len(end) - len(end.rstrip('"'))) % 2:
            break
        more = next(lines, None)
        if more is None:
            break
        text += "\n" + more.strip()
    return text


def _at(fields: list[str], letter: str, otherwise: int, most: int) -> int:
    """A place from 0 by its number from 1 behind a letter, or the one before."""
    for field in fields:
        if field[:1] == letter:
            digits = field[1:].split(" ")[0]
            if digits.isdecimal() and len(digits) < 9:
                return min(max(int(digits) - 1, 0), most)
    return otherwise


def _number(value: str, row: int, column: int, style: int, rows: SheetRows) -> None:
    try:
        rows.number(row, column, style, float(value))
    except ValueError:
        rows.text(row, column, style, value)
