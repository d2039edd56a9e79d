"""What the verbs on held mail do before their work: open the store of the configuration, say who acts."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.commands.exits import fail
from scanner.commands.preparing import configuration

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from smtp_filter.quarantine.holding import Quarantine
    from smtp_filter.quarantine.model import Actor
    from smtp_filter.triage.visiting import Services

# Whoever can open the database and its key on the server itself.
ROLE = "operator"


def settings_and_quarantine(config: Path | None) -> tuple[Configuration, Quarantine]:
    """The configuration and its open quarantine, or the end of the program with one line."""
    from sqlalchemy.exc import SQLAlchemyError

    from scanner.store.database import StorageError
    from scanner.store.sealing import MasterKeySource, SealingError
    from smtp_filter.configuration import NoticesSection, QuarantineSection
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.quarantine.holding import Quarantine

    settings = configuration(config)
    state = state_directory(settings)
    organisation = settings.organisation
    council = organisation.names[0] if organisation.names else "The council"
    notices = settings.section(NoticesSection).settings(council, frozenset(organisation.domains))
    try:
        return settings, Quarantine.open(
            settings.storage.url(state),
            MasterKeySource.usual(settings.storage.master_key),
            settings.section(QuarantineSection).settings(state, notices),
        )
    except (StorageError, SealingError) as error:
        fail(str(error))
    except (OSError, SQLAlchemyError) as error:
        what = getattr(error, "strerror", None) or type(error).__name__
        fail(f"the quarantine cannot be opened ({what.lower()})")


@contextmanager
def triage_store(config: Path | None) -> Iterator[tuple[Configuration, Quarantine]]:
    """The same with the tables of the console and of scans, closed at the end."""
    from scanner.store.database import StorageError, open_database
    from scanner.store.inventory import open_inventory
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.triage.app import MIGRATIONS

    settings, quarantine = settings_and_quarantine(config)
    try:
        url = settings.storage.url(state_directory(settings))
        try:
            open_database(url, MIGRATIONS).dispose()
            open_inventory(url).dispose()
        except StorageError as error:
            fail(str(error))
        yield settings, quarantine
    finally:
        quarantine.close()


@contextmanager
def console_services(config: Path | None) -> Iterator[tuple[Configuration, Services]]:
    """What the console works with, on the store of the configuration, closed at the end."""
    from scanner.configuration import ConfigurationError, configuration_path
    from scanner.store.database import StorageError
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.triage.app import open_services
    from smtp_filter.triage.configuring import console_settings

    settings, quarantine = settings_and_quarantine(config)
    try:
        where = str(configuration_path(config) or "no configuration file")
        told = console_settings(settings, where)
        url = settings.storage.url(state_directory(settings))
        services = open_services(quarantine, told, settings, url)
    except (ConfigurationError, StorageError) as error:
        fail(str(error))
    try:
        yield settings, services
    finally:
        quarantine.close()


def operator(settings: Configuration) -> Actor:
    """The operating-system user, for upkeep that no account does: accounts, keys, lists, the audit log."""
    from smtp_filter.commands.who import current_user
    from smtp_filter.quarantine.model import Actor

    user = pwd.getpwuid(os.getuid()).pw_name
    name = current_user()
    addresses = frozenset(f"{name}@{domain}" for domain in settings.organisation.domains)
    return Actor(name, ROLE, f"command line, as {user}", addresses)
