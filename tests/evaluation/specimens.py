"""Identifier values made by algorithm from a seed, so that no realistic number is ever committed.

The evaluation set must not share code with the product, so these generators are its own, written from
the published grammars alone.  ``make(kind, args, rng)`` gives one value; every kind is a function here.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence

Args = Sequence[str]
Generator = Callable[[Args, random.Random], str]

_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
_UPN_AUTHORITIES = ("202", "301", "330", "352", "370", "380", "383", "660", "681", "838", "878", "925", "940")
_FULL_WIDTH = {ord(digit): ord(digit) + 0xFEE0 for digit in string.digits}
_OCR = {"0": "O", "1": "l", "5": "S", "8": "B"}


def make(kind: str, args: Args, rng: random.Random) -> str:
    """One value of ``kind``; raises KeyError for a kind that does not exist."""
    value = GENERATORS[kind](args, rng)
    if "full" in args:
        return value.translate(_FULL_WIDTH)
    if "zw" in args:
        return value[:3] + "\u200b" + value[3:]
    return _damaged(value) if "ocr" in args else value


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(count))


def _letters(rng: random.Random, count: int, allowed: str = string.ascii_uppercase) -> str:
    return "".join(rng.choice(allowed) for _ in range(count))


def _damaged(value: str) -> str:
    """The value as a scanner would misread it: its last confusable digit becomes a letter."""
    for index in range(len(value) - 1, -1, -1):
        if value[index] in _OCR:
            return value[:index] + _OCR[value[index]] + value[index + 1 :]
    return value


def _grouped(value: str, sizes: Sequence[int], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return separator.join(part for part in parts if part)


def _ten_digit_style(value: str, args: Args) -> str:
    for style, separator in (
        ("plain", ""),
        ("dashed", "-"),
        ("dots", "."),
        ("nbsp", "\u00a0"),
        ("wrap", "\n"),
    ):
        if style in args:
            return _grouped(value, (3, 3, 4), separator)
    if "boxed" in args:
        return " ".join(value)
    if "6-4" in args:
        return _grouped(value, (6, 4), " ")
    if "5-5" in args:
        return _grouped(value, (5, 5), " ")
    return _grouped(value, (3, 3, 4), " ")


def mod11_check(nine: str) -> str | None:
    """The check digit of NHS, CHI and H&C numbers, or None where no such number is issued."""
    remainder = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11
    return None if remainder == 10 else "0" if remainder == 11 else str(remainder)


def _mod11_number(rng: random.Random, firsts: Sequence[str]) -> str:
    while True:
        first = rng.choice(firsts)
        nine = first + _digits(rng, 9 - len(first))
        check = mod11_check(nine)
        if check is not None:
            return nine + check


def _nhs(args: Args, rng: random.Random) -> str:
    return _ten_digit_style(_mod11_number(rng, ("40", "43", "45", "48", "61", "63", "70", "72", "77")), args)


def _nhs_test(args: Args, rng: random.Random) -> str:
    """A number of the 999 range which the health service keeps for tests."""
    return _ten_digit_style(_mod11_number(rng, ("999",)), args)


def _health_and_care(args: Args, rng: random.Random) -> str:
    return _ten_digit_style(_mod11_number(rng, ("325", "340", "361", "388")), args)


def _chi(args: Args, rng: random.Random) -> str:
    """``args[0]`` is ``DDMMYYf`` or ``DDMMYYm``: birth date and sex."""
    birth, sex = args[0][:6], args[0][6:]
    while True:
        nine = birth + _digits(rng, 2) + rng.choice("02468" if sex == "f" else "13579")
        check = mod11_check(nine)
        if check is not None:
            value = nine + check
            break
    if "short" in args:
        return value.removeprefix("0")
    style = next((style for style in ("dashed", "3-3-4") if style in args), "")
    if style == "dashed":
        return _grouped(value, (6, 4), "-")
    if style == "3-3-4":
        return _grouped(value, (3, 3, 4), " ")
    return value if "plain" in args else _grouped(value, (6, 4), " ")


_NINO_BAD_PREFIXES = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _nino(args: Args, rng: random.Random) -> str:
    while True:
        prefix = _letters(rng, 1, "ABCEGHJKLMNOPRSTWXYZ") + _letters(rng, 1, "ABCEGHJKLMNPRSTWXYZ")
        if prefix not in _NINO_BAD_PREFIXES and prefix not in (
            "AB",
            "OO",
            "CR",
            "FY",
            "MW",
            "NC",
            "PP",
            "PY",
            "PZ",
        ):
            break
    value = prefix + _digits(rng, 6) + ("" if "nosuffix" in args else rng.choice("ABCD"))
    if "lower" in args:
        value = value.lower()
    if "boxed" in args:
        return " ".join(value)
    for style, sizes, separator in (
        ("spaced", (2, 2, 2, 2, 1), " "),
        ("dashed", (2, 2, 2, 2, 1), "-"),
        ("nbsp", (2, 2, 2, 2, 1), "\u00a0"),
        ("dots", (2, 2, 2, 2, 1), "."),
        ("2-6-1", (2, 6, 1), " "),
        ("wrap", (4, 5), "\n"),
    ):
        if style in args:
            return _grouped(value, sizes, separator)
    return value


def upn_check(rest: str) -> str:
    """The check letter of the twelve characters that follow it in a pupil number."""
    total = sum(
        weight * (int(c) if c.isdigit() else _UPN_LETTERS.index(c)) for weight, c in enumerate(rest, start=2)
    )
    return _UPN_LETTERS[total % 23]


def _upn(args: Args, rng: random.Random) -> str:
    authority = next((a for a in args if a.isdigit() and len(a) == 3), rng.choice(_UPN_AUTHORITIES))
    tail = _digits(rng, 2) + rng.choice(_UPN_LETTERS) if "temp" in args else _digits(rng, 3)
    rest = authority + rng.choice("2345") + _digits(rng, 3) + f"{rng.randint(9, 24):02d}" + tail
    value = upn_check(rest) + rest
    if "spaced" in args:
        return _grouped(value, (1, 3, 4, 2, 3), " ")
    return value.lower() if "lower" in args else value


def uln_is_valid(value: str) -> bool:
    """Whether ten digits satisfy the learner-number rule."""
    return (
        value[0] != "0" and sum(int(d) * w for d, w in zip(value, range(10, 0, -1), strict=True)) % 11 == 10
    )


def _uln(args: Args, rng: random.Random) -> str:
    while True:
        value = rng.choice("123456789") + _digits(rng, 9)
        if uln_is_valid(value):
            return value


def utr_check(nine: str) -> str:
    """The leading check digit of a taxpayer reference for its last nine digits."""
    total = sum(int(d) * w for d, w in zip(nine, (6, 7, 8, 9, 10, 5, 4, 3, 2), strict=True))
    return "21987654321"[total % 11]


def _utr(args: Args, rng: random.Random) -> str:
    nine = _digits(rng, 9)
    value = utr_check(nine) + nine
    if "spaced" in args:
        value = _grouped(value, (5, 5), " ")
    return value + "K" if "k" in args else value


def _passport(args: Args, rng: random.Random) -> str:
    """British by default (nine digits); ``old`` has a letter and six; the others are country codes."""
    if "old" in args:
        return _letters(rng, 1) + _digits(rng, 6)
    if "pl" in args:
        return "E" + _letters(rng, 1) + _digits(rng, 7)
    if "ie" in args:
        return "P" + _letters(rng, 1) + _digits(rng, 7)
    if "pk" in args:
        return _letters(rng, 2) + _digits(rng, 7)
    if "in" in args or "ng" in args:
        return _letters(rng, 1) + _digits(rng, 8 if "ng" in args else 7)
    value = rng.choice("135") + _digits(rng, 8)
    return _grouped(value, (3, 3, 3), " ") if "spaced" in args else value


def _driving(args: Args, rng: random.Random) -> str:
    """``args`` are SURNAME, YYMMDD, f or m, initials."""
    surname, birth, sex, initials = args[0].upper(), args[1], args[2], args[3].upper()
    if surname.startswith("MAC"):
        surname = "MC" + surname[3:]
    month = int(birth[2:4]) + (50 if sex == "f" else 0)
    value = (
        surname[:5].ljust(5, "9")
        + birth[0]
        + f"{month:02d}"
        + birth[4:6]
        + birth[1]
        + initials[:2].ljust(2, "9")
        + rng.choice("9876543210")
        + _letters(rng, 2, "ABCDEFGHJKLMNPRTUVWXYZ")
    )
    if "spaced" in args:
        return _grouped(value, (5, 6, 5), " ")
    if "issue" in args:
        return value + " " + f"{rng.randint(10, 60)}"
    return value.lower() if "lower" in args else value


def _vrm(args: Args, rng: random.Random) -> str:
    free = "ABCDEFGHJKLMNOPRSTUVWXYZ"
    tail = "ABCDEFGHJKLMNOPRSTUVWXYZ"
    if "prefix" in args:
        return f"{rng.choice('HJKLMNPRSTVWXY')}{rng.randint(21, 999)} {_letters(rng, 3, tail)}"
    if "ni" in args:
        return f"{rng.choice('ABCEFG')}{rng.choice('IZ')}{rng.choice('ABEFG')} {rng.randint(1000, 9999)}"
    age = rng.choice(("08", "59", "11", "62", "14", "65", "17", "68", "19", "70", "21", "72", "23"))
    value = _letters(rng, 2, "ABCDEFGHJKLMNOPRSTVWXY") + age + _letters(rng, 3, free)
    if "plain" in args:
        return value
    if "lower" in args:
        return value.lower()
    return value[:4] + " " + value[4:]


def _postcode(args: Args, rng: random.Random) -> str:
    """``args[0]`` is the outward code; the inward code is drawn."""
    inward = rng.choice("123456789") + _letters(rng, 2, "ABDEFGHJLNPQRSTUWXYZ")
    if "wrap" in args:
        return args[0] + "\n" + inward
    value = args[0] + ("" if "plain" in args else "  " if "double" in args else " ") + inward
    return value.lower() if "lower" in args else value


def _sort_code(args: Args, rng: random.Random) -> str:
    value = (
        rng.choice(("20", "30", "40", "60", "77", "09", "11")) + f"{rng.randint(13, 99)}" + _digits(rng, 2)
    )
    return _grouped(value, (2, 2, 2), "" if "plain" in args else " " if "spaced" in args else "-")


def _account(args: Args, rng: random.Random) -> str:
    return rng.choice("1234567890") + _digits(rng, 6 if "short" in args else 7)


def iban_check(country_and_rest: str) -> str:
    """The two check digits of an IBAN given without them (``GB`` + bank, sort code, account)."""
    moved = country_and_rest[2:] + country_and_rest[:2] + "00"
    return f"{98 - int(''.join(str(int(c, 36)) for c in moved)) % 97:02d}"


def _iban(args: Args, rng: random.Random) -> str:
    if "pl" in args:
        body = _digits(rng, 24)
        value = "PL" + iban_check("PL" + body) + body
    elif "ie" in args:
        body = rng.choice(("AIBK", "BOFI")) + "9" + _digits(rng, 13)
        value = "IE" + iban_check("IE" + body) + body
    else:
        body = rng.choice(("BARC", "LOYD", "MIDL", "NWBK", "HBUK")) + _digits(rng, 14)
        value = "GB" + iban_check("GB" + body) + body
    if "lower" in args:
        value = value.lower()
    if "plain" in args:
        return value
    return " ".join(value[i : i + 4] for i in range(0, len(value), 4))


def luhn_check(payload: str) -> str:
    """The Luhn digit for the digits before it."""
    total = 0
    for place, digit in enumerate(reversed(payload)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def _card(args: Args, rng: random.Random) -> str:
    if "amex" in args:
        payload = "37" + _digits(rng, 12)
        return _grouped(payload + luhn_check(payload), (4, 6, 5), " ")
    payload = rng.choice(("4539", "4716", "4929", "5356", "5412", "2221")) + _digits(rng, 11)
    value = payload + luhn_check(payload)
    return _grouped(value, (4, 4, 4, 4), "" if "plain" in args else "-" if "dashed" in args else " ")


def _hmcts(args: Args, rng: random.Random) -> str:
    """A court service case reference: 16 digits, Luhn, beginning like a millisecond clock."""
    payload = "1" + rng.choice("567") + _digits(rng, 13)
    return _grouped(payload + luhn_check(payload), (4, 4, 4, 4), "-" if "dashed" in args else " ")


_DRAMA_AREAS = {
    "020": ("020 7946 0", 3),
    "0113": ("0113 496 0", 3),
    "0114": ("0114 496 0", 3),
    "0115": ("0115 496 0", 3),
    "0116": ("0116 496 0", 3),
    "0117": ("0117 496 0", 3),
    "0118": ("0118 496 0", 3),
    "0121": ("0121 496 0", 3),
    "0131": ("0131 496 0", 3),
    "0141": ("0141 496 0", 3),
    "0151": ("0151 496 0", 3),
    "0161": ("0161 496 0", 3),
    "0191": ("0191 498 0", 3),
    "028": ("028 9649 6", 3),
    "029": ("029 2018 0", 3),
    "01632": ("01632 960", 3),
    "0300": ("0300 123 4", 3),
    "0800": ("0808 157 0", 3),
}


def _landline(args: Args, rng: random.Random) -> str:
    """``args[0]`` is the area; drama ranges where Ofcom keeps one, otherwise six local digits are drawn."""
    area = args[0]
    if area in _DRAMA_AREAS:
        stem, count = _DRAMA_AREAS[area]
        value = stem + _digits(rng, count)
    else:
        value = f"{area} {rng.choice('23456789')}{_digits(rng, 5)}"
    if "plain" in args:
        return value.replace(" ", "")
    if "plus44" in args:
        return "+44 (0)" + value[1:]
    if "intl" in args:
        return "+44 " + value[1:]
    if "brackets" in args:
        first, rest = value.split(" ", 1)
        return f"({first}) {rest}"
    return value.replace(" ", "-") if "dashed" in args else value


def _mobile(args: Args, rng: random.Random) -> str:
    """Half from the drama range, half as allocated ranges look."""
    value = (
        "07700900"
        if rng.random() < 0.4
        else rng.choice(("07712", "07833", "07967", "07402", "07587")) + _digits(rng, 3)
    )
    value += _digits(rng, 3)
    if "plain" in args:
        return value
    if "plus44" in args:
        return "+44 " + value[1:5] + " " + value[5:]
    if "0044" in args:
        return "0044" + value[1:]
    for style, sizes, separator in (
        ("4-3-4", (4, 3, 4), " "),
        ("5-3-3", (5, 3, 3), " "),
        ("dashed", (5, 3, 3), "-"),
        ("dots", (5, 3, 3), "."),
        ("pairs", (3, 2, 2, 2, 2), " "),
    ):
        if style in args:
            return _grouped(value, sizes, separator)
    return _grouped(value, (5, 6), " ")


def pnc_check(year: str, serial: str) -> str:
    """The check letter of a police national computer id: two-digit year and seven-digit serial."""
    return _PNC_LETTERS[int(year + serial) % 23]


def _pnc(args: Args, rng: random.Random) -> str:
    year = rng.choice(("1998", "2009", "2014", "2019", "2022"))
    serial = f"{rng.randint(10_000, 599_999):07d}"
    letter = pnc_check(year[2:], serial)
    if "short" in args:
        return f"{year[2:]}/{int(serial)}{letter}"
    return f"{year}/{serial}{letter}"


def _cro(args: Args, rng: random.Random) -> str:
    serial, year = f"{rng.randint(10_000, 299_999):06d}", rng.choice(("94", "03", "11", "17"))
    return f"{serial}/{year}{_PNC_LETTERS[int(year + serial) % 23]}"


def _prison(args: Args, rng: random.Random) -> str:
    return "A" + _digits(rng, 4) + _letters(rng, 2, "ACDEFGHJKPRTVWXYZ")


def _probation(args: Args, rng: random.Random) -> str:
    return rng.choice("DEX") + _digits(rng, 6)


def _gwf(args: Args, rng: random.Random) -> str:
    return "GWF0" + _digits(rng, 8)


def _uan(args: Args, rng: random.Random) -> str:
    return _grouped("1212" + _digits(rng, 12), (4, 4, 4, 4), "-")


def _brp(args: Args, rng: random.Random) -> str:
    return "R" + _letters(rng, 1, "ABCDEFGHJKLMNPRSTUVWXYZ") + _digits(rng, 7)


def _share_code(args: Args, rng: random.Random) -> str:
    letters = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
    return f"W{_letters(rng, 2, letters)} {_letters(rng, 3, letters)} {_letters(rng, 3, letters)}"


def _dbs(args: Args, rng: random.Random) -> str:
    return "0016" + _digits(rng, 8)


def _uprn(args: Args, rng: random.Random) -> str:
    return "1000" + _digits(rng, 8)


def _blue_badge(args: Args, rng: random.Random) -> str:
    return _letters(rng, 5, "BCDFGHJKLMNPQRSTVWXZ") + rng.choice("23456789")


def _family_court(args: Args, rng: random.Random) -> str:
    court = next((a for a in args if len(a) == 2 and a.isupper()), "LS")
    kind = next((a for a in args if len(a) == 1 and a.isupper()), "C")
    return f"{court}{rng.choice(('21', '22', '23', '24'))}{kind}{_digits(rng, 5)}"


def _number(args: Args, rng: random.Random) -> str:
    """A plain number of ``args[0]`` digits that means nothing."""
    return rng.choice("123456789") + _digits(rng, int(args[0]) - 1)


def _nhs_look_alike(args: Args, rng: random.Random) -> str:
    """Ten digits of an order or ticket that happen to satisfy the health number's check."""
    return _mod11_number(rng, ("41", "62", "70", "76"))


def _unix_time(args: Args, rng: random.Random) -> str:
    return str(rng.randint(1_600_000_000, 1_760_000_000))


def _vat(args: Args, rng: random.Random) -> str:
    seven = _digits(rng, 7)
    total = sum(int(d) * w for d, w in zip(seven, (8, 7, 6, 5, 4, 3, 2), strict=True))
    value = seven + f"{97 - total % 97:02d}"
    return value if "plain" in args else _grouped(value, (3, 4, 2), " ")


def _company(args: Args, rng: random.Random) -> str:
    return rng.choice(("0", "1")) + _digits(rng, 7)


def _ean(args: Args, rng: random.Random) -> str:
    payload = "50" + _digits(rng, 10)
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(payload))
    return payload + str(-total % 10)


def _nino_look_alike(args: Args, rng: random.Random) -> str:
    """A product or form code of the insurance number's shape."""
    return _nino(("plain",), rng)


def _tab(args: Args, rng: random.Random) -> str:
    return "\t"


def _nbsp(args: Args, rng: random.Random) -> str:
    return "\u00a0"


def _zero_width(args: Args, rng: random.Random) -> str:
    return "\u200b"


GENERATORS: dict[str, Generator] = {
    "nhs": _nhs,
    "nhs999": _nhs_test,
    "hc": _health_and_care,
    "chi": _chi,
    "nino": _nino,
    "upn": _upn,
    "uln": _uln,
    "utr": _utr,
    "passport": _passport,
    "driving": _driving,
    "vrm": _vrm,
    "pc": _postcode,
    "sort": _sort_code,
    "account": _account,
    "iban": _iban,
    "card": _card,
    "hmcts": _hmcts,
    "tel": _landline,
    "mobile": _mobile,
    "pnc": _pnc,
    "cro": _cro,
    "prison": _prison,
    "crn": _probation,
    "gwf": _gwf,
    "uan": _uan,
    "brp": _brp,
    "sharecode": _share_code,
    "dbs": _dbs,
    "uprn": _uprn,
    "bluebadge": _blue_badge,
    "familycourt": _family_court,
    "num": _number,
    "ordernhs": _nhs_look_alike,
    "unix": _unix_time,
    "vat": _vat,
    "company": _company,
    "ean": _ean,
    "ninolike": _nino_look_alike,
    "tab": _tab,
    "nbsp": _nbsp,
    "zwsp": _zero_width,
}
