"""The register itself: every file is built, the same each time, and its truth is in it."""

from __future__ import annotations

import pytest

from tests.evaluation.files import contents
from tests.evaluation.files.making import REGISTER, Plan, start
from tests.evaluation.files.scoring import SEVERITIES, compare

contents.load()
_SLOW = "thirty_thousand_rows.xlsx"


def test_names_are_unique() -> None:
    names = [plan.name for plan in REGISTER]
    assert len(names) == len(set(names))


def test_a_third_is_harmless() -> None:
    harmless = sum(1 for plan in REGISTER if plan.most in ("none", "low"))
    assert len(REGISTER) * 0.25 < harmless < len(REGISTER) * 0.45


@pytest.mark.parametrize(
    "plan", [plan for plan in REGISTER if plan.name != _SLOW], ids=lambda plan: plan.name
)
def test_every_file_is_built(plan: Plan) -> None:
    first, again = start(plan), start(plan)
    assert plan.build(first), "something is written"
    plan.build(again)
    assert first.expected == again.expected, "the truth is the same each time"
    assert SEVERITIES.index(plan.least) <= SEVERITIES.index(plan.most)
    if plan.least in ("high", "critical"):
        assert first.expected, "a sensitive file says what is in it"


def test_a_file_without_its_values_is_told(inspector_of_nothing: object) -> None:
    """The scorer itself: what is not found is missed, and a severity that is too low is wrong."""
    plan = next(plan for plan in REGISTER if plan.name == "council_tax_arrears.xlsx")
    make = start(plan)
    plan.build(make)
    result = compare(plan, plan.name, make, inspector_of_nothing)  # type: ignore[arg-type]
    assert len(result.missed) == len(make.expected)
    assert not result.severity_right
    assert not result.people_right


@pytest.fixture
def inspector_of_nothing() -> object:
    """An inspection of an empty text."""
    from scanner.inspection import InspectionSettings, Inspector

    return Inspector.build(InspectionSettings(key=b"\0" * 32)).inspect_bytes(b"nothing", "x.txt")
