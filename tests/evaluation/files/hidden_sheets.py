"""Workbooks whose people stand where nobody looks: hidden sheets, rows and columns, comments, caches, shapes, links."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill, Protection
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from tests.evaluation.files.books import book, born, name, names, nhs, nino, put, saved
from tests.evaluation.files.making import Make, file


def written(fill: Callable[[Any], None], **options: Any) -> bytes:
    """A workbook of the other writer, whose shapes and macros openpyxl does not have."""
    target = BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True, **options})
    fill(made)
    made.close()
    return target.getvalue()


def changed(
    content: bytes, parts: dict[str, Callable[[str], str]], more: dict[str, str] | None = None
) -> bytes:
    """The package with some of its parts rewritten, and further parts."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            data = old.read(member)
            if member in parts:
                data = parts[member](data.decode()).encode()
            new.writestr(member, data)
        for member, text in (more or {}).items():
            new.writestr(member, text)
    return target.getvalue()


@file("very_hidden_source.xlsx", "high", "critical", forms=("xls", "ods"))
def _very_hidden(make: Make) -> bytes:
    made, sheet = book("Summary")
    put(make, sheet, [("Ward", "Claims"), ("North", 41), ("South", 37)])
    data = made.create_sheet("src_2")
    rows = [(*names(make, p), born(make, p), nino(make, p)) for p in make.crowd(10)]
    put(make, data, [("surname", "forename", "dob", "nino"), *rows], hidden=True)
    data.sheet_state = "veryHidden"
    return saved(made)


@file("filtered_rows.xlsx", "high", "critical", forms=("xls", "ods"))
def _filtered(make: Make) -> bytes:
    """A filter shows one school; the rows of the others are still there."""
    made, sheet = book("FSM")
    put(make, sheet, [("School", "Pupil", "UPN", "DOB", "Parent NI no")])
    for row in range(2, 16):
        p = make.person(born=(2010, 2019))
        shown = row % 5 == 0
        put(
            make,
            sheet,
            [
                (
                    "St Oswald's Primary" if shown else "Moorside Junior",
                    name(make, p),
                    make.cell("UK_UPN", p.upn),
                    born(make, p),
                    nino(make, p),
                )
            ],
            top=row,
            hidden=not shown,
        )
        sheet.row_dimensions[row].hidden = not shown
    sheet.auto_filter.ref = "A1:E15"
    return saved(made)


@file("hidden_columns.xlsx", "high", "critical", forms=("xls", "ods"))
def _hidden_columns(make: Make) -> bytes:
    made, sheet = book("Rota share")
    put(make, sheet, [("Staff", "Shift", "NI", "Salary", "Sickness reason")])
    for row, p in enumerate(make.crowd(8), 2):
        put(make, sheet, [(name(make, p), "Late")], top=row)
        put(make, sheet, [(nino(make, p), 24_500, "Depression")], top=row, left=3, hidden=True)
    for column in "CDE":
        sheet.column_dimensions[column].hidden = True
    return saved(made)


@file("comments_on_cells.xlsx", "high", "critical", people=-1, forms=("xls", "ods"))
def _comments(make: Make) -> bytes:
    made, sheet = book("Rent accounts")
    put(make, sheet, [("Property", "Rent", "Arrears")])
    for row, p in enumerate(make.crowd(5), 2):
        put(make, sheet, [(f"UPRN {100000000 + row}", 98.5, 420)], top=row)
        text = f"{p.name} rang 12/5: suffers from schizophrenia, NI {p.nino}, mobile {p.mobile}"
        sheet.cell(row, 3).comment = Comment(text, "Housing Officer")
        make.say("UK_NINO", p.nino, None, '"Rent accounts"', f"C{row}", hidden=True)
        make.say("PERSON", p.name, None, f"C{row}", hidden=True)
    return saved(made)


@file("defined_names_and_lists.xlsx", "high", "critical", people=-1)
def _defined_names(make: Make) -> bytes:
    made, sheet = book("Order form")
    put(make, sheet, [("Item", "Client"), ("Perching stool", None), ("Grab rail", None)])
    a, b = make.crowd(2)
    made.defined_names["LastClient"] = DefinedName(
        "LastClient", attr_text=f'"{a.name}, NHS {a.nhs}"', hidden=True
    )
    make.say("UK_NHS", a.nhs)
    choice = DataValidation(type="list", formula1=f'"{a.name} {a.nino},{b.name} {b.nino}"')
    sheet.add_data_validation(choice)
    choice.add("B2:B9")
    make.say("UK_NINO", a.nino)
    make.say("UK_NINO", b.nino)
    return saved(made)


@file("white_and_protected.xlsx", "high", "critical", forms=("ods",))
def _white(make: Make) -> bytes:
    made, sheet = book("Claim form")
    put(make, sheet, [("Expenses claim", None), ("Total", 124.5)])
    for row, p in enumerate(make.crowd(4), 20):
        put(make, sheet, [(name(make, p), nino(make, p), p.dob)], top=row, left=10)
        for column in range(10, 13):
            sheet.cell(row, column).font = Font(color="FFFFFF")
            sheet.cell(row, column).protection = Protection(hidden=True)
    sheet.protection.sheet = True
    sheet.protection.password = "calderford"
    return saved(made)


@file("pivot_cache_left.xlsx", "high", "critical", people=-1)
def _pivot(make: Make) -> bytes:
    """A pivot table whose source sheet was deleted: the rows live on in its cache."""
    made, sheet = book("Pivot")
    put(make, sheet, [("Row Labels", "Count of Name"), ("Asthma", 3), ("Diabetes", 2), ("Grand Total", 5)])
    people = make.crowd(5)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    fields = ""
    for label, values in (
        ("Name", [p.name for p in people]),
        ("NHS Number", [p.nhs for p in people]),
        ("Condition", ["Asthma", "Diabetes"]),
    ):
        items = "".join(f'<s v="{value}"/>' for value in values)
        fields += f'<cacheField name="{label}" numFmtId="0"><sharedItems count="{len(values)}">{items}</sharedItems></cacheField>'
    definition = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><pivotCacheDefinition xmlns="{main}" '
        'recordCount="5" refreshedBy="T Brook"><cacheSource type="worksheet"><worksheetSource ref="A1:C6" sheet="Data"/>'
        f'</cacheSource><cacheFields count="3">{fields}</cacheFields></pivotCacheDefinition>'
    )
    records = "".join(f'<r><x v="{i}"/><x v="{i}"/><x v="{i % 2}"/></r>' for i in range(5))
    for p in people:
        make.say("UK_NHS", p.nhs, None, hidden=True)
        make.say("PERSON", p.name, None, hidden=True)
    make.staff("T Brook")
    more = {
        "xl/pivotCache/pivotCacheDefinition1.xml": definition,
        "xl/pivotCache/pivotCacheRecords1.xml": f'<pivotCacheRecords xmlns="{main}" count="5">{records}</pivotCacheRecords>',
    }
    base = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    types = "".join(
        f'<Override PartName="/xl/pivotCache/pivotCache{kind}1.xml" ContentType="{base}pivotCache{kind}+xml"/>'
        for kind in ("Definition", "Records")
    )
    return changed(
        saved(made), {"[Content_Types].xml": lambda text: text.replace("</Types>", types + "</Types>")}, more
    )


@file("link_to_another_book.xlsx", "high", "critical", people=-1)
def _external(make: Make) -> bytes:
    made, sheet = book("Variance")
    put(make, sheet, [("Cost centre", "Variance"), ("C2041", -300)])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = ""
    for row, p in enumerate(make.crowd(5), 2):
        rows += f'<row r="{row}"><cell r="A{row}" t="str"><v>{p.name}</v></cell><cell r="B{row}" t="str"><v>{p.nino}</v></cell></row>'
        make.say("UK_NINO", p.nino, None, hidden=True)
    link = (
        f'<externalLink xmlns="{main}"><externalBook><sheetNames><sheetName val="Payroll"/></sheetNames><sheetDataSet>'
        f'<sheetData sheetId="0"><row r="1"><cell r="A1" t="str"><v>Employee</v></cell><cell r="B1" t="str"><v>NINO</v></cell></row>{rows}'
        "</sheetData></sheetDataSet></externalBook></externalLink>"
    )
    override = (
        '<Override PartName="/xl/externalLinks/externalLink1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"/></Types>'
    )
    return changed(
        saved(made),
        {"[Content_Types].xml": lambda text: text.replace("</Types>", override)},
        {"xl/externalLinks/externalLink1.xml": link},
    )


@file("text_boxes_and_shapes.xlsx", "critical", people=2)
def _shapes(make: Make) -> bytes:
    p = make.person(born=(2010, 2018))
    mother = make.person(born=(1980, 1992), surname=p.surname)

    def fill(made: Any) -> None:
        sheet = made.add_worksheet("Genogram")
        sheet.insert_textbox(
            "B2",
            f"{mother.name} (mother)\nDOB {mother.dob}\nTel {mother.mobile}\nknown to MARAC, high risk DV",
        )
        sheet.insert_textbox("B12", f"{p.name} DOB {p.dob}\nNHS {p.nhs}\nCP plan: emotional harm")

    for kind, value in (
        ("PERSON", mother.name),
        ("PERSON", p.name),
        ("DATE_OF_BIRTH", mother.dob),
        ("DATE_OF_BIRTH", p.dob),
        ("UK_NHS", p.nhs),
        ("PHONE", mother.mobile),
    ):
        make.say(kind, value, None, "Genogram")
    return written(fill)


@file("date_1904.xlsx", "high", "critical", forms=("xls", "ods"))
def _mac(make: Make) -> bytes:
    """A workbook from a Mac: its days are counted from 1904."""
    people = make.crowd(8)

    def fill(made: Any) -> None:
        sheet = made.add_worksheet("Clients")
        day = made.add_format({"num_format": "dd mmm yyyy"})
        sheet.write_row(0, 0, ("Client name", "Born", "NI number", "GP surgery"))
        for row, p in enumerate(people, 1):
            sheet.write(row, 0, p.name)
            sheet.write_datetime(row, 1, datetime(p.born.year, p.born.month, p.born.day), day)
            sheet.write(row, 2, p.nino)
            sheet.write(row, 3, "Ling Road Surgery")
            make.say("PERSON", p.name, None, "A" + str(row + 1))
            make.say("DATE_OF_BIRTH", p.dob, None, "B" + str(row + 1))
            make.say("UK_NINO", p.nino, None, "C" + str(row + 1))

    return written(fill, date_1904=True)


@file("rich_text_and_links.xlsx", "high", "critical")
def _rich(make: Make) -> bytes:
    """Values cut by bold letters, and addresses behind links."""
    people = make.crowd(6)

    def fill(made: Any) -> None:
        sheet = made.add_worksheet("Caseload")
        bold = made.add_format({"bold": True, "font_color": "red"})
        sheet.write_row(0, 0, ("Service user", "NI number", "E-mail"))
        for row, p in enumerate(people, 1):
            sheet.write_rich_string(row, 0, p.forename + " ", bold, p.surname)
            sheet.write_rich_string(row, 1, p.nino[:4], bold, p.nino[4:7], p.nino[7:])
            sheet.write_url(row, 2, f"mailto:{p.email}", string="e-mail")
            make.say("PERSON", p.name, None, f"A{row + 1}")
            make.say("UK_NINO", p.nino, None, f"B{row + 1}")
            make.say("EMAIL", p.email)

    return written(fill)


@file("table_objects_with_filter.xlsx", "high", "critical")
def _table_objects(make: Make) -> bytes:
    people = make.crowd(7)

    def fill(made: Any) -> None:
        sheet = made.add_worksheet("Adult social care")
        data = [[p.surname, p.forename, p.dob, int(p.nhs), p.postcode] for p in people]
        columns = [{"header": h} for h in ("Last Name", "First Name", "DOB", "NHS ID", "Post Code")]
        sheet.add_table(3, 1, 3 + len(data), 5, {"data": data, "columns": columns, "name": "tblClients"})
        for row, p in enumerate(people, 5):
            make.say("PERSON", p.surname, None, f"B{row}")
            make.say("PERSON", p.forename, None, f"C{row}")
            make.say("DATE_OF_BIRTH", p.dob, None, f"D{row}")
            make.say("UK_NHS", p.nhs, None, f"E{row}")
            make.say("UK_POSTCODE", p.postcode, None, f"F{row}")

    return written(fill)


@file("header_and_footer_of_sheet.xlsx", "high", "critical", people=1)
def _header_footer(make: Make) -> bytes:
    made, sheet = book("Timesheet")
    p = make.person()
    put(make, sheet, [("Week", "Hours"), ("1", 37), ("2", 35)])
    sheet.oddHeader.left.text = f"Timesheet of {p.name}"
    sheet.oddFooter.right.text = f"NI no {p.nino}"
    make.say("UK_NINO", p.nino)
    make.say("PERSON", p.name)
    return saved(made)


@file("conditional_formats.xlsx", "high", "critical", people=-1)
def _conditional(make: Make) -> bytes:
    people = make.crowd(3)

    def fill(made: Any) -> None:
        sheet = made.add_worksheet("Watch list")
        red = made.add_format({"bg_color": "#FF9999"})
        sheet.write_row(0, 0, ("Claim", "Status"))
        for p in people:
            rule = {"type": "cell", "criteria": "==", "value": f'"{p.nino}"', "format": red}
            sheet.conditional_format("A2:A99", rule)
            make.say("UK_NINO", p.nino)

    return written(fill)


@file("macro_book_renamed.xlsx", "high", "critical")
def _renamed_template(make: Make) -> bytes:
    """A template saved under the ordinary name, its cells as inline strings."""
    made, sheet = book("NFA list")
    rows = [(name(make, p), nino(make, p), born(make, p), "NFA - hostel") for p in make.crowd(6)]
    put(make, sheet, [("Name", "NiNo", "DoB", "Address"), *rows])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    return changed(
        saved(made),
        {
            "[Content_Types].xml": lambda text: text.replace(
                kind + "sheet.main+xml", kind + "template.main+xml"
            )
        },
    )


@file("grey_on_grey.xlsx", "high", "critical")
def _outline(make: Make) -> bytes:
    """Outlined rows, folded away under their totals."""
    made, sheet = book("Care packages")
    put(make, sheet, [("Team / client", "NHS number", "DOB", "Weekly cost")])
    row = 2
    for team in ("North", "South", "East"):
        for p in make.crowd(4, born=(1925, 1950)):
            put(make, sheet, [(name(make, p), nhs(make, p), born(make, p), 612.4)], top=row, hidden=True)
            sheet.row_dimensions[row].outlineLevel = 1
            sheet.row_dimensions[row].hidden = True
            row += 1
        put(make, sheet, [(f"{team} total", None, None, 2449.6)], top=row)
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor="DDDDDD")
        row += 1
    return saved(made)
