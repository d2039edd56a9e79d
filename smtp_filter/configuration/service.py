"""The service's settings from the configuration file: each room gets its own part, each problem is a line."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

from rules.loader import RuleError
from rules.mail import load_mail_rules
from scanner.configuration import Configuration, ConfigurationError, Problem
from scanner.store.keys import InstallationKeyError, default_state_directory, installation_key
from scanner.store.sealing import MasterKeySource
from smtp_filter.configuration.sections import (
    GatewayHopSection,
    MailSection,
    MailWorkersSection,
    MetricsSection,
    NextHopSection,
    NoticesSection,
    QuarantineSection,
    RelaySection,
    SecureHopSection,
    split_endpoint,
)
from smtp_filter.service.filter import FilterSettings
from smtp_filter.service.settings import ServiceSettings
from smtp_filter.verdict import VerdictSettings


def service_settings(configuration: Configuration, where: str) -> ServiceSettings:
    """What `dlp relay` runs with; ``where`` names the file in problems.

    Raises :class:`ConfigurationError`.
    """
    relay = configuration.section(RelaySection)
    workers = configuration.section(MailWorkersSection)
    mail = configuration.section(MailSection)
    host_name = relay.host_name or socket.getfqdn()
    hops = {
        route: hop
        for route, section in (
            ("default", configuration.section(NextHopSection)),
            ("secure", configuration.section(SecureHopSection)),
            ("gateway", configuration.section(GatewayHopSection)),
        )
        if (hop := section.settings(host_name)) is not None
    }
    problems: list[Problem] = []
    if "default" not in hops:
        problems.append(Problem(where, "next_hop.host", "must say where mail goes on to"))
    if not relay.listen and not relay.listen_lmtp:
        problems.append(Problem(where, "relay.listen", "must hold at least one address"))
    if problems:
        raise ConfigurationError(problems)
    state = state_directory(configuration)
    try:
        key = installation_key(state)
    except InstallationKeyError as error:
        raise ConfigurationError([Problem(where, "state.directory", str(error))]) from None
    except OSError as error:
        reason = f"{state} cannot be used ({(error.strerror or 'error').lower()})"
        raise ConfigurationError([Problem(where, "state.directory", reason)]) from None
    organisation = configuration.organisation
    domains = frozenset(organisation.domains)
    council = organisation.names[0] if organisation.names else ""
    notices = configuration.section(NoticesSection)
    metrics = configuration.section(MetricsSection)
    return ServiceSettings(
        # The same for all relays that share this state: a message that comes round is known.
        relays=relay.settings(host_name=host_name, token=hashlib.blake2b(b"loop", key=key).hexdigest()[:16]),
        next_hops=hops,
        processes=relay.processes,
        pool=workers.settings(),
        # Values are kept sealed with a held message, for those who may look at them.
        inspection=configuration.inspection(key, show_values=True, use="mail"),
        filter=FilterSettings(
            judging=judging(mail, domains, frozenset(hops), where),
            attempts=workers.attempts,
            council=council,
            help_text=notices.telephone,
        ),
        quarantine=configuration.section(QuarantineSection).settings(
            state, notices.settings(council or "The council", domains)
        ),
        database=configuration.storage.url(state),
        master_key=MasterKeySource.usual(configuration.storage.master_key),
        metrics=split_endpoint(metrics.listen) if metrics.listen else None,
        stop_seconds=relay.stop_seconds,
        log_level=configuration.logging.level,
        log_file=configuration.logging.file,
        log_messages=mail.log_messages,
    )


def state_directory(configuration: Configuration) -> Path:
    """Where state lives."""
    return Path(configuration.state.directory or default_state_directory()).absolute()


def judging(mail: MailSection, domains: frozenset[str], exits: frozenset[str], where: str) -> VerdictSettings:
    """What the judgement is told; raises :class:`ConfigurationError` for a policy that cannot be used."""
    try:
        rules = load_mail_rules(mail.policy)
    except RuleError as error:
        raise ConfigurationError([Problem(where, "mail.policy", str(error))]) from None
    except OSError as error:
        reason = f"{mail.policy} cannot be read ({(error.strerror or 'error').lower()})"
        raise ConfigurationError([Problem(where, "mail.policy", reason)]) from None
    if mail.monitor_only and not rules.policy.monitor_only:
        rules = type(rules)(
            rules.policy.model_copy(update={"monitor_only": True}), rules.routes, rules.domains
        )
    return VerdictSettings.of(rules, domains, exits)
