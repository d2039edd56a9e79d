"""The audit log: append-only, each row chained to the one before it under a key the database does not know.

A row is written in the transaction of the act that it tells of: neither is there without the other.
Changed, inserted and removed rows break the chain at their place; rows cut off at the end are seen against
the head and, where somebody turned back the head as well, against an anchor kept elsewhere.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
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
    delete,
    func,
    insert,
    select,
    update,
)

from scanner.store.database import serialise

_LOCK = 0
_ROWS_AT_ONCE = 1_000
# What a person may write as a reason; a novel belongs elsewhere.
_REASON_CHARACTERS = 4_000

metadata = MetaData()
_audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("role", String(40), nullable=False),
    Column("origin", String(200), nullable=False),
    Column("act", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    Index("audit_by_subject", "subject", "number"),
    Index("audit_by_time", "at"),
    Index("audit_by_actor", "actor", "number"),
)
_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    Column("base_number", BigInteger, nullable=False),
    Column("base_mac", LargeBinary(32), nullable=False),
    Column("base_seal", LargeBinary(32), nullable=False),
)

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act: who, in which role, from where, what, to what, why, and what it changed.

    ``act`` is a dotted word such as ``quarantine.release``, ``subject`` names its object (``Q-2026-000123``).
    ``before`` and ``after`` hold facts and masks, never a value.
    """

    actor: str
    act: str
    subject: str = ""
    role: str = ""
    origin: str = ""
    reason: str = ""
    before: Mapping[str, Fact] = field(default_factory=dict)
    after: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An event as it was recorded: its number in the log and when, in seconds since 1970."""

    number: int
    at: float
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of the log at some time, to be kept where whoever changes the database cannot reach it."""

    number: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.mac.hex()}"

    @classmethod
    def parse(cls, written: str) -> Anchor:
        """The anchor of ``str(anchor)``; raises ``ValueError``."""
        number, _, mac = written.strip().partition(":")
        return cls(int(number), bytes.fromhex(mac))


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What verifying found: how many rows, the end of the log, the first broken row and what is wrong."""

    rows: int
    end: Anchor
    broken: int | None = None
    problem: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken is None


class AuditLog:
    """Records and verifies; ``key`` is the installation's lasting one (``Sealer.named(engine, "audit")``)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def record(self, connection: Connection, event: AuditEvent, *, at: float | None = None) -> int:
        """Append one event in the caller's transaction, a ``writing`` one; returns the event's number."""
        serialise(connection, _LOCK)
        head = connection.execute(select(_head.c.number, _head.c.mac)).one()
        row: dict[str, Any] = {
            "number": head.number + 1,
            "at": round(time.time() if at is None else at, 6),
            "actor": recordable(event.actor, 200),
            "role": recordable(event.role, 40),
            "origin": recordable(event.origin, 200),
            "act": recordable(event.act, 60),
            "subject": recordable(event.subject, 200),
            "reason": recordable(event.reason, _REASON_CHARACTERS),
            "before": _facts(event.before),
            "after": _facts(event.after),
        }
        row["mac"] = self._mac(head.mac, row)
        connection.execute(insert(_audit).values(**row))
        connection.execute(update(_head).values(number=row["number"], mac=row["mac"]))
        return int(row["number"])

    def anchor(self, connection: Connection) -> Anchor:
        """The end of the log now."""
        head = connection.execute(select(_head.c.number, _head.c.mac)).one()
        return Anchor(head.number, head.mac)

    def verify(self, engine: Engine, anchor: Anchor | None = None) -> AuditCheck:
        """Walk the whole chain, at one moment of it; streams, so that its length does not matter."""
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            return self._verify(connection, anchor)

    def _verify(self, connection: Connection, anchor: Anchor | None) -> AuditCheck:
        head = connection.execute(select(_head)).one()
        number, mac, rows = head.base_number, head.base_mac, 0

        def check(broken: int | None, problem: str) -> AuditCheck:
            return AuditCheck(rows, Anchor(number, mac), broken, problem)

        if number and not hmac.compare_digest(head.base_seal, self._base_seal(number, mac)):
            return check(number, "the beginning of the log was moved")
        reached = anchor is None or anchor.number <= number
        chain = select(_audit).where(_audit.c.number > number).order_by(_audit.c.number)
        for row in self._rows(connection, chain):
            if row.number != number + 1:
                return check(number + 1, "is missing")
            if not hmac.compare_digest(row.mac, self._mac(mac, row._mapping)):
                return check(row.number, "was changed")
            number, mac, rows = row.number, row.mac, rows + 1
            if anchor is not None and number == anchor.number:
                reached = True
                if mac != anchor.mac:
                    return check(number, "is not the row that the anchor knew")
        if number != head.number or not hmac.compare_digest(mac, head.mac):
            return check(min(number, head.number) + 1, "is missing, or was added past the end")
        if not reached:
            return check(number + 1, "is missing: the anchor knew a longer log")
        return check(None, "")

    def prune(self, connection: Connection, before: float) -> int:
        """Delete the rows older than ``before`` (seconds since 1970); what is left can still be verified.

        Only a whole beginning goes, so that a wrong clock cannot tear a hole.  Returns how many rows went.
        """
        serialise(connection, _LOCK)
        kept = connection.execute(select(func.min(_audit.c.number)).where(_audit.c.at >= before)).scalar()
        last = connection.execute(
            select(_audit.c.number, _audit.c.mac)
            .where(_audit.c.number < kept if kept is not None else _audit.c.at < before)
            .order_by(_audit.c.number.desc())
            .limit(1)
        ).one_or_none()
        if last is None:
            return 0
        self._set_base(connection, last.number, last.mac)
        return connection.execute(delete(_audit).where(_audit.c.number <= last.number)).rowcount

    def begin_anew(self, connection: Connection) -> None:
        """Begin a chain under this key at the end of the log: for the day after the old key was lost.

        The rows before stay and can be read; nobody can verify them any more.
        """
        serialise(connection, _LOCK)
        head = connection.execute(select(_head.c.number, _head.c.mac)).one()
        self._set_base(connection, head.number, head.mac)

    def _set_base(self, connection: Connection, number: int, mac: bytes) -> None:
        connection.execute(
            update(_head).values(base_number=number, base_mac=mac, base_seal=self._base_seal(number, mac))
        )

    def events(
        self,
        connection: Connection,
        *,
        after: int = 0,
        since: float | None = None,
        until: float | None = None,
        actor: str = "",
        subject: str = "",
        act: str = "",
    ) -> Iterator[AuditRow]:
        """The events in order, past row ``after``, in a span of time, of an actor, subject or kind of act.

        ``act`` may be the beginning of dotted words: ``quarantine`` matches ``quarantine.release``.
        """
        query = select(_audit).where(_audit.c.number > after, *_wanted(since, until, actor, subject, act))
        for row in self._rows(connection, query.order_by(_audit.c.number)):
            yield _event_row(row)

    def latest(
        self,
        connection: Connection,
        *,
        limit: int,
        before: int | None = None,
        since: float | None = None,
        until: float | None = None,
        actor: str = "",
        subject: str = "",
        act: str = "",
    ) -> list[AuditRow]:
        """The newest ``limit`` events that match, the newest first, numbered below ``before``."""
        query = select(_audit).where(*_wanted(since, until, actor, subject, act))
        if before is not None:
            query = query.where(_audit.c.number < before)
        rows = connection.execute(query.order_by(_audit.c.number.desc()).limit(limit))
        return [_event_row(row) for row in rows]

    @staticmethod
    def _rows(connection: Connection, query: Any) -> Iterator[Any]:
        yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))

    def _mac(self, previous: bytes, row: Mapping[str, Any]) -> bytes:
        told = [row[name] for name in _TOLD]
        return hmac.digest(self._key, previous + json.dumps(told, separators=(",", ":")).encode(), "sha256")

    def _base_seal(self, number: int, mac: bytes) -> bytes:
        return hmac.digest(self._key, f"base {number}".encode() + mac, "sha256")


_TOLD = ("number", "at", "actor", "role", "origin", "act", "subject", "reason", "before", "after")


def _wanted(
    since: float | None, until: float | None, actor: str, subject: str, act: str
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(_audit.c.at >= since)
    if until is not None:
        conditions.append(_audit.c.at < until)
    if actor:
        conditions.append(_audit.c.actor == actor)
    if subject:
        conditions.append(_audit.c.subject == subject)
    if act:
        conditions.append((_audit.c.act == act) | _audit.c.act.startswith(f"{act}.", autoescape=True))
    return conditions


def _event_row(row: Any) -> AuditRow:
    return AuditRow(
        row.number,
        row.at,
        AuditEvent(
            actor=row.actor,
            act=row.act,
            subject=row.subject,
            role=row.role,
            origin=row.origin,
            reason=row.reason,
            before=json.loads(row.before),
            after=json.loads(row.after),
        ),
    )


def _facts(facts: Mapping[str, Fact]) -> str:
    return json.dumps(dict(facts), separators=(",", ":"), sort_keys=True)


def recordable(text: str, characters: int) -> str:
    """Text that both databases take and that cannot break a line of a log, cut to so many characters."""
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char.isprintable() else " " for char in encodable)[:characters]
