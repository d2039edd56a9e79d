"""TNEF: texts of the message, attachments, recipients; real files of another project where they are."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from scanner.documents import Coverage, Source, Status, read_document
from scanner.documents.parsers.mail.compressed_rtf import CompressedRtfError, decompress
from tests.documents.parsers.reading import read, segment_with

SAMPLES = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "documents" / "tnefparse"


def attribute(level: int, identifier: int, data: bytes) -> bytes:
    return (
        struct.pack("<BHHI", level, identifier, 6, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    )


def prop(kind: int, identifier: int, data: bytes) -> bytes:
    return struct.pack("<HHII", kind, identifier, 1, len(data)) + data + b"\0" * (-len(data) % 4)


def properties(*given: bytes) -> bytes:
    return struct.pack("<I", len(given)) + b"".join(given)


def wide(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def stream(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


RTF = b"{\\rtf1 Tokenrtf body}"
MESSAGE = stream(
    attribute(1, 0x8004, b"Tokensubject\0"),
    attribute(
        1,
        0x9003,
        properties(
            prop(0x1F, 0x1000, wide("Tokenbody in Unicode, Zoë")),
            prop(0x1E, 0x0C1F, b"tokensender@example.org\0"),
            prop(0x1F, 0x3A17, wide("Tokentitle")),
            struct.pack("<HHI", 3, 0x0E07, 1),
            prop(0x102, 0x1009, struct.pack("<III4s", len(RTF) + 12, len(RTF), 0x414C454D, b"crc4") + RTF),
        ),
    ),
    attribute(
        1, 0x9004, struct.pack("<I", 1) + properties(prop(0x1F, 0x3003, wide("tokenrecipient@example.org")))
    ),
    attribute(2, 0x9002, b"\0" * 14),
    attribute(2, 0x8010, b"SHORT~1.TXT\0"),
    attribute(2, 0x800F, b"Tokenattached text\n"),
    attribute(2, 0x9005, properties(prop(0x1F, 0x3707, wide("Long name of Tokenname.txt")))),
)


@pytest.mark.parametrize(
    ("token", "place", "hidden"),
    [
        ("Tokensubject", "message > subject", ""),
        ("Tokenbody in Unicode, Zoë", "message > body", ""),
        ("tokensender@", "message > sender address", ""),
        ("Tokentitle", "message > property 0x3A17", "message property"),
        ("Tokenrtf", "message > body (RTF) > paragraph 1", ""),
        ("tokenrecipient@", "recipient 1 > address", ""),
        ("Tokenattached", 'attachment 1 "Long name of Tokenname.txt" > line 1', ""),
        ("Tokenname", 'attachment 1 "Long name of Tokenname.txt" > file name', ""),
    ],
)
def test_every_place(token: str, place: str, hidden: str) -> None:
    segments, coverage = read(MESSAGE)
    assert (coverage.kind, coverage.status) == ("tnef", Status.INSPECTED)
    found = segment_with(segments, token)
    assert (str(found.location), found.hidden) == (place, hidden)


def test_an_embedded_message_is_read() -> None:
    inner = b"\0" * 16 + MESSAGE
    outer = stream(
        attribute(2, 0x9002, b"\0" * 14),
        attribute(2, 0x9005, properties(prop(0x0D, 0x3701, inner), prop(0x1F, 0x3001, wide("forwarded")))),
    )
    segments, coverage = read(outer)
    assert coverage.status is Status.INSPECTED
    assert (
        str(segment_with(segments, "Tokensubject").location) == 'attachment 1 "forwarded" > message > subject'
    )


FIRST = len(stream(attribute(1, 0x8004, b"Tokensubject\0")))


@pytest.mark.parametrize("end", [8, FIRST + 1, FIRST + 10, 60, 200, len(MESSAGE) - 30])
def test_cut_off_streams_say_so(end: int) -> None:
    _, coverage = read(MESSAGE[:end])
    assert coverage.status is not Status.INSPECTED


def test_huge_counts_cost_nothing() -> None:
    bad = stream(
        attribute(1, 0x9003, struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 0x101E, 0x37, 0xFFFFFFF0))
    )
    began = time.process_time()
    _, coverage = read(bad)
    assert coverage.gaps
    assert time.process_time() - began < 5


def test_compressed_rtf() -> None:
    """The examples of MS-OXRTFCP, sections 4.1.1 and 4.1.2: plain matches, and a reference to itself."""
    first = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    second = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompress(first, 1_000) == (b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", True)
    assert decompress(second, 1_000)[0] == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    with pytest.raises(CompressedRtfError):
        decompress(b"not compressed at all", 1_000)


RTF = b"{\\rtf1 stored as it is}"


@pytest.mark.parametrize(
    ("size", "raw_size", "whole"),
    [
        (12, 0, True),  # as the format says
        (12, 12, True),  # the head is counted into the second length as well
        (12, 40, True),
        (50, 40, False),  # both lengths say that there was more
    ],
)
def test_rtf_that_is_stored(size: int, raw_size: int, whole: bool) -> None:
    head = struct.pack("<LLLL", len(RTF) + size, len(RTF) + raw_size, 0x414C454D, 0)
    assert decompress(head + RTF, 1_000) == (RTF, whole)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no folder of shared documents beside the repository")
def test_real_files_and_their_mutations_end_with_a_coverage() -> None:
    chance = random.Random(3)
    files = sorted(SAMPLES.rglob("*.tnef"))
    assert len(files) >= 15
    for path in files:
        plain = path.read_bytes()
        for turn in range(4):
            data = bytearray(plain)
            for _ in range(turn * 5):
                data[chance.randrange(len(data))] = chance.randrange(256)
            *_, last = read_document(Source.from_bytes(bytes(data), path.name))
            assert isinstance(last, Coverage)


@pytest.mark.parametrize(
    ("data", "whole", "why"),
    [
        (MESSAGE, True, "as written"),
        (MESSAGE.replace(b"Tokenattached", b"Tokenatt\0ched"), False, "zeros in an attachment"),
        (MESSAGE.replace(b"Tokenattached", b"Tokenattachde"), True, "the sum is the same: nobody can tell"),
    ],
)
def test_check_sums(data: bytes, whole: bool, why: str) -> None:
    *_, coverage = read_document(Source.from_bytes(data, "winmail.dat"))
    assert isinstance(coverage, Coverage)
    assert (coverage.status is Status.INSPECTED) == whole, why
