"""Number formats of spreadsheets: from the stored number to the text that a person sees in the cell.

The grammar is that of ECMA-376 part 1, section 18.8.31: up to four sections, digit placeholders,
literals, conditions, dates and times.  Formats that follow the reader's locale (the built-in short
date, currency) are shown as in the United Kingdom.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from enum import Enum, auto
from fractions import Fraction
from functools import lru_cache

GENERAL = "General"

# ECMA-376 part 1, 18.8.30, with the locale-dependent ones (5 to 8, 14, 20 to 22, 37 to 44) as Excel
# shows them under English (United Kingdom).
BUILT_IN_FORMATS: dict[int, str] = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: "£#,##0;-£#,##0", 6: "£#,##0;-£#,##0", 7: "£#,##0.00;-£#,##0.00", 8: "£#,##0.00;-£#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "dd/mm/yyyy", 15: "dd-mmm-yy", 16: "dd-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "hh:mm", 21: "hh:mm:ss", 22: "dd/mm/yyyy hh:mm",
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    41: "#,##0;-#,##0;\\-;@", 42: "£#,##0;-£#,##0;£\\-;@",
    43: "#,##0.00;-#,##0.00;\\-;@", 44: "£#,##0.00;-£#,##0.00;£\\-;@",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip
# 27 to 36 and 50 to 58 are dates of East Asian locales: shown here as plain dates.
for _number in (*range(27, 37), *range(50, 59)):
    BUILT_IN_FORMATS[_number] = "dd/mm/yyyy"

# The last serial day that Excel shows (31 December 9999); behind it and below zero it shows "####".
_LAST_SERIAL = 2958465
# Longer than any format that Excel writes (its limit is 255 characters): a longer one is noise.
_LONGEST_FORMAT = 1024
# A number with a larger exponent is not written out digit by digit.
_LARGEST_EXPONENT = 40
# Spreadsheets reckon with so many digits and show zeros behind them.
_DIGITS = 15
# Places that a small number may take before it is shown with an exponent.
_SHOWN_PLACES = 11
# Whole numbers of more digits are no numbers of anything, and from an exponent of this size on they are no
# numbers of spreadsheets at all.
_LARGEST_WHOLE, _LARGEST_FLOAT = 21, 308

_FIFTEEN = Context(prec=_DIGITS, rounding=ROUND_HALF_UP)

# Formats that follow the system's long date and time, whatever stands behind the mark.
_SYSTEM_FORMATS = {"F800": "dd mmmm yyyy", "F400": "hh:mm:ss"}

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class _Kind(Enum):
    LITERAL = auto()
    DIGIT = auto()  # 0 # ?
    POINT = auto()
    COMMA = auto()
    PERCENT = auto()
    EXPONENT = auto()  # E+ or E-
    SLASH = auto()
    DATE = auto()  # y m d h s run, AM/PM, elapsed [h]
    MINUTE = auto()  # m run that means minutes
    SECOND_FRACTION = auto()  # .0 behind seconds
    TEXT = auto()  # @
    GENERAL = auto()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    text: str


@dataclass(frozen=True, slots=True)
class _Section:
    tokens: tuple[_Token, ...]
    condition: tuple[str, float] | None = None
    is_date: bool = field(init=False)
    is_text: bool = field(init=False)

    def __post_init__(self) -> None:
        kinds = {token.kind for token in self.tokens}
        object.__setattr__(self, "is_date", bool(kinds & {_Kind.DATE, _Kind.MINUTE}))
        object.__setattr__(self, "is_text", _Kind.TEXT in kinds)


_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?'
    r"|\\(?P<escaped>.?)"
    r"|_(?P<space>.?)"
    r"|\*(?P<fill>.?)"
    r"|\[(?P<bracket>[^\]]*)\]?"
    r"|(?P<general>[Gg][Ee][Nn][Ee][Rr][Aa][Ll])"
    r"|(?P<ampm>[Aa][Mm]/[Pp][Mm]|[Aa]/[Pp])"
    r"|(?P<exponent>[Ee][+-])"
    r"|(?P<date>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+|[eE]+|[bB]{1,4})"
    r"|(?P<digit>[0#?])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_CONDITION = re.compile(r"\s*(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*$")
_ELAPSED = re.compile(r"(?:[hH]+|[mM]+|[sS]+)$")
_OTHER_KINDS = {
    ".": _Kind.POINT,
    ",": _Kind.COMMA,
    "%": _Kind.PERCENT,
    "/": _Kind.SLASH,
    "@": _Kind.TEXT,
}


def _tokenise(code: str) -> list[list[_Token | tuple[str, float]]]:
    """The sections of a format as tokens; a condition stands in its section as a pair."""
    sections: list[list[_Token | tuple[str, float]]] = [[]]
    for match in _TOKEN.finditer(code):
        here = sections[-1]
        name = match.lastgroup
        text = match.group(name) if name else ""
        if name in ("quoted", "escaped"):
            here.append(_Token(_Kind.LITERAL, text))
        elif name == "space":
            here.append(_Token(_Kind.LITERAL, " "))
        elif name == "bracket":
            if condition := _CONDITION.match(text):
                here.append((condition.group(1), float(condition.group(2))))
            elif text.startswith("$"):
                here.append(_Token(_Kind.LITERAL, text[1:].partition("-")[0]))
            elif _ELAPSED.match(text):
                here.append(_Token(_Kind.DATE, f"[{text.lower()}]"))
        elif name == "general":
            here.append(_Token(_Kind.GENERAL, ""))
        elif name == "ampm":
            here.append(_Token(_Kind.DATE, text.upper()))
        elif name == "exponent":
            here.append(_Token(_Kind.EXPONENT, text))
        elif name == "date":
            here.append(_Token(_Kind.DATE, text.lower()))
        elif name == "digit":
            here.append(_Token(_Kind.DIGIT, text))
        elif name == "other":
            if text == ";":
                sections.append([])
            else:
                here.append(_Token(_OTHER_KINDS.get(text, _Kind.LITERAL), text))
    return sections


def _as_dates(tokens: list[_Token]) -> tuple[_Token, ...]:
    """Tokens of a date section: minutes told from months, ``.00`` behind seconds, the rest literal."""
    result: list[_Token] = []
    last_part = ""
    for index, token in enumerate(tokens):
        if token.kind is _Kind.DATE:
            text = token.text
            if text.startswith("m") and len(text) <= 2:
                following = next(
                    (later.text for later in tokens[index + 1 :] if later.kind is _Kind.DATE), ""
                )
                if last_part in ("h", "[h") or following.startswith(("s", "[s")):
                    token = _Token(_Kind.MINUTE, text)
            last_part = text[:2] if text.startswith("[") else text[:1]
            result.append(token)
        elif token.kind is _Kind.DIGIT and token.text == "0" and result:
            before = result[-1]
            if before.kind is _Kind.SECOND_FRACTION or before == _Token(_Kind.LITERAL, "."):
                result[-1] = _Token(_Kind.SECOND_FRACTION, before.text + "0")
            else:
                result.append(_Token(_Kind.LITERAL, token.text))
        elif token.kind is _Kind.GENERAL:
            continue
        else:
            result.append(_Token(_Kind.LITERAL, token.text))
    return tuple(result)


@lru_cache(maxsize=2048)
def _compile(code: str) -> tuple[_Section, ...]:
    compiled: list[_Section] = []
    if code.startswith("[$-"):
        code = _SYSTEM_FORMATS.get(code[3:8].rstrip("]").upper(), code)
    for parts in _tokenise(code[:_LONGEST_FORMAT]):
        condition = next((part for part in parts if isinstance(part, tuple)), None)
        tokens = [part for part in parts if isinstance(part, _Token)]
        if any(token.kind is _Kind.DATE for token in tokens):
            compiled.append(_Section(_as_dates(tokens), condition))
        else:
            compiled.append(_Section(tuple(tokens), condition))
    return tuple(compiled[:4])


def is_date_format(code: str) -> bool:
    """Whether numbers in this format are shown as a date or a time.

    >>> is_date_format("dd/mm/yyyy"), is_date_format('0.00" days"'), is_date_format("[Red]0")
    (True, False, False)
    """
    return _compile(code)[0].is_date


def _holds(condition: tuple[str, float], value: float) -> bool:
    operator, limit = condition
    match operator:
        case "<":
            return value < limit
        case "<=":
            return value <= limit
        case ">":
            return value > limit
        case ">=":
            return value >= limit
        case "=":
            return value == limit
        case _:
            return value != limit


def _is_negative(condition: tuple[str, float]) -> bool:
    """Whether a condition holds for negative numbers alone: its section then shows the sign itself."""
    return condition[0] in ("<", "<=") and condition[1] <= 0


def _choose(sections: Sequence[_Section], value: float) -> tuple[_Section, bool]:
    """The section for a number, and whether the section itself shows the sign."""
    # The last section is for text where it has its place: numbers take the others, or the General format.
    numeric = sections[:3] if len(sections) < 2 or not sections[-1].is_text else sections[:-1][:3]
    if any(section.condition for section in numeric):
        for section in numeric:
            if section.condition is None or _holds(section.condition, value):
                return section, section.condition is not None and _is_negative(section.condition)
        return numeric[-1], False
    if len(numeric) == 1:
        return numeric[0], False
    if value < 0:
        return numeric[1], True
    if value == 0 and len(numeric) == 3:
        return numeric[2], False
    return numeric[0], False


# A decimal of at most fifteen digits that is written as people write it: nothing to round.
_SHORT_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.(?=[0-9]{0,2}[1-9])[0-9]{0,5}[1-9])?\Z")


def general(raw: str) -> str:
    """A number as the General format shows it in a column that is wide enough for all its digits.

    Programs cut it down to what fits: Excel to eleven places, and whole numbers of more to ``1.23E+11``.
    Who looks into the cell sees fifteen digits, and whole numbers wholly, and so does this.

    >>> general("1.2345678E7"), general("0.30000000000000004"), general("12345678901234")
    ('12345678', '0.3', '12345678901234')
    """
    if raw.isdigit() and raw.isascii():
        return raw.lstrip("0") or "0"
    if _SHORT_DECIMAL.match(raw):
        return raw
    try:
        if "." in raw:
            text = f"{float(raw):.{_DIGITS}g}"
            # (neither an exponent, nor infinity, nor minus nought)
            if "e" not in text and "1" <= text[-1] <= "9":
                return text
        value = Decimal(raw)
    except (InvalidOperation, ValueError):
        return raw
    if not value.is_finite():
        return raw
    exponent = value.adjusted()
    if exponent < _LARGEST_WHOLE and value == value.to_integral_value():
        return str(int(value))
    if abs(exponent) >= _LARGEST_FLOAT:
        return raw
    text = f"{float(value):.{_DIGITS}g}".upper()
    if "E" in text and exponent >= -_SHOWN_PLACES and len(plain := f"{Decimal(text):f}") <= _SHOWN_PLACES:
        return plain  # 0.00001 has room for its zeros
    return text


def _round(value: Decimal, places: int) -> Decimal:
    with localcontext() as context:
        context.prec = 400
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _with_digits(section: _Section, value: Decimal) -> str:
    """Fill the digit placeholders of a section with an unsigned number."""
    tokens = section.tokens
    point = next((i for i, token in enumerate(tokens) if token.kind is _Kind.POINT), len(tokens))
    whole_places = [i for i in range(point) if tokens[i].kind is _Kind.DIGIT]
    fraction_places = [i for i in range(point, len(tokens)) if tokens[i].kind is _Kind.DIGIT]
    last_digit = (fraction_places or whole_places or [-1])[-1]
    commas = [i for i, token in enumerate(tokens) if token.kind is _Kind.COMMA]
    grouped = any(whole_places and whole_places[0] < i < whole_places[-1] for i in commas)
    scaling = sum(1 for i in commas if i > (whole_places[-1] if whole_places else -1))
    percents = sum(1 for token in tokens if token.kind is _Kind.PERCENT)
    value = _round(value.scaleb(2 * percents - 3 * scaling), len(fraction_places))
    text = f"{value:f}"
    whole, _, fraction = text.partition(".")
    whole = whole.lstrip("0")

    shown: dict[int, str] = {}
    emitted = 0
    for order, index in enumerate(reversed(whole_places)):
        leftmost = order == len(whole_places) - 1
        piece = ""
        digits = whole if leftmost else whole[-1:]
        whole = "" if leftmost else whole[:-1]
        if not digits:
            placeholder = tokens[index].text
            digits = "0" if placeholder == "0" else " " if placeholder == "?" else ""
        for digit in reversed(digits):
            if grouped and emitted and emitted % 3 == 0:
                piece = "," + piece
            piece = digit + piece
            emitted += 1
        shown[index] = piece
    kept = len(fraction)
    for index in reversed(fraction_places):
        position = fraction_places.index(index)
        if tokens[index].text == "0" or (position < len(fraction) and fraction[position] != "0"):
            break
        kept = position
    for position, index in enumerate(fraction_places):
        if position < kept:
            shown[index] = fraction[position]
        else:
            shown[index] = " " if tokens[index].text == "?" else ""

    pieces: list[str] = []
    for index, token in enumerate(tokens):
        if token.kind is _Kind.DIGIT:
            pieces.append(shown[index])
        elif token.kind is _Kind.COMMA:
            if index > last_digit and not whole_places:
                pieces.append(token.text)
        elif token.kind is _Kind.TEXT:
            pieces.append(text)
        else:
            pieces.append(token.text)
    return "".join(pieces)


def _with_exponent(section: _Section, value: Decimal) -> str:
    """Scientific notation: ``0.00E+00`` and engineering ``##0.0E+0``."""
    tokens = section.tokens
    at = next(i for i, token in enumerate(tokens) if token.kind is _Kind.EXPONENT)
    mantissa = _Section(tokens[:at])
    point = next((i for i in range(at) if tokens[i].kind is _Kind.POINT), at)
    step = max(1, sum(1 for i in range(point) if tokens[i].kind is _Kind.DIGIT))
    exponent = 0
    if value:
        exponent = value.adjusted()
        if step > 1:
            exponent -= exponent % step
    places = sum(1 for i in range(point, at) if tokens[i].kind is _Kind.DIGIT)
    if abs(_round(value.scaleb(-exponent), places)) >= Decimal(10) ** step:
        exponent += step  # rounded up to one digit more
    scaled = _with_digits(mantissa, value.scaleb(-exponent))
    digits = sum(1 for token in tokens[at:] if token.kind is _Kind.DIGIT)
    tail = "".join(token.text for token in tokens[at + 1 :] if token.kind is _Kind.LITERAL)
    sign = "-" if exponent < 0 else "+" if tokens[at].text.endswith("+") else ""
    return f"{scaled}E{sign}{abs(exponent):0{max(1, digits)}d}{tail}"


def _with_fraction(section: _Section, value: Decimal) -> str:
    """Fractions: ``# ?/?`` and fixed denominators such as ``# ?/8``."""
    tokens = section.tokens
    at = next(i for i, token in enumerate(tokens) if token.kind is _Kind.SLASH)
    behind = "".join(token.text for token in tokens[at + 1 :]).strip()
    mixed = any(token.kind is _Kind.LITERAL and token.text == " " for token in tokens[:at])
    if behind.isdigit() and int(behind) > 0:
        denominator = int(behind)
        parts = int(Fraction(value) * denominator + Fraction(1, 2))
    else:
        places = max(1, sum(1 for token in tokens[at + 1 :] if token.kind is _Kind.DIGIT))
        number = Fraction(value).limit_denominator(10 ** min(places, 6) - 1)
        parts, denominator = number.numerator, number.denominator
    whole, rest = divmod(parts, denominator) if mixed else (0, parts)
    if not rest:
        return str(whole)
    # (the space between is shown even where no whole number stands before it)
    return f"{whole or ''} {rest}/{denominator}" if mixed else f"{rest}/{denominator}"


def serial_to_datetime(serial: float, *, date1904: bool = False) -> datetime | None:
    """The moment of a serial day number, ``None`` outside of the days that spreadsheets know.

    In the 1900 system day 60 is the 29 February 1900 that never was (Lotus 1-2-3); days before it are
    one later than the plain count.
    """
    if date1904:
        serial += 1462
    if not 0 <= serial < _LAST_SERIAL + 1:
        return None
    if serial < 60 and not date1904:
        serial += 1
    return datetime(1899, 12, 30) + timedelta(days=int(serial), seconds=(serial - int(serial)) * 86400)


def _date_piece(part: str, moment: datetime, *, twelve_hours: bool) -> str:
    match part:
        case "d":
            return str(moment.day)
        case "dd":
            return f"{moment.day:02d}"
        case "ddd":
            return _DAYS[moment.weekday()][:3]
        case "m":
            return str(moment.month)
        case "mm":
            return f"{moment.month:02d}"
        case "mmm":
            return _MONTHS[moment.month - 1][:3]
        case "mmmmm":
            return _MONTHS[moment.month - 1][:1]
        case "y" | "yy":
            return f"{moment.year % 100:02d}"
        case "AM/PM":
            return "AM" if moment.hour < 12 else "PM"
        case "A/P":
            return "A" if moment.hour < 12 else "P"
    hour = (moment.hour % 12 or 12) if twelve_hours else moment.hour
    match part[:1]:
        case "d":
            return _DAYS[moment.weekday()]
        case "m":
            return _MONTHS[moment.month - 1]
        case "y" | "e":
            return f"{moment.year:04d}"
        case "b":
            return f"{moment.year + 543:04d}"
        case "h":
            return f"{hour:02d}" if len(part) > 1 else str(hour)
        case "s":
            return f"{moment.second:02d}" if len(part) > 1 else str(moment.second)
    return ""


def _elapsed(part: str, seconds: float) -> str:
    unit = {"h": 3600, "m": 60, "s": 1}[part[1]]
    return f"{int(seconds // unit):0{len(part) - 2}d}"


def _with_date(section: _Section, value: float, *, date1904: bool) -> str | None:
    tokens = section.tokens
    if value < 0 and any(token.text.startswith("[") for token in tokens if token.kind is _Kind.DATE):
        # Time owed: the 1904 system and other programs than Excel show it.
        shown = _with_date(section, -value, date1904=date1904)
        return shown and "-" + shown
    places = max((len(token.text) - 1 for token in tokens if token.kind is _Kind.SECOND_FRACTION), default=0)
    grain = 10 ** min(places, 6)
    # Round to the smallest unit shown: 0.999999 of a minute is the next one, not 59 seconds and a bit.
    value = round(value * 86400 * grain) / (86400 * grain)
    moment = serial_to_datetime(value + 1e-9, date1904=date1904)
    if moment is None:
        return None
    day_nought = value < 1 and not date1904  # an empty cell of dates shows as 00/01/1900
    if day_nought:
        moment += timedelta(days=1)
    twelve = any(token.text in ("AM/PM", "A/P") for token in tokens if token.kind is _Kind.DATE)
    pieces: list[str] = []
    for token in tokens:
        if token.kind is _Kind.MINUTE:
            pieces.append(f"{moment.minute:0{len(token.text)}d}")
        elif token.kind is _Kind.DATE:
            if token.text.startswith("["):
                pieces.append(_elapsed(token.text, value * 86400 + 1e-3))
            elif day_nought and token.text in ("d", "dd"):
                pieces.append("0" * len(token.text))
            else:
                pieces.append(_date_piece(token.text, moment, twelve_hours=twelve))
        elif token.kind is _Kind.SECOND_FRACTION:
            pieces.append("." + f"{moment.microsecond:06d}"[:places])
        else:
            pieces.append(token.text)
    return "".join(pieces)


def render_text(text: str, code: str) -> str:
    """Text as a format shows it: its text section (``@``) may put words around it.

    >>> render_text("AB1", '0;0;0;"ref "@')
    'ref AB1'
    """
    if "@" not in code and code.count(";") < 3:
        return text
    sections = _compile(code)
    section = sections[3] if len(sections) > 3 else sections[0]
    if len(sections) < 4 and not any(token.kind is _Kind.TEXT for token in section.tokens):
        return text
    return "".join(text if token.kind is _Kind.TEXT else token.text for token in section.tokens)


@lru_cache(maxsize=65536)
def render(raw: str, code: str = GENERAL, *, date1904: bool = False) -> str:
    r"""The text that a spreadsheet shows for the stored number ``raw`` under the format ``code``.

    A format that cannot be understood, a date outside of the calendar and a number that is none are
    shown as General: nothing is lost, and nothing raises.

    >>> render("1234567", "00000000"), render("40004", r"00\-00\-00"), render("28916", "dd/mm/yyyy")
    ('01234567', '04-00-04', '02/03/1979')
    """
    if code == GENERAL or not code:
        return general(raw)
    try:
        value = Decimal(raw)
        if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
            return general(raw)
        if len(raw) > _DIGITS and value != value.to_integral_value():
            value = _FIFTEEN.plus(value)
        section, signed = _choose(_compile(code), float(value))
        if section.is_date:
            shown = _with_date(section, float(value), date1904=date1904)
            return general(raw) if shown is None else shown.strip()
        kinds = {token.kind for token in section.tokens}
        unsigned = abs(value)
        if _Kind.GENERAL in kinds:
            text = "".join(
                general(str(unsigned)) if token.kind is _Kind.GENERAL else token.text
                for token in section.tokens
            )
        elif _Kind.EXPONENT in kinds:
            text = _with_exponent(section, unsigned)
        elif _Kind.SLASH in kinds and _Kind.DIGIT in kinds:
            text = _with_fraction(section, unsigned)
        elif _Kind.TEXT in kinds and _Kind.DIGIT not in kinds:
            return general(raw)
        else:
            text = _with_digits(section, unsigned)
    except (InvalidOperation, ValueError, OverflowError, ZeroDivisionError):
        return general(raw)
    if value < 0 and not signed and any(digit in text for digit in "123456789"):
        text = "-" + text
    return text.strip()
