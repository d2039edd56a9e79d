"""OpenPGP, armoured or binary: encrypted, or only looking like it.  Source: RFC 9580."""

from __future__ import annotations

import bz2
import hashlib
import hmac
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import CAST5, TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from scanner.documents import openpgp
from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.openpgp import Packet
from scanner.documents.protocol import HERE, Event, Lock, Member, ProtectionNote, Source

_ENCRYPTED = (openpgp.UNAUTHENTICATED, openpgp.PROTECTED, openpgp.AEAD)
# Packets that may stand around the others and say nothing of the content.
_PASSED_OVER = (openpgp.MARKER, openpgp.PADDING, openpgp.SIGNATURE, openpgp.ONE_PASS)
_KEYS = frozenset({openpgp.PUBLIC_KEY_BLOCK, openpgp.SECRET_KEY, openpgp.USER_ID, openpgp.USER_ATTRIBUTE})
_LAYERS = 8
# Symmetric algorithms (section 9.3): class, key bytes.  Twofish, Camellia and IDEA are not tried.
_CIPHERS: dict[int, tuple[Callable[[bytes], AES | CAST5 | TripleDES], int, int]] = {
    2: (TripleDES, 24, 8),
    3: (CAST5, 16, 8),
    7: (AES, 16, 16),
    8: (AES, 24, 16),
    9: (AES, 32, 16),
}
_NAMES = {
    1: "IDEA",
    2: "3DES",
    3: "CAST5",
    4: "Blowfish",
    7: "AES-128",
    8: "AES-192",
    9: "AES-256",
    10: "Twofish",
}
_JPEG = b"\xff\xd8\xff"
_HASHES = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}


class PgpParser:
    """Reads messages by their packets: a banner and a file name prove nothing."""

    kinds = frozenset({"pgp"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield what is encrypted as that, open data as what it is, and the text around a block."""
        data = source.read()
        if data[:1] and data[0] & 0x80:
            yield from _message(data, limits, HERE)
            return
        position = count = 0
        around = []
        for block in openpgp.armours(data):
            count += 1
            around += [data[position : block.start], block.headers]
            position = block.end
            place = Location((f"block {count}",)) if count > 1 else HERE
            yield from _message(block.data, limits, place)
        if not count:
            yield Gap(HERE, Shortfall.DAMAGED, "OpenPGP message without a block of data")
        around.append(data[position:])
        lines = [
            line
            for line in b"\n".join(around).splitlines()
            if line.strip() and not line.startswith((b"-----", b"="))
        ]
        if lines:
            yield Segment(b"\n".join(lines).decode("utf-8", "replace"), Location(("around the message",)))


def _message(data: bytes, limits: Limits, place: Location, *, decrypted: bool = False) -> Iterator[Event]:
    content: bytes | None = data
    known = False
    for _ in range(_LAYERS):
        found = list(openpgp.packets(content or b""))
        tags = {packet.tag for packet in found}
        known = known or bool(tags)
        sealed = next((packet for packet in found if packet.tag in _ENCRYPTED), None)
        if sealed is not None or tags & {openpgp.PUBLIC_KEY, openpgp.PASSWORD_KEY}:
            yield from _encrypted(found, sealed, limits, place)
            return
        packed = next((packet for packet in found if packet.tag == openpgp.COMPRESSED), None)
        literal = next((packet for packet in found if packet.tag == openpgp.LITERAL), None)
        if literal is not None and len(literal.body) > 1:
            if not decrypted:
                words = "OpenPGP signed or packed, not encrypted"
                yield ProtectionNote(Protection.NAME_ONLY, place, words, "no encryption")
            name = literal.body[2 : 2 + literal.body[1]].decode("utf-8", "replace")
            yield Member(name, literal.body[6 + literal.body[1] :], place / "content")
            return
        if packed is None or not packed.body:
            break
        content = _unpacked(packed, limits)
    if tags & _KEYS:
        yield from _keys(found, place)
        return
    if known and tags <= set(_PASSED_OVER):
        return  # a signature that stands for itself
    yield Gap(place, Shortfall.DAMAGED, "OpenPGP message without a known packet")


def _keys(found: list[Packet], place: Location) -> Iterator[Event]:
    """Whose keys they are: names, addresses, photographs; private ones are told."""
    for packet in found:
        if packet.tag == openpgp.USER_ID:
            yield Segment(packet.body.decode("utf-8", "replace"), place / "owner of a key", "certificate")
        elif packet.tag == openpgp.USER_ATTRIBUTE:
            picture = packet.body.find(_JPEG)
            yield Member("", packet.body[max(0, picture) :], place / "photograph of the owner")
    if any(packet.tag in (openpgp.SECRET_KEY, openpgp.SECRET_SUBKEY) for packet in found):
        yield Gap(place, Shortfall.UNSUPPORTED_KIND, "a private key; sending one is an incident by itself")


def _encrypted(
    found: list[Packet], sealed: Packet | None, limits: Limits, place: Location
) -> Iterator[Event]:
    keys = [packet.body for packet in found if packet.tag == openpgp.PASSWORD_KEY]
    weak = sealed is not None and sealed.tag == openpgp.UNAUTHENTICATED
    protection = Protection.WEAK if weak else Protection.STRONG
    method = "OpenPGP"
    if any(packet.tag == openpgp.PUBLIC_KEY for packet in found):
        method += ", public key"
    derived = [one for one in map(_PasswordKey.of, keys) if one is not None]
    if keys:
        cipher = _NAMES.get(derived[0].algorithm, "") if derived else ""
        method += f", password{', ' + cipher if cipher else ''}"
    if weak:
        method += ", no integrity protection"
    if sealed is None:
        yield ProtectionNote(Protection.UNKNOWN, place, method)
        yield Gap(place, Shortfall.ENCRYPTED, "OpenPGP message without its data")
        return
    if not keys:
        yield ProtectionNote(protection, place, method)
        yield Gap(place, Shortfall.ENCRYPTED, "OpenPGP message")
        return

    def attempt(password: str) -> Iterator[Event] | None:
        for key in derived:
            plain = key.opened(password.encode("utf-8"), sealed)
            if plain is not None:
                return _message(plain, limits, place, decrypted=True)
        return None

    yield Lock(
        attempt, protection, method, place, "OpenPGP message with a password", (), held=len(sealed.body)
    )


def _unpacked(packet: Packet, limits: Limits) -> bytes:
    """What a compressed packet holds, up to the limit."""
    cap = max(limits.ratio_floor, min(limits.expanded_bytes, limits.parser_bytes))
    method, body = packet.body[0], packet.body[1:]
    if method == 0:
        return body
    if method == 3:
        return bz2.BZ2Decompressor().decompress(body, cap)
    return zlib.decompressobj(-15 if method == 1 else 15).decompress(body, cap)


@dataclass(frozen=True, slots=True)
class _PasswordKey:
    """A key made of a password (sections 3.7 and 5.3, version 4): what of it is needed to try one."""

    algorithm: int
    digest: str
    salt: bytes
    count: int
    wrapped: bytes

    @classmethod
    def of(cls, body: bytes) -> _PasswordKey | None:
        if len(body) < 4 or body[0] != 4 or body[1] not in _CIPHERS or body[3] not in _HASHES:
            return None
        algorithm, kind, digest = body[1], body[2], _HASHES[body[3]]
        if kind == 0:
            return cls(algorithm, digest, b"", 0, body[4:])
        if kind == 1:
            return cls(algorithm, digest, body[4:12], 0, body[12:])
        if kind == 3 and len(body) >= 13:
            coded = body[12]
            return cls(algorithm, digest, body[4:12], (16 + (coded & 15)) << (coded >> 4) + 6, body[13:])
        return None

    def _key(self, password: bytes) -> bytes:
        size = _CIPHERS[self.algorithm][1]
        unit = self.salt + password
        key = b""
        zeros = 0
        while len(key) < size:
            hashed = hashlib.new(self.digest, bytes(zeros), usedforsecurity=False)
            left = max(self.count, len(unit))
            block = unit * max(1, 65536 // max(1, len(unit)))
            while left >= len(block):
                hashed.update(block)
                left -= len(block)
            hashed.update(block[:left])
            key += hashed.digest()
            zeros += 1
        return key[:size]

    def opened(self, password: bytes, sealed: Packet) -> bytes | None:
        """The packets inside, ``None`` where the password is wrong or the sealing not known here."""
        key, algorithm = self._key(password), self.algorithm
        if self.wrapped:
            make, _, block = _CIPHERS[algorithm]
            session = Cipher(make(key), CFB(bytes(block))).decryptor().update(self.wrapped)
            algorithm, key = session[0], session[1:]
            if algorithm not in _CIPHERS or len(key) != _CIPHERS[algorithm][1]:
                return None
        make, _, block = _CIPHERS[algorithm]
        if sealed.tag != openpgp.PROTECTED or sealed.body[:1] != b"\1":
            return None
        data = sealed.body[1:]
        # Two bytes come twice: they tell nearly every wrong password before all is decrypted.
        head = Cipher(make(key), CFB(bytes(block))).decryptor().update(data[: block + 2])
        if head[block - 2 : block] != head[block:]:
            return None
        plain = Cipher(make(key), CFB(bytes(block))).decryptor().update(data)
        digest = hashlib.sha1(plain[:-20], usedforsecurity=False).digest()
        if not hmac.compare_digest(digest, plain[-20:]):
            return None
        return plain[block + 2 : -22]
