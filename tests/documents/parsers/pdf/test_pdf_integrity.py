"""Damage inside packed streams, which no reader of PDF tells of."""

from __future__ import annotations

import io
import zlib

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from scanner.documents import Source, Status, read_document
from scanner.documents.model import Coverage, Shortfall
from scanner.documents.parsers.pdf.pdf_integrity import damage
from tests.documents.parsers.reading import read
from tests.robustness.hostile_files import pdf_page


def letter() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pageCompression=1)
    for number in range(3):
        canvas.drawString(72, 700, f"Tokenpage{number} " * 20)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def broken(data: bytes) -> bytes:
    """One letter of the first page's packed content is another one."""
    at = data.index(b"stream\n") + 40
    return data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]


def with_object_streams(*, shifted: bool) -> bytes:
    """A document whose objects are packed into streams; ``shifted``: so that its table is not found."""
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as pdf:
        pdf.save(stream, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    data = stream.getvalue()
    return data.replace(b"stream\n", b"stream\n\n", 1) if shifted else data


FLATE = "/FlateDecode"
CONTENT = "the content of 1 pages or forms is damaged"
STRUCTURE = "the document's structure is damaged; pages and objects may be missing"
LOST = "a packed stream lost its beginning or its end"
PACKED = zlib.compress(b"BT (Tokenstream) Tj ET " * 50)


@pytest.mark.parametrize(
    ("data", "told", "why"),
    [
        (pdf_page(PACKED, {}, packing=FLATE), "", "whole"),
        (pdf_page(PACKED[:-4], {}, packing=FLATE), "", "without its checksum, as some writers leave it"),
        (
            pdf_page(PACKED[:20] + b"\0\0\0\0" + PACKED[24:], {}, packing=FLATE),
            "1 packed streams are damaged",
            "damaged",
        ),
        (
            pdf_page(PACKED[:-4] + b"\0\0\0\0", {}, packing=FLATE),
            "1 packed streams are damaged",
            "wrong checksum",
        ),
        (pdf_page(b"4254>", {}, packing="/ASCIIHexDecode"), "", "packed otherwise"),
        (pdf_page(zlib.compress(b" " * 80_000_000), {}, packing=FLATE), "", "beyond what is looked at"),
        (b"%PDF-1.4 nothing more", STRUCTURE, "nothing of a document"),
        (
            letter().replace(b"/Kids", b"-Kids"),
            STRUCTURE,
            "a tree without pages is an empty document to readers",
        ),
        (letter().replace(b"stream\n", b"str\0am\n", 1), LOST, "an object without its head is no object"),
        (letter().replace(b"endstream", b"enostream", 1), LOST, "the same with its end"),
        (with_object_streams(shifted=False), "", "objects packed into streams"),
        (with_object_streams(shifted=True), STRUCTURE, "the same without the table that leads to them"),
        (letter().replace(b"/Type /Font", b"/Ty\x80(oo Font", 1), STRUCTURE, "an object that does not end"),
        (pdf_page(b"0 0 m 9 9 l S", {}), "", "content that is not packed"),
        (pdf_page(b"0 0 m \x81\x95\xfb 9 9 l S", {}), CONTENT, "bytes that no program writes"),
        (
            pdf_page(zlib.compress(b"0 0 m blot 9 9 l S"), {}, packing=FLATE),
            "",
            "near miss: packed, which has a checksum",
        ),
        (pdf_page(b"0 0 m blot 9 9 l S", {}), CONTENT, "a word that is no operator"),
        (pdf_page(b"0 0 m 9 9 l S (blot", {}), CONTENT, "a text that does not end"),
        (
            pdf_page(b"0 0 m 9 9 l S " * 9, {}).replace(b"9 9 l S ", b"9 S ", 1),
            STRUCTURE,
            "content that is shorter than it says",
        ),
        (pdf_page(b"BX 0 0 m blot 9 9 l S EX", {}), "", "near miss: where any word may stand"),
        (pdf_page(b"BT (blot \x81\x95) Tj ET", {}), "", "near miss: the same within text"),
    ],
)
def test_streams(data: bytes, told: str, why: str) -> None:
    words = list(damage(data))
    assert (told in words) if told else not words, why


def test_a_damaged_page_makes_the_document_read_in_part() -> None:
    whole, damaged = letter(), broken(letter())
    coverages = []
    for data in (whole, damaged):
        *_, last = read_document(Source.from_bytes(data, "letter.pdf"))
        assert isinstance(last, Coverage)
        coverages.append(last)
    assert coverages[0].gaps == ()
    assert coverages[1].status is Status.PARTIAL
    assert [gap.reason for gap in coverages[1].gaps] == [Shortfall.DAMAGED]


def test_letters_that_no_font_explains_are_told_and_not_numbered() -> None:
    """pdfminer writes "(cid:7)" for such a letter: no text, and no reason to call the page read."""
    font = (
        b"<</Type/Font/Subtype/Type0/BaseFont/None/Encoding/Identity-H/DescendantFonts[<</Type/Font"
        b"/Subtype/CIDFontType2/BaseFont/None/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>>>]>>"
    )
    shown = b"BT /F2 12 Tf 72 600 Td <" + b"".join(b"%04x" % (7 + n % 50) for n in range(90)) + b"> Tj ET"
    segments, coverage = read(pdf_page(shown, {7: font}).replace(b"/F1 5 0 R", b"/F1 5 0 R/F2 7 0 R"))
    assert coverage.status is Status.PARTIAL
    assert [gap.reason for gap in coverage.gaps if gap.reason is Shortfall.NEEDS_OCR]
    assert not [segment for segment in segments if "cid:" in segment.text]
