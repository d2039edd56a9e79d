"""The detector: a passage in, findings and people out.  Recognisers run in stages; overlaps are settled.

Stages: identifiers and contact data, then dates of birth and addresses, then names, then phrases (child
flags, special category, topics, returns).  Each stage sees what earlier ones found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from scanner.detection.ages import document_date
from scanner.detection.context import ContextPhrases
from scanner.detection.finding import Finding
from scanner.detection.layout import Layout
from scanner.detection.organisation import Organisation
from scanner.detection.people import Mention
from scanner.detection.presence import Presence
from scanner.detection.recognisers.grammar import compact
from scanner.detection.view import Recogniser, RunsPrograms, View
from scanner.text import Block, Field, NormalisedText, Passage, normalise

# What may stand inside what: an address holds its postcode, a phrase may hold anything.
_LAYERS = {
    "UK_ADDRESS": 1,
    "PERSON": 2,
    "CHILD_FLAG": 3,
    "SPECIAL_CATEGORY": 4,
    "TOPIC": 5,
    "CHILD_RETURN": 6,
    "DOCUMENT_KIND": 7,
}

# Before a surname that two people bear: "Mr & Mrs", "MR A & MRS J".
_COUPLE = re.compile(
    r"\b(?:mr|mrs|ms|dr|rev)\.?(?: [a-z]\.?)? ?(?:&|and|\+|/) ?(?:mrs|mr|ms|miss|dr)\.?(?: [a-z]\.?){0,2} ?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in one passage.

    ``findings`` are in order of their start, with offsets in the original text; ``mentions`` are the
    same findings, in the same order, with what joining people needs.  ``reference_date`` is the day on
    which ages were reckoned: the document's own date where it bears one.  ``shadow`` is what rules that are
    only tried would have found; nothing else was found otherwise because of them.
    """

    findings: tuple[Finding, ...] = ()
    mentions: tuple[Mention, ...] = field(default=(), repr=False)
    reference_date: date | None = None
    shadow: tuple[Mention, ...] = field(default=(), repr=False)
    stopped: tuple[str, ...] = ()


_MASK = "**"


class Detector:
    """Runs recognisers over passages; holds no state of any passage.

    ``stages`` are run in order; ``context_phrases`` is the shared index that identifier rules use;
    ``allowed`` values are nobody's (a site's own specimens and test data) and are never reported; ``shadow``
    are recognisers that are only tried.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[Recogniser]],
        *,
        context_phrases: ContextPhrases,
        organisation: Organisation | None = None,
        allowed: Collection[str] = (),
        shadow: Sequence[Recogniser] = (),
    ) -> None:
        self._stages = tuple(tuple(stage) for stage in stages)
        self._shadow = tuple(shadow)
        self._context_phrases = context_phrases
        self._organisation = organisation or Organisation()
        self._allowed = frozenset(compact(value) for value in allowed)
        self._presence = Presence(
            program
            for recogniser in (*self.recognisers, *self._shadow)
            if isinstance(recogniser, RunsPrograms)
            for program in recogniser.programs
        )

    @property
    def recognisers(self) -> tuple[Recogniser, ...]:
        """All recognisers, in the order in which they run."""
        return tuple(recogniser for stage in self._stages for recogniser in stage)

    def detect(self, passage: Passage, *, reference_date: date | None = None, number: int = 0) -> Detection:
        """Find everything in ``passage``.

        ``reference_date`` is the document's date; where it is not given, the date that the text bears,
        else today.  ``number`` numbers the passages of one document, so that their records stay apart.
        """
        normalised = normalise(passage.text)
        view = View(
            _normalised_passage(passage, normalised),
            organisation=self._organisation,
            reference_date=reference_date or date.today(),
            context_phrases=self._context_phrases,
            presence=self._presence,
        )
        findings: list[Finding] = []
        stopped: list[str] = []
        if reference_date is None:
            view.reference_date = document_date(view) or view.reference_date
        for stage in self._stages:
            for recogniser in stage:
                findings += _recognised(recogniser, view, stopped)
            # What somebody masked is no value: "** *** ****, L**** *** *AB".
            findings = [f for f in settle(findings) if _MASK not in f.value(view.text)]
            if self._allowed:
                findings = [f for f in findings if compact(f.value(view.text)) not in self._allowed]
            view.findings = tuple(findings)
        # By themselves and last: what is only tried takes no place from anything.
        shadow = settle(one for recogniser in self._shadow for one in _recognised(recogniser, view, stopped))
        shadow = [f for f in shadow if compact(f.value(view.text)) not in self._allowed]
        return Detection(
            tuple(_to_original(finding, normalised) for finding in findings),
            _mentions(findings, view.layout, view.text, normalised, number) if findings else (),
            view.reference_date,
            _mentions(shadow, view.layout, view.text, normalised, number) if shadow else (),
            tuple(stopped),
        )


def _recognised(recogniser: Recogniser, view: View, stopped: list[str]) -> list[Finding]:
    """What one recogniser finds; where it fails, ``stopped`` says so and the others go on."""
    try:
        return recogniser.recognise(view)
    except MemoryError:
        raise
    except Exception as error:
        stopped.append(f"{recogniser.name} ({type(error).__name__})")
        return []


def settle(findings: Iterable[Finding]) -> list[Finding]:
    """One reading for each stretch of text: the surest, then the longest; sorted by start.

    Only readings of the same layer compete: a postcode stays inside its address.
    """
    ranked = sorted(findings, key=lambda f: (-f.confidence, f.start - f.end, f.start))
    taken: dict[int, list[tuple[int, int]]] = {}
    kept: list[Finding] = []
    for finding in ranked:
        layer = _LAYERS.get(finding.entity_type, 0)
        spans = taken.setdefault(layer, [])
        at = bisect_right(spans, (finding.start, 1 << 60))
        if at and spans[at - 1][1] > finding.start:
            continue
        if at < len(spans) and spans[at][0] < finding.end:
            continue
        spans.insert(at, (finding.start, finding.end))
        kept.append(finding)
    kept.sort(key=lambda f: (f.start, f.end, f.entity_type))
    return kept


def _normalised_passage(passage: Passage, normalised: NormalisedText) -> Passage:
    if normalised.text is passage.text:
        return passage
    if not passage.blocks or not normalised.breaks:
        return Passage(normalised.text, passage.blocks)
    to = normalised.to_normalised
    blocks = tuple(
        Block(
            to(block.start),
            to(block.end),
            block.table,
            block.hidden,
            tuple(Field(to(part.start), to(part.end), part.label) for part in block.fields),
        )
        for block in passage.blocks
    )
    return Passage(normalised.text, blocks)


def _to_original(finding: Finding, normalised: NormalisedText) -> Finding:
    if not normalised.breaks:
        return finding
    start, end = normalised.span_to_original(finding.start, finding.end)
    return replace(finding, start=start, end=end)


def _mentions(
    findings: Sequence[Finding], layout: Layout, text: str, normalised: NormalisedText, number: int
) -> tuple[Mention, ...]:
    mentions: list[Mention] = []
    for finding in findings:
        record = layout.record_at(finding.start)
        index = record.index if record is not None else -1
        table = (number, record.table) if record is not None and record.table is not None else None
        mentions.append(
            Mention(
                _to_original(finding, normalised),
                text[finding.start : finding.end],
                (number, index),
                table,
                layout.label_at(finding.start),
                finding.start,
                couple=finding.entity_type == "PERSON"
                and _COUPLE.search(text, max(0, finding.start - 24), finding.start) is not None,
            )
        )
    return tuple(mentions)
