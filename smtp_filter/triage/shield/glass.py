"""Break-glass: one person asks with a reason, another one agrees, and the first looks for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, desc, insert, select, update

from scanner.store.audit import AuditEvent, recordable
from scanner.store.database import writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import (
    Actor,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    QuarantineError,
)
from smtp_filter.quarantine.shielding import SightingKind

OPEN_SECONDS = 30 * 60.0
# Who asks and is not answered for so long asks again.
WAITS_SECONDS = 24 * 3600.0
# Who agrees looks after people, and is not the desk that is short of time.
SETTLING = frozenset({"dpo", "duty"})
_CONTEXT = "shield glass"
_table = tables.shield_glass


@dataclass(frozen=True, slots=True)
class Request:
    """One break-glass: for what, who asked, who agreed or refused, until when it is open."""

    number: int
    kind: SightingKind
    item: int
    reference: str
    asked_by: str
    asked_at: float
    reason: str
    settled_by: str
    settled_at: float | None
    until: float | None

    def state(self, now: float) -> str:
        """One word: waiting, open, over, refused, forgotten."""
        if self.settled_at is None:
            return "waiting" if now < self.asked_at + WAITS_SECONDS else "forgotten"
        if self.until is None:
            return "refused"
        return "open" if now < self.until else "over"


@dataclass(frozen=True, slots=True)
class Sighting:
    """In what a shielded subject was seen, by its number."""

    kind: SightingKind
    item: int
    reference: str
    subject: int
    at: float


def ask(
    quarantine: Quarantine, actor: Actor, kind: SightingKind, item: int, reference: str, reason: str
) -> None:
    """Ask to look behind the shield of one item.  Raises ``QuarantineError`` without a reason."""
    if len(reason.strip()) < 10:
        raise QuarantineError("Say in a sentence why you must see it.")
    now = time.time()
    with writing(quarantine.engine) as connection:
        waiting = connection.execute(
            select(_table.c.id).where(
                _table.c.kind == kind.value,
                _table.c.item == item,
                _table.c.asked_by == actor.name,
                _table.c.settled_at.is_(None),
                _table.c.asked_at > now - WAITS_SECONDS,
            )
        ).first()
        if waiting is not None:
            raise ConflictError("You have asked already; a second person has not answered yet.")
        connection.execute(
            insert(_table).values(
                kind=kind.value,
                item=item,
                reference=recordable(reference, 60),
                asked_by=recordable(actor.name, 200),
                asked_at=now,
                reason=quarantine.shield.sealing.seal(reason[:4000].encode("utf-8", "replace"), _CONTEXT),
                settled_by="",
            )
        )
        _record(quarantine, connection, actor, "glass.ask", reference, reason, now)
        facts = {"reference": reference, "owner": actor.name}
        quarantine.outbox.put(connection, f"glass:{kind.value}:{item}:{now:.3f}", "glass", facts, now)


def settle(quarantine: Quarantine, actor: Actor, number: int, reason: str, *, agree: bool) -> Request:
    """Agree, as the second person, or refuse; returns the request as it stood."""
    now = time.time()
    if actor.role not in SETTLING:
        raise ForbiddenError("Only the data protection officer and the duty officer answer.")
    with writing(quarantine.engine) as connection:
        row = connection.execute(select(_table).where(_table.c.id == number)).one_or_none()
        if row is None:
            raise NotFoundError("There is no such request.")
        if row.asked_by == actor.name:
            raise ForbiddenError("The second person must be another one than the first.")
        changed = connection.execute(
            update(_table)
            .where(
                _table.c.id == number,
                _table.c.settled_at.is_(None),
                _table.c.asked_at > now - WAITS_SECONDS,
            )
            .values(
                settled_by=recordable(actor.name, 200),
                settled_at=now,
                until=now + OPEN_SECONDS if agree else None,
            )
        ).rowcount
        if not changed:
            raise ConflictError("Somebody else has answered already, or it waited for too long.")
        act = "glass.agree" if agree else "glass.refuse"
        _record(quarantine, connection, actor, act, row.reference, reason, now)
        return _request(quarantine, row)


def close(quarantine: Quarantine, actor: Actor, number: int) -> None:
    """End an open one before its time: by who looked, or by who may agree."""
    now = time.time()
    with writing(quarantine.engine) as connection:
        row = connection.execute(select(_table).where(_table.c.id == number)).one_or_none()
        if row is None or row.until is None or row.until <= now:
            raise ConflictError("It is not open.")
        if row.asked_by != actor.name and actor.role not in SETTLING:
            raise ForbiddenError("It is somebody else's.")
        connection.execute(update(_table).where(_table.c.id == number).values(until=now))
        _record(quarantine, connection, actor, "glass.close", row.reference, "", now)


def requests(quarantine: Quarantine, connection: Connection, limit: int = 50) -> list[Request]:
    """The latest requests, those that wait first."""
    query = select(_table).order_by(_table.c.settled_at.is_not(None), desc(_table.c.asked_at)).limit(limit)
    return [_request(quarantine, row) for row in connection.execute(query)]


def sightings(connection: Connection, limit: int = 100) -> list[Sighting]:
    """The latest sightings."""
    table, message = tables.shield_sighting, tables.message
    query = (
        select(table, message.c.reference)
        .outerjoin(message, (message.c.id == table.c.item) & (table.c.kind == SightingKind.MESSAGE.value))
        .order_by(desc(table.c.at), table.c.item)
        .limit(limit)
    )
    return [
        Sighting(
            SightingKind(row.kind),
            row.item,
            row.reference or f"content {row.item}",
            row.subject_id,
            row.at,
        )
        for row in connection.execute(query)
    ]


def _request(quarantine: Quarantine, row: Any) -> Request:
    return Request(
        row.id,
        SightingKind(row.kind),
        row.item,
        row.reference,
        row.asked_by,
        row.asked_at,
        quarantine.shield.sealing.open(row.reason, _CONTEXT).decode(),
        row.settled_by,
        row.settled_at,
        row.until,
    )


def _record(
    quarantine: Quarantine,
    connection: Connection,
    actor: Actor,
    act: str,
    reference: str,
    reason: str,
    now: float,
) -> None:
    quarantine.audit.record(
        connection,
        AuditEvent(
            actor.name,
            f"shield.{act}",
            reference,
            role=actor.role,
            origin=actor.origin,
            reason=reason,
        ),
        at=now,
    )
