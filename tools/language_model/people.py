"""Names of many communities and made-up addresses, for generation and substitution.

The lists are those of the public data (SOURCES.md there); a fifth of each list is kept for evaluation.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from tools.language_model.sources import PUBLIC

# Countries of the world lists, by the community they stand for in Britain.
_COUNTRIES = {
    "Polish": ("PL",),
    "Romanian and Moldovan": ("RO", "MD"),
    "Baltic": ("LT", "LV", "EE"),
    "Ukrainian, Bulgarian, Slovak, Czech": ("UA", "BG", "SK", "CZ"),
    "Albanian and Kosovan": ("AL", "XK"),
    "Portuguese and Brazilian": ("PT", "BR"),
    "Spanish and Latin American": ("ES", "CO", "EC", "PE", "MX"),
    "Italian": ("IT",),
    "Greek and Cypriot": ("GR", "CY"),
    "Turkish": ("TR",),
    "Filipino": ("PH",),
    "Irish": ("IE",),
    "French and Belgian": ("FR", "BE"),
    "German and Dutch": ("DE", "NL", "AT"),
    "Nordic": ("SE", "NO", "DK", "FI"),
    "Hungarian": ("HU",),
    "Israeli": ("IL",),
    "Korean and Japanese": ("KR", "JP"),
}
_EVALUATED = 5
# White British names are drawn by frequency; the first so many forenames of the register are enough.
_FORENAMES = 4_000
_BRITISH = "British"

_STREETS = """High Church Mill Station Park Victoria Queen King Albert George Manor School Green North South East West
Chapel Bridge Castle Well Hill Wood Grove Oak Ash Elm Beech Cedar Willow Holly Birch Maple Rowan Laburnum Hawthorn Orchard
Meadow Field Spring Brook River Canal Water Ferry Quarry Kiln Forge Market Cross Abbey Priory Cathedral St&John's St&Mary's
St&Peter's St&Andrew's London York Lancaster Derby Durham Lincoln Oxford Cambridge Windsor Balmoral Sandringham Wellington
Nelson Trafalgar Waterloo Alma Inkerman Russell Gladstone Disraeli Churchill Attlee Bevan Cromwell Milton Byron Shelley
Tennyson Wordsworth Kipling Darwin Newton Stephenson Brunel Cavendish Percy Neville Stanley Howard Harcourt Melbourne Palmerston
Salisbury Balfour Asquith Mafeking Ladysmith Jubilee Coronation Primrose Lavender Heather Bluebell Poppy Foxglove Kestrel
Lapwing Heron Swallow Curlew Falcon Long Short Broad Narrow Upper Lower Old New Copper Gas Tanner Weaver Cooper Potter
Lime Cherry Pear Plum Almond Juniper Linden Sycamore Chestnut Walnut Juniper Fern Moss Moor Heath Common Fox Badger Hare
Bryn Pentre Heol&y Ffordd&y Maes&y Aberdare Lochside Glen Strath Ben Ballymena Shankill Antrim Donegall""".split()
_STREET_KINDS = """Street Road Lane Avenue Close Drive Way Court Crescent Terrace Place Gardens Grove Square Mews Row Walk
View Rise Hill Green Parade Gate Wynd Park Fold Croft Vale Path""".split()
_SHORT = {"Street": "St", "Road": "Rd", "Avenue": "Ave", "Lane": "Ln", "Close": "Cl", "Drive": "Dr", "Court": "Ct"}
_HOUSES = """Rose&Cottage The&Old&Rectory Ivy&House Mill&Farm The&Bungalow Orchard&End Hillcrest Sunnyside The&Lodge Fairview
Woodlands The&Coach&House Home&Farm Ty&Gwyn Wayside The&Croft Oakdene Manor&Farm The&Hollies Brookside Two&Hoots Dunroamin
The&Stables Corner&Cottage Hafod The&Old&School&House Lilac&Cottage Greenacres Holly&Bank""".split()
_BLOCKS = """Windsor Balmoral Keir&Hardie Attlee Bevin Mandela Nightingale Seacole Churchill Shakespeare Wellington Trafalgar
Regent Kestrel Cedar Maple Beacon Harbour Tower Priory Abbey Riverside Canal Albion""".split()
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
        first = dice.choice(_STREETS).replace("&", " ")
        if dice.random() < 0.25:
            first = _pick(dice, self.communities[0].surnames)
        if dice.random() < 0.08:
            return "The " + dice.choice(_STREET_KINDS)
        return f"{first} {dice.choice(_STREET_KINDS)}"

    def address(self, dice: random.Random, *, lines: bool = False) -> str:
        """An address as somebody writes it: whole, short, with or without town and postcode."""
        street = self.street(dice)
        if dice.random() < 0.25:
            for long, short in _SHORT.items():
                if street.endswith(" " + long):
                    street = street.removesuffix(long) + short
        number = str(dice.randint(1, 260)) + (dice.choice("abcAB") if dice.random() < 0.1 else "")
        if dice.random() < 0.04:
            number = f"{number}-{int(number.rstrip('abcAB')) + 2}"
        front: list[str] = []
        if dice.random() < 0.22:
            flat = dice.choice(["Flat", "Flat", "Flat", "Apartment", "Apt", "Room", "Unit", "FLAT", "Maisonette"])
            door = dice.choice("ABCDE") if dice.random() < 0.3 else str(dice.randint(1, 60))
            front.append(f"{flat} {door}")
            if dice.random() < 0.5:
                front.append(
                    f"{dice.choice(_BLOCKS).replace('&', ' ')} {dice.choice(['House', 'Court', 'Point', 'Tower', 'Lodge'])}"
                )
        if dice.random() < 0.1:
            house = dice.choice(_HOUSES).replace("&", " ")
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


def _pick(dice: random.Random, names: tuple[str, ...]) -> str:
    """One name; those at the front, the frequent ones, come more often."""
    return names[int(len(names) * dice.random() ** 1.6)]


def _sifted(one: Community, evaluation: bool) -> Community:
    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(n for n in names if (crc32(n.encode()) % _EVALUATED == 0) is evaluation)

    return Community(one.name, kept(one.forenames), kept(one.surnames))


def _british(lists: Path) -> Community:
    with gzip.open(lists / "uk_forenames.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        forenames = {r["name"]: int(r["count_f"] or 0) + int(r["count_m"] or 0) for r in csv.DictReader(lines)}
    frequent = sorted(forenames, key=lambda n: (-forenames[n], n))[:_FORENAMES]
    surnames = [line.strip() for line in (lists / "uk_surnames.txt").read_text("utf-8").splitlines()]
    return Community(_BRITISH, tuple(n.title() if n.isupper() or n.islower() else n for n in frequent),
                     tuple(n.title() if n.isupper() or n.islower() else n for n in surnames if n))


def _written(lists: Path) -> list[Community]:
    data = json.loads((lists / "community_names.json").read_text("utf-8"))
    return [
        Community(name, tuple(sorted(set(one["forenames"]), key=crc_order)), tuple(sorted(set(one["surnames"]), key=crc_order)))
        for name, one in data.items()
    ]


def crc_order(name: str) -> int:
    """An order that is the same everywhere and says nothing about the name."""
    return crc32(name.encode())


def _world(lists: Path) -> list[Community]:
    forenames, surnames = _by_country(lists / "world_forenames_by_country.csv"), _by_country(
        lists / "world_surnames_by_country.csv"
    )
    found = []
    for name, countries in _COUNTRIES.items():
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
