"""Emergency release: the sender says why, another confirms in seconds, a third reviews."""

from __future__ import annotations

import pytest

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.emergency import ask, confirm, emergency_code, review, to_review, waiting
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import (
    Actor,
    ConflictError,
    Decision,
    ForbiddenError,
    QuarantineError,
    State,
)
from smtp_filter.quarantine.reading import show
from tests.smtp_filter.quarantine.making import PATIENT, SENDER, hold

JONES = Actor("m.jones", role="sender", addresses=frozenset({SENDER}))
DUTY, THIRD = Actor("duty1", role="duty"), Actor("s.lee", role="approver")
WHY = "the social worker meets the family tonight"


def test_the_whole_way(quarantine: Quarantine) -> None:
    reference = hold(quarantine, severity=Severity.CRITICAL)
    ask(quarantine, reference, JONES, WHY)
    (one,) = waiting(quarantine)
    assert (one.reference, one.asked_by, one.why) == (reference, "m.jones", WHY)
    confirm(quarantine, reference, DUTY)
    assert show(quarantine, reference, THIRD).message.state is State.RELEASING
    assert waiting(quarantine) == []
    assert [one.confirmed_by for one in to_review(quarantine)] == ["duty1"]
    with pytest.raises(ForbiddenError):
        review(quarantine, reference, DUTY, justified=True, reason="mine")
    review(quarantine, reference, THIRD, justified=True, reason="it was urgent")
    assert to_review(quarantine) == []
    with quarantine.engine.connect() as connection:
        acts = [row.event.act for row in quarantine.audit.events(connection, subject=reference)]
    assert [act.removeprefix("quarantine.") for act in acts][1:-1] == [
        "emergency.ask",
        "release",
        "emergency.confirm",
        "view",
    ]


ASKING = [
    # who, with which code, may they, why
    (JONES, "", True, "the sender"),
    (Actor("x"), "right", True, "whoever has the notice"),
    (Actor("x"), "lower", True, "the code typed in small letters without the dash"),
    (Actor("x"), "", False, "anybody"),
    (Actor("x"), "AAAA-AAAA", False, "a guess"),
    (Actor("x"), "other", False, "the code of another message"),
]


@pytest.mark.parametrize(("actor", "code", "may", "why"), ASKING, ids=[why for *_, why in ASKING])
def test_who_may_ask(quarantine: Quarantine, actor: Actor, code: str, may: bool, why: str) -> None:
    reference, other = hold(quarantine), hold(quarantine, "2")
    right = emergency_code(quarantine, reference)
    written = {
        "right": right,
        "lower": right.lower().replace("-", " "),
        "other": emergency_code(quarantine, other),
    }.get(code, code)
    if may:
        ask(quarantine, reference, actor, WHY, code=written)
        assert len(waiting(quarantine)) == 1
        return
    with pytest.raises(ForbiddenError):
        ask(quarantine, reference, actor, WHY, code=written)
    assert waiting(quarantine) == []


CONFIRMING = [
    (Actor("t", role="triage"), ForbiddenError, "the wrong role"),
    (Actor("m.jones", role="duty"), ForbiddenError, "whoever asked"),
    (Actor("p", role="duty", addresses=frozenset({PATIENT})), ForbiddenError, "a recipient"),
]


@pytest.mark.parametrize(("actor", "error", "why"), CONFIRMING, ids=[why for *_, why in CONFIRMING])
def test_who_cannot_confirm(
    quarantine: Quarantine, actor: Actor, error: type[QuarantineError], why: str
) -> None:
    reference = hold(quarantine)
    ask(quarantine, reference, JONES, WHY)
    with pytest.raises(error):
        confirm(quarantine, reference, actor)
    assert show(quarantine, reference, THIRD).message.state is State.HELD
    assert to_review(quarantine) == []


def test_what_cannot_be(quarantine: Quarantine) -> None:
    reference = hold(quarantine)
    with pytest.raises(ConflictError, match="nobody has asked"):
        confirm(quarantine, reference, DUTY)
    with pytest.raises(QuarantineError, match="why"):
        ask(quarantine, reference, JONES, " ")
    ask(quarantine, reference, JONES, WHY)
    Desk(quarantine).decide(reference, THIRD, Decision.RETURN, "no")
    with pytest.raises(ConflictError):
        confirm(quarantine, reference, DUTY)
    with pytest.raises(ConflictError):
        ask(quarantine, reference, JONES, WHY)
    with pytest.raises(ConflictError):
        review(quarantine, reference, THIRD, justified=False, reason="x")
