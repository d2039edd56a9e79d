"""RTF: characters of every notation, runs joined, hidden places named, objects opened."""

from __future__ import annotations

import pytest

from scanner.documents import Segment, Shortfall, Source, Status, place, read_whole

HEAD = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Cyr;}}"


def read(body: str) -> list[Segment]:
    segments, coverage = read_whole(Source.from_bytes((HEAD + body + "}").encode("latin-1")))
    assert coverage.kind == "rtf"
    return list(segments)


@pytest.mark.parametrize(
    ("body", "text", "where", "hidden", "why"),
    [
        (r"AB{\b 12}34\i 56\i0 C\par", "AB123456C", "paragraph 1", "", "runs join"),
        (r"caf\'e9 \'a35\par", "café £5", "paragraph 1", "", "bytes of the code page"),
        (r"\f1\'cf\'f0\f0  x\par", "Пр x", "paragraph 1", "", "bytes of the font's charset"),
        (r"\u8364?5 \uc0\u8364 6\par", "€5 €6", "paragraph 1", "", "Unicode with and without a substitute"),
        (r"\u-10179?\u-8960?\par", "\U0001f500", "paragraph 1", "", "a surrogate pair"),
        (r"20\_11\_22\~x\par", "20\u201111\u201122\xa0x", "paragraph 1", "", "hard hyphens and blanks"),
        (r"\{a\}\\\par", "{a}\\", "paragraph 1", "", "escaped"),
        (r"shown{\v secret}\par", "secret", "paragraph 1", "hidden text", "hidden run"),
        (r"shown{\deleted old}\par", "old", "paragraph 1", "tracked deletion", "deleted run"),
        (r"{\info{\author Ann}}x\par", "Ann", "document properties", "document properties", "author"),
        (r"{\*\annotation a note}x\par", "a note", "comment", "comment", "comment"),
        (r"{\header top\par}x\par", "top", "header", "", "header"),
        (r"x{\footnote below}y\par", "below", "footnote", "", "footnote"),
        (r"x{\footnote below}y\par", "xy", "paragraph 1", "", "does not split its paragraph"),
        (
            r'{\field{\*\fldinst LINK "a@b"}z}\par',
            'LINK "a@b"',
            "field instruction",
            "field instruction",
            "target",
        ),
        (r"{\*\new words}x\par", "words", "group new", "ignorable group", "unknown ignorable group"),
    ],
)
def test_places(body: str, text: str, where: str, hidden: str, why: str) -> None:
    found = [(segment.text, str(segment.location), segment.hidden) for segment in read(body)]
    assert (text, where, hidden) in found, f"{why}: {found}"


def test_pictures_fonts_and_styles_are_no_text() -> None:
    segments = read(r"{\stylesheet{\s0 Normal;}}{\pict\wmetafile8 0102abcd}{\*\themedata 5041}words\par")
    assert [segment.text for segment in segments] == ["words"]


def test_table_rows_are_labelled() -> None:
    row = r"\trowd\cellx1\cellx2\cellx3\intbl "
    body = rf"{row}Name\cell DOB\cell Ref\cell\row {row}Ann\cell 1 May\cell 7\cell\row\pard after\par"
    header, ann, after = read(body)
    assert [field.label for field in ann.fields] == ["Name", "DOB", "Ref"]
    assert str(place(ann, 5)).endswith("column DOB")
    assert header.table == ann.table
    assert after.text == "after"


def test_embedded_object_is_opened() -> None:
    inside = b"\x01\x05\0\0PK" + b"%PDF-1.4 nothing"
    segments, coverage = read_whole(
        Source.from_bytes((HEAD + r"x\par{\object{\*\objdata " + inside.hex() + "}}}").encode())
    )
    assert any(str(gap.location) == "embedded object" for gap in coverage.gaps)
    assert segments[0].text == "x"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{" * 100_000 + " words", Shortfall.LIMIT),
        (r"words\par {\b more", Shortfall.DAMAGED),
        (r"words\par \bin999999999 x", Shortfall.DAMAGED),
    ],
)
def test_broken_rtf_keeps_its_words(body: str, reason: Shortfall) -> None:
    segments, coverage = read_whole(Source.from_bytes((HEAD + body).encode()))
    assert coverage.status is Status.PARTIAL
    assert coverage.gaps[0].reason is reason
    assert "words" in "".join(segment.text for segment in segments)


def test_a_form_in_a_table_is_one_record() -> None:
    def row(*cells: str) -> str:
        return r"\trowd\cellx1\cellx2\intbl " + "".join(rf"{cell}\cell " for cell in cells) + r"\row "

    form = row("Surname", "Carr", "Forename(s)", "Ann") + row("Date of birth", "1 May", "NI number", "x1")
    form += row("Address", "3 Mill Brow", "Postcode", "HX3 1AA")
    segments = read(r"Application\par " + form + r"\pard after\par")
    (record,) = [segment for segment in segments if segment.table]
    assert [field.label for field in record.fields if field.label] == [
        "Surname",
        "Forename(s)",
        "Date of birth",
        "NI number",
        "Address",
        "Postcode",
    ]
    assert [segment.text for segment in segments if segment.table is None] == ["Application", "after"]
