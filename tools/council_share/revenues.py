"""Revenues and benefits: claims, payments, debts, and the leaflets that explain them."""

# ruff: noqa: E501  (the documents' sentences stay whole)

from __future__ import annotations

from collections.abc import Iterator

from council_share import containers, identifiers
from council_share.demo_file import DemoFile, Planted
from council_share.people import OFFICES, Town


def files(seed: int) -> Iterator[DemoFile]:
    """Everything under "Revenues and Benefits"."""
    yield _claims(seed)
    yield _mandate(seed)
    yield _reduction_letter(seed)
    yield _payment_run(seed)
    yield _card_log(seed)
    yield _pivot(seed)
    yield _leaflet()
    yield _invoice_list(seed)


def _claims(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Housing benefit/HB caseload extract.xlsx"
    town, plant = Town(seed, path), Planted()
    rows = [["Claim ref", "Claimant", "NINO", "DOB", "Address", "Sort code", "Account", "Weekly award"]]
    for person in town.adults(64):
        account = identifiers.account_number(town.source)
        rows.append(
            [
                f"HB{town.source.randrange(100_000, 999_999)}",
                plant("PERSON", person.name),
                plant("UK_NINO", person.nino),
                plant("DATE_OF_BIRTH", person.dob),
                plant("UK_ADDRESS", person.address.line),
                identifiers.sort_code(town.source),
                f"={account}",
                f"{town.source.randrange(40, 160)}.{town.source.randrange(10, 99)}",
            ]
        )
    return DemoFile(
        path,
        containers.sheet({"Caseload": rows}),
        "critical",
        "NI numbers of more than fifty claimants; account numbers lost their noughts",
        plant.values,
    )


def _mandate(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Council tax/Direct debit mandate.pdf"
    town, plant = Town(seed, path), Planted()
    person = town.adult()
    content = containers.pdf(
        "Instruction to your bank or building society",
        [
            f"Name of account holder: {plant('PERSON', person.name)}",
            f"Address: {plant('UK_ADDRESS', person.address.line)}",
            f"Sort code: {plant('UK_BANK_ACCOUNT', identifiers.sort_code(town.source))}    "
            f"Account number: {plant('UK_BANK_ACCOUNT', identifiers.account_number(town.source))}",
            "Payment day: 1st [ ]  15th [x]   Council tax account 0710442389",
            "Please pay Harnborough Borough Council Direct Debits from the account detailed in this instruction.",
        ],
    )
    return DemoFile(path, content, "medium", "one person's bank account", plant.values)


def _reduction_letter(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Council tax/CTR overpayment letter.docx"
    town, plant = Town(seed, path), Planted()
    person = town.adult(26, 64)
    content = containers.word(
        "Council tax reduction: change in your award",
        [
            f"{person.title} {plant('PERSON', person.name)}",
            plant("UK_ADDRESS", person.address.lines),
            f"Dear {person.title} {person.surname}",
            "Because your partner started work on 6 January you have been paid £418.27 too much. This has been added to your "
            "bill. You now owe £612.90. If you cannot pay, please talk to us before 31 March.",
            f"Benefits team, {OFFICES}",
        ],
    )
    return DemoFile(path, content, "medium", "one household's benefit and debt", plant.values)


def _payment_run(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Payments/BACS_20250314.txt"
    town, plant = Town(seed, path), Planted()
    lines = [
        "DIRECT CREDIT RUN 14/03/2025  ORIGINATOR HARNBOROUGH BC",
        f"{'PAYEE':<30}{'SORT CODE':<12}{'ACCOUNT':<12}{'AMOUNT':>10}",
    ]
    for person in town.adults(18):
        code, account = identifiers.sort_code(town.source), identifiers.account_number(town.source)
        lines.append(
            f"{plant('PERSON', containers.western(person.name).upper()):<30}{plant('UK_BANK_ACCOUNT', code):<12}"
            f"{plant('UK_BANK_ACCOUNT', account):<12}{town.source.randrange(20, 400)}.{town.source.randrange(10, 99):>2}"
        )
    return DemoFile(
        path,
        "\r\n".join(lines).encode("cp1252"),
        "high",
        "bank accounts of more than five people",
        plant.values,
    )


def _card_log(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Payments/phone payments (temp).csv"
    town, plant = Town(seed, path), Planted()
    rows = [["Date", "Caller", "Card number", "Expiry", "Amount", "For"]]
    for person in town.adults(6):
        rows.append(
            [
                "12/03/2025",
                plant("PERSON", person.name),
                plant("CREDIT_CARD", identifiers.payment_card(town.source)),
                f"{town.source.randrange(1, 13):02d}/28",
                f"{town.source.randrange(30, 200)}.00",
                town.source.choice(("council tax", "garden waste", "parking")),
            ]
        )
    return DemoFile(path, containers.delimited(rows), "high", "full card numbers with names", plant.values)


def _pivot(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Reports/Discretionary payments by ward.xlsx"
    town, plant = Town(seed, path), Planted()
    cache = [["Name", "NINO", "Ward", "Award"]]
    for person in town.adults(10):
        cache.append(
            [
                plant("PERSON", person.name),
                plant("UK_NINO", person.nino),
                town.source.choice(("North", "Town", "Wye")),
                "310",
            ]
        )
    totals = [
        ["Ward", "Awards", "Sum"],
        ["North", "4", "£1,240"],
        ["Town", "3", "£930"],
        ["Wye", "3", "£930"],
    ]
    return DemoFile(
        path,
        containers.sheet({"By ward": totals}, cache=cache),
        "high",
        "totals only, but the pivot cache keeps every claimant's NI number",
        plant.values,
    )


def _leaflet() -> DemoFile:
    text = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Help with your council tax</title></head><body>
<h1>Help with your council tax</h1>
<p>You may get up to 80&nbsp;per&nbsp;cent off if your income is low. To claim you need your National Insurance number
(it looks like QQ 12 34 56 C), your date of birth and your bank details.</p>
<p>Ring 01632 960000, or write to Benefits, Civic Offices, Castle Street, Harnborough, HR1 9XJ.</p>
<p>If you are disabled, a carer, a care leaver or severely mentally impaired, other discounts may apply.</p>
</body></html>
"""
    return DemoFile(
        "Revenues and Benefits/Leaflets/help-with-council-tax.html",
        text.encode(),
        "none",
        "a leaflet with the official specimen NI number",
    )


def _invoice_list(seed: int) -> DemoFile:
    path = "Revenues and Benefits/Reports/supplier invoices over 500.csv"
    source = Town(seed, path).source
    suppliers = (
        "Severn Aggregates Ltd",
        "Wyre Coaches Ltd",
        "Hopyard Catering LLP",
        "St Weonard's Parish Council",
    )
    rows = [["Invoice", "Supplier", "Company no", "Purchase order", "Net", "Paid"]]
    for _ in range(40):
        rows.append(
            [
                str(source.randrange(4_000_000_000, 4_999_999_999)),
                source.choice(suppliers),
                f"0{source.randrange(1_000_000, 9_999_999)}",
                f"PO{source.randrange(100_000, 999_999)}A",
                f"{source.randrange(500, 90_000)}.00",
                "28/02/2025",
            ]
        )
    return DemoFile(
        path,
        containers.delimited(rows),
        "none",
        "published spending; ten-digit invoices and PO numbers look like people's numbers",
    )
