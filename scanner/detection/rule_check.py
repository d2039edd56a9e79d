"""Runs every rule's own examples through the detector and says which do not behave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.bank import load_bank_rule
from rules.flags import KindPack, PhrasePack, ReturnPack, load_pack
from rules.loader import Identifiers
from rules.names import load_names
from rules.schema import IdentifierRule
from scanner.detection.detector import Detector
from scanner.detection.examples import failures
from scanner.detection.finding import REPORTED, Finding
from scanner.text import Passage

_PHRASE_PACKS = ("child_flags.yaml", "special_category.yaml", "topics.yaml")


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """One rule in a list: its id, what it finds, where it comes from, how many examples it has."""

    id: str
    kind: str
    title: str
    source: str
    examples: int


def summaries(identifiers: Identifiers) -> Iterator[RuleSummary]:
    """Every rule in force, in the order of the packs."""
    for rule in identifiers.rules:
        count = len(rule.examples.match) + len(rule.examples.no_match)
        yield RuleSummary(rule.id, rule.entity, rule.title, rule.source, count)
    bank = load_bank_rule()
    count = len(bank.examples.match) + len(bank.examples.no_match)
    yield RuleSummary("bank", "UK_BANK_ACCOUNT", "Sort code and account number", bank.source, count)
    for name in load_names().rules:
        count = len(name.examples.match) + len(name.examples.no_match)
        yield RuleSummary(name.id, "PERSON", f"names: {name.kind}", name.source, count)
    for pack_name in _PHRASE_PACKS:
        pack = load_pack(PhrasePack, pack_name)
        for phrase in pack.rules:
            count = len(phrase.examples.match) + len(phrase.examples.no_match)
            yield RuleSummary(phrase.id, pack.pack, phrase.category, phrase.source, count)
    for kind in load_pack(KindPack, "document_kinds.yaml").rules:
        count = len(kind.examples.match) + len(kind.examples.no_match)
        yield RuleSummary(kind.id, "document kind", kind.id, kind.source, count)
    for row in load_pack(ReturnPack, "returns.yaml").rules:
        count = len(row.examples.match) + len(row.examples.no_match)
        yield RuleSummary(row.id, "CHILD_RETURN", row.title, row.source, count)


def broken_examples(detector: Detector, identifiers: Identifiers) -> Iterator[str]:
    """One line for each example that does not behave; none where all do."""
    for rule in identifiers.rules:
        yield from _identifier(detector, rule)
    bank = load_bank_rule()
    yield from _marked(detector, "bank", "UK_BANK_ACCOUNT", bank.examples.match, bank.examples.no_match)
    yield from failures()


def _identifier(detector: Detector, rule: IdentifierRule) -> Iterator[str]:
    scores = (form.scores for form in rule.forms)
    best = max(max(score.both, score.context, score.checked, score.alone) for score in scores)
    for example in rule.examples.match:
        text, start, end = unmarked(example)
        found = _of_type(detector, text, rule.entity, min(REPORTED, best))
        if (start, end) not in [(finding.start, finding.end) for finding in found]:
            yield f"{rule.id}: should match: {example!r}"
    for example in rule.examples.no_match:
        if any(f.rule == rule.id for f in _of_type(detector, example, rule.entity, REPORTED)):
            yield f"{rule.id}: should not match: {example!r}"


def _marked(
    detector: Detector, rule_id: str, entity: str, match: Sequence[str], no_match: Sequence[str]
) -> Iterator[str]:
    for example in match:
        text, start, end = unmarked(example)
        found = _of_type(detector, text, entity, REPORTED)
        if (start, end) not in [(finding.start, finding.end) for finding in found]:
            yield f"{rule_id}: should match: {example!r}"
    for example in no_match:
        if _of_type(detector, example, entity, REPORTED):
            yield f"{rule_id}: should not match: {example!r}"


def _of_type(detector: Detector, text: str, entity: str, least: float) -> list[Finding]:
    found = detector.detect(Passage(text)).findings
    return [f for f in found if f.entity_type == entity and f.confidence >= least]


def unmarked(example: str) -> tuple[str, int, int]:
    """An example's text without its marks, and the span of the value between them."""
    start, end = example.index("«"), example.index("»") - 1
    return example.replace("«", "").replace("»", ""), start, end
