"""Runs the examples of the vocabulary packs through the real recognisers."""

from __future__ import annotations

import re
from datetime import date

from scanner.detection.finding import Finding
from scanner.detection.organisation import Organisation
from scanner.detection.view import View
from scanner.text import Passage, normalise

_MARK = re.compile(
    r"<(?:(?P<kind>staff|dob|upn|nhs|chi|nino|address|postcode):)?(?P<value>[A-Z0-9][^<>\n]*)>"
)
_TYPES = {
    "dob": ("DATE_OF_BIRTH", ""),
    "upn": ("UK_UPN", ""),
    "nhs": ("UK_NHS", ""),
    "chi": ("UK_CHI", ""),
    "nino": ("UK_NINO", ""),
    "address": ("UK_ADDRESS", "home"),
    "postcode": ("UK_POSTCODE", ""),
    "staff": ("PERSON", "staff"),
    "": ("PERSON", "private"),
}
# Examples are read as if today were this day, so that a child in one stays a child.
_REFERENCE = date(2024, 6, 30)


def marked_view(example: str, *, certain: bool = True) -> View:
    """A view of an example of the packs, its marked people and attributes as earlier findings.

    ``certain`` gives unmarked names the note "private"; without it they have none, as where nothing says
    whether somebody is an officer or a resident.
    """
    example = normalise(example).text
    pieces: list[str] = []
    findings: list[Finding] = []
    length = at = 0
    for match in _MARK.finditer(example):
        pieces.append(example[at : match.start()])
        length += match.start() - at
        value = match.group("value")
        entity_type, note = _TYPES[match.group("kind") or ""]
        if entity_type == "PERSON" and note == "private" and not certain:
            note = ""
        findings.append(Finding(entity_type, length, length + len(value), 0.9, "example", (), note))
        pieces.append(value)
        length += len(value)
        at = match.end()
    pieces.append(example[at:])
    view = View(Passage("".join(pieces)), organisation=Organisation(), reference_date=_REFERENCE)
    view.findings = tuple(findings)
    return view


def plain_view(text: str) -> View:
    """A view of an example without marks, XML as it stands."""
    return View(Passage(normalise(text).text), organisation=Organisation(), reference_date=_REFERENCE)
