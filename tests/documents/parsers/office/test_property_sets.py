"""Document properties of legacy Office files: what damage leaves of them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.documents import Source, Status, read_whole

STAFF = Path(__file__).resolve().parents[2] / "fixtures" / "staff.xls"
HEAD = b"\xfe\xff\x00\x00"


def summary(data: bytes) -> int:
    """Where the first property set begins."""
    return data.index(HEAD)


@pytest.mark.parametrize(
    ("offset", "new", "whole", "why"),
    [
        (0, HEAD, True, "as it was"),
        (0, b"\0\0\0\0", False, "the mark is gone"),
        (24, b"\xff\xff\xff\x7f", False, "more sections than there can be"),
        (44, b"\xff\xff\xff\x7f", False, "a section beyond the end"),
        (4, b"\x0a\x00\x02\x00", True, "another system"),
    ],
)
def test_damaged_heads(offset: int, new: bytes, whole: bool, why: str) -> None:
    data = bytearray(STAFF.read_bytes())
    start = summary(bytes(data)) + offset
    data[start : start + len(new)] = new
    _, coverage = read_whole(Source.from_bytes(bytes(data), "staff.xls"))
    assert (coverage.status is Status.INSPECTED) == whole, why
