"""The outbox: notices are rows of the transaction that causes them, and are sent until they went.

A crash between row and sending delays a notice; one between sending and the row's end repeats it with the
same Message-ID, so that mail clients show it once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from scanner.store.database import insert_new, writing
from scanner.store.sealing import DataKey, SealingError
from smtp_filter.quarantine import tables

_CONTEXT = "outbox"
# A sending that takes longer than this is taken for dead and done again.
LEASE_SECONDS = 300.0
# Waits between attempts, the last for all further ones; a notice is given up after three days.
BACKOFF = (60.0, 120.0, 300.0, 900.0, 3600.0)
GIVEN_UP_AFTER = 3 * 86_400.0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told: its kind, what the template is given, and the key that makes it one."""

    id: int
    key: str
    kind: str
    facts: Mapping[str, Any]
    made_at: float
    attempts: int


class Outbox:
    """Puts, takes and ends notices; their facts lie sealed and are wiped when they went."""

    def __init__(self, key: DataKey) -> None:
        self._key = key

    def put(
        self,
        connection: Connection,
        key: str,
        kind: str,
        facts: Mapping[str, Any],
        now: float,
        *,
        message_id: int | None = None,
        delay: float = 0.0,
    ) -> bool:
        """Add a notice in the caller's transaction; one with the same key is not added again."""
        return insert_new(
            connection,
            tables.outbox,
            key=key[:80],
            kind=kind,
            message_id=message_id,
            sealed=self._key.seal(json.dumps(dict(facts)).encode("ascii"), _CONTEXT),
            made_at=now,
            next_at=now + delay,
            leased_until=0.0,
            attempts=0,
            outcome="",
        )

    def take(self, engine: Engine, now: float, limit: int = 20) -> list[Notice]:
        """Notices that are due, leased to the caller; nobody else gets them for a while."""
        table = tables.outbox
        taken = []
        with writing(engine) as connection:
            due = connection.execute(
                select(table)
                .where(table.c.done_at.is_(None), table.c.next_at <= now, table.c.leased_until <= now)
                .order_by(table.c.next_at)
                .limit(limit)
            ).all()
            for row in due:
                mine = connection.execute(
                    update(table)
                    .where(table.c.id == row.id, table.c.done_at.is_(None), table.c.leased_until <= now)
                    .values(leased_until=now + LEASE_SECONDS, attempts=table.c.attempts + 1)
                ).rowcount
                if not mine:
                    continue
                try:
                    facts = json.loads(self._key.open(row.sealed, _CONTEXT))
                except SealingError:
                    # Its key was lost: nobody knows any more what it said, and the others wait.
                    connection.execute(
                        update(table).where(table.c.id == row.id).values(done_at=now, outcome="lost")
                    )
                else:
                    taken.append(Notice(row.id, row.key, row.kind, facts, row.made_at, row.attempts + 1))
        return taken

    @staticmethod
    def end(engine: Engine, notice: Notice, outcome: str, now: float) -> None:
        """The notice went, or never will: its facts are wiped."""
        table = tables.outbox
        with writing(engine) as connection:
            connection.execute(
                update(table).where(table.c.id == notice.id).values(done_at=now, outcome=outcome, sealed=b"")
            )

    def again(self, engine: Engine, notice: Notice, now: float) -> bool:
        """Put the notice back for later; false when it was given up."""
        if now - notice.made_at > GIVEN_UP_AFTER:
            self.end(engine, notice, "given up", now)
            return False
        wait = BACKOFF[min(notice.attempts, len(BACKOFF)) - 1]
        with writing(engine) as connection:
            connection.execute(
                update(tables.outbox)
                .where(tables.outbox.c.id == notice.id)
                .values(next_at=now + wait, leased_until=0.0)
            )
        return True

    @staticmethod
    def forget(connection: Connection, before: float) -> int:
        """Delete the rows of notices that ended before a moment."""
        table = tables.outbox
        return connection.execute(
            delete(table).where(table.c.done_at.is_not(None), table.c.done_at < before)
        ).rowcount

    @staticmethod
    def waiting(connection: Connection, kind: str = "") -> int:
        """How many notices wait to be sent."""
        table = tables.outbox
        query = select(func.count()).select_from(table).where(table.c.done_at.is_(None))
        return connection.execute(query.where(table.c.kind == kind) if kind else query).scalar_one()
