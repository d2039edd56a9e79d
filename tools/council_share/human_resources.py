"""Human resources: staff as private people, and papers about posts."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import DOMAIN, Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "HR"."""
    yield _sickness(seed)
    yield _disciplinary(seed)
    yield _starter(seed)
    yield _right_to_work(seed)
    yield _union(seed)
    yield _driver_checks(seed)
    yield _advert()
    yield _role_profile()
    yield _directory(seed)


def _sickness(seed: int) -> DemoFile:
    path = "HR/Absence/Sickness Q4.csv"
    town, plant = Town(seed, path), Planted()
    reasons = (
        "Depression, fit note to 4 April",
        "Chemotherapy",
        "Slipped disc, surgery",
        "Alcohol dependency, referred to OH",
        "Miscarriage",
    )
    rows = [["Employee no", "Name", "Service", "First day", "Days", "Reason"]]
    for person in town.adults(9):
        rows.append(
            [
                str(town.source.randrange(10_000, 99_999)),
                plant("PERSON", person.reversed_name),
                town.source.choice(("Waste", "Adult social care", "Libraries", "Highways")),
                "06/01/2025",
                str(town.source.randrange(3, 60)),
                plant("SPECIAL_CATEGORY", town.source.choice(reasons)),
            ]
        )
    return DemoFile(path, containers.delimited(rows), "high", "health of named employees", plant.values)


def _disciplinary(seed: int) -> DemoFile:
    path = "HR/Casework/Final written warning.docx"
    town, plant = Town(seed, path), Planted()
    person = town.adult(22, 60)
    content = containers.word(
        "Outcome of disciplinary hearing",
        [
            f"PRIVATE AND CONFIDENTIAL\n{plant('PERSON', person.name)}\n{plant('UK_ADDRESS', person.address.lines)}",
            f"Dear {plant('PERSON', person.given)}",
            "I write to confirm the outcome of the hearing on 10 March. I found that on four occasions you claimed overtime "
            "which you had not worked. This is misconduct. You are issued with a final written warning, which will stay on "
            "your file for 18 months. You may appeal in writing within ten working days.",
            "Head of Waste and Street Scene",
        ],
    )
    return DemoFile(path, content, "medium", "discipline of a named employee", plant.values)


def _starter(seed: int) -> DemoFile:
    path = "HR/Payroll/new_starter_44871.json"
    town, plant = Town(seed, path), Planted()
    person = town.adult(19, 50)
    text = (
        "{\n"
        f'  "employeeNumber": "44871",\n  "forename": "{plant("PERSON", person.given)}",\n'
        f'  "surname": "{plant("PERSON", person.surname)}",\n'
        f'  "dateOfBirth": "{plant("DATE_OF_BIRTH", f"{person.born:%Y-%m-%d}")}",\n'
        f'  "niNumber": "{plant("UK_NINO", person.nino)}",\n'
        f'  "taxCode": "1257L",\n  "salary": 27334,\n'
        f'  "bank": {{"iban": "{plant("IBAN", identifiers.iban(town.source))}"}},\n'
        f'  "homeEmail": "{plant("EMAIL", person.email)}",\n'
        f'  "uln": "{plant("UK_ULN", identifiers.uln(town.source))}",\n'
        f'  "utr": "{plant("UK_UTR", identifiers.utr(town.source))}"\n}}\n'
    )
    return DemoFile(path, text.encode(), "high", "payroll record with NI number", plant.values)


def _right_to_work(seed: int) -> DemoFile:
    path = "HR/Recruitment/RTW check.txt"
    town, plant = Town(seed, path), Planted()
    person = town.adult(20, 55)
    plain = person.given.encode("ascii", "ignore").decode(), person.surname.encode("ascii", "ignore").decode()
    number = plant("UK_PASSPORT", identifiers.passport(town.source))
    zone = identifiers.passport_zone(
        number, plain[1].replace("'", ""), plain[0], person.born, person.sex, date(2031, 8, 2)
    )
    text = (
        f"Right to work checked in person 3/3/25\n\nName: {plant('PERSON', person.name)}\n"
        f"Passport no.: {number}\nBorn: {plant('DATE_OF_BIRTH', person.long_dob)}\n\n{zone}\n\nSeen and copied, original returned.\n"
    )
    return DemoFile(path, text.encode(), "high", "passport with its machine-readable lines", plant.values)


def _union(seed: int) -> DemoFile:
    path = "HR/Payroll/check-off deductions Feb.csv"
    town, plant = Town(seed, path), Planted()
    rows = [["Pay no", "Surname", "Initial", "NI number", "Union", "Deduction"]]
    for person in town.adults(12):
        rows.append(
            [
                str(town.source.randrange(10_000, 99_999)),
                plant("PERSON", person.surname),
                person.given[0],
                plant("UK_NINO", identifiers.spaced_nino(person.nino)),
                plant("SPECIAL_CATEGORY", town.source.choice(("UNISON", "GMB", "Unite"))),
                "14.85",
            ]
        )
    return DemoFile(
        path, containers.delimited(rows), "high", "union membership and NI numbers of employees", plant.values
    )


def _driver_checks(seed: int) -> DemoFile:
    path = "HR/Fleet/driver licence checks.xlsx"
    town, plant = Town(seed, path), Planted()
    rows = [["Driver", "Licence no", "Points", "Own vehicle"]]
    for person in town.adults(8):
        surname = person.surname.encode("ascii", "ignore").decode()
        rows.append(
            [
                plant("PERSON", person.name),
                plant(
                    "UK_DRIVING_LICENCE",
                    identifiers.driving_licence(town.source, surname, person.given, person.born, person.sex),
                ),
                str(town.source.choice((0, 0, 0, 3, 6))),
                plant("UK_VEHICLE_REGISTRATION", identifiers.vehicle_registration(town.source)),
            ]
        )
    return DemoFile(
        path, containers.sheet({"Checks": rows}), "high", "driving licence numbers of employees", plant.values
    )


def _advert() -> DemoFile:
    content = containers.word(
        "Senior social worker, child protection and court team",
        [
            "Salary: £42,708 to £46,731. Closing date: 30 March 2025. Interviews: week of 14 April.",
            "We are recruiting an experienced social worker to hold a small caseload of children subject to child protection "
            "plans and care proceedings.",
            "# You will",
            "- lead section 47 enquiries and core groups",
            "- write statements for interim care order and placement order applications",
            "- work with children who are looked after or at risk of exploitation",
            "# You will need",
            "- Social Work England registration, an enhanced DBS check and a full driving licence",
            "For an informal chat ring the team on 01632 960000 or write to recruitment@harnborough.gov.uk.",
        ],
    )
    return DemoFile("HR/Recruitment/Advert - senior social worker.docx", content, "none", "a job advert")


def _role_profile() -> DemoFile:
    content = containers.pdf(
        "Role profile: independent reviewing officer",
        [
            "Grade 11. Responsible to: Head of Safeguarding.",
            "# Purpose of the role",
            "To chair looked after reviews and child protection conferences, and to hold the local authority to account for "
            "the care plan of each child in care.",
            "# Person specification",
            "Essential: a social work degree; five years' experience of children at risk of significant harm; knowledge of "
            "the Public Law Outline. Desirable: Welsh.",
        ],
    )
    return DemoFile("HR/Role profiles/IRO.pdf", content, "none", "a role profile")


def _directory(seed: int) -> DemoFile:
    path = "HR/staff directory.csv"
    town = Town(seed, path)
    rows = [["Name", "Job title", "Team", "Extension", "Work email"]]
    for person in town.adults(30):
        plain = person.email.split("@")[0]
        rows.append(
            [
                person.name,
                town.source.choice(
                    ("Planning officer", "Social worker", "Librarian", "Revenues officer", "Team manager")
                ),
                town.source.choice(("Place", "People", "Resources")),
                str(town.source.randrange(2_000, 5_999)),
                f"{plain}@{DOMAIN}",
            ]
        )
    return DemoFile(
        path, containers.delimited(rows), "none", "staff in their role, work contact details", also=("low",)
    )
