"""The verdict's values: what happens to a message, per recipient, and the reasons in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scanner.judgement.assessment import PeopleCount, Reason, Severity


class Word(StrEnum):
    """What was judged, in one word: the ``verdict`` of ``dlp rules test-mail``."""

    DELIVER = "deliver"  # nothing sensitive in it, or nobody outside gets it
    ENCRYPTED = "encrypted"  # sensitive or unseen, and proven to be encrypted in content
    SECURE_ROUTE = "secure-route"  # sensitive, and every outside recipient has an enforced secure route
    BLOCK = "block"  # sensitive, readable, on its way outside
    HOLD = "hold"  # cannot be inspected wholly, or probably misdirected: a person looks


class Action(StrEnum):
    """What the relay does."""

    DELIVER = "deliver"
    DELIVER_SECURE = "deliver-secure"
    HOLD = "hold"
    RETURN = "return"


class RouteKind(StrEnum):
    """What a recipient is to the council."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    SECURE = "secure"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class RecipientVerdict:
    """One recipient: its route, what would happen were it alone, and one sentence why."""

    address: str
    route: RouteKind
    word: Word
    why: str


@dataclass(frozen=True, slots=True)
class NotInspected:
    """A part that was not read, or not wholly: place, fixed reason, one line without personal data."""

    place: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one message and what is done.

    ``rules`` names the policy rules that fired, in order.  ``monitored`` is the word and action that would
    have been without monitor-only mode, ``None`` where nothing was softened.  ``headers`` are added on
    delivery, ``subject_tag`` is put before the subject (empty where the message is signed), ``notify`` and
    ``copy_to`` name who is told (``sender``, ``triage``, ``dpo``; addresses).  ``tried`` counts what content
    rules on trial would have found, by rule, ``shadowed`` is the severity with that (``None``: no trial).
    """

    word: Word
    action: Action
    severity: Severity
    people: PeopleCount
    reasons: tuple[Reason, ...]
    recipients: tuple[RecipientVerdict, ...]
    not_inspected: tuple[NotInspected, ...] = ()
    rules: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    notify: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()
    route: str = "default"
    monitored: tuple[Word, Action] | None = None
    subject_tag: str = ""
    tried: tuple[tuple[str, int], ...] = ()
    shadowed: Severity | None = None
