"""The inspector: one document's way from bytes to an inspection, and one text's way to a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from io import BytesIO
from typing import BinaryIO, TypeAlias

from rules.nicknames import load_nicknames
from scanner.detection.building import build_detector, identifiers_of
from scanner.detection.dates import read_date
from scanner.detection.detector import Detector
from scanner.detection.finding import REPORTED, Finding
from scanner.detection.people import Aliases, Mention, group, whole_names
from scanner.detection.people_model import IN_ROLE, Population
from scanner.documents import Coverage, Limits, Segment, Source, read_document
from scanner.documents.model import Gap, Location, Shortfall, Status
from scanner.documents.reader import Read
from scanner.inspection.assembling import Assembled, Locator, assemble
from scanner.inspection.fingerprints import fingerprint, packed
from scanner.inspection.masking import mask, mask_name
from scanner.inspection.model import Exclusions, Inspection, LocatedFinding
from scanner.inspection.settings import InspectionSettings
from scanner.inspection.surroundings import KEPT, Surroundings
from scanner.judgement.assessment import Assessment, PeopleCount
from scanner.judgement.judge import assess
from scanner.judgement.policy import Policy
from scanner.judgement.record import record
from scanner.judgement.without import without
from scanner.text import Passage

# What only judgement uses: not an entity that a person would look for in the text.
INTERNAL_TYPES = frozenset({"TOPIC", "DOCUMENT_KIND"})
# People are joined over at most this many findings of one document: the verdict of a larger one is
# settled long before (thresholds are in the tens), and its counts stay true.
_JOINED_FINDINGS = 50_000

SoFar: TypeAlias = Callable[[Callable[[], Inspection]], None]
"""Hears, after each stretch of a long document, how to sum up what was found in it so far."""

# The coverage of a document that is still being read.
_UNFINISHED = Coverage(Status.PARTIAL, "", (Gap(Location(), Shortfall.INTERRUPTED),))

PartOf: TypeAlias = Callable[[str, Location], str]
"""Names the part of a document that a place belongs to, from its hidden reason and its location."""


@dataclass(frozen=True, slots=True)
class TextInspection:
    """What was found in one text: findings with offsets in it, the people, and the judgement.

    ``stopped`` names the recognisers that failed on it: where there is one, the text is not wholly inspected.
    """

    findings: tuple[Finding, ...]
    population: Population
    assessment: Assessment
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartCount:
    """Who stands in one part of a document: people told apart, and rows of tables that name somebody.

    Many rows under few names are often many people: the rows are the more careful figure.
    """

    people: PeopleCount
    rows: int


@dataclass(frozen=True, slots=True)
class _Placed:
    """A mention with its place in the document."""

    mention: Mention
    location: str
    hidden: str
    part: str
    row: tuple[int, int] | None  # the row of a table that names somebody
    around: tuple[str, str] = ("", "")


# A name that no list holds, beside a number: every recogniser has its say, the language model too.
_FIRST_WORDS = "Dear Ms Parvaneh Azadmanesh, did Qoryoley or zuleykha ring 01632 960111 about the NHS?"


class Inspector:
    """Reads, detects, joins and judges; built once per process, holds nothing of any document."""

    def __init__(
        self, detector: Detector, settings: InspectionSettings, warning: Collection[str] = ()
    ) -> None:
        """``warning`` are the ids of rules that are reported and decide nothing."""
        self._detector = detector
        self._warning = frozenset(warning)
        self._settings = settings
        self._aliases = Aliases(load_nicknames())

    @classmethod
    def build(cls, settings: InspectionSettings) -> Inspector:
        """An inspector with all rules loaded; raises ``RuleError`` for a pack that cannot be used."""
        rules = identifiers_of(settings.detection).rules
        warning = [rule.id for rule in rules if rule.stage == "warn"]
        return cls(build_detector(settings.detection), settings, warning)

    def warm(self) -> None:
        """Load and compile what waits for its first use: before workers are forked, so that they share it."""
        self._detector.detect(Passage(_FIRST_WORDS))

    def inspect_text(
        self, text: str, *, name: str = "", reference_date: date | None = None
    ) -> TextInspection:
        """Detect in one text and judge it; ``name`` is the file's name and is only context for people."""
        detection = self._detector.detect(Passage(text), reference_date=reference_date)
        judged = self._judged(
            detection.findings, detection.mentions, detection.reference_date or date.today()
        )
        return replace(judged, stopped=detection.stopped) if detection.stopped else judged

    def inspect_bytes(self, content: bytes, name: str) -> Inspection:
        """Inspect a document held in memory."""
        return self.inspect(BytesIO(content), name, len(content))

    def inspect(
        self,
        file: BinaryIO,
        name: str,
        size: int,
        kind: str | None = None,
        *,
        read: Read = read_document,
        so_far: SoFar | None = None,
        excluded: Exclusions | None = None,
    ) -> Inspection:
        """Read ``file`` (``size`` bytes, called ``name`` by its owner) and judge it.

        ``kind`` says what the file is where that is known ("eml" for mail); without it the content decides.
        Never raises for what is in the file: what cannot be read is a gap of the coverage.  ``read`` is how
        it is read; ``so_far`` hears of a long document while it is being read; what is ``excluded`` counts as
        if it were not there.
        """
        source = _source(file, name)
        items = read(source, limits=self._settings.limits, kind=kind)
        return self.inspect_parts(items, size, so_far=so_far, excluded=excluded)[0]

    def inspect_parts(
        self,
        items: Iterable[Segment | Coverage],
        size: int,
        part_of: PartOf | None = None,
        so_far: SoFar | None = None,
        excluded: Exclusions | None = None,
    ) -> tuple[Inspection, Mapping[str, PartCount]]:
        """Inspect what ``read_document`` gives, and count the people of each part of the document by itself.

        ``part_of`` names the part that a place belongs to (its hidden reason and its location), empty where
        it belongs to none.  Somebody who stands in two parts counts in both.
        """
        placed: list[_Placed] = []
        tried: list[Mention] = []
        counts: Counter[str] = Counter()
        reading = _Reading(items)
        reference: date | None = None
        shortage: tuple[Gap, ...] = ()
        stopped: list[str] = []
        try:
            for number, assembled in enumerate(assemble(reading)):
                # What the first page says of the document's date holds for all of it.
                reference = self._detect_in(
                    assembled, number, reference, placed, tried, counts, part_of, excluded, stopped
                )
                if so_far is not None:
                    so_far(partial(self._summed_up, placed, tried, counts, _UNFINISHED, reference, size))
        except MemoryError:
            # What was found before it stands; the passage that it happened in is not judged.
            shortage = (Gap(Location(), Shortfall.PARSER_STOPPED, "memory limit"),)
        # What a failed recogniser would have found nobody knows: the document was not wholly inspected.
        shortage += tuple(
            Gap(Location(), Shortfall.PARSER_STOPPED, f"recogniser {name}") for name in dict.fromkeys(stopped)
        )
        coverage = reading.coverage
        if shortage:
            coverage = replace(coverage, status=Status.PARTIAL, gaps=(*shortage, *coverage.gaps))
        today = reference or date.today()
        parts: dict[str, list[Mention]] = {}
        for item in placed:
            if item.part and len(members := parts.setdefault(item.part, [])) < _JOINED_FINDINGS:
                members.append(item.mention)
        rows: dict[str, set[tuple[int, int]]] = {}
        for item in placed:
            if item.part and item.row is not None:
                rows.setdefault(item.part, set()).add(item.row)
        summed: dict[str, PartCount] = {}
        for name, members in parts.items():
            found = self._population(members, today)
            summed[name] = PartCount(PeopleCount(found.low, found.high), len(rows.get(name, ())))
        inspection = self._summed_up(placed, tried, counts, coverage, reference, size)
        return inspection, summed

    def _summed_up(
        self,
        placed: Sequence[_Placed],
        tried: Sequence[Mention],
        counts: Mapping[str, int],
        coverage: Coverage,
        reference: date | None,
        size: int,
    ) -> Inspection:
        mentions = [item.mention for item in placed[:_JOINED_FINDINGS]]
        findings = [mention.finding for mention in mentions]
        judged = self._judged(findings, mentions, reference or date.today())
        assessment = self._staged(judged, mentions, tried, reference or date.today())
        listed = self._most_telling(placed)
        located = [self._located(item) for item in listed]
        in_role: frozenset[int] = frozenset()
        if self._settings.surroundings:
            located, in_role = _with_persons(located, listed, placed, judged.population)
        return Inspection(
            coverage=coverage,
            assessment=assessment,
            findings=tuple(located),
            counts=dict(counts),
            content_hash="",
            size=size,
            shadow=Counter(m.finding.rule for m in tried if m.finding.confidence >= REPORTED),
            record=record([item.mention for item in placed], judged.population, self._settings.policy, tried)
            if self._settings.records
            else None,
            unlisted=self._unlisted(placed, located),
            in_role=in_role,
        )

    def _staged(
        self, judged: TextInspection, mentions: Sequence[Mention], tried: Sequence[Mention], today: date
    ) -> Assessment:
        """The assessment with what it is without rules that only warn, and with those that are only tried."""
        assessment = judged.assessment
        if any(mention.finding.rule in self._warning for mention in mentions):
            sure, people = without(mentions, judged.population, self._warning)
            enforced = assess(sure, people, self._settings.policy).binding
            assessment = replace(assessment, enforced=enforced)
        if tried:
            would = self._judged((), [*mentions, *tried[:_JOINED_FINDINGS]], today).assessment
            shadowed = would.severity if would.shadowed is None else would.shadowed
            assessment = replace(assessment, shadowed=max(shadowed, assessment.severity))
        return assessment

    def _detect_in(
        self,
        assembled: Assembled,
        number: int,
        reference: date | None,
        placed: list[_Placed],
        tried: list[Mention],
        counts: Counter[str],
        part_of: PartOf | None,
        excluded: Exclusions | None,
        stopped: list[str],
    ) -> date | None:
        detection = self._detector.detect(assembled.passage, reference_date=reference, number=number)
        stopped += detection.stopped
        if len(tried) < _JOINED_FINDINGS:
            tried += [m for m in detection.shadow if excluded is None or not self._is_excluded(m, excluded)]
        locator = Locator(assembled)
        surroundings: Surroundings | None = None
        if self._settings.surroundings and len(placed) < KEPT:
            text = assembled.passage.text
            surroundings = Surroundings(text, (one.finding for one in detection.mentions), _SHOWN)
        for mention in detection.mentions:
            finding = mention.finding
            if excluded is not None and self._is_excluded(mention, excluded):
                continue
            hidden = assembled.hidden(finding.start)
            if finding.confidence >= REPORTED and finding.entity_type not in INTERNAL_TYPES:
                counts[finding.entity_type] += 1
            location = locator.location(finding.start)
            placed.append(
                _Placed(
                    replace(mention, hidden=hidden) if hidden else mention,
                    str(location),
                    hidden,
                    part_of(hidden, location) if part_of is not None else "",
                    assembled.row_at(finding.start, number) if finding.entity_type == "PERSON" else None,
                    surroundings.around(finding.start, finding.end)
                    if surroundings is not None and len(placed) < KEPT
                    else ("", ""),
                )
            )
        return detection.reference_date

    def _is_excluded(self, mention: Mention, excluded: Exclusions) -> bool:
        finding = mention.finding
        return finding.rule in excluded.rules or (
            bool(excluded.values) and self._fingerprint(finding.entity_type, mention.value) in excluded.values
        )

    def _judged(
        self, findings: Sequence[Finding], mentions: Sequence[Mention], today: date
    ) -> TextInspection:
        population = self._population(mentions, today)
        assessment = assess(mentions, population, self._settings.policy)
        return TextInspection(tuple(findings), population, assessment)

    def _population(self, mentions: Sequence[Mention], today: date) -> Population:
        births = {
            index: written.day
            for index, mention in enumerate(mentions)
            if mention.finding.entity_type == "DATE_OF_BIRTH"
            and (written := read_date(mention.value, 0, today, labelled=True)) is not None
        }
        return group(mentions, self._aliases, births, today)

    def _most_telling(self, placed: Sequence[_Placed]) -> list[_Placed]:
        """The findings to list: hidden and sure ones first, then in document order, up to the cap."""
        reported = [
            item
            for item in placed
            if item.mention.finding.confidence >= self._settings.least_confidence
            and item.mention.finding.entity_type not in INTERNAL_TYPES
        ]
        if len(reported) <= self._settings.findings_per_file:
            return reported
        ranked = sorted(
            range(len(reported)),
            key=lambda i: (_rank(reported[i]), -reported[i].mention.finding.confidence, i),
        )
        return [reported[i] for i in sorted(ranked[: self._settings.findings_per_file])]

    def _unlisted(self, placed: Sequence[_Placed], listed: Sequence[LocatedFinding]) -> bytes:
        """Fingerprints of what is not listed, for whoever has to know whether a value is in a document."""
        values = {("PERSON", name) for name in whole_names([item.mention for item in placed])}
        if len(listed) >= self._settings.findings_per_file:
            for item in placed:
                mention = item.mention
                finding = mention.finding
                if (
                    finding.confidence >= self._settings.least_confidence
                    and finding.entity_type not in _SHOWN
                ):
                    values.add((finding.entity_type, mention.value))
        told = {finding.fingerprint for finding in listed}
        return packed({self._fingerprint(*value) for value in values} - told)

    def _located(self, item: _Placed) -> LocatedFinding:
        finding = item.mention.finding
        value = item.mention.value
        hidden_value = mask_name(value) if finding.entity_type == "PERSON" else mask(value)
        return LocatedFinding(
            entity_type=finding.entity_type,
            location=item.location,
            hidden=item.hidden,
            confidence=finding.confidence,
            masked=value if finding.entity_type in _WORDS else hidden_value,
            fingerprint=self._fingerprint(finding.entity_type, value),
            rule=finding.rule,
            evidence=tuple(f"{evidence.kind.value}: {evidence.detail}" for evidence in finding.evidence),
            value=value if self._settings.show_values else None,
            around=item.around,
        )

    def _fingerprint(self, entity_type: str, value: str) -> str:
        return fingerprint(self._settings.key, entity_type, value)


# Phrases are the rules' words and nobody's value: "child protection plan" is shown as it stands.  The span
# of a return is a whole record with all its values: it is masked.
_WORDS = frozenset({"CHILD_FLAG"})
_SHOWN = _WORDS | INTERNAL_TYPES
_FIRST = ("CHILD_RETURN", "CHILD_FLAG", "SPECIAL_CATEGORY", "UK_NINO", "UK_NHS", "UK_CHI", "UK_UPN")


def _rank(item: _Placed) -> int:
    entity_type = item.mention.finding.entity_type
    rank = _FIRST.index(entity_type) if entity_type in _FIRST else len(_FIRST)
    if entity_type in ("PHONE", "EMAIL", "UK_POSTCODE"):
        rank += 2
    return rank if item.hidden else rank + 20


def _with_persons(
    located: Sequence[LocatedFinding],
    listed: Sequence[_Placed],
    placed: Sequence[_Placed],
    population: Population,
) -> tuple[list[LocatedFinding], frozenset[int]]:
    """The findings with the number of whom they are about, numbered in the order in which they are listed.

    Beside them the numbers of those who are there in their role.
    """
    owners = {index: who for who, person in enumerate(population.persons) for index in person.findings}
    places = {id(item): index for index, item in enumerate(placed)}
    numbers: dict[int, int] = {}
    made = []
    for finding, item in zip(located, listed, strict=True):
        who = owners.get(places[id(item)])
        number = 0 if who is None else numbers.setdefault(who, len(numbers) + 1)
        made.append(replace(finding, person=number))
    acting = (numbers.get(who, 0) for who, one in enumerate(population.persons) if one.role in IN_ROLE)
    return made, frozenset(acting) - {0}


def _source(file: BinaryIO, name: str) -> Source:
    """The file as documents read it: by its descriptor where it has one, so that nothing is copied."""
    try:
        descriptor = file.fileno()
    except OSError:
        return Source.from_bytes(file.read(), name)
    return Source.from_descriptor(descriptor, name)


class _Reading:
    """The segments of a document as an iterator; the coverage is there when it has ended."""

    def __init__(self, items: Iterable[Segment | Coverage]) -> None:
        self._items = items
        self.coverage = Coverage(Status.NOT_INSPECTED, "")

    def __iter__(self) -> _Reading:
        self._items = iter(self._items)
        return self

    def __next__(self) -> Segment:
        for item in self._items:
            if isinstance(item, Coverage):
                self.coverage = item
                continue
            return item
        raise StopIteration


__all__ = ["INTERNAL_TYPES", "Inspector", "Limits", "Policy", "TextInspection"]
