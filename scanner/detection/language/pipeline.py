"""A spaCy pipeline reduced to what finds names, run over the windows of a view; loaded when first needed."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rules.loader import RuleError
from scanner.detection.finding import Finding
from scanner.detection.language.doubt import Doubts
from scanner.detection.language.windows import windows
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.detection.view import Span, View

# The pipeline that is shipped with the product, by its name in the configuration, and where it lies.
BUILTIN = "builtin"
SHIPPED = Path(__file__).parent / "model"
NONE = "none"

# Components that find no entity and cost two thirds of the time.
_NOT_NEEDED = ("tagger", "parser", "lemmatizer", "attribute_ruler", "morphologizer", "senter", "textcat")
_BATCH = 64
# Signatures, disclaimers and table headers come again and again: what the model said of them is kept.
_REMEMBERED = 20_000
# A pipeline that gives no probabilities is right about so often on council texts.
UNCALIBRATED = 0.8
# A token less likely than this to be part of a name is not kept.
_FAINT = 0.01

_LABELS = {"PERSON": "PERSON", "PER": "PERSON", "ADDRESS": "UK_ADDRESS", "ORG": "ORG"}


@dataclass(frozen=True, slots=True)
class ModelSpan:
    """A span that the model found: its type in this product's words, offsets in the text it was shown."""

    start: int
    end: int
    entity_type: str
    probability: float = UNCALIBRATED


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the model said of one text; ``names`` are the tokens that may be part of a person's name."""

    spans: tuple[ModelSpan, ...]
    names: tuple[tuple[int, int, float], ...] | None


class Impression:
    """What the model said of the windows of one text."""

    def __init__(self, text: str, shown: Sequence[Span], readings: Iterable[_Reading]) -> None:
        self.spans: list[ModelSpan] = []
        self._text = text
        self._windows = shown
        self.graded = True
        self._names: list[tuple[int, int, float]] = []
        for (at, _), reading in zip(shown, readings, strict=True):
            self.spans += [
                ModelSpan(at + s.start, at + s.end, s.entity_type, s.probability) for s in reading.spans
            ]
            if reading.names is None:
                self.graded = False
            else:
                self._names += [(at + start, at + end, likely) for start, end, likely in reading.names]

    @cached_property
    def _best(self) -> dict[str, float]:
        """Each word's best chance of being a name, over all places where the model saw it."""
        best: dict[str, float] = {}
        for start, end, likely in self._names:
            word = self._text[start:end].lower()
            if word.isalpha() and likely > best.get(word, 0.0):
                best[word] = likely
        return best

    def grade(self, start: int, end: int) -> tuple[float, float] | None:
        """How likely a name is here, and how likely where its surest word stands best; None where not seen.

        A pipeline without probabilities has no grades: what it leaves out says little.
        """
        at = bisect_left(self._windows, (start + 1,)) - 1
        if not self.graded or at < 0 or self._windows[at][1] < end:
            return None
        here = best = 0.0
        for left, right, likely in self._names[max(0, bisect_left(self._names, (start,)) - 1) :]:
            if left >= end:
                break
            if right > start:
                here = max(here, likely)
                best = max(best, self._best.get(self._text[left:right].lower(), 0.0))
        return here, max(here, best)

    def perhaps(self, least: float) -> Iterator[tuple[int, int]]:
        """Words with at least this chance of being a name, in order."""
        return ((start, end) for start, end, likely in self._names if likely >= least)


def load_pipeline(name: str, lexicon: Lexicon | None = None) -> Any:
    """The shipped pipeline, an installed one by name, or one in a folder; RuleError with the next step.

    ``lexicon`` saves the shipped one reading the gazetteers again.
    """
    # One worker has one core: threads of the matrix library would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Two seconds of imports: only where a text needs them.
    import spacy

    from scanner.detection.language.tagger import Tagger, WordFeatures

    try:
        pipeline = spacy.load(SHIPPED if name == BUILTIN else name, exclude=list(_NOT_NEEDED))
    except (OSError, ValueError) as error:
        raise missing(name) from error
    for _, component in pipeline.pipeline:
        if isinstance(component, Tagger) and lexicon is not None:
            component.features = WordFeatures(lexicon)
    return pipeline


def missing(name: str) -> RuleError:
    """What to tell whoever named a pipeline that is not there."""
    return RuleError(
        f"language.model: no spaCy pipeline {name!r} is installed here; install it with pip, "
        f"name a folder that holds one, or write {BUILTIN!r} for the one that is shipped or {NONE!r} for none"
    )


def is_there(name: str) -> bool:
    """Whether a pipeline of this name can be loaded, without loading it."""
    folder = SHIPPED if name == BUILTIN else Path(name)
    return (folder / "config.cfg").is_file() or (name.isidentifier() and find_spec(name) is not None)


class LanguageModel:
    """What a spaCy pipeline finds in the windows of a view.

    The pipeline is loaded at the first text that has a window.  Texts of one view go to it in batches;
    identical ones are looked at once.
    """

    def __init__(self, name: str, *, lexicon: Lexicon | None = None, full_text: bool = False) -> None:
        if not is_there(name):
            raise missing(name)
        self._lexicon = lexicon
        self._name = name
        self._full_text = full_text
        self._known: OrderedDict[bytes, _Reading] = OrderedDict()
        # How many characters the pipeline has read, for benchmarks.
        self.characters_read = 0

    @cached_property
    def _pipeline(self) -> Any:
        return load_pipeline(self._name, self._lexicon)

    @property
    def title(self) -> str:
        """The pipeline's own name, for explanations."""
        return str(self._pipeline.meta.get("name", "spaCy pipeline"))

    def read(self, view: View, found: Sequence[Finding] = ()) -> Impression | None:
        """What the model says of the windows around what was found; None where there are none."""
        shown = windows(view, found, full_text=self._full_text)
        if not self._full_text and self._lexicon is not None:
            doubts = Doubts(view.text, (*view.findings, *found), self._lexicon)
            shown = [window for window in shown if doubts.any_in(*window)]
        if not shown:
            return None
        texts = [view.text[start:end] for start, end in shown]
        return Impression(view.text, shown, self._of_texts(texts))

    def _of_texts(self, texts: Sequence[str]) -> Iterator[_Reading]:
        keys = [blake2b(text.encode("utf-8", "replace"), digest_size=12).digest() for text in texts]
        unseen = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        self.characters_read += sum(map(len, unseen.values()))
        results = dict(zip(unseen, self._run(unseen.values()), strict=True))
        for key in keys:
            reading = self._known[key] = results.get(key) or self._known[key]
            self._known.move_to_end(key)
            yield reading
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _run(self, texts: Iterable[str]) -> Iterator[_Reading]:
        for document in self._pipeline.pipe(texts, batch_size=_BATCH):
            yield _reading(document)


def _reading(document: Any) -> _Reading:
    from scanner.detection.language.chain import KINDS
    from scanner.detection.language.tagger import PROBABILITIES

    grades = document.user_data.get(PROBABILITIES)
    spans = []
    for entity in document.ents:
        if entity.label_ not in _LABELS:
            continue
        likely = UNCALIBRATED
        if grades is not None:
            likely = float(grades[entity.start : entity.end, KINDS.index(entity.label_)].mean())
        spans.append(ModelSpan(entity.start_char, entity.end_char, _LABELS[entity.label_], likely))
    if grades is None:
        return _Reading(tuple(spans), None)
    column = grades[:, KINDS.index("PERSON")]
    names = []
    for row in (column > _FAINT).nonzero()[0].tolist():
        token = document[row]
        names.append((token.idx, token.idx + len(token), float(column[row])))
    return _Reading(tuple(spans), tuple(names))
