"""The values of findings on shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.encoding import Evidence
from scanner.store.entry import Audience, RunState


class State(StrEnum):
    """Where a file with findings stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    SENT = "sent"
    MOVED = "moved"
    FALSE_ALARM = "false_alarm"

    @property
    def label(self) -> str:
        """The state as people call it."""
        return _LABELS[self]


_LABELS = {
    State.OPEN: "Open",
    State.ACCEPTED: "Accepted",
    State.SENT: "Sent to owner",
    State.MOVED: "Moved",
    State.FALSE_ALARM: "False alarm",
}


class Act(StrEnum):
    """What a person decides of a file; ``REOPEN`` takes the standing decision back."""

    ACCEPT = "accepted"
    SEND = "sent"
    MOVE = "moved"
    FALSE_ALARM = "false_alarm"
    REOPEN = "reopened"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which files; all that is given must hold.  ``share`` and ``department`` are printable paths."""

    state: State | None = State.OPEN
    severity: Severity = Severity.LOW
    exposed: bool = False
    audience: Audience | None = None
    owner: str = ""
    asset_owner: str = ""
    share: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line of the list; ``path`` is printable, times in seconds since 1970."""

    number: int
    path: str
    share: str
    department: str
    severity: Severity
    audience: Audience
    people: PeopleCount
    owner: str
    asset_owner: str
    state: State
    expires_at: float | None
    read_at: float
    size: int
    mtime: float
    shielded: bool


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision of a file's history."""

    at: float
    actor: str
    act: Act
    reason: str
    target: str
    expires_at: float | None
    standing: bool


@dataclass(frozen=True, slots=True)
class FileDetail:
    """All of one file; ``seen`` is the number of its latest decision, which a new one is compared with."""

    line: FileLine
    evidence: Evidence
    how: str
    group: str
    kind: str
    first_seen: str
    duplicates: tuple[FileLine, ...]
    decisions: tuple[DecisionLine, ...]
    seen: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files are in each state, and how many of the open ones are exposed, by severity."""

    by_state: Mapping[State, int]
    open_by_severity: Mapping[Severity, int]
    exposed: int


@dataclass(frozen=True, slots=True)
class PastFile:
    """One file as a share or stick had it on a date.

    ``changed_since``: what is known is a later version; a watch that ran for long met it in the same run.
    """

    path: str
    size: int
    mtime: float
    severity: Severity
    people: PeopleCount
    audience: Audience
    read: bool
    shielded: bool
    changed_since: bool = False


class PastRun(NamedTuple):
    """The run by which it is known what was there; times in seconds since 1970."""

    name: str
    started: float
    finished: float | None
    state: RunState

    @property
    def whole(self) -> bool:
        """Whether it had read everything that it owed."""
        return self.state is RunState.FINISHED
