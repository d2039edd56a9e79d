"""Encrypted Office packages: what opens by itself, how strong the rest is."""

from __future__ import annotations

import io
import struct

import openpyxl
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from scanner.documents.model import Protection, Status
from scanner.documents.parsers.office.office_encryption import scheme
from tests.documents.parsers.reading import read


def encrypted_book(password: str) -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "lockedtoken"  # type: ignore[index]
    plain, locked = io.BytesIO(), io.BytesIO()
    book.save(plain)
    plain.seek(0)
    OOXMLFile(plain).encrypt(password, locked)
    return locked.getvalue()


def test_default_password_opens_and_is_said() -> None:
    segments, coverage = read(encrypted_book("VelvetSweatshop"))
    assert any("lockedtoken" in segment.text for segment in segments)
    assert (coverage.status, coverage.protection) == (Status.INSPECTED, Protection.NAME_ONLY)


def test_another_password_stays_locked() -> None:
    segments, coverage = read(encrypted_book("correct horse"))
    assert not any("lockedtoken" in segment.text for segment in segments)
    assert (coverage.status, coverage.protection) == (Status.ENCRYPTED, Protection.STRONG)


def standard(algorithm: int) -> bytes:
    return struct.pack("<HHLLLLL", 4, 2, 0x24, 0x8C, 0x24, 0, algorithm) + bytes(40)


@pytest.mark.parametrize(
    ("info", "protection", "why"),
    [
        (
            struct.pack("<HHL", 4, 4, 0x40) + b'<encryption><keyData cipherAlgorithm="AES" keyBits="256"/>',
            Protection.STRONG,
            "agile, AES",
        ),
        (
            struct.pack("<HHL", 4, 4, 0x40) + b'<encryption><keyData saltSize="8" cipherAlgorithm="RC2"/>',
            Protection.WEAK,
            "agile, RC2",
        ),
        (struct.pack("<HHL", 4, 4, 0x40) + b"<encryption/>", Protection.UNKNOWN, "agile, nothing said"),
        (standard(0x660E), Protection.STRONG, "standard, AES-128"),
        (standard(0x6801), Protection.WEAK, "standard, RC4"),
        (struct.pack("<HHL", 1, 1, 0) + bytes(20), Protection.WEAK, "40-bit RC4 of Office 97"),
        (struct.pack("<HHL", 3, 3, 0) + bytes(20), Protection.UNKNOWN, "extensible: any provider"),
        (b"", Protection.UNKNOWN, "no description"),
    ],
)
def test_strength(info: bytes, protection: Protection, why: str) -> None:
    assert scheme(info)[0] is protection, why


def test_truncated_package_is_not_clean() -> None:
    data = encrypted_book("correct horse")
    _, coverage = read(data[: len(data) // 2])
    assert coverage.status is not Status.INSPECTED
