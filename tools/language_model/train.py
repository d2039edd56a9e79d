"""Trains the shipped language model: ``python -m tools.language_model.train`` is what ``make train`` runs."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

# One thread: the matrices are small, and the order of sums is the same everywhere.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from spacy.language import Language
from thinc.api import Adam, fix_random_seed, set_dropout_rate

from scanner.detection.language.chain import ALLOWED, marginals
from scanner.detection.language.tagger import Features, Scores, Tagger, blank_pipeline
from tools.language_model import card, sources
from tools.language_model.example import Example
from tools.language_model.people import Names
from tools.language_model.preparation import Preparation, Sequence, batches
from tools.language_model.scoring import Tally, compare

SHIPPED = sources.HERE.parents[1] / "scanner" / "detection" / "language" / "model"
_CHAIN = ("chain", "transitions")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the weights beside the data."""

    seed: int = 20261122
    width: int = 128
    distances: tuple[int, ...] = (1, 1, 2, 4)
    epochs: int = 6
    generated: int = 2500
    batch_tokens: int = 1200
    learn_rate: float = 0.002
    dropout: float = 0.15
    word_dropout: float = 0.06
    gazetteer_dropout: float = 0.03


class Training:
    """One run: the component, the optimiser, and one step after the other."""

    def __init__(self, recipe: Recipe) -> None:
        fix_random_seed(recipe.seed)
        self.recipe = recipe
        self.nlp = blank_pipeline()
        config = {"width": recipe.width, "distances": list(recipe.distances)}
        tagger = self.nlp.add_pipe("council_names", config=config)
        self.tagger = cast(Tagger, tagger)
        self.optimizer = Adam(recipe.learn_rate, L2=0.01, grad_clip=1.0, use_averages=True)
        self._steps, self._step = 1, 0
        self._noise = np.random.default_rng(recipe.seed)
        set_dropout_rate(self.tagger.model, recipe.dropout)

    def plan(self, steps: int) -> None:
        """Says how many steps there will be: the learning rate falls to its end with them."""
        self._steps = steps

    def step(self, batch: list[Sequence]) -> float:
        """Learns from a batch; gives the mean loss of a token."""
        tagger, recipe = self.tagger, self.recipe
        left = max(0.03, 1.0 - self._step / self._steps)
        self.optimizer.learn_rate = recipe.learn_rate * min(1.0, (self._step + 1) / 200) * left
        self._step += 1
        scores, back = tagger.model.begin_update([self._dimmed(one) for one in batch])
        likely = marginals(scores, tagger.transitions)
        loss, tokens, gradients = 0.0, 0, []
        observed = np.zeros_like(likely.pairs)
        for one, labels in zip(batch, likely.labels, strict=True):
            gradient = labels.copy()
            rows = np.arange(len(one.labels))
            loss -= float(np.log(np.maximum(gradient[rows, one.labels], 1e-9)).sum())
            gradient[rows, one.labels] -= 1.0
            np.add.at(observed, (one.labels[:-1], one.labels[1:]), 1.0)
            gradients.append((gradient / len(batch)).astype(np.float32))
            tokens += len(one.labels)
        back(gradients)
        tagger.model.finish_update(self.optimizer)
        pairs = ((likely.pairs - observed) * ALLOWED / len(batch)).astype(np.float32)
        tagger.transitions, _ = self.optimizer(_CHAIN, tagger.transitions, pairs)
        self.optimizer.step_schedules()
        return loss / tokens

    def _dimmed(self, one: Sequence) -> Features:
        """The features with some words and some gazetteer classes hidden, so that context is learnt too."""
        features = one.features.copy()
        chance = self._noise.random((len(features), 2))
        features[chance[:, 0] < self.recipe.word_dropout, :3] = 0
        features[chance[:, 1] < self.recipe.gazetteer_dropout, 4:] = 0
        return features

    def averaged(self) -> Language:
        """A pipeline with the averaged weights, apart from the one being trained."""
        nlp = blank_pipeline()
        config = {"width": self.recipe.width, "distances": list(self.recipe.distances)}
        tagger = cast(Tagger, nlp.add_pipe("council_names", config=config))
        averages = self.optimizer.averages
        with self.tagger.model.use_params(averages):
            arrays: list[Scores] = [array.copy() for array in self.tagger.parameters()]
        arrays[0] = averages.get(_CHAIN, self.tagger.transitions)
        tagger.set_parameters(arrays)
        return nlp


def person_score(nlp: Language, examples: list[Example]) -> Tally:
    """Overlap counts for people."""
    tally = Tally()
    for example, doc in zip(examples, nlp.pipe(one.text for one in examples), strict=True):
        found = [(e.start_char, e.end_char) for e in doc.ents if e.label_ == "PERSON"]
        tally += compare([(s, e) for s, e, kind in example.spans if kind == "PERSON"], found)[1]
    return tally


def train(recipe: Recipe, folder: Path, data: Path) -> None:
    """Trains by the recipe and writes pipeline and card into ``folder``, after each epoch anew."""
    recipe_hash = card.digest(card.recipe_files())
    dice = random.Random(recipe.seed)
    sets = sources.training_sets(data)
    sets["american"] = sources.american_records(data)
    sets["council"] = sources.council_texts(held_out=False)
    watched = {"council held out": sources.council_texts(held_out=True), **sources.held_out_sets(data)}
    probe = blank_pipeline()
    training = Training(recipe)
    preparation = Preparation(probe, training.tagger.features, Names(data), dice)
    begun = time.monotonic()
    for epoch in range(recipe.epochs):
        sequences = preparation.epoch(sets, recipe.generated)
        tokens = sum(len(one.labels) for one in sequences)
        made = list(batches(sequences, recipe.batch_tokens, dice))
        if epoch == 0:
            training.plan(len(made) * recipe.epochs)
        loss = sum(training.step(batch) for batch in made) / len(made)
        nlp = training.averaged()
        figures = "  ".join(f"{name} {person_score(nlp, one).f1:.3f}" for name, one in watched.items() if one)
        spent = f"{tokens} tokens, loss {loss:.4f}, {time.monotonic() - begun:.0f} s"
        print(f"epoch {epoch + 1}: {spent}; PERSON overlap F1: {figures}", flush=True)
        save(nlp, folder, recipe, recipe_hash)


def save(nlp: Language, folder: Path, recipe: Recipe, recipe_hash: str) -> None:
    """Writes the pipeline without the words it was trained on, and what it was made from."""
    nlp.meta["name"], nlp.meta["version"] = "council_names", "1.0.0"
    nlp.to_disk(folder, exclude=["vocab"])
    card.write_provenance(folder, asdict(recipe), recipe_hash)


def _numbers(written: str) -> tuple[int, ...]:
    return tuple(int(number) for number in written.split(","))


def main(arguments: list[str] | None = None) -> int:
    """Reads the options and trains."""
    parser = argparse.ArgumentParser(prog="python -m tools.language_model.train", description=__doc__)
    parser.add_argument("--data", type=Path, default=sources.PUBLIC, help="folder of the public sets")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="folder to write (default: the shipped one)")
    defaults = Recipe()
    for name, value in asdict(defaults).items():
        kind = _numbers if isinstance(value, tuple) else type(value)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=value)
    options = vars(parser.parse_args(arguments))
    data, to = options.pop("data"), options.pop("to")
    train(Recipe(**options), to, data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
