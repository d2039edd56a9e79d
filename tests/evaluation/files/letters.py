"""Word documents: forms in layout tables, controls, fields, boxes, changes, notes; mail merges; old kinds of them."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

import copy
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from tests.evaluation.files.hidden_sheets import changed
from tests.evaluation.files.making import Make, Marked, Person, file


def saved(made: Any) -> bytes:
    """The document's bytes."""
    target = BytesIO()
    made.save(target)
    return target.getvalue()


def table(make: Make, made: Any, rows: list[tuple[Any, ...]], style: str = "Table Grid") -> Any:
    """A table with rows of values; marked ones are remembered."""
    width = max(map(len, rows))
    grid = made.add_table(rows=0, cols=width)
    grid.style = style
    for row in rows:
        cells = grid.add_row().cells
        for cell, value in zip(cells, row, strict=False):
            if isinstance(value, Marked):
                make.say(value.entity_type, value.value)
                value = value.stored
            cell.text = "" if value is None else str(value)
    return grid


@file("layout_table_form.docx", "high", "critical", people=1, forms=("doc", "rtf", "odt", "pdf"))
def _layout_form(make: Make) -> bytes:
    made = docx.Document()
    p = make.person()
    made.add_heading("Application for a Blue Badge", 1)
    grid = made.add_table(rows=0, cols=4)
    grid.style = "Table Grid"
    for left, value, right, other in (
        ("Title", p.title, "Surname", make.say("PERSON", p.surname)),
        ("Forename(s)", make.say("PERSON", p.forename), "Surname at birth", ""),
        ("Date of birth", make.say("DATE_OF_BIRTH", p.dob), "NI number", make.say("UK_NINO", p.nino)),
        (
            "Home address",
            f"{make.say('UK_ADDRESS', p.line)}\n{p.town}",
            "Postcode",
            make.say("UK_POSTCODE", p.postcode),
        ),
        (
            "Daytime tel.",
            make.say("PHONE", p.landline),
            "Vehicle reg.",
            make.say("UK_VEHICLE_REGISTRATION", p.plate),
        ),
        (
            "Driving licence no.",
            make.say("UK_DRIVING_LICENCE", p.licence),
            "E-mail",
            make.say("EMAIL", p.email),
        ),
    ):
        for cell, text in zip(grid.add_row().cells, (left, value, right, other), strict=True):
            cell.text = text
    wide = grid.add_row().cells
    wide[0].merge(
        wide[3]
    ).text = "Please describe your condition: rheumatoid arthritis in both knees, cannot walk 50m"
    return saved(made)


@file("content_controls.docx", "critical", people=1, staff=1, forms=("odt",))
def _content_controls(make: Make) -> bytes:
    made = docx.Document()
    p = make.person(born=(2010, 2019))
    made.add_heading("Single Assessment", 1)
    for label, value in (
        ("Child's name", make.say("PERSON", p.name)),
        ("Date of birth", make.say("DATE_OF_BIRTH", f"{p.born:%-d %B %Y}")),
        ("NHS number", make.say("UK_NHS", p.nhs, f"{p.nhs[:3]} {p.nhs[3:6]} {p.nhs[6:]}")),
        ("Legal status", "Interim Care Order"),
    ):
        paragraph = made.add_paragraph(f"{label}: ")
        control = (
            f'<w:sdt {nsdecls("w")}><w:sdtPr><w:alias w:val="{label}"/><w:text/></w:sdtPr>'
            f"<w:sdtContent><w:r><w:t>{value}</w:t></w:r></w:sdtContent></w:sdt>"
        )
        paragraph._p.append(parse_xml(control))
    return saved(made)


@file("legacy_form_fields.docx", "high", "critical", people=1, forms=("doc", "rtf"))
def _form_fields(make: Make) -> bytes:
    made = docx.Document()
    p = make.person()
    made.add_paragraph("DISCRETIONARY HOUSING PAYMENT")
    for label, value in (
        ("Full name", make.say("PERSON", p.name)),
        (
            "National Insurance number",
            make.say(
                "UK_NINO", p.nino, " ".join((p.nino[:2], p.nino[2:4], p.nino[4:6], p.nino[6:8], p.nino[8]))
            ),
        ),
        ("Sort code", make.say("UK_BANK_ACCOUNT", p.sort)),
        ("Account number", make.say("UK_BANK_ACCOUNT", p.account)),
    ):
        paragraph = made.add_paragraph(f"{label} ")
        runs = (
            '<w:r {n}><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="Text1"/><w:enabled/><w:textInput/></w:ffData></w:fldChar></w:r>',
            '<w:r {n}><w:instrText xml:space="preserve"> FORMTEXT </w:instrText></w:r>',
            '<w:r {n}><w:fldChar w:fldCharType="separate"/></w:r>',
            f"<w:r {{n}}><w:t>{value}</w:t></w:r>",
            '<w:r {n}><w:fldChar w:fldCharType="end"/></w:r>',
        )
        for run in runs:
            paragraph._p.append(parse_xml(run.replace("{n}", nsdecls("w"))))
    return saved(made)


@file("form_with_dots.docx", "high", "critical", people=1, forms=("doc", "pdf"))
def _dots(make: Make) -> bytes:
    """A form filled in over its dotted lines."""
    made = docx.Document()
    p = make.person()
    made.add_paragraph(
        f"Name: ......{make.say('PERSON', p.name)}...................... DOB: ....{make.say('DATE_OF_BIRTH', p.dob)}......"
    )
    made.add_paragraph(f"NHS No: ____{make.say('UK_NHS', p.nhs)}_________ GP: ____Dr Fenwick, Ling Road____")
    made.add_paragraph(
        f"Address: .....{make.say('UK_ADDRESS', p.line)}, {p.town} {make.say('UK_POSTCODE', p.postcode)}....."
    )
    made.add_paragraph("Diagnosis ......Type 2 diabetes, leg ulcers.......")
    make.staff("Dr Fenwick", "Fenwick")
    return saved(made)


def _letter(make: Make, made: Any, p: Person) -> None:
    for text in (
        "Revenues and Benefits\nTown Hall, Calderford",
        f"{p.title} {make.say('PERSON', p.name)}\n{make.say('UK_ADDRESS', p.line)}\n{p.town}\n{make.say('UK_POSTCODE', p.postcode)}",
        f"Our ref: HB/{make.rng.randint(100000, 999999)}\nYour NI number: {make.say('UK_NINO', p.nino)}",
        f"Dear {p.title} {p.surname}",
        "Overpayment of Housing Benefit",
        f"You were overpaid £{make.rng.randint(100, 900)}. We will take it from account {make.say('UK_BANK_ACCOUNT', p.account)}, "
        f"sort code {make.say('UK_BANK_ACCOUNT', p.sort)}.",
        "Yours sincerely\n\nD Marchbank\nOverpayments Officer",
    ):
        made.add_paragraph(text)


@file("mail_merge_of_letters.docx", "high", "critical", forms=("doc", "rtf", "pdf", "odt"), staff=1)
def _mail_merge(make: Make) -> bytes:
    made = docx.Document()
    make.staff("D Marchbank", "Marchbank")
    for p in make.crowd(6):
        _letter(make, made, p)
        made.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    return saved(made)


@file("letters_in_two_columns.docx", "high", "critical", people=2, forms=("pdf", "doc"), staff=2)
def _two_columns(make: Make) -> bytes:
    made = docx.Document()
    section = made.sections[0]
    columns = OxmlElement("w:cols")
    columns.set(qn("w:num"), "2")
    section._sectPr.append(columns)
    make.staff("D Marchbank", "Marchbank")
    for p in make.crowd(2):
        _letter(make, made, p)
    return saved(made)


@file("text_boxes.docx", "critical", people=1, forms=("odt", "pdf"))
def _boxes(make: Make) -> bytes:
    made = docx.Document()
    p = make.person(born=(2011, 2019))
    made.add_paragraph("Chronology")
    lines = (
        f"{make.say('PERSON', p.name)} DOB {make.say('DATE_OF_BIRTH', p.dob)}",
        f"UPN {make.say('UK_UPN', p.upn)}",
        "Child protection conference 4 March: plan under category of sexual abuse",
    )
    inner = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    shape = (
        f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape style="width:300pt;height:90pt">'
        f"<v:textbox><w:txbxContent>{inner}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )
    made.add_paragraph()._p.append(parse_xml(shape))
    return saved(made)


@file("running_head_and_foot.docx", "critical", people=1, forms=("doc", "rtf", "odt", "pdf"))
def _header_footer(make: Make) -> bytes:
    made = docx.Document()
    p = make.person(born=(2009, 2018))
    section = made.sections[0]
    section.header.paragraphs[
        0
    ].text = f"CONFIDENTIAL - {make.say('PERSON', p.name)} - DOB {make.say('DATE_OF_BIRTH', p.dob)}"
    section.footer.paragraphs[0].text = f"NHS No. {make.say('UK_NHS', p.nhs)}   Page 1"
    made.add_paragraph(
        f"{p.forename} has been looked after under section 20 since March and lives with foster carers."
    )
    made.add_section(WD_SECTION.NEW_PAGE)
    made.add_paragraph("Health: up to date with immunisations.")
    return saved(made)


def _change(kind: str, text: str) -> Any:
    tag = "w:delText" if kind == "del" else "w:t"
    return parse_xml(
        f'<w:{kind} {nsdecls("w")} w:id="7" w:author="A Clerk" w:date="2025-03-04T10:00:00Z">'
        f'<w:r><{tag} xml:space="preserve">{text}</{tag}></w:r></w:{kind}>'
    )


@file("tracked_changes.docx", "high", "critical", people=1, staff=1, forms=("doc", "odt", "rtf"))
def _tracked(make: Make) -> bytes:
    made = docx.Document()
    p = make.person()
    make.staff("A Clerk", "Clerk")
    paragraph = made.add_paragraph("The complaint was made by ")
    paragraph._p.append(
        _change("del", f"{p.name}, NI {p.nino}, of {p.line}, {p.postcode}, who suffers from PTSD")
    )
    paragraph._p.append(_change("ins", "the claimant"))
    paragraph.add_run(" in June.")
    make.say("PERSON", p.name, None, hidden=True)
    make.say("UK_NINO", p.nino, None, hidden=True)
    return saved(made)


@file("comments_in_margin.docx", "high", "critical", people=1, staff=1, forms=("odt", "doc"))
def _margin(make: Make) -> bytes:
    made = docx.Document()
    p = make.person()
    run = made.add_paragraph("The tenant disputes the charge.").runs[0]
    made.add_comment(
        run,
        text=f"This is {p.name}, NHS no {p.nhs}, bipolar - handle with care",
        author="R Teale",
        initials="RT",
    )
    make.staff("R Teale", "Teale")
    make.say("UK_NHS", p.nhs, None, hidden=True)
    make.say("PERSON", p.name, None, hidden=True)
    return saved(made)


@file("hidden_and_white_text.docx", "high", "critical", people=2, forms=("doc", "rtf", "odt"))
def _hidden_text(make: Make) -> bytes:
    made = docx.Document()
    a, b = make.crowd(2)
    made.add_paragraph("Summary of repairs carried out in May.")
    run = made.add_paragraph().add_run(f"Complainant {a.name}, NI number {a.nino}")
    run.font.hidden = True
    white = made.add_paragraph().add_run(f"Second complainant {b.name}, NI number {b.nino}")
    white.font.color.rgb = RGBColor(255, 255, 255)
    white.font.size = Pt(1)
    for p in (a, b):
        make.say("UK_NINO", p.nino, None, hidden=True)
    return saved(made)


@file("table_cut_by_pages.docx", "critical", forms=("doc", "rtf", "odt", "pdf"), staff=2)
def _long_table(make: Make) -> bytes:
    made = docx.Document()
    rows: list[tuple[Any, ...]] = [("Name", "Date of birth", "NHS number", "Plan")]
    for p in make.crowd(24, born=(2008, 2021)):
        rows.append(
            (
                make.cell("PERSON", p.name),
                make.cell("DATE_OF_BIRTH", p.dob),
                make.cell("UK_NHS", p.nhs),
                make.rng.choice(("CP - neglect", "Child in need", "CP - physical")),
            )
        )
    grid = table(make, made, rows)
    repeated = OxmlElement("w:tblHeader")
    grid.rows[0]._tr.get_or_add_trPr().append(repeated)
    return saved(made)


@file("nested_tables.docx", "high", "critical", forms=("odt", "doc"))
def _nested(make: Make) -> bytes:
    made = docx.Document()
    outer = made.add_table(rows=3, cols=2)
    for row, p in zip(outer.rows, make.crowd(3), strict=True):
        row.cells[0].text = f"Tenancy {make.rng.randint(1000, 9999)}"
        inner = row.cells[1].add_table(rows=3, cols=2)
        for line, (label, value) in zip(
            inner.rows,
            (
                ("Tenant", make.say("PERSON", p.name)),
                ("NI no.", make.say("UK_NINO", p.nino)),
                ("DOB", make.say("DATE_OF_BIRTH", p.dob)),
            ),
            strict=True,
        ):
            line.cells[0].text = label
            line.cells[1].text = value
    return saved(made)


@file("values_cut_into_runs.docx", "high", "critical", people=1, forms=("doc", "odt"))
def _runs(make: Make) -> bytes:
    """What a correction leaves: one number in five runs, with a proofing mark between."""
    made = docx.Document()
    p = make.person()
    paragraph = made.add_paragraph(f"Re: {make.say('PERSON', p.name)}, NHS number ")
    make.say("UK_NHS", p.nhs)
    for part in (p.nhs[:2], p.nhs[2:3], p.nhs[3:7], p.nhs[7:9], p.nhs[9]):
        paragraph.add_run(part).bold = len(part) == 1
        paragraph._p.append(OxmlElement("w:proofErr"))
    paragraph.add_run(" was seen in the memory clinic.")
    make.say("UK_NINO", p.nino)
    other = made.add_paragraph("NI number ")
    hyphen = copy.deepcopy(OxmlElement("w:noBreakHyphen"))
    for index, part in enumerate((p.nino[:2], p.nino[2:4], p.nino[4:6], p.nino[6:8], p.nino[8])):
        run = other.add_run()
        if index:
            run._r.append(copy.deepcopy(hyphen))
        run.add_text(part)
    return saved(made)


@file("minutes_with_footnotes.docx", "critical", people=1, staff=8)
def _footnotes(make: Make) -> bytes:
    """A core group's minutes in initials, the footnote says who they are."""
    made = docx.Document()
    p = make.person(born=(2012, 2020))
    made.add_paragraph("Core group minutes 3 June. Present: SW, HV, class teacher, mother.")
    made.add_paragraph(
        "J. remains on a child protection plan under the category of neglect. Mother missed two appointments."
    )
    note = f"J. is {make.say('PERSON', p.name)}, born {make.say('DATE_OF_BIRTH', p.dob)}, NHS {make.say('UK_NHS', p.nhs)}, pupil at Larkfield Primary."
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    part = f'<w:footnotes xmlns:w="{main}"><w:footnote w:id="2"><w:p><w:r><w:t>{note}</w:t></w:r></w:p></w:footnote></w:footnotes>'
    override = (
        '<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.footnotes+xml"/></Types>'
    )
    return changed(
        saved(made),
        {"[Content_Types].xml": lambda text: text.replace("</Types>", override)},
        {"word/footnotes.xml": part},
    )


@file("rtf_mail_merge.rtf", "high", "critical", forms=("docx", "odt"))
def _rtf(make: Make) -> bytes:
    made = [r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}"]
    for p in make.crowd(4):
        n = make.say("UK_NINO", p.nino)
        town = p.town
        surname = "".join(
            char if ord(char) < 128 else rf"\u{ord(char)}?" for char in make.say("PERSON", p.surname)
        )
        forename = "".join(
            char if ord(char) < 128 else rf"\u{ord(char)}?" for char in make.say("PERSON", p.forename)
        )
        made.append(
            rf"\pard {p.title} {forename} {surname}\line {make.say('UK_ADDRESS', p.line)}\line {town}\line {make.say('UK_POSTCODE', p.postcode)}\par"
            rf"\par NI number: {n[:2]}{{\b {n[2:4]}}}{n[4:]}\par Date of birth: {make.say('DATE_OF_BIRTH', p.dob)}\par"
            r"\par Your Personal Independence Payment has been taken into account.\par\page"
        )
    return ("\n".join(made) + "}").encode("ascii")


@file("merge_source_table.docx", "high", "critical")
def _merge_source(make: Make) -> bytes:
    """The list that a merge takes its letters from, as a Word table with field names."""
    made = docx.Document()
    rows: list[tuple[Any, ...]] = [
        ("Title", "FirstName", "LastName", "AddressLine1", "City", "PostalCode", "NINumber")
    ]
    for p in make.crowd(8):
        rows.append(
            (
                p.title,
                make.cell("PERSON", p.forename),
                make.cell("PERSON", p.surname),
                make.cell("UK_ADDRESS", p.line),
                p.town,
                make.cell("UK_POSTCODE", p.postcode),
                make.cell("UK_NINO", p.nino),
            )
        )
    table(make, made, rows)
    return saved(made)


@file("labels_three_across.docx", "low", "medium", forms=("doc", "pdf"))
def _labels(make: Make) -> bytes:
    """Address labels, three in a row."""
    made = docx.Document()
    grid = made.add_table(rows=0, cols=3)
    people = make.crowd(9)
    for start in range(0, 9, 3):
        for cell, p in zip(grid.add_row().cells, people[start : start + 3], strict=True):
            cell.text = f"{p.title} {make.say('PERSON', p.name)}\n{make.say('UK_ADDRESS', p.line)}\n{p.town}\n{make.say('UK_POSTCODE', p.postcode)}"
    return saved(made)
