"""Looking for shielded people in what is there already: held messages, and what scans found on shares."""

from __future__ import annotations

import time

from sqlalchemy import select

from scanner.store import shielding
from scanner.store.database import writing
from scanner.store.sealing import SealingError
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import GoneError
from smtp_filter.quarantine.reading import read_whole
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.shield.comparing import compare

_AT_ONCE = 200


def sweep(quarantine: Quarantine) -> int:
    """Look through everything anew, after a change of the list; returns how many items concern somebody."""
    return _messages(quarantine) + sweep_shares(quarantine, anew=True)


def sweep_shares(quarantine: Quarantine, *, anew: bool = False, most: int = 0) -> int:
    """Look through what scans found and nobody compared; returns how many contents concern somebody.

    ``most`` is how many contents are looked through this time; 0 is all.
    """
    with writing(quarantine.engine) as connection:
        there = not quarantine.shield.is_empty(connection)
        shielding.put_in_force(connection, there)
        if anew:
            shielding.compare_anew(connection)
    seen = looked = 0
    while there and (not most or looked < most):
        with writing(quarantine.engine) as connection:
            done, concerned = compare(quarantine.shield, connection, _AT_ONCE)
        seen += concerned
        looked += done
        if done < _AT_ONCE:
            break
    return seen


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
                    fingerprints = read_whole(quarantine, connection, row).inspection.fingerprints()
                except (GoneError, SealingError):
                    continue
                seen += quarantine.shield.witness(
                    connection, SightingKind.MESSAGE, row.id, row.reference, fingerprints, time.time()
                )
        if len(rows) < _AT_ONCE:
            return seen
        last = rows[-1].id
