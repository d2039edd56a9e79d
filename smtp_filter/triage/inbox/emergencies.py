"""Emergency releases as somebody: what waits, asking, confirming, reviewing; with role and departments."""

from __future__ import annotations

from smtp_filter.quarantine import emergency
from smtp_filter.quarantine.emergency import EmergencyRelease
from smtp_filter.quarantine.model import QuarantineError
from smtp_filter.triage.inbox import queries
from smtp_filter.triage.inbox.looking import allowed, seen
from smtp_filter.triage.visiting import Services, Visitor

_LISTED = 200


def lists(services: Services, visitor: Visitor) -> tuple[list[EmergencyRelease], list[EmergencyRelease]]:
    """What waits for somebody to confirm, and what waits for a review, of what the visitor sees."""
    visitor = allowed(services, visitor, "look", "emergency")
    waiting = emergency.waiting(services.quarantine)
    to_review = emergency.to_review(services.quarantine, _LISTED)
    if visitor.sees is not None:
        with services.engine.connect() as connection:
            numbers = [one.reference for one in (*waiting, *to_review)]
            known = set(queries.are_seen(connection, numbers, visitor.sees))
        waiting = [one for one in waiting if one.reference in known]
        to_review = [one for one in to_review if one.reference in known]
    return waiting, to_review


def ask(services: Services, visitor: Visitor, reference: str, why: str, code: str) -> None:
    """Write down the sender's request: they read the code of their notice out on the telephone."""
    visitor = allowed(services, visitor, "emergency.ask", reference)
    number = seen(services, visitor, reference)
    emergency.ask(services.quarantine, number, visitor.actor, why, code=code)


def confirm(services: Services, visitor: Visitor, reference: str, reason: str) -> None:
    """Confirm: it goes out now."""
    visitor = allowed(services, visitor, "emergency.confirm", reference)
    number = seen(services, visitor, reference)
    emergency.confirm(services.quarantine, number, visitor.actor, reason or "confirmed")


def review(services: Services, visitor: Visitor, reference: str, justified: bool | None, reason: str) -> None:
    """Say afterwards whether it was one."""
    visitor = allowed(services, visitor, "emergency.review", reference)
    number = seen(services, visitor, reference)
    if justified is None:
        raise QuarantineError("Choose whether it was justified.")
    if not reason.strip():
        raise QuarantineError("Write what you found.")
    emergency.review(services.quarantine, number, visitor.actor, justified=justified, reason=reason)
