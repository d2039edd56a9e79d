"""What people do with held messages: claim, decide, approve, escalate; each act is one transaction.

A transition is a compare-and-set on state and revision, with its history line, its audit row and the notices
it causes in the same transaction: of two people at once one wins and the other is told.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from scanner.store.audit import AuditEvent, Fact, recordable
from scanner.store.database import writing
from scanner.store.sealing import SealingError
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.bodies import IN_DATABASE
from smtp_filter.quarantine.encoding import proposal_from_bytes, proposal_to_bytes, summary_from_bytes
from smtp_filter.quarantine.holding import SUMMARY, Quarantine
from smtp_filter.quarantine.model import (
    ENDED,
    SYSTEM,
    UNDECIDED,
    Actor,
    ConflictError,
    Decision,
    ForbiddenError,
    GoneError,
    Handover,
    Proposal,
    QuarantineError,
    State,
)
from smtp_filter.quarantine.reading import PROPOSAL, read_whole
from smtp_filter.quarantine.searching import message_row
from smtp_filter.quarantine.telling import sender_facts

# Both kinds of act after which nobody can look again: what leaves cannot be fetched back.
SECOND_PERSON_FOR = frozenset({Decision.RELEASE, Decision.DELETE})
ROUTES = ("default", "secure", "gateway")
_AT_ONCE = 400

logger = logging.getLogger(__name__)
_message = tables.message


@dataclass(frozen=True, slots=True)
class Change:
    """What an act does to a row: the new state, columns to set, facts for the log, what to tell."""

    act: str
    state: State | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    then: Callable[[Connection, Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision: the state after it; ``waits`` when a second person has to agree."""

    reference: str
    state: State
    waits: bool = False
    problem: str = ""


class Desk:
    """The acts of people on one quarantine."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    @property
    def quarantine(self) -> Quarantine:
        """What the acts are on."""
        return self._quarantine

    # --- whose it is --------------------------------------------------------------------------------------

    def claim(self, reference: str, actor: Actor, revision: int | None = None) -> Outcome:
        """Take a message to look at it; it falls back after a while unless decided."""

        def change(_: Connection, row: Any, now: float) -> Change:
            self._not_claimed_by_another(row, actor, now)
            columns = {
                "assignee": recordable(actor.name, 200),
                "claimed_until": now + self._quarantine.settings.claim_seconds,
            }
            state = State.IN_REVIEW if row.state == State.HELD else None
            return Change("claim", state, columns)

        return self._act(reference, actor, change, UNDECIDED, revision=revision)

    def assign(
        self, reference: str, actor: Actor, assignee: str, reason: str = "", revision: int | None = None
    ) -> Outcome:
        """Give a message to somebody, or to nobody; also out of another's hands, which is recorded."""

        def change(_: Connection, row: Any, now: float) -> Change:
            state = State.IN_REVIEW if assignee and row.state == State.HELD else None
            columns = {"assignee": recordable(assignee, 200), "claimed_until": None}
            return Change("assign", state, columns, {"assignee": assignee})

        return self._act(reference, actor, change, UNDECIDED, reason=reason, revision=revision)

    def escalate(
        self,
        reference: str,
        actor: Actor,
        owner: str,
        reason: str,
        revision: int | None = None,
        also: Callable[[Connection], None] | None = None,
    ) -> Outcome:
        """Make it a matter of the DPO or another owner: it no longer expires, and the duty role is told.

        ``also`` runs in the same transaction (an incident is opened).
        """
        _needs(reason, "to escalate")

        def change(_: Connection, row: Any, now: float) -> Change:
            def tell(connection: Connection, row: Any) -> None:
                facts = {"reference": row.reference, "owner": owner}
                key = f"escalated:{row.id}:{row.revision}"
                self._quarantine.outbox.put(connection, key, "escalated", facts, now, message_id=row.id)
                if also is not None:
                    also(connection)

            columns = {"escalated": True, "assignee": recordable(owner, 200), "claimed_until": None}
            state = State.IN_REVIEW if row.state == State.HELD else None
            return Change("escalate", state, columns, {"owner": owner}, tell)

        return self._act(reference, actor, change, UNDECIDED, reason=reason, revision=revision)

    def keep(self, reference: str, actor: Actor, reason: str, *, legal_hold: bool = True) -> Outcome:
        """Set or lift the legal hold of a message: while it is set nothing of it is deleted."""
        _needs(reason, "for a legal hold")

        def change(connection: Connection, row: Any, now: float) -> Change:
            self._may_decide(connection, row, actor, now, whatever_claim=True)
            act = "legal_hold.set" if legal_hold else "legal_hold.lift"
            return Change(act, None, {"legal_hold": legal_hold}, {"legal_hold": legal_hold})

        return self._act(reference, actor, change, frozenset(State), reason=reason)

    # --- decisions ----------------------------------------------------------------------------------------

    def decide(
        self,
        reference: str,
        actor: Actor,
        decision: Decision,
        reason: str,
        *,
        recipients: Sequence[str] = (),
        route: str = "default",
        advice: str = "",
        false_alarm: bool = False,
        revision: int | None = None,
    ) -> Outcome:
        """Decide; where a second person must agree the decision waits for them.

        ``recipients`` empty is all of them; ``route`` is ``default``, ``secure`` or ``gateway``; ``advice``
        goes to the sender word for word.  Raises ``NotFoundError``, ``ConflictError``, ``ForbiddenError``,
        ``GoneError``.
        """
        if route not in ROUTES:
            raise QuarantineError(f"no route {route!r}; there are {', '.join(ROUTES)}")
        _needs(reason, f"to {decision.value} a message")

        def change(connection: Connection, row: Any, now: float) -> Change:
            self._may_decide(connection, row, actor, now)
            if row.state == State.AWAITING_SECOND:
                raise ConflictError(f"{row.reference} waits for a second person to agree or to disagree")
            proposal = Proposal(
                decision=decision,
                actor=actor.name,
                reason=reason,
                at=now,
                recipients=self._numbers(connection, row, recipients),
                route=route,
                advice=advice,
                false_alarm=false_alarm,
            )
            if row.needs_second and decision in SECOND_PERSON_FOR:
                return self._propose(connection, row, proposal, now)
            return self._carry_out(row, proposal, now)

        return self._act(reference, actor, change, UNDECIDED, reason=reason, revision=revision)

    def approve(self, reference: str, actor: Actor, reason: str, revision: int | None = None) -> Outcome:
        """Agree, as the second person, with what a first one decided."""

        def change(connection: Connection, row: Any, now: float) -> Change:
            proposal = self._proposal(connection, row)
            if proposal.actor == actor.name:
                raise ForbiddenError(f"{row.reference}: the second person must be another one than the first")
            self._may_decide(connection, row, actor, now, whatever_claim=True)
            return self._carry_out(row, proposal, now, approved=True)

        return self._act(
            reference, actor, change, {State.AWAITING_SECOND}, reason=reason or "agreed", revision=revision
        )

    def decline(self, reference: str, actor: Actor, reason: str, revision: int | None = None) -> Outcome:
        """Disagree with a first decision (or take one's own back): the message is in review again."""
        _needs(reason, "to disagree")

        def change(_: Connection, row: Any, now: float) -> Change:
            return Change("decline", State.IN_REVIEW, {"proposal": None})

        return self._act(reference, actor, change, {State.AWAITING_SECOND}, reason=reason, revision=revision)

    def reopen(self, reference: str, actor: Actor, reason: str, revision: int | None = None) -> Outcome:
        """Undo a return or an expiry, as long as the body is there: the message is in review again."""
        _needs(reason, "to reopen a message")

        def change(connection: Connection, row: Any, now: float) -> Change:
            self._may_decide(connection, row, actor, now, whatever_claim=True)
            if not row.body:
                raise GoneError(f"the body of {row.reference} was deleted")
            settings = self._quarantine.settings
            columns = {
                "ended_at": None,
                "decided_at": None,
                "expires_at": settings.working.after_days(now, settings.expiry_days),
            }
            return Change("reopen", State.IN_REVIEW, columns)

        ended = {State.REJECTED, State.EXPIRED, State.WITHDRAWN}
        return self._act(reference, actor, change, ended, reason=reason, revision=revision)

    def withdraw(self, reference: str, actor: Actor, reason: str) -> Outcome:
        """The sender takes the message back: nobody will get it."""

        def change(_: Connection, row: Any, now: float) -> Change:
            return Change("withdraw", State.WITHDRAWN, {"ended_at": now, "decided_at": now, "proposal": None})

        return self._act(reference, actor, change, UNDECIDED, reason=reason)

    def expire(self, reference: str, actor: Actor = SYSTEM, reason: str = "undecided") -> Outcome:
        """End an undecided hold: it ends as expired, with notice, never as released."""

        def change(connection: Connection, row: Any, now: float) -> Change:
            self._may_decide(connection, row, actor, now, whatever_claim=True)
            if row.legal_hold or row.escalated:
                raise ConflictError(f"{row.reference} is escalated or kept: it does not expire")
            columns = {"ended_at": now, "proposal": None}
            return Change("expire", State.EXPIRED, columns, then=self._telling("expired", now))

        return self._act(reference, actor, change, UNDECIDED, reason=reason)

    def purge(self, reference: str, actor: Actor, reason: str) -> Outcome:
        """Destroy the body of an ended message now, before its retention is over."""
        _needs(reason, "to purge a message")

        def change(connection: Connection, row: Any, now: float) -> Change:
            self._may_decide(connection, row, actor, now, whatever_claim=True)
            if row.legal_hold:
                raise ForbiddenError(f"{row.reference} is under legal hold: nothing of it is deleted")
            if not row.body:
                raise GoneError(f"the body of {row.reference} was deleted already")
            return Change("purge", None, {"body": ""}, then=self._destroying)

        return self._act(reference, actor, change, ENDED, reason=reason)

    # --- many at once -------------------------------------------------------------------------------------

    def preview(self, wanted: Iterable[str], actor: Actor, act: str) -> dict[str, list[str]]:
        """What would happen: the numbers that would be done, would wait for a second person, or cannot be.

        ``act`` is a decision, ``claim``, ``assign``, ``escalate`` or ``purge``.  A fixed number of queries
        for each some hundred messages.
        """
        found: dict[str, list[str]] = {"done": [], "waits": [], "refused": []}
        now = time.time()
        numbers = list(dict.fromkeys(wanted))
        with self._quarantine.engine.connect() as connection:
            for start in range(0, len(numbers), _AT_ONCE):
                some = numbers[start : start + _AT_ONCE]
                rows = connection.execute(select(_message).where(_message.c.reference.in_(some))).all()
                own = self._own_cases(connection, rows, actor.addresses)
                known = {row.reference: row for row in rows}
                for reference in some:
                    row = known.get(reference)
                    if row is None or not self._is_open_to(row, actor, act, own, now):
                        found["refused"].append(reference)
                    else:
                        waits = row.needs_second and act in SECOND_PERSON_FOR
                        found["waits" if waits else "done"].append(reference)
        return found

    def _is_open_to(self, row: Any, actor: Actor, act: str, own: Collection[int], now: float) -> bool:
        if act in ("assign", "escalate"):
            return row.state in UNDECIDED
        if act == "purge":
            return row.state in ENDED and bool(row.body) and not row.legal_hold and row.case_id not in own
        if row.case_id in own and act != "claim":
            return False
        if act == Decision.DELETE and row.legal_hold:
            return False
        try:
            self._not_claimed_by_another(row, actor, now)
        except ForbiddenError:
            return False
        return row.state in (State.HELD, State.IN_REVIEW)

    def _own_cases(
        self, connection: Connection, rows: Sequence[Any], addresses: Collection[str]
    ) -> frozenset[int]:
        """The cases among these rows in which one of the addresses wrote or gets a message."""
        tokens = _tokens_of(self._quarantine, addresses)
        if not tokens:
            return frozenset()
        cases = {row.case_id for row in rows}
        query = (
            select(_message.c.case_id)
            .join(tables.token, tables.token.c.message_id == _message.c.id)
            .where(_message.c.case_id.in_(cases), tables.token.c.token.in_(tokens))
        )
        return frozenset(connection.execute(query).scalars())

    def decide_many(
        self, wanted: Iterable[str], actor: Actor, decision: Decision, reason: str, **how: Any
    ) -> list[Outcome]:
        """Decide each; what cannot be done is among the outcomes with its problem."""
        outcomes = []
        for reference in wanted:
            try:
                outcomes.append(self.decide(reference, actor, decision, reason, **how))
            except QuarantineError as error:
                outcomes.append(Outcome(reference, State.HELD, problem=str(error)))
        return outcomes

    def decide_within(
        self, connection: Connection, row: Any, actor: Actor, decision: Decision, reason: str
    ) -> None:
        """Decide in the caller's transaction where the second person is known already (an emergency)."""
        if row.state not in UNDECIDED:
            raise ConflictError(f"{row.reference} is {row.state.replace('_', ' ')} already")
        now = time.time()
        self._may_decide(connection, row, actor, now, whatever_claim=True)
        proposal = Proposal(decision=decision, actor=actor.name, reason=reason, at=now)
        transition(self._quarantine, connection, row, actor, self._carry_out(row, proposal, now), reason, now)

    # --- carrying out -------------------------------------------------------------------------------------

    def _propose(self, connection: Connection, row: Any, proposal: Proposal, now: float) -> Change:
        key = self._quarantine.sealer.key(connection, row.key_id)

        def tell(connection: Connection, row: Any) -> None:
            facts = {"reference": row.reference, "decision": proposal.decision.value}
            name = f"second:{row.id}:{row.revision}"
            self._quarantine.outbox.put(connection, name, "second", facts, now, message_id=row.id)

        columns = {
            "proposal": key.seal(proposal_to_bytes(proposal), PROPOSAL),
            "assignee": "",
            "claimed_until": None,
        }
        facts: dict[str, Fact] = {"decision": proposal.decision.value, "route": proposal.route}
        return Change("propose", State.AWAITING_SECOND, columns, facts, tell)

    def _carry_out(self, row: Any, proposal: Proposal, now: float, *, approved: bool = False) -> Change:
        facts: dict[str, Fact] = {"decision": proposal.decision.value}
        if approved:
            facts["first"] = proposal.actor
        columns: dict[str, Any] = {"decided_at": now, "proposal": None, "claimed_until": None}
        if proposal.decision is Decision.RELEASE:
            if not row.body:
                raise GoneError(f"the body of {row.reference} was deleted")
            facts |= {
                "route": proposal.route,
                "recipients": len(proposal.recipients) or row.recipients,
                "false_alarm": proposal.false_alarm,
            }
            columns["false_alarm"] = proposal.false_alarm
            then = self._releasing(proposal, now)
            return Change("release", State.RELEASING, columns, facts, then)
        columns["ended_at"] = now
        if proposal.decision is Decision.RETURN:
            then = self._telling("returned", now, advice=proposal.advice)
            return Change("return", State.REJECTED, columns, facts, then)
        if row.legal_hold:
            raise ForbiddenError(f"{row.reference} is under legal hold: nothing of it is deleted")
        tell = self._telling("refused", now, advice=proposal.advice)

        def destroy(connection: Connection, row: Any) -> None:
            tell(connection, row)
            self._destroying(connection, row)

        return Change("delete", State.REJECTED, columns | {"body": ""}, facts, destroy)

    def _releasing(self, proposal: Proposal, now: float) -> Callable[[Connection, Any], None]:
        """The intent to release is written with the decision: whatever happens then, it goes out."""

        def intend(connection: Connection, row: Any) -> None:
            table = tables.recipient
            if proposal.recipients:
                connection.execute(
                    update(table)
                    .where(table.c.message_id == row.id, table.c.number.not_in(proposal.recipients))
                    .values(handover=Handover.WITHHELD.value)
                )
            connection.execute(
                insert(tables.release).values(
                    message_id=row.id,
                    route=proposal.route,
                    requested_at=now,
                    next_at=now,
                    leased_until=0.0,
                    attempts=0,
                    dot_sent=False,
                    reply=0,
                )
            )

        return intend

    def _telling(self, kind: str, now: float, advice: str = "") -> Callable[[Connection, Any], None]:
        def tell(connection: Connection, row: Any) -> None:
            tell_sender(self._quarantine, connection, row, kind, now, advice=advice)

        return tell

    def _destroying(self, connection: Connection, row: Any) -> None:
        destroy_body(self._quarantine, connection, row)

    # --- who may ------------------------------------------------------------------------------------------

    def _may_decide(
        self, connection: Connection, row: Any, actor: Actor, now: float, *, whatever_claim: bool = False
    ) -> None:
        if not whatever_claim:
            self._not_claimed_by_another(row, actor, now)
        if concerns(self._quarantine, connection, row, actor.addresses):
            raise ForbiddenError(f"{row.reference} is your own mail: somebody else must decide")

    @staticmethod
    def _not_claimed_by_another(row: Any, actor: Actor, now: float) -> None:
        if row.claimed_until and row.claimed_until > now and row.assignee not in ("", actor.name):
            minutes = max(1, int((row.claimed_until - now) / 60))
            raise ForbiddenError(
                f"{row.assignee} is looking at {row.reference} for another {minutes} min; assign it first"
            )

    def _proposal(self, connection: Connection, row: Any) -> Proposal:
        key = self._quarantine.sealer.key(connection, row.key_id)
        return proposal_from_bytes(key.open(row.proposal, PROPOSAL))

    def _numbers(self, connection: Connection, row: Any, addresses: Sequence[str]) -> tuple[int, ...]:
        """The places of some recipients, whatever the spelling of their addresses; none is all."""
        if not addresses:
            return ()
        wanted = {self._quarantine.tokens.recipient(address): address for address in addresses}
        table = tables.recipient
        rows = connection.execute(
            select(table.c.number, table.c.token).where(
                table.c.message_id == row.id, table.c.token.in_(list(wanted))
            )
        ).all()
        missing = len(wanted) - len({one.token for one in rows})
        if missing:
            raise QuarantineError(f"{missing} of the addresses are no recipients of {row.reference}")
        return tuple(sorted(one.number for one in rows))

    # --- one act ------------------------------------------------------------------------------------------

    def _act(
        self,
        reference: str,
        actor: Actor,
        change: Callable[[Connection, Any, float], Change],
        allowed: Collection[State],
        *,
        reason: str = "",
        revision: int | None = None,
    ) -> Outcome:
        now = time.time()
        with writing(self._quarantine.engine) as connection:
            row = message_row(connection, reference)
            if revision is not None and row.revision != revision:
                raise ConflictError(f"{row.reference} was changed meanwhile; look at it again")
            if row.state not in allowed:
                raise ConflictError(f"{row.reference} is {row.state.replace('_', ' ')}: that cannot be done")
            made = change(connection, row, now)
            transition(self._quarantine, connection, row, actor, made, reason, now)
        state = made.state or State(row.state)
        return Outcome(row.reference, state, waits=state is State.AWAITING_SECOND)


def transition(
    quarantine: Quarantine,
    connection: Connection,
    row: Any,
    actor: Actor,
    made: Change,
    reason: str,
    now: float,
) -> None:
    """Write one change of a row: compare-and-set, history, audit, notices.  Raises :class:`ConflictError`."""
    state = made.state or State(row.state)
    changed = connection.execute(
        update(_message)
        .where(_message.c.id == row.id, _message.c.revision == row.revision, _message.c.state == row.state)
        .values(
            state=state.value,
            undecided=state in UNDECIDED,
            revision=row.revision + 1,
            **made.columns,
        )
    ).rowcount
    if changed != 1:
        raise ConflictError(f"{row.reference} was changed by somebody else in this moment; look at it again")
    connection.execute(
        insert(tables.transition).values(
            message_id=row.id,
            at=now,
            actor=recordable(actor.name, 200),
            act=made.act,
            before=row.state,
            after=state.value,
            reason=recordable(reason, 4000),
        )
    )
    quarantine.audit.record(
        connection,
        AuditEvent(
            actor=actor.name,
            role=actor.role,
            origin=actor.origin,
            act=f"quarantine.{made.act}",
            subject=row.reference,
            reason=reason,
            before={"state": row.state},
            after={"state": state.value, **made.facts},
        ),
        at=now,
    )
    if made.then:
        made.then(connection, row)


def concerns(quarantine: Quarantine, connection: Connection, row: Any, addresses: Collection[str]) -> bool:
    """Whether one of the addresses wrote or gets the message, or a part of the same human message."""
    tokens = _tokens_of(quarantine, addresses)
    if not tokens:
        return False
    table = tables.token
    of_case = select(_message.c.id).where(_message.c.case_id == row.case_id)
    query = select(table.c.token).where(table.c.token.in_(tokens), table.c.message_id.in_(of_case)).limit(1)
    return connection.execute(query).first() is not None


def _tokens_of(quarantine: Quarantine, addresses: Collection[str]) -> list[int]:
    return [
        token
        for address in addresses
        for token in (quarantine.tokens.sender(address), quarantine.tokens.recipient(address))
    ]


def tell_sender(
    quarantine: Quarantine,
    connection: Connection,
    row: Any,
    kind: str,
    now: float,
    *,
    advice: str = "",
    **more: Any,
) -> None:
    """Put a notice to the sender into the outbox, where senders may be written to at all."""
    if not row.notify_sender:
        return
    try:
        whole = read_whole(quarantine, connection, row)
        key = quarantine.sealer.key(connection, row.key_id)
        summary = summary_from_bytes(key.open(row.summary, SUMMARY))
    except (GoneError, SealingError):
        # After the loss of a key nobody knows the sender; what happens by itself must go on for the others.
        logger.error("%s cannot be unsealed: its sender is not told (%s)", row.reference, kind)
        return
    facts = sender_facts(whole, summary, row.reference, row.held_at)
    facts |= {"advice": advice, "expires": row.expires_at, **more}
    name = f"{kind}:{row.id}:{row.revision}"
    quarantine.outbox.put(connection, name, kind, facts, now, message_id=row.id)


def destroy_body(quarantine: Quarantine, connection: Connection, row: Any) -> None:
    """Delete the key of a body and what it sealed in the database; the body's column is the caller's.

    A file is unreadable from now on and is swept later: unlinked here it would be gone although the
    transaction fails.
    """
    quarantine.sealer.destroy(connection, [row.body_key])
    connection.execute(
        update(tables.detail).where(tables.detail.c.message_id == row.id).values({"values": None})
    )
    if row.body == IN_DATABASE:
        quarantine.bodies.remove(connection, row.body, row.body_key)


def _needs(reason: str, what: str) -> None:
    if not reason.strip():
        raise QuarantineError(f"a reason is needed {what}")
