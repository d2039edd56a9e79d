"""The filter of an address: what it means, what it leaves out, and that it comes back as it was."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine.model import State
from smtp_filter.quarantine.searching import Filter
from smtp_filter.triage.inbox.filters import InboxFilter

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({}, Filter()),
        ({"state": "released"}, Filter(states=frozenset({State.RELEASED}), undecided=False)),
        ({"state": "all"}, Filter(undecided=False)),
        ({"state": "nonsense"}, Filter()),
        ({"severity": "high"}, Filter(severity=Severity.HIGH)),
        ({"severity": "awful"}, Filter()),
        ({"assigned": "me"}, Filter(assignee="t.officer")),
        ({"assigned": "-"}, Filter(assignee="-")),
        ({"assigned": "a.khan"}, Filter(assignee="a.khan")),
        ({"age": "3d"}, Filter(held_before=NOW - 72 * 3600)),
        ({"age": "-1d"}, Filter(held_after=NOW - 24 * 3600)),
        ({"age": "late"}, Filter(overdue=True)),
        ({"domain": "@example.com"}, Filter(domain="example.com")),
        ({"case": "17"}, Filter(case=17)),
        ({"case": "17; drop"}, Filter()),
        ({"case": "٣"}, Filter()),
        ({"grouped": "1"}, Filter(first_of_case=True)),
        ({"unknown": "x", "after": "1:2"}, Filter()),
    ],
    ids=str,
)
def test_meaning(told: dict[str, str], meant: Filter) -> None:
    assert InboxFilter.of(told).wanted("t.officer", None, NOW) == meant


@pytest.mark.parametrize(
    "told",
    [
        {"q": "case review", "severity": "critical", "rule": "a&b=c", "sender": "o'neil+x@council.test"},
        {"state": "awaiting_second", "domain": "example.com", "department": "Adults & Children"},
    ],
    ids=str,
)
def test_the_address_says_it_all(told: dict[str, str]) -> None:
    chosen = InboxFilter.of(told)
    assert dict(parse_qsl(chosen.query)) == told
    assert InboxFilter.of(dict(parse_qsl(chosen.query))) == chosen


def test_departments_limit_whatever_is_asked() -> None:
    wanted = InboxFilter.of({"department": "Housing", "state": "all"}).wanted("x", frozenset({"Adults"}), NOW)
    assert wanted.departments == frozenset({"Adults"})
