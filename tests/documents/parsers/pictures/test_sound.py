"""Sound and films: labels of every usual form are read, and the rest is always told as not looked into."""

from __future__ import annotations

import struct

import pytest

from scanner.documents import Shortfall, Status
from tests.documents.parsers.reading import read, segment_with


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<L", len(data)) + data + bytes(len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<L", 4 + len(body)) + b"WAVE" + body


def info(**labels: bytes) -> bytes:
    pieces = (
        name.encode() + struct.pack("<L", len(text)) + text + bytes(len(text) % 2)
        for name, text in labels.items()
    )
    return b"INFO" + b"".join(pieces)


def id3(version: int, *frames: tuple[bytes, bytes]) -> bytes:
    width = 3 if version == 2 else 4
    body = b""
    for name, data in frames:
        size = len(data).to_bytes(width, "big")
        body += name + size + (b"" if version == 2 else b"\0\0") + data
    length = len(body)
    return b"ID3" + bytes((version, 0, 0, 0, 0, length >> 7 & 0x7F, length & 0x7F)) + body + b"\xff\xfb" * 50


def box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">L", 8 + len(body)) + name + body


def label(name: bytes, text: str) -> bytes:
    return box(name, box(b"data", struct.pack(">LL", 1, 0), text.encode()))


def film(*labels: bytes) -> bytes:
    items = box(b"meta", bytes(4), box(b"hdlr", bytes(20)), box(b"ilst", *labels))
    return box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", bytes(400)) + box(b"moov", box(b"udta", items))


def vorbis(*comments: str) -> bytes:
    texts = [b"program", *(comment.encode() for comment in comments)]
    first, *others = (struct.pack("<L", len(text)) + text for text in texts)
    return first + struct.pack("<L", len(others)) + b"".join(others)


FLAC = b"fLaC\0\0\0\x04abcd\x84" + len(vorbis("TITLE=labeltoken é")).to_bytes(3, "big")
FORMAT = (b"fmt ", bytes(16))
ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(30)


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (riff(FORMAT, (b"LIST", info(IART=b"labeltoken\xa3\0"))), "artist", "labeltoken£"),
        (riff(FORMAT, (b"data", bytes(301)), (b"LIST", info(ICMT=b"labeltoken"))), "comment", "labeltoken"),
        (riff(FORMAT, (b"bext", b"labeltoken".ljust(602, b"\0"))), "description", "labeltoken"),
        (riff(FORMAT, (b"id3 ", id3(3, (b"TIT2", b"\0labeltoken")))), "title", "labeltoken"),
        (id3(3, (b"TIT2", b"\1\xff\xfel\0a\0b\0e\0l\0t\0o\0k\0e\0n\0")), "title", "labeltoken"),
        (id3(4, (b"COMM", b"\3eng\0labeltoken \xc3\xa9")), "comment", "labeltoken é"),
        (id3(2, (b"TT2", b"\0labeltoken")), "TT2", "labeltoken"),
        (b"\xff\xfb" * 50 + b"TAG" + b"labeltoken".ljust(125, b"\0"), "title", "labeltoken"),
        (film(label(b"\xa9nam", "labeltoken é")), "title", "labeltoken é"),
        (film(label(b"desc", "labeltoken")), "description", "labeltoken"),
        (FLAC + vorbis("TITLE=labeltoken é"), "title", "labeltoken é"),
        (b"OggS" + bytes(24) + b"\x03vorbis" + vorbis("artist=labeltoken"), "artist", "labeltoken"),
        (ASF + "labeltoken".encode("utf-16-le") + bytes(40), "label", "labeltoken"),
    ],
)
def test_labels(data: bytes, name: str, text: str) -> None:
    segments, coverage = read(data)
    found = segment_with(segments, "labeltoken")
    assert (found.text, found.fields[0].label, found.hidden) == (text, name, "document properties")
    assert (coverage.status, len(coverage.gaps)) == (Status.PARTIAL, 1)


@pytest.mark.parametrize(
    ("data", "words"), [(riff(FORMAT), "sound"), (film(), "film"), (b"#!AMR\n" + bytes(50), "sound")]
)
def test_without_labels_nothing_is_read(data: bytes, words: str) -> None:
    _, coverage = read(data)
    assert coverage.status is Status.NOT_INSPECTED
    assert [(gap.reason, gap.detail) for gap in coverage.gaps] == [(Shortfall.UNSUPPORTED_KIND, words)]


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 8, 12])
def test_damaged_labels_raise_nothing(cut: int) -> None:
    for data in (
        riff(FORMAT, (b"LIST", info(IART=b"name"))),
        id3(4, (b"COMM", b"\3eng\0a")),
        FLAC + b"\xff" * 9,
    ):
        _, coverage = read(data[: len(data) - cut])
        assert coverage.status is not Status.INSPECTED
