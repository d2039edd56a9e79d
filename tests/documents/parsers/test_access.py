"""Access databases: what can be shown without one (no program writes them here)."""

from __future__ import annotations

import struct

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.model import Coverage, Protection, Shortfall
from scanner.documents.parsers import access

ACE = b"\x00\x01\x00\x00Standard ACE DB\x00\x02"
JET = b"\x00\x01\x00\x00Standard Jet DB\x00\x01"


def database(mark: bytes, encryption: bytes = b"") -> bytes:
    head = mark.ljust(0x299, b"\0") + encryption
    return head.ljust(4_096, b"\0") + "Tokenone in a memo".encode("utf-16-le") + b"\0" * 4_000


def read(data: bytes) -> tuple[str, Coverage]:
    items = list(read_document(Source.from_bytes(data, "cases.accdb")))
    assert isinstance(items[-1], Coverage)
    return " ".join(item.text for item in items if isinstance(item, Segment)), items[-1]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (database(ACE, struct.pack("<HHH", 900, 4, 4)), Status.ENCRYPTED),
        (database(ACE, struct.pack("<HHH", 200, 3, 2)), Status.ENCRYPTED),
        (database(ACE), Status.PARTIAL),
        (database(ACE, struct.pack("<HHH", 900, 77, 4)), Status.PARTIAL),  # noise where the scheme would be
        (database(JET, struct.pack("<HHH", 900, 4, 4)), Status.PARTIAL),  # Jet keeps other things there
    ],
    ids=["agile", "standard", "plain", "noise", "jet"],
)
def test_encryption_is_told_from_damage(data: bytes, status: Status) -> None:
    text, coverage = read(data)
    assert (coverage.kind, coverage.status) == ("access", status)
    assert (coverage.protection is Protection.STRONG) == (status is Status.ENCRYPTED)
    assert ("Tokenone" in text) == (status is Status.PARTIAL)


@pytest.mark.skipif(not access.mdbtools(), reason="mdbtools is not installed")
def test_what_the_program_refuses_is_read_in_part() -> None:
    text, coverage = read(database(JET))
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
    assert "Tokenone" in text


def test_without_the_program_the_strings_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "mdbtools", lambda: False)
    text, coverage = read(database(JET))
    assert "no mdbtools" in coverage.gaps[0].detail
    assert "Tokenone" in text
