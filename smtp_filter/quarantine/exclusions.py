"""False alarms that shall not come back: narrow rules, proposed by one person, approved by another.

A rule names values (by their keyed hashes) or rules of detection, for one sender, and may be narrowed to a
recipient, a recipient's domain and the shape of a subject.  The relay asks :meth:`ExclusionBook.counting_out`
before it examines a message: what is excluded is judged as if it did not stand there.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from scanner.inspection.model import Exclusions, LocatedFinding
from scanner.store.audit import AuditEvent, Fact, recordable
from scanner.store.database import writing
from scanner.store.sealing import DataKey, SealingError
from scanner.store.shielding import SHIELDED
from smtp_filter.message import Message
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.encoding import Whole, summary_from_bytes
from smtp_filter.quarantine.head import read_head, stands_in_head
from smtp_filter.quarantine.holding import SUMMARY, Quarantine
from smtp_filter.quarantine.model import (
    Actor,
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    QuarantineError,
    State,
)
from smtp_filter.quarantine.reading import read_whole
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.quarantine.tokens import canonical
from smtp_filter.verdict.addresses import read_address

LASTS = 365 * 86_400.0
# Whoever approves sees what it would have changed of this many of the sender's latest messages.
LOOKED_AT = 200
_FRESH_SECONDS = 5.0
_CONTEXT = "exclusion"
_NUMBERS = re.compile(r"\d+")
_exclusion = tables.exclusion


class ExclusionState(StrEnum):
    """Where an exclusion stands; only an active one has an effect."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ExclusionRule:
    """What does not count, in which mail.

    ``values`` are fingerprints of findings, ``rules`` names of detection rules; ``told`` says the same to
    people, masked.  ``sender`` is one whole address.  Of ``recipient`` (an address) and ``domain`` what is
    given must hold for every recipient; ``subject`` is the shape that :func:`subject_shape` makes.
    """

    sender: str
    values: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    recipient: str = ""
    domain: str = ""
    subject: str = ""
    why: str = ""

    def covers(self, sender: str, recipients: Sequence[str], subject: str) -> bool:
        """Whether a message with this envelope and subject is one of those that it is about."""
        if canonical(sender) != canonical(self.sender):
            return False
        if self.recipient and any(canonical(one) != canonical(self.recipient) for one in recipients):
            return False
        if self.domain and any(read_address(one).domain != self.domain for one in recipients):
            return False
        return not self.subject or subject_shape(subject) == self.subject

    def excludes(self, finding: LocatedFinding) -> bool:
        """Whether it takes this finding out."""
        return finding.fingerprint in self.values or finding.rule in self.rules


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A rule with its way: who proposed it for which message, who decided; times in seconds since 1970."""

    id: int
    state: ExclusionState
    rule: ExclusionRule
    reference: str
    proposed_at: float
    proposed_by: str
    decided_at: float | None
    decided_by: str
    decided_why: str
    until: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule would have changed of a past message: so many of its listed findings gone, so many left.

    Addresses in the head, which every message has, are not among those left.
    """

    reference: str
    held_at: float
    state: State
    gone: int
    left: int


def subject_shape(subject: str) -> str:
    """A subject without its numbers, so that the same letter of another week is known.

    >>> subject_shape("Re: Weekly  return 12/2026")
    're: weekly return #/#'
    """
    return " ".join(_NUMBERS.sub("#", subject.casefold()).split())[:400]


class ExclusionBook:
    """The exclusions of one quarantine; one for each process, which may be asked from several threads."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._key = DataKey("exclusions", quarantine.sealer.named(quarantine.engine, "exclusions"))
        self._active: tuple[float, tuple[ExclusionRule, ...]] = (0.0, ())

    # --- what the relay asks ------------------------------------------------------------------------------

    def counting_out(self, message: Message) -> Exclusions | None:
        """What does not count in this message; ``None`` where nothing is excluded.

        A new approval is known within seconds.
        """
        sender = message.envelope.sender
        some = [rule for rule in self._rules() if canonical(rule.sender) == canonical(sender)]
        if not some:
            return None
        subject = read_head(message.content).subject
        recipients = [one.address for one in message.envelope.recipients]
        found = [rule for rule in some if rule.covers(sender, recipients, subject)]
        if not found:
            return None
        return Exclusions(
            frozenset(value for rule in found for value in rule.values),
            frozenset(name for rule in found for name in rule.rules),
        )

    def _rules(self) -> tuple[ExclusionRule, ...]:
        read, rules = self._active
        now = time.monotonic()
        if not read or now - read > _FRESH_SECONDS:
            query = select(_exclusion.c.sealed).where(
                _exclusion.c.state == ExclusionState.ACTIVE.value, _exclusion.c.until > time.time()
            )
            with self._quarantine.engine.connect() as connection:
                sealed = list(connection.execute(query).scalars())
            rules = tuple(filter(None, map(self._opened, sealed)))
            self._active = (now, rules)
        return rules

    # --- what people do -----------------------------------------------------------------------------------

    def propose(self, reference: str, actor: Actor, rule: ExclusionRule) -> int:
        """Propose a rule because of a held message; returns its number.  It waits for another person."""
        if not rule.why.strip():
            raise QuarantineError("a reason is needed to propose an exclusion")
        if not rule.values and not rule.rules:
            raise QuarantineError("choose at least one finding that is a false alarm")
        if not rule.sender or read_address(rule.sender).fault:
            raise QuarantineError("an exclusion is for one sender; this message names none")
        now = time.time()
        with writing(self._quarantine.engine) as connection:
            made = connection.execute(
                insert(_exclusion).values(
                    state=ExclusionState.PROPOSED.value,
                    sender=self._quarantine.tokens.sender(rule.sender),
                    reference=reference,
                    sealed=self._key.seal(json.dumps(asdict(rule)).encode(), _CONTEXT),
                    proposed_at=now,
                    proposed_by=recordable(actor.name, 200),
                    decided_by="",
                    decided_why="",
                    until=now + LASTS,
                )
            )
            assert made.inserted_primary_key is not None
            number = int(made.inserted_primary_key[0])
            facts: dict[str, Fact] = {
                "values": len(rule.values),
                "rules": ", ".join(rule.rules),
                "for": reference,
            }
            self._record(connection, actor, "propose", number, rule.why, facts)
        return number

    def decide(self, number: int, actor: Actor, reason: str, *, agree: bool) -> None:
        """Approve or refuse a proposal, as another person than the one who proposed it."""
        self._move(
            number,
            actor,
            reason,
            ExclusionState.PROPOSED,
            ExclusionState.ACTIVE if agree else ExclusionState.REFUSED,
        )

    def end(self, number: int, actor: Actor, reason: str) -> None:
        """End an active rule: from now on what it excluded counts again.  Anybody who may decide can."""
        self._move(number, actor, reason, ExclusionState.ACTIVE, ExclusionState.ENDED)

    def read(self, number: int) -> Exclusion:
        """One exclusion.  Raises ``NotFoundError``."""
        with self._quarantine.engine.connect() as connection:
            row = connection.execute(select(_exclusion).where(_exclusion.c.id == number)).one_or_none()
        if row is None or (made := self._made(row)) is None:
            raise NotFoundError(f"there is no exclusion {number}")
        return made

    def all(self, limit: int = 500) -> list[Exclusion]:
        """All of them: those that wait first, then the newest."""
        waits = (_exclusion.c.state != ExclusionState.PROPOSED.value).asc()
        query = select(_exclusion).order_by(waits, _exclusion.c.id.desc()).limit(limit)
        with self._quarantine.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [made for row in rows if (made := self._made(row)) is not None]

    def effect(self, rule: ExclusionRule) -> list[Effect]:
        """What the rule would have changed of the sender's past messages, the newest first."""
        quarantine, table = self._quarantine, tables.message
        query = (
            select(table)
            .where(table.c.sender == quarantine.tokens.sender(rule.sender))
            .order_by(table.c.held_at.desc())
            .limit(LOOKED_AT)
        )
        found: list[Effect] = []
        with quarantine.engine.connect() as connection:
            for row in connection.execute(query).all():
                try:
                    whole = read_whole(quarantine, connection, row)
                    key = quarantine.sealer.key(connection, row.key_id)
                    subject = summary_from_bytes(key.open(row.summary, SUMMARY)).subject
                except (GoneError, SealingError):
                    continue
                if quarantine.shield.sighted(connection, SightingKind.MESSAGE, [row.id]):
                    subject = SHIELDED
                if effect := _effect(rule, row, whole, subject):
                    found.append(effect)
        return found

    # --- small things -------------------------------------------------------------------------------------

    def _move(
        self, number: int, actor: Actor, reason: str, before: ExclusionState, after: ExclusionState
    ) -> None:
        if not reason.strip():
            raise QuarantineError("a reason is needed to decide on an exclusion")
        with writing(self._quarantine.engine) as connection:
            row = connection.execute(select(_exclusion).where(_exclusion.c.id == number)).one_or_none()
            if row is None or (made := self._made(row)) is None:
                raise NotFoundError(f"there is no exclusion {number}")
            if after is ExclusionState.ACTIVE:
                self._may_approve(made, actor)
            changed = connection.execute(
                update(_exclusion)
                .where(_exclusion.c.id == number, _exclusion.c.state == before.value)
                .values(
                    state=after.value,
                    decided_at=time.time(),
                    decided_by=recordable(actor.name, 200),
                    decided_why=recordable(reason, 4000),
                )
            ).rowcount
            if changed != 1:
                raise ConflictError(f"exclusion {number} is {made.state.value} already")
            self._record(connection, actor, after.value, number, reason, {"for": row.reference})
        self._active = (0.0, ())

    @staticmethod
    def _may_approve(made: Exclusion, actor: Actor) -> None:
        if made.proposed_by == recordable(actor.name, 200):
            raise ForbiddenError("somebody else than the person who proposed it must approve it")
        if canonical(made.rule.sender) in {canonical(address) for address in actor.addresses}:
            raise ForbiddenError("it is about your own mail: somebody else must approve it")

    def _opened(self, sealed: bytes) -> ExclusionRule | None:
        try:
            told = json.loads(self._key.open(sealed, _CONTEXT))
        except SealingError:
            # A rule that cannot be read has no effect: mail is held once too often.
            return None
        some = {name: tuple(told[name]) for name in ("values", "rules", "told")}
        return ExclusionRule(**{**told, **some})

    def _made(self, row: Any) -> Exclusion | None:
        if (rule := self._opened(row.sealed)) is None:
            return None
        return Exclusion(
            row.id,
            ExclusionState(row.state),
            rule,
            row.reference,
            row.proposed_at,
            row.proposed_by,
            row.decided_at,
            row.decided_by,
            row.decided_why,
            row.until,
        )

    def _record(
        self,
        connection: Connection,
        actor: Actor,
        act: str,
        number: int,
        reason: str,
        facts: dict[str, Fact],
    ) -> None:
        self._quarantine.audit.record(
            connection,
            AuditEvent(
                actor=actor.name,
                role=actor.role,
                origin=actor.origin,
                act=f"exclusion.{act}",
                subject=f"exclusion {number}",
                reason=reason,
                after=facts,
            ),
        )


def _effect(rule: ExclusionRule, row: Any, whole: Whole, subject: str) -> Effect | None:
    recipients = [one.address for one in whole.envelope.recipients]
    if not rule.covers(whole.envelope.sender, recipients, subject):
        return None
    gone = sum(rule.excludes(finding) for finding in whole.inspection.findings)
    if not gone:
        return None
    left = sum(
        not (rule.excludes(finding) or stands_in_head(finding.location))
        for finding in whole.inspection.findings
    )
    return Effect(row.reference, row.held_at, State(row.state), gone, left)
