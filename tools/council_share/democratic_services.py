"""Democratic services: what is published anyway, and the exempt annex that is not."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator

from council_share import containers
from council_share.demo_file import DemoFile, Planted
from council_share.people import Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Democratic Services"."""
    yield _minutes()
    yield _scrutiny()
    yield _exempt_annex(seed)
    yield _interests(seed)
    yield _petition(seed)
    yield _register(seed)
    yield _questions()


def _minutes() -> DemoFile:
    content = containers.word(
        "Minutes of the Cabinet, 11 March 2025",
        [
            "Present: Councillors Margaret Oakes (Chair), Tariq Aziz, Philip Lund and Bronwen Rees. Officers: the Chief "
            "Executive, the Monitoring Officer.",
            "61. Apologies. Councillor Lund for lateness.",
            "62. Section 17 of the Crime and Disorder Act 1998. No implications were noted.",
            "63. Safeguarding annual report. The Lead Member said that 148 children were subject to child protection plans "
            "and 212 were looked after at 31 December. RESOLVED: that the report be noted.",
            "64. Compulsory purchase order, Foundry Lane. RESOLVED: that the CPO be made.",
            "65. Exclusion of press and public. RESOLVED: under section 100A(4) of the Local Government Act 1972.",
            "The meeting closed at 7.42 pm.",
        ],
    )
    return DemoFile(
        "Democratic Services/Cabinet/Minutes 2025-03-11.docx",
        content,
        "none",
        "published minutes; councillors in their role",
        also=("low",),
    )


def _scrutiny() -> DemoFile:
    content = containers.pdf(
        "Children on plans: quarter 3",
        [
            "Report to the Children and Families Scrutiny Committee, 20 February 2025.",
            "The number of children on a child protection plan has fallen by 11. Neglect remains the main category. Numbers "
            "below five are not shown.",
        ],
        table=[
            ["Category", "Q1", "Q2", "Q3"],
            ["Neglect", "81", "79", "70"],
            ["Emotional abuse", "58", "61", "60"],
            ["Physical abuse", "14", "12", "11"],
            ["Sexual abuse", "*", "7", "7"],
        ],
    )
    return DemoFile(
        "Democratic Services/Scrutiny/Children on plans Q3.pdf",
        content,
        "none",
        "counts of children, nobody named",
    )


def _exempt_annex(seed: int) -> DemoFile:
    path = "Democratic Services/Scrutiny/EXEMPT annex B.docx"
    town, plant = Town(seed, path), Planted()
    _, (child,) = town.family((15,))
    content = containers.word(
        "Annex B (exempt): high-cost placement",
        [
            "Not for publication by virtue of paragraphs 1 and 2 of Schedule 12A to the Local Government Act 1972.",
            f"{plant('PERSON', child.name)} (aged {child.age}) has been {plant('CHILD_FLAG', 'looked after')} since 2021 under "
            f"a {plant('CHILD_FLAG', 'care order')}. After two foster placements broke down {plant('PERSON', child.given)} is "
            "in a solo residential placement at £11,400 a week. Members are asked to approve a further 26 weeks.",
        ],
    )
    return DemoFile(
        path,
        content,
        "critical",
        "committee paper whose exempt annex names a looked-after child",
        plant.values,
    )


def _interests(seed: int) -> DemoFile:
    source = Town(seed, "interests").source
    rows = "".join(
        f"<tr><td>Cllr {name}</td><td>{ward}</td><td>{source.choice(('Farmer', 'Retired teacher', 'Solicitor', 'Director, Wyre Coaches Ltd'))}</td>"
        f"<td>{source.choice(('None', 'Member of UNISON', 'Trustee, Harnborough Food Bank'))}</td></tr>"
        for name, ward in (
            ("Margaret Oakes", "Town"),
            ("Tariq Aziz", "North"),
            ("Philip Lund", "Wye"),
            ("Bronwen Rees", "Quarry Hill"),
        )
    )
    text = (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Register of interests</title></head><body>'
        "<h1>Register of members' interests</h1><p>Published under section 29 of the Localism Act 2011.</p>"
        f"<table><tr><th>Member</th><th>Ward</th><th>Employment</th><th>Memberships</th></tr>{rows}</table></body></html>\n"
    )
    return DemoFile(
        "Democratic Services/register-of-interests.html",
        text.encode(),
        "none",
        "published by law",
        also=("low",),
    )


def _petition(seed: int) -> DemoFile:
    path = "Democratic Services/Petitions/Save the 47 bus.txt"
    town, plant = Town(seed, path), Planted()
    lines = ["We the undersigned ask the council to keep the evening service of the 47 bus.", ""]
    for person in town.adults(8):
        lines.append(f"{plant('PERSON', person.name)}, {plant('UK_ADDRESS', person.address.line)}")
    return DemoFile(
        path, "\n".join(lines).encode(), "low", "names and addresses under a bus petition", plant.values
    )


def _register(seed: int) -> DemoFile:
    path = "Democratic Services/Elections/register extract UA1.csv"
    town, plant = Town(seed, path), Planted()
    rows = [["Elector number", "Marker", "Surname", "Forename", "Address", "Postcode", "Date of attainment"]]
    for at, person in enumerate(town.adults(70), 1):
        rows.append(
            [
                f"UA1-{at:04d}",
                "",
                plant("PERSON", person.surname),
                plant("PERSON", person.given),
                f"{person.address.premises} {person.address.street}, {person.address.town}",
                plant("UK_POSTCODE", person.address.postcode),
                "02/06/2025" if at == 12 else "",
            ]
        )
    return DemoFile(
        path,
        containers.delimited(rows),
        "high",
        "addresses of more than fifty electors, one of them under 18",
        plant.values,
    )


def _questions() -> DemoFile:
    text = """Public question time - Full Council - 27 February 2025

Q1  To the Leader: why has Bridge Street been closed for three weeks?
A   Severn Trent found a second leak. It reopens on Monday.

Q2  To the Cabinet Member for Children: how many unaccompanied asylum-seeking children (UASC) are in our care?
A   Nineteen at the end of January. All have a pathway plan.

Q3  To the Cabinet Member for Housing: how many households are on the register?
A   2,341, of whom 61 are in band A.
"""
    return DemoFile(
        "Democratic Services/Council/public questions.txt", text.encode(), "none", "questions and numbers"
    )
