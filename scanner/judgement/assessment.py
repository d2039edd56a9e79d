"""An assessment: how bad a document is, about how many people, and why in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad it is; *sensitive* means medium or above: it must not leave unencrypted."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The lower-case word used in reports, JSON and configuration."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a severity: a stable ``code`` for scripts and a sentence for people.

    The sentence never holds a matched value.
    """

    code: str
    text: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """How many distinct people a document identifies: an honest interval where variants are unsure."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judgement of one document.

    ``enforced`` is the severity without what only warns (``None``: the same), ``shadowed`` the one that it
    would have if what is only tried counted (``None``: nothing is tried).
    """

    severity: Severity
    people: PeopleCount
    reasons: tuple[Reason, ...] = ()
    enforced: Severity | None = None
    shadowed: Severity | None = None

    @property
    def binding(self) -> Severity:
        """The severity that decides about exit codes and about mail."""
        return self.severity if self.enforced is None else self.enforced
