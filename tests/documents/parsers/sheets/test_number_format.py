"""Number formats: what a person sees in the cell."""

from __future__ import annotations

import pytest

from scanner.documents.parsers.sheets.number_format import general, is_date_format, render, render_text


@pytest.mark.parametrize(
    ("raw", "code", "shown"),
    [
        ("12345678", "General", "12345678"),
        ("9434765919", "General", "9434765919"),
        ("1.2345678E7", "General", "12345678"),
        ("0.1", "General", "0.1"),
        ("0.30000000000000004", "General", "0.3"),
        ("-5", "General", "-5"),
        ("1234567", "00000000", "01234567"),
        ("40004", r"00\-00\-00", "04-00-04"),
        ("40004", '00"-"00"-"00', "04-00-04"),
        ("7700900123", "00000 000000", "07700 900123"),
        ("9434765919", "000 000 0000", "943 476 5919"),
        ("1234567.5", "#,##0.00", "1,234,567.50"),
        ("1234", "[$£-809]#,##0.00", "£1,234.00"),
        ("-1234.5", "#,##0.00;[Red](#,##0.00)", "(1,234.50)"),
        ("-1234.5", "_-* #,##0.00_-;-* #,##0.00_-", "-1,234.50"),
        ("0", '0;-0;"nil"', "nil"),
        ("5", ";;;", ""),
        ("0.256", "0.0%", "25.6%"),
        ("1234567", '0.0,,"M"', "1.2M"),
        ("0.5", "#.##", ".5"),
        ("0.5", "# ?/?", "1/2"),
        ("1.75", "# ?/?", "1 3/4"),
        ("12345", "0.00E+00", "1.23E+04"),
        ("1.0119037707963007E-5", "0.000000000000000000000", "0.000010119037707963000"),
        ("4111111111111111", "0", "4111111111111111"),
        ("1.5e176", "0.00", "1.5E+176"),
        ("2.5", "0", "3"),
        ("-0.4", "0", "0"),
        ("12", '[<10]"low";[>=10]"high"', "high"),
        ("28916", "dd/mm/yyyy", "02/03/1979"),
        ("28916", "d-mmm-yy", "2-Mar-79"),
        ("28916", "[$-809]dd mmmm yyyy;@", "02 March 1979"),
        ("28916", "[$-F800]dddd, mmmm dd, yyyy", "02 March 1979"),
        ("28916", "ddd d mmmmm", "Fri 2 M"),
        ("28916.75", "dd/mm/yyyy hh:mm", "02/03/1979 18:00"),
        ("28916.75", "h:mm AM/PM", "6:00 PM"),
        ("28916.999999999", "dd/mm/yyyy hh:mm:ss", "03/03/1979 00:00:00"),
        ("1.5", "[h]:mm:ss", "36:00:00"),
        ("0.000729166", "mm:ss", "01:03"),
        ("1", "dd/mm/yyyy", "01/01/1900"),
        ("59", "dd/mm/yyyy", "28/02/1900"),
        ("61", "dd/mm/yyyy", "01/03/1900"),
        ("0", "dd/mm/yyyy", "00/01/1900"),
        ("0.75", "dd/mm/yyyy hh:mm", "00/01/1900 18:00"),
        ("-0.75", "[h]:mm", "-18:00"),
        ("99.995", "0.0E+00", "1.0E+02"),
        ("999999.5", "##0.0E+0", "1.0E+6"),
        ("0.5", "# ?/8", "4/8"),
        ("-3.5", "# ?/?", "-3 1/2"),
        ("-0.5", "# ?/?", "- 1/2"),
        ("2", "# ?/8", "2"),
        ("-1", "[Red][<0]-0.0;[Blue]0.0", "-1.0"),
        ("-1", "[<=100]0.0;0", "-1.0"),
        ("5", '"text "@', "5"),
        ("5", '0.0;"text "@', "5.0"),
        ("-5", '0.0;"text "@', "-5.0"),
        ("-28916", "dd/mm/yyyy;@", "-28916"),
        # Near misses: what is none of these is shown as it is.
        ("-1", "dd/mm/yyyy", "-1"),
        ("99999999", "dd/mm/yyyy", "99999999"),
        ("abc", "0.00", "abc"),
        ("1e400", "0", "1e400"),
        ("7", '"unclosed', "unclosed"),
        ("7", "", "7"),
    ],
)
def test_render(raw: str, code: str, shown: str) -> None:
    assert render(raw, code) == shown


def test_dates_of_the_1904_system() -> None:
    assert render("27454", "dd/mm/yyyy", date1904=True) == "02/03/1979"


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("dd/mm/yyyy", True),
        ("[h]:mm", True),
        ("mmm yy", True),
        ("General", False),
        ('0.00" days"', False),
        ("[Red]0", False),
        (r"0\d", False),
        ("#,##0", False),
    ],
)
def test_is_date_format(code: str, is_date: bool) -> None:
    assert is_date_format(code) is is_date


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("AB1", "@", "AB1"),
        ("AB1", '0;0;0;"ref "@', "ref AB1"),
        ("AB1", "General", "AB1"),
        ("AB1", ";;;", ""),
        ("AB1", "0;0;0", "AB1"),
        ("AB1", "dd/mm/yyyy;@", "AB1"),
    ],
)
def test_render_text(text: str, code: str, shown: str) -> None:
    assert render_text(text, code) == shown


def test_general_keeps_all_digits_of_whole_numbers() -> None:
    assert general("4111111111111110") == "4111111111111110"
    assert general("4.11111111111111E+15") == "4111111111111110"
    assert general("007") == "7"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("0.57894736842105265", "0.578947368421053"),
        ("7700900347.4321098", "7700900347.43211"),  # ten digits of it would be somebody's number
        ("1.0955268513695852E-9", "1.09552685136959E-09"),
        ("1.1462805637347074E+170", "1.14628056373471E+170"),
        ("12345678901234567890", "12345678901234567890"),
        ("1e-5", "0.00001"),
        ("1.2345e-5", "0.000012345"),
        ("1.23456e-5", "1.23456E-05"),
        ("0.0000012", "0.0000012"),
        ("0.000016963301529967595", "1.69633015299676E-05"),
        ("1e400", "1e400"),
        ("NaN", "NaN"),
    ],
)
def test_general_keeps_fifteen_digits_of_decimals(raw: str, shown: str) -> None:
    assert general(raw) == shown
