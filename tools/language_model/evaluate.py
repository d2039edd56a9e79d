"""Measures names and addresses: ``python -m tools.language_model.evaluate`` is what ``make eval-names`` runs.

Sets: the project's own council texts that were held out, templates that were not trained on, public sets that
were not trained on.  Systems: rules alone, model alone, both.  Rows by casing, community of names, kind of
document; false people per 10,000 words on texts without any person.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from scanner.detection.language.pipeline import SHIPPED, load_pipeline
from tools.language_model import sources
from tools.language_model.augmentation import recased, renamed, scanned, unpunctuated
from tools.language_model.example import Example
from tools.language_model.generation import Generator
from tools.language_model.people import Names
from tools.language_model.scoring import Tally, compare
from tools.language_model.systems import FULL_TEXT, Found, System, shown_characters, systems

_TODAY = date(2026, 11, 1)
_KINDS = ("PERSON", "ADDRESS")
_SEED = 7
_MOST_PUBLIC = 250
_MOST_RENAMED = 30
_ALL = "council texts, all"
_PUBLIC = "public: "
_PER_TEMPLATE = 6
# Words of the kind line of a document, by which documents are grouped; the first that fits counts.
_DOCUMENT_KINDS = {
    "e-mail": ("mail", "chain", "forward"),
    "chat and texts": ("chat", "whatsapp", "teams", "sms", "text message", "voicemail"),
    "table or list": ("csv", "table", "list", "log", "register", "rota", "spreadsheet", "pipe", "schedule"),
    "form": ("form", "boxed", "referral", "application"),
    "letter": ("letter", "reply", "complaint", "objection", "appeal", "statement"),
    "case notes": (
        "note",
        "shorthand",
        "handover",
        "ticket",
        "record",
        "diary",
        "assessment",
        "report",
        "plan",
    ),
    "minutes": ("minutes", "agenda", "meeting", "hearing"),
}


@dataclass(slots=True)
class Row:
    """Counts of one system over one group of texts."""

    strict: dict[str, Tally]
    overlap: dict[str, Tally]
    words: int = 0
    texts: int = 0


class Table:
    """Counts by group and system."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {}

    def add(self, group: str, system: str, example: Example, found: Found) -> None:
        """Count what ``system`` found in ``example``."""
        row = self.rows.setdefault(group, {}).setdefault(
            system, Row({k: Tally() for k in _KINDS}, {k: Tally() for k in _KINDS})
        )
        row.words += len(example.text.split())
        row.texts += 1
        for kind in _KINDS:
            gold = [(s, e) for s, e, label in example.spans if label == kind]
            strict, overlap = compare(gold, [(s, e) for s, e, label in found if label == kind])
            row.strict[kind] += strict
            row.overlap[kind] += overlap


def person_free(examples: Iterable[Example]) -> list[Example]:
    """The texts in which nobody is named."""
    return [one for one in examples if not any(kind == "PERSON" for _, _, kind in one.spans)]


def kind_of(example: Example) -> str:
    """The group of a council text, by the words of its own kind line."""
    kind = example.facts.get("kind", "").lower()
    for name, words in _DOCUMENT_KINDS.items():
        if any(word in kind for word in words):
            return name
    return "other"


def groups(data: Path) -> dict[str, list[Example]]:
    """All groups of texts that are measured."""
    dice = random.Random(_SEED)
    council = sources.council_texts(held_out=True)
    named = [one for one in council if any(kind == "PERSON" for _, _, kind in one.spans)]
    found = {_ALL: council}
    found["council texts of the first three authors"] = [one for one in council if one.source[0] in "ABC"]
    found["council texts written for the weak places"] = [one for one in council if one.source[0] in "DE"]
    by_kind: dict[str, list[Example]] = defaultdict(list)
    for one in council:
        by_kind[f"kind: {kind_of(one)}"].append(one)
    found |= dict(sorted(by_kind.items()))
    for how in ("lower", "upper", "names lower", "names upper"):
        found[f"casing: {how}"] = [recased(one, how) for one in council]
    found["casing: typed on a phone"] = [unpunctuated(one) for one in council]
    found["noise: scanned"] = [scanned(one, dice) for one in council]
    if (data / "lists").exists():
        names = Names(data, evaluation=True)
        for community in names.communities:
            found[f"names: {community.name}"] = [
                renamed(one, names, random.Random(_SEED + i), community)
                for i, one in enumerate(named[:: max(1, len(named) // _MOST_RENAMED)])
            ]
        generator = Generator(names, dice)
        pool = 12 * _PER_TEMPLATE
        found["templates not trained on"] = list(generator.documents("evaluation", pool))
    for name, examples in sources.held_out_sets(data).items():
        found[_PUBLIC + name] = examples[:_MOST_PUBLIC]
    return {name: examples for name, examples in found.items() if examples}


def measure(chosen: Mapping[str, System], sets: Mapping[str, Sequence[Example]]) -> Table:
    """Every system over every group; the one that reads the full text not over the variants."""
    table = Table()
    for name, system in chosen.items():
        known: dict[str, Found] = {}
        for group, examples in sets.items():
            if name == FULL_TEXT and group != _ALL and not group.startswith(_PUBLIC):
                continue
            for example in examples:
                if example.text not in known:
                    known[example.text] = system(example.text)
                table.add(group, name, example, known[example.text])
    return table


def false_people(chosen: Mapping[str, System], examples: Sequence[Example]) -> dict[str, float]:
    """False persons per 10,000 words of texts that name nobody."""
    words = sum(len(one.text.split()) for one in examples) or 1
    return {
        name: 10_000 * sum(kind == "PERSON" for one in examples for _, _, kind in system(one.text)) / words
        for name, system in chosen.items()
    }


def speed(name: str) -> str:
    """Words per CPU second of the pipeline on one core, and how much of the text the product shows it."""
    texts = [one.text for one in sources.council_texts(held_out=True)]
    pipeline = load_pipeline(name)
    words = sum(len(text.split()) for text in texts)
    begun = time.process_time()
    for _ in pipeline.pipe(texts):
        pass
    spent = time.process_time() - begun
    share = shown_characters(name, texts) / sum(map(len, texts))
    return (
        f"Speed: {words / spent:,.0f} words per CPU second on one core; in windows mode it read {share:.0%} "
        f"of the characters of the held-out council texts (short documents, nearly all about people)."
    )


def report(table: Table, write: Callable[[str], None] = print) -> None:
    """The tables people read."""
    for kind in _KINDS:
        write(f"\n== {kind}: overlap P R F1 (strict F1)")
        for group, row in table.rows.items():
            if not any(one.overlap[kind].gold for one in row.values()):
                continue
            cells = []
            for name, one in row.items():
                tally = one.overlap[kind]
                strict = one.strict[kind].f1
                cells.append(f"{name} {tally.precision:.3f} {tally.recall:.3f} {tally.f1:.3f} ({strict:.3f})")
            gold = max(one.overlap[kind].gold for one in row.values())
            write(f"{group:<58}{gold:>6}   " + "   ".join(cells))


def as_json(table: Table, false: Mapping[str, float]) -> str:
    """The machine-readable form."""
    rows = {
        group: {name: {k: asdict(v) for k, v in one.overlap.items()} for name, one in row.items()}
        for group, row in table.rows.items()
    }
    return json.dumps({"overlap": rows, "false_people_per_10000_words": false}, indent=1)


def main(arguments: list[str] | None = None) -> int:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(prog="python -m tools.language_model.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, default=sources.PUBLIC, help="folder of the public sets")
    parser.add_argument("--model", default="builtin", help="pipeline to measure (default: the shipped one)")
    parser.add_argument("--only", default="", help="only groups whose name contains this")
    parser.add_argument("--systems", default="", help="only these systems, separated by commas")
    parser.add_argument("--json", type=Path, help="also write the counts to this file")
    parser.add_argument("--card", action="store_true", help="write the shipped model's card anew")
    options = parser.parse_args(arguments)
    chosen = systems(options.model)
    if options.systems:
        chosen = {name: chosen[name] for name in options.systems.split(",")}
    sets = {name: one for name, one in groups(options.data).items() if options.only in name}
    table = measure(chosen, sets)
    report(table)
    free = person_free(sources.council_texts(held_out=True))
    false = false_people(chosen, free)
    print(f"\nfalse people per 10,000 words ({len(free)} council texts that name nobody): ", end="")
    print("   ".join(f"{name} {rate:.1f}" for name, rate in false.items()))
    said = speed(options.model)
    print(said)
    if options.card:
        from tools.language_model.write_card import write_card

        write_card(SHIPPED, table, false, said)
    if options.json:
        options.json.write_text(as_json(table, false), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
