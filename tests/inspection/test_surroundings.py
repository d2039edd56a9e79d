"""What stands around a finding: enough to understand it, and nothing of another one."""

from __future__ import annotations

import pytest

from scanner.detection.finding import Finding
from scanner.inspection.surroundings import REACH, Surroundings

TEXT = "Dear Bob, Ann Smith (NHS 943 476 5919) lives near you. Smith rang 01632 960111 about the plan."


def _finding(word: str, kind: str, text: str = TEXT) -> Finding:
    start = text.index(word)
    return Finding(kind, start, start + len(word), 0.9, "rule")


FOUND = (_finding("Ann Smith", "PERSON"), _finding("943 476 5919", "UK_NHS"), _finding("plan", "CHILD_FLAG"))


@pytest.mark.parametrize(
    ("word", "before", "after"),
    [
        (
            "943 476 5919",
            "Dear Bob, A** S**** (NHS",
            ") lives near you. ***** rang ***** ****** about the plan.",
        ),
        (
            "Ann Smith",
            "Dear Bob,",
            "(NHS *** *** ****) lives near you. ***** rang ***** ****** about the plan.",
        ),
    ],
    ids=["a number: the name beside it and the same name later are masked", "a name: the number is masked"],
)
def test_around(word: str, before: str, after: str) -> None:
    around = Surroundings(TEXT, FOUND, frozenset({"CHILD_FLAG"})).around(
        TEXT.index(word), TEXT.index(word) + len(word)
    )
    assert around == (before, after)


def test_a_value_cut_by_the_stretch_is_masked_whole() -> None:
    """The edge runs through a number, found or not, and through a name: nothing of them shows."""
    text = "7788990011 Okafor" + "x " * 36 + "HERE" + " y" * 37 + " 9434765919 Okafor"
    name = Finding("PERSON", 11, 17, 0.9, "rule")
    number = Finding("UK_NHS", text.index("9434"), text.index("9434") + 10, 0.9, "rule")
    at = text.index("HERE")
    before, after = Surroundings(text, [name, number], frozenset()).around(at, at + 4)
    assert len(before) <= REACH
    assert len(after) <= REACH
    for part in (before, after):
        assert not any(char.isdigit() for char in part)
        assert "afor" not in part


def test_overlapping_findings() -> None:
    """A span within another one, and one that begins long before the stretch."""
    text = "Address: 12 High Street, Anytown AB1 2CD, " + "z" * 90 + " end HERE"
    spans = [Finding("UK_ADDRESS", 9, 120, 0.9, "r"), Finding("UK_POSTCODE", 33, 40, 0.9, "r")]
    before, _ = Surroundings(text, spans, frozenset()).around(len(text) - 4, len(text))
    assert before.count("z") == text[120:].count("z")
