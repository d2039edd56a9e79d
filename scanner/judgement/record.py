"""What a judgement was made of, without any value: enough to judge the same document by another policy.

A record keeps of each mention its type, note, confidence, rule and place, and a running number instead of its
value; of each person which mentions are theirs and what the judge asks of a name.  Judged again by the same
policy, it gives the same assessment.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.detection.finding import Finding
from scanner.detection.people import Mention
from scanner.detection.people_model import Person, Population
from scanner.judgement.judge import Case, foreign_label
from scanner.judgement.policy import Policy

# The form of a record; another one cannot be read and asks for the document again.
VERSION = 1

# A list of some thousand people; a longer one is judged again from the document.
MOST_MENTIONS = 5_000

# Stand-ins that the judge takes for what stood there.
_FOREIGN = "part"
_AT_WORK, _ELSEWHERE = "office.gov.uk", "example.org"
_NAMES: tuple[tuple[str, ...], ...] = ((), ("A",), ("A B",))


class RecordError(ValueError):
    """A record that this version cannot read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A record read back.  ``shadow`` are mentions of rules that were only tried, and nobody's."""

    mentions: tuple[Mention, ...]
    population: Population
    shadow: tuple[Mention, ...] = ()


def record(
    mentions: Sequence[Mention], population: Population, policy: Policy, shadow: Sequence[Mention] = ()
) -> str | None:
    """The record of one judgement; empty where nothing was found, ``None`` where it was too much."""
    if len(mentions) + len(shadow) > MOST_MENTIONS:
        return None
    if not mentions and not shadow:
        return ""
    everything = [*mentions, *shadow]
    case = Case(everything, population, policy)
    words: dict[str, int] = {}
    values: dict[tuple[str, str], int] = {}
    told = [
        [
            words.setdefault(mention.finding.entity_type, len(words)),
            words.setdefault(mention.finding.note, len(words)),
            words.setdefault(mention.finding.rule, len(words)),
            mention.finding.confidence,
            values.setdefault((mention.finding.entity_type, case.value(index)), len(values)),
            mention.finding.start,
            mention.finding.end,
            *mention.record,
            mention.position,
            (mention.table is not None)
            | foreign_label(case, index) << 1
            | bool(mention.hidden) << 2
            | case.at_work(index) << 3,
        ]
        for index, mention in enumerate(everything)
    ]
    people = [
        [
            person.findings,
            2 if any(" " in name.strip() for name in person.names) else int(bool(person.names)),
            words.setdefault(person.role, len(words)),
            int(person.is_child),
            person.household,
        ]
        for person in population.persons
    ]
    body = {
        "version": VERSION,
        "words": list(words),
        "mentions": told,
        "shadow": len(shadow),
        "people": people,
        "sums": [
            population.low,
            population.high,
            population.households,
            int(population.unrelated_households),
        ],
    }
    packed = zlib.compress(json.dumps(body, separators=(",", ":")).encode(), 6)
    return base64.b85encode(packed).decode("ascii")


def read_record(written: str) -> Judged:
    """What :func:`record` wrote; raises :class:`RecordError`."""
    if not written:
        return Judged((), Population())
    try:
        body = json.loads(zlib.decompress(base64.b85decode(written)))
        if body["version"] != VERSION:
            raise RecordError("a record of another version")
        words: list[str] = body["words"]
        mentions = [_mention(words, row) for row in body["mentions"]]
        people = tuple(
            Person(tuple(findings), _NAMES[names], words[role], bool(child), household)
            for findings, names, role, child, household in body["people"]
        )
        low, high, households, unrelated = body["sums"]
        own = len(mentions) - int(body["shadow"])
    except (KeyError, IndexError, TypeError, ValueError, zlib.error) as error:
        raise RecordError("a record that cannot be read") from error
    population = Population(people, low, high, households, bool(unrelated))
    return Judged(tuple(mentions[:own]), population, tuple(mentions[own:]))


def _mention(words: list[str], row: list[float]) -> Mention:
    entity, note, rule, confidence, value, start, end, one, other, position, bits = row
    flags = int(bits)
    entity_type = words[int(entity)]
    text = f"v{int(value)}"
    if entity_type == "EMAIL":
        text = f"{text}@{_AT_WORK if flags & 8 else _ELSEWHERE}"
    finding = Finding(
        entity_type, int(start), int(end), float(confidence), words[int(rule)], (), words[int(note)]
    )
    return Mention(
        finding=finding,
        value=text,
        record=(int(one), int(other)),
        table=(0, 0) if flags & 1 else None,
        column=_FOREIGN if flags & 2 else "",
        position=int(position),
        hidden="hidden" if flags & 4 else "",
    )


__all__ = ["MOST_MENTIONS", "VERSION", "Judged", "RecordError", "read_record", "record"]
