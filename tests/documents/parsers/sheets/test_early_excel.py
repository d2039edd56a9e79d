"""Worksheets of Excel 2 to 4, and streams of later ones without a container, built record by record."""

from __future__ import annotations

import struct

import pytest

from scanner.documents.model import Shortfall, Status
from scanner.documents.places import place
from tests.documents.parsers.reading import read, segment_with


def rec(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def short(text: str) -> bytes:
    return bytes((len(text),)) + text.encode("cp1252")


def long(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("cp1252")


def early(kind: int, row: int, column: int, value: bytes, form: int = 0) -> bytes:
    """A cell of Excel 2: three bytes of looks, with the number of its format."""
    return rec(kind, struct.pack("<HH3B", row, column, 0, form, 0) + value)


def cell(kind: int, row: int, column: int, value: bytes, form: int = 0) -> bytes:
    return rec(kind, struct.pack("<HHH", row, column, form) + value)


def double(value: float) -> bytes:
    return struct.pack("<d", value)


HEADS = ("Name", "NHS No", "Born")
TEXT_FOLLOWS = b"\0" * 6 + b"\xff\xff"
EXCEL_2 = (
    rec(0x09, struct.pack("<HH", 2, 0x10))
    + rec(0x1E, short("General"))
    + rec(0x1E, short("dd/mm/yyyy"))
    + rec(0x24, b"\3\3\0\0")
    + rec(0x08, struct.pack("<HHHHHB", 2, 0, 4, 0, 0, 0))
    + b"".join(early(0x04, 0, at, short(text)) for at, text in enumerate(HEADS))
    + early(0x04, 1, 0, short("Osei"))
    + early(0x03, 1, 1, double(4505577104))
    + early(0x03, 1, 2, double(28916), 1)
    + early(0x02, 1, 3, struct.pack("<H", 31415))
    + early(0x04, 2, 0, short("hiddenrowtoken"))
    + early(0x06, 3, 0, TEXT_FOLLOWS + b"\0\x0f\x17\x0cformulatoken")
    + rec(0x07, short("resulttoken"))
    + rec(0x1C, struct.pack("<HHH", 1, 0, 9) + b"notetoken")
    + rec(0x14, short("&Lheadertoken"))
    + rec(0x0A)
)
EXCEL_4 = (
    rec(0x409, struct.pack("<HHH", 0, 0x10, 0))
    + rec(0x41E, b"\0\0" + short("General"))
    + rec(0x41E, b"\0\0" + short("dd/mm/yyyy"))
    + rec(0x443, b"\0\0" + bytes(10))
    + rec(0x443, b"\0\1" + bytes(10))
    + rec(0x7D, struct.pack("<5H", 3, 3, 2000, 0, 1))
    + rec(0x208, struct.pack("<4H4xHH", 2, 0, 4, 255, 0x20, 0))
    + b"".join(cell(0x204, 0, at, long(text)) for at, text in enumerate(HEADS))
    + cell(0x204, 1, 0, long("Osei"))
    + cell(0x203, 1, 1, double(4505577104))
    + cell(0x27E, 1, 2, struct.pack("<L", (28916 << 2) | 2), 1)
    + cell(0x27E, 1, 3, struct.pack("<L", (31415 << 2) | 2))
    + cell(0x204, 2, 0, long("hiddenrowtoken"))
    + cell(0x406, 3, 0, TEXT_FOLLOWS + b"\0\0\x0e\0\x17\x0cformulatoken")
    + rec(0x207, long("resulttoken"))
    + rec(0x1C, struct.pack("<HHH", 1, 0, 9) + b"notetoken")
    + rec(0x14, short("&Lheadertoken"))
    + rec(0x0A)
)


@pytest.mark.parametrize("data", [EXCEL_2, EXCEL_4], ids=["Excel 2", "Excel 4"])
def test_places(data: bytes) -> None:
    segments, coverage = read(data)
    assert (coverage.kind, coverage.status) == ("xls", Status.INSPECTED)
    row = segment_with(segments, "4505577104")
    assert row.text == "Osei\t4505577104\t02/03/1979\t31415"
    assert [item.label for item in row.fields][:3] == list(HEADS)
    assert str(place(row, row.text.index("4505"))) == 'sheet "1" > B2'
    assert row.hidden_fields[3] == "hidden column"
    expected = {
        "hiddenrowtoken": ("A3", "hidden row"),
        "resulttoken": ("A4", ""),
        "formulatoken": ("A4", "text in a formula"),
        "notetoken": ("comment on A2", "comment"),
        "headertoken": ("header", ""),
    }
    for token, (where, hidden) in expected.items():
        segment = segment_with(segments, token)
        at = place(segment, segment.text.index(token)) if segment.cells else segment.location
        assert (at.parts[-1], segment.hidden) == (where, hidden), token


@pytest.mark.parametrize(
    ("version", "flavour"),
    [(0, 0x10), (0x500, 0x10), (0, 0x1000)],
    ids=["as small programs for the web write it", "Excel 5", "odd"],
)
def test_a_stream_without_a_container(version: int, flavour: int) -> None:
    data = (
        rec(0x809, struct.pack("<HHHH", version, flavour, 0, 0))
        + cell(0x204, 0, 0, long("Osei"))
        + cell(0x203, 0, 1, double(4505577104))
        + rec(0x0A)
    )
    segments, coverage = read(data)
    row = segment_with(segments, "4505577104")
    assert (row.text, row.hidden, row.location.parts) == ("Osei\t4505577104", "", ('sheet "1"',))
    assert (coverage.kind, coverage.status) == ("xls", Status.INSPECTED)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (EXCEL_2[:-4], Shortfall.DAMAGED),
        (EXCEL_2[:-40], Shortfall.DAMAGED),
        (EXCEL_4[:10] + rec(0x203, b"\0\0") + EXCEL_4[10:], Shortfall.DAMAGED),
        (EXCEL_4[:10] + rec(0x2F, bytes(4)) + EXCEL_4[10:], Shortfall.ENCRYPTED),
    ],
    ids=["no end", "breaks off", "short cell", "password"],
)
def test_what_cannot_be_read_is_told(data: bytes, reason: Shortfall) -> None:
    _, coverage = read(data)
    assert [gap.reason for gap in coverage.gaps] == [reason]


@pytest.mark.parametrize("data", [b"\x09\x08hello, this is a line of text\n" * 3, b"\t\0\x04\0" + bytes(60)])
def test_what_only_begins_alike(data: bytes) -> None:
    assert read(data)[1].kind != "xls"


def test_a_lone_empty_record_is_no_damage() -> None:
    data = EXCEL_4.replace(EXCEL_4[:10], rec(0x809, struct.pack("<HHHH", 0x500, 0x10, 0, 0)))
    data = data.replace(rec(0x0A), rec(0) + rec(0x0A))
    assert read(data)[1].status is Status.INSPECTED
