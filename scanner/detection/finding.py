"""A finding: where something personal stands in a text, what it is, how sure we are, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EvidenceKind(StrEnum):
    """Where a piece of evidence comes from."""

    PATTERN = "pattern"
    CHECK = "check"  # a check digit, an issued range, a plausible date
    CONTEXT = "context"  # a phrase near the value
    LABEL = "label"  # a form label or a column header over the value
    NEIGHBOUR = "neighbour"  # another finding near it
    GAZETTEER = "gazetteer"
    MODEL = "model"
    COUNTER = "counter"  # what speaks against it


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for (or against) a finding; ``detail`` never holds the matched value."""

    kind: EvidenceKind
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An entity in a text.

    ``start`` and ``end`` are code-point offsets in the passage's original text.  ``confidence``
    runs from 0 to 1: below 0.40 it is only counted, from 0.40 it is reported, from 0.75 it may
    block (bands of the rules' reference).  ``rule`` is the id of the rule that made it.
    ``note`` carries what the recogniser knows beyond the type, in a fixed word or two that judgement
    may use (a phrase's category, "staff", "home", "office"): never a value.
    """

    entity_type: str
    start: int
    end: int
    confidence: float
    rule: str
    evidence: tuple[Evidence, ...] = ()
    note: str = ""

    def value(self, text: str) -> str:
        """The matched characters.  Every caller that keeps or shows them is a deliberate act."""
        return text[self.start : self.end]


REPORTED = 0.40
BLOCKING = 0.75
