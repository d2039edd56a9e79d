"""Comparing what a scan found in a file with the file's truth."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from scanner.inspection import Inspection
from scanner.inspection.model import LocatedFinding
from tests.evaluation.files.making import Expected, Make, Plan

SEVERITIES = ("none", "low", "medium", "high", "critical")
# Types of which a value that nobody put there is a false alarm.
ALARMS = frozenset(
    [
        "UK_NINO",
        "UK_NHS",
        "UK_CHI",
        "UK_UPN",
        "UK_UTR",
        "UK_PASSPORT",
        "UK_DRIVING_LICENCE",
        "IBAN",
        "CREDIT_CARD",
        "UK_BANK_ACCOUNT",
        "DATE_OF_BIRTH",
        "CHILD_FLAG",
        "SPECIAL_CATEGORY",
        "UK_ADDRESS",
        "PERSON",
        "UK_VEHICLE_REGISTRATION",
    ]
)
_NOT_HARMLESS = frozenset({"CHILD_FLAG", "SPECIAL_CATEGORY"})
_HARMLESS = frozenset({"PERSON", "UK_VEHICLE_REGISTRATION"})
_DATES = (
    "%d/%m/%Y",
    "%d/%m/%y",
    "%m/%d/%Y",
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d %B %Y",
    "%d %b %Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%Y%m%d",
    "%d%m%Y",
    "%d%m%y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
)


@dataclass(slots=True)
class Result:
    """How one file fared."""

    name: str
    severity: str
    least: str
    most: str
    people: tuple[int, int]
    true_people: int
    staff: int
    status: str
    reason: str
    missed: list[Expected] = field(default_factory=list)
    misplaced: list[tuple[Expected, str]] = field(default_factory=list)
    unhidden: list[Expected] = field(default_factory=list)
    alarms: list[LocatedFinding] = field(default_factory=list)
    wanted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    @property
    def severity_right(self) -> bool:
        at = SEVERITIES.index(self.severity)
        return SEVERITIES.index(self.least) <= at <= SEVERITIES.index(self.most)

    @property
    def people_right(self) -> bool:
        return self.true_people < 0 or (
            self.people[0] <= self.true_people + self.staff and self.people[1] >= self.true_people
        )


def compare(plan: Plan, name: str, make: Make, inspection: Inspection, *, places: bool = True) -> Result:
    """Compare an inspection with the truth; ``places`` is off where a conversion moved things."""
    result = Result(
        name,
        inspection.assessment.severity.word,
        plan.least,
        plan.most,
        (inspection.assessment.people.low, inspection.assessment.people.high),
        len(make.people) if plan.people is None else plan.people,
        plan.staff,
        inspection.coverage.status.value,
        inspection.coverage.reason,
    )
    by_type: dict[str, list[tuple[LocatedFinding, frozenset[str]]]] = {}
    for finding in inspection.findings:
        by_type.setdefault(finding.entity_type, []).append(
            (finding, _keys(finding.entity_type, finding.value or ""))
        )
    index: dict[str, dict[str, list[LocatedFinding]]] = {}
    for kind, items in by_type.items():
        own = index.setdefault(kind, {})
        for finding, keys in items:
            for key in keys:
                own.setdefault(key, []).append(finding)
    seen: Counter[tuple[str, str]] = Counter()
    for expected in make.expected:
        result.wanted[expected.entity_type] += 1
        hits = _hits(expected, by_type, index)
        if not hits:
            result.missed.append(expected)
            continue
        result.found[expected.entity_type] += 1
        seen[expected.entity_type, expected.value] += 1
        if places and expected.place:
            right = [hit for hit in hits if all(_stands(word, hit.location) for word in expected.place)]
            if not right:
                result.misplaced.append((expected, hits[0].location))
            hits = right or hits
        if expected.hidden and not any(hit.hidden for hit in hits):
            result.unhidden.append(expected)
    if not make.sampled:
        result.alarms = list(_alarms(make, inspection.findings, harmless=plan.most in ("none", "low")))
    return result


def _stands(word: str, location: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", location) is not None


def _hits(
    expected: Expected,
    by_type: dict[str, list[tuple[LocatedFinding, frozenset[str]]]],
    index: dict[str, dict[str, list[LocatedFinding]]],
) -> list[LocatedFinding]:
    wanted = _keys(expected.entity_type, expected.value)
    own = index.get(expected.entity_type, {})
    exact = [finding for key in wanted for finding in own.get(key, ())]
    if expected.entity_type == "PERSON":
        # Every word of the name, in one finding or in several.
        return exact if all(key in own for key in wanted) else []
    if exact:
        return exact
    if expected.entity_type == "DATE_OF_BIRTH":
        return []
    key = next(iter(wanted))
    return [
        finding
        for finding, keys in by_type.get(expected.entity_type, ())
        for other in keys
        if key in other or (len(other) * 10 >= len(key) * 6 and other in key)
    ]


def _alarms(make: Make, findings: Sequence[LocatedFinding], *, harmless: bool) -> Iterable[LocatedFinding]:
    known: dict[str, set[str]] = {}
    for expected in make.expected:
        known.setdefault(expected.entity_type, set()).update(_keys(expected.entity_type, expected.value))
    names = known.setdefault("PERSON", set())
    for person in make.people:
        names |= _keys("PERSON", person.name)
        known.setdefault("UK_ADDRESS", set()).add(_plain(person.line))
        known.setdefault("DATE_OF_BIRTH", set()).update(_keys("DATE_OF_BIRTH", person.dob))
    for name in make.harmless:
        names |= _keys("PERSON", name)
    allowed = {_plain(value) for value in make.harmless}
    # Phrases are nobody's value: in a sensitive file they are no alarm, in a harmless one they are.  There,
    # names of officers and marks of vans may be found as well as not.
    kinds = ALARMS - (_NOT_HARMLESS if not harmless else _HARMLESS)
    for finding in findings:
        kind = finding.entity_type
        if kind not in kinds:
            continue
        keys = _keys(kind, finding.value or "")
        if any(key in allowed for key in keys):
            continue
        values = known.get(kind, set())
        if kind == "PERSON":
            if not keys <= names:
                yield finding
        elif not keys & values and not any(
            key in value or value in key for key in keys for value in values if len(value) > 3
        ):
            yield finding


def _keys(kind: str, value: str) -> frozenset[str]:
    if kind == "PERSON":
        return frozenset(word for word in re.split(r"[^\w’'-]+", _bare(value)) if len(word) > 1)
    if kind == "DATE_OF_BIRTH":
        text = " ".join(value.split())
        if len(text) == 5 and text.isdecimal():
            # The day number of a spreadsheet.
            return frozenset((f"{date(1899, 12, 30) + timedelta(int(text)):%Y%m%d}",))
        days = {day for form in _DATES if (day := _day(text, form)) is not None}
        return frozenset(f"{day:%Y%m%d}" for day in days) or frozenset((_plain(value),))
    return frozenset((_plain(value),))


def _day(text: str, form: str) -> date | None:
    try:
        day = datetime.strptime(text, form).date()
    except ValueError:
        return None
    return day.replace(year=day.year - 100) if day.year > 2026 else day


def _bare(value: str) -> str:
    return unicodedata.normalize("NFC", value).casefold()


def _plain(value: str) -> str:
    return "".join(char for char in _bare(value.removesuffix(".0")) if char.isalnum())
