"""The sections of the console: its address, its sessions, accounts, and the provider of OpenID Connect."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from scanner.configuration.schema import AbsolutePath, Section
from smtp_filter.configuration.sections import Endpoint, Network, split_endpoint
from smtp_filter.loopback import is_loopback

RoleWord = Literal[
    "viewer", "triage", "approver", "auditor", "dpo", "siro", "duty", "rule_editor", "administrator"
]


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    if address and not re.fullmatch(r"https?://[^\s/?#@]+", address):
        raise ValueError("must be an address without a path, such as 'https://dlp.example.gov.uk'")
    return address


def _issuer(text: str) -> str:
    issuer = text.strip()
    if issuer and not re.fullmatch(r"https?://[^\s?#@]+", issuer):
        raise ValueError("must be the issuer's address, such as 'https://login.example.org/tenant/v2.0'")
    return issuer


Address = Annotated[str, AfterValidator(_address)]
Issuer = Annotated[str, AfterValidator(_issuer)]


class ConsoleSection(Section):
    """The console of `dlp console`: where it is, how long a session lives, what stops guessing."""

    listen: Endpoint = Field(default="127.0.0.1:8440", description="address and port of the console")
    address: Address = Field(
        default="", description="what people type, such as 'https://dlp.example.gov.uk', without a path"
    )
    tls_certificate: AbsolutePath | None = Field(
        default=None, description="certificate (with its chain, PEM); without it only behind a proxy with TLS"
    )
    tls_key: AbsolutePath | None = Field(default=None, description="its private key (PEM)")
    trusted_proxies: tuple[Network, ...] = Field(
        default=(), description="proxies whose X-Forwarded-For is believed, and that speak TLS to browsers"
    )
    idle_minutes: float = Field(
        default=20.0, gt=0, le=720, description="minutes without use until a session ends"
    )
    session_hours: float = Field(default=10.0, gt=0, le=72, description="hours until a session ends anyway")
    lock_after: int = Field(
        default=10, ge=3, le=100, description="failed attempts in a row until an account is locked"
    )
    lock_minutes: float = Field(default=15.0, gt=0, le=1_440, description="minutes that a lock lasts")
    failures_per_address: int = Field(
        default=50, ge=5, le=10_000, description="failed attempts of one network address in 15 minutes"
    )
    password_characters: int = Field(default=12, ge=12, le=64, description="least length of a password")
    second_factor: tuple[RoleWord, ...] = Field(
        default=(), description="roles that must have a second factor"
    )
    own_departments_only: bool = Field(
        default=False, description="people see the items of their departments only"
    )
    command_accounts: dict[str, str] = Field(
        default={},
        description="which account an operating-system user is on the command line; others sign in there",
    )

    @model_validator(mode="after")
    def _whole(self) -> ConsoleSection:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: give both or neither")
        host, _ = split_endpoint(self.listen)
        if self.tls_certificate is None and not self.trusted_proxies and not is_loopback(host):
            raise ValueError(
                "beyond this machine the console needs TLS: give tls_certificate and tls_key, or the "
                "trusted_proxies that speak TLS"
            )
        if "root" in self.command_accounts:
            raise ValueError("command_accounts: root is no person; root signs in like everybody")
        return self


class OpenIdSection(Section):
    """Sign-in with the council's own accounts: OpenID Connect, such as Entra ID."""

    issuer: Issuer = Field(default="", description="address of the issuer; empty = not used")
    client_id: str = Field(default="", description="what the issuer calls the console")
    client_secret_file: AbsolutePath | None = Field(
        default=None, description="file that holds the client's secret, readable by dlp only"
    )
    label: str = Field(default="your work account", description="what the button says after 'Sign in with'")
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile", "email"), description="what is asked of the issuer"
    )
    name_claim: str = Field(
        default="preferred_username", description="claim that holds the person's name in the console"
    )
    role_claim: str = Field(default="roles", description="claim that holds roles or groups")
    roles: dict[str, tuple[RoleWord, ...]] = Field(
        default={}, description="what each role or group of that claim means here; nobody gets in without one"
    )
    department_claim: str = Field(default="", description="claim that holds departments; empty: none")
    ca: AbsolutePath | None = Field(
        default=None, description="authorities that are trusted for the issuer (PEM); default: the system's"
    )

    @model_validator(mode="after")
    def _whole(self) -> OpenIdSection:
        if self.issuer and not (self.client_id and self.roles):
            raise ValueError("issuer needs client_id and roles")
        host = re.sub(r"^https?://(\[[^\]]*\]|[^:/]*).*$", r"\1", self.issuer).strip("[]")
        if self.issuer.startswith("http:") and not is_loopback(host):
            raise ValueError("issuer must be an https address")
        return self
