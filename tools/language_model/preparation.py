"""From examples to what the network trains on: augmented texts, as sequences of features and labels."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from spacy.language import Language
from spacy.tokens import Doc

from scanner.detection.language.chain import LABELS
from scanner.detection.language.tagger import Features, WordFeatures
from tools.language_model.augmentation import readdressed, renamed, varied
from tools.language_model.example import Example
from tools.language_model.generation import Generator
from tools.language_model.people import Names

_NUMBER = {label: number for number, label in enumerate(LABELS)}
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Sequence:
    """A stretch of a document, cut outside of spans: features of its tokens and their label numbers."""

    features: Features
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Share:
    """How a set enters an epoch: so many copies (or a part), how many renamed, how many recased."""

    copies: float
    renamed: float
    recased: float


# Measured on the held-out texts; see the model card.
SHARES = {
    "council": Share(4.0, 0.6, 0.22),
    "generated": Share(1.0, 0.0, 0.18),
    "american": Share(0.4, 0.9, 0.2),
    "btc": Share(1.0, 0.15, 0.12),
    "wnut17": Share(1.0, 0.15, 0.12),
    "litbank": Share(0.5, 0.3, 0.15),
    "gum_clean": Share(1.0, 0.3, 0.15),
    "legal_in": Share(0.5, 0.4, 0.15),
    "re3d_clean": Share(0.5, 0.2, 0.15),
    "crossner": Share(0.6, 0.3, 0.2),
    "redocred": Share(0.3, 0.3, 0.2),
}


class Preparation:
    """Makes the sequences of one epoch after the other; each epoch other names, casing and noise."""

    def __init__(self, nlp: Language, features: WordFeatures, names: Names, dice: random.Random) -> None:
        self._nlp, self._features, self._names, self._dice = nlp, features, names, dice

    def epoch(self, sets: dict[str, list[Example]], generated: int) -> list[Sequence]:
        """The sequences of all sets by their shares, and of ``generated`` new documents."""
        made = dict(sets)
        made["generated"] = list(Generator(self._names, self._dice).documents("training", generated))
        found: list[Sequence] = []
        for name, examples in made.items():
            share = SHARES[name]
            for example in self._copies(examples, share.copies):
                found += self.sequences(self._augmented(example, share))
        return found

    def _copies(self, examples: list[Example], copies: float) -> Iterator[Example]:
        whole = int(copies)
        for _ in range(whole):
            yield from examples
        if copies > whole:
            yield from self._dice.sample(examples, int(len(examples) * (copies - whole)))

    def _augmented(self, example: Example, share: Share) -> Example:
        dice = self._dice
        if dice.random() < share.renamed:
            example = readdressed(renamed(example, self._names, dice), self._names, dice)
        return varied(example, dice, casing=share.recased)

    def sequences(self, example: Example) -> Iterator[Sequence]:
        """The sequences of one example."""
        doc = self._nlp.make_doc(example.text)
        if not len(doc):
            return
        labels = token_labels(doc, example.spans)
        features = self._features.of(doc)
        for start, end in _cuts(doc, labels, self._dice):
            yield Sequence(features[start:end], labels[start:end])


def token_labels(doc: Doc, spans: Iterable[tuple[int, int, str]]) -> npt.NDArray[np.int64]:
    """The label number of each token; a span that ends inside a token takes the whole token."""
    labels = np.zeros(len(doc), dtype=np.int64)
    for start, end, kind in spans:
        span = doc.char_span(start, end, alignment_mode="expand")
        if span is None or labels[span.start : span.end].any():
            continue
        if len(span) == 1:
            labels[span.start] = _NUMBER[f"U-{kind}"]
            continue
        labels[span.start] = _NUMBER[f"B-{kind}"]
        labels[span.start + 1 : span.end - 1] = _NUMBER[f"I-{kind}"]
        labels[span.end - 1] = _NUMBER[f"L-{kind}"]
    return labels


def _cuts(doc: Doc, labels: npt.NDArray[np.int64], dice: random.Random) -> Iterator[tuple[int, int]]:
    """Stretches of up to ``_LONGEST`` tokens, cut behind a line or sentence end, never inside a span."""
    inside = np.array([LABELS[n][0] in "BI" for n in labels])
    start = 0
    while start < len(doc):
        limit = start + dice.randint(_LONGEST // 3, _LONGEST)
        if limit >= len(doc):
            yield start, len(doc)
            return
        cut = next(
            (
                at
                for at in range(limit, start + 20, -1)
                if not inside[at - 1] and ("\n" in doc[at - 1].text or doc[at - 1].text in ".!?")
            ),
            limit,
        )
        while cut < len(doc) and inside[cut - 1]:
            cut += 1
        yield start, cut
        start = cut


def batches(sequences: list[Sequence], tokens: int, dice: random.Random) -> Iterator[list[Sequence]]:
    """Batches of about so many tokens of sequences of like length, in any order."""
    order = sorted(sequences, key=lambda one: len(one.labels) + dice.random() * 8)
    made: list[list[Sequence]] = []
    batch: list[Sequence] = []
    size = 0
    for one in order:
        batch.append(one)
        size += len(one.labels)
        if size >= tokens:
            made.append(batch)
            batch, size = [], 0
    if batch:
        made.append(batch)
    dice.shuffle(made)
    yield from made
