"""Words of others become harmless text."""

from __future__ import annotations

import pytest

from smtp_filter.triage.web.safe_text import safe_text

TEXTS = (
    ("Rent arrears", "Rent arrears", "plain"),
    ("Übergröße, ŵy, Ağrı, 北京", "Übergröße, ŵy, Ağrı, 北京", "other alphabets"),
    ("नमस्ते विद्या", "नमस्ते विद्या", "marks that belong to their letters"),
    ("ab\u202egpj.exe", "ab�gpj.exe", "turned round (RTL override)"),
    ("a\u2066b\u2069\u200fc", "a�b��c", "isolates and marks of direction"),
    ("a\x00b\x1b[31mc\x7f", "a�b�[31mc�", "control characters"),
    ("zero\u200bwidth\ufeff", "zero�width�", "invisible"),
    ("two\nlines\tand\rmore", "two lines and more", "one line"),
    ("line\u2028separator", "line separator", "a line's end of Unicode"),
    ("e" + "\u0301" * 300, "e" + "\u0301" * 4, "marks that climb over the lines above"),
    ("\ud800x", "�x", "half a character"),
    ("👩\u200d👧", "👩\u200d👧", "joined pictures"),
)


@pytest.mark.parametrize(("text", "shown", "why"), TEXTS)
def test_harmless(text: str, shown: str, why: str) -> None:
    assert safe_text(text) == shown, why


def test_lines_are_kept_where_wanted() -> None:
    assert safe_text("a\r\nb\tc\x0b", lines=True) == "a\nb\tc�"


def test_a_line_of_a_megabyte_is_cut_and_says_so() -> None:
    shown = safe_text("x" * 1_048_576)
    assert shown == "x" * 400 + "… (1,048,576 characters)"
