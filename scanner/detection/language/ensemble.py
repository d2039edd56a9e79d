"""Names decided by rules and a language model together: one decision per span, with all its reasons."""

from __future__ import annotations

from scanner.detection.finding import Evidence, EvidenceKind, Finding
from scanner.detection.language.pipeline import MODEL_CONFIDENCE, LanguageModel
from scanner.detection.recognisers.names import NameRecogniser
from scanner.detection.view import View

# How likely a person is where a model without calibration says so; its calibration is measured with the model.
_PERSON_PROBABILITY = 0.8


class EnsembleRecogniser:
    """The rules for names, with the spans of a language model as one more reason.

    The model's addresses become findings of their own where no rule found one.
    """

    name = "names-and-model"
    entity_types = ("PERSON", "UK_ADDRESS")

    def __init__(self, names: NameRecogniser, model: LanguageModel) -> None:
        self._names = names
        self._model = model

    def recognise(self, view: View) -> list[Finding]:
        """People by rules and model, and addresses that only the model saw."""
        rules_alone = self._names.recognise(view)
        spans = self._model.spans(view, rules_alone)
        people = [(s.start, s.end, _PERSON_PROBABILITY) for s in spans if s.entity_type == "PERSON"]
        findings = self._names.weigh(view, people) if people else rules_alone
        known = [(f.start, f.end) for f in view.findings if f.entity_type == "UK_ADDRESS"]
        evidence = (Evidence(EvidenceKind.MODEL, self._model.title),)
        for span in spans:
            if span.entity_type != "UK_ADDRESS":
                continue
            if not any(start < span.end and span.start < end for start, end in known):
                findings.append(
                    Finding(
                        span.entity_type, span.start, span.end, MODEL_CONFIDENCE, "language-model", evidence
                    )
                )
        return findings
