"""The network's forward pass as the product runs it: the rows of words that were seen before are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from spacy.attrs import NORM, ORTH
from spacy.tokens import Doc

if TYPE_CHECKING:
    from scanner.detection.language.tagger import WordFeatures

Rows = npt.NDArray[np.float32]
# So many tokens at a time: their rows stay in the processor's cache.
_TOKENS = 1_200
# So many words are kept: half a kilobyte each.
_WORDS = 40_000
# As the library's layer has it.
_LEAST_VARIANCE = np.float32(1e-8)


@dataclass(frozen=True, slots=True)
class _Layer:
    """The numbers of a maxout and its normalisation; the pieces of an output lie one behind the other."""

    weights: Rows
    bias: Rows
    gain: Rows
    offset: Rows
    distance: int

    def add_to(self, rows: Rows) -> None:
        """What the layer adds to the rows."""
        pieces = beside(rows, self.distance) @ self.weights
        pieces += self.bias
        width = rows.shape[1]
        best = np.maximum(pieces[:, :width], pieces[:, width : 2 * width])
        np.maximum(best, pieces[:, 2 * width :], out=best)
        best -= best.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", best, best)[:, None] / np.float32(width) + _LEAST_VARIANCE
        best *= 1 / np.sqrt(variance)
        best *= self.gain
        best += self.offset
        rows += best


class Inference:
    """Scores of the labels for tokens of documents; the same numbers as the network's own prediction.

    What the network makes of a word before it looks at the neighbours depends on the word alone: it is
    computed once for each word.
    """

    def __init__(self, model: Any, distances: Sequence[int], features: WordFeatures) -> None:
        words, layers, last = model.layers
        self._words = words.layers[0]
        self._layers = [
            _layer(layer, distance)
            for layer, distance in zip(layers.layers[0].layers, distances, strict=True)
        ]
        self._pad = sum(distances)
        linear = last.layers[0]
        self._weights, self._bias = linear.get_param("W").T.copy(), linear.get_param("b")
        self._features = features
        self._places: dict[tuple[int, int], int] = {}
        self._table: Rows = np.zeros((0, len(self._weights)), dtype=np.float32)

    def scores(self, docs: Sequence[Doc]) -> Iterator[Rows]:
        """One array (tokens, labels) for each document, in order."""
        batch: list[Doc] = []
        size = 0
        for doc in docs:
            batch.append(doc)
            size += len(doc)
            if size >= _TOKENS:
                yield from self._of(batch)
                batch, size = [], 0
        if batch:
            yield from self._of(batch)

    def _of(self, docs: Sequence[Doc]) -> Iterator[Rows]:
        places = self._places_of(docs)
        filled = sum(len(one) + self._pad for one in places)
        rows = np.zeros((self._pad + filled, self._table.shape[1]), np.float32)
        at, starts = self._pad, []
        for one in places:
            rows[at : at + len(one)] = self._table[one]
            starts.append(at)
            at += len(one) + self._pad
        for layer in self._layers:
            layer.add_to(rows)
        scores = rows @ self._weights + self._bias
        for start, one in zip(starts, places, strict=True):
            yield scores[start : start + len(one)]

    def _places_of(self, docs: Sequence[Doc]) -> list[list[int]]:
        """Where in the table each token's word stands, after words that are new were put there."""
        known = self._places
        if len(known) > _WORDS:
            known.clear()
        first = len(known)
        new: list[npt.NDArray[np.uint64]] = []
        found = []
        for doc in docs:
            # A contraction's parts have a norm of their own ("ca" of "can't").
            keys = list(map(tuple, doc.to_array([ORTH, NORM]).tolist()))
            unknown = []
            for index, key in enumerate(keys):
                if key not in known:
                    known[key] = len(known)
                    unknown.append(index)
            if unknown:
                new.append(self._features.of(doc)[unknown])
            found.append([known[key] for key in keys])
        if new:
            if len(known) > len(self._table):
                grown = np.zeros((max(2 * len(self._table), len(known)), len(self._weights)), np.float32)
                grown[:first] = self._table[:first]
                self._table = grown
            self._table[first : len(known)] = self._words.predict(np.concatenate(new))
        return found


def beside(rows: Rows, distance: int) -> Rows:
    """The rows ``distance`` before, the rows themselves and those ``distance`` behind, side by side."""
    width = rows.shape[1]
    wide = np.zeros((len(rows), 3 * width), dtype=rows.dtype)
    wide[distance:, :width] = rows[:-distance]
    wide[:, width : 2 * width] = rows
    wide[:-distance, 2 * width :] = rows[distance:]
    return wide


def _layer(residual: Any, distance: int) -> _Layer:
    maxout = next(node for node in residual.walk() if node.name == "maxout")
    norm = next(node for node in residual.walk() if node.name == "layernorm")
    weights = maxout.get_param("W").transpose(1, 0, 2)
    pieces, width, inputs = weights.shape
    return _Layer(
        np.ascontiguousarray(weights.reshape(pieces * width, inputs).T),
        np.ascontiguousarray(maxout.get_param("b").T).reshape(-1),
        norm.get_param("G"),
        norm.get_param("b"),
        distance,
    )
