"""What the styles of a page hide: rules of style sheets, colours on their ground, sizes, places, tables."""

from __future__ import annotations

import time

import pytest

from scanner.documents import Segment, Source, read_whole

SHEET = (
    "<style>/* .no{display:none} */ .x, #one, p.y {display : none !important} td.xl7{color:white}"
    "@media print{.z{display:none}} div .w{visibility:hidden} .big{color:white;background:navy}</style>"
)


def read(body: str) -> list[Segment]:
    segments, _ = read_whole(Source.from_bytes(f"<!DOCTYPE html><body>{body}</body>".encode()))
    return list(segments)


@pytest.mark.parametrize(
    ("body", "hidden", "why"),
    [
        (f"{SHEET}<p class=x>token</p>", "display:none", "a class"),
        (f"{SHEET}<p class='a X'>token</p>", "display:none", "one class of several"),
        (f"{SHEET}<div id=one><b>token</b></div>", "display:none", "a name, and what is inside"),
        (f"{SHEET}<p class=y>token</p>", "display:none", "an element with a class"),
        (f"{SHEET}<div class=y>token</div>", "", "another element with that class"),
        (f"{SHEET}<p class=no>token</p>", "", "a rule in a comment"),
        (f"{SHEET}<p class=z>token</p>", "", "hidden only where it is printed"),
        (f"{SHEET}<p class=w>token</p>", "", "a rule about neighbours: not known"),
        (f"{SHEET}<p class=x style='display:block'>token</p>", "", "its own style says otherwise"),
        (f"{SHEET}<table><tr><td class=xl7>token</td></tr></table>", "white text", "cells of a spreadsheet"),
        (f"{SHEET}<p class=big>token</p>", "", "white on a ground of its own"),
        ("<p style='background:#000;color:black'>token</p>", "text in the colour of its background", "bar"),
        (
            "<p style='background:#ff0000;color:rgb(255, 0, 0)'>token</p>",
            "text in the colour of its background",
            "r",
        ),
        ("<p style='background:teal;color:olive'>token</p>", "", "two colours without numbers here"),
        (
            "<div style='background:#003366'><font color=#FFFFFF>token</font></div>",
            "",
            "a dark ground around",
        ),
        ("<table><tr bgcolor=navy><td style='color:#fff'>token</td></tr></table>", "", "a dark row"),
        ("<body bgcolor=black text=black>token", "text in the colour of its background", "a black page"),
        (
            "<div style='background:url(x.png)'><p style='color:white'>token</p></div>",
            "",
            "a picture as ground",
        ),
        ("<div style='color:white'><p style='color:black'>token</p></div>", "", "its own colour"),
        ("<font color=white>token</font>", "white text", "an old page"),
        ("<p style='font-size:1px'>token</p>", "tiny text", "one pixel"),
        ("<p style='font-size:0.3pt'>token</p>", "tiny text", "less than a point"),
        ("<p style='font-size:10px'>token</p>", "", "small is not tiny"),
        ("<p style='position:absolute;left:-9999px'>token</p>", "outside the page", "far to the left"),
        ("<p style='text-indent:-20px'>token</p>", "", "a hanging indent"),
        ("<template><p>token</p></template>", "hidden element", "kept for a script"),
    ],
)
def test_why_text_is_not_seen(body: str, hidden: str, why: str) -> None:
    assert [segment.hidden for segment in read(body) if "token" in segment.text] == [hidden], why


@pytest.mark.parametrize(
    ("body", "hidden", "fields"),
    [
        ("<table><tr><th>Name<th>Account{}", "", ()),
        ("<table style='display:none'><tr><th>Name<th>Account{}", "display:none", ()),
        ("<table><col><col style='display:none'><tr><th>Name<th>Account{}", "", ("", "display:none")),
        ("<div hidden><table><tr><th>Name<th>Account{}</div>", "hidden element", ()),
    ],
)
def test_hidden_tables_stay_tables(body: str, hidden: str, fields: tuple[str, ...]) -> None:
    segments = read(body.format("<tr><td>Zeta Token<td>12345678</table>"))
    row = next(segment for segment in segments if "Token" in segment.text)
    assert (row.text, row.hidden, row.hidden_fields) == ("Zeta Token\t12345678", hidden, fields)
    assert [field.label for field in row.fields] == ["Name", "Account"]


def test_a_hidden_row_keeps_its_columns() -> None:
    segments = read(
        "<table><tr><th>Name<th>Account<tr style='display:none'><td>Zeta Token<td>12345678"
        "<tr><td>Shown<td><span style='display:none'>inside</span>5</table>"
    )
    found = {segment.text: segment.hidden for segment in segments}
    assert found["Zeta Token\t12345678"] == "display:none"
    assert found["Shown\t5"] == ""
    assert found["inside"] == "display:none"


@pytest.mark.parametrize(
    "sheet", ["{" * 200_000, "}" * 200_000, "/*" * 200_000, ".a{color:red}" * 40_000, "a," * 100_000 + "{}"]
)
def test_hostile_style_sheets_cost_as_much_as_their_length(sheet: str) -> None:
    begin = time.process_time()
    segments = read(f"<style>{sheet}</style><p>shown</p>")
    assert time.process_time() - begin < 20
    assert any(segment.text == "shown" for segment in segments)
