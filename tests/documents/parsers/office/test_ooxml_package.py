"""The package beneath Word, Excel and PowerPoint files."""

from __future__ import annotations

import io
import warnings
import zipfile

import pytest

from scanner.documents.limits import Limits
from scanner.documents.model import Shortfall
from scanner.documents.parsers.office.ooxml_package import Package, decode_xml, open_package, parse_xml
from scanner.documents.protocol import Source
from tests.documents.parsers.reading import pack, relationships


def package(parts: dict[str, str | bytes], limits: Limits | None = None) -> Package:
    return open_package(Source.from_bytes(pack(parts)), limits or Limits())


def texts(package: Package, name: str) -> str:
    part = package.part_named(name)
    assert part is not None
    pieces: list[str] = []
    for _ in parse_xml(package, part, text=pieces.append):
        pass
    return "".join(pieces)


@pytest.mark.parametrize(
    ("xml", "root"),
    [
        ("<w:document xmlns:w='x'/>", "document"),
        ("<?xml version='1.0'?>\n<!-- note --><worksheet/>", "worksheet"),
        ("\ufeff<a:sld xmlns:a='x'/>".encode(), "sld"),
        ('<?xml version="1.0" encoding="UTF-16"?><sst/>'.encode("utf-16"), "sst"),
        ("", ""),
        ("no markup at all", ""),
    ],
)
def test_root_element_says_what_a_part_is(xml: str | bytes, root: str) -> None:
    assert package({"any/name.xml": xml}).parts[0].root == root


def test_parts_are_found_whatever_the_spelling() -> None:
    opened = package({"Word\\Document.XML": "<a>text</a>", "/xl/other.xml": "<b>more</b>"})
    assert texts(opened, "/word/document.xml") == "text"
    assert texts(opened, "xl/OTHER.xml") == "more"


def test_both_of_two_members_with_one_name_are_parts() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.xml", "<a>first</a>")
        archive.writestr("a.xml", "<a>second</a>")
    opened = open_package(Source.from_bytes(out.getvalue()), Limits())
    found: list[str] = []
    for part in opened.parts:
        for _ in parse_xml(opened, part, text=found.append):
            pass
    assert found == ["first", "second"]
    assert texts(opened, "a.xml") == "second"


def test_a_member_is_not_lost_behind_an_empty_one_of_its_name() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.xml", "<a>first</a>")
        archive.writestr("a.xml", "")
    assert texts(open_package(Source.from_bytes(out.getvalue()), Limits()), "a.xml") == "first"


def test_relationships_are_resolved_and_followed() -> None:
    opened = package(
        {
            "_rels/.rels": relationships(("r1", "officeDocument", "word/document.xml")),
            "word/document.xml": "<a/>",
            "word/_rels/document.xml.rels": relationships(
                ("r1", "header", "parts/../header1.xml"),
                ("r2", "image", "/media/a.png"),
                ("r3", "hyperlink", "mailto:a@example.org"),
            ),
            "word/stray.xml": "<a/>",
        }
    )
    assert opened.reachable() == {"word/document.xml", "word/header1.xml", "media/a.png"}


def test_relationships_that_are_something_else_are_a_gap() -> None:
    opened = package({"word/document.xml": "<a/>", "word/_rels/document.xml.rels": "<styles/>"})
    assert [(str(gap.location), gap.reason) for gap in opened.gaps] == [
        ("word/_rels/document.xml.rels", Shortfall.DAMAGED)
    ]


@pytest.mark.parametrize(
    ("limits", "content", "reason"),
    [
        (Limits(), "<a>" + "x" * 40_000_000, Shortfall.LIMIT),
        (Limits(expanded_bytes=1000), "<a>" + "x" * 2000, Shortfall.LIMIT),
        (Limits(), "<a>text", Shortfall.DAMAGED),
        (Limits(), "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Shortfall.DAMAGED),
        (Limits(), "<?xml version='1.0' encoding='no-such'?><a>text</a>", Shortfall.DAMAGED),
    ],
)
def test_what_cannot_be_read_is_a_gap(limits: Limits, content: str, reason: Shortfall) -> None:
    opened = package({"a.xml": content}, limits)
    texts(opened, "a.xml")
    assert [gap.reason for gap in opened.take_gaps()] == [reason]
    assert opened.take_gaps() == []


@pytest.mark.parametrize(
    ("name", "content", "damaged"),
    [
        ("ppt/drawings/vmlDrawing1.vml", "<a><![if gte mso 9]><b>one</b><![endif]>two</a>", False),
        ("word/vml.vml", "<a>one<br>two</a>", False),
        ("word/vml.vml", "<a>one<b>two</a>", True),
        ("word/document.xml", "<a>one<br>two</a>", True),  # no drawing: what is not XML there is damage
    ],
)
def test_drawings_are_read_as_office_writes_them(name: str, content: str, damaged: bool) -> None:
    opened = package({name: content})
    found = texts(opened, name)
    assert "one" in found
    assert "two" in found
    assert bool(opened.take_gaps()) is damaged


def test_members_are_salvaged_without_a_directory() -> None:
    data = pack({"word/document.xml": "<a>" + "text " * 200 + "</a>", "b.xml": "<b>second</b>"})
    opened = open_package(Source.from_bytes(data[: data.index(b"PK\x01\x02")]), Limits())
    assert texts(opened, "word/document.xml").count("text") == 200
    assert texts(opened, "b.xml") == "second"
    assert [gap.reason for gap in opened.take_gaps()] == [Shortfall.DAMAGED]


def test_nothing_of_a_package_raises() -> None:
    with pytest.raises(zipfile.BadZipFile):
        open_package(Source.from_bytes(b"PK\x03\x04 and nothing else"), Limits())


def test_encrypted_member_is_a_gap() -> None:
    data = bytearray(pack({"a.xml": "<a>text</a>"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    opened = open_package(Source.from_bytes(bytes(data)), Limits())
    for part in opened.parts:
        opened.read(part)
    assert [gap.reason for gap in opened.take_gaps()] == [Shortfall.ENCRYPTED]


@pytest.mark.parametrize(
    "data",
    [
        "<a>é</a>".encode(),
        "<a>é</a>".encode("utf-16"),
        "<a>é</a>".encode("utf-16-le"),
        "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode("latin-1"),
        b"<?xml version='1.0' encoding='unheard-of'?><a>\xc3\xa9</a>",
    ],
)
def test_decode_xml(data: bytes) -> None:
    assert decode_xml(data).endswith("<a>é</a>")
