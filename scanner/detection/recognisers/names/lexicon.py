"""The name lexicon: what is known about a word as a forename, a surname, an ordinary word, a place, a title.

Each word has one number whose bits say it all, so that a token costs one dictionary look-up.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from rules.names import NamePack, load_names
from scanner.detection.phrases import expand

# Bits 0-1 forename band, 2-3 surname band, 4-5 how ordinary the word is (2: in every document).
PLACE = 1 << 6
TITLE = 1 << 7
HEAD = 1 << 8
JOB = 1 << 9
FUNCTION = 1 << 10
CALENDAR = 1 << 11
RELATION = 1 << 12
KNOWN_NAME = 0b1111
_WORD_BITS = 0b110000

# What is known about a written word: lower case, flags, shape, characters cut off its end, possessive or not.
Word = tuple[str, int, str, int, bool]
# A process that sees more different words than this forgets them and begins again.
_MOST_WORDS = 60_000

_CAMEL = re.compile(r"[a-z][A-Z]")
_CAMEL_PREFIX = ("mc", "mac", "de", "la", "le", "fitz", "van", "di", "du", "o", "al", "el", "ab")

# Endings of English words which no list holds; a capitalised word with one is not an unknown surname.
_WORD_ENDINGS = (
    "ing", "tion", "sion", "ment", "ments", "ness", "ity", "ities", "ology", "ological", "ism", "ised",
    "ized", "ally", "ance", "ence", "able", "ible", "ful", "less", "ware", "tions", "sions", "ative",
    "ships", "ship", "hood", "ically", "ously", "works", "graphy", "metric", "cratic",
)  # fmt: skip
_LONG_ENOUGH = 6


def forename_band(flags: int) -> int:
    """0 is no forename, 1 a rare one, 2 a known one, 3 one that everybody knows."""
    return flags & 3


def surname_band(flags: int) -> int:
    """0 is no surname, 1 one of the wide list, 2 one of another country, 3 one of the UK and Ireland."""
    return flags >> 2 & 3


def word_band(flags: int) -> int:
    """0 is no ordinary word, 1 one, 2 one that stands in every document."""
    return flags >> 4 & 3


@dataclass(frozen=True, slots=True)
class Cue:
    """What a phrase beside a name adds: log-odds and whose name it is."""

    weight: float
    note: str


# Letters with a stroke have no decomposition.
_STROKES = str.maketrans("łøđħıæœß", "lodhiaos")


# Particles inside a compound: they are no part that lists know.
_JOINING = frozenset(("al", "el", "ap", "ab", "de", "la", "le", "ul", "ur", "ud"))


def _fold(word: str) -> str:
    """The word without accents, as the lists and most systems write it."""
    plain = unicodedata.normalize("NFKD", word.translate(_STROKES))
    return "".join(character for character in plain if not unicodedata.combining(character))


def _banded(folder: Traversable, name: str) -> Iterator[tuple[int, list[str]]]:
    for line in gzip.decompress(folder.joinpath(name).read_bytes()).decode("utf-8").splitlines():
        band, _, names = line.partition("\t")
        yield int(band), names.split(" ")


def _lines(folder: Traversable, name: str) -> list[str]:
    return [line for line in folder.joinpath(name).read_text("utf-8").splitlines() if line[:1] != "#"]


class Lexicon:
    """Names, words and vocabulary of one country; read once, never changed."""

    def __init__(self, pack: NamePack | None = None) -> None:
        folder = files("rules").joinpath("packs/uk/gazetteers")
        self._flags: dict[str, int] = {}
        self._words: dict[str, Word] = {}
        flags = self._flags
        for band, names in _banded(folder, "surnames.txt.gz"):
            flags.update(dict.fromkeys(names, band << 2))
        for band, names in _banded(folder, "forenames.txt.gz"):
            for name in names:
                flags[name] = flags.get(name, 0) | band
        for band, names in _banded(folder, "words.txt.gz"):
            for name in names:
                flags[name] = flags.get(name, 0) | band << 4
        self.places = frozenset(_lines(folder, "places.txt"))
        self.well_known = frozenset(_lines(folder, "well_known.txt"))
        for place in self.places:
            if " " not in place:
                flags[place] = flags.get(place, 0) | PLACE
        self._read(pack or load_names())

    def _read(self, pack: NamePack) -> None:
        self.pack = pack
        self.titles: dict[str, str] = {}
        self.title_starts: frozenset[str] = frozenset()
        self.before: dict[str, Cue] = {}
        self.after: dict[str, Cue] = {}
        self.jobs: dict[str, str] = {}
        self.labels: dict[str, tuple[str, str]] = {}
        self.groups: frozenset[str] = self._phrases("group")
        self.relations = self._phrases("relation")
        self.no_values = self._phrases("no-value")
        self.label_modifiers = self._phrases("label-modifier")
        self.label_others = self._phrases("label-other")
        self.heads = self._phrases("head")
        self.heads_any_case = self._phrases("head-any-case")
        self.thing_before = self._phrases("thing-before")
        self.surname_heads = self._phrases("surname-head")
        self.place_before = self._phrases("place-before")
        for rule in pack.rules:
            for phrase in _literals(rule.phrases):
                match rule.kind:
                    case "title":
                        self.titles.setdefault(phrase, rule.note)
                    case "before":
                        self.before.setdefault(phrase, Cue(rule.weight, rule.note))
                    case "after":
                        self.after.setdefault(phrase, Cue(rule.weight, rule.note))
                    case "job":
                        self.jobs.setdefault(phrase, rule.note)
                    case "label" | "label-surname" | "label-forename" | "label-role":
                        self.labels.setdefault(phrase, (rule.kind, rule.note))
        self.title_starts = frozenset(title.partition(" ")[0] for title in self.titles)
        for words, bit in (
            (self.titles, TITLE),
            (self.heads, HEAD),
            (self.jobs, JOB),
            (self._phrases("function"), FUNCTION),
            (self._phrases("calendar"), CALENDAR),
            (self.relations, RELATION),
        ):
            for word in words:
                if " " not in word:
                    self._flags[word] = self._flags.get(word, 0) | bit

    def _phrases(self, kind: str) -> frozenset[str]:
        return frozenset(
            phrase for rule in self.pack.rules if rule.kind == kind for phrase in _literals(rule.phrases)
        )

    def flags(self, word: str) -> int:
        """What is known about a lower-case word; hyphenated words by their parts."""
        known = self._flags.get(word)
        if known is not None:
            return known
        if not word.isascii():
            return self.flags(folded) if (folded := _fold(word)) != word else 0
        if "-" in word:
            return self._compound(word.split("-"))
        if len(word) >= _LONG_ENOUGH and word.endswith(_WORD_ENDINGS):
            return 1 << 4
        if word.endswith("s") and word_band(self._flags.get(word[:-1], 0)):
            return 1 << 4
        return 0

    def word(self, written: str) -> Word:
        """What is known about a word as it is written; the answer is kept for the next time."""
        known = self._words.get(written)
        if known is None:
            if len(self._words) >= _MOST_WORDS:
                self._words.clear()
            known = self._words[written] = self._read_word(written)
        return known

    def _read_word(self, written: str) -> Word:
        cut = 0
        if written[-1] == "." and len(written) > 1:
            letters = written.replace(".", "")
            if len(letters) == 1 or "." in written[:-1]:
                return letters.lower(), 0, "I", 0, False
            written, cut = written[:-1], 1
        possessive = written[-2:] in ("'s", "'S") and len(written) > 2
        if possessive:
            written, cut = written[:-2], cut + 2
        low = written.lower()
        if len(written) == 1:
            shape = "I" if written.isupper() else "l"
        else:
            shape = "l" if low == written else "C" if written.isupper() else "T"
        flags = self.flags(low) if len(low) > 1 else 0
        camel = shape == "T" and _CAMEL.search(written) and "-" not in written and "'" not in written
        if camel and not flags & KNOWN_NAME and not low.startswith(_CAMEL_PREFIX):
            # "JavaScript" is no name, "McDonald" is.
            flags = 1 << 4
        return low, flags, shape, cut, possessive

    def _compound(self, parts: list[str]) -> int:
        flags = [self._flags.get(part, 0) for part in parts if part and part not in _JOINING]
        if not flags:
            return 0
        forename = min(forename_band(flag) for flag in flags)
        surname = min(max(surname_band(flag), forename_band(flag) and 1) for flag in flags)
        word = min(word_band(flag) for flag in flags)
        # "Smith-Jones", "Anne-Marie"; a compound of an unknown part is as good as its best known one.
        if not forename and not surname and not word:
            surname = int(any(surname_band(flag) >= 2 for flag in flags))
            word = int(any(flag & FUNCTION for flag in flags))
        return forename | surname << 2 | word << 4

    def nameless_words(self) -> list[str]:
        """Words that are no part of any name: those of every document, and those with another meaning."""
        return [
            word
            for word, flags in self._flags.items()
            if not flags & KNOWN_NAME
            and (flags & _WORD_BITS == 2 << 4 or flags >> 6)
            and len(word) >= 2
            and word.isascii()
            and word.isalpha()
        ]

    def frequent_forenames(self, least: int = 2) -> list[str]:
        """Known forenames that are no ordinary words: found in small letters too."""
        return [
            name
            for name, flags in self._flags.items()
            if flags & 3 >= least and not flags >> 4 and len(name) >= 3
        ]

    def phrases_of(self, kind: str) -> frozenset[str]:
        """The literal phrases, in lower case, of all rules of one kind."""
        return self._phrases(kind)


def _literals(phrases: Iterable[str]) -> Iterator[str]:
    for phrase in phrases:
        for literal in expand(phrase):
            yield literal.lower()
