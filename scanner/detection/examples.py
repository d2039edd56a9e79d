"""Runs the examples of the vocabulary packs through the real recognisers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from rules.flags import KindPack, PhrasePack, ReturnPack, load_pack
from scanner.detection.finding import REPORTED, Finding
from scanner.detection.organisation import Organisation
from scanner.detection.recognisers.child_flags import ChildFlagRecogniser
from scanner.detection.recognisers.returns import ReturnRecogniser
from scanner.detection.recognisers.special_category import SpecialCategoryRecogniser
from scanner.detection.recognisers.topics import TopicRecogniser
from scanner.detection.sections import KindClassifier
from scanner.detection.view import Recogniser, View
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


def failures() -> Iterator[str]:
    """One line for each example of the shipped vocabulary packs that does not behave; none if all do.

    Unmarked people are tried both as known private people and as people of whom nothing is known.
    """
    phrase_packs: tuple[tuple[str, Recogniser], ...] = (
        ("child_flags.yaml", ChildFlagRecogniser()),
        ("special_category.yaml", SpecialCategoryRecogniser()),
        ("topics.yaml", TopicRecogniser()),
    )
    for name, recogniser in phrase_packs:
        for rule in load_pack(PhrasePack, name).rules:
            for certain in (True, False):
                for example in rule.examples.match:
                    if rule.id not in _fired(recogniser, marked_view(example, certain=certain)):
                        yield f"{rule.id}: should match: {example!r}"
                for example in rule.examples.no_match:
                    fired = _fired(recogniser, marked_view(example, certain=certain))
                    # A near miss of a flag or a category must be silent; of a topic, not of this topic.
                    if rule.id in fired or (fired and name != "topics.yaml"):
                        yield f"{rule.id}: should not match: {example!r} ({', '.join(sorted(fired))})"
    returns = ReturnRecogniser()
    for row in load_pack(ReturnPack, "returns.yaml").rules:
        for example in row.examples.match:
            if row.id not in _fired(returns, plain_view(example)):
                yield f"{row.id}: should match: {example!r}"
        for example in row.examples.no_match:
            if row.id in _fired(returns, plain_view(example)):
                yield f"{row.id}: should not match: {example!r}"
    yield from _kind_failures()


def _kind_failures() -> Iterator[str]:
    pack = load_pack(KindPack, "document_kinds.yaml")
    classifier = KindClassifier(pack)
    for rule in pack.rules:
        for example, expected in (
            *((example, True) for example in rule.examples.match),
            *((example, False) for example in rule.examples.no_match),
        ):
            section = classifier.classify(plain_view(example)).sections[0]
            invented = section.made_up or any(start < end for start, end in section.examples)
            told = invented if rule.id.startswith("made-up") else bool(section.kind)
            if told is not expected:
                yield f"{rule.id}: should {'' if expected else 'not '}match: {example!r} ({section.kind})"


def _fired(recogniser: Recogniser, view: View) -> set[str]:
    return {finding.rule for finding in recogniser.recognise(view) if finding.confidence >= REPORTED}
