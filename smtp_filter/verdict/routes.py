"""What a recipient is to the council: inside, outside, reached by a secure route or by a gateway.

A secure route needs two independent facts (``mail_filtering`` section 4): the domain is on the secure list,
and something makes sure that mail to it never leaves in clear.  Where nobody has stated the second, the
message has to leave by the secure exit, which enforces it; without that exit the list is a wish.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rules.mail import Domains, RouteLine
from rules.mail.schema import Enforcement, Gateway, RetiredDomain
from scanner.documents.mail_headers import Header, decoded_words
from smtp_filter.verdict.addresses import Address, beneath, organisation_of, suffixes
from smtp_filter.verdict.model import RouteKind

SECURE_EXIT = "secure"
DEFAULT_EXIT = "default"

_ENFORCED = {
    Enforcement.MTA_STS: "the mail server honours its MTA-STS policy",
    Enforcement.DANE: "the mail server honours its DANE records",
    Enforcement.VERIFIED_TLS: "the mail server sends to it over verified TLS only",
}


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one recipient: what it is, by which exit it goes if it matters, and one sentence why.

    ``fault`` says that the address cannot be judged by its domain, ``retired`` that its network was closed.
    """

    kind: RouteKind
    why: str
    exit: str = DEFAULT_EXIT
    fault: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """The domains that are inside, and whether they were named or are taken from the sender."""

    domains: frozenset[str]
    configured: bool

    def holds(self, domain: str) -> bool:
        """Whether a domain is one of the own ones or beneath one."""
        return bool(domain) and beneath(domain, self.domains)


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Everything that decides a route; ``exits`` are the names of the exits that are really set up."""

    lines: Mapping[str, RouteLine]
    domains: Domains
    exits: frozenset[str] = field(default_factory=frozenset)

    def inside(self, own: Collection[str], sender: Address) -> Inside:
        """The own domains: those that are named, else the sender's own, for a council that of all its parts.

        Nobody is inside with the user of a mail provider, or of a service that many bodies share.
        """
        if own:
            return Inside(frozenset(own), configured=True)
        domain = sender.domain
        foreign = self.domains.freemail | self.domains.shared | self.domains.registries
        if not domain or sender.fault or beneath(domain, self.domains.freemail) or domain in foreign:
            return Inside(frozenset(), configured=False)
        return Inside(frozenset({organisation_of(domain, self.domains.council_registries)}), configured=False)

    def line(self, domain: str) -> RouteLine | None:
        """The narrowest line of the secure list about a domain."""
        for number, suffix in enumerate(suffixes(domain)):
            found = self.lines.get(suffix) if number == 0 else self.lines.get("." + suffix)
            if found is not None:
                return found
        return None

    def retired(self, domain: str) -> RetiredDomain | None:
        """The closed network that a domain belonged to."""
        for one in self.domains.retired:
            if f".{domain}".endswith(one.domain):
                return one
        return None

    def route(self, recipient: Address, inside: Inside, gateway: Gateway | None = None) -> Route:
        """The route to one recipient; ``gateway`` is the one that the message asks for."""
        if recipient.fault:
            why = f"It is {recipient.fault}: where it leads cannot be told from it."
            return Route(RouteKind.OUTSIDE, why, fault=recipient.fault)
        domain = recipient.domain
        if inside.holds(domain):
            whose = "the council's own" if inside.configured else "of the sender's own organisation"
            return Route(RouteKind.INSIDE, f"The address is {whose}.")
        if gateway is not None:
            why = f"The message is handed to the gateway {gateway.name}, which encrypts it."
            return Route(RouteKind.GATEWAY, why, gateway.exit)
        retired = self.retired(domain)
        if retired is not None:
            why = f"This network was closed ({retired.closed}).{modern_hint(domain, retired)}"
            return Route(RouteKind.OUTSIDE, why, retired=True)
        line = self.line(domain)
        if line is None or not line.secure:
            return Route(RouteKind.OUTSIDE, "It is an ordinary address outside.")
        listed = f"{line.domain} is on the secure list ({line.source}, {line.date.isoformat()})"
        if line.enforced is Enforcement.NONE:
            why = f"{listed}, but nothing is stated that keeps mail to it from leaving in clear."
            return Route(RouteKind.OUTSIDE, why)
        if line.enforced is not Enforcement.ASSUMED:
            return Route(RouteKind.SECURE, f"{listed}, and {_ENFORCED[line.enforced]}.")
        if SECURE_EXIT in self.exits:
            why = f"{listed}; the message leaves by the secure exit: over verified TLS, or not at all."
            return Route(RouteKind.SECURE, why, SECURE_EXIT)
        why = f"{listed}, but there is no secure exit and no enforcement is stated: it might leave in clear."
        return Route(RouteKind.OUTSIDE, why)


def modern_hint(domain: str, retired: RetiredDomain) -> str:
    """A sentence that suggests the domain of today, where it can be told."""
    left = f".{domain}".removesuffix(retired.domain).strip(".")
    return f" Today's address probably ends in @{retired.modern.replace('{}', left)}." if left else ""


@dataclass(frozen=True, slots=True)
class GatewayWish:
    """A gateway that a message asks for, by which sign; ``usable`` where its exit is set up."""

    gateway: Gateway
    sign: str
    usable: bool


# What people type when they want a message encrypted, whether there is a gateway or not.
_USUAL_TAGS = ("[secure]", "[encrypt]", "[encrypted]", "[egress]")


def gateway_wish(
    headers: Sequence[Header], gateways: Sequence[Gateway], exits: Collection[str]
) -> GatewayWish | None:
    """The first gateway that the message asks for by subject, header or label."""
    subject = subject_of(headers).casefold()
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    for gateway in gateways:
        sign = ""
        if any(subject.startswith(tag.casefold()) for tag in gateway.tags if tag.strip()):
            sign = "the tag in its subject"
        elif any(
            wanted.casefold() == value.strip().casefold()
            for name, wanted in gateway.headers.items()
            for value in values.get(name.lower(), ())
        ):
            sign = "a header"
        elif any(_labelled(value, gateway.labels) for value in values.get("msip_labels", ())):
            sign = "a sensitivity label"
        if sign:
            return GatewayWish(gateway, sign, gateway.exit in exits)
    return None


def tagged_in_vain(subject: str) -> bool:
    """Whether a subject begins with a tag that elsewhere would lead to encryption."""
    return subject.casefold().startswith(_USUAL_TAGS)


def _labelled(value: str, labels: Sequence[str]) -> bool:
    """Whether one of our own labels is switched on; a thread carries labels of every tenant it met."""
    folded = value.casefold()
    return any(f"msip_label_{label.casefold()}_enabled=true" in folded.replace(" ", "") for label in labels)


def subject_of(headers: Sequence[Header]) -> str:
    """The decoded subject in one line; several are read as one, as different programs show different ones."""
    found = [decoded_words(value) for name, value in headers if name.lower() == "subject"]
    return " ".join(" ".join(found).split())
