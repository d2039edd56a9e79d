"""Which notices an event causes, and what each is told: kinds and counts, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from scanner.reports.wording import printable, telling
from scanner.store.database import writing
from smtp_filter.quarantine import tables
from smtp_filter.verdict.model import Verdict, Word

if TYPE_CHECKING:
    from smtp_filter.quarantine.encoding import Summary, Whole
    from smtp_filter.quarantine.holding import Quarantine

KINDS_TOLD = 6
PLACES_TOLD = 3
RECIPIENTS_TOLD = 5
# Our own names of places inside a message are no file names.
_OWN_PLACES = re.compile(r"(?:header|body|attachment|part|message|text|line|page)\b", re.IGNORECASE)
# A number in a file's name may be the very thing that was found, however it is spaced.
_DIGITS = re.compile(r"[0-9][0-9 ./-]*")
_LONGEST = 120


def tell_of_hold(
    quarantine: Quarantine,
    connection: Connection,
    number: int,
    case: int,
    whole: Whole,
    summary: Summary,
    reference: str,
    now: float,
) -> None:
    """Tell the sender once per case, and triage at once where it is grave."""
    settings = quarantine.settings.notices
    if named := copied(whole.verdict):
        copy: dict[str, Any] = {
            "reference": reference,
            "severity": whole.verdict.severity.word,
            "kinds": kinds_told(summary.counts),
            "what": "held",
            "copy_to": named,
            "held": now,
        }
        quarantine.outbox.put(connection, f"copied:case:{case}", "copied", copy, now, message_id=number)
    row = connection.execute(
        select(
            tables.message.c.notify_sender,
            tables.message.c.sender,
            tables.message.c.due_at,
            tables.message.c.expires_at,
        ).where(tables.message.c.id == number)
    ).one()
    verdict = whole.verdict
    if verdict.severity >= settings.alert_from or "duty" in verdict.notify:
        facts = {
            "reference": reference,
            "severity": verdict.severity.word,
            "due": row.due_at,
            "unread": verdict.word is Word.HOLD,
        }
        quarantine.outbox.put(connection, f"alert:case:{case}", "alert", facts, now, message_id=number)
    if not row.notify_sender:
        return
    held = connection.execute(
        select(func.count())
        .select_from(tables.message)
        .where(tables.message.c.sender == row.sender, tables.message.c.held_at > now - settings.rate_seconds)
    ).scalar_one()
    if held > settings.rate:
        window = int(now // settings.rate_seconds)
        facts = {
            "to": whole.envelope.sender,
            "sender": row.sender,
            "since": window * settings.rate_seconds,
            "until": (window + 1) * settings.rate_seconds,
        }
        wait = facts["until"] - now
        key = f"summary:{row.sender}:{window}"
        quarantine.outbox.put(connection, key, "summary", facts, now, delay=wait)
        return
    facts = sender_facts(whole, summary, reference, now) | {
        "due": row.due_at,
        "expires": row.expires_at,
        "unread": [file_name(part.place) or "" for part in verdict.not_inspected[:PLACES_TOLD]],
        "kinds": kinds_told(summary.counts),
        "places": places_told(finding.location for finding in whole.inspection.findings),
        "misdirected": verdict.word is Word.HOLD and not verdict.not_inspected,
    }
    quarantine.outbox.put(connection, f"hold:case:{case}", "hold", facts, now, message_id=number)


@dataclass(frozen=True, slots=True)
class Passing:
    """A message that was not held and of which the policy tells somebody: how it ended, and what it holds.

    ``key`` makes it one event (the fingerprint), ``reference`` is the relay's own number of it, ``held`` the
    time of its receipt in seconds since 1970.  ``to_sender``: the sender may be written to.
    """

    key: str
    reference: str
    delivered: bool
    sender: str
    recipients: tuple[str, ...]
    thread: str
    to_sender: bool
    counts: Mapping[str, int]
    verdict: Verdict
    held: float


def tell_of_passing(quarantine: Quarantine, passing: Passing, now: float) -> None:
    """Tell whom the policy names of a message that went out, or that was returned by the answer to it."""
    verdict = passing.verdict
    facts = {
        "reference": passing.reference,
        "recipients": [printable(address)[:_LONGEST] for address in passing.recipients[:RECIPIENTS_TOLD]],
        "recipients_total": len(passing.recipients),
        "held": passing.held,
        "kinds": kinds_told(passing.counts),
        "severity": verdict.severity.word,
        "secure": verdict.route != "default",
        "what": "delivered" if passing.delivered else "returned",
    }
    named = copied(verdict, also=("triage", "duty"))
    with writing(quarantine.engine) as connection:
        if named:
            key = f"copied:{passing.key}"
            quarantine.outbox.put(connection, key, "copied", facts | {"copy_to": named}, now)
        # Who was refused has been told by the sending server.
        if passing.delivered and passing.to_sender and "sender" in verdict.notify:
            told = facts | {"to": passing.sender, "thread": passing.thread}
            quarantine.outbox.put(connection, f"passed:{passing.key}", "passed", told, now)


def copied(verdict: Verdict, also: tuple[str, ...] = ()) -> list[str]:
    """Whom the rules name for a copy of what is told, and those of ``also`` whom they notify."""
    return list(dict.fromkeys((*verdict.copy_to, *(name for name in verdict.notify if name in also))))


def sender_facts(whole: Whole, summary: Summary, reference: str, held_at: float) -> dict[str, Any]:
    """What every notice to a sender is given: which message it is about, and how it threads."""
    addresses = [one.address for one in whole.envelope.recipients]
    return {
        "to": whole.envelope.sender,
        "reference": reference,
        "subject": printable(summary.subject)[:_LONGEST] if summary.subject_is_clean else "",
        "recipients": [printable(address)[:_LONGEST] for address in addresses[:RECIPIENTS_TOLD]],
        "recipients_total": len(addresses),
        "held": held_at,
        "thread": whole.message_id,
        "references": whole.references,
    }


def kinds_told(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most telling kinds with their numbers."""
    ordered = sorted((kind for kind in counts if counts[kind]), key=telling)
    return [(kind, counts[kind]) for kind in ordered[:KINDS_TOLD]]


def places_told(locations: Iterable[str]) -> list[str]:
    """The names of the files in which something was found, the first few."""
    names: dict[str, None] = {}
    for location in locations:
        if name := file_name(location):
            names[name] = None
    return list(names)[:PLACES_TOLD]


def file_name(location: str) -> str:
    """The attachment's name at the beginning of a place, without numbers; empty where it is no attachment.

    >>> file_name("Review 9434765919.docx > page 2"), file_name("body > line 3")
    ('Review ….docx', '')
    """
    first = location.partition(" > ")[0].strip().strip('"')
    if not first or _OWN_PLACES.match(first):
        return ""
    stem, dot, suffix = first.rpartition(".")
    if not dot or len(suffix) > 5 or sum(char.isdigit() for char in suffix) > 1:
        stem, dot, suffix = first, "", ""
    return printable(_DIGITS.sub("…", stem) + dot + suffix)[:_LONGEST]
