"""What a cell shows, the number behind it, and numbers that programs rewrote."""

from __future__ import annotations

import pytest

from scanner.documents.parsers.sheets.cell_text import number_shown, whole_number


@pytest.mark.parametrize(
    ("value", "code", "texts", "why"),
    [
        ("4505577104", "#,##0", ["4,505,577,104", "4505577104"], "thousands hide a health number"),
        ("4505577104", "0.00", ["4505577104.00", "4505577104"], "and so do decimals"),
        ("4505577104", "000 000 0000", ["450 557 7104"], "groups of a number are read as they are"),
        ("4505577104", "0.00E+00", ["4.51E+09", "4505577104"], "an exponent"),
        ("12345678", "#,##0", ["12,345,678"], "an amount of eight digits stays an amount"),
        ("12345678", "0.00", ["12345678.00", "12345678"], "an account in a column of decimals"),
        ("1234567", "0.00", ["1234567.00"], "an amount of seven"),
        ("1234567890.5", "#,##0.00", ["1,234,567,890.50"], "no whole number"),
        ("70116", "000000", ["070116"], "a sort code with its zero"),
    ],
)
def test_number_shown(value: str, code: str, texts: list[str], why: str) -> None:
    assert [text for text, _ in number_shown(value, code)] == texts, why


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4505577104.0", "4505577104"),
        ("4.505577104E9", "4505577104"),
        ("4.50557710E+09", "4505577100"),
        ("4.50557E+09", "4.50557E+09"),
        ('="00123"', "00123"),
        ('=""', '=""'),
        ("192.168.10.20", "192.168.10.20"),
        ("1,2,3,4,5,6", "1,2,3,4,5,6"),
        ("12:34:56.0", "12:34:56.0"),
        ("01/02/2010", "01/02/2010"),
    ],
)
def test_whole_number(text: str, number: str) -> None:
    assert whole_number(text) == number
