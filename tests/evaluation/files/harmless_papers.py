"""Papers and pages without private people: policies, adverts, agendas, blank forms, specimens, statistics."""
# ruff: noqa: E501 (rows and parts of packages stand on one line each)

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import docx
from reportlab.platypus import SimpleDocTemplate, Table

from tests.evaluation.files.letters import saved
from tests.evaluation.files.making import Make, file


def paper(name: str, lines: Sequence[str], forms: Sequence[str] = (), *, staff: int = 99) -> None:
    """A Word document of these paragraphs; "a|b|c" is a row of a table."""

    def build(make: Make) -> bytes:
        made = docx.Document()
        grid = None
        for line in lines:
            if "|" not in line:
                grid = None
                made.add_paragraph(line)
                continue
            cells = line.split("|")
            if grid is None:
                grid = made.add_table(rows=0, cols=len(cells))
            for cell, text in zip(grid.add_row().cells, cells, strict=False):
                cell.text = text
        return saved(made)

    file(name, "none", "low", people=0, staff=staff, forms=forms)(build)


paper(
    "blank_referral_form.docx",
    (
        "Early Help referral form",
        "Child's surname||Forename|",
        "Date of birth|DD/MM/YYYY|NHS number|",
        "Address||Postcode|",
        "Is the child subject to a Child Protection Plan?|Yes / No|Looked after?|Yes / No",
        "Ethnicity (please tick)|White British|Pakistani|Other",
        "Parent signature ................................ Date ....../....../......",
    ),
    ("doc", "pdf", "odt"),
)
paper(
    "safeguarding_policy.docx",
    (
        "Safeguarding Children Policy v4.2",
        "Review date: 01/04/2026. Owner: Director of Children's Services.",
        "A child is at risk of significant harm where there is reasonable cause to suspect abuse or neglect (Children Act 1989 s47).",
        "Staff should record the child's name, date of birth and NHS number on the form and must not use personal email.",
        "Children subject to a child protection plan are reviewed every six months. Looked after children have an IRO.",
    ),
    ("pdf",),
)
paper(
    "job_advert.docx",
    (
        "Social Worker - Children Looked After Team",
        "Salary £37,938 to £42,708. Closing date 30/06/2025. Contact Helen Sykes on 01632 960114 for a chat.",
        "You will hold a caseload of children in care, court work under s31 and s20 arrangements.",
        "An enhanced DBS check is needed. We welcome applicants of every ethnicity, religion and sexual orientation.",
    ),
)
paper(
    "committee_minutes.docx",
    (
        "Children's Scrutiny Committee, 4 March 2025",
        "Present: Councillor Booth (Chair), Councillors Aziz, Denby and Walsh. Apologies: Councillor Lumb.",
        "The Director reported 214 children on child protection plans and 388 looked after children at the end of Q3.",
        "Resolved: that the report be noted.",
    ),
    ("pdf", "rtf"),
)
paper(
    "how_to_fill_in.docx",
    (
        "How to fill in the housing benefit form",
        "Box 4: your National Insurance number looks like this: QQ 12 34 56 C. You find it on your payslip.",
        "Box 5: your NHS number has ten digits, for example 943 476 5919.",
        "Box 9: sort code, for example 00-00-00, and account number, for example 12345678.",
    ),
)
paper(
    "contract_notice.docx",
    (
        "Award of contract: supply of fostering placements",
        "Contractor: Bright Futures Fostering Ltd, company number 04512987, VAT GB 123 4567 82.",
        "Value £1,240,000. Term 01/04/2025 to 31/03/2028. Contact procurement@example.gov.uk.",
    ),
)
paper(
    "privacy_notice.docx",
    (
        "Privacy notice - Adult Social Care",
        "We collect your name, address, date of birth, NHS number, ethnicity, religion and information about your health.",
        "We share it with the NHS, the police and the DWP where the law lets us. Data Protection Officer: dpo@example.gov.uk.",
    ),
    ("odt",),
)
paper(
    "event_programme.docx",
    (
        "Annual conference programme",
        "09:30|Welcome|Cllr Gareth Booth",
        "10:00|Keynote: neglect and the thresholds|Prof Helen Sykes",
        "11:15|Workshop: writing good child protection plans|Imran Malik",
        "12:30|Lunch|",
    ),
)
paper(
    "tree_survey.docx",
    (
        "Tree survey, Moorside Park",
        "Tag|Species|Height m|DBH mm|Condition",
        "1041|Quercus robur|18|640|Fair",
        "1042|Acer pseudoplatanus|14|420|Poor",
        "1043|Fagus sylvatica|21|880|Good",
    ),
)
paper(
    "training_case_study.docx",
    (
        "Level 2 training: case study (all names are made up)",
        "Jade, aged 6, lives with her mother. The school reports bruising. What would you do next?",
        "Discuss: is this a child in need or a child protection matter? Who attends the strategy meeting?",
    ),
)
paper(
    "team_contact_list.docx",
    (
        "Revenues team - who does what",
        "Name|Role|Extension|E-mail",
        "Helen Sykes|Team Manager|2214|helen.sykes@example.gov.uk",
        "Imran Malik|Senior Officer|2215|imran.malik@example.gov.uk",
        "Jo Denby|Visiting Officer|2216|jo.denby@example.gov.uk",
    ),
    ("pdf",),
)


@file("statistics_bulletin.pdf", "none", "low", people=0, staff=99)
def _bulletin(make: Make) -> bytes:
    rows = [["Area", "CP plans", "CLA", "Referrals", "Rate"]]
    rows += [
        [
            f"Calderford {i:02d}",
            str(make.rng.randint(5, 40)),
            str(make.rng.randint(5, 60)),
            str(make.rng.randint(90, 400)),
            "61.4",
        ]
        for i in range(25)
    ]
    target = BytesIO()
    SimpleDocTemplate(target).build([Table(rows)])
    return target.getvalue()


@file("meter_readings.pdf", "none", "low", people=0, staff=99)
def _meters(make: Make) -> bytes:
    rows = [["Site", "MPAN", "Reading", "Date", "Serial"]]
    rows += [
        [
            f"Depot {i}",
            "10" + make.value("num", "11"),
            make.value("num", "6"),
            "01/04/2025",
            make.value("num", "10"),
        ]
        for i in range(25)
    ]
    target = BytesIO()
    SimpleDocTemplate(target).build([Table(rows)])
    return target.getvalue()


@file("dashboard.html", "none", "low", people=0, staff=99)
def _dashboard(make: Make) -> bytes:
    cells = "".join(
        f"<tr><td>Q{i}</td><td>{make.rng.randint(100, 400)}</td><td>{make.value('num', '10')}</td></tr>"
        for i in range(1, 9)
    )
    return f"<html><title>CLA dashboard</title><table><tr><th>Quarter<th>Looked after children<th>Batch</tr>{cells}</table></html>".encode()
