"""Comparing what scans found with the list of shielded people; each sighting alerts the duty role."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, select

from scanner.store import shielding
from scanner.store.audit import AuditLog
from scanner.store.encoding import Evidence
from scanner.store.inventory.tables import evidence
from scanner.store.sealing import DataKey, MasterKeySource, Sealer
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.outbox import Outbox
from smtp_filter.quarantine.shielding import Shield, SightingKind


def comparer(engine: Engine, source: MasterKeySource) -> Callable[[Connection, int], int]:
    """What compares new evidence in its caller's transaction, for programs that hold no mail.

    The tables of the list must be there.  Raises ``SealingError`` where the key that opens it is not.
    """
    sealer = Sealer.open(engine, source)
    outbox = Outbox(DataKey("outbox", sealer.named(engine, "outbox")))
    shield = Shield(sealer.named(engine, "shield"), outbox, AuditLog(sealer.named(engine, "audit")))

    def turn(connection: Connection, most: int) -> int:
        return compare(shield, connection, most)[0]

    return turn


def compare(shield: Shield, connection: Connection, most: int) -> tuple[int, int]:
    """Compare the first pieces of evidence that were not: how many, and how many concern somebody."""
    fresh = shielding.uncompared(connection, most)
    told = {one.number: _fingerprints(one.detail) for one in fresh}
    subjects = shield.subjects(connection, told)
    now = time.time()
    for one in fresh:
        shield.record(
            connection,
            SightingKind.EVIDENCE,
            one.number,
            shielding.reference(one.number),
            subjects[one.number],
            now,
            told=_told_of(connection, one) if subjects[one.number] else (),
        )
    shielding.compared(connection, {number: bool(found) for number, found in subjects.items()})
    return len(fresh), sum(map(bool, subjects.values()))


def _told_of(connection: Connection, one: shielding.Uncompared) -> frozenset[int]:
    """Who was seen in this very document before: judged by other rules it is no new sighting."""
    seen = tables.shield_sighting
    query = (
        select(seen.c.subject_id)
        .join(evidence, evidence.c.id == seen.c.item)
        .where(seen.c.kind == SightingKind.EVIDENCE.value, evidence.c.look == one.look)
        .where(evidence.c.content_hash == one.content_hash)
    )
    return frozenset(connection.execute(query).scalars()) if one.content_hash else frozenset()


def _fingerprints(detail: str) -> list[str]:
    try:
        return list(Evidence(detail).fingerprints())
    except (ValueError, KeyError, json.JSONDecodeError):
        # Evidence of another version: nothing in it can be shown, either.
        return []
