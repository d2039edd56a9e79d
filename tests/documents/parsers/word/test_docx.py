"""Word documents: every place of the probe list, each with a token of its own."""
# ruff: noqa: E501 (parts of packages stand as Office writes them, on one line)

from __future__ import annotations

import io

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from scanner.documents.limits import Limits
from scanner.documents.model import Coverage, Segment, Shortfall, Status
from scanner.documents.parsers.word.docx import DocxParser
from scanner.documents.places import place
from scanner.documents.protocol import Source
from tests.documents.parsers.reading import CONTENT_TYPES, pack, read, relationships, segment_with, unpack

NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:test:{prefix}"'
    for prefix in ("w", "r", "wp", "a", "pic", "wps", "mc", "v", "m", "o", "w14", "c", "dgm")
)


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def cell(content: str) -> str:
    return f"<w:tc><w:tcPr/>{content}</w:tc>"


BODY = "".join(
    (
        paragraph(run("bodytoken")),
        paragraph(run("split"), run("over"), run("runs")),
        paragraph(
            run("NHS no: "),
            '<w:del w:id="1" w:author="changeauthor"><w:r><w:delText>deletedtoken</w:delText></w:r></w:del>',
        ),
        paragraph('<w:ins w:id="2" w:author="insertauthor">', run("insertedtoken"), "</w:ins>"),
        paragraph('<w:moveFrom w:id="3">', run("movedtoken"), "</w:moveFrom>"),
        paragraph(run("seen "), run("vanishtoken", "<w:vanish/>")),
        paragraph(run("not hidden", '<w:vanish w:val="0"/>')),
        paragraph(run("whitetoken", '<w:color w:val="FFFFFF"/><w:sz w:val="2"/>')),
        paragraph(run("stylehidden", '<w:rStyle w:val="Heir"/>')),
        paragraph(run("blacktoken", '<w:highlight w:val="black"/>')),
        paragraph(
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "mailto:instr</w:instrText></w:r>'
            '<w:r><w:instrText>token"</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>',
            run("resulttoken"),
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
        ),
        paragraph('<w:fldSimple w:instr="MERGEFIELD simpletoken">', run("simpleresult"), "</w:fldSimple>"),
        paragraph('<w:hyperlink r:id="rLink" w:tooltip="tiptoken">', run("linktoken"), "</w:hyperlink>"),
        '<w:sdt><w:sdtPr><w:alias w:val="blocktitle"/><w:dropDownList><w:listItem w:displayText="itemtoken" w:value="1"/>'
        f"</w:dropDownList></w:sdtPr><w:sdtContent>{paragraph(run('blockcontrol'))}</w:sdtContent></w:sdt>",
        paragraph(
            run("Child: "),
            '<w:sdt><w:sdtPr><w:alias w:val="Surname of child"/></w:sdtPr><w:sdtContent>',
            run("inlinecontrol"),
            "</w:sdtContent></w:sdt>",
        ),
        paragraph(
            '<w:sdt><w:sdtPr><w:alias w:val="Forename"/></w:sdtPr><w:sdtContent>',
            run("onlycontrol"),
            "</w:sdtContent></w:sdt>",
        ),
        paragraph('<w:smartTag w:element="place">', run("smarttoken"), "</w:smartTag>"),
        paragraph(
            run("around "),
            "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:docPr id='1' name='Box 1' descr='alttoken' title='titletoken'/>"
            f"<wps:txbx><w:txbxContent>{paragraph(run('boxtoken'))}</w:txbxContent></wps:txbx></w:drawing></mc:Choice>"
            f"<mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{paragraph(run('boxtoken'))}</w:txbxContent>"
            "</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>",
            run("the box"),
        ),
        paragraph(
            f"<w:r><w:pict><v:shape alt='vmlalt'><v:textbox><w:txbxContent>{paragraph(run('vmltoken'))}"
            "</w:txbxContent></v:textbox><v:textpath string='wordarttoken'/></v:shape></w:pict></w:r>"
        ),
        paragraph("<m:oMath><m:r><m:t>equationtoken</m:t></m:r></m:oMath>"),
        paragraph(
            "<w:r><w:ruby><w:rt><w:r><w:t>ruby</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>base</w:t></w:r></w:rubyBase></w:ruby></w:r>"
        ),
        paragraph(
            run("20-11"), "<w:r><w:noBreakHyphen/></w:r>", run("22"), "<w:r><w:tab/></w:r>", run("after")
        ),
        paragraph(
            "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>"
            "</w:ffData></w:fldChar></w:r>",
            run(" ticked"),
        ),
        f"<w:tbl><w:tr>{cell(paragraph(run('Surname')))}{cell(paragraph(run('NHS No')))}</w:tr>"
        f"<w:tr>{cell(paragraph(run('celltoken')))}{cell(paragraph(run('123')))}</w:tr></w:tbl>",
        f"<w:tbl><w:tr>{cell(paragraph(run('outer')) + '<w:tbl><w:tr>' + cell(paragraph(run('nestedtoken'))) + '</w:tr></w:tbl>')}</w:tr></w:tbl>",
    )
)


def story(root: str, content: str) -> str:
    return f'<?xml version="1.0"?><w:{root} {NAMESPACES}>{content}</w:{root}>'


def full_document() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "embeddedtoken"  # type: ignore[index]
    stream = io.BytesIO()
    book.save(stream)
    return pack(
        {
            "[Content_Types].xml": CONTENT_TYPES.format(
                part="word/document.xml", kind="wordprocessingml.document"
            ),
            "_rels/.rels": relationships(("r1", "officeDocument", "word/document.xml")),
            "word/document.xml": story("document", f"<w:body>{BODY}</w:body>"),
            "word/_rels/document.xml.rels": relationships(
                ("rLink", "hyperlink", "mailto:linktarget@example.org"),
                *(
                    (f"r{n}", "any", name)
                    for n, name in enumerate(
                        (
                            "header1.xml",
                            "footer1.xml",
                            "footnotes.xml",
                            "endnotes.xml",
                            "comments.xml",
                            "glossary/document.xml",
                        )
                    )
                ),
            ),
            "word/styles.xml": story(
                "styles",
                '<w:style w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
                '<w:style w:styleId="Heir"><w:basedOn w:val="Secret"/></w:style>',
            ),
            "word/header1.xml": story("hdr", paragraph(run("headertoken"))),
            "word/footer1.xml": story("ftr", paragraph(run("footertoken"))),
            "word/footnotes.xml": story(
                "footnotes", f'<w:footnote w:id="2">{paragraph(run("footnotetoken"))}</w:footnote>'
            ),
            "word/endnotes.xml": story(
                "endnotes", f'<w:endnote w:id="3">{paragraph(run("endnotetoken"))}</w:endnote>'
            ),
            "word/comments.xml": story(
                "comments",
                f'<w:comment w:id="3" w:author="commentauthor">{paragraph(run("commenttoken"))}</w:comment>',
            ),
            "word/glossary/document.xml": story(
                "glossaryDocument",
                f"<w:docParts><w:docPart>{paragraph(run('glossarytoken'))}</w:docPart></w:docParts>",
            ),
            "word/settings.xml": story(
                "settings",
                '<w:docVars><w:docVar w:name="CaseWorker" w:val="variabletoken"/></w:docVars>'
                '<w:mailMerge><w:query w:val="SELECT * FROM querytoken"/></w:mailMerge>',
            ),
            "word/old.xml": story("document", f"<w:body>{paragraph(run('unreferencedtoken'))}</w:body>"),
            "word/afchunk.htm": "<html><body><p>chunktoken</p></body></html>",
            "word/charts/chart1.xml": "<c:chartSpace><c:title><a:p><a:r><a:t>charttitle</a:t></a:r></a:p></c:title>"
            "<c:ser><c:tx><c:v>seriestoken</c:v></c:tx><c:val><c:pt><c:v>42</c:v></c:pt></c:val></c:ser></c:chartSpace>".replace(
                "<c:chartSpace>", f"<c:chartSpace {NAMESPACES}>"
            ),
            "word/diagrams/data1.xml": f"<dgm:dataModel {NAMESPACES}><a:p><a:r><a:t>smarttext</a:t></a:r></a:p></dgm:dataModel>",
            "word/diagrams/drawing1.xml": f"<dgm:drawing {NAMESPACES}><a:p><a:r><a:t>smarttext</a:t></a:r></a:p></dgm:drawing>",
            "customXml/item1.xml": "<case><child><surname>xmltoken</surname><ward>other</ward></child></case>",
            "docProps/core.xml": "<cp:coreProperties xmlns:cp='urn:c' xmlns:dc='urn:d'><dc:title>coretitle</dc:title>"
            "<dc:description>coredescription</dc:description><cp:keywords>corekeywords</cp:keywords></cp:coreProperties>",
            "docProps/app.xml": "<Properties><Manager>managertoken</Manager></Properties>",
            "docProps/custom.xml": "<Properties><property name='Client'><vt:lpwstr xmlns:vt='urn:v'>customtoken</vt:lpwstr>"
            "</property></Properties>",
            "word/embeddings/sheet1.xlsx": stream.getvalue(),
        },
        comment=b"archivecomment",
    )


@pytest.fixture(scope="module")
def document() -> tuple[tuple[Segment, ...], Coverage]:
    return read(full_document())


# (token, hidden reason, words of the location).  Not read yet: nothing of the probe list's 48 places.
PLACES = (
    ("bodytoken", "", "paragraph 1"),
    ("splitoverruns", "", "paragraph 2"),
    ("deletedtoken", "tracked deletion", "paragraph 3 > tracked deletion by changeauthor"),
    ("changeauthor", "author of a change", "author of a change"),
    ("insertedtoken", "", "paragraph"),
    ("insertauthor", "author of a change", "author of a change"),
    ("movedtoken", "tracked deletion", "tracked deletion"),
    ("vanishtoken", "hidden text", "hidden text"),
    ("not hidden", "", "paragraph"),
    ("whitetoken", "tiny text", "tiny text"),
    ("stylehidden", "hidden text", "hidden text"),
    ("blacktoken", "blacked-out text", "blacked-out text"),
    ("instrtoken", "field instruction", "field"),
    ("resulttoken", "", "paragraph"),
    ("simpletoken", "field instruction", "field"),
    ("simpleresult", "", "paragraph"),
    ("linktoken", "", "paragraph"),
    ("tiptoken", "link tip", "link tip"),
    ("linktarget", "link target", "link"),
    ("blocktitle", "content control", "content control"),
    ("itemtoken", "form field", "form field"),
    ("blockcontrol", "", "paragraph"),
    ("inlinecontrol", "", "paragraph"),
    ("Surname of child", "content control", "content control"),
    ("smarttoken", "", "paragraph"),
    ("alttoken", "alt text", "alt text"),
    ("titletoken", "alt text", "alt text"),
    ("boxtoken", "", "text box"),
    ("around the box", "", "paragraph"),
    ("vmltoken", "", "text box"),
    ("vmlalt", "alt text", "alt text"),
    ("wordarttoken", "", "WordArt"),
    ("equationtoken", "", "paragraph"),
    ("rubybase", "", "paragraph"),
    ("20-11\u201122\tafter", "", "paragraph"),
    ("\u2612 ticked", "", "paragraph"),
    ("celltoken", "", "table 1 > row 2"),
    ("nestedtoken", "", "table 3 > row 1"),
    ("headertoken", "", "header"),
    ("footertoken", "", "footer"),
    ("footnotetoken", "", "footnote 2"),
    ("endnotetoken", "", "endnote 3"),
    ("commenttoken", "comment", "comment 3"),
    ("commentauthor", "author of a comment", "comment 3"),
    ("glossarytoken", "building block", "building blocks"),
    ("variabletoken", "document variable", "document variable"),
    ("querytoken", "mail merge", "mail merge"),
    ("unreferencedtoken", "unreferenced part", "unreferenced part"),
    ("chunktoken", "", "afchunk"),
    ("charttitle", "", "chart"),
    ("seriestoken", "chart data", "chart"),
    ("smarttext", "", "SmartArt"),
    ("xmltoken", "custom XML", "custom XML"),
    ("coretitle", "document properties", "title"),
    ("coredescription", "document properties", "description"),
    ("corekeywords", "document properties", "keywords"),
    ("managertoken", "document properties", "Manager"),
    ("customtoken", "document properties", "Client"),
    ("embeddedtoken", "", "sheet1.xlsx"),
    ("archivecomment", "archive comment", "archive comment"),
)


@pytest.mark.parametrize(("token", "hidden", "where"), PLACES, ids=[place[0] for place in PLACES])
def test_every_place_is_read_once_and_named(
    document: tuple[tuple[Segment, ...], Coverage], token: str, hidden: str, where: str
) -> None:
    segment = segment_with(document[0], token)
    assert segment.hidden == hidden
    assert where in str(segment.location)


def test_the_document_is_wholly_read(document: tuple[tuple[Segment, ...], Coverage]) -> None:
    assert document[1].status is Status.INSPECTED


def test_labels_of_deleted_text_cells_and_controls(document: tuple[tuple[Segment, ...], Coverage]) -> None:
    segments = document[0]
    assert segment_with(segments, "deletedtoken").fields[0].label == "NHS no"
    row = segment_with(segments, "celltoken")
    assert [field.label for field in row.fields] == ["Surname", "NHS No"]
    assert row.cells == ("column Surname", "column NHS No")
    control = segment_with(segments, "onlycontrol")
    assert [(control.text[field.start : field.end], field.label) for field in control.fields] == [
        ("onlycontrol", "Forename")
    ]
    # A paragraph with a label of its own is running text, as its reader sees it.
    assert segment_with(segments, "inlinecontrol").fields == ()


def test_form_table_labels_stand_on_the_left() -> None:
    form = docx.Document()
    table = form.add_table(3, 2)
    for row, (label, value) in enumerate(
        (("Full name:", "A Person"), ("Date of birth", "x"), ("Address", "y"))
    ):
        table.cell(row, 0).text, table.cell(row, 1).text = label, value
    stream = io.BytesIO()
    form.save(stream)
    segments, _ = read(stream.getvalue())
    (record,) = [segment for segment in segments if segment.table]
    assert [field.label for field in record.fields] == ["", "Full name", "", "Date of birth", "", "Address"]
    assert str(place(record, record.text.index("x"))).endswith("row 2 > column Date of birth")


def test_strict_namespaces_and_odd_names_read_alike() -> None:
    parts = {
        name.replace("word/document.xml", "Word\\Document.XML"): content
        for name, content in unpack(full_document()).items()
        if name == "word/document.xml"
    }
    # Without content types and relationships sniffing calls it a ZIP archive; the parser itself is asked.
    parts = {
        name: content.replace(b"<w:", b"<x:")
        .replace(b"</w:", b"</x:")
        .replace(b"xmlns:w=", b"xmlns:x=")
        .replace(b" w:", b" x:")
        for name, content in parts.items()
    }
    events = list(DocxParser().parse(Source.from_bytes(pack(parts)), Limits()))
    texts = [event.text for event in events if isinstance(event, Segment)]
    assert "bodytoken" in texts
    assert "deletedtoken" in texts


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: data[: len(data) * 2 // 3], "truncated: the directory at the end is gone"),
        (lambda data: data.replace(b"PK\x05\x06", b"PK\x00\x00"), "no end of directory"),
    ],
)
def test_damaged_archive_is_read_as_far_as_it_goes(damage, why: str) -> None:  # type: ignore[no-untyped-def]
    segments, coverage = read(damage(full_document()))
    assert any("bodytoken" in segment.text for segment in segments), why
    assert coverage.status is Status.PARTIAL
    assert any(gap.reason is Shortfall.DAMAGED for gap in coverage.gaps)


def test_malformed_xml_keeps_what_stands_before_and_behind() -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts["word/document.xml"] = story(
        "document", f"<w:body>{paragraph(run('before'))}<w:p></w:q>{run('behind')}"
    )
    segments, coverage = read(pack(parts))
    assert segment_with(segments, "before")
    assert "behind" in " ".join(segment.text for segment in segments)
    assert coverage.status is Status.PARTIAL


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<w:sdt>" * 20_000, "nested elements"),
        ("<w:tbl><w:tr><w:tc>" * 5_000, "nested tables"),
        ("<w:p>" * 20_000, "nested paragraphs"),
        ("<mc:AlternateContent><mc:Choice>" * 5_000, "nested alternatives"),
        ("</w:p></w:tbl>", "ends without beginnings"),
        (f'<w:p><w:r><w:rPr><w:sz w:val="{"9" * 5000}"/></w:rPr><w:t>x</w:t></w:r></w:p>', "a huge size"),
        ('<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="²"/></w:tcPr></w:tc></w:tr></w:tbl>', "no number"),
        ("<w:fldChar w:fldCharType='end'/><w:t>stray</w:t><w:tab/>", "runs without paragraphs"),
    ],
)
def test_hostile_bodies_do_not_end_the_reading(body: str, why: str) -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts["word/document.xml"] = story("document", f"<w:body>{paragraph(run('firsttoken'))}{body}</w:body>")
    segments, _ = read(pack(parts))
    assert segment_with(segments, "firsttoken"), why
    assert segment_with(segments, "headertoken"), why


def test_entities_are_refused() -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts["word/document.xml"] = (
        '<!DOCTYPE w:document [<!ENTITY a "aaaaaaaaaa"><!ENTITY x SYSTEM "file:///etc/hostname">]>'
        + story("document", "<w:body><w:p><w:r><w:t>&a;&x;</w:t></w:r></w:p></w:body>").partition("?>")[2]
    )
    segments, coverage = read(pack(parts))
    assert not any("aaaaaaaaaa" in segment.text for segment in segments)
    assert any("entity" in gap.detail for gap in coverage.gaps)


def test_part_that_expands_too_far_is_a_gap() -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts["word/header1.xml"] = story("hdr", paragraph(run("a" * 30_000_000)))
    segments, coverage = read(pack(parts))
    assert segment_with(segments, "bodytoken")
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.LIMIT]


def test_large_picture_asks_for_ocr_and_a_logo_does_not() -> None:
    def png(width: int, height: int) -> bytes:
        return (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
            + width.to_bytes(4, "big")
            + height.to_bytes(4, "big")
            + b"\x08\0\0\0\0"
        )

    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts["word/media/image1.png"] = png(400, 200)
    assert read(pack(parts))[1].status is Status.INSPECTED
    parts["word/media/image2.png"] = png(1654, 2339)
    coverage = read(pack(parts))[1]
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR]


@pytest.mark.parametrize("name", ["word/media/image1.png", "docProps/thumbnail.jpeg", "word/media/scan.tiff"])
def test_what_is_no_picture_is_read_for_what_it_is(name: str) -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts[name] = "name,note\nA Person,smuggledtoken\n"
    segments, coverage = read(pack(parts))
    assert segment_with(segments, "smuggledtoken").location.parts[0].startswith("picture")
    assert coverage.status is Status.INSPECTED


def style(
    name: str, properties: str, *, based: str = "", kind: str = "paragraph", default: bool = False
) -> str:
    parent = f'<w:basedOn w:val="{based}"/>' if based else ""
    extra = ' w:default="1"' if default else ""
    return f'<w:style w:type="{kind}"{extra} w:styleId="{name}"><w:name w:val="x"/>{parent}{properties}</w:style>'


LOOKS = "".join(
    (
        style("Normal", "", default=True),
        style("Secret", "<w:rPr><w:vanish/></w:rPr>"),
        style("Heir", "<w:rPr><w:b/></w:rPr>", based="Secret"),
        style("Shown", '<w:rPr><w:vanish w:val="0"/></w:rPr>', based="Secret"),
        style("SecretRun", "<w:rPr><w:vanish/></w:rPr>", kind="character"),
        style("White", '<w:rPr><w:color w:val="FFFFFF"/></w:rPr>'),
        style(
            "WhiteRun",
            '<w:rPr><w:color w:val="ffffff" w:themeColor="background1"/></w:rPr>',
            kind="character",
        ),
        style(
            "Banner",
            '<w:pPr><w:shd w:val="clear" w:fill="000080"/></w:pPr><w:rPr><w:color w:val="FFFFFF"/></w:rPr>',
        ),
        style("Dust", '<w:rPr><w:sz w:val="2"/></w:rPr>'),
        style(
            "Grid", '<w:tblStylePr w:type="firstRow"><w:rPr><w:vanish/></w:rPr></w:tblStylePr>', kind="table"
        ),
    )
)


def styled(name: str, *runs: str) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{name}"/></w:pPr>{"".join(runs)}</w:p>'


@pytest.mark.parametrize(
    ("body", "hidden", "why"),
    [
        (paragraph(run("token", "<w:webHidden/>")), "", "near miss: hidden in browsers only, as contents' page numbers"),
        (styled("Secret", run("token")), "hidden text", "a hidden style of paragraphs"),
        (styled("Heir", run("token")), "hidden text", "an heir of it"),
        (styled("Heir", run("token", '<w:vanish w:val="0"/>')), "", "near miss: the run is shown again"),
        (styled("Shown", run("token")), "", "near miss: the heir is shown again"),
        (paragraph(run("token", '<w:rStyle w:val="SecretRun"/>')), "hidden text", "a hidden style of runs"),
        (styled("White", run("token")), "white text", "a white style"),
        (styled("White", run("token", '<w:color w:val="FF0000"/>')), "", "near miss: red in it"),
        (styled("White", run("token", '<w:highlight w:val="blue"/>')), "", "near miss: on blue"),
        (styled("Banner", run("token")), "", "near miss: the style has its own ground"),
        (paragraph(run("token", '<w:rStyle w:val="WhiteRun"/>')), "white text", "a white style of runs"),
        (styled("Dust", run("token")), "tiny text", "one point by the style"),
        (styled("Dust", run("token", '<w:sz w:val="24"/>')), "", "near miss: larger in the run"),
        (styled("Grid", run("token")), "", "near miss: a part of a table's style"),
        (paragraph(run("token", '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000000"/>')), "", "near miss: white on black"),
        (
            '<w:p><w:r><w:drawing><wp:anchor behindDoc="1"/></w:drawing></w:r></w:p>' + styled("White", run("token")),
            "", "near miss: a picture behind the text",
        ),
        (
            '<w:tbl><w:tblPr><w:shd w:val="clear" w:fill="FF0000"/></w:tblPr><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>' + styled("White", run("token")),
            "white text", "a coloured table before it says nothing of the page",
        ),
    ],
)  # fmt: skip
def test_what_is_seen(body: str, hidden: str, why: str) -> None:
    parts = unpack(full_document())
    document: dict[str, str | bytes] = {
        "[Content_Types].xml": parts["[Content_Types].xml"],
        "_rels/.rels": parts["_rels/.rels"],
        "word/document.xml": story("document", f"<w:body>{body}</w:body>"),
        "word/styles.xml": story("styles", LOOKS),
    }
    segments, coverage = read(pack(document))
    assert coverage.kind == "docx"
    assert segment_with(segments, "token").hidden == hidden, why


def test_who_deleted_and_when_is_told_and_a_hidden_row_is() -> None:
    def row(name: str, properties: str = "") -> str:
        return f"<w:tr><w:trPr>{properties}</w:trPr>{cell(paragraph(run(name)))}{cell(paragraph(run('x')))}</w:tr>"

    body = paragraph(
        '<w:del w:author="Ann Carr" w:date="2024-03-05T10:00:00Z"><w:r><w:delText>onetoken</w:delText></w:r></w:del>',
        '<w:del w:author="Bob Dale"><w:r><w:delText>twotoken</w:delText></w:r></w:del>',
    )
    body += f"<w:tbl>{row('Name')}{row('hiddenrow', '<w:hidden/>')}{row('shownrow')}</w:tbl>"
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    parts["word/document.xml"] = story("document", f"<w:body>{body}</w:body>")
    segments, _ = read(pack(parts))
    one, two = segment_with(segments, "onetoken"), segment_with(segments, "twotoken")
    assert str(one.location) == "paragraph 1 > tracked deletion by Ann Carr, 2024-03-05"
    assert str(two.location) == "paragraph 1 > tracked deletion by Bob Dale"
    assert {one.hidden, two.hidden} == {"tracked deletion"}
    assert segment_with(segments, "hiddenrow").hidden == "hidden row"
    assert segment_with(segments, "shownrow").hidden == ""


@pytest.mark.parametrize("mark", ["footnoteReference", "endnoteReference"])
def test_a_note_between_two_numbers_does_not_make_them_one(mark: str) -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_document()))
    note = f'<w:r><w:{mark} w:id="2"/></w:r>'
    parts["word/document.xml"] = story(
        "document", f"<w:body>{paragraph(run('12345678'), note, run('200000'))}</w:body>"
    )
    assert any(one.text == "12345678 200000" for one in read(pack(parts))[0])


@pytest.mark.parametrize(("name", "told"), [("Zeta_Token", True), ("_GoBack", False), ("OLE_LINK1", False)])
def test_names_of_bookmarks(name: str, told: bool) -> None:
    letter = docx.Document()
    mark = OxmlElement("w:bookmarkStart")
    mark.set(qn("w:name"), name)
    letter.add_paragraph("words")._p.append(mark)
    out = io.BytesIO()
    letter.save(out)
    segments, _ = read(out.getvalue())
    assert [one.text for one in segments if one.hidden == "bookmark"] == ([name] if told else [])
