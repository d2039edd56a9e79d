"""Outlook stores: made by the published format and accepted by two independent readers."""

from __future__ import annotations

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.external_program import find_program
from scanner.documents.model import Coverage, Protection, Shortfall
from scanner.documents.parsers.mail import pst
from tests.documents.parsers.outlook_store import outlook_store

MAIL = [
    (0x1A, "IPM.Note"),
    (0x37, "\x01\x05RE: Tokensubject"),
    (0x1000, "Tokenbody says Zoë"),
    (0x0C1A, "Tokensender"),
    (0x0E04, "Tokento"),
    (0x0E02, "Tokenbcc"),
]
CONTACT = [(0x1A, "IPM.Contact"), (0x3A06, "Tokenfirst"), (0x3A2A, "Tokencode"), (0x3A5D, "Tokenstreet")]


def read(data: bytes) -> tuple[dict[str, str], Coverage]:
    items = list(read_document(Source.from_bytes(data, "archive.pst")))
    assert isinstance(items[-1], Coverage)
    places = {str(item.location): item.text for item in items if isinstance(item, Segment)}
    return places, items[-1]


needs_libpff = pytest.mark.skipif(pst._libpff() is None, reason="libpff-python is not installed")
needs_readpst = pytest.mark.skipif(not find_program("readpst"), reason="pst-utils is not installed")


@needs_libpff
def test_every_property_of_every_item() -> None:
    places, coverage = read(outlook_store([MAIL, CONTACT], folder="Tokenfolder"))
    assert (coverage.kind, coverage.status) == ("pst", Status.INSPECTED)
    within = 'folder "Top" > folder "Tokenfolder" > item'
    assert places[f"{within} 1 > header Subject"] == "RE: Tokensubject"
    assert places[f"{within} 1 > body > line 1"] == "Tokenbody says Zoë"
    assert set(places[f"{within} 1 > properties"].split("\n")) == {"Tokensender", "Tokento", "Tokenbcc"}
    assert set(places[f"{within} 2 > properties"].split("\n")) == {"Tokenfirst", "Tokencode", "Tokenstreet"}
    assert "Tokenfolder" in places.values()


@needs_libpff
def test_a_store_password_protects_nothing() -> None:
    places, coverage = read(outlook_store([MAIL], password=0x1234))
    assert coverage.protection is Protection.NAME_ONLY
    assert "Tokenbody says Zoë" in places.values()


@needs_readpst
def test_the_program_reads_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pst, "_libpff", lambda: None)
    assert pst.reader_of_stores() == "readpst"
    places, coverage = read(outlook_store([MAIL]))
    text = " ".join(places.values())
    assert coverage.status is Status.INSPECTED
    for token in ("Tokensubject", "Tokenbody says Zoë", "Tokento"):
        assert token in text


@pytest.mark.parametrize("cut", [0.3, 0.95, 0.99])
def test_a_damaged_store_is_read_in_part(cut: float) -> None:
    data = outlook_store([MAIL, CONTACT])
    places, coverage = read(data[: int(len(data) * cut)])
    assert coverage.status is not Status.INSPECTED
    assert coverage.gaps
    if cut > 0.5:
        assert "Tokenbody" in " ".join(places.values())


def test_without_any_reader_the_strings_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pst, "_libpff", lambda: None)
    monkeypatch.setattr(pst, "find_program", lambda _: "")
    assert pst.reader_of_stores() == ""
    places, coverage = read(outlook_store([MAIL]))
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
    assert "Tokenbody" in " ".join(places.values())
