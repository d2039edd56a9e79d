"""Publisher documents: built by the layout of their stream of stories."""

from __future__ import annotations

import struct

import pytest

from scanner.documents import Shortfall, Status
from scanner.documents.parsers.office.compound_file import pack
from scanner.documents.parsers.office.publisher import PublisherParser
from tests.documents.parsers.legacy import characters_of, mutations
from tests.documents.parsers.reading import read, segment_with

LAST = 0xFFFFFFFF


def piece(name: bytes, begin: int, length: int) -> bytes:
    return struct.pack("<H4sHL4sLL", 0x18, name, 0, 0, name, begin, length)


def stories(*texts: str, chained: bool = False) -> bytes:
    """Fonts, then each text; the second of two lists of pieces where they are chained."""
    bodies = [text.encode("utf-16-le") for text in texts]
    start = 512
    pieces = [piece(b"FONT", 400, 20)]
    for body in bodies:
        pieces.append(piece(b"TEXT", start, len(body)))
        start += len(body)
    first, second = (pieces[:1], pieces[1:]) if chained else (pieces, [])
    head = b"CHNKINK ".ljust(0x18, b"\0")
    head += struct.pack("<HHL", 0, len(first), 0xA0 if chained else LAST) + b"".join(first)
    head = head.ljust(0xA0, b"\0")
    if chained:
        head += struct.pack("<HHL", 0, len(second), LAST) + b"".join(second)
    return head.ljust(400, b"\0") + b"A font of letters   ".ljust(112, b"\0") + b"".join(bodies)


def document(text: bytes, **others: bytes) -> bytes:
    streams = {
        ("Contents",): b"\0\1" * 50 + "Business nametoken".encode("utf-16-le") + bytes(60),
        ("Quill", "QuillSub", "CONTENTS"): text,
        ("Quill", "QuillSub", "\x01CompObj"): b"\1\0Quill96 Story Group Class\0",
        ("Escher", "EscherStm"): b"\0\1" * 20,
    }
    return pack({**streams, **{("Escher", name): data for name, data in others.items()}})


@pytest.mark.parametrize("chained", [False, True])
def test_stories_are_read_whole(chained: bool) -> None:
    made = document(stories("Ann’s storytoken\rA cell\r\n", "Bo\r\n", chained=chained))
    segments, coverage = read(made)
    assert (coverage.kind, coverage.status) == ("pub", Status.INSPECTED)
    told = segment_with(segments, "storytoken")
    assert (told.text, str(told.location), told.hidden) == ("Ann’s storytoken\nA cell\n", "text > line 1", "")
    assert any(one.text.strip() == "Bo" for one in segments)
    assert segment_with(segments, "nametoken").hidden == "other part"


def test_large_pictures_need_ocr() -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1000, 1000) + bytes(50)
    _, coverage = read(document(stories("Words"), EscherDelayStm=picture))
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.NEEDS_OCR]


@pytest.mark.parametrize("text", [b"", stories("Words lives here")[:520], b"CHNKINK " + bytes(600)])
def test_without_stories_it_is_read_in_part(text: bytes) -> None:
    _, coverage = read(document(text or b"\0"))
    assert coverage.gaps[-1].reason is Shortfall.UNSUPPORTED_KIND


def test_damaged_copies_raise_nothing_and_do_not_expand() -> None:
    parser = PublisherParser()
    for data in mutations(document(stories("Ann’s storytoken\rA cell\r\n", "Bo\r\n", chained=True)), 100):
        assert characters_of(parser, data) < 20 * len(data) + 100_000
