"""Schema of mail policies, routes and lists of domains; unknown keys are refused."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from rules.policy import SeverityWord
from rules.schema import Strict

Word = Literal["deliver", "encrypted", "secure-route", "hold", "block"]
ActionWord = Literal["deliver", "deliver-secure", "hold", "return"]
RouteWord = Literal["inside", "outside", "secure", "gateway"]
ProtectionWord = Literal["strong", "weak", "unknown", "undone"]


class Effect(StrEnum):
    """What a sign of a misdirected message does."""

    OFF = "off"
    WARN = "warn"  # a reason in the report, nothing else
    RAISE = "raise"  # one step up in severity, where the message is sensitive
    HOLD_IF_SENSITIVE = "hold-if-sensitive"
    HOLD = "hold"
    BLOCK = "block"


class Enforcement(StrEnum):
    """How it is made sure that mail to a domain never leaves in clear."""

    NONE = "none"  # it is not: an ordinary outside address
    ASSUMED = (
        "assumed"  # nobody has stated it: only the secure exit, which enforces it, makes the route secure
    )
    MTA_STS = "mta-sts"
    DANE = "dane"
    VERIFIED_TLS = "verified-tls"


def _pattern(text: str) -> str:
    pattern = text.strip().lower()
    if not pattern or " " in pattern or "*" in pattern or pattern.count("@") > 1:
        raise ValueError(
            "must be a domain (example.org), a domain with all beneath it (.example.org), an address, "
            "or @ and a domain"
        )
    return pattern


def _header_name(text: str) -> str:
    if not text or any(not 33 <= ord(letter) <= 126 or letter == ":" for letter in text):
        raise ValueError("must be the name of a header")
    return text


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise ValueError("must be one line")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Line = Annotated[str, AfterValidator(_one_line)]


class RouteLine(Strict):
    """One domain of the secure list.

    ``domain`` with a leading dot means everything beneath it.  ``source`` and ``date`` say where it is
    written and when that was read; ``secure: false`` is an exception from a wider line.
    """

    domain: Pattern
    source: str
    date: date
    secure: bool = True
    enforced: Enforcement = Enforcement.NONE
    note: str = ""


class Gateway(Strict):
    """A gateway that encrypts what it is handed: how a message asks for it, and the exit that leads there.

    ``tags`` stand at the start of the subject, in any case; ``headers`` are set by the mail server upstream;
    ``labels`` are ids of the council's own sensitivity labels (``msip_labels``).
    """

    name: str
    exit: str = "gateway"
    tags: tuple[Line, ...] = ()
    headers: dict[HeaderName, Line] = Field(default_factory=dict)
    labels: tuple[str, ...] = ()


class Circle(Strict):
    """A group or a department: one name for many senders."""

    name: str
    members: tuple[Pattern, ...]


class When(Strict):
    """The conditions of a rule; all that are given must hold, each by any one of its values.

    Without ``routes`` a rule is about recipients who are not inside.  ``markings`` are words at the start or
    the end of the subject.  ``unread`` are reasons of parts not inspected, ``unread_names`` how their names
    end; both must hold for every such part.
    """

    senders: tuple[Pattern, ...] = ()
    groups: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    recipients: tuple[Pattern, ...] = ()
    routes: tuple[RouteWord, ...] = ()
    words: tuple[Word, ...] = ()
    severity: SeverityWord | None = None
    people: Annotated[int, Field(ge=1)] | None = None
    reasons: tuple[str, ...] = ()
    entity_types: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    markings: tuple[str, ...] = ()
    misdirection: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unread_names: tuple[str, ...] = ()
    protection: tuple[ProtectionWord, ...] = ()


class Then(Strict):
    """What a rule does; without an ``action`` it leaves the decision to others and only adds."""

    action: ActionWord | None = None
    headers: dict[HeaderName, Line] = Field(default_factory=dict)
    tag_subject: Line = ""
    notify: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()


class Example(Strict):
    """A recipient of a message, as far as a rule can see: for the rule's own examples."""

    sender: str = "officer@council.gov.uk"
    recipient: str = "person@example.org"
    route: RouteWord = "outside"
    word: Word = "deliver"
    severity: SeverityWord = "none"
    people: int = 0
    reasons: tuple[str, ...] = ()
    entity_types: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    subject: str = ""
    misdirection: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unread_names: tuple[str, ...] = ()
    protection: tuple[ProtectionWord, ...] = ()


class PolicyExamples(Strict):
    """Messages that a rule must and must not be about."""

    match: Annotated[tuple[Example, ...], Field(min_length=1)]
    no_match: Annotated[tuple[Example, ...], Field(min_length=1)]


class PolicyRule(Strict):
    """One rule of a policy.

    ``monitor`` records what it would have done and does not do it.  A rule that lets something pass names its
    ``owner`` and the day ``until`` which it holds.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    when: When
    then: Then
    monitor: bool = False
    owner: str = ""
    until: date | None = None
    examples: PolicyExamples

    @model_validator(mode="after")
    def _exceptions_are_owned(self) -> PolicyRule:
        if self.then.action == "deliver" and not (self.owner and self.until):
            raise ValueError("a rule that delivers needs an owner and a last day (until)")
        return self


class Misdirection(Strict):
    """What each sign of a misdirected message does, and from which numbers on it is one."""

    open_list: Effect
    sensitive_list: Effect
    hidden_list: Effect
    look_alike: Effect
    near_public_body: Effect
    odd_one_out: Effect
    name_collision: Effect
    first_contact: Effect
    to_self: Effect
    wrong_person: Effect
    volume: Effect
    bcc_header: Effect
    open_list_addresses: Annotated[int, Field(ge=2)]
    open_list_private: Annotated[int, Field(ge=2)]
    hidden_list_recipients: Annotated[int, Field(ge=2)]
    volume_people: Annotated[int, Field(ge=2)]


class Actions(Strict):
    """What is done by default for each word of the verdict."""

    deliver: ActionWord = "deliver"
    encrypted: ActionWord = "deliver"
    secure_route: ActionWord = "deliver-secure"
    hold: ActionWord = "hold"
    block: ActionWord = "hold"


class EmergencyRelease(Strict):
    """Who may approve "this must go tonight", and who hears of it."""

    approvers: tuple[str, ...]
    copy_to: tuple[str, ...] = ()
    within_minutes: Annotated[int, Field(ge=1)]


class MailPolicy(Strict):
    """A mail policy; see the comments of ``policy.yaml``."""

    name: str
    monitor_only: bool = False
    own_domains: tuple[Pattern, ...] = ()
    exits: tuple[str, ...] = ("secure",)
    sensitive_from: SeverityWord = "medium"
    weak_encryption_counts: bool = False
    unread_pictures: Literal["deliver", "hold"] = "deliver"
    unread_scans: Literal["deliver", "hold"] = "hold"
    actions: Actions = Actions()
    misdirection: Misdirection
    gateways: tuple[Gateway, ...] = ()
    routes: tuple[RouteLine, ...] = ()
    groups: tuple[Circle, ...] = ()
    departments: tuple[Circle, ...] = ()
    emergency_release: EmergencyRelease
    rules: tuple[PolicyRule, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> MailPolicy:
        ids = [rule.id for rule in self.rules]
        for twice in {one for one in ids if ids.count(one) > 1}:
            raise ValueError(f"two rules are called {twice}")
        groups = {group.name for group in self.groups}
        departments = {department.name for department in self.departments}
        for rule in self.rules:
            for name in (*(set(rule.when.groups) - groups), *(set(rule.when.departments) - departments)):
                raise ValueError(f"rule {rule.id}: no group or department is called {name!r}")
        return self


class RoutesFile(Strict):
    """The shipped secure list."""

    routes: tuple[RouteLine, ...]


class RetiredDomain(Strict):
    """A network that was closed; in ``modern``, the form that took its place, ``{}`` is the label before."""

    domain: Pattern
    modern: str
    closed: str
    source: str


class DomainsFile(Strict):
    """What is known about domains as such; see the comments of ``domains.yaml``."""

    source: str
    registries: frozenset[str]
    council_registries: frozenset[str]
    public_bodies: frozenset[str]
    open_endings: frozenset[str]
    shared: frozenset[str]
    freemail: frozenset[str]
    imitated: frozenset[str]
    one_ending: frozenset[str]
    councils: frozenset[str]
    retired: tuple[RetiredDomain, ...]
    group_words: tuple[str, ...]
