"""What a cell shows for what it stores, and the stored value where its format hides it."""

from __future__ import annotations

from scanner.documents.parsers.number_format import GENERAL, general, is_date_format, render, render_text

# Below this many digits a number that its format rounds away identifies nobody.
_DIGITS_THAT_MATTER = 6


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
    digits = "".join(filter(str.isdecimal, shown))
    if (
        whole.lstrip("-").isdecimal()
        and len(whole) >= _DIGITS_THAT_MATTER
        and whole.lstrip("-") not in digits
    ):
        return [(shown, ""), (whole, "")]
    return [(shown, "")]
