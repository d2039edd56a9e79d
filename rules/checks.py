"""Check digits, issued ranges and structural tests, by the names that rules use.

Every check takes the compact value (upper-case letters and digits only) and says whether it passes.
Algorithms are those that the issuing bodies publish; the source stands at each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from stdnum import iban as stdnum_iban
from stdnum import luhn as stdnum_luhn
from stdnum.gb import vat as stdnum_vat

Check = Callable[[str], bool]

# HMRC National Insurance Manual NIM39110: letters and prefixes that are not allocated, and the
# administrative prefixes that look like numbers (OO, CR, FY, MW, NC, PP, PY, PZ).
_NOT_ALLOCATED = """
BG GB KN NK NT TN ZZ OO CR FY MW NC PP PY PZ
"""
_NINO_BAD_PREFIXES = frozenset(_NOT_ALLOCATED.split())
_NINO = re.compile(r"[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]?")
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # DfE: I, O and S are not used
_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"  # no I, O, S; 0 is Z
_UTR_DIGITS = (2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1)
_DRIVER_DATE = re.compile(r"[A-Z9]{5}(\d)(\d\d)(\d\d)(\d)")
_DRIVER_NAME = re.compile(r"[A-Z]{1,5}9{0,4}")


def _day_exists(day: int, month: int, year_of_century: int) -> bool:
    """Whether the day exists in 19yy or 20yy (a leap day needs one of the two)."""
    for century in (1900, 2000):
        try:
            date(century + year_of_century, month, day)
        except ValueError:
            continue
        return True
    return False


def nino(value: str) -> bool:
    """Grammar of a National Insurance number (NIM39110); the suffix may be missing."""
    return _NINO.fullmatch(value) is not None and value[:2] not in _NINO_BAD_PREFIXES


def mod11(value: str) -> bool:
    """The NHS, CHI and H&C check digit: weights 10 to 2, modulus 11; repeated digits are placeholders."""
    if len(value) != 10 or len(set(value)) == 1:
        return False
    a, b, c, d, e, f, g, h, i, j = map(int, value)
    total = 10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i
    return (11 - total % 11) % 11 == j


def nhs_range(value: str) -> bool:
    """Issued in England, Wales or the Isle of Man: 4, 6 and 7, and 3 below the Northern Irish block."""
    first_nine = int(value[:9])
    return (
        400_000_000 <= first_nine <= 499_999_999
        or 600_000_000 <= first_nine <= 799_999_999
        or 312_000_000 <= first_nine <= 319_999_999
        # 9 434 765 919 and its neighbours are the published test range: seen in real files.
    )


def nhs(value: str) -> bool:
    """Check digit and issued range of an NHS number."""
    return mod11(value) and nhs_range(value)


def health_and_care(value: str) -> bool:
    """Check digit and range of a Northern Irish Health and Care number (320 000 001 to 399 999 999)."""
    return mod11(value) and 320_000_001 <= int(value[:9]) <= 399_999_999


def chi_date(value: str) -> bool:
    """Whether the first six digits of a CHI number are a day (DDMMYY)."""
    return _day_exists(int(value[:2]), int(value[2:4]), int(value[4:6]))


def chi(value: str) -> bool:
    """Check digit and birth date of a Community Health Index number."""
    return len(value) == 10 and chi_date(value) and mod11(value)


def uln(value: str) -> bool:
    """Unique learner number: weights 10 to 1 over all ten digits leave 10 modulo 11 (HESA)."""
    if len(value) != 10 or value[0] == "0" or len(set(value)) == 1:
        return False
    return sum(int(digit) * weight for digit, weight in zip(value, range(10, 0, -1), strict=True)) % 11 == 10


def utr(value: str) -> bool:
    """Unique taxpayer reference: digits 2 to 10 weighted, modulo 11, index the first digit."""
    if len(value) != 10 or len(set(value)) == 1:
        return False
    weights = (6, 7, 8, 9, 10, 5, 4, 3, 2)
    total = sum(int(digit) * weight for digit, weight in zip(value[1:], weights, strict=True))
    return "21987654321"[total % 11] == value[0]


def ten_digit_passes(digits: Sequence[int]) -> dict[str, bool | None]:
    """All checks of the ten-digit family in one go: the same answers as ``mod11``, ``chi``, ``uln``, ``utr``.

    ``None`` says that the number has not even the shape: all digits equal, or no day of birth in a CHI.
    A log of request ids asks this for every line, so the sums are written out.
    """
    a, b, c, d, e, f, g, h, i, j = digits
    if a == b == c == d == e == f == g == h == i == j:
        return {"nhs": None, "chi": None, "uln": None, "utr": None}
    nhs_sum = 10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i
    mod11_passes = (11 - nhs_sum % 11) % 11 == j
    day, month = 10 * a + b, 10 * c + d
    born = 1 <= day <= 31 and 1 <= month <= 12 and _day_exists(day, month, 10 * e + f)
    utr_sum = 6 * b + 7 * c + 8 * d + 9 * e + 10 * f + 5 * g + 4 * h + 3 * i + 2 * j
    return {
        "nhs": mod11_passes,
        "chi": mod11_passes if born else None,
        "uln": a != 0 and (nhs_sum + j) % 11 == 10,
        "utr": _UTR_DIGITS[utr_sum % 11] == a,
    }


def upn(value: str) -> bool:
    """Unique pupil number, permanent or temporary: modulo-23 check letter (DfE)."""
    if len(value) != 13 or value[0] not in _UPN_LETTERS:
        return False
    body = value[1:]
    if not body[:11].isdigit() or not (body[11].isdigit() or body[11] in _UPN_LETTERS):
        return False
    if body[:11] in "012345678901234567890":
        return False
    numbers = [int(c) if c.isdigit() else _UPN_LETTERS.index(c) for c in body]
    return _UPN_LETTERS[sum(n * w for n, w in zip(numbers, range(2, 14), strict=True)) % 23] == value[0]


def driver_number(value: str) -> bool:
    """Structure of a GB driver number: name padded with 9s, real birth month and day, sex in the month."""
    match = _DRIVER_DATE.match(value)
    if match is None or not _DRIVER_NAME.fullmatch(value[:5]):
        return False
    decade, month, day, year = (int(group) for group in match.groups())
    month = month - 50 if month > 50 else month
    return 1 <= month <= 12 and _day_exists(day, month, decade * 10 + year)


def card(value: str) -> bool:
    """Luhn check and a real issuer range: payment cards begin with 2 to 6, never 0 or 1."""
    if not 13 <= len(value) <= 19 or len(set(value)) == 1 or not stdnum_luhn.is_valid(value):
        return False
    length = len(value)
    if value[0] == "4":
        return length in (13, 16, 19)
    if value[:2] in ("34", "37"):
        return length == 15
    if "51" <= value[:2] <= "55" or "2221" <= value[:4] <= "2720":
        return length == 16
    if value[:2] in ("36", "38", "39") or "300" <= value[:3] <= "305":
        return 14 <= length <= 19
    return value[:2] in ("35", "50", "56", "57", "58", "60", "62", "63", "64", "65", "67") and length >= 16


def luhn(value: str) -> bool:
    """The Luhn check digit alone."""
    return len(set(value)) > 1 and stdnum_luhn.is_valid(value)


def court_reference(value: str) -> bool:
    """HMCTS online case reference: sixteen digits beginning 15 to 18 with a Luhn digit."""
    return len(value) == 16 and "15" <= value[:2] <= "18" and stdnum_luhn.is_valid(value)


def iban(value: str) -> bool:
    """IBAN structure and modulo-97 check, of any country."""
    return bool(stdnum_iban.is_valid(value, check_country=False))


def vat(value: str) -> bool:
    """VAT registration number (nine or twelve digits) by its modulo-97 check."""
    return bool(stdnum_vat.is_valid(value.removeprefix("GB")))


def pnc(value: str) -> bool:
    """PNC id: two-digit year and serial padded to seven digits, modulo 23, index the letter (MoJ)."""
    match = re.fullmatch(r"(?:19|20)?(\d\d)(\d{1,7})([A-Z])", value)
    if match is None:
        return False
    year, serial, letter = match.groups()
    return _PNC_LETTERS[int(year + serial.zfill(7)) % 23] == letter


def cro(value: str) -> bool:
    """CRO number: year and serial padded to six digits, modulo 23, index the letter (MoJ)."""
    match = re.fullmatch(r"(\d{1,6})(\d\d)([A-Z])", value)
    if match is None:
        return False
    serial, year, letter = match.groups()
    return _PNC_LETTERS[int(year + serial.zfill(6)) % 23] == letter


def cro_file(value: str) -> bool:
    """CRO file form: SF, two-digit year, serial (not padded), letter."""
    match = re.fullmatch(r"SF(\d\d)(\d{1,6})([A-Z])", value)
    return match is not None and _PNC_LETTERS[int(match.group(1) + match.group(2)) % 23] == match.group(3)


def vehicle_age(value: str) -> bool:
    """Whether the age digits of a current-style mark were issued (01 and 50 never were; 02-30, 51-80)."""
    age = int(value[2:4])
    return 2 <= age <= 30 or 51 <= age <= 80


def not_a_month(value: str) -> bool:
    """A suffix or prefix mark that is not a month with a day ("MAR 25 A")."""
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    return value[:3] not in months


def _mrz_digit(field: str) -> int:
    weights = (7, 3, 1)
    total = 0
    for index, character in enumerate(field):
        number = 0 if character == "<" else int(character, 36)
        total += number * weights[index % 3]
    return total % 10


def mrz_line(value: str) -> bool:
    """Second line of a passport's machine-readable zone: all check digits (ICAO 9303)."""
    if len(value) != 44:
        return False
    try:
        return (
            _mrz_digit(value[0:9]) == int(value[9])
            and _mrz_digit(value[13:19]) == int(value[19])
            and _mrz_digit(value[21:27]) == int(value[27])
        )
    except ValueError:
        return False


def sort_code(value: str) -> bool:
    """Six digits that are not all equal; the first two are a bank's range (00 to 99 but 00 is rare)."""
    return len(value) == 6 and len(set(value)) > 1


def not_uniform(value: str) -> bool:
    """Not a placeholder: more than one character, and not 1234567... or 0123456..."""
    digits = "".join(character for character in value if character.isdigit())
    if len(set(value)) <= 1 or len(set(digits)) <= 1:
        return False
    return digits not in "0123456789012345" or len(digits) == 9


def letters_and_digits(value: str) -> bool:
    """A code with at least one letter and one digit: no word and no plain number."""
    return any(c.isalpha() for c in value) and any(c.isdigit() for c in value)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        nino, mod11, nhs, health_and_care, chi_date, chi, uln, utr, upn, driver_number, card, luhn,
        court_reference, iban, vat, pnc, cro, cro_file, vehicle_age, not_a_month, mrz_line, sort_code,
        not_uniform, letters_and_digits,
    )
}  # fmt: skip
