"""What the console is told: its address, its sessions, how people prove who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from smtp_filter.triage.roles import Role


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long a session lives, in seconds: without use, and at all."""

    idle: float = 20 * 60.0
    whole: float = 10 * 3600.0


@dataclass(frozen=True, slots=True)
class GuessingSettings:
    """What stops guessing: failures of one account until it is locked, and of one address in a window."""

    failures: int = 10
    locked: float = 15 * 60.0
    address_failures: int = 50
    address_window: float = 15 * 60.0


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """A provider of OpenID Connect and what its claims mean here.

    ``roles`` maps a value of ``role_claim`` to roles; nobody without one of them gets in.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    label: str = "your work account"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "preferred_username"
    role_claim: str = "roles"
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    department_claim: str = ""
    ca_file: Path | None = None
    second_factor_claim: str = "amr"


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """The whole of it.

    ``address`` is what people type (``https://dlp.example.gov.uk``); ``secure`` says that browsers reach the
    console over TLS, its own or a proxy's.  ``own_departments_only`` limits what people see to their
    departments.
    """

    host: str = "127.0.0.1"
    port: int = 8440
    address: str = ""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    council: str = "The council"
    zone: str = "Europe/London"
    sessions: SessionSettings = SessionSettings()
    guessing: GuessingSettings = GuessingSettings()
    password_characters: int = 12
    second_factor_roles: frozenset[Role] = frozenset()
    own_departments_only: bool = False
    openid: OpenIdSettings | None = None
    command_accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def secure(self) -> bool:
        """Whether cookies may be marked for TLS only."""
        return self.tls_certificate is not None or self.address.startswith("https://")
