"""OpenPGP packets: their headers, lengths and bodies, in both formats.  Source: RFC 9580, section 4."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

PUBLIC_KEY, SIGNATURE, PASSWORD_KEY, ONE_PASS, COMPRESSED = 1, 2, 3, 4, 8
UNAUTHENTICATED, MARKER, LITERAL, PROTECTED, AEAD, PADDING = 9, 10, 11, 18, 20, 21
SECRET_KEY, PUBLIC_KEY_BLOCK = 5, 6
SECRET_SUBKEY, TRUST, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE = 7, 12, 13, 14, 17

_MOST_PACKETS = 10_000
# Public-key algorithms (RFC 9580, 9.1).
_KEY_ALGORITHMS = frozenset((1, 2, 3, 16, 17, 18, 19, 20, 22, 25, 26, 27, 28))
_ARMOUR = re.compile(
    rb"-----BEGIN PGP (?:MESSAGE|ARMORED FILE|PUBLIC KEY BLOCK|PRIVATE KEY BLOCK|SIGNATURE)"
    rb"[^\r\n-]{0,40}-----[^\r\n]{0,100}\r?\n"
    rb"((?:[A-Za-z]{1,40}: [^\r\n]{0,500}\r?\n){0,50})([A-Za-z0-9+/=\s]*+)",
)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its tag and its body, without the lengths of its pieces."""

    tag: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Armour:
    """An armoured block: its headers, its data, and where it stands."""

    start: int
    end: int
    headers: bytes
    data: bytes


def armours(text: bytes) -> Iterator[Armour]:
    """The armoured messages in a text."""
    for match in _ARMOUR.finditer(text):
        yield Armour(match.start(), match.end(), match[1], _dearmoured(match[2]))


def _dearmoured(body: bytes) -> bytes:
    lines = [line.strip() for line in body.splitlines()]
    joined = b"".join(line for line in lines if line and not line.startswith(b"="))
    joined = joined.rstrip(b"=")
    if len(joined) % 4 == 1:
        joined = joined[:-1]
    return binascii.a2b_base64(joined + b"=" * (-len(joined) % 4))


def packets(data: bytes) -> Iterator[Packet]:
    """The packets of a message in their order; what is no packet ends them, a cut-off body is short."""
    at = 0
    for _ in range(_MOST_PACKETS):
        if at >= len(data) or not data[at] & 0x80:
            return
        head = data[at]
        at += 1
        if head & 0x40:
            tag = head & 0x3F
            pieces = []
            partial = True
            while partial:
                length, at, partial = _new_length(data, at)
                if length < 0:
                    return
                pieces.append(data[at : at + length])
                at += length
            yield Packet(tag, b"".join(pieces))
            continue
        tag, kind = head >> 2 & 0xF, head & 3
        if kind == 3:
            yield Packet(tag, data[at:])
            return
        size = 1 << kind
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        yield Packet(tag, data[at : at + length])
        at += length


def _new_length(data: bytes, at: int) -> tuple[int, int, bool]:
    """Length of a piece (-1 at the end of the data), where it begins, and whether another follows."""
    if at >= len(data):
        return -1, at, False
    first = data[at]
    if first < 192:
        return first, at + 1, False
    if first < 224:
        second = data[at + 1] if at + 1 < len(data) else 0
        return (first - 192 << 8) + second + 192, at + 2, False
    if first == 255:
        return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5, False
    return 1 << (first & 0x1F), at + 1, True


def is_message(head: bytes) -> bool:
    """Tell a binary message by its first packet: tag, versions and algorithms that its body begins with."""
    if not head or not head[0] & 0x80:
        return False
    first = next(packets(head), None)
    if first is None or len(first.body) < 4:
        return False
    body = first.body
    if first.tag == PUBLIC_KEY:
        return (body[0] == 3 and len(body) > 10 and body[9] in (1, 2, 16, 18, 25, 26)) or (
            body[0] == 6 and body[1] in (0, 21, 33)
        )
    if first.tag == PASSWORD_KEY:
        return body[0] in (4, 5, 6) and 1 <= body[1 if body[0] < 6 else 2] <= 13
    if first.tag == ONE_PASS:
        return body[0] in (3, 6) and body[1] <= 1 and body[2] in (1, 2, 3, 8, 9, 10, 11, 12, 14)
    if first.tag == COMPRESSED:
        # Old format without a length, as all programs write it: three letters of text would look alike else.
        return head[0] in (0xA3, 0xC8) and (body[0] in (1, 3) or (body[0] == 2 and body[1] & 0xF == 8))
    if first.tag == LITERAL:
        return body[0] in b"btul" and 1 <= body[1] < 100 and body[2 : 2 + body[1]].isascii()
    if first.tag == PROTECTED:
        return body[0] in (1, 2) and head[0] == 0xD2
    if first.tag in (PUBLIC_KEY_BLOCK, SECRET_KEY):
        # Version, four bytes of time, algorithm; in versions 2 and 3 two bytes of days between.
        at = 7 if body[0] in (2, 3) else 5
        return body[0] in (2, 3, 4, 5, 6) and len(body) > 40 and body[at] in _KEY_ALGORITHMS
    if first.tag == SIGNATURE:
        at = 15 if body[0] == 3 else 2
        return body[0] in (3, 4, 5, 6) and len(body) > 40 and body[at] in _KEY_ALGORITHMS
    return False
