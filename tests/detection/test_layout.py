"""Tables, forms and paragraphs are found in plain text, and nothing is taken for them that is not."""

import pytest

from scanner.detection.layout import lay_out
from scanner.text import Block, Field, Passage
from tests.detection.views import layout


def fields(text: str) -> list[tuple[str, str]]:
    laid = layout(text)
    return [(f.label, laid.text[f.start : f.end]) for r in laid.records for f in r.fields]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Surname: Khan", [("Surname", "Khan")]),
        ("Surname: Khan   Forename: Ali", [("Surname", "Khan"), ("Forename", "Ali")]),
        ("NI No ........ AB123456C", [("NI No", "AB123456C")]),
        ("Date of birth:\n12/03/2015", [("Date of birth", "12/03/2015")]),
        ("**Name:** Jo Li", [("Name", "Jo Li")]),
        ("| NI No | AB123456C |", [("NI No", "AB123456C")]),
        (
            "Employee      Ann Li\nPassport      123456789",
            [("Employee", "Ann Li"), ("Passport", "123456789")],
        ),
        ("Name,DOB\nAli,1/2/10", [("Name", "Ali"), ("DOB", "1/2/10")]),
        ('Name,DOB\n"Khan, A",1/2/10', [("Name", "Khan, A"), ("DOB", "1/2/10")]),
        ("Name;DOB\nAli;1/2/10", [("Name", "Ali"), ("DOB", "1/2/10")]),
        ("Name\tDOB\nAli\t1/2/10", [("Name", "Ali"), ("DOB", "1/2/10")]),
        ("| Pupil | UPN |\n|---|---|\n| Ali | A1 |", [("Pupil", "Ali"), ("UPN", "A1")]),
        (
            "Ref     Tenant name      Balance due\n1234    Jo Bloggs        £230",
            [("Ref", "1234"), ("Tenant name", "Jo Bloggs"), ("Balance due", "£230")],
        ),
        ('{"nino": "AB123456C"}', [("nino", "AB123456C")]),
        ("<Surname>Patel</Surname>", [("Surname", "Patel")]),
    ],
)
def test_labelled_values(text: str, wanted: list[tuple[str, str]]) -> None:
    assert fields(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "We met on Monday, as agreed, and spoke at length.\nHe was late, again, and left early, too.",
        "See http://example.org for more.",
        "Dear Ann,\nThank you, and all the best, for writing.",
    ],
)
def test_prose_has_no_fields(text: str) -> None:
    assert fields(text) == []


def test_rows_of_one_table_share_it_and_are_records_of_their_own() -> None:
    laid = layout("Name,DOB\nAli,1/2/10\nBo,3/4/11\n\nName,UPN\nCy,A1")
    rows = [(r.table, r.index) for r in laid.records if r.fields]
    assert len({index for _, index in rows}) == 3
    assert rows[0][0] == rows[1][0] != rows[2][0]


def test_declared_rows_are_taken_as_they_are() -> None:
    text = "AB123456C 1/2/10"
    passage = Passage(text, (Block(0, 16, 0, True, (Field(0, 9, "NI"), Field(10, 16, "DOB"))),))
    laid = lay_out(passage)
    assert laid.label_at(3) == "NI"
    assert laid.label_at(12) == "DOB"
    record = laid.record_at(3)
    assert record is not None
    assert record.hidden


TABLES = [
    (
        "Name,NHS No,Note\nAnn Lee,943 476 5919,seen\nBo Ray,,\n,,\nCy May,1,2,3\n",
        "commas, empty cells, one too many",
    ),
    ('Name,Address,Note\nAnn Lee,"1 High St, Leeds",x\nBo "B" Ray, 2 Low St ,y\n', "quoted cells"),
    ("| Name | DOB |\n|---|---|\n| Ann Lee | 1/2/2010 |\n| | 3/4/2011 |\n", "a drawn table"),
    ("Name\tDOB\tNotes\nAnn\t\tseen\n \t1/2/2010\t\n", "tabs, cells of blanks"),
    (
        "Name       Date of birth   Ward\nAnn Lee    01/02/2010      North\n"
        "Bo Ray                     East\n",
        "columns",
    ),
]


@pytest.mark.parametrize(("text", "why"), TABLES)
def test_one_cell_is_read_as_all_of_its_row_are(text: str, why: str) -> None:
    whole, single = lay_out(Passage(text)), lay_out(Passage(text))
    for record in whole.records:
        assert bool(record.fields) == lay_out(Passage(text)).records[record.index].filled, why
    for position in range(len(text)):
        cell = whole.field_at(position)
        assert single.field_at(position) == cell, (why, position)
        assert single.label_at(position) == (cell.label if cell else ""), (why, position)


@pytest.mark.parametrize(("text", "why"), TABLES)
def test_wanted_fields_are_those_of_all(text: str, why: str) -> None:
    every = [(r.index, f) for r, f in lay_out(Passage(text)).labelled_fields()]
    wanted = [(r.index, f) for r, f in lay_out(Passage(text)).labelled_fields(lambda label: "N" in label)]
    assert wanted == [pair for pair in every if "N" in pair[1].label], why
    assert {field.label for _, field in every} <= lay_out(Passage(text)).labels(), why
    assert not list(lay_out(Passage(text)).records_with(lambda label: label == "Elsewhere"))


@pytest.mark.parametrize(
    ("header", "table"),
    [
        ("Name,Licence No.,Start date", True),
        ("Name,D.O.B.,Vehicle reg.", True),
        ("No. of rooms,Ward,Status", True),
        # Sentences, and labels with colons, head nothing.
        ("The name was given. A date followed,status unknown.", False),
        ("Name:,Ward:,Status:", False),
    ],
)
def test_abbreviations_end_in_full_stops(header: str, table: bool) -> None:
    found = layout(f"{header}\nAnn Khan,12,East\nBob Cole,13,West")
    assert any(record.table is not None for record in found.records) is table
