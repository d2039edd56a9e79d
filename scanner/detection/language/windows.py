"""Windows: the stretches of a text in which the language model can change the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scanner.detection.finding import Finding
from scanner.detection.view import Span, View

# A model sees this much on each side of what was found: a sentence or two.
MARGIN = 240
# Longer texts are given to the model in pieces of at most this many characters: its cost is linear, but a
# million-character document must never be parsed whole.
LONGEST = 4_000
# What a document's verdict needs is in its first hundred people: of a longer list the model sees no more.
MOST_SHOWN = 60_000
_LONGEST_WORD = 64


def windows(view: View, found: Sequence[Finding], *, full_text: bool) -> list[Span]:
    """The spans to show the model, in order and not overlapping.

    With ``full_text`` the whole text, else what lies around ``found`` and earlier findings.
    Windows are widened to whole words, cut at ``LONGEST``, and end at ``MOST_SHOWN`` characters in all.
    """
    if full_text:
        return list(_pieces(view.text, [(0, len(view.text))]))
    text, size = view.text, len(view.text)
    around = (
        (_word_start(text, max(0, f.start - MARGIN)), _word_end(text, min(size, f.end + MARGIN)))
        for f in (*view.findings, *found)
    )
    return list(_first(_pieces(text, _merged(around))))


def share(spans: Sequence[Span], length: int) -> float:
    """Which share of a text of ``length`` characters the windows cover."""
    return sum(end - start for start, end in spans) / length if length else 0.0


def _first(spans: Iterable[Span]) -> Iterator[Span]:
    shown = 0
    for start, end in spans:
        if shown >= MOST_SHOWN:
            return
        shown += end - start
        yield start, end


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _pieces(text: str, spans: Iterable[Span]) -> Iterable[Span]:
    for start, end in spans:
        at = start
        while at < end:
            stop = end if end - at <= LONGEST else _break(text, at, at + LONGEST)
            if text[at:stop].strip():
                yield at, stop
            at = stop


def _word_start(text: str, start: int) -> int:
    at = start
    while at and start - at < _LONGEST_WORD and not text[at - 1].isspace():
        at -= 1
    return at


def _word_end(text: str, end: int) -> int:
    at = end
    while at < len(text) and at - end < _LONGEST_WORD and not text[at].isspace():
        at += 1
    return at


def _break(text: str, start: int, stop: int) -> int:
    """Where to end a piece: at a line end, else at a blank, else where it is."""
    for mark in ("\n", " "):
        at = text.rfind(mark, start + (stop - start) // 2, stop)
        if at > 0:
            return at + 1
    return _word_end(text, stop)
