"""The timeline of an incident: lines that are added and never changed, each with its audit row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from scanner.store.audit import AuditEvent, recordable
from scanner.store.sealing import DataKey
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.incidents import tables
from smtp_filter.triage.incidents.model import Line, LineKind

LINE = "incident line"
_TEXT = 8_000


def append(
    quarantine: Quarantine,
    connection: Connection,
    row: Any,
    actor: Actor,
    kind: LineKind,
    text: str,
    facts: Mapping[str, str],
    now: float,
) -> None:
    """Add a line in the caller's transaction; the audit row has its hash, so that a changed line is seen."""
    key = quarantine.sealer.key(connection, row.key_id)
    told = json.dumps({"text": text[:_TEXT], "facts": dict(facts)}).encode("ascii")
    sealed = key.seal(told, LINE)
    connection.execute(
        insert(tables.line).values(
            incident_id=row.id, at=now, actor=recordable(actor.name, 200), kind=kind.value, sealed=sealed
        )
    )
    quarantine.audit.record(
        connection,
        AuditEvent(
            actor=actor.name,
            role=actor.role,
            origin=actor.origin,
            act=f"incident.{kind.value.replace(' ', '_')}",
            subject=row.reference,
            # What people write here may name people: the log has the facts, the sealed line has the words.
            after={
                **{name: value[:200] for name, value in facts.items()},
                "line": hashlib.sha256(sealed).hexdigest(),
            },
        ),
        at=now,
    )


def lines_of(rows: Sequence[Any], key: DataKey) -> tuple[Line, ...]:
    """The lines of some rows, unsealed."""
    found = []
    for row in rows:
        told = json.loads(key.open(row.sealed, LINE))
        found.append(Line(row.at, row.actor, LineKind(row.kind), told["text"], told["facts"]))
    return tuple(found)
