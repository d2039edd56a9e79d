"""dBASE tables (DBF): every row with its columns, deleted ones as well.

Memo texts stand in another file (DBT, FPT), which a scan reads by itself as runs of letters.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from scanner.documents.decoding import decode
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.parsers.sheets.binary_sheet import raw_number
from scanner.documents.parsers.sheets.cell_text import whole_number
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import row_segment

_HEADER_END = 0x0D
_FILE_END = 0x1A
_DELETED = 0x2A
_COLUMNS = 2_000
# What the pointer of a row to its memo is made of where there is none.
_NO_MEMO = b" 0\0"
# Language driver of a table (byte 29) -> code page; without one it is what Windows wrote.
_CODE_PAGES = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x04: "mac_roman",
    0x57: "cp1252",
    0x58: "cp1252",
    0x59: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0x66: "cp865",
    0x67: "cp861",
    0x6A: "cp737",
    0x6B: "cp857",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
}
_VISUAL_FOXPRO = frozenset({0x30, 0x31, 0x32})


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kind: str
    offset: int
    length: int


class DbfParser:
    """Reads dBASE, FoxPro and Clipper tables."""

    kinds = frozenset({"dbf"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the rows in their order; those marked as deleted are hidden."""
        with source.open() as file:
            head = file.read(32)
            version = head[0]
            rows, start, length = struct.unpack_from("<IHH", head, 4)
            code_page = _CODE_PAGES.get(head[29], "")
            columns = _columns(file.read(max(0, start - 32)), version)
            if not columns or length < 2:
                yield Gap(HERE, Shortfall.DAMAGED, "table without columns")
                return
            labels = [column.name for column in columns]
            cells = tuple(f"column {name}" for name in labels)
            file.seek(start)
            count = number = 0
            pointers = [slice(one.offset, one.offset + one.length) for one in columns if one.kind in "MGP"]
            memos = False
            while len(record := file.read(length)) == length and record[0] != _FILE_END:
                number += 1
                count += len(columns)
                memos = memos or any(record[pointer].strip(_NO_MEMO) for pointer in pointers)
                if count > limits.cells:
                    yield Gap(HERE, Shortfall.LIMIT, f"more than {limits.cells:,} cells")
                    return
                yield row_segment(
                    [_value(record[one.offset : one.offset + one.length], one, code_page) for one in columns],
                    labels,
                    Location((f"row {number}",)),
                    cells=cells,
                    table=1,
                    hidden="deleted row" if record[0] == _DELETED else "",
                )
        if number < rows:
            yield Gap(HERE, Shortfall.DAMAGED, f"{number:,} of {rows:,} rows")
        if memos:
            yield Gap(
                HERE, Shortfall.UNSUPPORTED_KIND, "memo columns stand in a file of their own (DBT, FPT)"
            )


def _columns(fields: bytes, version: int) -> list[_Column]:
    columns: list[_Column] = []
    offset = 1
    for start in range(0, len(fields) - 31, 32):
        entry = fields[start : start + 32]
        if entry[0] == _HEADER_END or len(columns) >= _COLUMNS:
            break
        kind = chr(entry[11])
        # Long texts of FoxPro and Clipper use the byte for decimals as well.
        length = entry[16] | entry[17] << 8 if kind == "C" else entry[16]
        name = entry[:11].partition(b"\0")[0].decode("cp1252", "replace").strip()
        if not (kind == "0" and version in _VISUAL_FOXPRO):  # which columns are null
            columns.append(_Column(name, kind, offset, length))
        offset += length
    return columns


def _value(raw: bytes, column: _Column, code_page: str) -> str:
    kind = column.kind
    if kind in "MGP":
        return ""
    if kind in "I+" and len(raw) == 4:
        return str(struct.unpack("<i", raw)[0])
    if kind in "BO" and len(raw) == 8:
        return raw_number(struct.unpack("<d", raw)[0])
    if kind == "Y" and len(raw) == 8:
        return f"{struct.unpack('<q', raw)[0] / 10_000:.4f}"
    if kind in "T@" and len(raw) == 8:
        day = struct.unpack_from("<i", raw)[0]
        return _julian(day)
    data = raw.strip(b" \0")
    text = data.decode(code_page, "replace") if code_page else decode(data)
    if kind in "NF" and "." in text:
        return whole_number(text)
    if kind == "D" and len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


def _julian(day: int) -> str:
    """Calendar date of a Julian day number, empty outside of the calendar."""
    ordinal = day - 1_721_425
    return date.fromordinal(ordinal).isoformat() if 0 < ordinal < 3_652_060 else ""
