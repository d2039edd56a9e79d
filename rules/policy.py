"""Schema and loader of severity policies (``rules/policies``)."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rules.flags import PhrasePack, load_pack
from rules.loader import parse_yaml
from rules.schema import Stage

POLICIES = resources.files("rules") / "policies"

SeverityWord = Literal["none", "low", "medium", "high", "critical"]
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Breadth(_Strict):
    """From which confidence on findings count in one use of the scanner.

    ``identifier`` holds beside a named person, ``identifier_alone`` for a number without a name.
    """

    identifier: Share
    identifier_alone: Share
    phrase: Share
    topic: Share


class PolicyFile(_Strict):
    """A policy as it is written; see the comments of ``default.yaml``."""

    name: str
    several_people: Annotated[int, Field(ge=2)]
    many_people: Annotated[int, Field(ge=2)]
    breadth: dict[str, Breadth]
    strong_identifiers: tuple[str, ...]
    personal_identifiers: tuple[str, ...]
    contacts: tuple[str, ...]
    topics: dict[str, SeverityWord] = {}
    special_categories: dict[str, SeverityWord] = {}
    stages: dict[str, Stage] = {}


def load_policy(name: str = "default.yaml", folder: Traversable = POLICIES) -> PolicyFile:
    """The policy in ``folder/name``; raises pydantic's ``ValidationError`` on a bad one."""
    return PolicyFile.model_validate(parse_yaml((folder / name).read_text(encoding="utf-8")))


def topic_severities() -> dict[str, SeverityWord]:
    """The severity that the vocabulary of topics gives each topic."""
    pack = load_pack(PhrasePack, "topics.yaml")
    return {rule.category: rule.severity for rule in pack.rules if rule.severity is not None}
