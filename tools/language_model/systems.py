"""What is compared: rules alone, model alone, both, and both where the model sees every word."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from scanner.detection.building import build_detector
from scanner.detection.language.pipeline import LanguageModel, load_pipeline
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.names.lexicon import Lexicon
from scanner.detection.settings import DetectionSettings
from scanner.detection.view import View
from scanner.text import Passage

# ``(start, end, kind)`` of what a system reports, PERSON and ADDRESS only.
Found = list[tuple[int, int, str]]
System = Callable[[str], Found]
FULL_TEXT = "both, full text"
_KINDS = {"PERSON": "PERSON", "UK_ADDRESS": "ADDRESS"}
_REPORTED = 0.40
# The product knows addresses of offices but does not report them; the texts mark them like all others.
_OFFICE = "office"
_TODAY = date(2026, 11, 1)


def product(model: str, *, full_text: bool = False) -> System:
    """The product's detector with a language model, or with "none"."""
    detector = build_detector(DetectionSettings(language_model=model, full_text=full_text))

    def find(text: str) -> Found:
        findings = detector.detect(Passage(text), reference_date=_TODAY).findings
        return [
            (f.start, f.end, _KINDS[f.entity_type])
            for f in findings
            if f.entity_type in _KINDS and (f.confidence >= _REPORTED or f.note == _OFFICE)
        ]

    return find


def model_alone(model: str) -> System:
    """What the pipeline itself marks."""
    nlp: Any = load_pipeline(model)

    def find(text: str) -> Found:
        return [
            (entity.start_char, entity.end_char, entity.label_)
            for entity in nlp(text).ents
            if entity.label_ in _KINDS.values()
        ]

    return find


def systems(model: str) -> dict[str, System]:
    """All systems, by the names the tables use; a folder may stand for the model."""
    model = str(Path(model)) if "/" in model else model
    return {
        "rules": product("none"),
        "model": model_alone(model),
        "both": product(model),
        FULL_TEXT: product(model, full_text=True),
    }


def shown_characters(model: str, texts: Iterable[str]) -> int:
    """How many characters of the texts the product shows the model, each stretch counted once."""
    reader = LanguageModel(model, lexicon=Lexicon())
    detector = build_detector(DetectionSettings(language_model="none"))
    for text in texts:
        passage = Passage(text)
        found = detector.detect(passage, reference_date=_TODAY).findings
        view = View(passage, organisation=Organisation(), reference_date=_TODAY)
        view.findings = [f for f in found if f.entity_type != "PERSON"]
        reader.read(view, [f for f in found if f.entity_type == "PERSON"])
    return reader.characters_read
