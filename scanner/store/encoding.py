"""Inspections as JSON: what a worker sends over its pipe and what the ledger keeps of a file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from scanner.documents.model import Coverage, Gap, Location, ProtectedPart, Protection, Shortfall, Status
from scanner.inspection.fingerprints import unpacked
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity

# A file with thousands of damaged members must not fill the ledger: the first ones tell enough, and the true
# number is kept beside them.  Each reason, and each kind of protection, keeps at least one.
GAPS_KEPT = 20
PROTECTED_KEPT = 50


def evidence_to_json(inspection: Inspection) -> str:
    """What the ledger's columns do not hold: reasons, gaps, masked findings, counts.  Never a value."""
    assessment = inspection.assessment
    more: dict[str, Any] = {}
    if assessment.enforced is not None:
        more["enforced"] = int(assessment.enforced)
    if assessment.shadowed is not None:
        more["shadowed"] = int(assessment.shadowed)
    if inspection.shadow:
        more["shadow"] = dict(inspection.shadow)
    if inspection.record is not None:
        more["record"] = inspection.record
    if inspection.unlisted:
        more["unlisted"] = base64.b64encode(inspection.unlisted).decode("ascii")
    if inspection.in_role:
        more["in_role"] = sorted(inspection.in_role)
    return json.dumps(
        {
            "reasons": [[r.code, r.text, int(r.severity)] for r in inspection.assessment.reasons],
            "gaps": [_gap_to_list(gap) for gap in _kept_gaps(inspection.coverage.gaps)],
            "gaps_total": len(inspection.coverage.gaps),
            "protected": [_protected_to_list(part) for part in _kept_parts(inspection.coverage.protected)],
            "findings": [_finding_to_list(finding) for finding in inspection.findings],
            "counts": dict(inspection.counts),
            **more,
        },
        separators=(",", ":"),
    )


def judged_anew(detail: str, assessment: Assessment) -> str:
    """Evidence with another assessment of the same findings, as a reading would have written it."""
    data: dict[str, Any] = json.loads(detail)
    data["reasons"] = [[r.code, r.text, int(r.severity)] for r in assessment.reasons]
    found = {name: value for name, value in data.items() if name in _FOUND}
    beside = {name: value for name, value in data.items() if name not in _FOUND and name not in _STAGED}
    staged = {"enforced": assessment.enforced, "shadowed": assessment.shadowed}
    told = {name: int(severity) for name, severity in staged.items() if severity is not None}
    return json.dumps({**found, **told, **beside}, separators=(",", ":"))


# What evidence_to_json always writes; and what it writes first of the rest, where rules are not in force.
_FOUND = ("reasons", "gaps", "gaps_total", "protected", "findings", "counts")
_STAGED = ("enforced", "shadowed")


def gap_to_json(reason: Shortfall, detail: str = "") -> str:
    """The evidence of something that was not opened at all."""
    gaps = [_gap_to_list(Gap(Location(), reason, detail))]
    return json.dumps({"reasons": [], "gaps": gaps, "gaps_total": 1, "findings": [], "counts": {}})


def values_to_json(inspection: Inspection) -> str | None:
    """The real values of the findings, in their order; ``None`` where there are none to show."""
    values = [finding.value for finding in inspection.findings]
    return json.dumps(values) if any(value is not None for value in values) else None


def inspection_to_json(inspection: Inspection) -> dict[str, Any]:
    """An inspection as one JSON object for a pipe, real values included where it carries them."""
    coverage, assessment = inspection.coverage, inspection.assessment
    return {
        "status": coverage.status.value,
        "kind": coverage.kind,
        "protection": coverage.protection.value,
        "severity": int(assessment.severity),
        "people": [assessment.people.low, assessment.people.high],
        "hash": inspection.content_hash,
        "size": inspection.size,
        "evidence": evidence_to_json(inspection),
        "values": values_to_json(inspection),
    }


def inspection_from_json(data: Mapping[str, Any]) -> Inspection:
    """The inspection of :func:`inspection_to_json`; else ``ValueError`` or ``KeyError``."""
    evidence = Evidence(data["evidence"], data["values"])
    low, high = data["people"]
    return Inspection(
        coverage=Coverage(
            status=Status(data["status"]),
            kind=str(data["kind"]),
            gaps=evidence.gaps,
            protection=Protection(data["protection"]),
            protected=evidence.protected,
        ),
        assessment=Assessment(
            Severity(data["severity"]),
            PeopleCount(int(low), int(high)),
            evidence.reasons,
            evidence.enforced,
            evidence.shadowed,
        ),
        findings=evidence.findings,
        counts=evidence.counts,
        content_hash=str(data["hash"]),
        size=int(data["size"]),
        shadow=evidence.shadow,
        record=evidence.record,
        unlisted=evidence.unlisted,
        in_role=evidence.in_role,
    )


class Evidence:
    """The parts of :func:`evidence_to_json` read back, with values put in where they are given."""

    __slots__ = (
        "counts",
        "enforced",
        "findings",
        "gaps",
        "gaps_total",
        "in_role",
        "protected",
        "reasons",
        "record",
        "shadow",
        "shadowed",
        "unlisted",
    )

    def __init__(self, text: str, values: str | None = None) -> None:
        data = json.loads(text)
        self.reasons = tuple(Reason(str(c), str(t), Severity(s)) for c, t, s in data["reasons"])
        self.gaps = tuple(
            Gap(Location(tuple(parts)), Shortfall(reason), str(d)) for parts, reason, d in data["gaps"]
        )
        self.gaps_total = int(data["gaps_total"])
        self.protected = tuple(
            ProtectedPart(Location(tuple(parts)), Protection(protection), str(method), str(opened))
            for parts, protection, method, opened in data.get("protected", ())
        )
        self.counts = {str(name): int(count) for name, count in data["counts"].items()}
        self.enforced = _severity(data.get("enforced"))
        self.shadowed = _severity(data.get("shadowed"))
        self.shadow = {str(rule): int(count) for rule, count in data.get("shadow", {}).items()}
        self.record = None if data.get("record") is None else str(data["record"])
        self.unlisted = base64.b64decode(data.get("unlisted", ""))
        self.in_role = frozenset(map(int, data.get("in_role", ())))
        findings = tuple(_finding_from_list(item) for item in data["findings"])
        if values is not None:
            findings = tuple(
                replace(finding, value=value)
                for finding, value in zip(findings, json.loads(values), strict=True)
            )
        self.findings = findings

    def fingerprints(self) -> Iterator[str]:
        """The fingerprints of everything that was found, as ``Inspection.fingerprints`` has them."""
        yield from (finding.fingerprint for finding in self.findings if finding.fingerprint)
        yield from unpacked(self.unlisted)


def _severity(number: int | None) -> Severity | None:
    return None if number is None else Severity(number)


def _kept_gaps(gaps: tuple[Gap, ...]) -> list[Gap]:
    """The first gaps, and the first of each reason that is not among them."""
    kept = list(gaps[:GAPS_KEPT])
    reasons = {gap.reason for gap in kept}
    for gap in gaps[GAPS_KEPT:]:
        if gap.reason not in reasons:
            reasons.add(gap.reason)
            kept.append(gap)
    return kept


def _kept_parts(parts: tuple[ProtectedPart, ...]) -> list[ProtectedPart]:
    """The first protected parts, and the first of each protection, opened and not, that is not among them."""
    kept = list(parts[:PROTECTED_KEPT])
    known = {(part.protection, part.opened) for part in kept}
    for part in parts[PROTECTED_KEPT:]:
        if (part.protection, part.opened) not in known:
            known.add((part.protection, part.opened))
            kept.append(part)
    return kept


def _protected_to_list(part: ProtectedPart) -> list[Any]:
    return [list(part.location.parts), part.protection.value, part.method, part.opened]


def _gap_to_list(gap: Gap) -> list[Any]:
    return [list(gap.location.parts), gap.reason.value, gap.detail]


def _finding_to_list(finding: LocatedFinding) -> list[Any]:
    told: list[Any] = [
        finding.entity_type,
        finding.location,
        finding.hidden,
        round(finding.confidence, 4),
        finding.masked,
        finding.fingerprint,
        finding.rule,
        list(finding.evidence),
    ]
    if finding.person or any(finding.around):
        told += [finding.person, *finding.around]
    return told


def _finding_from_list(item: list[Any]) -> LocatedFinding:
    entity_type, location, hidden, confidence, masked, fingerprint, rule, evidence, *more = item
    person, before, after = more or (0, "", "")
    return LocatedFinding(
        entity_type=str(entity_type),
        location=str(location),
        hidden=str(hidden),
        confidence=float(confidence),
        masked=str(masked),
        fingerprint=str(fingerprint),
        rule=str(rule),
        evidence=tuple(str(line) for line in evidence),
        around=(str(before), str(after)),
        person=int(person),
    )
