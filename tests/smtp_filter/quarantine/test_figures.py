"""Figures: what was held, how long, and how often in vain."""

from __future__ import annotations

import time

import pytest

from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.emergency import ask, confirm
from smtp_filter.quarantine.figures import RuleFigures, figures
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, Decision, State
from tests.smtp_filter.quarantine.making import SENDER, hold

KHAN = Actor("a.khan")


def test_figures_of_a_span(quarantine: Quarantine) -> None:
    desk = Desk(quarantine)
    false, right, waits, urgent = (hold(quarantine, str(number)) for number in range(4))
    desk.decide(false, KHAN, Decision.RELEASE, "not personal", false_alarm=True)
    desk.decide(right, KHAN, Decision.RETURN, "no")
    ask(quarantine, urgent, Actor("m.jones", addresses=frozenset({SENDER})), "tonight")
    confirm(quarantine, urgent, Actor("duty", role="duty"))
    table = tables.message
    with writing(quarantine.engine) as connection:
        for reference, minutes in ((false, 30), (right, 10), (urgent, 2)):
            connection.execute(
                table.update()
                .where(table.c.reference == reference)
                .values(decided_at=table.c.held_at + 60.0 * minutes)
            )
    found = figures(quarantine, time.time() - 3600, time.time() + 3600)
    assert (found.held, found.decided, found.false_alarms, found.emergencies) == (4, 3, 1, 1)
    assert found.by_state == {State.RELEASING: 2, State.REJECTED: 1, State.HELD: 1}
    assert found.by_severity == {Severity.HIGH: 4}
    assert found.held_minutes == pytest.approx(42)
    assert found.false_hold_minutes == pytest.approx(30)
    assert found.median_minutes == pytest.approx(10)
    assert found.by_rule == (RuleFigures("outside-sensitive", 4, 0, 1),)
    assert waits


def test_a_span_without_anything(quarantine: Quarantine) -> None:
    hold(quarantine)
    found = figures(quarantine, 0.0, 1.0)
    assert (found.held, found.by_rule, found.median_minutes, found.held_minutes) == (0, (), None, 0)
