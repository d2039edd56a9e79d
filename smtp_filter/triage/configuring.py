"""The console's settings out of the configuration file."""

from __future__ import annotations

import ipaddress

from scanner.configuration import Configuration, ConfigurationError, Problem
from smtp_filter.configuration import ConsoleSection, OpenIdSection, QuarantineSection
from smtp_filter.configuration.sections import split_endpoint
from smtp_filter.triage.roles import Role
from smtp_filter.triage.settings import ConsoleSettings, GuessingSettings, OpenIdSettings, SessionSettings


def console_settings(configuration: Configuration, where: str) -> ConsoleSettings:
    """What the console is told; ``where`` names the file in problems.  Raises ``ConfigurationError``."""
    section = configuration.section(ConsoleSection)
    host, port = split_endpoint(section.listen)
    names = configuration.organisation.names
    return ConsoleSettings(
        host=host,
        port=port,
        address=section.address,
        tls_certificate=section.tls_certificate,
        tls_key=section.tls_key,
        trusted_proxies=tuple(map(ipaddress.ip_network, section.trusted_proxies)),
        council=names[0] if names else "The council",
        zone=configuration.section(QuarantineSection).zone,
        sessions=SessionSettings(idle=section.idle_minutes * 60, whole=section.session_hours * 3600),
        guessing=GuessingSettings(
            failures=section.lock_after,
            locked=section.lock_minutes * 60,
            address_failures=section.failures_per_address,
        ),
        password_characters=section.password_characters,
        second_factor_roles=frozenset(map(Role, section.second_factor)),
        own_departments_only=section.own_departments_only,
        command_accounts=section.command_accounts,
        openid=_openid(configuration.section(OpenIdSection), where),
    )


def _openid(section: OpenIdSection, where: str) -> OpenIdSettings | None:
    if not section.issuer:
        return None
    secret = ""
    if section.client_secret_file is not None:
        try:
            secret = section.client_secret_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no text"
            what = f"{section.client_secret_file} cannot be read ({reason.lower()})"
            raise ConfigurationError([Problem(where, "openid.client_secret_file", what)]) from None
    return OpenIdSettings(
        issuer=section.issuer,
        client_id=section.client_id,
        client_secret=secret,
        label=section.label,
        scopes=section.scopes,
        name_claim=section.name_claim,
        role_claim=section.role_claim,
        roles={claim: frozenset(map(Role, words)) for claim, words in section.roles.items()},
        department_claim=section.department_claim,
        ca_file=section.ca,
    )
