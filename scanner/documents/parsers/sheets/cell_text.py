"""What a cell shows for what it stores, and the stored value where its format hides it."""

from __future__ import annotations

import re

from scanner.documents.parsers.sheets.number_format import (
    GENERAL,
    general,
    is_date_format,
    render,
    render_text,
)

# Below this many digits a number that its format rounds away identifies nobody.
_DIGITS_THAT_MATTER = 6
# From here on a whole number written like an amount may be the number of a person.
_DIGITS_OF_NUMBERS = 9
# How programs write a whole number as a decimal, with separators of thousands, or with an exponent.
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.0+)?|\d+\.0+")
_EXPONENT = re.compile(r"(\d)(?:\.(\d{1,17}))?[Ee]\+?0?(\d{1,2})")


def text_shown(text: str, code: str) -> list[tuple[str, str]]:
    """Text under a number format, with the reason where the format shows nothing of it.

    >>> text_shown("Osei", ";;;")
    [('Osei', 'hidden by number format')]
    """
    if code != GENERAL and text:
        shown = render_text(text, code)
        return [(shown, "")] if shown.strip() else [(text, "hidden by number format")]
    return [(text, "")]


def number_shown(value: str, code: str, *, date1904: bool = False) -> list[tuple[str, str]]:
    """A number as its format shows it, and the whole number where the format rounds digits away.

    >>> number_shown("77001234599", "0.00E+00")
    [('7.70E+10', ''), ('77001234599', '')]
    """
    if code == GENERAL:
        return [(general(value), "")]
    shown = render(value, code, date1904=date1904)
    if is_date_format(code):
        return [(shown, "")]
    whole = general(value)
    if not shown.strip():
        return [(whole, "hidden by number format")]
    return [(shown, ""), (whole, "")] if is_disguised(whole, shown) else [(shown, "")]


def is_disguised(whole: str, shown: str) -> bool:
    """Whether a whole number that may identify somebody cannot be read in what its cell shows.

    >>> is_disguised("4505577104", "4.51E+09"), is_disguised("4505577104", "4,505,577,104.00")
    (True, True)
    >>> is_disguised("4505577104", "450 557 7104"), is_disguised("12345678", "12,345,678")
    (False, False)
    >>> is_disguised("12345678", "12345678.00")
    True
    """
    if not whole.isdecimal() or len(whole) < _DIGITS_THAT_MATTER:
        return False
    # "4,505,577,104.00" has all the digits of a health number, and nobody reads one in it.
    return whole not in "".join(filter(str.isdecimal, shown)) or (
        len(whole) >= _DIGITS_OF_NUMBERS - ("," not in shown) and _is_amount(shown)
    )


def whole_number(text: str) -> str:
    """The number behind a cell of an export that a spreadsheet went over, else the text itself.

    >>> whole_number("4505577104.0"), whole_number("4.505577104E+09"), whole_number("4,505,577,104")
    ('4505577104', '4505577104', '4505577104')
    >>> whole_number('="01234567"'), whole_number("4.51E+09"), whole_number("12,345.00")
    ('01234567', '4.51E+09', '12,345.00')
    """
    if text[:2] == '="' and text[-1] == '"' and len(text) > 3:
        return text[2:-1]
    if not text[-1:].isdecimal() or len(text) < _DIGITS_OF_NUMBERS or len(text) > 30:
        return text
    if _is_amount(text):
        number = text.partition(".")[0].replace(",", "")
        return number if len(number) >= _DIGITS_OF_NUMBERS - ("," not in text) else text
    exponent = _EXPONENT.fullmatch(text)
    if exponent is None:
        return text
    first, decimals, power = exponent.group(1), exponent.group(2) or "", int(exponent.group(3))
    decimals = decimals.rstrip("0")
    # Digits that are rounded away are lost: an amount or a measurement, or nobody's number any more.
    if not power - 2 <= len(decimals) <= power or power > 18:
        return text
    return first + decimals.ljust(power, "0")


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None
