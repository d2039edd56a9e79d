"""Dates of birth in any notation and layout, and the dates that are none."""

from __future__ import annotations

from datetime import date

import pytest

from scanner.detection.finding import Finding
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.birth_dates import BirthDateRecogniser, birth_date
from scanner.detection.view import View
from scanner.text import Block, Field, Passage
from scanner.text.normalise import normalise

RECOGNISER = BirthDateRecogniser()


def view(text: str) -> View:
    return View(Passage(normalise(text).text), organisation=Organisation(), reference_date=date(2025, 6, 1))


def births(text: str) -> list[str]:
    here = view(text)
    return [f.value(here.text) for f in RECOGNISER.recognise(here) if f.confidence >= 0.40]


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("DOB: 12/03/2015", ["12/03/2015"], "label"),
        ("D.O.B 12.03.15", ["12.03.15"], "dots, two-digit year"),
        ("DoB 12-03-2015", ["12-03-2015"], "dashes"),
        ("Date of birth: 12 March 2015", ["12 March 2015"], "month in words"),
        ("date of birth 12th Mar 15", ["12th Mar 15"], "ordinal, short month"),
        ("DOB March 12 2015", ["March 12 2015"], "month first"),
        ("Birth date: 2015-03-12", ["2015-03-12"], "ISO"),
        ("Birthdate - 19-Mar-1958", ["19-Mar-1958"], "short month, dashes"),
        ("DOB: 20150312", ["20150312"], "compact"),
        ("D O B   1 2 0 3 2 0 1 5", ["1 2 0 3 2 0 1 5"], "one digit a box"),
        ("| Date of birth   | 0 4 / 1 1 / 1 9 8 8   |", ["0 4 / 1 1 / 1 9 8 8"], "boxes with slashes"),
        ("D.o.B.  17/O6/1993", ["17/O6/1993"], "misread nought"),
        ("Jack (dob 1.2.09) and his mum", ["1.2.09"], "in brackets"),
        ("Smith, b. 12/03/15", ["12/03/15"], "abbreviated"),
        ("Jason (born 30 August 2012)", ["30 August 2012"], "born"),
        ("she was born in Leeds on 3 March 2015", ["3 March 2015"], "born, place, on"),
        ("born at 10:15 on Friday 3 March 2015", ["3 March 2015"], "born, time, weekday"),
        ("her dob for the claim is 19.8.79, tel", ["19.8.79"], "a clause between"),
        ("your date of birth, 7 May 1944; please", ["7 May 1944"], "comma"),
        ("12/03/2015 (DOB)", ["12/03/2015"], "label behind"),
        ("Date of birth\n12/03/2015", ["12/03/2015"], "label on the line above"),
        ("Name\nDOB\nNHS No\nJack Smith\n12/03/2015\n", ["12/03/2015"], "labels first, values after"),
        ("DOB (dd/mm/yyyy): 12/03/2015", ["12/03/2015"], "a hint between"),
        ("Name,DOB\nA,42075\nB,12/03/2015\n", ["42075", "12/03/2015"], "column with an Excel serial"),
        ("Name\tDateOfBirth\nA\t2015-03-12T00:00:00\n", ["2015-03-12"], "column with time of day"),
        ("<DOB>2015-03-12</DOB>", ["2015-03-12"], "XML"),
        ('"dateOfBirth": "2015-03-12"', ["2015-03-12"], "JSON"),
        ("DOBs: Jack 12/3/15, Ella 14/5/17", ["12/3/15", "14/5/17"], "plural"),
        ("DOB 12/03/2015 Start date 01/09/2020", ["12/03/2015"], "only the first is one"),
        ("Dyddiad geni: 12 Mawrth 2015", ["12 Mawrth 2015"], "Welsh"),
        ("DOB12/03/2015", ["12/03/2015"], "no blank"),
        ("DOB 03/2015", ["03/2015"], "month and year"),
        ("DOB 12/03/2015 and 14/05/2017", ["12/03/2015", "14/05/2017"], "two of them"),
        ("DOB Jack: 12/03/2015; Ella: 14/05/2017", ["12/03/2015", "14/05/2017"], "two with names"),
        ("DOB 12/03/2015, Review: 01/09/2020", ["12/03/2015"], "another label follows"),
        ("the child Jack Smith (m, 12/03/2015)", ["12/03/2015"], "sex and date in brackets"),
        ("Ella Smith 12/03/2015 (F)", ["12/03/2015"], "name, date, sex"),
        ("Ibrahim Khan - 01.10.2016 - Year 3", ["01.10.2016"], "name, date, school year"),
        ("about Jack Smith (11/05/1983), PNC ID 2000/0000001A", ["11/05/1983"], "a record goes on"),
        ("Re: Jack Smith 12/03/2015", ["12/03/2015"], "the subject of a letter"),
        ("Child: Ella Jones, 3 May 2012", ["3 May 2012"], "the subject of a note"),
        (
            "DOBs are in the list\n1 Abbott, Ro 14/02/1951\n2 Begum, S 30/07/1984\n3 Cole, J 01/01/1990\n",
            ["14/02/1951", "30/07/1984", "01/01/1990"],
            "a list without headers below a text that says so",
        ),
        (
            "Children in the household:\nElla Smith (01/02/2018)\nJack Smith (3.4.2012)",
            ["01/02/2018", "3.4.2012"],
            "dates in brackets behind names in a family list",
        ),
        ("DOB 30.i.91", ["30.i.91"], "a Roman month"),
        ("DoB  26 JUN /JUIN 88", ["26 JUN /JUIN 88"], "the month in two languages, as passports have it"),
        ("Date birth 1/1/90", ["1/1/90"], "a label without its preposition"),
        ("D 0 B   l3/O7/2O1O", ["l3/O7/2O1O"], "a misread label"),
        ("Date and place of birth: 3 May 1988 Leeds", ["3 May 1988"], "date and place"),
        (
            "ParentName~ParentDOB~ChildName~ChildDOB\nNowak~19850614~Adam~20160902\n",
            ["19850614", "20160902"],
            "an export with tildes and compound headers",
        ),
        ("Surname^DOB^Ref\nKhan^19850614^33\nCole^19900102^34\n", ["19850614", "19900102"], "carets"),
        ("Surname¬BirthDt¬Ref\nKhan¬14061985¬33\nCole¬02011990¬34\n", ["14061985", "02011990"], "not signs"),
        ("Name / DOB|School\nAdam Nowak 02/09/2016|St Ann's\n", ["02/09/2016"], "name and date in a column"),
        (
            "Children\n1  Adam Nowak   19/08/2012   St Ann's\n2  Ewa Nowak   02/12/2015   The Grove\n",
            ["19/08/2012", "02/12/2015"],
            "a list of people with one date each",
        ),
        (
            "1. Ewa Nowak dob 05-01-2014 off\n2. Hari Lal 22 Aug 2010 none\n3. Jo Cole 31-10-2012 left\n",
            ["05-01-2014", "22 Aug 2010", "31-10-2012"],
            "one line of the list says what the dates are",
        ),
        ("Macsen Roberts, 13 (17.6.2012), in Leeds", ["17.6.2012"], "an age before a bracket that fits it"),
        ("holder Irene Cole, 11th Nov. 1935, died 2 June 2024", ["11th Nov. 1935"], "the dates of a life"),
        ("Brooke Tandy 14, 22.3.10, at home", ["22.3.10"], "an age before a date that fits it"),
        ("AIS 144  BROOK, Miriam  03/04/38", ["03/04/38"], "a whole youth ago, right behind a name"),
        ("Shane Roe (3/3/61) let them in", ["3/3/61"], "in brackets behind a name"),
        ("DOB (optional) 8-12-1974", ["8-12-1974"], "a hint in brackets between label and date"),
    ],
)
def test_dates_of_birth(text: str, expected: list[str], why: str) -> None:
    assert births(text) == expected, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("EDD 12/09/2025", "a due date"),
        ("Expected date of delivery: 12/09/2025", "a due date in words"),
        ("Date of meeting: 12/03/2024", "a meeting"),
        ("12/03/2015", "no label"),
        ("DOB required. Date of meeting 12/03/2024", "label without a date, then another date"),
        ("DOB:\nDate of assessment: 12/03/2024", "the next label's date"),
        ("DOB:            Date: 12/03/2024", "an empty box before a date"),
        ("Name:\nDOB:\nSigned:\n12/03/2024", "a blank form that was signed"),
        ("DOB not known. Seen 12/03/2024", "seen"),
        ("DOB: n/a  Review 12/03/2024", "review"),
        ("children born on or after 1 September 2020", "a rule"),
        ("pupils born between 1 September 2016 and 31 August 2017", "a cohort"),
        ("born 1 September 2016 to 31 August 2017", "a cohort"),
        ("his 7th birthday on 12 March 2022", "a birthday is no birth"),
        ("newborn checks 12/03/2015", "a longer word"),
        ("Place of birth: Leeds 12/03/2015", "a place"),
        ("Name,Start date\nA,12/03/2015\n", "another column"),
        ("The Care Plan (12/03/2024) for the child", "a document in brackets"),
        ("Re: Planning Committee 12/03/2015", "a meeting in a subject line"),
        ("Re: Smith v Jones 12/03/2015", "a case in a subject line"),
        ("DOBs are redacted.\n1 Report 14/02/2024\n2 Visit 30/03/2024\n3 Panel 01/04/2024\n", "recent dates"),
        ("TEST with the dummy record Zzz Test-Child, DOB 01/01/2010", "a made-up record"),
        ("Rob Dobson 12/03/2015", "a surname"),
        ("Board 12/03/2015 M", "no person"),
        ("grade b 12.3.15", "no person before b"),
        ("flat 4b 12/03/2015", "part of a house number"),
        ("date of birth is required by 12/03/2025", "a deadline"),
        ("DOB: 45/13/2015", "no such day"),
        ("Default date of birth 01/01/1900  58 rows", "what a system fills in"),
        ("Parent^Start\nKhan^19850614\nCole^19900102\n", "another column of an export"),
        ("Birth parent: seen 12/03/2015", "a parent is no date"),
        ("Children admitted\nAdam Nowak 19/08/2012\nEwa Nowak 02/12/2015\n", "days of admission"),
        ("Visits to the family\nAdam Nowak 19/08/2012\nEwa Khan 02/12/2015\n", "a log of visits"),
        ("Family\nAdam Nowak 19/08/2012 rang\nAdam Nowak 02/12/2015 rang\n", "the same person twice"),
        ("Contracts\nAdam Nowak 19/08/2012\nEwa Khan 02/12/2015\n", "contracts"),
        ("Officers\nAdam Nowak 19/08/2012\nEwa Khan 02/12/2015\n", "nothing says whose dates they are"),
        ("Children\nSummer Fair 19/08/2024\nSports Day 02/12/2024\n", "events of one year"),
        ("Versions\nAdam Nowak, v2 (17.6.2012)", "a version"),
        ("Adam Nowak, 40 (17.6.2012)", "an age that does not fit"),
        ("signed Irene Cole, 11 Nov 1935, witnessed 2 June 2024", "no date of a death behind it"),
        ("Brooke Tandy 14, 22.3.84, at home", "an age that does not fit"),
        ("Irene Cole 03/04/1988 invoice paid", "what was done on the day"),
        ("Irene Cole 03/04/2022 in the hall", "no youth ago"),
        ("Open Sundays 9-4.30", "a time"),
    ],
)
def test_no_date_of_birth(text: str, why: str) -> None:
    assert births(text) == [], why


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("DOB 12/03/15", date(2015, 3, 12)),
        ("DOB 12/03/26", date(1926, 3, 12)),  # never behind the reference date
        ("DOB 01/06/25", date(2025, 6, 1)),
        ("DOB: 12/13/2015", date(2015, 12, 13)),  # month first where day first cannot be
        ("Name,DOB\nx,42075\n", date(2015, 3, 12)),
    ],
)
def test_the_day_behind_a_finding(text: str, day: date) -> None:
    here = view(text)
    assert [birth_date(finding, here) for finding in RECOGNISER.recognise(here)] == [day]


def test_children_are_noted_and_implausible_ages_are_less_sure() -> None:
    here = view("DOB 12/03/2015, DOB 12/03/1950, DOB 12/03/1902, DOB 12/03/2030")
    findings = RECOGNISER.recognise(here)
    assert [finding.note for finding in findings] == ["child", "", "", ""]
    assert [finding.confidence for finding in findings] == [0.90, 0.90, 0.50, 0.50]


def test_an_identifier_beside_a_name_makes_the_date_a_birth_date() -> None:
    here = view(
        "Jack Smith 12/03/2015 943 476 5919\nseen 01/02/2020 943 476 5919\n"
        "re Adam Nowak (P6, 08-06-2013, HCN 943 476 5919) of Leeds\nShilan 21.03.1993 NHS 943 476 5919\n"
        "sent 21.04.1993 NHS 943 476 5919\n"
    )
    starts = [index for index in range(len(here.text)) if here.text.startswith("943 476", index)]
    here.findings = [Finding("UK_NHS", start, start + 12, 0.9, "nhs") for start in starts]
    assert [f.value(here.text) for f in RECOGNISER.recognise(here)] == [
        "12/03/2015",
        "08-06-2013",
        "21.03.1993",
    ]


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        (
            "Noah is 22 months (07/05/2022). He lives with carers.",
            ["07/05/2022"],
            "an age in months that fits",
        ),
        ("He says 15, 1.1.2009 and has no papers.", ["1.1.2009"], "an age that fits"),
        ("Kyra Stone   f   18 Jan 2010   NHS 943 476 5919", ["18 Jan 2010"], "sex and number beside it"),
        ("The contract is 2 years, 1/4/2023 to 31/3/2025.", [], "a term, not an age"),
        ("The plan is 12 (3/5/2024 version).", [], "no age that fits"),
    ],
)
def test_dates_beside_an_age_a_sex_or_a_number(text: str, found: list[str], why: str) -> None:
    from tests.detection.views import values

    assert values(text, "DATE_OF_BIRTH") == found, why


def test_the_label_of_a_field_need_not_stand_in_the_text() -> None:
    """Values of XML, JSON and databases: the key is the source's, the text has only the value."""
    text = "1976-01-11\tGareth Chaudhry\t2024-01-11"
    fields = (Field(0, 10, "dateOfBirth"), Field(11, 26, "name"), Field(27, 37, "start date"))
    view = View(
        Passage(text, (Block(0, len(text), table=1, fields=fields),)),
        organisation=Organisation(),
        reference_date=date(2026, 11, 1),
    )
    assert [(f.start, f.end) for f in BirthDateRecogniser().recognise(view)] == [(0, 10)]
