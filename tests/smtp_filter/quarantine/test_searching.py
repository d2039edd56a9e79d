"""Lists: filters that combine, pages that neither skip nor repeat, and a fixed number of queries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, Decision, NotFoundError, State
from smtp_filter.quarantine.searching import Filter, counters, list_messages, references
from tests.smtp_filter.quarantine.making import (
    NHS,
    OTHER,
    PATIENT,
    SENDER,
    hold,
    inspection,
    message,
    open_quarantine,
    raw,
    verdict,
)

KHAN = Actor("a.khan")


@pytest.fixture
def filled(quarantine: Quarantine) -> Quarantine:
    """Five messages: see the table."""
    hold(quarantine, "1", severity=Severity.CRITICAL, department="Children")
    hold(quarantine, "2", sender="other@council.test", subject="Siân's tenancy", department="Housing")
    hold(quarantine, "3", recipients=(OTHER, PATIENT), severity=Severity.MEDIUM)
    hold(quarantine, "4", subject="Lunch")
    hold(quarantine, "5", subject="Gone")
    desk = Desk(quarantine)
    desk.claim(f"q-{time.gmtime().tm_year}-000004", KHAN)
    desk.decide(references(quarantine, Filter(text="gone"))[0], KHAN, Decision.RETURN, "no")
    return quarantine


EVER = Filter(undecided=False)
FILTERS = [
    # what is looked for, which of the five
    (Filter(), {1, 2, 3, 4}),
    (EVER, {1, 2, 3, 4, 5}),
    (Filter(states=frozenset({State.REJECTED})), {5}),
    (Filter(states=frozenset({State.IN_REVIEW, State.HELD}), severity=Severity.CRITICAL), {1}),
    (Filter(severities=frozenset({Severity.MEDIUM, Severity.CRITICAL})), {1, 3}),
    (Filter(sender="Other@Council.test"), {2}),
    (Filter(sender=PATIENT), set()),
    (Filter(recipient=PATIENT), {1, 2, 3, 4}),
    (Filter(recipient=OTHER), {3}),
    (Filter(domain="example.org"), {3}),
    (Filter(domain="EXAMPLE.com"), {1, 2, 3, 4}),
    (Filter(domain="xample.com"), set()),
    (Filter(rule="outside-sensitive"), {1, 2, 3, 4}),
    (Filter(rule="outside"), set()),
    (Filter(department="Housing"), {2}),
    (Filter(departments=frozenset({"Housing", "Children"})), {1, 2}),
    (Filter(departments=frozenset()), set()),
    (Filter(assignee="a.khan"), {4}),
    (Filter(assignee="-"), {1, 2, 3}),
    (Filter(text="lunch"), {4}),
    (Filter(text="SIAN tenancy"), {2}),
    (Filter(text="Siân's lunch"), set()),
    (Filter(text="lun"), set()),
    (Filter(text=SENDER), {1, 3, 4}),
    (Filter(text="jones"), {1, 2, 3, 4}),
    (Filter(text="strong identifier"), {1, 2, 3, 4}),
    (Filter(text="okafor", severity=Severity.HIGH), {1}),
    (Filter(text=NHS), set()),
    (Filter(needs_second=True), {1}),
    (Filter(needs_second=False, recipient=OTHER), {3}),
    (Filter(escalated=True), set()),
    (Filter(held_before=1.0), set()),
    (Filter(held_after=1.0), {1, 2, 3, 4}),
    (Filter(overdue=True), set()),
]


def test_filters(filled: Quarantine) -> None:
    for wanted, found in FILTERS:
        page = list_messages(filled, wanted)
        assert {int(one.reference[-6:]) for one in page.messages} == found, wanted
        assert page.total == len(found)
        assert {int(reference[-6:]) for reference in references(filled, wanted)} == found


def test_the_number_finds_it(filled: Quarantine) -> None:
    year = time.gmtime().tm_year
    (found,) = list_messages(filled, replace(EVER, text=f"q-{year}-000003")).messages
    assert found.reference == f"Q-{year}-000003"


def test_a_value_in_the_subject_is_not_searched(quarantine: Quarantine) -> None:
    data = raw(subject=f"Review of Zebedee {NHS}")
    quarantine.hold(message(data), inspection(in_subject=True), verdict())
    for text in ("zebedee", "943", "4765919"):
        assert list_messages(quarantine, Filter(text=text)).messages == ()
    assert len(list_messages(quarantine, Filter(text="jones")).messages) == 1


@pytest.mark.parametrize("wanted", [Filter(), EVER])
def test_pages_neither_skip_nor_repeat(quarantine: Quarantine, wanted: Filter) -> None:
    for number in range(11):
        severity = Severity.HIGH if number % 2 else Severity.MEDIUM
        hold(quarantine, str(number), severity=severity)
    seen: list[str] = []
    after = ""
    while True:
        page = list_messages(quarantine, wanted, limit=4, after=after)
        seen += [one.reference for one in page.messages]
        after = page.following
        if not after:
            break
    assert len(seen) == len(set(seen)) == 11
    whole = [one.reference for one in list_messages(quarantine, wanted, limit=100).messages]
    assert seen == whole
    with pytest.raises(NotFoundError):
        list_messages(quarantine, wanted, after="nonsense")


@contextmanager
def counted(quarantine: Quarantine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(quarantine.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(quarantine.engine, "before_cursor_execute", note)


def test_a_page_takes_the_same_queries_however_long(quarantine: Quarantine) -> None:
    numbers = []
    for many in (1, 12):
        for number in range(many):
            hold(quarantine, f"{many}-{number}", recipients=(PATIENT, OTHER))
        with counted(quarantine) as statements:
            list_messages(quarantine, Filter(text="okafor", domain="example.org"))
        numbers.append(len([one for one in statements if not one.startswith("BEGIN")]))
    assert numbers[0] == numbers[1] <= 7


PLANS = [
    # what is listed, the index that it must go along
    (Filter(), "held_message_queue"),
    (Filter(severity=Severity.HIGH, department="Housing", assignee="-"), "held_message_queue"),
    (EVER, "held_message_by_time"),
    (Filter(sender=SENDER), "held_message"),
    (Filter(text="okafor", domain="example.com"), "held_message"),
]


def test_lists_go_along_an_index(tmp_path: Path) -> None:
    quarantine = open_quarantine(f"sqlite:///{tmp_path}/d/dlp.db", tmp_path)
    hold(quarantine)
    for wanted, index in PLANS:
        with counted(quarantine) as statements:
            list_messages(quarantine, wanted)
        (page,) = [one for one in statements if "ORDER BY" in one and "held_message.summary" in one]
        with quarantine.engine.connect() as connection:
            explained = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {page}", tuple([0] * page.count("?"))
            ).all()
        plan = " / ".join(str(row[-1]) for row in explained)
        assert "TEMP B-TREE FOR ORDER BY" not in plan or wanted.sender or wanted.text, plan
        assert not [row for row in explained if row[-1] == "SCAN held_message"], plan
        assert index in plan


def test_counters(filled: Quarantine) -> None:
    found = counters(filled)
    assert found.undecided == 4
    assert found.by_severity == {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 1}
    assert found.by_state == {State.HELD: 3, State.IN_REVIEW: 1}
    assert found.by_assignee == {"": 3, "a.khan": 1}
    assert (found.overdue, found.oldest is not None) == (0, True)
    assert counters(filled, frozenset({"Housing"})).undecided == 1
