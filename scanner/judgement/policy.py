"""The policy of a judgement: thresholds by people, breadth by use, severity of topics and categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.policy import Breadth, PolicyFile, load_policy, topic_severities
from scanner.judgement.assessment import Severity

# Wide for files on shares, narrow for mail on its way out.
SHARES = "shares"
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Policy:
    """What judgement needs to know; ``breadth`` holds for one use (shares or mail)."""

    several_people: int
    many_people: int
    breadth: Breadth
    strong_identifiers: frozenset[str]
    personal_identifiers: frozenset[str]
    contacts: frozenset[str]
    topics: Mapping[str, Severity]
    special_categories: Mapping[str, Severity]


def policy_from(written: PolicyFile, use: str = SHARES) -> Policy:
    """The policy of one use; raises ``KeyError`` for a use that the policy does not name."""
    topics = {**topic_severities(), **written.topics}
    return Policy(
        several_people=written.several_people,
        many_people=written.many_people,
        breadth=written.breadth[use],
        strong_identifiers=frozenset(written.strong_identifiers),
        personal_identifiers=frozenset(written.personal_identifiers),
        contacts=frozenset(written.contacts),
        topics={topic: Severity[word.upper()] for topic, word in topics.items()},
        special_categories={
            name: Severity[word.upper()] for name, word in written.special_categories.items()
        },
    )


def default_policy(use: str = SHARES) -> Policy:
    """The policy that comes with the program."""
    return policy_from(load_policy(), use)
