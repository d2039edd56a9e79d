"""Protocol-buffer messages without their schema: fields by number, and the strings at any depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Value: TypeAlias = int | bytes

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIELDS = 536_870_911  # the largest number that a field may have
_DEPTH = 60
# Control characters that text of documents has: tab, line ends, line and page break.
_NO_TEXT = re.compile(rb"[\x00-\x04\x06-\x08\x0e-\x1f\x7f]")
_LETTERS = re.compile(rb"[A-Za-z0-9\x80-\xff]")


class NotAMessageError(ValueError):
    """The bytes are no message."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it.  Raises ``NotAMessageError``."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise NotAMessageError


def fields(data: bytes) -> list[tuple[int, Value]]:
    """Numbers and values of all fields, in their order.  Raises ``NotAMessageError``."""
    found: list[tuple[int, Value]] = []
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if not 0 < number <= _FIELDS:
            raise NotAMessageError
        value: Value
        if kind == _VARINT:
            value, at = varint(data, at)
        elif kind == _BYTES:
            size, at = varint(data, at)
            value = data[at : at + size]
            at += size
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
            value = int.from_bytes(data[at : at + size], "little")
            at += size
        else:
            raise NotAMessageError
        if at > end:
            raise NotAMessageError
        found.append((number, value))
    return found


def parts(data: bytes, number: int) -> list[bytes]:
    """The values of one field that are strings or messages.  Raises ``NotAMessageError``."""
    return [value for key, value in fields(data) if key == number and isinstance(value, bytes)]


def strings(data: bytes) -> Iterator[str]:
    """Texts in a message and in those inside of it, in their order.

    Without a schema a value may be a text or a message: it is a text where it is UTF-8 without the control
    characters that stand in front of nearly every field, and else what it holds is looked at.
    """
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth and (text := _text(value)) is not None:
            if text.strip():
                yield text
            continue
        if not _LETTERS.search(value):
            continue
        try:
            inner = fields(value) if depth < _DEPTH else []
        except NotAMessageError:
            inner = []
        waiting.extend((one, depth + 1) for _, one in reversed(inner) if isinstance(one, bytes))


def _text(value: bytes) -> str | None:
    if _NO_TEXT.search(value):
        return None
    if value[:1] == b"\n" and len(value) > 2 and value[1] == len(value) - 2:
        return None  # a message whose only field is a text of that length
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None
