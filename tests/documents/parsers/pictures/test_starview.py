"""StarView metafiles: the texts of every kind of action, in 8 and in 16 bits, and damage."""

from __future__ import annotations

import struct

import pytest

from scanner.documents.model import Shortfall, Status
from tests.documents.parsers.reading import read


def action(kind: int, version: int, data: bytes) -> bytes:
    return struct.pack("<HHL", kind, version, len(data)) + data


def drawing(*actions: bytes) -> bytes:
    header = bytes(45) + struct.pack("<L", len(actions))
    return b"VCLMTF" + struct.pack("<HL", 1, len(header)) + header + b"".join(actions)


def narrow(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("cp1252", "replace")


def wide(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


def long(text: str) -> bytes:
    return struct.pack("<L", len(text)) + text.encode("utf-16-le")


POINT, RECTANGLE = bytes(8), bytes(16)
WIDTHS = struct.pack("<LLL", 2, 7, 9)
LINE = action(103, 1, bytes(16))


@pytest.mark.parametrize(
    ("made", "text", "why"),
    [
        (action(112, 1, POINT + narrow("Café") + bytes(4)), "Café", "8 bits"),
        (action(112, 2, POINT + narrow("Lucja?") + bytes(4) + wide("Łucja")), "Łucja", "with Unicode behind"),
        (action(113, 2, POINT + narrow("Ann") + bytes(4) + WIDTHS + wide("Ann")), "Ann", "widths"),
        (action(113, 1, POINT + narrow("Ann") + bytes(4) + WIDTHS), "Ann", "no Unicode"),
        (action(114, 1, POINT + narrow("Ann") + bytes(8)), "Ann", "stretched"),
        (action(115, 1, RECTANGLE + narrow("Ann") + bytes(2)), "Ann", "in a rectangle"),
        (action(113, 2, POINT + long("Łucja") + bytes(4)), "Łucja", "16 bits at once"),
        (action(113, 2, POINT + long("x") + bytes(4)), "x", "one letter of 16 bits"),
    ],
)  # fmt: skip
def test_texts(made: bytes, text: str, why: str) -> None:
    segments, coverage = read(drawing(LINE, made, LINE))
    assert [one.text for one in segments] == [text], why
    assert coverage.status is Status.INSPECTED


def test_a_drawing_without_text_is_read_and_one_that_breaks_off_is_told() -> None:
    assert read(drawing(LINE))[1].status is Status.INSPECTED
    segments, coverage = read(drawing(action(112, 1, POINT + narrow("Ann") + bytes(4)), LINE)[:-5])
    assert [one.text for one in segments] == ["Ann"]
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.DAMAGED]
