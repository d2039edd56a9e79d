"""Child flags: phrases that mark an identifiable child as at risk or in the council's care.

``note`` of a reported finding is its category: ``child_protection``, ``child_in_need``, ``looked_after``,
``order``, ``adoption``, ``abuse``, ``exploitation``, ``safeguarding``, ``channel``; with the suffix
``:initials`` where the child is known by initials only.  A phrase that fails the gate keeps a confidence
below the reporting band and says why: ``topic``, or ``heading`` where it stands in a heading and judgement
may hold it against a file's subject.  Phrases that only tell what a text is about ("foster carer") come as
findings of type ``TOPIC`` with the note ``child_context``, never reported to users.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import re2

from rules.flags import KindPack, PhrasePack, PhraseRule, Weight, load_pack
from scanner.detection.constructions import compile_constructions, constants
from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.gate import TOPIC_ONLY, Gate, Standing, title_words, word_pattern
from scanner.detection.mention import Use
from scanner.detection.phrases import PhraseHit, PhraseIndex
from scanner.detection.sections import KindClassifier
from scanner.detection.subjects import Attribute
from scanner.detection.view import View

# Anchors and counter-words are looked for this far from an abbreviation (the reference says "in the same
# paragraph"; a paragraph of a case note is about this long).
_ANCHOR_REACH = 300
_COUNTER_REACH = 150
# "looked after kids": children in general, whoever is near.
_PEOPLE_BEHIND = re.compile(
    r"[ \t\n](?:kids|children|young people|youngsters|teenagers|pupils|students|families)\b", re.I
)
# More phrases than this in one passage change no verdict; the rest is left out (bad input in bulk).
_MOST = 5000


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: PhraseRule
    anchors: re.Pattern[str] | None
    counter: re.Pattern[str] | None
    not_before: re.Pattern[str] | None
    patterns: re2._Regexp[bytes] | None = None
    lead: re2._Regexp[bytes] | None = None
    exact: bool = False


class ChildFlagRecogniser:
    """Finds child flags of four nations and holds each against the gate."""

    name = "uk child flags"
    entity_types: tuple[str, ...] = ("CHILD_FLAG", "TOPIC")

    def __init__(self, pack: PhrasePack | None = None, kinds: KindPack | None = None) -> None:
        pack = pack or load_pack(PhrasePack, "child_flags.yaml")
        self._kinds = KindClassifier(kinds or load_pack(KindPack, "document_kinds.yaml"))
        self._not_before = title_words(pack.not_before)
        compiled = [
            _Compiled(
                rule,
                word_pattern([*pack.anchors, *rule.anchors]) if rule.weight is not Weight.STRONG else None,
                word_pattern(rule.counter),
                title_words(rule.not_before),
                compile_constructions(_whole(rule)),
                compile_constructions([rule.lead]) if rule.lead else None,
            )
            for rule in pack.rules
        ]
        self._index = PhraseIndex[_Compiled](
            (phrase, item) for item in compiled for phrase in item.rule.phrases
        )
        self._exact = PhraseIndex[_Compiled](
            ((phrase, replace(item, exact=True)) for item in compiled for phrase in item.rule.exact),
            case_sensitive=True,
        )
        self._constructed = [item for item in compiled if item.patterns is not None]
        self._construction = compile_constructions(p for rule in pack.rules for p in _whole(rule))
        own = () if self._construction is None else (self._construction,)
        self.programs = (*self._index.programs, *self._exact.programs, *own)

    def recognise(self, view: View) -> list[Finding]:
        """Child flags of ``view``; those that fail the gate come back below the reporting band."""
        listed = view.phrases(self._index) + view.phrases(self._exact)
        hits = _longest([*listed, *self._constructions(view)])
        if not hits:
            return []
        gate = Gate(view, self._kinds, self._not_before)
        weighed = [
            (hit, self._weigh(view, gate, hit)) for hit in hits[:_MOST] if not _inside_a_name(view.text, hit)
        ]
        strong = [
            hit.start
            for hit, standing in weighed
            if standing.confidence >= REPORTED and hit.payload.rule.weight is Weight.STRONG
        ]
        findings: list[Finding] = []
        for hit, standing in weighed:
            confidence, why = standing.confidence, standing.why
            if confidence >= REPORTED and hit.payload.rule.weight is not Weight.STRONG:
                confidence, why = self._anchored(view, hit, standing, strong)
            findings.append(_finding(hit, standing, confidence, why))
        return findings

    def _constructions(self, view: View) -> Iterator[PhraseHit[_Compiled]]:
        for start, words in constants(view.data) if b"_" in view.data else ():
            for hit in [*self._index.find(words), *self._exact.find(words)][:1]:
                yield PhraseHit(start, start + len(words), hit.payload)
        if self._construction is None or not view.may_hold(self._construction):
            return
        for match in self._construction.finditer(view.data):
            words = match.group()
            for item in self._constructed:
                if item.patterns is None or item.patterns.fullmatch(words) is None:
                    continue
                led = item.lead.match(words) if item.lead is not None else None
                start = match.start() + (
                    len(words) - len(words[led.end() :].lstrip()) if led is not None else 0
                )
                yield PhraseHit(start, match.end(), item)
                break

    @staticmethod
    def _weigh(view: View, gate: Gate, hit: PhraseHit[_Compiled]) -> Standing:
        standing = gate.weigh(hit.start, hit.end)
        own = hit.payload.not_before
        text = view.text
        if own is not None and own.match(text[hit.end : hit.end + 60]):
            return Standing(TOPIC_ONLY, Use.TITLE, standing.subject, why="title")
        subject = standing.subject
        if standing.confidence >= REPORTED and subject.kinds < 2 and not (standing.linked or subject.child):
            # A full name somewhere near, nothing that makes it a child's or ties the phrase to it.
            return Standing(TOPIC_ONLY, standing.use, subject, why="name not tied to the phrase")
        if Attribute.DOB in subject.attributes and not subject.child:
            return Standing(TOPIC_ONLY, standing.use, subject, why="about an adult")
        tied = (
            standing.named or standing.tied or (standing.linked and hit.payload.rule.weight is Weight.STRONG)
        )
        if standing.confidence >= REPORTED and not (subject.child or tied):
            return Standing(TOPIC_ONLY, standing.use, subject, why="about no child")
        if standing.confidence >= REPORTED and not (subject.sure_child or standing.tied or standing.kin):
            # A name in the same lines, nothing that makes it a child's: somebody's work, a joke.
            return Standing(TOPIC_ONLY, standing.use, subject, why="not said of the name")
        phrase = text[hit.start : hit.end].lower()
        generic = phrase.endswith(("leavers", "people")) or ("children" in phrase and "'" not in phrase)
        generic = generic or _PEOPLE_BEHIND.match(text, hit.end) is not None
        if generic and standing.confidence >= REPORTED and not standing.named:
            return Standing(TOPIC_ONLY, Use.GENERAL, subject, why="children in general")
        several = text[hit.end - 1] in "sS" and not text[hit.start : hit.end].isupper()
        if several and standing.confidence >= REPORTED and subject.kinds < 2 and not subject.child:
            # Several conferences or plans beside one grown person: somebody's work, not somebody's child.
            return Standing(TOPIC_ONLY, Use.GENERAL, subject, why="several, about no child")
        counter = hit.payload.counter
        if counter is not None and standing.confidence >= REPORTED:
            low = max(0, hit.start - _COUNTER_REACH)
            around = (low, hit.end + _COUNTER_REACH)
            if counter.search(text, *around):
                return Standing(TOPIC_ONLY, standing.use, standing.subject, why="counter-word")
        return standing

    @staticmethod
    def _anchored(
        view: View, hit: PhraseHit[_Compiled], standing: Standing, strong: Sequence[int]
    ) -> tuple[float, str]:
        """What remains of an anchored or weak phrase once its anchors are looked for."""
        if hit.payload.rule.weight is Weight.HINT:
            return standing.confidence, standing.why
        index = bisect_left(strong, hit.start - 2 * _ANCHOR_REACH)
        near_strong = index < len(strong) and strong[index] <= hit.start + 2 * _ANCHOR_REACH
        subject = standing.subject
        if hit.payload.rule.weight is Weight.WEAK:
            if near_strong or (subject.sure_child and subject.identified and subject.named):
                return min(standing.confidence, 0.7), standing.why
            return TOPIC_ONLY, "weak phrase"
        if near_strong:
            return standing.confidence, standing.why
        anchors = hit.payload.anchors
        low = max(0, hit.start - _ANCHOR_REACH)
        text = view.text
        # The phrase itself does not anchor itself.
        anchored = anchors is not None and (
            anchors.search(text, low, hit.start) is not None
            or anchors.search(text, hit.end, hit.end + _ANCHOR_REACH) is not None
        )
        if anchored or (subject.child and subject.kinds >= 1):
            return standing.confidence, standing.why
        return TOPIC_ONLY, "no child anchor"


def _whole(rule: PhraseRule) -> tuple[str, ...]:
    """The patterns of a rule with the words that lead to them."""
    return tuple(f"{rule.lead} {pattern}" if rule.lead else pattern for pattern in rule.patterns)


def _finding(hit: PhraseHit[_Compiled], standing: Standing, confidence: float, why: str) -> Finding:
    rule = hit.payload.rule
    if rule.weight is Weight.HINT:
        evidence = (Evidence(EvidenceKind.NEIGHBOUR, why),)
        return Finding("TOPIC", hit.start, hit.end, confidence, rule.id, evidence, rule.category)
    if confidence < REPORTED:
        note = "heading" if standing.use is Use.HEADING else "topic"
        kind = EvidenceKind.COUNTER
    else:
        note = f"{rule.category}:initials" if standing.initials_only else rule.category
        kind = EvidenceKind.NEIGHBOUR
    return Finding("CHILD_FLAG", hit.start, hit.end, confidence, rule.id, (Evidence(kind, why),), note)


def _inside_a_name(text: str, hit: PhraseHit[_Compiled]) -> bool:
    """Whether an abbreviation is part of a system's name or code: "GG-CYPS-LAC-RW", "cin.lookup"."""
    if " " in text[hit.start : hit.end]:
        return False
    before, behind = text[max(0, hit.start - 2) : hit.start], text[hit.end : hit.end + 2]
    joined = "-_\\.@="
    return (len(before) == 2 and before[1] in joined and before[0].isalnum()) or (
        len(behind) == 2 and behind[0] in joined and behind[1].isalnum()
    )


def _longest(hits: list[PhraseHit[_Compiled]]) -> list[PhraseHit[_Compiled]]:
    """Of overlapping hits the longest, in order; "CP plan" wins over "subject to CP"."""
    chosen: list[PhraseHit[_Compiled]] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if chosen and hit.start < chosen[-1].end:
            last = chosen[-1]
            abbreviated = not hit.payload.exact and last.payload.exact and hit.end > last.end
            if abbreviated or hit.end - hit.start > last.end - last.start:
                chosen[-1] = hit
            continue
        chosen.append(hit)
    return chosen
