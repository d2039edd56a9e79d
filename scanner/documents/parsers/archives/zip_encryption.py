"""Encryption of ZIP members: what the headers say, whether it is true, whether a password fits.

Sources: PKWARE APPNOTE 6.3.10 (sections 4.3.7, 4.4.4, 6.1), WinZip's AE-1 and AE-2 note.  The members' data
are decrypted by libarchive; here only passwords are checked, on some bytes, on small members whole.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from scanner.documents.model import Protection
from scanner.documents.protocol import Source

ENCRYPTED_FLAG = 0x1
_STRONG_FLAG = 0x40  # PKWARE strong encryption
_DESCRIPTOR_FLAG = 0x8
_AES_METHOD = 99  # WinZip AES, the real method stands in the extra field 0x9901
_AES_EXTRA = 0x9901
LOCAL = b"PK\x03\x04"
# Members up to this size prove a password by their check sum or authentication code.
_PROOF_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class LocalHeader:
    """What stands in front of a member's data, and where the data begins."""

    flags: int
    name: bytes
    data: int


def local_header(file: BinaryIO, entry: zipfile.ZipInfo) -> LocalHeader | None:
    """The local header of an entry, ``None`` where there is none."""
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != LOCAL:
        return None
    (flags,) = struct.unpack_from("<H", header, 6)
    name, extra = struct.unpack_from("<HH", header, 26)
    return LocalHeader(flags, file.read(name), entry.header_offset + 30 + name + extra)


def scheme(flags: int, method: int, extra: bytes = b"") -> tuple[Protection, str]:
    """How strong the encryption of a member is, and its name in fixed words."""
    if method == _AES_METHOD:
        bits = {1: 128, 2: 192, 3: 256}.get(_aes_strength(extra), 0)
        return Protection.STRONG, f"ZIP AES-{bits}" if bits else "ZIP AES"
    if flags & _STRONG_FLAG:
        return Protection.STRONG, "ZIP, PKWARE strong encryption"
    return Protection.WEAK, "ZipCrypto"


def _aes_strength(extra: bytes) -> int:
    """The strength of the WinZip extra field: 1, 2 or 3; 0 where there is none."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _AES_EXTRA and length >= 7 and at + 9 <= len(extra):
            return extra[at + 8]
        at += 4 + length
    return 0


def fits(source: Source, entry: zipfile.ZipInfo, password: bytes) -> bool:
    """Whether a password opens a member, proved by its check sum or authentication code where it is small."""
    if entry.flag_bits & _STRONG_FLAG and entry.compress_type != _AES_METHOD:
        return False
    with source.open() as file:
        header = local_header(file, entry)
        if header is None:
            return False
        file.seek(header.data)
        if entry.compress_type == _AES_METHOD:
            return _fits_aes(file, entry, password)
        return _fits_zipcrypto(file, entry, password)


def _fits_aes(file: BinaryIO, entry: zipfile.ZipInfo, password: bytes) -> bool:
    size = {1: 16, 2: 24, 3: 32}.get(_aes_strength(entry.extra), 0)
    if not size or entry.compress_size < size // 2 + 12:
        return False
    salt, verifier = file.read(size // 2), file.read(2)
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1_000, 2 * size + 2)
    if not hmac.compare_digest(keys[-2:], verifier):
        return False
    if entry.compress_size > _PROOF_BYTES:
        return True
    data = file.read(entry.compress_size - size // 2 - 12)
    code = hmac.new(keys[size : 2 * size], data, "sha1").digest()[:10]
    return hmac.compare_digest(code, file.read(10))


def _fits_zipcrypto(file: BinaryIO, entry: zipfile.ZipInfo, password: bytes) -> bool:
    """One byte of the header tells 255 of 256 wrong passwords; the check sum of a small member the rest."""
    head = file.read(12)
    if len(head) < 12:
        return False
    keys = _keys(password)
    expected = (entry.CRC >> 24) & 0xFF
    if entry.flag_bits & _DESCRIPTOR_FLAG:
        expected = (_dos_time(entry) >> 8) & 0xFF
    plain, keys = _decrypted(head, keys)
    if plain[-1] != expected:
        return False
    if entry.compress_size > _PROOF_BYTES or entry.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):
        return True
    body, _ = _decrypted(file.read(max(0, entry.compress_size - 12)), keys)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        try:
            inflater = zlib.decompressobj(-15)
            body = inflater.decompress(body, 64 * _PROOF_BYTES)
        except zlib.error:
            return False
        if not inflater.eof:
            return False
    return zlib.crc32(body) == entry.CRC


def _dos_time(entry: zipfile.ZipInfo) -> int:
    hour, minute, second = entry.date_time[3:]
    return (hour << 11 | minute << 5 | second // 2) & 0xFFFF


_Keys = tuple[int, int, int]


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ 0xEDB88320 if byte & 1 else byte >> 1
        rows.append(byte)
    return tuple(rows)


_CRC = _table()


def _keys(password: bytes) -> _Keys:
    one, two, three = 0x12345678, 0x23456789, 0x34567890
    for byte in password:
        one = (one >> 8) ^ _CRC[(one ^ byte) & 0xFF]
        two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        three = (three >> 8) ^ _CRC[(three ^ (two >> 24)) & 0xFF]
    return one, two, three


def _decrypted(data: bytes, keys: _Keys) -> tuple[bytes, _Keys]:
    one, two, three = keys
    table = _CRC
    out = bytearray()
    for byte in data:
        mask = three | 2
        byte ^= ((mask * (mask ^ 1)) >> 8) & 0xFF
        out.append(byte)
        one = (one >> 8) ^ table[(one ^ byte) & 0xFF]
        two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        three = (three >> 8) ^ table[(three ^ (two >> 24)) & 0xFF]
    return bytes(out), (one, two, three)
