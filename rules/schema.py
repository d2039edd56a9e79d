"""The schema of identifier rules: grammar, check, context, confidence and examples as data."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rules.checks import CHECKS

# How far a rule or a reason is in force: recorded only; reported, deciding nothing; in force.
Stage = Literal["shadow", "warn", "block"]

Score = Annotated[float, Field(ge=0, le=1)]

# Between the groups of a number: up to three blanks, dots, dashes, slashes or underscores; or a line
# break with indentation, because numbers wrap in letters and PDF columns.
SEPARATOR = r"(?:[ \t.\-/_]{0,3}|[ \t]{0,3}\r?\n[ \t]{0,12})"
# The same within one line.
TIGHT = r"[ \t.\-]{0,2}"
# Between the boxes of a form, one character a box.
BOX = r"[ \t|]{1,3}"


class Strict(BaseModel):
    """A rule model that refuses unknown keys and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Examples(Strict):
    """What a rule must find and what it must leave alone.

    In ``match`` the value stands between ``«`` and ``»``; ``no_match`` are whole texts in which the
    rule must report nothing at or above 0.40.
    """

    match: tuple[str, ...] = Field(min_length=1)
    no_match: tuple[str, ...] = Field(min_length=1)


class Scores(Strict):
    """Confidence by what is there: the pattern alone, with its check, with context, with both."""

    alone: Score = 0.0
    checked: Score = 0.0
    context: Score = 0.0
    both: Score = 0.0


class Form(Strict):
    """One written form of an identifier.

    ``pattern`` is RE2 syntax over normalised text, any letter case unless ``case`` is ``upper``;
    ``{s}`` stands for a separator, ``{t}`` for one within a line, ``{b}`` for the line between two
    boxes. ``check`` names a function of ``rules.checks``; when it fails the match is dropped, or
    kept at the scores without check if ``check_fails`` is ``keep``. ``near`` widens or narrows what
    counts as context: ``label`` accepts only a form label, a column header or a phrase directly
    before the value, ``series`` only values that open their lines, at least three of them, below one of the
    rule's phrases. ``take`` keeps only the first characters of the match as the value's span.
    """

    id: str
    pattern: str
    scores: Scores
    check: str | None = None
    check_fails: Literal["drop", "keep"] = "drop"
    case: Literal["any", "upper"] = "any"
    near: Literal["window", "label", "series"] = "window"
    take: int | None = None

    @field_validator("check")
    @classmethod
    def _known_check(cls, value: str | None) -> str | None:
        if value is not None and value not in CHECKS:
            raise ValueError(f"unknown check {value!r}; known checks: {', '.join(sorted(CHECKS))}")
        return value

    @property
    def expression(self) -> str:
        """The pattern with its separators written out."""
        return self.pattern.replace("{s}", SEPARATOR).replace("{t}", TIGHT).replace("{b}", BOX)


class IdentifierRule(Strict):
    """An identifier: what it looks like, what confirms it, what stands near it, how sure that makes us.

    ``context`` are whole phrases in the syntax of ``scanner.detection.phrases``; ``counter`` phrases
    directly before a value (or as its label) say that it is something else.  ``family`` groups rules
    that share one shape and are decided together.  ``ocr`` is a template (``L`` letter, ``D`` digit)
    by which a labelled value is repaired.  ``specimens`` are published examples, compact; ``printed``
    are valid values that posters and manuals print to show what the number looks like: nobody's where the
    words beside them say so.
    ``of_organisations: false`` says that it is of no account where it is a firm's or the council's own.
    ``stage`` says how far it is in force: ``shadow`` is recorded apart and changes nothing, ``warn`` is
    reported and decides no exit code and no mail, ``block`` does.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9\-]*$")
    entity: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    title: str
    source: str
    forms: tuple[Form, ...] = Field(min_length=1)
    context: tuple[str, ...] = ()
    counter: tuple[str, ...] = ()
    family: Literal["ten-digit"] | None = None
    ocr: str | None = Field(default=None, pattern=r"^[LD]{6,20}$")
    specimens: frozenset[str] = frozenset()
    printed: frozenset[str] = frozenset()
    of_organisations: bool = True
    stage: Stage = "block"
    examples: Examples

    @model_validator(mode="after")
    def _examples_are_marked(self) -> IdentifierRule:
        for example in self.examples.match:
            if not re.search(r"«[^»]+»", example):
                raise ValueError(f"rule {self.id}: example without a marked value «...»: {example!r}")
        return self


class IdentifierPack(Strict):
    """A file of identifier rules.

    ``counter`` are labels of numbers that are nobody's: they speak against every identifier.
    """

    kind: Literal["identifiers"]
    counter: tuple[str, ...] = ()
    rules: tuple[IdentifierRule, ...]
