"""HTML: blocks apart, inline joined, tables labelled, and everything that a page does not show."""

from __future__ import annotations

import base64

import pytest

from scanner.documents import Segment, Source, Status, read_whole


def read(body: str) -> list[Segment]:
    segments, coverage = read_whole(Source.from_bytes(f"<!DOCTYPE html><body>{body}</body>".encode()))
    assert coverage.kind == "html"
    return list(segments)


def labelled(segment: Segment) -> dict[str, str]:
    return {field.label: segment.text[field.start : field.end] for field in segment.fields}


@pytest.mark.parametrize(
    ("body", "text", "hidden", "why"),
    [
        ("<p>AB<b>12</b>34<i>56</i>C</p>", "AB123456C", "", "inline elements join"),
        ("<p>one<br>two</p>", "one\ntwo", "", "a line break"),
        ("<div>one</div><div>two</div>", "two", "", "blocks are apart"),
        ("<p>a&nbsp;b &amp; c &pound;5</p>", "a\xa0b & c £5", "", "entities"),
        ("<p>AB<span style='display:none'>x</span>CD</p>", "ABCD", "", "hidden text does not split"),
        ("<p>AB<span style='display : NONE'>secret</span>CD</p>", "secret", "display:none", "and is read"),
        ("<div hidden><p>secret</p></div>", "secret", "hidden element", "inherited by what is inside"),
        ("<p style='font-size:0px'>secret</p>", "secret", "font size 0", "tiny"),
        ("<p style='color:#fff'>secret</p>", "secret", "white text", "white on white"),
        ("<p style='color:#fff;background:#000'>shown</p>", "shown", "", "white on black is shown"),
        ("<p style='font-size:0.9em'>shown</p>", "shown", "", "small is not hidden"),
        ("<!-- Ann Smith --><p>x</p>", "Ann Smith", "comment in the page", "comment"),
        ("<!--[if mso]><p>Ann</p><![endif]-->", "Ann", "comment in the page", "conditional comment"),
        ("<img alt='photo of Ann'>", "photo of Ann", "alternative text", "alt"),
        (
            "<a href='mailto:ann%40example.org?subject=x'>y</a>",
            "mailto:ann@example.org?subject=x",
            "link target",
            "link",
        ),
        ("<input type=hidden name=case value=C-1234>", "C-1234", "hidden form value", "hidden input"),
        ("<div data-name='Ann Smith'></div>", "Ann Smith", "data attribute", "data attribute"),
        ("<script>var a = 'Ann Smith';</script>", "Ann Smith", "script", "strings of scripts"),
        (
            '<script type=\'application/ld+json\'>{"name": "Ann"}</script>',
            '{"name": "Ann"}',
            "script",
            "JSON-LD",
        ),
        ("<style>/* by Ann */ p{}</style>", "by Ann", "style", "comment in a style sheet"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c", "", "preformatted"),
        ("<p>1 < 2 and 3 > 2</p>", "1 < 2 and 3 > 2", "", "angle brackets that are no tags"),
        ("<a title='x > y'>link</a>", "x > y", "tooltip", "a bracket inside quotes does not end the tag"),
    ],
)
def test_where_text_hides(body: str, text: str, hidden: str, why: str) -> None:
    found = [(segment.text.strip(), segment.hidden) for segment in read(body)]
    assert (text, hidden) in found, f"{why}: {found}"


SWALLOWED = "text inside a tag"


@pytest.mark.parametrize(
    ("body", "hidden", "why"),
    [
        ("<p class='a><b>Ann Smith</b> of <i id='b'>Leeds</i>", "", "an odd quote is none"),
        ("<p class='a><b>Ann Smith</b> of <i id=b'>Leeds</i>", SWALLOWED, "two quotes are missing"),
        ("<p>x</p <b>Ann Smith</b></p>", "", "a bracket is missing: what follows is read"),
        ("<p Ann Smith<b>Leeds</b></p>", SWALLOWED, "a bracket is missing"),
        ("<p>x</p Ann Smith>", SWALLOWED, "closing tags have no attributes"),
        ("<p>x</p><td Ann Smith", SWALLOWED, "the end of the page is missing"),
        ("<! Ann Smith>", "comment in the page", "a declaration of nothing is a comment"),
        ("<script>var a=1;<p>Ann Smith</p>", "", "a script without its end hides no page"),
        ("<style>p{}</st\x01le><p>Ann Smith</p><style></style>", SWALLOWED, "closed by another's end"),
        ("<script>if (a<b) c='<p>Ann Smith'</script><p>x</p>", "script", "a tag in a string is no page"),
        ("<title>x<p>Ann Smith</p>", "", "a title without its end"),
    ],
)
def test_damaged_markup_swallows_no_text(body: str, hidden: str, why: str) -> None:
    found = [(segment.text, segment.hidden) for segment in read(body)]
    assert [reason for text, reason in found if "Ann Smith" in text] == [hidden], f"{why}: {found}"


def test_links_to_pages_are_not_text() -> None:
    assert [segment.text for segment in read("<a href='/about/us.html'>About</a>")] == ["About"]


def test_table_with_header_cells() -> None:
    segments = read("<table><tr><th>Name<th>DOB<tr><td>Ann<td>1 May<tr><td>Bob<td>2 May</table>")
    assert labelled(segments[1]) == {"Name": "Ann", "DOB": "1 May"}
    assert segments[1].cells == ("column Name", "column DOB")
    assert str(segments[2].location) == "table 1 > row 3"


def test_header_told_by_its_words_and_forms_by_their_labels() -> None:
    table = read("<table><tr><td>Surname<td>Ref no<td>Team<tr><td>Smith<td>7<td>East</table>")
    assert labelled(table[1]) == {"Surname": "Smith", "Ref no": "7", "Team": "East"}
    form = read(
        "<table><tr><td>Surname:</td><td>Smith</td></tr><tr><td>Date of birth</td><td>1 May</td></tr></table>"
    )
    assert [{k: v for k, v in labelled(one).items() if k} for one in form] == [
        {"Surname": "Smith", "Date of birth": "1 May"}
    ]


def test_nested_layout_tables_keep_their_text() -> None:
    segments = read("<table><tr><td>Dear Ann<table><tr><td>inner<td>cell</table>regards</table>")
    joined = "\n".join(segment.text for segment in segments)
    assert all(word in joined for word in ("Dear Ann", "inner\tcell", "regards"))


def test_form_fields_are_labelled() -> None:
    segments = read(
        "<form><input name=surname value=Smith><textarea name=notes>Ann &amp; Bob</textarea></form>"
    )
    assert [labelled(segment) for segment in segments] == [{"surname": "Smith"}, {"notes": "Ann & Bob"}]


def test_data_uri_is_opened() -> None:
    inside = base64.b64encode(b"words inside").decode()
    segments = read(f"<img src='data:text/plain;base64,{inside}'>")
    assert segments[-1].text == "words inside"


def test_declared_charset_in_a_late_meta() -> None:
    page = "<html><head><title>x</title><meta charset=windows-1252></head><p>\xa35 caf\xe9".encode("latin-1")
    segments, _ = read_whole(Source.from_bytes(page))
    assert segments[-1].text == "£5 café"


def test_depth_is_no_matter() -> None:
    segments = read("<div>" * 100_000 + "deep words" + "</div>" * 100_000)
    assert [segment.text for segment in segments] == ["deep words"]


@pytest.mark.parametrize(
    "body",
    [
        "<a '" * 20_000,
        "<!--" * 20_000,
        "<script>" + "/*" * 100_000,
        '<script>"' + '\\"' * 100_000,
        "</p>" * 100_000,
        "<p" * 100_000,
        "<table>" * 20_000,
        "<td>" * 50_000,
        "&" * 100_000,
    ],
)
def test_hostile_markup_ends(body: str) -> None:
    _, coverage = read_whole(Source.from_bytes(f"<html>{body}".encode()))
    assert coverage.status is Status.INSPECTED


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("<p><name>Ann Khan</name><dob>14/03/1957</dob></p>", "Ann Khan 14/03/1957"),
        ("<p>Mar<b>garet</b> Elli<font color=red>son</font></p>", "Margaret Ellison"),
        ("<p>in <st1:City>Leeds</st1:City>, then</p>", "in Leeds, then"),
    ],
)
def test_only_elements_unknown_to_html_part_words(body: str, wanted: str) -> None:
    assert [" ".join(segment.text.split()) for segment in read(body)] == [wanted]


@pytest.mark.parametrize(
    ("rows", "records", "why"),
    [
        ([("Name", "Ann Khan"), ("Date of birth", "1 May 1950"), ("Address", "2 High St")], 1, "one form"),
        ([("Name", "Ann Khan"), ("Tel", "1"), ("Name", "Bob Cole"), ("Tel", "2")], 2, "a name asked anew"),
        ([("Surname", "Given"), ("Khan", "Ann"), ("Cole", "Bob")], 3, "a list under a header"),
        ([("Apples", "Pears"), ("Plums", "Figs")], 2, "nothing labelled"),
    ],
)
def test_a_form_is_one_record(rows: list[tuple[str, str]], records: int, why: str) -> None:
    cells = "".join(f"<tr><td>{first}</td><td>{second}</td></tr>" for first, second in rows)
    for end in ("</table>", ""):
        found = read(f"<table>{cells}{end}")
        assert len(found) == records, why
        assert "".join(segment.text for segment in found).count(rows[-1][1]) == 1


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('12345678<a href="#n"><sup>1</sup></a>200000', "12345678 1 200000"),
        ("12345678<sup><a href='#n'>1</a></sup>200000", "12345678 1 200000"),
        ("1<sup>st</sup> May 1979", "1st May 1979"),
        ("QQ<b>123</b>456C", "QQ123456C"),
    ],
)
def test_the_number_of_a_note_is_no_part_of_a_number(markup: str, text: str) -> None:
    segments, _ = read_whole(Source.from_bytes(f"<html><body><p>{markup}</p></body></html>".encode()))
    assert [one.text for one in segments if not one.hidden] == [text]


def test_a_table_inside_of_a_cell_has_its_own_header_and_parts_what_stands_around_it() -> None:
    page = (
        "<table><tr><td>Name</td><td>Ann</td></tr><tr><td>Children</td><td>12345678<table>"
        "<tr><th>First name</th><th>Born</th></tr><tr><td>Tom</td><td>1 May</td></tr></table>200000</td></tr>"
        "</table>"
    )
    segments, _ = read_whole(Source.from_bytes(f"<html><body>{page}</body></html>".encode()))
    (tom,) = [one for one in segments if "Tom" in one.text]
    assert [field.label for field in tom.fields] == ["First name", "Born"]
    assert str(tom.location) == "table 2 > row 2"
    assert any("12345678\n200000" in one.text for one in segments), "two numbers, not one"
