"""Who looks behind the mask unusually often: the duty role is told, once for each burst."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from sqlalchemy import Connection

from scanner.store.audit import AuditEvent, AuditLog
from smtp_filter.quarantine.model import SYSTEM, Actor
from smtp_filter.quarantine.outbox import Outbox

# What counts: a value shown, a preview, an original handed out.
ACTS = ("quarantine.reveal", "quarantine.preview", "quarantine.download")
WINDOW_SECONDS = 3_600.0
_ALERTED = "disclosure.unusual"


def watch(
    audit: AuditLog, outbox: Outbox, connection: Connection, actor: Actor, most: int, now: float
) -> bool:
    """Tell the duty role that this person has looked ``most`` times within an hour; whether it was told.

    In the transaction that records what was looked at.  One burst is told of once: until the person has
    looked at nothing for an hour.  ``most`` of 0 tells nobody.
    """
    if not most:
        return False
    times = _times(audit, connection, actor, now - WINDOW_SECONDS, most)
    if len(times) < most or _is_told(audit, connection, actor, most, now):
        return False
    since = times[0]
    facts = {"owner": actor.name, "count": len(times), "since": since}
    outbox.put(connection, f"revealed:{actor.name[:40]}:{now:.3f}", "revealed", facts, now)
    audit.record(
        connection,
        AuditEvent(
            SYSTEM.name,
            _ALERTED,
            actor.name,
            role=SYSTEM.role,
            origin=SYSTEM.origin,
            after={"count": len(times), "seconds": round(now - since)},
        ),
        at=now,
    )
    return True


def _is_told(audit: AuditLog, connection: Connection, actor: Actor, most: int, now: float) -> bool:
    """Whether this burst was told of: the last alert, and never an hour without a look since."""
    last = audit.latest(connection, limit=1, subject=actor.name, act=_ALERTED)
    if not last:
        return False
    # Who looks at more than that without a pause goes on with the same burst.
    times = _times(audit, connection, actor, last[0].at, 50 * most)
    return not any(
        later - earlier >= WINDOW_SECONDS for earlier, later in pairwise([last[0].at, *times, now])
    )


def _times(audit: AuditLog, connection: Connection, actor: Actor, since: float, most: int) -> list[float]:
    """When this person looked since a moment, the latest so many times, in order."""
    rows: Iterable[float] = (
        row.at
        for act in ACTS
        for row in audit.latest(connection, limit=most, actor=actor.name, act=act, since=since)
    )
    return sorted(rows)[-most:]
