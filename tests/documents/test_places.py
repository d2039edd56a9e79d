"""The place of a character: cell of a row, line of running text."""

from __future__ import annotations

from scanner.documents import Location, Segment, place
from scanner.documents.rows import row_segment


def test_cell_of_a_row() -> None:
    row = row_segment(
        ["Smith", "", "AB1"], ["Surname", "", "Ref"], Location(("line 7",)), cells=("A", "B", "C")
    )
    assert row.text == "Smith\t\tAB1"
    assert [row.text[field.start : field.end] for field in row.fields] == ["Smith", "", "AB1"]
    assert [field.label for field in row.fields] == ["Surname", "", "Ref"]
    assert str(place(row, 0)) == "line 7 > A"
    assert str(place(row, 8)) == "line 7 > C"


def test_line_of_text() -> None:
    text = Segment("a\nb\nc", Location(("notes.txt", "line 10")))
    assert str(place(text, 4)) == "notes.txt > line 12"


def test_other_locations_stay() -> None:
    assert str(place(Segment("a\nb", Location(("page 3",))), 2)) == "page 3"
    assert str(place(Segment("a", Location()), 0)) == ""
