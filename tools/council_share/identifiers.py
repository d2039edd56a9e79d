"""Makes UK identifiers by their published grammar and check digits, from a random source."""

from __future__ import annotations

from datetime import date
from random import Random

_NINO_FIRST = "ABCEGHJKLMNOPRSTWXYZ"
_NINO_SECOND = "ABCEGHJKLMNPRSTWXYZ"
# HMRC NIM39110: prefixes that were never issued, and those used for administration only.
_NINO_NEVER = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ", "CR", "FY", "MW", "NC", "PP", "PY", "PZ", "MA", "JY"}
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
_POSTCODE_INWARD = "ABDEFGHJLNPQRSTUWXYZ"


def digits(source: Random, count: int) -> str:
    """``count`` random digits."""
    return "".join(str(source.randrange(10)) for _ in range(count))


def letters(source: Random, count: int, alphabet: str = "ABCDEFGHJKLMNPRSTUVWXY") -> str:
    """``count`` random letters of ``alphabet``."""
    return "".join(source.choice(alphabet) for _ in range(count))


def nino(source: Random) -> str:
    """National Insurance number without spaces."""
    while True:
        prefix = source.choice(_NINO_FIRST) + source.choice(_NINO_SECOND)
        if prefix not in _NINO_NEVER:
            return f"{prefix}{digits(source, 6)}{source.choice('ABCD')}"


def spaced_nino(value: str) -> str:
    """The NINO as it is printed on letters: two letters, three pairs, one letter."""
    return f"{value[:2]} {value[2:4]} {value[4:6]} {value[6:8]} {value[8]}"


def _modulus_eleven(nine: str) -> str | None:
    check = 11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return None if check == 10 else str(check % 11)


def nhs_number(source: Random) -> str:
    """NHS number, half of them from the range that is kept for testing (999...)."""
    while True:
        nine = source.choice(("999", "999", "4" + digits(source, 2), "7" + digits(source, 2))) + digits(
            source, 6
        )
        check = _modulus_eleven(nine)
        if check is not None:
            return nine + check


def spaced_nhs_number(value: str) -> str:
    """The NHS number as it is printed: three, three, four."""
    return f"{value[:3]} {value[3:6]} {value[6:]}"


def health_and_care_number(source: Random) -> str:
    """Northern Irish Health and Care number (first nine digits 320000001 to 399999999)."""
    while True:
        nine = "3" + str(source.randrange(20, 100)) + digits(source, 6)
        check = _modulus_eleven(nine)
        if check is not None:
            return nine + check


def chi_number(source: Random, born: date, sex: str) -> str:
    """Scottish Community Health Index number: birth date, two digits, sex digit, check digit."""
    while True:
        sex_digit = source.choice("13579" if sex == "M" else "02468")
        nine = f"{born:%d%m%y}{digits(source, 2)}{sex_digit}"
        check = _modulus_eleven(nine)
        if check is not None:
            return nine + check


def upn(source: Random, born: date) -> str:
    """Unique pupil number, permanent form, given in the year of school entry."""
    authority = source.choice(("801", "839", "884", "885", "660"))
    body = (
        f"{authority}{source.randrange(2000, 4700)}{(born.year + 4) % 100:02d}{source.randrange(1, 400):03d}"
    )
    total = sum(int(digit) * weight for digit, weight in zip(body, range(2, 14), strict=True))
    return _UPN_LETTERS[total % 23] + body


def uln(source: Random) -> str:
    """Unique learner number: weighted sum of all ten digits leaves 10."""
    while True:
        nine = str(source.randrange(1, 10)) + digits(source, 8)
        rest = sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
        if rest != 0:
            return nine + str(10 - rest)


def utr(source: Random) -> str:
    """Unique taxpayer reference: the first digit checks the other nine."""
    nine = digits(source, 9)
    total = sum(int(d) * w for d, w in zip(nine, (6, 7, 8, 9, 10, 5, 4, 3, 2), strict=True))
    return "21987654321"[total % 11] + nine


def passport(source: Random) -> str:
    """UK passport number: nine digits."""
    return str(source.randrange(1, 9)) + digits(source, 8)


def _mrz_check(text: str) -> str:
    values = {"<": 0, **{str(n): n for n in range(10)}, **{chr(65 + n): 10 + n for n in range(26)}}
    return str(sum(values[char] * (7, 3, 1)[at % 3] for at, char in enumerate(text)) % 10)


def passport_zone(number: str, surname: str, given: str, born: date, sex: str, expires: date) -> str:
    """The two machine-readable lines of a passport (ICAO 9303, 44 characters each)."""
    name = f"P<GBR{surname.upper().replace(' ', '<').replace('-', '<')}<<{given.upper()}"
    birth, expiry = f"{born:%y%m%d}", f"{expires:%y%m%d}"
    personal = "<" * 14
    line = (
        f"{number}{_mrz_check(number)}GBR{birth}{_mrz_check(birth)}{sex}"
        f"{expiry}{_mrz_check(expiry)}{personal}{_mrz_check(personal)}"
    )
    composite = line[0:10] + line[13:20] + line[21:43]
    return f"{name:<44}".replace(" ", "<")[:44] + "\n" + line + _mrz_check(composite)


def driving_licence(source: Random, surname: str, given: str, born: date, sex: str) -> str:
    """GB driver number, unbroken, 16 characters."""
    plain = "".join(char for char in surname.upper() if "A" <= char <= "Z")
    month = born.month + (50 if sex == "F" else 0)
    year = f"{born.year % 100:02d}"
    head = f"{plain[:5]:9<5}{year[0]}{month:02d}{born.day:02d}{year[1]}{given[0].upper()}9"
    return head + digits(source, 1) + letters(source, 2)


def vehicle_registration(source: Random) -> str:
    """Current style mark with its space."""
    age = source.choice((9, 12, 14, 16, 19, 21, 23, 58, 61, 64, 66, 70, 72))
    return f"{letters(source, 2, 'ABCDEFGHJKLMNOPRSTUVWXY')}{age:02d} {letters(source, 3)}"


def postcode(source: Random, outward: str) -> str:
    """A postcode within the outward code."""
    return f"{outward} {source.randrange(1, 10)}{letters(source, 2, _POSTCODE_INWARD)}"


def sort_code(source: Random) -> str:
    """Sort code with dashes; its middle part cannot be a month."""
    return f"{source.choice((9, 20, 30, 40, 53, 60, 77)):02d}-{source.randrange(13, 99)}-{digits(source, 2)}"


def account_number(source: Random) -> str:
    """Eight digits; one in four begins with a nought, which spreadsheets love to lose."""
    return ("0" if source.randrange(4) == 0 else str(source.randrange(1, 10))) + digits(source, 7)


def iban(source: Random) -> str:
    """GB IBAN in groups of four."""
    bank, tail = source.choice(("NWBK", "BARC", "LOYD", "MIDL")), digits(source, 14)
    number = int("".join(str(int(char, 36)) for char in f"{bank}{tail}GB00"))
    plain = f"GB{98 - number % 97:02d}{bank}{tail}"
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def payment_card(source: Random) -> str:
    """Sixteen digits in fours with a right Luhn digit."""
    body = source.choice(("4539", "4929", "5412", "5234")) + digits(source, 11)
    total = 0
    for at, char in enumerate(reversed(body)):
        doubled = int(char) * (2 if at % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    plain = body + str(-total % 10)
    return " ".join(plain[at : at + 4] for at in range(0, 16, 4))


def court_reference(source: Random) -> str:
    """HMCTS online case reference: sixteen digits beginning with a clock, Luhn at the end."""
    body = str(source.randrange(15_800_000_000, 17_200_000_000)) + digits(source, 4)
    total = 0
    for at, char in enumerate(reversed(body)):
        doubled = int(char) * (2 if at % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    plain = body + str(-total % 10)
    return "-".join(plain[at : at + 4] for at in range(0, 16, 4))


def pnc_id(source: Random) -> str:
    """Police national computer id, long form."""
    year, serial = source.randrange(1995, 2024), source.randrange(1_000, 999_999)
    return f"{year}/{serial:07d}{_PNC_LETTERS[int(f'{year % 100:02d}{serial:07d}') % 23]}"


def prison_number(source: Random) -> str:
    """NOMIS number."""
    return f"A{digits(source, 4)}{letters(source, 2)}"


def mobile(source: Random) -> str:
    """A mobile number from Ofcom's range for drama."""
    return f"07700 900{source.randrange(1000):03d}"


def landline(source: Random) -> str:
    """A land line from Ofcom's ranges for drama."""
    return source.choice(
        (f"0113 496 0{digits(source, 3)}", f"0117 496 0{digits(source, 3)}", f"01632 960{digits(source, 3)}")
    )
