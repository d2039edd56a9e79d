"""Values whose kind another field of their record names: ``type: NINO, value: ...``, question and answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from scanner.text import Field, words_apart

_MARKS = re.compile(r"[.\-/\s\[\]]+")
_KINDS = frozenset(
    ("type", "kind", "name", "key", "field", "label", "attribute", "property", "question", "system", "prompt")
)
_VALUES = frozenset(("value", "val", "answer", "response"))
# "Document type" and "document number": only with the same word before both.
_NUMBERS = frozenset(("number", "no", "num", "ref", "reference"))
# What names a kind of value: letters, hardly a digit, no sentence.
_KIND = re.compile(r"[^\W\d_][^\d\n]{0,46}[^\W\d_][).?:#]?")
# A kind that stands under "name" must be one beyond doubt: people have names, too.
_KNOWN_KIND = re.compile(
    r"(?:nino|ni|nhs|chi|upn|uln|utr|dob|date of birth|birth ?date|surname|forename|first ?name|last ?name|"
    r"full ?name|address|post ?code|e?-?mail|(?:tele)?phone|mobile|passport|national insurance|sort ?code|"
    r"account)(?: (?:no|number|num|address|line \d))?\.?",
    re.IGNORECASE,
)


def named_by_type(text: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """``fields`` with the values labelled by what the field beside them says that they are."""
    pairs = _pairs(tuple(field.label for field in fields))
    if not pairs:
        return fields
    named = list(fields)
    for kind_at, value_at, under_name in pairs:
        kind = text[fields[kind_at].start : fields[kind_at].end].strip()
        plain = words_apart(kind)
        if not (_KNOWN_KIND if under_name else _KIND).fullmatch(plain):
            continue
        start, end, label = fields[value_at]
        number = _words(label)[-1] in _NUMBERS
        named[value_at] = Field(start, end, f"{plain} {label}" if number else kind.rstrip(":"))
        if under_name:
            named[kind_at] = fields[kind_at]._replace(label="")
    return tuple(named)


@lru_cache(maxsize=4096)
def _pairs(labels: Sequence[str]) -> tuple[tuple[int, int, bool], ...]:
    """Where the kind and the value of each pair stand, and whether the kind stands under "name"."""
    kinds: dict[tuple[str, ...], tuple[int, bool]] = {}
    values: list[tuple[tuple[str, ...], int]] = []
    for index, label in enumerate(labels):
        words = _words(label)
        if not words:
            continue
        *before, last = words
        if last in _KINDS:
            kinds.setdefault(tuple(before), (index, last == "name"))
        elif last in _VALUES or (last in _NUMBERS and before):
            values.append((tuple(before), index))
    return tuple((*kinds[before][:1], index, kinds[before][1]) for before, index in values if before in kinds)


@lru_cache(maxsize=4096)
def _words(label: str) -> tuple[str, ...]:
    return tuple(_MARKS.sub(" ", words_apart(label)).lower().split())
