"""What stands in the further parts of a workbook."""

import pytest

from scanner.documents.parsers.sheets.workbook_parts import literals


@pytest.mark.parametrize(
    ("formula", "texts", "why"),
    [
        ('"Dear Ann Khan, your number is "&"X1"', ["Dear Ann Khan, your number is X1"], "put together"),
        ('"Dear "&A2&", born "&\'My sheet\'!B2', ["Dear  , born "], "with a cell between"),
        ('IF(A1="yes","Ann Khan","Bob Cole")', ["yes", "Ann Khan", "Bob Cole"], "arguments of a function"),
        ('"say ""hello"""', ['say "hello"'], "quotes in a text"),
        ('IF(A1="","","x")', [], "too short to say anything"),
        ("SUM(A1:A9)", [], "no text"),
        ('"never closed', [], "cut off"),
    ],
)
def test_texts_of_a_formula(formula: str, texts: list[str], why: str) -> None:
    assert literals(formula) == texts, why
