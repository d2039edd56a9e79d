"""What is excluded counts as if it were not there; findings know their context and their person."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from scanner.inspection import InspectionSettings, Inspector
from scanner.inspection.model import Exclusions, Inspection
from scanner.judgement.assessment import Severity
from scanner.store.encoding import inspection_from_json, inspection_to_json
from smtp_filter.service.examining import exclusion_facts

# The published specimen of an NHS number.
TEXT = b"Client: Ann Smith\nNHS number: 943 476 5919\nShe was seen at the clinic on Monday.\n"


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector.build(InspectionSettings(key=b"k" * 32, surroundings=True))


def _inspect(inspector: Inspector, excluded: Exclusions | None = None) -> Inspection:
    return inspector.inspect(BytesIO(TEXT), "note.txt", len(TEXT), excluded=excluded)


def test_context_and_person_survive_the_pipe(inspector: Inspector) -> None:
    found = inspection_from_json(inspection_to_json(_inspect(inspector)))
    by_type = {one.entity_type: one for one in found.findings}
    number = by_type["UK_NHS"]
    assert "A** S****" in number.around[0]
    assert "NHS number:" in number.around[0]
    assert number.person > 0
    assert number.person == by_type["PERSON"].person
    assert all("943" not in part and "Ann" not in part for one in found.findings for part in one.around)


def test_a_value_is_excluded(inspector: Inspector) -> None:
    plain = _inspect(inspector)
    value = next(one.fingerprint for one in plain.findings if one.entity_type == "UK_NHS")
    without = _inspect(inspector, Exclusions(values=frozenset({value})))
    assert "UK_NHS" in plain.counts
    assert "UK_NHS" not in without.counts
    assert without.assessment.severity < plain.assessment.severity
    assert plain.assessment.severity >= Severity.MEDIUM


def test_a_rule_is_excluded_and_no_other(inspector: Inspector) -> None:
    plain = _inspect(inspector)
    rule = next(one.rule for one in plain.findings if one.entity_type == "UK_NHS")
    without = _inspect(inspector, Exclusions(rules=frozenset({rule})))
    assert {one.entity_type for one in plain.findings} - {one.entity_type for one in without.findings} == {
        "UK_NHS"
    }
    assert _inspect(inspector, Exclusions(frozenset({"zzzz"}), frozenset({"no rule"}))) == plain


@pytest.mark.parametrize(
    ("excluded", "facts"),
    [
        (None, {}),
        (
            Exclusions(frozenset({"b", "a"}), frozenset({"r"})),
            {"values": ["a", "b"], "rules": ["r"]},
        ),
    ],
    ids=["nothing", "values and a rule"],
)
def test_what_a_worker_is_told(excluded: Exclusions | None, facts: Mapping[str, Any]) -> None:
    assert exclusion_facts(excluded) == facts
