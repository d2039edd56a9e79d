"""A judgement without what some rules found: for rules that only warn, and for rules that go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from scanner.detection.people import Mention
from scanner.detection.people_model import Person, Population


def without(
    mentions: Sequence[Mention], population: Population, rules: Collection[str]
) -> tuple[tuple[Mention, ...], Population]:
    """The mentions of other rules, and the people with the mentions that are left.

    Who has none was nobody but what the rules found.  People are not joined anew: a scan and a replay of its
    record say the same.
    """
    kept = [i for i, mention in enumerate(mentions) if mention.finding.rule not in rules]
    if len(kept) == len(mentions):
        return tuple(mentions), population
    numbers = {old: new for new, old in enumerate(kept)}
    return tuple(mentions[i] for i in kept), _renumbered(population, numbers)


def _renumbered(population: Population, numbers: Mapping[int, int]) -> Population:
    people: list[Person] = []
    for person in population.persons:
        findings = tuple(numbers[i] for i in person.findings if i in numbers)
        if findings:
            people.append(replace(person, findings=findings))
    gone = len(population.persons) - len(people)
    return replace(
        population,
        persons=tuple(people),
        low=max(0, population.low - gone),
        high=max(0, population.high - gone),
    )
