"""Which row heads a table, which cells are labels."""

from __future__ import annotations

import pytest

from scanner.documents.headings import (
    form_labels,
    header_row,
    is_form,
    is_heading_row,
    is_label,
    names_something,
    runs_across,
    unnumbered,
)
from scanner.documents.model import Location, Segment
from scanner.documents.parsers.labelled_table import LabelledTable, labelled
from scanner.documents.rows import Cell, Row


def rows(*texts: tuple[str, ...]) -> list[Row]:
    return [
        Row(number, [Cell(column, text) for column, text in enumerate(row) if text], Location(("t",)))
        for number, row in enumerate(texts, 1)
    ]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("NHS No.", True),
        ("Date of birth", True),
        ("Address line 1", True),
        ("Q3", True),
        ("943 476 5919", False),
        ("01/02/2010", False),
        ("someone@example.org", False),
        ("This is a sentence. It goes on.", False),
        ("No. of beds", True),
        ("Noms de famille élargie", True),
        ("x" * 80, False),
        ("", False),
    ],
)
def test_is_label(text: str, label: bool) -> None:
    assert is_label(text) is label


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Surname", True),
        ("First_Name", True),
        ("dateOfBirth", True),
        ("Anything:", True),
        ("Osei", False),
        ("Green", False),
        ("12 High Street", False),
    ],
)
def test_names_something(text: str, names: bool) -> None:
    assert names_something(text) is names


@pytest.mark.parametrize(
    ("row", "heading", "why"),
    [
        (["Surname", "Forename", "DOB"], True, "words that columns are called by"),
        (["PersonName", "caseRef"], True, "words written together"),
        (["Foo", "Ward", "Bar"], False, "near miss: one word of three"),
        (["Surname", "Osei"], False, "near miss: a label and its value"),
        (["Surname:", "Forename:"], False, "near miss: labels of a form"),
        (["Name", "Name", "Name", "Ward"], False, "near miss: the same name again"),
        (["Name", "07700 900123"], False, "near miss: a number"),
    ],
)
def test_heading_row_by_its_words(row: list[str], heading: bool, why: str) -> None:
    assert is_heading_row(row) is heading, why


@pytest.mark.parametrize(
    ("values", "labels", "why"),
    [
        (["Surname", "Osei"], ["", "Surname"], "a pair"),
        (["Ward:", "X", "Team:", "Y"], ["", "Ward", "", "Team"], "two pairs with colons"),
        (["Green", "Osei"], [], "near miss: no word for a label"),
        (["Surname", "Osei", "Ward"], [], "near miss: three cells are no pairs"),
    ],
)
def test_labels_of_forms(values: list[str], labels: list[str], why: str) -> None:
    assert form_labels(values) == labels, why


@pytest.mark.parametrize(
    ("table", "header", "why"),
    [
        (rows(("Name", "NHS No"), ("Ada", "1"), ("Ben", "2")), 0, "words used for headers"),
        (rows(("Foo", "Bar"), ("Ada", "123"), ("Ben", "456")), 0, "odd names over digits"),
        (rows(("Ward", "Awards"), ("North", "4"), ("Town", "3"), ("Wye", "3")), 0, "a label word beneath"),
        (rows(("Report",), ("Name", "Ward", "No"), ("Ada", "X", "1")), 1, "title above"),
        (rows(("NHS No",), ("123",), ("456",)), 0, "one column of numbers"),
        (rows(("Notes",), ("Seen today.",), ("All well.",)), None, "near miss: one column of text"),
        (rows(("High Street",), ("12",), ("Name", "Ward")), None, "near miss: not one column"),
        (rows(("Name", "Ward")), None, "nothing beneath"),
        (rows(("Ada", "Osei"), ("Ben", "Amoah")), None, "near miss: names only"),
        (rows(("1", "2"), ("3", "4")), None, "near miss: numbers"),
        (rows(("Name:", "Ada"), ("Born:", "1/2/2010"), ("Ward:", "X")), None, "near miss: a form"),
    ],
)
def test_header_row(table: list[Row], header: int | None, why: str) -> None:
    assert header_row(table) == header, why


@pytest.mark.parametrize(
    ("table", "form", "why"),
    [
        (rows(("Name", "Ada"), ("Date of birth", "x")), True, "words used for labels"),
        (rows(("Name:", "Ada", "Ward:", "X"), ("Ref:", "1", "Team:", "Y")), True, "two pairs in a row"),
        (rows(("Ada", "Osei"), ("Ben", "Amoah")), False, "near miss: names"),
        (rows(*[tuple("abcdefgh")] * 3), False, "near miss: too wide"),
        (rows(("only one",)), False, "near miss: no pairs"),
    ],
)
def test_is_form(table: list[Row], form: bool, why: str) -> None:
    assert is_form(table) is form, why


def labels(segments: list[Segment]) -> list[tuple[str, ...]]:
    return [tuple(field.label for field in segment.fields) for segment in segments]


def test_form_with_an_empty_answer_does_not_shift_the_labels() -> None:
    table = rows(("Name:", "Ada", "Ward:"), ("Ref:", "", "Team:", "Y"), ("Born:", "1/2/2010"))
    assert labels(list(labelled(table, 1))) == [("", "Name", "", "", "", "Team", "", "Born")]


def test_title_that_word_calls_a_header_is_none() -> None:
    table = rows(("Children in the household",), ("Name", "Born"), ("Ada", "1/2/2010"))
    table[0].header = True
    assert labels(list(labelled(table, 1))) == [(), ("", ""), ("Name", "Born")]


def test_repeated_header_of_a_long_table_changes_the_labels() -> None:
    table = rows(("Name", "No"), *[("Ada", "1")] * 30, ("Street", "House"), ("High St", "2"))
    table[-2].header = True
    segments = list(labelled(table, 1))
    assert labels(segments)[1] == ("Name", "No")
    assert labels(segments)[-1] == ("Street", "House")


def test_column_with_a_gap_keeps_its_label() -> None:
    table = rows(("Name", "Ward", "No"), ("Ada", "", "7"), ("Ben", "X", "8"))
    assert labels(list(labelled(table, 1)))[1] == ("Name", "No")


@pytest.mark.parametrize(
    ("table", "texts", "why"),
    [
        (rows(("Report for May",)), [("Report for May", "t > column 1", None)], "a title"),
        (
            rows(("Name: Ada\nBorn: 1/2/2010", "Ward: X")),
            [("Name: Ada\nBorn: 1/2/2010", "t > column 1", None), ("Ward: X", "t > column 2", None)],
            "a form inside the cells of a layout table",
        ),
        (rows(("Ada", "Osei")), [("Ada\tOsei", "t", 1)], "near miss: a row of data"),
    ],
)
def test_tables_made_for_layout_are_text(
    table: list[Row], texts: list[tuple[str, str, int | None]], why: str
) -> None:
    given = list(labelled(table, 1))
    assert [(segment.text, str(segment.location), segment.table) for segment in given] == texts, why


def test_rows_are_given_out_as_they_come() -> None:
    given: list[Segment] = []
    table = LabelledTable(1, given.append)
    for row in rows(("Name", "No"), *[("Ada", "1")] * 100):
        table.add(row)
    assert len(given) == 101


@pytest.mark.parametrize(
    ("table", "across", "why"),
    [
        (
            [
                ("", "Client 1", "Client 2"),
                ("Name", "Ann Carr", "Bo Ash"),
                ("DOB", "1/2/1950", "3/4/1960"),
                ("Postcode", "HX3 1AA", "HX3 2AA"),
            ],
            True,
            "labels down, people across",
        ),
        (
            [
                ("Name", "Ann Carr", "Bo Ash"),
                ("DOB", "1/2/1950", "3/4/1960"),
                ("Telephone", "01422", "01423"),
            ],
            True,
            "without a line on top",
        ),
        (
            [("Name", "DOB", "NHS number"), ("Ann Carr", "1/2/1950", "111"), ("Bo Ash", "3/4/1960", "222")],
            False,
            "a list under its header",
        ),
        (
            [
                ("Surname", "Carr", "Forename", "Ann"),
                ("DOB", "1/2/50", "NI no", "x1"),
                ("Town", "Hx", "Tel", "1"),
            ],
            False,
            "a form of two pairs a line",
        ),
        ([("Surname", "Carr"), ("Forename", "Ann"), ("DOB", "1/2/1950")], False, "a form of one person"),
        (
            [("Category", "Q1", "Q2"), ("Moorside", "12", "14"), ("Valley", "9", "8"), ("Town", "1", "2")],
            False,
            "figures under a header",
        ),
        (
            [("Staff", "Late", "Early"), ("Staff", "Early", "Late"), ("Staff", "Off", "Late")],
            False,
            "one word again and again names nothing",
        ),
    ],
)
def test_labels_down_the_side(table: list[tuple[str, ...]], across: bool, why: str) -> None:
    assert runs_across(rows(*table)) is across, why


def test_records_across_are_given_out_one_by_one() -> None:
    table = rows(("Name", "Ann Carr", "Bo Ash"), ("DOB", "1/2/1950", "3/4/1960"), ("Postcode", "HX3", "HX4"))
    for number, row in enumerate(table, 1):
        for cell in row.cells:
            cell.name = "ABC"[cell.column] + str(number)
    table[1].hidden = "hidden row"
    side, first, second = labelled(table, 1)
    assert side.text == "Name\nDOB\nPostcode"
    assert not any(field.label for field in side.fields)
    assert second.text == "Bo Ash\n3/4/1960\nHX4"
    assert [field.label for field in second.fields] == ["Name", "DOB", "Postcode"]
    assert second.cells == ("C1", "C2", "C3")
    assert second.hidden_fields == ("", "hidden row", "")
    assert first.table == second.table == 1


def test_many_labels_down_the_side() -> None:
    labels = [f"{word} {kind}" for word in ("name", "date", "address", "phone") for kind in "abcdefgh"]
    table = rows(*((label, f"x{index}", f"y{index}") for index, label in enumerate(labels)))
    assert len(list(labelled(table, 1))) == 3, "longer than what is held back for a header"


def test_a_header_of_several_lines_is_one_name() -> None:
    table = rows(("Staff\nmember", "Date of\nbirth"), ("Ann Carr", "1/2/1950"), ("Bo Ash", "3/4/1960"))
    header, first, _ = labelled(table, 1)
    assert header.text == "Staff member\tDate of birth"
    assert [field.label for field in first.fields] == ["Staff member", "Date of birth"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("4. Date of birth", "Date of birth"),
        ("Q7) Address", "Address"),
        ("2.1 Surname", "Surname"),
        ("(a) Telephone", "Telephone"),
        ("12 High Street", "12 High Street"),
        ("3rd contact", "3rd contact"),
        ("Address 1", "Address 1"),
        ("4 years", "4 years"),
    ],
)
def test_numbers_of_questions(text: str, label: str) -> None:
    assert unnumbered(text) == label


@pytest.mark.parametrize(
    ("table", "records", "why"),
    [
        (
            [("Name:", "Ann Carr"), ("DOB:", "1/2/1950"), ("Tel:", "01422")],
            ["Name:\tAnn Carr\nDOB:\t1/2/1950\nTel:\t01422"],
            "the lines of a form are one record",
        ),
        (
            [("Name:", "Ann Carr"), ("DOB:", "1/2/1950"), ("Name:", "Bo Ash"), ("DOB:", "3/4/1960")],
            ["Name:\tAnn Carr\nDOB:\t1/2/1950", "Name:\tBo Ash\nDOB:\t3/4/1960"],
            "asked anew who it is",
        ),
        (
            [("Name:", "Ann Carr", "Name:", "Bo Ash"), ("DOB:", "1/2/1950", "DOB:", "3/4/1960")],
            ["Name:\tAnn Carr\nDOB:\t1/2/1950", "Name:\tBo Ash\nDOB:\t3/4/1960"],
            "two people side by side",
        ),
        (
            [("Name:", "Ann Carr"), ("Date:", "1/2/2020"), ("Date:", "3/4/2020")],
            ["Name:\tAnn Carr\nDate:\t1/2/2020\nDate:\t3/4/2020"],
            "a date asked twice is about the same person",
        ),
    ],
)
def test_forms_are_records(table: list[tuple[str, ...]], records: list[str], why: str) -> None:
    assert [segment.text for segment in labelled(rows(*table), 1)] == records, why


def test_a_form_goes_on_behind_empty_rows() -> None:
    given: list[Segment] = []
    reader = LabelledTable(1, given.append)
    for row in rows(("Name:", "Ann Carr"), ("DOB:", "1/2/1950"), ("Tel:", "01422")):
        reader.add(row)
        reader.gap()
    assert not given
    reader.end()
    assert [segment.text for segment in given] == ["Name:\tAnn Carr\nDOB:\t1/2/1950\nTel:\t01422"]
