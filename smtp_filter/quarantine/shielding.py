"""Shielded subjects: whoever concerns one shows as "shielded subject" and as nothing more.

The list holds keyed hashes of fingerprints (``LocatedFinding.fingerprint``), no name and no number.  What is
held, and what scans found, is looked through once and the sighting kept; whoever reads asks for it here.
Looking behind needs two people and a reason, for one item, for a while.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, select

from scanner.documents.model import Coverage
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, Reason
from scanner.store.audit import AuditEvent, AuditLog
from scanner.store.database import insert_new
from scanner.store.sealing import DataKey
from scanner.store.shielding import REASON, REASON_CODE, SHIELDED, SHIELDED_TYPE, of_these
from smtp_filter.message import Envelope, Recipient
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.model import (
    SYSTEM,
    Actor,
    ForbiddenError,
    HeldDetail,
    HeldMessage,
    HeldRecipient,
    HistoryLine,
)
from smtp_filter.quarantine.outbox import Outbox
from smtp_filter.verdict.model import RecipientVerdict, Verdict

# SQLite takes 32,766 parameters in one statement; shorter lists are planned faster.
_AT_ONCE = 500
# Of a document with a town's people, every value looked for costs more than a list that fits into memory.
_WHOLE_LIST_FROM = 5_000


@dataclass(frozen=True, slots=True)
class _Entry:
    token: bytes
    subject: int
    kind: str
    alone: bool


def _concerned(entries: Iterable[_Entry]) -> frozenset[int]:
    """The subjects to whom what stands in one item belongs: by one telling value, or by two weak ones."""
    here = list(entries)
    kinds: dict[int, set[str]] = defaultdict(set)
    for entry in here:
        kinds[entry.subject].add(entry.kind)
    return frozenset(entry.subject for entry in here if entry.alone or len(kinds[entry.subject]) > 1)


class SightingKind(StrEnum):
    """In what a shielded subject was seen."""

    MESSAGE = "message"  # a held message, by its row's number
    EVIDENCE = "evidence"  # the content of files on shares, by its evidence's number


class Shield:
    """The list, what it was seen in, and what everybody is shown of that."""

    def __init__(self, key: bytes, outbox: Outbox, audit: AuditLog) -> None:
        self._key = key
        self.sealing = DataKey("shield", key)
        self._outbox = outbox
        self._audit = audit

    def token(self, fingerprint: str) -> bytes:
        """What the list holds of a fingerprint: whoever has the database cannot look for it in findings."""
        return hashlib.blake2b(fingerprint.encode(), key=self._key, digest_size=16).digest()

    # --- seeing -------------------------------------------------------------------------------------------

    def matches(self, connection: Connection, fingerprints: Iterable[str]) -> frozenset[int]:
        """The subjects whom one item concerns, by the fingerprints of all that was found in it.

        A name, an alias, an address or a number is enough; of a date of birth, a postcode and initials it
        takes two different kinds.
        """
        return self.subjects(connection, {0: fingerprints})[0]

    def subjects(
        self, connection: Connection, items: Mapping[int, Iterable[str]]
    ) -> dict[int, frozenset[int]]:
        """The same of several items at once."""
        if self.is_empty(connection):
            return dict.fromkeys(items, frozenset())
        tokens = {number: set(map(self.token, set(some))) for number, some in items.items()}
        entries: dict[bytes, list[_Entry]] = defaultdict(list)
        for entry in self._entries(connection, sorted(set().union(*tokens.values()))):
            entries[entry.token].append(entry)
        return {
            number: _concerned(entry for token in some & entries.keys() for entry in entries[token])
            for number, some in tokens.items()
        }

    @staticmethod
    def _entries(connection: Connection, tokens: Sequence[bytes]) -> Iterator[_Entry]:
        table = tables.shield_entry
        query = select(table.c.token, table.c.subject_id, table.c.kind, table.c.alone)
        if len(tokens) > _WHOLE_LIST_FROM:
            parts = [query]
        else:
            parts = [
                query.where(table.c.token.in_(tokens[start : start + _AT_ONCE]))
                for start in range(0, len(tokens), _AT_ONCE)
            ]
        for part in parts:
            for row in connection.execute(part):
                yield _Entry(bytes(row.token), row.subject_id, row.kind, row.alone)

    @staticmethod
    def is_empty(connection: Connection) -> bool:
        """Whether nobody is on the list."""
        return connection.execute(select(tables.shield_entry.c.token).limit(1)).first() is None

    def witness(
        self,
        connection: Connection,
        kind: SightingKind,
        item: int,
        reference: str,
        fingerprints: Iterable[str],
        now: float,
    ) -> bool:
        """Look through an item in the transaction that makes it; the duty role is told of a sighting.

        Returns whether it concerns a shielded subject.
        """
        subjects = self.matches(connection, fingerprints)
        self.record(connection, kind, item, reference, subjects, now)
        return bool(subjects)

    def record(
        self,
        connection: Connection,
        kind: SightingKind,
        item: int,
        reference: str,
        subjects: Collection[int],
        now: float,
        told: Collection[int] = (),
    ) -> None:
        """Keep in what these subjects were seen; the duty role is told of what it was not ``told`` before."""
        new = [
            subject
            for subject in sorted(subjects)
            if insert_new(
                connection, tables.shield_sighting, kind=kind.value, item=item, subject_id=subject, at=now
            )
        ]
        for subject in (one for one in new if one not in told):
            key = f"shielded:{kind.value}:{item}:{subject}"
            self._outbox.put(connection, key, "shielded", {"reference": reference, "what": kind.value}, now)
            self._audit.record(
                connection,
                AuditEvent(
                    SYSTEM.name,
                    "shield.sighting",
                    reference,
                    role=SYSTEM.role,
                    origin=SYSTEM.origin,
                    after={"subject": f"S-{subject}"},
                ),
                at=now,
            )

    @staticmethod
    def sighted(connection: Connection, kind: SightingKind, items: Collection[int]) -> frozenset[int]:
        """Those of some items that concern a shielded subject, as far as is known."""
        if kind is SightingKind.EVIDENCE:
            return of_these(connection, items)
        table = tables.shield_sighting
        wanted = sorted(items)
        found: set[int] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(table.c.item).where(
                table.c.kind == kind.value, table.c.item.in_(wanted[start : start + _AT_ONCE])
            )
            found.update(connection.execute(query).scalars())
        return frozenset(found)

    @staticmethod
    def not_sighted() -> ColumnElement[bool]:
        """The condition on held messages that they concern nobody shielded: for searches by words."""
        table = tables.shield_sighting
        return tables.message.c.id.not_in(
            select(table.c.item).where(table.c.kind == SightingKind.MESSAGE.value)
        )

    # --- looking behind -----------------------------------------------------------------------------------

    @staticmethod
    def opened_for(
        connection: Connection, kind: SightingKind, item: int, actor: Actor, now: float
    ) -> float | None:
        """Until when this person may look behind the shield of this item (seconds since 1970)."""
        table = tables.shield_glass
        return connection.execute(
            select(table.c.until)
            .where(
                table.c.kind == kind.value,
                table.c.item == item,
                table.c.asked_by == actor.name,
                table.c.until > now,
            )
            .order_by(table.c.until.desc())
            .limit(1)
        ).scalar()

    def hides(
        self,
        connection: Connection,
        kind: SightingKind,
        item: int,
        actor: Actor,
        now: float,
        fingerprints: Iterable[str] = (),
    ) -> bool:
        """Whether this person sees no more of an item than "shielded subject"."""
        concerned = bool(self.sighted(connection, kind, [item]))
        concerned = concerned or bool(self.matches(connection, fingerprints))
        return concerned and self.opened_for(connection, kind, item, actor, now) is None

    def check(self, connection: Connection, kind: SightingKind, item: int, actor: Actor, now: float) -> None:
        """Raise ``ForbiddenError`` where this person must not look inside an item."""
        if self.hides(connection, kind, item, actor, now):
            raise ForbiddenError("it concerns a shielded subject: two people have to agree first")

    # --- covering -----------------------------------------------------------------------------------------

    @staticmethod
    def cover_message(message: HeldMessage) -> HeldMessage:
        """A line of a list with nothing that says whom it is about; sender and severity stay."""
        return replace(
            message,
            subject=SHIELDED,
            recipients=tuple(map(_covered, message.recipients)),
            counts={},
            reasons=(REASON,),
            shielded=True,
        )

    @classmethod
    def cover_detail(cls, detail: HeldDetail) -> HeldDetail:
        """A message's page likewise: no finding, no place, no file's name, no recipient's name."""
        proposal = detail.proposal
        return replace(
            detail,
            message=cls.cover_message(detail.message),
            envelope=_covered_envelope(detail.envelope),
            recipients=tuple(map(_covered, detail.recipients)),
            inspection=cls.cover_inspection(detail.inspection),
            verdict=_covered_verdict(detail.verdict),
            header_from="",
            message_id="",
            proposal=replace(proposal, reason=SHIELDED, advice="") if proposal else None,
            history=tuple(_without_words(line) for line in detail.history),
        )

    @staticmethod
    def cover_inspection(inspection: Inspection) -> Inspection:
        """An inspection that says how grave it is and how many people it concerns, and no more."""
        finding = LocatedFinding(SHIELDED_TYPE, "", "", 1.0, SHIELDED, "", "shield")
        assessment = inspection.assessment
        return Inspection(
            coverage=Coverage(inspection.coverage.status, inspection.coverage.kind),
            assessment=Assessment(
                assessment.severity,
                assessment.people,
                (Reason(REASON_CODE, REASON, assessment.severity),),
            ),
            findings=(finding,),
            counts={},
            content_hash="",
            size=inspection.size,
        )


def _covered_address(address: str) -> str:
    domain = address.rpartition("@")[2]
    return f"(shielded)@{domain}" if domain else "(shielded)"


def _covered(recipient: HeldRecipient) -> HeldRecipient:
    return replace(recipient, address=_covered_address(recipient.address), why="")


def _covered_envelope(envelope: Envelope) -> Envelope:
    return replace(
        envelope,
        recipients=tuple(Recipient(_covered_address(one.address)) for one in envelope.recipients),
        envid="",
    )


def _covered_verdict(verdict: Verdict) -> Verdict:
    return replace(
        verdict,
        reasons=(Reason(REASON_CODE, REASON, verdict.severity),),
        recipients=tuple(
            RecipientVerdict(_covered_address(one.address), one.route, one.word, "")
            for one in verdict.recipients
        ),
        not_inspected=(),
        headers=(),
    )


def _without_words(line: HistoryLine) -> HistoryLine:
    return replace(line, reason="" if line.actor != SYSTEM.name else line.reason)
