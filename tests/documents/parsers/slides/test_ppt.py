"""Legacy presentations: slides, what stands beside and behind them, and what saves leave in the file."""

from __future__ import annotations

import struct
import zlib

import pytest

from scanner.documents.model import Protection, Shortfall, Status
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.parsers.slides.ppt import PptParser
from tests.documents.parsers.legacy import FIXTURES, SHARED, characters_of, mutations, streams_of
from tests.documents.parsers.reading import read, segment_with

SLIDES = (FIXTURES / "slides.ppt").read_bytes()


@pytest.mark.parametrize(
    ("token", "where", "hidden"),
    [
        ("slidetitle", "slide 1", ""),
        ("QQ123456C £5\nsecond Ωmega", "slide 1", ""),
        ("offslidetoken", "slide 1", "outside the slide"),
        ("commenttoken", "slide 1 > comment 1", "comment"),
        ("Commenter Ctoken", "slide 1 > comment 1 > author", "author of a comment"),
        ("hiddenslidetoken", "slide 2 (hidden)", "hidden slide"),
        ("notestoken", "slide 1 > notes", "speaker notes"),
        ("titletoken", "document properties > title", "document properties"),
    ],
)
def test_places(token: str, where: str, hidden: str) -> None:
    segments, coverage = read(SLIDES)
    segment = segment_with(segments, token)
    assert (str(segment.location), segment.hidden) == (where, hidden)
    assert coverage.status is Status.INSPECTED


def test_link_targets_are_read() -> None:
    segments, _ = read(SLIDES)
    assert "link target" in {segment.hidden for segment in segments if "linktoken" in segment.text}


def test_tables_are_rows_with_labelled_fields() -> None:
    segments, _ = read(SLIDES)
    row = segment_with(segments, "02/03/1979")
    assert (row.text, str(row.location)) == ("Ann Example\t02/03/1979", "slide 1 > table 1 > row 2")
    assert [field.label for field in row.fields] == ["Name", "Born"]


def atom(kind: int, body: bytes = b"", instance: int = 0, version: int = 0) -> bytes:
    return struct.pack("<HHL", instance << 4 | version, kind, len(body)) + body


def container(kind: int, *children: bytes, instance: int = 0) -> bytes:
    return atom(kind, b"".join(children), instance, 15)


def text(value: str) -> bytes:
    return atom(0x0FA0, value.encode("utf-16-le"))


def shape(value: str, *more: bytes) -> bytes:
    return container(0xF004, *more, container(0xF00D, atom(0x0F9F, bytes(4)), text(value)))


def options(*properties: tuple[int, int | str]) -> bytes:
    numbers, texts = b"", b""
    for key, value in properties:
        raw = value.encode("utf-16-le") + b"\0\0" if isinstance(value, str) else b""
        numbers += struct.pack(
            "<HL",
            key | (0x8000 if raw else 0),
            len(raw) if raw else int(value) if isinstance(value, int) else 0,
        )
        texts += raw
    return atom(0xF00B, numbers + texts, len(properties), 3)


def slide(*shapes: bytes) -> bytes:
    return container(0x03EE, container(0x040C, container(0xF002, container(0xF003, *shapes))))


def presentation(stream: bytes) -> bytes:
    return pack({("PowerPoint Document",): stream})


@pytest.mark.parametrize(
    ("stream", "token", "where", "hidden", "why"),
    [
        (slide(shape("plaintoken")), "plaintoken", "slide 1", "", "no directory of objects: all are shown"),
        (
            slide(shape("hiddentoken", options((0x0380, "Box 1"), (0x03BF, 0x20002)))),
            "hiddentoken",
            "slide 1 > Box 1",
            "hidden shape",
            "the flag of the shape",
        ),
        (
            slide(shape("shown", options((0x0381, "alttoken")))),
            "alttoken",
            "slide 1",
            "alt text",
            "description of the shape",
        ),
        (slide(shape("", options((0x00C0, "arttoken")))), "arttoken", "slide 1", "", "WordArt is seen"),
        (
            slide(container(0xF00D, atom(0x0FA8, b"Caf\xe9 latintoken"))),
            "Café latintoken",
            "slide 1",
            "",
            "8-bit text",
        ),
        (
            container(0x03F8, shape("mastertoken"), shape("Click to edit")),
            "mastertoken",
            "slide master",
            "slide master",
            "text on the master",
        ),
        (
            slide() + container(0x03F0, atom(0x03F1, bytes(8)), shape("notesmaster")),
            "notesmaster",
            "notes master",
            "notes master",
            "notes of no slide",
        ),
    ],
)
def test_built_records(stream: bytes, token: str, where: str, hidden: str, why: str) -> None:
    segments, _ = read(presentation(stream))
    segment = segment_with(segments, token)
    assert (str(segment.location), segment.hidden) == (where, hidden), why


def test_words_of_the_program_on_masters_are_left_out() -> None:
    placeholder = atom(0x0BC3, struct.pack("<LBB", 0, 1, 0))
    segments, _ = read(
        presentation(container(0x03F8, shape("Click to edit Master title style", placeholder)) + slide())
    )
    assert not segments


def saved_twice() -> bytes:
    """A first save with a slide of its own, a second in which the slide was replaced by another."""
    old, new = slide(shape("deletedtoken"), shape("kepttoken")), slide(shape("kepttoken"))
    listing = container(0x0FF0, atom(0x03F3, struct.pack("<LLLLL", 2, 0, 0, 256, 0)), text("outlinetoken"))
    document = container(0x03E8, listing)
    out = old + document
    places = {}
    places[1] = len(old)
    first_directory = len(out)
    out += atom(0x1772, struct.pack("<LLL", 1 | 2 << 20, places[1], 0))
    first_edit = len(out)
    out += atom(0x0FF5, struct.pack("<LLLLL", 256, 0, 0, first_directory, 1) + bytes(8))
    new_place = len(out)
    out += new + bytes(12)  # a hole
    second_directory = len(out)
    out += atom(0x1772, struct.pack("<LL", 2 | 1 << 20, new_place))
    last_edit = len(out)
    out += atom(0x0FF5, struct.pack("<LLLLL", 256, 0, first_edit, second_directory, 1) + bytes(8))
    user = struct.pack("<HHLLLL", 0, 0x0FF6, 20, 20, 0xE391C05F, last_edit)
    return pack({("PowerPoint Document",): out, ("Current User",): user})


def test_slides_that_were_deleted_are_still_found() -> None:
    segments, coverage = read(saved_twice())
    assert segment_with(segments, "deletedtoken").hidden == "deleted slide"
    assert str(segment_with(segments, "kepttoken").location) == "slide 1"
    assert str(segment_with(segments, "outlinetoken").location) == "slide 1"
    assert coverage.status is Status.INSPECTED, coverage.gaps


def test_embedded_objects_are_inflated_and_read() -> None:
    inner = pack({("Package",): b"%PDF-1.4 no pdf at all", ("x",): b""})
    packed = struct.pack("<L", len(inner)) + zlib.compress(inner)
    _, coverage = read(presentation(slide(shape("a")) + atom(0x1011, packed, 1)))
    assert any("embedded file" in str(gap.location) for gap in coverage.gaps), "the PDF is met and is damaged"
    bomb = struct.pack("<L", 1) + zlib.compress(bytes(50_000_000))
    _, coverage = read(presentation(slide(shape("a")) + atom(0x1011, bomb, 1)))
    assert Shortfall.LIMIT in {gap.reason for gap in coverage.gaps}


def test_a_password_is_told_by_the_token() -> None:
    streams = streams_of(SLIDES)
    user = bytearray(streams[("Current User",)])
    user[12:16] = struct.pack("<L", 0xF3D1C4DF)
    streams[("Current User",)] = bytes(user)
    _, coverage = read(pack(streams))
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.WEAK)


def test_powerpoint_95_is_read_in_part() -> None:
    segments, coverage = read(pack({("PP40",): b"\0\0Complaint about a tenant\0\0" + bytes(5_000)}))
    assert "Complaint about a tenant" in segments[0].text
    assert coverage.status is Status.PARTIAL


OLD = {
    ("PowerPoint Document",): b"\3\0\0\0\xff\xff" + bytes(5_000),
    ("Header",): b"Microsoft (R) PowerPoint (R) Windows",
}


def test_the_text_of_powerpoint_95_is_read_whole() -> None:
    words = b"Ann nametoken\rDidn\x92t pay\r"
    segments, coverage = read(pack({**OLD, ("Text_Content",): words}))
    found = segment_with(segments, "nametoken\nDidn’t pay")
    assert str(found.location) == "text > line 1"
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.UNSUPPORTED_KIND]


def test_a_presentation_saved_for_two_versions_is_read_as_the_later() -> None:
    later = {("PP97_DUALSTORAGE", *path): data for path, data in streams_of(SLIDES).items()}
    segments, coverage = read(pack({**OLD, ("Text_Content",): b"old copy", **later}))
    alone, before = read(SLIDES)
    assert coverage.status is before.status
    assert {(one.text, one.location) for one in segments} >= {(one.text, one.location) for one in alone}


def test_deep_nesting_costs_nothing() -> None:
    levels = 50_000
    stream = b"".join(struct.pack("<HHL", 15, 0x03EE, 8 * (levels - level)) for level in range(1, levels))
    assert characters_of(PptParser(), presentation(stream)) == 0


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = PptParser()
    for data in mutations(SLIDES, 200):
        assert characters_of(parser, data) < 20 * len(data) + 100_000


@pytest.mark.skipif(not SHARED.is_dir(), reason="no folder of shared documents beside the repository")
def test_files_of_powerpoint() -> None:
    folder = SHARED / "msoffcrypto-tool" / "tests" / "inputs"
    segments, coverage = read((folder / "plain.ppt").read_bytes())
    assert coverage.status is Status.INSPECTED
    assert str(next(one for one in segments if one.text == "Lorem ipsum").location) == "slide 1 > Title 1"
    _, coverage = read((folder / "rc4cryptoapi_password.ppt").read_bytes())
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.WEAK)
