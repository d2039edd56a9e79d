"""Legacy Word documents: every story, what is hidden in them, and what fast saves leave behind."""

from __future__ import annotations

import struct

import pytest

from scanner.documents.model import Protection, Shortfall, Status
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.parsers.word.doc import DocParser
from tests.documents.parsers.legacy import FIXTURES, SHARED, characters_of, mutations, streams_of
from tests.documents.parsers.reading import pack as pack_zip
from tests.documents.parsers.reading import read, segment_with

NOTES = (FIXTURES / "notes.doc").read_bytes()


@pytest.mark.parametrize(
    ("token", "place", "hidden"),
    [
        ("bodytoken with boldtoken", "paragraph 1", ""),
        ("QQ123456C", "paragraph 2", ""),
        ("deletedtoken", "paragraph 2 > tracked deletion by changeauthor", "tracked deletion"),
        ("changeauthor", "author of a change", "author of a change"),
        ("vanishtoken", "paragraph 3 > hidden text", "hidden text"),
        ("whitetoken", "paragraph 3 > white text", "white text"),
        ("Price £12 – sort code 20\u201111\u201122", "paragraph 4", ""),
        ("footnotetoken", "footnote 1", ""),
        ("endnotetoken", "endnote 1", ""),
        ("headertoken", "header", ""),
        ("footertoken", "footer", ""),
        ("commenttoken", "comment 1", "comment"),
        ("Commenter Ctoken", "comment 1 > author", "author of a comment"),
        ('HYPERLINK "mailto:linktoken', "paragraph 5 > field", "field instruction"),
        ("Commented text, linktext.", "paragraph 5", ""),
        ("framebox", "text box 1", ""),
        ("shapebox", "text box 2", ""),
        ("Größe Ωmega", "paragraph 7", ""),
        ("titletoken", "document properties > title", "document properties"),
        ("authortoken", "document properties > author", "document properties"),
        ("customtoken", "document properties > Case", "document properties"),
    ],
)
def test_places(token: str, place: str, hidden: str) -> None:
    segments, coverage = read(NOTES)
    segment = segment_with(segments, token)
    assert (str(segment.location), segment.hidden) == (place, hidden)
    assert coverage.status is Status.INSPECTED


def test_hidden_stretches_are_not_in_the_visible_text_and_know_what_stands_before() -> None:
    segments, _ = read(NOTES)
    assert segment_with(segments, "vanishtoken").fields[0].label == "Name"
    visible = [segment.text for segment in segments if not segment.hidden]
    assert "Name:  and  end." in visible
    assert not any("deletedtoken" in text for text in visible)


def test_tables_are_rows_with_labelled_fields() -> None:
    segments, _ = read(NOTES)
    row = segment_with(segments, "02/03/1979")
    assert [field.label for field in row.fields] == ["Name", "Date of birth", "Notes"]
    assert row.text == "Ann Example\t02/03/1979\tfirst line\nsecond line"
    short = segment_with(segments, "lastcell")
    assert [field.label for field in short.fields] == ["Name", "Notes"], "the empty cell keeps its column"


@pytest.mark.parametrize(
    ("residue", "found"),
    [
        (b"The allegation against Mr Example was withdrawn", True),
        ("Payroll number 123456 was deleted".encode("utf-16-le"), True),
        (b"Withdrawn", True),
        (b"acspAPPL vertAlignenum", False),
        (b"T \xa3y:mft Rf lHy", False),
        (b"\x89PNG\r\n\x1a\n words of a picture's own IEND\xaeB\x60\x82", False),
        (b"\xff\xd8\xff\xe1 words of a picture's own \xff\xd9", False),
        (bytes(range(33, 127)), False),
        (b"aB3$xY!q" * 4, False),
    ],
)
def test_text_outside_of_the_pieces(residue: bytes, found: bool) -> None:
    streams = streams_of(NOTES)
    streams[("WordDocument",)] += b"\0" * 10 + residue + b"\0" * 10
    segments, _ = read(pack(streams))
    left = [segment for segment in segments if segment.hidden == "deleted text still in the file"]
    assert bool(left) is found
    if found:
        assert residue.decode("utf-16-le" if residue[1] == 0 else "cp1252") == left[0].text


def word_95(text: bytes, flags: int = 0) -> bytes:
    """A Word 95 document: one run of 8-bit text."""
    head = bytearray(0x300)
    struct.pack_into("<HHHHHH", head, 0, 0xA5DC, 104, 0, 0x0809, 0, flags)
    struct.pack_into("<LL", head, 0x18, 0x300, 0x300 + len(text))
    struct.pack_into("<L", head, 0x34, len(text))
    return pack({("WordDocument",): bytes(head) + text})


def test_word_95() -> None:
    segments, coverage = read(word_95(b"Dear Ann\x92s neighbour\rCost \xa35\rName\x07Born\x07\x07"))
    assert [segment.text for segment in segments[:2]] == ["Dear Ann’s neighbour", "Cost £5"]
    assert "Name\tBorn" in [segment.text for segment in segments]
    assert coverage.status is Status.INSPECTED


@pytest.mark.parametrize(
    ("data", "protection"),
    [
        (word_95(b"\x12\x34\x56", 0x0100), Protection.WEAK),
        (
            pack(
                {
                    ("WordDocument",): struct.pack("<HHHHHH", 0xA5EC, 193, 0, 0, 0, 0x0100) + bytes(900),
                    ("0Table",): struct.pack("<HH", 1, 1) + bytes(60),
                }
            ),
            Protection.WEAK,
        ),
        (
            pack(
                {
                    ("WordDocument",): struct.pack("<HHHHHH", 0xA5EC, 193, 0, 0, 0, 0x0300) + bytes(900),
                    ("1Table",): struct.pack("<HHLLLLL", 4, 2, 0, 0, 0, 0, 0x6801) + bytes(60),
                }
            ),
            Protection.WEAK,
        ),
    ],
)
def test_passwords_are_told_by_the_flag(data: bytes, protection: Protection) -> None:
    _, coverage = read(data)
    assert coverage.status is Status.ENCRYPTED
    assert coverage.protection is protection


def test_embedded_objects_are_read() -> None:
    streams = streams_of(NOTES)
    package = pack_zip({"case.txt": "embeddedtoken lives here"})
    streams[("ObjectPool", "_1234", "Package")] = package
    streams[("ObjectPool", "_1235", "WordDocument")] = streams[("WordDocument",)]
    streams[("ObjectPool", "_1235", "1Table")] = streams.get(("1Table",), b"")
    streams[("ObjectPool", "_1235", "0Table")] = streams.get(("0Table",), b"")
    segments, coverage = read(pack(streams))
    assert "embedded file" in str(segment_with(segments, "embeddedtoken").location)
    inner = [segment for segment in segments if "boldtoken" in segment.text]
    assert [str(segment.location) for segment in inner] == ["paragraph 1", "embedded object 2 > paragraph 1"]
    assert coverage.status is Status.INSPECTED


def test_pieces_that_overlap_do_not_expand() -> None:
    streams = streams_of(NOTES)
    main, name = bytearray(streams[("WordDocument",)]), ("1Table",)
    name = name if name in streams else ("0Table",)
    table = streams[name]
    pieces = 20_000
    plc = struct.pack(f"<{pieces + 1}L", *(index * 2_000 for index in range(pieces + 1)))
    plc += struct.pack("<HLH", 0, 0x40000000 | 0x800, 0) * pieces
    clx = b"\x02" + struct.pack("<L", len(plc)) + plc
    struct.pack_into("<LL", main, 0x1A2, len(table), len(clx))
    struct.pack_into("<L", main, 0x4C, pieces * 2_000)
    streams[("WordDocument",)], streams[name] = bytes(main), table + clx
    data = pack(streams)
    assert characters_of(DocParser(), data) < 10 * len(data)
    _, coverage = read(data)
    assert any("piece table" in gap.detail for gap in coverage.gaps)


def test_a_header_that_breaks_off_is_damaged_and_its_text_is_still_found() -> None:
    segments, coverage = read(
        pack({("WordDocument",): b"\xec\xa5\xc1\0" + b"Complaint about the tenant of flat 3"})
    )
    assert coverage.gaps[0].reason is Shortfall.DAMAGED
    assert "Complaint about the tenant" in segments[0].text


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = DocParser()
    for data in mutations(NOTES, 150):
        assert characters_of(parser, data) < 20 * len(data) + 100_000


@pytest.mark.skipif(not SHARED.is_dir(), reason="no folder of shared documents beside the repository")
def test_files_of_word() -> None:
    folder = SHARED / "msoffcrypto-tool" / "tests" / "inputs"
    _, coverage = read((folder / "plain.doc").read_bytes())
    assert coverage.status is Status.INSPECTED
    _, coverage = read((folder / "rc4cryptoapi_password.doc").read_bytes())
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.WEAK)


def sprm(code: int, operand: bytes) -> bytes:
    return struct.pack("<H", code) + operand


VANISH, SHOWN = sprm(0x083C, b"\x01"), sprm(0x083C, b"\x00")
WHITE, RED = sprm(0x6870, b"\xff\xff\xff\x00"), sprm(0x6870, b"\xff\x00\x00\x00")
EMBOSSED = sprm(0x0858, b"\x01")
BLACK_GROUND = sprm(0xCA71, b"\x0a" + b"\x00\x00\x00\xff" + bytes(6))
BLUE_GROUND = sprm(0xC64D, b"\x0a" + b"\x00\x00\x00\xff" + b"\x80\x00\x00\x00" + b"\x00\x00")
BLUE_CELLS = sprm(0xD612, b"\x0a" + b"\x00\x00\x00\xff" + b"\x80\x00\x00\x00" + b"\x00\x00")
IN_TABLE, ROW_END = sprm(0x2416, b"\x01"), sprm(0x2417, b"\x01")


def style(name: str, kind: int, modifiers: bytes, based: int = 0xFFF) -> bytes:
    head = struct.pack("<HHHHH", 0x0FFE, kind | based << 4, 1, 0, 0)
    body = head + struct.pack("<H", len(name)) + name.encode("utf-16-le") + b"\0\0"
    if kind == 1:
        body += struct.pack("<HH", 2, 0)
    body += struct.pack("<H", len(modifiers)) + modifiers
    return struct.pack("<H", len(body)) + body


STYLES = [
    style("Normal", 1, b""),
    style("Secret", 1, VANISH),
    style("Heir", 1, sprm(0x0835, b"\x01"), based=1),
    style("SecretRun", 2, VANISH),
    style("White", 1, WHITE),
]


def page(bounds: list[int], items: list[bytes], size: int) -> bytes:
    """A formatted disk page: bounds, an offset for each stretch, and the modifiers at the page's end."""
    out = bytearray(512)
    struct.pack_into(f"<{len(bounds)}L", out, 0, *bounds)
    at = 510
    for number, item in enumerate(items):
        if item:
            at = (at - len(item)) & ~1
            out[at : at + len(item)] = item
            out[4 * len(bounds) + size * number] = at // 2
    out[511] = len(items)
    return bytes(out)


def word_97(
    paragraphs: list[tuple[int, bytes, list[tuple[str, bytes]], str]], authors: tuple[str, ...] = ()
) -> bytes:
    """A Word 97 document of paragraphs: style, modifiers, runs with theirs, the mark that ends it."""
    text = ""
    start = 0x800
    runs: list[tuple[int, bytes]] = []
    ends: list[tuple[int, bytes]] = []
    for number, modifiers, pieces, mark in paragraphs:
        for words, formatting in pieces:
            runs.append((start + len(text), formatting))
            text += words
        runs.append((start + len(text), b""))
        text += mark
        ends.append((start + len(text), struct.pack("<H", number) + modifiers))
    end = start + len(text)
    characters = page(
        [*(at for at, _ in runs), end], [bytes((len(one),)) + one if one else b"" for _, one in runs], 1
    )
    # The length of a paragraph's modifiers is counted in words, behind a zero.
    packed = [
        b"\0" + bytes(((len(one) + 1) // 2,)) + one.ljust((len(one) + 1) & ~1, b"\0") for _, one in ends
    ]
    of_paragraphs = page([start, *(at for at, _ in ends)], packed, 13)
    table = bytearray()
    head = bytearray(0x800)
    struct.pack_into("<HHHHHH", head, 0, 0xA5EC, 193, 0, 0x0809, 0, 0x0200)
    struct.pack_into("<LL", head, 0x18, start, end)
    struct.pack_into("<L", head, 0x4C, len(text))
    main = bytes(head) + text.encode("cp1252")
    main += bytes(-len(main) % 512)
    first = len(main) // 512
    names = b"".join(struct.pack("<H", len(one)) + one.encode("utf-16-le") for one in authors)
    parts = {
        1: struct.pack("<HHHHHHHHHH", 18, len(STYLES), 10, 1, 0, 0, 0, 0, 0, 0) + b"".join(STYLES),
        12: struct.pack("<LLL", start, end, first),
        13: struct.pack("<LLL", start, end, first + 1),
        33: b"\x02" + struct.pack("<LLLHLH", 16, 0, len(text), 0, 0x40000000 | start * 2, 0),
        51: b"\xff\xff" + struct.pack("<HH", len(authors), 0) + names,
    }
    out = bytearray(main)
    for index, part in parts.items():
        struct.pack_into("<LL", out, 0x9A + 8 * index, len(table), len(part))
        table += part
    return pack(
        {("WordDocument",): bytes(out) + characters + of_paragraphs, ("1Table",): bytes(table) + bytes(4096)}
    )


@pytest.mark.parametrize(
    ("number", "modifiers", "run", "hidden", "why"),
    [
        (0, b"", b"", "", "nothing said"),
        (0, b"", VANISH, "hidden text", "the run itself"),
        (1, b"", b"", "hidden text", "a hidden style of paragraphs"),
        (2, b"", b"", "hidden text", "an heir of it"),
        (2, b"", SHOWN, "", "near miss: shown again by the run"),
        (1, b"", sprm(0x083C, b"\x80"), "hidden text", "as its style says"),
        (1, b"", sprm(0x083C, b"\x81"), "", "near miss: unlike its style"),
        (0, b"", sprm(0x4A30, b"\x03\x00"), "hidden text", "a hidden style of runs"),
        (0, b"", sprm(0x0811, b"\x01"), "", "near miss: hidden in browsers only"),
        (4, b"", b"", "white text", "a white style"),
        (4, b"", RED, "", "near miss: red in it"),
        (0, b"", WHITE, "white text", "white itself"),
        (0, b"", WHITE + EMBOSSED, "", "near miss: seen by its shadow"),
        (0, BLUE_GROUND, WHITE, "", "near miss: a paragraph with a ground"),
        (0, b"", sprm(0x2A0C, b"\x01"), "blacked-out text", "a black marker"),
        (0, b"", sprm(0x2A0C, b"\x07"), "", "near miss: a yellow marker"),
        (0, b"", BLACK_GROUND, "blacked-out text", "black shading"),
        (0, b"", BLACK_GROUND + WHITE, "", "near miss: white on black"),
        (0, b"", RED + BLACK_GROUND, "", "near miss: red on black"),
        (
            0,
            b"",
            sprm(0xCA71, b"\x0a" + b"\x00\x00\x00\xff" + b"\xff\x00\x00\x00" + b"\x00\x00") + RED,
            "blacked-out text",
            "red on red",
        ),
    ],
)
def test_what_is_seen(number: int, modifiers: bytes, run: bytes, hidden: str, why: str) -> None:
    data = word_97(
        [
            (0, b"", [("before", b"")], "\r"),
            (number, modifiers, [("token", run)], "\r"),
            (0, b"", [("after", b"")], "\r"),
        ]
    )
    segments, coverage = read(data)
    assert [(one.text, one.hidden) for one in segments] == [
        ("before", ""),
        ("token", hidden),
        ("after", ""),
    ], why
    assert coverage.status is Status.INSPECTED


@pytest.mark.parametrize(("cells", "hidden"), [(BLUE_CELLS, ""), (b"", "white text")])
def test_white_text_in_a_table(cells: bytes, hidden: str) -> None:
    cell = (0, IN_TABLE, [("token", WHITE)], "\x07")
    data = word_97([cell, (0, IN_TABLE + ROW_END + cells, [], "\x07"), (0, b"", [("after", b"")], "\r")])
    assert segment_with(read(data)[0], "token").hidden == hidden


def test_who_deleted_is_told() -> None:
    gone = sprm(0x0800, b"\x01") + sprm(0x4863, b"\x01\x00")
    data = word_97([(0, b"", [("NI number: ", b""), ("token", gone)], "\r")], ("Unknown", "Ann Carr"))
    segment = segment_with(read(data)[0], "token")
    assert (str(segment.location), segment.hidden) == (
        "paragraph 1 > tracked deletion by Ann Carr",
        "tracked deletion",
    )


def test_a_note_between_two_numbers_does_not_make_them_one() -> None:
    assert read(word_95(b"12345678\x02200000\r"))[0][0].text == "12345678 200000"


def test_a_document_of_a_macintosh() -> None:
    text = "L’accord à 5 £".encode("mac-roman")
    streams = streams_of(word_95(text))
    main = bytearray(streams[("WordDocument",)])
    struct.pack_into("<H", main, 0x14, 256)
    assert read(pack({("WordDocument",): bytes(main)}))[0][0].text == "L’accord à 5 £"


def test_a_table_inside_of_a_cell_keeps_its_rows_and_those_around_it() -> None:
    depth = IN_TABLE + sprm(0x6649, b"\x02\0\0\0")
    inner_cell, inner_end = (
        depth + sprm(0x244B, b"\x01"),
        depth + sprm(0x244B, b"\x01") + sprm(0x244C, b"\x01"),
    )

    def text(
        words: str, modifiers: bytes = IN_TABLE, mark: str = "\r"
    ) -> tuple[int, bytes, list[tuple[str, bytes]], str]:
        return (0, modifiers, [(words, b"")] if words else [], mark)

    data = word_97(
        [
            text("Name", mark="\x07"),
            text("Children", mark="\x07"),
            text("", IN_TABLE + ROW_END, "\x07"),
            text("Ann", mark="\x07"),
            text("12345678"),
            *(text("First name", inner_cell), text("Born", inner_cell), text("", inner_end)),
            *(text("Tom", inner_cell), text("1 May", inner_cell), text("", inner_end)),
            text("200000", mark="\x07"),
            text("", IN_TABLE + ROW_END, "\x07"),
            text("after", b""),
        ]
    )
    segments, _ = read(data)
    tom = segment_with(segments, "Tom")
    assert (tom.text, [field.label for field in tom.fields]) == ("Tom\t1 May", ["First name", "Born"])
    ann = segment_with(segments, "Ann")
    assert (ann.text, [field.label for field in ann.fields]) == (
        "Ann\t12345678\n200000",
        ["Name", "Children"],
    )
    assert ann.table != tom.table
    assert segments[-1].text == "after"
