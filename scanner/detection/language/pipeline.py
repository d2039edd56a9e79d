"""A spaCy pipeline reduced to what finds names, run over the windows of a view."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from rules.loader import RuleError
from scanner.detection.finding import Finding
from scanner.detection.language.windows import windows
from scanner.detection.view import View

# Components that find no entity and cost two thirds of the time.
_NOT_NEEDED = ("tagger", "parser", "lemmatizer", "attribute_ruler", "morphologizer", "senter", "textcat")
_BATCH = 64
# A model without a calibrated score: above what is reported, below what may block by itself.
MODEL_CONFIDENCE = 0.6
# Signatures, disclaimers and table headers come again and again: what the model said of them is kept.
_REMEMBERED = 20_000

_LABELS = {"PERSON": "PERSON", "PER": "PERSON", "ADDRESS": "UK_ADDRESS"}


@dataclass(frozen=True, slots=True)
class ModelSpan:
    """A span that the model found: its type in this product's words, offsets in the text it was shown."""

    start: int
    end: int
    entity_type: str


def load_pipeline(name: str) -> Any:
    """An installed spaCy pipeline by name, or one in a folder; raises ``RuleError`` with the next step."""
    import spacy

    try:
        return spacy.load(name, exclude=list(_NOT_NEEDED))
    except OSError as error:
        raise RuleError(
            f"language.model: no spaCy pipeline {name!r} is installed here; install it with pip, "
            "name a folder that holds one, or leave the setting empty"
        ) from error


class LanguageModel:
    """What a spaCy pipeline finds in the windows of a view.

    Texts of one view go to the pipeline in batches; identical ones are looked at once.
    """

    def __init__(self, pipeline: Any, *, full_text: bool = False) -> None:
        self._pipeline = pipeline
        self._full_text = full_text
        self._known: OrderedDict[bytes, tuple[ModelSpan, ...]] = OrderedDict()

    @property
    def title(self) -> str:
        """The pipeline's own name, for explanations."""
        return str(self._pipeline.meta.get("name", "spaCy pipeline"))

    def spans(self, view: View, found: Sequence[Finding] = ()) -> list[ModelSpan]:
        """What the model finds in the windows around earlier findings and ``found``; offsets in the view's text."""
        shown = windows(view, found, full_text=self._full_text)
        texts = [view.text[start:end] for start, end in shown]
        spans: list[ModelSpan] = []
        for (start, _end), inside in zip(shown, self._of_texts(texts), strict=True):
            spans += [ModelSpan(start + s.start, start + s.end, s.entity_type) for s in inside]
        return spans

    def _of_texts(self, texts: Sequence[str]) -> Iterator[tuple[ModelSpan, ...]]:
        keys = [blake2b(text.encode("utf-8", "replace"), digest_size=12).digest() for text in texts]
        unseen = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        results = dict(zip(unseen, self._run(unseen.values()), strict=True))
        for key in keys:
            spans = results.get(key) or self._known.get(key, ())
            self._known[key] = spans
            self._known.move_to_end(key)
            yield spans
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _run(self, texts: Iterable[str]) -> Iterator[tuple[ModelSpan, ...]]:
        for document in self._pipeline.pipe(texts, batch_size=_BATCH):
            yield tuple(
                ModelSpan(entity.start_char, entity.end_char, _LABELS[entity.label_])
                for entity in document.ents
                if entity.label_ in _LABELS
            )
