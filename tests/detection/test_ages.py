"""Age phrases, school years, the date of a document; and what only looks like them."""

from __future__ import annotations

from datetime import date

import pytest

from scanner.detection.ages import AgeReader, age_of, document_date
from scanner.detection.dates import age_at
from scanner.detection.finding import Finding
from scanner.detection.organisation import Organisation
from scanner.detection.view import View
from scanner.text import Passage

READER = AgeReader()


def view(text: str) -> View:
    return View(Passage(text), organisation=Organisation(), reference_date=date(2025, 6, 1))


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("Jack, aged 7, lives", [("aged 7", 7)], "aged"),
        ("a 7yo boy", [("7yo", 7)], "short"),
        ("Ella is 7 y/o", [("7 y/o", 7)], "slashed"),
        ("Jack (7) and Ella Smith (12)", [("7", 7), ("12", 12)], "behind names"),
        ("a 14 year old girl", [("14 year old", 14)], "year old"),
        ("the seven-year-old", [("seven-year-old", 7)], "in words"),
        ("aged 7, 9 and 11.", [("aged 7", 7), ("9", 9), ("11", 11)], "several"),
        ("7 months old", [("7 months old", 0)], "months"),
        ("aged 18 months", [("aged 18 months", 1)], "more than twelve months"),
        ("Callum (14/12 old)", [("14/12 old", 1)], "clinical months"),
        ("unborn baby of", [("unborn", -1)], "unborn"),
        ("EDD 12/09/25", [("EDD", -1)], "a due date means an unborn child"),
        ("a baby girl", [("baby girl", 0)], "baby"),
        ("DOB 2010 (15 yrs)", [("15 yrs", 15)], "in brackets behind a date"),
        ("Jack is in Year 4 at Hill Primary", [("Year 4", 8)], "school year with a name"),
        ("S1 pupil Isla", [("S1", 12)], "Scotland"),
        ("Isla Ross (P5)", [("P5", 9)], "Scotland, bracketed"),
        ("Jack Smith, Reception, Oak School", [("Reception", 4)], "Reception"),
        ("Mr Jones, 45 years old", [("45 years old", 45)], "adults have ages too"),
    ],
)
def test_ages(text: str, expected: list[tuple[str, int]], why: str) -> None:
    assert [(text[p.start : p.end], p.years) for p in READER.phrases(view(text))] == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Year 4 of the contract", "a contract"),
        ("In Year 3 savings rise", "a budget"),
        ("Year 6 pupils sit the tests", "a cohort"),
        ("Priority P1 incident", "a priority"),
        ("ages 5 to 11", "a range"),
        ("aged 16+", "a limit"),
        ("aged 65 and over", "a limit"),
        ("5-11 year olds", "a range"),
        ("under 5s and over 18 years old", "limits"),
        ("Section (7) and Schedule (2)", "a statute"),
        ("Complaints (12)", "a count"),
        ("the reception desk", "a desk"),
        ("packages and images 7", "words that hold age"),
        ("edd the duck", "a word in lower case"),
    ],
)
def test_no_age(text: str, why: str) -> None:
    assert READER.phrases(view(text)) == [], why


def test_a_name_found_earlier_makes_a_year_a_school_year() -> None:
    here = view("siobhan, year 9, excluded")
    here.findings = [Finding("PERSON", 0, 7, 0.8, "name")]
    assert [phrase.years for phrase in READER.phrases(here)] == [13]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("Date: 4 March 2025\nDear", date(2025, 3, 4), "label"),
        ("Our ref x\n4 March 2025\n\nDear Jack\nDOB 1/1/2015", date(2025, 3, 4), "a line of its own"),
        ("Minutes of the meeting held on Tuesday 4 March 2025 at", date(2025, 3, 4), "a meeting"),
        ("From: a\nSent: 04 March 2025 10:00\nTo: b", date(2025, 3, 4), "a mail"),
        ("Date of birth: 1/2/2003\nDate of report: 3/4/2024", date(2024, 4, 3), "not the birth date"),
        ("DOB\n12/03/2015\n", None, "a birth date alone"),
        ("due by 3 April 2024", None, "a deadline in the text"),
    ],
)
def test_document_date(text: str, expected: date | None, why: str) -> None:
    assert document_date(view(text)) == expected, why


@pytest.mark.parametrize(
    ("born", "reference", "age"),
    [
        (date(2007, 6, 1), date(2025, 6, 1), 18),
        (date(2007, 6, 2), date(2025, 6, 1), 17),
        (date(2024, 2, 29), date(2025, 2, 28), 0),
        (date(2025, 6, 2), date(2025, 6, 1), -1),
    ],
)
def test_age_at_a_date(born: date, reference: date, age: int) -> None:
    assert age_at(born, reference) == age


def test_age_of_a_finding() -> None:
    here = view("DOB 12/03/2015")
    assert age_of(Finding("DATE_OF_BIRTH", 4, 14, 0.9, "birth_word"), here) == 10
    assert age_of(Finding("DATE_OF_BIRTH", 4, 14, 0.9, "birth_word"), here, date(2020, 1, 1)) == 4
