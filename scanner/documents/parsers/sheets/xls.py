"""Legacy Excel workbooks (XLS of Excel 5 to 2003): sheets as they are shown, and everything behind them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.office.compound_file import (
    CompoundFile,
    embedded_objects,
    macros,
    open_or_scan,
)
from scanner.documents.parsers.office.office_encryption import office_lock, scheme
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.office.property_sets import codec_of, property_events
from scanner.documents.parsers.pictures.embedded_pictures import picture_gap
from scanner.documents.parsers.sheets import biff, early_excel, xls_caches
from scanner.documents.parsers.sheets.biff import Record, Text
from scanner.documents.parsers.sheets.binary_sheet import (
    STATES,
    SheetRows,
    cell_name,
    drain,
    raw_number,
    rk_number,
    sheet_place,
)
from scanner.documents.parsers.sheets.formula_tokens import constants, may_hold_constants, searched
from scanner.documents.parsers.sheets.number_format import BUILT_IN_FORMATS, GENERAL, general
from scanner.documents.parsers.sheets.workbook_parts import header_text
from scanner.documents.parsers.sheets.workbook_styles import BLACK, WHITE, Styles, unseen_by_colour
from scanner.documents.protocol import HERE, Event, Source

_FILEPASS, _CODEPAGE, _DATEMODE, _BOUNDSHEET, _SST = 0x2F, 0x42, 0x22, 0x85, 0xFC
_FONT, _FORMAT, _XF, _NAME, _USER, _SHARING = 0x31, 0x41E, 0xE0, 0x18, 0x5C, 0x5B
_ROW, _COLUMNS, _STRING, _FORMULA = 0x208, 0x7D, 0x207, 0x06
_LABEL_SST, _LABEL, _RICH, _NUMBER, _RK, _RKS, _BOOL = 0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD, 0x205
_CELLS = frozenset((_LABEL_SST, _LABEL, _RICH, _NUMBER, _RK, _RKS, _BOOL, _FORMULA, _STRING))
# Records of cells that hold nothing, and of the looks of a sheet: passed over without a look.
_EMPTY = frozenset((0xBE, 0x201, 0xD7, 0x0B, 0x20B, 0x862, 0x87D, 0x892, 0x1B0, 0xE5, 0x4D))
_CONDITION, _CONDITION_12, _SHARED_FORMULA, _ARRAY_FORMULA = 0x1B1, 0x87A, 0x4BC, 0x221
_HEADER, _FOOTER, _NOTE, _TXO, _OBJECT, _DRAWING, _LINK, _VALIDATION = (
    0x14, 0x15, 0x1C, 0x1B6, 0x5D, 0xEC, 0x1B8, 0x1BE,
)  # fmt: skip
_SERIES_TEXT, _DRAWING_GROUP = 0x100D, 0xEB
# Records that hold words of people among numbers, with the reason why these are not seen.
_WORDS = {
    0xAF: "scenario", 0x51: "data source", 0x52: "data source", 0x1AD: "query table", 0xDC: "data connection",
    0xCD: "data connection", 0x803: "data connection", 0x804: "data connection", 0x9E: "filter",
    0x87E: "filter", 0x800: "link tip", 0xB0: "pivot table", 0xB1: "pivot table", 0xC5: "pivot table",
    0x1A9: "custom view", 0x879: "filter",
}  # fmt: skip
_VERSION_8 = 0x0600
_GLOBALS, _CHART_SHEET = 0x0005, 0x0020
# Colours of the palette; 0x7FFF is that of the system for text.
_COLOURS = {0: BLACK, 1: WHITE, 8: BLACK, 9: WHITE, 64: BLACK, 65: WHITE, 0x7FFF: BLACK}
_SOLID = 1
# A row that is lower shows nothing of its text.
_FLAT_TWIPS = 20
_MOST_RECORDS = 2_000_000
# Different strings in formulas that are remembered so as to report each once.
_LITERALS = 10_000
_ERRORS = (struct.error, IndexError)


@dataclass(slots=True)
class _Sheet:
    """A sheet with the records of its substream that are no cells, and where its cells stand."""

    name: str
    hidden: str
    start: int = 0
    end: int = 0
    kind: int = 0x10
    records: list[Record] = field(default_factory=list)

    @property
    def place(self) -> Location:
        """Location with the sheet's state."""
        return sheet_place(self.name, self.hidden)


class XlsParser:
    """Reads legacy Excel workbooks by a walk over all records."""

    kinds = frozenset({"xls"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the sheets in their order, then caches, names, properties and embedded objects."""
        head = source.head(8)
        if head[:1] == b"\t":
            # Before Excel 5, and as small programs for the web write it: the stream without a container.
            data = source.read()
            bare = _Workbook(CompoundFile(b""), data, limits)
            yield from bare.read() if head[1:2] == b"\x08" else early_excel.worksheet(data, limits)
            return
        for event in open_or_scan(source, "xls"):
            if isinstance(event, CompoundFile):
                yield from _file(event, limits)
            else:
                yield event


def _file(file: CompoundFile, limits: Limits) -> Iterator[Event]:
    streams = [name for name in ("Workbook", "Book") if file.has(name)]
    protection = next((found for name in streams if (found := _protection(file.read(name)))), None)
    if protection is not None:
        yield office_lock(file.data, "", *protection)
        yield from property_events(file)
        return
    seen: set[str] = set()
    data = b""
    for number, name in enumerate(streams):
        data = file.read(name)
        for event in _Workbook(file, data, limits).read():
            # A file for two generations of Excel holds the workbook twice.
            if len(streams) > 1 and isinstance(event, Segment):
                if number and event.text in seen:
                    continue
                seen.add(event.text)
            yield event
    yield from property_events(file)
    for name in ("Revision Log", "User Names"):
        for text in dict.fromkeys(biff.readable(file.read(name))):
            yield Segment(text, Location(("revision log",)), "revision log")
    storages = [path for path in file.storages() if path[0].upper().startswith(("MBD", "LNK"))]
    yield from embedded_objects(file, storages, HERE)
    yield from macros(file, "_VBA_PROJECT_CUR")
    yield from picture_gap((data,))
    yield from file.take_gaps()


def _colour(index: int) -> str:
    """A colour of the palette as RRGGBB, or a mark of its own; the first eight stand there twice."""
    return _COLOURS.get(index) or f"palette {index + 8 if index < 8 else index}"


def _protection(data: bytes) -> tuple[Protection, str] | None:
    """The encryption that FILEPASS, among the first records, tells of (MS-XLS 2.4.117), and its name."""
    for number, (kind, at, length) in enumerate(biff.Walk(data).headers()):
        if kind == _FILEPASS:
            body = data[at : at + length]
            if len(body) < 6 or body[:2] == b"\0\0":
                return Protection.WEAK, "Excel XOR"
            return scheme(body[2:])
        if number > 64:
            return None
    return None


class _Workbook:
    """One workbook stream while it is read."""

    def __init__(self, file: CompoundFile, data: bytes, limits: Limits) -> None:
        self._file = file
        self._data = data
        self._limits = limits
        self._tables = count(1)
        self._text = Text()
        self._date1904 = False
        self._formats = dict(BUILT_IN_FORMATS)
        self._fonts: list[str] = []
        self._cell_formats: list[tuple[int, int, str | None]] = []
        self._styles = Styles()
        self._strings: list[str] = []
        self._lost = False  # shared strings that cells name are not there
        self._used = bytearray()
        self._sheets: list[_Sheet] = []
        self._globals = _Sheet("", "", kind=_GLOBALS)
        self._budget = limits.cells
        self._complete = True
        self._literals: set[str] = set()
        self._ready: list[Segment] = []

    def read(self) -> Iterator[Event]:
        """Yield everything that the stream holds."""
        yield from self._divide()
        yield from self._read_globals()
        for sheet in self._sheets:
            # Names of sheets without a substream are still names.
            if sheet.name and sheet.hidden != "unreferenced part":
                yield record([("sheet", sheet.name)], sheet.place / "name", sheet.hidden)
            if sheet.end:
                yield from self._sheet(sheet)
        if self._lost:
            yield Gap(HERE, Shortfall.DAMAGED, "cells whose texts are missing")
        if self._complete:
            for index, text in enumerate(self._strings):
                if not self._used[index]:
                    yield Segment(text, Location(("shared strings",)), "orphaned shared string")
        links = xls_caches.ExternalLinks(self._text, self._tables)
        yield from links.read(self._globals.records)
        for number, path in enumerate(self._cache_streams(), 1):
            cache = self._file.read(*path)
            yield from xls_caches.pivot_cache(cache, self._text, number, next(self._tables))

    def _cache_streams(self) -> list[tuple[str, ...]]:
        return sorted(self._file.paths(("_SX_DB_CUR",)))

    # dividing the stream

    def _divide(self) -> Iterator[Event]:
        """Sort the records into the workbook's own and those of its sheets."""
        data = self._data
        walk = biff.Walk(data)
        by_start: dict[int, _Sheet] = {}
        current = self._globals
        depth = 0
        kept = 0
        pending: Record | None = None
        tail: list[bytes] = []
        first = True
        zeros = 0
        for kind, at, length in walk.headers():
            if kind == biff.CONTINUE and pending is not None:
                tail.append(data[at : at + length])
                continue
            if pending is not None:
                current.records.append(replace(pending, tail=tuple(tail)) if tail else pending)
                pending = None
                tail = []
            if kind in biff.BOF:
                depth += 1
                if depth == 1 or (at - 4) in by_start:
                    depth = 1
                    version, flavour = struct.unpack_from("<HH", data, at) if length >= 4 else (0, 0)
                    if first:
                        # Microsoft Graph 2000 and later, which keeps charts of slides, goes on counting.
                        self._text.biff8 = version >= _VERSION_8
                        first = False
                    if flavour != _GLOBALS:
                        current = self._substream(by_start, at - 4, flavour)
                    current.start = current.start or at - 4
            elif kind == biff.EOF:
                depth -= 1
                if depth <= 0:
                    depth = 0
                    current.end = at
            if not kind and not length and depth:
                zeros += 1
                # Zeros where records were; behind the last one they fill the stream, some write one alone.
                walk.damaged = walk.damaged or zeros > 1
            else:
                zeros = 0
            if kind in _CELLS or kind in _EMPTY or not length:
                continue
            kept += 1
            if kept > _MOST_RECORDS:
                yield Gap(HERE, Shortfall.LIMIT, f"more than {_MOST_RECORDS:,} records")
                break
            pending = Record(kind, at, data[at : at + length])
            if kind == _BOUNDSHEET and current is self._globals:
                self._bound_sheet(pending, by_start, walk)
        if pending is not None:
            current.records.append(replace(pending, tail=tuple(tail)) if tail else pending)
        if not current.end:
            current.end = len(data)
            walk.damaged = True
        if walk.damaged or not self._sheets:
            self._complete = False
            words = "records of the workbook break off" if walk.damaged else "no sheets"
            yield Gap(HERE, Shortfall.DAMAGED, words)

    def _bound_sheet(self, item: Record, by_start: dict[int, _Sheet], walk: biff.Walk) -> None:
        try:
            offset, state = struct.unpack_from("<LH", item.body, 0)
            name, _ = self._text.string(item.body, 6, 1)
        except _ERRORS:
            return
        sheet = _Sheet(name, STATES.get(state & 3, ""))
        self._sheets.append(sheet)
        if offset > item.at and biff.is_substream(self._data, offset) and offset not in by_start:
            by_start[offset] = sheet
            walk.targets.append(offset)
            walk.targets.sort()

    def _substream(self, by_start: dict[int, _Sheet], at: int, flavour: int) -> _Sheet:
        sheet = by_start.get(at)
        if sheet is None:
            known = {one.start: one for one in self._sheets}
            sheet = known.get(at)
        if sheet is None and not at:
            sheet = _Sheet("1", "")  # there is nothing but this sheet
            self._sheets.append(sheet)
        elif sheet is None:
            sheet = _Sheet(f"at byte {at:,}", "unreferenced part")
            self._sheets.append(sheet)
        sheet.kind = flavour
        return sheet

    # the workbook's own records

    def _read_globals(self) -> Iterator[Event]:
        handlers = {
            _CODEPAGE: self._code_page, _DATEMODE: self._date_mode, _FONT: self._font,
            _FORMAT: self._number_format, _XF: self._cell_format, _SST: self._shared_strings,
            _NAME: self._name, _USER: self._user, _SHARING: self._sharing,
        }  # fmt: skip
        # Formats and code page are needed before anything else is shown.
        for item in self._globals.records:
            handler = handlers.get(item.kind)
            try:
                if handler is not None:
                    handler(item)
                elif item.kind in _WORDS:
                    self._words(item, HERE)
                elif item.kind == _DRAWING_GROUP:
                    self._shape_words(item, HERE)
            except _ERRORS:
                self._complete = False
            yield from drain(self._ready)
        for form, font, filled in self._cell_formats:
            self._styles.formats.append(self._formats.get(form, GENERAL))
            # There is no font of number 4.
            index = font - 1 if font > 4 else font
            colour = self._fonts[index] if 0 <= index < len(self._fonts) else ""
            self._styles.reasons.append(unseen_by_colour(colour, filled))

    def _code_page(self, item: Record) -> None:
        (page,) = struct.unpack_from("<H", item.body, 0)
        self._text.codec = codec_of(1252 if page in (0x8001, _VERSION_8) else page)
        if self._text.codec == "utf-16-le":
            self._text.codec = "cp1252"

    def _date_mode(self, item: Record) -> None:
        self._date1904 = item.body[:1] == b"\x01"

    def _font(self, item: Record) -> None:
        self._fonts.append(_colour(struct.unpack_from("<H", item.body, 4)[0]))

    def _number_format(self, item: Record) -> None:
        (number,) = struct.unpack_from("<H", item.body, 0)
        self._formats[number] = self._text.string(item.body, 2, 2 if self._text.biff8 else 1)[0]

    def _cell_format(self, item: Record) -> None:
        font, form = struct.unpack_from("<HH", item.body, 0)
        if self._text.biff8:
            borders, fill = struct.unpack_from("<LH", item.body, 14) if len(item.body) >= 20 else (0, 0)
            pattern, front = borders >> 26, fill & 0x7F
        else:
            (fill,) = struct.unpack_from("<L", item.body, 8) if len(item.body) >= 12 else (0,)
            pattern, front = fill >> 16 & 0x3F, fill & 0x7F
        ground = None if not pattern else _colour(front) if pattern == _SOLID else ""
        self._cell_formats.append((form, font, ground))

    def _shared_strings(self, item: Record) -> None:
        reader = biff.SharedStrings([item.body, *item.tail])
        self._strings.extend(reader.read(2 * len(self._data)))
        self._used = bytearray(len(self._strings))
        self._lost = self._lost or reader.damaged

    def _name(self, item: Record) -> None:
        body = item.body
        flags, length, size = struct.unpack_from("<HxBH", body, 0)
        name, end = self._text.characters(body, 14, length)
        found = constants(body[end : end + size], body[end + size :], self._text.formulas)
        if flags & 0x20:
            name = ""  # built-in: print area, filter
        values = [("name", name)] + [("value", value) for value in found]
        reason = "hidden defined name" if flags & 1 else "defined name"
        self._ready.append(record(values, Location(("defined names",)), reason))

    def _user(self, item: Record) -> None:
        name = self._text.string(item.body, 0, 2 if self._text.biff8 else 1)[0].strip(" \0")
        if name.isprintable():
            self._ready.append(record([("user", name)], HERE / "user", "document properties"))

    def _sharing(self, item: Record) -> None:
        name = self._text.string(item.body, 4, 2 if self._text.biff8 else 1)[0].strip(" \0")
        if name.isprintable():
            self._ready.append(record([("user", name)], HERE / "user", "document properties"))

    def _words(self, item: Record, place: Location) -> None:
        for body in (item.body, *item.tail):
            for text in biff.readable(body):
                self._ready.append(Segment(text, place / _WORDS[item.kind], _WORDS[item.kind]))

    def _shape_words(self, item: Record, place: Location) -> None:
        for text in dict.fromkeys(biff.wide_runs(b"".join((item.body, *item.tail)))):
            self._ready.append(Segment(text, place / "drawing", "alt text"))

    # a sheet

    def _sheet(self, sheet: _Sheet) -> Iterator[Event]:
        rows = SheetRows(
            next(self._tables), sheet.place, sheet.hidden, self._styles, self._date1904, self._ready.append
        )
        notes = _Notes(self._text, sheet, self._ready)
        for item in sheet.records:
            try:
                self._around(item, sheet, rows, notes)
            except _ERRORS:
                self._complete = False
        behind, self._ready[:] = self._ready[:], []
        yield from self._cells(sheet, rows)
        rows.end()
        yield from drain(self._ready)
        notes.end()
        for segment in (*behind, *drain(self._ready)):
            yield replace(segment, hidden=sheet.hidden) if sheet.hidden else segment
        links = xls_caches.ExternalLinks(self._text, self._tables)
        yield from links.read(sheet.records)

    def _around(self, item: Record, sheet: _Sheet, rows: SheetRows, notes: _Notes) -> None:
        body, place = item.body, sheet.place
        kind = item.kind
        if kind == _ROW:
            row, height, flags = struct.unpack_from("<H4xH4xH", body, 0)
            if flags & 0x20 or height < _FLAT_TWIPS:
                rows.hidden_rows.add(row)
        elif kind == _COLUMNS:
            first, last, width, _, flags = struct.unpack_from("<5H", body, 0)
            if flags & 1 or width == 0:
                rows.hide_columns(first, last)
        elif kind in (_HEADER, _FOOTER) and body:
            text = self._text.string(body, 0, 2 if self._text.biff8 else 1)[0]
            where = "header" if kind == _HEADER else "footer"
            self._ready.append(Segment(header_text(text).strip(), place / where))
        elif kind == _NOTE:
            notes.note(item)
        elif kind == _OBJECT:
            notes.object(item)
        elif kind == _TXO:
            notes.text(item)
        elif kind == _DRAWING:
            self._shape_words(item, place)
        elif kind == _LINK:
            for text in dict.fromkeys(biff.readable(body[32:])):
                if any(mark in text for mark in ":/\\@."):  # the others are the text of the cell
                    self._ready.append(Segment(text, place / "link", "link target"))
        elif kind == _VALIDATION:
            self._validation(body, place)
        elif kind in (_CONDITION, _CONDITION_12):
            self._condition(item, place)
        elif kind in (_SHARED_FORMULA, _ARRAY_FORMULA):
            self._shared_formula(item, sheet)
        elif kind == _SERIES_TEXT:
            text = self._text.string(body, 2, 1)[0]
            self._ready.append(Segment(text, place / "chart"))
        elif kind == _NAME:
            self._name(item)
        elif kind in _WORDS:
            self._words(item, place)

    def _validation(self, body: bytes, place: Location) -> None:
        if not self._text.biff8:
            return
        at = 4
        for _ in range(4):
            text, at = self._text.string(body, at)
            if text.strip("\0 "):
                self._ready.append(Segment(text, place / "validation", "validation message"))
        for _ in range(2):
            (size,) = struct.unpack_from("<H", body, at)
            for text in constants(body[at + 4 : at + 4 + size], b"", self._text.formulas):
                self._ready.append(Segment(text, place / "validation", "validation list"))
            at += 4 + size

    def _condition(self, item: Record, place: Location) -> None:
        """The formulas of a conditional format, which stand at its end (MS-XLS 2.4.42, 2.4.43)."""
        body = item.body
        first, second = struct.unpack_from("<HH", body, 2 if item.kind == _CONDITION else 14)
        found: list[str] = []
        if item.kind == _CONDITION:
            start = len(body) - first - second
            for at, size in ((start, first), (start + first, second)):
                found += constants(body[at : at + size], b"", self._text.formulas)
        elif first:
            found += searched(body, self._text.formulas)
        for text in found:
            self._ready.append(Segment(text, place / "conditional format", "conditional format"))

    def _shared_formula(self, item: Record, sheet: _Sheet) -> None:
        """A formula that several cells share; the cells themselves only point to it."""
        body = item.body
        at = 8 if item.kind == _SHARED_FORMULA else 12
        row, _, column = struct.unpack_from("<HHB", body, 0)
        (size,) = struct.unpack_from("<H", body, at)
        self._constants(body[at + 2 : at + 2 + size], body[at + 2 + size :], row, column, sheet)

    def _constants(self, formula: bytes, extra: bytes, row: int, column: int, sheet: _Sheet) -> None:
        """What somebody typed into a formula; each text once for the workbook."""
        for text in constants(formula, extra, self._text.formulas):
            if text not in self._literals and len(self._literals) < _LITERALS:
                self._literals.add(text)
                place = sheet.place / cell_name(row, column)
                self._ready.append(Segment(text, place, sheet.hidden or "text in a formula"))

    def _cells(self, sheet: _Sheet, rows: SheetRows) -> Iterator[Event]:
        """Walk the cells of a sheet; those of charts inside of it are the charts' own copies."""
        data = self._data
        chart: list[str] = []
        depth = 0
        formula = (0, 0, 0)
        waiting = False
        part = biff.Walk(data[sheet.start : sheet.end])
        shift = sheet.start
        for kind, at, length in part.headers():
            if kind in biff.BOF:
                depth += 1
                continue
            if kind == biff.EOF:
                depth -= 1
                continue
            if kind not in _CELLS:
                continue
            self._budget -= 1
            if self._budget < 0:
                self._complete = False
                yield Gap(sheet.place, Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")
                return
            at += shift
            target = rows if depth <= 1 and sheet.kind != _CHART_SHEET else None
            try:
                if kind == _STRING:
                    text = self._text.string(data[at : at + length], 0)[0]
                    if waiting and target:
                        target.text(*formula, text)
                    waiting = False
                elif kind == _FORMULA:
                    formula, waiting = self._formula(data[at : at + length], sheet, target)
                elif target is not None:
                    self._cell(kind, at, length, target)
                else:
                    self._chart_value(kind, data[at : at + length], chart)
            except _ERRORS:
                self._complete = False
            if self._ready:
                yield from drain(self._ready)
        if chart:
            self._ready.append(Segment("\t".join(chart), sheet.place / "chart", "chart data"))

    def _cell(self, kind: int, at: int, length: int, rows: SheetRows) -> None:
        data = self._data
        if length < 6:
            raise struct.error("cell")
        row, column, style = struct.unpack_from("<HHH", data, at)
        if kind == _LABEL_SST:
            (index,) = struct.unpack_from("<L", data, at + 6)
            if index < len(self._strings):
                self._used[index] = 1
                rows.text(row, column, style, self._strings[index])
            else:
                self._lost = True
        elif kind == _RK:
            rows.number(row, column, style, rk_number(struct.unpack_from("<L", data, at + 6)[0]))
        elif kind == _NUMBER:
            rows.number(row, column, style, struct.unpack_from("<d", data, at + 6)[0])
        elif kind == _RKS:
            for index in range((length - 6) // 6):
                style, bits = struct.unpack_from("<HL", data, at + 4 + 6 * index)
                rows.number(row, column + index, style, rk_number(bits))
        elif kind == _BOOL:
            if data[at + 7] == 0:
                rows.truth(row, column, style, data[at + 6] != 0)
        else:
            rows.text(row, column, style, self._text.string(data[at : at + length], 6)[0])

    def _formula(
        self, body: bytes, sheet: _Sheet, rows: SheetRows | None
    ) -> tuple[tuple[int, int, int], bool]:
        """Take the cached result of a formula; its place, and whether a string of it follows."""
        row, column, style = struct.unpack_from("<HHH", body, 0)
        result = body[6:14]
        end = 22 + int.from_bytes(body[20:22], "little")
        tokens = body[22:end]
        if len(body) > end or may_hold_constants(tokens):
            self._constants(tokens, body[end:], row, column, sheet)
        waiting = False
        if result[6:8] == b"\xff\xff":
            waiting = result[0] == 0
            if result[0] == 1 and rows is not None:
                rows.truth(row, column, style, result[2] != 0)
        elif rows is not None:
            rows.number(row, column, style, struct.unpack("<d", result)[0])
        return (row, column, style), waiting

    def _chart_value(self, kind: int, body: bytes, values: list[str]) -> None:
        if kind == _NUMBER:
            values.append(general(raw_number(struct.unpack_from("<d", body, 6)[0])))
        elif kind == _LABEL:
            values.append(self._text.string(body, 6)[0])


class _Notes:
    """Comments and text boxes of a sheet: text in one record, the cell and the author in another."""

    def __init__(self, text: Text, sheet: _Sheet, ready: list[Segment]) -> None:
        self._text = text
        self._place = sheet.place
        self._ready = ready
        self._object = -1
        self._texts: dict[int, str] = {}
        self._boxes = 0
        self._comments: list[tuple[int, int, int, str]] = []
        self._pending: list[str] = []
        self._at = ""

    def object(self, item: Record) -> None:
        """Note the number of an object, to which the next text belongs."""
        if self._text.biff8:
            if item.body[:2] == b"\x15\0":
                self._object = struct.unpack_from("<H", item.body, 6)[0]
            return
        for text in biff.readable(item.body[30:]):
            self._ready.append(Segment(text, self._place / "drawing"))

    def text(self, item: Record) -> None:
        """Take the text of an object, which stands in the CONTINUE records behind it."""
        (length,) = struct.unpack_from("<H", item.body, 10)
        parts: list[str] = []
        for body in item.tail:
            if length <= 0 or not body:
                break
            wide = body[0] & 1
            raw = body[1 : 1 + length * (2 if wide else 1)]
            parts.append(raw.decode("utf-16-le" if wide else "latin-1", "replace"))
            length -= len(parts[-1])
        self._boxes -= 1
        self._texts[self._object if self._object >= 0 else self._boxes] = "".join(parts)
        self._object = -1

    def note(self, item: Record) -> None:
        """Take the cell and the author of a comment; Excel 5 has the text here, in pieces."""
        if self._text.biff8:
            row, column, _, number = struct.unpack_from("<HHHH", item.body, 0)
            author = self._text.string(item.body, 8)[0]
            self._comments.append((row, column, number, author))
            return
        row, column, length = struct.unpack_from("<HHH", item.body, 0)
        if row != 0xFFFF:
            self._end_old()
            self._at = cell_name(row, column)
        self._pending.append(item.body[6 : 6 + min(length, 2048)].decode(self._text.codec, "replace"))

    def _end_old(self) -> None:
        if self._pending:
            self._emit("".join(self._pending), f"comment on {self._at}", "comment")
            self._pending.clear()

    def end(self) -> None:
        """Give out comments with their cells, then the texts that belong to none."""
        self._end_old()
        authors: set[str] = set()
        for row, column, number, author in self._comments:
            text = self._texts.pop(number, "")
            self._emit(text, f"comment on {cell_name(row, column)}", "comment")
            name = author.strip("\0 ")
            if name and name not in authors:
                authors.add(name)
                self._ready.append(record([("Author", name)], self._place / "author", "author of a comment"))
        for text in self._texts.values():
            self._emit(text, "text box", "")

    def _emit(self, text: str, where: str, hidden: str) -> None:
        if text.strip():
            self._ready.append(Segment(text.strip(), self._place / where, hidden))
