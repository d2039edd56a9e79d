"""Messages to hold, with their inspection and verdict, and quarantines to hold them in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from scanner.documents.model import Coverage, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store.sealing import MasterKeySource
from smtp_filter.message import Client, Content, Envelope, Message, Recipient
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.settings import NoticeSettings, QuarantineSettings
from smtp_filter.verdict.model import Action, RecipientVerdict, RouteKind, Verdict, Word

# The published specimens of an NHS number and a National Insurance number.
NHS, NINO = "943 476 5919", "QQ 12 34 56 C"
SENDER = "m.jones@council.test"
PATIENT = "j.patel@example.com"
OTHER = "clinic@example.org"
SUBJECT = "Placement review of the Okafor children"

NOTICES = NoticeSettings(
    council="Anytown Council",
    mailbox="mail-check@council.test",
    phone="01632 960111",
    page="https://dlp.council.test/c/{reference}",
    domains=frozenset({"council.test"}),
    triage=("triage@council.test",),
    duty=("duty@council.test",),
)


def settings(folder: Path, **changes: Any) -> QuarantineSettings:
    """Settings for tests; keywords replace fields."""
    return replace(QuarantineSettings(bodies=folder / "held", reserve=0, notices=NOTICES), **changes)


def open_quarantine(url: str, folder: Path, **changes: Any) -> Quarantine:
    """A quarantine with its key in ``folder``."""
    source = MasterKeySource(folder / "keys" / "master.key", {})
    return Quarantine.open(url, source, settings(folder, **changes))


def raw(subject: str = SUBJECT, body: str = "", identity: str = "1", sender: str = SENDER) -> bytes:
    """A message as bytes; ``identity`` makes its Message-ID."""
    text = body or f"The child's NHS number is {NHS}, the mother's NINO {NINO}."
    return (
        f"From: Mary Jones <{sender}>\r\nTo: {PATIENT}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{identity}@council.test>\r\nX-Odd:  kept   as is\t\r\n\r\n{text}\r\n.dots\r\n"
    ).encode("utf-8", "surrogateescape")


def message(
    data: bytes | None = None, sender: str = SENDER, recipients: tuple[str, ...] = (PATIENT,)
) -> Message:
    """A message as the relay hands it over."""
    return Message(
        Envelope(sender, tuple(Recipient(one, "SUCCESS", "rfc822;x") for one in recipients), "8BITMIME"),
        Content.from_bytes(raw() if data is None else data),
        Client("192.0.2.25"),
        1_800_000_000.0,
        "queue-1",
    )


def inspection(severity: Severity = Severity.HIGH, *, in_subject: bool = False) -> Inspection:
    """Two findings with their values, as an inspector that shows values gives them."""
    findings = (
        LocatedFinding(
            "UK_NHS", "body > line 1", "", 0.99, "*** *** **19", "aaaa", "uk_nhs", ("label: NHS",), NHS
        ),
        LocatedFinding(
            "UK_NINO",
            "header Subject" if in_subject else "Review 9434765919.docx > page 2",
            "",
            0.9,
            "** ** ** ** C",
            "bbbb",
            "uk_nino",
            (),
            NINO,
        ),
    )
    return Inspection(
        Coverage(Status.INSPECTED, "message"),
        Assessment(severity, PeopleCount(2, 3)),
        findings,
        {"UK_NHS": 1, "UK_NINO": 1, "PERSON": 3},
        "",
        400,
    )


def verdict(
    severity: Severity = Severity.HIGH, recipients: tuple[str, ...] = (PATIENT,), **changes: Any
) -> Verdict:
    """Blocked: sensitive, readable, on its way outside."""
    made = Verdict(
        Word.BLOCK,
        Action.HOLD,
        severity,
        PeopleCount(2, 3),
        (Reason("strong_identifier", "A strong identifier of a child", severity),),
        tuple(
            RecipientVerdict(one, RouteKind.OUTSIDE, Word.BLOCK, "not a secure route") for one in recipients
        ),
        rules=("outside-sensitive",),
        notify=("sender", "triage"),
    )
    return replace(made, **changes)


def hold(
    quarantine: Quarantine,
    identity: str = "1",
    *,
    severity: Severity = Severity.HIGH,
    sender: str = SENDER,
    recipients: tuple[str, ...] = (PATIENT,),
    subject: str = SUBJECT,
    body: str = "",
    department: str = "",
) -> str:
    """Hold one message and give its number."""
    data = raw(subject, body or f"{identity}: NHS number {NHS}", identity, sender)
    return quarantine.hold(
        message(data, sender, recipients),
        inspection(severity),
        verdict(severity, recipients),
        department=department,
    ).reference
