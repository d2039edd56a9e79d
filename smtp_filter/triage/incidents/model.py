"""The values of incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scanner.judgement.assessment import PeopleCount, Severity

# UK GDPR Article 33(1): not later than 72 hours after having become aware, nights and weekends included.
CLOCK_SECONDS = 72 * 3600.0


class Source(StrEnum):
    """Where an incident comes from."""

    MESSAGE = "message"  # a held message, by its number
    FILE = "file"  # a file on a share, by its row of the file table
    OTHER = "other"  # a stick found in a car park, a telephone call


class LineKind(StrEnum):
    """What a line of the timeline tells of."""

    OPENED = "opened"
    NOTE = "note"
    OWNER = "owner"
    CAUSE = "cause"
    PEOPLE = "people"
    AWARE = "aware"
    TOLD = "told"
    EFFECTS = "effects"  # likely consequences for the people, Article 33(3)(c)
    MEASURES = "measures"  # what was and will be done, Article 33(3)(d)
    ARTICLE_33 = "article 33"
    ARTICLE_34 = "article 34"
    REPORTED = "reported"
    RELEASED = "list"  # the list of people was released
    CLOSED = "closed"
    REOPENED = "reopened"


class Duty(StrEnum):
    """Whether the Commissioner (Article 33) or the people (Article 34) must be told."""

    UNDECIDED = ""
    NOTIFY = "notify"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Affected:
    """One person of the sealed list: how they are named in the record, and what was there of them."""

    label: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline; ``text`` is its author's words, ``facts`` what it settled."""

    at: float
    actor: str
    kind: LineKind
    text: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as a list and its page tell it; times in seconds since 1970.

    ``people`` is the interval that can be defended and ``counted`` says how it was counted.  ``listed`` says
    that a list of the people lies sealed.  ``shielded``: it concerns a shielded subject.
    """

    reference: str
    source: Source
    source_reference: str
    open: bool
    revision: int
    severity: Severity
    department: str
    owner: str
    opened_by: str
    opened_at: float
    aware_at: float
    due_at: float
    cause: str
    people: PeopleCount
    counted: str
    article33: Duty
    article34: Duty
    reported_at: float | None
    closed_at: float | None
    shielded: bool
    listed: bool
    title: str

    def clock(self, now: float) -> str:
        """How the 72 hours stand: ``stopped`` (reported, not needed, closed), ``running``, ``late``."""
        if self.reported_at is not None or self.article33 is Duty.NOT_NEEDED or not self.open:
            return "stopped"
        return "late" if now > self.due_at else "running"

    @property
    def in_time(self) -> bool | None:
        """Whether the report went out within the 72 hours; ``None`` where there was none."""
        return None if self.reported_at is None else self.reported_at <= self.due_at


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """An incident with its timeline."""

    incident: Incident
    lines: tuple[Line, ...]
