"""The values of the release gate: objections and remarks, the check of a file, its safe copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scanner.judgement.assessment import PeopleCount


class Weight(StrEnum):
    """How much an objection weighs; any of them fails the gate until a person has accepted its code."""

    LOW = "low"  # look at it: it may be meant to be published
    MEDIUM = "medium"  # take it out
    HIGH = "high"  # stop: this is how the known leaks happened, or nobody can say what is inside


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to publish a file as it is.

    ``code`` is stable, for scripts; ``text`` says what was found, ``action`` what to do about it, ``place``
    where it is (the first of ``count`` places).  ``people`` is how many stand in this part of the file.  None
    of it holds a value of the document beyond names of its parts; ``details`` shows values as masks only.
    """

    code: str
    weight: Weight
    text: str
    action: str
    place: str = ""
    count: int = 1
    people: PeopleCount | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know that does not fail the gate."""

    code: str
    text: str
    place: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What the gate says of one file.

    ``inspected`` is how far it was read, in the words of the coverage; whatever was not read is an objection.
    ``counts`` are the findings by entity type.  ``accepted`` are objections whose codes a person had accepted
    beforehand: they are kept and shown, and do not fail the file.
    """

    kind: str
    inspected: str
    objections: tuple[Objection, ...] = ()
    remarks: tuple[Remark, ...] = ()
    accepted: tuple[Objection, ...] = ()
    severity: str = "none"
    people: PeopleCount = field(default=PeopleCount(0, 0))
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against publishing the file."""
        return not self.objections


@dataclass(frozen=True, slots=True)
class SafeCopy:
    """A flattened copy: its path, or why there is none; what it leaves out; its own check."""

    path: str = ""
    problem: str = ""
    removed: tuple[str, ...] = ()
    check: ReleaseCheck | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One file that was asked about: its path as it is shown, its check, its safe copy if one was wanted."""

    path: str
    check: ReleaseCheck
    copy: SafeCopy | None = None
