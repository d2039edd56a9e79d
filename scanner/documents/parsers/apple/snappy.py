"""Snappy without a frame: the packing of the parts of iWork documents.  Source: its format description."""

from __future__ import annotations

from scanner.documents.inflating import ExpansionLimitError


class SnappyError(ValueError):
    """The data is damaged, or is no Snappy."""


def decompress(data: bytes, cap: int) -> bytes:
    """Unpack one block; raises ``SnappyError``, and ``ExpansionLimitError`` above ``cap`` bytes."""
    size = shift = at = 0
    while True:
        if at >= len(data) or shift > 28:
            raise SnappyError
        size |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            break
    if size > cap:
        raise ExpansionLimitError(f"expands to more than {cap:,} bytes")
    out = bytearray()
    end = len(data)
    while at < end:
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == 0:
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length = int.from_bytes(data[at : at + width], "little")
                at += width
            length += 1
            if at + length > end:
                raise SnappyError
            out += data[at : at + length]
            at += length
            continue
        if kind == 1:
            length = (tag >> 2 & 7) + 4
            width = 1
            offset = (tag >> 5) << 8
        else:
            length = (tag >> 2) + 1
            width = 2 if kind == 2 else 4
            offset = 0
        offset |= int.from_bytes(data[at : at + width], "little")
        at += width
        if at > end or not 0 < offset <= len(out):
            raise SnappyError
        start = len(out) - offset
        if offset >= length:
            out += out[start : start + length]
        else:  # what is copied reaches into itself: it repeats
            piece = bytes(out[start:])
            out += (piece * (length // offset + 1))[:length]
        if len(out) > size:
            raise SnappyError
    if len(out) != size:
        raise SnappyError
    return bytes(out)
