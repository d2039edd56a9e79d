"""Macro source: the compression of MS-OVBA."""

from __future__ import annotations

import pytest

from scanner.documents.model import Gap, Shortfall
from scanner.documents.parsers.office.macro_source import decompress, macro_segments

# The specification's own examples (MS-OVBA 3.2.1 to 3.2.3).
NO_COMPRESSION = bytes.fromhex(
    "01 19 B0 00 61 62 63 64 65 66 67 68 00 69 6A 6B 6C 6D 6E 6F 70 00 71 72 73 74 75 76 2E"
)
NORMAL = bytes.fromhex(
    "01 2F B0 00 23 61 61 61 62 63 64 65 82 66 00 70 61 67 68 69 6A 01 38 08 61 6B 6C 00 30 6D 6E 6F"
    "70 06 71 02 70 04 10 72 73 74 75 76 10 77 78 79 7A 00 3C"
)
MAXIMUM = bytes.fromhex("01 03 B0 02 61 45 00")


@pytest.mark.parametrize(
    ("container", "text"),
    [
        (NO_COMPRESSION, b"abcdefghijklmnopqrstuv."),
        (NORMAL, b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"),
        (MAXIMUM, b"a" * 73),
    ],
)
def test_decompress(container: bytes, text: bytes) -> None:
    assert decompress(container) == text


@pytest.mark.parametrize("data", [b"", b"\x01", NORMAL[:20], b"\x01\x03\xb0\x02\x61\xff\xff"])
def test_damage_ends_what_comes_out(data: bytes) -> None:
    assert len(decompress(data)) < 60


def test_project_without_source_is_a_gap() -> None:
    (event,) = macro_segments(b"not an OLE file")
    assert isinstance(event, Gap)
    assert event.reason is Shortfall.DAMAGED
