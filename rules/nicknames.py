"""Given names that stand for each other, from the shipped gazetteer."""

from __future__ import annotations

from collections.abc import Mapping

from rules.loader import PACKS


def load_nicknames() -> Mapping[str, frozenset[str]]:
    """Formal given names and their short forms, lower case.

    The relation is not transitive: Billy is a William, a Fred and a Robert, who are three people.
    """
    groups: dict[str, frozenset[str]] = {}
    with (PACKS / "gazetteers" / "nicknames.txt").open(encoding="utf-8") as lines:
        for line in lines:
            name, _, others = line.partition(":")
            if others:
                groups[name.strip()] = frozenset(others.split())
    return groups
