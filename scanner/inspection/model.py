"""An inspection: what was read of one file, what was found in it and how bad that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scanner.documents.model import Coverage
from scanner.inspection.fingerprints import unpacked
from scanner.judgement.assessment import Assessment


@dataclass(frozen=True, slots=True)
class LocatedFinding:
    """A finding as it is reported: with its place and its mask.

    ``masked`` shows the shape and at most the last two characters.  ``fingerprint`` is a keyed hash
    (per installation) of the normalised value, to tell equal values without keeping them.
    ``value`` is the real value, present only where the caller asked for values.  ``around`` is what stands
    before and after it, masked, and ``person`` numbers whom it is about (0: nobody known); both only where
    the inspector was told to keep them.
    """

    entity_type: str
    location: str
    hidden: str
    confidence: float
    masked: str
    fingerprint: str
    rule: str
    evidence: tuple[str, ...] = ()
    value: str | None = None
    around: tuple[str, str] = ("", "")
    person: int = 0


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What does not count in one document, as people decided: values by fingerprint, rules by name."""

    values: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that a report or a ledger needs to know of one file.

    ``findings`` is capped (the most telling first); ``counts`` has the true totals per entity type.
    ``shadow`` counts what rules that are only tried would have found, by rule.  ``record`` is what a later
    replay judges (:mod:`scanner.judgement.record`), ``None`` where it was not kept.  ``unlisted`` are the
    fingerprints (:func:`scanner.inspection.fingerprints.packed`) of what ``findings`` does not hold: what is
    beyond the cap, and names whose parts stand in cells of their own.  ``in_role`` are the numbers of those
    persons of the findings who act or are published in their role: nobody whom the document is about.
    """

    coverage: Coverage
    assessment: Assessment
    findings: tuple[LocatedFinding, ...]
    counts: Mapping[str, int]
    content_hash: str
    size: int
    shadow: Mapping[str, int] = field(default_factory=dict)
    record: str | None = None
    unlisted: bytes = b""
    in_role: frozenset[int] = frozenset()

    def fingerprints(self) -> Iterator[str]:
        """The fingerprints of everything that was found and may be compared, however much of it is listed."""
        yield from (finding.fingerprint for finding in self.findings if finding.fingerprint)
        yield from unpacked(self.unlisted)
