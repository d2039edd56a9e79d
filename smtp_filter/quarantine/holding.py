"""Holding a message: when :meth:`Quarantine.hold` returns, the message is ours and on disk.

Order of writing (``mail_filtering`` 2.7): body to a temporary file in the folder where it will lie, flush,
rename, flush the folder, commit the row together with its audit line and the notices it causes; then the 250.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from scanner.inspection.model import Inspection
from scanner.store.audit import AuditEvent, AuditLog, recordable
from scanner.store.database import open_database, writing
from scanner.store.sealing import DataKey, MasterKeySource, Sealer
from smtp_filter.crash_points import CrashPoint, crash_point
from smtp_filter.message import Message
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.bodies import IN_DATABASE, IN_FILE, BodyStore
from smtp_filter.quarantine.encoding import (
    Summary,
    Whole,
    summary_of,
    summary_to_bytes,
    values_of,
    whole_of,
    whole_to_bytes,
)
from smtp_filter.quarantine.head import Head, read_head
from smtp_filter.quarantine.model import SYSTEM, Handover, HoldReference, NoRoomError, State
from smtp_filter.quarantine.outbox import Outbox
from smtp_filter.quarantine.settings import QuarantineSettings
from smtp_filter.quarantine.shielding import Shield, SightingKind
from smtp_filter.quarantine.telling import tell_of_hold
from smtp_filter.quarantine.tokens import Tokens
from smtp_filter.verdict.addresses import beneath, read_address
from smtp_filter.verdict.model import Verdict

MIGRATIONS = "smtp_filter.quarantine.migrations"
SUMMARY = "held summary"
DETAIL = "held detail"
VALUES = "held values"

# Another process may take the same number, or make the same case, at the same moment.
_TRIES = 5
_RULE = 120


@dataclass(frozen=True, slots=True)
class _Hold:
    """Everything of one message that goes into the rows."""

    message: Message
    head: Head
    inspection: Inspection
    verdict: Verdict
    summary: Summary
    whole: Whole
    department: str
    fingerprint: bytes
    key: DataKey
    body_key: DataKey
    body: str


class Quarantine:
    """The open quarantine: its database, its keys, its bodies, its log."""

    def __init__(self, engine: Engine, sealer: Sealer, settings: QuarantineSettings) -> None:
        self.engine = engine
        self.sealer = sealer
        self.settings = settings
        self.audit = AuditLog(sealer.named(engine, "audit"))
        self.tokens = Tokens(sealer.named(engine, "search"))
        self.emergency_key = sealer.named(engine, "emergency")
        self.outbox = Outbox(DataKey("outbox", sealer.named(engine, "outbox")))
        self.shield = Shield(sealer.named(engine, "shield"), self.outbox, self.audit)
        self.bodies = BodyStore(settings.bodies)
        self.bodies.prepare()

    @classmethod
    def open(cls, url: str, source: MasterKeySource, settings: QuarantineSettings) -> Quarantine:
        """Open or make it.  Raises ``StorageError``, ``SealingError``, ``OSError``."""
        engine = open_database(url, MIGRATIONS)
        return cls(engine, Sealer.open(engine, source), settings)

    def close(self) -> None:
        """Close the database's connections."""
        self.engine.dispose()

    # --- holding ------------------------------------------------------------------------------------------

    def hold(
        self,
        message: Message,
        inspection: Inspection,
        verdict: Verdict,
        *,
        department: str = "",
        fingerprint: str = "",
    ) -> HoldReference:
        """Take the message; durable when this returns.

        A message with the same fingerprint is a retry of the client and gets the same number.  Raises
        :class:`NoRoomError`, and ``OSError``, ``SQLAlchemyError`` or ``SealingError``: then the client must
        try again.
        """
        unique = self._fingerprint(fingerprint or message.fingerprint())
        if known := self._known(unique):
            return known
        self.check_room(message.content.size)
        limit = self.settings.in_database
        in_database = limit is None or message.content.size <= limit
        head = read_head(message.content)
        hold = _Hold(
            message=message,
            head=head,
            inspection=inspection,
            verdict=verdict,
            summary=summary_of(message, head, inspection, verdict),
            whole=whole_of(message, head, inspection, verdict),
            department=department,
            fingerprint=unique,
            key=self.sealer.make_key(),
            body_key=self.sealer.make_key(),
            body=IN_DATABASE if in_database else IN_FILE,
        )
        if not in_database:
            self.bodies.write_file(hold.body_key, message.content)
        crash_point(CrashPoint.BODY_WRITTEN)
        # An exception may hide a commit that went through: the file stays, the sweep knows if it has a row.
        answer = self._commit(hold)
        if not answer.new:
            self._forget_file(hold)
        elif not in_database and not self.bodies.has_file(hold.body_key.id):
            # A clock that jumped made the sweep take it for an old orphan; from now on it has a row.
            self.bodies.write_file(hold.body_key, message.content)
        crash_point(CrashPoint.ROW_COMMITTED)
        return answer

    def check_room(self, size: int) -> None:
        """Raise :class:`NoRoomError` where a message of ``size`` bytes would touch the disk's reserve."""
        if self.bodies.free_bytes() < self.settings.reserve + 2 * size:
            raise NoRoomError("the disk is below its reserve")

    def _commit(self, hold: _Hold) -> HoldReference:
        for attempt in range(_TRIES):
            try:
                with writing(self.engine) as connection:
                    return HoldReference(self._insert(connection, hold), new=True)
            except IntegrityError:
                # Another process held the same message, or took the number, in the same moment.
                if known := self._known(hold.fingerprint):
                    return known
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError

    def _insert(self, connection: Connection, hold: _Hold) -> str:
        message, verdict, settings = hold.message, hold.verdict, self.settings
        now = time.time()
        self.sealer.keep(connection, hold.key)
        self.sealer.keep(connection, hold.body_key)
        if hold.body == IN_DATABASE:
            self.bodies.write_rows(connection, hold.body_key, message.content)
        case = self._case(connection, hold)
        working = settings.working
        due_hours = settings.due_hours.get(verdict.severity, settings.other_due_hours)
        # From here on other holds wait on PostgreSQL: the number is taken last.
        reference = self._number(connection, now)
        row = connection.execute(
            insert(tables.message).values(
                reference=reference,
                fingerprint=hold.fingerprint,
                case_id=case,
                state=State.HELD.value,
                undecided=True,
                revision=1,
                severity=int(verdict.severity),
                word=verdict.word.value,
                people_low=verdict.people.low,
                people_high=verdict.people.high,
                department=recordable(hold.department, 120),
                sender=self.tokens.sender(message.envelope.sender),
                size=message.content.size,
                held_at=now,
                due_at=working.after_hours(now, due_hours),
                warn_triage_at=working.after_days(now, settings.warn_triage_days),
                warn_sender_at=working.after_days(now, settings.warn_sender_days),
                expires_at=working.after_days(now, settings.expiry_days),
                assignee="",
                escalated=False,
                legal_hold=False,
                needs_second=verdict.severity >= settings.second_person_from,
                false_alarm=False,
                notify_sender=self.may_write_to_sender(message, hold.head),
                recipients=len(message.envelope.recipients),
                key_id=hold.key.id,
                body_key=hold.body_key.id,
                body=hold.body,
                summary=hold.key.seal(summary_to_bytes(hold.summary), SUMMARY),
            )
        )
        assert row.inserted_primary_key is not None
        number = int(row.inserted_primary_key[0])
        self._insert_parts(connection, hold, number, reference)
        connection.execute(
            insert(tables.transition).values(
                message_id=number, at=now, actor=SYSTEM.name, act="hold", before="", after="held", reason=""
            )
        )
        self.audit.record(
            connection,
            AuditEvent(
                actor=SYSTEM.name,
                role=SYSTEM.role,
                origin=message.client.address,
                act="quarantine.hold",
                subject=reference,
                reason="; ".join(verdict.rules),
                after={
                    "state": State.HELD.value,
                    "verdict": verdict.word.value,
                    "severity": verdict.severity.word,
                    "people": verdict.people.low,
                    "recipients": len(message.envelope.recipients),
                    "bytes": message.content.size,
                },
            ),
            at=now,
        )
        tell_of_hold(self, connection, number, case, hold.whole, hold.summary, reference, now)
        fingerprints = hold.inspection.fingerprints()
        self.shield.witness(connection, SightingKind.MESSAGE, number, reference, fingerprints, now)
        return reference

    def _insert_parts(self, connection: Connection, hold: _Hold, number: int, reference: str) -> None:
        values = values_of(hold.inspection)
        connection.execute(
            insert(tables.detail).values(
                message_id=number,
                sealed=hold.key.seal(whole_to_bytes(hold.whole), DETAIL),
                values=hold.body_key.seal(values, VALUES) if values else None,
            )
        )
        recipients = hold.message.envelope.recipients
        if recipients:
            connection.execute(
                insert(tables.recipient),
                [
                    {
                        "message_id": number,
                        "number": index,
                        "token": self.tokens.recipient(recipient.address),
                        "handover": Handover.PENDING.value,
                        "reply": 0,
                    }
                    for index, recipient in enumerate(recipients)
                ],
            )
        if rules := dict.fromkeys(recordable(rule, _RULE) for rule in hold.verdict.rules):
            connection.execute(insert(tables.rule), [{"rule": rule, "message_id": number} for rule in rules])
        connection.execute(
            insert(tables.token),
            [{"token": token, "message_id": number} for token in self._searched(hold, reference)],
        )

    def _searched(self, hold: _Hold, reference: str) -> set[int]:
        """What the message is found by: the envelope and the reasons, never a matched value."""
        envelope, tokens = hold.message.envelope, self.tokens
        subject = hold.head.subject
        if not hold.summary.subject_is_clean:
            # A value stands in the subject: whoever guesses it must not learn that it is there.
            subject = ""
        found = tokens.words(
            [
                envelope.sender,
                hold.head.header_from,
                subject,
                *(reason.text for reason in hold.verdict.reasons),
                *(recipient.address for recipient in envelope.recipients),
            ]
        )
        for address in (envelope.sender, *(one.address for one in envelope.recipients)):
            found.add(tokens.of("word", address.strip().casefold()))
        # Whoever wrote it, by either header, and whoever gets it must not decide on it.
        found.add(tokens.sender(envelope.sender))
        found.add(tokens.sender(author_of(hold.head.header_from)))
        for recipient in envelope.recipients:
            found.add(tokens.recipient(recipient.address))
            found.add(tokens.domain(read_address(recipient.address).domain))
        found.add(tokens.of("word", reference.casefold()))
        found.add(tokens.of("message-id", hold.head.message_id))
        return found

    def _case(self, connection: Connection, hold: _Hold) -> int:
        """The case of a human message, which an upstream may have split into several transactions."""
        token = self.tokens.long(
            "case",
            hold.head.message_id.encode("utf-8", "surrogatepass"),
            hold.message.envelope.sender.casefold().encode("utf-8", "surrogatepass"),
            hold.head.body_hash,
        )[:16]
        table = tables.case
        known = connection.execute(select(table.c.id).where(table.c.token == token)).scalar()
        if known is not None:
            connection.execute(update(table).where(table.c.id == known).values(size=table.c.size + 1))
            return int(known)
        made = connection.execute(insert(table).values(token=token, size=1))
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])

    @staticmethod
    def _number(connection: Connection, now: float) -> str:
        year, table = datetime.fromtimestamp(now, UTC).year, tables.counter
        changed = connection.execute(
            update(table).where(table.c.year == year).values(last=table.c.last + 1)
        ).rowcount
        if not changed:
            connection.execute(insert(table).values(year=year, last=1))
        last = connection.execute(select(table.c.last).where(table.c.year == year)).scalar_one()
        return f"Q-{year}-{last:06d}"

    def _fingerprint(self, fingerprint: str) -> bytes:
        # Keyed: whoever has the database cannot ask whether a certain message was held.
        return self.tokens.long("fingerprint", fingerprint.encode())

    def _known(self, fingerprint: bytes) -> HoldReference | None:
        with self.engine.connect() as connection:
            reference = connection.execute(
                select(tables.message.c.reference).where(tables.message.c.fingerprint == fingerprint)
            ).scalar()
        return HoldReference(reference, new=False) if reference else None

    def _forget_file(self, hold: _Hold) -> None:
        if hold.body == IN_FILE:
            with self.engine.connect() as connection:
                self.bodies.remove(connection, IN_FILE, hold.body_key.id)

    def may_write_to_sender(self, message: Message, head: Head) -> bool:
        """Whether a notice may go to the sender: one of our own people, and no program (backscatter)."""
        domains = self.settings.notices.domains
        envelope = read_address(message.envelope.sender)
        return (
            not head.automatic
            and not envelope.fault
            and beneath(envelope.domain, domains)
            and beneath(read_address(author_of(head.header_from)).domain, domains)
        )


def author_of(header_from: str) -> str:
    """The address in a From field."""
    return header_from.rpartition("<")[2].partition(">")[0].strip()
