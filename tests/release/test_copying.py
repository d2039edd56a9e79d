"""Copies by other programs' eyes: workbooks, documents, pages."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from scanner.documents import Limits, Location, Segment, Source
from scanner.release.copying.flatten import NoCopyError, PdfCopy, flatten
from scanner.release.copying.text_document import write_text_document
from scanner.release.copying.visible import BOXES, Heading, Paragraph, SheetRow, TableRow, sheet_rows
from scanner.release.copying.workbook import write_workbook
from scanner.text import Field


def flattened(name: str, content: bytes, pdf: PdfCopy = PdfCopy.TEXT) -> tuple[str, bytes]:
    out = io.BytesIO()
    written = flatten(Source.from_bytes(content, name), out, Limits(), pdf)
    return written.suffix, out.getvalue()


def test_what_stands_over_the_cells_of_a_sheet_comes_behind_them() -> None:
    def at(*parts: str, text: str, hidden: str = "") -> Segment:
        return Segment(text, Location(parts), hidden)

    items = [
        at('sheet "A"', "name", text="A"),
        at('sheet "A"', "drawing", text=" Office use only "),
        at('sheet "A"', "C2", text="120"),
        at('sheet "A"', "drawing", text="behind the box", hidden="hidden shape"),
        at('sheet "A"', "footer", text="Page 1"),
        at('sheet "A"', "comment on C2", text="why so few", hidden="comment"),
        at('sheet "A"', 'picture "a.png"', text="12"),
        at('sheet "B" (hidden)', "drawing", text="on a hidden sheet"),
        at('sheet "C"', "text box 1", "paragraph 1", text="Overview"),
    ]
    assert list(sheet_rows(items)) == [
        SheetRow("A", 2, {2: "120"}),
        SheetRow(BOXES, 1, {0: "A", 1: "Office use only"}),
        SheetRow(BOXES, 2, {0: "C", 1: "Overview"}),
    ]


def test_a_form_in_a_sheet_keeps_all_of_its_rows() -> None:
    text = "Payment\t379.54\nTotal paid\t45,544.85"
    ends = (0, 7), (8, 14), (15, 25), (26, 35)
    fields = tuple(Field(start, end, "") for start, end in ends)
    form = Segment(text, Location(('sheet "Loan"',)), "", fields, ("A8", "B8", "A9", "B9"))
    assert list(sheet_rows([form])) == [
        SheetRow("Loan", 8, {0: "Payment", 1: "379.54"}),
        SheetRow("Loan", 9, {0: "Total paid", 1: "45,544.85"}),
    ]


@pytest.mark.parametrize("rows", [2, 3, 12])
def test_every_shown_cell_of_a_small_sheet_is_in_its_copy(rows: int) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    given = [("Title", "First Name", "Last Name"), (None, "cedar", "oak"), ("elm", None, "ash")][:rows]
    given += [(None, None, f"birch{number}") for number in range(rows - len(given))]
    for row in given:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    copy = openpyxl.load_workbook(io.BytesIO(flattened("a.xlsx", out.getvalue())[1])).active
    assert isinstance(copy, Worksheet)
    assert [tuple(cell.value for cell in row) for row in copy.iter_rows()] == given


def test_displayed_values_of_a_workbook() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Spend"
    sheet.append(("Supplier", "Paid", "Share", "Account", "On"))
    sheet.append(("Acme & Sons <Ltd>", 1234.5, 0.25, 12345, "=1+1"))
    for cell, shape in (("B2", "#,##0.00"), ("C2", "0%"), ("D2", "00000000")):
        sheet[cell].number_format = shape
    sheet["B4"] = -17
    out = io.BytesIO()
    book.save(out)
    suffix, copy = flattened("spend.xlsx", out.getvalue())
    assert suffix == ".xlsx"
    made = openpyxl.load_workbook(io.BytesIO(copy))["Spend"]
    assert [cell.value for cell in made[2]][:4] == ["Acme & Sons <Ltd>", "1,234.50", "25%", "00012345"]
    assert made["B4"].value == -17
    # A formula without a stored result shows nothing; it is not copied.
    assert "1+1" not in str(zipfile.ZipFile(io.BytesIO(copy)).read("xl/worksheets/sheet1.xml"))
    assert sorted(zipfile.ZipFile(io.BytesIO(copy)).namelist()) == [
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/_rels/workbook.xml.rels",
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
    ]


def test_odd_rows_and_names_still_make_a_workbook() -> None:
    rows = [
        SheetRow("A/B:[1]*?" + "x" * 40, 5, {2: "c", 0: "a\x00\ud800b"}),
        SheetRow("A/B:[1]*?" + "x" * 40, 3, {0: "out of order"}),
        SheetRow("'", 1, {0: "1e5", 16383: "007", 1: "12.50"}),
        SheetRow("Sheet", 1, {0: "x" * 40_000}),
    ]
    out = io.BytesIO()
    assert write_workbook(rows, out) == 3
    book = openpyxl.load_workbook(out)
    assert all(len(name) <= 31 for name in book.sheetnames)
    assert len(set(book.sheetnames)) == 3
    first = book.worksheets[0]
    assert (first["A5"].value, first["C5"].value, first["A6"].value) == ("ab", "c", "out of order")
    second = book.worksheets[1]
    assert (second["A1"].value, second["B1"].value, second["XFD1"].value) == ("1e5", "12.50", "007")


def test_text_and_tables_of_a_document() -> None:
    out = io.BytesIO()
    blocks = [
        Paragraph("First\nline & <second>"),
        TableRow(1, {0: "Name", 1: "Ward"}),
        TableRow(1, {1: "North"}),
        TableRow(2, {0: "another table"}),
        Heading("Footnotes"),
        Paragraph("tab\there"),
    ]
    assert write_text_document(blocks, out) == 6
    made = docx.Document(out)
    assert [paragraph.text for paragraph in made.paragraphs if paragraph.text] == [
        "First\nline & <second>",
        "Footnotes",
        "tab\there",
    ]
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows] == [
        ["Name", "Ward"],
        ["", "North"],
    ]
    assert len(made.tables) == 2


def test_a_word_table_keeps_its_columns_where_cells_are_empty() -> None:
    source = docx.Document()
    source.add_paragraph("Before")
    table = source.add_table(3, 3)
    for row, values in enumerate((("Name", "Ward", "Seats"), ("Hall", "", "120"), ("", "North", ""))):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    stream = io.BytesIO()
    source.save(stream)
    made = docx.Document(io.BytesIO(flattened("a.docx", stream.getvalue())[1]))
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows] == [
        ["Name", "Ward", "Seats"],
        ["Hall", "", "120"],
        ["", "North", ""],
    ]


def test_csv_and_text_keep_what_they_say() -> None:
    content = 'Name,Note\nHall,"two\nlines, one comma"\n'.encode("utf-16")
    suffix, copy = flattened("a.csv", content)
    assert suffix == ".csv"
    assert list(csv.reader(io.StringIO(copy.decode("utf-8"), newline=""))) == [
        ["Name", "Note"],
        ["Hall", "two\nlines, one comma"],
    ]
    suffix, copy = flattened("a.txt", "Café\nsecond line\n".encode("cp1252"))
    assert (suffix, copy.decode("utf-8").split()) == (".txt", ["Café", "second", "line"])


def pdf() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(400, 300))
    canvas.drawString(72, 200, "Decision notice")
    canvas.showPage()
    canvas.setPageSize((300, 400))
    canvas.rect(50, 50, 200, 200, fill=1)
    canvas.save()
    return stream.getvalue()


def test_pages_look_the_same_and_hold_no_text() -> None:
    suffix, copy = flattened("a.pdf", pdf(), PdfCopy.PAGES)
    assert suffix == ".pdf"
    made = pypdfium2.PdfDocument(copy)
    assert [page.get_size() for page in made] == [(400, 300), (300, 400)]
    assert "".join(page.get_textpage().get_text_range() for page in made) == ""
    picture = made[1].render(scale=1).to_pil().convert("L")
    assert picture.getpixel((150, 250)) < 20
    assert picture.getpixel((20, 20)) > 240
    assert made.get_metadata_dict(skip_empty=True).keys() <= {"Producer", "Creator", "CreationDate"}


def test_a_picture_is_turned_and_stripped() -> None:
    picture = Image.new("RGB", (40, 20), "white")
    picture.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Una Quinn"
    stream = io.BytesIO()
    picture.save(stream, "PNG", exif=exif, pnginfo=None)
    suffix, copy = flattened("a.png", stream.getvalue())
    assert suffix == ".png"
    with Image.open(io.BytesIO(copy)) as made:
        assert made.size == (20, 40)
        assert made.getpixel((19, 0)) == (255, 0, 0)
        assert not made.getexif()
    assert b"Quinn" not in copy


def test_what_is_under_transparent_pixels_is_gone() -> None:
    picture = Image.new("RGBA", (4, 4), (200, 10, 10, 0))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    _, copy = flattened("a.png", stream.getvalue())
    with Image.open(io.BytesIO(copy)) as made:
        assert made.getpixel((1, 1)) == (255, 255, 255)


def test_a_scan_without_text_is_copied_as_pictures_only() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.rect(50, 50, 200, 200, fill=1)
    canvas.save()
    with pytest.raises(NoCopyError, match="--pdf pages"):
        flattened("scan.pdf", stream.getvalue())
    assert flattened("scan.pdf", stream.getvalue(), PdfCopy.PAGES)[0] == ".pdf"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.eml", b"From: a@example.org\nSubject: x\n\nHello\n", "print the message"),
        ("a.bin", bytes(range(256)) * 20, "no safe copy of this kind"),
        ("a.pdf", b"%PDF-1.4 broken", "cannot be opened"),
        ("a.html", b"<html><body><p style='display:none'>all hidden</p></body></html>", "nothing in it"),
    ],
)
def test_no_copy_is_said_with_the_reason(name: str, content: bytes, words: str) -> None:
    with pytest.raises(NoCopyError, match=words):
        flattened(name, content, PdfCopy.PAGES)


@pytest.mark.skipif(
    not shutil.which("soffice"), reason="LibreOffice is not installed (libreoffice-writer-nogui)"
)
def test_libreoffice_opens_the_copies(tmp_path: Path) -> None:
    with (tmp_path / "a.docx").open("wb") as file:
        write_text_document(
            [Heading("Slide 1"), Paragraph("Road works"), TableRow(1, {0: "Hall", 1: "120"})], file
        )
    with (tmp_path / "b.xlsx").open("wb") as file:
        write_workbook([SheetRow("Spend", 2, {0: "Parks", 1: "120"})], file)
    for name, target in (("a.docx", "txt:Text"), ("b.xlsx", "csv")):
        subprocess.run(
            [
                *("soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"),
                *("--convert-to", target, "--outdir", str(tmp_path), str(tmp_path / name)),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
    text = (tmp_path / "a.txt").read_text(encoding="utf-8-sig")
    assert text.split("\n")[:2] == ["Slide 1", "Road works"]
    assert "Hall" in text
    assert (tmp_path / "b.csv").read_text().split() == [",", "Parks,120"]
