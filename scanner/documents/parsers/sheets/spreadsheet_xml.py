"""XML Spreadsheet 2003: workbooks in one XML file, as reporting tools write them, often called ``.xls``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from xml.parsers import expat

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.markup.expat_parser import new_expat
from scanner.documents.parsers.markup.html import soup_segments
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.sheets import workbook_parts
from scanner.documents.parsers.sheets.binary_sheet import cell_name, sheet_place
from scanner.documents.parsers.sheets.cell_text import number_shown, text_shown
from scanner.documents.parsers.sheets.number_format import GENERAL
from scanner.documents.parsers.sheets.workbook_styles import unseen_by_colour
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import Cell, Row

_CHUNK = 1 << 16
_STATES = {"SheetHidden": "hidden sheet", "SheetVeryHidden": "very hidden sheet"}
# Formats that have a name instead of a code; dates are stored as dates and need none.
_FORMATS = {
    "Fixed": "0.00",
    "Standard": "#,##0.00",
    "Currency": "#,##0.00",
    "Percent": "0.00%",
    "Scientific": "0.00E+00",
}
_MOST_COLUMNS = _MOST_ROWS = 1 << 20
# Heights in points of rows that show nothing of their text.
_FLAT = re.compile(r"0(?:\.[0-9]{1,30})?")
_LONGEST_CODE = 255
# How a window and a page are set up: numbers, places of cells and words of the program.
_OPTIONS = frozenset({"WorksheetOptions", "ExcelWorkbook"})
_SETTING = re.compile(
    r"-?[0-9.]{1,20}|True|False|Sheet(?:Very)?Hidden|(?:R[0-9]{1,7})?(?:C[0-9]{1,5})?(?::R[0-9]{1,7}C[0-9]{1,5})?"
    r"|Landscape|Portrait|Left|Right|Center|Bottom|Top"
)
_PROPERTIES = frozenset({"DocumentProperties", "CustomDocumentProperties"})


class SpreadsheetXmlParser:
    """Reads workbooks of the vocabulary ``urn:schemas-microsoft-com:office:spreadsheet``."""

    kinds = frozenset({"spreadsheet-xml"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the sheets in their order, comments, names and properties; a broken end is read as tags."""
        try:
            states = _states(source)
            yield from _Reader(states, limits).read(source)
        except (expat.ExpatError, LookupError, ValueError) as error:
            why = (
                expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else type(error).__name__
            )
            yield Gap(HERE, Shortfall.DAMAGED, f"not well-formed XML ({why}); read as text between tags")
            yield from soup_segments(source, limits, inline=frozenset())


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _values(attributes: Mapping[str, str]) -> dict[str, str]:
    return {_local(key): value for key, value in attributes.items()}


def _states(source: Source) -> list[str]:
    """Why each sheet is hidden, in their order: the file says so behind the rows."""
    states: list[str] = []
    inside = False
    texts: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal inside
        if _local(name) == "Worksheet":
            states.append("")
        inside = _local(name) == "Visible"
        texts.clear()

    def end(name: str) -> None:
        nonlocal inside
        if inside and _local(name) == "Visible" and states:
            states[-1] = _STATES.get("".join(texts).strip(), "")
        inside = False

    def text(data: str) -> None:
        if inside:
            texts.append(data)

    parser = new_expat(_CHUNK)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    with source.open() as file:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return states


@dataclass(slots=True)
class _Sheet:
    """The sheet that is being read."""

    place: Location
    hidden: str
    rows: LabelledTable
    row: int = 0
    column: int = 0
    column_of_widths: int = 0
    hidden_row: bool = False
    row_span: int = 0
    hidden_columns: set[int] = field(default_factory=set)
    cells: list[Cell] = field(default_factory=list)


class _Reader:
    """One workbook while it is read."""

    def __init__(self, states: list[str], limits: Limits) -> None:
        self._states = iter(states)
        self._limits = limits
        self._ready: list[Event] = []
        self._tables = count(1)
        self._sheet: _Sheet | None = None
        self._path: list[str] = []
        self._texts: list[str] = []
        self._formats: dict[str, str] = {}
        self._fonts: dict[str, str] = {}
        self._fills: dict[str, str] = {}
        self._style = ""
        self._cell: dict[str, str] = {}
        self._kind = ""
        self._author = ""
        self._count = 0

    def read(self, source: Source) -> Iterator[Event]:
        """Yield what is in the file; raises ``ExpatError`` where it is not well-formed."""
        parser = new_expat(_CHUNK)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._texts.append
        with source.open() as file:
            more = True
            while more:
                chunk = file.read(_CHUNK)
                more = bool(chunk)
                parser.Parse(chunk, not more)
                yield from self._ready
                self._ready.clear()
                if self._count > self._limits.cells:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")
                    return

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        self._path.append(tag)
        inline = "Data" in self._path[:-1]
        if not inline:
            self._flush_text()
        values = _values(attributes) if attributes else {}
        if tag == "Worksheet":
            self._begin_sheet(values.get("Name", ""))
        elif tag == "Style":
            self._style = values.get("ID", "")
            parent = values.get("Parent", "")
            for known in (self._formats, self._fonts, self._fills):
                if parent in known:
                    known[self._style] = known[parent]
        elif tag == "Font" and "Style" in self._path:
            self._fonts[self._style] = values.get("Color", "#000000").lstrip("#").upper()
        elif tag == "Interior" and values.get("Pattern") == "Solid":
            self._fills[self._style] = values.get("Color", "").lstrip("#").upper()
        elif tag == "NumberFormat":
            code = values.get("Format", "")
            self._formats[self._style] = _FORMATS.get(code, code if _is_code(code) else GENERAL)
        elif tag == "NamedRange":
            pairs = [("name", values.get("Name", "")), ("value", values.get("RefersTo", ""))]
            self._ready.append(record(pairs, Location(("defined names",)), "defined name"))
        elif tag in ("Header", "Footer") and values.get("Data"):
            self._tell(values["Data"], tag.lower())
        elif (sheet := self._sheet) is not None and not inline:
            self._start_in(sheet, tag, values)

    def _start_in(self, sheet: _Sheet, tag: str, values: dict[str, str]) -> None:
        if tag == "Column":
            first = _index(values.get("Index", ""), sheet.column_of_widths)
            sheet.column_of_widths = first + 1 + min(_number(values.get("Span", "")), _MOST_COLUMNS)
            if values.get("Hidden") == "1" or values.get("Width") == "0":
                sheet.hidden_columns.update(range(first, min(sheet.column_of_widths, first + 16_384)))
        elif tag == "Row":
            number = _index(values.get("Index", ""), sheet.row)
            if number > sheet.row:
                sheet.rows.gap()
            sheet.row, sheet.column = number, 0
            sheet.hidden_row = (
                values.get("Hidden") == "1" or _FLAT.fullmatch(values.get("Height", "")) is not None
            )
            sheet.row_span = min(_number(values.get("Span", "")), _MOST_ROWS)
        elif tag == "Cell":
            sheet.column = _index(values.get("Index", ""), sheet.column)
            self._cell = values
            if link := values.get("HRef"):
                self._tell(link, cell_name(sheet.row, sheet.column), "link target")
            if formula := values.get("Formula", ""):
                for text in workbook_parts.literals(formula):
                    self._tell(text, cell_name(sheet.row, sheet.column), "text in a formula")
        elif tag == "Data":
            self._kind = values.get("Type", "")
        elif tag == "Comment":
            self._author = values.get("Author", "")

    def _begin_sheet(self, name: str) -> None:
        hidden = next(self._states, "")
        place = sheet_place(name, hidden)
        rows = LabelledTable(next(self._tables), self._ready.append)
        self._sheet = _Sheet(place, hidden, rows)
        self._ready.append(record([("sheet", name)], place / "name", hidden))

    def _end(self, name: str) -> None:
        tag = _local(name)
        within = self._path[:-1]
        sheet = self._sheet
        if "Data" in within:
            self._path.pop()
            return  # bold letters inside of a value
        text = "".join(self._texts)
        if sheet is not None and tag == "Data":
            self._texts.clear()
            if "Comment" in within:
                said = Location((*sheet.place.parts, f"comment on {cell_name(sheet.row, sheet.column)}"))
                self._ready.append(Segment(text, said, "comment"))
                if self._author:
                    self._ready.append(Segment(self._author, said / "author", "author of a comment"))
            elif text.strip():
                self._add(sheet, text)
        else:
            self._flush_text()
        self._path.pop()
        if sheet is None:
            return
        if tag == "Cell":
            sheet.column += 1 + min(_number(self._cell.get("MergeAcross", "")), _MOST_COLUMNS)
        elif tag == "Row":
            self._end_row(sheet)
        elif tag == "Worksheet":
            sheet.rows.end()
            self._sheet = None

    def _add(self, sheet: _Sheet, text: str) -> None:
        self._count += 1
        code = self._formats.get(self._cell.get("StyleID", ""), GENERAL)
        if self._kind == "Number":
            shown = number_shown(text.strip(), code)
        elif self._kind == "DateTime":
            shown = [(workbook_parts.shown_date(text.strip().removesuffix(".000")), "")]
        else:
            shown = text_shown(text, GENERAL if code != ";;;" else code)
        style = self._cell.get("StyleID", "")
        column = "hidden column" if sheet.column in sheet.hidden_columns else ""
        column = column or unseen_by_colour(self._fonts.get(style, ""), self._fills.get(style))
        name = cell_name(sheet.row, sheet.column)
        sheet.cells += [
            Cell(sheet.column, one, name, column or reason) for one, reason in shown if one.strip()
        ]

    def _end_row(self, sheet: _Sheet) -> None:
        hidden = sheet.hidden or ("hidden row" if sheet.hidden_row else "")
        if sheet.cells:
            sheet.rows.add(Row(sheet.row + 1, sheet.cells, sheet.place, hidden))
        else:
            sheet.rows.gap()
        sheet.cells = []
        sheet.row += 1 + sheet.row_span

    def _flush_text(self) -> None:
        """What stands outside of cells: properties, options, validation lists, conditions."""
        text = "".join(self._texts).strip()
        self._texts.clear()
        if not text or not self._path or (_OPTIONS.intersection(self._path) and _SETTING.fullmatch(text)):
            return
        if _PROPERTIES.intersection(self._path):
            pairs = [(self._path[-1], text)]
            self._ready.append(record(pairs, Location((self._path[-1],)), "document properties"))
        else:
            hidden = "validation list" if "DataValidation" in self._path else "other part"
            self._tell(text, self._path[-1], hidden)

    def _tell(self, text: str, where: str, hidden: str = "") -> None:
        place = self._sheet.place if self._sheet is not None else HERE
        self._ready.append(Segment(text, place / where, hidden))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _index(text: str, otherwise: int) -> int:
    """A place from 0 by its number from 1, or the place that comes next."""
    number = _number(text)
    return number - 1 if number else otherwise


def _is_code(text: str) -> bool:
    return bool(text) and len(text) <= _LONGEST_CODE and not text.replace(" ", "").isalpha()
