"""Dates as people write them: Roman months, look-alike characters, and odd input that must never raise."""

from __future__ import annotations

import random
from datetime import date

import pytest

from scanner.detection.dates import dates_in, read_date

REFERENCE = date(2025, 6, 1)


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("30.i.91", date(1991, 1, 30), "Roman January"),
        ("3.iii.95", date(1995, 3, 3), "Roman March"),
        ("17.VII.1999", date(1999, 7, 17), "in capitals, whole year"),
        ("9 - vi - 88", date(1988, 6, 9), "spaces around"),
        ("24/xii/80", date(1980, 12, 24), "with slashes"),
        ("1.ii.2003", date(2003, 2, 1), "two strokes are February, not eleven"),
        ("l3/O7/2O1O", date(2010, 7, 13), "misread digits"),
        ("12.l1.20l0", date(2010, 11, 12), "misread ones"),
        ("L2/03/2015", date(2015, 3, 12), "a capital L"),
        ("3.iiii.95", None, "no month has four strokes"),
        ("31.ii.95", None, "no 31 February"),
        ("4.iv.b", None, "a clause of a contract"),
        ("3.v.2", None, "a paragraph of a schedule"),
    ],
)
def test_roman_months_and_misread_digits(text: str, expected: date | None, why: str) -> None:
    written = next(iter(dates_in(text, 0, len(text), REFERENCE)), None)
    assert (written.day if written is not None else None) == expected, why


def test_no_odd_input_raises() -> None:
    chance = random.Random(20250601)
    parts = ["i", "ii", "IV", "l", "L", "O", "o", "I", "0", "00", "1", "9", "19", "20", "2O", "99", "'", "th",
             ".", "/", "-", " ", ",", "|",
             "Jan", "mai", "MAWRTH", "of", "T", "²", "٣", "½", "\n", "ſ", "İ"]  # fmt: skip
    for _ in range(4_000):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(1, 12)))
        for labelled in (False, True):
            for written in dates_in(text, 0, len(text), REFERENCE, labelled=labelled):
                assert 0 <= written.start < written.end <= len(text)
                assert read_date(text, written.start, REFERENCE, labelled=labelled) is not None
