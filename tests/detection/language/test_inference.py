"""The product's forward pass against the network's own, and where the layers look."""

from __future__ import annotations

import numpy as np
import pytest
from spacy.tokens import Doc

from scanner.detection.language.inference import Inference
from scanner.detection.language.tagger import Tagger, blank_pipeline, neighbours

TEXTS = (
    "Dear Mrs Okafor,\nyour daughter Chiamaka can't attend on Tuesday.",
    "KOWALSKI, Piotr",
    "12 High Street, Leeds LS1 4AP | 07700 900123 | owed: £12",
    "a",
    "word " * 3_000,
)


@pytest.fixture
def tagger() -> Tagger:
    """A small network with weights by lot."""
    made = Tagger(width=16, distances=(1, 2, 4))
    dice = np.random.default_rng(5)
    made.set_parameters([dice.normal(size=one.shape).astype(np.float32) * 0.3 for one in made.parameters()])
    return made


def documents() -> list[Doc]:
    nlp = blank_pipeline()
    return [nlp.make_doc(text) for text in TEXTS]


def test_the_scores_are_the_networks_own(tagger: Tagger) -> None:
    docs = documents()
    expected = tagger.model.predict([tagger.features.of(doc) for doc in docs])
    inference = Inference(tagger.model, tagger.distances, tagger.features)
    for _ in range(2):  # the second time all words are known
        for found, wanted in zip(inference.scores(docs), expected, strict=True):
            assert np.allclose(found, wanted, atol=1e-4)


def test_words_that_are_dropped_are_computed_again(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.detection.language.inference._WORDS", 3)
    docs = documents()
    expected = tagger.model.predict([tagger.features.of(doc) for doc in docs])
    inference = Inference(tagger.model, tagger.distances, tagger.features)
    for doc, wanted in zip(docs * 2, expected * 2, strict=True):
        assert np.allclose(next(iter(inference.scores([doc]))), wanted, atol=1e-4)


def test_a_document_does_not_see_its_neighbours_in_a_batch(tagger: Tagger) -> None:
    docs = documents()
    alone = [tagger.model.predict([tagger.features.of(doc)])[0] for doc in docs]
    together = tagger.model.predict([tagger.features.of(doc) for doc in docs])
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one, other, atol=1e-4)


def test_new_weights_are_taken_up(tagger: Tagger) -> None:
    doc = documents()[0]
    before = tagger(doc).user_data.copy()
    tagger.set_parameters([one * 0.5 for one in tagger.parameters()])
    assert not np.allclose(
        *(next(iter(data.values())) for data in (before, tagger(documents()[0]).user_data))
    )


@pytest.mark.parametrize("distance", [1, 3])
def test_a_layer_sees_the_rows_at_its_distance_and_learns_from_them(distance: int) -> None:
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    seen, back = neighbours(distance).begin_update(rows)
    assert seen[0, :2].tolist() == [0, 0]
    assert seen[distance, :2].tolist() == rows[0].tolist()
    assert seen[0, 4:].tolist() == rows[distance].tolist()
    assert seen[-1, 4:].tolist() == [0, 0]
    gradient = np.zeros_like(seen)
    gradient[distance, 0] = 1
    assert back(gradient).nonzero()[0].tolist() == [0]
