"""RTF: characters of every notation, runs joined, hidden places named, objects opened."""

from __future__ import annotations

import io

import pytest
from PIL import Image

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
        (r"{\footerr foot\par}x\par", "foot", "footer", "", "footer of right pages"),
        (r"x{\footnote\ftnalt at the end}y\par", "at the end", "footnote", "", "endnote"),
        (
            r"{\*\atnid AC}{\*\atnauthor Ann Carr}x\par",
            "Ann Carr",
            "comment author",
            "comment",
            "who commented",
        ),
        (r"{\info{\keywords k1 k2}}x\par", "k1 k2", "document properties", "document properties", "keywords"),
        (r"{\info{\doccomm words}}x\par", "words", "document properties", "document properties", "comments"),
        (r"{\*\bkmkstart Smith_v_Jones}x\par", "Smith_v_Jones", "bookmark", "bookmark", "a bookmark's name"),
        (r"{\shp{\*\shpinst{\shptxt boxed\par}}}x\par", "boxed", "text box", "", "text box"),
        (
            r"{\field{\*\fldinst MERGEFIELD a}{\fldrslt Ann}}\par",
            "Ann",
            "paragraph 1",
            "",
            "a field's result",
        ),
        (r"x{\footnote below}y\par", "below", "footnote", "", "footnote"),
        (r"x{\footnote below} y\par", "x  y", "paragraph 1", "", "does not split its paragraph"),
        (
            r"12345678{\footnote a}200000\par",
            "12345678 200000",
            "paragraph 1",
            "",
            "nor does it join two numbers",
        ),
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


COLOURS = r"{\colortbl;\red0\green0\blue0;\red255\green255\blue255;\red255\green255\blue0;}"
REVISIONS = r"{\*\revtbl {Unknown;}{Ann Carr;}{Bob Dale;}}"
CELL = r"\trowd\clcbpat3\cellx1 "


@pytest.mark.parametrize(
    ("body", "text", "hidden", "why"),
    [
        (r"a {\cf2 gone}\par", "gone", "white text", "the colour of the page"),
        (r"a {\fs4 gone}\par", "gone", "tiny text", "two points"),
        (r"a \v gone\v0  b\par", "gone", "hidden text", "switched on and off"),
        (r"a {\v\cs15\fs22 gone}\par", "gone", "hidden text", "a size does not show it"),
        (r"a {\v\deleted gone}\par", "gone", "tracked deletion", "the stronger reason"),
        (r"a {\v x\plain there}\par", "athere", "", "near miss: all formatting ends"),
        (r"{\cf2\highlight1 there}\par", "there", "", "near miss: white on black"),
        (r"{\cf2\chcbpat3 there}\par", "there", "", "near miss: white on yellow"),
        (r"\pard\cbpat3{\cf2 there}\par", "there", "", "near miss: a coloured paragraph"),
        (CELL + r"\pard\intbl{\cf2 there}\cell\row\pard x\par", "there", "", "near miss: a coloured cell"),
        (r"{\shp{\*\shpinst{\shptxt {\cf2 there}\par}}}", "there", "", "near miss: a box has any ground"),
        (r"{\cf3 there}\par", "there", "", "near miss: yellow"),
        (r"{\fs6 there}\par", "there", "", "near miss: three points"),
        (r"a\pard\cbpat2{\cf2 gone}\par", "gone", "white text", "white on a ground said to be white"),
        (r"a {\highlight1 gone}\par", "gone", "blacked-out text", "a black marker"),
        (r"a {\cf1\chcbpat1 gone}\par", "gone", "blacked-out text", "black on black"),
        (r"a {\chcbpat3\cf3 gone}\par", "gone", "blacked-out text", "yellow on yellow, the ground first"),
        (r"a {\highlight3 there}\par", "athere", "", "near miss: a yellow marker"),
        (r"a {\cf3\highlight1 there}\par", "athere", "", "near miss: yellow on black"),
        (r"a {\highlight1 x\highlight0 there}\par", "athere", "", "near miss: behind the bar"),
    ],
)
def test_what_is_seen(body: str, text: str, hidden: str, why: str) -> None:
    found = [(segment.text.replace(" ", ""), segment.hidden) for segment in read(COLOURS + body)]
    assert (text, hidden) in found, f"{why}: {found}"


def test_a_deletion_names_who_deleted() -> None:
    body = REVISIONS + r"NI number: {\deleted\revauthdel1\revdttmdel1 one}{\deleted\revauthdel2 two}kept\par"
    segments = read(body)
    deleted = [(one.text, one.location.parts[-1]) for one in segments if one.hidden == "tracked deletion"]
    assert deleted == [("one", "tracked deletion by Ann Carr"), ("two", "tracked deletion by Bob Dale")]
    authors = [one.text for one in segments if one.hidden == "author of a change"]
    assert authors == ["Ann Carr", "Bob Dale"]
    (first, *_) = [one for one in segments if one.hidden == "tracked deletion"]
    assert [field.label for field in first.fields] == ["NI number"], "what stood before it was its label"


FONTS = (
    r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset238 B;}{\f2\fcharset204 C;}{\f3\fcharset134 D;}"
    r"{\f4\fcharset128 E;}{\f5\fcharset77 F;}{\f6\fcharset2 Wingdings;}{\f7\cpg1253 G;}{\f8\fcharset136 H;}}"
)


def escaped(text: str, codec: str) -> str:
    data = text.encode(codec)
    return "".join(f"\\'{byte:02x}" if byte > 127 else chr(byte).replace("\\", "\\\\") for byte in data)


@pytest.mark.parametrize(
    ("head", "body", "text", "why"),
    [
        (r"\ansi\ansicpg1250", escaped("Łukasz Żółć", "cp1250"), "Łukasz Żółć", "Polish by the file"),
        (r"\ansi\ansicpg1252", r"\f1 " + escaped("Łukasz", "cp1250"), "Łukasz", "Polish by the font"),
        (r"\ansi\deff2", r"\pard\plain " + escaped("Иванов", "cp1251"), "Иванов", "by the default font"),
        (r"\ansi", r"\f3 " + escaped("王小明", "gbk"), "王小明", "Chinese"),
        (r"\ansi", r"\f4 " + escaped("表ソ十", "cp932"), "表ソ十", "second bytes that look like ASCII"),
        (
            r"\ansi",
            r"\f8 " + escaped("功蓋", "big5"),
            "功蓋",
            "a second byte that is \\",
        ),
        (r"\mac", escaped("café £5", "mac-roman"), "café £5", "a Macintosh's"),
        (r"\pca", escaped("café £5", "cp850"), "café £5", "an old PC's"),
        (r"\ansi", r"\f5 " + escaped("é", "mac-roman"), "é", "a font of a Macintosh"),
        (r"\ansi", r"\f7 " + escaped("Άννα", "cp1253"), "Άννα", "a font with its code page"),
        (r"\ansi", r"\u2581?\u2606?\u2608?", "\u0a15\u0a2e\u0a30", "Gurmukhi"),
        (r"\ansi", r"yes \f6\'fe\f0  no \f6\'a8", "yes ☒ no ☐", "boxes of a symbol font"),
        (r"\ansi\ansicpg65001", "Jos\u00c3\u00a9", "José", "UTF-8 as it is"),
        (r"\ansi", r"A\u8209\_B\u8211\endash C", "A‑B–C", "substitutes that are words and symbols"),
        (r"\ansi", r"{\upr{Zoe}{\*\ud{Zo\u235?}}}", "Zoë", "two forms of one text: the better one"),
    ],
)
def test_charsets(head: str, body: str, text: str, why: str) -> None:
    data = "{\\rtf1" + head + FONTS + body + "\\par}"
    segments, _ = read_whole(Source.from_bytes(data.encode("latin-1")))
    assert [one.text for one in segments] == [text], why


def test_variables_and_properties_are_labelled_and_apart() -> None:
    body = r"{\*\docvar {CaseRef}{12345678}}{\*\docvar {Amount}{200000}}"
    body += r"{\*\userprops{\propname Case worker}\proptype30{\staticval Ann}}x\par"
    found = {(one.text, one.fields[0].label) for one in read(body) if one.fields}
    assert {("12345678", "CaseRef"), ("200000", "Amount"), ("Ann", "Case worker")} <= found
    assert ("Case worker", "Case worker") in found, "what it is called is named by itself"


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (r"{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres1{\*\ffname A}\ffdefres0}}}{\fldrslt }", "☒"),
        (r"{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres25\ffdefres0}}}{\fldrslt }", "☐"),
        (r"{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres25\ffdefres1}}}{\fldrslt }", "☒"),
        (
            r"{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2\ffres1{\*\ffl Low}{\*\ffl High}}}}{\fldrslt }",
            "High",
        ),
        (r"{\*\fldinst FORMTEXT {\*\formfield{\fftype0{\*\ffdeftext none}}}}{\fldrslt typed}", "typed"),
    ],
)
def test_what_a_form_says_is_shown(field: str, shown: str) -> None:
    segments = read(r"Risk: {\field" + field + r"}\par")
    assert [one.text for one in segments if not one.hidden] == ["Risk: " + shown]


def test_a_table_inside_of_a_cell_keeps_its_rows_and_those_around_it() -> None:
    def inner(*cells: str) -> str:
        row = "".join(rf"\pard\intbl\itap2 {cell}\nestcell" for cell in cells)
        return row + r"{\*\nesttableprops\trowd\cellx1\cellx2\nestrow}{\nonesttables\par}"

    body = r"\trowd\cellx1\cellx2\pard\intbl Before\cell \pard\intbl Above\par "
    body += inner("Name", "Born") + inner("Ann", "1 May") + r"\pard\intbl Below\cell\row\pard after\par"
    segments = read(body)
    texts = [one.text for one in segments]
    assert texts == ["Name\tBorn", "Ann\t1 May", "Before", "Above\nBelow", "after"]
    assert [field.label for field in segments[1].fields] == ["Name", "Born"]


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "gaps", "why"),
    [
        (r"{\*\shppict{\pict\pngblip {0}}}", 1, "a page that was scanned and pasted"),
        (r"{\*\shppict{\pict\pngblip{\*\blipuid 0102}{0}}}", 1, "with an identifier before it"),
        (r"{\*\shppict{\pict\pngblip {0}}}{\nonshppict{\pict\pngblip {0}}}", 1, "two forms are one picture"),
        (r"{\pict\pngblip {1}}", 0, "near miss: a small one"),
    ],
)
def test_pictures_that_may_hold_text_are_counted(body: str, gaps: int, why: str) -> None:
    large, small = picture(900, 1200).hex(), picture(90, 120).hex()
    lines = "\n".join(large[at : at + 128] for at in range(0, len(large), 128))
    data = HEAD + r"words\par " + body.replace("{0}", lines).replace("{1}", small) + "}"
    segments, coverage = read_whole(Source.from_bytes(data.encode()))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR] * gaps, why
    assert [one.text for one in segments] == ["words"]


def test_a_file_that_was_dragged_in_is_opened_under_its_name() -> None:
    inside = b"Case notes of a person\r\n"
    native = b"\x02\x00notes.txt\0C:\\Users\\ann\\notes.txt\0\0\0\x03\0"
    path = b"C:\\Users\\ann\\notes.txt\0"
    native += len(path).to_bytes(4, "little") + path + len(inside).to_bytes(4, "little") + inside
    ole = b"\x01\x05\0\0\x02\0\0\0" + b"\x08\0\0\0Package\0" + bytes(8) + len(native).to_bytes(4, "little")
    segments, coverage = read_whole(
        Source.from_bytes((HEAD + r"x\par{\object{\*\objdata " + (ole + native).hex() + "}}}").encode())
    )
    assert coverage.status is Status.INSPECTED
    assert any(one.text == inside.decode().replace("\r\n", "\n") for one in segments)
    assert any(one.text == "notes.txt" for one in segments), "its name"


def test_hidden_stretches_of_different_places_do_not_become_one() -> None:
    segments = read(r"{\v 12345678}\par {\v 200000}{\footnote {\v 99}}\par")
    assert sorted(one.text for one in segments) == ["12345678", "200000", "99"]


@pytest.mark.parametrize(
    ("body", "text", "hidden"),
    [
        (r"{\shp{\*\shpinst{\sp{\sn wzDescription}{\sv the site plan}}}}", "the site plan", "alt text"),
        (r"{\shp{\*\shpinst{\sp{\sn gtextUNICODE}{\sv CONFIDENTIAL}}}}", "CONFIDENTIAL", ""),
        (r"{\shp{\*\shpinst{\sp{\sn pibName}{\sv C:\\ann\\x.png}}}}", r"C:\ann\x.png", "shape property"),
    ],
)
def test_words_of_shapes(body: str, text: str, hidden: str) -> None:
    assert [(one.text, one.hidden) for one in read(body)] == [(text, hidden)]


def test_two_forms_of_a_box_are_read_once() -> None:
    box = r"{\shp{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt one\par two\par}}"
    old = r"{\shprslt{\*\do\dptxbx{\dptxbxtext one\par two\par}\dpx1}}}\par"
    assert [(one.text, one.hidden) for one in read(box + old)] == [("one", ""), ("two", "")]
