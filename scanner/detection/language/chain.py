"""A linear chain over token labels: which label may follow which, how likely each path is, and the best one.

Forward-backward in the probability domain with scaling, and Viterbi, over a batch of sequences at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KINDS = ("PERSON", "ORG", "LOC", "ADDRESS")
# Begin, inside, last, unit of each kind, after "outside".
LABELS = ("O", *(f"{part}-{kind}" for kind in KINDS for part in "BILU"))
_STEEPEST = 40.0
# Stretches of about so many tokens, between tokens whose odds of being outside are at least e to this.
_STRETCH, _OUTSIDE = 64, 2.5


def _starts(label: str) -> bool:
    return label[0] in "OBU"


def _ends(label: str) -> bool:
    return label[0] in "OLU"


def _follows(left: str, right: str) -> bool:
    if left[0] in "BI":
        return right[0] in "IL" and left[1:] == right[1:]
    return _starts(right)


ALLOWED: Floats = np.array([[float(_follows(a, b)) for b in LABELS] for a in LABELS])
START: Floats = np.array([float(_starts(label)) for label in LABELS])
END: Floats = np.array([float(_ends(label)) for label in LABELS])


@dataclass(frozen=True, slots=True)
class Marginals:
    """How likely each label of each token is, and how often each pair of labels is expected.

    ``labels`` has one array (tokens, labels) for each sequence, in the order they were given.
    """

    labels: list[Floats]
    pairs: Floats


class _Batch:
    """Sequences side by side, longest first, so that those still running are always the first rows."""

    def __init__(self, scores: Sequence[npt.NDArray[np.float32]]) -> None:
        lengths = np.array([len(one) for one in scores])
        self.order = np.argsort(-lengths, kind="stable")
        self.lengths = lengths[self.order]
        self.steps = int(self.lengths[0])
        self.running = [int((self.lengths > step).sum()) for step in range(self.steps + 1)]
        self.odds = np.ones((self.steps, len(scores), len(LABELS)))
        for row, index in enumerate(self.order):
            one = np.asarray(scores[index], dtype=np.float64)
            one = one - one.max(axis=1, keepdims=True)
            self.odds[: len(one), row] = np.exp(np.maximum(one, -_STEEPEST))


def marginals(scores: Sequence[npt.NDArray[np.float32]], transitions: npt.NDArray[np.float32]) -> Marginals:
    """Label probabilities of sequences (none of them empty) from per-token scores and label transitions."""
    if not scores:
        return Marginals([], np.zeros_like(ALLOWED))
    batch = _Batch(scores)
    chain = np.exp(np.clip(transitions.astype(np.float64), -_STEEPEST, _STEEPEST)) * ALLOWED
    forward = np.zeros_like(batch.odds)
    scale = np.ones((batch.steps, len(scores), 1))
    forward[0] = START * batch.odds[0]
    scale[0] = forward[0].sum(axis=1, keepdims=True)
    forward[0] /= scale[0]
    for step in range(1, batch.steps):
        rows = batch.running[step]
        here = (forward[step - 1, :rows] @ chain) * batch.odds[step, :rows]
        scale[step, :rows] = here.sum(axis=1, keepdims=True)
        forward[step, :rows] = here / scale[step, :rows]
    backward = np.zeros_like(batch.odds)
    for step in range(batch.steps - 1, -1, -1):
        going, rows = batch.running[step + 1], batch.running[step]
        backward[step, going:rows] = END
        if going:
            ahead = backward[step + 1, :going] * batch.odds[step + 1, :going] / scale[step + 1, :going]
            backward[step, :going] = ahead @ chain.T
    both = forward * backward
    totals = both.sum(axis=2, keepdims=True)
    both /= np.where(totals > 0, totals, 1.0)
    found: list[Floats] = [both[:0, 0]] * len(scores)
    for row, index in enumerate(batch.order):
        found[index] = both[: batch.lengths[row], row]
    return Marginals(found, _expected_pairs(batch, chain, forward, backward, scale, totals))


def _expected_pairs(
    batch: _Batch, chain: Floats, forward: Floats, backward: Floats, scale: Floats, totals: Floats
) -> Floats:
    if batch.steps < 2:
        return np.zeros_like(chain)
    left = forward[:-1].reshape(-1, len(LABELS))
    right = backward[1:] * batch.odds[1:] / scale[1:] / np.where(totals[1:] > 0, totals[1:], 1.0)
    pairs: Floats = chain * (left.T @ right.reshape(-1, len(LABELS)))
    return pairs


def best_paths(scores: Sequence[npt.NDArray[np.float32]], transitions: npt.NDArray[np.float32]) -> list[Ints]:
    """The most likely label numbers of each sequence; only paths whose spans open and close."""
    if not scores:
        return []
    batch = _Batch(scores)
    with np.errstate(divide="ignore"):
        chain = np.log(ALLOWED) + transitions
        start, end = np.log(START), np.log(END)
    odds = np.log(batch.odds)
    back = np.zeros(odds.shape, dtype=np.int64)
    best = start + odds[0]
    for step in range(1, batch.steps):
        rows = batch.running[step]
        ways = best[:rows, :, None] + chain
        back[step, :rows] = ways.argmax(axis=1)
        best[:rows] = ways.max(axis=1) + odds[step, :rows]
    paths: list[Ints] = [np.zeros(0, dtype=np.int64)] * len(scores)
    for row, index in enumerate(batch.order):
        length = int(batch.lengths[row])
        path = np.zeros(length, dtype=np.int64)
        path[-1] = int((best[row] + end).argmax())
        for step in range(length - 1, 0, -1):
            path[step - 1] = back[step, row, path[step]]
        paths[index] = path
    return paths


def decide(
    scores: Sequence[npt.NDArray[np.float32]], transitions: npt.NDArray[np.float32]
) -> list[tuple[Ints, Floats]]:
    """The best path and the label probabilities of each sequence (none of them empty).

    A long sequence is decided in stretches side by side, which costs a tenth: it is cut behind tokens that
    are surely outside of every span.
    """
    cut = [stretches(one) for one in scores]
    pieces = [one[start:end] for one, places in zip(scores, cut, strict=True) for start, end in places]
    decided = zip(best_paths(pieces, transitions), marginals(pieces, transitions).labels, strict=True)
    joined = []
    for places in cut:
        parts = [next(decided) for _ in places]
        joined.append(
            (np.concatenate([path for path, _ in parts]), np.concatenate([likely for _, likely in parts]))
        )
    return joined


def stretches(scores: npt.NDArray[np.float32]) -> list[tuple[int, int]]:
    """Where to cut a sequence: each stretch ends behind a token whose best label is "outside" by far."""
    outside = scores[:, 0] - scores[:, 1:].max(axis=1)
    found, start = [], 0
    while len(scores) - start > _STRETCH:
        window = outside[start + _STRETCH // 2 - 1 : start + _STRETCH]
        cut = start + _STRETCH // 2 + int(window.argmax())
        if outside[cut - 1] < _OUTSIDE:
            later = np.flatnonzero(outside[cut:] >= _OUTSIDE)
            if not len(later):
                break
            cut += int(later[0]) + 1
        found.append((start, cut))
        start = cut
    if start < len(scores):
        found.append((start, len(scores)))
    return found


def spans_of(path: Ints) -> list[tuple[int, int, str]]:
    """``(first token, token behind the last, kind)`` of the spans in a path of label numbers."""
    spans: list[tuple[int, int, str]] = []
    start = 0
    for index, number in enumerate(path):
        label = LABELS[number]
        if label[0] in "BU":
            start = index
        if label[0] in "LU":
            spans.append((start, index + 1, label[2:]))
    return spans
