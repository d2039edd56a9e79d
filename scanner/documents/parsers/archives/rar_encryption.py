"""Encrypted RAR archives: opened with a password by taking the encryption off, all else stays as it is.

libarchive reads RAR 4 and 5 without encryption.  So headers and data are decrypted, and the archive is put
together again from them.  Sources: the RAR 5.0 archive format, the RAR 4 technical note.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.documents.parsers.sealed.ciphers import counters, decrypted_cbc

RAR4, RAR5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
_MOST_HEADERS = 100_000
_MOST_HEADER = 2_000_000
# RAR 5 writes 2 to the power of 15 rounds, and allows 24.
_MOST_POWER = 22


class RarError(Exception):
    """The headers are damaged, or of a form that is not known here."""


class Rar:
    """One archive in memory, and the archive in clear that a password makes of it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._keys: dict[tuple[object, ...], tuple[bytes, ...]] = {}

    def opened(self, password: str) -> bytes | None:
        """The archive without encryption, ``None`` where the password is wrong or the data damaged.

        Raises ``RarError`` for a form of archive that is not known here.
        """
        try:
            if self._data.startswith(RAR5):
                blocks = self._rar5(password)
                return RAR5 + b"".join(blocks)
            if self._data.startswith(RAR4):
                return RAR4 + b"".join(self._rar4(password))
        except (_WrongError, struct.error, IndexError, ValueError):
            return None  # headers that a wrong key made are headers that cannot be read
        raise RarError("signature")

    # RAR 5

    def _key5(self, password: str, power: int, salt: bytes, check: bytes) -> bytes:
        """The key; raises where the check value says that the password is wrong."""
        if power > _MOST_POWER:
            raise RarError("too many rounds")
        known = (password, power, salt)
        if known not in self._keys:
            secret = password.encode("utf-8")
            last = hashlib.pbkdf2_hmac("sha256", secret, salt, (1 << power) + 32)
            folded = bytes(last[at] ^ last[at + 8] ^ last[at + 16] ^ last[at + 24] for at in range(8))
            if check and not hmac.compare_digest(folded, check[:8]):
                raise _WrongError
            self._keys[known] = (hashlib.pbkdf2_hmac("sha256", secret, salt, 1 << power), folded)
        key, folded = self._keys[known]
        if check and folded != check[:8]:
            raise _WrongError
        return key

    def _rar5(self, password: str) -> Iterator[bytes]:
        at = len(RAR5)
        key = b""
        for _ in range(_MOST_HEADERS):
            if at + 7 > len(self._data):
                return
            begin = at
            if key:
                vector, at = self._data[at : at + 16], at + 16
                head = decrypted_cbc(key, vector, self._data[at : at + 16])
                size, after = _vint(head, 4)
                length = after + size
                padded = -(-length // 16) * 16
                if size > _MOST_HEADER:
                    raise _WrongError
                raw = decrypted_cbc(key, vector, self._data[at : at + padded])[:length]
                at += padded
            else:
                size, after = _vint(self._data, at + 4)
                if size > _MOST_HEADER:
                    raise RarError("header")
                raw = self._data[at : after + size]
                after -= at
                at += len(raw)
            if zlib.crc32(raw[4:]) != struct.unpack_from("<I", raw)[0]:
                if key:
                    raise _WrongError
                raise RarError("header")
            block = _Block.of(raw[after:])
            data = self._data[at : at + block.data]
            at += block.data
            if block.kind == 4:
                key = self._archive_key(block.body, password)
                continue
            if block.kind in (2, 3) and block.extra:
                yield from self._file5(block, data, password)
            elif key:
                yield _written5(raw[after:]) + data
            else:
                yield self._data[begin:at]
            if block.kind == 5:
                return

    def _archive_key(self, body: bytes, password: str) -> bytes:
        _, at = _vint(body, 0)
        flags, at = _vint(body, at)
        check = body[at + 17 : at + 25] if flags & 1 else b""
        return self._key5(password, body[at], body[at + 1 : at + 17], check)

    def _file5(self, block: _Block, data: bytes, password: str) -> Iterator[bytes]:
        """A file's header without its encryption record, and its data in clear."""
        extra = bytearray()
        key = vector = b""
        tweaked = False
        at = 0
        while at < len(block.extra):
            size, start = _vint(block.extra, at)
            kind, inside = _vint(block.extra, start)
            record = block.extra[at : start + size]
            at = start + size
            if kind == 1:
                _, inside = _vint(block.extra, inside)
                flags, inside = _vint(block.extra, inside)
                power, salt = block.extra[inside], block.extra[inside + 1 : inside + 17]
                vector = block.extra[inside + 17 : inside + 33]
                check = block.extra[inside + 33 : inside + 41] if flags & 1 else b""
                tweaked = bool(flags & 2)
                key = self._key5(password, power, salt, check)
            elif kind != 2 or not tweaked:
                extra += record
        if not key:
            yield _written5(block.packed(block.body, bytes(extra), len(data))) + data
            return
        plain = decrypted_cbc(key, vector, data[: len(data) & ~15])
        flags, at = _vint(block.body, 0)
        size, at = _vint(block.body, at)
        attributes, after = _vint(block.body, at)
        body = block.body
        if flags & 4 and tweaked:
            # A check sum that depends on the password is none of the data in clear.
            time = 4 if flags & 2 else 0
            body = _number5(flags & ~4) + _number5(size) + _number5(attributes)
            body += block.body[after : after + time] + block.body[after + time + 4 :]
        method_at = after + (4 if flags & 2 else 0) + (4 if flags & 4 else 0)
        method, _ = _vint(block.body, method_at)
        # What fills up the last block of the cipher is none of the data.
        plain = plain[: _packed_length(plain)] if method >> 7 & 7 else plain[:size]
        yield _written5(block.packed(body, bytes(extra), len(plain))) + plain

    # RAR 4

    def _key4(self, password: str, salt: bytes) -> tuple[bytes, bytes]:
        known = (password, salt)
        if known not in self._keys:
            unit = password.encode("utf-16-le")[:254] + salt
            hashed = hashlib.sha1(usedforsecurity=False)
            vector = bytearray()
            for chunk in range(16):
                low = counters()[chunk % 4 * 16384 : chunk % 4 * 16384 + 16384]
                top = bytes((chunk // 4,))
                hashed.update(unit + low[0] + top)
                vector.append(hashed.copy().digest()[19])
                hashed.update(unit + (top + unit).join(low[1:]) + top)
            digest = hashed.digest()
            key = b"".join(digest[at : at + 4][::-1] for at in range(0, 16, 4))
            self._keys[known] = (key, bytes(vector))
        key, vector_ = self._keys[known]
        return key, vector_

    def _rar4(self, password: str) -> Iterator[bytes]:
        at = len(RAR4)
        locked = False
        for _ in range(_MOST_HEADERS):
            if at + 7 > len(self._data):
                return
            if locked:
                key, vector = self._key4(password, self._data[at : at + 8])
                at += 8
                length = struct.unpack_from("<H", decrypted_cbc(key, vector, self._data[at : at + 16]), 5)[0]
                padded = -(-length // 16) * 16
                raw = decrypted_cbc(key, vector, self._data[at : at + padded])[:length]
                at += padded
            else:
                length = struct.unpack_from("<H", self._data, at + 5)[0]
                raw = self._data[at : at + length]
                at += length
            if length < 7:
                raise _WrongError if locked else RarError("header")
            crc, kind, flags = struct.unpack_from("<HBH", raw)
            if locked and zlib.crc32(raw[2:]) & 0xFFFF != crc:
                raise _WrongError
            size = 0
            if kind in (0x74, 0x7A):
                size = struct.unpack_from("<I", raw, 7)[0]
                if flags & 0x100:
                    size |= struct.unpack_from("<I", raw, 32)[0] << 32
            elif flags & 0x8000:
                size = struct.unpack_from("<I", raw, 7)[0]
            data = self._data[at : at + size]
            at += size
            if kind == 0x73:
                locked = bool(flags & 0x80)
                raw = _written4(raw, flags & ~0x80)
            elif kind == 0x7A:
                # Comments and rights. As they go on with the dictionary of the one before, libarchive would
                # take the whole archive for a solid one, which it does not read.
                continue
            elif kind == 0x74 and flags & 0x4:
                yield from self._file4(raw, flags, data, password)
                continue
            yield raw + data
            if kind == 0x7B:
                return

    def _file4(self, raw: bytes, flags: int, data: bytes, password: str) -> Iterator[bytes]:
        if raw[24] < 29 or not flags & 0x400:
            raise RarError("encryption before version 3")
        name_length = struct.unpack_from("<H", raw, 26)[0]
        end = 32 + (8 if flags & 0x100 else 0) + name_length
        key, vector = self._key4(password, raw[end : end + 8])
        plain = decrypted_cbc(key, vector, data[: len(data) & ~15])
        (size,) = struct.unpack_from("<I", raw, 11)
        if raw[25] == 0x30:
            plain = plain[:size]
            if not flags & 0x3 and zlib.crc32(plain) != struct.unpack_from("<I", raw, 16)[0]:
                raise _WrongError
        head = raw[:7] + struct.pack("<I", len(plain)) + raw[11:end] + raw[end + 8 :]
        yield _written4(head, flags & ~0x404) + plain


class _WrongError(Exception):
    """The password is wrong."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A header of RAR 5: kind, flags, its own fields, the extra area, how much data follows."""

    kind: int
    flags: int
    body: bytes
    extra: bytes
    data: int

    @classmethod
    def of(cls, content: bytes) -> _Block:
        kind, at = _vint(content, 0)
        flags, at = _vint(content, at)
        extra = data = 0
        if flags & 1:
            extra, at = _vint(content, at)
        if flags & 2:
            data, at = _vint(content, at)
        if extra > len(content) - at:
            raise RarError("extra area")
        end = len(content) - extra
        return cls(kind, flags, content[at:end], content[end:], data)

    def packed(self, body: bytes, extra: bytes, data: int) -> bytes:
        """The header with other fields, extra area and size of data."""
        flags = self.flags & ~1 | bool(extra)
        sizes = (_number5(len(extra)) if extra else b"") + (_number5(data) if flags & 2 else b"")
        return _number5(self.kind) + _number5(flags) + sizes + body + extra


def _vint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise RarError("number")


def _packed_length(data: bytes) -> int:
    """Where compressed data ends: behind the block marked as the last.  Raises where it is no block."""
    at = 0
    while at + 3 <= len(data):
        flags, check = data[at], data[at + 1]
        count = (flags >> 3 & 3) + 1
        size = data[at + 2 : at + 2 + count]
        for byte in (0x5A, flags, *size):
            check ^= byte
        if check or count > 3:
            raise _WrongError
        at += 2 + count + int.from_bytes(size, "little")
        if flags & 0x40:
            break
    return at


def _number5(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _written5(content: bytes) -> bytes:
    sized = _number5(len(content)) + content
    return struct.pack("<I", zlib.crc32(sized)) + sized


def _written4(raw: bytes, flags: int) -> bytes:
    head = raw[2:3] + struct.pack("<HH", flags, len(raw)) + raw[7:]
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head
