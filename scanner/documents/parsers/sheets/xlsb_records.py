"""Records of binary workbooks (MS-XLSB): the walk over a part, and the strings in records."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){3,}")
_LETTERS = re.compile(r"[^\W_]{2}|\d{4}")
# Identifiers that the program makes up.
_PROGRAM = re.compile(r"rId\d+\Z|(?:\w{1,8}:?\d?_)?\{[0-9A-Fa-f-]{36}\}\Z|microsoft\.com:|\d{1,3}_ncr:")
# A record larger than this is searched by a pattern; guesses at lengths in it that may fail.
_TAKEN_APART, _GUESSES = 65_536, 2_000


def records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield type, offset of the body and its length; the last one may be cut off (then length fits)."""
    at = 0
    size = len(data)
    while at < size:
        kind = data[at]
        at += 1
        if kind & 0x80 and at < size:
            kind = kind & 0x7F | (data[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        while at < size and shift < 28:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, at, min(length, size - at)
        if length > size - at:
            return
        at += length


def is_whole(data: bytes) -> bool:
    """Whether the lengths of all records fit the part."""
    end = 0
    for _, at, length in records(data):
        end = at + length
    return end == len(data)


def wide_string(data: bytes, at: int) -> tuple[str, int]:
    """A string behind its 32-bit length (0xFFFFFFFF: none); raises ``struct.error`` where it does not fit."""
    (length,) = struct.unpack_from("<L", data, at)
    at += 4
    if length == 0xFFFFFFFF:
        return "", at
    if length * 2 > len(data) - at:
        raise struct.error("string behind the end of its record")
    return data[at : at + 2 * length].decode("utf-16-le", "replace"), at + 2 * length


def strings_in(body: bytes) -> list[str]:
    """Strings behind their lengths anywhere in a record whose layout is not taken apart."""
    if len(body) > _TAKEN_APART:
        return [match[0].decode("utf-16-le") for match in _WIDE.finditer(body)]
    found: list[str] = []
    at = guesses = 0
    size = len(body)
    while at + 6 <= size and guesses < _GUESSES:
        length = int.from_bytes(body[at : at + 4], "little")
        if 2 <= length <= (size - at - 4) // 2:
            guesses += 1
            text = body[at + 4 : at + 4 + 2 * length].decode("utf-16-le", "replace")
            if (
                text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()
                and "\ufffd" not in text
            ):
                if _LETTERS.search(text) and not _PROGRAM.match(text):
                    found.append(text)
                at += 4 + 2 * length
                continue
        at += 1
    return found
