"""Compressed RTF of Outlook messages (MS-OXRTFCP): LZ77 against a dictionary of usual control words."""

from __future__ import annotations

import struct

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_COMPRESSED = 0x75465A4C
_STORED = 0x414C454D


class CompressedRtfError(ValueError):
    """The data is no compressed RTF."""


def decompress(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Return the RTF, at most ``limit`` bytes, and whether it came to its own end.

    Raises ``CompressedRtfError`` when the header is that of something else.
    """
    if len(data) < 16:
        raise CompressedRtfError
    size, raw_size, kind = struct.unpack_from("<III", data)
    if kind == _STORED:
        text = data[16 : 16 + min(raw_size, limit)]
        # Some programs count the header into the second length as into the first: that tells as well.
        return text, len(text) == raw_size or (len(data) >= size + 4 and len(text) < limit)
    if kind != _COMPRESSED:
        raise CompressedRtfError
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\0"))
    write = len(_DICTIONARY)
    out = bytearray()
    position = 16
    while position < len(data) and len(out) < limit:
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 1 >= len(data):
                    return bytes(out), False
                token = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = token >> 4, (token & 0xF) + 2
                if offset == write:
                    return bytes(out), True
                for _ in range(length):
                    byte = window[offset]
                    out.append(byte)
                    window[write] = byte
                    write = (write + 1) % _WINDOW
                    offset = (offset + 1) % _WINDOW
            else:
                if position >= len(data):
                    return bytes(out), False
                byte = data[position]
                position += 1
                out.append(byte)
                window[write] = byte
                write = (write + 1) % _WINDOW
    return bytes(out[:limit]), len(out) <= limit and len(out) >= raw_size
