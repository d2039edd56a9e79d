"""OneNote: embedded files are read as what they are, the rest in part."""

from __future__ import annotations

import struct

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.model import Coverage, Shortfall

MARK = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
BEGIN = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")


def section(embedded: bytes, claimed: int | None = None) -> bytes:
    length = len(embedded) if claimed is None else claimed
    text = "Tokenone on a page".encode("utf-16-le")
    return MARK + b"\0" * 1_000 + text + b"\0" * 9 + BEGIN + struct.pack("<QIQ", length, 0, 0) + embedded


@pytest.mark.parametrize(
    ("data", "expected", "gaps"),
    [
        (section(b"a,b\r\nTokentwo,1\r\n"), {"Tokenone", "Tokentwo"}, {Shortfall.UNSUPPORTED_KIND}),
        (section(b""), {"Tokenone"}, {Shortfall.UNSUPPORTED_KIND}),
        (
            section(b"Tokentwo", 2**60),
            {"Tokenone", "Tokentwo"},
            {Shortfall.UNSUPPORTED_KIND, Shortfall.DAMAGED},
        ),
        (section(b"Tokentwo")[:-40], {"Tokenone"}, {Shortfall.UNSUPPORTED_KIND}),
    ],
    ids=["embedded", "empty", "lies about its length", "cut in the head"],
)
def test_sections(data: bytes, expected: set[str], gaps: set[Shortfall]) -> None:
    items = list(read_document(Source.from_bytes(data, "notes.one")))
    text = " ".join(item.text for item in items if isinstance(item, Segment))
    assert {token for token in ("Tokenone", "Tokentwo") if token in text} == expected
    coverage = items[-1]
    assert isinstance(coverage, Coverage)
    assert (coverage.kind, coverage.status) == ("onenote", Status.PARTIAL)
    assert {gap.reason for gap in coverage.gaps} == gaps


def text(words: str, length: int | None = None) -> bytes:
    """A text as the value of a property: its length in bytes, then UTF-16."""
    data = words.encode("utf-16-le")
    return struct.pack("<L", len(data) if length is None else length) + data


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (text("Ann"), ["Ann"]),  # too short for a run of readable characters
        (text("Łódź") + text("Zoë – Łódź"), ["Zoë – Łódź"]),  # the first letter is one of Latin-1
        (text("Case of Ann\vO’Brien\0"), ["Case of Ann\vO’Brien"]),
        (text("Ann") + b"\1\2\3" + text("Ann"), ["Ann"]),  # another revision of the page
        (text("Ann", 9), []),  # an odd length is none
        (text("Ann", 2_000_000), []),
        (text("Ann", 8) + b"\1\0", []),  # control characters within
        (text("--"), []),
    ],
)
def test_texts_are_taken_by_their_length(data: bytes, expected: list[str]) -> None:
    made = MARK + bytes(1_000) + b"\xff" + data + b"\xff" * 9
    items = list(read_document(Source.from_bytes(made, "notes.one")))
    found = [
        item for item in items if isinstance(item, Segment) and item.location.parts[0].startswith("text ")
    ]
    assert [item.text for item in found] == expected


def test_a_text_is_told_once() -> None:
    made = MARK + bytes(1_000) + text("A longer text of a paragraph") + bytes(40)
    items = list(read_document(Source.from_bytes(made, "notes.one")))
    assert sum("paragraph" in item.text for item in items if isinstance(item, Segment)) == 1
