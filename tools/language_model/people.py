"""Names of many communities and made-up addresses, for generation and substitution.

The lists are those of the public data (SOURCES.md there); a fifth of each list is kept for evaluation.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from tools.language_model.sources import PUBLIC
from tools.language_model.vocabulary import WORDS

# Countries of the world lists, by the community they stand for in Britain.
_EVALUATED = 5
# So many people bear names that no list holds: names unseen are the rule, not the exception.
_INVENTED = 0.12
# White British names are drawn by frequency; the first so many forenames of the register are enough.
_FORENAMES = 4_000
_BRITISH = "British"

_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Community:
    """Forenames and surnames of one community."""

    name: str
    forenames: tuple[str, ...]
    surnames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person; ``community`` says where the names are from."""

    forename: str
    surname: str
    middle: str = ""
    community: str = ""

    @property
    def full(self) -> str:
        """The names in order."""
        return " ".join(part for part in (self.forename, self.middle, self.surname) if part)


class Names:
    """Draws people and addresses.  ``evaluation`` draws from the fifth of the lists kept for it."""

    def __init__(self, folder: Path = PUBLIC, *, evaluation: bool = False) -> None:
        self._evaluation = evaluation
        lists = folder / "lists"
        self.communities = [
            _sifted(one, evaluation) for one in (_british(lists), *_written(lists), *_world(lists))
        ]
        self.communities = [one for one in self.communities if one.forenames and one.surnames]
        self.towns = _towns(lists)
        self._invented = _Syllables(
            name for one in self.communities for name in (*one.forenames[:300], *one.surnames[:300])
        )
        # A third of all people drawn are British, the rest is spread evenly.
        self._weights = [
            len(self.communities) / 2.0 if one.name == _BRITISH else 1.0 for one in self.communities
        ]

    def community(self, dice: random.Random) -> Community:
        """A community by its weight."""
        return dice.choices(self.communities, self._weights)[0]

    def person(self, dice: random.Random, community: Community | None = None) -> Person:
        """A person of one community, now and then with a middle name or a double surname."""
        one = community or self.community(dice)
        if not self._evaluation and dice.random() < _INVENTED:
            return Person(self._invented.word(dice), self._invented.word(dice), "", "invented")
        surname = _pick(dice, one.surnames)
        if dice.random() < 0.05:
            surname += "-" + _pick(dice, one.surnames)
        middle = _pick(dice, one.forenames) if dice.random() < 0.1 else ""
        forename = _pick(dice, one.forenames)
        if dice.random() < 0.03:
            forename += "-" + _pick(dice, one.forenames)
        return Person(forename, surname, middle, one.name)

    def town(self, dice: random.Random) -> tuple[str, str]:
        """A town and a postcode that is none in use there but by chance."""
        outcode, town = dice.choice(self.towns)
        return town, f"{outcode} {dice.randint(0, 9)}{dice.choice(_LETTERS)}{dice.choice(_LETTERS)}"

    def street(self, dice: random.Random) -> str:
        """A street's name."""
        first: str = dice.choice(WORDS["streets"])
        if dice.random() < 0.25:
            first = _pick(dice, self.communities[0].surnames)
        if dice.random() < 0.08:
            return f"The {dice.choice(WORDS['street_kinds'])}"
        return f"{first} {dice.choice(WORDS['street_kinds'])}"

    def address(self, dice: random.Random, *, lines: bool = False) -> str:
        """An address as somebody writes it: whole, short, with or without town and postcode."""
        street = self.street(dice)
        if dice.random() < 0.25:
            for long, short in WORDS["short_kinds"].items():
                if street.endswith(" " + long):
                    street = street.removesuffix(long) + short
        number = str(dice.randint(1, 260)) + (dice.choice("abcAB") if dice.random() < 0.1 else "")
        if dice.random() < 0.04:
            number = f"{number}-{int(number.rstrip('abcAB')) + 2}"
        front: list[str] = []
        if dice.random() < 0.22:
            flat = dice.choice(WORDS["flats"])
            door = dice.choice("ABCDE") if dice.random() < 0.3 else str(dice.randint(1, 60))
            front.append(f"{flat} {door}")
            if dice.random() < 0.5:
                front.append(f"{dice.choice(WORDS['blocks'])} {dice.choice(WORDS['block_kinds'])}")
        if dice.random() < 0.1:
            house = dice.choice(WORDS["houses"])
            first = [*front, house, street]
        else:
            first = [*front, f"{number}{',' if dice.random() < 0.04 else ''} {street}"]
        town, postcode = self.town(dice)
        shape = dice.random()
        if shape < 0.25:
            rest = []
        elif shape < 0.4:
            rest = [town]
        elif shape < 0.5:
            rest = [postcode]
        else:
            rest = [town, postcode]
            if dice.random() < 0.2:
                rest.insert(0, dice.choice(self.towns)[1])
        if lines:
            return "\n".join([*first, *rest])
        text = ", ".join([*first, *rest])
        if rest and rest[-1] == postcode and dice.random() < 0.6:
            text = text.removesuffix(f", {postcode}") + f" {postcode}"
        if dice.random() < 0.08:
            text = text.replace(", ", " ")
        return text


class _Syllables:
    """Makes words that sound like the names it was shown and are in no list."""

    def __init__(self, names: Iterable[str]) -> None:
        self._next: dict[str, list[str]] = defaultdict(list)
        for name in names:
            word = f"^^{name.lower()}$"
            for at in range(2, len(word)):
                self._next[word[at - 2 : at]].append(word[at])

    def word(self, dice: random.Random) -> str:
        """A new name of three to eleven letters."""
        while True:
            state, letters = "^^", ""
            while len(letters) < 12 and (letter := dice.choice(self._next[state])) != "$":
                letters += letter
                state = state[1] + letter
            if 3 <= len(letters) <= 11 and letters.isalpha():
                return letters.title()


def _pick(dice: random.Random, names: tuple[str, ...]) -> str:
    """One name; those at the front, the frequent ones, come more often."""
    return names[int(len(names) * dice.random() ** 1.6)]


def _sifted(one: Community, evaluation: bool) -> Community:
    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(n for n in names if (crc32(n.encode()) % _EVALUATED == 0) is evaluation)

    return Community(one.name, kept(one.forenames), kept(one.surnames))


def _british(lists: Path) -> Community:
    with gzip.open(lists / "uk_forenames.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        forenames = {
            r["name"]: int(r["count_f"] or 0) + int(r["count_m"] or 0) for r in csv.DictReader(lines)
        }
    frequent = sorted(forenames, key=lambda n: (-forenames[n], n))[:_FORENAMES]
    surnames = [line.strip() for line in (lists / "uk_surnames.txt").read_text("utf-8").splitlines()]
    return Community(
        _BRITISH,
        tuple(n.title() if n.isupper() or n.islower() else n for n in frequent),
        tuple(n.title() if n.isupper() or n.islower() else n for n in surnames if n),
    )


def _written(lists: Path) -> list[Community]:
    data = json.loads((lists / "community_names.json").read_text("utf-8"))
    return [
        Community(
            name,
            tuple(sorted(set(one["forenames"]), key=crc_order)),
            tuple(sorted(set(one["surnames"]), key=crc_order)),
        )
        for name, one in data.items()
    ]


def crc_order(name: str) -> int:
    """An order that is the same everywhere and says nothing about the name."""
    return crc32(name.encode())


def _world(lists: Path) -> list[Community]:
    forenames, surnames = (
        _by_country(lists / "world_forenames_by_country.csv"),
        _by_country(lists / "world_surnames_by_country.csv"),
    )
    found = []
    for name, countries in WORDS["countries"].items():
        first = tuple(dict.fromkeys(n for c in countries for n in forenames.get(c, ())))
        last = tuple(dict.fromkeys(n for c in countries for n in surnames.get(c, ())))
        found.append(Community(name, first, last))
    return found


def _by_country(file: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            name = row["Romanized Name"].strip()
            if name and name.isalpha():
                found[row["Country"]].append(name.title() if name.isupper() or name.islower() else name)
    return found


def _towns(lists: Path) -> list[tuple[str, str]]:
    with (lists / "uk_outcodes_towns.csv").open(encoding="utf-8-sig", newline="") as lines:
        found = {(row["postcode"], row["town"].strip()) for row in csv.DictReader(lines)}
    return sorted((outcode, town) for outcode, town in found if town and outcode)
