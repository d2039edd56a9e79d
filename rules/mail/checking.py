"""The examples of policy rules, run: a rule without examples that behave is no rule."""

from __future__ import annotations

from collections.abc import Iterator

from rules.mail.matching import Facts, matches
from rules.mail.schema import Example, MailPolicy


def broken_examples(policy: MailPolicy) -> Iterator[str]:
    """One line for each example that does not behave."""
    for rule in policy.rules:
        for expected, examples in ((True, rule.examples.match), (False, rule.examples.no_match)):
            for number, example in enumerate(examples, start=1):
                if matches(rule, facts_of(example), policy) is not expected:
                    kind = "match" if expected else "no_match"
                    yield f"policy rule {rule.id}: {kind} example {number} does not behave"


def example_count(policy: MailPolicy) -> int:
    """How many examples the policy has."""
    return sum(len(rule.examples.match) + len(rule.examples.no_match) for rule in policy.rules)


def facts_of(example: Example) -> Facts:
    """An example as the facts of a recipient."""
    return Facts(
        sender=example.sender.lower(),
        recipient=example.recipient.lower(),
        route=example.route,
        word=example.word,
        severity=example.severity,
        people=example.people,
        reasons=frozenset(example.reasons),
        entity_types=frozenset(example.entity_types),
        rules=frozenset(example.rules),
        subject=example.subject,
        misdirection=frozenset(example.misdirection),
        unread=frozenset(example.unread),
        unread_names=frozenset(example.unread_names),
        protection=frozenset(example.protection),
    )
