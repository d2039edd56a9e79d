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
