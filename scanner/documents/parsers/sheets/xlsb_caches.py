"""What a binary workbook keeps of other places: caches of pivot tables and of linked workbooks (MS-XLSB)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.documents.model import Gap, Location, Segment, Shortfall
from scanner.documents.parsers.labelled_table import LabelledTable
from scanner.documents.parsers.office.ooxml_parts import record
from scanner.documents.parsers.sheets.binary_sheet import cell_name, drain, raw_number
from scanner.documents.parsers.sheets.number_format import general
from scanner.documents.parsers.sheets.xlsb_records import records, strings_in, wide_string
from scanner.documents.protocol import Event
from scanner.documents.rows import Cell, Row, row_segment

_CACHE, _LINK = "pivot cache", "external link cache"
_FIELD, _ITEMS, _ITEMS_END, _RUN = 183, 189, 190, 191
_MISSING, _NUMBER, _BOOLEAN, _ERROR, _TEXT, _DATE, _INDEX = 20, 21, 22, 23, 24, 25, 26
_VALUES = frozenset((_MISSING, _NUMBER, _BOOLEAN, _ERROR, _TEXT, _DATE))
_RECORD, _RECORD_OF_ITEMS, _RECORDS_END = 33, 34, 194
_FROM_SOURCE, _HAS_DATE, _HAS_NUMBER = 0x04, 0x04, 0x40
_DATES = 0x20  # of a run of values
_EXTERNAL_TABLE, _EXTERNAL_ROW, _EXTERNAL_NUMBER, _EXTERNAL_TRUTH, _EXTERNAL_TEXT = 363, 366, 368, 369, 371
_SHEET_NAMES, _EXTERNAL_TABLE_END = 358, 364
_MOST_FIELDS, _LAST_ROW, _LAST_COLUMN = 10_000, 1 << 20, 1 << 14
_ERRORS = (struct.error, IndexError)


@dataclass(slots=True)
class _Field:
    """A column of a pivot cache: its name, how its records hold it, the items that they may point to."""

    name: str
    source: bool
    flags: int = 0
    count: int = 0
    items: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def value(self, body: bytes, at: int) -> tuple[str, int]:
        """The value of this column in a record, and where it ends."""
        if self.count:
            (index,) = struct.unpack_from("<L", body, at)
            return self.item(index), at + 4
        if self.flags & _HAS_DATE:
            return _date(body, at), at + 8
        if self.flags & _HAS_NUMBER:
            return general(raw_number(struct.unpack_from("<d", body, at)[0])), at + 8
        return wide_string(body, at)

    def item(self, index: int) -> str:
        """An item by its number, which is noted as used."""
        self.used.add(index)
        return self.items[index] if index < len(self.items) else ""


def pivot_cache(definition: bytes, rows: bytes, number: int, table: int) -> Iterator[Event]:
    """Yield the records of a pivot cache under its field names, and items that none of them uses."""
    place = Location((f"pivot cache {number}",))
    ready: list[Segment] = []
    fields = _fields(definition, place, ready)
    yield from drain(ready)
    source = [one for one in fields if one.source]
    names = tuple(f'field "{one.name}"' for one in source)
    labels = [one.name for one in source]
    lost = False
    for count, values in enumerate(_rows(rows, source), 1):
        here = place / f"record {count}"
        if isinstance(values, bytes):
            lost = True
            ready.extend(Segment(text, here, _CACHE) for text in strings_in(values))
        else:
            ready.append(row_segment(values, labels, here, cells=names, table=table, hidden=_CACHE))
        yield from drain(ready)
    for one in fields:
        for index, item in enumerate(one.items):
            if index not in one.used:
                yield from _loose(one.name, item, place)
    if lost:
        yield Gap(place, Shortfall.UNSUPPORTED_KIND, "numbers in the records of a pivot cache")


def _fields(definition: bytes, place: Location, ready: list[Segment]) -> list[_Field]:
    """The columns of a cache with their items; texts of anything else become segments."""
    fields: list[_Field] = []
    inside = False
    for kind, at, length in records(definition):
        body = definition[at : at + length]
        if kind == _FIELD and len(fields) < _MOST_FIELDS:
            fields.append(_Field(_name(body), bool(body[0] & _FROM_SOURCE)))
        elif kind == _ITEMS and fields and length >= 6:
            inside = True
            fields[-1].flags, fields[-1].count = struct.unpack_from("<HL", body, 0)
        elif kind == _ITEMS_END:
            inside = False
        else:
            values = (
                _run(body) if kind == _RUN else [_item(kind, body)] if kind in _VALUES else strings_in(body)
            )
            if inside:
                fields[-1].items.extend(values)
            else:
                for value in values:
                    ready.extend(_loose(fields[-1].name if fields else "", value, place))
    return fields


def _name(body: bytes) -> str:
    try:
        return wide_string(body, 20)[0]
    except struct.error:
        return next(iter(strings_in(body)), "")


def _rows(data: bytes, fields: list[_Field]) -> Iterator[list[str] | bytes]:
    """The records of a cache as values, or as bytes where they do not fit the columns."""
    items: list[str] | None = None
    for kind, at, length in records(data):
        body = data[at : at + length]
        if kind in (_RECORD, _RECORD_OF_ITEMS, _RECORDS_END):
            if items:
                yield items
            items = [] if kind == _RECORD_OF_ITEMS else None
            if kind == _RECORD:
                yield _values(body, fields)
        elif items is None:
            continue
        elif kind == _INDEX and len(items) < len(fields) and length >= 4:
            items.append(fields[len(items)].item(int.from_bytes(body[:4], "little")))
        elif kind in _VALUES:
            items.append(_item(kind, body))
    if items:
        yield items


def _values(body: bytes, fields: list[_Field]) -> list[str] | bytes:
    values: list[str] = []
    at = 0
    try:
        for one in fields:
            value, at = one.value(body, at)
            values.append(value)
    except _ERRORS:
        return body
    return values if at == len(body) else body


def _run(body: bytes) -> list[str]:
    """Items of one type that stand in one record."""
    kind, count = struct.unpack_from("<HL", body, 0)
    if len(body) - 6 == 8 * count:
        if kind & _DATES:
            return [_date(body, 6 + 8 * index) for index in range(count)]
        return [general(raw_number(value)) for (value,) in struct.iter_unpack("<d", body[6:])]
    texts: list[str] = []
    at = 6
    try:
        for _ in range(count):
            text, at = wide_string(body, at)
            texts.append(text)
    except _ERRORS:
        return strings_in(body)
    return texts


def _item(kind: int, body: bytes) -> str:
    if kind == _NUMBER and len(body) >= 8:
        return general(raw_number(struct.unpack_from("<d", body, 0)[0]))
    if kind == _BOOLEAN and body:
        return "TRUE" if body[0] else "FALSE"
    if kind == _DATE and len(body) >= 5:
        return _date(body, 0)
    if kind == _TEXT:
        return wide_string(body, 0)[0]
    return ""


def _date(body: bytes, at: int) -> str:
    year, month, day = struct.unpack_from("<HHB", body, at)
    hour, minute = (body[at + 5], body[at + 6]) if len(body) >= at + 8 else (0, 0)
    return f"{day:02}/{month:02}/{year:04}" + (f" {hour:02}:{minute:02}" if hour or minute else "")


def _loose(label: str, value: str, place: Location) -> Iterator[Segment]:
    if value.strip():
        yield row_segment([value], [label], place / f'field "{label}"' if label else place, hidden=_CACHE)


def external_link(data: bytes, number: int, tables: Iterator[int]) -> Iterator[Event]:
    """Yield the rows that a link keeps of another workbook, its sheet names and defined names."""
    place = Location((f"external link {number}",))
    here = place
    sheets: list[str] = []
    ready: list[Segment] = []
    rows: LabelledTable | None = None
    row = 0
    cells: list[Cell] = []

    def flush() -> None:
        nonlocal cells
        if rows is not None and cells:
            rows.add(Row(row + 1, cells, here, _LINK))
        cells = []

    for kind, at, length in records(data):
        body = data[at : at + length]
        value = ""
        if kind == _SHEET_NAMES:
            sheets.extend(_sheet_names(body))
            ready.extend(record([("sheet", name)], place / "sheet name", _LINK) for name in sheets)
        elif kind == _EXTERNAL_TABLE:
            index = int.from_bytes(body[:4], "little")
            here = place / (sheets[index] if index < len(sheets) else f"sheet {index}")
            rows = LabelledTable(next(tables), ready.append)
        elif kind in (_EXTERNAL_ROW, _EXTERNAL_TABLE_END):
            flush()
            row = min(int.from_bytes(body[:4], "little"), _LAST_ROW)
            if kind == _EXTERNAL_TABLE_END and rows is not None:
                rows.end()
                rows = None
        elif kind == _EXTERNAL_NUMBER and length >= 12:
            value = general(raw_number(struct.unpack_from("<d", body, 4)[0]))
        elif kind == _EXTERNAL_TRUTH and length >= 5:
            value = "TRUE" if body[4] else "FALSE"
        elif kind == _EXTERNAL_TEXT:
            value = wide_string(body, 4)[0]
        else:
            ready.extend(Segment(text, place, _LINK) for text in strings_in(body))
        if value.strip():
            column = min(int.from_bytes(body[:4], "little"), _LAST_COLUMN)
            if rows is None:
                ready.append(Segment(value, here, _LINK))
            else:
                cells.append(Cell(column, value, cell_name(row, column)))
        yield from drain(ready)
    flush()
    if rows is not None:
        rows.end()
    yield from drain(ready)


def _sheet_names(body: bytes) -> Iterator[str]:
    at = 4
    for _ in range(min(int.from_bytes(body[:4], "little"), _MOST_FIELDS)):
        name, at = wide_string(body, at)
        yield name
