"""Dates as people write them in the UK, day first, read at a place in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_MONTH_NAMES = {
    "jan": 1, "january": 1, "feb": 2, "february": 2, "mar": 3, "march": 3, "apr": 4, "april": 4, "may": 5,
    "jun": 6, "june": 6, "jul": 7, "july": 7, "aug": 8, "august": 8, "sep": 9, "sept": 9, "september": 9,
    "oct": 10, "october": 10, "nov": 11, "november": 11, "dec": 12, "december": 12,
    # Welsh
    "ionawr": 1, "chwefror": 2, "mawrth": 3, "ebrill": 4, "mai": 5, "mehefin": 6, "gorffennaf": 7, "awst": 8,
    "medi": 9, "hydref": 10, "tachwedd": 11, "rhagfyr": 12,
}  # fmt: skip
_MONTH = r"(?:" + "|".join(sorted(_MONTH_NAMES, key=len, reverse=True)) + r")"
# Digits as OCR and hurried typing leave them.
_D = r"[0-9OoIl]"
_YEAR = rf"(?:(?:19|2[0Oo]|l9|I9){_D}{{2}}|'?{_D}{{2}})"
_SEPARATED = rf"(?P<d>{_D}{{1,2}})[ ]?[./\-][ ]?(?P<m>{_D}{{1,2}})[ ]?[./\-][ ]?(?P<y>{_YEAR})"
# Roman months ("30.i.91", "3 / III / 1995"), as handwriting and older records have them.
_ROMAN_MONTHS = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11,
    "xii": 12,
}  # fmt: skip
_ROMAN = (
    r"(?P<rd>[0-9]{1,2})[ ]?[./\-][ ]?(?P<rm>viii|vii|vi|v|iv|iii|ii|ix|i|xii|xi|x)[ ]?[./\-][ ]?"
    r"(?P<ry>(?:19|20)[0-9]{2}|'?[0-9]{2})"
)
_ISO = r"(?P<iy>(?:19|20)[0-9]{2})[\-/.](?P<im>[0-9]{1,2})[\-/.](?P<id>[0-9]{1,2})"
_WORDED = (
    rf"(?P<wd>{_D}{{1,2}})(?:\s?(?:st|nd|rd|th))?(?:\s?,)?[\s\-./]{{0,2}}(?:of\s|day of\s)?"
    # Passports give the month in a second language, too: "26 JUN /JUIN 88".
    rf"(?P<wm>{_MONTH})\b(?: ?/ ?[^\W\d_]{{3,9}}\b)?[.,]?"
    r"[\s\-./,]{0,2}(?P<wy>(?:19|20)[0-9]{2}|'?[0-9]{2})"
)
_GLUED = rf"(?P<gd>[0-9]{{1,2}})(?P<gm>{_MONTH})(?P<gy>(?:19|20)[0-9]{{2}}|[0-9]{{2}})"
_AMERICAN = (
    rf"(?P<am>{_MONTH})\b\.?\s(?P<ad>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:\s?,\s?|\s)(?P<ay>(?:19|20)[0-9]{{2}})"
)
_BOXED = (
    r"(?P<b>[0-9][ |]{1,3}[0-9][ |]{0,3}[/.\-]?[ |]{0,3}[0-9][ |]{1,3}[0-9][ |]{0,3}[/.\-]?[ |]{0,3}"
    r"[0-9][ |]{1,3}[0-9](?:[ |]{1,3}[0-9][ |]{1,3}[0-9])?)"
)
_SPACED = r"(?P<sd>[0-9]{1,2}) (?P<sm>[0-9]{1,2}) (?P<sy>(?:19|20)[0-9]{2}|[0-9]{2})"
_COMPACT = r"(?P<c>[0-9]{8}|[0-9]{6})"
_MONTH_YEAR = rf"(?P<mm>{_MONTH})\b\.?,?\s(?P<my>(?:19|20)[0-9]{{2}})"
_END = r"(?![0-9A-Za-z]|[/\-][0-9])"

# In prose: forms that are a date whatever stands around them.
_PLAIN = re.compile(
    rf"(?:{_ISO}(?:T[0-9:.Z+]*)?|{_ROMAN}|{_SEPARATED}|{_WORDED}|{_GLUED}|{_AMERICAN}){_END}", re.IGNORECASE
)
# Behind a label: boxed, spaced and compact digits as well.
_LABELLED = re.compile(
    rf"(?:{_ISO}(?:T[0-9:.Z+]*)?|{_ROMAN}|{_SEPARATED}|{_WORDED}|{_GLUED}|{_AMERICAN}|{_BOXED}|"
    rf"{_SPACED}|{_COMPACT}){_END}",
    re.IGNORECASE,
)
_MONTH_ONLY = re.compile(_MONTH_YEAR + _END, re.IGNORECASE)
_MONTH_NUMERIC = re.compile(r"(?P<mm>0?[1-9]|1[0-2])[/\-](?P<my>(?:19|20)[0-9]{2})" + _END)
# The patterns ignore case: "i" and "L" come through where "I" and "l" do.
_FIXES = str.maketrans("OoIiLl", "001111")
# Excel counts days from here (its 1900 date system, with its leap-day error behind it).
_EXCEL_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date in a text; ``exact`` is false where only month and year are given: the day is then the first."""

    start: int
    end: int
    day: date
    exact: bool = True


def full_year(year: str, month: int, day: int, reference: date) -> int:
    """The year meant by ``year``: two digits never lie behind the reference date."""
    digits = year.strip("'").translate(_FIXES)
    number = int(digits)
    if len(digits) > 2:
        return number
    number += 2000
    if (number, month, day) > (reference.year, reference.month, reference.day):
        number -= 100
    return number


def _build(year: str, month: str | int, day: str, reference: date) -> date | None:
    try:
        m = month if isinstance(month, int) else int(month.translate(_FIXES))
        d = int(day.translate(_FIXES))
        if m > 12 and d <= 12:
            m, d = d, m  # month first
        return date(full_year(year, m, d, reference), m, d)
    except ValueError:
        return None


def _from_match(match: re.Match[str], reference: date) -> date | None:
    group = match.groupdict()
    if group.get("iy"):
        return _build(group["iy"], group["im"], group["id"], reference)
    if group.get("rd"):
        return _build(group["ry"], _ROMAN_MONTHS[group["rm"].lower()], group["rd"], reference)
    if group.get("d"):
        return _build(group["y"], group["m"], group["d"], reference)
    if group.get("wm"):
        return _build(group["wy"], _MONTH_NAMES[group["wm"].lower()], group["wd"], reference)
    if group.get("gm"):
        return _build(group["gy"], _MONTH_NAMES[group["gm"].lower()], group["gd"], reference)
    if group.get("am"):
        return _build(group["ay"], _MONTH_NAMES[group["am"].lower()], group["ad"], reference)
    if group.get("sd"):
        return _build(group["sy"], group["sm"], group["sd"], reference)
    return from_digits(re.sub(r"\D", "", group.get("b") or group.get("c") or ""), reference)


def from_digits(digits: str, reference: date) -> date | None:
    """The date in eight or six digits: year first where that is a year, else day first."""
    if len(digits) == 8:
        if digits[:2] in ("19", "20") and (day := _build(digits[:4], digits[4:6], digits[6:], reference)):
            return day
        return _build(digits[4:], digits[2:4], digits[:2], reference)
    if len(digits) == 6:
        return _build(digits[4:], digits[2:4], digits[:2], reference)
    return None


def from_excel(serial: int) -> date | None:
    """The date of an Excel serial number between 1910 and 2100, else None."""
    return _EXCEL_EPOCH + timedelta(days=serial) if 3654 <= serial <= 73050 else None


def read_date(text: str, at: int, reference: date, *, labelled: bool = False) -> WrittenDate | None:
    """The date that begins at ``at``; with ``labelled`` also boxed, spaced and compact digits."""
    match = (_LABELLED if labelled else _PLAIN).match(text, at)
    if match is not None and (day := _from_match(match, reference)) is not None:
        end = match.end()
        if match.group("iy"):
            end = match.end("id")  # without the time of "2015-03-12T00:00:00"
        return WrittenDate(at, end, day)
    if labelled and (match := _MONTH_NUMERIC.match(text, at)) is not None:
        return WrittenDate(at, match.end(), date(int(match["my"]), int(match["mm"]), 1), exact=False)
    match = _MONTH_ONLY.match(text, at)
    if match is not None and (day := _build(match["my"], _MONTH_NAMES[match["mm"].lower()], "1", reference)):
        return WrittenDate(at, match.end(), day, exact=False)
    return None


_STARTS = re.compile(rf"(?<![0-9A-Za-z/\-.])(?=[0-9]|[OIl][0-9]|{_MONTH}\b)", re.IGNORECASE)


def dates_in(
    text: str, start: int, end: int, reference: date, *, labelled: bool = False
) -> list[WrittenDate]:
    """The dates in ``text[start:end]``, in order."""
    found: list[WrittenDate] = []
    at = start
    while (begin := _STARTS.search(text, at, end)) is not None:
        written = read_date(text, begin.start(), reference, labelled=labelled)
        if written is not None and written.end <= end:
            found.append(written)
            at = written.end
        else:
            at = begin.start() + 1
    return found


def age_at(birth: date, reference: date) -> int:
    """Whole years from ``birth`` to ``reference``; negative before birth."""
    return reference.year - birth.year - ((reference.month, reference.day) < (birth.month, birth.day))
