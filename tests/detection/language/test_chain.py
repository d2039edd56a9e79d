"""The linear chain against counting all paths."""

from itertools import pairwise, product

import numpy as np
import pytest

from scanner.detection.language import chain


def all_paths(scores: np.ndarray, transitions: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """Label probabilities and the best path by counting every path there is."""
    likely, total = np.zeros(scores.shape), 0.0
    best: tuple[float, tuple[int, ...]] = (-1.0, (0,))
    for path in product(range(len(chain.LABELS)), repeat=len(scores)):
        weight = chain.START[path[0]] * chain.END[path[-1]]
        for left, right in pairwise(path):
            weight *= chain.ALLOWED[left, right] * np.exp(transitions[left, right])
        weight *= np.exp(sum(scores[at, label] for at, label in enumerate(path)))
        total += weight
        for at, label in enumerate(path):
            likely[at, label] += weight
        best = max(best, (weight, path))
    return likely / total, best[1]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_marginals_and_best_path_are_those_of_all_paths(length: int) -> None:
    dice = np.random.default_rng(length)
    scores = dice.normal(size=(length, len(chain.LABELS))).astype(np.float32)
    transitions = dice.normal(size=(len(chain.LABELS),) * 2).astype(np.float32)
    other = dice.normal(size=(length + 2, len(chain.LABELS))).astype(np.float32)
    likely, path = all_paths(scores, transitions)
    # A longer sequence in the same batch changes nothing.
    found = chain.marginals([scores, other], transitions).labels[0]
    assert np.allclose(found, likely, atol=1e-5)
    assert tuple(chain.best_paths([scores, other], transitions)[0]) == path


def test_paths_never_leave_a_span_open() -> None:
    """Scores that want B, B, I: the path still closes what it opens."""
    scores = np.zeros((3, len(chain.LABELS)), dtype=np.float32)
    for at, label in enumerate(("B-PERSON", "B-PERSON", "I-PERSON")):
        scores[at, chain.LABELS.index(label)] = 5
    path = chain.best_paths([scores], np.zeros_like(chain.ALLOWED, dtype=np.float32))[0]
    assert chain.START[path[0]]
    assert chain.END[path[-1]]
    assert all(chain.ALLOWED[a, b] for a, b in pairwise(path))


def test_very_long_sequences_do_not_underflow() -> None:
    scores = np.full((20_000, len(chain.LABELS)), -3.0, dtype=np.float32)
    scores[:, 0] = 30.0
    found = chain.marginals([scores], np.zeros_like(chain.ALLOWED, dtype=np.float32)).labels[0]
    assert np.isfinite(found).all()
    assert found[:, 0].min() > 0.99


def test_spans_of_a_path() -> None:
    path = np.array([chain.LABELS.index(x) for x in ("O", "B-PERSON", "I-PERSON", "L-PERSON", "U-ORG", "O")])
    assert chain.spans_of(path) == [(1, 4, "PERSON"), (4, 5, "ORG")]


def test_nothing_to_read_is_no_error() -> None:
    assert chain.best_paths([], np.zeros((17, 17), dtype=np.float32)) == []
    assert chain.marginals([], np.zeros((17, 17), dtype=np.float32)).labels == []


def certain(length: int, *, outside: float = 6.0) -> np.ndarray:
    scores = np.random.default_rng(length).normal(size=(length, len(chain.LABELS))).astype(np.float32)
    scores[:, 0] += outside
    return scores


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200, 1_000])
def test_stretches_are_the_whole_sequence_in_order(length: int) -> None:
    found = chain.stretches(certain(length))
    assert [start for start, _ in found] == [0, *(end for _, end in found[:-1])]
    assert found[-1][1] == length
    assert all(start < end for start, end in found)
    assert length < 100 or len(found) > 1


def test_no_cut_where_nothing_is_surely_outside() -> None:
    assert chain.stretches(certain(500, outside=-6.0)) == [(0, 500)]


def test_a_span_is_not_cut() -> None:
    scores = certain(400)
    scores[20:150, 0] -= 20
    for at in range(20, 150):
        scores[at, chain.LABELS.index("I-ADDRESS")] += 9
    assert not any(20 < end < 150 for _, end in chain.stretches(scores))


def test_what_is_decided_in_stretches_is_what_is_decided_whole() -> None:
    scores = certain(700, outside=3.0)
    for at in range(5, 700, 31):
        scores[at, chain.LABELS.index("B-PERSON")] += 12
        scores[at + 1, chain.LABELS.index("L-PERSON")] += 12
    transitions = np.zeros_like(chain.ALLOWED, dtype=np.float32)
    [(path, likely)] = chain.decide([scores], transitions)
    assert path.tolist() == chain.best_paths([scores], transitions)[0].tolist()
    assert np.abs(likely - chain.marginals([scores], transitions).labels[0]).max() < 0.1
