"""Residue: text of earlier states in the unused bytes of a file that was saved over and over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.documents.model import Location, Segment

# Runs of readable characters, 8-bit or UTF-16, as the text of Office files stands in its streams.
_RESIDUE = re.compile(
    rb"(?:[\t\r\x07\x0b\x20-\x7e\xa3\x91-\x94\x96]\x00|[\x18-\x1d\x13\x14]\x20){8,}"
    rb"|[\t\r\x07\x0b\x20-\x7e\xa3\x91-\x94\x96]{8,}"
)
_NUMBER = re.compile(r"[0-9]{6}|[A-Za-z]{2}[0-9]{6}|[0-9]{2,3}[ -/][0-9]{2,3}[ -/][0-9]{2,4}")
_WORD = re.compile(r"(?<![A-Za-z])(?:[A-Z]?[a-z]{2,}|[A-Z]{2,})(?![A-Za-z])")
_ONE_WORD = re.compile(r"\s*[A-Z]?[a-z]{4,}[.,:]?\s*")
_NO_WORD = re.compile(r"[^A-Za-z0-9\s,.:;'()£@/-]")
_LINE = re.compile("[\r\n\x07\x0c]")
_CONTROLS = dict.fromkeys(range(32), " ")


def left_over(data: bytes, start: int, end: int) -> Iterator[Segment]:
    """Lines of text between two offsets: only what reads like words or numbers, the rest is noise."""
    for match in _RESIDUE.finditer(data, start, end):
        run = match[0]
        text = run.decode("utf-16-le" if 0 in run[1:2] + run[-1:] else "cp1252", "replace")
        for line in _LINE.split(text):
            if _reads_like_text(line) and len(_NO_WORD.findall(line)) * 8 < len(line):
                place = Location(("residue", f"from byte {match.start():,}"))
                yield Segment(line.translate(_CONTROLS), place, "deleted text still in the file")


def _reads_like_text(line: str) -> bool:
    """Whether a line has a number, two words, or is one word: compressed data has runs of letters too."""
    if _NUMBER.search(line) or _ONE_WORD.fullmatch(line):
        return True
    words = _WORD.findall(line)
    return len(words) > 1 and sum(map(len, words)) * 2 > len(line)
