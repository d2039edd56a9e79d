"""OpenDocument: every place of the probe list with its reason, sheets with their columns, bombs, damage."""
# ruff: noqa: E501 (parts of packages stand as programs write them)

from __future__ import annotations

import base64
import io
import random
import time

import pytest
from PIL import Image

from scanner.documents import Limits, Protection, Shortfall, Source, Status, place, read_whole
from tests.documents.parsers.reading import pack, read, segment_with

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{word}:1.0"'
    for prefix, word in (
        *((word, word) for word in ("office", "text", "table", "style", "meta", "presentation", "config")),
        ("draw", "drawing"),
        ("svg", "svg-compatible"),
        ("fo", "xsl-fo-compatible"),
    )
)
NAMES += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'


def part(root: str, inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><office:{root} {NAMES}>{inside}</office:{root}>'


def package(kind: str, body: str, styles: str = "", more: dict[str, str] | None = None) -> bytes:
    content = part("document-content", f"<office:automatic-styles>{styles}</office:automatic-styles>{body}")
    mime = f"application/vnd.oasis.opendocument.{kind}"
    return pack({"mimetype": mime, "content.xml": content, **(more or {})})


STYLES = (
    '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="W" style:family="text"><style:text-properties fo:color="#FFFFFF"/></style:style>'
    '<style:style style:name="S" style:family="table"><style:table-properties table:display="false"/></style:style>'
    '<style:style style:name="D" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
)
TEXT = package(
    "text",
    "<office:body><office:text>"
    '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info>'
    "<dc:creator>Tokenreviewer</dc:creator><dc:date>2026-01-01T00:00:00</dc:date></office:change-info>"
    "<text:p>Tokendeleted words</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    "<text:h>Tokenheading</text:h>"
    "<text:p>Tokenbody QQ<text:span>12</text:span>34<text:span>56C</text:span> and "
    '20<text:s text:c="2"/>11<text:tab/>22<text:line-break/>next</text:p>'
    '<text:p>seen <text:span text:style-name="H">Tokenvanish</text:span> seen again '
    '<text:span text:style-name="W">Tokenwhite</text:span></text:p>'
    '<text:p>a note<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
    "<text:note-body><text:p>Tokenfootnote</text:p></text:note-body></text:note> goes on, and a comment"
    "<office:annotation><dc:creator>Tokenauthor</dc:creator><text:p>Tokencomment</text:p></office:annotation></text:p>"
    '<text:p><text:a xlink:href="mailto:tokenlink@example.org">write</text:a></text:p>'
    "<text:p><draw:frame><draw:text-box><text:p>Tokenbox</text:p></draw:text-box>"
    "<svg:title>Tokentitle of a picture</svg:title><svg:desc>Tokenalt</svg:desc></draw:frame></text:p>"
    '<text:user-field-decls><text:user-field-decl office:string-value="Tokenfield" text:name="f"/></text:user-field-decls>'
    '<text:p><text:hidden-text text:string-value="Tokenhiddenfield"/></text:p>'
    '<text:section text:name="s" text:display="none"><text:p>Tokensection</text:p></text:section>'
    "<text:list><text:list-item><text:p>Tokenitem</text:p></text:list-item></text:list>"
    "<table:table><table:table-row><table:table-cell><text:p>Surname:</text:p></table:table-cell>"
    "<table:table-cell><text:p>Tokencell</text:p></table:table-cell></table:table-row></table:table>"
    "</office:text></office:body>",
    STYLES,
    {
        "styles.xml": part(
            "document-styles",
            '<office:master-styles><style:master-page style:name="Standard"><style:header><text:p>Tokenheader</text:p>'
            "</style:header><style:footer><text:p>Tokenfooter</text:p></style:footer></style:master-page></office:master-styles>",
        ),
        "meta.xml": part(
            "document-meta",
            "<office:meta><dc:title>Tokenmeta</dc:title>"
            '<meta:user-defined meta:name="Case">Tokencustom</meta:user-defined></office:meta>',
        ),
        "settings.xml": part(
            "document-settings",
            '<config:config-item config:name="PrinterName" config:type="string">Tokenprinter</config:config-item>',
        ),
        "Object 1/content.xml": part(
            "document-content", "<office:body><text:p>Tokenobject</text:p></office:body>"
        ),
        "META-INF/manifest.xml": "<manifest/>",
    },
)


@pytest.mark.parametrize(
    ("token", "hidden", "place"),
    [
        ("Tokenbody QQ123456C and 20  11\t22\nnext", "", "paragraph 2"),
        ("Tokenheading", "", "paragraph 1"),
        ("Tokendeleted", "tracked deletion", "tracked deletion 1 by Tokenreviewer > paragraph 1"),
        ("Tokenreviewer", "author of a change", "tracked deletion 1 > author"),
        ("Tokenvanish", "hidden text", "paragraph 3"),
        ("Tokenwhite", "white text", "paragraph 3"),
        ("Tokenfootnote", "", "footnote 1 > paragraph 1"),
        ("Tokencomment", "comment", "comment 1 by Tokenauthor"),
        ("Tokenauthor", "author of a comment", "comment 1 > author"),
        ("tokenlink@example.org", "link target", "link target"),
        ("Tokenbox", "", "text box 1 > paragraph 1"),
        ("Tokentitle", "alt text", "title"),
        ("Tokenalt", "alt text", "description"),
        ("Tokenfield", "field value", "field value"),
        ("Tokenhiddenfield", "hidden text", "hidden text"),
        ("Tokensection", "hidden section", "hidden section 1 > paragraph 1"),
        ("Tokenitem", "", "paragraph"),
        ("Tokencell", "", "table 1"),
        ("Tokenheader", "", "header > paragraph 1"),
        ("Tokenfooter", "", "footer > paragraph 1"),
        ("Tokenmeta", "document properties", "document properties > title"),
        ("Tokencustom", "document properties", "document properties > Case"),
        ("Tokenprinter", "document settings", "settings > PrinterName"),
        ("Tokenobject", "", "Object 1 > paragraph 1"),
    ],
)
def test_every_place_of_a_text_document(token: str, hidden: str, place: str) -> None:
    segments, coverage = read(TEXT)
    assert (coverage.kind, coverage.status) == ("odt", Status.INSPECTED)
    found = segment_with(segments, token)
    assert found.hidden == hidden
    assert place in str(found.location)


def row(*cells: str, attributes: str = "") -> str:
    inside = "".join(
        cell if cell.startswith("<") else f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>"
        for cell in cells
    )
    return f"<table:table-row {attributes}>{inside}</table:table-row>"


def sheet(name: str, *rows: str, style: str = "", columns: str = "") -> str:
    return (
        f'<table:table table:name="{name}" table:style-name="{style}">{columns}{"".join(rows)}</table:table>'
    )


def workbook(*sheets: str) -> bytes:
    body = f"<office:body><office:spreadsheet>{''.join(sheets)}</office:spreadsheet></office:body>"
    return package("spreadsheet", body, STYLES)


HEADER = row("Surname", "Date of birth", "NHS number")
BOOK = workbook(
    sheet(
        "Seen",
        HEADER,
        row("Tokenone", "02/03/1979", "a"),
        row("Tokenrow", "02/03/1980", "b", attributes='table:visibility="collapse"'),
        row("Tokenfilter", "02/03/1981", "c", attributes='table:visibility="filter"'),
        row(
            '<table:table-cell table:number-columns-repeated="2"/>',
            '<table:table-cell office:value="77001234599" office:value-type="float" '
            'table:formula="of:=IF([.A1]=&quot;Tokenliteral&quot;;1;2)"><office:annotation>'
            "<dc:creator>Tokenauthor</dc:creator><text:p>Tokencomment</text:p></office:annotation>"
            "<text:p>7.70E+10</text:p></table:table-cell>",
        ),
        columns='<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>',
    ),
    sheet("Kids", HEADER, row("Tokenkid", "02/03/2015", "d"), style="S"),
)


def test_sheets_rows_and_columns_with_their_reasons() -> None:
    segments, coverage = read(BOOK)
    assert (coverage.kind, coverage.status) == ("ods", Status.INSPECTED)
    seen = segment_with(segments, "Tokenone")
    assert [one.label for one in seen.fields] == ["Surname", "Date of birth", "NHS number"]
    assert seen.cells == ("A2", "B2", "C2")
    assert seen.hidden_fields == ("", "hidden column", "")
    assert segment_with(segments, "Tokenrow").hidden == "hidden row"
    assert segment_with(segments, "Tokenfilter").hidden == "filtered row"
    kid = segment_with(segments, "Tokenkid")
    assert (kid.hidden, str(kid.location)) == ("hidden sheet", 'sheet "Kids" (hidden)')
    comment = segment_with(segments, "Tokencomment")
    assert str(comment.location) == 'sheet "Seen" > comment on C5 by Tokenauthor'
    assert segment_with(segments, "Tokenliteral").hidden == "text in a formula"
    assert "7.70E+10" in segment_with(segments, "77001234599").text


def test_slides_notes_and_hidden_slides() -> None:
    body = (
        "<office:body><office:presentation>"
        '<draw:page draw:name="page1"><draw:frame><draw:text-box><text:p>Tokenslide</text:p></draw:text-box></draw:frame>'
        "<presentation:notes><draw:text-box><text:p>Tokennotes</text:p></draw:text-box></presentation:notes></draw:page>"
        '<draw:page draw:style-name="D"><text:p>Tokenhidden</text:p></draw:page>'
        "</office:presentation></office:body>"
    )
    segments, coverage = read(package("presentation", body, STYLES))
    assert coverage.kind == "odp"
    assert str(segment_with(segments, "Tokenslide").location).startswith("slide 1 > text box")
    assert segment_with(segments, "Tokennotes").hidden == "speaker notes"
    hidden = segment_with(segments, "Tokenhidden")
    assert (hidden.hidden, hidden.location.parts[0]) == ("hidden slide", "slide 2 (hidden)")


@pytest.mark.parametrize(
    ("name", "told"), [("Zeta Token", True), ("__RefHeading___Toc1", False), ("Text1", False)]
)
def test_names_of_bookmarks(name: str, told: bool) -> None:
    body = f'<office:body><office:text><text:p>a<text:bookmark-start text:name="{name}"/>b</text:p></office:text></office:body>'
    segments, _ = read(package("text", body))
    assert [one.text for one in segments if one.hidden == "bookmark"] == ([name] if told else [])


CELL_STYLES = (
    '<style:style style:name="cw" style:family="table-cell"><style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="cn" style:family="table-cell"><style:text-properties fo:color="#ffffff"/>'
    '<style:table-cell-properties fo:background-color="#000080"/></style:style>'
    '<style:style style:name="cb" style:family="table-cell"><style:text-properties fo:color="#000000"/>'
    '<style:table-cell-properties fo:background-color="#000000"/></style:style>'
    '<style:style style:name="flat" style:family="table-row"><style:table-row-properties style:row-height="0.001in"/></style:style>'
    '<style:style style:name="low" style:family="table-row"><style:table-row-properties style:row-height="0.1in"/></style:style>'
)


@pytest.mark.parametrize(
    ("rows", "columns", "hidden", "why"),
    [
        ('<table:table-row><table:table-cell table:style-name="cw"><text:p>Token</text:p></table:table-cell></table:table-row>', "", "white text", "white on the white sheet"),
        ('<table:table-row><table:table-cell table:style-name="cn"><text:p>Token</text:p></table:table-cell></table:table-row>', "", "", "white on blue"),
        ("<table:table-row><table:table-cell><text:p>Token</text:p></table:table-cell></table:table-row>", '<table:table-column table:default-cell-style-name="cw"/>', "white text", "the column is white"),
        ('<table:table-row><table:table-cell table:style-name="cn"><text:p>Token</text:p></table:table-cell></table:table-row>', '<table:table-column table:default-cell-style-name="cw"/>', "", "the cell is not as its column"),
        ('<table:table-row><table:table-cell table:style-name="cb"><text:p>Token</text:p></table:table-cell></table:table-row>', "", "blacked-out text", "a black bar"),
        ('<table:table-row table:style-name="flat"><table:table-cell><text:p>Token</text:p></table:table-cell></table:table-row>', "", "hidden row", "a row without height"),
        ('<table:table-row table:style-name="low"><table:table-cell><text:p>Token</text:p></table:table-cell></table:table-row>', "", "", "a low row"),
        ('<table:table-row><table:table-cell office:value-type="string" office:string-value="Token"/></table:table-row>', "", "hidden by number format", "a format that shows nothing"),
    ],
)  # fmt: skip
def test_why_cells_of_a_sheet_are_not_seen(rows: str, columns: str, hidden: str, why: str) -> None:
    body = f"<office:body><office:spreadsheet>{sheet('S', rows, columns=columns)}</office:spreadsheet></office:body>"
    segments, _ = read(package("spreadsheet", body, CELL_STYLES))
    found = segment_with(segments, "Token")
    assert (found.hidden, str(place(found, 0))) == (hidden, 'sheet "S" > A1'), why


def test_what_a_formula_puts_together_is_one_text() -> None:
    formula = "of:=&quot;QQ&quot;&amp;&quot;123456C&quot;&amp;IF([.A1]=4505577104;&quot;x&quot;;1234567)"
    rows = f'<table:table-row><table:table-cell table:formula="{formula}"/></table:table-row>'
    body = f"<office:body><office:spreadsheet>{sheet('S', rows)}</office:spreadsheet></office:body>"
    segments, _ = read(package("spreadsheet", body))
    found = [one.text for one in segments if one.hidden == "text in a formula"]
    assert found == ["QQ123456C", "4505577104"]


def test_messages_conditions_and_texts_of_formulas_have_their_places() -> None:
    names = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    formula = 'table:formula="of:=IF([.A1]=&quot;Tokenliteral&quot;;1;2)"'
    body = (
        "<office:body><office:spreadsheet><table:content-validations><table:content-validation>"
        '<table:help-message table:title="Tokentitle"><text:p>Tokenhelp</text:p></table:help-message>'
        "<table:error-message><text:p>Tokenerror</text:p></table:error-message>"
        "</table:content-validation></table:content-validations>"
        f'<table:table table:name="S"><table:table-row><table:table-cell/><table:table-cell {formula}/></table:table-row>'
        f'<calcext:conditional-formats {names}><calcext:condition calcext:value="contains-text(&quot;Tokensearched&quot;)"/>'
        "</calcext:conditional-formats></table:table></office:spreadsheet></office:body>"
    )
    segments, _ = read(package("spreadsheet", body))
    told = {
        token: segment_with(segments, token) for token in ("title", "help", "error", "literal", "searched")
    }
    assert {one.hidden for token, one in told.items() if token not in ("literal", "searched")} == {
        "validation message"
    }
    assert str(told["help"].location) == "validation > paragraph 1"
    assert (told["literal"].hidden, str(told["literal"].location)) == ("text in a formula", 'sheet "S" > B1')
    assert told["searched"].hidden == "conditional format"


@pytest.mark.parametrize(
    ("shape", "hidden", "why"),
    [
        ('svg:x="1cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"', "", "on the slide"),
        ('svg:x="90cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"', "outside the slide", "to the right"),
        ('svg:x="-9cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"', "outside the slide", "to the left"),
        ('svg:x="-7cm" svg:y="1cm" svg:width="8cm" svg:height="2cm"', "", "a part of it is seen"),
        ('svg:x="1cm" svg:y="-3in" svg:width="8cm" svg:height="72pt"', "outside the slide", "above, in other units"),
        ('draw:display="none"', "hidden shape", "not shown"),
        ('draw:display="screen"', "", "only not printed"),
    ],
)  # fmt: skip
def test_shapes_that_no_slide_shows(shape: str, hidden: str, why: str) -> None:
    body = (
        "<office:body><office:presentation><draw:page>"
        f"<draw:frame {shape}><draw:text-box><text:p>Tokenbox</text:p></draw:text-box></draw:frame>"
        f"<draw:rect {shape}><text:p>Tokenrect</text:p></draw:rect><draw:rect><text:p>Tokennext</text:p></draw:rect>"
        "</draw:page></office:presentation></office:body>"
    )
    layout = '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" fo:page-height="15.75cm"/></style:page-layout>'
    styles = part("document-styles", f"<office:automatic-styles>{layout}</office:automatic-styles>")
    segments, _ = read(package("presentation", body, more={"styles.xml": styles}))
    assert [segment_with(segments, f"Token{one}").hidden for one in ("box", "rect", "next")] == [
        hidden,
        hidden,
        "",
    ], why


def test_repeats_are_no_bomb() -> None:
    wide = '<table:table-cell table:number-columns-repeated="99999999"><text:p>x</text:p></table:table-cell>'
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    book = workbook(
        sheet(
            "A",
            row(wide, attributes='table:number-rows-repeated="1048576"'),
            row(empty, attributes='table:number-rows-repeated="99999999"'),
            row("Tokenlast"),
        )
    )
    began = time.process_time()
    segments, _ = read(book)
    assert time.process_time() - began < 5
    assert segment_with(segments, "Tokenlast")


def test_the_date_of_a_comment_is_no_text_of_its_paragraph() -> None:
    comment = (
        '<office:annotation xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Tokenwho</dc:creator>'
        "<dc:date>2024-05-06T00:00:00</dc:date><text:p>Tokenremark</text:p></office:annotation>"
    )
    segments, _ = read(package("text", f"<office:body><text:p>Token{comment}body</text:p></office:body>"))
    assert segment_with(segments, "Tokenbody").hidden == ""
    assert segment_with(segments, "Tokenwho").hidden == "author of a comment"
    assert not any("2024" in segment.text for segment in segments)


def test_encrypted_documents_are_told_by_the_manifest() -> None:
    manifest = (
        "<m:manifest xmlns:m='m'><m:file-entry m:full-path='content.xml'><m:encryption-data>"
        "<m:algorithm m:algorithm-name='http://www.w3.org/2001/04/xmlenc#aes256-cbc'/>"
        "</m:encryption-data></m:file-entry></m:manifest>"
    )
    mime = "application/vnd.oasis.opendocument.text"
    _, coverage = read(
        pack({"mimetype": mime, "META-INF/manifest.xml": manifest, "content.xml": b"\x93\x01"})
    )
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.STRONG)


@pytest.mark.parametrize(
    ("parts", "status", "why"),
    [
        (
            {"content.xml": "<m:manifest xmlns:m='m'><m:entry>x</m:entry></m:manifest>"},
            Status.NOT_INSPECTED,
            "a manifest",
        ),
        (
            {"content.xml": "<math:math xmlns:math='m'><math:mi>x</math:mi></math:math>"},
            Status.INSPECTED,
            "a formula",
        ),
    ],
)
def test_content_that_is_something_else_is_told(parts: dict[str, str], status: Status, why: str) -> None:
    _, coverage = read(pack({"mimetype": "application/vnd.oasis.opendocument.text", **parts}))
    assert coverage.status is status, why


@pytest.mark.parametrize(
    ("manifest", "read_too"),
    [
        ("<m:manifest xmlns:m='m'><m:entry>name</m:entry></m:manifest>", False),
        ("<x>smuggledtoken</x>", True),
        ("<x xmlns:manifest='urn:manifest'>smuggledtoken</x>", True),
    ],
)
def test_a_manifest_that_is_something_else_is_read(manifest: str, read_too: bool) -> None:
    parts: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": part("document-content", "<office:body><text:p>bodytoken</text:p></office:body>"),
        "META-INF/manifest.xml": manifest,
    }
    segments, coverage = read(pack(parts))
    assert any("smuggledtoken" in segment.text for segment in segments) is read_too
    assert coverage.status is Status.INSPECTED


def test_macros_and_settings_are_hidden_and_read_in_any_encoding() -> None:
    item = '<config:config-item config:name="CurrentDatabaseDataSource" config:type="string">sourcetoken</config:'
    settings = f'<?xml version="1.0" encoding="UTF-16"?><office:settings>{item}config-item></office:settings>'
    parts: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": part("document-content", "<office:body><text:p>bodytoken</text:p></office:body>"),
        "settings.xml": settings.encode("utf-16"),
        "Basic/Standard/Module1.xml": "<script:module xmlns:script='s'>Sub macrotoken</script:module>",
    }
    segments, coverage = read(pack(parts))
    hidden = {segment.hidden for segment in segments if "macrotoken" in segment.text}
    assert hidden == {"macro source"}
    assert {segment.hidden for segment in segments if "sourcetoken" in segment.text} == {"document settings"}
    assert coverage.status is Status.INSPECTED
    parts["settings.xml"] = f'<!DOCTYPE x [<!ENTITY e "word">]>{settings}'
    assert read(pack(parts))[1].status is Status.PARTIAL


def test_limits_and_damage_are_told() -> None:
    rows = "".join(row(f"a{number}", "b") for number in range(3_000))
    _, coverage = read_whole(Source.from_bytes(workbook(sheet("A", rows))), limits=Limits(cells=100))
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    deep = "<text:span>" * 30_000 + "x" + "</text:span>" * 30_000
    _, coverage = read(package("text", f"<office:body><text:p>{deep}</text:p></office:body>"))
    assert coverage.gaps[0].reason is Shortfall.LIMIT
    segments, coverage = read(
        package("text", "<office:body><text:p>Tokenbefore</text:p><text:p>Tokenbroken</text:q>")
    )
    assert coverage.gaps[0].reason is Shortfall.DAMAGED
    assert any("Tokenbroken" in segment.text for segment in segments)


def test_mutations_end_with_a_coverage() -> None:
    chance = random.Random(11)
    plain = part(
        "document-content", "<office:body><text:p>a<text:span>b</text:span></text:p></office:body>"
    ).encode()
    for _ in range(300):
        data = bytearray(plain)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(b'<>/&;"= \0\xff')
        _, coverage = read(
            pack({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": bytes(data)})
        )
        assert (coverage.status is Status.INSPECTED) == (not coverage.gaps)


@pytest.mark.parametrize(
    ("value", "shown", "texts"),
    [
        ("4505577104", "4,505,577,104.00", ["4,505,577,104.00", "4505577104"]),
        ("4505577104", "450 557 7104", ["450 557 7104"]),
        ("1234567", "1,234,567", ["1,234,567"]),
    ],
)
def test_numbers_written_like_amounts(value: str, shown: str, texts: list[str]) -> None:
    cell = f'<table:table-cell office:value="{value}"><text:p>{shown}</text:p></table:table-cell>'
    segments, _ = read_whole(
        Source.from_bytes(workbook(sheet("A", f"<table:table-row>{cell}</table:table-row>")))
    )
    (found,) = [segment for segment in segments if segment.text.startswith(texts[0])]
    assert found.text.split("\t") == texts


LOOKS = (
    '<style:style style:name="Secret" style:family="paragraph"><style:text-properties text:display="none"/>'
    '</style:style><style:style style:name="Heir" style:family="paragraph" style:parent-style-name="Secret"/>'
    '<style:style style:name="Seen" style:family="text"><style:text-properties text:display="true"/></style:style>'
    '<style:style style:name="White" style:family="paragraph"><style:text-properties fo:color="#FFFFFF"/>'
    '</style:style><style:style style:name="WhiteT" style:family="text">'
    '<style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="Blue" style:family="paragraph" style:parent-style-name="White">'
    '<style:paragraph-properties fo:background-color="#000080"/></style:style>'
    '<style:style style:name="Dark" style:family="table-cell">'
    '<style:table-cell-properties fo:background-color="#000000"/></style:style>'
    '<style:style style:name="Bar" style:family="text"><style:text-properties fo:color="#000000" fo:background-color="#000000"/></style:style>'
    '<style:style style:name="Marked" style:family="text"><style:text-properties fo:color="#000000" fo:background-color="#ffff00"/></style:style>'
    '<style:style style:name="Small" style:family="text"><style:text-properties fo:font-size="1pt"/></style:style>'
    '<style:style style:name="Black" style:family="text"><style:text-properties fo:color="#000000"/></style:style>'
)
CELL = "<table:table><table:table-row><table:table-cell{0}>{1}</table:table-cell></table:table-row></table:table>"


@pytest.mark.parametrize(
    ("body", "text", "hidden", "why"),
    [
        ('<text:p text:style-name="Secret">gone</text:p>', "gone", "hidden text", "a style of its own"),
        ('<text:p text:style-name="Heir">gone</text:p>', "gone", "hidden text", "an heir of a hidden style"),
        ('<text:p text:style-name="Heir">a<text:span text:style-name="Seen">there</text:span></text:p>', "there", "", "shown again"),
        ('<text:p text:style-name="White">gone</text:p>', "gone", "white text", "a paragraph as white as the page"),
        ('<text:p text:style-name="White"><text:span text:style-name="Black">there</text:span></text:p>', "there", "", "black in it"),
        ('<text:p><text:span text:style-name="Bar">gone</text:span></text:p>', "gone", "blacked-out text", "a black bar"),
        ('<text:p><text:span text:style-name="Marked">there</text:span></text:p>', "there", "", "near miss: yellow behind black"),
        ('<text:p text:style-name="Blue">there</text:p>', "there", "", "white on blue"),
        (CELL.format(' table:style-name="Dark"', '<text:p text:style-name="White">there</text:p>'), "there", "", "white on black"),
        (CELL.format("", '<text:p><text:span text:style-name="WhiteT">gone</text:span></text:p>'), "gone", "white text", "a cell without a colour"),
        ('<text:p><draw:custom-shape><text:p text:style-name="White">there</text:p></draw:custom-shape></text:p>', "there", "", "a shape"),
        ('<text:p>a<text:span text:style-name="Small">gone</text:span></text:p>', "gone", "tiny text", "one point"),
        ('<text:p>gone<text:hidden-paragraph text:condition="ooow:1" text:is-hidden="true"/></text:p>', "gone", "hidden text", "a hidden paragraph"),
        ('<text:p>there<text:hidden-paragraph text:condition="ooow:0"/></text:p>', "there", "", "near miss: its condition is false"),
        ('<text:section text:display="condition" text:condition="ooow:1" text:is-hidden="true"><text:p>gone</text:p></text:section>', "gone", "hidden section", "by its condition"),
        ('<text:section text:display="condition" text:condition="ooow:0"><text:p>there</text:p></text:section>', "there", "", "near miss: a condition that hides nothing"),
        ('<text:section text:display="none"><text:p>gone</text:p></text:section>', "gone", "hidden section", "switched off"),
        ('<text:p>12345678<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>n</text:p></text:note-body></text:note></text:p>', "12345678 ", "", "the number of a note is no part of the number"),
        ('<text:p>QQ<office:annotation><dc:creator>A</dc:creator><loext:sender-initials>MV</loext:sender-initials><x:new>9</x:new><text:p>c</text:p></office:annotation>123456C</text:p>', "QQ123456C", "", "nor are a commenter's initials"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", [False, True])
def test_what_is_seen(body: str, text: str, hidden: str, why: str, named: bool) -> None:
    """Styles of the content itself, and named ones, which stand in another part."""
    content = f"<office:body><office:text>{body}</office:text></office:body>"
    if named:
        data = package(
            "text",
            content,
            more={"styles.xml": part("document-styles", f"<office:styles>{LOOKS}</office:styles>")},
        )
    else:
        data = package("text", content, LOOKS)
    segments, coverage = read(data)
    assert (text, hidden) in [(one.text, one.hidden) for one in segments], why
    assert coverage.status is Status.INSPECTED


def flat(mime: str, inside: str) -> bytes:
    names = NAMES + f' office:mimetype="application/vnd.oasis.opendocument.{mime}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {names}>{inside}</office:document>'.encode()


def test_a_document_in_one_xml_file_is_read_like_a_package() -> None:
    picture = io.BytesIO()
    Image.new("RGB", (40, 20)).save(picture, "PNG")
    packed = base64.b64encode(picture.getvalue()).decode()
    lines = "\n     ".join(packed[at : at + 72] for at in range(0, len(packed), 72))
    data = flat(
        "text",
        "<office:meta><dc:title>Tokentitle</dc:title>"
        '<meta:user-defined meta:name="Case">Tokencase</meta:user-defined></office:meta>'
        '<office:settings><config:config-item-set config:name="s"><config:config-item config:name="Source" '
        'config:type="string">Tokensetting</config:config-item></config:config-item-set></office:settings>'
        f"<office:automatic-styles>{LOOKS}</office:automatic-styles>"
        "<office:master-styles><style:master-page><style:header><text:p>Tokenheader</text:p></style:header>"
        "</style:master-page></office:master-styles><office:body><office:text>"
        "<text:tracked-changes><text:changed-region><text:deletion><office:change-info>"
        "<dc:creator>Tokenwho</dc:creator></office:change-info><text:p>Tokendeleted</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<text:p>A QQ<text:span>123</text:span>456C<text:span text:style-name="Small">Tokentiny</text:span></text:p>'
        f"<text:p><draw:frame><draw:image><office:binary-data>{lines}</office:binary-data></draw:image>"
        "</draw:frame></text:p></office:text></office:body>",
    )
    segments, coverage = read(data)
    assert coverage.kind == "flat-odf"
    assert coverage.status is Status.INSPECTED
    found = {one.text: (str(one.location), one.hidden) for one in segments}
    assert found["Tokendeleted"] == ("tracked deletion 1 by Tokenwho > paragraph 1", "tracked deletion")
    assert found["Tokentitle"] == ("document properties > title", "document properties")
    assert found["Tokencase"] == ("document properties > Case", "document properties")
    assert found["Tokensetting"] == ("settings > Source", "document settings")
    assert found["Tokenheader"][1] == ""
    assert found["Tokentiny"][1] == "tiny text"
    assert found["A QQ123456C"] == ("paragraph 1", "")


def test_a_spreadsheet_in_one_xml_file_has_its_cells() -> None:
    row = '<table:table-row><table:table-cell office:value-type="string"><text:p>{0}</text:p></table:table-cell></table:table-row>'
    table = "".join(row.format(text) for text in ("Name", "Ann"))
    data = flat(
        "spreadsheet",
        f'<office:body><office:spreadsheet><table:table table:name="Kids">{table}</table:table></office:spreadsheet></office:body>',
    )
    segments, _ = read(data)
    assert [str(place(one, 0)) for one in segments if one.text == "Ann"] == ['sheet "Kids" > A2']


@pytest.mark.parametrize(
    ("width", "height", "gaps", "why"),
    [
        (900, 1200, [Shortfall.NEEDS_OCR], "a page that was scanned and pasted"),
        (600, 400, [], "near miss: a letterhead, as in Word documents"),
    ],
)
def test_pictures_that_may_hold_text_are_told(
    width: int, height: int, gaps: list[Shortfall], why: str
) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x9C9B] = "Tokenphoto".encode("utf-16-le") + b"\0\0"
    Image.new("RGB", (width, height)).save(out, "JPEG", exif=exif)
    segments, coverage = read(
        package("text", "<office:body/>", more={"Pictures/1.jpg": out.getvalue()})  # type: ignore[dict-item]
    )
    assert [gap.reason for gap in coverage.gaps] == gaps, why
    assert segment_with(segments, "Tokenphoto").hidden == "picture properties"
    assert str(segment_with(segments, "Tokenphoto").location).startswith("Pictures/1.jpg > ")


def test_prefixes_that_nobody_declared_mean_those_of_the_standard() -> None:
    data = b'<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:body>'
    data += (
        b"<office:text><text:p>Token<loext:x/>words</text:p></office:text></office:body></office:document>"
    )
    segments, coverage = read(data)
    assert [(one.text, str(one.location)) for one in segments] == [("Tokenwords", "paragraph 1")]
    assert coverage.status is Status.INSPECTED


def test_documents_of_before_opendocument_are_told_by_their_manifest() -> None:
    names = 'xmlns:office="http://openoffice.org/2000/office" xmlns:text="http://openoffice.org/2000/text"'
    content = (
        '<!DOCTYPE office:document-content PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "office.dtd">'
        f"<office:document-content {names}><office:body><text:p>Token<text:span>body</text:span></text:p>"
        "</office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest"><manifest:file-entry '
        'manifest:media-type="application/vnd.sun.xml.writer" manifest:full-path="/"/></manifest:manifest>'
    )
    segments, coverage = read(pack({"content.xml": content, "META-INF/manifest.xml": manifest}))
    assert (coverage.kind, coverage.status) == ("odt", Status.INSPECTED)
    assert str(segment_with(segments, "Tokenbody").location) == "paragraph 1"
    assert read(pack({"content.xml": content}))[1].kind == "zip", "near miss: an archive with such a name"


def test_a_deletion_whose_text_stands_in_its_place() -> None:
    """LibreOffice writes them so where changes are shown."""
    region = (
        '<text:tracked-changes><text:changed-region xml:id="c1" text:id="c1"><text:deletion><office:change-info>'
        "<dc:creator>Ann Carr</dc:creator></office:change-info></text:deletion></text:changed-region>"
        '<text:changed-region xml:id="c2" text:id="c2"><text:insertion/></text:changed-region></text:tracked-changes>'
    )
    body = (
        '<text:p>NI number: <text:change-start text:change-id="c1"/>Tokengone</text:p><text:p>Tokentoo'
        '<text:change-end text:change-id="c1"/>kept <text:change-start text:change-id="c2"/>new'
        '<text:change-end text:change-id="c2"/></text:p>'
    )
    segments, _ = read(
        package("text", f"<office:body><office:text>{region}{body}</office:text></office:body>")
    )
    gone, too = segment_with(segments, "Tokengone"), segment_with(segments, "Tokentoo")
    assert gone.hidden == too.hidden == "tracked deletion"
    assert str(gone.location) == "paragraph 1 > tracked deletion by Ann Carr"
    assert [one.text for one in segments if not one.hidden] == ["NI number: ", "kept new"]


def test_a_note_between_two_numbers_does_not_make_them_one() -> None:
    note = '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation></text:note>'
    body = f"<office:body><office:text><text:p>12345678{note}200000</text:p></office:text></office:body>"
    assert [one.text for one in read(package("text", body))[0]] == ["12345678 200000"]


def test_namespaces_may_be_declared_where_they_are_used() -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    inside = f'<a:p xmlns:a="{space}">Token<a:span>one</a:span></a:p><text:p xmlns:text="{space}">Tokentwo</text:p>'
    inside += f'<a:p xmlns:a="urn:x">no</a:p><a:p xmlns:a="{space}">Tokenthree</a:p>'
    data = '<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:body>'
    data += f"<office:text>{inside}</office:text></office:body></office:document>"
    segments, _ = read(data.encode())
    assert [one.text for one in segments] == ["Tokenone", "Tokentwo", "Tokenthree"]
