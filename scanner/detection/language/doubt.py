"""Doubt: whether a stretch of text holds anything that rules and lists leave open.

Only there can a language model change a decision; elsewhere it is neither asked nor loaded.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from scanner.detection.finding import Finding
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.lexicon import Lexicon, word_band
from scanner.detection.view import Span

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# A person the rules are this sure of needs no second opinion.
_SURE = 0.9
# Capitals of this length that are no name are an acronym.
_ACRONYM = 4


class Doubts:
    """Answers for one text, after the rules have spoken."""

    def __init__(self, text: str, found: Sequence[Finding], lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        self._decided = _joined(
            (f.start, f.end) for f in found if f.entity_type != "PERSON" or f.confidence >= _SURE
        )
        addresses = _joined((f.start, f.end) for f in found if f.entity_type == "UK_ADDRESS")
        self._open = sorted(
            (f.start, f.end)
            for f in found
            if (f.entity_type == "PERSON" and f.confidence < _SURE)
            or (f.entity_type == "UK_POSTCODE" and not _holds(addresses, f.start))
        )

    def any_in(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` holds a doubtful name, a lone postcode, or a word unaccounted for."""
        at = bisect_left(self._open, (start,))
        if at < len(self._open) and self._open[at][0] < end:
            return True
        return any(
            self._may_name(match.group()) and not _holds(self._decided, match.start())
            for match in _WORD.finditer(self._text, start, end)
        )

    def _may_name(self, written: str) -> bool:
        _, flags, shape, _, _ = self._lexicon.word(written)
        if shape == "l":
            return bool(flags & lex.KNOWN_NAME) and not word_band(flags)
        if shape == "I" or flags & lex.FUNCTION:
            return False
        if flags & lex.KNOWN_NAME:
            return True
        return not flags and not (shape == "C" and len(written) <= _ACRONYM)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _holds(spans: Sequence[Span], position: int) -> bool:
    at = bisect_left(spans, (position + 1,)) - 1
    return at >= 0 and spans[at][1] > position
