"""The quarantine's values: states, who acts, what is held, and what can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scanner.inspection.model import Inspection
from scanner.judgement.assessment import PeopleCount, Severity
from smtp_filter.message import Envelope
from smtp_filter.verdict.model import RouteKind, Verdict, Word


class State(StrEnum):
    """Where a held message stands (``mail_filtering`` 7.1)."""

    HELD = "held"
    IN_REVIEW = "in_review"
    AWAITING_SECOND = "awaiting_second"
    RELEASING = "releasing"
    RELEASED = "released"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


UNDECIDED = frozenset({State.HELD, State.IN_REVIEW, State.AWAITING_SECOND})
ENDED = frozenset({State.RELEASED, State.REJECTED, State.EXPIRED, State.WITHDRAWN})


class Decision(StrEnum):
    """What a person can decide of a held message."""

    RELEASE = "release"
    RETURN = "return"  # to the sender, with advice
    DELETE = "delete"  # refuse, and destroy the body now


class Handover(StrEnum):
    """What became of one recipient."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"  # by the next hop, for good
    WITHHELD = "withheld"  # triage released to others only


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account's name, the role it acts in, from where, and the person's own mail addresses.

    ``addresses`` holds the person's mailboxes and those of whoever they answer to: nobody decides on mail
    from or to them.
    """

    name: str
    role: str = "triage"
    origin: str = "local"
    addresses: frozenset[str] = frozenset()


SYSTEM = Actor("dlp", role="system", origin="service")


class QuarantineError(Exception):
    """It cannot be done; the message is one line for a person, without personal data."""


class NotFoundError(QuarantineError):
    """There is no such message."""


class ConflictError(QuarantineError):
    """Somebody else was first, or the message's state does not allow it."""


class ForbiddenError(QuarantineError):
    """A person who may not: their own mail, the second decision on their first, somebody else's claim."""


class NoRoomError(QuarantineError):
    """The disk is below its reserve: the client is told to try again later."""


class GoneError(QuarantineError):
    """The body was deleted."""


@dataclass(frozen=True, slots=True)
class HoldReference:
    """The answer to a hold: the number that people are told; ``new`` is false for a retry of the client."""

    reference: str
    new: bool


@dataclass(frozen=True, slots=True)
class HeldRecipient:
    """One recipient of a held message."""

    address: str
    route: RouteKind
    why: str
    handover: Handover


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One line of a list: all that can be said without opening the body.

    Times are in seconds since 1970.  ``subject``, ``sender`` and the recipients are empty once the key is
    gone (``sealed_away``); ``shielded`` says that they are covered.  ``recipients`` holds the first of
    ``recipients_total``; ``revision`` is what a decision is compared with; ``has_body`` says that the message
    itself is still there.
    """

    id: int
    reference: str
    case: int
    case_size: int
    state: State
    revision: int
    severity: Severity
    word: Word
    people: PeopleCount
    department: str
    size: int
    held_at: float
    due_at: float
    expires_at: float
    ended_at: float | None
    assignee: str
    claimed_until: float | None
    escalated: bool
    legal_hold: bool
    needs_second: bool
    false_alarm: bool
    rules: tuple[str, ...]
    subject: str
    sender: str
    recipients: tuple[HeldRecipient, ...]
    recipients_total: int
    counts: Mapping[str, int]
    reasons: tuple[str, ...]
    subject_is_clean: bool
    has_body: bool
    sealed_away: bool = False
    shielded: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A first person's decision that waits for a second one."""

    decision: Decision
    actor: str
    reason: str
    at: float
    recipients: tuple[int, ...] = ()
    route: str = "default"
    advice: str = ""
    false_alarm: bool = False


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One transition of a message."""

    at: float
    actor: str
    act: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldDetail:
    """Everything of one held message but its body; ``recipients`` are all of them."""

    message: HeldMessage
    envelope: Envelope
    recipients: tuple[HeldRecipient, ...]
    inspection: Inspection
    verdict: Verdict
    header_from: str
    message_id: str
    client: str
    proposal: Proposal | None
    history: tuple[HistoryLine, ...]
    others_of_case: tuple[str, ...]
