"""Looking at what is masked: with a reason, recorded, and not too often."""

from __future__ import annotations

from scanner.store.audit import AuditEvent, recordable
from scanner.store.database import writing
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, QuarantineError
from smtp_filter.triage.inbox import queries

# An honest officer looks at a few values of a message; a hundred in ten minutes is a harvest.
LIMITS = ((600.0, 30), (86_400.0, 200))
REASONS = {
    "check": "To check whether the finding is right",
    "sender": "The sender or their manager asked",
    "recipient": "To check that the recipient may have it",
    "incident": "For an incident",
    "other": "Another reason",
}


class TooOftenError(QuarantineError):
    """More was looked at than the work needs; the duty role can see it in the log."""


def allow(quarantine: Quarantine, actor: Actor, reference: str, now: float) -> None:
    """Count one more disclosure of this person.  Raises :class:`TooOftenError`, which is recorded."""
    name = recordable(actor.name, 200)
    with writing(quarantine.engine) as connection:
        refused = any(queries.disclosures(connection, name, now - window) >= most for window, most in LIMITS)
        if refused:
            event = AuditEvent(
                actor.name, "disclosure.refused", reference, actor.role, actor.origin, "too many"
            )
            quarantine.audit.record(connection, event)
        else:
            queries.note_disclosure(connection, name, now)
    if refused:
        raise TooOftenError(
            "You have looked at many values lately. Wait ten minutes, or ask a colleague. This is recorded."
        )


def full_reason(chosen: str, written: str) -> str:
    """The reason as it is recorded.  Raises ``QuarantineError`` where there is none."""
    if chosen not in REASONS:
        raise QuarantineError("Choose why you need to see it.")
    if chosen == "other" and not written:
        raise QuarantineError("Write why you need to see it.")
    return f"{REASONS[chosen]}: {written}" if written else REASONS[chosen]
