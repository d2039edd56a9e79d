"""Names decided by rules and a language model together: one decision per span, with all its reasons."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace

from scanner.detection.encoded import lies_in_data
from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.language.pipeline import Impression, LanguageModel, ModelSpan
from scanner.detection.recognisers.names import NameRecogniser
from scanner.detection.recognisers.names import lexicon as lex
from scanner.detection.recognisers.names.lexicon import Lexicon, word_band
from scanner.detection.view import Span, View

# Measured by a logistic regression on held-out texts (model card): the model's log-odds, never more than
# this, count somewhat more than those of the rules; so does, by half, what it thinks of the same word where
# it is surest.
_MOST = 3.0
_MARKED, _ELSEWHERE = 1.3, 0.45
# What only the model sees: the rules' silence, and how much of the model's odds remain.
_SILENCE, _REMAINS = -1.9, 0.8
# Words that it does not mark but holds possible, and that are names elsewhere in the document.
_UNMARKED, _FAINT = -0.8, 0.08
# Where the rules are silent, so sure must the model be of listed names, and of words that may be anything.
_LIKELY, _PAIR, _SURE, _NEVER = 0.6, 0.8, 0.97, 2.0
_ACRONYM = 4
# An address that only the model sees is reported from this probability on.
_ADDRESS = 0.8
# One that is no home is known, and not reported.
_NOT_A_HOME = 0.25
# A body named so close before an address has its office there.
_BESIDE = 3
# A numbered house or flat, with a word behind it.
_HOUSE = re.compile(r"(?:^|[,\n] ?|(?i:flat|apartment|apt|house|room|no\.?) )\d{1,4}[a-zA-Z]?,? [^\W\d_]{3,}")
_SITE = re.compile(
    r"\b(?:unit|suite|floor|estate|business|industrial|trading|depot|centre|office|works|po box)\b", re.I
)
# Longer words are keys and hashes; Welsh and Tamil names reach twenty letters.
_LONGEST_NAME = 22
# At least two letters, no digits: "Ann", not "B4".
_NAME = re.compile(r"[^\d_@/\\]*[^\W\d_]{2}[^\d_@/\\]*")

# A file's name, or its kind alone.
_FILE = re.compile(
    r"(?:[^\n]*\.)?(?:docx?|xlsx?|pptx?|pdf|csv|txt|rtf|od[tsp]|msg|eml|zip|html?|xml|json|jpe?g|png|tiff?)",
    re.I,
)

_WORD = re.compile(r"[^\W\d_]+")

_RULE = "language-model"


class EnsembleRecogniser:
    """The rules for names, with what a language model says of their places as one more reason.

    What only the model saw becomes a finding of its own where the model is sure enough.
    """

    name = "names-and-model"
    entity_types = ("PERSON", "UK_ADDRESS")

    def __init__(self, names: NameRecogniser, model: LanguageModel, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._names = names
        self.programs = names.programs
        self._model = model

    def recognise(self, view: View) -> list[Finding]:
        """People by rules and model, and addresses that only the model saw."""
        alone = self._names.recognise(view)
        impression = self._model.read(view, alone)
        if impression is None:
            return alone
        known = _Places((f.start, f.end) for f in alone if f.confidence >= REPORTED)
        headers = _Places(view.header_cells)
        marked = [
            span
            for span in impression.spans
            if span.entity_type == "PERSON"
            and not headers.touch(span.start, span.end)
            and (known.touch(span.start, span.end) or self._plausible(view.text, span, impression))
        ]
        opinions = [(s.start, s.end, _chance(_MARKED * _odds_of(impression, s))) for s in marked]
        places = _Places((s.start, s.end) for s in marked)
        for finding in alone:
            if not places.touch(finding.start, finding.end):
                grade = impression.grade(finding.start, finding.end)
                if grade is not None:
                    opinions.append((finding.start, finding.end, _chance(_MARKED * _joined(grade))))
        findings = self._names.weigh(view, opinions) if opinions else alone
        findings += self._unseen_people(view, marked, findings, impression)
        return findings + self._unseen_addresses(view, impression)

    def _unseen_people(
        self, view: View, marked: list[ModelSpan], findings: list[Finding], impression: Impression
    ) -> list[Finding]:
        seen = _Places((f.start, f.end) for f in findings if f.confidence >= REPORTED)
        places = _Places((s.start, s.end) for s in marked)
        likely = [(s.start, s.end, _SILENCE + _REMAINS * _odds_of(impression, s)) for s in marked]
        for start, end in impression.perhaps(_FAINT):
            grade = impression.grade(start, end)
            if grade is not None and not places.touch(start, end):
                likely.append((start, end, _UNMARKED + _REMAINS * _joined(grade)))
        return [
            self._finding("PERSON", start, end, _chance(odds))
            for start, end, odds in likely
            if _chance(odds) >= REPORTED
            and not seen.touch(start, end)
            and (places.touch(start, end) or self._least(view.text, start, end) <= _LIKELY)
        ]

    def _plausible(self, text: str, span: ModelSpan, impression: Impression) -> bool:
        least = self._least(text, span.start, span.end)
        # A pipeline without probabilities is taken at its word where words may be a name at all.
        return span.probability >= least if impression.graded else least < _NEVER

    def _least(self, text: str, start: int, end: int) -> float:
        """The least probability from which words that the rules pass over are taken for a name."""
        written = _WORD.findall(text, start, end)
        if _FILE.fullmatch(text, start, end):
            return _NEVER
        if not _NAME.fullmatch(text, start, end) or max(map(len, written)) > _LONGEST_NAME:
            return _NEVER
        if lies_in_data(text, start):
            return _NEVER
        words = [self._lexicon.word(word) for word in written]
        flags, shapes = [word[1] for word in words], {word[2] for word in words}
        known = any(one & lex.KNOWN_NAME for one in flags)
        ordinary = any(word_band(one) for one in flags)
        if shapes == {"C"}:
            # Acronyms, headings, names of columns.
            acronym = len(words) == 1 and end - start <= _ACRONYM
            return _SURE if known and not ordinary and not acronym else _NEVER
        if shapes == {"l"}:
            if len(words) == 1:
                return _LIKELY if known and not ordinary else _SURE
            return _LIKELY if known else _SURE
        if known:
            return _SURE if ordinary and len(words) == 1 else _LIKELY
        if len(words) > 1 and not ordinary:
            return _PAIR  # "Zabihullah Stanekzai": two strange words in a row are a stranger's name
        return _NEVER if ordinary and len(words) == 1 else _SURE

    def _unseen_addresses(self, view: View, impression: Impression) -> list[Finding]:
        organisations = _Places((s.start, s.end) for s in impression.spans if s.entity_type == "ORG")
        known = _Places((f.start, f.end) for f in view.findings if f.entity_type == "UK_ADDRESS")
        found = []
        for span in impression.spans:
            if span.entity_type != "UK_ADDRESS" or span.probability < _ADDRESS:
                continue
            if known.touch(span.start, span.end):
                continue
            finding = self._finding("UK_ADDRESS", span.start, span.end, span.probability)
            beside = organisations.touch(span.start - _BESIDE, span.start)
            if beside or not _is_home(view.text[span.start : span.end]):
                finding = replace(finding, confidence=_NOT_A_HOME, note="office")
            found.append(finding)
        return found

    def _finding(self, entity_type: str, start: int, end: int, confidence: float) -> Finding:
        evidence = (Evidence(EvidenceKind.MODEL, self._model.title),)
        return Finding(entity_type, start, end, round(min(0.99, confidence), 3), _RULE, evidence)


class _Places:
    """Stretches of text that do not overlap, asked whether one of them is touched."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans)

    def touch(self, start: int, end: int) -> bool:
        at = bisect_left(self._spans, (end,)) - 1
        return at >= 0 and self._spans[at][1] > start


def _is_home(address: str) -> bool:
    return bool(_HOUSE.search(address)) and not _SITE.search(address)


def _odds_of(impression: Impression, span: ModelSpan) -> float:
    grade = impression.grade(span.start, span.end)
    return _odds(span.probability) if grade is None else _joined((span.probability, grade[1]))


def _joined(grade: tuple[float, float]) -> float:
    here, best = _odds(grade[0]), _odds(grade[1])
    return here + _ELSEWHERE * max(0.0, best - here)


def _odds(probability: float) -> float:
    held = min(0.999, max(0.001, probability))
    return max(-_MOST, min(_MOST, math.log(held / (1 - held))))


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
