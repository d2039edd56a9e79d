"""Topics: what a text is about, for judgement only.

Findings of type ``TOPIC`` are not entities and are not reported to users.  ``note`` is the topic:
``debt``, ``benefit``, ``fraud``, ``discipline``, ``accusation``, ``pupil_behaviour``, ``sen``,
``adult_safeguarding``, ``homelessness``, ``immigration``, ``marac``, ``channel``, ``at_risk_address``,
``complaint``; ``addressee`` marks whom a letter greets (and ``child_context`` comes from the child flags).
From the reporting band on the topic is said of somebody identified.  Findings of type ``DOCUMENT_KIND`` say
what kind of paper a section is: their span is the section, their note the kind (``policy``,
``committee paper``, ..., ``made-up``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.flags import KindPack, PhrasePack, PhraseRule, Weight, load_pack
from scanner.detection.finding import REPORTED, Evidence, EvidenceKind, Finding
from scanner.detection.gate import REACH, TOPIC_ONLY, Gate, Standing, title_words, word_pattern
from scanner.detection.mention import Use
from scanner.detection.phrases import PhraseIndex
from scanner.detection.sections import KindClassifier
from scanner.detection.subjects import Attribute
from scanner.detection.view import View

_ANCHOR_REACH = 250
_COUNTER_REACH = 120
# A topic is told by a few phrases; more of one kind in a passage say nothing new.
_MOST_OF_A_TOPIC = 400
_FILLED = re.compile(r"[£\d\w]")


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: PhraseRule
    anchors: re.Pattern[str] | None
    counter: re.Pattern[str] | None
    own_anchors: re.Pattern[str] | None = None
    exact: bool = False


class TopicRecogniser:
    """Finds the topics of a view and the kinds of its sections."""

    name = "uk topics"
    entity_types: tuple[str, ...] = ("TOPIC", "DOCUMENT_KIND")

    def __init__(self, pack: PhrasePack | None = None, kinds: KindPack | None = None) -> None:
        pack = pack or load_pack(PhrasePack, "topics.yaml")
        self._kinds = KindClassifier(kinds or load_pack(KindPack, "document_kinds.yaml"))
        self._not_before = title_words(pack.not_before)
        compiled = [
            _Compiled(
                rule,
                word_pattern([*pack.anchors, *rule.anchors])
                if rule.weight is Weight.ANCHORED
                else (word_pattern(rule.anchors) if rule.weight is Weight.WEAK else None),
                word_pattern(rule.counter),
                word_pattern(rule.anchors),
            )
            for rule in pack.rules
        ]
        self._index = PhraseIndex[_Compiled](
            (phrase, item) for item in compiled for phrase in item.rule.phrases
        )
        self._exact = PhraseIndex[_Compiled](
            (
                (phrase, replace(item, exact=" " not in phrase))
                for item in compiled
                for phrase in item.rule.exact
            ),
            case_sensitive=True,
        )
        self.programs = (*self._index.programs, *self._exact.programs)
        self._labels = {label: item for item in compiled for label in item.rule.labels}

    def recognise(self, view: View) -> list[Finding]:
        """The topics of ``view`` and the kinds of its sections."""
        if not view.findings:
            # Nobody is identified: no topic can count, and no kind of paper can excuse anything.
            return []
        gate = Gate(view, self._kinds, self._not_before)
        findings = [*self._kinds_of(gate), *self._addressees(gate), *self._labelled(view, gate)]
        told: dict[str, int] = {}
        hits = view.phrases(self._index) + view.phrases(self._exact)
        for hit in sorted(hits, key=lambda hit: hit.start):
            item = hit.payload
            count = told.get(item.rule.id, 0)
            if count >= _MOST_OF_A_TOPIC:
                continue
            told[item.rule.id] = count + 1
            standing = gate.weigh(hit.start, hit.end, about_grown=True)
            confidence, why = self._weighed(view, gate, item, hit.start, hit.end, standing)
            findings.append(
                Finding(
                    "TOPIC",
                    hit.start,
                    hit.end,
                    confidence,
                    item.rule.id,
                    (Evidence(EvidenceKind.NEIGHBOUR, why),),
                    item.rule.category,
                )
            )
        return findings

    @staticmethod
    def _kinds_of(gate: Gate) -> Iterator[Finding]:
        for section in gate.sections.sections:
            if section.made_up:
                yield Finding("DOCUMENT_KIND", section.start, section.end, 0.9, "made-up", (), "made-up")
                continue
            for start, end in section.examples:
                if start < end:
                    yield Finding("DOCUMENT_KIND", start, end, 0.95, "made-up", (), "made-up")
            if section.kind:
                # Findings of one type do not overlap: the kind stands on what the examples leave.
                edges = [section.start, *(edge for span in sorted(section.examples) for edge in span)]
                gaps = zip(edges[::2], [*edges[1::2], section.end], strict=True)
                start, end = max(gaps, key=lambda gap: gap[1] - gap[0])
                yield Finding("DOCUMENT_KIND", start, end, 0.9, section.kind, (), section.kind)

    @staticmethod
    def _addressees(gate: Gate) -> Iterator[Finding]:
        """Whom a letter greets by title and name: judgement asks whether it is about somebody else."""
        for mark in gate.subjects.marks:
            if mark.addressee:
                yield Finding("TOPIC", mark.start, mark.end, 0.9, "addressee", (), "addressee")

    def _of_label(self, label: str) -> _Compiled | None:
        return self._labels.get(" ".join(re.findall(r"[a-z]+", label.lower())))

    def _labelled(self, view: View, gate: Gate) -> Iterator[Finding]:
        """Values under a label that names the topic: a column of arrears."""
        starts = [finding.start for finding in view.findings]
        told = 0
        for record, field in view.layout.labelled_fields(lambda label: self._of_label(label) is not None):
            item = self._of_label(field.label)
            if item is None or told >= _MOST_OF_A_TOPIC:
                continue
            if not _FILLED.search(view.text, field.start, field.end):
                continue
            if item.anchors is not None:
                # A column means this topic only beside columns that say whose it is ("Attendance", "Pupil").
                labels = " ".join(part.label for part in record.fields)
                if not item.anchors.search(labels):
                    continue
            first = bisect_left(starts, record.start)
            if first >= len(starts) or starts[first] >= record.end:
                continue
            if (
                gate.sections.at(field.start).invented(field.start)
                or not gate.subjects.within(record.start, record.end).kinds
            ):
                continue
            told += 1
            evidence = (Evidence(EvidenceKind.LABEL, item.rule.category),)
            yield Finding("TOPIC", field.start, field.end, 0.8, item.rule.id, evidence, item.rule.category)

    @staticmethod
    def _weighed(
        view: View, gate: Gate, item: _Compiled, start: int, end: int, standing: Standing
    ) -> tuple[float, str]:
        text = view.text
        if standing.use is Use.HEADING and not gate.sections.at(start).kind:
            # The heading of a letter or a form is about whom it greets or names.
            section = gate.sections.at(start)
            near = (max(section.start, start - REACH), min(section.end, end + REACH))
            if gate.subjects.greets(*near) or standing.subject.identified:
                return 0.55, "heading over a named person"
        if standing.confidence < REPORTED:
            by_number = {Attribute.ADDRESS, Attribute.IDENTIFIER, Attribute.DOB} & standing.subject.attributes
            if not by_number or standing.use is not Use.SAID or gate.sections.at(start).kind:
                return standing.confidence, standing.why
            # A rent statement whose name was not read is still somebody's: it has an address or a number.
            standing = replace(standing, confidence=0.5, why="a home or a number nearby")
        low = max(0, start - _COUNTER_REACH)
        if item.counter is not None and item.counter.search(text, low, end + _COUNTER_REACH):
            return TOPIC_ONLY, "counter-word"
        subject = standing.subject
        # An abbreviation ("UC", "ABC") means a topic only beside the words of its own rule.
        anchors = item.own_anchors if item.exact and item.own_anchors is not None else item.anchors
        weak = item.rule.weight is Weight.WEAK
        if anchors is not None and (item.exact or weak or not standing.linked):
            low = max(0, start - _ANCHOR_REACH)
            anchored = (
                anchors.search(text, low, start) is not None
                or anchors.search(text, end, end + _ANCHOR_REACH) is not None
            )
            strong = subject.identified and Attribute.SCHOOL not in subject.attributes
            if not anchored and (item.exact or weak or not strong):
                return TOPIC_ONLY, "no anchor"
        if text[end - 1] == "s" and item.rule.category == "sen" and not subject.identified:
            return TOPIC_ONLY, "several, about no child"
        if item.rule.category == "sen" and not (subject.child or subject.identified):
            return TOPIC_ONLY, "no child"
        return standing.confidence, standing.why
