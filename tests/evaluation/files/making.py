"""Building one file with its truth: invented people, values that remember where they stand, the register."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

from tests.evaluation import specimens

_FORENAMES = {
    "f": [
        "Bronwen",
        "Priya",
        "Agnieszka",
        "Maureen",
        "Chioma",
        "Gillian",
        "Fatima",
        "Siân",
        "Lorraine",
        "Tamsin",
        "Yewande",
        "Heather",
        "Xiu",
        "Deirdre",
        "Kirsty",
        "Nadia",
        "Pauline",
        "Zofia",
        "Meera",
        "Joyce",
        "Eleri",
        "Amina",
        "Rosalind",
        "Carmen",
        "Ingrid",
    ],
    "m": [
        "Gareth",
        "Imran",
        "Tomasz",
        "Derek",
        "Emeka",
        "Malcolm",
        "Yusuf",
        "Rhodri",
        "Clive",
        "Declan",
        "Babatunde",
        "Angus",
        "Wei",
        "Cormac",
        "Hamish",
        "Tariq",
        "Norman",
        "Piotr",
        "Sanjay",
        "Leonard",
        "Iolo",
        "Hassan",
        "Rupert",
        "Mateo",
        "Stellan",
    ],
}
_SURNAMES = [
    "Pritchard",
    "Kaur",
    "Nowak",
    "Hargreaves",
    "Okonkwo",
    "Bottomley",
    "Begum",
    "Llewellyn",
    "Sugden",
    "Trevithick",
    "Adeyemi",
    "Cairns",
    "Zhang",
    "Gallagher",
    "MacInnes",
    "Hussain",
    "Entwistle",
    "Wójcik",
    "Patel",
    "Ramsbottom",
    "Bevan",
    "Warsame",
    "Featherstone",
    "Delgado",
    "Lindqvist",
    "Ogunleye",
    "Thistlewood",
    "Rashid",
    "Blenkinsop",
    "Quigley",
    "Mistry",
    "Postlethwaite",
    "Ahmadi",
    "Cudworth",
    "Penhaligon",
    "Szczepański",
    "Birtwistle",
    "Chaudhry",
    "Fothergill",
    "Abara",
]
_STREETS = (
    "Gorse Lane",
    "Wetherby Close",
    "Mill Brow",
    "Larkhill Avenue",
    "Back Union Street",
    "Priory Road",
    "Cobden Terrace",
    "Ashgrove Crescent",
    "Station Road",
    "Quarry Bank",
    "Tansy Drive",
    "Bishops Walk",
)
_PLACES = (
    ("Halifax", "HX3"),
    ("Leeds", "LS15"),
    ("Oldham", "OL4"),
    ("Hereford", "HR2"),
    ("Norwich", "NR5"),
    ("Wrexham", "LL13"),
    ("Taunton", "TA2"),
    ("Preston", "PR1"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented resident; every number is made by algorithm from the file's own seed."""

    sex: str
    title: str
    forename: str
    surname: str
    born: date
    house: str
    street: str
    town: str
    postcode: str
    nino: str
    nhs: str
    upn: str
    utr: str
    sort: str
    account: str
    mobile: str
    landline: str
    email: str
    passport: str
    plate: str
    licence: str

    @property
    def name(self) -> str:
        return f"{self.forename} {self.surname}"

    @property
    def line(self) -> str:
        return f"{self.house} {self.street}"

    @property
    def dob(self) -> str:
        return f"{self.born:%d/%m/%Y}"


@dataclass(frozen=True, slots=True)
class Expected:
    """A value that a scan must find; every word of ``place`` stands in the location that it reports."""

    entity_type: str
    value: str
    place: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """A value for a cell: what it counts as, what it truly is, and what the cell stores."""

    entity_type: str
    value: str
    stored: Any


@dataclass(slots=True)
class Make:
    """What a builder works with: a seeded source of people and values, and the truth as it grows."""

    rng: random.Random
    expected: list[Expected] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    harmless: list[str] = field(default_factory=list)
    sampled: bool = False  # the truth names some of many values: what else is found is no false alarm

    def value(self, kind: str, *args: str) -> str:
        """A value of ``kind`` (:mod:`tests.evaluation.specimens`)."""
        return specimens.make(kind, args, self.rng)

    def crowd(self, count: int, born: tuple[int, int] = (1938, 2001)) -> list[Person]:
        """``count`` people with different names, born between two years."""
        return [self.person(born) for _ in range(count)]

    def person(self, born: tuple[int, int] = (1938, 2001), surname: str = "") -> Person:
        """Somebody whose full name nobody else in the file has."""
        rng = self.rng
        taken = {person.name for person in self.people}
        while True:
            sex = rng.choice("fm")
            forename, last = rng.choice(_FORENAMES[sex]), surname or rng.choice(_SURNAMES)
            if f"{forename} {last}" not in taken:
                break
        first = date(born[0], 1, 1)
        day = first + timedelta(rng.randrange((date(born[1], 12, 31) - first).days))
        town, outward = rng.choice(_PLACES)
        made = Person(
            sex,
            {"f": rng.choice(("Mrs", "Ms", "Miss")), "m": "Mr"}[sex],
            forename,
            last,
            day,
            str(rng.randint(2, 148)),
            rng.choice(_STREETS),
            town,
            self.value("pc", outward),
            self.value("nino", "plain"),
            self.value("nhs", "plain"),
            self.value("upn"),
            self.value("utr", "plain"),
            self.value("sort"),
            self.value("account"),
            self.value("mobile", "plain"),
            "01632 960" + f"{rng.randint(100, 999)}",
            f"{forename}.{last}{rng.randint(2, 99)}@example.net".lower(),
            self.value("passport"),
            self.value("vrm"),
            self.value("driving", _letters_only(last), f"{day:%y%m%d}", sex, _letters_only(forename)[:1]),
        )
        self.people.append(made)
        return made

    def say(
        self, entity_type: str, value: str, shown: str | None = None, *place: str, hidden: bool = False
    ) -> str:
        """Put a value into running text: remembers it, and gives what is shown of it."""
        self.expected.append(Expected(entity_type, value, place, hidden))
        return value if shown is None else shown

    def cell(self, entity_type: str, value: str, stored: Any = None) -> Marked:
        """A value for a cell of a grid, remembered with its place when it is put there."""
        return Marked(entity_type, value, value if stored is None else stored)

    def staff(self, *names: str) -> None:
        """Names that may be found and need not be."""
        self.harmless.extend(names)


def _letters_only(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", name) if char.isascii() and char.isalpha())


class Builder(Protocol):
    """Writes one file, its truth into ``make``."""

    def __call__(self, make: Make) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """One entry of the register: the name of the file, its builder, and how bad it is at least and at most.

    ``people`` is how many private people it identifies (``None``: as many as the builder made, -1: does not
    matter); ``staff`` how many more may be counted.  ``forms`` are the kinds that LibreOffice makes of it.
    """

    name: str
    build: Builder
    least: str
    most: str
    people: int | None
    staff: int
    forms: tuple[str, ...]


REGISTER: list[Plan] = []


def file(
    name: str,
    least: str,
    most: str = "",
    *,
    people: int | None = None,
    staff: int = 0,
    forms: Sequence[str] = (),
) -> Callable[[Builder], Builder]:
    """Enter a builder in the register."""

    def enter(build: Builder) -> Builder:
        REGISTER.append(Plan(name, build, least, most or least, people, staff, tuple(forms)))
        return build

    return enter


def start(plan: Plan) -> Make:
    """A fresh start for one file; the same every time."""
    return Make(random.Random(plan.name))


def texts(
    rows: Iterable[Sequence[Any]], make: Make, where: Callable[[int, int], tuple[str, ...]]
) -> list[list[str]]:
    """Rows of a table as texts; marked values are remembered at the place that ``where`` gives (from 1)."""
    lines = []
    for number, row in enumerate(rows, 1):
        line = []
        for column, value in enumerate(row, 1):
            if isinstance(value, Marked):
                make.expected.append(Expected(value.entity_type, value.value, where(number, column)))
                value = value.stored
            line.append("" if value is None else str(value))
        lines.append(line)
    return lines
