"""Loads the vocabulary of addresses: street and building words, counties, homes and offices."""

from __future__ import annotations

from pathlib import Path

import re2
from pydantic import ValidationError, field_validator

from rules.loader import RuleError, read_yaml
from rules.schema import Strict

PACK = Path(__file__).parent / "packs/uk/addresses/vocabulary.yaml"


class AddressExamples(Strict):
    """Texts with the address between ``«`` and ``»`` of a home, of an office, and without any address."""

    home: tuple[str, ...]
    office: tuple[str, ...]
    no_match: tuple[str, ...]


class AddressWords(Strict):
    """The words of addresses; the last four lists hold RE2 fragments, the others plain words."""

    source: str
    descriptors: frozenset[str]
    plain_descriptors: frozenset[str]
    leading_descriptors: frozenset[str]
    building_words: frozenset[str]
    sub_building_words: tuple[str, ...]
    small_words: frozenset[str]
    lone_leading_descriptors: frozenset[str]
    house_first_words: frozenset[str]
    street_abbreviations: frozenset[str]
    prose_words: frozenset[str]
    counted_words: frozenset[str]
    weak_home_words: frozenset[str]
    counties: frozenset[str]
    organisation_words: tuple[str, ...]
    site_words: tuple[str, ...]
    home_words: tuple[str, ...]
    risk_phrases: tuple[str, ...]
    examples: AddressExamples

    @field_validator("organisation_words", "site_words", "home_words", "risk_phrases")
    @classmethod
    def _compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for fragment in value:
            try:
                re2.compile(fragment)
            except re2.error as error:
                raise ValueError(f"{fragment!r} is not RE2 ({error})") from error
        return value


def load_address_words(path: Path = PACK) -> AddressWords:
    """Read the vocabulary; raises ``RuleError`` where it is not usable."""
    try:
        return AddressWords.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RuleError(f"{path}: {where}: {first['msg']}") from error
