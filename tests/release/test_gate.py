"""What the gate objects to, place by place, and what it lets pass."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from scanner.release import Weight

from .conftest import Check, codes, objection
from .people import names, nhs_number

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def book(change: object = None, title: str = "Counts") -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in (("Service", "Requests"), ("Parks", 120), ("Waste", 310)):
        sheet.append(row)
    if callable(change):
        change(workbook, sheet)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


CONTENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
    "<text:p>The committee noted the report.</text:p></office:text></office:body></office:document-content>"
)


def document(*paragraphs: str, change: object = None) -> bytes:
    made = docx.Document()
    for text in paragraphs or ("The committee noted the report on road works.",):
        made.add_paragraph(text)
    if callable(change):
        change(made)
    stream = io.BytesIO()
    made.save(stream)
    return without_preview(stream)


def without_preview(stream: io.BytesIO) -> bytes:
    """The libraries' templates bring a preview picture along."""
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as package, zipfile.ZipFile(out, "w") as clean:
        for name in package.namelist():
            if "thumbnail" not in name:
                clean.writestr(name, package.read(name))
    return out.getvalue()


def slides(change: object = None) -> bytes:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Road works in numbers"
    made.core_properties.author = made.core_properties.last_modified_by = ""
    if callable(change):
        change(made, slide)
    stream = io.BytesIO()
    made.save(stream)
    return without_preview(stream)


def deletion(made: docx.document.Document) -> None:
    made.paragraphs[0]._p.append(
        parse_xml(
            f'<w:del {W} w:id="1" w:author="A"><w:r><w:delText>the member objected</w:delText></w:r></w:del>'
        )
    )


def vanish(made: docx.document.Document) -> None:
    made.add_paragraph().add_run("drafting note").font.hidden = True


def properties(made: docx.document.Document) -> None:
    made.core_properties.author = "uquinn"


def comment(made: docx.document.Document) -> None:
    made.add_comment(made.paragraphs[0].runs, text="Is this right?", author="uq", initials="u")


def notes(_: object, slide: pptx.slide.Slide) -> None:
    slide.notes_slide.notes_text_frame.text = "Do not mention the overspend"


def hide_slide(made: pptx.presentation.Presentation, _: object) -> None:
    second = made.slides.add_slide(made.slide_layouts[5])
    second.shapes.title.text = "Options that were dropped"
    second._element.set("show", "0")


def sheet_comment(_: object, sheet: Worksheet) -> None:
    sheet["A2"].comment = Comment("check with finance", "uq")


def hide_row(_: object, sheet: Worksheet) -> None:
    sheet.row_dimensions[3].hidden = True


def hide_column(_: object, sheet: Worksheet) -> None:
    sheet.column_dimensions["B"].hidden = True


@pytest.mark.parametrize(
    ("name", "content", "code", "weight"),
    [
        ("a.docx", document(change=deletion), "tracked-changes", Weight.HIGH),
        ("a.docx", document(change=vanish), "hidden-text", Weight.HIGH),
        ("a.docx", document(change=comment), "comments", Weight.MEDIUM),
        ("a.docx", document(change=properties), "metadata", Weight.MEDIUM),
        ("a.pptx", slides(notes), "speaker-notes", Weight.MEDIUM),
        ("a.pptx", slides(hide_slide), "hidden-slide", Weight.HIGH),
        ("a.xlsx", book(sheet_comment), "comments", Weight.MEDIUM),
        ("a.xlsx", book(hide_row), "hidden-cells", Weight.HIGH),
        ("a.xlsx", book(hide_column), "hidden-cells", Weight.HIGH),
        ("a.html", b"<p>Notes<p style='display:none'>not for the public</p>", "hidden-text", Weight.HIGH),
        (
            "a.html",
            b"<html><body><p>Notes</p><!-- ask legal first --></body></html>",
            "comments",
            Weight.MEDIUM,
        ),
        ("a.rtf", rb"{\rtf1 {\info{\author uquinn}} Notes.}", "metadata", Weight.MEDIUM),
    ],
)
def test_objections(check: Check, name: str, content: bytes, code: str, weight: Weight) -> None:
    checked = check(name, content)
    found = objection(checked.check, code)
    assert (found.weight, bool(found.place), bool(found.action)) == (weight, True, True)
    # Whatever it was, the copy does not have it.
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert checked.copy.check.passed, codes(checked.copy.check)
    assert any(line.startswith(code) for line in checked.copy.removed)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.docx", document(), "a plain document"),
        ("a.xlsx", book(), "a plain workbook"),
        ("a.csv", b"Service,Requests\nParks,120\nWaste,310\n", "a table of counts"),
        ("a.txt", b"The committee noted the report on road works.\n", "a plain text"),
        ("a.pptx", slides(), "slides with the program's own template"),
        ("a.html", b"<html><head><title>Notes</title></head><body><p>Road works</p></body></html>", "a page"),
        (
            "a.xlsx",
            book(lambda made, _: setattr(made.create_sheet("Empty"), "sheet_state", "hidden")),
            "near miss: a hidden sheet with nothing in it is a remark",
        ),
    ],
)
def test_what_passes(check: Check, name: str, content: bytes, why: str) -> None:
    checked = check(name, content, copy=False)
    assert checked.check.passed, (why, checked.check.objections)


def test_an_empty_hidden_sheet_is_remarked(check: Check) -> None:
    content = book(lambda made, _: setattr(made.create_sheet("Empty"), "sheet_state", "hidden"))
    remarks = {one.code: one.place for one in check("a.xlsx", content).check.remarks}
    assert remarks["empty-hidden-sheet"] == 'sheet "Empty" (hidden)'


def table_of_people() -> bytes:
    rows = [
        f"{first} {last},{nhs_number(number)},02/03/1961\n" for number, (first, last) in enumerate(names(12))
    ]
    return ("Name,NHS number,Date of birth\n" + "".join(rows)).encode()


def test_visible_personal_data_fails_the_file_and_its_copy(check: Check) -> None:
    checked = check("people.csv", table_of_people())
    found = objection(checked.check, "personal-data")
    assert found.weight is Weight.HIGH
    assert found.people is not None
    assert found.people.high >= 12
    assert all(nhs_number(0) not in detail for detail in found.details)
    assert checked.copy is not None
    assert codes(checked.copy.check) == {"personal-data"}


def test_an_officer_in_a_signature_weighs_little_and_can_be_accepted(check: Check) -> None:
    content = document(
        "Thank you for your request about road works.",
        "Yours sincerely",
        "Margaret Thompson",
        "Information Governance Officer",
    )
    found = objection(check("reply.docx", content, copy=False).check, "names")
    assert found.weight is Weight.LOW
    accepted = check("reply.docx", content, accept=("names",), copy=False).check
    assert accepted.passed
    assert [one.code for one in accepted.accepted] == ["names"]


def photograph(**exif: object) -> bytes:
    picture = Image.new("RGB", (80, 60), "grey")
    data = Image.Exif()
    if "artist" in exif:
        data[0x013B] = exif["artist"]
    if "gps" in exif:
        data.get_ifd(0x8825).update({1: "N", 2: (54.0, 35.0, 49.0), 3: "W", 4: (5.0, 55.0, 47.0)})
    stream = io.BytesIO()
    picture.save(stream, "JPEG", exif=data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [(photograph(gps=True), "picture-position"), (photograph(artist="Una Quinn"), "picture-data")],
)
def test_what_a_camera_wrote(check: Check, content: bytes, code: str) -> None:
    checked = check("site.jpg", content)
    assert code in codes(checked.check)
    # Without OCR a picture is not checked; its properties are gone all the same.
    assert checked.copy is not None
    assert code not in codes(checked.copy.check)
    assert checked.copy.path.endswith("site.jpg")
    with Image.open(checked.copy.path) as picture:
        assert not picture.getexif()


def test_a_photograph_inside_of_a_document(check: Check) -> None:
    content = document(change=lambda made: made.add_picture(io.BytesIO(photograph(gps=True))))
    checked = check("site.docx", content)
    found = objection(checked.check, "picture-position")
    assert found.place.startswith('picture "image1.')


@pytest.mark.parametrize(
    ("name", "kind", "width", "objected", "why"),
    [
        ("a.odt", "text", 181, False, "print of a page that is 256 pixels high cannot be read"),
        ("a.ods", "spreadsheet", 256, False, "the same"),
        ("a.odt", "text", 600, True, "large enough to read"),
        ("a.odp", "presentation", 256, True, "titles of a slide can be read"),
    ],
)
def test_a_preview_picture(check: Check, name: str, kind: str, width: int, objected: bool, why: str) -> None:
    stream, picture = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (width, width)).save(picture, "PNG")
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        package.writestr("content.xml", CONTENT)
        package.writestr("Thumbnails/thumbnail.png", picture.getvalue())
    found = check(name, stream.getvalue()).check
    assert ("thumbnail" in codes(found)) is objected, why
    assert ("thumbnail" in {remark.code for remark in found.remarks}) is not objected


def test_a_preview_picture_that_is_drawn_can_be_read(check: Check) -> None:
    stream = io.BytesIO(document())
    with zipfile.ZipFile(stream, "a") as package:
        package.writestr("docProps/thumbnail.emf", b"\1\0\0\0" + bytes(100))
    assert "thumbnail" in codes(check("a.docx", stream.getvalue()).check)


def test_an_embedded_original(check: Check) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document())) as package, zipfile.ZipFile(stream, "w") as more:
        for name in package.namelist():
            more.writestr(name, package.read(name))
        more.writestr("word/embeddings/Microsoft_Excel_Sheet.xlsx", book(title="Figures behind the chart"))
    found = objection(check("report.docx", stream.getvalue()).check, "embedded-file")
    assert found.place.lower() == 'embedded file "microsoft_excel_sheet.xlsx"'


def test_earlier_revision_of_a_pdf(check: Check) -> None:
    import pikepdf

    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawString(72, 700, "The bid of the second firm was 1,200,000 pounds")
    canvas.save()
    first = stream.getvalue()
    with pikepdf.open(io.BytesIO(first)) as pdf:
        number = pdf.pages[0].obj["/Contents"].objgen[0]
        root = pdf.Root.objgen[0]
        size = int(pdf.trailer["/Size"])
    body = b"BT /F1 12 Tf 72 700 Td (The bids are confidential) Tj ET"
    start = len(first)
    added = b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (number, len(body), body)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, start)
    previous = int(first.rsplit(b"startxref", 1)[1].split()[0])
    end = b"trailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        previous,
        start + len(added),
    )
    checked = check("bids.pdf", first + added + table + end)
    assert "earlier-revision" in codes(checked.check)
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert checked.copy.check.passed


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.docx", b"PK\x03\x04 broken", "damaged"),
        ("a.bin", bytes(range(256)) * 40, "an unknown kind"),
        ("a.txt", b"", "empty"),
        ("scan.png", b"", "empty"),
    ],
)
def test_what_cannot_be_checked_fails(check: Check, name: str, content: bytes, why: str) -> None:
    assert "not-checked" in codes(check(name, content, copy=False).check), why


def test_files_of_an_archive_are_looked_at_one_by_one(check: Check) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("ok.csv", "Service,Requests\nParks,120\nWaste,310\n")
        archive.writestr("hidden.xlsx", book(hide_row))
    checked = check("release.zip", stream.getvalue())
    assert codes(checked.check) == {"hidden-cells"}
    assert checked.check.objections[0].place == 'hidden.xlsx > sheet "Counts"'
    assert checked.copy is not None
    assert "unpack" in checked.copy.problem
