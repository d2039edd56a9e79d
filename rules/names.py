"""The vocabulary around people's names: its schema and its loader."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from pydantic import Field

from rules.loader import parse_yaml
from rules.schema import Examples, Strict

Kind = Literal[
    "title",
    "greeting",
    "sign-off",
    "before",
    "after",
    "job",
    "relation",
    "label",
    "label-surname",
    "label-forename",
    "label-role",
    "label-modifier",
    "label-other",
    "no-value",
    "head",
    "head-any-case",
    "place-before",
    "group",
    "function",
    "calendar",
    "surname-head",
    "thing-before",
]
Note = Literal["", "staff", "public", "private"]


class NameRule(Strict):
    """Phrases that say the same about a name beside them.

    ``note`` says whose name it is; ``weight`` is the log-odds that a phrase of kind ``before`` or
    ``after`` adds to a name next to it.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9\-]*$")
    kind: Kind
    source: str
    note: Note = ""
    weight: float = Field(default=0.0, ge=0.0, le=5.0)
    phrases: tuple[str, ...] = Field(min_length=1)
    examples: Examples


class NamePack(Strict):
    """A file of name vocabulary."""

    kind: Literal["names"]
    rules: tuple[NameRule, ...]


def load_names(country: str = "uk") -> NamePack:
    """The shipped vocabulary; raises ``pydantic.ValidationError`` for a malformed file."""
    content = files("rules").joinpath(f"packs/{country}/names.yaml").read_text("utf-8")
    return NamePack.model_validate(parse_yaml(content))
