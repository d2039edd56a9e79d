"""Counting: which spans were found, strictly (both ends) and by overlap (at least one character)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one kind of span under one way of matching."""

    gold: int = 0
    gold_hit: int = 0
    found: int = 0
    found_right: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.gold + other.gold,
            self.gold_hit + other.gold_hit,
            self.found + other.found,
            self.found_right + other.found_right,
        )

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was found."""
        return self.found_right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is there that was found; 1 where nothing is there."""
        return self.gold_hit / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def compare(gold: Sequence[Span], found: Sequence[Span]) -> tuple[Tally, Tally]:
    """``(strict, overlap)`` counts of one text."""
    exact = len(set(gold) & set(found))
    strict = Tally(len(gold), exact, len(found), exact)
    overlap = Tally(
        len(gold), sum(_touches(g, found) for g in gold), len(found), sum(_touches(f, gold) for f in found)
    )
    return strict, overlap


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
