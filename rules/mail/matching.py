"""Whether a policy rule is about a recipient of a message: facts in, yes or no out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import get_args

from rules.mail.schema import Circle, MailPolicy, PolicyRule
from rules.policy import SeverityWord

_SEVERITIES = get_args(SeverityWord)
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy rule can see of a message and of one of its recipients; addresses in lower case."""

    sender: str
    recipient: str
    route: str
    word: str
    severity: str
    people: int = 0
    reasons: frozenset[str] = field(default_factory=frozenset)
    entity_types: frozenset[str] = field(default_factory=frozenset)
    rules: frozenset[str] = field(default_factory=frozenset)
    subject: str = ""
    misdirection: frozenset[str] = field(default_factory=frozenset)
    unread: frozenset[str] = field(default_factory=frozenset)
    unread_names: frozenset[str] = field(default_factory=frozenset)
    protection: frozenset[str] = field(default_factory=frozenset)


def address_matches(address: str, patterns: Iterable[str]) -> bool:
    """Whether an address is one of ``patterns``: addresses, ``@domain``, ``domain``, ``.domain`` (beneath).

    >>> address_matches("a@x.gov.uk", [".gov.uk"]), address_matches("a@xgov.uk", [".gov.uk"])
    (True, False)
    """
    domain = address.rpartition("@")[2]
    for pattern in patterns:
        if pattern.startswith("."):
            if domain.endswith(pattern) and len(domain) > len(pattern):
                return True
        elif pattern in (address, domain) or pattern == f"@{domain}":
            return True
    return False


def marked(subject: str, markings: Iterable[str]) -> bool:
    """Whether a subject begins or ends with one of the markings, whatever stands around the words.

    >>> marked("[Official - Sensitive] Visit", ["OFFICIAL-SENSITIVE"])
    True
    >>> marked("Official visit", ["OFFICIAL-SENSITIVE"])
    False
    """
    said = f" {_NO_WORD.sub(' ', subject.casefold()).strip()} "
    while said.startswith((" re ", " fw ", " fwd ")):
        said = said[said.index(" ", 1) :]
    wanted = [f" {_NO_WORD.sub(' ', marking.casefold()).strip()} " for marking in markings]
    return any(said.startswith(one) or said.endswith(one) for one in wanted if one.strip())


def matches(rule: PolicyRule, facts: Facts, policy: MailPolicy, today: date | None = None) -> bool:
    """Whether ``rule`` is about this recipient; a rule past its last day is about nobody."""
    when = rule.when
    if rule.until is not None and today is not None and today > rule.until:
        return False
    if (facts.route not in when.routes) if when.routes else facts.route == "inside":
        return False
    who = (
        *when.senders,
        *_members(policy.groups, when.groups),
        *_members(policy.departments, when.departments),
    )
    if who and not address_matches(facts.sender, who):
        return False
    if when.recipients and not address_matches(facts.recipient, when.recipients):
        return False
    if when.severity and _SEVERITIES.index(facts.severity) < _SEVERITIES.index(when.severity):
        return False
    if when.people is not None and facts.people < when.people:
        return False
    if when.markings and not marked(facts.subject, when.markings):
        return False
    if when.unread_names and not (
        facts.unread_names
        and all(
            name.lower().endswith(tuple(map(str.lower, when.unread_names))) for name in facts.unread_names
        )
    ):
        return False
    if when.unread and not (facts.unread and facts.unread <= set(when.unread)):
        return False
    return (
        (not when.words or facts.word in when.words)
        and _meets(when.reasons, facts.reasons)
        and _meets(when.entity_types, facts.entity_types)
        and _meets(when.rules, facts.rules)
        and _meets(when.misdirection, facts.misdirection)
        and _meets(when.protection, facts.protection)
    )


def _meets(wanted: Iterable[str], present: frozenset[str]) -> bool:
    wanted = frozenset(wanted)
    return not wanted or not wanted.isdisjoint(present)


def _members(circles: Iterable[Circle], names: Iterable[str]) -> list[str]:
    wanted = set(names)
    return [member for circle in circles if circle.name in wanted for member in circle.members]
