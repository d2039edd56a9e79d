"""What the page of one message says: findings by part, protection and gaps in plain words, the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scanner.configuration import Configuration
from scanner.documents.model import ProtectedPart, Protection, Shortfall
from scanner.inspection.model import LocatedFinding
from scanner.reports import wording
from smtp_filter.configuration.sections import GatewayHopSection, SecureHopSection
from smtp_filter.quarantine.head import stands_in_head
from smtp_filter.quarantine.model import Handover, HeldDetail, HeldMessage, State
from smtp_filter.verdict.model import RouteKind, Word

# Findings of one part that are read at a glance; the others are a click away.
AT_A_GLANCE = 8
BREACH_SECONDS = 72 * 3_600.0
_WHOLE = "the whole message"
_NUMBER = re.compile(r"[0-9](?:[ ./-]?[0-9]){4,}")

STATE_TAGS: Mapping[State, tuple[str, str]] = {
    State.HELD: ("Not looked at", "blue"),
    State.IN_REVIEW: ("In review", "purple"),
    State.AWAITING_SECOND: ("Second person needed", "yellow"),
    State.RELEASING: ("On its way", "blue"),
    State.RELEASED: ("Released", "green"),
    State.REJECTED: ("Not sent", "grey"),
    State.EXPIRED: ("Expired", "grey"),
    State.WITHDRAWN: ("Withdrawn", "grey"),
}
ROUTES: Mapping[RouteKind, tuple[str, str]] = {
    RouteKind.INSIDE: ("Inside", "green"),
    RouteKind.OUTSIDE: ("Outside, not secure", "red"),
    RouteKind.SECURE: ("Secure route", "green"),
    RouteKind.GATEWAY: ("Encrypting gateway", "green"),
}
HANDOVERS: Mapping[Handover, str] = {
    Handover.PENDING: "",
    Handover.DELIVERED: "delivered",
    Handover.REFUSED: "refused by their server",
    Handover.WITHHELD: "not released to them",
}
WORDS: Mapping[Word, str] = {
    Word.BLOCK: "Personal data would be readable outside",
    Word.HOLD: "A person has to look",
    Word.SECURE_ROUTE: "Would go over a secure route",
    Word.ENCRYPTED: "Encrypted",
    Word.DELIVER: "Would be delivered",
}
ACTS: Mapping[str, str] = {
    "hold": "Held",
    "claim": "Claimed",
    "assign": "Assigned",
    "escalate": "Escalated",
    "propose": "First decision",
    "release": "Release decided",
    "return": "Returned to the sender",
    "delete": "Deleted",
    "decline": "First decision declined",
    "reopen": "Reopened",
    "withdraw": "Withdrawn",
    "expire": "Expired",
    "purge": "Body destroyed",
    "legal_hold.set": "Legal hold set",
    "legal_hold.lift": "Legal hold lifted",
}


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One finding in its context, masked; ``number`` is its place in the list that a reveal names."""

    number: int
    kind: str
    masked: str
    before: str
    after: str
    place: str
    hidden: str
    person: str
    confidence: int
    rule: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the message and what was found in it: the first findings, and the others.

    ``is_head`` says that it is a field of the head, where addresses stand anyway.
    """

    name: str
    first: tuple[ShownFinding, ...]
    others: tuple[ShownFinding, ...]
    is_head: bool

    @property
    def findings(self) -> tuple[ShownFinding, ...]:
        """All of them, in their order."""
        return self.first + self.others


@dataclass(frozen=True, slots=True)
class ShownProtection:
    """A closed or opened container: does it keep what is in it from strangers, and why (not)."""

    place: str
    counts: bool
    method: str
    why: str


@dataclass(frozen=True, slots=True)
class ShownGap:
    """A part that was not inspected: why, and what one can do."""

    place: str
    reason: str
    detail: str
    advice: str


def release_ways(configuration: Configuration) -> list[tuple[str, str]]:
    """How a message can be released here: the exits that are set up, and what they are called."""
    ways = [("default", "The usual way")]
    if configuration.section(SecureHopSection).host:
        ways.append(("secure", "Over the secure route only"))
    if configuration.section(GatewayHopSection).host:
        ways.append(("gateway", "Through the encrypting gateway"))
    return ways


def parts(findings: Sequence[LocatedFinding]) -> list[Part]:
    """The findings by the part in which they stand, in the order of the message; its head comes last."""
    found: dict[str, list[ShownFinding]] = {}
    telling = {one.location.partition(" > ")[0] for one in findings if one.location.endswith("> file name")}
    for number, one in enumerate(findings):
        name, _, inside = one.location.partition(" > ")
        found.setdefault(name, []).append(
            ShownFinding(
                number=number,
                kind=_upper(wording.kind(one.entity_type)),
                masked=one.masked,
                before=one.around[0],
                after=one.around[1],
                place=shown_place(inside) or shown_place(name),
                hidden=one.hidden,
                person=f"Person {one.person}" if one.person else "",
                confidence=round(100 * one.confidence),
                rule=one.rule,
            )
        )
    made = [
        Part(
            _part_name(name, name in telling),
            tuple(some[:AT_A_GLANCE]),
            tuple(some[AT_A_GLANCE:]),
            stands_in_head(name),
        )
        for name, some in found.items()
    ]
    return sorted(made, key=lambda part: part.is_head)


def _part_name(name: str, telling: bool) -> str:
    """Our own words for places, with a capital; a file's name where nothing was found in it."""
    if name.startswith("header "):
        return f"Field “{name.removeprefix('header ')}” of the head"
    if telling:
        _, dot, suffix = name.strip('"').rpartition(".")
        return f"Attachment with a masked name ({dot}{suffix})" if dot else "Attachment with a masked name"
    if name.startswith('attachment "'):
        return f"Attachment “{shown_place(name[12:].rstrip(chr(34)))}”"
    return "Text of the message" if name == "body" else shown_place(name) or _upper(_WHOLE)


def shown_place(place: str) -> str:
    """A place without long numbers: one in a file's name may be the very thing that was found.

    >>> shown_place("Review 943 476 5919.docx > page 2")
    'Review ….docx > page 2'
    """
    return _NUMBER.sub("…", place)


def protections(some: Iterable[ProtectedPart]) -> list[ShownProtection]:
    """What is protected, and why that does (not) count."""
    return [
        ShownProtection(
            shown_place(" > ".join(part.location.parts)) or _WHOLE,
            part.protection is Protection.STRONG and not part.opened,
            part.method,
            _why(part),
        )
        for part in some
    ]


def _why(part: ProtectedPart) -> str:
    if part.opened:
        return f"Does not count: it opened with {part.opened}, so anybody can open it. It was read."
    return {
        Protection.STRONG: "Counts: without its password nobody reads it. We could not read it either.",
        Protection.WEAK: "Does not count: the method is so weak that it can be broken.",
        Protection.NAME_ONLY: "Does not count: it is protected in name only, and anybody can read it.",
        Protection.PARTLY: "Does not count: only a part of it is encrypted.",
        Protection.UNKNOWN: "Does not count: how it is encrypted could not be told.",
        Protection.NONE: "Not protected.",
    }[part.protection]


def gaps(detail: HeldDetail) -> list[ShownGap]:
    """What was not inspected."""
    words = {reason.value: text for reason, text in wording.ADVICE.items()}
    return [
        ShownGap(
            shown_place(one.place) or _WHOLE,
            _upper(_reason(one.reason)),
            one.detail,
            words.get(one.reason, ""),
        )
        for one in detail.verdict.not_inspected
    ]


def _reason(word: str) -> str:
    return word if word in {one.value for one in Shortfall} else word.replace("_", " ")


def kinds(message: HeldMessage) -> str:
    """What was found, by kind and count."""
    return wording.kinds(message.counts)


def people(message: HeldMessage) -> str:
    """How many people, as an interval where it is one."""
    return wording.people(message.people.low, message.people.high)


def sure(findings: Sequence[LocatedFinding]) -> str:
    """How sure the findings are, in a sentence; those of the head apart, which say nothing of the letter.

    Empty where there is none.
    """
    told = sorted(round(100 * one.confidence) for one in findings if not stands_in_head(one.location))
    if not told:
        return ""
    return f"{told[0]} % sure." if told[0] == told[-1] else f"{told[0]} to {told[-1]} % sure."


def size(count: int) -> str:
    """Bytes in the unit that suits them."""
    return wording.size(count)


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a message is held, against when it is due and the 72 hours of a breach (seconds)."""

    held: float
    left: float
    decided: bool

    @property
    def late(self) -> bool:
        """Whether it should have been decided already."""
        return not self.decided and self.left < 0

    @property
    def beyond_breach(self) -> bool:
        """Whether it is undecided for longer than a breach may stay unreported."""
        return not self.decided and self.held > BREACH_SECONDS


def clock(message: HeldMessage, now: float) -> Clock:
    """The clock of one message."""
    end = message.ended_at or now
    return Clock(end - message.held_at, message.due_at - now, message.ended_at is not None)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
