"""XML Spreadsheet 2003: cells with their columns, hidden sheets, comments, formats; broken files told."""

from __future__ import annotations

import pytest

from scanner.documents.model import Status
from scanner.documents.places import place
from tests.documents.parsers.reading import read, segment_with

HEAD = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
)
STYLES = (
    '<Styles><Style ss:ID="s1"><NumberFormat ss:Format="Short Date"/></Style>'
    '<Style ss:ID="s2"><NumberFormat ss:Format="000000"/></Style></Styles>'
)


def data(text: str, kind: str = "String", more: str = "") -> str:
    return f'<Cell {more}><Data ss:Type="{kind}">{text}</Data></Cell>'


def row(*cells: str, more: str = "") -> str:
    return f"<Row {more}>{''.join(cells)}</Row>"


def sheet(name: str, rows: str, options: str = "", columns: str = "") -> str:
    table = f"<Table>{columns}{rows}</Table>"
    return f'<Worksheet ss:Name="{name}">{table}<WorksheetOptions>{options}</WorksheetOptions></Worksheet>'


def book(*sheets: str) -> bytes:
    return (HEAD + STYLES + "".join(sheets) + "</Workbook>").encode()


NAMES = row(data("Name"), data("Born"), data("Sort code"))
CARR = row(
    data("Ann Carr"),
    data("1979-03-02T00:00:00.000", "DateTime", 'ss:StyleID="s1"'),
    data("70116", "Number", 'ss:StyleID="s2"'),
)


def test_cells_are_shown_under_their_columns() -> None:
    segments, coverage = read(book(sheet("Clients", NAMES + CARR)))
    assert (coverage.kind, coverage.status) == ("spreadsheet-xml", Status.INSPECTED)
    found = segment_with(segments, "Carr")
    assert found.text == "Ann Carr\t02/03/1979\t070116"
    assert [field.label for field in found.fields] == ["Name", "Born", "Sort code"]
    assert found.cells == ("A2", "B2", "C2")
    assert str(found.location) == 'sheet "Clients"'


@pytest.mark.parametrize(
    ("content", "token", "hidden", "why"),
    [
        (sheet("S", NAMES + CARR, "<x:Visible>SheetHidden</x:Visible>"), "Carr", "hidden sheet", "hidden"),
        (
            sheet("S", NAMES + CARR, "<x:Visible>SheetVeryHidden</x:Visible>"),
            "Carr",
            "very hidden sheet",
            "very hidden",
        ),
        (sheet("S", NAMES + CARR), "Carr", "", "visible"),
        (sheet("S", NAMES + row(data("Bo Ash"), more='ss:Hidden="1"')), "Bo Ash", "hidden row", "its row"),
        (
            sheet("S", row(data("Bo Ash")), columns='<Column ss:Index="1" ss:Hidden="1"/>'),
            "Bo Ash",
            "hidden column",
            "its column",
        ),
        (
            sheet(
                "S",
                row(
                    '<Cell><Data ss:Type="String">x</Data><Comment><ss:Data>see Bo</ss:Data></Comment></Cell>'
                ),
            ),
            "see Bo",
            "comment",
            "a comment",
        ),
        (
            sheet(
                "S",
                row('<Cell ss:Formula="=&quot;Dear Bo&quot;&amp;RC1"><Data ss:Type="String">y</Data></Cell>'),
            ),
            "Dear Bo",
            "text in a formula",
            "a string in a formula",
        ),
    ],
)
def test_hidden(content: str, token: str, hidden: str, why: str) -> None:
    segments, _ = read(book(content))
    assert segment_with(segments, token).hidden == hidden, why


def test_hidden_is_the_sheet_that_says_so() -> None:
    second = sheet("Second", row(data("Bo Ash")), "<x:Visible>SheetHidden</x:Visible>")
    segments, _ = read(book(sheet("First", NAMES + CARR), second))
    assert segment_with(segments, "Carr").hidden == ""
    assert segment_with(segments, "Bo Ash").hidden == "hidden sheet"


def test_places_that_are_skipped() -> None:
    """Cells and rows say their number where some before them are left out."""
    content = sheet("S", row(data("far", more='ss:Index="4"'), data("next"), more='ss:Index="9"'))
    found = segment_with(read(book(content))[0], "far")
    assert found.cells == ("D9", "E9")


LOOKS = (
    '<Styles><Style ss:ID="w"><Font ss:Color="#ffffff"/></Style>'
    '<Style ss:ID="heir" ss:Parent="w"/>'
    '<Style ss:ID="navy" ss:Parent="w"><Interior ss:Color="#000080" ss:Pattern="Solid"/></Style>'
    '<Style ss:ID="bar"><Font ss:Bold="1"/><Interior ss:Color="#000000" ss:Pattern="Solid"/></Style></Styles>'
)


@pytest.mark.parametrize(
    ("style", "hidden"),
    [("w", "white text"), ("heir", "white text"), ("navy", ""), ("bar", "blacked-out text"), ("none", "")],
)
def test_colours_that_hide(style: str, hidden: str) -> None:
    content = (HEAD + LOOKS + sheet("S", row(data("Bo Ash", more=f'ss:StyleID="{style}"')))).encode()
    assert segment_with(read(content + b"</Workbook>")[0], "Bo Ash").hidden == hidden


def test_rows_that_stand_for_several_and_rows_without_height() -> None:
    rows = row(more='ss:Span="4"') + row(data("Bo Ash")) + row(data("Cy Elm"), more='ss:Height="0.1"')
    segments, _ = read(book(sheet("S", rows)))
    found = segment_with(segments, "Bo Ash")
    assert str(place(found, 0)) == 'sheet "S" > A6'
    assert segment_with(segments, "Cy Elm").hidden == "hidden row"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("<Visible>SheetHidden</Visible><ProtectObjects>False</ProtectObjects>", []),
        ("<Panes><Pane><Number>3</Number><RangeSelection>R1C1:R5C5</RangeSelection></Pane></Panes>", []),
        ("<Odd>Ann Khan</Odd>", ["Ann Khan"]),
    ],
)
def test_settings_of_the_program_are_no_data(options: str, said: list[str]) -> None:
    segments, _ = read(book(sheet("S", row(data("Bo Ash")), options)))
    assert [one.text for one in segments if one.hidden == "other part"] == said


def test_bold_letters_are_parts_of_the_value() -> None:
    inner = '<ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">QQ12<B>34</B>56C</ss:Data>'
    assert segment_with(read(book(sheet("S", row(f"<Cell>{inner}</Cell>"))))[0], "QQ123456C")


def test_a_broken_end_is_told_and_what_stands_before_it_is_read() -> None:
    content = book(sheet("S", NAMES + CARR))[:-60]
    segments, coverage = read(content)
    assert coverage.status is Status.PARTIAL
    assert any("Carr" in segment.text for segment in segments)


def test_other_vocabularies_stay_xml() -> None:
    _, coverage = read(b'<?xml version="1.0"?><Workbook xmlns="urn:other"><Row>x</Row></Workbook>')
    assert coverage.kind == "xml"
