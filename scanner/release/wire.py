"""Checks as plain values: for the pipe between processes, and for ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.judgement.assessment import PeopleCount
from scanner.release.model import Checked, Objection, ReleaseCheck, Remark, SafeCopy, Weight


class WireError(Exception):
    """What came is no check."""


def objection_to_json(objection: Objection) -> dict[str, Any]:
    """An objection as plain values; people only where they were counted."""
    people = objection.people
    return {
        "code": objection.code,
        "weight": objection.weight.value,
        "text": objection.text,
        "action": objection.action,
        "place": objection.place,
        "count": objection.count,
        "people": None if people is None else {"low": people.low, "high": people.high},
        "details": list(objection.details),
    }


def check_to_json(check: ReleaseCheck) -> dict[str, Any]:
    """A check as plain values."""
    return {
        "passed": check.passed,
        "kind": check.kind,
        "inspected": check.inspected,
        "severity": check.severity,
        "people": {"low": check.people.low, "high": check.people.high},
        "counts": dict(check.counts),
        "objections": [objection_to_json(one) for one in check.objections],
        "accepted": [objection_to_json(one) for one in check.accepted],
        "remarks": [
            {"code": one.code, "text": one.text, "place": one.place, "count": one.count}
            for one in check.remarks
        ],
    }


def checked_to_json(checked: Checked) -> dict[str, Any]:
    """One line of ``--json``."""
    line: dict[str, Any] = {"path": checked.path, **check_to_json(checked.check)}
    if checked.copy is not None:
        line["safe_copy"] = copy_to_json(checked.copy)
    return line


def copy_to_json(copy: SafeCopy) -> dict[str, Any]:
    """A safe copy as plain values."""
    return {
        "path": copy.path,
        "problem": copy.problem,
        "removed": list(copy.removed),
        "check": None if copy.check is None else check_to_json(copy.check),
    }


def check_from_json(value: Mapping[str, Any]) -> ReleaseCheck:
    """The check that :func:`check_to_json` wrote; raises :class:`WireError` for anything else."""
    try:
        return ReleaseCheck(
            kind=str(value["kind"]),
            inspected=str(value["inspected"]),
            objections=tuple(_objection(one) for one in value["objections"]),
            accepted=tuple(_objection(one) for one in value["accepted"]),
            remarks=tuple(
                Remark(str(one["code"]), str(one["text"]), str(one["place"]), int(one["count"]))
                for one in value["remarks"]
            ),
            severity=str(value["severity"]),
            people=_people(value["people"]),
            counts={str(name): int(count) for name, count in value["counts"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WireError("no check") from None


def _people(value: Mapping[str, Any]) -> PeopleCount:
    return PeopleCount(int(value["low"]), int(value["high"]))


def _objection(value: Mapping[str, Any]) -> Objection:
    return Objection(
        code=str(value["code"]),
        weight=Weight(value["weight"]),
        text=str(value["text"]),
        action=str(value["action"]),
        place=str(value["place"]),
        count=int(value["count"]),
        people=None if value["people"] is None else _people(value["people"]),
        details=tuple(str(one) for one in value["details"]),
    )
