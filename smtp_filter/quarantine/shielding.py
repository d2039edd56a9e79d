"""Shielded subjects: whoever concerns one shows as "shielded subject" and as nothing more.

The list holds keyed hashes of fingerprints (``LocatedFinding.fingerprint``), no name and no number.  What is
held, and what scans found, is looked through once and the sighting kept; whoever reads asks for it here.
Looking behind needs two people and a reason, for one item, for a while.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, select

from scanner.documents.model import Coverage
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, Reason
from scanner.store.audit import AuditEvent, AuditLog
from scanner.store.database import insert_new
from scanner.store.sealing import DataKey
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

SHIELDED = "Shielded subject"
SHIELDED_TYPE = "SHIELDED_SUBJECT"
_REASON = "It concerns a shielded subject."
# SQLite takes 32,766 parameters in one statement; shorter lists are planned faster.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Entry:
    token: bytes
    subject: int
    kind: str
    alone: bool


def _concerned(entries: Iterable[_Entry], tokens: Collection[bytes]) -> frozenset[int]:
    """The subjects to whom what stands in one item belongs: by one telling value, or by two weak ones."""
    here = [entry for entry in entries if entry.token in tokens]
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

    def matches(self, connection: Connection, findings: Iterable[LocatedFinding]) -> frozenset[int]:
        """The subjects whom the findings of one item concern.

        A name, an alias, an address or a number is enough; of a date of birth, a postcode and initials it
        takes two different kinds.
        """
        tokens = {self.token(finding.fingerprint) for finding in findings if finding.fingerprint}
        return _concerned(self._entries(connection, list(tokens)), tokens)

    @staticmethod
    def _entries(connection: Connection, tokens: Sequence[bytes]) -> list[_Entry]:
        table = tables.shield_entry
        found: list[_Entry] = []
        for start in range(0, len(tokens), _AT_ONCE):
            some = table.c.token.in_(tokens[start : start + _AT_ONCE])
            query = select(table.c.token, table.c.subject_id, table.c.kind, table.c.alone).where(some)
            found += [
                _Entry(bytes(row.token), row.subject_id, row.kind, row.alone)
                for row in connection.execute(query)
            ]
        return found

    def matching(
        self, connection: Connection, items: Mapping[int, Iterable[LocatedFinding]]
    ) -> frozenset[int]:
        """Those of some items whose findings concern somebody on the list."""
        tokens = {
            number: {self.token(finding.fingerprint) for finding in findings if finding.fingerprint}
            for number, findings in items.items()
        }
        entries = self._entries(connection, list(set().union(*tokens.values())))
        return frozenset(number for number, some in tokens.items() if _concerned(entries, some))

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
        findings: Iterable[LocatedFinding],
        now: float,
    ) -> bool:
        """Look through an item in the transaction that makes it; the duty role is told of a sighting.

        Returns whether it concerns a shielded subject.
        """
        subjects = self.matches(connection, findings)
        new = [
            subject
            for subject in sorted(subjects)
            if insert_new(
                connection, tables.shield_sighting, kind=kind.value, item=item, subject_id=subject, at=now
            )
        ]
        for subject in new:
            what = "The held message" if kind is SightingKind.MESSAGE else "A file on a share,"
            key = f"shielded:{kind.value}:{item}:{subject}"
            self._outbox.put(connection, key, "shielded", {"reference": reference, "what": what}, now)
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
        return bool(subjects)

    @staticmethod
    def sighted(connection: Connection, kind: SightingKind, items: Collection[int]) -> frozenset[int]:
        """Those of some items that concern a shielded subject."""
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
        findings: Iterable[LocatedFinding] = (),
    ) -> bool:
        """Whether this person sees no more of an item than "shielded subject"."""
        concerned = bool(self.sighted(connection, kind, [item])) or bool(self.matches(connection, findings))
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
            reasons=(_REASON,),
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
                (Reason("shielded_subject", _REASON, assessment.severity),),
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
        reasons=(Reason("shielded_subject", _REASON, verdict.severity),),
        recipients=tuple(
            RecipientVerdict(_covered_address(one.address), one.route, one.word, "")
            for one in verdict.recipients
        ),
        not_inspected=(),
        headers=(),
    )


def _without_words(line: HistoryLine) -> HistoryLine:
    return replace(line, reason="" if line.actor != SYSTEM.name else line.reason)
