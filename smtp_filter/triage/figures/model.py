"""The figures of a span of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.judgement.assessment import Severity
from smtp_filter.triage.incidents.queries import IncidentFigures


@dataclass(frozen=True, slots=True)
class Week:
    """One week of local time, from Monday or the first day of the span.

    Held counts by when it was held, the others by when they ended.

    ``median_minutes`` is from hold to decision of what was decided in the week, ``None`` where nothing was.
    """

    begins: float
    held: int
    released: int
    returned: int
    expired: int
    median_minutes: float | None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule: what it held, what of that was decided, and how much was a false alarm."""

    rule: str
    held: int
    decided: int
    released: int
    false_alarms: int

    @property
    def false_rate(self) -> float | None:
        """False alarms among what was decided; ``None`` where nothing was decided yet."""
        return self.false_alarms / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """One department: held, released, false alarms, and the median minutes until a decision."""

    department: str
    held: int
    released: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class SenderLine:
    """Somebody whose mail is held again and again: a keyed name, in words only for whoever may know."""

    key: str
    held: int
    false_alarms: int
    department: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """The shares as one finished run left them: sensitive files, and those that everybody can read."""

    run: str
    at: float
    sensitive: int
    exposed: int
    by_severity: Mapping[Severity, int]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All figures of a span (seconds since 1970).

    ``held_minutes`` sums the time from hold to decision, ``false_hold_minutes`` that of false alarms: what
    over-blocking cost others.  ``median_minutes`` and ``slow_minutes`` (nine of ten were faster) are of what
    was decided, by when it was held.
    """

    since: float
    until: float
    held: int
    undecided: int
    decided: int
    released: int
    false_alarms: int
    held_minutes: float
    false_hold_minutes: float
    median_minutes: float | None
    slow_minutes: float | None
    emergencies: int
    weeks: tuple[Week, ...]
    rules: tuple[RuleLine, ...]
    departments: tuple[DepartmentLine, ...]
    senders: tuple[SenderLine, ...]
    exposure: tuple[ExposureLine, ...]
    incidents: IncidentFigures

    @property
    def false_rate(self) -> float | None:
        """False alarms among what was decided."""
        return self.false_alarms / self.decided if self.decided else None
