from __future__ import annotations

from typing import Any

import pytest

from rules.loader import Identifiers
from rules.schema import IdentifierRule
from scanner.store.inventory.changes import Effect, compare

FORM = {"id": "plain", "pattern": "TN{s}[0-9]{6}", "scores": {"alone": 0.3, "context": 0.8}}


def rule(**changes: Any) -> IdentifierRule:
    return IdentifierRule.model_validate(
        {
            "id": "tenancy",
            "entity": "TENANCY",
            "title": "Tenancy",
            "source": "manual",
            "context": ["tenancy", "our ref"],
            "counter": ["part"],
            "forms": [FORM],
            "examples": {"match": ["«TN123456»"], "no_match": ["TN1"]},
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("after", "effect"),
    [
        (rule(title="Another title"), Effect.NOTHING),
        (rule(examples={"match": ["«TN654321»"], "no_match": ["x"]}), Effect.NOTHING),
        (rule(stage="shadow"), Effect.STAGE),
        (rule(stage="warn"), Effect.STAGE),
        (rule(stage="warn", title="Another"), Effect.STAGE),
        (rule(stage="shadow", context=["more", "words"]), Effect.REMOVED),
        (rule(counter=["part", "delivery note"]), Effect.FEWER),
        (rule(context=["tenancy"]), Effect.FEWER),
        (rule(specimens=["TN000000"]), Effect.FEWER),
        (rule(of_organisations=False), Effect.FEWER),
        (rule(forms=[{**FORM, "scores": {"alone": 0.2, "context": 0.8}}]), Effect.FEWER),
        (rule(forms=[{**FORM, "case": "upper"}]), Effect.FEWER),
        (rule(forms=[{**FORM, "near": "label"}]), Effect.FEWER),
        (rule(forms=[{**FORM, "scores": {"alone": 0.4, "context": 0.8}}]), Effect.MORE),
        (rule(forms=[{**FORM, "pattern": "TN{s}[0-9]{7}"}]), Effect.MORE),
        (rule(forms=[FORM, {**FORM, "id": "other"}]), Effect.MORE),
        (rule(context=["tenancy", "our ref", "account"]), Effect.MORE),
        (rule(counter=[]), Effect.MORE),
        (rule(entity="OTHER"), Effect.MORE),
        (rule(family="ten-digit"), Effect.MORE),
        (rule(stage="warn", counter=["part", "more"]), Effect.MORE),
    ],
)
def test_what_a_changed_rule_can_do(after: IdentifierRule, effect: Effect) -> None:
    [change] = compare(Identifiers((rule(),), ()), Identifiers((after,), ()))
    assert change.effect is effect


@pytest.mark.parametrize(
    ("before", "after", "effects"),
    [
        ((rule(),), (rule(),), []),
        ((rule(),), (), [Effect.REMOVED]),
        ((), (rule(),), [Effect.MORE]),
        ((), (rule(stage="shadow"),), [Effect.NOTHING]),
        ((rule(stage="shadow"),), (rule(stage="shadow", context=["x"]),), [Effect.NOTHING]),
        ((rule(stage="shadow"),), (rule(context=["x"]),), [Effect.MORE]),
    ],
)
def test_rules_that_come_and_go(
    before: tuple[IdentifierRule, ...], after: tuple[IdentifierRule, ...], effects: list[Effect]
) -> None:
    assert [one.effect for one in compare(Identifiers(before, ()), Identifiers(after, ()))] == effects


def test_labels_that_speak_against_everything() -> None:
    some, more = Identifiers((), ("part",)), Identifiers((), ("part", "order"))
    assert [one.effect for one in compare(some, more)] == [Effect.FEWER]
    assert [one.effect for one in compare(more, some)] == [Effect.MORE]
