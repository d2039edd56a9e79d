"""PowerPoint presentations: every place of the probe list."""
# ruff: noqa: E501 (parts of packages stand as Office writes them, on one line)

from __future__ import annotations

import io

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from scanner.documents.model import Coverage, Segment, Status
from tests.documents.parsers.reading import pack, read, relationships, segment_with, unpack


def full_presentation() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "titletoken"
    box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1))
    box.text_frame.text = "box"
    box.text_frame.paragraphs[0].add_run().text = "token"
    box.text_frame.add_paragraph().text = "second line"
    outside = slide.shapes.add_textbox(Inches(30), Inches(2), Inches(3), Inches(1))
    outside.text_frame.text = "outsidetoken"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 100, 100).text_frame.text = "grouptoken"
    group.shapes.add_group_shape().shapes.add_textbox(0, 0, 100, 100).text_frame.text = "nestedtoken"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for row, texts in enumerate((("Surname", "NHS No"), ("celltoken", "1"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    hidden = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(3), Inches(1))
    hidden.text_frame.text = "hiddenshape"
    hidden._element.nvSpPr.cNvPr.set("hidden", "1")
    hidden._element.nvSpPr.cNvPr.set("descr", "alttoken")
    link = slide.shapes.add_textbox(Inches(1), Inches(5), Inches(3), Inches(1))
    link.text_frame.text = "see"
    link.text_frame.paragraphs[0].runs[0].hyperlink.address = "mailto:linktoken@example.org"
    slide.notes_slide.notes_text_frame.text = "notestoken"
    data = CategoryChartData()
    data.categories = ["categorytoken"]
    data.add_series("seriestoken", (1,))
    slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(2), Inches(2), data)
    second = deck.slides.add_slide(deck.slide_layouts[6])
    second.shapes.add_textbox(0, 0, 100, 100).text_frame.text = "hiddenslide"
    second._element.set("show", "0")
    deck.slide_layouts[6].shapes._spTree.append(
        deck.slides[1].shapes._spTree[-1].__copy__()  # a text box that somebody drew on a layout
    )
    deck.slide_layouts[6].shapes._spTree[-1].txBody.p_lst[0].r_lst[0].t.text = "layouttoken"
    deck.core_properties.author = "authortoken"
    stream = io.BytesIO()
    deck.save(stream)
    parts: dict[str, str | bytes] = dict(unpack(stream.getvalue()))
    parts["ppt/slides/_rels/slide1.xml.rels"] = bytes(parts["ppt/slides/_rels/slide1.xml.rels"]).replace(
        b"</Relationships>",
        b'<Relationship Id="rC" Type="urn:comments" Target="../comments/comment1.xml"/>'
        b'<Relationship Id="rT" Type="urn:tags" Target="../tags/tag1.xml"/></Relationships>',
    )
    parts["ppt/comments/comment1.xml"] = (
        '<p:cmLst xmlns:p="urn:p"><p:cm authorId="0"><p:text>commenttoken</p:text></p:cm></p:cmLst>'
    )
    parts["ppt/comments/modernComment_1.xml"] = (
        '<p188:cmLst xmlns:p188="urn:p" xmlns:a="urn:a"><p188:cm><p188:txBody><a:p><a:r><a:t>threaded</a:t></a:r>'
        "<a:r><a:t>comment</a:t></a:r></a:p></p188:txBody></p188:cm></p188:cmLst>"
    )
    parts["ppt/commentAuthors.xml"] = (
        '<p:cmAuthorLst xmlns:p="urn:p"><p:cmAuthor id="0" name="commentauthor" initials="CA"/></p:cmAuthorLst>'
    )
    parts["ppt/tags/tag1.xml"] = '<p:tagLst xmlns:p="urn:p"><p:tag name="CASE" val="tagtoken"/></p:tagLst>'
    parts["ppt/diagrams/data1.xml"] = (
        '<dgm:dataModel xmlns:dgm="urn:d" xmlns:a="urn:a"><a:p><a:r><a:t>smarttoken</a:t></a:r></a:p></dgm:dataModel>'
    )
    parts["ppt/slideMasters/slideMaster1.xml"] = bytes(parts["ppt/slideMasters/slideMaster1.xml"]).replace(
        b"</p:spTree>",
        b"<p:sp><p:nvSpPr><p:cNvPr id='99' name='Note'/></p:nvSpPr><p:txBody><a:p><a:r><a:t>mastertoken</a:t></a:r>"
        b"</a:p></p:txBody></p:sp></p:spTree>",
        1,
    )
    parts["ppt/slides/slide9.xml"] = bytes(parts["ppt/slides/slide2.xml"]).replace(
        b"hiddenslide", b"straytoken"
    )
    parts["docProps/custom.xml"] = (
        "<Properties><property name='Ref'><x>customtoken</x></property></Properties>"
    )
    return pack(parts)


@pytest.fixture(scope="module")
def deck() -> tuple[tuple[Segment, ...], Coverage]:
    return read(full_presentation())


# All 19 places of the probe list are read.
PLACES = (
    ("titletoken", "", "slide 1 > Title 1"),
    ("boxtoken\nsecond line", "", "slide 1 > TextBox"),
    ("outsidetoken", "outside the slide", "slide 1"),
    ("grouptoken", "", "slide 1"),
    ("nestedtoken", "", "slide 1"),
    ("celltoken", "", "slide 1 > table 1 > row 2"),
    ("alttoken", "alt text", "slide 1"),
    ("hiddenshape", "hidden shape", "slide 1"),
    ("linktoken", "link target", "slide 1 > link"),
    ("notestoken", "speaker notes", "slide 1 > notes"),
    ("hiddenslide", "hidden slide", "slide 2 (hidden)"),
    ("straytoken", "unreferenced slide", "slide 3"),
    ("layouttoken", "slide layout", "slide layout"),
    ("mastertoken", "slide master", "slide master"),
    ("commenttoken", "comment", "slide 1 > comment 1"),
    ("threadedcomment", "comment", "comment 1"),
    ("commentauthor", "author of a comment", "comments"),
    ("tagtoken", "tag", "tags"),
    ("smarttoken", "", "SmartArt"),
    ("authortoken", "document properties", "creator"),
    ("customtoken", "document properties", "Ref"),
)


@pytest.mark.parametrize(("token", "hidden", "where"), PLACES, ids=[one[0] for one in PLACES])
def test_every_place_is_read_once_and_named(
    deck: tuple[tuple[Segment, ...], Coverage], token: str, hidden: str, where: str
) -> None:
    segment = segment_with(deck[0], token)
    assert segment.hidden == hidden
    assert where in str(segment.location)


@pytest.mark.parametrize("token", ["categorytoken", "seriestoken"])
def test_chart_and_its_workbook_are_both_read(deck: tuple[tuple[Segment, ...], Coverage], token: str) -> None:
    places = [str(segment.location) for segment in deck[0] if token in segment.text]
    assert any(place.startswith("slide 1 > chart") for place in places)
    assert any("embedded file" in place for place in places)


def test_layout_boilerplate_is_not_text_of_the_deck(deck: tuple[tuple[Segment, ...], Coverage]) -> None:
    assert not any("Click to edit" in segment.text for segment in deck[0])


def test_table_row_has_labels_and_everything_is_read(deck: tuple[tuple[Segment, ...], Coverage]) -> None:
    row = segment_with(deck[0], "celltoken")
    assert [field.label for field in row.fields] == ["Surname", "NHS No"]
    assert deck[1].status is Status.INSPECTED


def test_damaged_slide_is_a_gap_and_the_others_are_read() -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_presentation()))
    slide = bytes(parts["ppt/slides/slide1.xml"])
    parts["ppt/slides/slide1.xml"] = slide[: slide.index(b"outsidetoken")]
    segments, coverage = read(pack(parts))
    assert segment_with(segments, "boxtoken")
    assert segment_with(segments, "hiddenslide")
    assert coverage.status is Status.PARTIAL


def test_slides_are_found_without_relationships() -> None:
    parts: dict[str, str | bytes] = dict(unpack(full_presentation()))
    parts["ppt/_rels/presentation.xml.rels"] = relationships()
    segments, _ = read(pack(parts))
    assert segment_with(segments, "titletoken").hidden == "unreferenced slide"


def _deck_on(layout_text: str, *, table: bool) -> bytes:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    source = deck.slides[0].shapes
    box = source.add_textbox(0, 0, 100, 100)
    box.text_frame.text = layout_text
    frame = source.add_table(1, 2, 0, 0, 100, 100)
    frame.table.cell(0, 0).text, frame.table.cell(0, 1).text = "Name", layout_text
    moved = [box._element, frame._element] if table else [box._element]
    for element in moved:
        deck.slide_layouts[6].shapes._spTree.append(element)
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("table", [False, True], ids=["text", "with a table, which is numbered"])
def test_a_layout_that_was_met_before_is_given_again(table: bool) -> None:
    mine, other = _deck_on("duty desk", table=table), _deck_on("night desk", table=table)
    first, _ = read(mine)
    between, _ = read(other)
    again, _ = read(mine)
    assert again == first
    assert [s.text for s in first if s.hidden == "slide layout" and "duty desk" in s.text]
    assert not [s.text for s in between if "duty desk" in s.text]
