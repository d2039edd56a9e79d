"""Delimited tables: headers found, cells labelled, rows streamed, quotes survived."""

from __future__ import annotations

import pytest

from scanner.documents import Limits, Segment, Shortfall, Source, Status, place, read_whole


def rows(text: str, name: str = "x.csv", limits: Limits | None = None) -> list[Segment]:
    segments, _ = read_whole(Source.from_bytes(text.encode(), name), limits=limits)
    return [segment for segment in segments if segment.location.parts[-1] != "file name"]


def labelled(segment: Segment) -> dict[str, str]:
    return {field.label: segment.text[field.start : field.end] for field in segment.fields}


def test_every_cell_stands_under_its_column() -> None:
    header, first, second = rows('Surname,DOB,Notes\nSmith,01/02/2010,"a, b"\nJones,02/03/2011,\n')
    assert labelled(header) == {"": "Notes"}, "the header is read, unlabelled"
    assert labelled(first) == {"Surname": "Smith", "DOB": "01/02/2010", "Notes": "a, b"}
    assert str(place(second, second.text.index("02/03"))) == "line 3 > column DOB"
    assert header.table == first.table == second.table


@pytest.mark.parametrize(
    ("text", "labels", "why"),
    [
        ("Name,Town\nAnn,Leeds\n", ["Name", "Town"], "words that columns are called by"),
        ("CHILD,SEX,UPN\n1,1,A12\n2,2,A13\n", ["CHILD", "SEX", "UPN"], "numbers beneath"),
        ("#,Service user,Contact\n1,Ann,x\n2,Bo,y\n", ["#", "Service user", "Contact"], "a sign"),
        ("Claimant,Nat Ins\nAnn,x1\nBo,x2\nCy,x3\n", ["Claimant", "Nat Ins"], "two columns, numbers beneath"),
        ("Surname,Carr\nForename,Ann\nBorn,1/2/1950\nTel,01422\n", ["", "Tel"], "near miss: a form"),
        ("Extract of cases\nRun: 1 May\n\nName,DOB,Ref\nAnn,1,2\n", ["Name", "DOB", "Ref"], "a preamble"),
        ("Title,,\nName,DOB,Ref\nAnn,1,2\nBob,3,4\n", ["Name", "DOB", "Ref"], "a title padded to the width"),
        ("Ann,Smith,1 High Street\nBob,Jones,2 High Street\n", ["", "", ""], "data from the first row"),
        ("1,2,3\n4,5,6\n7,8,9\n", ["", "", ""], "numbers only"),
    ],
)
def test_header(text: str, labels: list[str], why: str) -> None:
    assert [field.label for field in rows(text)[-1].fields] == labels, why


def test_two_columns_without_header_are_a_form() -> None:
    segments = rows("Surname,Smith\nDate of birth,01/02/2010\n")
    assert labelled(segments[-1]) == {"": "Date of birth", "Date of birth": "01/02/2010"}


def test_lines_are_counted_through_quoted_breaks() -> None:
    segments = rows('Name,Notes,Ref\nAnn,"one\ntwo\nthree",1\nBob,x,2\n')
    assert [segment.location.parts[0] for segment in segments] == ["line 1", "line 2", "line 5"]
    assert "one\ntwo\nthree" in segments[1].text


def test_a_quote_that_never_closes_loses_no_row() -> None:
    body = "".join(f"Person{number},{number},x\n" for number in range(20_000))
    text = 'Name,Number,Notes\nAnn,1,"open\n' + body
    segments = rows(text)
    joined = "\n".join(segment.text for segment in segments)
    assert "Person0" in joined
    assert "Person19999" in joined


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert len(rows(end.join(["Name,DOB,Ref", "Ann,1,2", "Bob,3,4", ""]))) == 3


def test_short_and_long_rows() -> None:
    segments = rows("Name,DOB,Ref\nAnn,1\nBob,2,3,4,5\n")
    assert len(segments[1].fields) == len(segments[1].cells) == 2
    assert segments[2].cells[3:] == ("column 4", "column 5")


def test_cell_limit_is_a_gap() -> None:
    data = "Name,DOB\n" + "Ann,1\n" * 100
    _, coverage = read_whole(Source.from_bytes(data.encode(), "x.csv"), limits=Limits(cells=50))
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.LIMIT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Name~DOB~NHS no\nAnn~1/2/1950~111\nBo~3/4/1960~222\n", "tildes"),
        ("Name^DOB^NHS no\nAnn^1/2/1950^111\nBo^3/4/1960^222\n", "carets"),
        ("'Name'^'DOB'^'NHS no'\n'Ann'^'1/2/1950'^'111'\n'Bo'^'3/4/1960'^'222'\n", "apostrophes as quotes"),
        ("Name\x1fDOB\x1fNHS no\nAnn\x1f1/2/1950\x1f111\nBo\x1f3/4/1960\x1f222\n", "unit separators"),
        ("Name¬DOB¬NHS no\nAnn¬1/2/1950¬111\nBo¬3/4/1960¬222\n", "not signs"),
    ],
)
def test_delimiters_of_older_systems(text: str, why: str) -> None:
    assert labelled(rows(text, "extract.txt")[-1]) == {"Name": "Bo", "DOB": "3/4/1960", "NHS no": "222"}, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The price is ~ 5 pounds, or so\nand the weight ~ 3 kg\n", "about"),
        ("Ann's tea 'here'^1\nsome words\nmore words ^2\n", "notes"),
    ],
)
def test_prose_with_such_signs_is_text(text: str, why: str) -> None:
    _, coverage = read_whole(Source.from_bytes(text.encode(), "note.txt"))
    assert coverage.kind == "text", why


def test_a_further_table_below_has_its_own_header() -> None:
    text = "Name,DOB,NI number\nAnn,1/2/1950,x1\n\nREFUNDS\nPayee,Sort Code,Account,Amount\nBo,1,2,3\n"
    *_, title, header, last = rows(text)
    assert [field.label for field in title.fields] == [""], "a title is no name"
    assert not any(field.label for field in header.fields)
    assert labelled(last) == {"Payee": "Bo", "Sort Code": "1", "Account": "2", "Amount": "3"}


def test_a_blank_line_alone_ends_no_table() -> None:
    assert labelled(rows("Name,DOB,Ref\nAnn,1,2\n\nBo,3,4\n")[-1]) == {"Name": "Bo", "DOB": "3", "Ref": "4"}


def test_numbers_that_a_spreadsheet_rewrote() -> None:
    text = (
        'Patient,NHS no,Acc\nAnn,4505577104.0,"=""01234567"""\nBo,4.505577104E+09,1\nCy,"4,505,577,104",2\n'
    )
    _, ann, bo, cy = rows(text)
    assert ann.text == "Ann\t4505577104\t01234567"
    assert bo.text == "Bo\t4505577104\t1"
    assert cy.text == "Cy\t4505577104\t2"


@pytest.mark.parametrize("amount", ["1,234.50", "12,345,678", "4.5E+09", "3.0", "0.00", "1.25E-05"])
def test_amounts_stay_as_they_are(amount: str) -> None:
    assert rows(f'Item,Amount,Ref\nSalt,"{amount}",7\n')[-1].text == f"Salt\t{amount}\t7"
