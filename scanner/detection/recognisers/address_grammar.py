"""The grammar of one element of a UK address: house numbers, flats, streets, buildings, places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rules.addresses import AddressWords

# A house number, its letter, its range or its Scottish flat; OCR may have put l, I or O for a digit.
HOUSE_NUMBER = re.compile(
    r"(?<![\w£$/.\-])(?:no\.? ?)?((?:[0-9][0-9lIO]{0,3}|[lI][0-9]{1,2})(?:[A-Da-dF-Hf-h](?![a-z]))?"
    r"(?: ?[\-/] ?[0-9]{1,4}[A-Za-z]?| ?& ?[0-9]{1,4})?)(?![\w/])",
    re.IGNORECASE,
)
_SCOTTISH_FLAT = (
    r"(?:[0-9]{1,2}[FR][0-9LRM]|[PBG]F[0-9LRM]?|[0-9]{1,2}/[0-9LRMlrm]|[0-9LRM]{1,2} ?/ ?[0-9LRM]{1,2})"
)
_FLOOR = (
    r"(?:(?:top|ground|first|second|third|fourth|1st|2nd|3rd|4th|upper|lower|basement|garden|lower ground|"
    r"attic)"
    r"(?: floor)?(?: (?:left|right|front|rear|back|middle))?,? ?)"
)
# Words before a building's name that are written large at the beginning of a sentence or label.
_BEFORE_NAME = frozenset(["at", "to", "in", "from", "of", "address", "property", "home", "lives", "re"])
TITLE = re.compile(r"^\W*(?:mr|mrs|ms|miss|mx|dr|prof|rev|sir|lady|dame|master|messrs)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """What an element of an address holds: where its part of the address begins, and which."""

    offset: int
    number: bool = False
    street: bool = False
    named: bool = False


class AddressGrammar:
    """Questions about the words of one element of an address, as commas and line ends part them."""

    def __init__(self, words: AddressWords, towns: frozenset[str], outward: frozenset[str]) -> None:
        self.words = words
        self.towns = towns
        self.outward = outward
        subs = "|".join(re.escape(word) for word in words.sub_building_words)
        self._sub = (
            rf"(?:{_FLOOR}?(?:{subs})s?\.?(?: ?(?:no\.? ?)?(?:[0-9]{{1,4}}[A-Za-z]?|[A-Za-z][0-9]{{0,3}}|"
            rf"one|two|three|four|five|six)(?:[/\-][0-9]{{1,3}})?(?![a-zA-Z]))?|{_SCOTTISH_FLAT}|{_FLOOR}(?:flat|fl)\b)"
        )
        self._sub_whole = re.compile(rf"{self._sub}\W*", re.IGNORECASE)
        self._sub_before = re.compile(rf"(?<!\w)(?:{self._sub})[ ,.\-]{{1,3}}(?:at )?$", re.IGNORECASE)
        self._sub_tail = re.compile(
            rf"(?<!\w)(?:{_FLOOR}?(?:{subs})\.? ?(?:no\.? ?)?(?:[0-9]{{1,4}}[A-Za-z]?|"
            rf"[A-Z](?:[0-9]{{1,3}})?)\b|{_SCOTTISH_FLAT})",
            re.IGNORECASE,
        )

    def is_sub(self, element: str) -> bool:
        """Whether an element is a flat, room or floor: "Flat 3", "2F1", "Top floor flat"."""
        element = re.sub(r" ?\([^()]*\)?$", "", element)  # "Flat 3 (first floor)"
        return self._sub_whole.fullmatch(element) is not None and any(
            c.isdigit() or c.isupper() for c in element
        )

    def is_place(self, element: str) -> bool:
        """Whether an element can be a town, village, county or country."""
        tokens = element.replace("-", " ").split()
        if not 0 < len(tokens) <= 5 or any(character.isdigit() for character in element):
            return False
        lowered = " ".join(tokens).lower().strip(" .'()")
        if lowered in self.towns or lowered in self.words.counties:
            return True
        if TITLE.match(element) or len(tokens) > 4:
            return False
        if all(capital(token) or token.lower() in self.words.small_words for token in tokens):
            return capital(tokens[0]) and lowered not in self.words.prose_words
        return len(tokens) <= 2 and not any(
            token in self.words.prose_words or not token.isalpha() for token in tokens
        )

    def is_known_place(self, element: str) -> bool:
        """Whether an element is a town or county of the lists."""
        lowered = " ".join(element.replace("-", " ").lower().split()).strip(" .'()")
        return lowered in self.towns or lowered in self.words.counties

    def is_street(self, tokens: Sequence[str], *, open_end: bool = False, numbered: bool = False) -> bool:
        """Whether words are a street's name: "Beech Road", "Heol y Bont", "The Chase", "mill lane".

        With ``open_end`` a town may follow the descriptor without a comma.  Behind a house number
        (``numbered``) a Welsh or French word in front is enough: alone, "Ynys Môn" is a place.
        """
        words = self.words
        leading = (
            words.leading_descriptors
            if numbered
            else words.leading_descriptors & self.words.lone_leading_descriptors
        )
        if not 1 < len(tokens) <= (8 if open_end else 6):
            return False
        lowered = [token.lower().strip(".,'()") for token in tokens]
        if any(character.isdigit() for token in lowered[1:] for character in token.replace("0", "")):
            return False
        proper = all(capital(token) or token.lower() in self.words.small_words for token in tokens)
        if proper and capital(tokens[0]):
            if lowered[-1] in words.descriptors or lowered[-1].replace("0", "o") in words.descriptors:
                return True
            if lowered[0] in leading:
                return len(tokens) <= (3 if lowered[0] == "the" else 5)
            return open_end and any(word in words.descriptors for word in lowered[1:-1])
        if any(word in self.words.prose_words for word in lowered):
            return False
        if lowered[-1] in words.plain_descriptors:
            return len(tokens) <= 4
        if lowered[0] in leading & self.words.lone_leading_descriptors:
            return len(tokens) <= 4
        if open_end:
            for index in range(1, len(lowered) - 1):
                if lowered[index] in words.plain_descriptors:
                    return " ".join(lowered[index + 1 :]) in self.towns or len(lowered) - index <= 3
        return False

    def is_building(self, tokens: Sequence[str]) -> bool:
        """Whether words name a building: "Rose Cottage", "Regent Hse", "The Old Rectory", "Tŷ Capel"."""
        if not 1 < len(tokens) <= 5:
            return False
        lowered = [token.lower().strip(".,'()") for token in tokens]
        if not all(
            capital(token) or token.lower() in self.words.small_words for token in tokens
        ) or not capital(tokens[0]):
            return False
        return lowered[-1] in self.words.building_words or lowered[0] in self.words.house_first_words

    def premises(self, element: str, *, followed: bool) -> Part | None:
        """The part of an element that is a house, a flat or a named building, with its street if it has one.

        ``followed`` says that a town or postcode follows, so that a street needs no descriptor.
        """
        for match in HOUSE_NUMBER.finditer(element):
            rest = element[match.end() :].strip(" ,.")
            tokens = rest.split()
            if not tokens or len(tokens) > 8:
                continue
            if tokens[0].isdigit() or tokens[0].lower() in self.words.counted_words:
                continue
            street = self.is_street(tokens, open_end=followed, numbered=True)
            named = not street and self.is_building(tokens)
            if not street and not named:
                plain = len(match.group(1)) <= 3 and len(tokens) <= 4 and match.start() == 0
                proper = all(
                    capital(token) or token.lower() in self.words.small_words for token in tokens
                ) and capital(tokens[0])
                if not (followed and plain and proper):
                    continue
            start = match.start(1)
            if (sub := self._sub_before.search(element[: match.start()])) is not None:
                start = sub.start()
            return Part(start, number=True, street=street or not named, named=named)
        for sub in self._sub_tail.finditer(element):
            tokens = element[sub.end() :].strip(" ,.").split()
            if not tokens or self.is_building(tokens) or self.is_street(tokens, open_end=followed):
                return Part(sub.start(), number=True, street=self.is_street(tokens), named=True)
        return None

    def sub_before(self, before: str) -> int | None:
        """Where a flat or room begins that ends ``before``: the "Flat 3" of "in Flat 3 " before a number."""
        match = self._sub_before.search(before)
        return match.start() if match is not None else None

    def named_tail(self, element: str, *, street: bool) -> int | None:
        """Where the capitalised words begin that end an element and name a building (or a street)."""
        tokens = list(re.finditer(r"\S+", element))
        lowered = [token.group().lower().strip(".,'()") for token in tokens]
        ends = self.words.descriptors if street else self.words.building_words
        starts = self.words.lone_leading_descriptors if street else self.words.house_first_words
        if not tokens or (lowered[-1] not in ends and starts.isdisjoint(lowered)):
            return None
        index = len(tokens)
        while index > 0 and (
            capital(tokens[index - 1].group()) or lowered[index - 1] in self.words.small_words
        ):
            index -= 1
        while index < len(tokens) and not capital(tokens[index].group()):
            index += 1
        for first in range(index, max(index, len(tokens) - 1)):
            words = [token.group() for token in tokens[first:]]
            if lowered[first] in _BEFORE_NAME:
                continue
            if self.is_street(words) if street else self.is_building(words):
                return tokens[first].start()
        return None


def capital(token: str) -> bool:
    """Whether a word begins with a capital, or with a digit that OCR put for one."""
    token = token.lstrip("('\"")
    return bool(token) and (
        token[0].isupper() or (token[0] in "0159" and token[1:2].isalpha() and token[1:].istitle())
    )
