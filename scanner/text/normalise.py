"""Normalisation that a person sees through, with a map back to the original offsets.

Zero-width characters and soft hyphens vanish; full-width and mathematical letters and digits,
ligatures, typographic spaces, dashes and quotes, and letters of other alphabets that look like Latin
ones become their plain forms.  Plain ASCII text, most of what a council keeps, is returned as it is.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

# Invisible characters: soft hyphen, zero-width space to right-to-left mark, bidi controls,
# word joiner to invisible plus, BOM, pdfium's U+FFFE for a line-end hyphen, variation selectors.
_INVISIBLE = (
    # Combining accents too: they make another letter of none that detection looks for.
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ufffe"
)
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"

# Look-alike letters of Greek and Cyrillic (after the idea of Unicode Technical Standard 39); only
# those that a reader takes for a Latin capital or small letter, and only one character for one.
_LOOKALIKES = {
    "А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "І": "I", "Ј": "J", "К": "K", "М": "M",
    "О": "O", "Р": "P", "Ѕ": "S", "Т": "T", "Х": "X", "У": "Y", "а": "a", "с": "c", "е": "e",
    "һ": "h", "і": "i", "ј": "j", "о": "o", "р": "p", "ѕ": "s", "х": "x", "у": "y",
    "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N",
    "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "ο": "o", "ι": "i",
}  # fmt: skip

_ONE_FOR_ONE = {"‘": "'", "’": "'", "‛": "'", "ʼ": "'", "“": '"', "”": '"', "′": "'", "″": '"'}

_WORK = re.compile(r"[^\x00-\x7f\u00a1-\u00ac\u00ae-\u017f]")
_FOREIGN_WORD = re.compile(r"[\u0370-\u03ff\u0400-\u04ff]")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """Normalised text and the way back.

    ``breaks`` are positions in ``text`` from which ``shifts`` (original minus normalised offset)
    hold; both are empty where no character was added or removed.
    """

    text: str
    breaks: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()

    def to_original(self, position: int) -> int:
        """The offset in the original text of the character at ``position``."""
        index = bisect_right(self.breaks, position) - 1
        return position if index < 0 else position + self.shifts[index]

    def span_to_original(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text: it ends behind its last character, not before the next."""
        if not self.breaks:
            return start, end
        if end <= start:
            here = self.to_original(start)
            return here, here
        return self.to_original(start), self.to_original(end - 1) + 1

    def to_normalised(self, position: int) -> int:
        """The offset in ``text`` of the first kept character at or behind an original offset."""
        if not self.breaks:
            return position
        low, high = 0, len(self.text)
        while low < high:
            middle = (low + high) // 2
            if self.to_original(middle) < position:
                low = middle + 1
            else:
                high = middle
        return low


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """The plain form of one character: itself, another, several, or nothing."""
    if re.match(f"[{_INVISIBLE}]", character):
        return ""
    if re.match(f"[{_SPACES}]", character):
        return " "
    if re.match(f"[{_DASHES}]", character):
        return "-"
    if character in _ONE_FOR_ONE:
        return _ONE_FOR_ONE[character]
    if character.isdigit() and (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    if unicodedata.category(character) == "Mn":
        return character
    return unicodedata.normalize("NFKC", character)


def _fold_lookalikes(text: str) -> str:
    """Replace look-alike letters inside words that also hold Latin letters or digits.

    A word wholly in another alphabet is somebody's language, not a disguise; a one- or two-letter
    group beside digits ("АВ 123456 С") is a disguise.
    """

    def fold(match: re.Match[str]) -> str:
        word = match.group()
        if not _FOREIGN_WORD.search(word):
            return word
        folded = "".join(_LOOKALIKES.get(character, character) for character in word)
        short_code = len(word) <= 2 and folded.isascii()
        mixed = any(character.isascii() and character.isalnum() for character in word)
        return folded if short_code or mixed else word

    return _WORD.sub(fold, text)


def normalise(text: str) -> NormalisedText:
    """Normalise ``text``; the cost is one scan where there is nothing to do."""
    if text.isascii():
        return NormalisedText(text)
    if _FOREIGN_WORD.search(text):
        text = _fold_lookalikes(text)
    pieces: list[str] = []
    breaks: list[int] = []
    shifts: list[int] = []
    done = length = shift = 0
    for match in _WORK.finditer(text):
        plain = _plain(match.group())
        at = match.start()
        pieces.append(text[done:at])
        pieces.append(plain)
        length += at - done
        done = at + 1
        if len(plain) != 1:
            # Characters that one original character became all point at it.
            for extra in range(1, len(plain)):
                shift -= 1
                breaks.append(length + extra)
                shifts.append(shift)
            if not plain:
                shift += 1
                if breaks and breaks[-1] == length:
                    shifts[-1] = shift
                else:
                    breaks.append(length)
                    shifts.append(shift)
        length += len(plain)
    if not pieces:
        return NormalisedText(text)
    pieces.append(text[done:])
    return NormalisedText("".join(pieces), tuple(breaks), tuple(shifts))


def to_bytes(text: str) -> bytes:
    """One byte per character, so that offsets in bytes are offsets in text.

    Characters beyond Latin-1 become a byte of their class: ``X``/``x`` for letters by case, ``?`` for
    the rest, so that word boundaries stay where they are.
    """
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return "".join(
            character
            if character <= "\xff"
            else ("X" if character.isupper() else "x")
            if character.isalpha()
            else "?"
            for character in text
        ).encode("latin-1")
