"""Small counts beside small areas, and the many small numbers that are none."""

from __future__ import annotations

import pytest

from scanner.documents import Location, Segment, Source, read_document
from scanner.release.small_numbers import SmallNumbers


def watched(content: str) -> SmallNumbers:
    numbers = SmallNumbers()
    for item in read_document(Source.from_bytes(content.encode(), "t.csv")):
        if isinstance(item, Segment):
            numbers.watch(item)
    return numbers


def table(*rows: str) -> str:
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("content", "count", "why"),
    [
        (table("Postcode,Children", "BT7 1AA,3", "BT7 1AB,12", "BT9 6QT,1"), 2, "full postcodes"),
        (table("LSOA,Cases", "E01000001,2", "E01000002,40", "E01000003,17"), 1, "areas of the census"),
        (table("Street,Claimants,Refused", "Mill Lane,10,1", "High Street,25,4"), 2, "streets"),
        (
            table("Postcode,Males,Females", "N1 2AB,<5,12", "N1 3AB,7,2", "N1 4AB,*,9"),
            1,
            "beside suppression",
        ),
        (table("Postcode sector,Number of cases", "N1 2,3", "N1 3,8", "N1 4,11"), 1, "sectors"),
        (table("Postcode,0-4,5-9", "N1 2AB,1,12", "N1 3AB,7,9", "N1 4AB,22,9"), 1, "ages as columns"),
        (table("Postcode,Children", "BT7 1AA,13", "BT7 1AB,12", "BT9 6QT,5"), 0, "near miss: five and more"),
        (table("Postcode,Bedrooms", "BT7 1AA,3", "BT7 1AB,2", "BT9 6QT,1"), 0, "near miss: rooms"),
        (table("Postcode,Band number", "BT7 1AA,3", "BT7 1AB,2", "BT9 6QT,1"), 0, "near miss: a band"),
        (table("Postcode,Score", "BT7 1AA,3.5", "BT7 1AB,2.5", "BT9 6QT,1"), 0, "near miss: a measure"),
        (table("Region,Children", "Ulster,3", "Munster,12", "Connacht,1"), 0, "near miss: a large area"),
        (table("Postcode,Notes", "BT7 1AA,3", "BT7 1AB,see file", "BT9 6QT,none"), 0, "near miss: words"),
        (table("Grade,Staff", "A,3", "B,12", "C,1"), 0, "near miss: no area"),
        ("The school at BT7 1AA has 3 classes.\nThe one at BT7 1AB has 2.\n", 0, "near miss: prose"),
    ],
)
def test_tables(content: str, count: int, why: str) -> None:
    assert sum(one.count for one in watched(content).objections()) == count, why


def test_wards_are_for_a_person_to_judge() -> None:
    numbers = watched(table("Ward,Cases", "Canonbury,3", "Tollington,12", "Junction,40"))
    assert list(numbers.objections()) == []
    assert [(one.code, one.count) for one in numbers.remarks()] == [("small-numbers-wider", 1)]


def test_place_and_columns_are_named() -> None:
    (found,) = watched(table("Postcode,Children,Homes", "N1 2AB,30,41", "N1 3AB,2,12")).objections()
    assert '"Children"' in found.text
    assert '"Homes"' not in found.text
    assert found.place == "line 3 > column Children"


@pytest.mark.parametrize(
    ("lines", "count", "why"),
    [
        (("BT7 1AA 3 12", "BT7 1AB 20 14", "BT7 1AD 1 4"), 2, "rows of a table on a page"),
        (("BT7 1AA 3 12", "BT7 1AB 20 14"), 0, "near miss: two lines are no table"),
        (("1 Mill Lane, BT7 1AA", "2 Mill Lane, BT7 1AB", "3 Mill Lane BT7 1AD"), 0, "near miss: addresses"),
    ],
)
def test_lines_of_a_page(lines: tuple[str, ...], count: int, why: str) -> None:
    numbers = SmallNumbers()
    numbers.watch(Segment("\n".join(lines), Location(("page 1",))))
    assert sum(one.count for one in numbers.objections()) == count, why


def test_cost_is_linear_in_a_hostile_line() -> None:
    numbers = SmallNumbers()
    text = ("BT7 1AA" + " 1" * 90 + "x\n") * 20_000
    numbers.watch(Segment(text, Location(("page 1",))))
    assert list(numbers.objections()) == []
