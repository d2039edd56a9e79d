"""The sections of the relay: every key with its default and its meaning.

Every program that reads the configuration loads this module, also those that have nothing to do with mail:
the rooms of the relay are loaded when their settings are made.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from scanner.configuration.schema import AbsolutePath, Domain, Section, SeverityWord
from smtp_filter.loopback import is_loopback

if TYPE_CHECKING:
    from smtp_filter.delivery.settings import NextHop
    from smtp_filter.inspection_pool.settings import PoolSettings
    from smtp_filter.quarantine.settings import NoticeSettings, QuarantineSettings
    from smtp_filter.relay.settings import RelaySettings

_KB, _MB = 1_000, 1_000_000
_DAY = 86_400.0


def split_endpoint(text: str) -> tuple[str, int]:
    """``host:port`` or ``[address]:port`` in two; raises ``ValueError`` for anything else."""
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:\s]+)):([0-9]{1,5})", text.strip())
    if not found or not 0 <= int(found[3]) <= 65535:
        raise ValueError("must be address:port, such as '127.0.0.1:10025' or '[::1]:10025'")
    return found[1] or found[2], int(found[3])


def _endpoint(text: str) -> str:
    host, port = split_endpoint(text)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValueError("must be an address or a network, such as '192.0.2.7' or '10.1.0.0/16'") from None


def _host(text: str) -> str:
    host = text.strip().lower().removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[a-z0-9_.:-]{1,253}", host):
        raise ValueError("must be a host name or an address")
    return host


def _mailbox(text: str) -> str:
    mailbox = text.strip()
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", mailbox):
        raise ValueError("must be a mail address, such as 'dpo@example.gov.uk'")
    return mailbox


def _page(text: str) -> str:
    if text and not re.fullmatch(r"https://[^\s{}]+\{reference\}[^\s{}]*", text):
        raise ValueError("must be an https address with {reference} in it")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, OSError, ValueError):
        raise ValueError("must be a time zone, such as 'Europe/London'") from None


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Network = Annotated[str, AfterValidator(_network)]
Host = Annotated[str, AfterValidator(_host)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Page = Annotated[str, AfterValidator(_page)]
Zone = Annotated[str, AfterValidator(_zone)]
Hour = Annotated[int, Field(ge=0, le=23)]


class RelaySection(Section):
    """The relay's own side: where it listens, who may hand over mail, and how much."""

    listen: tuple[Endpoint, ...] = Field(
        default=("127.0.0.1:10025",), description="addresses and ports on which it takes mail over SMTP"
    )
    listen_lmtp: tuple[Endpoint, ...] = Field(
        default=(), description="the same over LMTP, which answers for each recipient (Postfix after-queue)"
    )
    host_name: Host | None = Field(
        default=None, description="its name in greetings and Received lines; default: the machine's"
    )
    clients: tuple[Network, ...] = Field(
        default=("127.0.0.0/8", "::1/128"),
        description="who may hand over mail: the council's own mail servers, nobody else",
    )
    xforward_clients: tuple[Network, ...] = Field(
        default=("127.0.0.0/8", "::1/128"),
        description="whose XFORWARD is believed: the Postfix that hands mail over",
    )
    tls_certificate: AbsolutePath | None = Field(
        default=None, description="certificate (with its chain, PEM) for STARTTLS; without it no STARTTLS"
    )
    tls_key: AbsolutePath | None = Field(default=None, description="its private key (PEM)")
    require_tls: Literal["remote", "always", "never"] = Field(
        default="remote",
        description="whose mail must come over TLS: remote = all but this machine's, always, never",
    )
    client_ca: AbsolutePath | None = Field(
        default=None, description="clients must show a certificate of this authority (PEM)"
    )
    client_names: tuple[str, ...] = Field(
        default=(), description="names of which the client's certificate must hold one; empty: any"
    )
    processes: int = Field(default=2, ge=1, le=64, description="relay processes that share the port")
    message_mb: int = Field(
        default=50, ge=1, le=500, description="largest message; the mail server's own limit must be lower"
    )
    recipients: int = Field(
        default=1_000,
        ge=100,
        le=100_000,
        description="recipients of one message; the rest comes in a second one",
    )
    sessions: int = Field(default=100, ge=1, le=10_000, description="sessions of one process at a time")
    memory_mb: int = Field(
        default=256, ge=16, description="memory of one process for the messages of all its sessions"
    )
    spool: AbsolutePath | None = Field(
        default=None, description="folder for large messages while they are examined; default: the system's"
    )
    stop_seconds: float = Field(
        default=100.0, gt=0, description="how long a stop waits for messages that are under way"
    )

    @model_validator(mode="after")
    def _whole(self) -> RelaySection:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: give both or neither")
        if (self.require_tls == "always" or self.client_ca) and self.tls_certificate is None:
            raise ValueError("require_tls: always and client_ca need tls_certificate and tls_key")
        if self.client_names and not self.client_ca:
            raise ValueError("client_names need client_ca")
        return self

    def settings(self, *, host_name: str, token: str) -> tuple[RelaySettings, ...]:
        """What the listeners are told, one for each placement.

        ``host_name`` is the machine's, ``token`` marks our own ``Received`` lines.
        """
        from smtp_filter.relay.settings import AllowedClient, Deadlines, Limits, ListenerTls, RelaySettings

        tls = None
        if self.tls_certificate and self.tls_key:
            tls = ListenerTls(
                self.tls_certificate, self.tls_key, client_ca=self.client_ca, required=self.require_tls
            )
        clients = tuple(
            AllowedClient(
                network,
                # A client on this machine has nobody's certificate.
                names=frozenset() if network.is_loopback else frozenset(self.client_names),
            )
            for network in map(ipaddress.ip_network, self.clients)
        )
        common = RelaySettings(
            hostname=self.host_name or host_name,
            token=token,
            allowed=clients,
            xforward_peers=tuple(map(ipaddress.ip_network, self.xforward_clients)),
            tls=tls,
            spool=self.spool,
            limits=Limits(
                # The program's own unit is a million; mail servers count in 1,048,576.
                message_bytes=self.message_mb << 20,
                recipients=self.recipients,
                sessions=self.sessions,
                memory_bytes=self.memory_mb << 20,
            ),
            deadlines=Deadlines(grace_seconds=self.stop_seconds),
        )
        addresses: tuple[tuple[Literal["smtp", "lmtp"], tuple[str, ...]], ...]
        addresses = (("smtp", self.listen), ("lmtp", self.listen_lmtp))
        return tuple(
            replace(common, placement=placement, listen=tuple(map(split_endpoint, listen)))
            for placement, listen in addresses
            if listen
        )


class HopSection(Section):
    """A mail server that takes what is passed."""

    host: Host | None = Field(default=None, description="name or address of the mail server")
    port: int = Field(default=25, ge=1, le=65535, description="its port")
    tls: Literal["starttls", "none"] = Field(
        default="starttls",
        description="starttls = certificate checked, no fallback; none = only for a server on this machine",
    )
    ca: AbsolutePath | None = Field(
        default=None, description="authorities that are trusted (PEM); default: the system's"
    )
    name: Host | None = Field(
        default=None, description="the name that its certificate must bear; default: host"
    )
    certificate: AbsolutePath | None = Field(default=None, description="certificate that we show it (PEM)")
    key: AbsolutePath | None = Field(default=None, description="the private key of that certificate (PEM)")
    connections: int = Field(default=20, ge=1, le=1_000, description="connections of one process at a time")

    @model_validator(mode="after")
    def _whole(self) -> HopSection:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both or neither")
        if self.host and self.tls == "none" and not is_loopback(self.host):
            raise ValueError("tls: none is only for a server on this machine; mail is readable on the wire")
        return self

    def settings(self, helo: str) -> NextHop | None:
        """What delivery is told; ``None`` where there is no such server.  ``helo`` is our own name."""
        from smtp_filter.delivery.settings import NextHop

        if self.host is None:
            return None
        return NextHop(
            host=self.host,
            port=self.port,
            tls=self.tls,
            name=self.name or "",
            ca_file=self.ca,
            certificate=self.certificate,
            key=self.key,
            helo=helo,
            pool_size=self.connections,
        )


class NextHopSection(HopSection):
    """Where mail goes on: the egress mail server, the re-injection port, or the connector back."""


class SecureHopSection(HopSection):
    """Where mail goes that must leave over verified TLS or not at all."""


class GatewayHopSection(HopSection):
    """The encryption gateway, where mail goes that is to be encrypted on its way."""


class MailWorkersSection(Section):
    """The processes that examine messages, and what one message may cost."""

    count: int = Field(
        default=0, ge=0, le=256, description="workers of one relay process; 0 = one for each core, at least 2"
    )
    seconds_per_message: float = Field(
        default=60.0, gt=0, le=90, description="longest examination, waiting included; then 'try again'"
    )
    cpu_seconds_per_message: int = Field(
        default=60, ge=1, le=600, description="the same in CPU time: stops readers in a loop"
    )
    memory_mb_per_worker: int = Field(
        default=2_000, ge=256, description="a message that needs more is not examined"
    )
    large_mb: int = Field(
        default=2, ge=1, description="messages of this size never hold the last free worker"
    )
    waiting: int = Field(
        default=100, ge=1, description="messages of a process that wait for a worker; beyond: 'try again'"
    )
    messages_per_worker: int = Field(
        default=2_000, ge=1, description="a worker is replaced after so many messages"
    )
    attempts: int = Field(
        default=3, ge=1, le=20, description="a message whose examination failed so often is held"
    )

    def settings(self) -> PoolSettings:
        """What the inspection pool is told."""
        from scanner.documents.isolation import Confinement
        from smtp_filter.inspection_pool.settings import PoolSettings

        return PoolSettings(
            workers=self.count,
            deadline=self.seconds_per_message,
            large_bytes=self.large_mb * _MB,
            waiting=self.waiting,
            confinement=Confinement(
                memory_bytes=self.memory_mb_per_worker * _MB,
                cpu_seconds=self.cpu_seconds_per_message,
                open_files=128,
                niceness=3,
            ),
            messages_per_worker=self.messages_per_worker,
        )


class MailSection(Section):
    """The judgement of outgoing mail; the council's own domains are `organisation.domains`."""

    policy: AbsolutePath | None = Field(
        default=None, description="own mail policy, in the form of rules/mail/policy.yaml"
    )
    monitor_only: bool = Field(
        default=False,
        description="deliver everything and record what would have been held; the policy can say so, too",
    )
    log_messages: bool = Field(
        default=True, description="one line in the log for each message, without personal data"
    )


class QuarantineSection(Section):
    """What is held: where it lies, how long, by when it is decided."""

    bodies: AbsolutePath | None = Field(
        default=None, description="folder of held messages (encrypted); default: held in the state directory"
    )
    in_database_kb: int | None = Field(
        default=256, ge=0, description="held messages up to this size lie in the database; null = all of them"
    )
    reserve_mb: int = Field(
        default=500, ge=1, description="disk space that is never used: 'try again' below it"
    )
    zone: Zone = Field(default="Europe/London", description="time zone of the working hours")
    opens: Hour = Field(default=9, description="first working hour")
    closes: Annotated[int, Field(ge=1, le=23)] = Field(default=17, description="end of the working day")
    closed: tuple[date, ...] = Field(
        default=(), description="days without work beyond weekends and bank holidays"
    )
    decide_within_hours: dict[SeverityWord, float] = Field(
        default={"critical": 1.0, "high": 4.0, "medium": 8.0, "low": 16.0},
        description="working hours until a decision is late, by severity",
    )
    second_person_from: SeverityWord = Field(
        default="critical", description="from this severity on two people decide"
    )
    expiry_days: int = Field(
        default=10,
        ge=1,
        le=365,
        description="working days until an undecided message is refused, with notice",
    )
    warn_triage_days: int = Field(default=5, ge=1, description="working days until triage is reminded")
    warn_sender_days: int = Field(
        default=8, ge=1, description="working days until the sender is told of the end"
    )
    body_days: int = Field(
        default=30, ge=1, description="days until the body of a decided message is destroyed"
    )
    record_days: int = Field(default=730, ge=1, description="days that the record of it is kept")

    @model_validator(mode="after")
    def _whole(self) -> QuarantineSection:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self

    def settings(self, state: Path, notices: NoticeSettings) -> QuarantineSettings:
        """What the quarantine is told; ``state`` is the state directory."""
        from scanner.judgement.assessment import Severity
        from smtp_filter.quarantine.settings import QuarantineSettings
        from smtp_filter.quarantine.working_time import WorkingTime

        hours = {Severity[word.upper()]: number for word, number in self.decide_within_hours.items()}
        return QuarantineSettings(
            bodies=self.bodies or state / "held",
            in_database=None if self.in_database_kb is None else self.in_database_kb * _KB,
            reserve=self.reserve_mb * _MB,
            working=WorkingTime(self.zone, self.opens, self.closes, frozenset(self.closed)),
            due_hours=hours,
            other_due_hours=hours.get(Severity.LOW, 16.0),
            warn_triage_days=self.warn_triage_days,
            warn_sender_days=self.warn_sender_days,
            expiry_days=self.expiry_days,
            body_kept=self.body_days * _DAY,
            metadata_kept=self.record_days * _DAY,
            second_person_from=Severity[self.second_person_from.upper()],
            notices=notices,
        )


class NoticesSection(Section):
    """Who is told of a held message, and in which words."""

    mailbox: Mailbox | None = Field(
        default=None, description="From address of notices, a mailbox that is read; null = nobody is told"
    )
    telephone: str = Field(default="", description="the number to ring, in quotes")
    page: Page = Field(default="", description="page of a held message, with {reference} in it")
    secure_tag: str = Field(default="[SECURE]", description="what senders write to send encrypted")
    languages: tuple[Literal["en", "cy"], ...] = Field(
        default=("en",), min_length=1, description="languages of each notice, in order"
    )
    templates: AbsolutePath | None = Field(
        default=None, description="folder of own templates; each file replaces the one of that name"
    )
    triage: tuple[Mailbox, ...] = Field(default=(), description="who gets the digest and alerts")
    duty: tuple[Mailbox, ...] = Field(
        default=(), description="who is told of an emergency release and of shielded subjects"
    )
    dpo: tuple[Mailbox, ...] = Field(
        default=(), description="the data protection officer, told where a rule says copy_to: [dpo]"
    )
    alert_from: SeverityWord = Field(
        default="high", description="from this severity on triage is told at once"
    )
    digest_hours: tuple[Hour, ...] = Field(default=(8, 13), description="hours at which the digest is sent")
    disclosures_per_hour: int = Field(
        default=30,
        ge=0,
        description="so many values, previews and originals that one person opens within an hour are told to "
        "duty; 0 = never",
    )

    def settings(self, council: str, domains: frozenset[Domain]) -> NoticeSettings:
        """What notices are told; ``domains`` are the council's own, nobody else is written to."""
        from scanner.judgement.assessment import Severity
        from smtp_filter.quarantine.settings import NoticeSettings

        return NoticeSettings(
            council=council,
            mailbox=self.mailbox or "",
            phone=self.telephone,
            page=self.page,
            secure_tag=self.secure_tag,
            languages=self.languages,
            templates=self.templates,
            domains=domains,
            triage=self.triage,
            duty=self.duty,
            dpo=self.dpo,
            alert_from=Severity[self.alert_from.upper()],
            digest_hours=self.digest_hours,
            disclosures_per_hour=self.disclosures_per_hour,
        )


class MetricsSection(Section):
    """Health, readiness and figures over HTTP, without personal data."""

    listen: Endpoint | None = Field(
        default="127.0.0.1:9125", description="address and port of /health, /ready and /metrics; null = none"
    )
