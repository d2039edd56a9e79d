"""What the filter remembers over restarts: what went out, what failed, what is held, who wrote to whom."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select, update

from scanner.inspection.model import Inspection
from scanner.store.database import insert_new, writing
from smtp_filter.message import Message
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import HoldReference
from smtp_filter.quarantine.releasing import passed_before
from smtp_filter.verdict import ContactHistory, Verdict


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a fingerprint: the next hop's reply if it went out before, its failed examinations."""

    reply: str = ""
    failures: int = 0


class Records(Protocol):
    """The store behind the filter; called in threads.

    Every method may raise ``SQLAlchemyError``, ``SealingError`` or ``OSError``: then the client tries again.
    """

    @property
    def contacts(self) -> ContactHistory | None:
        """Who wrote to whom before."""
        ...

    def seen(self, fingerprint: str) -> Seen:
        """What is known of a message that may have come before."""
        ...

    def note_relayed(self, fingerprint: str, reply: str) -> None:
        """The next hop took it."""
        ...

    def note_failure(self, fingerprint: str) -> int:
        """One more examination of it failed; how many that makes."""
        ...

    def note_contacts(self, message: Message) -> None:
        """Count a delivered message for its sender and recipients."""
        ...

    def hold(
        self, message: Message, inspection: Inspection, verdict: Verdict, fingerprint: str
    ) -> HoldReference:
        """Hold it; durable when this returns.  Raises ``NoRoomError``."""
        ...

    def is_our_own(self, message: Message) -> bool:
        """Whether it is a release or a notice of ours, by its mark."""
        ...


class QuarantineRecords:
    """The records in the quarantine's database."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    @property
    def contacts(self) -> ContactHistory | None:
        """See :class:`Records`."""
        return None

    def seen(self, fingerprint: str) -> Seen:
        """See :class:`Records`."""
        unique = bytes.fromhex(fingerprint)
        with self._quarantine.engine.connect() as connection:
            reply = connection.execute(
                select(tables.journal.c.reply).where(tables.journal.c.fingerprint == unique)
            ).scalar()
            failures = connection.execute(
                select(tables.attempt.c.count).where(tables.attempt.c.fingerprint == unique)
            ).scalar()
        return Seen(reply or "", failures or 0)

    def note_relayed(self, fingerprint: str, reply: str) -> None:
        """See :class:`Records`."""
        with writing(self._quarantine.engine) as connection:
            insert_new(
                connection,
                tables.journal,
                fingerprint=bytes.fromhex(fingerprint),
                at=time.time(),
                reply=reply[:200],
            )

    def note_failure(self, fingerprint: str) -> int:
        """See :class:`Records`."""
        unique, table = bytes.fromhex(fingerprint), tables.attempt
        with writing(self._quarantine.engine) as connection:
            insert_new(connection, table, fingerprint=unique, at=time.time(), count=0)
            connection.execute(
                update(table).where(table.c.fingerprint == unique).values(count=table.c.count + 1)
            )
            return int(
                connection.execute(select(table.c.count).where(table.c.fingerprint == unique)).scalar_one()
            )

    def note_contacts(self, message: Message) -> None:
        """See :class:`Records`."""

    def hold(
        self, message: Message, inspection: Inspection, verdict: Verdict, fingerprint: str
    ) -> HoldReference:
        """See :class:`Records`."""
        return self._quarantine.hold(message, inspection, verdict, fingerprint=fingerprint)

    def is_our_own(self, message: Message) -> bool:
        """See :class:`Records`."""
        return passed_before(self._quarantine, message) is not None
