"""Binary Excel workbooks (XLSB): sheets as they are shown, and every other part for its strings."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.office import ooxml_parts
from scanner.documents.parsers.office.ole_object import OLE_MAGIC
from scanner.documents.parsers.office.ooxml_package import Package, Part, open_package
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.sheets import xlsb_caches
from scanner.documents.parsers.sheets.binary_sheet import (
    STATES,
    SheetRows,
    cell_name,
    drain,
    rk_number,
    sheet_place,
)
from scanner.documents.parsers.sheets.formula_tokens import BIFF12, constants, searched
from scanner.documents.parsers.sheets.number_format import BUILT_IN_FORMATS, GENERAL
from scanner.documents.parsers.sheets.workbook_parts import header_text
from scanner.documents.parsers.sheets.workbook_styles import (
    BLACK,
    WHITE,
    SharedStrings,
    Styles,
    unseen_by_colour,
)
from scanner.documents.parsers.sheets.xlsb_records import is_whole, records, strings_in, wide_string
from scanner.documents.protocol import HERE, Event, Source

# Record types (MS-XLSB 2.3.2): the first of a part says what the part is.
_BOOK, _SHEET, _STRINGS, _STYLES, _COMMENTS = 131, 129, 159, 278, 628
_CACHE, _CACHE_RECORDS, _LINK = 179, 193, 360
_PROGRAM_VERSION, _SHEET_PROPERTIES = 128, 147
_BUNDLE, _BOOK_PROPERTIES, _NAME = 156, 153, 39
_FORMAT, _FONT, _FILL, _XF, _CELL_XFS, _CELL_XFS_END = 44, 43, 45, 47, 617, 618
_STRING_ITEM, _ROW, _COLUMNS, _HYPERLINK, _HEADER_FOOTER, _VALIDATION = 19, 0, 60, 494, 479, 64
_RK, _BOOL, _REAL, _TEXT, _SHARED = 2, 4, 5, 6, 7
_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL = 8, 9, 10
_INLINE_RICH = 62
# Cells that stand right behind the cell before them leave out their column; cells without a value count.
_SHORT = {13: _RK, 15: _BOOL, 16: _REAL, 17: _TEXT, 18: _SHARED}
_SHORT_EMPTY, _EMPTY = frozenset((12, 14)), frozenset((1, 3, 11))
_ARRAY_FORMULA, _SHARED_FORMULA, _CONDITION = 426, 427, 463
_AUTHOR, _COMMENT, _COMMENT_TEXT = 632, 635, 637
_VALUES = frozenset(
    (_RK, _BOOL, _REAL, _TEXT, _SHARED, _FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL, _INLINE_RICH)
)
_LITERALS = 10_000
_SILENT = frozenset(("binaryindex", "calcchain", "printersettings"))
_ERRORS = (struct.error, IndexError)
# Colours by kind (1: palette, 3: theme) and number.
_COLOURS = {(1, 0): BLACK, (1, 1): WHITE, (1, 8): BLACK, (1, 9): WHITE, (1, 64): BLACK, (1, 65): WHITE}
_COLOURS |= {(3, 0): WHITE, (3, 1): BLACK}


class XlsbParser:
    """Reads binary workbooks by a walk over the records of all parts."""

    kinds = frozenset({"xlsb"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the sheets in their order, then comments, caches, names and all other parts."""
        package = open_package(source, limits)
        yield from package.take_gaps()
        yield from _Workbook(package, limits).read()


@dataclass(slots=True)
class _Sheet:
    name: str
    hidden: str
    part: Part
    place: Location = field(init=False)

    def __post_init__(self) -> None:
        self.place = sheet_place(self.name, self.hidden)


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
        self._literals: set[str] = set()
        self._cache_records: set[str] = set()
        self._ready: list[Segment] = []

    def read(self) -> Iterator[Event]:
        """Yield everything that the package holds."""
        package = self._package
        by_kind: dict[int, list[Part]] = {}
        others: list[Part] = []
        for part in package.parts:
            if part.extension == ".bin" and (kind := self._kind(part)) is not None:
                by_kind.setdefault(kind, []).append(part)
            else:
                others.append(part)
        for part in by_kind.get(_STYLES, []):
            yield from self._guarded(part, self._read_styles(part))
        for part in by_kind.get(_STRINGS, []):
            yield from self._guarded(part, self._read_strings(part))
        sheets: list[_Sheet] = []
        for part in by_kind.get(_BOOK, []):
            yield from self._guarded(part, self._book(part, sheets))
        named = {sheet.part.name for sheet in sheets}
        for part in by_kind.get(_SHEET, []):
            if part.name not in named:
                sheets.append(_Sheet(part.base, "unreferenced part", part))
        for sheet in sheets:
            self._owners[sheet.part.name.lower()] = sheet
            for link in package.related(sheet.part).values():
                if not link.external:
                    self._owners[link.target.lower()] = sheet
            yield from self._guarded(sheet.part, self._sheet(sheet))
        if self._complete:
            for text in self._strings.orphans():
                yield Segment(text, Location(("shared strings",)), "orphaned shared string")
        for part in by_kind.get(_COMMENTS, []):
            yield from self._guarded(part, self._comments(part))
        for number, part in enumerate(by_kind.get(_CACHE, []), 1):
            yield from self._guarded(part, self._cache(part, number))
        for number, part in enumerate(by_kind.get(_LINK, []), 1):
            yield from self._guarded(part, self._external(part, number))
        for part in by_kind.get(_CACHE_RECORDS, []):
            if part.name not in self._cache_records:
                # Records whose definition is gone: nothing says how they are laid out.
                place = Location((part.base,))
                yield from self._scan(part, place, "pivot cache")
                yield Gap(
                    place, Shortfall.UNSUPPORTED_KIND, "records of a pivot cache without its definition"
                )
        known = {_BOOK, _SHEET, _STRINGS, _STYLES, _COMMENTS, _CACHE, _LINK, _CACHE_RECORDS}
        for kind, parts in by_kind.items():
            for part in parts if kind not in known else ():
                if not any(word in part.base for word in _SILENT):
                    yield from self._scan(part, self._place(part.name) / f'part "{part.base}"', "other part")
        yield from self._others(others)

    def _kind(self, part: Part) -> int | None:
        """Type of the first record, ``None`` for parts that are no records (objects, macros, printers)."""
        head = next(self._package.chunks(part, 16), b"")
        self._package.gaps.clear()  # the same trouble is reported when the part is read
        if head.startswith(OLE_MAGIC) or any(word in part.name.lower() for word in ("embeddings", "activex")):
            return None
        return next((kind for kind, _, _ in records(head)), None)

    def _guarded(self, part: Part, events: Iterator[Event]) -> Iterator[Event]:
        """A part's events; where its records break off, what came before is kept and the gap says so."""
        try:
            yield from events
        except _ERRORS:
            self._complete = False
            yield from drain(self._ready)
            yield Gap(Location((part.name,)), Shortfall.DAMAGED, "record of the workbook")
        gaps = self._package.take_gaps()
        self._complete = self._complete and not gaps
        yield from gaps

    def _read(self, part: Part) -> bytes:
        data = self._package.read(part)
        if not is_whole(data):
            self._complete = False
            self._package.gaps.append(Gap(Location((part.name,)), Shortfall.DAMAGED, "records break off"))
        return data

    def _read_styles(self, part: Part) -> Iterator[Event]:
        formats = dict(BUILT_IN_FORMATS)
        fonts: list[str] = []
        fills: list[str | None] = []
        inside = False
        data = self._read(part)
        for kind, at, length in records(data):
            if kind == _FORMAT:
                (number,) = struct.unpack_from("<H", data, at)
                formats[number] = wide_string(data[at : at + length], 2)[0]
            elif kind == _FONT:
                fonts.append(_colour(data[at + 12 : at + min(20, length)]))
            elif kind == _FILL:
                pattern = int.from_bytes(data[at : at + min(4, length)], "little")
                solid = _colour(data[at + 4 : at + min(12, length)]) if pattern == 1 else ""
                fills.append(solid if pattern else None)
            elif kind in (_CELL_XFS, _CELL_XFS_END):
                inside = kind == _CELL_XFS
            elif kind == _XF and inside:
                _, form, font, fill = struct.unpack_from("<4H", data, at)
                self._styles.formats.append(formats.get(form, GENERAL))
                colour = fonts[font] if font < len(fonts) else ""
                ground = fills[fill] if fill < len(fills) else None
                self._styles.reasons.append(unseen_by_colour(colour, ground))
        yield from ()

    def _read_strings(self, part: Part) -> Iterator[Event]:
        data = self._read(part)
        for kind, at, length in records(data):
            if kind == _STRING_ITEM:
                body = data[at : at + length]
                text, end = wide_string(body, 1)
                self._strings.texts.append(text)
                if body[0] & 2:
                    self._strings.phonetic.extend(strings_in(body[end:]))
        self._strings.used = bytearray(len(self._strings.texts))
        for text in self._strings.phonetic:
            yield Segment(text, Location(("shared strings",)), "phonetic text")

    def _book(self, part: Part, sheets: list[_Sheet]) -> Iterator[Event]:
        related = self._package.related(part)
        data = self._read(part)
        for kind, at, length in records(data):
            body = data[at : at + length]
            if kind == _BOOK_PROPERTIES:
                self._date1904 = bool(body and body[0] & 1)
            elif kind == _BUNDLE:
                (state,) = struct.unpack_from("<L", body, 0)
                identifier, name = _bundle(body)
                hidden = STATES.get(state & 3, "")
                yield record([("sheet", name)], sheet_place(name, hidden) / "name", hidden)
                link = related.get(identifier)
                target = self._package.part_named(link.target) if link else None
                if target is not None and target.name not in {sheet.part.name for sheet in sheets}:
                    sheets.append(_Sheet(name, hidden, target))
            elif kind == _NAME:
                flags = body[0]
                name, end = wide_string(body, 9)
                values = [("name", "" if name.startswith("_xl") or flags & 0x20 else name)]
                values += [("value", text) for text in _formula(body, end)]
                reason = "hidden defined name" if flags & 1 else "defined name"
                yield record(values, Location(("defined names",)), reason)
            elif kind != _PROGRAM_VERSION:
                for text in strings_in(body):
                    yield Segment(text, HERE / "workbook", "document properties")

    def _sheet(self, sheet: _Sheet) -> Iterator[Event]:
        rows = SheetRows(
            next(self._tables), sheet.place, sheet.hidden, self._styles, self._date1904, self._ready.append
        )
        row = column = 0
        behind: list[Segment] = []
        data = self._read(sheet.part)
        for record_kind, at, length in records(data):
            kind, body = record_kind, data[at : at + length]
            if kind in _SHORT:
                column += 1
                kind, body = _SHORT[kind], struct.pack("<L", column) + body
            if kind in _VALUES:
                (column,) = struct.unpack_from("<L", body, 0)
                self._cells += 1
                if self._cells > self._limits.cells:
                    self._complete = False
                    yield Gap(sheet.place, Shortfall.LIMIT, f"more than {self._limits.cells:,} cells")
                    break
                self._cell(kind, body, row, rows, sheet)
            elif kind == _ROW and length >= 12:
                (row,) = struct.unpack_from("<L", body, 0)
                row = min(row, 1 << 20)
                if body[11] & 0x10:
                    rows.hidden_rows.add(row)
            elif kind in _EMPTY and length >= 4:
                (column,) = struct.unpack_from("<L", body, 0)
            elif kind in _SHORT_EMPTY:
                column += 1
            elif kind == _COLUMNS and length >= 18:
                first, last, width, _, flags = struct.unpack_from("<4LH", body, 0)
                if flags & 1 or not width:
                    rows.hide_columns(first, last)
            elif length > 6 and kind != _SHEET_PROPERTIES:  # (its name in macros)
                behind.extend(self._around(kind, body, sheet))
            if self._ready:
                yield from drain(self._ready)
        rows.end()
        yield from drain(self._ready)
        for segment in behind:
            yield replace(segment, hidden=sheet.hidden) if sheet.hidden else segment

    def _cell(self, kind: int, body: bytes, row: int, rows: SheetRows, sheet: _Sheet) -> None:
        column, style = struct.unpack_from("<LL", body, 0)
        column, style = min(column, 1 << 14), style & 0xFFFFFF
        end = 8
        if kind == _SHARED:
            rows.text(row, column, style, self._strings.at(str(struct.unpack_from("<L", body, 8)[0])))
        elif kind == _RK:
            rows.number(row, column, style, rk_number(struct.unpack_from("<L", body, 8)[0]))
        elif kind in (_REAL, _FORMULA_NUMBER):
            rows.number(row, column, style, struct.unpack_from("<d", body, 8)[0])
            end = 16
        elif kind in (_BOOL, _FORMULA_BOOL):
            rows.truth(row, column, style, body[8] != 0)
            end = 9
        else:
            text, end = wide_string(body, 9 if kind == _INLINE_RICH else 8)
            rows.text(row, column, style, text)
        if kind in (_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL):
            self._constants(body, end + 2, sheet.place / cell_name(row, column), sheet)

    def _constants(self, body: bytes, at: int, place: Location, sheet: _Sheet) -> None:
        """What somebody typed into a formula; each text once for the workbook."""
        for text in _formula(body, at):
            if text not in self._literals and len(self._literals) < _LITERALS:
                self._literals.add(text)
                self._ready.append(Segment(text, place, sheet.hidden or "text in a formula"))

    def _around(self, kind: int, body: bytes, sheet: _Sheet) -> Iterator[Segment]:
        """Texts of the records of a sheet that are no cells."""
        if kind == _HEADER_FOOTER:
            at = 2
            for where in ("header", "footer", "header", "footer", "header", "footer"):
                if at + 4 > len(body):
                    return
                text, at = wide_string(body, at)
                if text.strip():
                    yield Segment(header_text(text).strip(), sheet.place / where)
            return
        if kind in (_SHARED_FORMULA, _ARRAY_FORMULA):
            row, _, column = struct.unpack_from("<LLL", body, 0)
            place = sheet.place / cell_name(min(row, 1 << 20), min(column, 1 << 14))
            self._constants(body, 16 if kind == _SHARED_FORMULA else 17, place, sheet)
            return
        if kind == _CONDITION:
            for text in searched(body, BIFF12):
                yield Segment(text, sheet.place / "conditional format", "conditional format")
        where, reason = {
            _HYPERLINK: ("link", "link tip"),
            _VALIDATION: ("validation", "validation message"),
        }.get(kind, ("other part", "other part"))
        for text in strings_in(body):
            yield Segment(text, sheet.place / where, reason)
        if kind == _VALIDATION:
            for text in searched(body, BIFF12):
                yield Segment(text, sheet.place / where, "validation list")

    def _comments(self, part: Part) -> Iterator[Event]:
        place = self._place(part.name)
        data = self._read(part)
        cell = ""
        for kind, at, length in records(data):
            body = data[at : at + length]
            if kind == _AUTHOR:
                author = wide_string(body, 0)[0]
                if author.strip() and not author.startswith("tc={"):
                    yield record([("Author", author)], place / "author", "author of a comment")
            elif kind == _COMMENT:
                row, _, column = struct.unpack_from("<LLL", body, 4)
                cell = cell_name(min(row, 1 << 20), min(column, 1 << 14))
            elif kind == _COMMENT_TEXT:
                yield Segment(wide_string(body, 1)[0].strip(), place / f"comment on {cell}", "comment")

    def _cache(self, part: Part, number: int) -> Iterator[Event]:
        """A pivot cache: its definition, and the records that a relationship names."""
        links = self._package.related(part).values()
        found = (self._package.part_named(link.target) for link in links if not link.external)
        lists = [one for one in found if one is not None and "pivotcacherecords" in one.base]
        self._cache_records.update(one.name for one in lists)
        rows = self._read(lists[0]) if lists else b""
        yield from xlsb_caches.pivot_cache(self._read(part), rows, number, next(self._tables))

    def _external(self, part: Part, number: int) -> Iterator[Event]:
        yield from xlsb_caches.external_link(self._read(part), number, self._tables)

    def _scan(self, part: Part, place: Location, reason: str) -> Iterator[Event]:
        """The strings of a part whose records are not taken apart."""
        data = self._read(part)
        for _, at, length in records(data):
            if length > 6:
                for text in strings_in(data[at : at + length]):
                    yield Segment(text, place, reason)
        yield from self._package.take_gaps()

    def _place(self, name: str) -> Location:
        sheet = self._owners.get(name.lower())
        return sheet.place if sheet is not None else HERE

    def _others(self, parts: list[Part]) -> Iterator[Event]:
        package = self._package
        attachments = ooxml_parts.Attachments(package)
        for part in parts:
            yield from ooxml_parts.shared(package, part, attachments, self._place(part.name))
            yield from package.take_gaps()
        yield from ooxml_parts.links(package, self._place)
        yield from attachments.end()
        yield from ooxml_parts.archive_comment(package)


def _colour(raw: bytes) -> str:
    """A colour (MS-XLSB 2.5.14) as RRGGBB, or a mark of its own for one of the palette or theme."""
    if len(raw) < 8:
        return ""
    kind, index, tint = raw[0] >> 1, raw[1], raw[2:4]
    if kind == 2:
        return raw[4:7].hex().upper()
    known = _COLOURS.get((kind, index), "" if kind else BLACK)
    return known if known and tint == b"\0\0" else f"{kind} {index} {tint.hex()}"


def _bundle(body: bytes) -> tuple[str, str]:
    """Identifier and name of a sheet; before the release of Excel 2007 another number stood in front."""
    try:
        identifier, end = wide_string(body, 8)
        return identifier, wide_string(body, end)[0]
    except struct.error:
        identifier, end = wide_string(body, 12)
        return identifier, wide_string(body, end)[0]


def _formula(body: bytes, at: int) -> list[str]:
    """The constants of a formula that stands behind its length; behind the tokens its arrays."""
    (size,) = struct.unpack_from("<L", body, at)
    at += 4
    return constants(body[at : at + size], body[at + size + 4 :], BIFF12)
