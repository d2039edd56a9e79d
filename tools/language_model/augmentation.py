"""Other versions of an example: other names, other addresses, another casing, a scanner's noise."""

from __future__ import annotations

import random
import re

from tools.language_model.example import Example, Writer, pieces
from tools.language_model.people import Community, Names

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_KEPT = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "da",
        "dos",
        "das",
        "di",
        "del",
        "bin",
        "binti",
        "ibn",
        "al",
        "el",
        "ap",
        "ab",
        "la",
        "le",
        "o",
        "y",
        "ul",
        "ur",
        "ud",
        "e",
        "and",
        "mac",
        "jr",
        "snr",
    ]
)
_SURNAME_BEFORE = re.compile(r"(?:\b(?:Mrs?|Ms|Miss|Dr|Cllr)\.? |(?i:surname|last name|family name)\W*)$")
_NOISE = {
    "l": "1",
    "I": "l",
    "O": "0",
    "o": "0",
    "e": "c",
    "rn": "m",
    "m": "rn",
    "S": "5",
    "B": "8",
    "i": "í",
    "a": "o",
}


def renamed(
    example: Example, names: Names, dice: random.Random, community: Community | None = None
) -> Example:
    """The same text about other people of one community (or of several), each the same in all mentions."""
    whole = community or (names.community(dice) if dice.random() < 0.6 else None)
    roles = _roles(example)
    given: dict[str, str] = {}

    def other(word: str) -> str:
        low = word.lower()
        if len(word) < 2 or low in _KEPT:
            return word
        if low not in given:
            person = names.person(dice, whole)
            name = person.surname if roles.get(low) == "last" else person.forename
            given[low] = name.replace("-", " ") if "-" in name and dice.random() < 0.5 else name
        new = given[low]
        if word.isupper():
            return new.upper()
        return new.lower() if word.islower() else new

    writer = Writer()
    for text, kind in pieces(example):
        if kind == "PERSON":
            writer.span(_WORD.sub(lambda match: other(match.group()), text), kind)
        elif kind:
            writer.span(text, kind)
        else:
            writer.plain(text)
    return writer.example(example.source, example.facts)


def _roles(example: Example) -> dict[str, str]:
    roles: dict[str, str] = {}
    for start, end, kind in example.spans:
        if kind != "PERSON":
            continue
        span = example.text[start:end]
        words = [w.lower() for w in _WORD.findall(span) if len(w) > 1]
        if len(words) < 2:
            if words and _SURNAME_BEFORE.search(example.text, max(0, start - 16), start):
                roles.setdefault(words[0], "last")
            continue
        surname = words[0] if "," in span else words[-1]
        for word in words:
            roles[word] = "last" if word == surname else "first"
    return roles


def readdressed(example: Example, names: Names, dice: random.Random) -> Example:
    """The same text with other addresses."""
    writer = Writer()
    for text, kind in pieces(example):
        if kind == "ADDRESS" and re.match(r"(?:Flat|\d)", text):
            new = names.address(dice, lines="\n" in text)
            writer.span(new.upper() if text.isupper() else new, kind)
        elif kind:
            writer.span(text, kind)
        else:
            writer.plain(text)
    return writer.example(example.source, example.facts)


def recased(example: Example, how: str) -> Example:
    """``lower``: all small; ``upper``: all capitals; ``names lower``, ``names upper``: only the spans."""
    writer = Writer()
    for text, kind in pieces(example):
        if kind or not how.startswith("names"):
            changed = text.lower() if how.endswith("lower") else text.upper()
            text = changed if len(changed) == len(text) else text
        if kind:
            writer.span(text, kind)
        else:
            writer.plain(text)
    return writer.example(example.source, example.facts)


def scanned(example: Example, dice: random.Random, rate: float = 0.02) -> Example:
    """Letters misread as a scanner does, blanks lost or doubled between words."""
    writer = Writer()
    for text, kind in pieces(example):
        out = []
        for character in text:
            chance = dice.random()
            if chance < rate and character in _NOISE:
                out.append(_NOISE[character])
            elif character == " " and chance < rate / 2:
                out.append("  ")
            else:
                out.append(character)
        if kind:
            writer.span("".join(out), kind)
        else:
            writer.plain("".join(out))
    return writer.example(example.source, example.facts)


def unpunctuated(example: Example) -> Example:
    """As typed on a phone: small letters, no full stops or commas, no apostrophes outside names."""
    writer = Writer()
    for text, kind in pieces(example):
        if kind:
            writer.span(text.lower() if len(text.lower()) == len(text) else text, kind)
        else:
            writer.plain(re.sub(r"[.,'’;]", "", text.lower()))
    return writer.example(example.source, example.facts)


def varied(example: Example, dice: random.Random, *, casing: float) -> Example:
    """Perhaps another casing or noise, as often as ``casing`` says."""
    chance = dice.random() / max(casing, 1e-9)
    for limit, how in ((0.35, "lower"), (0.55, "names lower"), (0.7, "upper"), (0.8, "names upper")):
        if chance < limit:
            return recased(example, how)
    if chance < 0.9:
        return unpunctuated(example)
    return scanned(example, dice) if chance < 1.0 else example
