"""Small kinds that mail of councils carries: what each gives, and what is honestly not read."""

from __future__ import annotations

import plistlib
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from scanner.documents import Shortfall, Status
from scanner.documents.parsers.office.compound_file import pack as compound
from tests.documents.parsers.legacy import FIXTURES, streams_of
from tests.documents.parsers.reading import pack, read, segment_with

LINES = "Tokendrawing of 87541236\nTokensecond line"


@pytest.mark.parametrize("name", ["plan.emf", "plan.wmf"])
def test_texts_of_a_metafile_are_read_line_by_line(name: str) -> None:
    segments, coverage = read((FIXTURES / name).read_bytes())
    assert (coverage.kind, coverage.status) == ("metafile", Status.INSPECTED)
    assert segments[-1].text == LINES


@pytest.mark.parametrize("name", ["plan.emf", "plan.wmf"])
def test_a_metafile_that_breaks_off_is_damaged(name: str) -> None:
    data = (FIXTURES / name).read_bytes()
    _, coverage = read(data[: len(data) // 2])
    assert Shortfall.DAMAGED in [gap.reason for gap in coverage.gaps]


def emf(*records: bytes) -> bytes:
    header = struct.pack("<II", 1, 108) + bytes(32) + b" EMF" + bytes(64)
    return header + b"".join(records) + struct.pack("<IIIII", 14, 20, 0, 16, 20)


def emf_record(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 8 + len(body)) + body


def emf_text(text: str, x: int, y: int, width: int, options: int = 0) -> bytes:
    raw = text.encode("utf-16-le")
    raw += bytes(-len(raw) % 4)
    fixed = bytes(16) + struct.pack("<Iff", 1, 1.0, 1.0)
    described = struct.pack("<iiIIIiiiiI", x, y, len(text), 76, options, 0, 0, 0, 0, 76 + len(raw))
    return emf_record(84, fixed + described + raw + struct.pack(f"<{len(text)}i", *[width] * len(text)))


def plus(kind: int, body: bytes) -> bytes:
    record = struct.pack("<HHII", kind, 0, 12 + len(body), len(body)) + body
    return emf_record(70, struct.pack("<I", 4 + len(record)) + b"EMF+" + record)


def bitmap(width: int, height: int) -> bytes:
    fixed = bytes(40) + struct.pack("<II", 80, 40) + bytes(24)
    return emf_record(81, fixed + struct.pack("<Iii", 40, width, height) + bytes(28))


@pytest.mark.parametrize(
    ("records", "text", "gaps", "why"),
    [
        ((emf_text("8754", 0, 9, 5), emf_text("1236", 20, 9, 5)), "87541236", 0, "runs of one number"),
        ((emf_text("Ann", 0, 9, 5), emf_text("Example", 20, 9, 5)), "Ann Example", 0, "two words"),
        ((emf_text("12", 0, 9, 5), emf_text("34", 0, 20, 5)), "12\n34", 0, "two lines"),
        ((emf_text("\x03\x04", 0, 9, 5, options=16),), "", 1, "numbers of a font are no letters"),
        ((emf_text("one", 0, 9, 5), bitmap(900, 700)), "one", 1, "a picture that may hold text"),
        ((emf_text("one", 0, 9, 5), bitmap(90, 70)), "one", 0, "near miss: an icon"),
        (
            (plus(0x401C, bytes(8) + struct.pack("<I", 3) + bytes(16) + "two".encode("utf-16-le")),),
            "two",
            0,
            "text of EMF+",
        ),
    ],
)
def test_records_of_metafiles(records: tuple[bytes, ...], text: str, gaps: int, why: str) -> None:
    segments, coverage = read(emf(*records))
    assert "".join(segment.text for segment in segments) == text, why
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR] * gaps, why


XPS = {
    "[Content_Types].xml": '<Types><Default Extension="fpage" ContentType="a/b"/></Types>',
    "_rels/.rels": "<Relationships><Relationship Id='R1' Target='/FixedDocSeq.fdseq' "
    "Type='http://schemas.microsoft.com/xps/2005/06/fixedrepresentation'/></Relationships>",
    "FixedDocSeq.fdseq": "<FixedDocumentSequence/>",
    "Documents/1/Pages/2.fpage": '<FixedPage><Glyphs OriginY="9" UnicodeString="Tokenlast"/></FixedPage>',
    "Documents/1/Pages/1.fpage": '<FixedPage xmlns="x"><Canvas><Glyphs OriginX="9" OriginY="50" '
    'UnicodeString="Tokenfirst of "/><Glyphs OriginX="99" OriginY="50" UnicodeString="{}{page}"/>'
    '<Glyphs OriginX="9" OriginY="70" UnicodeString="below"/>'
    '<Path FixedPage.NavigateUri="mailto:tokenlink@example.org"/></Canvas></FixedPage>',
    "docProps/core.xml": "<coreProperties><creator>Tokenauthor</creator></coreProperties>",
}


ODT = {
    "mimetype": "application/vnd.oasis.opendocument.text",
    "content.xml": "<office:document-content xmlns:office='o' xmlns:text='t'><text:p>Words</text:p>"
    "</office:document-content>",
}


def test_pages_of_xps() -> None:
    segments, coverage = read(pack(XPS))
    assert (coverage.kind, coverage.status) == ("xps", Status.INSPECTED)
    assert segment_with(segments, "Tokenfirst").text == "Tokenfirst of {page}\nbelow"
    assert str(segment_with(segments, "Tokenfirst").location) == "page 1"
    assert str(segment_with(segments, "Tokenlast").location) == "page 2"
    assert segment_with(segments, "tokenlink").hidden == "link target"
    assert segment_with(segments, "Tokenauthor")


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(40)


@pytest.mark.parametrize(
    ("package", "name"), [(XPS, "docProps/thumbnail.jpeg"), (ODT, "Thumbnails/thumbnail.png")]
)
def test_the_picture_for_the_file_manager_is_passed_over_and_nothing_else(
    package: dict[str, str], name: str
) -> None:
    _, coverage = read(pack({**package, name: JPEG}))
    assert coverage.status is Status.INSPECTED
    segments, _ = read(pack({**package, name: "Ann tokenbehind a name"}))
    assert segment_with(segments, "tokenbehind")


@pytest.mark.parametrize(
    ("page", "reason", "why"),
    [
        ("<FixedPage><Path Data='M 0,0'/></FixedPage>", Shortfall.NEEDS_OCR, "only outlines"),
        ("<FixedPage><Glyphs UnicodeString='x'", Shortfall.DAMAGED, "breaks off"),
    ],
)
def test_gaps_of_xps(page: str, reason: Shortfall, why: str) -> None:
    _, coverage = read(pack({**XPS, "Documents/1/Pages/2.fpage": page}))
    assert [gap.reason for gap in coverage.gaps] == [reason], why


def shortcut(arguments: str) -> bytes:
    head = struct.pack("<I", 76) + bytes.fromhex("0114020000000000c000000000000046")
    head += struct.pack("<I", 0x81 | 0x20 | 4) + bytes(52)
    ids = b"\x14\x00" + b"tokentarget.docx\0\0" + b"\0\0"
    strings = b""
    for text in ("tokendescription", arguments):
        strings += struct.pack("<H", len(text)) + text.encode("utf-16-le")
    return head + struct.pack("<H", len(ids)) + ids + strings + bytes(4)


def test_a_shortcut_is_read() -> None:
    segments, coverage = read(shortcut("/user:tokenuser"))
    assert (coverage.kind, coverage.status) == ("shortcut", Status.INSPECTED)
    assert segment_with(segments, "tokentarget.docx").location.parts[0] == "target"
    assert segment_with(segments, "tokendescription")
    assert segment_with(segments, "/user:tokenuser").location.parts == ("arguments",)
    assert read(shortcut("x" * 90)[:150])[1].gaps[0].reason is Shortfall.DAMAGED


def font(tables: dict[bytes, bytes], behind: bytes = b"") -> bytes:
    directory, body = b"", b""
    start = 12 + 16 * len(tables)
    for tag, data in tables.items():
        directory += tag + struct.pack(">III", 0, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return b"\0\1\0\0" + struct.pack(">H", len(tables)) + bytes(6) + directory + body + behind


GLYPHS = {b"cmap": bytes(90), b"glyf": bytes(500), b"OS/2": bytes(96)}
SHAPES = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 54) + struct.pack("<2i", 1000, 5) + bytes(72)


@pytest.mark.parametrize(
    ("data", "kind", "read_wholly", "why"),
    [
        (font(GLYPHS), "font", True, "tables from the first byte to the last"),
        (font(GLYPHS, b"tokenhidden " * 9), "font", False, "near miss: something behind the last table"),
        (b"\0\1\0\0\0tokenhidden " * 20, "font", False, "near miss: the first bytes of one"),
        (b"wOFF" + bytes(4) + struct.pack(">I", 90) + bytes(78), "font", True, "packed for the web"),
        (b"wOFF" + bytes(4) + struct.pack(">I", 91) + bytes(78), "font", False, "near miss: not its length"),
        (SHAPES, "geometry", True, "shapes of a map"),
        (SHAPES + b"tokenhidden", "geometry", False, "near miss: more than it says"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(60), "audio", False, "somebody may speak in it"),
        (b"\0\0\0\x20ftypM4A " + bytes(60), "audio", False, "the same"),
        (b"\0\0\0\x20ftypisom" + bytes(60), "video", False, "a film"),
        (b"AC1032\0" + bytes(60), "drawing", False, "a drawing of AutoCAD"),
        (b"AC1032 Ann Example\nAC1033 Bob Example\n", "text", True, "near miss: a list of account codes"),
    ],
)
def test_what_has_no_text_is_read_and_what_cannot_be_is_told(
    data: bytes, kind: str, read_wholly: bool, why: str
) -> None:
    _, coverage = read(data)
    assert coverage.kind == kind, why
    assert (coverage.status is Status.INSPECTED) is read_wholly, why
    assert all(gap.reason is Shortfall.UNSUPPORTED_KIND for gap in coverage.gaps), why


def test_a_property_list_is_read() -> None:
    value = {"author": "Tokenauthor", "pages": [{"id": 87541236}], "file": b"PK\5\6" + bytes(90), "on": True}
    segments, coverage = read(plistlib.dumps(value, fmt=plistlib.FMT_BINARY))
    assert (coverage.kind, coverage.status) == ("plist", Status.INSPECTED)
    record = segment_with(segments, "Tokenauthor")
    assert {f.label: record.text[f.start : f.end] for f in record.fields} == {
        "author": "Tokenauthor",
        "id": "87541236",
    }
    assert read(b"bplist00" + bytes(40))[1].gaps[0].reason is Shortfall.DAMAGED


def test_lists_that_hold_each_other_many_times_come_to_an_end() -> None:
    inner: list[object] = ["token"] * 10
    for _ in range(12):
        inner = [inner] * 10
    _, coverage = read(plistlib.dumps(inner, fmt=plistlib.FMT_BINARY))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.LIMIT]


def test_a_metafile_in_a_letter_is_read(tmp_path: Path) -> None:
    from docx import Document

    path = tmp_path / "letter.docx"
    Document().save(str(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/media/image1.emf", (FIXTURES / "plan.emf").read_bytes())
    segments, _ = read(path.read_bytes())
    assert 'picture "image1.emf"' in segment_with(segments, "Tokendrawing").location.parts


def svm(*actions: tuple[int, int, bytes]) -> bytes:
    head = bytes(49)
    body = b"".join(struct.pack("<HHI", kind, version, len(data)) + data for kind, version, data in actions)
    return b"VCLMTF" + struct.pack("<HI", 1, len(head)) + head + body


def counted(text: str, wide: bool = True) -> bytes:
    data = text.encode("utf-16-le" if wide else "cp1252", "replace")
    return struct.pack("<H", len(text)) + data


def svm_array(text: str, start: int, length: int, x: int = 0, y: int = 0) -> tuple[int, int, bytes]:
    steps = struct.pack(f"<I{length}i", length, *range(10, 10 * length + 10, 10))
    shown = struct.pack("<HH", start, length)
    return 113, 2, struct.pack("<ii", x, y) + counted(text, wide=False) + shown + steps + counted(text)


PLACE = struct.pack("<ii", 5, 7)


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        ((svm_array("Names of children", 0, 17),), "Names of children"),
        ((svm_array("Ann Müller", 4, 6),), "Müller"),
        ((svm_array("Ann", 0, 3, 0, 9), svm_array("Bo", 0, 2, 0, 30)), "Ann\nBo"),
        ((svm_array("12", 0, 2, 0, 9), svm_array("34", 0, 2, 20, 9)), "1234"),
        (((112, 1, PLACE + counted("café", wide=False) + struct.pack("<HH", 0, 4)),), "café"),
        (
            ((114, 2, PLACE + counted("?", wide=False) + struct.pack("<IHH", 90, 0, 1) + counted("Ω")),),
            "Ω",
        ),
        (((115, 2, bytes(16) + counted("box", wide=False) + struct.pack("<H", 3) + counted("box")),), "box"),
        (((512, 1, b"a comment"), (111, 1, bytes(30))), ""),
    ],
)
def test_texts_of_a_starview_metafile(actions: tuple[tuple[int, int, bytes], ...], text: str) -> None:
    segments, coverage = read(svm(*actions))
    assert (coverage.kind, coverage.status) == ("starview", Status.INSPECTED)
    assert [segment.text for segment in segments] == ([text] if text else [])


@pytest.mark.parametrize("cut", [1, 20])
def test_a_starview_metafile_that_breaks_off_is_damaged(cut: int) -> None:
    data = svm(svm_array("Ann", 0, 3), svm_array("Bo", 0, 2))[:-cut]
    segments, coverage = read(data)
    assert (segments[0].text, coverage.gaps[0].reason) == ("Ann", Shortfall.DAMAGED)


def test_a_large_picture_in_a_starview_metafile_needs_ocr() -> None:
    bitmap = b"BM" + bytes(12) + struct.pack("<Iii", 40, 1000, 800) + bytes(40)
    _, coverage = read(svm((116, 1, bitmap)))
    assert coverage.gaps[0].reason is Shortfall.NEEDS_OCR


def active_mime(content: bytes, start: int = 0x32) -> bytes:
    return b"ActiveMime\0\0\xf0\x01\x04".ljust(start, b"\0") + zlib.compress(content)


def objects() -> bytes:
    """What Word packs when it saves as a web page: each object a storage of its own."""
    streams = {
        ("Object1", *path): data for path, data in streams_of((FIXTURES / "staff.xls").read_bytes()).items()
    }
    text = b"embeddedtoken lives here"
    names = b"\x02\0note.txt\0C:\\note.txt\0" + struct.pack("<HHL", 0, 3, 9) + b"C:\\t.txt\0"
    native = names + struct.pack("<L", len(text)) + text
    return compound({**streams, ("Object2", "\x01Ole10Native"): struct.pack("<L", len(native)) + native})


@pytest.mark.parametrize("start", [0x32, 0x22A, 0x60])
def test_packed_objects_of_a_web_page_are_opened(start: int) -> None:
    segments, coverage = read(active_mime(objects(), start))
    assert (coverage.kind, coverage.status) == ("active-mime", Status.INSPECTED)
    alone, _ = read((FIXTURES / "staff.xls").read_bytes())
    assert {one.text for one in alone} <= {one.text for one in segments}
    assert segment_with(segments, "embeddedtoken").location.parts[:2] == (
        "objects",
        'embedded file "note.txt"',
    )


@pytest.mark.parametrize("cut", [1, 400])
def test_packed_objects_that_break_off_are_told(cut: int) -> None:
    _, coverage = read(active_mime(objects())[:-cut])
    assert Shortfall.DAMAGED in [gap.reason for gap in coverage.gaps]


def test_packed_objects_without_any_are_told() -> None:
    _, coverage = read(b"ActiveMime\0\0\xf0\x01" + bytes(80) + b"readable words")
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.UNSUPPORTED_KIND]
