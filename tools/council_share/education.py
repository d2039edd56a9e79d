"""Education: special needs, admissions, behaviour, pupil files, and policies about them."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Education"."""
    yield _plan(seed)
    yield _needs_list(seed)
    yield _admission_appeal(seed)
    yield _transfer_file(seed)
    yield _behaviour_log(seed)
    yield _psychology_report(seed)
    yield _trip_list(seed)
    yield _policy()
    yield _sufficiency_report()


def _plan(seed: int) -> DemoFile:
    path = "Education/SEN/EHCP draft for panel.docx"
    town, plant = Town(seed, path), Planted()
    mother, (child,) = town.family((8,), sex="M")
    content = containers.word(
        "Education, health and care plan (draft)",
        [
            f"Forename(s): {plant('PERSON', child.given)}    Surname: {plant('PERSON', child.surname)}",
            f"Date of birth: {plant('DATE_OF_BIRTH', child.dob)}    NHS Number: "
            f"{plant('UK_NHS', identifiers.spaced_nhs_number(child.nhs))}",
            f"Address: {plant('UK_ADDRESS', child.address.line)}",
            f"Parent: {plant('PERSON', mother.name)} ({plant('EMAIL', mother.email)})",
            "# Section A: views of the child",
            f"{child.given} likes trains, Minecraft and his nan's dog. He does not like the dinner hall.",
            "# Section B: special educational needs",
            f"{child.given} was {plant('SPECIAL_CATEGORY', 'diagnosed with autism')} in 2022 and has a severe language "
            "delay. He uses a now-and-next board and needs one adult within sight at all times.",
            "# Section F: provision",
            "20 hours of adult support a week; speech and language therapy in six blocks of six.",
        ],
        header="OFFICIAL-SENSITIVE [PERSONAL]",
    )
    return DemoFile(
        path,
        content,
        "high",
        "draft plan of a named child with health and special needs",
        plant.values,
        ("critical",),
    )


def _needs_list(seed: int) -> DemoFile:
    path = "Education/SEN/SEN2 person level - export.csv"
    town, plant = Town(seed, path), Planted()
    rows = [["UPN", "Surname", "Forename", "DOB", "Ethnicity", "Postcode", "SEN type", "Rank", "Setting"]]
    for child in [town.child(4, 10) for _ in range(16)]:
        rows.append(
            [
                plant("UK_UPN", identifiers.upn(town.source, child.born)),
                plant("PERSON", containers.western(child.surname)),
                plant("PERSON", containers.western(child.given)),
                plant("DATE_OF_BIRTH", f"{child.born:%Y-%m-%d}"),
                town.source.choice(("WBRI", "APKN", "BCRB", "WIRT", "MOTH")),
                plant("UK_POSTCODE", child.address.postcode),
                town.source.choice(("ASD", "SEMH", "SLCN", "MLD", "PD")),
                "1",
                town.source.choice(("Hopyard Primary", "Ridgeway School", "Out of area")),
            ]
        )
    # Saved by an old Excel: semicolons, and cp1252, which has no Polish or Turkish letters.
    content = containers.delimited(rows, ";", "cp1252")
    return DemoFile(
        path,
        content,
        "critical",
        "list of pupils with special needs, a statutory return",
        plant.values,
        ("high",),
    )


def _admission_appeal(seed: int) -> DemoFile:
    path = "Education/Admissions/Appeal decision letter.pdf"
    town, plant = Town(seed, path), Planted()
    mother, (child,) = town.family((10,))
    content = containers.pdf(
        "Your school admission appeal",
        [
            f"{mother.title} {plant('PERSON', mother.name)}\n{plant('UK_ADDRESS', mother.address.lines)}",
            "7 March 2025",
            f"Dear {mother.title} {mother.surname}",
            f"Appeal for a place at Castle Hill Academy: {plant('PERSON', child.name)}, born "
            f"{plant('DATE_OF_BIRTH', child.long_dob)}",
            "The panel met on 4 March. It was sorry to hear how long the bus journey is, but it did not find that "
            "another child could be admitted to Year 7 without harm to the education of the others. Your appeal is "
            "therefore not upheld. The decision is binding on you and on the council.",
            "Yours sincerely\nClerk to the appeals panel",
        ],
    )
    return DemoFile(
        path,
        content,
        "medium",
        "a child's name, date of birth and address in an admission appeal",
        plant.values,
    )


def _transfer_file(seed: int) -> DemoFile:
    path = "Education/Pupil files/8843021_CTF_8844017_001.xml"
    town, plant = Town(seed, path), Planted()
    pupils = []
    for child in town.children(7):
        pupils.append(
            f"<Pupil><UPN>{plant('UK_UPN', identifiers.upn(town.source, child.born))}</UPN>"
            f"<Surname>{plant('PERSON', child.surname)}</Surname><Forename>{plant('PERSON', child.given)}</Forename>"
            f"<DOB>{plant('DATE_OF_BIRTH', f'{child.born:%Y-%m-%d}')}</DOB><Gender>{child.sex}</Gender>"
            f"<BasicDetails><FSMeligible>Y</FSMeligible></BasicDetails>"
            f"<Address><BS7666Address><PAON>{child.address.premises}</PAON><Street>{child.address.street}</Street>"
            f"<Town>{child.address.town}</Town><PostCode>{plant('UK_POSTCODE', child.address.postcode)}</PostCode>"
            f"</BS7666Address></Address></Pupil>"
        )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<CTfile><Header><DocumentName>Common Transfer File</DocumentName>'
        "<CTFversion>24.0</CTFversion><SourceSchool><LEA>884</LEA><Estab>3021</Estab></SourceSchool></Header>"
        f"<CTFpupilData>{''.join(pupils)}</CTFpupilData></CTfile>\n"
    )
    return DemoFile(
        path,
        text.encode(),
        "critical",
        "common transfer file: statutory pupil data with rows",
        plant.values,
        ("high",),
    )


def _behaviour_log(seed: int) -> DemoFile:
    path = "Education/Pupil files/behaviour log spring.txt"
    town, plant = Town(seed, path), Planted()
    _, (child,) = town.family((13,), sex="M")
    text = (
        f"Behaviour log  -  {plant('PERSON', child.name)}  -  DOB {plant('DATE_OF_BIRTH', child.dob)}  -  9R\n\n"
        f"14/1  Threw a chair in DT. Removed by SLT. Would not say sorry.\n"
        f"22/1  Swore at supply teacher, walked out. Phoned home ({plant('PHONE', child.phone)}), no answer.\n"
        f"6/2   Fight at the bus stop. Two days suspension.\n"
        f"27/2  Good week!! {plant('PERSON', child.given)} helped with the open evening.\n"
    )
    return DemoFile(
        path,
        text.encode(),
        "medium",
        "behaviour of a named pupil with date of birth",
        plant.values,
        ("high",),
    )


def _psychology_report(seed: int) -> DemoFile:
    path = "Education/SEN/EP report (password protected).pdf"
    child = Town(seed, path).child(6, 11)
    content = containers.pdf("Educational psychologist's report", [f"{child.name}, born {child.dob}."])
    locked = containers.locked_pdf(content, user="Ridgeway-EP-7", owner="office")
    return DemoFile(path, locked, "none", "needs a password to open: cannot be read", status="encrypted")


def _trip_list(seed: int) -> DemoFile:
    path = "Education/Pupil files/Year 6 residential - medical.md"
    town, plant = Town(seed, path), Planted()
    needs = (
        "Type 1 diabetes, pump",
        "epilepsy, emergency midazolam in bag",
        "nut allergy, 2 EpiPens",
        "asthma",
    )
    rows = ["| Pupil | DOB | Parent mobile | Medical |", "|---|---|---|---|"]
    for child in town.children(8):
        need = town.source.choice(needs)
        rows.append(
            f"| {plant('PERSON', child.name)} | {plant('DATE_OF_BIRTH', child.dob)} | {plant('PHONE', child.phone)} "
            f"| {plant('SPECIAL_CATEGORY', need)} |"
        )
    text = (
        "# Year 6 residential, Clunbury Hall, 2-4 April\n\nKeep with the first aider at all times.\n\n"
        + "\n".join(rows)
        + "\n"
    )
    return DemoFile(path, text.encode(), "high", "pupils' medical needs", plant.values)


def _policy() -> DemoFile:
    text = """# Special educational needs and disability (SEND) policy

Version 3, approved by Cabinet on 11 July 2024. Next review: July 2027.

## Our aims

Every child with special educational needs should get the support that they need, in a mainstream school
wherever possible. Schools use SEN support first; where that is not enough, anyone may ask for an
education, health and care (EHC) needs assessment.

## Who does what

- The SENCO keeps the register of pupils on SEN support and reviews each Individual Education Plan every term.
- The educational psychologist advises within six weeks of a request.
- The virtual school head champions looked after children and their personal education plans (PEPs).

## Data

The UPN, date of birth and NHS number of a pupil must never be put in the subject of an email.
"""
    return DemoFile("Education/SEN/SEND policy 2024.md", text.encode(), "none", "a policy, about no pupil")


def _sufficiency_report() -> DemoFile:
    content = containers.pdf(
        "School place planning 2025 to 2030",
        [
            "Report of the Director of Education to the Children and Families Scrutiny Committee.",
            "# Summary",
            "Births fell from 1,912 in 2016 to 1,547 in 2023. There are 411 surplus Reception places. The number of "
            "children with an EHC plan rose by 14 per cent to 1,206, and 62 looked after children are placed in our "
            "schools by other authorities.",
            "# Recommendation",
            "That the published admission number of four primary schools be reduced from September 2026.",
        ],
        table=[
            ["Planning area", "Reception places", "Forecast 2027", "EHC plans"],
            ["North", "480", "402", "311"],
            ["Town", "620", "588", "540"],
            ["Wye valley", "210", "149", "355"],
        ],
    )
    return DemoFile(
        "Education/Place planning report.pdf", content, "none", "statistics about children, nobody named"
    )
