"""What stands around a finding, for whoever decides: a short stretch of text with every finding masked."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from scanner.detection.finding import Finding

# Characters before and after a finding; the stretch that a person reads at a glance.
REACH = 80
# So many stretches are kept of one document: listed are far fewer, and memory stays bounded.
KEPT = 2_000
_EDGE = 40
# What no recogniser took for a number of somebody may still be one.
_DIGITS = re.compile(r"\d(?:[ ./-]?\d){4,}")
_WORD = re.compile(r"[^\W\d_]{3,}")


class Surroundings:
    """One passage with the spans of its findings; ``open_types`` are shown as they stand."""

    def __init__(self, text: str, findings: Iterable[Finding], open_types: frozenset[str]) -> None:
        self._text = text
        self._spans: list[tuple[int, int, bool]] = []
        self._names: set[str] = set()
        spans = sorted(
            (one.start, one.end, one.entity_type == "PERSON")
            for one in findings
            if one.entity_type not in open_types
        )
        for start, end, is_name in spans:
            if is_name:
                # A name found once is masked wherever its words come again.
                self._names.update(word.casefold() for word in _WORD.findall(text[start:end][:200]))
            if self._spans and start < self._spans[-1][1]:
                first, last, _ = self._spans[-1]
                self._spans[-1] = (first, max(last, end), False)
            else:
                self._spans.append((start, end, is_name))
        self._starts = [start for start, _, _ in self._spans]

    def around(self, start: int, end: int) -> tuple[str, str]:
        """What stands before and after ``text[start:end]``, each on one line."""
        return self._masked(max(0, start - REACH), start), self._masked(
            end, min(len(self._text), end + REACH)
        )

    def _masked(self, begin: int, stop: int) -> str:
        # A word or number that the stretch cuts is judged whole.
        low, high = max(0, begin - _EDGE), min(len(self._text), stop + _EDGE)
        text = self._text[low:high]
        shown = list(text)
        for found in _DIGITS.finditer(text):
            _cover(shown, *found.span())
        for found in _WORD.finditer(text):
            if found[0].casefold() in self._names:
                _cover(shown, *found.span())
        index = max(0, bisect_right(self._starts, low) - 1)
        while index < len(self._spans) and self._spans[index][0] < high:
            start, end, is_name = self._spans[index]
            index += 1
            if end > low:
                _cover(shown, max(start, low) - low, min(end, high) - low)
                if is_name and start >= low:
                    _initials(shown, text, start - low, min(end, high) - low)
        return " ".join("".join(shown[begin - low : stop - low]).split())


def _cover(characters: list[str], start: int, end: int) -> None:
    for index in range(start, end):
        if characters[index].isalnum():
            characters[index] = "*"


def _initials(characters: list[str], text: str, start: int, end: int) -> None:
    inside = False
    for index in range(start, end):
        if not inside and text[index].isalpha():
            characters[index] = text[index]
        inside = text[index].isalnum() or text[index] in "'’"
