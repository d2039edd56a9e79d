"""Excel workbooks (XLSX, XLSM, XLTX, strict too): sheets as they are shown, and everything behind them.

Cells are read by an own walk over the rows instead of a cell library: number formats, hidden rows and
the bounds of the sheet come out of the same pass, and no sheet can exhaust the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.office import ooxml_parts
from scanner.documents.parsers.office.ooxml_package import Package, Part, open_package, parse_xml
from scanner.documents.parsers.office.ooxml_parts import local, record
from scanner.documents.parsers.sheets import workbook_parts
from scanner.documents.parsers.sheets.binary_sheet import sheet_place
from scanner.documents.parsers.sheets.cell_text import number_shown, text_shown
from scanner.documents.parsers.sheets.number_format import GENERAL
from scanner.documents.parsers.sheets.sheet_rows import (
    COLUMNS,
    RawCell,
    RawRow,
    RowTooLongError,
    SheetStream,
    as_utf8,
    attributes_of,
    column_letters,
    unescape_string,
)
from scanner.documents.parsers.sheets.workbook_styles import (
    SharedStrings,
    Styles,
    read_shared_strings,
    read_styles,
)
from scanner.documents.protocol import HERE, Event, Member, Source
from scanner.documents.rows import Cell, Row

_SHEET_ROOTS = frozenset(("worksheet", "macrosheet", "dialogsheet", "chartsheet"))
_STATES = {"hidden": "hidden sheet", "veryHidden": "very hidden sheet"}
_COLUMN = re.compile(rb"<(?:[\w.-]+:)?col\b([^>]*)>")
_CHUNK = 1 << 20
# Different strings in formulas that are remembered so as to report each once.
_LITERALS = 10_000
# Whole numbers of fewer digits are shown as they are where there is no format.
_SHORT = 12
_CUSTOM_PROPERTY = re.compile(r"customproperty\d*\.bin\Z")
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_SPACES = dict.fromkeys(map(ord, "\t\r\n"), " ")
_REFERENCE_ONLY = re.compile(r"(?:'[^']*'|[\w.]+)?!?\$?[A-Z]{0,3}\$?\d*(?::\$?[A-Z]{0,3}\$?\d*)?\Z|#REF!")


@dataclass(slots=True)
class _Sheet:
    name: str
    part: Part
    hidden: str = ""
    headers: set[int] = field(default_factory=set)
    place: Location = HERE

    def __post_init__(self) -> None:
        self.place = sheet_place(self.name, self.hidden)


class XlsxParser:
    """Reads Excel workbooks by the walk over all parts."""

    kinds = frozenset({"xlsx"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the sheets in their order, then caches, comments, names, drawings and properties."""
        package = open_package(source, limits)
        yield from package.take_gaps()
        yield from _Workbook(package, limits).read()


class _Workbook:
    """One workbook while it is read."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self._package = package
        self._limits = limits
        self._tables = count(1)
        self._strings = SharedStrings()
        self._styles = Styles()
        self._date1904 = False
        self._cells = 0
        self._complete = True
        self._owners: dict[str, _Sheet] = {}

    def read(self) -> Iterator[Event]:
        package = self._package
        by_root: dict[str, list[Part]] = {}
        for part in package.parts:
            if "customxml" not in part.name.lower():
                by_root.setdefault(part.root, []).append(part)
        for part in by_root.get("styleSheet", []):
            self._styles = read_styles(package, part)
        for part in by_root.get("sst", []):
            strings = read_shared_strings(package, part)
            self._strings.texts.extend(strings.texts)
            self._strings.phonetic.extend(strings.phonetic)
            self._strings.used.extend(strings.used)
        sheets: list[_Sheet] = []
        for part in by_root.get("workbook", []):
            yield from self._workbook(part, sheets)
        named = {sheet.part.name for sheet in sheets}
        for root in sorted(_SHEET_ROOTS):
            for part in by_root.get(root, []):
                if part.name not in named:
                    sheets.append(_Sheet(part.base, part, "unreferenced part"))
        yield from package.take_gaps()
        for sheet in sheets:
            self._own(sheet)
            yield from self._sheet(sheet)
            yield from package.take_gaps()
        if self._complete:
            for text in self._strings.orphans():
                yield Segment(text, Location(("shared strings",)), "orphaned shared string")
        for text in self._strings.phonetic:
            yield Segment(text, Location(("shared strings",)), "phonetic text")
        yield from self._behind(by_root)

    # the workbook part

    def _workbook(self, part: Part, sheets: list[_Sheet]) -> Iterator[Event]:
        related = self._package.related(part)
        ready: list[Segment] = []
        name = ""
        hidden = ""
        texts: list[str] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal name, hidden
            values = {local(key): value for key, value in attributes.items()}
            texts.clear()
            match local(tag):
                case "workbookPr":
                    self._date1904 = values.get("date1904", "0") in ("1", "true", "on")
                case "sheet":
                    link = related.get(values.get("id", ""))
                    target = self._package.part_named(link.target) if link else None
                    state = _STATES.get(values.get("state", ""), "")
                    if target is not None:
                        sheets.append(_Sheet(values.get("name", ""), target, state))
                        sheet = sheets[-1]
                        ready.append(record([("sheet", sheet.name)], sheet.place / "name", state))
                    elif lost := values.get("name", ""):
                        place = Location((f'sheet "{lost}" (missing)', "name"))
                        ready.append(record([("sheet", lost)], place, state or "unreferenced part"))
                case "definedName":
                    name = values.get("name", "")
                    hidden = values.get("hidden", "")
                case "fileSharing":
                    ready.append(
                        record([("user", values.get("userName", ""))], HERE / "user", "document properties")
                    )
                case "absPath":
                    ready.append(
                        record([("path", values.get("url", ""))], HERE / "file path", "document properties")
                    )
                case "customWorkbookView":
                    ready.append(record([("view", values.get("name", ""))], HERE / "view", "custom view"))

        def end(tag: str) -> None:
            if local(tag) == "definedName":
                text = "".join(texts).strip()
                if name.startswith("_xlnm.") or _is_reference(text):
                    text = "" if name.startswith("_xlnm.") else name
                    values = [("name", text)]
                else:
                    values = [("name", name), ("value", text)]
                reason = "hidden defined name" if hidden in ("1", "true") else "defined name"
                ready.append(record(values, Location(("defined names",)), reason))

        for _ in parse_xml(self._package, part, start=start, end=end, text=texts.append):
            yield from ready
            ready.clear()

    def _own(self, sheet: _Sheet) -> None:
        """Note which parts belong to a sheet, and which of its rows its tables call headers."""
        self._owners[sheet.part.name.lower()] = sheet
        for link in self._package.related(sheet.part).values():
            if link.external:
                continue
            self._owners[link.target.lower()] = sheet
            part = self._package.part_named(link.target)
            if part is not None and part.root == "table":
                for _ in parse_xml(self._package, part, start=_header_of(sheet.headers)):
                    pass
            # Charts hang on a sheet's drawing.
            for further in self._package.relationships.get(link.target.lower(), ()):
                if not further.external:
                    self._owners.setdefault(further.target.lower(), sheet)

    # the rows

    def _sheet(self, sheet: _Sheet) -> Iterator[Event]:
        stream = SheetStream()
        ready: list[Segment] = []
        rows = LabelledTable(next(self._tables), ready.append)
        hidden_columns: frozenset[int] | None = None
        formulas: set[str] = set()
        before = len(self._package.gaps)
        expected = 0
        try:
            for raw in stream.rows(as_utf8(self._package.chunks(sheet.part, _CHUNK))):
                if hidden_columns is None:
                    hidden_columns = _hidden_columns(stream.head)
                self._cells += len(raw.cells)
                if self._cells > self._limits.cells:
                    self._complete = False
                    yield Gap(sheet.place, Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")
                    break
                row = self._row(sheet, raw, hidden_columns, formulas, ready)
                if not row.cells:
                    continue
                if expected and raw.number > expected:
                    rows.gap()
                expected = raw.number + 1
                rows.add(row)
                if ready:
                    yield from ready
                    ready.clear()
        except RowTooLongError:
            self._complete = False
            yield Gap(sheet.place, Shortfall.LIMIT, "a row over 64 MB")
        rows.end()
        yield from ready
        if stream.damaged and len(self._package.gaps) == before and self._complete:
            yield Gap(sheet.place, Shortfall.DAMAGED, "malformed rows or an early end")
            self._complete = False
        if len(self._package.gaps) > before:
            self._complete = False
        xml = (stream.head + stream.tail).decode("utf-8", "replace")
        for event in workbook_parts.around_rows(xml, sheet.place, unescape):
            if isinstance(event, Segment) and sheet.hidden:
                event = Segment(event.text, event.location, sheet.hidden)
            yield event

    def _row(
        self,
        sheet: _Sheet,
        raw: RawRow,
        hidden_columns: frozenset[int],
        formulas: set[str],
        ready: list[Segment],
    ) -> Row:
        cells: list[Cell] = []
        number = str(raw.number)
        for stored in raw.cells:
            column, style, kind, value, formula = stored
            name = (COLUMNS[column] if column < 16384 else column_letters(column)) + number
            if formula and workbook_parts.may_hold_constants(formula):
                for text in workbook_parts.literals(formula):
                    if text not in formulas and len(formulas) < _LITERALS:
                        formulas.add(text)
                        ready.append(Segment(text, sheet.place / name, "text in a formula"))
            hidden = "hidden column" if column in hidden_columns else self._styles.reason(style)
            if self._styles.format(style) == GENERAL and (plain := self._plain(kind, value)) is not None:
                if plain and not plain.isspace():
                    cells.append(Cell(column, plain, name, hidden))
                continue
            for text, reason in self._shown(stored):
                if text and not text.isspace():
                    cells.append(Cell(column, text, name, hidden or reason))
        hidden = sheet.hidden or ("hidden row" if raw.hidden else "")
        return Row(raw.number, cells, sheet.place, hidden, raw.number in sheet.headers)

    def _plain(self, kind: str, value: str) -> str | None:
        """The text of a cell without a format, as most are; ``None`` for one that is shown otherwise."""
        if kind == "s":
            return self._strings.at(value)
        if kind in ("str", "inlineStr"):
            return unescape_string(value)
        if kind == "n" and len(value) < _SHORT and value.isascii() and value.isdecimal() and value[0] != "0":
            return value
        return None

    def _shown(self, cell: RawCell) -> list[tuple[str, str]]:
        """The text that a cell shows and, where its format hides digits, the number behind it."""
        value = cell.value
        code = self._styles.format(cell.style)
        match cell.kind:
            case "s":
                text = self._strings.at(value)
            case "str" | "inlineStr":
                text = unescape_string(value)
            case "b":
                return [("TRUE" if value == "1" else "FALSE", "")]
            case "e":
                return []
            case "d":
                return [(workbook_parts.shown_date(value), "")]
            case _:
                return number_shown(value, code, date1904=self._date1904)
        return text_shown(text, code)

    # everything else

    def _behind(self, by_root: dict[str, list[Part]]) -> Iterator[Event]:
        package = self._package
        attachments = ooxml_parts.Attachments(package)
        done = {"workbook", "sst", "styleSheet", *_SHEET_ROOTS}
        records = {
            owner: self._package.part_named(link.target)
            for owner, links in package.relationships.items()
            for link in links
            if link.kind == "pivotCacheRecords"
        }
        used = {part.name for part in records.values() if part is not None}
        number = count(1)
        for part in by_root.get("pivotCacheDefinition", []):
            found = records.get(part.name.lower())
            yield from workbook_parts.pivot_cache(package, part, found, next(number), next(self._tables))
        for part in by_root.get("pivotCacheRecords", []):
            if part.name not in used:
                # Records whose definition is gone: the values of unnamed fields.
                yield from ooxml_parts.leaves(package, part, Location((part.base,)), "pivot cache")
        for position, part in enumerate(by_root.get("externalLink", []), 1):
            yield from workbook_parts.external_link(package, part, position, self._tables)
        threads: set[str] = set()
        for root in ("ThreadedComments", "comments"):
            for part in by_root.get(root, []):
                yield from workbook_parts.comments(package, part, self._place(part.name), threads)
        done |= {"pivotCacheDefinition", "pivotCacheRecords", "externalLink", "ThreadedComments", "comments"}
        for part in package.parts:
            if part.root not in done or "customxml" in part.name.lower():
                yield from self._other(part, attachments)
            yield from package.take_gaps()
        yield from ooxml_parts.links(package, self._place)
        yield from attachments.end()
        yield from ooxml_parts.archive_comment(package)

    def _place(self, name: str) -> Location:
        """The sheet that a part belongs to, over the drawing that holds it where need be."""
        sheet = self._owners.get(name.lower())
        return sheet.place if sheet is not None else HERE

    def _other(self, part: Part, attachments: ooxml_parts.Attachments) -> Iterator[Event]:
        if _CUSTOM_PROPERTY.match(part.base) and (text := _plain_text(self._package.read(part))):
            yield from _custom_property(text, part, self._place(part.name))
            return
        reason = _LEAVES.get(part.root)
        if reason is not None and "customxml" not in part.name.lower():
            yield from ooxml_parts.leaves(self._package, part, self._place(part.name) / reason, reason)
        else:
            yield from ooxml_parts.shared(self._package, part, attachments, self._place(part.name))


_LEAVES = {
    "connections": "data connection",
    "queryTable": "query table",
    "table": "table definition",
    "headers": "revision log",
    "revisions": "revision log",
    "users": "revision log",
    "personList": "author of a comment",
    "pivotTableDefinition": "pivot table",
    "slicerCacheDefinition": "slicer",
    "slicers": "slicer",
    "timelineCacheDefinition": "timeline",
    "MapInfo": "XML map",
    "formControlPr": "form control",
}


def _plain_text(data: bytes) -> str:
    """UTF-16 text without a mark, as programs keep it with a sheet; empty where it is something else."""
    text = data.decode("utf-16-le", "replace")
    return text if "\ufffd" not in text and text.translate(_SPACES).isprintable() else ""


def _custom_property(text: str, part: Part, place: Location) -> Iterator[Event]:
    """What another program keeps with a sheet: a value, or an XML document of its own."""
    if text.lstrip().startswith("<"):
        content = _DECLARATION.sub("", text).encode()
        yield Member(part.name, content, place / f'part "{part.base}"', "other part", named=True)
    elif not text.isdecimal() or len(text) >= _SHORT // 2:
        yield Segment(text, place / f'part "{part.base}"', "other part")


def _is_reference(text: str) -> bool:
    return len(text) < 300 and _REFERENCE_ONLY.match(text) is not None


def _hidden_columns(head: bytes) -> frozenset[int]:
    hidden: set[int] = set()
    for match in _COLUMN.finditer(head):
        attributes = attributes_of(match.group(1))
        if attributes.get(b"hidden", b"") not in (b"1", b"true") and attributes.get(b"width") not in (
            b"0",
            b"0.0",
        ):
            continue
        first, last = attributes.get(b"min", b""), attributes.get(b"max", b"")
        if first.isdigit() and last.isdigit() and len(first) < 9 and len(last) < 9:
            hidden.update(range(int(first) - 1, min(int(last), 16384)))
    return frozenset(hidden)


def _header_of(headers: set[int]) -> Callable[[str, dict[str, str]], None]:
    """A start handler that takes the header row out of a table's range."""

    def start(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "table" and attributes.get("headerRowCount", "1") != "0":
            match = re.match(r"[A-Z]+(\d+):", attributes.get("ref", ""))
            if match:
                headers.add(int(match.group(1)))

    return start
