"""Workbooks of people as offices lay them out: titles, two-row headers, blocks, forms, transposed tables."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from tests.evaluation.files.books import book, born, name, names, nhs, nino, put, saved
from tests.evaluation.files.making import Expected, Make, file


@file(
    "council_tax_arrears.xlsx", "high", "critical", forms=("xls", "ods", "pdf", "html", "xml", "csv"), staff=2
)
def _title_rows(make: Make) -> bytes:
    made, sheet = book("Arrears Q2")
    sheet["A1"] = "CALDERFORD BOROUGH COUNCIL - REVENUES"
    sheet.merge_cells("A1:H1")
    sheet["A2"] = "Council Tax arrears over £1,000 - extract from Northgate"
    sheet["A3"] = "Run date"
    sheet["B3"] = datetime(2025, 9, 30)
    sheet["D3"] = "Prepared by"
    sheet["E3"] = "J Ellison"
    make.staff("J Ellison", "Ellison")
    header = ("Acc Ref", "Surname", "Forename", "DOB", "NI No", "Address", "Postcode", "Balance")
    people = make.crowd(14)
    rows = [
        (
            800000000 + make.rng.randrange(10**7),
            *names(make, p),
            born(make, p),
            nino(make, p),
            make.cell("UK_ADDRESS", p.line),
            make.cell("UK_POSTCODE", p.postcode),
            round(make.rng.uniform(1000, 4000), 2),
        )
        for p in people
    ]
    after = put(make, sheet, [header, *rows], top=6)
    put(make, sheet, [("Total", None, None, None, None, None, None, f"=SUM(H7:H{after - 1})")], top=after + 1)
    return saved(made)


@file("two_row_header_caseload.xlsx", "critical", forms=("xls", "ods", "pdf"), people=None, staff=12)
def _two_row_header(make: Make) -> bytes:
    made, sheet = book("Caseload")
    put(
        make,
        sheet,
        [
            ("Child", None, None, None, "Plan", None, "Worker"),
            ("Surname", "First name", "DOB", "NHS no.", "Type", "Start date", "Allocated to"),
        ],
    )
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("E1:F1")
    for row, p in enumerate(make.crowd(9, born=(2009, 2021)), 3):
        put(
            make,
            sheet,
            [
                (
                    *names(make, p),
                    born(make, p, datetime(p.born.year, p.born.month, p.born.day)),
                    nhs(make, p, int(p.nhs)),
                    make.rng.choice(("CPP - neglect", "CIN", "CLA s.20", "CPP - emotional abuse")),
                    datetime(2025, make.rng.randint(1, 9), 3),
                    "K Marsden",
                )
            ],
            top=row,
        )
        sheet.cell(row, 3).number_format = "dd/mm/yyyy"
    make.staff("K Marsden", "Marsden")
    return saved(made)


@file("header_repeated_on_each_page.xlsx", "high", "critical", forms=("ods", "pdf"))
def _repeated_header(make: Make) -> bytes:
    made, sheet = book("Blue Badge")
    header = ("Applicant", "Date of Birth", "NI Number", "Condition")
    top = 1
    for page in range(1, 4):
        put(make, sheet, [(f"Blue Badge renewals - page {page}",)], top=top)
        rows = [
            (
                name(make, p),
                born(make, p),
                nino(make, p),
                make.rng.choice(("COPD", "Multiple sclerosis", "Parkinson's")),
            )
            for p in make.crowd(6)
        ]
        top = put(make, sheet, [header, *rows], top=top + 1)
        top += 1
    return saved(made)


@file("side_by_side_tables.xlsx", "high", "critical", forms=("xls", "ods"))
def _side_by_side(make: Make) -> bytes:
    made, sheet = book("Transport")
    sheet["B1"] = "Morning run"
    sheet["H1"] = "Afternoon run"
    for left in (2, 8):
        rows = [
            (
                name(make, p),
                born(make, p),
                make.cell("PHONE", p.mobile),
                make.rng.choice(("Epilepsy - rescue meds", "Wheelchair", "Autism, needs escort")),
            )
            for p in make.crowd(7, born=(2009, 2019))
        ]
        put(make, sheet, [("Pupil", "D.O.B.", "Parent mobile", "Medical"), *rows], top=3, left=left)
    return saved(made)


@file("tables_below_each_other.xlsx", "high", "critical", forms=("ods", "pdf"))
def _stacked(make: Make) -> bytes:
    made, sheet = book("Payroll queries")
    put(make, sheet, [("Starters",), ("Name", "NI number", "Sort code", "Account no")])
    rows = [
        (
            name(make, p),
            nino(make, p),
            make.cell("UK_BANK_ACCOUNT", p.sort),
            make.cell("UK_BANK_ACCOUNT", p.account),
        )
        for p in make.crowd(5)
    ]
    after = put(make, sheet, rows, top=3)
    put(make, sheet, [("Leavers",), ("Employee", "Left on", "Reason", "NINO")], top=after + 1)
    leavers = [
        (
            name(make, p),
            datetime(2025, 3, 31),
            make.rng.choice(("Ill-health retirement", "Resigned", "Redundancy")),
            nino(make, p),
        )
        for p in make.crowd(5)
    ]
    put(make, sheet, leavers, top=after + 3)
    return saved(made)


@file("transposed_assessment.xlsx", "high", "critical", forms=("xls", "ods"))
def _transposed(make: Make) -> bytes:
    made, sheet = book("Comparison")
    people = make.crowd(4)
    columns = [
        (
            f"Client {i}",
            name(make, p),
            born(make, p),
            nhs(make, p),
            nino(make, p),
            make.cell("UK_ADDRESS", p.line),
            make.cell("UK_POSTCODE", p.postcode),
            make.cell("PHONE", p.landline),
            "Dementia; falls risk",
        )
        for i, p in enumerate(people, 1)
    ]
    labels = (
        "",
        "Name",
        "Date of birth",
        "NHS number",
        "NI number",
        "Address",
        "Postcode",
        "Telephone",
        "Needs",
    )
    put(make, sheet, zip(labels, *columns, strict=True))
    return saved(made)


@file("header_on_another_sheet.xlsx", "high", "critical")
def _header_elsewhere(make: Make) -> bytes:
    made, sheet = book("Data dictionary")
    put(
        make,
        sheet,
        [
            ("Col", "Field"),
            ("A", "Surname"),
            ("B", "Forename"),
            ("C", "Date of birth"),
            ("D", "NI number"),
            ("E", "Amount"),
        ],
    )
    data = made.create_sheet("Data")
    rows = [
        (*names(make, p), born(make, p), nino(make, p), round(make.rng.uniform(20, 90), 2))
        for p in make.crowd(12)
    ]
    put(make, data, rows)
    return saved(made)


@file("no_header_at_all.xlsx", "high", "critical", forms=("csv", "ods"))
def _no_header(make: Make) -> bytes:
    made, sheet = book("Sheet1")
    rows = [
        (
            make.cell("PERSON", p.name, f"{p.title} {p.name}"),
            make.cell("UK_ADDRESS", p.line),
            p.town,
            make.cell("UK_POSTCODE", p.postcode),
            nino(make, p),
            make.cell("PHONE", p.mobile),
        )
        for p in make.crowd(11)
    ]
    put(make, sheet, rows)
    return saved(made)


@file("ni_number_split.xlsx", "high", "critical", forms=("xls",))
def _nino_split(make: Make) -> bytes:
    """The insurance number over five columns, as the form has its boxes."""
    made, sheet = book("SMP")
    sheet["A1"] = "Statutory maternity pay claims"
    put(make, sheet, [("Name", "NI number", None, None, None, None, "Due date")], top=3)
    sheet.merge_cells("B3:F3")
    for row, p in enumerate(make.crowd(8), 4):
        n = p.nino
        put(
            make,
            sheet,
            [(name(make, p), nino(make, p, n[:2]), n[2:4], n[4:6], n[6:8], n[8], datetime(2026, 2, 1))],
            top=row,
        )
    return saved(made)


@file("ni_number_lower_and_spaced.xlsx", "high", "critical", forms=("csv", "xls"))
def _nino_spellings(make: Make) -> bytes:
    made, sheet = book("Claims")
    shapes = (
        lambda n: n.lower(),
        lambda n: f"{n[:2]} {n[2:4]} {n[4:6]} {n[6:8]} {n[8]}",
        lambda n: f"{n[:2]}{n[2:8]} {n[8]}".lower(),
        lambda n: f"{n[:2]}-{n[2:4]}-{n[4:6]}-{n[6:8]}-{n[8]}",
        lambda n: f" {n} ",
        lambda n: n.replace("", "\u00a0").strip("\u00a0"),
    )
    rows = [
        (
            make.cell("PERSON", p.name, f"{p.surname.upper()}, {p.forename}"),
            nino(make, p, shapes[i % len(shapes)](p.nino)),
        )
        for i, p in enumerate(make.crowd(12))
    ]
    put(make, sheet, [("Claimant", "Nat Ins"), *rows])
    return saved(made)


@file("nhs_numbers_as_numbers.xlsx", "high", "critical", forms=("xls", "ods", "csv", "xml"))
def _nhs_numbers(make: Make) -> bytes:
    made, sheet = book("Flu clinic")
    formats = ("General", "0", "#,##0", "0.00", "000 000 0000", "0.00E+00")
    put(make, sheet, [("Patient", "NHS Number", "D.o.B", "Vaccine")])
    for row, p in enumerate(make.crowd(18), 2):
        put(
            make,
            sheet,
            [(name(make, p), nhs(make, p, float(p.nhs) if row % 2 else int(p.nhs)), born(make, p), "QIV")],
            top=row,
        )
        sheet.cell(row, 2).number_format = formats[row % len(formats)]
    return saved(made)


@file("phones_without_zero.xlsx", "low", "medium", forms=("csv", "ods"))
def _lost_zero(make: Make) -> bytes:
    made, sheet = book("Allotments")
    rows = [
        (
            f"P{i:03d}",
            name(make, p),
            make.cell("PHONE", p.mobile, int(p.mobile)),
            make.cell("PHONE", p.landline, int(p.landline.replace(" ", ""))),
            make.cell("EMAIL", p.email),
        )
        for i, p in enumerate(make.crowd(8), 1)
    ]
    put(make, sheet, [("Plot", "Tenant", "Mobile", "Home tel", "Email"), *rows])
    return saved(made)


@file("births_as_serials.xlsx", "high", "critical", forms=("csv",))
def _serials(make: Make) -> bytes:
    """Dates of birth pasted as values: the bare day numbers of the spreadsheet."""
    made, sheet = book("Concessionary passes")
    rows = [
        (
            *names(make, p),
            born(make, p, (datetime(p.born.year, p.born.month, p.born.day) - datetime(1899, 12, 30)).days),
            nino(make, p),
        )
        for p in make.crowd(10)
    ]
    put(make, sheet, [("Surname", "Forename", "Date of birth", "NINO"), *rows])
    return saved(made)


@file("births_in_all_orders.xlsx", "high", "critical", forms=("csv", "xls"), people=None)
def _birth_forms(make: Make) -> bytes:
    made, sheet = book("Register")
    forms = ("%d/%m/%Y", "%d.%m.%y", "%Y-%m-%d", "%d %B %Y", "%d-%b-%y", "%d%m%Y", "%Y%m%d", "%d/%m/%y")
    rows = []
    for i, p in enumerate(make.crowd(16, born=(1940, 1999))):
        rows.append(
            (
                name(make, p),
                born(make, p, p.born.strftime(forms[i % len(forms)])),
                make.cell("UK_ADDRESS", p.line),
                make.cell("UK_POSTCODE", p.postcode),
            )
        )
    put(make, sheet, [("Full name", "D.O.B", "Address line 1", "Post Code"), *rows])
    return saved(made)


@file("births_us_order.xlsx", "high", "critical")
def _us_order(make: Make) -> bytes:
    made, sheet = book("Export")
    rows = [(name(make, p), born(make, p, f"{p.born:%m/%d/%Y}"), nhs(make, p)) for p in make.crowd(12)]
    put(make, sheet, [("PatientName", "BirthDate", "NHSNumber"), *rows])
    return saved(made)


@file("bank_in_one_cell.xlsx", "high", "critical", forms=("csv",))
def _bank_one_cell(make: Make) -> bytes:
    made, sheet = book("Direct payments")
    shapes = ("{s} {a}", "{s} / {a}", "S/C {s} A/C {a}", "{p} {a}", "{s}-{a}")
    rows = [
        (
            name(make, p),
            make.cell(
                "UK_BANK_ACCOUNT",
                p.account,
                shapes[i % 5].format(s=p.sort, p=p.sort.replace("-", ""), a=p.account),
            ),
            250.0,
            "Carers payment",
        )
        for i, p in enumerate(make.crowd(10))
    ]
    put(make, sheet, [("Payee", "Bank details", "Weekly", "For"), *rows])
    return saved(made)


@file("bank_lost_zeros.xlsx", "high", "critical", forms=("csv", "xls"))
def _bank_numbers(make: Make) -> bytes:
    made, sheet = book("BACS refunds")
    rows = []
    for p in make.crowd(12):
        account = "0" + p.account[1:] if make.rng.random() < 0.4 else p.account
        sort = "09" + p.sort[2:] if make.rng.random() < 0.5 else p.sort
        rows.append(
            (
                name(make, p),
                make.cell("UK_BANK_ACCOUNT", str(int(sort.replace("-", ""))), int(sort.replace("-", ""))),
                make.cell("UK_BANK_ACCOUNT", str(int(account)), int(account)),
                round(make.rng.uniform(10, 900), 2),
            )
        )
    put(make, sheet, [("Account name", "Sort code", "Account number", "Refund £"), *rows])
    return saved(made)


@file("surname_comma_forename_title.xlsx", "medium", "high", forms=("xls", "pdf"))
def _one_name_column(make: Make) -> bytes:
    made, sheet = book("Housing list")
    rows = [
        (
            i,
            make.cell("PERSON", p.name, f"{p.surname}, {p.forename} ({p.title})"),
            born(make, p),
            make.cell("UK_ADDRESS", p.line, f"{p.line}, {p.town}, {p.postcode}"),
            make.rng.choice(("Band A", "Band B", "Band C")),
        )
        for i, p in enumerate(make.crowd(13), 1)
    ]
    put(make, sheet, [("No", "Applicant", "DOB", "Current address", "Banding"), *rows], top=2)
    return saved(made)


@file("names_far_apart.xlsx", "high", "critical")
def _far_apart(make: Make) -> bytes:
    made, sheet = book("CTR awards")
    header = ["Claim", "Surname", *(f"Wk{i}" for i in range(1, 25)), "Forename", "Known as", "NI", "DOB"]
    rows = []
    for p in make.crowd(9):
        surname, forename = names(make, p)
        weeks = [round(make.rng.uniform(0, 30), 2) for _ in range(24)]
        rows.append(
            (
                f"C{make.rng.randint(10000, 99999)}",
                surname,
                *weeks,
                forename,
                None,
                nino(make, p),
                born(make, p),
            )
        )
    put(make, sheet, [header, *rows])
    return saved(made)


@file("address_over_five_columns.xlsx", "high", "critical", forms=("csv", "ods"), people=None)
def _five_columns(make: Make) -> bytes:
    made, sheet = book("Electoral canvass")
    header = ("Title", "First Name", "Last Name", "Add1", "Add2", "Add3", "Add4", "Pcode", "D.O.B.")
    rows = []
    for i, p in enumerate(make.crowd(15)):
        surname, forename = names(make, p)
        line = make.cell("UK_ADDRESS", p.line)
        address = (
            (line, None, p.town, "West Yorkshire"),
            ("Flat 3", line, None, p.town),
            (line, "Sowerby", p.town, None),
        )[i % 3]
        rows.append(
            (p.title, forename, surname, *address, make.cell("UK_POSTCODE", p.postcode), born(make, p))
        )
    put(make, sheet, [header, *rows])
    return saved(made)


@file("notes_column.xlsx", "critical", forms=("csv", "ods", "pdf"), people=-1, staff=6)
def _notes(make: Make) -> bytes:
    made, sheet = book("Duty log")
    make.staff("Sandra", "Ms Oyelaran", "Oyelaran")
    rows = []
    for i, p in enumerate(make.crowd(6, born=(2010, 2020))):
        note = (
            f"T/C from school re {p.forename}. Disclosed that stepfather hit him/her with a belt. Strategy meeting agreed, "
            f"s47 to start today. Home address {p.line}, {p.town}.\nCallback to grandmother on {p.mobile}.",
            f"{p.forename} is subject to a Child Protection Plan (neglect). Missed core group. NHS no {p.nhs}.",
            f"Foster placement broke down; {p.forename} moved to emergency carers. IRO informed.",
        )[i % 3]
        rows.append((datetime(2025, 5, 1 + i), make.cell("PERSON", p.name), born(make, p), note))
        if i % 3 == 1:
            make.say("UK_NHS", p.nhs)
        if i % 3 == 0:
            make.say("PHONE", p.mobile)
    put(make, sheet, [("Date", "Child", "DOB", "Notes / action taken"), *rows])
    sheet.column_dimensions["D"].width = 80
    return saved(made)


@file("drop_downs_and_lookups.xlsx", "medium", "critical", forms=("xls",))
def _lookups(make: Make) -> bytes:
    made, sheet = book("Visits")
    people = make.crowd(6)
    lists = made.create_sheet("Lists")
    put(make, lists, [("Client", "NHS no"), *((name(make, p), nhs(make, p)) for p in people)])
    put(make, sheet, [("Visit date", "Client", "NHS no", "Outcome")])
    for row, p in enumerate(people, 2):
        sheet.cell(row, 1, datetime(2025, 4, row))
        sheet.cell(row, 2, p.name)
        sheet.cell(row, 3, f"=VLOOKUP(B{row},Lists!A:B,2,FALSE)")
        sheet.cell(row, 4, "Seen")
    choice = DataValidation(type="list", formula1='"Seen,No reply,Refused"')
    sheet.add_data_validation(choice)
    choice.add("D2:D40")
    return saved(made)


@file("colours_with_legend.xlsx", "critical", people=None, staff=3)
def _colours(make: Make) -> bytes:
    made, sheet = book("LAC reviews")
    sheet["A1"] = "Key:"
    for column, (word, colour) in enumerate(
        (("CLA", "FF9999"), ("CIN", "FFFF99"), ("Care leaver", "99FF99")), 2
    ):
        sheet.cell(1, column, word).fill = PatternFill("solid", fgColor=colour)
    put(make, sheet, [("Young person", "DoB", "Placement", "IRO", "Next review")], top=3)
    for row, p in enumerate(make.crowd(7, born=(2008, 2018)), 4):
        put(
            make,
            sheet,
            [
                (
                    name(make, p),
                    born(make, p),
                    make.rng.choice(("Foster carer (IFA)", "Kinship", "Residential")),
                    "P Hirst",
                    "12/11/2025",
                )
            ],
            top=row,
        )
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor="FF9999")
    make.staff("P Hirst", "Hirst")
    return saved(made)


@file("merged_cells_down.xlsx", "high", "critical", forms=("xls", "ods"), people=None)
def _merged_down(make: Make) -> bytes:
    """A household in a merged cell, its members beside it."""
    made, sheet = book("Households")
    put(make, sheet, [("Address", "Postcode", "Occupier", "DOB", "NI number")])
    row = 2
    for _ in range(4):
        family = [make.person() for _ in range(3)]
        first = family[0]
        put(
            make,
            sheet,
            [(make.cell("UK_ADDRESS", first.line), make.cell("UK_POSTCODE", first.postcode))],
            top=row,
        )
        sheet.merge_cells(f"A{row}:A{row + 2}")
        sheet.merge_cells(f"B{row}:B{row + 2}")
        put(make, sheet, [(name(make, p), born(make, p), nino(make, p)) for p in family], top=row, left=3)
        row += 3
    return saved(made)


@file("formulas_with_strings.xlsx", "high", "critical", people=-1)
def _formulas(make: Make) -> bytes:
    """Formulas that nothing has calculated: their text is all there is."""
    made, sheet = book("Letters")
    for row, p in enumerate(make.crowd(5), 1):
        sheet.cell(row, 1, f'="Dear {p.name}, your NI number is "&"{p.nino}"')
        make.say("UK_NINO", p.nino, None, '"Letters"', f"A{row}")
    return saved(made)


@file("welsh_headers.xlsx", "high", "critical", forms=("ods",))
def _welsh(make: Make) -> bytes:
    made, sheet = book("Cofrestr")
    rows = [
        (
            *names(make, p),
            born(make, p),
            make.cell("UK_ADDRESS", p.line),
            make.cell("UK_POSTCODE", p.postcode),
            nino(make, p),
            make.cell("PHONE", p.mobile),
        )
        for p in make.crowd(10)
    ]
    put(
        make,
        sheet,
        [("Cyfenw", "Enw cyntaf", "Dyddiad geni", "Cyfeiriad", "Cod post", "Rhif YG", "Ffôn symudol"), *rows],
    )
    return saved(made)


@file("right_to_left.xlsx", "high", "critical")
def _right_to_left(make: Make) -> bytes:
    made, sheet = book("UASC")
    sheet.sheet_view.rightToLeft = True
    rows = [
        (name(make, p), "سوريا", born(make, p), make.cell("UK_PASSPORT", p.passport)) for p in make.crowd(6)
    ]
    put(make, sheet, [("Name / الاسم", "Country", "DOB / تاريخ الميلاد", "Passport no"), *rows])
    return saved(made)


@file("leading_empty_columns.xlsx", "high", "critical", forms=("ods", "xls"))
def _leading_empty(make: Make) -> bytes:
    made, sheet = book("Sheet3")
    rows = [(name(make, p), None, nino(make, p), None, born(make, p)) for p in make.crowd(9)]
    put(make, sheet, [("Employee name", None, "N.I. No.", None, "Birth date"), *rows], top=12, left=6)
    return saved(made)


@file("form_in_cells.xlsx", "high", "critical", people=1, forms=("xls", "ods", "pdf"), staff=1)
def _form(make: Make) -> bytes:
    made, sheet = book("Application")
    p = make.person()
    sheet["B2"] = "HOUSING BENEFIT - CHANGE OF CIRCUMSTANCES"
    sheet["B2"].font = Font(bold=True, size=14)
    surname, forename = names(make, p)
    lines = (
        ("1. Title", p.title, None, "2. Surname", surname),
        ("3. First names", forename, None, "4. Date of birth", born(make, p)),
        ("5. National Insurance no.", nino(make, p), None, "6. Telephone", make.cell("PHONE", p.mobile)),
        (
            "7. Address",
            make.cell("UK_ADDRESS", p.line),
            None,
            "8. Postcode",
            make.cell("UK_POSTCODE", p.postcode),
        ),
        (
            "9. Sort code",
            make.cell("UK_BANK_ACCOUNT", p.sort),
            None,
            "10. Account no.",
            make.cell("UK_BANK_ACCOUNT", p.account),
        ),
        ("11. What has changed?", "My partner moved out on 3 June", None, None, None),
    )
    row = 4
    for line in lines:
        put(make, sheet, [line], top=row, left=2)
        row += 2
    return saved(made)


@file("labels_above_values.xlsx", "high", "critical", people=1, forms=("ods", "pdf"))
def _labels_above(make: Make) -> bytes:
    """A form whose labels stand over their boxes, block by block."""
    made, sheet = book("Referral")
    p = make.person(born=(1935, 1960))
    surname, forename = names(make, p)
    put(make, sheet, [("Surname", "Forename", "Title"), (surname, forename, p.title)], top=2)
    put(
        make,
        sheet,
        [
            ("Date of birth", "NHS number", "Mobile"),
            (born(make, p), nhs(make, p), make.cell("PHONE", p.mobile)),
        ],
        top=5,
    )
    put(
        make,
        sheet,
        [
            ("Address", "Town", "Postcode"),
            (make.cell("UK_ADDRESS", p.line), p.town, make.cell("UK_POSTCODE", p.postcode)),
        ],
        top=8,
    )
    put(
        make,
        sheet,
        [("Reason for referral",), ("Self-neglect, hoarding; early dementia suspected by GP.",)],
        top=11,
    )
    return saved(made)


@file("one_sheet_per_person.xlsx", "critical", staff=7, forms=("ods",))
def _sheet_each(make: Make) -> bytes:
    made, _ = book("Index")
    for p in make.crowd(6, born=(2009, 2020)):
        sheet = made.create_sheet(f"{p.forename} {p.surname[0]}")
        put(
            make,
            sheet,
            [
                ("Name", name(make, p)),
                ("DOB", born(make, p)),
                ("NHS No", nhs(make, p)),
                ("UPN", make.cell("UK_UPN", p.upn)),
                ("Legal status", "S.31 care order"),
                ("Social worker", "Ben Tooley"),
            ],
        )
    make.staff("Ben Tooley")
    return saved(made)


@file("thirty_thousand_rows.xlsx", "critical", people=-1)
def _many_rows(make: Make) -> bytes:
    made = Workbook(write_only=True)
    sheet = made.create_sheet("Register")
    people = make.crowd(300)
    sheet.append(["Elector no", "Surname", "Forename", "DOB", "NI number"])
    for row in range(2, 30_002):
        p = people[row % len(people)]
        number = make.value("nino", "plain")
        sheet.append([row, p.surname, p.forename, p.dob, number])
        if row % 3000 == 0:
            make.expected.append(Expected("UK_NINO", number, ('"Register"', f"E{row}")))
    make.people.clear()
    make.sampled = True
    target = BytesIO()
    made.save(target)
    return target.getvalue()


@file("school_places_over_months.xlsx", "high", "critical", forms=("ods",))
def _groups(make: Make) -> bytes:
    """Grouped and folded columns, the details between the totals."""
    made, sheet = book("SEN transport")
    header = (
        "Pupil",
        "UPN",
        "EHCP",
        *(f"{m}-25" for m in ("Apr", "May", "Jun")),
        "Total",
        "Parent",
        "Parent tel",
    )
    rows = []
    for i, p in enumerate(make.crowd(8, born=(2008, 2019)), 2):
        rows.append(
            (
                name(make, p),
                make.cell("UK_UPN", p.upn),
                "Y",
                120.5,
                118.0,
                99.75,
                f"=SUM(D{i}:F{i})",
                f"Mrs {p.surname}",
                make.cell("PHONE", p.mobile),
            )
        )
    put(make, sheet, [header, *rows])
    sheet.column_dimensions.group("D", "F", hidden=True)
    return saved(made)


@file("mixed_block_of_everything.xlsx", "high", "critical", people=-1, forms=("ods", "pdf"))
def _mixed(make: Make) -> bytes:
    """Notes, a list without header and a form, one beneath the other, as in somebody's working file."""
    made, sheet = book("working")
    a, b, c = make.crowd(3)
    put(
        make,
        sheet,
        [
            ("spoke to benefits re these 3 - need to ring back thurs",),
            (),
            (name(make, a), nino(make, a), make.cell("PHONE", a.mobile)),
            (name(make, b), nino(make, b), make.cell("PHONE", b.mobile)),
            (),
            ("Name:", name(make, c)),
            ("DOB:", born(make, c)),
            ("NINO:", nino(make, c)),
            ("Bank:", make.cell("UK_BANK_ACCOUNT", c.account, f"{c.sort} {c.account}")),
        ],
    )
    return saved(made)


@file("wide_multi_line_cells.xlsx", "high", "critical", forms=("csv", "ods"))
def _multi_line(make: Make) -> bytes:
    made, sheet = book("Contacts")
    rows = []
    for i, p in enumerate(make.crowd(7), 1):
        block = f"{p.line}\n{p.town}\n{p.postcode}"
        contact = f"M: {p.mobile}\nH: {p.landline}\n{p.email}"
        rows.append(
            (
                i,
                name(make, p),
                make.cell("UK_ADDRESS", p.line, block),
                make.cell("PHONE", p.mobile, contact),
                make.cell("UK_NHS", p.nhs, f"NHS: {p.nhs}\nDOB: {p.dob}"),
            )
        )
        make.say("EMAIL", p.email)
        make.say("DATE_OF_BIRTH", p.dob)
    put(make, sheet, [("#", "Service user", "Home address", "Contact", "Identifiers"), *rows])
    return saved(made)


@file("header_with_line_breaks.xlsx", "high", "critical", forms=("xls", "ods"))
def _broken_headers(make: Make) -> bytes:
    made, sheet = book("DBS tracker")
    header = (
        "Staff\nmember",
        "Date of\nBirth\n(dd/mm/yy)",
        "National\nInsurance\nNumber",
        "Licence\nNo.",
        "DBS issue\ndate",
    )
    rows = [
        (
            name(make, p),
            born(make, p, f"{p.born:%d/%m/%y}"),
            nino(make, p),
            make.cell("UK_DRIVING_LICENCE", p.licence),
            "01/04/2024",
        )
        for p in make.crowd(9, born=(1950, 1999))
    ]
    put(make, sheet, [header, *rows], top=2)
    sheet.auto_filter.ref = f"A2:{get_column_letter(5)}11"
    return saved(made)
