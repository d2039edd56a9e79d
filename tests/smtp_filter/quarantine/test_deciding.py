"""Deciding: who may, what follows, and that of two at once one wins."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import (
    Actor,
    ConflictError,
    Decision,
    ForbiddenError,
    GoneError,
    Handover,
    NotFoundError,
    QuarantineError,
    State,
)
from smtp_filter.quarantine.reading import original, reveal, show
from tests.smtp_filter.quarantine.making import NHS, OTHER, PATIENT, SENDER, hold, open_quarantine

KHAN, LEE = Actor("a.khan"), Actor("s.lee", role="approver", origin="192.0.2.9")
WHY = "right person, needed today"


def told(quarantine: Quarantine) -> list[str]:
    with quarantine.engine.connect() as connection:
        query = select(tables.outbox.c.kind).order_by(tables.outbox.c.id)
        return list(connection.execute(query).scalars())


def acts(quarantine: Quarantine, reference: str) -> list[str]:
    with quarantine.engine.connect() as connection:
        rows = quarantine.audit.events(connection, subject=reference)
        return [row.event.act.removeprefix("quarantine.") for row in rows]


DECISIONS = [
    # decision, state after it, acts, notice to the sender
    (Decision.RELEASE, State.RELEASING, ["hold", "release"], ["alert", "hold"]),
    (Decision.RETURN, State.REJECTED, ["hold", "return"], ["alert", "hold", "returned"]),
    (Decision.DELETE, State.REJECTED, ["hold", "delete"], ["alert", "hold", "refused"]),
]


@pytest.mark.parametrize(("decision", "state", "done", "notices"), DECISIONS)
def test_a_decision_is_state_log_and_notice(
    quarantine: Quarantine, decision: Decision, state: State, done: list[str], notices: list[str]
) -> None:
    reference = hold(quarantine)
    outcome = Desk(quarantine).decide(reference, KHAN, decision, WHY)
    assert (outcome.state, outcome.waits) == (state, False)
    assert acts(quarantine, reference) == done
    assert told(quarantine) == notices
    history = show(quarantine, reference, KHAN).history
    assert [(line.actor, line.before, line.after) for line in history] == [
        ("dlp", "", "held"),
        ("a.khan", "held", state.value),
    ]
    assert history[-1].reason == WHY


def test_deleting_destroys_the_body_and_keeps_the_record(quarantine: Quarantine) -> None:
    reference = hold(quarantine)
    Desk(quarantine).decide(reference, KHAN, Decision.DELETE, WHY)
    assert show(quarantine, reference, KHAN).message.has_body is False
    for look in (original, reveal):
        with pytest.raises(GoneError):
            list(look(quarantine, reference, KHAN, "check"))


def test_what_is_over_is_not_decided_again(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine), Desk(quarantine)
    desk.decide(reference, KHAN, Decision.RETURN, WHY)
    for decision in Decision:
        with pytest.raises(ConflictError, match="is rejected"):
            desk.decide(reference, LEE, decision, WHY)
    with pytest.raises(NotFoundError):
        desk.decide("Q-2026-999999", LEE, Decision.RETURN, WHY)
    with pytest.raises(QuarantineError, match="reason is needed"):
        desk.decide(hold(quarantine, "2"), LEE, Decision.RETURN, " ")


def test_a_return_can_be_undone_and_a_deletion_cannot(quarantine: Quarantine) -> None:
    returned, deleted, desk = hold(quarantine), hold(quarantine, "2"), Desk(quarantine)
    desk.decide(returned, KHAN, Decision.RETURN, WHY)
    desk.decide(deleted, KHAN, Decision.DELETE, WHY)
    assert desk.reopen(returned, LEE, "wrong one").state is State.IN_REVIEW
    with pytest.raises(GoneError):
        desk.reopen(deleted, LEE, "wrong one")
    assert desk.decide(returned, LEE, Decision.RELEASE, WHY).state is State.RELEASING


# --- two persons -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", [Decision.RELEASE, Decision.DELETE])
def test_critical_needs_a_second_person(quarantine: Quarantine, decision: Decision) -> None:
    reference, desk = hold(quarantine, severity=Severity.CRITICAL), Desk(quarantine)
    outcome = desk.decide(reference, KHAN, decision, WHY, route="secure", advice="as agreed")
    assert (outcome.state, outcome.waits) == (State.AWAITING_SECOND, True)
    proposal = show(quarantine, reference, LEE).proposal
    assert proposal is not None
    assert (proposal.actor, proposal.reason, proposal.route) == ("a.khan", WHY, "secure")
    with pytest.raises(ForbiddenError, match="another one"):
        desk.approve(reference, KHAN, "me again")
    with pytest.raises(ConflictError, match="second person"):
        desk.decide(reference, LEE, decision, WHY)
    after = State.RELEASING if decision is Decision.RELEASE else State.REJECTED
    assert desk.approve(reference, LEE, "I agree").state is after
    with quarantine.engine.connect() as connection:
        last = list(quarantine.audit.events(connection, subject=reference))[-1].event
    assert (last.actor, last.after["first"]) == ("s.lee", "a.khan")


def test_a_second_person_may_disagree(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine, severity=Severity.CRITICAL), Desk(quarantine)
    desk.decide(reference, KHAN, Decision.RELEASE, WHY)
    assert desk.decline(reference, LEE, "not to this address").state is State.IN_REVIEW
    with pytest.raises(ConflictError):
        desk.approve(reference, LEE, "after all")
    assert show(quarantine, reference, LEE).proposal is None


def test_returning_a_critical_message_takes_one(quarantine: Quarantine) -> None:
    reference = hold(quarantine, severity=Severity.CRITICAL)
    assert Desk(quarantine).decide(reference, KHAN, Decision.RETURN, WHY).state is State.REJECTED


OWN = [
    # whose addresses, may they decide, why
    (frozenset({SENDER}), False, "the sender"),
    (frozenset({"M.Jones@Council.TEST"}), False, "the sender, spelled otherwise"),
    (frozenset({PATIENT}), False, "a recipient"),
    (frozenset({"other@council.test", OTHER}), False, "a recipient of another part of the same message"),
    (frozenset({"m.jones2@council.test"}), True, "a near miss"),
    (frozenset({"jones@council.test"}), True, "another near miss"),
    (frozenset[str](), True, "nobody known"),
]


@pytest.mark.parametrize(("addresses", "may", "why"), OWN, ids=[why for *_, why in OWN])
def test_nobody_decides_on_their_own_mail(
    quarantine: Quarantine, addresses: frozenset[str], may: bool, why: str
) -> None:
    reference = hold(quarantine, body="same")
    hold(quarantine, body="same", recipients=(OTHER,))
    person = Actor("p", addresses=addresses)
    if may:
        assert Desk(quarantine).decide(reference, person, Decision.RELEASE, WHY).state is State.RELEASING
        return
    with pytest.raises(ForbiddenError, match="your own mail"):
        Desk(quarantine).decide(reference, person, Decision.RELEASE, WHY)
    assert show(quarantine, reference, KHAN).message.state is State.HELD


def test_a_second_person_who_gets_the_mail_cannot_agree(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine, severity=Severity.CRITICAL), Desk(quarantine)
    desk.decide(reference, KHAN, Decision.RELEASE, WHY)
    with pytest.raises(ForbiddenError, match="your own mail"):
        desk.approve(reference, Actor("p", addresses=frozenset({PATIENT})), "fine")


# --- whose it is -------------------------------------------------------------------------------------------


def test_a_claim_keeps_others_away_for_a_while(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path)
    reference, desk = hold(quarantine), Desk(quarantine)
    assert desk.claim(reference, KHAN).state is State.IN_REVIEW
    for act in (
        lambda: desk.claim(reference, LEE),
        lambda: desk.decide(reference, LEE, Decision.RELEASE, WHY),
    ):
        with pytest.raises(ForbiddenError, match=r"a\.khan is looking"):
            act()
    desk.claim(reference, KHAN)
    desk.assign(reference, LEE, "s.lee", "khan is ill")
    assert desk.decide(reference, LEE, Decision.RETURN, WHY).state is State.REJECTED
    assert acts(quarantine, reference) == ["hold", "claim", "claim", "assign", "return"]


def test_an_old_claim_is_none(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, claim_seconds=-1.0)
    reference, desk = hold(quarantine), Desk(quarantine)
    desk.claim(reference, KHAN)
    assert desk.decide(reference, LEE, Decision.RETURN, WHY).state is State.REJECTED


def test_escalated_messages_wait_for_their_owner(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine), Desk(quarantine)
    desk.escalate(reference, KHAN, "dpo", "looks like a breach")
    detail = show(quarantine, reference, LEE).message
    assert (detail.escalated, detail.assignee, detail.state) == (True, "dpo", State.IN_REVIEW)
    assert "escalated" in told(quarantine)
    with pytest.raises(ConflictError, match="does not expire"):
        desk.expire(reference)


def test_a_legal_hold_keeps_everything(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine), Desk(quarantine)
    desk.keep(reference, LEE, "court order")
    with pytest.raises(ForbiddenError, match="legal hold"):
        desk.decide(reference, KHAN, Decision.DELETE, WHY)
    desk.decide(reference, KHAN, Decision.RETURN, WHY)
    with pytest.raises(ForbiddenError, match="legal hold"):
        desk.purge(reference, KHAN, WHY)
    desk.keep(reference, LEE, "order lifted", legal_hold=False)
    desk.purge(reference, KHAN, WHY)
    assert show(quarantine, reference, KHAN).message.has_body is False


def test_only_what_is_over_is_purged(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine), Desk(quarantine)
    with pytest.raises(ConflictError, match="is held"):
        desk.purge(reference, KHAN, WHY)
    desk.withdraw(reference, Actor("m.jones", role="sender"), "wrong attachment")
    desk.purge(reference, KHAN, WHY)
    with pytest.raises(GoneError, match="already"):
        desk.purge(reference, KHAN, WHY)


# --- to some -----------------------------------------------------------------------------------------------


def test_release_to_some_withholds_it_from_the_others(quarantine: Quarantine) -> None:
    reference = hold(quarantine, recipients=(PATIENT, OTHER))
    desk = Desk(quarantine)
    with pytest.raises(QuarantineError, match="1 of the addresses are no recipients"):
        desk.decide(reference, KHAN, Decision.RELEASE, WHY, recipients=[PATIENT, "stranger@example.net"])
    desk.decide(reference, KHAN, Decision.RELEASE, WHY, recipients=["J.Patel@EXAMPLE.COM"])
    handed = {one.address: one.handover for one in show(quarantine, reference, KHAN).recipients}
    assert handed == {PATIENT: Handover.PENDING, OTHER: Handover.WITHHELD}


def test_a_route_that_does_not_exist(quarantine: Quarantine) -> None:
    with pytest.raises(QuarantineError, match="no route"):
        Desk(quarantine).decide(hold(quarantine), KHAN, Decision.RELEASE, WHY, route="pigeon")


# --- many, and at once -------------------------------------------------------------------------------------


def test_many_at_once_with_a_preview(quarantine: Quarantine) -> None:
    plain, critical = hold(quarantine, "1"), hold(quarantine, "2", severity=Severity.CRITICAL)
    mine, over = hold(quarantine, "3", recipients=(OTHER,)), hold(quarantine, "4")
    desk, person = Desk(quarantine), Actor("p", addresses=frozenset({OTHER}))
    desk.decide(over, KHAN, Decision.RETURN, WHY)
    wanted = [plain, critical, mine, over]
    assert desk.preview(wanted, person, Decision.RELEASE) == {
        "done": [plain],
        "waits": [critical],
        "refused": [mine, over],
    }
    outcomes = desk.decide_many(wanted, person, Decision.RELEASE, WHY)
    assert [bool(outcome.problem) for outcome in outcomes] == [False, False, True, True]
    assert outcomes[1].waits


def test_what_changed_since_it_was_looked_at_is_not_decided(quarantine: Quarantine) -> None:
    reference, desk = hold(quarantine), Desk(quarantine)
    seen = show(quarantine, reference, KHAN).message.revision
    desk.assign(reference, LEE, "s.lee")
    with pytest.raises(ConflictError, match="changed meanwhile"):
        desk.decide(reference, KHAN, Decision.RELEASE, WHY, revision=seen)


def _race(url: str, folder: Path, reference: str, name: str, barrier: object, wins: object) -> None:
    quarantine = open_quarantine(url, folder)
    desk = Desk(quarantine)
    decision = Decision.RELEASE if name < "3" else Decision.RETURN
    barrier.wait()  # type: ignore[attr-defined]
    try:
        desk.decide(reference, Actor(name), decision, WHY)
        wins.put(name)  # type: ignore[attr-defined]
    except ConflictError:
        wins.put("")  # type: ignore[attr-defined]


def test_of_several_at_once_one_wins(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path)
    references = [hold(quarantine, str(number)) for number in range(3)]
    quarantine.close()
    fork = multiprocessing.get_context("fork")
    for reference in references:
        barrier, wins = fork.Barrier(5), fork.Queue()
        children = [
            fork.Process(target=_race, args=(database_url, tmp_path, reference, str(name), barrier, wins))
            for name in range(5)
        ]
        for child in children:
            child.start()
        answers = [wins.get(timeout=60) for _ in children]
        for child in children:
            child.join()
        (winner,) = [answer for answer in answers if answer]
        quarantine = open_quarantine(database_url, tmp_path)
        done = acts(quarantine, reference)
        assert len(done) == 2
        assert show(quarantine, reference, KHAN).history[-1].actor == winner
        assert quarantine.audit.verify(quarantine.engine).sound
        quarantine.close()


FACTS: list[Callable[[Desk, str], object]] = [
    lambda desk, reference: desk.decide(reference, KHAN, Decision.RETURN, WHY, advice="see guidance"),
    lambda desk, reference: desk.escalate(reference, KHAN, "dpo", WHY),
    lambda desk, reference: desk.claim(reference, KHAN),
]


@pytest.mark.parametrize("act", FACTS)
def test_the_log_holds_no_value(quarantine: Quarantine, act: Callable[[Desk, str], object]) -> None:
    reference = hold(quarantine)
    act(Desk(quarantine), reference)
    with quarantine.engine.connect() as connection:
        everything = repr(list(quarantine.audit.events(connection)))
    for secret in (NHS, SENDER, PATIENT, "Okafor"):
        assert secret not in everything
