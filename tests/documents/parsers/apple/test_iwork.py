"""iWork documents: parts packed and built here by the format's own rules, read whole."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

import pytest

from scanner.documents.model import Protection, Shortfall, Status
from scanner.documents.parsers.apple.protobuf import strings
from scanner.documents.parsers.apple.snappy import SnappyError, decompress
from tests.documents.parsers.reading import read, segment_with


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def message(*fields: tuple[int, int | str | bytes]) -> bytes:
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def to(number: int) -> bytes:
    """A reference to an object."""
    return message((1, number))


def iwa(*objects: tuple[int, int, bytes]) -> bytes:
    """A part with objects (number, kind, message), packed as literals in blocks of a few bytes."""
    content = b""
    for number, kind, body in objects:
        head = message((1, number), (2, message((1, kind), (3, len(body)))))
        content += varint(len(head)) + head + body
    out = b""
    for at in range(0, len(content), 1000):
        piece = content[at : at + 1000]
        block = varint(len(piece))
        for start in range(0, len(piece), 60):
            literal = piece[start : start + 60]
            block += bytes(((len(literal) - 1) << 2,)) + literal
        out += b"\0" + len(block).to_bytes(3, "little") + block
    return out


def document(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def cell(kind: int, flag: int, value: bytes) -> bytes:
    return struct.pack("<BB6xL", 5, kind, flag) + value


def decimal(number: int, exponent: int = 0) -> bytes:
    return (number | (exponent + 6176) << 113).to_bytes(16, "little")


def row(index: int, *cells: bytes, version: int = 6) -> bytes:
    starts = [sum(map(len, cells[:at])) if one else 0xFFFF for at, one in enumerate(cells)]
    offsets = struct.pack(f"<{len(starts)}H", *starts)
    return message((1, index), (version, b"".join(cells)), (version + 1, offsets))


def table(*rows: bytes, tile: int = 0) -> bytes:
    """A part with a sheet that is hidden, its table, the table's texts and its cells."""
    entries = [(3, message((1, key), (3, text))) for key, text in ((1, "Name"), (2, "NI number"), (3, "Ann"))]
    rich = (3, message((1, 1), (9, to(17))))
    store = message((3, message((1, message((1, tile), (2, to(14)))))), (4, to(15)), (17, to(16)))
    return iwa(
        (11, 2, message((1, "Kids"), (2, to(12)), (25, 1))),
        (12, 6000, message((2, to(13)))),
        (13, 6001, message((1, "0A"), (4, store), (8, "Staff"), (9, 1))),
        (14, 6002, message(*((5, one) for one in rows))),
        (15, 6005, message(*entries)),
        (16, 6005, message(rich)),
        (17, 6218, message((1, to(18)))),
        (18, 2001, message((3, "rich text"))),
    )


NAME, NUMBER = (cell(3, 8, struct.pack("<L", key)) for key in (1, 2))
ANN = cell(3, 8, struct.pack("<L", 3))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (cell(2, 1, decimal(9434765919)), "9434765919"),
        (cell(2, 1, decimal(943476591900, -2)), "9434765919"),
        (cell(10, 1, decimal(1250, -2)), "12.5"),
        (cell(2, 1, decimal(5)[:15] + bytes((decimal(5)[15] | 0x80,))), "-5"),
        (cell(2, 1, decimal(12, 6)), "12000000"),
        (cell(5, 4, struct.pack("<d", 86400.0)), "02/01/2001"),
        (cell(5, 4, struct.pack("<d", 86400.0 + 9.5 * 3600)), "02/01/2001 09:30"),
        (cell(6, 2, struct.pack("<d", 1.0)), "TRUE"),
        (cell(7, 2, struct.pack("<d", 90.0)), "90"),
        (cell(9, 16, struct.pack("<L", 1)), "rich text"),
        (cell(2, 1 | 8, decimal(7) + struct.pack("<L", 3)), "7"),
    ],
)
def test_cells_of_every_kind_are_read_in_their_rows(data: bytes, text: str) -> None:
    part = table(row(0, NAME, NUMBER), row(1, ANN, b"", data), tile=1)
    segments, coverage = read(document({"Index/Document.iwa": part}))
    assert coverage.status is Status.INSPECTED
    found = segment_with(segments, f"Ann\t{text}")
    assert found.location.parts[:2] == ('sheet "Kids" (hidden)', 'table "Staff"')
    assert (found.hidden, found.cells) == ("hidden sheet", ("A258", "C258"))
    assert found.fields[0].label == "Name"


def test_texts_are_whole_and_strings_of_unknown_objects_are_found() -> None:
    texts = iwa(
        (1, 2001, message((1, 2), (3, "Body with the wholetoken\nand a second line"))),
        (2, 99_999, message((4, message((7, message((2, "deeptoken £5"))))), (5, b"\x01\x02"))),
        (3, 99_998, message((1, "0123ABCD-0000-0000-0000-0123456789AB"), (2, "1" * 40))),
    )
    pictures = {"preview.jpg": b"\xff\xd8\xff", "preview-micro.jpg": b"\xff\xd8\xff"}
    segments, coverage = read(document({"Index/Slide-2.iwa": texts, **pictures}))
    assert (coverage.kind, coverage.status) == ("numbers", Status.INSPECTED)
    body = segment_with(segments, "wholetoken")
    assert (body.location.parts, body.hidden) == (("Slide-2",), "")
    other = segment_with(segments, "deeptoken")
    assert other.hidden == "other part"
    assert other.text == "deeptoken £5\n" + "1" * 40


def test_cells_as_older_versions_kept_them_are_told_as_not_read() -> None:
    part = table(row(0, NAME, version=3))
    segments, coverage = read(document({"Index/Document.iwa": part}))
    assert coverage.gaps[0].detail == "cells in the way of an older version"
    assert segment_with(segments, "NI number").hidden == "other part"


@pytest.mark.parametrize("damage", [b"\x01\0\0\0", b"\0\xff\xff\x00abc", b"\0\x03\0\0\x05\xf0\xf0"])
def test_a_damaged_part_is_told_and_the_others_are_read(damage: bytes) -> None:
    good = iwa((1, 2001, message((3, "goodtoken"))))
    segments, coverage = read(document({"Index/Bad.iwa": damage, "Index/Document.iwa": good}))
    assert segment_with(segments, "goodtoken")
    assert [(str(gap.location), gap.reason) for gap in coverage.gaps] == [("Bad", Shortfall.DAMAGED)]


def test_a_document_with_a_password_is_told_as_encrypted() -> None:
    parts = {"Index/Document.iwa": b"\x93\x11\x12\x13", ".iwpv2": b"\x02\0\x01\0" + bytes(60)}
    _, coverage = read(document(parts))
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.STRONG)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (b"\x05\x10hello", b"hello"),
        (b"\x0a\x04ab\x15\x02", None),  # ten promised, seven come
        (b"\x06\x04ab\x01\x02", b"ababab"),  # a copy that reaches into itself
        (b"\x08\x0cabcd\x0e\x04\x00", b"abcdabcd"),
        (b"\x08\x0cabcd\x0f\x04\x00\x00\x00", b"abcdabcd"),
        (b"\x03\xf0\x02abc", b"abc"),  # the length in a byte of its own
        (b"\x06\x04ab\x01\x03", None),  # a copy from before the start
        (b"\x05\x10hel", None),
        (b"", None),
        (b"\xff\xff\xff\xff\xff\xff", None),
    ],
)
def test_snappy(block: bytes, text: bytes | None) -> None:
    if text is None:
        with pytest.raises(SnappyError):
            decompress(block, 1000)
    else:
        assert decompress(block, 1000) == text


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (message((1, "Ann")), ["Ann"]),
        (message((2, message((1, "x" * 40)))), ["x" * 40]),  # its length byte is a character as well
        (message((3, 5), (4, "two\nlines")), ["two\nlines"]),
        (message((1, b"\xff\xfe\xfd")), []),
        (b"\x0a\x7fshort", []),
    ],
)
def test_strings_without_a_schema(data: bytes, found: list[str]) -> None:
    assert list(strings(data)) == found
