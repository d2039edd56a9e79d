"""People, not hits: who is one person, who are two, and which households meet in a document."""

from datetime import date

import pytest

from rules.nicknames import load_nicknames
from scanner.detection.building import build_detector
from scanner.detection.people import Aliases, group, parse_name
from scanner.detection.people_model import Population
from scanner.text import Passage

ALIASES = Aliases(load_nicknames())
DETECTOR = build_detector()
TODAY = date(2024, 6, 30)


def people(text: str) -> Population:
    detection = DETECTOR.detect(Passage(text), reference_date=TODAY)
    return group(detection.mentions, ALIASES, {}, TODAY)


def names(population: Population) -> list[tuple[str, ...]]:
    return [person.names for person in population.persons if person.names]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("james", "jim", True),
        ("james", "jimmy", True),
        ("james", "james", True),
        ("fred", "robert", False),
        ("william", "liam", True),
        ("mary", "james", False),
    ],
)
def test_aliases_are_not_transitive(first: str, second: str, same: bool) -> None:
    assert ALIASES.same(first, second) is same


@pytest.mark.parametrize(
    ("value", "column", "given", "surname"),
    [
        ("Ann Smith", "", ("ann",), "smith"),
        ("SMITH, Ann Marie", "", ("ann", "marie"), "smith"),
        ("Ann", "", ("ann",), ""),
        ("Khan", "Surname", (), "khan"),
        ("Siân O’Brien-Jones", "", ("sian",), "obrienjones"),
    ],
)
def test_names_are_taken_apart(value: str, column: str, given: tuple[str, ...], surname: str) -> None:
    name = parse_name(value, column)
    assert name is not None
    assert (name.given, name.surname) == (given, surname)


@pytest.mark.parametrize(
    ("text", "count", "why"),
    [
        ("James Okafor came in. Jim Okafor was upset.", 1, "a short form of the same name"),
        ("Mrs Ayesha Rahman called. Ms Rahman will ring back.", 1, "title and surname"),
        ("OKAFOR, James attended. James Okafor left at noon.", 1, "surname first"),
        ("J. Okafor was seen. James Okafor agreed.", 1, "an initial"),
        ("James Okafor and Mary Okafor attended.", 2, "one surname, two given names"),
        ("Twins: Amy Okafor and Ada Okafor, both 7.", 2, "twins are two"),
    ],
)
def test_variants_join_and_relatives_do_not(text: str, count: int, why: str) -> None:
    assert len(names(people(text))) == count, why


def test_rows_of_one_name_with_different_birth_dates_are_two_people() -> None:
    table = "Surname,Forename,DOB\nKhan,Ali,01/02/1980\nKhan,Ali,03/04/2011\n"
    population = people(table)
    assert population.low == 2


def test_a_surname_and_a_forename_cell_make_one_person() -> None:
    population = people("Surname,Forename,DOB\nKhan,Ali,01/02/1980\nNowak,Ewa,03/04/1991\n")
    assert sorted(names(population)) == [("Khan Ali",), ("Nowak Ewa",)]


def test_numbers_without_names_are_people() -> None:
    """A list of NHS numbers identifies as many people as it has numbers."""
    population = people("NHS number\n943 476 5919\n943 476 5870\n943 476 5919\n")
    assert population.low == 2


def test_a_value_belongs_to_the_name_before_it() -> None:
    population = people("Tenant: Ewa Nowak, NI JG 12 13 16 A\nTenant: Ali Khan, NI JG 12 13 16 B\n")
    owners = {person.names[0]: len(person.findings) for person in population.persons}
    assert owners == {"Ewa Nowak": 2, "Ali Khan": 2}


def test_officers_are_not_counted_as_private_people() -> None:
    text = (
        "Dear Ms Nowak, your date of birth is 01/02/1980.\n\nYours sincerely,\nAnn Price\nHousing Officer\n"
    )
    population = people(text)
    assert population.low == 1
    assert {p.role for p in population.persons if "Ann Price" in p.names} == {"staff"}


def test_an_empty_document_has_nobody() -> None:
    assert people("The meeting room is booked.") == Population()


@pytest.mark.parametrize(
    ("text", "low", "why"),
    [
        (
            "Emp,Surname,First\n1,Okafor,Ivy\n2,Dobbs,Arthur\n3,Foy,Brendan\n",
            3,
            "surname and first name in columns",
        ),
        (
            "title,first,middle,surname\nMr,Ian,Robert,Cowling\nMs,Carys,Ann,Lovell\n",
            2,
            "middle names are nobody's own",
        ),
        ("Surname: Okafor\nForenames: Ivy Rose\n", 1, "a form asks for forenames"),
        (
            "|Ref|SURNAME Forename|\n|1|EVANS Prudence|\n|2|FITZROY Martin|\n",
            2,
            "one column for both, surname first",
        ),
        (
            "Date,Name,Amount\n1/2,Ruth Neave,3\n2/2,Ola Foy,4\n3/2,Ruth Neave,5\n",
            2,
            "a statement names one twice",
        ),
        (
            "Name,DOB\nRuth Neave,01/02/1950\nOla Foy,02/02/1960\nRuth Neave,03/02/1970\n",
            3,
            "a register holds two of one name",
        ),
        (
            "Ref: 1\nOwed by MR A & MRS J SUTCLIFFE of 98 Park Grove, Leeds LS8 2QT",
            2,
            "a couple by one surname",
        ),
        (
            "UPN,Legal Surname,Pref. Forename,DOB\n1,Begum,Tasnia,19/02/2013\n2,Eze,Chisom,30/09/2012\n",
            2,
            "a legal surname and a preferred forename are one name",
        ),
        ("Mr & Mrs Hargreave, 22 Larkfield Avenue, Leeds LS8 2QT", 2, "a couple"),
        ("Mr Alan Hargreave and Mrs Joan Hargreave of 22 Larkfield Avenue, Leeds LS8 2QT", 2, "each by name"),
        ("Mr Hargreave of 22 Larkfield Avenue, Leeds LS8 2QT", 1, "one of them"),
    ],
)
def test_tables_and_couples(text: str, low: int, why: str) -> None:
    assert people(text).low == low, why


def test_a_column_that_says_who_acts_names_officers() -> None:
    found = people("Ref,Who,What,By\n1,Tola Olawale,ask Housing,Apr\n2,Jean Crabbe,reply,May\n")
    assert [person.role for person in found.persons] == ["staff", "staff"]
    assert people("Ref,Tenant,What\n1,Tola Olawale,tap\n2,Jean Crabbe,door\n").low == 2
