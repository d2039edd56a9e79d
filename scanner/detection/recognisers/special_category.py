"""Special-category data: health, ethnicity, religion, orientation, politics, union, offences, domestic abuse.

``note`` is the category: ``health``, ``adult_safeguarding``, ``ethnicity``, ``religion``,
``sexual_orientation``, ``politics``, ``union``, ``offence``, ``domestic_abuse``, ``biometric``.  A phrase
about nobody in particular keeps a confidence below the reporting band and the note ``topic``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from rules.flags import KindPack, PhrasePack, PhraseRule, Weight, load_pack
from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.gate import TOPIC_ONLY, Gate, Standing, title_words, word_pattern
from scanner.detection.mention import Use
from scanner.detection.phrases import PhraseIndex
from scanner.detection.sections import KindClassifier
from scanner.detection.view import View
from scanner.text import Field

# Anchors ("diagnosed", "takes", "because of") stand in the same sentence or the one before.
_ANCHOR_REACH = 120
_COUNTER_REACH = 120
# The anchors of a weak phrase ("GMB" with "rep") stand beside it.
_CLOSE = 30
# More phrases than this in one passage change no verdict; the rest is left out (bad input in bulk).
_MOST = 5000
# A longer value under a label is a narrative: its phrases are found one by one.
_LONGEST_VALUE = 80

# Names of diseases and medicines by their Greek and Latin endings, for the thousands that no list holds.
_ENDINGS = (
    "itis emia aemia plegia paresis ectomy ostomy algia phrenia trophy sclerosis stenosis carcinoma "
    "sarcoma neuropathy myopathy retinopathy nephropathy cardiomyopathy encephalopathy thrombosis "
    "fibrosis psychosis infarct infarction embolism ischaemia arrhythmia apnoea dystonia ataxia dysphagia "
    "aphasia oxetine azepam azepine zolam setron sartan statin mycin cillin prazole lukast triptan "
    "peridone tidine ipril olol dipine gliptin gliflozin thyroxine "
)
_NOT_DISEASES = frozenset(
    [b"academia", b"multimedia", b"apoptosis", b"photosynthesis", b"nostalgia", b"trophy"]
)
_MODIFIERS = re.compile(
    r"(?:\b(?:acute|chronic|severe|moderate|mild|left|right|bilateral|early[- ]onset|late[- ]onset|advanced|"
    r"terminal|"
    r"recurrent|complex|major|clinical|post[- ]?natal|paranoid|relapsing|remitting|metastatic|secondary|"
    r"profound|"
    r"congenital|juvenile|persistent|generalised|vascular|mixed|unstable|brittle|stage \d|type [12]|"
    r"inoperable|"
    r"high[- ]functioning|treatment[- ]resistant|insulin[- ]dependent|middle cerebral artery|lower back|"
    r"insulin[- ]treated|"
    r"cerebral artery|rheumatoid|borderline|alcohol[- ]related|drug[- ]induced|diet[- ]controlled|suspected|"
    r"poorly controlled)"
    r"[ \t\n]+){1,4}$",
    re.IGNORECASE,
)
_SITE = re.compile(
    r"^[ \t\n]+(?:of|to)[ \t\n]+(?:(?:the|both|his|her|my|left|right|lower|upper)[ \t\n]+){0,2}"
    r"(?:spine|back|hips?|knees?|hands?|feet|foot|legs?|arms?|shoulders?|ankles?|wrists?|neck|eyes?|lungs?|"
    r"brain|heart|"
    r"liver|bowel|breast|joints?)\b",
    re.IGNORECASE,
)
# What somebody was convicted of or charged with belongs to the phrase.
_OFFENCE_TAIL = re.compile(
    r"^[ \t]+(?:(?:an? |two counts of |\w+ counts? of )?[a-z][a-z' -]{2,50}?)(?=[.,;:()\n]|$"
    r"| (?:in|on|at|but|after|last|when|and|for|which|who|this|before|against)\b)",
)
_TAILED = re.compile(
    r"(?:convicted of|conviction for|charged with|arrested for|arrested on suspicion of|cautioned for|"
    r"found guilty of|"
    r"pleaded guilty to|pled guilty to|diagnosed with)$",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"^(?:no|none|nil|n/?a|n\.a\.?|not known|unknown|not stated|not applicable|not recorded|not disclosed|"
    r"nkn?|nka|nkda|"
    r"none known|no known.*|none declared|not given|prefer not to say|declined|refused|withheld|tbc|yes|y|n|"
    r"[-–_.?*x ]+|"
    r"not obtained|nobt|refu|other|please (?:state|select|specify).*|see (?:below|above|attached).*|"
    r"\d+(?:[.,]\d+)?%?|"
    r"[£$].*|good|fair|poor|used.*|new|as new|excellent|average|working|standard|full|select.*|\[.*\]|<.*>|"
    r"\(.*\)|male|female)$",
    re.IGNORECASE,
)
# Categories whose labels are often followed by several entries or a sentence.
_LISTED = frozenset({"health", "offence"})
_THEIR = re.compile(
    r"\b(?:he|she|him|his|her|my|i|i'm|mum|dad|mother|father|wife|husband|son|daughter)\b", re.I
)


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: PhraseRule
    anchors: re.Pattern[str] | None
    counter: re.Pattern[str] | None
    not_before: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    end: int
    item: _Compiled


class SpecialCategoryRecogniser:
    """Finds special-category phrases and the values of such labels, each held against the gate."""

    name = "uk special category"
    entity_types: tuple[str, ...] = ("SPECIAL_CATEGORY",)

    def __init__(self, pack: PhrasePack | None = None, kinds: KindPack | None = None) -> None:
        pack = pack or load_pack(PhrasePack, "special_category.yaml")
        self._kinds = KindClassifier(kinds or load_pack(KindPack, "document_kinds.yaml"))
        self._not_before = title_words(pack.not_before)
        compiled = [
            _Compiled(
                rule,
                _anchors(pack, rule),
                word_pattern(rule.counter),
                title_words(rule.not_before),
            )
            for rule in pack.rules
        ]
        self._index = PhraseIndex[_Compiled](
            (phrase, item) for item in compiled for phrase in item.rule.phrases
        )
        self._exact = PhraseIndex[_Compiled](
            ((phrase, item) for item in compiled for phrase in item.rule.exact), case_sensitive=True
        )
        self._labels = {label: item for item in compiled for label in item.rule.labels}
        endings = "|".join(_ENDINGS.split())
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.case_sensitive = False
        self._morphology_pattern = re2.compile(rf"\b[a-z]{{3,}}(?:{endings})s?\b".encode(), options)
        self._condition = next(item for item in compiled if item.rule.id.endswith("health-condition"))

    def recognise(self, view: View) -> list[Finding]:
        """Special-category findings of ``view``; those about nobody come back below the reporting band."""
        candidates = _outside_names(view, _settled([*self._phrases(view), *self._morphology(view)]))
        labelled = list(self._labelled(view))
        if not candidates and not labelled:
            return []
        gate = Gate(view, self._kinds, self._not_before)
        findings: list[Finding] = []
        taken: set[int] = set()
        starts = [candidate.start for candidate in candidates]
        for field, item in labelled[:_MOST]:
            first = bisect_left(starts, field.start)
            inside = candidates[first : bisect_left(starts, field.end)]
            whole = len(inside) == 1 and inside[0].end - inside[0].start >= 0.8 * (field.end - field.start)
            if inside and not whole and item.rule.category in _LISTED:
                continue  # a list or a sentence: its phrases say more than the whole
            finding = self._value(gate, field, item)
            if finding.confidence >= REPORTED:
                taken.update(range(first, first + len(inside)))
            findings.append(finding)
        for number, candidate in enumerate(candidates[:_MOST]):
            if number not in taken:
                findings.append(self._phrase(view, gate, candidate))
        return findings

    def _phrases(self, view: View) -> Iterator[_Candidate]:
        for hit in self._index.find(view.data) + self._exact.find(view.data):
            yield _Candidate(hit.start, hit.end, hit.payload)

    def _morphology(self, view: View) -> Iterator[_Candidate]:
        data = view.data
        for match in self._morphology_pattern.finditer(data):
            start, end = match.span()
            whole = start == 0 or not data[start - 1 : start].isalnum()
            if whole and match.group().lower() not in _NOT_DISEASES:
                yield _Candidate(start, end, self._condition)

    def _labelled(self, view: View) -> Iterator[tuple[Field, _Compiled]]:
        text = view.text
        for _, field in view.layout.labelled_fields():
            item = self._labels.get(" ".join(re.findall(r"[a-z/]+", field.label.lower())))
            if item is None or field.end - field.start > _LONGEST_VALUE:
                continue
            value = text[field.start : field.end].strip()
            if value and not _NOTHING.match(value) and not value.endswith("?") and "___" not in value:
                yield field, item

    def _value(self, gate: Gate, field: Field, item: _Compiled) -> Finding:
        """The value of a label, held against the gate."""
        standing = gate.weigh(field.start, field.end)
        confidence = standing.confidence
        if standing.use in (Use.HEADING, Use.GENERAL, Use.COUNT) and standing.subject.identified:
            confidence = 0.8  # the label says what its value is: no sentence to be read
        elif standing.use is Use.SAID and standing.subject.named and confidence < REPORTED:
            confidence = 0.6
        note = item.rule.category if confidence >= REPORTED else "topic"
        evidence = (
            Evidence(EvidenceKind.LABEL, item.rule.category),
            Evidence(EvidenceKind.NEIGHBOUR, standing.why),
        )
        return Finding("SPECIAL_CATEGORY", field.start, field.end, confidence, item.rule.id, evidence, note)

    def _phrase(self, view: View, gate: Gate, candidate: _Candidate) -> Finding:
        text = view.text
        rule = candidate.item.rule
        start, end = _extended(text, candidate)
        standing = gate.weigh(candidate.start, candidate.end, about_grown=True)
        confidence, why = self._weighed(view, gate, candidate, standing)
        note = rule.category if confidence >= REPORTED else "topic"
        kind = EvidenceKind.NEIGHBOUR if confidence >= REPORTED else EvidenceKind.COUNTER
        return Finding("SPECIAL_CATEGORY", start, end, confidence, rule.id, (Evidence(kind, why),), note)

    @staticmethod
    def _weighed(view: View, gate: Gate, candidate: _Candidate, standing: Standing) -> tuple[float, str]:
        text = view.text
        item = candidate.item
        if standing.confidence < REPORTED:
            return standing.confidence, standing.why
        if item.not_before is not None and item.not_before.match(text[candidate.end : candidate.end + 60]):
            return TOPIC_ONLY, "title"
        low = max(0, candidate.start - _COUNTER_REACH)
        if item.counter is not None and item.counter.search(text, low, candidate.end + _COUNTER_REACH):
            return TOPIC_ONLY, "counter-word"
        sentence = gate.mentions.place(candidate.start, candidate.end).sentence
        tied = (
            standing.linked
            or standing.subject.identified
            or standing.subject.names == 1  # nobody else it could be said of
            or standing.why in ("file of a person", "letter to the person", "an employee")
            or (standing.subject.named and _THEIR.search(text, *sentence) is not None)
        )
        if not tied:
            return TOPIC_ONLY, "name not tied to the phrase"
        if item.anchors is not None:
            weak = item.rule.weight is Weight.WEAK
            reach = _CLOSE if weak else _ANCHOR_REACH
            anchored = (
                item.anchors.search(text, max(0, candidate.start - reach), candidate.start) is not None
                or item.anchors.search(text, candidate.end, candidate.end + reach) is not None
            )
            if not anchored and (weak or not (standing.subject.identified or standing.linked)):
                return TOPIC_ONLY, "no anchor"
        return standing.confidence, standing.why


def _anchors(pack: PhrasePack, rule: PhraseRule) -> re.Pattern[str] | None:
    """What must stand near a rule's phrases: its own words and the pack's, only its own where it is weak."""
    if rule.weight is Weight.ANCHORED:
        return word_pattern([*pack.anchors, *rule.anchors])
    return word_pattern(rule.anchors) if rule.weight is Weight.WEAK else None


def _extended(text: str, candidate: _Candidate) -> tuple[int, int]:
    """The phrase with its modifiers ("acute", "of both hips") and with what somebody was convicted of."""
    start, end = candidate.start, candidate.end
    if candidate.item.rule.category == "health":
        before = _MODIFIERS.search(text[max(0, start - 60) : start])
        if before is not None:
            start -= len(before.group())
        site = _SITE.match(text[end : end + 50])
        if site is not None:
            end += site.end()
    if _TAILED.search(text[max(0, end - 30) : end]):
        tail = _OFFENCE_TAIL.match(text[end : end + 80])
        if tail is not None:
            end += tail.end()
    return start, end


def _settled(candidates: list[_Candidate]) -> list[_Candidate]:
    """Of overlapping candidates the longest, in order."""
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (c.start, -c.end)):
        if chosen and candidate.start < chosen[-1].end:
            if candidate.end - candidate.start > chosen[-1].end - chosen[-1].start:
                chosen[-1] = candidate
            continue
        chosen.append(candidate)
    return chosen


def _outside_names(view: View, candidates: list[_Candidate]) -> list[_Candidate]:
    """Without those inside a person's name or a mailbox ("Margaritis", "lupus@"), or alone in a word list."""
    if not candidates:
        return candidates
    spans = [(f.start, f.end) for f in view.findings if f.entity_type in ("PERSON", "EMAIL")]
    starts = [start for start, _ in spans]
    kept: list[_Candidate] = []
    for candidate in candidates:
        at = bisect_right(starts, candidate.start) - 1
        if at >= 0 and spans[at][1] > candidate.start:
            continue
        before = view.text[max(0, candidate.start - 1) : candidate.start]
        behind = view.text[candidate.end : candidate.end + 1]
        if behind == "@" or before in ("@", "<"):
            continue
        if before in ("'", '"') and behind == before:
            start, end = view.layout.line_span(candidate.start)
            if view.text[start:end].strip(" \t,\"'") == view.text[candidate.start : candidate.end]:
                continue
        kept.append(candidate)
    return kept
