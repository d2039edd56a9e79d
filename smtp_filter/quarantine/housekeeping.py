"""What happens by itself: warnings, expiry with notice, deletion after retention, the sweep, the digest.

Every step may be killed and run again; several programs may run them at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from scanner.judgement.assessment import Severity
from scanner.store.audit import AuditEvent
from scanner.store.database import writing
from scanner.store.sealing import wipe_remains
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk, destroy_body, tell_sender
from smtp_filter.quarantine.emergency import to_review
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.journal import forget_old
from smtp_filter.quarantine.model import SYSTEM, QuarantineError
from smtp_filter.quarantine.outbox import Outbox

_AT_ONCE = 200
_DAY = 86_400.0
# What was told is in the audit log; the outbox only has to know that it is not told twice.
_OUTBOX_KEPT = 60 * _DAY

_message = tables.message


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one round did, in numbers."""

    triage_warned: int = 0
    senders_warned: int = 0
    expired: int = 0
    bodies_deleted: int = 0
    messages_deleted: int = 0
    orphans: int = 0


def tidy(quarantine: Quarantine, now: float | None = None) -> Tidied:
    """Do all that is due; call it every few minutes."""
    moment = time.time() if now is None else now
    settings = quarantine.settings
    open_ones = (_message.c.undecided.is_(True), _message.c.escalated.is_(False))
    triage_warned = _each(quarantine, (*open_ones, _message.c.warn_triage_at <= moment), _warn_triage, moment)
    senders_warned = _each(
        quarantine, (*open_ones, _message.c.warn_sender_at <= moment), _warn_sender, moment
    )
    expired = _expire(quarantine, moment)
    bodies = _each(
        quarantine,
        (
            _message.c.body != "",
            _message.c.ended_at < moment - settings.body_kept,
            _message.c.legal_hold.is_(False),
        ),
        _delete_body,
        moment,
    )
    messages = _each(
        quarantine,
        (_message.c.ended_at < moment - settings.metadata_kept, _message.c.legal_hold.is_(False)),
        _delete_message,
        moment,
    )
    with quarantine.engine.connect() as connection:
        orphans = quarantine.bodies.sweep(connection, moment - settings.orphan_age)
    with writing(quarantine.engine) as connection:
        Outbox.forget(connection, moment - _OUTBOX_KEPT)
        forget_old(quarantine, connection, moment)
        put_digest(quarantine, connection, moment)
    if bodies or messages:
        wipe_remains(quarantine.engine)
    return Tidied(triage_warned, senders_warned, expired, bodies, messages, orphans)


def put_digest(quarantine: Quarantine, connection: Connection, now: float) -> bool:
    """Put the digest to triage into the outbox, once for each of its hours and only if there is work."""
    settings = quarantine.settings
    local = datetime.fromtimestamp(now, ZoneInfo(settings.working.zone))
    due = [hour for hour in settings.notices.digest_hours if hour <= local.hour]
    if not due or not settings.working.works_on(local.date()):
        return False
    groups = connection.execute(
        select(_message.c.severity, func.count(), func.min(_message.c.held_at))
        .where(_message.c.undecided.is_(True))
        .group_by(_message.c.severity)
        .order_by(_message.c.severity.desc())
    ).all()
    emergencies = len(to_review(quarantine))
    if not groups and not emergencies:
        return False
    late = connection.execute(
        select(func.count()).where(_message.c.undecided.is_(True), _message.c.due_at < now)
    ).scalar_one()
    facts = {
        "count": sum(count for _, count, _ in groups),
        "totals": [f"{count} {Severity(severity).word}" for severity, count, _ in groups],
        "overdue": late,
        "oldest": min((first for _, _, first in groups), default=0),
        "emergencies": emergencies,
    }
    key = f"digest:{local:%Y-%m-%d}:{max(due)}"
    return quarantine.outbox.put(connection, key, "digest", facts, now)


def _each(
    quarantine: Quarantine,
    conditions: tuple[ColumnElement[bool], ...],
    act: Callable[[Quarantine, Connection, Any, float], bool],
    now: float,
) -> int:
    """Do ``act`` to every row that matches, some in a transaction; it must make the row match no longer."""
    done = 0
    while True:
        with writing(quarantine.engine) as connection:
            query = select(_message).where(*conditions).order_by(_message.c.id).limit(_AT_ONCE)
            if connection.dialect.name == "postgresql":
                # Another program at the same work takes other rows.
                query = query.with_for_update(skip_locked=True)
            rows = connection.execute(query).all()
            changed = sum(act(quarantine, connection, row, now) for row in rows)
        done += changed
        if len(rows) < _AT_ONCE or not changed:
            return done


def _warn_triage(quarantine: Quarantine, connection: Connection, row: Any, now: float) -> bool:
    facts = {"reference": row.reference, "held": row.held_at, "expires": row.expires_at}
    quarantine.outbox.put(connection, f"undecided:{row.id}", "undecided", facts, now, message_id=row.id)
    return _set(connection, row, warn_triage_at=None)


def _warn_sender(quarantine: Quarantine, connection: Connection, row: Any, now: float) -> bool:
    tell_sender(quarantine, connection, row, "warning", now)
    return _set(connection, row, warn_sender_at=None)


def _expire(quarantine: Quarantine, now: float) -> int:
    query = select(_message.c.reference).where(
        _message.c.undecided.is_(True),
        _message.c.expires_at <= now,
        _message.c.escalated.is_(False),
        _message.c.legal_hold.is_(False),
    )
    with quarantine.engine.connect() as connection:
        due = list(connection.execute(query.order_by(_message.c.id)).scalars())
    desk, done = Desk(quarantine), 0
    for reference in due:
        try:
            desk.expire(reference)
            done += 1
        except QuarantineError:
            continue  # somebody decided in this moment
    return done


def _delete_body(quarantine: Quarantine, connection: Connection, row: Any, now: float) -> bool:
    destroy_body(quarantine, connection, row)
    _record(quarantine, connection, "body_deleted", row.reference, "retention is over", now)
    return _set(connection, row, body="")


def _delete_message(quarantine: Quarantine, connection: Connection, row: Any, now: float) -> bool:
    if row.body:
        destroy_body(quarantine, connection, row)
    quarantine.sealer.destroy(connection, [row.key_id])
    connection.execute(delete(tables.body).where(tables.body.c.key_id == row.body_key))
    connection.execute(delete(_message).where(_message.c.id == row.id))
    case = tables.case
    connection.execute(update(case).where(case.c.id == row.case_id).values(size=case.c.size - 1))
    connection.execute(delete(case).where(case.c.id == row.case_id, case.c.size <= 0))
    _record(quarantine, connection, "deleted", row.reference, "retention is over", now)
    return True


def _set(connection: Connection, row: Any, **columns: Any) -> bool:
    # Not a transition: the revision that a person looks at stays.
    connection.execute(update(_message).where(_message.c.id == row.id).values(**columns))
    return True


def _record(
    quarantine: Quarantine, connection: Connection, act: str, reference: str, reason: str, now: float
) -> None:
    quarantine.audit.record(
        connection,
        AuditEvent(
            actor=SYSTEM.name,
            role=SYSTEM.role,
            origin=SYSTEM.origin,
            act=f"quarantine.{act}",
            subject=reference,
            reason=reason,
        ),
        at=now,
    )
