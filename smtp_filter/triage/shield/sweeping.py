"""Looking for shielded people in what is there already: held messages, and what scans found on shares."""

from __future__ import annotations

import json
import time
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from scanner.store.database import writing
from scanner.store.encoding import Evidence
from scanner.store.inventory.tables import evidence
from scanner.store.sealing import SealingError
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import GoneError
from smtp_filter.quarantine.reading import read_whole
from smtp_filter.quarantine.shielding import SightingKind

_AT_ONCE = 200
_EVIDENCE = "evidence"


def sweep(quarantine: Quarantine) -> int:
    """Look through everything anew, after a change of the list; returns how many items concern somebody."""
    return _messages(quarantine) + sweep_shares(quarantine, anew=True)


def sweep_shares(quarantine: Quarantine, *, anew: bool = False, most: int = 0) -> int:
    """Look through what scans found since the last time; returns how many contents concern somebody.

    ``most`` is how many contents are looked through this time; 0 is all.
    """
    with quarantine.engine.connect() as connection:
        last = 0 if anew else _mark(connection)
        newest = connection.execute(select(func.max(evidence.c.id))).scalar() or 0
    if newest <= last:
        # A smaller number than before: the newest was pruned, and its number may come again.
        if newest < last:
            _advance(quarantine, newest)
        return 0
    seen = looked = 0
    while last < newest and (not most or looked < most):
        with writing(quarantine.engine) as connection:
            rows = connection.execute(
                select(evidence.c.id, evidence.c.detail)
                .where(evidence.c.id > last, evidence.c.severity > 0)
                .order_by(evidence.c.id)
                .limit(_AT_ONCE)
            ).all()
            for row in rows:
                seen += _witness(quarantine, connection, row)
            looked += len(rows)
            last = rows[-1].id if len(rows) == _AT_ONCE else newest
    _advance(quarantine, last)
    return seen


def _witness(quarantine: Quarantine, connection: Connection, row: Any) -> bool:
    try:
        findings = Evidence(row.detail).findings
    except (ValueError, KeyError, json.JSONDecodeError):
        return False
    kind, reference = SightingKind.EVIDENCE, f"content {row.id}"
    return quarantine.shield.witness(connection, kind, row.id, reference, findings, time.time())


def _messages(quarantine: Quarantine) -> int:
    seen, last = 0, 0
    table = tables.message
    while True:
        with writing(quarantine.engine) as connection:
            rows = connection.execute(
                select(table).where(table.c.id > last).order_by(table.c.id).limit(_AT_ONCE)
            ).all()
            for row in rows:
                try:
                    findings = read_whole(quarantine, connection, row).inspection.findings
                except (GoneError, SealingError):
                    continue
                seen += quarantine.shield.witness(
                    connection, SightingKind.MESSAGE, row.id, row.reference, findings, time.time()
                )
        if len(rows) < _AT_ONCE:
            return seen
        last = rows[-1].id


def _mark(connection: Connection) -> int:
    table = tables.shield_mark
    return connection.execute(select(table.c.number).where(table.c.name == _EVIDENCE)).scalar() or 0


def _advance(quarantine: Quarantine, number: int) -> None:
    table = tables.shield_mark
    with writing(quarantine.engine) as connection:
        connection.execute(delete(table).where(table.c.name == _EVIDENCE))
        connection.execute(insert(table).values(name=_EVIDENCE, number=number))
