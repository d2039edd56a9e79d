"""Weighing: log-odds of the reasons for and against a person, and the confidence they add up to.

Every reason adds to one sum, whoever found it: gazetteers, phrases, labels, the document itself, or a
language model.  A model's spans come in as ``(start, end, probability)``; nothing else has to change to add
one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scanner.detection.finding import Evidence, EvidenceKind

ModelSpan = tuple[int, int, float]


@dataclass(frozen=True, slots=True)
class Reason:
    """A piece of evidence and what it adds to the log-odds."""

    weight: float
    evidence: Evidence


def reason(kind: EvidenceKind, detail: str, weight: float) -> Reason:
    """A reason of one kind, in fixed words."""
    return Reason(weight, Evidence(kind, detail))


# A model that knows no council papers may add or take away this much and no more.
_MODEL_LIMIT = 3.0


def model_reason(probability: float) -> Reason:
    """What a language model's probability for a person adds."""
    odds = math.log(max(probability, 1e-4) / max(1 - probability, 1e-4))
    weight = max(-_MODEL_LIMIT, min(_MODEL_LIMIT, odds))
    return reason(EvidenceKind.MODEL, "language model", weight)


def confidence(prior: float, weights: Iterable[float] = ()) -> float:
    """The confidence that log-odds stand for, between 0.01 and 0.99."""
    odds = prior + sum(weights)
    return round(min(0.99, max(0.01, 1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))))), 3)
