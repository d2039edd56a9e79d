"""WordPerfect 5 to X9: the running text and the texts of notes, headers and boxes.

Source: the file format of the WordPerfect SDK.  A document is a stream of characters and functions; functions
say how long they are, so that none needs to be known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.office.residue import left_over
from scanner.documents.protocol import HERE, Event, ProtectionNote, Source
from scanner.documents.strings import only_strings

_POINTER, _TYPE, _VERSION, _LOCKED, _INDEX = 4, 9, 10, 12, 14
_DOCUMENT = 0x0A
_WP6 = 2
_INDEX_ENTRY, _TEXT_PACKET, _MOST_PACKETS = 14, 0x08, 10_000
# Functions of fixed length by their first byte.
_FIXED_5 = {0xC0: 4, 0xC1: 9, 0xC2: 11, 0xC3: 3, 0xC4: 3, 0xC5: 5, 0xC6: 6, 0xC7: 7}
_FIXED_6 = {
    0xF0: 4, 0xF1: 5, 0xF2: 3, 0xF3: 3, 0xF4: 3, 0xF5: 3, 0xF6: 4, 0xF7: 4, 0xF8: 5, 0xF9: 5, 0xFA: 6,
    0xFB: 6, 0xFC: 8, 0xFD: 8, 0xFE: 8,
}  # fmt: skip
# Single bytes that stand for characters.
_SINGLE_5 = {
    0x0A: "\n", 0x0B: " ", 0x0C: "\n", 0x0D: " ", 0x8C: "\n", 0x99: "\n", 0xA0: "\xa0", 0xA9: "\u2011",
    0xAA: "\u2011", 0xAB: "\u2011",
}  # fmt: skip
_SINGLE_6 = {
    0x80: " ", 0x81: "\xa0", 0x84: "\u2011", 0x87: "\n", 0xB7: "\n", 0xB8: "\n", 0xB9: "\n", 0xC7: "\n",
    0xC8: "\n", 0xC9: "\n", 0xCA: "\n", 0xCB: "\n", 0xCC: "\n", 0xCD: " ", 0xCE: " ", 0xCF: " ",
}  # fmt: skip
# Characters of other sets than ASCII: letters with accents (1), typographic signs (4).
_ACCENTED = dict(
    zip(range(26, 90), "ÁáÂâÄäÀàÅåÆæÇçÉéÊêËëÈèÍíÎîÏïÌìÑñÓóÔôÖöÒòÚúÛûÜüÙùŸÿÃãĐđØøÕõÝýÐðÞþ", strict=True)
) | {23: "ß"}  # fmt: skip
_SIGNS = dict(enumerate("●○■•*¶§¡¿«»£¥₧ƒªº½¼¢²ⁿ®©¤¾³‛’‘‟”“–—‹›"))
_SETS = {0: {code: chr(code) for code in range(32, 127)}, 1: _ACCENTED, 4: _SIGNS}
# What the bytes below 33 stand for in WordPerfect 6.
_EARLY_6 = dict(zip(range(1, 33), "åÅæÆäÄáàâãÃçÇëéÉèêíñÑøØõÕöÖüÜúùß", strict=True))
_TAB_5, _TAB_GROUP_6, _END_GROUP_6 = 0xC1, 0xE0, 0xD0
_SOFT_ENDS, _CELL_ENDS = frozenset((1, 2, 3)), frozenset((0x0A,))


class WordPerfectParser:
    """Reads WordPerfect documents."""

    kinds = frozenset({"wordperfect"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield paragraphs, then the texts that stand apart, and the gap that says what may be missing."""
        data = source.read()
        try:
            (begin,) = struct.unpack_from("<L", data, _POINTER)
            version = data[_VERSION]
            (locked,) = struct.unpack_from("<H", data, _LOCKED)
        except (struct.error, IndexError):
            yield Gap(HERE, Shortfall.DAMAGED, "header of the document")
            return
        if locked:
            yield ProtectionNote(Protection.WEAK, detail="WordPerfect password")
            yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
            return
        if data[_TYPE] != _DOCUMENT:
            yield from only_strings(source, "WordPerfect file of a Macintosh or of another program")
            return
        if version >= _WP6:
            yield from _paragraphs(_text_6(data, begin, len(data)), "paragraph")
            for number, (start, end) in enumerate(_packets(data, begin), 1):
                yield from _paragraphs(_text_6(data, start, end), f"note, header or box {number}, paragraph")
        else:
            apart: list[tuple[int, int]] = []
            yield from _paragraphs(_text_5(data, begin, apart), "paragraph")
            for start, end in apart:
                for segment in left_over(data, start, end):
                    yield replace(segment, location=Location(("note, header or box",)), hidden="")
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, "WordPerfect document; only its text was read")


def _paragraphs(text: str, word: str) -> Iterator[Segment]:
    number = 0
    for line in text.split("\n"):
        if line.strip():
            number += 1
            yield Segment(line.strip(), Location((f"{word} {number}",)))


def _text_5(data: bytes, at: int, apart: list[tuple[int, int]]) -> str:
    """Text of WordPerfect 5; ``apart`` takes where functions with texts of their own stand."""
    out: list[str] = []
    end = len(data)
    while at < end:
        byte = data[at]
        if 0x20 <= byte < 0x7F:
            out.append(chr(byte))
            at += 1
        elif byte in _FIXED_5:
            if byte == 0xC0 and at + 3 < end:
                out.append(_SETS.get(data[at + 2], {}).get(data[at + 1], ""))
            elif byte == _TAB_5:
                out.append("\t")
            at += _FIXED_5[byte]
        elif byte >= 0xD0:
            length = int.from_bytes(data[at + 2 : at + 4], "little") + 4
            if byte not in (0xD0, 0xD1):
                apart.append((at + 4, min(end, at + length)))
            at += length
        else:
            out.append(_SINGLE_5.get(byte, ""))
            at += 1
    return "".join(out)


def _text_6(data: bytes, at: int, end: int) -> str:
    out: list[str] = []
    end = min(end, len(data))
    while at < end:
        byte = data[at]
        if 0x20 < byte < 0x7F:
            out.append(chr(byte))
            at += 1
        elif byte in _FIXED_6:
            if byte == 0xF0 and at + 3 < end:
                out.append(_SETS.get(data[at + 2], {}).get(data[at + 1], ""))
            at += _FIXED_6[byte]
        elif 0xD0 <= byte <= 0xEF:
            kind = data[at + 1] if at + 1 < end else 0
            length = int.from_bytes(data[at + 2 : at + 4], "little")
            if byte == _TAB_GROUP_6:
                out.append("\t")
            elif byte == _END_GROUP_6:
                out.append(" " if kind in _SOFT_ENDS else "\t" if kind in _CELL_ENDS else "\n")
            at += max(4, length)
        else:
            out.append(_SINGLE_6.get(byte, "") if byte > 0x20 else _EARLY_6.get(byte, ""))
            at += 1
    return "".join(out)


def _packets(data: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Where the texts stand that the index in front of the document names."""
    try:
        (index,) = struct.unpack_from("<H", data, _INDEX)
        (count,) = struct.unpack_from("<H", data, index + 2)
        for number in range(1, min(count, _MOST_PACKETS)):
            entry = index + number * _INDEX_ENTRY
            _, kind, _, _, size, start = struct.unpack_from("<BBHHLL", data, entry)
            if kind != _TEXT_PACKET or not 0 < start < len(data):
                continue
            (first,) = struct.unpack_from("<L", data, start + 2)
            if first < size:
                yield start + first, start + size
    except struct.error:
        return
