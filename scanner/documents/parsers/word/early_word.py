"""Word and Write of before Word 6 (Windows Write, Word for DOS, Word 1 and 2): 8-bit text in one run.

Source: the Write file format of the Windows SDK; the offsets of Word 2 are those of its successors.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from scanner.documents.limits import Limits
from scanner.documents.model import Gap, Location, Protection, Segment, Shortfall
from scanner.documents.parsers.office.residue import left_over
from scanner.documents.parsers.word.doc import stories
from scanner.documents.parsers.word.word_binary import Piece, WordFile
from scanner.documents.protocol import HERE, Event, ProtectionNote, Source

_WRITE = (b"\x31\xbe", b"\x32\xbe")
_TEXT_AT, _TEXT_END, _WRITE_MARK = 128, 14, 96
_ENCRYPTED, _FAST_SAVED = 0x0100, 0x0004
_LINES = re.compile("\r?\n|\x0c|\r")
_CONTROLS = dict.fromkeys(range(32)) | {9: "\t", 11: "\n", 0x1E: "\u2011", 0x1F: "\u00ad"}
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1d\x7f-\x9f]")


class EarlyWordParser:
    """Reads documents of the first versions of Word and of Write."""

    kinds = frozenset({"word-early"})

    def parse(self, source: Source, limits: Limits) -> Iterator[Event]:
        """Yield the paragraphs, and what stands behind them."""
        data = source.read()
        try:
            if data.startswith(_WRITE):
                yield from _write(data)
            else:
                yield from _word(data)
        except struct.error:
            yield Gap(HERE, Shortfall.DAMAGED, "header of the document")
            yield from left_over(data, 0, len(data))


def _word(data: bytes) -> Iterator[Event]:
    (version,) = struct.unpack_from("<H", data, 2)
    (flags,) = struct.unpack_from("<H", data, 10)
    start, end = struct.unpack_from("<LL", data, 0x18)
    if flags & _ENCRYPTED:
        yield ProtectionNote(Protection.WEAK, detail="Word XOR")
        yield Gap(HERE, Shortfall.ENCRYPTED, "needs a password")
        return
    if end > len(data):
        yield Gap(HERE, Shortfall.DAMAGED, "the text breaks off")
    count = max(0, min(end, len(data)) - start)
    counts = (count, 0, 0, 0, 0, 0, 0, 0)
    word = WordFile(data, b"", version, flags, counts, start, end, pieces=[Piece(0, count, start, 1)])
    yield from stories(word)
    yield from left_over(data, start + count, len(data))
    if flags & _FAST_SAVED:
        yield Gap(HERE, Shortfall.UNSUPPORTED_KIND, "saved fast: later changes were read as readable runs")


def _write(data: bytes) -> Iterator[Event]:
    (end,) = struct.unpack_from("<L", data, _TEXT_END)
    (windows,) = struct.unpack_from("<H", data, _WRITE_MARK)
    if end > len(data):
        yield Gap(HERE, Shortfall.DAMAGED, "the text breaks off")
    text = data[_TEXT_AT:end].decode("cp1252" if windows else "cp850", "replace")
    number = 0
    for line in _LINES.split(text):
        # Pictures stand among the paragraphs.
        if len(_NO_TEXT.findall(line)) * 8 > len(line):
            continue
        line = line.translate(_CONTROLS).strip()
        if line:
            number += 1
            yield Segment(line, Location((f"paragraph {number}",)))
