"""The rules in force as the inventory keeps them: a later run holds its own against them, one by one."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import ValidationError

from rules.flags import PhrasePack
from rules.loader import Identifiers
from rules.schema import IdentifierRule

# What says nothing of what a rule finds: words for people, examples; and what judgement asks of topics.
_WORDS = frozenset({"title", "source", "examples"})
_OF_JUDGEMENT = frozenset({"severity"})
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


class RuleBookError(ValueError):
    """A book that this version cannot read."""


@dataclass(frozen=True)
class RuleBook:
    """Identifier rules, and the phrases of vocabularies by the name of their file."""

    identifiers: Identifiers
    vocabularies: Mapping[str, PhrasePack] = field(default_factory=dict)

    def key(self) -> str:
        """A hash of everything that says what is found, and how far it counts; equal for equal findings."""
        told = json.dumps(self._body(worded=False), separators=(",", ":"), sort_keys=True)
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest().translate(_LETTERS)

    def written(self) -> str:
        """The book as text; :func:`read_book` reads it."""
        told = json.dumps(self._body(worded=True), separators=(",", ":"), sort_keys=True)
        return base64.b85encode(zlib.compress(told.encode(), 9)).decode("ascii")

    def _body(self, *, worded: bool) -> dict[str, Any]:
        left_out = frozenset() if worded else _WORDS
        return {
            "identifiers": [
                _sorted(rule, rule.model_dump(mode="json", exclude=set(left_out)))
                for rule in self.identifiers.rules
            ],
            "counter": self.identifiers.counter,
            "own": sorted(self.identifiers.own),
            "vocabularies": {
                name: {
                    "pack": pack.pack,
                    "anchors": pack.anchors,
                    "not_before": pack.not_before,
                    "rules": [
                        rule.model_dump(mode="json", exclude=set() if worded else {*left_out, *_OF_JUDGEMENT})
                        for rule in pack.rules
                    ],
                }
                for name, pack in self.vocabularies.items()
            },
        }


@cache
def read_book(text: str) -> RuleBook:
    """What :meth:`RuleBook.written` wrote; raises :class:`RuleBookError`."""
    try:
        body = json.loads(zlib.decompress(base64.b85decode(text)))
        identifiers = Identifiers(
            tuple(IdentifierRule.model_validate(rule) for rule in body["identifiers"]),
            tuple(body["counter"]),
            frozenset(body["own"]),
        )
        packs = {name: PhrasePack.model_validate(pack) for name, pack in body["vocabularies"].items()}
    except (KeyError, TypeError, ValueError, zlib.error, ValidationError) as error:
        raise RuleBookError("rules that this version cannot read") from error
    return RuleBook(identifiers, packs)


def _sorted(rule: IdentifierRule, told: dict[str, Any]) -> dict[str, Any]:
    """Sets have no order of their own, and another one in each process."""
    return {
        name: sorted(value) if isinstance(getattr(rule, name), frozenset) else value
        for name, value in told.items()
    }


def meaning(data: object) -> object:
    """Rule data without what is there for people."""
    if isinstance(data, dict):
        return {str(name): meaning(value) for name, value in data.items() if name not in _WORDS}
    if isinstance(data, list):
        return [meaning(value) for value in data]
    return data
