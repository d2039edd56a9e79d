"""Releases: what was decided goes out exactly as it came, at least once, whatever crashes meanwhile.

The intent is a row of the decision's transaction.  A worker leases it, sends the original bytes under the
original envelope with our mark on top, and writes down that the final dot is about to go before it goes.  An
answer that never came is tried again, and the log says that it may have gone twice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update

from scanner.store.audit import AuditEvent
from scanner.store.database import writing
from scanner.store.sealing import SealingError
from smtp_filter.crash_points import CrashPoint, crash_point
from smtp_filter.delivery import Outcome
from smtp_filter.delivery.reply import UNAVAILABLE
from smtp_filter.message import Envelope, Message, Recipient
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.carrying import Carrier
from smtp_filter.quarantine.deciding import Change, tell_sender, transition
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.marker import Mark, Marker
from smtp_filter.quarantine.model import SYSTEM, GoneError, Handover, State
from smtp_filter.quarantine.reading import content_of, read_whole

LEASE_SECONDS = 900.0  # longer than any honest transaction with its ten minutes after the dot
BACKOFF = (30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
ALERT_AFTER = 3600.0
GIVEN_UP_AFTER = 5 * 86_400.0

_release = tables.release


@dataclass(frozen=True, slots=True)
class _Intent:
    """A release that this worker has leased."""

    id: int
    row: Any
    route: str
    attempts: int
    requested_at: float
    was_sent: bool
    envelope: Envelope
    numbers: Mapping[str, tuple[int, ...]]


class ReleaseWorker:
    """Sends what was released; several may run, on several machines."""

    def __init__(self, quarantine: Quarantine, carrier: Carrier) -> None:
        self._quarantine = quarantine
        self._carrier = carrier
        self._marker = marker_of(quarantine)

    async def run_once(self, now: float | None = None) -> int:
        """Send all that is due; returns how many were tried."""
        tried = 0
        while (intent := self._take(time.time() if now is None else now)) is not None:
            await self._send(intent)
            tried += 1
        return tried

    def _take(self, now: float) -> _Intent | None:
        quarantine = self._quarantine
        with writing(quarantine.engine) as connection:
            row = connection.execute(
                select(_release)
                .where(
                    _release.c.done_at.is_(None), _release.c.next_at <= now, _release.c.leased_until <= now
                )
                .order_by(_release.c.next_at, _release.c.id)
                .limit(1)
            ).one_or_none()
            if row is None:
                return None
            mine = connection.execute(
                update(_release)
                .where(_release.c.id == row.id, _release.c.leased_until == row.leased_until)
                .values(leased_until=now + LEASE_SECONDS, attempts=row.attempts + 1)
            ).rowcount
            if not mine:
                return None
            message = connection.execute(
                select(tables.message).where(tables.message.c.id == row.message_id)
            ).one()
            try:
                whole = read_whole(quarantine, connection, message)
            except (GoneError, SealingError) as error:
                self._failed_for_good(connection, message, row.id, str(error), now)
                return None
            envelope, numbers = self._remaining(connection, message.id, whole.envelope)
            if row.dot_sent:
                self._record(connection, message.reference, "release.repeated", {"possibly_sent_twice": True})
        return _Intent(
            id=row.id,
            row=message,
            route=row.route,
            attempts=row.attempts + 1,
            requested_at=row.requested_at,
            was_sent=row.dot_sent,
            envelope=envelope,
            numbers=numbers,
        )

    def _remaining(
        self, connection: Connection, message_id: int, envelope: Envelope
    ) -> tuple[Envelope, dict[str, tuple[int, ...]]]:
        """The envelope with the recipients who have not got it and shall, and their places by address."""
        table = tables.recipient
        pending = set(
            connection.execute(
                select(table.c.number).where(
                    table.c.message_id == message_id, table.c.handover == Handover.PENDING.value
                )
            ).scalars()
        )
        chosen: list[Recipient] = []
        numbers: dict[str, tuple[int, ...]] = {}
        for index, recipient in enumerate(envelope.recipients):
            if index in pending:
                chosen.append(recipient)
                numbers[recipient.address] = (*numbers.get(recipient.address, ()), index)
        return replace(envelope, recipients=tuple(chosen)), numbers

    async def _send(self, intent: _Intent) -> None:
        crash_point(CrashPoint.RELEASING)
        try:
            with content_of(self._quarantine, intent.row) as content:
                head = self._marker.line("release", intent.row.reference, content)
                outcome = await self._carrier.carry(
                    intent.envelope, content, intent.route, head, lambda: self._before_dot(intent)
                )
        except (GoneError, SealingError) as error:
            with writing(self._quarantine.engine) as connection:
                self._failed_for_good(connection, intent.row, intent.id, str(error), time.time())
            return
        if outcome.dot_sent:
            crash_point(CrashPoint.RELEASE_DOT_SENT)
        with writing(self._quarantine.engine) as connection:
            self._conclude(connection, intent, outcome, time.time())

    def _before_dot(self, intent: _Intent) -> bool:
        """Write down that the dot goes now; not to be sent where somebody else took over meanwhile."""
        with writing(self._quarantine.engine) as connection:
            return (
                connection.execute(
                    update(_release)
                    .where(
                        _release.c.id == intent.id,
                        _release.c.attempts == intent.attempts,
                        _release.c.done_at.is_(None),
                    )
                    .values(dot_sent=True)
                ).rowcount
                == 1
            )

    # --- what became of it --------------------------------------------------------------------------------

    def _conclude(self, connection: Connection, intent: _Intent, outcome: Outcome, now: float) -> None:
        mine = connection.execute(
            update(_release)
            .where(
                _release.c.id == intent.id,
                _release.c.attempts == intent.attempts,
                _release.c.done_at.is_(None),
            )
            .values(reply=outcome.reply.code)
        ).rowcount
        if not mine:
            return
        self._note_recipients(connection, intent, outcome)
        table = tables.recipient
        left = connection.execute(
            select(table.c.number)
            .where(table.c.message_id == intent.row.id, table.c.handover == Handover.PENDING.value)
            .limit(1)
        ).first()
        self._record(
            connection,
            intent.row.reference,
            "release.attempt",
            {
                "reply": outcome.reply.code,
                "route": intent.route,
                "recipients": len(intent.envelope.recipients),
                "refused": len(outcome.refused),
                "dot_sent": outcome.dot_sent,
            },
        )
        if left is None:
            self._ended(connection, intent, now)
        elif now - intent.requested_at > GIVEN_UP_AFTER:
            what = f"the next hop did not take it for five days (last answer {outcome.reply.code})"
            self._failed_for_good(connection, intent.row, intent.id, what, now)
        else:
            self._later(connection, intent, outcome, now)

    def _note_recipients(self, connection: Connection, intent: _Intent, outcome: Outcome) -> None:
        handed: dict[Handover, list[int]] = {Handover.DELIVERED: [], Handover.REFUSED: []}
        for recipient in intent.envelope.recipients:
            reply = outcome.refused.get(recipient)
            if reply is None and outcome.delivered:
                handed[Handover.DELIVERED].extend(intent.numbers[recipient.address])
            elif (reply or outcome.reply).permanent:
                handed[Handover.REFUSED].extend(intent.numbers[recipient.address])
        table = tables.recipient
        for handover, numbers in handed.items():
            if numbers:
                connection.execute(
                    update(table)
                    .where(table.c.message_id == intent.row.id, table.c.number.in_(numbers))
                    .values(handover=handover.value, reply=outcome.reply.code)
                )

    def _ended(self, connection: Connection, intent: _Intent, now: float) -> None:
        table = tables.recipient
        rows = connection.execute(
            select(table.c.number, table.c.handover).where(table.c.message_id == intent.row.id)
        ).all()
        by_handover: dict[Handover, list[int]] = {handover: [] for handover in Handover}
        for number, handover in rows:
            by_handover[Handover(handover)].append(number)
        if not by_handover[Handover.DELIVERED]:
            what = "the next hop refused it for all recipients"
            self._failed_for_good(connection, intent.row, intent.id, what, now)
            return
        self._close(connection, intent.id, now)
        row = self._row(connection, intent.row.id)
        delivered, refused, withheld = (
            len(by_handover[kind]) for kind in (Handover.DELIVERED, Handover.REFUSED, Handover.WITHHELD)
        )
        change = Change(
            "released",
            State.RELEASED,
            {"ended_at": now},
            {"delivered": delivered, "refused": refused, "withheld": withheld},
        )
        transition(self._quarantine, connection, row, SYSTEM, change, "", now)
        addresses = [one.address for one in read_whole(self._quarantine, connection, row).envelope.recipients]
        tell_sender(
            self._quarantine,
            connection,
            row,
            "released",
            now,
            delivered=[addresses[i] for i in by_handover[Handover.DELIVERED]][:20],
            undelivered=[addresses[i] for i in by_handover[Handover.REFUSED]][:20],
            withheld=[addresses[i] for i in by_handover[Handover.WITHHELD]][:20],
            secure=intent.route != "default",
        )

    def _later(self, connection: Connection, intent: _Intent, outcome: Outcome, now: float) -> None:
        wait = BACKOFF[min(intent.attempts, len(BACKOFF)) - 1]
        # Without a dot, or with a real answer to it, it is known what went: the next attempt repeats nothing.
        sure = not outcome.dot_sent or outcome.reply != UNAVAILABLE
        connection.execute(
            update(_release)
            .where(_release.c.id == intent.id)
            .values(next_at=now + wait, leased_until=0.0, dot_sent=not sure)
        )
        if now - intent.requested_at > ALERT_AFTER:
            facts = {"reference": intent.row.reference, "reply": outcome.reply.code}
            key = f"stuck:{intent.id}"
            self._quarantine.outbox.put(connection, key, "stuck", facts, now, message_id=intent.row.id)

    def _failed_for_good(
        self, connection: Connection, row: Any, release_id: int, what: str, now: float
    ) -> None:
        """It cannot go: triage has it again, and is told."""
        self._close(connection, release_id, now)
        table = tables.recipient
        connection.execute(
            update(table)
            .where(table.c.message_id == row.id, table.c.handover != Handover.DELIVERED.value)
            .values(handover=Handover.PENDING.value)
        )
        row = self._row(connection, row.id)
        change = Change("release.failed", State.IN_REVIEW, {"decided_at": None})
        transition(self._quarantine, connection, row, SYSTEM, change, what, now)
        facts = {"reference": row.reference, "what": what}
        key = f"failed:{release_id}"
        self._quarantine.outbox.put(connection, key, "release_failed", facts, now, message_id=row.id)

    @staticmethod
    def _close(connection: Connection, release_id: int, now: float) -> None:
        connection.execute(update(_release).where(_release.c.id == release_id).values(done_at=now))

    @staticmethod
    def _row(connection: Connection, number: int) -> Any:
        return connection.execute(select(tables.message).where(tables.message.c.id == number)).one()

    def _record(
        self, connection: Connection, reference: str, act: str, facts: Mapping[str, str | int | bool]
    ) -> None:
        self._quarantine.audit.record(
            connection,
            AuditEvent(
                actor=SYSTEM.name,
                role=SYSTEM.role,
                origin=SYSTEM.origin,
                act=f"quarantine.{act}",
                subject=reference,
                after=facts,
            ),
        )


def marker_of(quarantine: Quarantine) -> Marker:
    """The marker of this installation."""
    return Marker(quarantine.sealer.named(quarantine.engine, "marker"))


def passed_before(quarantine: Quarantine, message: Message) -> Mark | None:
    """The mark of a message that this installation has released or written itself, to just these recipients.

    The relay passes it on without inspection.  A released message that comes back for anybody else is judged
    like any other: the mark travels with the message, and its readers can copy it.
    """
    mark = marker_of(quarantine).read(message.content)
    if mark is None:
        return None
    if mark.purpose == "notice":
        return mark
    with quarantine.engine.connect() as connection:
        table = tables.message
        row = connection.execute(
            select(table.c.id).where(
                table.c.reference == mark.reference,
                table.c.state.in_([State.RELEASING.value, State.RELEASED.value]),
            )
        ).one_or_none()
        if row is None:
            return None
        allowed = set(
            connection.execute(
                select(tables.recipient.c.token).where(
                    tables.recipient.c.message_id == row.id,
                    tables.recipient.c.handover.in_([Handover.PENDING.value, Handover.DELIVERED.value]),
                )
            ).scalars()
        )
    asked = {quarantine.tokens.recipient(one.address) for one in message.envelope.recipients}
    return mark if asked <= allowed else None
