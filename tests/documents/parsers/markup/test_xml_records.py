"""XML: what repeats is a record, what is mixed is running text, nothing is lost where it is broken."""

from __future__ import annotations

import pytest

from scanner.documents import Coverage, Segment, Shortfall, Source, Status, read_whole


def read(text: str) -> tuple[list[Segment], Coverage]:
    segments, coverage = read_whole(Source.from_bytes(text.encode()))
    assert coverage.kind == "xml"
    return list(segments), coverage


def labelled(segment: Segment) -> dict[str, str]:
    return {field.label: segment.text[field.start : field.end] for field in segment.fields}


CENSUS = """<?xml version="1.0"?><Message xmlns="urn:x"><Header><Year>2024</Year><Level>L</Level></Header>
<Children><Child><Identifiers><UPN>A1</UPN><PersonBirthDate>2010-01-01</PersonBirthDate></Identifiers>
<Need><Code>N1</Code></Need><Need><Code>N2</Code></Need></Child>
<Child><Identifiers><UPN>A2</UPN><PersonBirthDate>2011-01-01</PersonBirthDate></Identifiers></Child>
</Children></Message>"""


def test_a_child_of_a_census_is_one_record() -> None:
    segments, coverage = read(CENSUS)
    assert coverage.status is Status.INSPECTED
    header, first, second = segments
    assert labelled(header) == {"Year": "2024", "Level": "L"}
    assert first.text == "A1\n2010-01-01\nN1\nN2"
    assert labelled(second) == {"UPN": "A2", "PersonBirthDate": "2011-01-01"}
    assert (str(first.location), str(second.location)) == ("Child 1", "Child 2")
    assert first.table == second.table != header.table


@pytest.mark.parametrize(
    ("text", "fields", "why"),
    [
        (
            "<?xml version='1.0'?><note>Tokentext</note>",
            {"note": "Tokentext"},
            "text of the outermost element",
        ),
        ("<?xml version='1.0'?><note to='Tokenname'/>", {"to": "Tokenname"}, "its attribute"),
        ("<?xml version='1.0'?><a name='Tokenname'/>", {"name": "Tokenname"}, "one that would be a label"),
        ("<?xml version='1.0'?><a name='dob'>1.2.2003</a>", {"dob": "1.2.2003"}, "near miss: one that is"),
        ("<?xml version='1.0'?><a><a name='Tokenname'/></a>", {"name": "Tokenname"}, "within another one"),
    ],
)
def test_what_stands_alone_is_read(text: str, fields: dict[str, str], why: str) -> None:
    segments, _ = read(text)
    assert [labelled(segment) for segment in segments] == [fields], why


def test_a_single_child_is_a_record_too() -> None:
    one = CENSUS.replace(CENSUS[CENSUS.rindex("<Child>") : CENSUS.index("</Children>")], "")
    segments, _ = read(one)
    assert "A1\n2010-01-01" in [segment.text for segment in segments][1]


def test_pupils_of_a_school_are_not_one_record() -> None:
    segments, _ = read(
        "<Schools><School><Name>Hill</Name>"
        '<Pupil UPN="A1" Surname="Ann"/><Pupil UPN="A2" Surname="Bob"/></School>'
        '<School><Name>Dale</Name><Pupil UPN="A3" Surname="Cy"/></School></Schools>'
    )
    assert [segment.text for segment in segments] == ["Hill", "A1\nAnn", "A2\nBob", "Dale", "A3\nCy"]
    assert labelled(segments[1]) == {"UPN": "A1", "Surname": "Ann"}


def test_generic_elements_are_labelled_by_their_name_attribute() -> None:
    segments, _ = read('<r><f><field name="NI No">x</field><field name="Born">y</field></f><f/></r>')
    assert labelled(segments[0]) == {"NI No": "x", "Born": "y"}


def test_inline_elements_do_not_split_words() -> None:
    segments, _ = read("<doc><note>AB<b>12</b>34<i>56</i>C and more</note><p>1<s/>2<tab/>3</p></doc>")
    assert [segment.text for segment in segments] == ["AB123456C and more", "1 2\t3"]


def test_comments_and_cdata() -> None:
    segments, _ = read("<a><!-- by Ann --><b><![CDATA[x < y]]></b><c>z</c></a>")
    assert ("by Ann", "comment") in [(segment.text, segment.hidden) for segment in segments]
    assert "x < y" in segments[-1].text


def test_text_beside_large_containers_is_kept() -> None:
    rows = "".join(f"<row><id>{number}</id><v>{'x' * 40}</v></row>" for number in range(5_000))
    segments, _ = read(f"<all><part>before {rows} after</part></all>")
    joined = "\n".join(segment.text for segment in segments)
    assert "before" in joined
    assert "after" in joined
    assert "4999" in joined


def test_broken_xml_is_read_between_tags_and_said_to_be_broken() -> None:
    segments, coverage = read('<a><b id="K1">Ann</c> Bob &amp; <d>Cy')
    joined = "\n".join(segment.text for segment in segments)
    assert all(word in joined for word in ("Ann", "Bob &", "Cy", "K1"))
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is Shortfall.DAMAGED


def test_entities_neither_explode_nor_fetch() -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><x>&l9;</x>'
    segments, coverage = read(bomb)
    assert sum(len(segment.text) for segment in segments) < 100_000_000
    assert coverage.gaps
    segments, _ = read('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>a&e;b<y/></x>')
    assert "root:" not in "".join(segment.text for segment in segments)


@pytest.mark.parametrize(
    ("text", "wanted", "why"),
    [
        ("<d><p><Name>Ann Ellison</Name><dob>14/03/1957</dob></p></d>", "Ann Ellison\n14/03/1957", "fields"),
        ("<d><p>Seen <x>Ann</x><dob>14/03/1957</dob> today</p></d>", "Seen Ann 14/03/1957 today", "things"),
        # Formatting and runs stand inside of words; what is empty parts nothing.
        ("<d><p>Mar<b>garet</b> Elli<hi>son</hi></p></d>", "Margaret Ellison", "formatting"),
        ("<d><p><r><t>Marg</t></r><r><t>aret</t></r></p></d>", "Margaret", "runs"),
        ("<d><p>Marg<mark/>aret</p></d>", "Margaret", "a mark without text"),
    ],
)
def test_only_formatting_joins_words(text: str, wanted: str, why: str) -> None:
    segments, _ = read(text)
    lines = [line for segment in segments for line in segment.text.split("\n")]
    assert "\n".join(" ".join(line.split()) for line in lines) == wanted, why


@pytest.mark.parametrize(
    ("declaration", "codec", "name"),
    [
        ('<?xml version="1.0" encoding="gb2312"?>', "gb18030", "王小明"),
        ('<?xml version="1.0" encoding="Shift_JIS"?>', "cp932", "表十"),
        ("", "cp1252", "Siân £5"),
        ('<?xml version="1.0"?>', "cp1252", "Zoë"),
        ('<?xml version="1.0" encoding="utf-8"?>', "cp1252", "Zoë"),
    ],
)
def test_charsets_that_the_xml_parser_lacks_or_nobody_declared(
    declaration: str, codec: str, name: str
) -> None:
    rows = "".join(f"<person><name>{one}</name><dob>1</dob></person>" for one in (name, "x"))
    rows = f"<people>{rows}</people>"
    segments, coverage = read_whole(Source.from_bytes((declaration + rows).encode(codec)))
    assert (coverage.kind, coverage.status) == ("xml", Status.INSPECTED)
    (first,) = [one for one in segments if name in one.text]
    assert [field.label for field in first.fields] == ["name", "dob"]
