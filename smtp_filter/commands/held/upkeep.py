"""Upkeep of the quarantine by whoever has the server: what is due by itself, and the master key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.held.options import How, print_json
from smtp_filter.commands.opening import operator, settings_and_quarantine

if TYPE_CHECKING:
    from smtp_filter.quarantine.holding import Quarantine
    from smtp_filter.quarantine.model import Actor

REKEY_HELP = """Change the master key: a new one is made and every item's key is wrapped by it.

The old key stays in the file until --finish. Bodies are not touched, the relay works meanwhile. See
docs/quarantine.md for keys that come from systemd or the environment, and for a key that is lost.

\b
Examples:
  dlp quarantine rekey
  dlp quarantine rekey --finish
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]


def do_what_is_due(what: str, how: How, *, named: bool) -> None:
    """Do what is due by itself, which the relay does every few minutes, too; no account is needed."""
    from smtp_filter.quarantine.housekeeping import tidy

    if named:
        fail("give numbers, or --due for all whose time is over")
    _, quarantine = settings_and_quarantine(how.config)
    done = asdict(tidy(quarantine))
    if how.as_json:
        print_json(done)
    else:
        typer.echo(f"{done[what]} {what.replace('_', ' ')}")


def rekey(
    finish: Annotated[bool, typer.Option("--finish", help="Forget the older keys of the file.")] = False,
    forget_lost: Annotated[
        bool, typer.Option("--forget-lost", help="Give up what a lost key sealed; it cannot be undone.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Change the master key."""
    from scanner.commands.preparing import configuration
    from scanner.store.database import StorageError, open_database, writing
    from scanner.store.sealing import MasterKeySource, SealingError
    from scanner.store.sealing import forget_lost as forget
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.quarantine.holding import MIGRATIONS

    if forget_lost:
        settings = configuration(config)
        source = MasterKeySource.usual(settings.storage.master_key)
        try:
            engine = open_database(settings.storage.url(state_directory(settings)), MIGRATIONS)
            if not source.read():
                source.make_first()
            gone = forget(engine, source)
        except (SealingError, StorageError) as error:
            fail(str(error))
        settings, quarantine = settings_and_quarantine(config)
        with writing(quarantine.engine) as connection:
            quarantine.audit.begin_anew(connection)
        _record_rekey(quarantine, operator(settings), "forget_lost", gone)
        typer.echo(f"{gone} keys were given up with what they sealed; the audit log begins a new chain")
        return
    settings, quarantine = settings_and_quarantine(config)
    actor = operator(settings)
    try:
        sealer = quarantine.sealer
        done = sealer.forget_older(quarantine.engine) if finish else sealer.rotate(quarantine.engine)
    except SealingError as error:
        fail(str(error))
    _record_rekey(quarantine, actor, "finish" if finish else "rotate", done)
    typer.echo(f"{done} keys wrapped anew; the current master key is {sealer.current}")


def _record_rekey(quarantine: Quarantine, actor: Actor, what: str, done: int) -> None:
    from scanner.store.audit import AuditEvent
    from scanner.store.database import writing

    with writing(quarantine.engine) as connection:
        quarantine.audit.record(
            connection,
            AuditEvent(
                actor=actor.name,
                act=f"master_key.{what}",
                role=actor.role,
                origin=actor.origin,
                subject=quarantine.sealer.current,
                after={"keys": done},
            ),
        )
