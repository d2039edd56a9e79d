"""Who writes to whom, kept: the contact history of :mod:`smtp_filter.verdict.contacts` in the database.

Places are keyed hashes of an owner and a subject, counts fade.  Messages are counted in batches: the relay's
answer does not wait for it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scanner.store.database import insert_new, serialise, writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.verdict.addresses import Address
from smtp_filter.verdict.contacts import COUNCIL, KNOWN, faded, hashed, subjects_of

_LOCK = 1
# Both databases take some tens of thousands of parameters in one statement.
_AT_ONCE = 500
ESTABLISHED_AFTER = 1_000
_ID = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went out: its sender, and its outside recipients with their display names."""

    sender: Address
    recipients: tuple[tuple[Address, str], ...]


class StoredContacts:
    """A contact history in the database; asked by many, written in batches."""

    def __init__(self, quarantine: Quarantine, established_after: int = ESTABLISHED_AFTER) -> None:
        self._engine = quarantine.engine
        self._key = quarantine.sealer.named(quarantine.engine, "contacts")
        self._established_after = established_after
        self._is_established = False

    def strengths(self, owner: str, subjects: Sequence[str]) -> Sequence[float]:
        """The faded number of messages of ``owner`` to each of ``subjects``, in their order."""
        now, table = time.time(), tables.contact
        places = [bytes.fromhex(hashed(self._key, owner, subject)) for subject in subjects]
        known: dict[bytes, float] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(places), _AT_ONCE):
                rows = connection.execute(
                    select(table).where(table.c.place.in_(places[start : start + _AT_ONCE]))
                )
                for place, count, since in rows:
                    known[bytes(place)] = faded(count, now - since)
        return [known.get(place, 0.0) for place in places]

    def established(self) -> bool:
        """Whether enough messages were counted for "never before" to mean something."""
        if not self._is_established:
            with self._engine.connect() as connection:
                total = connection.execute(select(tables.contact_total.c.messages)).scalar() or 0
            self._is_established = total >= self._established_after
        return self._is_established

    def record(self, messages: Iterable[Sent], now: float | None = None) -> None:
        """Count some messages in one transaction."""
        moment = time.time() if now is None else now
        added: Counter[bytes] = Counter()
        total = 0
        for message in messages:
            total += 1
            for address, name in message.recipients:
                for owner in (message.sender.key, COUNCIL):
                    for subject in subjects_of(address, name):
                        added[bytes.fromhex(hashed(self._key, owner, subject))] += 1
        if not total:
            return
        table, places = tables.contact, sorted(added)
        with writing(self._engine) as connection:
            serialise(connection, _LOCK)
            for start in range(0, len(places), _AT_ONCE):
                some = places[start : start + _AT_ONCE]
                known = {
                    bytes(row.place): faded(row.count_, moment - row.since)
                    for row in connection.execute(
                        select(table.c.place, table.c["count"].label("count_"), table.c.since).where(
                            table.c.place.in_(some)
                        )
                    )
                }
                rows = [
                    {"place": place, "count": known.get(place, 0.0) + added[place], "since": moment}
                    for place in some
                ]
                dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                statement = dialect.insert(table)
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["place"],
                        set_={"count": statement.excluded["count"], "since": statement.excluded.since},
                    ),
                    rows,
                )
            insert_new(connection, tables.contact_total, id=_ID, messages=0)
            sums = tables.contact_total
            connection.execute(update(sums).values(messages=sums.c.messages + total))

    def forget_faded(self, now: float | None = None) -> int:
        """Delete contacts that are as good as forgotten; returns how many."""
        moment, table, gone = time.time() if now is None else now, tables.contact, 0
        with writing(self._engine) as connection:
            serialise(connection, _LOCK)
            query = select(table).where(table.c.since < moment - 90 * 86_400.0)
            old = [
                row.place
                for row in connection.execute(query)
                if faded(row._mapping["count"], moment - row.since) < KNOWN
            ]
            for start in range(0, len(old), _AT_ONCE):
                some = old[start : start + _AT_ONCE]
                gone += connection.execute(delete(table).where(table.c.place.in_(some))).rowcount
        return gone
