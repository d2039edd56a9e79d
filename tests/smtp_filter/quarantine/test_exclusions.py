"""Exclusions: narrow, agreed by two people, known to the relay; what they would have changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smtp_filter.quarantine.exclusions import ExclusionBook, ExclusionRule, ExclusionState
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ConflictError, ForbiddenError, QuarantineError
from tests.smtp_filter.quarantine.making import PATIENT, SENDER, hold, message, raw

FIRST, SECOND = Actor("first"), Actor("second", "approver")
RULE = ExclusionRule(SENDER, values=("aaaa",), told=("UK_NHS ***",), why="our own test number")


def _active(quarantine: Quarantine, rule: ExclusionRule) -> ExclusionBook:
    book = ExclusionBook(quarantine)
    book.decide(book.propose("Q-2026-000001", FIRST, rule), SECOND, "checked", agree=True)
    return book


@pytest.mark.parametrize(
    ("changes", "counts_out"),
    [
        ({}, True),
        ({"sender": SENDER.upper()}, True),
        ({"sender": "other@council.test"}, False),
        ({"recipient": PATIENT}, True),
        ({"recipient": "someone@example.com"}, False),
        ({"domain": "example.com"}, True),
        ({"domain": "example.org"}, False),
        ({"subject": "weekly return #/#"}, True),
        ({"subject": "weekly return"}, False),
    ],
    ids=str,
)
def test_what_the_relay_is_told(quarantine: Quarantine, changes: dict[str, Any], counts_out: bool) -> None:
    """Each narrowing holds or does not hold for one message."""
    book = _active(quarantine, replace(RULE, **changes))
    found = book.counting_out(message(raw(subject="Weekly  Return 12/2026")))
    assert (found is not None and found.values == {"aaaa"}) is counts_out


def test_every_recipient_must_be_meant(quarantine: Quarantine) -> None:
    """A second recipient outside of the rule, and it counts again."""
    book = _active(quarantine, replace(RULE, recipient=PATIENT))
    assert book.counting_out(message(recipients=(PATIENT, "other@example.org"))) is None


def test_no_effect_before_another_person_agreed(quarantine: Quarantine) -> None:
    book = ExclusionBook(quarantine)
    number = book.propose("Q-2026-000001", FIRST, RULE)
    assert book.counting_out(message()) is None
    with pytest.raises(ForbiddenError, match="somebody else"):
        book.decide(number, FIRST, "mine", agree=True)
    with pytest.raises(ForbiddenError, match="your own mail"):
        book.decide(number, replace(SECOND, addresses=frozenset({SENDER})), "mine", agree=True)
    with pytest.raises(QuarantineError, match="reason"):
        book.decide(number, SECOND, " ", agree=True)
    book.decide(number, SECOND, "checked", agree=True)
    assert book.counting_out(message()) is not None
    with pytest.raises(ConflictError, match="active already"):
        book.decide(number, SECOND, "again", agree=False)
    book.end(number, FIRST, "no longer true")
    assert book.counting_out(message()) is None
    assert book.read(number).state is ExclusionState.ENDED


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"why": ""}, "reason"),
        ({"values": ()}, "at least one"),
        ({"sender": ""}, "one sender"),
    ],
    ids=str,
)
def test_what_cannot_be_proposed(quarantine: Quarantine, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(QuarantineError, match=problem):
        ExclusionBook(quarantine).propose("Q-2026-000001", FIRST, replace(RULE, **changes))


def test_what_it_would_have_changed(quarantine: Quarantine) -> None:
    """Only messages that it covers and in which it takes something out."""
    first = hold(quarantine, "1")
    second = hold(quarantine, "2", recipients=("other@example.org",))
    hold(quarantine, "3", sender="n.ahmed@council.test")
    book = ExclusionBook(quarantine)
    told = [(one.reference, one.gone, one.left) for one in book.effect(RULE)]
    assert told == [(second, 1, 1), (first, 1, 1)]
    narrower = replace(RULE, rules=("uk_nino",), domain="example.com")
    assert [(one.reference, one.gone, one.left) for one in book.effect(narrower)] == [(first, 2, 0)]
    assert book.effect(replace(RULE, values=("zzzz",))) == []


def test_nothing_in_the_clear(quarantine: Quarantine) -> None:
    """The sender and what is excluded lie sealed; the log tells no address."""
    _active(quarantine, RULE)
    with quarantine.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM mail_exclusion").all()
        assert SENDER not in str(rows)
        events = [row.event for row in quarantine.audit.events(connection, act="exclusion")]
    assert [event.act for event in events] == ["exclusion.propose", "exclusion.active"]
    assert SENDER not in str(events)
