"""What a legacy workbook keeps of other places: caches of pivot tables and of linked workbooks."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.sheets import biff
from scanner.documents.parsers.sheets.biff import Record, Text
from scanner.documents.parsers.sheets.binary_sheet import cell_name, drain, raw_number
from scanner.documents.parsers.sheets.number_format import general
from scanner.documents.protocol import Event
from scanner.documents.rows import Cell, Row, row_segment

_CACHE, _LINK = "pivot cache", "external link cache"
_FIELD, _INDEXES = 0xC7, 0xC8
_NUMBER, _BOOLEAN, _ERROR, _INTEGER, _STRING, _DATE, _NIL = 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF
_VALUES = frozenset((_NUMBER, _BOOLEAN, _ERROR, _INTEGER, _STRING, _DATE, _NIL))
_SUPBOOK, _EXTERNSHEET, _SHEET_OF_CACHE, _CACHED_ROW = 0x1AE, 0x17, 0x59, 0x5A
_MOST_FIELDS = 10_000
_ERRORS = (struct.error, IndexError)


@dataclass(slots=True)
class _Field:
    """A column of a pivot cache: its name and the distinct values that its records point to.

    ``groups`` and ``pending`` count the items that still follow its own record: those of a grouping
    first.  A field that is not ``indexed`` has its values in the records themselves.
    """

    name: str
    indexed: bool
    wide: bool
    groups: int
    pending: int
    items: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


class _PivotCache:
    """One cache stream while it is read (MS-XLS 2.1.7.3)."""

    def __init__(self, text: Text, place: Location, table: int) -> None:
        self._text = text
        self._place = place
        self._table = table
        self._fields: list[_Field] = []
        self._direct: list[int] = []
        self._values: dict[int, str] = {}
        self._next = 0  # of the fields with values of their own, the one whose value comes next
        self._count = 0
        self.ready: list[Segment] = []

    def take(self, kind: int, body: bytes) -> None:
        """Take one record; raises ``struct.error`` or ``IndexError`` where it is damaged."""
        if kind == _FIELD and len(self._fields) < _MOST_FIELDS:
            self._field(body)
        elif kind == _INDEXES:
            self._end_row()
            self._indexes(body)
        elif kind in _VALUES and self._fields:
            value = _value(kind, body, self._text)
            last = self._fields[-1]
            if last.groups:
                last.groups -= 1
                self._loose(last, value)
            elif last.pending:
                last.pending -= 1
                last.items.append(value)
            elif self._direct:
                if self._next >= len(self._direct):
                    self._end_row()
                self._values[self._direct[self._next]] = value
                self._next += 1
            else:
                self._loose(last, value)

    def end(self) -> None:
        """Give out the last record, and the values that no record has used."""
        self._end_row()
        for one in self._fields:
            for index, item in enumerate(one.items):
                if index not in one.used:
                    self._loose(one, item)

    def _field(self, body: bytes) -> None:
        flags, groups, items = struct.unpack_from("<H6xH2xH", body, 0)
        name = self._text.string(body, 14, 2)[0]
        self._fields.append(_Field(name, bool(flags & 1) and items > 0, bool(flags & 0x200), groups, items))
        if not flags & 1:
            self._direct.append(len(self._fields) - 1)

    def _indexes(self, body: bytes) -> None:
        at = 0
        for number, one in enumerate(self._fields):
            if not one.indexed:
                continue
            size = 2 if one.wide else 1
            if at + size > len(body):
                break
            index = int.from_bytes(body[at : at + size], "little")
            at += size
            if index < len(one.items):
                one.used.add(index)
                self._values[number] = one.items[index]

    def _end_row(self) -> None:
        self._next = 0
        if not self._values:
            return
        self._count += 1
        values = [self._values.get(index, "") for index in range(len(self._fields))]
        self._values = {}
        self.ready.append(
            row_segment(
                values,
                [one.name for one in self._fields],
                self._place / f"record {self._count}",
                cells=tuple(f'field "{one.name}"' for one in self._fields),
                table=self._table,
                hidden=_CACHE,
            )
        )

    def _loose(self, one: _Field, value: str) -> None:
        if value.strip():
            place = self._place / f'field "{one.name}"'
            self.ready.append(row_segment([value], [one.name], place, hidden=_CACHE))


def pivot_cache(data: bytes, text: Text, number: int, table: int) -> Iterator[Event]:
    """Yield the records of a pivot cache stream under its field names, and values that none uses."""
    place = Location((f"pivot cache {number}",))
    cache = _PivotCache(text, place, table)
    walk = biff.Walk(data)
    for kind, at, length in walk.headers():
        try:
            cache.take(kind, data[at : at + length])
        except _ERRORS:
            walk.damaged = True
        yield from drain(cache.ready)
    cache.end()
    yield from drain(cache.ready)
    if walk.damaged:
        yield Gap(place, Shortfall.DAMAGED, "records of a pivot cache break off")


def _value(kind: int, body: bytes, text: Text) -> str:
    if kind == _STRING:
        return text.string(body, 0, 2)[0]
    if kind == _NUMBER:
        return general(raw_number(struct.unpack_from("<d", body, 0)[0]))
    if kind == _INTEGER:
        return str(struct.unpack_from("<h", body, 0)[0])
    if kind == _BOOLEAN:
        return "TRUE" if body[:1] != b"\0" else "FALSE"
    if kind == _DATE:
        year, month, day, hour, minute, _ = struct.unpack_from("<HHBBBB", body, 0)
        return f"{day:02}/{month:02}/{year:04}" + (f" {hour:02}:{minute:02}" if hour or minute else "")
    return ""


class ExternalLinks:
    """Rows of other workbooks that formulas point to, kept so that they can be shown without them."""

    def __init__(self, text: Text, tables: Iterator[int]) -> None:
        self._text = text
        self._tables = tables
        self._ready: list[Segment] = []
        self._number = 0
        self._sheets: list[str] = []
        self._here = Location()
        self._rows: LabelledTable | None = None

    def read(self, records: Sequence[Record]) -> Iterator[Event]:
        """Yield paths, sheet names and cached rows."""
        for item in records:
            try:
                if item.kind == _SUPBOOK or (item.kind == _EXTERNSHEET and not self._text.biff8):
                    self._book(item.body)
                elif item.kind == _SHEET_OF_CACHE:
                    self._sheet(item.body)
                elif item.kind == _CACHED_ROW:
                    self._row(b"".join((item.body, *item.tail)))
            except _ERRORS:
                continue
            yield from drain(self._ready)
        self._end()
        yield from drain(self._ready)

    def _end(self) -> None:
        if self._rows is not None:
            self._rows.end()
            self._rows = None

    def _book(self, body: bytes) -> None:
        self._end()
        if self._text.biff8:
            count, size = struct.unpack_from("<HH", body, 0)
            if size in (0x0401, 0x3A01):  # the workbook itself; add-ins
                return
            path, at = self._text.string(body, 2, 2)
        else:
            path, at, count = self._text.string(body, 0, 1)[0], len(body), 0
        self._number += 1
        place = Location((f"external link {self._number}",))
        # Control characters stand for the parts of a path.
        shown = "".join(char if char.isprintable() else "\\" for char in path).strip("\\")
        if shown:
            self._ready.append(record([("path", shown)], place / "link", "link target"))
        self._sheets = []
        for _ in range(min(count, 10_000)):
            if at >= len(body):
                break
            name, at = self._text.string(body, at, 2)
            self._sheets.append(name)
            self._ready.append(record([("sheet", name)], place / "sheet name", _LINK))
        self._here = place

    def _sheet(self, body: bytes) -> None:
        self._end()
        (index,) = struct.unpack_from("<H", body, 2) if len(body) >= 4 else (0,)
        name = self._sheets[index] if index < len(self._sheets) else f"sheet {index}"
        self._here = Location((f"external link {max(1, self._number)}", name))

    def _row(self, body: bytes) -> None:
        last, first, row = struct.unpack_from("<BBH", body, 0)
        at = 4
        cells: list[Cell] = []
        for column in range(first, last + 1):
            if at >= len(body):
                break
            kind = body[at]
            at += 1
            value = ""
            if kind == 2:
                value, at = self._text.string(body, at, 2 if self._text.biff8 else 1)
            else:
                if kind == 1:
                    value = general(raw_number(struct.unpack_from("<d", body, at)[0]))
                elif kind == 4:
                    value = "TRUE" if body[at] else "FALSE"
                at += 8
            if value.strip():
                cells.append(Cell(column, value, cell_name(row, column)))
        if self._rows is None:
            self._rows = LabelledTable(next(self._tables), self._ready.append)
        self._rows.add(Row(row + 1, cells, self._here, _LINK))
