"""What was relayed and what was tried: a retry is neither sent twice nor tried for ever.

Only keyed hashes of fingerprints are kept, for some hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select, update

from scanner.store.audit import recordable
from scanner.store.database import insert_new, writing
from smtp_filter.quarantine import tables

if TYPE_CHECKING:
    from smtp_filter.quarantine.holding import Quarantine

# A client gives up after days; attempts older than that are of another life.
_ATTEMPTS_KEPT = 6 * 86_400.0
_REPLY = 512


class Journal:
    """The journal of one quarantine's relay; a line is durable when the call returns."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    def relayed(self, fingerprint: str, reply: str) -> None:
        """The next hop took the message and said ``reply``."""
        self.relayed_all([(fingerprint, reply)])

    def relayed_all(self, messages: Iterable[tuple[str, str]]) -> None:
        """The next hop took these messages, fingerprint and reply: written in one commit."""
        now = time.time()
        with writing(self._quarantine.engine) as connection:
            for fingerprint, reply in messages:
                insert_new(
                    connection,
                    tables.journal,
                    fingerprint=self._token(fingerprint),
                    at=now,
                    reply=recordable(reply, _REPLY),
                )

    def earlier_reply(self, fingerprint: str) -> str | None:
        """What the next hop said of the same message lately; ``None`` where it was not relayed."""
        table = tables.journal
        since = time.time() - self._quarantine.settings.journal_kept
        with self._quarantine.engine.connect() as connection:
            return connection.execute(
                select(table.c.reply).where(
                    table.c.fingerprint == self._token(fingerprint), table.c.at >= since
                )
            ).scalar()

    def attempt(self, fingerprint: str) -> int:
        """Count a try to inspect the message; returns the number of this try, beginning with 1."""
        table, token, now = tables.attempt, self._token(fingerprint), time.time()
        with writing(self._quarantine.engine) as connection:
            if insert_new(connection, table, fingerprint=token, count=1, at=now):
                return 1
            connection.execute(
                update(table).where(table.c.fingerprint == token).values(count=table.c["count"] + 1, at=now)
            )
            tries = select(table.c["count"]).where(table.c.fingerprint == token)
            return int(connection.execute(tries).scalar_one())

    def _token(self, fingerprint: str) -> bytes:
        return self._quarantine.tokens.long("fingerprint", fingerprint.encode())


def forget_old(quarantine: Quarantine, connection: Connection, now: float) -> None:
    """Delete what is older than the journal keeps."""
    for table, age in (
        (tables.journal, quarantine.settings.journal_kept),
        (tables.attempt, _ATTEMPTS_KEPT),
    ):
        connection.execute(delete(table).where(table.c.at < now - age))
