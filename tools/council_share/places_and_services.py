"""Planning, legal, IT and the public web site: mostly harmless, with a few exceptions."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

import json
from collections.abc import Iterator

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Planning", "Legal", "IT" and "Public website"."""
    yield _objection(seed)
    yield _decision()
    yield _stops(seed)
    yield _care_statement(seed)
    yield _prosecutions(seed)
    yield _access_request(seed)
    yield _purchase_order_scheme()
    yield _tickets(seed)
    yield _test_data()
    yield _stock(seed)
    yield _fostering_news()
    yield _bins()
    yield _scottish_guidance()
    yield _welsh_leaflet()
    yield _complaints_report()
    yield _judgment_summary()


def _objection(seed: int) -> DemoFile:
    path = "Planning/24-01234-FUL/objection.eml"
    town, plant = Town(seed, path), Planted()
    person = town.adult(40, 75)
    content = containers.mail(
        f"{person.name.encode('ascii', 'ignore').decode()} <{plant('EMAIL', person.email)}>",
        "Planning <planning@harnborough.gov.uk>",
        "24/01234/FUL - dormer at 9 Ivy Bank",
        "Dear Planning\n\nWe object to the dormer. It overlooks our garden and is out of keeping with the terrace.\n\n"
        f"{plant('PERSON', person.name)}\n{plant('UK_ADDRESS', person.address.lines)}\n",
    )
    return DemoFile(path, content, "low", "one resident's planning objection", plant.values)


def _decision() -> DemoFile:
    content = containers.pdf(
        "Town and Country Planning Act 1990: grant of planning permission",
        [
            "Application 24/00987/FUL. Change of use of former bank to café at 14 Bridge Street, Harnborough, HR4 9DQ.",
            "Applicant: Hopyard Catering LLP. Agent: Lund Architects Ltd, The Old Forge, Clunbury, SY8 4BT.",
            "1. The development shall begin within three years. 2. No music shall be audible outside after 22:00.",
            "Head of Planning, Civic Offices, Castle Street, Harnborough, HR1 9XJ",
        ],
    )
    return DemoFile(
        "Planning/24-00987-FUL/decision notice.pdf", content, "none", "decision for a firm, office addresses"
    )


def _stops(seed: int) -> DemoFile:
    source = Town(seed, "stops").source
    stops = [
        {
            "uprn": str(source.randrange(100_000_000_000, 200_000_000_000)),
            "kind": "bus shelter",
            "road": road,
            "easting": source.randrange(340_000, 360_000),
        }
        for road in ("Bridge Street", "Newtown Road", "Quarry Hill", "Ridgeway Avenue", "Foundry Lane")
    ]
    return DemoFile(
        "Planning/GIS/bus_shelters.json",
        json.dumps(stops, indent=1).encode(),
        "none",
        "property numbers of bus shelters",
    )


def _care_statement(seed: int) -> DemoFile:
    path = "Legal/Care proceedings/Statement SW1.docx"
    town, plant = Town(seed, path), Planted()
    mother, (first, second) = town.family((3, 1))
    content = containers.word(
        "In the Family Court at Harnborough",
        [
            f"Case number: HR25C{town.source.randrange(50_000, 50_999)}",
            f"IN THE MATTER OF THE CHILDREN ACT 1989 AND IN THE MATTER OF {plant('PERSON', first.name.upper())} (born "
            f"{plant('DATE_OF_BIRTH', first.dob)}) AND {plant('PERSON', second.name.upper())} (born "
            f"{plant('DATE_OF_BIRTH', second.dob)})",
            f"1. I am the allocated social worker. I make this statement in support of the local authority's application for "
            f"an {plant('CHILD_FLAG', 'interim care order')} for both children.",
            f"2. On 2 March {plant('PERSON', second.given)} was taken to hospital with three fractured ribs. The paediatrician "
            f"considers the injuries non-accidental. {plant('PERSON', mother.name)} could not say how they were caused.",
            f"3. Both children were made subject to {plant('CHILD_FLAG', 'police protection')} the same night.",
        ],
    )
    return DemoFile(path, content, "critical", "statement in care proceedings", plant.values)


def _prosecutions(seed: int) -> DemoFile:
    path = "Legal/Prosecutions/court list 19 March.txt"
    town, plant = Town(seed, path), Planted()
    lines = ["HARNBOROUGH MAGISTRATES - COUNCIL LIST - 19/03/2025", ""]
    for at, person in enumerate(town.adults(4), 1):
        lines += [
            f"{at}. {plant('PERSON', person.reversed_name)}   DOB {plant('DATE_OF_BIRTH', person.dob)}   PNCID "
            f"{plant('UK_PNC', identifiers.pnc_id(town.source))}",
            f"   {plant('UK_ADDRESS', person.address.line)}",
            f"   {plant('SPECIAL_CATEGORY', town.source.choice(('Charged with benefit fraud', 'Convicted of fly-tipping 2023, now second offence')))}",
        ]
    return DemoFile(path, "\n".join(lines).encode(), "high", "offences of named people", plant.values)


def _access_request(seed: int) -> DemoFile:
    path = "Legal/Information requests/SAR response - owner password.pdf"
    town, plant = Town(seed, path), Planted()
    person = town.adult(30, 60)
    content = containers.pdf(
        "Response to your subject access request",
        [
            f"{plant('PERSON', person.name)}\n{plant('UK_ADDRESS', person.address.lines)}",
            f"NHS number {plant('UK_NHS', identifiers.spaced_nhs_number(person.nhs))}, date of birth "
            f"{plant('DATE_OF_BIRTH', person.dob)}.",
            f"Adult social care record, 4 May 2021: {plant('PERSON', person.given)} was "
            f"{plant('SPECIAL_CATEGORY', 'detained under section 2 of the Mental Health Act')} and discharged home with a "
            "package of care.",
        ],
    )
    locked = containers.locked_pdf(content, user="", owner="legal-team")
    return DemoFile(path, locked, "high", "protected in name only: anyone can open it", plant.values)


def _purchase_order_scheme() -> DemoFile:
    text = """# The Harnborough (Foundry Lane) Compulsory Purchase Order 2025

The council has made a compulsory purchase order (CPO) under section 226 of the Town and Country Planning Act 1990.

| Plot | Land | Owner |
|---|---|---|
| 1 | 412 m2 of yard | Severn Aggregates Ltd (company number 00000006) |
| 2 | Disused chapel | Trustees of Foundry Lane Chapel |
| 3 | Electricity sub-station | National Grid Electricity Distribution plc |

Objections to the Secretary of State by 11 April 2025.
"""
    return DemoFile(
        "Legal/Property/Foundry Lane CPO.md",
        text.encode(),
        "none",
        "compulsory purchase, not a child protection order",
    )


def _tickets(seed: int) -> DemoFile:
    source = Town(seed, "tickets").source
    lines = []
    for at in range(400):
        lines.append(
            f"2025-03-{1 + at % 14:02d}T{at % 24:02d}:{at % 60:02d}:07Z INFO helpdesk request={source.randrange(1_000_000_000, 9_999_999_999)} "
            f"node=hbc-app-{1 + at % 4} took={source.randrange(3, 900)}ms epoch={1_741_000_000 + at * 97}"
        )
    return DemoFile(
        "IT/Logs/helpdesk-2025-03.log",
        ("\n".join(lines) + "\n").encode(),
        "none",
        "ten-digit request numbers in a log",
    )


def _test_data() -> DemoFile:
    people = [
        {
            "name": "Test User One",
            "nino": "QQ123456C",
            "nhs": "9434765919",
            "card": "4111 1111 1111 1111",
            "note": "test data only",
        },
        {
            "name": "Jane Dummy",
            "nino": "QQ123456A",
            "postcode": "ZZ99 9ZZ",
            "card": "5555 5555 5555 4444",
            "note": "test data only",
        },
    ]
    return DemoFile(
        "IT/Projects/revs-upgrade/testdata.json",
        json.dumps(people, indent=2).encode(),
        "none",
        "published specimens",
        also=("low",),
    )


def _stock(seed: int) -> DemoFile:
    source = Town(seed, "stock").source
    rows = [["Part", "Description", "Bin", "Qty"]]
    for _ in range(60):
        rows.append(
            [
                f"{identifiers.letters(source, 2)}{identifiers.digits(source, 6)}{source.choice('ABCD')}",
                source.choice(("Toner, black", "Cat 5E patch lead 2 m", "Docking station", "Headset, USB")),
                f"A{source.randrange(10, 40)} {source.randrange(1, 9)}BC",
                str(source.randrange(0, 50)),
            ]
        )
    return DemoFile(
        "IT/Assets/stock list.csv", containers.delimited(rows), "none", "part numbers shaped like NI numbers"
    )


def _fostering_news() -> DemoFile:
    text = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Could you foster?</title></head><body>
<h1>Could you foster?</h1>
<p>More than 200 children are looked after by Harnborough. Every one of them deserves a home.</p>
<blockquote>“The day the two brothers came they hid under the table. Now they run the house.” Pat, foster carer</blockquote>
<p>“We are proud of our carers,” said Councillor Bronwen Rees, Cabinet Member for Children.</p>
<p>Drop-in: Library, Castle Street, Saturday 5 April, 10 am to noon. Telephone 01632 960000.</p>
</body></html>
"""
    return DemoFile(
        "Public website/news/could-you-foster.html", text.encode(), "none", "a campaign page", also=("low",)
    )


def _bins() -> DemoFile:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    streets = (
        "Alder Close",
        "Bridge Street",
        "Coronation Road",
        "Drovers Way",
        "Eastfield Terrace",
        "Foundry Lane",
        "Glebe Crescent",
    )
    rows = [
        ["Street", "Refuse", "Recycling", "Garden"],
        *[
            [street, days[at % 5], days[(at + 1) % 5], days[(at + 2) % 5]]
            for at, street in enumerate(streets)
        ],
    ]
    return DemoFile("Public website/data/bin days.csv", containers.delimited(rows), "none", "open data")


def _scottish_guidance() -> DemoFile:
    text = """# The children's hearing: a guide for schools

Children's hearings in Scotland decide whether a child needs a Compulsory Supervision Order (CSO). Anyone may
refer a child to the Reporter (SCRA). A Child Protection Order (CPO) is for emergencies only.

* The named person in school keeps the child's plan (GIRFEC).
* Being on the child protection register (CPR) is not the same as being looked after.
* Do not confuse the CPP (child protection plan) with the Community Planning Partnership.
"""
    return DemoFile(
        "Public website/guides/childrens-hearings.md", text.encode(), "none", "guidance, about no child"
    )


def _welsh_leaflet() -> DemoFile:
    text = """<!doctype html><html lang="cy"><head><meta charset="utf-8"><title>Diogelu plant / Safeguarding children</title></head><body>
<h1>Diogelu plant</h1><p>Os ydych yn poeni am blentyn, ffoniwch 01632 960000. Nid oes rhaid i chi roi eich enw.</p>
<h1 lang="en">Safeguarding children</h1><p lang="en">If you are worried about a child, ring 01632 960000. You need not give your name.
A child may be placed on the child protection register, or may have a care and support plan under Part 4.</p>
</body></html>
"""
    return DemoFile("Public website/cymraeg/diogelu.html", text.encode(), "none", "a bilingual leaflet")


def _complaints_report() -> DemoFile:
    content = containers.pdf(
        "Annual report on complaints 2023/24",
        [
            "Of 214 complaints, 41 were about children's social care. Two went to the Local Government and Social Care Ombudsman.",
            "In one, a parent said that minutes of an initial child protection conference had been sent to an old address. The "
            "council apologised, paid £250 and changed its procedure. Mr X was satisfied with the outcome.",
            "In the other, Ms Y complained that her son's EHC plan was 31 weeks late.",
        ],
    )
    return DemoFile(
        "Legal/Complaints/annual report 2023-24.pdf", content, "none", "anonymised complaints", also=("low",)
    )


def _judgment_summary() -> DemoFile:
    text = """Case law update for social workers - February 2025

Re A (Interim Care Order) [2024] EWFC 101: the child, A, then aged 4, had been removed under an emergency protection
order (EPO). The court said that removal must be proportionate to the risk of significant harm.

Re B and C [2025] EWCA Civ 7: a placement order is the last resort. The judge had not looked at special guardianship.

Please also see the ICO's guidance on sharing information to safeguard children.
"""
    return DemoFile(
        "Legal/Library/case law update.txt", text.encode(), "none", "published, anonymised judgments"
    )
