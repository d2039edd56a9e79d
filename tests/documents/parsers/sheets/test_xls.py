"""Legacy Excel workbooks: cells as they are shown, and every record that hides something."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from scanner.documents.model import Protection, Segment, Shortfall, Status
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.parsers.sheets import biff
from scanner.documents.parsers.sheets.binary_sheet import rk_number
from scanner.documents.parsers.sheets.xls import XlsParser
from scanner.documents.places import place
from tests.documents.parsers.legacy import FIXTURES, SHARED, characters_of, mutations, streams_of
from tests.documents.parsers.reading import read, segment_with

STAFF = (FIXTURES / "staff.xls").read_bytes()


def rec(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def text8(value: str, size: str = "H") -> bytes:
    """A string of BIFF8 with its length and flag byte."""
    return struct.pack("<" + size, len(value)) + b"\x01" + value.encode("utf-16-le")


def bof(flavour: int, version: int = 0x0600) -> bytes:
    return rec(0x809, struct.pack("<HHHHLL", version, flavour, 0, 0, 0, 0))


def workbook(
    sheets: list[tuple[str, int, bytes]], own: bytes = b"", version: int = 0x0600, name: str = "Workbook"
) -> bytes:
    """A workbook of sheets (name, state, records)."""
    eof = rec(0x0A)

    def bound(offsets: list[int]) -> bytes:
        out = b""
        for (title, state, _), offset in zip(sheets, offsets, strict=True):
            label = text8(title, "B") if version == 0x0600 else bytes((len(title),)) + title.encode("cp1252")
            out += rec(0x85, struct.pack("<LH", offset, state) + label)
        return out

    head = bof(5, version) + own
    at = len(head) + len(bound([0] * len(sheets))) + 4
    offsets, bodies = [], b""
    for _, _, records in sheets:
        offsets.append(at + len(bodies))
        bodies += bof(0x10, version) + records + eof
    return pack({(name,): head + bound(offsets) + eof + bodies})


def label(row: int, column: int, value: str) -> bytes:
    return rec(0x204, struct.pack("<HHH", row, column, 0) + text8(value))


@pytest.mark.parametrize(
    ("token", "where", "hidden"),
    [
        ("Ann Example", 'sheet "Staff" > A2', ""),
        ("01234567", 'sheet "Staff" > B2', ""),
        ("02/03/1979", 'sheet "Staff" > C2', ""),
        ("31415", 'sheet "Staff" > D2', "hidden column"),
        ("richtoken £5", 'sheet "Staff" > E2', ""),
        ("hiddenrowtoken", 'sheet "Staff" > E3', "hidden row"),
        ("12345678", 'sheet "Staff" > B3', "hidden row"),
        ("77001234599", 'sheet "Staff" > B4', ""),
        ("77001234600", 'sheet "Staff" > D4', "hidden column"),
        ("whitetoken", 'sheet "Staff" > E4', "white text"),
        ("formulaliteral", 'sheet "Staff" > C4', "text in a formula"),
        ("Ωmega", 'sheet "Staff" > E5', ""),
        ("hiddensheettoken", 'sheet "Kids" (hidden) > C14', "hidden sheet"),
        ("commenttoken", 'sheet "Staff" > comment on A2', "comment"),
        ("Commenter", 'sheet "Staff" > author', "author of a comment"),
        ("shapebox", 'sheet "Staff" > text box', ""),
        ("listtoken", 'sheet "Staff" > validation', "validation list"),
        ("prompttoken", 'sheet "Staff" > validation', "validation message"),
        ("linktoken", 'sheet "Staff" > link', "link target"),
        ("nametoken", "defined names", "defined name"),
        ("titletoken", "document properties > title", "document properties"),
    ],
)
def test_places(token: str, where: str, hidden: str) -> None:
    segments, coverage = read(STAFF)
    segment = segment_with(segments, token)
    at = segment.text.index(token)
    reason = segment.hidden
    if segment.hidden_fields:
        reason = segment.hidden_fields[[field.start for field in segment.fields].index(at)]
    assert (str(place(segment, at)) if segment.cells else str(segment.location), reason) == (
        where,
        hidden,
    ) or (where == "defined names" and str(segment.location) == where and segment.hidden == hidden)
    assert coverage.status is Status.INSPECTED


def test_rows_carry_the_header() -> None:
    segments, _ = read(STAFF)
    row = segment_with(segments, "01234567")
    assert [field.label for field in row.fields] == [
        "Name",
        "Account number",
        "Date of birth",
        "Salary",
        "Notes",
    ]


def test_pivot_cache_keeps_rows_when_the_source_is_gone() -> None:
    segments, _ = read(STAFF)
    kept = [segment for segment in segments if segment.hidden == "pivot cache"]
    assert [segment.text for segment in kept] == [
        "pivottoken one\tNorth\t101",
        "pivottoken two\tSouth\t202.5",
    ]
    assert str(place(kept[0], 0)) == 'pivot cache 1 > record 1 > field "Resident"'
    assert [field.label for field in kept[0].fields] == ["Resident", "Ward", "Rent"]


def test_pivot_cache_with_values_of_their_own() -> None:
    field = struct.pack("<7H", 0, 0, 0, 0, 0, 0, 0)
    indexed = struct.pack("<7H", 1, 0, 0, 2, 0, 0, 2)
    cache = rec(0xC6, bytes(20)) + rec(0xC7, indexed + text8("NINO"))
    cache += rec(0xCD, text8("QQ123456C")) + rec(0xCD, text8("unusedtoken"))
    cache += rec(0xC7, field + text8("Pay")) + rec(0xC7, field + text8("Born"))
    date = struct.pack("<HHBBBB", 1979, 3, 2, 0, 0, 0)
    for pay in (100.0, 250.5):
        cache += rec(0xC8, b"\0") + rec(0xC9, struct.pack("<d", pay)) + rec(0xCE, date)
    file = workbook([("A", 0, b"")])
    streams = streams_of(file) | {("_SX_DB_CUR", "0001"): cache + rec(0x0A)}
    segments, _ = read(pack(streams))
    kept = [segment.text for segment in segments if segment.hidden == "pivot cache"]
    assert kept == ["QQ123456C\t100\t02/03/1979", "QQ123456C\t250.5\t02/03/1979", "unusedtoken"]


@pytest.mark.parametrize(
    ("state", "hidden", "where"),
    [
        (0, "", 'sheet "Pay" > A1'),
        (1, "hidden sheet", 'sheet "Pay" (hidden) > A1'),
        (2, "very hidden sheet", 'sheet "Pay" (very hidden) > A1'),
    ],
)
def test_states_of_sheets(state: int, hidden: str, where: str) -> None:
    segments, _ = read(workbook([("Pay", state, label(0, 0, "celltoken"))]))
    segment = segment_with(segments, "celltoken")
    assert (str(segment.location), segment.hidden) == (where, hidden)


def test_a_sheet_that_the_list_does_not_name_is_read() -> None:
    streams = streams_of(workbook([("A", 0, label(0, 0, "one"))]))
    streams[("Workbook",)] += bof(0x10) + label(2, 1, "straytoken") + rec(0x0A)
    segments, _ = read(pack(streams))
    assert segment_with(segments, "straytoken").hidden == "unreferenced part"


def test_orphaned_strings_of_deleted_cells() -> None:
    sst = rec(0xFC, struct.pack("<LL", 1, 2) + text8("keptcell") + text8("orphantoken"))
    cell = rec(0xFD, struct.pack("<HHHL", 0, 0, 0, 0))
    segments, _ = read(workbook([("A", 0, cell)], sst))
    assert segment_with(segments, "orphantoken").hidden == "orphaned shared string"
    assert segment_with(segments, "keptcell").hidden == ""


@pytest.mark.parametrize("cut", [9, 11, 12, 13, 20, 21])
def test_a_string_continued_in_another_record_with_another_width(cut: int) -> None:
    """The first part is 8-bit, the second UTF-16 behind a flag byte of its own; or cut in its head."""
    narrow = struct.pack("<HB", 9, 0) + b"firsttext"
    body = struct.pack("<LL", 2, 2) + narrow
    after = struct.pack("<HB", 4, 1) + "Ωend".encode("utf-16-le")
    head, rest = body[:cut], body[cut:]
    if cut >= 11:  # within the characters: a flag byte, and the rest wide
        rest = b"\x01" + rest.decode("latin-1").encode("utf-16-le") if rest else b""
    strings = list(biff.SharedStrings([head, rest + after]).read(1_000))
    assert strings == ["firsttext", "Ωend"]


def test_external_cache() -> None:
    own = rec(0x1AE, struct.pack("<H", 1) + text8("\x01hr\x03pay.xls") + text8("Payroll"))
    own += rec(0x59, struct.pack("<HH", 1, 0))
    own += rec(
        0x5A, struct.pack("<BBH", 2, 1, 6) + b"\x02" + text8("cachetoken") + b"\x01" + struct.pack("<d", 5)
    )
    segments, _ = read(workbook([("A", 0, b"")], own))
    row = segment_with(segments, "cachetoken")
    assert row.text == "cachetoken\t5"
    assert (str(place(row, 0)), row.hidden) == ("external link 1 > Payroll > B7", "external link cache")
    assert segment_with(segments, "hr\\pay.xls").hidden == "link target"


def test_excel_95() -> None:
    cells = rec(0x204, struct.pack("<HHHH", 0, 0, 0, 9) + b"Caf\xe9 \xa35.00")
    cells += rec(0x1C, struct.pack("<HHH", 3, 1, 11) + b"oldcomm\x92ent")
    segments, coverage = read(workbook([("Altes", 1, cells)], version=0x0500, name="Book"))
    assert segment_with(segments, "Café £5.0").hidden == "hidden sheet"
    assert str(segment_with(segments, "oldcomm’ent").location) == 'sheet "Altes" (hidden) > comment on B4'
    assert coverage.status is Status.INSPECTED


@pytest.mark.parametrize(
    ("bits", "value"),
    [
        (0x3FF00000, 1.0),
        (0x3FF00001, 0.01),
        (2 + (12345 << 2), 12345.0),
        (3 + (250 << 2), 2.5),
        (0xFFFFFFFE, -1.0),
    ],
)
def test_packed_numbers(bits: int, value: float) -> None:
    assert rk_number(bits) == value


def rc4_workbook(password: str) -> bytes:
    """A workbook under the RC4 encryption of Excel 97 (MS-OFFCRYPTO 2.3.6)."""
    salt = bytes(range(16))
    plain = streams_of(workbook([("A", 0, label(0, 0, "lockedtoken"))], rec(0x2F, bytes(54))))[("Workbook",)]
    short = hashlib.md5(password.encode("utf-16-le")).digest()[:5]
    secret = hashlib.md5((short + salt) * 16).digest()[:5]

    def stream(block: int) -> bytes:
        key = hashlib.md5(secret + struct.pack("<L", block)).digest()
        return Cipher(ARC4(key), None).encryptor().update(bytes(1024))

    verifier = bytes(16)
    encryptor = Cipher(ARC4(hashlib.md5(secret + bytes(4)).digest()), None).encryptor()
    verifier_sealed = encryptor.update(verifier)
    hash_sealed = encryptor.update(hashlib.md5(verifier).digest())
    filepass = struct.pack("<HHH", 1, 1, 1) + salt + verifier_sealed + hash_sealed
    out = bytearray()
    for kind, at, length in biff.Walk(plain).headers():
        out += plain[at - 4 : at]
        for offset in range(at, at + length):
            clear = kind in biff.BOF or kind == 0x2F or (kind == 0x85 and offset < at + 4)
            mask = 0 if clear else stream(offset // 1024)[offset % 1024]
            out.append(filepass[offset - at] if kind == 0x2F else plain[offset] ^ mask)
    return pack({("Workbook",): bytes(out)})


@pytest.mark.parametrize(
    ("password", "status", "protection"),
    [
        ("VelvetSweatshop", Status.INSPECTED, Protection.NAME_ONLY),
        ("Tuesday1", Status.ENCRYPTED, Protection.WEAK),
    ],
)
def test_the_default_password_opens_and_is_reported(
    password: str, status: Status, protection: Protection
) -> None:
    segments, coverage = read(rc4_workbook(password))
    assert (coverage.status, coverage.protection) == (status, protection)
    assert any("lockedtoken" in segment.text for segment in segments) is (status is Status.INSPECTED)


def test_records_that_break_off_are_damage_and_the_next_sheet_is_still_read() -> None:
    data = streams_of(workbook([("A", 0, label(0, 0, "one")), ("B", 0, label(0, 0, "twotoken"))]))
    stream = bytearray(data[("Workbook",)])
    at = stream.index(struct.pack("<H", 0x204))
    stream[at + 2 : at + 4] = b"\xff\x7f"
    segments, coverage = read(pack({("Workbook",): bytes(stream)}))
    assert segment_with(segments, "twotoken").location.parts[0] == 'sheet "B"'
    assert coverage.gaps[0].reason is Shortfall.DAMAGED


def test_a_record_longer_than_any_is_damage() -> None:
    cells = b"".join(label(row, 0, f"token{row}") for row in range(800))
    stream = bytearray(streams_of(workbook([("A", 0, cells)]))[("Workbook",)])
    first = stream.index(label(10, 0, "token10"))
    length = stream.index(label(700, 0, "token700")) - first - 4
    assert length > 8224
    stream[first + 2 : first + 4] = length.to_bytes(2, "little")
    _, coverage = read(pack({("Workbook",): bytes(stream)}))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.DAMAGED]


@pytest.mark.parametrize(("zeros", "status"), [(3, Status.INSPECTED), (9, Status.PARTIAL)])
def test_zeros_among_the_shared_strings_are_damage(zeros: int, status: Status) -> None:
    """One string of no letters is a string; several are a lost sector."""
    words = [text8(f"word{number}") for number in range(4)]
    sst = rec(
        0xFC, struct.pack("<LL", 4, 4 + zeros // 3) + words[0] + words[1] + bytes(zeros) + words[2] + words[3]
    )
    cells = b"".join(rec(0xFD, struct.pack("<HHHL", row, 0, 0, row)) for row in range(2))
    assert read(workbook([("A", 0, cells)], sst))[1].status is status


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [(0x85, None, "all that says which sheets there are"), (0x204, 0x0A, "the cells of a sheet")],
)
def test_a_run_of_zeros_is_damage(start: int, end: int | None, why: str) -> None:
    stream = bytearray(streams_of(workbook([("A", 0, label(0, 0, "lost" * 40))]))[("Workbook",)])
    at = stream.index(struct.pack("<H", start))
    until = stream.rindex(struct.pack("<HH", end, 0)) if end is not None else len(stream)
    stream[at:until] = bytes(until - at)
    _, coverage = read(pack({("Workbook",): bytes(stream)}))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.DAMAGED], why


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = XlsParser()
    for data in mutations(STAFF, 200):
        assert characters_of(parser, data) < 20 * len(data) + 100_000


_WORD = re.compile(r"\w+")


def words_of(segments: tuple[Segment, ...]) -> set[str]:
    return {word for segment in segments for word in _WORD.findall(segment.text)}


@pytest.mark.skipif(not SHARED.is_dir(), reason="no folder of shared documents beside the repository")
@pytest.mark.parametrize("path", sorted((SHARED / "calamine").rglob("*.xls")), ids=lambda path: path.name)
def test_texts_that_another_reader_finds_are_found(path: Path) -> None:
    xlrd = pytest.importorskip("xlrd", reason="xlrd is not installed")
    segments, _ = read(path.read_bytes())
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            book = xlrd.open_workbook(file_contents=path.read_bytes(), logfile=io.StringIO())
    except Exception:
        pytest.skip("the other reader cannot open it")
    theirs = {
        word
        for sheet in book.sheets()
        for row in range(sheet.nrows)
        for cell in sheet.row(row)
        if cell.ctype == 1
        for word in _WORD.findall(cell.value)
    }
    missing = theirs - words_of(segments)
    assert len(missing) * 50 <= len(theirs), sorted(missing)[:10]


def test_columns_hidden_again_and_again_cost_nothing() -> None:
    hides = b"".join(
        rec(0x7D, struct.pack("<5H", column, column + 1, 0, 0, 1)) for column in range(0, 60_000, 2)
    )
    cells = b"".join(rec(0x203, struct.pack("<HHHd", row, row % 256, 0, row)) for row in range(5_000))
    segments, coverage = read(workbook([("A", 0, hides + cells)]))
    assert len(segments) > 5_000
    assert coverage.status is Status.INSPECTED


@pytest.mark.parametrize(
    ("font", "pattern", "front", "hidden", "why"),
    [
        (0x7FFF, 0, 64, "", "as a program begins"),
        (9, 0, 64, "white text", "white on the sheet"),
        (9, 1, 18, "", "white on blue"),
        (9, 1, 1, "white text", "white on white paint"),
        (0x7FFF, 1, 8, "blacked-out text", "a black bar"),
        (10, 1, 2, "text in the colour of its background", "red on red"),
        (10, 1, 47, "", "red on pink"),
        (0x7FFF, 2, 8, "", "a pattern through which it shows"),
    ],
)
@pytest.mark.parametrize("version", [0x0600, 0x0500])
def test_colours_of_cells(font: int, pattern: int, front: int, hidden: str, why: str, version: int) -> None:
    name = b"\x05\x00Arial" if version == 0x0600 else b"\x05Arial"
    fonts = rec(0x31, struct.pack("<HHHHHBBBB", 200, 0, font, 400, 0, 0, 0, 0, 0) + name)
    if version == 0x0600:
        style = struct.pack("<HHHHHLLH", 0, 0, 1, 0x20, 0, 0, pattern << 26, front)
        cell = label(0, 0, "Token")
    else:
        style = struct.pack("<HHHHLL", 0, 0, 1, 0x20, front | pattern << 16, 0)
        cell = rec(0x204, struct.pack("<HHHH", 0, 0, 0, 5) + b"Token")
    book = workbook(
        [("S", 0, cell)], fonts + rec(0xE0, style), version, "Workbook" if version == 0x0600 else "Book"
    )
    segments, _ = read(book)
    assert segment_with(segments, "Token").hidden == hidden, why


@pytest.mark.parametrize(
    ("height", "hidden"), [(2, "hidden row"), (0, "hidden row"), (100, ""), (0x80FF, "")]
)
def test_rows_without_height(height: int, hidden: str) -> None:
    row = rec(0x208, struct.pack("<HHHHHHL", 0, 0, 1, height, 0, 0, 0x100))
    segments, _ = read(workbook([("S", 0, row + label(0, 0, "Token"))]))
    assert segment_with(segments, "Token").hidden == hidden
