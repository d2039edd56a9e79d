"""Leaks that happened, rebuilt with invented people: the gate stops each of them, and its copy is clean."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from scanner.documents.recognition import available
from scanner.release import PdfCopy, Weight
from tests.documents.parsers.legacy import streams_of
from tests.documents.parsers.reading import pack as zipped
from tests.documents.parsers.reading import relationships, unpack
from tests.documents.parsers.sheets.test_xls import label, rec, text8, workbook
from tests.documents.parsers.sheets.test_xls import pack as compound

from .conftest import Check, codes, objection
from .people import names, nhs_number, postcode

PEOPLE = 120


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def first_sheet(book: openpyxl.Workbook, title: str) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    return sheet


def all_text(path: str) -> str:
    """Everything that is in a package, unpacked."""
    with zipfile.ZipFile(path) as package:
        return "\n".join(package.read(name).decode("utf-8", "replace") for name in package.namelist())


def staff_workbook() -> bytes:
    """Two summary sheets that are seen, and two staff sheets that are not."""
    book = openpyxl.Workbook()
    summary = first_sheet(book, "Officers by rank")
    for row in (("Rank", "Headcount"), ("Constable", 5412), ("Sergeant", 1023), ("Inspector", 311)):
        summary.append(row)
    grades = book.create_sheet("Staff by grade")
    for row in (("Grade", "Headcount"), ("Administrative officer", 1320), ("Executive officer", 412)):
        grades.append(row)
    for title, state in (("SAP DOWNLOAD", "hidden"), ("SAP EXTRACT", "veryHidden")):
        hidden = book.create_sheet(title)
        hidden.sheet_state = state
        hidden.append(("Surname", "Forename", "Initials", "Rank", "Location", "Service number"))
        for number, (first, last) in enumerate(names(PEOPLE)):
            hidden.append(
                (last, first, first[0], "Constable", "Station " + "ABCDE"[number % 5], 40000 + number)
            )
    return saved(book)


def test_hidden_staff_sheets_of_a_workbook_for_publication(check: Check) -> None:
    """Police Service of Northern Ireland, August 2023."""
    checked = check("Officers by rank.xlsx", staff_workbook())
    assert not checked.check.passed
    sheets = [one for one in checked.check.objections if one.code == "hidden-sheet"]
    assert [one.place for one in sheets] == [
        'sheet "SAP DOWNLOAD" (hidden)',
        'sheet "SAP EXTRACT" (very hidden)',
    ]
    for sheet in sheets:
        assert sheet.weight is Weight.HIGH
        assert sheet.people is not None
        assert sheet.people.low <= PEOPLE <= sheet.people.high
        assert sheet.people.low > PEOPLE * 0.9
        assert f"{PEOPLE} people" in sheet.text
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert checked.copy.check.passed
    everything = all_text(checked.copy.path)
    assert "SAP" not in everything
    assert not any(last in everything for _, last in names(PEOPLE))
    book = openpyxl.load_workbook(checked.copy.path)
    assert book.sheetnames == ["Officers by rank", "Staff by grade"]
    assert [[cell.value for cell in row] for row in book["Officers by rank"]] == [
        ["Rank", "Headcount"],
        ["Constable", 5412],
        ["Sergeant", 1023],
        ["Inspector", 311],
    ]
    assert any("SAP DOWNLOAD" in line for line in checked.copy.removed)


FIELDS = ("Surname", "Forename", "NHS number", "Ethnicity", "Sexuality", "Household")


def resident(number: int, first: str, last: str) -> tuple[str, ...]:
    return (last, first, nhs_number(number), "White Irish", "Heterosexual", str(number % 6))


def allocations() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = first_sheet(book, "Allocations")
    for row in (("Ward", "Offers"), ("Canonbury", 120), ("Highbury East", 98), ("Tollington", 143)):
        sheet.append(row)
    return book


def pivot_workbook() -> bytes:
    """A pivot table's result, with the cache of rows whose sheet was deleted."""
    parts: dict[str, str | bytes] = dict(unpack(saved(allocations())))
    spreadsheet = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    fields = "".join(f'<cacheField name="{name}"><sharedItems/></cacheField>' for name in FIELDS)
    rows = "".join(
        "<r>" + "".join(f'<s v="{value}"/>' for value in resident(number, first, last)) + "</r>"
        for number, (first, last) in enumerate(names(PEOPLE))
    )
    parts["xl/pivotCache/pivotCacheDefinition1.xml"] = (
        f'<pivotCacheDefinition {spreadsheet} recordCount="{PEOPLE}"><cacheSource type="worksheet">'
        f'<worksheetSource sheet="Source"/></cacheSource><cacheFields>{fields}</cacheFields>'
        "</pivotCacheDefinition>"
    )
    parts["xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels"] = relationships(
        ("rId1", "pivotCacheRecords", "pivotCacheRecords1.xml")
    )
    parts["xl/pivotCache/pivotCacheRecords1.xml"] = (
        f"<pivotCacheRecords {spreadsheet}>{rows}</pivotCacheRecords>"
    )
    return zipped(parts)


def legacy_pivot_workbook() -> bytes:
    """The same as Excel 97 wrote it: the rows stand in the storage _SX_DB_CUR."""
    cells = b"".join(
        label(row, column, value)
        for row, values in enumerate((("Ward", "Offers"), ("Canonbury", "120"), ("Tollington", "143")))
        for column, value in enumerate(values)
    )
    cache = rec(0xC6, bytes(20))
    for name in FIELDS:
        cache += rec(0xC7, struct.pack("<7H", 0, 0, 0, 0, 0, 0, 0) + text8(name))
    for number, (first, last) in enumerate(names(PEOPLE)):
        cache += rec(0xC8, b"")
        cache += b"".join(rec(0xCD, text8(value)) for value in resident(number, first, last))
    file = workbook([("Allocations", 0, cells)])
    return compound(streams_of(file) | {("_SX_DB_CUR", "0001"): cache + rec(0x0A)})


@pytest.mark.parametrize(
    ("name", "content"),
    [("Allocations.xlsx", pivot_workbook()), ("Allocations.xls", legacy_pivot_workbook())],
    ids=["xlsx", "xls"],
)
def test_rows_that_a_pivot_table_keeps(check: Check, name: str, content: bytes) -> None:
    """London Borough of Islington, 2012."""
    checked = check(name, content)
    assert not checked.check.passed
    cache = objection(checked.check, "pivot-cache")
    assert cache.weight is Weight.HIGH
    assert cache.count == PEOPLE
    assert f"{PEOPLE} records" in cache.text
    for field in FIELDS:
        assert field in cache.text
    assert cache.people is not None
    assert cache.people.low > PEOPLE * 0.9
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert checked.copy.check.passed, codes(checked.copy.check)
    everything = all_text(checked.copy.path)
    assert "pivot" not in everything
    assert "Heterosexual" not in everything
    assert not any(last in everything for _, last in names(PEOPLE))
    sheet = openpyxl.load_workbook(checked.copy.path)["Allocations"]
    assert [cell.value for cell in sheet["A"]][:2] == ["Ward", "Canonbury"]


def test_protected_sheet_over_hidden_columns(check: Check) -> None:
    """Southend-on-Sea City Council, 2023: read-only, and everything still there."""
    book = openpyxl.Workbook()
    sheet = first_sheet(book, "Roles")
    sheet.append(("Job role", "Posts", "Name", "NHS number", "Address"))
    for number, (first, last) in enumerate(names(30)):
        sheet.append(
            (
                "Officer",
                12,
                f"{first} {last}",
                nhs_number(number),
                f"{number + 1} Mill Street {postcode(number)}",
            )
        )
    for letter in "CDE":
        sheet.column_dimensions[letter].hidden = True
    sheet.protection.sheet = True
    checked = check("Job roles.xlsx", saved(book))
    hidden = objection(checked.check, "hidden-cells")
    assert hidden.weight is Weight.HIGH
    assert "hidden column" in hidden.text
    assert hidden.people is not None
    assert hidden.people.high >= 27
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert checked.copy.check.passed
    assert not re.search("Mill Street|999[0-9]{7}|Aoife", all_text(checked.copy.path))


def test_filtered_rows_count_though_nobody_sees_them(check: Check) -> None:
    """Ministry of Defence, February 2022: the rows of the file, not those on the screen."""
    book = openpyxl.Workbook()
    sheet = first_sheet(book, "Applicants")
    sheet.append(("Forename", "Surname", "NHS number"))
    for number, (first, last) in enumerate(names(PEOPLE)):
        sheet.append((first, last, nhs_number(number)))
        sheet.row_dimensions[number + 2].hidden = number >= 10
    sheet.auto_filter.ref = f"A1:C{PEOPLE + 1}"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@example.org",
        "b@example.org",
        "About 10 applicants",
    )
    message.set_content("Please verify the attached.")
    message.add_attachment(
        saved(book), maintype="application", subtype="octet-stream", filename="applicants.xlsx"
    )
    mailed = objection(check("request.eml", message.as_bytes()).check, "hidden-cells")
    assert (mailed.count, mailed.place) == (
        PEOPLE - 10,
        'attachment "applicants.xlsx" > sheet "Applicants"',
    )
    checked = check("applicants.xlsx", saved(book))
    assert objection(checked.check, "hidden-cells").count == PEOPLE - 10
    assert checked.check.people.high >= PEOPLE * 0.9
    # What can be seen stays, and keeps the copy from passing.
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert codes(checked.copy.check) == {"personal-data"}
    assert len(list(openpyxl.load_workbook(checked.copy.path)["Applicants"].rows)) == 11


def redacted_pdf() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    canvas.drawString(72, 760, "Decision notice on the complaint about the car park")
    canvas.drawString(72, 730, f"The complainant is Roisin McAllister, NHS number {nhs_number(3)}")
    canvas.rect(70, 726, 420, 16, fill=1)
    canvas.drawString(72, 700, "The complaint is not upheld.")
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(72, 670, "Internal: her sister Una McAllister reported it")
    canvas.save()
    return stream.getvalue()


@pytest.mark.parametrize("way", list(PdfCopy))
def test_redaction_by_a_black_box_and_white_words(check: Check, way: PdfCopy) -> None:
    checked = check("Decision notice.pdf", redacted_pdf(), pdf=way)
    assert {"failed-redaction", "hidden-text"} <= codes(checked.check)
    assert objection(checked.check, "failed-redaction").place == "page 1 > text under a filled box"
    assert checked.copy is not None
    content = Path(checked.copy.path).read_bytes()
    if way is PdfCopy.TEXT:
        assert checked.copy.check is not None
        assert checked.copy.check.passed
        assert "not upheld" in all_text(checked.copy.path)
        assert "McAllister" not in all_text(checked.copy.path)
    else:
        # Without OCR nobody can say what pixels hold: the copy has no text, and the gate says so.
        assert codes(checked.copy.check) == {"not-checked"}
        assert b"McAllister" not in content
        assert b"/Font" not in content


@pytest.mark.skipif(not available(), reason="needs tesseract-ocr and tesseract-ocr-eng")
def test_pictures_of_pages_are_read_again(check: Check) -> None:
    checked = check("Decision notice.pdf", redacted_pdf(), pdf=PdfCopy.PAGES, ocr=True)
    assert checked.copy is not None
    assert checked.copy.check is not None
    assert checked.copy.check.passed
    assert checked.copy.check.inspected == "inspected"
    # Were the box not there, the words would be read: the check of the copy sees what is on the page.
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    canvas.drawString(72, 730, f"The complainant is Roisin McAllister, NHS number {nhs_number(3)}")
    canvas.save()
    checked = check("Open.pdf", stream.getvalue(), pdf=PdfCopy.PAGES, ocr=True)
    assert checked.copy is not None
    assert "personal-data" in codes(checked.copy.check)
