"""Names decided by rules and a language model together: one decision per span, with all its reasons."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable

from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.language.pipeline import Impression, LanguageModel, ModelSpan
from scanner.detection.recognisers.names import NameRecogniser
from scanner.detection.view import Span, View

# Measured on held-out council texts, see the model card: how the model's own odds become evidence.
# What it marks counts this much of its odds; what it does not mark, where it looked, this much.
_MARKED = 0.6
_UNMARKED = 0.35
# A name that only the model sees is reported from this probability on, and held back by this much.
_ALONE = 0.75
_ALONE_ODDS = 0.5
# An address that only the model sees, likewise.
_ADDRESS_ALONE = 0.6
# At least two letters, no digits: "Ann", not "B4".
_NAME = re.compile(r"[^\d_@/\\]*[^\W\d_]{2}[^\d_@/\\]*")

_RULE = "language-model"


class EnsembleRecogniser:
    """The rules for names, with what a language model says of their places as one more reason.

    What only the model saw becomes a finding of its own where the model is sure enough.
    """

    name = "names-and-model"
    entity_types = ("PERSON", "UK_ADDRESS")

    def __init__(self, names: NameRecogniser, model: LanguageModel) -> None:
        self._names = names
        self._model = model

    def recognise(self, view: View) -> list[Finding]:
        """People by rules and model, and addresses that only the model saw."""
        alone = self._names.recognise(view)
        impression = self._model.read(view, alone)
        if impression is None:
            return alone
        marked = [span for span in impression.spans if span.entity_type == "PERSON"]
        places = _Places((s.start, s.end) for s in marked)
        opinions = [(s.start, s.end, _chance(_MARKED * _odds(s.probability))) for s in marked]
        for finding in alone:
            if places.touch(finding.start, finding.end):
                continue
            doubt = impression.doubt(finding.start, finding.end)
            if doubt is not None:
                opinions.append((finding.start, finding.end, _chance(_UNMARKED * _odds(doubt))))
        findings = self._names.weigh(view, opinions) if opinions else alone
        return [
            *findings,
            *self._unseen_people(view, marked, findings),
            *self._unseen_addresses(view, impression),
        ]

    def _unseen_people(self, view: View, marked: list[ModelSpan], findings: list[Finding]) -> list[Finding]:
        seen = _Places((f.start, f.end) for f in findings if f.confidence >= REPORTED)
        return [
            self._finding(span, _chance(_odds(span.probability) * _MARKED - _ALONE_ODDS))
            for span in marked
            if span.probability >= _ALONE
            and not seen.touch(span.start, span.end)
            and _NAME.fullmatch(view.text, span.start, span.end)
        ]

    def _unseen_addresses(self, view: View, impression: Impression) -> list[Finding]:
        known = _Places((f.start, f.end) for f in view.findings if f.entity_type == "UK_ADDRESS")
        return [
            self._finding(span, _chance(_MARKED * _odds(span.probability)))
            for span in impression.spans
            if span.entity_type == "UK_ADDRESS"
            and span.probability >= _ADDRESS_ALONE
            and not known.touch(span.start, span.end)
        ]

    def _finding(self, span: ModelSpan, confidence: float) -> Finding:
        evidence = (Evidence(EvidenceKind.MODEL, self._model.title),)
        return Finding(span.entity_type, span.start, span.end, round(confidence, 3), _RULE, evidence)


class _Places:
    """Stretches of text that do not overlap, asked whether one of them is touched."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans)

    def touch(self, start: int, end: int) -> bool:
        at = bisect_left(self._spans, (end,)) - 1
        return at >= 0 and self._spans[at][1] > start


def _odds(probability: float) -> float:
    held = min(0.999, max(0.001, probability))
    return math.log(held / (1 - held))


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
