"""The old H drive: forgotten, damaged, foreign and mislabelled things."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Old H drive"."""
    yield _truncated(seed)
    yield DemoFile("Old H drive/New Text Document.txt", b"", "none", "empty", status="not_inspected")
    yield _unknown(seed)
    yield _scanned(seed)
    yield _scottish_list(seed)
    yield _welsh_letter(seed)
    yield _irish_note(seed)
    yield _wrong_name(seed)
    yield _christmas()


def _truncated(seed: int) -> DemoFile:
    path = "Old H drive/backup/Core group notes.docx"
    town = Town(seed, path)
    whole = containers.word("Core group", [f"{child.name}, {child.dob}" for child in town.children(3)])
    return DemoFile(
        path,
        whole[: len(whole) * 2 // 5],
        "none",
        "cut off in the middle: damaged",
        also=("low", "medium"),
        status="not_inspected",
        also_statuses=("partial",),
    )


def _unknown(seed: int) -> DemoFile:
    source = Town(seed, "unknown").source
    content = b"\x8fHBC\x00\x02" + bytes(source.randrange(256) for _ in range(9_000))
    return DemoFile(
        "Old H drive/backup/mosaic.dat",
        content,
        "none",
        "unknown binary format",
        status="not_inspected",
        also_statuses=("partial",),
    )


def _scanned(seed: int) -> DemoFile:
    path = "Old H drive/Scans/SKM_C25025031409300.pdf"
    _, (child,) = Town(seed, path).family((5,))
    text = (
        f"CONTACT SHEET\n\nChild: {child.name}\nDate of birth: {child.dob}\nNHS No: {child.nhs}\n\n"
        f"Supervised contact at family centre.\n{child.given} did not want to go home."
    )
    return DemoFile(
        path,
        containers.scanned_pdf(text),
        "none",
        "a picture of text: needs OCR",
        status="not_inspected",
        also_statuses=("partial",),
    )


def _scottish_list(seed: int) -> DemoFile:
    path = "Old H drive/Shared/from Strathlairn/flu clinic.tsv"
    town, plant = Town(seed, path), Planted()
    rows = [["CHI No", "Patient", "GP practice", "Vaccine"]]
    for person in town.adults(11):
        rows.append(
            [
                plant("UK_CHI", identifiers.chi_number(town.source, person.born, person.sex)),
                plant("PERSON", person.name),
                "Strathlairn Medical Centre",
                "QIV",
            ]
        )
    return DemoFile(
        path,
        containers.delimited(rows, "\t", "utf-16"),
        "high",
        "CHI numbers and health, UTF-16",
        plant.values,
    )


def _welsh_letter(seed: int) -> DemoFile:
    path = "Old H drive/Shared/Llythyr Dyffryn Wen.txt"
    town, plant = Town(seed, path), Planted()
    _, (child,) = town.family((10,))
    text = (
        "Cyngor Sir Dyffryn Wen / Dyffryn Wen County Council\n\n"
        f"Annwyl gydweithiwr / Dear colleague\n\nYnglŷn â: {plant('PERSON', child.name)}\n"
        f"Dyddiad geni / Date of birth: {plant('DATE_OF_BIRTH', child.dob)}\n"
        f"Rhif GIG / NHS number: {plant('UK_NHS', identifiers.spaced_nhs_number(child.nhs))}\n\n"
        f"Mae {child.given} ar y gofrestr amddiffyn plant. {plant('PERSON', child.given)} has been on our "
        f"{plant('CHILD_FLAG', 'child protection register')} since 8 January and the family moved to Harnborough last week. "
        "Please accept this as a formal notification.\n\nYn gywir / Yours faithfully\n"
    )
    return DemoFile(
        path, text.encode(), "critical", "Welsh authority tells of a child on the register", plant.values
    )


def _irish_note(seed: int) -> DemoFile:
    path = "Old H drive/Shared/fax cover.txt"
    town, plant = Town(seed, path), Planted()
    person = town.adult(66, 90, sex="F")
    text = (
        f"FAX\r\nTo: Adult Services   From: Gateway Hospital, Belfast\r\n\r\nRe {plant('PERSON', containers.western(person.name))}  "
        f"H&C No {plant('UK_NHS', identifiers.spaced_nhs_number(identifiers.health_and_care_number(town.source)))}\r\n"
        f"Moving to her daughter's – discharge on Friday. Vascular dementia, needs two carers. £40 clothing grant paid.\r\n"
    )
    return DemoFile(
        path,
        text.encode("cp1252"),
        "high",
        "Northern Irish health number and diagnosis, cp1252",
        plant.values,
    )


def _wrong_name(seed: int) -> DemoFile:
    path = "Old H drive/Photos/IMG_0231.jpg"
    town, plant = Town(seed, path), Planted()
    rows = [["Surname", "First name", "NI no"]]
    for person in town.adults(5):
        rows.append(
            [plant("PERSON", person.surname), plant("PERSON", person.given), plant("UK_NINO", person.nino)]
        )
    return DemoFile(
        path,
        containers.delimited(rows),
        "high",
        "a list of NI numbers that calls itself a photograph",
        plant.values,
    )


def _christmas() -> DemoFile:
    text = "Xmas do!! 12 Dec, the Old Forge, 7.30. Two courses 24.95. Tell Dev if you want the nut roast. Secret Santa max a fiver\n"
    return DemoFile("Old H drive/xmas.txt", text.encode(), "none", "an invitation", also=("low",))
