"""Signs of a message on its way to the wrong people: one small function each (``mail_filtering`` section 9).

A sign says what was seen, in words for the sender; the policy says what follows from it.  The envelope says
who gets the message, the headers who is shown to whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rules.mail import Domains
from rules.mail.schema import Misdirection
from scanner.documents.mail_headers import Header
from scanner.inspection.masking import mask_name
from scanner.inspection.model import Inspection
from smtp_filter.verdict.addresses import Address, beneath, organisation_of
from smtp_filter.verdict.contacts import (
    COUNCIL,
    FREQUENT,
    KNOWN,
    ContactHistory,
    address_subject,
    domain_subject,
    name_subject,
    near_subjects,
)
from smtp_filter.verdict.lookalikes import finger_slip, resembles
from smtp_filter.verdict.mailboxes import Mailbox, mailboxes
from smtp_filter.verdict.routes import Inside, subject_of

# Over how many recipients the history is asked: beyond, the message is a mailing anyway.
_ASKED = 50
# A local part shares this much with the sender's own before it is taken for the sender's private one.
_OWN_NAME = 4


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: its rule's name in the policy, a sentence, and the recipients it is about (none: all)."""

    rule: str
    text: str
    domains: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Correspondence:
    """What the rules look at: who writes to whom, who is shown to whom, and what was found."""

    sender: Address
    recipients: Sequence[Address]
    headers: Sequence[Header]
    inspection: Inspection
    inside: Inside
    domains: Domains
    settings: Misdirection
    sensitive: bool
    history: ContactHistory | None = None

    @cached_property
    def subject(self) -> str:
        """The decoded subject."""
        return subject_of(self.headers)

    @cached_property
    def outside(self) -> tuple[Address, ...]:
        """The distinct envelope recipients outside."""
        distinct = {one.key: one for one in self.recipients if not self.inside.holds(one.domain)}
        return tuple(distinct.values())

    @cached_property
    def shown(self) -> tuple[Mailbox, ...]:
        """The distinct mailboxes that every recipient sees, To and Cc (and Bcc where it was left in)."""
        distinct: dict[str, Mailbox] = {}
        for name, value in self.headers:
            if name.lower() in ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"):
                for box in mailboxes(value):
                    distinct.setdefault(box.address.key, box)
        return tuple(distinct.values())

    @cached_property
    def shown_outside(self) -> tuple[Mailbox, ...]:
        """The shown mailboxes outside."""
        return tuple(box for box in self.shown if not self.inside.holds(box.address.domain))

    @cached_property
    def colleagues(self) -> tuple[Mailbox, ...]:
        """The mailboxes inside that write or get the message, of the envelope and of the header."""
        writers = [
            box
            for name, value in self.headers
            if name.lower() in ("from", "sender", "reply-to")
            for box in mailboxes(value, _ASKED)
        ]
        envelope = [Mailbox("", address) for address in (self.sender, *self.recipients)]
        return tuple(
            box for box in (*writers, *self.shown, *envelope) if self.inside.holds(box.address.domain)
        )

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The display name shown for an address."""
        return {box.address.key: box.name for box in self.shown if box.name}

    def private(self, address: Address) -> bool:
        """Whether an address is somebody's at a mail provider."""
        return beneath(address.domain, self.domains.freemail)

    def at_public_body(self, address: Address) -> bool:
        """Whether an address lies where only public bodies can be."""
        return beneath(address.domain, self.domains.public_bodies)

    def organisation(self, address: Address) -> str:
        """The organisation of an address, by its domain; at a registry everybody is their own."""
        if address.domain in self.domains.registries:
            return address.key
        return organisation_of(address.domain, self.domains.registries)


def open_list(case: Correspondence) -> Iterator[Sign]:
    """Private addresses shown to each other: many of any kind, or fewer that are mostly freemail.

    Addresses at public bodies and of teams are no list of private people, nor is one organisation's.
    """
    if not case.outside:
        return
    shown = case.shown_outside
    people = [
        box.address
        for box in shown
        if not case.at_public_body(box.address) and not case.domains.is_role(box.address.local)
    ]
    private = [address for address in people if case.private(address)]
    if len(private) >= case.settings.open_list_private and len(private) * 2 > len(shown):
        text = (
            f"It shows {len(private)} private addresses to each other in To and Cc. "
            "A mail merge or Bcc keeps them apart."
        )
        yield Sign("open_list", text)
        return
    firms = {case.organisation(address) for address in people}
    if len(people) >= case.settings.open_list_addresses and len(firms) > 1:
        counts = Counter(case.organisation(address) for address in people if not case.private(address))
        # A meeting of two firms is none either: most addresses have a house of their own.
        if len(firms) * 2 > len(people) or len(private) >= case.settings.open_list_private or not counts:
            text = f"It shows {len(people)} outside addresses to each other in To and Cc."
            yield Sign("open_list", text)


def sensitive_list(case: Correspondence) -> Iterator[Sign]:
    """Private addresses that see each other, in a message that says what they have in common."""
    private = [box for box in case.shown_outside if case.private(box.address)]
    if len(private) < 2 or not case.outside:
        return
    counts = case.inspection.counts
    words = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in case.subject.casefold()).split())} "
    said = any(f" {word} " in words for word in case.domains.group_words)
    if said or counts.get("SPECIAL_CATEGORY") or counts.get("CHILD_FLAG"):
        text = (
            f"{len(private)} private addresses see each other, and the message says what they have in common."
        )
        yield Sign("sensitive_list", text)


def hidden_list(case: Correspondence) -> Iterator[Sign]:
    """Many recipients who stand in no header."""
    shown = {box.address.key for box in case.shown}
    hidden = sum(1 for address in case.outside if address.key not in shown)
    if hidden > case.settings.hidden_list_recipients:
        yield Sign("hidden_list", f"It goes to {hidden} recipients who stand in no header (Bcc).")


def look_alike(case: Correspondence) -> Iterator[Sign]:
    """A domain that is nearly a well-known one: the own, a mail provider's, one that is written to often."""
    seen: set[str] = set()
    for address in case.outside:
        domain = address.domain
        if not domain or domain in seen:
            continue
        seen.add(domain)
        target = _target(case, domain)
        public = case.at_public_body(address)
        # Two bodies may well be called a letter apart; nobody who lies in wait can choose a name there.
        if not target or (
            public and beneath(target, case.domains.public_bodies) and not _slipped(domain, target)
        ):
            continue
        rule = "near_public_body" if public else "look_alike"
        text = f"The domain {domain} is nearly {target}. Please check the address letter by letter."
        yield Sign(rule, text, frozenset({domain}))


def _slipped(domain: str, target: str) -> bool:
    return finger_slip(domain, target) or len(domain.split(".")) != len(target.split("."))


def _target(case: Correspondence, domain: str) -> str:
    """The domain that this one is probably meant to be, empty where it is a known one itself."""
    domains = case.domains
    known = domains.freemail | domains.councils | domains.shared | domains.imitated
    if domain in known or beneath(domain, domains.shared):
        return ""
    registries = domains.registries
    for own in sorted(case.inside.domains):
        if resembles(domain, own, registries, domains.open_endings):
            return own
    for name in sorted(domains.imitated):
        endings = domains.open_endings if name in domains.one_ending else frozenset()
        if resembles(domain, name, registries, endings):
            return name
    history = case.history
    if history is None or not history.established():
        return ""
    near = near_subjects(domain)
    for owner in (case.sender.key, COUNCIL):
        direct, *around = history.strengths(owner, [domain_subject(domain), *near])
        if direct < KNOWN and max(around, default=0.0) >= FREQUENT:
            return "one that is written to often"
    return ""


def odd_one_out(case: Correspondence) -> Iterator[Sign]:
    """One outside address among several inside, or one private one among an organisation's.

    A partner at a public body among colleagues is how such bodies work together.
    """
    inside = {a.key for a in case.recipients if case.inside.holds(a.domain)}
    inside |= {b.address.key for b in case.shown if case.inside.holds(b.address.domain)}
    if len(case.outside) == 1 and len(inside) >= 3 and not case.at_public_body(case.outside[0]):
        text = "One of its recipients is outside, all the others are inside."
        yield Sign("odd_one_out", text, frozenset({case.outside[0].domain}))
        return
    private = [address for address in case.outside if case.private(address)]
    others = {case.organisation(address) for address in case.outside if not case.private(address)}
    if len(private) == 1 and len(others) == 1 and len(case.outside) >= 4:
        text = "One of its recipients is a private address among those of one organisation."
        yield Sign("odd_one_out", text, frozenset({private[0].domain}))


def name_collision(case: Correspondence) -> Iterator[Sign]:
    """A name that is written to often, at an address that never was: what autocompletion does."""
    history = case.history
    if history is None or not history.established():
        return
    for address in case.outside[:_ASKED]:
        named = name_subject(case.names.get(address.key, ""))
        if not named or " " not in named:
            continue
        name, here, there = history.strengths(
            case.sender.key, [named, address_subject(address), domain_subject(address.domain)]
        )
        if name >= FREQUENT and here < KNOWN and there < KNOWN:
            text = "A recipient has the name of somebody you often write to, but another address."
            yield Sign("name_collision", text, frozenset({address.domain}))


def first_contact(case: Correspondence) -> Iterator[Sign]:
    """Nobody here has written to this address before, and what goes there is sensitive."""
    history = case.history
    if history is None or not case.sensitive or not history.established():
        return
    asked = [address_subject(address) for address in case.outside[:_ASKED]]
    if not asked:
        return
    mine = history.strengths(case.sender.key, asked)
    ours = history.strengths(COUNCIL, asked)
    new = [a.domain for a, m, o in zip(case.outside, mine, ours, strict=False) if m < KNOWN and o < KNOWN]
    if new:
        text = "Nobody in the council has written to one of these addresses before."
        yield Sign("first_contact", text, frozenset(new))


def to_self(case: Correspondence) -> Iterator[Sign]:
    """The sender's own name at a mail provider, and something attached."""
    mine = _name_words(case.sender.local)
    if not mine or not _attached(case.headers):
        return
    for address in case.outside:
        if case.private(address) and mine & _name_words(address.local):
            text = "It looks like a message to the sender's own private mailbox, with an attachment."
            yield Sign("to_self", text, frozenset({address.domain}))
            return


def _name_words(local: str) -> frozenset[str]:
    words = "".join(c if c.isalpha() else " " for c in local.casefold()).split()
    whole = "".join(words)
    return frozenset(word for word in (*words, whole) if len(word) >= _OWN_NAME)


def _attached(headers: Sequence[Header]) -> bool:
    return any(
        name.lower() == "content-type" and not value.lstrip().lower().startswith(("text/", "multipart/alt"))
        for name, value in headers
    )


def wrong_person(case: Correspondence) -> Iterator[Sign]:
    """One private recipient whose name is nobody's in the message, though it is about somebody.

    Names are compared by initials and lengths, which is what their masks keep; it is a hint, no proof.
    """
    if len(case.outside) != 1 or not case.sensitive or not case.private(case.outside[0]):
        return
    name = case.names.get(case.outside[0].key, "")
    words = frozenset(mask_name(word) for word in name.split() if len(word) > 2)
    people = [
        finding
        for finding in case.inspection.findings
        if finding.entity_type == "PERSON" and "header " not in finding.location
    ]
    if words and people and not any(words & set(finding.masked.split()) for finding in people):
        text = "It is about people whose names differ from the recipient's."
        yield Sign("wrong_person", text, frozenset({case.outside[0].domain}))


def volume(case: Correspondence) -> Iterator[Sign]:
    """Many people's data to one address outside."""
    people = case.inspection.assessment.people.low
    if case.sensitive and len(case.outside) == 1 and people > case.settings.volume_people:
        yield Sign("volume", f"It holds the data of {people} people or more, for one recipient outside.")


def bcc_header(case: Correspondence) -> Iterator[Sign]:
    """A Bcc field that was left in: it shows what it should hide."""
    if case.outside and any(name.lower() in ("bcc", "resent-bcc") and value for name, value in case.headers):
        yield Sign("bcc_header", "Its Bcc field was left in: every recipient can read it.")


RULES: tuple[Callable[[Correspondence], Iterator[Sign]], ...] = (
    open_list,
    sensitive_list,
    hidden_list,
    look_alike,
    odd_one_out,
    name_collision,
    first_contact,
    to_self,
    wrong_person,
    volume,
    bcc_header,
)


def signs(case: Correspondence) -> tuple[Sign, ...]:
    """Every sign that the rules see."""
    return tuple(sign for rule in RULES for sign in rule(case))
