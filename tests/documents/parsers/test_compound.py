"""Legacy compound files and OpenPGP: recognised by structure, never called clean."""

from __future__ import annotations

import base64
import zlib

import pytest

from scanner.documents import Protection, Shortfall, Source, Status, read_whole
from scanner.documents.parsers.compound import _has_filepass


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (b"\x09\x08\x02\x00\0\0" + b"\x2f\x00\x02\x00\0\0", True),
        (b"\x09\x08\x02\x00\0\0" + b"\x42\x00\x02\x00\xe4\x04", False),
        (b"\x09\x08\x02\x00\0", False),
        (b"", False),
    ],
)
def test_filepass_record(records: bytes, expected: bool) -> None:
    assert _has_filepass(records) is expected


def test_damaged_compound_file_still_yields_its_strings() -> None:
    data = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 40
        + "Ann Smith lives here".encode("utf-16-le")
        + b"\0" * 600
    )
    segments, coverage = read_whole(Source.from_bytes(data))
    assert coverage.status is Status.PARTIAL
    assert "Ann Smith lives here" in segments[0].text


def armoured(data: bytes, around: str = "") -> bytes:
    body = base64.encodebytes(data).decode()
    banner = "-----{} PGP MESSAGE-----\n"
    return f"{banner.format('BEGIN')}Version: 1\n\n{body}=abcd\n{banner.format('END')}{around}".encode()


@pytest.mark.parametrize(
    ("packet", "status", "protection", "why"),
    [
        (b"\x85\x01\x0c" + bytes(60), Status.ENCRYPTED, Protection.STRONG, "session key for a public key"),
        (b"\xc3\x04" + bytes(60), Status.ENCRYPTED, Protection.STRONG, "session key from a password"),
        (b"\xa4\x10" + bytes(60), Status.ENCRYPTED, Protection.WEAK, "no integrity protection"),
        (
            b"\xa3\x01" + zlib.compress(b"\xcb\x10t\0\0\0\0\0hidden words here")[2:-4],
            Status.INSPECTED,
            Protection.NAME_ONLY,
            "only compressed",
        ),
        (b"\x00\x00", Status.NOT_INSPECTED, Protection.NONE, "no packet at all"),
    ],
)
def test_pgp_by_its_first_packet(packet: bytes, status: Status, protection: Protection, why: str) -> None:
    segments, coverage = read_whole(Source.from_bytes(armoured(packet)))
    if status is Status.INSPECTED:
        assert "hidden words" in "".join(segment.text for segment in segments), why
        assert coverage.protection is protection
        return
    assert coverage.protection is protection, why
    reason = Shortfall.ENCRYPTED if status is Status.ENCRYPTED else Shortfall.DAMAGED
    assert coverage.gaps[0].reason is reason


def test_text_around_a_pgp_message_is_read() -> None:
    segments, _ = read_whole(
        Source.from_bytes(armoured(b"\x85\x01\x0c" + bytes(60), "the password is Tuesday"))
    )
    assert "the password is Tuesday" in segments[0].text
