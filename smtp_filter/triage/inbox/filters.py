"""The inbox's filters in the address of the page, and what they mean for the quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, urlencode

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine.model import State
from smtp_filter.quarantine.searching import NOBODY, Filter

_HOUR = 3_600.0
_LONGEST = 200
AGES: Mapping[str, tuple[str, float]] = {
    "1h": ("More than an hour", _HOUR),
    "4h": ("More than 4 hours", 4 * _HOUR),
    "1d": ("More than a day", 24 * _HOUR),
    "3d": ("More than 72 hours", 72 * _HOUR),
    "7d": ("More than a week", 168 * _HOUR),
}
NEW: Mapping[str, tuple[str, float]] = {
    "-1d": ("In the last day", 24 * _HOUR),
    "-7d": ("In the last week", 168 * _HOUR),
}
OVERDUE = "late"
UNDECIDED, EVERYTHING = "", "all"
STATES: Mapping[str, str] = {
    UNDECIDED: "Waiting for a decision",
    State.HELD.value: "Not looked at yet",
    State.IN_REVIEW.value: "In review",
    State.AWAITING_SECOND.value: "Waiting for a second person",
    State.RELEASING.value: "On their way",
    State.RELEASED.value: "Released",
    State.REJECTED.value: "Returned or deleted",
    State.EXPIRED.value: "Expired",
    State.WITHDRAWN.value: "Withdrawn by the sender",
    EVERYTHING: "All",
}
ME = "me"


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What the address says, each as it was written; what is no choice of ours is as if it were not there."""

    q: str = ""
    state: str = ""
    severity: str = ""
    rule: str = ""
    sender: str = ""
    recipient: str = ""
    domain: str = ""
    department: str = ""
    age: str = ""
    assigned: str = ""
    case: str = ""
    grouped: str = ""

    @classmethod
    def of(cls, told: Mapping[str, str]) -> InboxFilter:
        """The filter of an address's parameters."""
        given = {one.name: told.get(one.name, "").strip()[:_LONGEST] for one in fields(cls)}
        choices = {
            "state": set(STATES),
            "severity": {level.word for level in Severity},
            "age": {*AGES, *NEW, OVERDUE},
            "grouped": {"1"},
        }
        for name, known in choices.items():
            if given[name] not in known:
                given[name] = ""
        if not given["case"].isascii() or not given["case"].isdigit():
            given["case"] = ""
        return cls(**given)

    @property
    def query(self) -> str:
        """The same as the query string of an address, without what is empty."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return urlencode({name: value for name, value in told.items() if value})

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out that the plain inbox shows."""
        return any(getattr(self, one.name) for one in fields(self) if one.name != "grouped")

    @property
    def searched(self) -> tuple[str, ...]:
        """The fields that search for somebody or something: their use is recorded."""
        return tuple(name for name in ("q", "sender", "recipient", "domain") if getattr(self, name))

    def wanted(self, name: str, sees: frozenset[str] | None, now: float) -> Filter:
        """What it means for the quarantine; ``name`` is who asks, ``sees`` are their departments."""
        states = frozenset({State(self.state)}) if self.state not in (UNDECIDED, EVERYTHING) else frozenset()
        older, newer = AGES.get(self.age), NEW.get(self.age)
        return Filter(
            states=states,
            undecided=self.state == UNDECIDED,
            severity=Severity[self.severity.upper()] if self.severity else Severity.NONE,
            rule=self.rule,
            sender=self.sender,
            recipient=self.recipient,
            domain=self.domain.lstrip("@"),
            department=self.department,
            departments=sees,
            assignee={ME: name, NOBODY: NOBODY}.get(self.assigned, self.assigned),
            text=self.q,
            case=int(self.case[:18]) if self.case else None,
            held_before=now - older[1] if older else None,
            held_after=now - newer[1] if newer else None,
            overdue=self.age == OVERDUE,
            first_of_case=bool(self.grouped),
        )


def filter_of(query: str) -> InboxFilter:
    """The filter of a query string; the plain inbox where it is none."""
    try:
        return InboxFilter.of(dict(parse_qsl(query[:2_000], max_num_fields=40)))
    except ValueError:
        return InboxFilter()
