"""The gate: one file's way to pass or fail, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import BinaryIO

from scanner.documents import Coverage, Gap, Limits, Protection, Segment, Shortfall, Source, read_document
from scanner.documents.hidden_reasons import concealment
from scanner.inspection import Inspection, Inspector, LocatedFinding
from scanner.judgement.assessment import PeopleCount, Severity
from scanner.judgement.policy import Policy
from scanner.release.advice import ADVICE
from scanner.release.inventory import Inventory, counted
from scanner.release.model import Objection, ReleaseCheck, Remark, Weight
from scanner.release.small_numbers import SmallNumbers
from scanner.release.traces import traces

REMOVED_LIST = ".removed.txt"
"""The end of the name of a list of what a safe copy leaves out."""

_EXAMPLES = 10
_ORDER = {Weight.HIGH: 0, Weight.MEDIUM: 1, Weight.LOW: 2}
_GAPS_LISTED = 20

CODES = tuple(
    sorted(
        {
            *(advice.code for advice in ADVICE.values() if advice.weight is not None),
            *("custom-properties", "data-model", "embedded-file", "identifiers", "names", "not-checked"),
            *("paths", "personal-data", "picture-position", "small-numbers", "thumbnail"),
        }
    )
)
"""The codes that an objection can have, for ``--accept``."""

# What to do about a gap, by its reason; anything else is looked at by hand.
_GAP_ADVICE: Mapping[Shortfall, str] = {
    Shortfall.ENCRYPTED: "Save it without a password and check again.",
    Shortfall.NEEDS_OCR: "Look at the pictures by hand; their words are read where tesseract is installed.",
    Shortfall.EMPTY: "There is nothing to publish.",
    Shortfall.LIMIT: "Split it, or raise the limit in the configuration.",
    Shortfall.TOO_LARGE: "Split it, or raise the limit in the configuration.",
}


class Gate:
    """Checks files with one inspector; holds nothing of any of them.

    ``accepted`` are codes of objections that a person has looked at and accepted beforehand; ``naming`` says
    what a person calls a type of entity.
    """

    def __init__(
        self,
        inspector: Inspector,
        *,
        policy: Policy,
        limits: Limits | None = None,
        accepted: frozenset[str] = frozenset(),
        naming: Callable[[str], str] = str,
    ) -> None:
        self._inspector = inspector
        self._policy = policy
        self._limits = limits or Limits()
        self._accepted = accepted
        self._naming = naming

    def check(self, file: BinaryIO, name: str) -> ReleaseCheck:
        """Check one open file; what it holds never raises."""
        source = Source.from_descriptor(file.fileno(), name)
        inventory = Inventory()
        numbers = SmallNumbers()

        def watched() -> Iterator[Segment | Coverage]:
            for item in read_document(source, limits=self._limits):
                if isinstance(item, Segment):
                    inventory.watch(item)
                    numbers.watch(item)
                yield item

        inspection, people = self._inspector.inspect_parts(watched(), source.size, inventory.part_of)
        coverage = inspection.coverage
        objections = [
            *inventory.objections(coverage.kind, people),
            *numbers.objections(),
            *not_checked(coverage),
        ]
        # Pictures that were read as parts of the text have said for themselves what they carry.
        known = {objection.code for objection in objections if objection.code.startswith("picture")}
        remarks = [*inventory.remarks(), *numbers.remarks(), *_protection_remarks(coverage)]
        for trace in traces(source, coverage.kind, self._limits):
            if isinstance(trace, Remark):
                remarks.append(trace)
            elif trace.code not in known:
                objections.append(trace)
        rows = max((part.rows for part in people.values()), default=0)
        crowd = PeopleCount(inspection.assessment.people.low, max(inspection.assessment.people.high, rows))
        if name.endswith(REMOVED_LIST):
            remarks.append(
                Remark("removal-list", "A list of what a safe copy leaves out: do not publish it.")
            )
        for found in self._personal_data(inspection, crowd):
            if isinstance(found, Objection):
                objections.append(found)
            else:
                remarks.append(found)
        objections.sort(key=lambda one: _ORDER[one.weight])
        return ReleaseCheck(
            kind=coverage.kind,
            inspected=coverage.status.value,
            objections=tuple(one for one in objections if one.code not in self._accepted),
            accepted=tuple(one for one in objections if one.code in self._accepted),
            remarks=tuple(remarks),
            severity=inspection.assessment.severity.word,
            people=crowd,
            counts=inspection.counts,
        )

    def _personal_data(self, inspection: Inspection, crowd: PeopleCount) -> Iterator[Objection | Remark]:
        """What the detection says: private people, officers' names, identifiers of nobody in particular."""
        counts = inspection.counts
        assessment = inspection.assessment
        contacts = {"PHONE", "EMAIL", "UK_POSTCODE", "UK_ADDRESS"} & counts.keys()
        if assessment.severity > Severity.NONE:
            reasons = tuple(reason.text for reason in assessment.reasons)
            about = counted(crowd) if crowd.high else "people"
            yield Objection(
                "personal-data",
                Weight.MEDIUM if assessment.severity <= Severity.LOW else Weight.HIGH,
                f"Personal data of {about} (severity {assessment.severity.word}).",
                "Take it out or redact it, unless the law asks for it to be published.",
                inspection.findings[0].location if inspection.findings else "",
                sum(counts.values()),
                crowd,
                (*reasons, *self._examples(inspection, frozenset(counts))),
            )
            return
        numbers = (self._policy.strong_identifiers | self._policy.personal_identifiers) & counts.keys()
        if numbers:
            yield Objection(
                "identifiers",
                Weight.MEDIUM,
                "Numbers that identify people, with nobody's name beside them.",
                "Make sure that they are nobody's, or take them out.",
                _place_of(inspection, numbers),
                sum(counts[entity_type] for entity_type in numbers),
                details=self._examples(inspection, numbers),
            )
        if (names := counts.get("PERSON", 0)) and _seen(inspection, "PERSON"):
            yield Objection(
                "names",
                Weight.LOW,
                "Names that read like those of officers, councillors or others in their role.",
                "Publish them only where that is decided (then --accept names).",
                _place_of(inspection, {"PERSON"}),
                names,
                details=self._examples(inspection, frozenset({"PERSON"}), hidden=False),
            )
        if contacts:
            yield Remark(
                "contact-details",
                "Contact details of offices or nobody in particular: are they meant for the public?",
                _place_of(inspection, contacts),
                sum(counts[entity_type] for entity_type in contacts),
            )

    def _examples(
        self, inspection: Inspection, types: frozenset[str], *, hidden: bool = True
    ) -> tuple[str, ...]:
        """Places of findings with their masks, each once, for the person who is to look at them."""
        found = (one for one in inspection.findings if one.entity_type in types and (hidden or _is_seen(one)))
        lines = (
            f"{one.location}: {self._naming(one.entity_type)} {one.masked}"
            + (f" ({one.hidden})" if one.hidden else "")
            for one in found
        )
        return tuple(islice(dict.fromkeys(lines), _EXAMPLES))


def _seen(inspection: Inspection, entity_type: str) -> bool:
    """Whether such a finding stands where a reader sees it; hidden ones are objected to for being hidden."""
    found = [one for one in inspection.findings if one.entity_type == entity_type]
    if len(found) < inspection.counts[entity_type]:
        return True
    return any(map(_is_seen, found))


def _is_seen(finding: LocatedFinding) -> bool:
    return not finding.hidden or ADVICE[concealment(finding.hidden)].weight is None


def _place_of(inspection: Inspection, types: frozenset[str] | set[str]) -> str:
    """Where the first of these findings stands: the first that a reader sees, where there is one."""
    found = [one for one in inspection.findings if one.entity_type in types]
    return next((one.location for one in sorted(found, key=lambda one: not _is_seen(one))), "")


def not_checked(coverage: Coverage) -> Iterator[Objection]:
    """One objection for each thing that was not read: what nobody looked at is not released."""
    for gap in coverage.gaps[:_GAPS_LISTED]:
        yield _gap_objection(gap)
    if (more := len(coverage.gaps) - _GAPS_LISTED) > 0:
        yield Objection(
            "not-checked", Weight.HIGH, f"{more:,} further parts could not be checked.", "", count=more
        )


def _gap_objection(gap: Gap) -> Objection:
    what = f"{gap.reason.value}: {gap.detail}" if gap.detail else gap.reason.value
    advice = _GAP_ADVICE.get(gap.reason, "Look at it by hand.")
    return Objection("not-checked", Weight.HIGH, f"Could not be checked ({what}).", advice, str(gap.location))


def _protection_remarks(coverage: Coverage) -> Iterator[Remark]:
    if coverage.protection is Protection.NAME_ONLY:
        yield Remark(
            "protection", "Protection against changes hides nothing: anybody can read and copy all of it."
        )
