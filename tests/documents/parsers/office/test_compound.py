"""Legacy compound files and OpenPGP: recognised by structure, never called clean."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from scanner.documents import Protection, Shortfall, Source, Status, read_whole
from scanner.documents.parsers.office.compound import CompoundParser
from scanner.documents.parsers.office.compound_file import CompoundFile, pack
from tests.documents.parsers.legacy import FIXTURES, characters_of, mutations, streams_of
from tests.documents.parsers.reading import pack as pack_zip


def test_damaged_compound_file_still_yields_its_strings() -> None:
    data = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 40
        + "Ann Smith lives here".encode("utf-16-le")
        + b"\0" * 600
    )
    segments, coverage = read_whole(Source.from_bytes(data))
    assert coverage.status is Status.PARTIAL
    assert "Ann Smith lives here" in segments[0].text


def visio() -> bytes:
    """A drawing with text, an embedded text file and a title (as far as a string scan tells)."""
    name = b"note.txt\0C:\\Users\\ann\\note.txt\0"
    text = b"embeddedtoken lives here"
    native = (
        b"\x02\0" + name + struct.pack("<HHL", 0, 3, 9) + b"C:\\t.txt\0" + struct.pack("<L", len(text)) + text
    )
    return pack(
        {
            ("VisioDocument",): b"\0\1" * 50 + "Plan of the drawingtoken".encode("utf-16-le") + bytes(5_000),
            ("ObjectPool", "_1", "\x01Ole10Native"): struct.pack("<L", len(native)) + native,
        }
    )


def test_a_stream_that_is_in_no_storage_is_read_and_told() -> None:
    data = bytearray(pack({("Left",): b"lefttoken is here" * 9, ("Right",): b"righttoken is here" * 9}))
    first = (struct.unpack_from("<L", data, 48)[0] + 1) << struct.unpack_from("<H", data, 30)[0]
    for entry in range(first + 128, first + 4 * 128, 128):
        struct.pack_into("<LL", data, entry + 68, 0xFFFFFFFF, 0xFFFFFFFF)
    segments, coverage = read_whole(Source.from_bytes(bytes(data)))
    words = " ".join(segment.text for segment in segments)
    assert "lefttoken" in words
    assert "righttoken" in words
    assert "streams that are in no storage" in {gap.detail for gap in coverage.gaps}


@pytest.mark.parametrize("pointer", [68, 72, 76], ids=["left", "right", "child"])
def test_a_ring_of_storages_ends(pointer: int) -> None:
    data = bytearray(pack({("Outer", "Inner", "Text"): b"word" * 50, ("Plain",): b"word" * 50}))
    first = (struct.unpack_from("<L", data, 48)[0] + 1) << struct.unpack_from("<H", data, 30)[0]
    entries = {
        bytes(data[at : at + 64]).decode("utf-16-le").rstrip("\0"): at
        for at in range(first, first + 6 * 128, 128)
        if data[at + 66]
    }
    outer = (entries["Outer"] - first) // 128
    struct.pack_into("<L", data, entries["Inner"] + pointer, outer)
    opened = CompoundFile.open(bytes(data))
    assert ("Plain",) in set(opened.paths())
    assert opened.gaps


def test_strings_and_embedded_files_of_other_compound_files() -> None:
    segments, coverage = read_whole(Source.from_bytes(visio()))
    assert any("drawingtoken" in segment.text for segment in segments)
    inner = next(segment for segment in segments if "embeddedtoken" in segment.text)
    assert inner.location.parts[0] == 'embedded file "note.txt"'
    assert coverage.status is Status.PARTIAL, "strings are not all that a drawing says"
    assert coverage.kind == "vsd"


def presentation(kind: int, picture: bytes, device: bytes = b"") -> bytes:
    """How an object looks (MS-OLEDS 2.3.4)."""
    head = struct.pack("<LLL", 0xFFFFFFFF, kind, 4 + len(device)) + device
    return head + struct.pack("<LLLLLLL", 1, 0xFFFFFFFF, 0, 0, 100, 100, len(picture)) + picture


METAFILE = (FIXTURES / "plan.wmf").read_bytes()[22:]
ENHANCED = (FIXTURES / "plan.emf").read_bytes()
DRAWN = read_whole(Source.from_bytes(METAFILE))[0][0].text
BITMAP = struct.pack("<LllHHLLllLL", 40, 1000, 1000, 1, 1, 0, 125_000, 0, 0, 2, 0) + bytes(125_008)
FLAGS: dict[tuple[str, ...], bytes] = {("\x01CompObj",): b"\1\0\xfe\xff", ("\x01Ole",): bytes(20)}
EQUATION = {**FLAGS, ("Equation Native",): bytes(40)}


@pytest.mark.parametrize(
    ("streams", "status"),
    [
        ({**EQUATION, ("\x02OlePres000",): presentation(3, METAFILE)}, Status.INSPECTED),
        ({**EQUATION, ("\x02OlePres000",): presentation(3, METAFILE, b"printer!")}, Status.INSPECTED),
        ({**EQUATION, ("\x02OlePres000",): presentation(14, ENHANCED)}, Status.INSPECTED),
        ({**EQUATION, ("\x03PRINT",): bytes(8) + METAFILE}, Status.INSPECTED),
        ({**EQUATION, ("\x03EPRINT",): ENHANCED}, Status.INSPECTED),
        ({**EQUATION, ("\x02OlePres000",): presentation(3, METAFILE), ("Odd",): b"1"}, Status.PARTIAL),
        ({**EQUATION, ("Data",): METAFILE}, Status.PARTIAL),  # nobody says what that is
    ],
)
def test_an_object_is_read_where_all_of_it_is_known(
    streams: dict[tuple[str, ...], bytes], status: Status
) -> None:
    segments, coverage = read_whole(Source.from_bytes(pack(streams)))
    assert coverage.status is status
    shown = [segment.text for segment in segments if segment.location.parts[0].startswith("picture")]
    assert (shown == [DRAWN]) is (("Data",) not in streams)


@pytest.mark.parametrize(
    ("streams", "tokens", "status"),
    [
        (
            {("package_stream",): pack_zip({"a.txt": "Ann nametoken"}), **FLAGS},
            {"nametoken"},
            Status.INSPECTED,
        ),
        (
            {("think-cellXML",): b"<?xml version='1.0'?><a><b>nametoken</b></a>"},
            {"nametoken"},
            Status.INSPECTED,
        ),
        ({("odd",): b"\0\1\2 nametoken in a record \3"}, {"nametoken"}, Status.PARTIAL),
        ({("odd",): b"BM nametoken \3"}, {"nametoken"}, Status.PARTIAL),
        ({}, set(), Status.INSPECTED),  # an object that was emptied
    ],
)
def test_streams_of_any_name_that_are_files(
    streams: dict[tuple[str, ...], bytes], tokens: set[str], status: Status
) -> None:
    segments, coverage = read_whole(Source.from_bytes(pack(streams)))
    said = " ".join(segment.text for segment in segments)
    assert {token for token in ("nametoken",) if token in said} == tokens
    if streams:
        assert coverage.status is status
    else:
        assert not coverage.gaps


@pytest.mark.parametrize(
    ("looks", "status"),
    [
        (struct.pack("<LLLL", 0, 4, 1, 0xFFFFFFFF) + bytes(20), Status.INSPECTED),  # as LibreOffice writes it
        (struct.pack("<LLLL", 3, 4, 1, 0xFFFFFFFF) + bytes(20), Status.PARTIAL),
    ],
)
def test_an_object_without_a_picture(looks: bytes, status: Status) -> None:
    streams: dict[tuple[str, ...], bytes] = {**FLAGS, ("\x02OlePres000",): looks}
    streams |= {("package_stream",): pack_zip({"a.txt": "Ann"}), ("properties_stream",): bytes(16)}
    _, coverage = read_whole(Source.from_bytes(pack(streams)))
    assert coverage.status is status


@pytest.mark.parametrize(
    ("count", "glyphs", "told"),
    [(0, 0x10, False), (0, 0, False), (4, 0x10, True)],
)
def test_letters_by_the_numbers_of_a_font_are_told(count: int, glyphs: int, told: bool) -> None:
    """An enhanced metafile with one text: how many letters it has, and whether they are numbers of a font."""
    letters = bytes(range(1, 2 * count + 1))
    body = struct.pack("<iiiiIff", 0, 0, 9, 9, 1, 1.0, 1.0)
    body += struct.pack("<iiIIIiiiiI", 0, 0, count, 76, glyphs, 0, 0, 9, 9, 0) + letters
    text = struct.pack("<II", 84, 8 + len(body)) + body
    head = struct.pack("<II", 1, 108) + bytes(32) + b" EMF" + struct.pack("<I", 0x10000) + bytes(60)
    data = head + text + struct.pack("<IIIII", 14, 20, 0, 0, 20)
    _, coverage = read_whole(Source.from_bytes(data))
    assert coverage.kind == "metafile"
    assert [gap.reason for gap in coverage.gaps] == ([Shortfall.NEEDS_OCR] if told else [])


def test_a_bitmap_of_an_object_is_a_picture_that_needs_ocr() -> None:
    looks = {**FLAGS, ("\x02OlePres000",): presentation(8, BITMAP)}
    _, coverage = read_whole(Source.from_bytes(pack(looks)))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR]


@pytest.mark.parametrize(
    "stream", [b"", b"\xff" * 20, presentation(3, METAFILE)[:-1], presentation(99, b"abc")]
)
def test_looks_that_are_not_understood_leave_the_gap(stream: bytes) -> None:
    _, coverage = read_whole(Source.from_bytes(pack({**FLAGS, ("\x02OlePres000",): stream})))
    assert coverage.gaps[0].reason is Shortfall.UNSUPPORTED_KIND


@pytest.mark.parametrize("version", [0x0600, 0x0680])
def test_workbooks_of_microsoft_graph_have_the_strings_of_later_excel(version: int) -> None:
    streams = streams_of((FIXTURES / "staff.xls").read_bytes())
    book = bytearray(streams[("Workbook",)])
    assert struct.unpack_from("<HHH", book) == (0x0809, 16, 0x0600)
    struct.pack_into("<H", book, 4, version)
    plain, _ = read_whole(Source.from_bytes((FIXTURES / "staff.xls").read_bytes()))
    changed, _ = read_whole(Source.from_bytes(pack({**streams, ("Workbook",): bytes(book)})))
    assert [one.text for one in changed] == [one.text for one in plain]


@pytest.mark.parametrize("count", [0, 1, 130])
def test_packed_storages_read_back(count: int) -> None:
    """Small streams, streams at the edge of the mini stream, and one that needs a second list of tables."""
    streams: dict[tuple[str, ...], bytes]
    streams = {("a", f"s{number}"): bytes([number]) * (number * 64) for number in range(count)}
    streams[("big",)] = bytes(range(256)) * (40_000 if count > 100 else 16)
    file = CompoundFile.open(pack(streams))
    assert {path: file.read(*path) for path in file.paths()} == streams
    assert not file.take_gaps()


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = CompoundParser()
    for data in mutations(visio(), 100):
        assert characters_of(parser, data) < 20 * len(data) + 100_000


def armoured(data: bytes, around: str = "") -> bytes:
    body = base64.encodebytes(data).decode()
    banner = "-----{} PGP MESSAGE-----\n"
    return f"{banner.format('BEGIN')}Version: 1\n\n{body}=abcd\n{banner.format('END')}{around}".encode()


DATA = b"\xd2\x21\x01" + bytes(32)
LITERAL = b"\xcb\x12b\x00\0\0\0\0hidden words"


def deflated(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


@pytest.mark.parametrize(
    ("packet", "status", "protection", "why"),
    [
        (b"\x84\x0c" + bytes(12) + DATA, Status.ENCRYPTED, Protection.STRONG, "session key for a public key"),
        (b"\xc3\x04" + bytes(4) + DATA, Status.ENCRYPTED, Protection.STRONG, "session key from a password"),
        (b"\xd2\x20\x01" + bytes(60), Status.ENCRYPTED, Protection.STRONG, "data with integrity protection"),
        (b"\xc9\x20" + bytes(60), Status.ENCRYPTED, Protection.WEAK, "data without integrity protection"),
        (b"\x84\x0c" + bytes(12), Status.ENCRYPTED, Protection.UNKNOWN, "a key for nothing"),
        (b"\xa3\x01" + deflated(LITERAL), Status.INSPECTED, Protection.NAME_ONLY, "only compressed"),
        (LITERAL, Status.INSPECTED, Protection.NAME_ONLY, "only packed"),
        (b"\x00\x00", Status.NOT_INSPECTED, Protection.NONE, "no packet at all"),
    ],
)
def test_pgp_by_its_first_packet(packet: bytes, status: Status, protection: Protection, why: str) -> None:
    segments, coverage = read_whole(Source.from_bytes(armoured(packet)))
    if status is Status.INSPECTED:
        assert "hidden words" in "".join(segment.text for segment in segments), why
        assert coverage.protection is protection
        return
    assert coverage.protection is protection, why
    reason = Shortfall.ENCRYPTED if status is Status.ENCRYPTED else Shortfall.DAMAGED
    assert coverage.gaps[0].reason is reason


def test_text_around_a_pgp_message_is_read() -> None:
    segments, _ = read_whole(
        Source.from_bytes(armoured(b"\x85\x01\x0c" + bytes(60), "the password is Tuesday"))
    )
    assert "the password is Tuesday" in segments[0].text


@pytest.mark.parametrize(
    ("at", "value", "damaged"),
    [
        (0x34, b"\1", False),  # number of a transaction, which some programs count up
        (0x08, b"\1", False),  # class of the file, to be null
        (0x1C, b"\0", False),  # byte order, of which there is one
        (0, b"\x50\0\0\0", True),  # a branch of the directory that leads nowhere
    ],
)
def test_only_damage_that_hides_streams_is_told(at: int, value: bytes, damaged: bool) -> None:
    data = bytearray(pack({("Workbook",): bytes(5_000), ("b",): b"x"}))
    if not at:
        (directory,) = struct.unpack_from("<L", data, 0x30)
        at = 512 * (directory + 1) + 128 + 0x44  # of the first entry behind the root
    data[at : at + len(value)] = value
    file = CompoundFile.open(bytes(data))
    assert bool(file.take_gaps()) is damaged
    assert damaged or (file.has("Workbook") and file.has("b"))
