"""Windows: the stretches of a text in which the language model can change the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.detection.finding import Finding
from scanner.detection.view import Span, View

# A model sees this much on each side of what was found: a sentence or two.
MARGIN = 240
# Longer texts are given to the model in pieces of at most this many characters: its cost is linear, but a
# million-character document must never be parsed whole.
LONGEST = 4_000


def windows(view: View, found: Sequence[Finding], *, full_text: bool) -> list[Span]:
    """The spans to show the model, in order and not overlapping.

    With ``full_text`` the whole text, else what lies around ``found`` and the findings of earlier stages.  Windows are
    widened to whole lines where that costs little, and cut at ``LONGEST``.
    """
    if full_text:
        return list(_pieces(view.text, [(0, len(view.text))]))
    around = ((finding.start - MARGIN, finding.end + MARGIN) for finding in (*view.findings, *found))
    return list(_pieces(view.text, _merged(around, len(view.text))))


def share(spans: Sequence[Span], length: int) -> float:
    """Which share of a text of ``length`` characters the windows cover."""
    return sum(end - start for start, end in spans) / length if length else 0.0


def _merged(spans: Iterable[Span], length: int) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        start, end = max(0, start), min(length, end)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _pieces(text: str, spans: Iterable[Span]) -> Iterable[Span]:
    for start, end in spans:
        at = _word_start(text, start)
        while at < end:
            stop = min(end, at + LONGEST)
            if stop < len(text):
                stop = _break(text, at, stop)
            if text[at:stop].strip():
                yield at, stop
            at = stop


def _word_start(text: str, start: int) -> int:
    while start and start < len(text) and not text[start - 1].isspace():
        start -= 1
    return start


def _break(text: str, start: int, stop: int) -> int:
    """Where to end a piece: at a line end, else at a blank, else where it is."""
    for mark in ("\n", " "):
        at = text.rfind(mark, start + (stop - start) // 2, stop)
        if at > 0:
            return at + 1
    end = stop
    while end < len(text) and end - stop < 64 and not text[end].isspace():
        end += 1
    return end
