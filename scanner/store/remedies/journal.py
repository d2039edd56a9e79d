"""Acts on files and their states, each change of state in one transaction with its line in the audit log."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from scanner.store.audit import AuditEvent, AuditLog
from scanner.store.database import open_database, writing
from scanner.store.entry import displayable

MIGRATIONS = "scanner.store.remedies.migrations"

metadata = MetaData()
act = Table(
    "remedy_act",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("run", String(40), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("vault", LargeBinary, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at", Double, nullable=False),
)
Index("remedy_act_by_state", act.c.state)
Index("remedy_act_by_run", act.c.run)


class Kind(StrEnum):
    """What is done to a file."""

    MOVE = "move"
    RESTRICT = "restrict"
    TAG = "tag"


class ActState(StrEnum):
    """How far an act is."""

    INTENDED = "intended"
    DONE = "done"
    DROPPED = "dropped"  # it was intended, and the file is as it was
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    ``before`` and ``after`` are plain JSON values: the file's rights, times and attributes, and what the act
    made of them.  ``vault`` is the folder of a moved file.
    """

    number: int
    run: str
    kind: Kind
    state: ActState
    path: bytes
    vault: bytes = b""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""
    at: float = 0.0

    @property
    def reference(self) -> str:
        """What people quote."""
        return reference(self.number)


def reference(number: int) -> str:
    """The word for an act: ``R-000012``."""
    return f"R-{number:06d}"


def open_journal(url: str) -> Engine:
    """The database at ``url`` with the journal's table; raises ``StorageError`` in one line."""
    return open_database(url, MIGRATIONS)


class Journal:
    """Writes acts down; what fails raises the database's error, and then nothing may be done to the file."""

    def __init__(self, engine: Engine, audit: AuditLog) -> None:
        self._engine = engine
        self._audit = audit

    def intend(self, new: Act, reason: str) -> Act:
        """Write down what is about to be done; returns the act with its number."""
        with writing(self._engine) as connection:
            at = time.time()
            number = connection.execute(
                insert(act)
                .values(
                    run=new.run,
                    kind=new.kind.value,
                    state=ActState.INTENDED.value,
                    path=new.path,
                    vault=new.vault,
                    before=json.dumps(dict(new.before)),
                    after=json.dumps(dict(new.after)),
                    actor=new.actor,
                    at=at,
                )
                .returning(act.c.id)
            ).scalar_one()
            known = replace(new, number=number, state=ActState.INTENDED, at=at)
            self._record(connection, known, new.actor, reason)
        return known

    def turn(
        self,
        known: Act,
        state: ActState,
        *,
        actor: str,
        reason: str = "",
        after: Mapping[str, Any] | None = None,
        vault: bytes | None = None,
    ) -> Act:
        """The act is in another state now."""
        turned = replace(
            known,
            state=state,
            after=known.after if after is None else after,
            vault=known.vault if vault is None else vault,
        )
        with writing(self._engine) as connection:
            connection.execute(
                update(act)
                .where(act.c.id == known.number)
                .values(state=state.value, after=json.dumps(dict(turned.after)), vault=turned.vault)
            )
            self._record(connection, turned, actor, reason)
        return turned

    def _record(self, connection: Connection, known: Act, actor: str, reason: str) -> None:
        self._audit.record(
            connection,
            AuditEvent(
                actor=actor,
                act=f"remedy.{known.kind.value}.{known.state.value}",
                subject=known.reference,
                origin="dlp",
                reason=reason,
                before={"mode": f"{int(known.before['mode']) & 0o7777:04o}"}
                if "mode" in known.before
                else {},
                after={"path": displayable(known.path), "run": known.run},
            ),
        )

    def acts(self, *, states: Sequence[ActState] = (), run: str = "", number: int | None = None) -> list[Act]:
        """Acts in their order."""
        query = select(act).order_by(act.c.id)
        if states:
            query = query.where(act.c.state.in_([state.value for state in states]))
        if run:
            query = query.where(act.c.run == run)
        if number is not None:
            query = query.where(act.c.id == number)
        with self._engine.connect() as connection:
            return [
                Act(
                    number=row.id,
                    run=row.run,
                    kind=Kind(row.kind),
                    state=ActState(row.state),
                    path=bytes(row.path),
                    vault=bytes(row.vault),
                    before=json.loads(row.before),
                    after=json.loads(row.after),
                    actor=row.actor,
                    at=row.at,
                )
                for row in connection.execute(query)
            ]
