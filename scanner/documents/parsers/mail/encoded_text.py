"""Files and words that stand in running text in some encoding that nothing declares.

uuencode, yEnc, BinHex, base64 without a header, addresses that hold their data, soft line breaks of
quoted-printable, UTF-7.  Each is looked for by its mark; ordinary text costs one scan for each of them.
"""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from scanner.documents.mail_headers import base64_bytes, text_of
from scanner.documents.model import Location, Segment
from scanner.documents.protocol import Event, Member, Source
from scanner.documents.sniffing import EMPTY, UNKNOWN, sniff

_UU_BEGIN = re.compile(rb"^begin(-base64)? [0-7]{3,4} ([^\r\n]{1,300})\r?\n", re.MULTILINE)
# Lines of 60 letters and more, and one last shorter line; it begins where no such letter stands before.
_BASE64_RUN = re.compile(
    rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{60,}+(?:[ \t]*+\r?\n[ \t]*+[A-Za-z0-9+/]{60,}+)*+"
    rb"(?:[ \t]*+\r?\n[ \t]*+[A-Za-z0-9+/]{1,59}+={0,2}(?=[ \t\r]*+(?:\n|\Z)))?={0,2}"
)
_DATA_ADDRESS = re.compile(
    rb"data:([\w.+-]{1,60}/[\w.+-]{1,60})?((?:;[\w.=-]{1,80}){0,5}),([^\s\"'<>]{1,50000000})", re.IGNORECASE
)
_YENC_BEGIN = re.compile(
    rb"^=ybegin [^\r\n]{0,500}?name=([^\r\n]{0,300})\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?", re.MULTILINE
)
_YENC_END = re.compile(rb"^=yend", re.MULTILINE)
_BINHEX = re.compile(rb"converted with BinHex[^\r\n]{0,40}\s{1,20}:")
_BINHEX_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64 = bytes.maketrans(_BINHEX_LETTERS, _BASE64_LETTERS)
_REPEAT = 0x90
_MOST_REPEATED = 200_000_000
# UTF-7 of what people in the UK write: UTF-16 whose first byte is zero, in base64.
_UTF7 = re.compile(r"\+(A[C-H][A-Za-z0-9+/]{4,400}+)-?")
_READABLE = re.compile(r"[^\x20-\x7e\xa0-\uffff\t\r\n]")
# Keys, signatures and hashes are shorter than this; more data of no known kind is worth a gap.
_LARGE = 20_000
_JOINED = 20_000


def files_inside(content: bytes, place: Location) -> Iterator[Event]:
    """What stands encoded in a text, as members; ``content`` is the text in bytes."""
    if b"begin" in content:
        for name, data in uuencoded(content):
            yield Member(name, data, place / f'uuencoded "{name}"')
        for match in _YENC_BEGIN.finditer(content):
            end = _YENC_END.search(content, match.end())
            name = text_of(match[1].strip())
            data = _yenc(content[match.end() : end.start() if end else len(content)])
            yield Member(name, data, place / f'yEnc "{name}"')
    if b"BinHex" in content:
        for match in _BINHEX.finditer(content):
            yield from _binhex(content, match.end(), place)
    if b"data:" in content:
        for match in _DATA_ADDRESS.finditer(content):
            coded = b";base64" in match[2].lower()
            data = base64_bytes(unquote_to_bytes(match[3])) if coded else unquote_to_bytes(match[3])
            yield Member("", data, place / "data address")
    for match in _BASE64_RUN.finditer(content):
        data = base64_bytes(match[0])
        kind = sniff(Source.from_bytes(data))
        if (kind == UNKNOWN and len(data) < _LARGE) or kind == EMPTY:
            continue
        if kind in ("text", "csv") and _READABLE.search(
            data[:2000].decode("utf-8", "replace").replace("\ufffd", "\0")
        ):
            continue  # other letters in a row: a path, a name, a number
        yield Member("", data, place / "base64 text")


def other_readings(text: str, place: Location) -> Iterator[Segment]:
    """Lines of a text that read otherwise as quoted-printable or as UTF-7, each in that other reading."""
    if "=\n" in text or "=\r\n" in text:
        for joined in _soft_broken(text):
            yield Segment(joined, place / "quoted-printable undone", "another reading")
    if "+A" in text:
        for match in _UTF7.finditer(text):
            raw = base64_bytes(match[1].encode("ascii"))
            words = raw[: len(raw) & ~1].decode("utf-16-be", "replace")
            if len(words) >= 2 and not _READABLE.search(words):
                yield Segment(words, place / "UTF-7 undone", "another reading")


def _soft_broken(text: str) -> Iterator[str]:
    """Lines that a "=" at their end joins with the next."""
    pieces: list[str] = []
    size = 0
    for line in text.split("\n"):
        bare = line.rstrip("\r")
        if bare.endswith("=") and size < _JOINED:
            pieces.append(bare[:-1])
            size += len(bare)
        elif pieces:
            joined = "".join((*pieces, bare)).encode("utf-8", "replace")
            yield binascii.a2b_qp(joined).decode("utf-8", "replace")
            pieces, size = [], 0


def uuencoded(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the uuencoded (and base64) files that stand in text."""
    position = 0
    while match := _UU_BEGIN.search(data, position):
        position = match.end()
        pieces = []
        while position < len(data):
            stop = data.find(b"\n", position)
            stop = len(data) if stop < 0 else stop
            line = data[position:stop].rstrip(b"\r")
            position = stop + 1
            if line.strip() in (b"end", b"====", b""):
                break
            try:
                pieces.append(base64_bytes(line) if match[1] else binascii.a2b_uu(line))
            except binascii.Error:
                # Some encoders leave out trailing blanks or add a check character.
                count = 1 + -(-((line[0] - 32) & 63) * 8 // 6)
                try:
                    pieces.append(binascii.a2b_uu(line[:count].ljust(count)))
                except binascii.Error:
                    break
        if pieces:
            yield text_of(match[2].strip()), b"".join(pieces)


def _yenc(body: bytes) -> bytes:
    """Undo yEnc: every byte is moved by 42, those behind "=" by 64 more."""
    body = body.replace(b"\r", b"").replace(b"\n", b"")
    first, *others = body.split(b"=")
    escaped = b"".join(bytes(((one[0] - 64) & 0xFF,)) + one[1:] if one else b"" for one in others)
    return (first + escaped).translate(bytes((byte - 42) & 0xFF for byte in range(256)))


def _binhex(content: bytes, start: int, place: Location) -> Iterator[Event]:
    """Both forks of a file in BinHex 4.0 (RFC 1741)."""
    end = content.find(b":", start)
    letters = b"".join(content[start : end if end >= 0 else len(content)].split())
    coded = letters.translate(_TO_BASE64)
    if len(coded) % 4 == 1:
        coded = coded[:-1]
    data = _repeated(binascii.a2b_base64(coded + b"=" * (-len(coded) % 4)))
    if len(data) < 22:
        return
    length = data[0]
    name = text_of(data[1 : 1 + length])
    at = 1 + length + 11
    if at + 10 > len(data):
        return
    sizes = struct.unpack_from(">II", data, at)
    at += 10
    for size, fork in zip(sizes, ("data fork", "resource fork"), strict=True):
        if size:
            yield Member(name, data[at : at + size], place / f'BinHex "{name}"' / fork)
        at += size + 2


def _repeated(data: bytes) -> bytes:
    """Undo the run lengths: a byte, the mark, how often; a mark with a count of zero is itself."""
    first, *others = data.split(bytes((_REPEAT,)))
    out = bytearray(first)
    for one in others:
        count = one[0] if one else 0
        if not count:
            out.append(_REPEAT)
        elif out and len(out) < _MOST_REPEATED:
            out += out[-1:] * (count - 1)
        out += one[1:]
    return bytes(out)
