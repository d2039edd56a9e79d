"""Inspections over the pipe and into the ledger: all comes back, values only where they were asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scanner.documents.model import Coverage, Gap, Location, ProtectedPart, Protection, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store.encoding import (
    Evidence,
    evidence_to_json,
    inspection_from_json,
    inspection_to_json,
    values_to_json,
)


def inspection(value: str | None) -> Inspection:
    return Inspection(
        coverage=Coverage(
            Status.PARTIAL,
            "zip",
            (Gap(Location(("a.zip", "b")), Shortfall.ENCRYPTED, "no password"),),
            Protection.PARTLY,
            (
                ProtectedPart(Location(("a.zip", "b")), Protection.STRONG, "ZIP AES-256"),
                ProtectedPart(Location(("a.zip", "c")), Protection.NAME_ONLY, "PDF", "empty password"),
            ),
        ),
        assessment=Assessment(Severity.HIGH, PeopleCount(2, 3), (Reason("nino", "why", Severity.HIGH),)),
        findings=(
            LocatedFinding(
                "UK_NINO", "a > b", "hidden row", 0.9, "*******6C", "fp", "r", ("check: ok",), value
            ),
            LocatedFinding("PERSON", "a > c", "", 0.5, "A** B**", "fq", "s"),
        ),
        counts={"UK_NINO": 1, "PERSON": 4},
        content_hash="abc",
        size=12,
    )


@pytest.mark.parametrize("value", [None, "QQ123456C", "né\udce9\n"])
def test_everything_comes_back(value: str | None) -> None:
    sent = json.loads(json.dumps(inspection_to_json(inspection(value))))
    assert inspection_from_json(sent) == inspection(value)


def test_many_gaps_and_parts_hide_no_other_kind() -> None:
    here = Location(("x",))
    gaps = tuple(Gap(here / str(number), Shortfall.ENCRYPTED) for number in range(500))
    parts = tuple(ProtectedPart(here / str(number), Protection.STRONG) for number in range(500))
    coverage = Coverage(
        Status.PARTIAL,
        "zip",
        (*gaps, Gap(here, Shortfall.DAMAGED)),
        Protection.PARTLY,
        (*parts, ProtectedPart(here, Protection.WEAK), ProtectedPart(here, Protection.STRONG, "", "opened")),
    )
    back = inspection_from_json(inspection_to_json(replace(inspection(None), coverage=coverage))).coverage
    assert len(back.gaps) < 50
    assert len(back.protected) < 100
    assert {gap.reason for gap in back.gaps} == {Shortfall.ENCRYPTED, Shortfall.DAMAGED}
    assert {(part.protection, part.opened) for part in back.protected} == {
        (Protection.STRONG, ""),
        (Protection.WEAK, ""),
        (Protection.STRONG, "opened"),
    }


def test_evidence_of_earlier_versions_is_read() -> None:
    data = json.loads(evidence_to_json(inspection(None)))
    del data["protected"]
    assert Evidence(json.dumps(data)).protected == ()


def test_evidence_holds_no_value() -> None:
    assert "QQ123456C" not in evidence_to_json(inspection("QQ123456C"))
    assert values_to_json(inspection("QQ123456C")) == '["QQ123456C", null]'
    assert values_to_json(inspection(None)) is None


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("status", "fine"),
        ("severity", 9),
        ("protection", "x"),
        ("people", [1]),
        ("evidence", "{}"),
        ("evidence", "no json"),
        ("values", '["one value too few"]'),
        ("size", "large"),
    ],
)
def test_a_malformed_inspection_is_refused(key: str, wrong: object) -> None:
    sent = inspection_to_json(inspection("QQ123456C")) | {key: wrong}
    with pytest.raises((ValueError, KeyError, TypeError)):
        inspection_from_json(sent)
