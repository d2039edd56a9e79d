"""What the listener may be told: addresses, who may hand mail over, limits, deadlines, TLS."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK: tuple[IPNetwork, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class AllowedClient:
    """A network that may hand mail over.

    Where ``fingerprints`` (SHA-256 of the certificate, hexadecimal, colons allowed) or ``names`` (DNS names
    in the certificate, ``*.example`` for one label) are given, its client must also show such a certificate,
    signed by the authority in ``ListenerTls.client_ca``.
    """

    network: IPNetwork
    fingerprints: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListenerTls:
    """STARTTLS for clients: TLS 1.2 or later.

    ``required`` is ``remote`` (all but loopback), ``always`` or ``never``.  ``client_ca`` makes the listener
    ask for a client certificate.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    required: Literal["remote", "always", "never"] = "remote"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken, in bytes or pieces.

    ``message_bytes`` must not be below the upstream's own limit, so that it refuses first.  ``memory_bytes``
    is for the messages of all sessions together; above ``spool_bytes`` a message lies in an unlinked file.
    ``disk_reserve_bytes`` must stay free in the spool directory after the message at hand.
    ``errors`` and ``idle_commands`` (those that bring no message nearer) end a session.
    """

    message_bytes: int = 52_428_800
    recipients: int = 1000
    sessions: int = 200
    memory_bytes: int = 268_435_456
    spool_bytes: int = 1_048_576
    line_bytes: int = 1_048_576
    disk_reserve_bytes: int = 268_435_456
    errors: int = 20
    idle_commands: int = 100


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long is waited, in seconds (``mail_filtering`` 2.3).

    ``answer_seconds`` is the hard stop from the final dot to our reply: below the 100 s of Postfix's
    ``smtpd_proxy_timeout``.  The filter's own deadline (60 s) is shorter.
    """

    command_seconds: float = 300.0
    data_block_seconds: float = 180.0
    data_seconds: float = 1800.0
    answer_seconds: float = 90.0
    handshake_seconds: float = 30.0
    grace_seconds: float = 100.0


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Everything the listener needs.

    ``hostname`` stands in the greeting and in our ``Received:`` line, ``token`` marks that line as ours: the
    same for all relays of one council, so that a loop is known.  ``placement`` is ``smtp`` (smart host,
    before-queue, after-queue) or ``lmtp`` (after-queue with one answer per recipient).  ``listen`` holds
    (address, port) pairs; port 0 takes a free one.  ``spool`` is the directory of unlinked files (default:
    the system's).
    """

    hostname: str
    listen: tuple[tuple[str, int], ...] = (("127.0.0.1", 10026),)
    placement: Literal["smtp", "lmtp"] = "smtp"
    token: str = ""
    allowed: tuple[AllowedClient, ...] = tuple(AllowedClient(network) for network in LOOPBACK)
    xforward_peers: tuple[IPNetwork, ...] = LOOPBACK
    tls: ListenerTls | None = None
    spool: Path | None = None
    reuse_port: bool = False
    limits: Limits = field(default_factory=Limits)
    deadlines: Deadlines = field(default_factory=Deadlines)

    def __post_init__(self) -> None:
        """Refuse clear text from other machines; raises ``ValueError``."""
        if self.tls is None and not all(entry.network.is_loopback for entry in self.allowed):
            raise ValueError("clients that are not on the loopback address need tls")
