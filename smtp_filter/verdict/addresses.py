"""Envelope addresses and their domains: what stands after the last ``@`` in one canonical form, or its fault.

Every rule of this room compares domains in this form: lower case, A-labels, no trailing dot.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import idna

# A label of a host name: letters, digits, hyphens (RFC 1123), underscores because some mail hosts have them.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_DOMAIN = 253
# RFC 5321 4.5.3.1: 64 for the local part, 256 for a path; whatever is far longer is an attempt.
_LONGEST_ADDRESS = 1_000


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    ``domain`` is canonical, empty where there is none.  ``fault`` says in a few words why the address
    cannot be judged by its domain ("an address literal"), empty where it can.
    """

    local: str
    domain: str
    fault: str = ""

    @property
    def key(self) -> str:
        """The address in the form in which two of them are the same mailbox."""
        return f"{self.local.casefold()}@{self.domain}"


NOBODY = Address("", "")


def read_address(text: str) -> Address:
    """Take an envelope address apart; never raises.

    Source routes (``@a,@b:user@c``), ``%`` and ``!`` in the local part, and address literals are refused:
    what a later server makes of them is not what stands there.
    """
    text = text.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    if not text:
        return NOBODY
    if len(text) > _LONGEST_ADDRESS:
        return Address("", "", "an address longer than any")
    local, at, host = text.rpartition("@")
    if not at:
        return Address(text, "", "an address without a domain")
    domain = canonical_domain(host)
    plain = local[1:-1] if len(local) > 1 and local.startswith('"') and local.endswith('"') else local
    fault = ""
    if host.startswith("["):
        fault = "an address literal"
    elif text.startswith("@"):
        fault = "a source route"
    elif "%" in plain or "!" in plain or "@" in plain:
        fault = "an address that names another one inside"
    elif not domain:
        fault = "an address with a domain that cannot be"
    elif not local:
        fault = "an address without a mailbox"
    return Address(plain, domain, fault)


def canonical_domain(text: str) -> str:
    """A domain in lower case, in A-labels, without a trailing dot; empty where it is none."""
    text = text.strip().removesuffix(".")
    if not text or len(text) > _LONGEST_DOMAIN or text.startswith("["):
        return ""
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    domain = text.lower()
    if not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        return ""
    return domain


def shown_domain(domain: str) -> str:
    """A domain as a person reads it: with its letters instead of A-labels, where that can be."""
    if "xn--" not in domain:
        return domain
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def suffixes(domain: str) -> Iterator[str]:
    """A domain and all above it, the longest first.

    >>> list(suffixes("a.b.uk"))
    ['a.b.uk', 'b.uk', 'uk']
    """
    while domain:
        yield domain
        _, _, domain = domain.partition(".")


def beneath(domain: str, above: Collection[str]) -> bool:
    """Whether a domain is one of ``above`` or lies beneath one of them, by whole labels."""
    return any(suffix in above for suffix in suffixes(domain))


def organisation_of(domain: str, registries: Collection[str]) -> str:
    """The domain that one organisation holds: one label more than the longest registry above it.

    Without a known registry above it, and for a registry itself, the domain stands for itself.

    >>> organisation_of("housing.council.gov.uk", {"uk", "gov.uk"})
    'council.gov.uk'
    """
    if domain in registries:
        return domain
    previous = domain
    for suffix in suffixes(domain):
        if suffix in registries:
            return previous
        previous = suffix
    return domain
