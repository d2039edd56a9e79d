"""Documents of Write, Word 1 and 2, and WordPerfect: text, accents, notes, passwords, damage."""

from __future__ import annotations

import struct

import pytest

from scanner.documents.model import Protection, Shortfall, Status
from tests.documents.parsers.reading import read


def word_2(text: bytes, flags: int = 0, behind: bytes = b"") -> bytes:
    head = bytearray(0x180)
    struct.pack_into("<HHHHHH", head, 0, 0xA5DB, 45, 0x4031, 0x0809, 0, flags)
    struct.pack_into("<LL", head, 0x18, len(head), len(head) + len(text))
    return bytes(head) + text + behind


def write(text: bytes, *, windows: bool = True) -> bytes:
    head = bytearray(128)
    head[:6] = b"\x31\xbe\0\0\0\xab"
    struct.pack_into("<L", head, 14, 128 + len(text))
    struct.pack_into("<H", head, 96, 9 if windows else 0)
    return bytes(head) + text


def perfect(
    text: bytes, version: int, prefix: bytes = b"", index: int = 0, locked: int = 0, kind: int = 10
) -> bytes:
    begin = 16 + len(prefix)
    return b"\xffWPC" + struct.pack("<LBBBBHH", begin, 1, kind, version, 1, locked, index) + prefix + text


@pytest.mark.parametrize(
    ("data", "texts", "why"),
    [
        (word_2(b"Dear Ann\x92s aunt\rCost \xa35\rA\tB\r"), ["Dear Ann’s aunt", "Cost £5", "A\tB"], "Word 2"),
        (word_2(b"See \x13 PAGE \x1412\x15.\r"), ["See 12."], "the result of a field"),
        (write(b"Dear Ann\x92s aunt\r\nCost \xa35\r\n"), ["Dear Ann’s aunt", "Cost £5"], "Write"),
        (write(b"Caf\x82 \x9c5\r\n", windows=False), ["Café £5"], "Word for DOS"),
        (
            write(b"words\r\n" + bytes(range(32)) * 9 + b"\r\nmore\r\n"),
            ["words", "more"],
            "a picture between",
        ),
    ],
)
def test_early_word(data: bytes, texts: list[str], why: str) -> None:
    segments, coverage = read(data)
    assert [one.text for one in segments] == texts, why
    assert (coverage.kind, coverage.status) == ("word-early", Status.INSPECTED)


NOTE = struct.pack("<HLL", 1, 10, 8) + b"A\x80note."
ENTRY = struct.pack("<BBHHLL", 0, 8, 1, 0, len(NOTE), 44)
INDEX = struct.pack("<HHHHHL", 2, 2, 0, 0, 0, 0) + ENTRY
BODY = b"\0\0\0A footnote of hers\0"
FUNCTION = b"\xd6\0" + struct.pack("<H", len(BODY)) + BODY


@pytest.mark.parametrize(
    ("data", "texts", "why"),
    [
        (
            perfect(b"Dear\x80Ann\xccNI\x80no\x81QQ123456C\xcc", 2),
            ["Dear Ann", "NI no\xa0QQ123456C"],
            "6: blanks",
        ),
        (perfect(b"QQ\xf2\x0c\xf2123456\xf3\x0c\xf3C", 2), ["QQ123456C"], "6: bold in a number"),
        (
            perfect(b"Caf\xf0\x29\x01\xf0\x80\xf0\x0b\x04\xf05\x80caf\x0f", 2),
            ["Café £5 café"],
            "6: other characters",
        ),
        (perfect(b"a\xd0\x01\x0a\0\0\0\0\0\0\xd0b\xd4\x1a\x0a\0XXX\0\0\xd4c", 2), ["a bc"], "6: functions"),
        (
            perfect(b"12345678\xd0\x0a\x0a\0\0\0\0\0\0\xd0200000", 2),
            ["12345678\t200000"],
            "6: cells stay apart",
        ),
        (perfect(b"body", 2, INDEX + NOTE, 16), ["body", "A note."], "6: a note in a packet"),
        (
            perfect(b"Dear Ann\nNI no\xa0QQ123456C\rnext\n", 0),
            ["Dear Ann", "NI no\xa0QQ123456C next"],
            "5: ends",
        ),
        (
            perfect(b"QQ\xc3\x0c\xc3123456\xc4\x0c\xc4C \xc0\x29\x01\xc0", 0),
            ["QQ123456C é"],
            "5: bold, accents",
        ),
        (perfect(b"a" + FUNCTION + b"b", 0), ["ab", "A footnote of hers"], "5: a note"),
    ],
)
def test_wordperfect(data: bytes, texts: list[str], why: str) -> None:
    segments, coverage = read(data)
    assert [one.text for one in segments] == texts, why
    assert [gap.reason for gap in coverage.gaps] == [Shortfall.UNSUPPORTED_KIND], "no promise that it is all"


@pytest.mark.parametrize("data", [word_2(b"\x12\x34", 0x0100), perfect(b"\x12\x34", 2, locked=0x1234)])
def test_passwords_are_told(data: bytes) -> None:
    segments, coverage = read(data)
    assert not segments
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.WEAK)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (word_2(b"words of somebody\r")[:-4], Shortfall.DAMAGED),
        (word_2(b"words of somebody\r", 0x0004, b"\0later words of somebody\0"), Shortfall.UNSUPPORTED_KIND),
        (write(b"words of somebody\r\n")[:-4], Shortfall.DAMAGED),
        (perfect(b"words of somebody", 2, kind=0x2C), Shortfall.UNSUPPORTED_KIND),
        (b"\xffWPC\x10", Shortfall.DAMAGED),
        (perfect(b"words\xd4\x01\x00\x00", 2), Shortfall.UNSUPPORTED_KIND),
    ],
)
def test_damage_and_what_is_not_read_are_told(data: bytes, reason: Shortfall) -> None:
    segments, coverage = read(data)
    assert [gap.reason for gap in coverage.gaps] == [reason]
    assert any("words" in one.text for one in segments) or len(data) < 10


def test_other_files_with_these_two_bytes_are_no_documents() -> None:
    assert read(b"\xdb\xa5" + bytes(range(256)) * 4)[1].kind == "unknown"
