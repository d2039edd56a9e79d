"""Council texts made from templates and from random tables; each filled with other people."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from pathlib import Path

from tools.language_model.example import Example, Writer
from tools.language_model.people import Names, Person
from tools.language_model.sources import PUBLIC
from tools.language_model.vocabulary import TEMPLATES, WORDS

_SLOT = re.compile(r"\{([A-Za-z]+?)(\d*)\}")
# Things that bear people's names and are nobody.


_POOLS = {
    "CHARITY": "charities",
    "AGENCY": "agencies",
    "HA": "housing",
    "COUNCIL": "councils",
    "PRODUCT": "products",
    "LAW": "laws",
    "ILLNESS": "illnesses",
}


def templates(part: str, folder: Path = PUBLIC) -> list[str]:
    """The templates of ``training`` or ``evaluation``; training also uses those of the public data."""
    text = (TEMPLATES / f"{part}.txt").read_text("utf-8")
    shared = folder / "synthetic" / "council_templates.txt"
    if part == "training" and shared.exists():
        text += "\n===\n" + shared.read_text("utf-8")
    # Forename and surname side by side are one name.
    text = re.sub(r"\{F(\d)\} \{L\1\}", r"{P\1}", text)
    return [one.strip("\n") for one in re.split(r"(?m)^===\n", text) if one.strip()]


class Generator:
    """Fills templates; draws everything from ``dice``."""

    def __init__(self, names: Names, dice: random.Random) -> None:
        self._names = names
        self._dice = dice

    def _one(self, kind: str) -> str:
        word: str = self._dice.choice(WORDS[kind])
        return word

    def from_template(self, template: str, source: str) -> Example:
        """One document."""
        community = self._names.community(self._dice)
        people: dict[str, Person] = {}
        writer, at = Writer(), 0
        for slot in _SLOT.finditer(template):
            writer.plain(template[at : slot.start()])
            at = slot.end()
            kind, number = slot.groups()
            if kind.upper() in ("P", "F", "L", "R", "U", "I", "T"):
                key = number or f"#{at}"
                if key not in people:
                    same = community if self._dice.random() < 0.5 else None
                    people[key] = self._names.person(self._dice, same)
                self._write_person(writer, kind, people[key])
            else:
                self._write_other(writer, kind)
        return writer.plain(template[at:]).example(source)

    def _write_person(self, writer: Writer, kind: str, person: Person) -> None:
        dice = self._dice
        title = self._one("titles") + " "
        match kind.upper():
            case "P":
                text, before = person.full, ""
                if dice.random() < 0.06:
                    text = f"{person.forename[0]}{dice.choice(['.', ''])} {person.surname}"
            case "F":
                text, before = person.forename, ""
            case "L":
                text, before = person.surname, ""
            case "R":
                text, before = f"{person.surname}, {person.forename}", ""
            case "U":
                text = dice.choice(
                    [
                        f"{person.surname.upper()}, {person.forename}",
                        f"{person.surname.upper()} {person.forename}",
                        f"{person.surname}, {person.forename[0]}",
                        f"{person.forename} {person.surname.upper()}",
                        f"{person.surname}, {person.forename[0]}.",
                        person.full.upper(),
                        f"{person.surname.upper()}, {person.forename.upper()}",
                    ]
                )
                before = ""
            case "I":
                dot = dice.choice([". ", ".", " ", ". "])
                text, before = f"{person.forename[0]}{dot}{person.surname}", ""
                if dice.random() < 0.2:
                    text = f"{person.forename[0]}. {dice.choice('ABCDEFGHJKLMPRSTW')}. {person.surname}"
            case _:
                text = person.surname if dice.random() < 0.5 else person.full
                if dice.random() < 0.15:
                    text = f"{person.forename[0]} {person.surname}"
                before = title
        if kind.islower():
            text, before = text.lower(), before.lower()
        writer.plain(before).span(text, "PERSON")

    def _write_other(self, writer: Writer, kind: str) -> None:
        dice, names = self._dice, self._names
        town = names.town(dice)[0]
        match kind:
            case "ADDR" | "ADDRML":
                writer.span(names.address(dice, lines=kind == "ADDRML"), "ADDRESS")
            case "STREET":
                writer.span(names.street(dice), "LOC")
            case "TOWN":
                writer.span(town, "LOC")
            case "SCHOOL":
                first = dice.choice(
                    [
                        town,
                        names.street(dice).split()[0],
                        f"St {self._one('saints')}'s",
                        f"{names.person(dice).full}",
                    ]
                )
                writer.span(f"{first} {self._one('school_kinds')}", "ORG")
            case "GP":
                writer.span(f"{names.street(dice)} {self._one('surgeries')}", "ORG")
            case "CO" | "ORG":
                surname = names.person(dice).surname
                first = dice.choice(
                    [
                        surname,
                        f"{surname} {names.person(dice).surname}",
                        town,
                        f"{surname} and {names.person(dice).surname}",
                    ]
                )
                writer.span(f"{first} {self._one('firms')}", "ORG")
            case "HOSP":
                writer.span(f"{town} {self._one('hospitals')}", "ORG")
            case "CHARITY" | "AGENCY" | "HA" | "COUNCIL":
                writer.span(self._one(_POOLS[kind]).format(town), "ORG")
            case "WARD":
                name = names.person(dice)
                writer.span(
                    dice.choice(
                        [
                            name.surname,
                            f"{name.forename} Park",
                            f"{name.surname} Green",
                            f"St {name.forename}'s",
                            f"{town} {dice.choice(['North', 'South', 'Central'])}",
                        ]
                    ),
                    "LOC",
                )
            case "PLACE":
                name = names.person(dice)
                writer.span(
                    self._one("places").format(dice.choice([name.surname, name.full, name.forename])),
                    "LOC",
                )
            case _:
                writer.plain(self._unlabelled(kind))

    def _unlabelled(self, kind: str) -> str:
        dice = self._dice
        months = WORDS["months"]
        day, month, year = dice.randint(1, 28), dice.randint(1, 12), dice.randint(1938, 2025)
        match kind:
            case "DATE":
                return dice.choice(
                    [
                        f"{day:02}/{month:02}/{year}",
                        f"{day} {months[month - 1]} {year}",
                        f"{day}.{month}.{year % 100:02}",
                        f"{day} {months[month - 1][:3]}",
                        f"{year}-{month:02}-{day:02}",
                        f"{day} {months[month - 1]}",
                    ]
                )
            case "PHONE":
                return dice.choice(
                    [f"07700 900{dice.randint(100, 999)}", f"01632 960{dice.randint(100, 999)}"]
                )
            case "EMAIL":
                person = self._names.person(dice)
                mail = f"{person.forename}.{person.surname}@mail.example"
                return mail.lower().replace(" ", "")
            case "REF":
                return f"{''.join(dice.choices(string.ascii_uppercase, k=2))}/{dice.randint(1000, 99999)}"
            case "AMT":
                return f"£{dice.randint(1, 4000)}.{dice.randint(0, 99):02}"
            case "TIME":
                return f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}"
            case "ROLE":
                return self._one("roles")
            case "REL":
                return self._one("relations")
            case "PC":
                return self._names.town(dice)[1]
            case "PRODUCT" | "LAW" | "ILLNESS":
                name = self._names.person(dice)
                return self._one(_POOLS[kind]).format(dice.choice([name.surname, name.forename]))
            case "CASE":
                other = dice.choice(["R", "Secretary of State", self._names.person(dice).surname])
                return f"{self._names.person(dice).surname} v {other} [{year}]"
            case "XL":
                return self._names.person(dice).surname
            case "lower":
                return self._names.person(dice).forename.lower()
            case "NINO":
                return "QQ 12 34 56 C"
            case "NHS":
                return f"999 {dice.randint(100, 999)} {dice.randint(1000, 9999)}"
            case _:
                return str(dice.randint(1, 9999))

    def table(self, source: str) -> Example:
        """A table with columns in any order, any separator, with or without headers."""
        dice, names = self._dice, self._names
        order = dice.random()
        columns: list[str] = []
        columns += ["L", "F"] if order < 0.3 else ["F", "L"] if order < 0.4 else [dice.choice("PRU")]
        columns += dice.sample(
            ["ADDR", "DATE", "NUM", "AMT", "PHONE", "REF", "TOWN", "SCHOOL", "I", "STREET", "CO"],
            dice.randint(1, 4),
        )
        if dice.random() < 0.5:
            dice.shuffle(columns)
        separator = dice.choice([",", ", ", "\t", " | ", "|", ";", "   ", ","])
        quote = '"' if "," in separator else ""
        writer = Writer()
        if dice.random() < 0.75:
            writer.plain(separator.join(dice.choice(WORDS["headers"][c]) for c in columns) + "\n")
        community = names.community(dice)
        upper = dice.random() < 0.2
        for _ in range(dice.randint(3, 12)):
            person = names.person(dice, community if dice.random() < 0.4 else None)
            if upper:
                person = Person(person.forename.upper(), person.surname.upper(), person.middle.upper())
            for index, column in enumerate(columns):
                writer.plain(separator if index else "")
                if column in ("L", "F", "P", "R", "U", "I"):
                    quoted = quote if column in ("R", "U") else ""
                    writer.plain(quoted)
                    self._write_person(writer, column, person)
                    writer.plain(quoted)
                elif column == "ADDR":
                    address = names.address(dice)
                    writer.plain(quote).span(address.upper() if upper else address, "ADDRESS").plain(quote)
                else:
                    self._write_other(writer, column)
            writer.plain("\n")
        return writer.example(source)

    def documents(self, part: str, count: int) -> Iterator[Example]:
        """``count`` documents: three of four from the templates of ``part`` in turn, the others tables."""
        pool = templates(part)
        for number in range(count):
            if number % 4 == 3 and part == "training":
                yield self.table("generated table")
            else:
                yield self.from_template(pool[number * 7 % len(pool)], f"generated {part}")
