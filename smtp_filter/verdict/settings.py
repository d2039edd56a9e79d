"""What the verdict room is told: rules, own domains, exits that are really set up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from rules.mail import MailRules
from smtp_filter.verdict.addresses import canonical_domain
from smtp_filter.verdict.routes import DEFAULT_EXIT, RouteTable


@dataclass(frozen=True, slots=True)
class VerdictSettings:
    """Settings of the judgement of mail.

    ``own_domains`` are the council's (empty: taken from each message's sender); ``exits`` names the next hops
    that are set up besides the default one (``secure``, gateways).
    """

    rules: MailRules
    own_domains: frozenset[str] = frozenset()
    exits: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(
        cls, rules: MailRules, own: Collection[str] = (), exits: Collection[str] | None = None
    ) -> VerdictSettings:
        """Settings from rules: the policy's own domains before ``own``, its exits where none are given."""
        named = rules.policy.own_domains or tuple(own)
        domains = frozenset(filter(None, (canonical_domain(name.lstrip("@.")) for name in named)))
        return cls(rules, domains, frozenset(rules.policy.exits if exits is None else exits) | {DEFAULT_EXIT})

    def route_table(self) -> RouteTable:
        """The table that routes are read from."""
        return RouteTable(self.rules.routes, self.rules.domains, self.exits)
