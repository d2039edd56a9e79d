"""Binary workbooks: cells as they are shown, hidden places, and strings in parts that are only searched."""

from __future__ import annotations

import contextlib
import io
import re
import struct
from pathlib import Path

import pytest

from scanner.documents.model import Shortfall, Status
from scanner.documents.parsers.sheets.xlsb import XlsbParser, records, strings_in
from scanner.documents.places import place
from tests.documents.parsers.legacy import SHARED, characters_of, mutations
from tests.documents.parsers.reading import pack, read, relationships, segment_with, unpack


def rec(kind: int, body: bytes = b"") -> bytes:
    head = bytes((kind,)) if kind < 0x80 else bytes((kind & 0x7F | 0x80, kind >> 7))
    length = b""
    size = len(body)
    while True:
        length += bytes((size & 0x7F | (0x80 if size > 0x7F else 0),))
        size >>= 7
        if not size:
            return head + length + body


def wide(value: str) -> bytes:
    return struct.pack("<L", len(value)) + value.encode("utf-16-le")


def cell(kind: int, column: int, value: bytes, style: int = 0) -> bytes:
    return rec(kind, struct.pack("<LL", column, style) + value)


def row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    return rec(0, struct.pack("<LLHBB", number, 0, 300, 0, 0x10 if hidden else 0) + bytes(5)) + b"".join(
        cells
    )


def sheet(*parts: bytes) -> bytes:
    return rec(129) + b"".join(parts) + rec(130)


CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.bin"'
    ' ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
)


def formula(value: str) -> bytes:
    """A formula that is nothing but a text: its tokens behind their length, and no arrays."""
    tokens = b"\x17" + struct.pack("<H", len(value)) + value.encode("utf-16-le")
    return struct.pack("<L", len(tokens)) + tokens + bytes(4)


def parts() -> dict[str, str | bytes]:
    """A workbook with a shown, a hidden and a stray sheet, comments, caches and names."""
    formats = rec(44, struct.pack("<H", 164) + wide("00000000"))
    fonts = rec(43, bytes(12) + b"\x07\x01\0\0\0\0\0\xff") + rec(
        43, bytes(12) + b"\x05\xff\0\0\xff\xff\xff\xff"
    )
    fills = rec(45, bytes(68))
    formats_of_cells = b"".join(
        rec(47, struct.pack("<HHHH", 0, form, font, 0) + bytes(8))
        for form, font in ((0, 0), (164, 0), (14, 0), (0, 1))
    )
    first = sheet(
        rec(60, struct.pack("<LLLLH", 3, 3, 2000, 0, 1)),
        row(
            0,
            *(
                cell(6, index, wide(text))
                for index, text in enumerate(("Name", "Account no", "Born", "Salary"))
            ),
        ),
        row(
            1,
            cell(7, 0, struct.pack("<L", 0)),
            cell(2, 1, struct.pack("<L", 2 + (1234567 << 2)), 1),
            cell(5, 2, struct.pack("<d", 28916.0), 2),
            cell(2, 3, struct.pack("<L", 2 + (31415 << 2))),
        ),
        row(2, cell(6, 0, wide("hiddenrowtoken")), hidden=True),
        row(
            3,
            cell(6, 0, wide("whitetoken"), 3),
            cell(8, 1, wide("cachedtoken") + b"\0\0" + formula("formulaliteral")),
            cell(9, 2, struct.pack("<d", 77001234599.0) + bytes(6)),
            cell(4, 3, b"\1"),
        ),
        rec(479, b"\0\0" + wide("&Lheadertoken") + wide("&CPage &P footertoken")),
        rec(64, bytes(12) + wide("prompttoken") + b"\x17\x09\0" + "listtoken".encode("utf-16-le")),
    )
    return {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": relationships(("r1", "officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": rec(131)
        + rec(153, bytes(8))
        + rec(156, struct.pack("<LL", 0, 1) + wide("rId1") + wide("Staff"))
        + rec(156, struct.pack("<LL", 2, 2) + wide("rId2") + wide("Kids"))
        + rec(
            39,
            struct.pack("<LBL", 0, 0, 0) + wide("Manager") + formula("nametoken"),
        )
        + rec(132),
        "xl/_rels/workbook.bin.rels": relationships(
            ("rId1", "worksheet", "worksheets/sheet1.bin"), ("rId2", "worksheet", "worksheets/sheet2.bin")
        ),
        "xl/worksheets/sheet1.bin": first,
        "xl/worksheets/sheet2.bin": sheet(row(13, cell(6, 2, wide("hiddensheettoken")))),
        "xl/worksheets/sheet3.bin": sheet(row(0, cell(6, 0, wide("straytoken")))),
        "xl/worksheets/_rels/sheet1.bin.rels": relationships(
            ("r1", "comments", "../comments1.bin"), ("r2", "hyperlink", "mailto:linktoken@example.org")
        ),
        "xl/comments1.bin": rec(628)
        + rec(632, wide("Commenter Ctoken"))
        + rec(635, struct.pack("<LLLLL", 0, 1, 1, 0, 0) + bytes(16))
        + rec(637, b"\0" + wide("commenttoken")),
        "xl/sharedStrings.bin": rec(159, bytes(8))
        + rec(19, b"\0" + wide("Ann Example"))
        + rec(19, b"\0" + wide("orphantoken")),
        "xl/styles.bin": rec(278) + formats + fonts + fills + rec(617) + formats_of_cells + rec(618),
        "xl/pivotCache/pivotCacheDefinition1.bin": rec(179)
        + rec(183, bytes(20) + wide("NINO"))
        + rec(24, wide("pivottoken"))
        + rec(21, struct.pack("<d", 27182.0))
        + rec(25, struct.pack("<HHBBBB", 1981, 4, 3, 0, 0, 0)),
        "xl/externalLinks/externalLink1.bin": rec(360)
        + rec(358, struct.pack("<L", 1) + wide("Payroll"))
        + rec(363, bytes(5))
        + rec(366, struct.pack("<L", 6))
        + rec(371, struct.pack("<L", 1) + wide("externtoken"))
        + rec(368, struct.pack("<Ld", 2, 4505577104.0))
        + rec(364)
        + rec(361),
    }


@pytest.mark.parametrize(
    ("token", "where", "hidden"),
    [
        ("Ann Example", 'sheet "Staff" > A2', ""),
        ("01234567", 'sheet "Staff" > B2', ""),
        ("02/03/1979", 'sheet "Staff" > C2', ""),
        ("31415", 'sheet "Staff" > D2', "hidden column"),
        ("hiddenrowtoken", 'sheet "Staff" > A3', "hidden row"),
        ("whitetoken", 'sheet "Staff" > A4', "white text"),
        ("cachedtoken", 'sheet "Staff" > B4', ""),
        ("formulaliteral", 'sheet "Staff" > B4', "text in a formula"),
        ("77001234599", 'sheet "Staff" > C4', ""),
        ("headertoken", 'sheet "Staff" > header', ""),
        ("footertoken", 'sheet "Staff" > footer', ""),
        ("prompttoken", 'sheet "Staff" > validation', "validation message"),
        ("listtoken", 'sheet "Staff" > validation', "validation list"),
        ("hiddensheettoken", 'sheet "Kids" (very hidden) > C14', "very hidden sheet"),
        ("straytoken", 'unreferenced sheet "sheet3.bin" > A1', "unreferenced part"),
        ("commenttoken", 'sheet "Staff" > comment on A2', "comment"),
        ("Commenter Ctoken", 'sheet "Staff" > author', "author of a comment"),
        ("linktoken", 'sheet "Staff" > link', "link target"),
        ("orphantoken", "shared strings", "orphaned shared string"),
        ("pivottoken", 'pivot cache 1 > field "NINO"', "pivot cache"),
        ("externtoken", "external link 1 > Payroll > B7", "external link cache"),
        ("4505577104", "external link 1 > Payroll > C7", "external link cache"),
    ],
)
def test_places(token: str, where: str, hidden: str) -> None:
    segments, _ = read(pack(parts()))
    segment = segment_with(segments, token)
    at = segment.text.index(token)
    reason = segment.hidden
    if segment.hidden_fields:
        reason = segment.hidden_fields[[item.start for item in segment.fields].index(at)]
    location = place(segment, at) if segment.cells else segment.location
    assert (str(location), reason) == (where, hidden)


def test_names_rows_and_caches_are_labelled() -> None:
    segments, coverage = read(pack(parts()))
    heads = [item.label for item in segment_with(segments, "01234567").fields]
    assert heads == ["Name", "Account no", "Born", "Salary"]
    assert segment_with(segments, "nametoken").hidden == "defined name"
    cache = [segment.text for segment in segments if segment.hidden == "pivot cache"]
    assert cache == ["pivottoken", "27182", "03/04/1981"]
    assert coverage.status is Status.INSPECTED


def cache(rows: bytes) -> dict[str, bytes]:
    """A pivot cache of five columns: items by their number, numbers, dates, texts, and a calculated one."""

    def column(name: str, flags: int, *items: bytes, source: int = 4) -> bytes:
        return (
            rec(183, bytes((source,)) + bytes(19) + wide(name))
            + rec(189, struct.pack("<HL", flags, len(items)))
            + b"".join(items)
            + rec(190)
            + rec(184)
        )

    names = rec(191, struct.pack("<HL", 2, 2) + wide("Osei") + wide("gone"))
    run = column("Name", 0x0B, names).replace(struct.pack("<HL", 0x0B, 1), struct.pack("<HL", 0x0B, 2))
    definition = (
        rec(179)
        + run
        + column("NHS No", 0xC2)
        + column("Born", 0x04)
        + column("Note", 0x0B)
        + column("Month", 0x0B, rec(24, wide("grouptoken")), source=0)
    )
    return {
        **{name: part if isinstance(part, bytes) else part.encode() for name, part in parts().items()},
        "xl/pivotCache/pivotCacheDefinition1.bin": definition,
        "xl/pivotCache/pivotCacheRecords1.bin": rec(193, bytes(4)) + rows + rec(194),
        "xl/pivotCache/_rels/pivotCacheDefinition1.bin.rels": relationships(
            ("r1", "pivotCacheRecords", "pivotCacheRecords1.bin")
        ).encode(),
    }


BORN = struct.pack("<HHBBBB", 1979, 3, 2, 0, 0, 0)
RECORD = struct.pack("<Ld", 0, 4505577104.0) + BORN + wide("called")
WHOLE, LONGER = rec(33, RECORD), rec(33, RECORD + bytes(3))


@pytest.mark.parametrize(
    ("rows", "values", "gap"),
    [
        (WHOLE, ["Osei", "4505577104", "02/03/1979", "called"], False),
        (
            rec(34) + rec(26, bytes(4)) + rec(21, struct.pack("<d", 4505577104.0)) + rec(25, BORN) + rec(20),
            ["Osei", "4505577104", "02/03/1979", ""],
            False,
        ),
        (LONGER, None, True),  # does not end where its columns do
    ],
)
def test_records_of_pivot_caches(rows: bytes, values: list[str] | None, gap: bool) -> None:
    segments, coverage = read(pack(cache(rows)))
    found = [one for one in segments if str(one.location) == "pivot cache 1 > record 1"]
    assert bool(coverage.gaps) is gap
    if values is None:
        assert [one.text for one in found] == ["called"]
        return
    assert [one.text.split("\t") for one in found] == [values]
    assert [item.label for item in found[0].fields] == ["Name", "NHS No", "Born", "Note"]
    assert segment_with(segments, "gone").hidden == "pivot cache"  # an item that no record uses
    assert str(segment_with(segments, "grouptoken").location) == 'pivot cache 1 > field "Month"'


def short(kind: int, value: bytes = b"", style: int = 0) -> bytes:
    return rec(kind, struct.pack("<L", style) + value)


@pytest.mark.parametrize(
    ("text", "cell_of_it"),
    [
        ("shortinline", "B4"),
        ("01234567", "C4"),
        ("Sharon Shared", "D4"),
        ("28916", "F4"),
        ("behindablank", "H4"),
        ("TRUE", "I4"),
    ],
)
def test_cells_without_a_column_stand_behind_the_cell_before(text: str, cell_of_it: str) -> None:
    changed = parts()
    changed["xl/worksheets/sheet1.bin"] = sheet(
        row(
            3,
            cell(6, 0, wide("first")),
            short(17, wide("shortinline")),
            short(13, struct.pack("<L", 2 + (1234567 << 2)), 1),
            short(18, struct.pack("<L", 0)),
            short(14, b"\x2a"),
            short(16, struct.pack("<d", 28916.0)),
            short(12),
            short(17, wide("behindablank")),
            short(15, b"\1"),
        )
    )
    first = rec(159, struct.pack("<LL", 1, 1)) + rec(19, b"\0" + wide("Sharon Shared")) + rec(160)
    changed["xl/sharedStrings.bin"] = first
    segments, _ = read(pack(changed))
    segment = segment_with(segments, "shortinline")
    assert str(place(segment, segment.text.index(text))).endswith(f"> {cell_of_it}")


def test_a_workbook_without_caches_is_read_wholly() -> None:
    without = {name: data for name, data in parts().items() if "Link" not in name}
    _, coverage = read(pack(without))
    assert coverage.status is Status.INSPECTED, coverage.gaps


@pytest.mark.parametrize(
    ("part", "cut"),
    [("xl/worksheets/sheet1.bin", 250), ("xl/sharedStrings.bin", 20), ("xl/workbook.bin", 40)],
)
def test_parts_that_break_off_are_damage_and_the_rest_is_read(part: str, cut: int) -> None:
    changed = parts()
    data = changed[part]
    assert isinstance(data, bytes)
    changed[part] = data[:cut]
    segments, coverage = read(pack(changed))
    assert Shortfall.DAMAGED in {gap.reason for gap in coverage.gaps}
    assert segment_with(segments, "commenttoken")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\1\2\3" + wide("one") + b"\0" + wide("two words"), ["one", "two words"]),
        (wide("rId12"), []),
        (struct.pack("<L", 1 << 30) + b"abc", []),
        (bytes(100), []),
        (b"\xff" * 70_000 + "long enough".encode("utf-16-le"), ["long enough"]),
    ],
)
def test_strings_behind_lengths(body: bytes, expected: list[str]) -> None:
    assert strings_in(body) == expected


def test_lengths_that_lie_end_the_part() -> None:
    assert list(records(b"\x07\xff\xff\xff\x7fabc")) == [(7, 5, 3)]
    assert list(records(b"\x07")) == [(7, 1, 0)]


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = XlsbParser()
    base = unpack(pack(parts()))
    names = sorted(name for name in base if name.endswith(".bin"))
    for number, damaged in enumerate(mutations(b"".join(base[name] for name in names), 200)):
        name = names[number % len(names)]
        mutated = base | {name: damaged[: len(base[name]) * 2]}
        assert characters_of(parser, pack(mutated)) < 100_000


_WORD = re.compile(r"\w+")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no folder of shared documents beside the repository")
@pytest.mark.parametrize("path", sorted((SHARED / "calamine").rglob("*.xlsb")), ids=lambda path: path.name)
def test_texts_that_another_reader_finds_are_found(path: Path) -> None:
    pyxlsb = pytest.importorskip("pyxlsb", reason="pyxlsb is not installed")
    segments, _ = read(path.read_bytes())
    theirs: set[str] = set()
    with contextlib.suppress(Exception), pyxlsb.open_workbook(io.BytesIO(path.read_bytes())) as book:
        for name in book.sheets:
            with book.get_sheet(name) as one:
                for cells in one.rows():
                    theirs.update(
                        word for item in cells if isinstance(item.v, str) for word in _WORD.findall(item.v)
                    )
    ours = {word for segment in segments for word in _WORD.findall(segment.text)}
    errors = {
        "N",
        "A",
        "REF",
        "VALUE",
        "DIV",
        "0",
        "NAME",
        "NULL",
        "NUM",
        "0x7",
        "0x2a",
        "0x17",
        "0xf",
        "0x1d",
    }
    assert not theirs - ours - errors
