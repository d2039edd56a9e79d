"""Sound and films: what their labels say (titles, callers, places); what is heard or seen is not read.

Sources: ID3v2.3 and 2.4, RIFF (INFO), ISO 14496-12 with the labels of iTunes, Vorbis comments.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Shortfall
from scanner.documents.protocol import HERE, Event, Source
from scanner.documents.rows import row_segment
from scanner.documents.sniffing import PLAIN_WORDS, sniff

# Labels stand at the start or, in films, behind everything: what is read of a file that may be very large.
_ENDS = 8_000_000
_MOST_LABELS, _LONGEST = 1_000, 100_000
_CODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_NAMES = {
    "TIT2": "title", "TPE1": "artist", "TALB": "album", "COMM": "comment", "USLT": "lyrics",
    "TCOM": "composer", "TYER": "year", "TDRC": "year", "TXXX": "label", "WXXX": "link", "INAM": "title",
    "IART": "artist", "ICMT": "comment", "ICRD": "date", "ISFT": "program", "ISBJ": "subject",
    "\xa9nam": "title", "\xa9ART": "artist", "\xa9cmt": "comment", "\xa9day": "date", "\xa9xyz": "place",
    "desc": "description", "\xa9too": "program", "\xa9alb": "album",
}  # fmt: skip
_VORBIS = (b"\x03vorbis", b"OpusTags")
_FLAC_COMMENT = 4
_BOXES = frozenset((b"moov", b"udta", b"meta", b"ilst", b"trak"))
_WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){4,}")
_ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"


class SoundParser:
    """Reads the labels of sound and films."""

    kinds = frozenset({"audio", "video"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield labels, and always the gap: nobody has listened."""
        with source.open() as file:
            head = file.read(_ENDS)
            file.seek(max(len(head), source.size - _ENDS))
            tail = file.read(_ENDS)
        seen: set[tuple[str, str]] = set()
        try:
            for name, text in _labels(head, tail):
                text = text.replace("\0", " ").strip()[:_LONGEST]
                if text and (name, text) not in seen and len(seen) < _MOST_LABELS:
                    seen.add((name, text))
                    label = _NAMES.get(name, name)
                    yield row_segment([text], [label], Location((label,)), hidden="document properties")
        except (struct.error, IndexError):
            yield Gap(HERE, Shortfall.DAMAGED, "labels of sound or film")
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, PLAIN_WORDS[sniff(source)])


def _labels(head: bytes, tail: bytes) -> Iterator[tuple[str, str]]:
    end = tail or head
    if head.startswith(b"ID3"):
        yield from _id3(head)
    elif head.startswith(b"RIFF"):
        yield from _riff(head)
        if tail:
            yield from _riff_lists(tail)
    elif head[4:8] == b"ftyp":
        yield from _boxes(head, 0, len(head))
        if tail and (at := tail.find(b"moov")) >= 4:
            yield from _boxes(tail, at - 4, len(tail))
    elif head.startswith(b"fLaC"):
        yield from _flac(head)
    elif head.startswith(b"OggS"):
        for mark in _VORBIS:
            if (at := head.find(mark, 0, 200_000)) >= 0:
                yield from _vorbis(head[at + len(mark) :])
    elif head.startswith(_ASF):
        for run in _WIDE.findall(head[:20_000]):
            yield "label", run.decode("utf-16-le")
    if end[-128:-125] == b"TAG":
        old = end[-125:]
        for name, start, size in (("TIT2", 0, 30), ("TPE1", 30, 30), ("TALB", 60, 30), ("COMM", 94, 28)):
            yield name, old[start : start + size].split(b"\0")[0].decode("cp1252", "replace")


def _id3(data: bytes) -> Iterator[tuple[str, str]]:
    version = data[3]
    size = _seven_bits(data[6:10])
    width, head = (3, 6) if version == 2 else (4, 10)
    at = 10
    while at + head <= min(len(data), 10 + size):
        name = data[at : at + width].decode("latin-1")
        if not name.strip("\0"):
            return
        raw = data[at + width : at + 2 * width]
        length = _seven_bits(raw) if version == 4 else int.from_bytes(raw, "big")
        body = data[at + head : at + head + length]
        at += head + length
        if body and (name[0] in "TW" or name in ("COMM", "USLT", "COM", "ULT")):
            yield name, _id3_text(name, body)


def _seven_bits(raw: bytes) -> int:
    number = 0
    for byte in raw:
        number = number << 7 | byte & 0x7F
    return number


def _id3_text(name: str, body: bytes) -> str:
    if name[0] == "W" and name not in ("WXXX", "WXX"):
        return body.decode("latin-1")
    coding = _CODINGS[body[0]] if body[0] < len(_CODINGS) else "latin-1"
    start = 4 if name[0] in "CU" else 1  # a language in three letters
    text = body[start:].decode(coding, "replace")
    return " ".join(part for part in text.replace("\ufeff", "").split("\0") if part)


def _riff(data: bytes) -> Iterator[tuple[str, str]]:
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sL", data, at)
        if name == b"LIST":
            yield from _info(data[at + 8 : at + 8 + size])
        elif name.lower() == b"id3 ":
            yield from _id3(data[at + 8 : at + 8 + size])
        elif name == b"bext":
            yield "description", data[at + 8 : at + 8 + 256].split(b"\0")[0].decode("cp1252", "replace")
        at += 8 + size + size % 2


def _riff_lists(data: bytes) -> Iterator[tuple[str, str]]:
    """Lists of labels behind the sound itself."""
    at = data.find(b"INFO")
    if at >= 8 and data[at - 8 : at - 4] == b"LIST":
        (size,) = struct.unpack_from("<L", data, at - 4)
        yield from _info(data[at : at + size])


def _info(data: bytes) -> Iterator[tuple[str, str]]:
    at = 4
    while data.startswith(b"INFO") and at + 8 <= len(data):
        name, size = struct.unpack_from("<4sL", data, at)
        yield name.decode("latin-1"), data[at + 8 : at + 8 + size].decode("cp1252", "replace")
        at += 8 + size + size % 2


def _boxes(data: bytes, at: int, end: int, depth: int = 0) -> Iterator[tuple[str, str]]:
    while at + 8 <= end and depth < 8:
        size, name = struct.unpack_from(">L4s", data, at)
        head = 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        if size < head:
            return
        stop = min(end, at + size)
        if name in _BOXES:
            inside = at + head
            if name == b"meta" and data[inside + 4 : inside + 8] != b"hdlr":
                inside += 4
            yield from _boxes(data, inside, stop, depth + 1)
        elif name[:1] == b"\xa9" or name in (b"desc", b"cprt", b"auth", b"titl"):
            yield name.decode("latin-1"), _box_text(data[at + head : stop])
        at += size


def _box_text(body: bytes) -> str:
    if body[4:8] == b"data":
        return body[16:].decode("utf-8", "replace")
    # A length and a language, as cameras write; the form of phones begins with flags.
    size = int.from_bytes(body[:2], "big")
    text = body[4 : 4 + size] if 0 < size <= len(body) - 4 else body[6:]
    return text.decode("utf-8", "replace")


def _flac(data: bytes) -> Iterator[tuple[str, str]]:
    at = 4
    while at + 4 <= len(data):
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        if kind & 0x7F == _FLAC_COMMENT:
            yield from _vorbis(data[at + 4 : at + 4 + size])
        at += 4 + size
        if kind & 0x80:
            return


def _vorbis(data: bytes) -> Iterator[tuple[str, str]]:
    (size,) = struct.unpack_from("<L", data)
    at = 4 + size
    (count,) = struct.unpack_from("<L", data, at)
    at += 4
    for _ in range(min(count, _MOST_LABELS)):
        (size,) = struct.unpack_from("<L", data, at)
        name, _, text = data[at + 4 : at + 4 + size].decode("utf-8", "replace").partition("=")
        yield name.lower(), text
        at += 4 + size
