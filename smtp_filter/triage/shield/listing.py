"""The list of shielded people in the database: imported, counted, shortened; each act recorded in numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from scanner.inspection.fingerprints import fingerprint
from scanner.store import shielding
from scanner.store.audit import AuditEvent
from scanner.store.database import insert_new, writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, NotFoundError, QuarantineError
from smtp_filter.triage.shield.reading_list import Subject


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: people new and replaced, people removed, hashes kept."""

    new: int
    replaced: int
    removed: int
    hashes: int


@dataclass(frozen=True, slots=True)
class ListCount:
    """How long the list is, and what it was seen in."""

    people: int
    hashes: int
    messages: int
    contents: int


def import_list(
    quarantine: Quarantine, actor: Actor, key: bytes, people: Sequence[Subject], *, whole: bool = False
) -> Imported:
    """Put people on the list; a known reference is replaced.  ``whole``: who is not in it goes off the list.

    ``key`` is the installation's, with which fingerprints are made.
    """
    now = time.time()
    shield = quarantine.shield
    new = replaced = removed = hashes = 0
    with writing(quarantine.engine) as connection:
        kept: set[int] = set()
        for person in people:
            token = shield.token(f"reference {person.reference}")
            known = connection.execute(
                select(tables.shield_subject.c.id).where(tables.shield_subject.c.token == token)
            ).scalar()
            if known is None:
                made = connection.execute(insert(tables.shield_subject).values(token=token, made_at=now))
                assert made.inserted_primary_key is not None
                number = int(made.inserted_primary_key[0])
                new += 1
            else:
                number = int(known)
                replaced += 1
                table = tables.shield_entry
                connection.execute(delete(table).where(table.c.subject_id == number))
            kept.add(number)
            for form in person.forms:
                entry = shield.token(fingerprint(key, form.entity_type, form.value))
                hashes += insert_new(
                    connection,
                    tables.shield_entry,
                    token=entry,
                    subject_id=number,
                    kind=form.kind,
                    alone=form.alone,
                )
        if whole:
            others = [
                number
                for number in connection.execute(select(tables.shield_subject.c.id)).scalars()
                if number not in kept
            ]
            removed = len(others)
            for number in others:
                _forget(connection, number)
        # Whoever asks before the sweep has come by is told too little, and never too much.
        shielding.put_in_force(connection, not shield.is_empty(connection))
        shielding.compare_anew(connection)
        quarantine.audit.record(
            connection,
            AuditEvent(
                actor.name,
                "shield.import",
                role=actor.role,
                origin=actor.origin,
                after={"new": new, "replaced": replaced, "removed": removed, "hashes": hashes},
            ),
            at=now,
        )
    return Imported(new, replaced, removed, hashes)


def remove(quarantine: Quarantine, actor: Actor, written: str, reason: str) -> None:
    """Take a person off the list, by the council's reference or by ours (``S-17``).

    What was shielded for them alone shows again.
    """
    if not reason.strip():
        raise QuarantineError("a reason is needed to take somebody off the list")
    table = tables.shield_subject
    with writing(quarantine.engine) as connection:
        if written.upper().startswith("S-") and written[2:].isdigit():
            found = connection.execute(select(table.c.id).where(table.c.id == int(written[2:]))).scalar()
        else:
            token = quarantine.shield.token(f"reference {written}")
            found = connection.execute(select(table.c.id).where(table.c.token == token)).scalar()
        if found is None:
            raise NotFoundError("nobody with this reference is on the list")
        _forget(connection, int(found))
        shielding.put_in_force(connection, not quarantine.shield.is_empty(connection))
        quarantine.audit.record(
            connection,
            AuditEvent(
                actor.name, "shield.remove", f"S-{found}", role=actor.role, origin=actor.origin, reason=reason
            ),
        )


def count(connection: Connection) -> ListCount:
    """How long the list is."""

    def of(query: object) -> int:
        return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]

    sighting = tables.shield_sighting
    seen = select(func.count(func.distinct(sighting.c.item)))
    return ListCount(
        people=of(select(func.count()).select_from(tables.shield_subject)),
        hashes=of(select(func.count()).select_from(tables.shield_entry)),
        messages=of(seen.where(sighting.c.kind == "message")),
        contents=of(seen.where(sighting.c.kind == "evidence")),
    )


def _forget(connection: Connection, number: int) -> None:
    sighting = tables.shield_sighting
    seen = select(sighting.c.item).where(sighting.c.kind == "evidence", sighting.c.subject_id == number)
    # It may concern somebody else on the list as well: the next comparison says so.
    shielding.compare_anew(connection, connection.execute(seen).scalars().all())
    for table in (tables.shield_entry, tables.shield_sighting):
        connection.execute(delete(table).where(table.c.subject_id == number))
    connection.execute(delete(tables.shield_subject).where(tables.shield_subject.c.id == number))
