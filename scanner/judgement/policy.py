"""The policy of a judgement: thresholds by people, breadth by use, severity of topics and categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.policy import Breadth, PolicyFile, load_policy, topic_severities
from rules.schema import Stage
from scanner.judgement.assessment import Severity

# Wide for files on shares, narrow for mail on its way out.
SHARES = "shares"
MAIL = "mail"

# The codes of reasons, beside those of topics ("topic_debt") and special categories ("special_health").
REASON_CODES = frozenset(
    {
        "addressee_is_not_subject",
        "at_risk_address",
        "birth_date_and_address",
        "channel",
        "child_at_risk",
        "child_by_initials",
        "child_file",
        "children_return",
        "contact_details",
        "many_people",
        "many_strong_identifiers",
        "marac",
        "personal_numbers",
        "possible_identifier",
        "residue",
        "strong_identifier",
        "unrelated_households",
    }
)


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
    stages: Mapping[str, Stage] = field(default_factory=dict)


def policy_from(written: PolicyFile, use: str = SHARES) -> Policy:
    """The policy of one use; raises ``KeyError`` for a use or a reason that there is none of."""
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
        stages=_stages(written, topics),
    )


def _stages(written: PolicyFile, topics: Mapping[str, str]) -> dict[str, Stage]:
    """The stages of reasons that are not in force; a code that no reason has would hold back nothing."""
    known = {
        *REASON_CODES,
        *(f"topic_{name}" for name in topics),
        *(f"special_{name}" for name in written.special_categories),
    }
    for code in written.stages:
        if code not in known:
            raise KeyError(f"stages names {code}, and no reason has that code")
    return {code: stage for code, stage in written.stages.items() if stage != "block"}


def default_policy(use: str = SHARES) -> Policy:
    """The policy that comes with the program."""
    return policy_from(load_policy(), use)
