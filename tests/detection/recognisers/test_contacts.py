"""Telephone numbers and mail addresses: values that count, and near misses."""

from __future__ import annotations

from datetime import date

import pytest

from rules.contacts import load_mailboxes
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.contacts import EmailRecogniser, PhoneRecogniser
from scanner.detection.view import View
from scanner.text import Passage
from scanner.text.normalise import normalise

PHONES = PhoneRecogniser()
EMAILS = EmailRecogniser()
OWN = Organisation(domains=frozenset({"wexcombe.gov.uk"}), phones=frozenset({"01632960100"}))


def view(text: str) -> View:
    return View(Passage(normalise(text).text), organisation=OWN, reference_date=date(2025, 6, 1))


def phones(text: str) -> list[tuple[str, str]]:
    here = view(text)
    return [(f.value(here.text), f.note) for f in PHONES.recognise(here) if f.confidence >= 0.40]


def emails(text: str) -> list[tuple[str, str]]:
    here = view(text)
    return [(f.value(here.text), f.note) for f in EMAILS.recognise(here) if f.confidence >= 0.40]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("ring 07700 900123 after six", [("07700 900123", "mobile")], "plain mobile, a drama range"),
        (
            "01632 960123 07700 900456",
            [("01632 960123", "landline"), ("07700 900456", "mobile")],
            "two in a row",
        ),
        ("Tel: 020 7946 0958.", [("020 7946 0958", "landline")], "label and full stop"),
        ("(0113) 496 0999", [("(0113) 496 0999", "landline")], "area code in brackets belongs to it"),
        ("(tel 0113 496 0999)", [("0113 496 0999", "landline")], "brackets around it do not"),
        ("0207 946 0958 ext 1234", [("0207 946 0958", "landline")], "without the extension"),
        ("+44 (0)7700 900123", [("+44 (0)7700 900123", "mobile")], "with the superfluous nought"),
        ("0044 7700 900 123", [("0044 7700 900 123", "mobile")], "00 for +"),
        ("tel:+441632960123", [("+441632960123", "landline")], "a link"),
        ("07700-900-123", [("07700-900-123", "mobile")], "dashes"),
        ("07700.900.123", [("07700.900.123", "mobile")], "dots"),
        ("Mob 0 7 7 0 0 9 0 0 1 2 3", [("0 7 7 0 0 9 0 0 1 2 3", "mobile")], "one digit a box"),
        ("0770 090 0123", [("0770 090 0123", "mobile")], "odd grouping"),
        ("call me on 07700\n900123 pls", [("07700\n900123", "mobile")], "wrapped over a line end"),
        ("call O7700 9OO123", [("O7700 9OO123", "mobile")], "the letter O for nought"),
        (
            "T01632 960123 M07700 900123",
            [("01632 960123", "landline"), ("07700 900123", "mobile")],
            "label touches",
        ),
        ("01632 960100", [("01632 960100", "published")], "the council's own switchboard"),
        ("phone 0300 123 4567", [("0300 123 4567", "published")], "non-geographic"),
        ("Childline 0800 1111", [("0800 1111", "published")], "eight digits, published"),
        ("call the Samaritans on 116 123", [("116 123", "published")], "short helpline"),
        ("my sister in Cork: +353 21 234 5678", [("+353 21 234 5678", "foreign")], "another country"),
        ("ring +33.1.23.45.67.89", [("+33.1.23.45.67.89", "foreign")], "France, with dots"),
        ("Name,Mobile\nA,7700900123\n", [("7700900123", "mobile")], "a spreadsheet dropped the 0"),
        ("mobile: 447700900123", [("447700900123", "mobile")], "the plus got lost"),
        (
            "07700900123/07700900124",
            [("07700900123", "mobile"), ("07700900124", "mobile")],
            "slash between two",
        ),
        ("00 44 7700 900123", [("00 44 7700 900123", "mobile")], "00 apart"),
        ("01274 43 1000", [("01274 43 1000", "landline")], "three groups"),
        ("14/05/2020 07700900123", [("07700900123", "mobile")], "a date stands before it"),
        ("01632 960 123 / 07700 900 123", [("01632 960 123", "landline"), ("07700 900 123", "mobile")], "or"),
    ],
)
def test_telephone_numbers(text: str, expected: list[tuple[str, str]], why: str) -> None:
    assert phones(text) == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ref 01632960123", "bare digits behind a reference word"),
        ("Order no 07700900123", "an order number of mobile shape"),
        ("NHS no 0101011237", "ten digits that begin with nought: a CHI number, no area code"),
        ("02/03/2014 12:30 and 04-05-2015 11.15", "dates and times"),
        ("Account 00012345678", "no area code"),
        ("id 9434765919", "ten digits"),
        ("0.01632960123", "a decimal"),
        ("01 02 03 04 05 06", "pairs of digits"),
        ("sort code 02-03-04 account 12345678", "bank details"),
        ("GB29 NWBK 6016 1331 9268 19", "an IBAN"),
        ("doc-0113-4960-9990-1", "part of a longer code"),
        ("REF-07700900123", "a prefix joined by a dash"),
        ("016329601234567", "too long"),
        ("ext 1234 or x 5521", "bare extensions"),
        ("Invoice,Amount\n07700900123,5\n", "a column of invoices"),
        ("UPRN 010012345678", "a property number"),
        ("07700 90012", "one digit short"),
        ("CA +4612-05957 America", "coordinates"),
        ("rounded to +3.140000", "a decimal"),
        ("h * 69069 + 907133923", "a sum"),
    ],
)
def test_no_telephone_number(text: str, why: str) -> None:
    assert phones(text) == [], why


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("from jane.smith@example.org today", [("jane.smith@example.org", "")], "plain"),
        ("siobhan.o’brien@example.org", [("siobhan.o'brien@example.org", "")], "an apostrophe, curly"),
        ("<bob@gmail.com>,", [("bob@gmail.com", "consumer")], "angle brackets; a private account"),
        ("'bob@hotmail.co.uk'", [("bob@hotmail.co.uk", "consumer")], "quotes are not part of it"),
        ("mailto:planning@wexcombe.gov.uk?subject=x", [("planning@wexcombe.gov.uk", "role")], "role mailbox"),
        ("a.khan@wexcombe.gov.uk", [("a.khan@wexcombe.gov.uk", "own")], "own domain"),
        (
            "a.khan@schools.wexcombe.gov.uk",
            [("a.khan@schools.wexcombe.gov.uk", "own")],
            "under the own domain",
        ),
        ("jane (at) example (dot) org", [("jane (at) example (dot) org", "")], "spelt out"),
        (
            "j dot smith at council dot gov dot uk",
            [("j dot smith at council dot gov dot uk", "")],
            "in words",
        ),
        ("jane[at]gmail.com", [("jane[at]gmail.com", "consumer")], "half spelt out"),
        ("jane@\nexample.gov.uk", [("jane@\nexample.gov.uk", "")], "wrapped behind the at"),
        ("jane@example.gov.\nuk", [("jane@example.gov.\nuk", "")], "wrapped inside the domain"),
        ("write to jane@example.gov.uk.\nthanks", [("jane@example.gov.uk", "")], "a sentence ends there"),
        ("jane@example.gov.uk.Please", [("jane@example.gov.uk", "")], "the blank got lost"),
        ("a@example.org;b@example.org", [("a@example.org", ""), ("b@example.org", "")], "a list"),
        ("josé@españa.es", [("josé@españa.es", "")], "letters beyond ASCII"),
        ("jane.smith@gmail,com", [("jane.smith@gmail,com", "consumer")], "a comma for the dot"),
        ("email jane @ example.gov.uk", [("jane @ example.gov.uk", "")], "blanks around the at"),
    ],
)
def test_mail_addresses(text: str, expected: list[tuple[str, str]], why: str) -> None:
    assert emails(text) == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("available at www.example.gov.uk", "at is a word here"),
        ("see you @ example.gov.uk offices", "a place"),
        ("root@localhost", "no domain"),
        ("npm install pkg@1.2.3", "a version"),
        ("logo@2x.png", "a file"),
        ("git@github.com:org/repository", "a repository"),
        ("https://user@host.example.com/path", "a user in a link"),
        ("Message-ID: <20250101.abc@mail.example.com>", "a message id"),
        ("@councilnews and @media print", "handles"),
        ("3 tickets @ 4.50", "a price"),
        ("meet at 10. dot your i's", "words"),
    ],
)
def test_no_mail_address(text: str, why: str) -> None:
    assert emails(text) == [], why


def test_examples_of_the_mailbox_vocabulary() -> None:
    mailboxes = load_mailboxes()
    assert [name for name in mailboxes.examples.role if not mailboxes.is_role(name)] == []
    assert [name for name in mailboxes.examples.not_role if mailboxes.is_role(name)] == []
