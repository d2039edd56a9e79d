"""The headers of a mail message or of one of its parts: found leniently, unfolded, bounded."""

from __future__ import annotations

import binascii
import codecs
import re

from scanner.documents.decoding import decode, utf16_by_nuls

Header = tuple[str, str]
"""Name as written (empty for a line that is no header field) and unfolded value, encoded words left alone."""

# Bounds of one block.  Postfix stops at 102,400 bytes of a header; honest mail stays at some kilobytes.
HEADER_BLOCK = 1_000_000
HEADER_LINES = 2_000
_NAME = 200

_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_END_OF_HEADERS = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_MARK = b"\xef\xbb\xbf"


def message_headers(data: bytes) -> tuple[Header, ...]:
    """All header fields of a message in their order: names as written, values unfolded and otherwise raw.

    A line without a colon has an empty name.  The first blank line ends the block, whatever stood before
    it.  Bytes that are no UTF-8 are read as cp1252.  More than 2,000 fields come back as one nameless rest.
    """
    data = readable_message(data)
    headers, _ = split_headers(data, 0, len(data))
    return tuple(headers)


def readable_message(data: bytes) -> bytes:
    """A message in a superset of ASCII: UTF-16 is turned into UTF-8, a byte order mark is taken off."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or utf16_by_nuls(data[:200]):
        data = decode(data).encode("utf-8")
    return data.removeprefix(_MARK)


def split_headers(data: bytes, start: int, end: int, *, message: bool = True) -> tuple[list[Header], int]:
    """Header fields of the message or part in ``data[start:end]``, and where its body begins.

    A part (not ``message``) whose first line holds no colon is all body: its headers are missing.
    """
    if start >= end:
        return [], end
    first = _LINE_END.match(data, start, end)
    if first:
        return [], first.end()
    if not message and b":" not in data[start : min(end, start + 1000)].split(b"\n", 1)[0]:
        # A part that begins without headers and without the blank line that should stand for them.
        return [], start
    match = _END_OF_HEADERS.search(data, start, min(end, start + HEADER_BLOCK))
    stop, body = (match.start(), match.end()) if match else (min(end, start + HEADER_BLOCK), end)
    if not match and end - start > HEADER_BLOCK:
        body = stop
    return _fields(data[start:stop]), body


def _fields(block: bytes) -> list[Header]:
    fields: list[list[bytes]] = []
    for line in _LINE_END.split(block):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1].append(line)
        elif line:
            fields.append([line])
    headers = []
    for lines in fields[:HEADER_LINES]:
        raw = b" ".join(map(bytes.strip, lines))
        name, colon, value = raw.partition(b":")
        name = name.strip()
        if colon and b" " not in name and len(name) < _NAME:
            headers.append((name.replace(b"\0", b"").decode("ascii", "replace"), text_of(value.strip())))
        else:
            headers.append(("", text_of(raw)))
    if len(fields) > HEADER_LINES:
        headers.append(("", text_of(b"\n".join(b" ".join(one) for one in fields[HEADER_LINES:]))))
    return headers


def text_of(data: bytes) -> str:
    """Raw bytes of a header as text: UTF-8, else cp1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def decoded_words(value: str) -> str:
    """Text of a header with its encoded words (RFC 2047), also where they stand in quotes or in pieces."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending = b""
    charset = ""
    position = 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        if pending and (between.strip() or match[1].lower() != charset):
            out.append(decode(pending, charset))
            pending = b""
        if between.strip() or not position:
            out.append(between)
        charset = match[1].lower()
        payload = match[3].encode("utf-8", "replace")
        pending += base64_bytes(payload) if match[2] in "bB" else binascii.a2b_qp(payload, header=True)
        position = match.end()
    if pending:
        out.append(decode(pending, charset))
    out.append(value[position:])
    return "".join(out)


def base64_bytes(data: bytes) -> bytes:
    """Decode base64 block by block: padding in the middle ends a block, not the text."""
    blocks = []
    for block in re.split(rb"=+", _NO_BASE64.sub(b"", data)):
        if len(block) % 4 == 1:
            block = block[:-1]
        blocks.append(binascii.a2b_base64(block + b"=" * (-len(block) % 4)))
    return b"".join(blocks)
