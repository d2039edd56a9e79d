"""Decisions on files with findings: they hold for the path and the content, and outlive the next run."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from scanner.store.audit import AuditEvent, recordable
from scanner.store.database import writing
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ConflictError, QuarantineError
from smtp_filter.triage.shares import queries, tables
from smtp_filter.triage.shares.model import Act

DAY = 86_400.0
# Nobody accepts a risk for ever, and an owner answers within a month.
LONGEST_DAYS = 366
SENT_DAYS = 28
_table = tables.decision


def decide(
    quarantine: Quarantine,
    actor: Actor,
    number: int,
    act: Act,
    reason: str,
    *,
    target: str = "",
    days: int = 0,
    seen: int | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Decide on the file of a row of the file table.

    ``days`` is how long it holds (needed for ``ACCEPT``); ``target`` is the owner it was sent to, or the
    place it was moved to; ``seen`` the number of the latest decision that the person has seen.  Raises
    ``NotFoundError``, ``ConflictError``, ``QuarantineError``.
    """
    if not reason.strip():
        raise QuarantineError("Write why.")
    if act is Act.ACCEPT and not 1 <= days <= LONGEST_DAYS:
        raise QuarantineError(f"Say for how many days it is accepted, 1 to {LONGEST_DAYS}.")
    if act in (Act.SEND, Act.MOVE) and not target.strip():
        raise QuarantineError("Say to whom it was sent." if act is Act.SEND else "Say where it was moved.")
    now = clock()
    holds = days if act is Act.ACCEPT else (days or SENT_DAYS) if act is Act.SEND else 0
    try:
        with writing(quarantine.engine) as connection:
            row = queries.row_of(connection, number, now)
            here = (_table.c.folder_id == row.folder_id, _table.c.entry == row.entry)
            latest = connection.execute(
                select(_table.c.id).where(*here).order_by(_table.c.id.desc()).limit(1)
            ).scalar()
            if seen is not None and (latest or 0) != seen:
                raise ConflictError("Somebody else has decided meanwhile: look at it again, then decide.")
            connection.execute(update(_table).where(*here, _table.c.standing).values(standing=False))
            if act is Act.REOPEN and row.content_hash:
                same = (_table.c.content_hash == row.content_hash, _table.c.kind == Act.FALSE_ALARM.value)
                connection.execute(update(_table).where(*same).values(standing=False))
            connection.execute(
                insert(_table).values(
                    folder_id=row.folder_id,
                    entry=row.entry,
                    content_hash=row.content_hash,
                    kind=act.value,
                    standing=act is not Act.REOPEN,
                    actor=recordable(actor.name, 200),
                    at=now,
                    reason=recordable(reason, 4000),
                    target=recordable(target, 400),
                    expires_at=now + holds * DAY if holds else None,
                    severity=row.severity,
                    audience=row.audience,
                    run_id=queries.last_finished(connection),
                )
            )
            quarantine.audit.record(
                connection,
                AuditEvent(
                    actor.name,
                    f"share.{act.value}",
                    f"file {number}",
                    role=actor.role,
                    origin=actor.origin,
                    reason=reason,
                    before={"state": row.state},
                    after={"decision": act.value, "days": holds},
                ),
                at=now,
            )
    except IntegrityError:
        raise ConflictError("Somebody else has decided in the same moment: look at it again.") from None
