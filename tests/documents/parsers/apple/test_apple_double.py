"""AppleSingle, AppleDouble and folder views: all of a Mac's extra files is read, the ordinary ones wholly."""

from __future__ import annotations

import plistlib
import random
import struct
from collections.abc import Sequence

import pytest

from scanner.documents import Coverage, Segment, Shortfall, Status
from tests.documents.parsers.reading import pack, read, segment_with

QUARANTINE = ("com.apple.quarantine", b"0083;654a1b2c;Safari;9A3F1C22-7B1D-4A51-8F6E-2B7C7D1E0A11")
OPENED = ("com.apple.lastuseddate#PS", bytes(range(1, 17)))
BLANK_FORK = (
    struct.pack(">4I", 256, 256, 0, 30)
    + b"This resource fork intentionally left blank   ".ljust(240, b"\0")
    + struct.pack(">4I", 256, 256, 0, 30)
    + bytes(8)
    + struct.pack(">3H", 28, 30, 0xFFFF)
)


def apple_double(
    attributes: Sequence[tuple[str, bytes]] = (),
    fork: bytes = BLANK_FORK,
    others: Sequence[tuple[int, bytes]] = (),
    mark: int = 0x00051607,
) -> bytes:
    """As macOS writes ``._name``: the Finder's information with attributes, then the resource fork."""
    entries = [(9, b""), (2, fork), *others]
    start = 26 + 12 * len(entries)
    names = [struct.pack(">HB", 0, len(name) + 1) + name.encode() + b"\0" for name, _ in attributes]
    lengths = [(8 + len(name) + 3) // 4 * 4 for name in names]
    at = first = start + 34 + 36 + sum(lengths)
    table = b""
    for (_, value), name, length in zip(attributes, names, lengths, strict=True):
        table += (struct.pack(">II", at, len(value)) + name).ljust(length, b"\0")
        at += len(value)
    head = b"ATTR" + struct.pack(">4I12xHH", 0, at, first, at - first, 0, len(attributes))
    finder = bytes(34) + head + table + b"".join(value for _, value in attributes)
    entries[0] = (9, finder if attributes else bytes(32))
    out = struct.pack(">II16sH", mark, 0x00020000, b"Mac OS X        ", len(entries))
    at = start
    for kind, content in entries:
        out += struct.pack(">III", kind, at, len(content))
        at += len(content)
    return out + b"".join(content for _, content in entries)


def fork(*resources: bytes) -> bytes:
    data = b"".join(struct.pack(">I", len(one)) + one for one in resources)
    return struct.pack(">4I", 256, 256 + len(data), len(data), 30).ljust(256, b"\0") + data + bytes(30)


def whole(data: bytes) -> tuple[tuple[Segment, ...], Coverage]:
    segments, coverage = read(data)
    assert coverage.status is Status.INSPECTED, coverage.gaps
    return segments, coverage


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (apple_double(), "as beside every file in a Mac's archive"),
        (apple_double([QUARANTINE, OPENED]), "downloaded, opened"),
        (apple_double(fork=b""), "no resource fork"),
        (apple_double(others=[(8, bytes(16)), (10, b"\0\0\0\1")]), "dates and flags"),
    ],
)
def test_the_ordinary_ones_are_read_wholly(data: bytes, why: str) -> None:
    _, coverage = whole(data)
    assert coverage.kind == "applefile", why


def test_an_archive_of_a_mac_is_read_wholly() -> None:
    archive = pack(
        {"minutes.txt": "Tokenminutes agreed", "__MACOSX/._minutes.txt": apple_double([QUARANTINE, OPENED])}
    )
    segments, _ = whole(archive)
    assert segment_with(segments, "Tokenminutes")


TOKEN = "Tokenhidden words that somebody put here, quite long enough to be text of their own, as letters are"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            apple_double([("com.apple.metadata:x", plistlib.dumps([TOKEN], fmt=plistlib.FMT_BINARY))]),
            "attribute: property list",
        ),
        (apple_double([("note", TOKEN.encode())]), "attribute: text"),
        (apple_double([("note", b"Tokenhidden")]), "attribute: a few letters"),
        (apple_double(fork=fork(TOKEN.encode())), "resource"),
        (apple_double(fork=fork(b"Tokenhidden")), "short resource"),
        (apple_double(others=[(1, TOKEN.encode())], mark=0x00051600), "data fork of AppleSingle"),
        (apple_double(others=[(3, b"Tokenhidden.txt")]), "real name"),
        (apple_double(others=[(4, b"Tokenhidden comment")]), "comment"),
        (apple_double(others=[(8, TOKEN.encode())]), "text where a date should be"),
        (apple_double() + TOKEN.encode(), "behind the last entry"),
    ],
)
def test_what_is_in_it_is_found(data: bytes, why: str) -> None:
    segments, _ = read(data)
    assert any("Tokenhidden" in segment.text for segment in segments), why


NOISE = random.Random(5).randbytes(9_000)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (apple_double()[:60], "cut off"),
        (apple_double(fork=struct.pack(">4I", 256, 900, 9_000, 30)), "fork longer than it is"),
        (apple_double(fork=fork(NOISE)), "a resource that nobody knows"),
        (apple_double([("x", NOISE)]), "an attribute that nobody knows"),
        (apple_double(others=[(77, NOISE)]), "an entry that nobody knows"),
        (apple_double() + NOISE, "data behind the last entry"),
    ],
)
def test_what_is_not_read_is_told(data: bytes, why: str) -> None:
    _, coverage = read(data)
    assert coverage.gaps, why


# --- folder views


def ustr(text: str) -> bytes:
    return struct.pack(">I", len(text)) + text.encode("utf-16-be")


def record(name: str, told: bytes, kind: bytes, value: bytes) -> bytes:
    return ustr(name) + told + kind + value


def folder_view(records: Sequence[bytes]) -> bytes:
    """One node with all records, as the Finder writes it for a small folder."""
    node = struct.pack(">II", 0, len(records)) + b"".join(records)
    tree = struct.pack(">5I", 2, 0, len(records), 1, 0x1000)
    # Blocks: 0 the directory of blocks (2 kB at 2048), 1 the tree's head (32 bytes at 32), 2 the node.
    root = struct.pack(">II", 3, 0) + struct.pack(">3I", 2048 | 11, 32 | 5, 4096 | 12).ljust(1024, b"\0")
    root += struct.pack(">I", 1) + b"\4DSDB" + struct.pack(">I", 1) + bytes(32 * 4)
    out = bytearray(4 + 8192)
    out[:4] = b"\0\0\0\1"
    out[4:36] = b"Bud1" + struct.pack(">3I", 2048, 2048, 2048) + bytes(16)
    for offset, content in ((32, tree), (2048, root), (4096, node)):
        out[4 + offset : 4 + offset + len(content)] = content
    return bytes(out)


def test_folder_view_names_its_files() -> None:
    view = folder_view(
        [
            record("Tokenreport.docx", b"Iloc", b"blob", struct.pack(">I", 16) + bytes(16)),
            record("Tokenreport.docx", b"cmmt", b"ustr", ustr("Tokencomment")),
            record("pictures", b"vSrn", b"long", bytes(4)),
            record("pictures", b"bwsp", b"blob", struct.pack(">I", len(LAYOUT)) + LAYOUT),
        ]
    )
    segments, coverage = whole(view)
    assert coverage.kind == "folder-view"
    values = {
        (field.label, segment.text[field.start : field.end])
        for segment in segments
        for field in segment.fields
    }
    assert {("file", "Tokenreport.docx"), ("cmmt", "Tokencomment"), ("file", "pictures")} <= values
    assert any("Tokenlayout" in segment.text for segment in segments)


LAYOUT = plistlib.dumps({"ContainerShowSidebar": True, "name": "Tokenlayout" * 6}, fmt=plistlib.FMT_BINARY)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (folder_view([record("a", b"Iloc", b"what", bytes(4))]), "a type that does not exist"),
        (folder_view([record("a", b"Iloc", b"blob", struct.pack(">I", 90_000))]), "a value that is cut off"),
        (folder_view([])[:2_100], "cut off"),
        (b"\0\0\0\1Bud1" + b"\xff" * 5_000, "rubbish behind the mark"),
        (
            folder_view([record("a", b"xxxx", b"blob", struct.pack(">I", 3_000) + NOISE[:3_000])]),
            "a value that nobody knows",
        ),
    ],
)
def test_damaged_folder_views_are_told(data: bytes, why: str) -> None:
    _, coverage = read(data)
    assert {gap.reason for gap in coverage.gaps} & {Shortfall.DAMAGED, Shortfall.UNKNOWN_KIND}, why
