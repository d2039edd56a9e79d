"""The make-believe inhabitants: names of many communities, households, addresses, numbers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from council_share import identifiers

COUNCIL = "Harnborough Borough Council"
OFFICES = "Civic Offices, Castle Street, Harnborough, HR1 9XJ"
SWITCHBOARD = "01632 960000"
DOMAIN = "harnborough.gov.uk"
TODAY = date(2025, 3, 14)
"""The share's today: documents are dated around it, whenever the share is made."""

# Given names (female, male) and surnames, community by community, so that they go together.
_COMMUNITIES: tuple[tuple[str, str, str], ...] = (
    (
        "Charlotte Grace Sophie Emily Karen Doreen Hannah Lucy Rosie May",
        "Jack Oliver Harry Thomas Darren Kevin George Alfie Mark Will",
        "Smith Taylor Green Wright Thompson Hargreaves Ashworth Pritchett Bagshaw Underhill Fox Field",
    ),
    (
        "Catrin Siân Angharad Ffion Nia Bethan Eluned Lowri",
        "Rhys Gethin Iwan Dafydd Llywelyn Emrys Owain Huw",
        "Davies Evans Llewellyn Parry Pugh Bowen Gwynne Prosser",
    ),
    (
        "Isla Mairi Eilidh Morag Kirsty Catriona",
        "Hamish Callum Fraser Ruaridh Angus Struan",
        "McAllister MacKinnon Sutherland Geddes Drummond Buchanan",
    ),
    (
        "Siobhán Niamh Aoife Bernadette Roisin",
        "Liam Cormac Declan Ciarán Padraig",
        "O'Connor Gallagher McLaughlin Doherty Ward Maughan",
    ),
    (
        "Ayesha Fatima Zainab Nadia Rukhsana Samina",
        "Mohammed Imran Yusuf Bilal Hamza Tariq",
        "Hussain Akhtar Mahmood Chaudhry Rahman Miah",
    ),
    ("Harpreet Jaswinder Simran Manjit", "Gurdeep Balvinder Jaspal Manjit", "Singh Kaur Sandhu Dhillon Gill"),
    ("Priya Anjali Meera Kavita", "Arjun Rajesh Nikhil Sanjay", "Patel Sharma Desai Joshi"),
    (
        "Agnieszka Magdalena Zofia Katarzyna",
        "Krzysztof Piotr Jakub Wojciech",
        "Kowalczyk Nowak Wiśniewski Zieliński Dąbrowski",
    ),
    ("Ioana Elena Andreea", "Andrei Florin Ionuț", "Popescu Ionescu Dumitru"),
    ("Oluwaseun Adaeze Temitope Ngozi", "Chukwuemeka Babatunde Emeka", "Okonkwo Adeyemi Ogunleye Eze"),
    ("Abena Akosua Efua", "Kwame Kofi Emmanuel", "Mensah Boateng Owusu"),
    ("Hodan Ifrah Sagal", "Abdirahman Yusuf Liban", "Farah Warsame Jama"),
    ("Chipo Rudo Temperance", "Tendai Farai Blessing", "Moyo Ndlovu Chikwanha"),
    (
        "Shanice Marcia Keisha Delrose",
        "Delroy Winston Tyrone Curtis",
        "Campbell Bailey Brathwaite Grant Francis",
    ),
    ("Mei-Ling Xiu Wai-Yee", "Wei Jun Ka-Ho", "Chen Wong Cheung"),
    ("Oksana Tetiana Iryna", "Bohdan Mykola Taras", "Shevchenko Kovalenko Bondar"),
    ("Thuy Linh Mai", "Duc Minh Quang", "Nguyen Tran Pham"),
    ("Leyla Zeynep Elif", "Emre Kemal Deniz", "Yıldız Demir Kaya"),
)
_STREETS = (
    "Alder Close",
    "Bridge Street",
    "Coronation Road",
    "Drovers Way",
    "Eastfield Terrace",
    "Foundry Lane",
    "Glebe Crescent",
    "Hopyard Rise",
    "Ivy Bank",
    "Jubilee Gardens",
    "Kingsmead",
    "Lower Mill Street",
    "Maes-y-Dre",
    "Newtown Road",
    "Orchard View",
    "Priory Walk",
    "Quarry Hill",
    "Ridgeway Avenue",
    "St Weonard's Drive",
    "Tanhouse Mews",
)
_TOWNS = (
    ("Harnborough", "HR4"),
    ("Harnborough", "HR6"),
    ("Wyrebridge", "WR6"),
    ("Llanfair-ar-Wy", "LD7"),
    ("Clunbury", "SY8"),
)
_ETHNICITIES = (
    "White British",
    "White Irish",
    "Pakistani",
    "Black African",
    "Indian",
    "Any other White background",
)


@dataclass(frozen=True, slots=True)
class Address:
    """A home: its lines and its postcode."""

    premises: str
    street: str
    town: str
    postcode: str

    @property
    def line(self) -> str:
        """The whole address on one line."""
        return f"{self.premises} {self.street}, {self.town}, {self.postcode}"

    @property
    def lines(self) -> str:
        """The whole address as on an envelope."""
        return f"{self.premises} {self.street}\n{self.town}\n{self.postcode}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    given: str
    surname: str
    sex: str
    born: date
    address: Address
    nino: str
    nhs: str
    phone: str
    ethnicity: str

    @property
    def name(self) -> str:
        """Given name and surname."""
        return f"{self.given} {self.surname}"

    @property
    def reversed_name(self) -> str:
        """As in registers: SURNAME, Given."""
        return f"{self.surname.upper()}, {self.given}"

    @property
    def title(self) -> str:
        """A title that fits."""
        return "Mr" if self.sex == "M" else "Ms"

    @property
    def dob(self) -> str:
        """Birth date the way a form has it."""
        return f"{self.born:%d/%m/%Y}"

    @property
    def long_dob(self) -> str:
        """Birth date the way a letter has it."""
        return f"{self.born.day} {self.born:%B %Y}"

    @property
    def age(self) -> int:
        """Whole years on the share's today."""
        return TODAY.year - self.born.year - ((TODAY.month, TODAY.day) < (self.born.month, self.born.day))

    @property
    def email(self) -> str:
        """A private mailbox at a domain that is kept for examples."""
        plain = (
            unicodedata.normalize("NFKD", f"{self.given}.{self.surname}").encode("ascii", "ignore").decode()
        )
        return "".join(char for char in plain.lower() if char.isalnum() or char == ".") + "@mail.example"


class Town:
    """Makes the people of one document; the same name of a document always makes the same people."""

    def __init__(self, seed: int, document: str) -> None:
        self.source = Random(f"{seed}/{document}")
        self._used: set[str] = set()

    def address(self) -> Address:
        """A home."""
        town, outward = self.source.choice(_TOWNS)
        number = self.source.randrange(1, 140)
        premises = self.source.choice(
            (f"{number}", f"{number}", f"{number}A", f"Flat {self.source.randrange(1, 9)}, {number}")
        )
        return Address(
            premises, self.source.choice(_STREETS), town, identifiers.postcode(self.source, outward)
        )

    def adult(self, youngest: int = 21, oldest: int = 79, *, sex: str = "") -> Person:
        """An adult of the given range of ages."""
        return self._person(self.source.randrange(youngest, oldest + 1), self.address(), sex=sex)

    def child(self, youngest: int = 2, oldest: int = 16) -> Person:
        """A child."""
        return self._person(self.source.randrange(youngest, oldest + 1), self.address())

    def adults(self, count: int) -> list[Person]:
        """Adults, each of another household."""
        return [self.adult() for _ in range(count)]

    def children(self, count: int) -> list[Person]:
        """Children, each of another household."""
        return [self.child() for _ in range(count)]

    def family(self, ages: tuple[int, ...], *, sex: str = "") -> tuple[Person, list[Person]]:
        """A mother and her children of these ages, with one surname and one home."""
        mother = self.adult(24, 44, sex="F")
        children = [self._person(age, mother.address, sex=sex, surname=mother.surname) for age in ages]
        return mother, children

    def _person(self, age: int, address: Address, *, sex: str = "", surname: str = "") -> Person:
        source = self.source
        sex = sex or source.choice("FM")
        while True:
            community = source.choice(_COMMUNITIES)
            if surname and surname not in community[2].split():
                continue
            given = source.choice(community[0 if sex == "F" else 1].split())
            family = surname or source.choice(community[2].split())
            if f"{given} {family}" not in self._used:
                break
        self._used.add(f"{given} {family}")
        born = date(TODAY.year - age, TODAY.month, TODAY.day) - timedelta(days=source.randrange(1, 364))
        return Person(
            given,
            family,
            sex,
            born,
            address,
            identifiers.nino(source),
            identifiers.nhs_number(source),
            identifiers.mobile(source),
            source.choice(_ETHNICITIES),
        )
