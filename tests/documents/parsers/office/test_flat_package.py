"""Word documents in one XML file: the flat form of a package, and Word's own XML of 2003."""
# ruff: noqa: E501 (documents stand as programs write them)

from __future__ import annotations

import base64
import io

import docx
import pytest

from scanner.documents import Segment, Shortfall, Status
from tests.documents.parsers.reading import read, segment_with, unpack

WORD_2003 = """<?xml version="1.0"?><?mso-application progid="Word.Document"?>
<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"
 xmlns:aml="http://schemas.microsoft.com/aml/2001/core" xmlns:o="urn:schemas-microsoft-com:office:office">
<o:DocumentProperties><o:Author>Authortoken</o:Author></o:DocumentProperties>
<w:fonts><w:font w:name="Arial"/></w:fonts>
<w:styles><w:style w:type="character" w:styleId="h"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>
<w:body><w:p><w:r><w:t>QQ12</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>3456C</w:t></w:r>
<aml:annotation aml:id="0" w:type="Word.Deletion" aml:author="Ann Carr"><aml:content>
<w:r><w:delText>gonetoken</w:delText></w:r></aml:content></aml:annotation>
<aml:annotation aml:id="1" w:type="Word.Insertion" aml:author="Bo Ash"><aml:content>
<w:r><w:t>newtoken</w:t></w:r></aml:content></aml:annotation></w:p>
<w:p><w:r><w:rPr><w:rStyle w:val="h"/></w:rPr><w:t>hiddentoken</w:t></w:r></w:p>
<w:p><w:hlink w:dest="mailto:linktoken@example.org"><w:r><w:t>write</w:t></w:r></w:hlink></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Name</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>NI number</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:p><w:r><w:t>Zeta &amp; Co</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>celltoken</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
<w:p><w:r><w:pict><w:binData w:name="wordml://1.txt">PICTURE</w:binData></w:pict></w:r></w:p></w:body></w:wordDocument>
""".replace("PICTURE", base64.b64encode(b"filetoken inside").decode())


@pytest.fixture(scope="module")
def letter() -> tuple[Segment, ...]:
    segments, coverage = read(WORD_2003.encode())
    assert (coverage.kind, coverage.status) == ("word-xml", Status.INSPECTED)
    return tuple(segments)


@pytest.mark.parametrize(
    ("token", "hidden", "place"),
    [
        ("QQ123456C", "", "paragraph 1"),
        ("gonetoken", "tracked deletion", "Ann Carr"),
        ("newtoken", "", "paragraph 1"),
        ("hiddentoken", "hidden text", "paragraph 2"),
        ("linktoken", "field instruction", ""),
        ("celltoken", "", "table 1 > row 2"),
        ("Authortoken", "document properties", "Author"),
        ("filetoken", "", "embedded file"),
    ],
)
def test_every_place_of_a_letter_of_2003(
    letter: tuple[Segment, ...], token: str, hidden: str, place: str
) -> None:
    found = segment_with(letter, token)
    assert found.hidden == hidden
    assert place in str(found.location)


def test_cells_of_2003_have_their_columns(letter: tuple[Segment, ...]) -> None:
    row = segment_with(letter, "celltoken")
    assert row.text == "Zeta & Co\tcelltoken"
    assert [field.label for field in row.fields] == ["Name", "NI number"]


def flat(parts: dict[str, bytes]) -> bytes:
    """A package in one XML file, as Word saves it."""
    kinds = {"document.xml": "wordprocessingml.document.main", "styles.xml": "wordprocessingml.styles"}
    out = [
        '<?xml version="1.0" standalone="yes"?><?mso-application progid="Word.Document"?>'
        '<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
    ]
    for name, content in parts.items():
        if name.startswith("["):
            continue
        base = name.rpartition("/")[2]
        kind = f"application/vnd.openxmlformats-officedocument.{kinds.get(base, base)}+xml"
        if base.endswith(".rels"):
            kind = "application/vnd.openxmlformats-package.relationships+xml"
        out.append(f'<pkg:part pkg:name="/{name}" pkg:contentType="{kind}">')
        if content.lstrip().startswith(b"<"):
            text = content.decode().partition("?>")[2] if content.startswith(b"<?") else content.decode()
            out.append(f"<pkg:xmlData>{text}</pkg:xmlData></pkg:part>")
        else:
            out.append(f"<pkg:binaryData>{base64.encodebytes(content).decode()}</pkg:binaryData></pkg:part>")
    return "".join([*out, "</pkg:package>"]).encode()


def made() -> dict[str, bytes]:
    document = docx.Document()
    paragraph = document.add_paragraph("Bodytoken ")
    paragraph.add_run("Hiddentoken").font.hidden = True
    document.core_properties.author = "Authortoken"
    out = io.BytesIO()
    document.save(out)
    return unpack(out.getvalue())


def test_a_flat_package_is_read_like_the_package() -> None:
    parts = made() | {"word/embeddings/a.bin": b"\x01\x02 a binary part"}
    segments, coverage = read(flat(parts))
    assert coverage.kind == "flat-package"
    assert segment_with(segments, "Bodytoken").hidden == ""
    assert segment_with(segments, "Hiddentoken").hidden == "hidden text"
    assert segment_with(segments, "Authortoken").hidden == "document properties"
    assert any("binary part" in one.text for one in segments)


@pytest.mark.parametrize("data", [flat(made()), WORD_2003.encode()])
@pytest.mark.parametrize("keep", [0.7, 0.95])
def test_what_breaks_off_is_told_and_read_as_far_as_it_goes(data: bytes, keep: float) -> None:
    segments, coverage = read(data[: int(len(data) * keep)])
    assert Shortfall.DAMAGED in {gap.reason for gap in coverage.gaps}
    assert any("token" in one.text for one in segments)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<?xml version="1.0"?><package xmlns="http://example.org/"><part>x</part></package>', "xml"),
        ('<?xml version="1.0"?><wordDocument><body>x</body></wordDocument>', "xml"),
    ],
)
def test_other_xml_stays_xml(text: str, kind: str) -> None:
    assert read(text.encode())[1].kind == kind
