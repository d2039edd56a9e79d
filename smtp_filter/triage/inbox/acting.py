"""Acts that touch more than the message itself: an escalation opens an incident in the same transaction."""

from __future__ import annotations

import time

from sqlalchemy import Connection

from smtp_filter.quarantine.deciding import Desk, Outcome
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.incidents.opening import open_for_message


def escalate(
    quarantine: Quarantine,
    reference: str,
    actor: Actor,
    owner: str,
    reason: str,
    revision: int | None = None,
) -> tuple[Outcome, str]:
    """Escalate a held message; the outcome, and the number of its incident.

    Both are there, or neither is.
    """
    opened: list[str] = []

    def also(connection: Connection) -> None:
        opened.append(open_for_message(quarantine, connection, actor, reference, reason, owner, time.time()))

    outcome = Desk(quarantine).escalate(reference, actor, owner, reason, revision, also)
    return outcome, opened[0]
