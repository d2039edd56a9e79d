"""Embedded OLE objects: the file inside its wrapper."""

from __future__ import annotations

import struct

import pytest

from scanner.documents.model import Location
from scanner.documents.parsers.office import ole_object
from scanner.documents.protocol import Member

PLACE = Location(('embedded file "oleObject1.bin"',))


def compound_file(name: str, content: bytes) -> bytes:
    """A minimal OLE file (version 3, 512-byte sectors) with one stream of at least 4,096 bytes."""
    content = content.ljust(4096, b"\0")
    sectors = -(-len(content) // 512)
    end, free, special = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    table = [special, end] + [n + 1 for n in range(2, 1 + sectors)] + [end]
    fat = b"".join(struct.pack("<L", value) for value in table).ljust(512, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<LLLLLLLLL", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<L", 0) + struct.pack("<L", free) * 108

    def entry(label: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = label.encode("utf-16-le") + b"\0\0"
        record = text.ljust(64, b"\0") + struct.pack("<HBBLLL", len(text), kind, 1, free, free, child)
        return record + bytes(36) + struct.pack("<LQ", start, size)

    root = entry("Root Entry", 5, 1, end, 0)
    stream = entry(name, 2, free, 2, len(content))
    directory = (root + stream).ljust(512, b"\0")
    return header + fat + directory + content.ljust(sectors * 512, b"\0")


def native(label: bytes, path: bytes, content: bytes) -> bytes:
    body = b"\x02\0" + label + b"\0" + path + b"\0" + b"\0\0\x03\0"
    body += struct.pack("<L", len(path) + 1) + path + b"\0" + struct.pack("<L", len(content)) + content
    return struct.pack("<L", len(body)) + body


def test_file_of_another_program_comes_out_with_its_label() -> None:
    data = compound_file("\x01Ole10Native", native(b"case.txt", b"C:\\Users\\someone\\case.txt", b"inside"))
    assert ole_object.members(data, "oleObject1.bin", PLACE) == [
        Member("case.txt", b"inside", Location(('embedded file "case.txt"',)))
    ]


@pytest.mark.parametrize("content", [b"BM picture of Paint", b"x", b"\xff" * 30])
def test_content_without_a_label_is_all_of_the_stream(content: bytes) -> None:
    data = compound_file("\x01Ole10Native", struct.pack("<L", len(content)) + content)
    (member,) = ole_object.members(data, "oleObject1.bin", PLACE)
    assert (member.name, member.content) == ("oleObject1.bin", content)


def test_package_of_office_comes_out() -> None:
    data = compound_file("Package", b"PK\x03\x04 and so on")
    (member,) = ole_object.members(data, "oleObject1.bin", PLACE)
    assert isinstance(member.content, bytes)
    assert member.content.startswith(b"PK\x03\x04 and so on")


def test_other_objects_are_handed_on_whole() -> None:
    data = compound_file("WordDocument", b"text")
    assert ole_object.members(data, "oleObject1.bin", PLACE) == [Member("oleObject1.bin", data, PLACE)]


def test_what_is_no_ole_file_is_handed_on() -> None:
    assert ole_object.members(b"PK\x03\x04", "a.xlsx", PLACE) == [Member("a.xlsx", b"PK\x03\x04", PLACE)]


def test_damaged_object_is_handed_on() -> None:
    data = compound_file("\x01Ole10Native", b"\xff" * 30)[:900]
    assert ole_object.members(data, "oleObject1.bin", PLACE) == [Member("oleObject1.bin", data, PLACE)]
