"""The Presidio edge: our recognisers as Presidio's, Presidio's as ours, and an AnalyzerEngine of both.

Presidio is the frame and the exchange format; importing it takes two seconds (it imports spaCy), so
the detector itself runs the recognisers directly and this module is imported only where a site adds a
Presidio recogniser of its own or an integrator asks for an ``AnalyzerEngine``.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import spacy
from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine, SpacyNlpEngine

from rules.loader import RuleError
from scanner.detection.detector import Detector
from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.view import Recogniser, View
from scanner.text import Passage

LANGUAGE = "en"
_OURS = "CouncilRecognizer"


class BlankNlpEngine(SpacyNlpEngine):
    """A Presidio NLP engine that only tokenises: what recognisers of patterns need, and no more."""

    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": LANGUAGE, "model_name": "blank"}])
        self.nlp = {LANGUAGE: spacy.blank(LANGUAGE)}  # type: ignore[assignment]

    def load(self) -> None:
        """Nothing to load: the tokeniser is part of spaCy."""


class NoEnhancer(ContextAwareEnhancer):
    """Leaves scores as they are: our recognisers have weighed their context themselves."""

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=0.0,
            min_score_with_context_similarity=0.0,
            context_prefix_count=0,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """The results as they came."""
        del text, nlp_artifacts, recognizers, context
        return raw_results


def to_result(finding: Finding, recogniser: str) -> RecognizerResult:
    """A finding as Presidio's ``RecognizerResult``, its evidence as the explanation."""
    explanation = AnalysisExplanation(
        recognizer=recogniser,
        original_score=finding.confidence,
        textual_explanation="; ".join(f"{item.kind.value}: {item.detail}" for item in finding.evidence),
    )
    return RecognizerResult(
        entity_type=finding.entity_type,
        start=finding.start,
        end=finding.end,
        score=finding.confidence,
        analysis_explanation=explanation,
        recognition_metadata={RecognizerResult.RECOGNIZER_NAME_KEY: recogniser, "rule": finding.rule},
    )


class CouncilRecognizer(EntityRecognizer):
    """All our recognisers as one Presidio recogniser: one shared pass gives many entity types."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        kinds = sorted({kind for recogniser in detector.recognisers for kind in recogniser.entity_types})
        super().__init__(supported_entities=kinds, name=_OURS, supported_language=LANGUAGE)

    def load(self) -> None:
        """Everything was loaded when the detector was built."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Presidio's interface: the findings of the asked entity types."""
        found = self._detector.detect(Passage(text)).findings
        return [to_result(finding, _OURS) for finding in found if finding.entity_type in entities]


def analyzer_engine(detector: Detector, further: Sequence[EntityRecognizer] = ()) -> AnalyzerEngine:
    """A Presidio ``AnalyzerEngine`` whose registry holds exactly our recogniser and ``further`` ones.

    Presidio's own context enhancer is left out: it is quadratic in hits and tokens, and ours has spoken.
    """
    registry = RecognizerRegistry(
        recognizers=[CouncilRecognizer(detector), *further], supported_languages=[LANGUAGE]
    )
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=BlankNlpEngine(),
        supported_languages=[LANGUAGE],
        log_decision_process=False,
        context_aware_enhancer=NoEnhancer(),
    )


class PresidioRecogniser:
    """A third-party Presidio recogniser, run beside ours."""

    def __init__(self, recogniser: EntityRecognizer) -> None:
        self._recogniser = recogniser
        self.name = str(getattr(recogniser, "name", type(recogniser).__name__))
        self.entity_types: tuple[str, ...] = tuple(recogniser.supported_entities)

    @cached_property
    def _nlp(self) -> NlpEngine:
        return BlankNlpEngine()

    def recognise(self, view: View) -> list[Finding]:
        """Its results over the view's text as findings."""
        artifacts = self._nlp.process_text(view.text, LANGUAGE)
        results = self._recogniser.analyze(view.text, list(self.entity_types), artifacts) or []
        return [
            Finding(
                result.entity_type,
                result.start,
                result.end,
                float(result.score),
                f"presidio:{self.name}",
                (Evidence(EvidenceKind.PATTERN, f"Presidio recogniser {self.name}"),),
            )
            for result in results
        ]


def load_recognisers(names: Sequence[str]) -> list[Recogniser]:
    """Import and build Presidio recognisers written ``module:Class``; raises ``RuleError``."""
    loaded: list[Recogniser] = []
    for name in names:
        module_name, _, class_name = name.partition(":")
        try:
            made: Any = getattr(importlib.import_module(module_name), class_name)()
        except ImportError as error:
            raise RuleError(
                f"rules.presidio_recognisers: {name}: cannot be imported ({error.name})"
            ) from error
        except AttributeError as error:
            raise RuleError(f"rules.presidio_recognisers: {name}: the module has no {class_name}") from error
        except TypeError as error:
            raise RuleError(
                f"rules.presidio_recognisers: {name}: cannot be built without arguments"
            ) from error
        if not isinstance(made, EntityRecognizer):
            raise RuleError(f"rules.presidio_recognisers: {name} is no Presidio EntityRecognizer")
        loaded.append(PresidioRecogniser(made))
    return loaded
