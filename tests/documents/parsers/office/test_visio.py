"""Legacy Visio drawings: a tree of streams built by its layout."""

from __future__ import annotations

import struct

import pytest

from scanner.documents import Shortfall, Status
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.parsers.office.visio import VisioParser, unpacked
from tests.documents.parsers.legacy import characters_of, mutations
from tests.documents.parsers.reading import read, segment_with

CHUNKS, POINTERS, TRAILER = 0xD4, 0x54, 0x14
Node = tuple[int, int, bytes]


def chunk(kind: int, body: bytes, level: int = 2) -> bytes:
    return struct.pack("<LLLLHB", kind, 1, 0, len(body), level, 0) + body


def text(words: str, version: int = 11) -> bytes:
    return chunk(0x0E, bytes(8) + (words + "\n\0").encode("utf-16-le" if version == 11 else "cp1252"))


def packed(data: bytes) -> bytes:
    """All letters as they are: eight behind each byte of flags."""
    return b"".join(b"\xff" + data[at : at + 8] for at in range(0, len(data), 8))


def drawing(*streams: bytes, version: int = 11, pack_them: bool = False) -> bytes:
    """A trailer that points to a list, which points to the streams."""
    out = bytearray(0x100)
    struct.pack_into("<H", out, 0x1A, version)

    def put(kind: int, form: int, content: bytes) -> tuple[int, int, int, int, int]:
        if pack_them:
            form |= 2
            content = packed(bytes(4) + content)
        out.extend(content)
        return kind, 0, len(out) - len(content), len(content), form

    def listing(*pointers: tuple[int, int, int, int, int]) -> bytes:
        head = struct.pack("<LLLL", 8, 0, len(pointers), 0)
        return head + b"".join(struct.pack("<LLLLH", *pointer) for pointer in pointers)

    leaves = [put(0x15, CHUNKS, stream) for stream in streams]
    inner = put(0x18, POINTERS, listing(*leaves))
    struct.pack_into("<LLLLH", out, 0x24, *put(TRAILER, POINTERS, listing(inner)))
    return bytes(out)


def document(data: bytes, **streams: bytes) -> bytes:
    return pack({("VisioDocument",): data, **{(name,): content for name, content in streams.items()}})


@pytest.mark.parametrize("pack_them", [False, True])
@pytest.mark.parametrize("version", [6, 11])
def test_texts_of_shapes_are_read(version: int, pack_them: bool) -> None:
    first = chunk(0x46, bytes(30)) + text("Ann nametoken", version) + chunk(0x47, bytes(9))
    made = drawing(first, text("Bo", version), version=version, pack_them=pack_them)
    segments, coverage = read(document(made))
    assert (coverage.kind, coverage.status) == ("vsd", Status.INSPECTED)
    assert [one.text for one in segments[:2]] == ["Ann nametoken", "Bo"]
    assert (str(segments[0].location), segments[0].hidden) == ("text 1", "")


def test_other_strings_are_found_and_told_as_hidden() -> None:
    names = chunk(0x90, b"\1\2" + "Page of the nametoken".encode("utf-16-le") + bytes(8))
    segments, _ = read(document(drawing(names, text("Shape"))))
    assert segment_with(segments, "nametoken").hidden == "other part"


def test_large_objects_go_on_in_further_streams() -> None:
    content = b"embeddedtoken lives here. " * 900
    names = b"\x02\0note.txt\0C:\\note.txt\0" + struct.pack("<HHL", 0, 3, 4) + b"C:\\\0"
    native = names + struct.pack("<L", len(content)) + content
    inside = pack({("\x01Ole10Native",): struct.pack("<L", len(native)) + native})
    pieces = [inside[at : at + 8_192] for at in range(0, len(inside), 8_192)]
    assert len(pieces) > 2
    streams = [struct.pack("<L", len(piece)) + piece for piece in pieces]
    segments, coverage = read(document(drawing(*streams, text("Shape"))))
    assert coverage.status is Status.INSPECTED
    found = [one for one in segments if one.location.parts[0] == 'embedded file "note.txt"']
    assert sum(one.text.count("embeddedtoken") for one in found) == 900


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (drawing(text("Total \ufffc")), Shortfall.UNSUPPORTED_KIND),  # a value that is not told
        (drawing(text("\x1e", version=6), version=6), Shortfall.UNSUPPORTED_KIND),
        (drawing(text("Shape"), version=5), Shortfall.UNSUPPORTED_KIND),
        (drawing(text("Shape"))[:-30], Shortfall.DAMAGED),
        (bytes(20), Shortfall.UNSUPPORTED_KIND),
    ],
)
def test_what_is_not_read_is_told(data: bytes, reason: Shortfall) -> None:
    _, coverage = read(document(data))
    assert reason in [gap.reason for gap in coverage.gaps]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (b"\x07abc", b"abc"),
        (
            b"\x07abc" + bytes(((4096 - 18) & 0xFF, ((4096 - 18) >> 8) << 4)),
            b"abcabc",
        ),  # place 0 of the window
        (b"\x01a\xee\xf0", b"aaaa"),  # a copy that reaches into itself
        (b"\x00\x00\x00", b"\0\0\0"),  # from before the start: zeros
        (b"\x01a\xee", b"a"),
        (b"", b""),
    ],
)
def test_unpacking(block: bytes, text: bytes) -> None:
    assert unpacked(block) == text


def test_pointers_to_themselves_end() -> None:
    data = bytearray(0x100)
    struct.pack_into("<H", data, 0x1A, 11)
    struct.pack_into("<LLLLH", data, 0x24, TRAILER, 0, 0x80, 0x40, POINTERS)
    struct.pack_into("<LLLL", data, 0x80, 8, 0, 2, 0)
    for number in range(2):
        struct.pack_into("<LLLLH", data, 0x90 + 18 * number, 0x18, 0, 0x80, 0x40 - number, POINTERS)
    segments, _ = read(document(bytes(data)))
    assert not segments


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = VisioParser()
    for data in mutations(document(drawing(text("Ann"), text("Bo"), pack_them=True)), 100):
        assert characters_of(parser, data) < 40 * len(data) + 100_000
