"""What a council tells detection about itself: its domains, offices, switchboards and role mailboxes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Organisation:
    """The council's own contact data, which is no resident's.

    ``domains`` are mail domains in lower case; ``postcodes`` those of own offices, schools and other
    sites, upper case with one space; ``phones`` own published numbers, digits only; ``mailboxes`` local
    parts of role mailboxes beyond the usual ones.
    """

    names: tuple[str, ...] = ()
    domains: frozenset[str] = field(default_factory=frozenset)
    postcodes: frozenset[str] = field(default_factory=frozenset)
    phones: frozenset[str] = field(default_factory=frozenset)
    mailboxes: frozenset[str] = field(default_factory=frozenset)
