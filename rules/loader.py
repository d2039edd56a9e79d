"""Loads rule packs: the shipped ones and a council's own; errors name file, rule and reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import re2
import yaml
from pydantic import ValidationError

from rules.schema import IdentifierPack, IdentifierRule

PACKS = Path(__file__).parent / "packs" / "uk"


class RuleError(ValueError):
    """A rule pack that cannot be used; the message says which file, which rule and why, in one line."""


@dataclass(frozen=True, slots=True)
class Identifiers:
    """All identifier rules in force and the phrases that speak against any of them."""

    rules: tuple[IdentifierRule, ...]
    counter: tuple[str, ...]
    own: frozenset[str] = frozenset()


# The C loader is ten times faster; the packs hold thousands of phrases and a command starts often.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> object:
    """The content of YAML text; raises ``yaml.YAMLError``."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - the safe loader, in C


def read_yaml(path: Path) -> object:
    """The content of a YAML file; raises ``RuleError`` with file and line."""
    try:
        with path.open(encoding="utf-8") as stream:
            return parse_yaml(stream.read())
    except OSError as error:
        raise RuleError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise RuleError(f"{where}: not valid YAML ({getattr(error, 'problem', error)})") from error


def load_pack(path: Path) -> IdentifierPack:
    """Read and validate one identifier pack; raises ``RuleError``."""
    content = read_yaml(path)
    try:
        pack = IdentifierPack.model_validate(content)
    except ValidationError as error:
        told = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:3]]
        raise RuleError(f"{path}: {'; '.join(told)}") from error
    for rule in pack.rules:
        for form in rule.forms:
            try:
                re2.compile(form.expression.encode("latin-1"))
            except (re2.error, UnicodeEncodeError) as error:
                raise RuleError(
                    f"{path}: rule {rule.id}, form {form.id}: pattern is not RE2 ({error})"
                ) from error
    return pack


@cache
def _shipped() -> tuple[IdentifierPack, ...]:
    return tuple(load_pack(path) for path in sorted(PACKS.glob("identifiers*.yaml")))


def load_identifiers(own_packs: Iterable[Path] = ()) -> Identifiers:
    """The shipped identifier rules and those of a council's own packs; ids must be unique."""
    packs = [*_shipped()]
    own: set[str] = set()
    for path in own_packs:
        pack = load_pack(path)
        own.update(rule.id for rule in pack.rules)
        packs.append(pack)
    rules: dict[str, IdentifierRule] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in rules:
                raise RuleError(f"rule id {rule.id!r} is used twice; give your rule an id of its own")
            rules[rule.id] = rule
    counter = tuple(phrase for pack in packs for phrase in pack.counter)
    return Identifiers(tuple(rules.values()), counter, frozenset(own))
