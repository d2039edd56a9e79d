"""Check digits against published specimens, and against their near misses."""

import pytest

from rules.checks import CHECKS, ten_digit_passes

PASS = [
    ("nino", "AB123456C", "common form example"),
    ("nino", "JG121316", "suffix missing"),
    ("nhs", "4010232137", "issued range"),
    ("mod11", "9434765919", "NHS, published specimen"),
    ("mod11", "9434765870", "NHS, published specimen"),
    ("chi", "0101011237", "Public Health Scotland"),
    ("chi", "1904851231", "Public Health Scotland"),
    ("chi", "2902201230", "leap day"),
    ("uln", "9276308686", "HESA"),
    ("utr", "1955839661", "python-stdnum"),
    ("upn", "H801200001001", "DfE test value"),
    ("upn", "B801200005001", "python-stdnum"),
    ("driver_number", "MORGA657054SM9IJ", "GOV.UK example"),
    ("iban", "GB29NWBK60161331926819", "ISO 13616"),
    ("card", "378282246310005", "industry test number"),
    ("vat", "980780684", "python-stdnum"),
    ("pnc", "20030011985X", "MoJ test value"),
    ("pnc", "19810154257C", "MoJ test value"),
    ("cro", "06565691H", "MoJ test value"),
    ("cro_file", "SF05482703J", "MoJ test value"),
    ("vehicle_age", "BD51SMR", "teaching example"),
]

FAIL = [
    ("nino", "QQ123456C", "Q is not allocated"),
    ("nino", "BG123456A", "prefix not allocated"),
    ("nino", "PO123456A", "O second"),
    ("nino", "AB123456E", "suffix E"),
    ("mod11", "9876544321", "printed example that fails"),
    ("mod11", "4857773456", "printed example that fails"),
    ("mod11", "0000000000", "placeholder"),
    ("chi", "3113011231", "no such day"),
    ("uln", "9999999999", "placeholder"),
    ("utr", "1234567890", "HMRC placeholder"),
    ("upn", "H801200001002", "wrong check letter"),
    ("upn", "I801200001001", "letter not used"),
    ("driver_number", "MORGA680304SM9IJ", "30 February"),
    ("iban", "GB29NWBK60161331926818", "wrong check digits"),
    ("card", "1611111111111111", "begins with 1"),
    ("card", "4111111111111112", "Luhn"),
    ("pnc", "20030011985Y", "wrong letter"),
    ("vehicle_age", "BD01SMR", "01 was never issued"),
    ("vehicle_age", "BD50SMR", "50 was never issued"),
    ("not_a_month", "MAR25A", "a date"),
    ("not_uniform", "00000000", "placeholder"),
]


@pytest.mark.parametrize(("check", "value", "why"), PASS)
def test_passes(check: str, value: str, why: str) -> None:
    assert CHECKS[check](value), why


@pytest.mark.parametrize(("check", "value", "why"), FAIL)
def test_fails(check: str, value: str, why: str) -> None:
    assert not CHECKS[check](value), why


def test_a_tenth_of_random_numbers_pass_and_no_more() -> None:
    """The share that passes by chance, which the confidences are built on (reference 1.4)."""
    numbers = [f"{7_919 * n * n % 10**10:010d}" for n in range(1, 20_001)]
    rates = {check: sum(map(CHECKS[check], numbers)) / len(numbers) for check in ("mod11", "uln", "utr")}
    assert 0.08 < rates["mod11"] < 0.10
    assert 0.07 < rates["uln"] < 0.095
    assert 0.08 < rates["utr"] < 0.12


def test_the_family_at_once_agrees_with_each_check() -> None:
    for n in range(3_000):
        number = f"{(7_919 * n * n + 101_011_237) % 10**10:010d}"
        passes = ten_digit_passes([int(digit) for digit in number])
        assert passes["nhs"] is CHECKS["mod11"](number)
        assert passes["uln"] is CHECKS["uln"](number)
        assert passes["utr"] is CHECKS["utr"](number)
        assert passes["chi"] is (CHECKS["mod11"](number) if CHECKS["chi_date"](number) else None)
