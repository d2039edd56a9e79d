"""The shipped tagger: a spaCy pipeline component that finds people, bodies, places and addresses.

A convolutional network over hashed word features and the gazetteers' word classes, under a linear chain.  It
sets ``doc.ents`` and, for whoever weighs evidence, how likely each token is part of each kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from spacy.attrs import NORM, ORTH, PREFIX, SHAPE, SUFFIX
from spacy.lang.en import English
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Span
from spacy.util import compile_infix_regex, compile_prefix_regex
from thinc.api import (
    HashEmbed,
    Linear,
    Maxout,
    Model,
    chain,
    concatenate,
    residual,
    use_ops,
    with_array,
)

from scanner.detection.language.chain import KINDS, LABELS, decide, spans_of
from scanner.detection.language.inference import Inference, beside
from scanner.detection.recognisers.names.lexicon import Lexicon

Features = npt.NDArray[np.uint64]
Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.float32]
# The features of a token, with the rows of each one's hash table.
_TABLES = {"norm": 8000, "prefix": 1000, "suffix": 3000, "shape": 1000, "names": 250, "classes": 250}
# Values of the two gazetteer features begin here, so that they differ from each other in the same hash.
_NAMES_BASE, _CLASSES_BASE = 1_000, 2_000
_NAME_BITS = 6
_PIECES = 3
PROBABILITIES = "council_names"
_WEIGHTS = "weights.npy"


def blank_pipeline() -> Language:
    """An English tokenizer that also cuts at the separators of tables, forms and mail headers."""
    nlp = English()
    defaults = nlp.Defaults
    tokenizer = cast(Tokenizer, nlp.tokenizer)
    tokenizer.infix_finditer = compile_infix_regex(
        [*(defaults.infixes or ()), r"[,;|\"<>()\[\]{}=\t•]", r"(?<=\w)[:/](?=\w)"]
    ).finditer
    tokenizer.prefix_search = compile_prefix_regex([*(defaults.prefixes or ()), "@"]).search
    return nlp


class WordFeatures:
    """What the network sees of each token; the gazetteers' classes come from the shared name lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: dict[int, tuple[int, int]] = {}

    def of(self, doc: Doc) -> Features:
        """One row for each token, one column for each feature."""
        columns = doc.to_array([NORM, PREFIX, SUFFIX, SHAPE, ORTH]).astype(np.uint64)
        features = np.empty((len(doc), len(_TABLES)), dtype=np.uint64)
        features[:, :4] = columns[:, :4]
        known = self._known
        if len(known) > 200_000:
            known.clear()
        for row, orth in enumerate(columns[:, 4].tolist()):
            pair = known.get(orth)
            if pair is None:
                pair = known[orth] = self._classes(doc[row].text)
            features[row, 4], features[row, 5] = pair
        return features

    def _classes(self, written: str) -> tuple[int, int]:
        if not any(character.isalpha() for character in written):
            return _NAMES_BASE, _CLASSES_BASE
        flags = self._lexicon.word(written)[1]
        return _NAMES_BASE + 1 + (flags & (1 << _NAME_BITS) - 1), _CLASSES_BASE + 1 + (flags >> _NAME_BITS)


def neighbours(distance: int) -> Model[Any, Any]:
    """Each row between the rows so far before and behind it; zeros beyond the ends."""

    def forward(model: Model[Any, Any], rows: Rows, is_train: bool) -> tuple[Rows, Callable[[Rows], Rows]]:
        width = rows.shape[1]
        wide = beside(rows, distance)

        def back(gradient: Rows) -> Rows:
            inner = gradient[:, width : 2 * width].copy()
            inner[:-distance] += gradient[distance:, :width]
            inner[distance:] += gradient[:-distance, 2 * width :]
            return inner

        return wide, back

    return Model("neighbours", forward)


def network(width: int, distances: Sequence[int]) -> Model[list[Features], list[Scores]]:
    """Scores of the labels for each token of each sequence.

    Each layer sees a token and the two at its distance; sequences are kept apart by as many empty rows as
    the layers reach together.
    """
    # On one core, numpy's own BLAS is a third faster here than thinc's.
    with use_ops("numpy", use_blis=False):
        embeddings: list[Model[Any, Any]] = [
            HashEmbed(width, rows, column=column, seed=column + 1, dropout=0.0)
            for column, rows in enumerate(_TABLES.values())
        ]
        words: Model[Any, Any] = chain(
            concatenate(*embeddings),
            Maxout(nO=width, nI=width * len(embeddings), nP=_PIECES, normalize=True, dropout=0.0),
        )
        layers: list[Model[Any, Any]] = [
            residual(
                chain(
                    neighbours(distance),
                    Maxout(nO=width, nI=width * 3, nP=_PIECES, normalize=True, dropout=0.0),
                )
            )
            for distance in distances
        ]
        model: Model[Any, Any] = chain(
            with_array(words),
            with_array(chain(*layers), pad=sum(distances)),
            with_array(Linear(nO=len(LABELS), nI=width)),
        )
        model.set_dim("nO", len(LABELS))
        model.initialize()
    return cast("Model[list[Features], list[Scores]]", model)


class Tagger:
    """The component.  ``model`` scores tokens, ``transitions`` scores pairs of labels.

    The transitions are a parameter like the network's.  ``features`` may be set to those of a lexicon that
    is already in memory; otherwise one is read at the first use.
    """

    def __init__(self, *, width: int, distances: Sequence[int]) -> None:
        self.width, self.distances = width, tuple(distances)
        self.model = network(width, self.distances)
        self.transitions: Scores = np.zeros((len(LABELS), len(LABELS)), dtype=np.float32)
        self._features: WordFeatures | None = None
        self._inference: Inference | None = None

    @property
    def features(self) -> WordFeatures:
        """What the network sees of a token."""
        if self._features is None:
            self._features = WordFeatures(Lexicon())
        return self._features

    @features.setter
    def features(self, features: WordFeatures) -> None:
        self._features, self._inference = features, None

    def __call__(self, doc: Doc) -> Doc:
        """Tags one document."""
        self._tag([doc])
        return doc

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """Tags documents in batches, in order."""
        stream = iter(docs)
        while batch := list(islice(stream, batch_size)):
            self._tag(batch)
            yield from batch

    def _tag(self, docs: Sequence[Doc]) -> None:
        filled = [doc for doc in docs if len(doc)]
        if not filled:
            return
        if self._inference is None:
            self._inference = Inference(self.model, self.distances, self.features)
        decided = decide(list(self._inference.scores(filled)), self.transitions)
        for doc, (path, labels) in zip(filled, decided, strict=True):
            doc.set_ents([Span(doc, start, end, label=kind) for start, end, kind in spans_of(path)])
            doc.user_data[PROBABILITIES] = labels[:, 1:].reshape(len(doc), len(KINDS), 4).sum(axis=2)

    # --- on disk: the numbers of all layers in one array of half precision ---

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes the settings and the weights into the folder ``path``."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {"width": self.width, "distances": self.distances}
        (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
        numbers = [np.ravel(array) for array in self.parameters()]
        np.save(folder / _WEIGHTS, np.concatenate(numbers).astype(np.float16))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Tagger:
        """Reads what ``to_disk`` wrote; ValueError where it does not fit the settings."""
        numbers = np.load(Path(path) / _WEIGHTS, allow_pickle=False).astype(np.float32)
        at = 0
        arrays: list[Scores] = []
        for array in self.parameters():
            arrays.append(numbers[at : at + array.size].reshape(array.shape))
            at += array.size
        if at != numbers.size:
            raise ValueError(f"{path}: the weights are of another network")
        self.set_parameters(arrays)
        return self

    def parameters(self) -> list[Scores]:
        """All numbers that training sets, in a fixed order; the transitions come first."""
        found: list[Scores] = [self.transitions]
        for node in self.model.walk():
            found += [cast(Scores, node.get_param(name)) for name in node.param_names if node.has_param(name)]
        return found

    def set_parameters(self, arrays: Sequence[Scores]) -> None:
        """Sets the numbers that ``parameters`` gives, in its order."""
        rest = iter(arrays)
        self._inference = None
        self.transitions = next(rest).copy()
        for node in self.model.walk():
            for name in node.param_names:
                if node.has_param(name):
                    node.set_param(name, cast(Any, next(rest).copy()))


@Language.factory(
    "council_names", default_config={"width": 128, "distances": [1, 1, 1, 1]}, assigns=["doc.ents"]
)
def make_tagger(nlp: Language, name: str, width: int, distances: list[int]) -> Tagger:
    """The component as spaCy builds it from a pipeline's configuration."""
    return Tagger(width=width, distances=distances)
