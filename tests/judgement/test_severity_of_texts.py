"""Severity of whole texts, genre by genre and row by row of the table of severities.

The texts stand in ``texts/``, one file per severity: a line ``=== severity | why`` and the text.  Numbers are
made when the test runs (``{nhs}``, ``{nino:spaced}``); nothing in them belongs to anybody.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from scanner.inspection import InspectionSettings, Inspector
from tests.evaluation.specimens import make

INSPECTOR = Inspector.build(InspectionSettings(key=bytes(32)))
# What the judge does not do yet: each is a gap of its own, and no text is bent to hide it.
GAPS = frozenset(
    {
        "adult safeguarding",  # told in plain words only
        "neighbour accusation",  # a slip between "deals" and "dealing"
        "evicted tenant",  # the name is not found
        "release notes of a case system",  # a real-looking NHS number in an error message
        "words in jest",  # "threatened", of the photocopier
        "stock list with codes like NINOs",
    }
)
FOLDER = Path(__file__).parent / "texts"
_MADE = re.compile(r"\{([a-z]+)(?::[a-z]+)?\}")


def texts() -> Iterator[tuple[str, str, str]]:
    """``(severity, why, text)`` of each text."""
    for path in sorted(FOLDER.glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("=== ")[1:]:
            head, _, text = part.partition("\n")
            severity, _, why = head.partition(" | ")
            yield severity, why, _MADE.sub(_value, text)


def _value(match: re.Match[str]) -> str:
    return make(match.group(1), (), random.Random(match.group()))


@pytest.mark.parametrize(
    ("severity", "why", "text"),
    [
        pytest.param(
            *text,
            id=text[1],
            marks=[pytest.mark.xfail(strict=False, reason="gap")] if text[1] in GAPS else [],
        )
        for text in texts()
    ],
)
def test_severity(severity: str, why: str, text: str) -> None:
    judged = INSPECTOR.inspect_text(text, reference_date=date(2025, 6, 2)).assessment
    assert judged.severity.word == severity, [reason.text for reason in judged.reasons]
