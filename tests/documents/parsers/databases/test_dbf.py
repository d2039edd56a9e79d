"""dBASE tables: columns by name, code pages, deleted rows, types, cut-off files."""

from __future__ import annotations

import struct

import pytest

from scanner.documents import Shortfall, Status
from tests.documents.parsers.reading import read, segment_with


def table(
    columns: list[tuple[str, str, int]], rows: list[tuple[bytes, list[bytes]]], driver: int = 3
) -> bytes:
    """A dBASE III table; each row is its mark (blank or asterisk) and its raw values."""
    fields = b"".join(
        name.encode().ljust(11, b"\0") + kind.encode() + b"\0" * 4 + bytes((length, 0)) + b"\0" * 14
        for name, kind, length in columns
    )
    width = 1 + sum(length for *_, length in columns)
    start = 32 + len(fields) + 1
    head = struct.pack("<BBBBIHH", 3, 124, 5, 6, len(rows), start, width).ljust(29, b"\0") + bytes(
        (driver, 0, 0)
    )
    body = b"".join(
        mark + b"".join(value.ljust(length) for value, (*_, length) in zip(values, columns, strict=True))
        for mark, values in rows
    )
    return head + fields + b"\r" + body + b"\x1a"


COLUMNS = [("SURNAME", "C", 20), ("BORN", "D", 8), ("NUMBER", "N", 8)]


def test_rows_columns_and_deleted_rows() -> None:
    data = table(
        COLUMNS,
        [(b" ", [b"Tokenone", b"19790302", b"12345"]), (b"*", [b"Tokengone", b"19800101", b"7"])],
    )
    segments, coverage = read(data)
    assert (coverage.kind, coverage.status) == ("dbf", Status.INSPECTED)
    row = segment_with(segments, "Tokenone")
    assert row.text == "Tokenone\t1979-03-02\t12345"
    assert [field.label for field in row.fields] == ["SURNAME", "BORN", "NUMBER"]
    assert (row.hidden, str(row.location), row.cells[0]) == ("", "row 1", "column SURNAME")
    assert segment_with(segments, "Tokengone").hidden == "deleted row"


@pytest.mark.parametrize(
    ("driver", "raw", "text"),
    [
        (0x03, b"Zo\xeb \xa35", "Zoë £5"),
        (0x02, b"Zo\x89 \x9c5", "Zoë £5"),
        (0x00, "Zoë £5".encode(), "Zoë £5"),
        (0x00, b"Zo\xeb", "Zoë"),
    ],
)
def test_code_pages(driver: int, raw: bytes, text: str) -> None:
    segments, _ = read(table(COLUMNS, [(b" ", [raw, b"", b""])], driver))
    assert segments[0].text.startswith(text)


@pytest.mark.parametrize(
    ("version", "behind", "kind"),
    [
        (0x30, b"\0" * 263, "dbf"),  # Visual FoxPro: a place for the name of the database
        (0x30, b"C:\\DATA\\PEOPLE.DBC".ljust(263, b"\0"), "dbf"),
        (0x03, b"", "dbf"),
        (0x03, b"\0" * 263, "unknown"),  # what dBASE never writes
    ],
)
def test_versions_of_the_head(version: int, behind: bytes, kind: str) -> None:
    plain = table(COLUMNS, [(b" ", [b"Tokenone", b"19790302", b"12345"])])
    end = plain.index(b"\r") + 1
    head = bytearray(plain[:end])
    head[0] = version
    head[8:10] = struct.pack("<H", end + len(behind))
    segments, coverage = read(bytes(head) + behind + plain[end:])
    assert coverage.kind == kind
    if kind == "dbf":
        assert segment_with(segments, "Tokenone").text == "Tokenone\t1979-03-02\t12345"


def test_typed_values_and_missing_memos() -> None:
    columns = [("N", "I", 4), ("D", "B", 8), ("M", "M", 10), ("AT", "T", 8)]
    values = [struct.pack("<i", -77), struct.pack("<d", 2.5), b"1", struct.pack("<ii", 2_451_545, 0)]
    segments, coverage = read(table(columns, [(b" ", values)]))
    assert segments[0].text == "-77\t2.5\t\t2000-01-01"
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
    for nothing in (b"", b"0000000000", bytes(10)):
        values[2] = nothing
        assert not read(table(columns, [(b" ", values)]))[1].gaps, "no row points to a memo"


def test_numbers_that_hide_behind_decimals() -> None:
    columns = [("NHS", "N", 14), ("AMOUNT", "N", 10), ("ID", "B", 8)]
    values = [b"4505577104.00", b"1234.50", struct.pack("<d", 4505577104.0)]
    segments, _ = read(table(columns, [(b" ", values)]))
    assert segments[0].text == "4505577104\t1234.50\t4505577104"


def test_a_cut_off_table_says_how_many_rows_it_lacks() -> None:
    data = table(COLUMNS, [(b" ", [b"Tokenone", b"", b""])] * 5)
    _, coverage = read(data[:-60])
    assert coverage.gaps[0].reason is Shortfall.DAMAGED
    assert "of 5 rows" in coverage.gaps[0].detail
