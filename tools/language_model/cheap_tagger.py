"""A linear-chain CRF on the same data and features: what a tagger without a network would give, and cost.

``python -m tools.language_model.cheap_tagger`` trains it (some minutes, one core), measures it on the council
texts and public sets that nobody trained on, and prints words per CPU second beside the shipped network's.
It is a comparison for the model card and no part of the product.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pycrfsuite
from spacy.language import Language

from scanner.detection.language.chain import LABELS, spans_of
from scanner.detection.language.pipeline import SHIPPED, load_pipeline
from scanner.detection.language.tagger import Features, WordFeatures, blank_pipeline
from scanner.detection.recognisers.names.lexicon import Lexicon
from tools.language_model import sources
from tools.language_model.example import Example
from tools.language_model.people import Names
from tools.language_model.preparation import Preparation
from tools.language_model.scoring import Tally, compare

_SEED = 20261122
_GENERATED = 1500
_KINDS = ("PERSON", "ADDRESS")
# Neighbours by word, and the sides on which two classes stand together.
_AROUND = (-2, -1, 0, 1, 2)


def described(features: Features) -> list[list[str]]:
    """The CRF's attributes of each token: every column of the network's features, and of its neighbours."""
    rows = features.tolist()
    count = len(rows)
    made = []
    for at in range(count):
        attributes = ["bias"]
        for offset in _AROUND:
            if not 0 <= at + offset < count:
                attributes.append(f"edge{offset}")
                continue
            row = rows[at + offset]
            columns = range(6) if abs(offset) < 2 else (0, 3, 4)
            attributes += [f"{column}@{offset}={row[column]}" for column in columns]
        for left, right in ((at - 1, at), (at, at + 1)):
            if left >= 0 and right < count:
                attributes.append(f"{left - at}{right - at}={rows[left][4]}|{rows[right][4]}")
        made.append(attributes)
    return made


class CrfTagger:
    """A trained CRF over the tokens of the blank pipeline."""

    def __init__(self, nlp: Language, features: WordFeatures, file: Path) -> None:
        self._nlp, self._features = nlp, features
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(file))

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """The spans of one text."""
        doc = self._nlp.make_doc(text)
        if not len(doc):
            return
        numbers = [LABELS.index(label) for label in self._tagger.tag(described(self._features.of(doc)))]
        for start, end, kind in spans_of(numbers):
            span = doc[start:end]
            yield span.start_char, span.end_char, kind


def train(file: Path, data: Path, passes: int) -> tuple[Language, WordFeatures]:
    """Trains one epoch's sequences and writes the CRF to ``file``."""
    dice = random.Random(_SEED)
    sets = sources.training_sets(data)
    sets["american"] = sources.american_records(data)
    sets["council"] = sources.council_texts(held_out=False)
    nlp, features = blank_pipeline(), WordFeatures(Lexicon())
    preparation = Preparation(nlp, features, Names(data), dice)
    trainer = pycrfsuite.Trainer(algorithm="ap", verbose=False)
    trainer.set_params({"max_iterations": passes})
    for sequence in preparation.epoch(sets, _GENERATED):
        trainer.append(described(sequence.features), [LABELS[n] for n in sequence.labels])
    trainer.train(str(file))
    return nlp, features


def measured(name: str, examples: Sequence[Example], tagger: CrfTagger) -> str:
    """One line of precision, recall and F1 (overlap) by kind."""
    tallies = {kind: Tally() for kind in _KINDS}
    for example in examples:
        found = list(tagger.find(example.text))
        for kind, tally in tallies.items():
            gold = [(s, e) for s, e, k in example.spans if k == kind]
            tallies[kind] = tally + compare(gold, [(s, e) for s, e, k in found if k == kind])[1]
    figures = "   ".join(
        f"{kind} {one.precision:.3f} {one.recall:.3f} {one.f1:.3f}" for kind, one in tallies.items()
    )
    return f"{name:<24}{figures}"


def main(arguments: list[str] | None = None) -> int:
    """Trains, measures, prints."""
    parser = argparse.ArgumentParser(prog="python -m tools.language_model.cheap_tagger", description=__doc__)
    parser.add_argument("--data", type=Path, default=sources.PUBLIC, help="folder of the public sets")
    parser.add_argument("--passes", type=int, default=12, help="passes over the data")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "names.crf"
        begun = time.process_time()
        nlp, features = train(file, options.data, options.passes)
        print(f"trained in {time.process_time() - begun:.0f} CPU seconds, {file.stat().st_size / 1e6:.1f} MB")
        tagger = CrfTagger(nlp, features, file)
        council = sources.council_texts(held_out=True)
        print("overlap P R F1")
        print(measured("council texts", council, tagger))
        for name, examples in sources.held_out_sets(options.data).items():
            print(measured(f"public: {name}", examples[:250], tagger))
        words = sum(len(one.text.split()) for one in council)
        begun = time.process_time()
        for one in council:
            list(tagger.find(one.text))
        crf = words / (time.process_time() - begun)
    shipped = load_pipeline(str(SHIPPED))
    begun = time.process_time()
    for _ in shipped.pipe(one.text for one in council):
        pass
    network = words / (time.process_time() - begun)
    print(f"words per CPU second: CRF {crf:,.0f}, the shipped network {network:,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
