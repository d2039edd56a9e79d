"""Why cells of a workbook are not seen by their colours and heights: made with a real library."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color

from tests.documents.parsers.reading import read, segment_with


@pytest.mark.parametrize(
    ("font", "fill", "hidden", "why"),
    [
        (None, None, "", "as a program begins"),
        (Color(rgb="FFFFFFFF"), None, "white text", "white on the sheet"),
        (Color(theme=0), None, "white text", "the white of the theme"),
        (Color(theme=0, tint=-0.5), None, "", "a grey made of it"),
        (Color(rgb="FFFFFFFF"), Color(rgb="FFFFFFFF"), "white text", "white on white paint"),
        (Color(rgb="FFFFFFFF"), Color(rgb="FF000080"), "", "white on blue"),
        (Color(rgb="FF000000"), Color(rgb="FF000000"), "blacked-out text", "a black bar"),
        (Color(theme=1), Color(rgb="FF000000"), "blacked-out text", "the black of the theme under a bar"),
        (Color(rgb="FFC00000"), Color(rgb="FFC00000"), "text in the colour of its background", "red on red"),
        (Color(theme=4), Color(theme=4), "text in the colour of its background", "a colour of the theme"),
        (Color(theme=4), Color(theme=4, tint=0.8), "", "a lighter ground"),
        (Color(rgb="FFC00000"), Color(rgb="FFFFC7CE"), "", "red on pink"),
    ],
)
def test_colours_of_cells(font: Color | None, fill: Color | None, hidden: str, why: str) -> None:
    book = Workbook()
    cell = book.active["B2"]
    cell.value = "Token"
    if font is not None:
        cell.font = Font(color=font)
    if fill is not None:
        cell.fill = PatternFill(fill_type="solid", fgColor=fill)
    data = io.BytesIO()
    book.save(data)
    segments, _ = read(data.getvalue())
    assert segment_with(segments, "Token").hidden == hidden, why


@pytest.mark.parametrize(
    ("height", "hidden"), [(0.05, "hidden row"), (0.1, "hidden row"), (1.5, ""), (10, "")]
)
def test_rows_without_height(height: float, hidden: str) -> None:
    book = Workbook()
    book.active["A3"] = "Token"
    book.active.row_dimensions[3].height = height
    data = io.BytesIO()
    book.save(data)
    segments, _ = read(data.getvalue())
    assert segment_with(segments, "Token").hidden == hidden
