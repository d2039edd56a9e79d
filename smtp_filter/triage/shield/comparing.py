"""Comparing what scans found with the list of shielded people; each sighting alerts the duty role."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine

from scanner.store import shielding
from scanner.store.audit import AuditLog
from scanner.store.encoding import Evidence
from scanner.store.sealing import DataKey, MasterKeySource, Sealer
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
        )
    shielding.compared(connection, {number: bool(found) for number, found in subjects.items()})
    return len(fresh), sum(map(bool, subjects.values()))


def _fingerprints(detail: str) -> list[str]:
    try:
        return list(Evidence(detail).fingerprints())
    except (ValueError, KeyError, json.JSONDecodeError):
        # Evidence of another version: nothing in it can be shown, either.
        return []
