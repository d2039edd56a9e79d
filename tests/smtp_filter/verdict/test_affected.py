"""How many people a message is about: real messages; officers who write it are not among them."""

from __future__ import annotations

import pytest

from rules.mail import load_mail_rules
from scanner.configuration.schema import Configuration
from scanner.documents.mail_headers import message_headers
from scanner.inspection.inspector import Inspector
from scanner.inspection.model import Inspection
from smtp_filter.message import Envelope, Recipient
from smtp_filter.triage.incidents.opening import _affected, how_counted
from smtp_filter.verdict.judging import judge_message
from smtp_filter.verdict.model import Verdict
from smtp_filter.verdict.settings import VerdictSettings

SETTINGS = Configuration.model_validate({"organisation": {"domains": ["anytown.example"]}})
INSPECTOR = Inspector.build(SETTINGS.inspection(bytes(32), show_values=True, use="mail"))
JAMES = "james.porter@example.com"
# The first is a council's in its published form, the second one only by the configuration.
GOV, OWN = "anytown.gov.uk", "anytown.example"
SIGNED = (
    "\r\n\r\nKind regards\r\n{name}\r\nSenior Social Worker\r\nAnytown Council\r\n"
    "Tel: 01632 960222\r\n{address}\r\n"
)
CHILD = "Olivia Bennett (date of birth 03/04/2012, NHS number 943 476 5919) is on a child protection plan."


def judged(
    sender: str, to: str, body: str, cc: str = "", envelope: tuple[str, ...] = (JAMES,)
) -> tuple[Inspection, Verdict]:
    lines = [f"From: {sender}", f"To: {to}", *([f"Cc: {cc}"] if cc else []), "Subject: For your attention"]
    data = "\r\n".join([*lines, "Content-Type: text/plain; charset=utf-8", "", body, ""]).encode()
    found = INSPECTOR.inspect_bytes(data, "message.eml")
    who = Envelope(sender.rpartition("<")[2].rstrip(">"), tuple(map(Recipient, envelope)))
    settings = VerdictSettings.of(load_mail_rules(), (GOV, OWN))
    return found, judge_message(who, message_headers(data), found, settings)


def at(name: str, domain: str) -> str:
    return f"{name.lower().replace(' ', '.')}@{domain}"


def full(name: str, domain: str) -> str:
    return f"{name} <{at(name, domain)}>"


SARAH, PRIYA, TOM = "Sarah Whitfield", "Priya Nair", "Tom Ashworth"
BARE = at(SARAH, GOV)
SIGNATURE = SIGNED.format(name=SARAH, address=BARE)
REPLY = (
    f"\r\n\r\nFrom: {full(PRIYA, GOV)}\r\nSent: 15 November 2026 09:12\r\nTo: {full(SARAH, GOV)}\r\n"
    f"Subject: A case\r\n\r\nHi Sarah,\r\n{CHILD}\r\n\r\nPriya Nair\r\nTeam Manager\r\n"
)
CASES = [
    # sender, To, Cc, body, least and most people, why
    (
        full(SARAH, GOV),
        "x@example.com",
        full(PRIYA, GOV),
        CHILD + SIGNATURE,
        (1, 1),
        "writer, copy, signature",
    ),
    (full(SARAH, OWN), "x@example.com", full(PRIYA, OWN), CHILD + SIGNATURE, (1, 1), "by the configuration"),
    (
        BARE,
        "x@example.com",
        "",
        f"{CHILD}\r\n\r\nThanks\r\nSarah",
        (1, 1),
        "a first name beneath, no names above",
    ),
    (BARE, at(PRIYA, GOV), "", f"Dear Priya,\r\n\r\n{CHILD}\r\n\r\nSarah", (1, 1), "a greeting inside"),
    (full(SARAH, GOV), "x@example.com", "", "See below." + REPLY, (1, 1), "those of the thread"),
    (full(SARAH, GOV), "x@example.com", "", f"Sarah Whitfield visited at home. {CHILD}", (1, 1), "who acts"),
    # Near misses: these are data subjects.
    (
        full(SARAH, GOV),
        full("Peter Smith", "example.com"),
        "",
        f"Dear Mr Smith,\r\n\r\nYour National Insurance number is JG 10 37 59 A.{SIGNATURE}",
        (1, 1),
        "their own data",
    ),
    (
        full(SARAH, GOV),
        "x@example.com",
        "",
        f"{CHILD} Her mother is Lucy Bennett.{SIGNATURE}",
        (2, 2),
        "the mother, too",
    ),
    (
        BARE,
        "x@example.com",
        "",
        f"{CHILD} Her aunt is Priya Nair.",
        (2, 2),
        "a colleague's name, and she is none here",
    ),
    (
        full(SARAH, GOV),
        "hr@example.com",
        "",
        "I am off sick with depression. My National Insurance number is JG 10 37 59 A, my date of birth "
        "04/05/1971.\r\n\r\nSarah Whitfield",
        (1, 1),
        "the writer's own",
    ),
]


@pytest.mark.parametrize(("sender", "to", "cc", "body", "people", "why"), CASES)
def test_who_is_counted(sender: str, to: str, cc: str, body: str, people: tuple[int, int], why: str) -> None:
    inside = tuple(box.rpartition("<")[2].rstrip(">") for box in (to, cc) if box)
    _, verdict = judged(sender, to, body, cc, (JAMES, *inside))
    assert (verdict.people.low, verdict.people.high) == people, why


def test_the_list_of_people_and_the_words_leave_the_officers_out() -> None:
    found, verdict = judged(full(SARAH, GOV), "x@example.com", CHILD + SIGNATURE, full(PRIYA, GOV))
    values = [finding.value for finding in found.findings]
    assert [one.names for one in _affected(found.findings, values, found.in_role)] == [("Olivia Bennett",)]
    said = how_counted(found.findings, found.counts["PERSON"], verdict.people, found.in_role)
    assert "at least 1, at most 1" in said
    assert "Not counted: 2 people named in a role only" in said
    assert "People on the sealed list: 1." in said
