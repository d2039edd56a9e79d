"""Bank details: pairs, either alone behind its label, and accounts that are nobody's."""

import pytest

from rules.bank import load_bank_rule
from tests.detection.views import detect, values

RULE = load_bank_rule()


@pytest.mark.parametrize("example", RULE.examples.match)
def test_example_is_found(example: str) -> None:
    start, end = example.index("«"), example.index("»") - 1
    text = example.replace("«", "").replace("»", "")
    assert (start, end) in [(f.start, f.end) for f in detect(text) if f.entity_type == "UK_BANK_ACCOUNT"]


@pytest.mark.parametrize("example", RULE.examples.no_match)
def test_near_miss_is_left_alone(example: str) -> None:
    assert values(example, "UK_BANK_ACCOUNT") == []


@pytest.mark.parametrize(
    ("text", "wanted", "why"),
    [
        ("My bank is 08-99-99 66374958 thanks", ["08-99-99 66374958"], "one beside the other"),
        ("Sort code: 08-99-99\nAccount number: 66374958", ["08-99-99", "66374958"], "on lines of their own"),
        (
            "Payee,Sort code,Account number\nA Person,089999,66374958",
            ["089999", "66374958"],
            "columns",
        ),
        ("Payee,Sort code,Account number\nA Person,40004,1234567", ["40004", "1234567"], "lost zeros"),
        ("account 66374958, sort code 08 99 99", ["66374958", "08 99 99"], "account first"),
        ("The date 12-03-15 and account of 20240131 visitors", [], "dates"),
        ("Company number 66374958, VAT 123456789", [], "company data"),
        ("Council tax account 66374958", [], "another kind of account"),
        ("Supplier: Acme Ltd\nsort code 08-99-99 account 66374958", [], "a firm's account"),
        ("Bank details: S/C 08-99-99 A/C 66374958", ["08-99-99", "66374958"], "abbreviated labels"),
        ("My bank is 08-99-99-66374958", ["08-99-99-66374958"], "hyphens throughout"),
        ("My bank is 089999-66374958", ["089999-66374958"], "one hyphen"),
        ("Serial no 08-99-99-66374958 of the bank pump", [], "a serial number"),
        ("Lift 08-99-99-66374958 was mended", [], "nothing speaks of a bank"),
        (
            "Payee,Account number,Branch,Sort code\nA Khan,769697,Leeds City Square on the corner,089999",
            ["769697", "089999"],
            "two lost zeros, columns apart",
        ),
        ("Payee,Account number,Stock\nA Khan,769697,4", [], "six digits without sort codes"),
        (
            "Journal;Period;Account;Dr;Cr;Narrative\nJ1;6;40100021;12.50;;Payroll\nJ2;6;40100022;;3.10;Refund",
            [],
            "codes of a ledger",
        ),
        (
            "Journal;Account number;Dr;Cr;Narrative\nJ1;40100021;12.50;;Payroll\nJ2;40100022;;3.10;Bank",
            [],
            "codes of a ledger under a number label",
        ),
        ("direct debit from 08-99-99/66374958", ["08-99-99/66374958"], "a slash between"),
        ("sc 08-99-99 ac 66374958", ["08-99-99", "66374958"], "short labels"),
        (
            "Dear Council, my refund: 08-99-99 66374958",
            ["08-99-99 66374958"],
            "a resident's, though the council is named",
        ),
        ("paid on 01/02/20240131 to the bank", [], "a long date"),
        ("version 08-99-99 of the bank policy", [], "a version"),
        ("Acc No|Tenant|Rent arrears\n66374958|A Khan|1.20\n66374959|B Cole|2.10", [], "accounts of tenants"),
        ("Account,Borrower,Overdue\n66374958,A Khan,2\n66374959,B Cole,3", [], "accounts of a library"),
        (
            "Acc No,Sort,Arrears\n66374958,08-99-99,12.00\n66374959,08-99-98,13.00",
            ["66374958", "08-99-99", "66374959", "08-99-98"],
            "arrears, but with sort codes",
        ),
        ("Name,Account no\nA Khan,66374958\nB Cole,66374959", ["66374958", "66374959"], "nothing else said"),
        (
            "the money goes into 66374958 at 08-99-99 as before, paid to Ann",
            ["66374958", "08-99-99"],
            "turned round",
        ),
        ("COLE B\t77-44-11\t66374958\t80.00", ["77-44-11", "66374958"], "nothing else looks like it"),
        (
            "Account no: 6 6 3 7 4 9 5 8\nSort code: 0 8 - 9 9 - 4 4",
            ["6 6 3 7 4 9 5 8", "0 8 - 9 9 - 4 4"],
            "boxes",
        ),
        (
            "We refund within 28 days to sort code 08-99-44 account 66374958 (Mrs A Cole)",
            ["08-99-44", "66374958"],
            "whose it is stands behind it",
        ),
        ("Allowance of Ann Cole: 08 99 44 66374958", ["08 99 44 66374958"], "what carers are paid"),
        ("Lot 12  77-44-11 66374958 brackets", [], "goods"),
        ("Visits 12-03-15 66374958", [], "a date and a number"),
        ("sort code 12-34-56 account 12345678", [], "what forms print"),
        ("sort code 00-00-00 account 00000000", [], "noughts"),
        ("Expenses: rooms 12-14-16, form 2024013", [], "rooms and a short number"),
    ],
)
def test_accounts(text: str, wanted: list[str], why: str) -> None:
    assert values(text, "UK_BANK_ACCOUNT") == wanted, why


def payment(payee: str, reference: str = "PAYROLL 000123", account: str = "08999966374958") -> str:
    """A data record of BACS Standard 18."""
    return f"{account}09920051812345678    {12345:011d}{'MIDSHIRE COUNCIL':18}{reference:18}{payee:18}"


@pytest.mark.parametrize(
    ("lines", "accounts", "people", "why"),
    [
        (
            ["VOL1123456", "HDR1A123456S", "UHL1 24123999999    000000001 DAILY  001",
             payment("I WARSAME"), payment("ELLISON M"), "EOF1A123456S"],
            ["08999966374958"] * 2, ["I WARSAME", "ELLISON M"], "a payroll file",
        ),
        ([payment("MISS N KAUR") + " 24123"], ["08999966374958"], ["N KAUR"], "a date behind, no header"),
        ([payment("A & B ELLISON")], ["08999966374958"], None, "a joint account"),
        ([payment("WARSAME & SONS LTD")], [], [], "a firm is paid"),
        ([payment("MIDSHIRE COUNCIL", "CONTRA")], [], [], "the payer's own account"),
        ([payment("I WARSAME").replace("099200", "055200")], [], None, "no transaction code of BACS"),
        (["0" + payment("I WARSAME")], [], None, "a column out of place"),
        (["08999966374958 meter readings of the year"], [], [], "digits that begin no record"),
    ],
)  # fmt: skip
def test_payment_files_name_accounts_and_payees(
    lines: list[str], accounts: list[str], people: list[str] | None, why: str
) -> None:
    text = "\n".join(lines)
    assert values(text, "UK_BANK_ACCOUNT") == accounts, why
    if people is not None:
        assert values(text, "PERSON") == people, why
