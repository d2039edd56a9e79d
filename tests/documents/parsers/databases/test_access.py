"""Access databases: a real one by mdbtools, and what can be shown without the programs."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest

from scanner.documents import Segment, Source, Status, read_document
from scanner.documents.model import Coverage, Location, Protection, Shortfall
from scanner.documents.parsers.databases import access
from scanner.documents.parsers.databases.access_values import value_of
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.protocol import Member
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
def test_a_damaged_list_of_tables_is_told_and_gives_no_tables_of_its_own() -> None:
    page = next(
        at
        for at in range(PAGE, len(GUILD), PAGE)
        if GUILD[at] == 1 and b"M\0S\0y\0s" in GUILD[at : at + PAGE]
    )
    damaged = GUILD[: page + 14] + b"\xff" * 60 + GUILD[page + 74 :]
    text, coverage = read(damaged)
    assert coverage.status is not Status.INSPECTED
    assert len(text) < 2 * len(GUILD)


@needs_mdbtools
def test_a_damaged_definition_of_a_table_gives_no_rows_and_is_told() -> None:
    page = GUILD.index("Surname_Master".encode("utf-16-le")) // PAGE * PAGE
    *segments, coverage = read_document(Source.from_bytes(GUILD[:page] + bytes(PAGE) + GUILD[page + PAGE :]))
    assert isinstance(coverage, Coverage)
    assert Shortfall.DAMAGED in [gap.reason for gap in coverage.gaps]
    assert not [one for one in segments if isinstance(one, Segment) and one.cells]


@needs_mdbtools
def test_what_the_program_refuses_is_read_in_part() -> None:
    text, coverage = read(database(JET))
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND
    assert "Tokenone" in text


# Changed copies of the real database: nothing that is free writes one.
PAGE = 4_096


def deleted(data: bytes, token: bytes, flags: int = 0xC000) -> bytes:
    """The row that holds ``token``, marked as deleted, as Access does it."""
    at = data.index(token)
    page = at // PAGE * PAGE
    (count,) = struct.unpack_from("<H", data, page + 12)
    places = struct.unpack_from(f"<{count}H", data, page + 14)
    row = max(range(count), key=lambda index: (places[index] <= at - page, places[index]))
    out = bytearray(data)
    struct.pack_into("<H", out, page + 14 + 2 * row, places[row] | flags)
    return bytes(out)


def with_column_type(data: bytes, name: str, old: int, new: int) -> bytes:
    """The definition of the table with another type for one column (names stand in their order behind)."""
    raw = name.encode("utf-16-le")
    names = data.index(struct.pack("<H", len(raw)) + raw)
    page = names // PAGE * PAGE
    (columns,) = struct.unpack_from("<H", data, page + 45)
    (indexes,) = struct.unpack_from("<L", data, page + 51)
    first = page + 63 + 12 * indexes
    at = first + 25 * columns
    for number in range(columns):
        (size,) = struct.unpack_from("<H", data, at)
        if data[at + 2 : at + 2 + size] == raw:
            place = first + 25 * number
            assert data[place] == old
            return data[:place] + bytes((new,)) + data[place + 1 :]
        at += 2 + size
    raise AssertionError("no such column")


def laid_over(data: bytes, at: int, value: bytes) -> bytes:
    """Bytes of the hidden head with a value laid over them: what was nothing before is the value then."""
    mixed = bytes(one ^ other for one, other in zip(data[at:], value, strict=False))
    return data[:at] + mixed + data[at + len(value) :]


@needs_mdbtools
@pytest.mark.parametrize(
    ("data", "method"),
    [
        (GUILD, ""),
        (laid_over(GUILD, 0x42, "secret".encode("utf-16-le")), "Access database password"),
        (laid_over(GUILD, 0x68, b"\1"), "Access database password"),
        (laid_over(GUILD, 0x6A, b"\1"), ""),  # behind it
    ],
)
def test_a_password_that_protects_nothing_is_told_and_the_rows_are_read(data: bytes, method: str) -> None:
    text, coverage = read(data)
    assert coverage.status is Status.INSPECTED
    assert "Aaron" in text
    assert [part.method for part in coverage.protected] == ([method] if method else [])
    assert coverage.protection is (Protection.NAME_ONLY if method else Protection.NONE)


SURNAME = b"\xff\xfeAaron"


@needs_mdbtools
@pytest.mark.parametrize("mark", [b"\2", b"\3", b"\5"], ids=["2007", "2010", "2016"])
def test_later_formats_are_read_like_the_one_before_them(mark: bytes) -> None:
    later = GUILD.replace(b"Standard Jet DB\0\1", b"Standard ACE DB\0" + mark, 1)
    text, coverage = read(later)
    assert coverage.status is Status.INSPECTED
    assert text == read(GUILD)[0]


@needs_mdbtools
def test_a_deleted_row_is_still_read_and_told_as_hidden() -> None:
    *segments, coverage = read_document(Source.from_bytes(deleted(GUILD, SURNAME), "guild.mdb"))
    assert isinstance(coverage, Coverage)
    assert coverage.status is Status.INSPECTED
    rows = [one for one in segments if isinstance(one, Segment) and one.cells]
    (left,) = [one for one in segments if isinstance(one, Segment) and one.hidden == "deleted row"]
    assert len(rows) == 19
    assert "Aaron\tWilliam" in left.text
    assert str(left.location) == 'table "merchant_taylors" > deleted row'


@needs_mdbtools
def test_a_row_that_was_moved_is_read_once_and_is_not_hidden() -> None:
    *segments, _ = read_document(Source.from_bytes(deleted(GUILD, SURNAME, 0x8000), "guild.mdb"))
    found = [one for one in segments if isinstance(one, Segment) and "Aaron" in one.text]
    assert [one.hidden for one in found] == [""]


@needs_mdbtools
def test_bytes_in_a_column_are_not_passed_over() -> None:
    changed = with_column_type(GUILD.replace(SURNAME, b"Aarons!"), "Surname", 0x0A, 0x09)
    *segments, _ = read_document(Source.from_bytes(changed, "guild.mdb"))
    rows = [one for one in segments if isinstance(one, Segment) and one.cells]
    labels = {one.label: rows[0].text[one.start : one.end] for one in rows[0].fields}
    assert (labels["Surname"], labels["Forenames"]) == ("Aarons!", "William")


def attachment(content: bytes, packed: bool) -> bytes:
    inside = struct.pack("<LLL", 20, 1, 4) + "txt\0".encode("utf-16-le") + content
    return struct.pack("<LL", packed, len(inside)) + (zlib.compress(inside) if packed else inside)


def field(kind: int, name: bytes, content: bytes) -> bytes:
    """An object in a field (a head of Access, then OLE 1)."""
    head = struct.pack("<HHLHHHHL", 0x1C15, 20, kind, 0, 0, 0, 0, 0)
    names = struct.pack("<L", len(name) + 1) + name + b"\0" + struct.pack("<LL", 0, 0)
    return head + struct.pack("<LL", 0x501, kind) + names + struct.pack("<L", len(content)) + content


NATIVE = (
    b"\x02\0note.txt\0C:\\n.txt\0"
    + struct.pack("<HHL", 0, 3, 4)
    + b"C:\\\0"
    + struct.pack("<L", 5)
    + b"inner"
)
PLACE = Location(('table "Cases"', "row 1", "column Scan"))


@pytest.mark.parametrize(
    ("data", "name", "text", "members"),
    [
        (attachment(b"case notes", packed=False), "a.txt", "", [("a.txt", b"case notes")]),
        (attachment(b"case notes", packed=True), "a.txt", "", [("a.txt", b"case notes")]),
        (attachment(b"case notes", packed=True)[:20], "a.txt", None, []),
        (field(2, b"Package", NATIVE), "", "", [("note.txt", b"inner")]),
        (field(2, b"Word.Document.8", pack({("WordDocument",): b"x"})), "", "", None),
        (field(1, b"Package", NATIVE), "", None, []),  # a link
        (b"Ann Smith, 1 High Street", "", "Ann Smith, 1 High Street", []),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "", "", None),
        (b"\0\1\2\3", "", "", []),
    ],
)
def test_values_that_are_bytes(
    data: bytes, name: str, text: str | None, members: list[tuple[str, bytes]] | None
) -> None:
    found: list[Member] = []
    said = value_of(data, name, PLACE, found)
    assert text is None or said == text
    if members is None:
        assert len(found) == 1
    else:
        assert [(one.name, one.content) for one in found] == members


def test_without_the_program_the_strings_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "mdbtools", lambda: False)
    text, coverage = read(database(JET))
    assert "no mdbtools" in coverage.gaps[0].detail
    assert "Tokenone" in text
