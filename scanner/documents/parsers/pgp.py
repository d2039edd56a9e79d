"""OpenPGP in its text armour: encrypted, or only looking like it."""

from __future__ import annotations

import binascii
import bz2
import re
import zlib
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.protocol import HERE, Event, Member, ProtectionNote, Source

_ARMOUR = re.compile(
    rb"-----BEGIN PGP MESSAGE-----([^\r\n]*\r?\n(?:[A-Za-z]+: [^\r\n]*\r?\n)*)\s*([A-Za-z0-9+/=\s]*)",
    re.ASCII,
)
# Packet tags (RFC 9580, section 5).
_PUBLIC_KEY, _SYMMETRIC_KEY, _COMPRESSED, _UNAUTHENTICATED, _LITERAL, _PROTECTED, _AEAD = (
    1,
    3,
    8,
    9,
    11,
    18,
    20,
)


class PgpParser:
    """Reads armoured messages: the banner proves nothing, the first packet does."""

    kinds = frozenset({"pgp"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the protection and a gap for encrypted data; open data as what it is."""
        text = source.read()
        armour = _ARMOUR.search(text)
        data = _dearmoured(armour[2]) if armour else b""
        if armour:
            around = text[: armour.start()] + b"\n" + armour[1] + b"\n" + text[armour.end() :]
            lines = [
                line for line in around.splitlines() if line.strip() and not line.startswith((b"-----", b"="))
            ]
            if lines:
                yield Segment(b"\n".join(lines).decode("utf-8", "replace"), Location(("around the message",)))
        tag = _tag(data)
        if tag in (_PUBLIC_KEY, _SYMMETRIC_KEY, _PROTECTED, _AEAD):
            yield ProtectionNote(Protection.STRONG, HERE, "OpenPGP")
            yield Gap(HERE, Shortfall.ENCRYPTED, "OpenPGP message")
        elif tag == _UNAUTHENTICATED:
            yield ProtectionNote(Protection.WEAK, HERE, "OpenPGP without integrity protection")
            yield Gap(HERE, Shortfall.ENCRYPTED, "OpenPGP message")
        elif tag in (_COMPRESSED, _LITERAL):
            yield ProtectionNote(Protection.NAME_ONLY, HERE, "OpenPGP signed or packed, not encrypted")
            content = _opened(data, tag, limits.ratio_floor)
            yield Member("", content, Location(("content",)))
        else:
            yield Gap(HERE, Shortfall.DAMAGED, "OpenPGP message without a known packet")


def _dearmoured(body: bytes) -> bytes:
    lines = [line.strip() for line in body.splitlines()]
    joined = b"".join(line for line in lines if line and not line.startswith(b"="))
    joined = joined.rstrip(b"=")
    if len(joined) % 4 == 1:
        joined = joined[:-1]
    return binascii.a2b_base64(joined + b"=" * (-len(joined) % 4))


def _tag(data: bytes) -> int:
    if not data or not data[0] & 0x80:
        return 0
    return data[0] & 0x3F if data[0] & 0x40 else (data[0] >> 2) & 0xF


def _opened(data: bytes, tag: int, cap: int) -> bytes:
    """Content of a compressed or literal packet, packets inside included, as far as it goes."""
    if tag == _LITERAL:
        return data
    length = {0: 2, 1: 3, 2: 5, 3: 1}[data[0] & 3] if not data[0] & 0x40 else 2
    method, body = data[length : length + 1], data[length + 1 :]
    if method == b"\x00":
        return body
    if method == b"\x03":
        return bz2.BZ2Decompressor().decompress(body, cap)
    return zlib.decompressobj(-15 if method == b"\x01" else 15).decompress(body, cap)
