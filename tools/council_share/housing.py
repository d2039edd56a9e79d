"""Housing: tenants, arrears, neighbours, domestic abuse, and consultation letters to everybody."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Housing"."""
    yield _arrears(seed)
    yield _homeless_application(seed)
    yield _repairs(seed)
    yield _neighbour_complaint(seed)
    yield _high_risk_conference(seed)
    yield _refuge(seed)
    yield _leaseholder_consultation()
    yield _tenancy_template()
    yield _allotments(seed)
    yield _conference_protocol()


def _arrears(seed: int) -> DemoFile:
    path = "Housing/Income/Rent arrears over 1000.xlsx"
    town, plant = Town(seed, path), Planted()
    rows = [["Tenancy", "Tenant", "Address", "Phone", "Weekly rent", "Arrears", "Action"]]
    total = 0
    for tenant in town.adults(22):
        owed = town.source.randrange(1_000, 4_800)
        total += owed
        rows.append(
            [
                f"=0{town.source.randrange(100_000, 999_999)}",
                plant("PERSON", tenant.reversed_name),
                plant("UK_ADDRESS", tenant.address.line),
                plant("PHONE", tenant.phone),
                f"£{town.source.randrange(82, 140)}.{town.source.randrange(10, 99)}",
                f"£{owed:,}.00",
                town.source.choice(
                    ("NOSP served", "UC managed payment", "Court 28/3", "Discretionary payment applied for")
                ),
            ]
        )
    summary = [["Patch", "Tenants", "Arrears"], ["All", "22", f"£{total:,}.00"]]
    return DemoFile(
        path,
        containers.sheet({"Summary": summary, "Detail": rows}),
        "high",
        "debts of more than five named tenants",
        plant.values,
    )


def _homeless_application(seed: int) -> DemoFile:
    path = "Housing/Homelessness/H1 application form.docx"
    town, plant = Town(seed, path), Planted()
    person = town.adult(24, 58)
    content = containers.word(
        "Homelessness application",
        [
            f"Full name: {plant('PERSON', person.name)}",
            f"D.O.B: {plant('DATE_OF_BIRTH', person.dob)}",
            f"NI No: {plant('UK_NINO', identifiers.spaced_nino(person.nino))}",
            f"Last settled address: {plant('UK_ADDRESS', person.address.line)}",
            f"Mobile: {plant('PHONE', person.phone)}    Email: {plant('EMAIL', person.email)}",
            "Reason for homelessness: relationship breakdown, sleeping in car since 1 March.",
            f"Do you have any health problems? {plant('SPECIAL_CATEGORY', 'Bipolar disorder')}, under the community mental "
            "health team, on lithium. Diabetic.",
            f"Vehicle registration: {plant('UK_VEHICLE_REGISTRATION', identifiers.vehicle_registration(town.source))}",
        ],
        header="CONFIDENTIAL WHEN COMPLETED",
    )
    return DemoFile(path, content, "high", "application with NI number and health", plant.values)


def _repairs(seed: int) -> DemoFile:
    path = "Housing/Repairs/jobs_2025-03-10.tsv"
    town, plant = Town(seed, path), Planted()
    rows = [["Job", "Trade", "Caller", "Address", "Contact", "Fault", "Target"]]
    for tenant in town.adults(4):
        rows.append(
            [
                f"R{town.source.randrange(1_000_000, 9_999_999)}",
                town.source.choice(("Plumber", "Electrician", "Joiner")),
                plant("PERSON", tenant.name),
                plant("UK_ADDRESS", tenant.address.line),
                plant("PHONE", tenant.phone),
                town.source.choice(("dripping tap", "back door sticks", "no light on stairs", "gutter down")),
                "17/03/2025",
            ]
        )
    return DemoFile(
        path,
        containers.delimited(rows, "\t"),
        "low",
        "a few tenants' contact details about repairs",
        plant.values,
    )


def _neighbour_complaint(seed: int) -> DemoFile:
    path = "Housing/ASB/noise complaint.eml"
    town, plant = Town(seed, path), Planted()
    caller, other = town.adult(sex="M"), town.adult(sex="M")
    content = containers.mail(
        f"{plant('PERSON', caller.name).encode('ascii', 'ignore').decode()} <{plant('EMAIL', caller.email)}>",
        "ASB team <asb@harnborough.gov.uk>",
        "Noise again from next door",
        f"Dear Sir or Madam\n\nI have had enough of {plant('PERSON', other.name)} at "
        f"{plant('UK_ADDRESS', other.address.line)}. Music until three in the morning on Tuesday AND Thursday, and "
        "I am sure they are selling drugs from the back door, there are cars at all hours. He shouted abuse at my "
        f"wife in front of our kids. I am at {plant('UK_ADDRESS', caller.address.line)} and you can ring me on "
        f"{plant('PHONE', caller.phone)} after 5.\n\nPlease do not tell them that it was me.\n\n{caller.name}\n",
    )
    values = dict(plant.values)
    return DemoFile(path, content, "medium", "accusation against a named neighbour", values, ("high",))


def _high_risk_conference(seed: int) -> DemoFile:
    path = "Housing/Domestic abuse/MARAC action notes 27 Feb.docx"
    town, plant = Town(seed, path), Planted()
    victim, perpetrator = town.adult(22, 45, sex="F"), town.adult(24, 50, sex="M")
    content = containers.word(
        "MARAC - actions from 27 February",
        [
            "RESTRICTED. Not to be copied or forwarded.",
            f"Case 4. Victim: {plant('PERSON', victim.name)}, {plant('DATE_OF_BIRTH', victim.dob)}. DASH score 19.",
            f"Perpetrator: {plant('PERSON', perpetrator.name)}, {plant('DATE_OF_BIRTH', perpetrator.dob)}, PNC "
            f"{plant('UK_PNC', identifiers.pnc_id(town.source))}. Breached the non-molestation order twice in January.",
            f"Housing: emergency move to {plant('UK_ADDRESS', victim.address.line)} agreed. Locks changed. Address to "
            "be withheld on all systems.",
            f"IDVA to call {plant('PERSON', victim.given)} on the safe number {plant('PHONE', victim.phone)} only, "
            "between 10 and 2.",
        ],
    )
    return DemoFile(path, content, "critical", "MARAC case with the victim's new address", plant.values)


def _refuge(seed: int) -> DemoFile:
    path = "Housing/Domestic abuse/refuge nominations.json"
    town, plant = Town(seed, path), Planted()
    entries = []
    for woman in (town.adult(20, 50, sex="F") for _ in range(3)):
        entries.append(
            "  {\n"
            f'    "name": "{plant("PERSON", woman.name)}",\n    "dob": "{plant("DATE_OF_BIRTH", f"{woman.born:%Y-%m-%d}")}",\n'
            f'    "nino": "{plant("UK_NINO", woman.nino)}",\n'
            f'    "refuge_address": "{plant("UK_ADDRESS", woman.address.line)}",\n'
            '    "do_not_disclose": true,\n    "fleeing": "domestic abuse, ex-partner"\n  }'
        )
    text = "[\n" + ",\n".join(entries) + "\n]\n"
    return DemoFile(path, text.encode(), "critical", "where women at risk live", plant.values)


def _leaseholder_consultation() -> DemoFile:
    text = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Section 20 consultation: roof renewal</title></head>
<body>
<h1>Section 20 consultation: roof renewal at Foundry Court</h1>
<p>Landlord and Tenant Act 1985 (as amended), section 20: notice of intention to carry out works.</p>
<p>It is our intention to renew the flat roofs of blocks 1 to 6. The estimated cost to each leaseholder is
between &pound;4,200 and &pound;5,900. A s20 notice has been served on every leaseholder.</p>
<p>You may make written observations by 30 April 2025 to Leasehold Services, Civic Offices, Castle Street,
Harnborough, HR1 9XJ or leasehold@harnborough.gov.uk. Telephone 01632 960000.</p>
</body></html>
"""
    return DemoFile(
        "Housing/Leasehold/section 20 notice.html",
        text.encode(),
        "none",
        "leaseholder consultation, not section 20 of the Children Act",
    )


def _tenancy_template() -> DemoFile:
    content = containers.word(
        "Secure tenancy agreement",
        [
            "This agreement is between Harnborough Borough Council and [TENANT NAME] of [ADDRESS], [POSTCODE].",
            "Date of birth: [DOB]    National Insurance number: [NINO]",
            "1. The rent is £[AMOUNT] a week, due on Monday.",
            "2. You must not cause nuisance to your neighbours, nor allow visitors to do so.",
            "3. We will repair the structure and the outside of the property.",
            "Signed ____________________   Date ____________",
        ],
    )
    return DemoFile(
        "Housing/Templates/Tenancy agreement TEMPLATE.docx", content, "none", "a template with place-holders"
    )


def _allotments(seed: int) -> DemoFile:
    path = "Housing/Estates/allotment waiting list.csv"
    town, plant = Town(seed, path), Planted()
    rows = [["Position", "Name", "Telephone", "Email", "Site wanted"]]
    for at, person in enumerate(town.adults(7), 1):
        rows.append(
            [
                str(at),
                plant("PERSON", person.name),
                plant("PHONE", person.phone),
                plant("EMAIL", person.email),
                "Quarry Hill",
            ]
        )
    return DemoFile(path, containers.delimited(rows), "low", "contact details for allotments", plant.values)


def _conference_protocol() -> DemoFile:
    content = containers.word(
        "MARAC operating protocol",
        [
            "Agreed by the Community Safety Partnership (CSP), January 2025.",
            "# Purpose",
            "The multi-agency risk assessment conference shares information on victims at high risk of serious harm or murder.",
            "# Referral",
            "Any agency may refer where the DASH score is 14 or more, where there are children in the household who are subject "
            "to a child protection plan, or on professional judgement.",
            "# Addresses",
            "A victim's new address is never written in the minutes. The IDVA holds the safe contact number.",
        ],
    )
    return DemoFile(
        "Housing/Domestic abuse/MARAC operating protocol.docx", content, "none", "a protocol, about no victim"
    )
