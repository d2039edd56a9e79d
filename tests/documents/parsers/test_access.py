"""Access databases: a real one by mdbtools, and what can be shown without the programs."""

from __future__ import annotations

import gzip
import struct

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.model import Coverage, Protection, Shortfall
from scanner.documents.parsers import access
from tests.documents.parsers.legacy import FIXTURES

needs_mdbtools = pytest.mark.skipif(not access.mdbtools(), reason="mdbtools is not installed")
GUILD = gzip.decompress((FIXTURES / "merchant_taylors.mdb.gz").read_bytes())
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


@needs_mdbtools
def test_rows_of_a_real_database_are_labelled() -> None:
    *segments, coverage = read_document(Source.from_bytes(GUILD, "guild.mdb"))
    assert isinstance(coverage, Coverage)
    assert (coverage.kind, coverage.status) == ("access", Status.INSPECTED)
    rows = [one for one in segments if isinstance(one, Segment) and one.cells]
    assert len(rows) == 20
    assert str(rows[0].location) == 'table "merchant_taylors" > row 1'
    assert len({row.table for row in rows}) == 1
    labels = {one.label: rows[0].text[one.start : one.end] for one in rows[0].fields}
    assert (labels["Surname"], labels["Forenames"]) == ("Aaron", "William")
    assert rows[0].cells[rows[0].fields.index(rows[0].fields[1])] == "column Surname"


@needs_mdbtools
@pytest.mark.parametrize("length", [5_000, 60_000, 120_000])
def test_a_database_that_breaks_off_is_not_read_wholly(length: int) -> None:
    _, coverage = read(GUILD[:length])
    assert coverage.status is not Status.INSPECTED


@needs_mdbtools
def test_what_the_program_refuses_is_read_in_part() -> None:
    text, coverage = read(database(JET))
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
    assert "Tokenone" in text


def test_without_the_program_the_strings_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "mdbtools", lambda: False)
    text, coverage = read(database(JET))
    assert "no mdbtools" in coverage.gaps[0].detail
    assert "Tokenone" in text
