"""Worksheets of Lotus 1-2-3, Works and Quattro Pro, built record by record."""

from __future__ import annotations

import struct

import pytest

from scanner.documents.model import Coverage, Segment, Shortfall, Status
from scanner.documents.places import place
from tests.documents.parsers.reading import read


def rec(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def first(kind: int, column: int, row: int, value: bytes, form: int = 0xFF) -> bytes:
    return rec(kind, struct.pack("<BHH", form, column, row) + value)


def double(value: float) -> bytes:
    return struct.pack("<d", value)


def long_double(value: int) -> bytes:
    shift = 64 - value.bit_length()
    return struct.pack("<QH", value << shift, 16383 + 63 - shift)


END = rec(1)
RELEASE_2 = (
    rec(0, b"\6\4")
    + rec(8, b"\3\0\0")
    + rec(0x26, b"headertoken".ljust(242, b"\0"))
    + first(0x0F, 0, 0, b"'Name\0")
    + first(0x0F, 1, 0, b"^NHS No\0")
    + first(0x0F, 2, 0, b'"Born\0')
    + first(0x0F, 3, 0, b"'Secret\0")
    + first(0x0F, 0, 1, b"'Ren\x82e Osei\0")
    + first(0x0E, 1, 1, double(4505577104))
    + first(0x0E, 2, 1, double(28916), 0x72)
    + first(0x0D, 3, 1, struct.pack("<h", -7))
    + first(0x10, 4, 1, double(0.5) + b"\5\0tokens")
    + first(0x10, 5, 1, b"\xff" * 8 + b"\0\0")
    + first(0x33, 5, 1, b"resulttoken\0")
    + END
)


def later(kind: int, row: int, sheet: int, column: int, value: bytes) -> bytes:
    return rec(kind, struct.pack("<HBB", row, sheet, column) + value)


RELEASE_3 = (
    rec(0, b"\0\x10\4\0" + bytes(22))
    + later(0x16, 0, 1, 0, b"'Phone\0")
    + later(0x17, 1, 1, 0, long_double(7700900123))
    + later(0x18, 2, 1, 0, struct.pack("<h", 321 << 1))
    + later(0x18, 2, 1, 1, struct.pack("<h", (7 << 4) | (7 << 1) | 1))
    + later(0x19, 3, 1, 0, long_double(12345678) + b"tokens")
    + later(0x25, 4, 1, 0, struct.pack("<L", 36557 << 6))
    + later(0x28, 5, 1, 0, double(1.5))
    + later(0x1A, 6, 1, 0, b"resulttoken\0")
    + later(0x26, 6, 1, 2, b"\1notetoken\0")
    + END
)
WORKS = (
    rec(0xFF, b"\4\4")
    + rec(0x0F, struct.pack("<HHH", 2, 3, 10) + b"'tis a label\0")
    + rec(0x0E, struct.pack("<HHH", 3, 3, 2) + double(4505577104))
    + END
)
QUATTRO = (
    rec(0, b"\1\x10")
    + rec(0x0F, struct.pack("<BBHH", 0, 2, 4, 0) + b"'\2Osei\0")
    + rec(0x0E, struct.pack("<BBHH", 1, 2, 4, 0) + double(4505577104))
    + END
)


def cells(segments: tuple[Segment, ...]) -> dict[str, str]:
    """Where each cell stands -> its text."""
    found = {}
    for segment in segments:
        for item in segment.fields or ():
            text = segment.text[item.start : item.end]
            found[str(place(segment, item.start)) if segment.cells else str(segment.location)] = text
        if not segment.fields:
            found[str(segment.location)] = segment.text
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            RELEASE_2,
            {
                "A2": "Renée Osei", "B2": "4505577104", "C2": "02-Mar-79", "D2": "-7", "E2": "0.5",
                "F2": "resulttoken",
            },
        ),
        (RELEASE_2.replace(b"\6\4", b" Q", 1), {"B2": "4505577104"}),
        (
            RELEASE_3,
            {
                "A1": "Phone", "A2": "7700900123", "A3": "321", "B3": "0.109375", "A4": "12345678",
                "A5": "36557", "A6": "1.5", "A7": "resulttoken",
            },
        ),
        (WORKS, {"C4": "'tis a label", "D4": "4505577104"}),
        (QUATTRO, {"A5": "Osei", "B5": "4505577104"}),
    ],
)  # fmt: skip
def test_cells(data: bytes, expected: dict[str, str]) -> None:
    segments, coverage = read(data)
    assert coverage.kind == "lotus"
    found = {where.rpartition(" > ")[2]: text for where, text in cells(segments).items()}
    assert {where: found.get(where) for where in expected} == expected


def status_of(coverage: Coverage) -> tuple[Status, set[Shortfall]]:
    return coverage.status, {gap.reason for gap in coverage.gaps}


def test_places_of_what_is_hidden() -> None:
    segments, coverage = read(RELEASE_2)
    row = next(one for one in segments if "4505577104" in one.text)
    assert row.hidden_fields[3] == "hidden column"
    assert any("headertoken" in one.text for one in segments)
    assert status_of(coverage) == (Status.INSPECTED, set())
    segments, coverage = read(RELEASE_3)
    note = next(one for one in segments if "notetoken" in one.text)
    assert (str(note.location), note.hidden) == ('sheet "B" > comment on C7', "comment")
    assert status_of(coverage) == (Status.PARTIAL, {Shortfall.UNSUPPORTED_KIND})


@pytest.mark.parametrize("cut", [len(RELEASE_2) - 4, len(RELEASE_2) - 12, 40, 7])
def test_files_that_break_off_are_damaged(cut: int) -> None:
    _, coverage = read(RELEASE_2[:cut])
    assert Shortfall.DAMAGED in status_of(coverage)[1]


def test_a_cell_that_is_too_short_is_damage_and_the_next_is_read() -> None:
    segments, coverage = read(rec(0, b"\6\4") + rec(0x0E, b"\xff\0\0") + RELEASE_2[6:])
    assert any("4505577104" in one.text for one in segments)
    assert status_of(coverage) == (Status.PARTIAL, {Shortfall.DAMAGED})


def test_an_icon_is_no_worksheet() -> None:
    assert read(b"\0\0\1\0\1\0" + bytes(60))[1].kind == "image"
