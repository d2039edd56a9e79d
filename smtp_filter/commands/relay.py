"""``dlp relay``: take outgoing mail, examine it, pass it on or hold it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP

if TYPE_CHECKING:
    from smtp_filter.service.settings import ServiceSettings

HELP = """Take outgoing mail over SMTP, examine it, and pass it on, hold it or return it.

It stands between the mail server and the internet: what is passed goes to next_hop, byte for byte and with
the next hop's own answer; what is held lies encrypted in the quarantine before the sender's server is
answered.  Whatever fails is answered "try again".  Set-ups for Postfix, Exchange, Microsoft 365 and systemd
are in the folder config.

SIGTERM finishes what is under way and stops; SIGHUP reads configuration, rules and certificates anew without
refusing anybody.  Begin with `mail.monitor_only: true`: everything is delivered, and the log says what would
have been held.

\b
Exit codes: 0 stopped as told, or all checks right; 2 cannot start: wrong configuration, address, key,
database; 70 a fault of dlp itself.

\b
Examples:
  dlp relay --config /etc/dlp/dlp.yaml --check
  dlp relay --config /etc/dlp/dlp.yaml
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("relay", help=HELP)(relay)


def relay(
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Test next hops, certificates, database, keys and the way of a release; relay nothing.",
        ),
    ] = False,
) -> None:
    """Run the relay, or test what it stands on."""
    settings = _settings(config)
    if check:
        _check(settings)
        return
    from smtp_filter.service.event_log import set_up_event_log
    from smtp_filter.service.running import run_service
    from smtp_filter.service.supervisor import StartError

    try:
        set_up_event_log(settings.log_level, settings.log_file, messages=settings.log_messages)
    except OSError as error:
        fail(f"logging.file: {settings.log_file} cannot be written ({(error.strerror or '').lower()})")
    try:
        run_service(lambda: _reload(config))
    except StartError as error:
        fail(str(error))


def _settings(config: Path | None) -> ServiceSettings:
    from scanner.configuration import ConfigurationError, configuration_path, load
    from smtp_filter.configuration.service import service_settings

    path = configuration_path(config)
    try:
        return service_settings(load(path), str(path or "no configuration file"))
    except ConfigurationError as error:
        fail(str(error))


def _reload(config: Path | None) -> ServiceSettings:
    """The settings as they are in the file now; raises ``StartError``."""
    from scanner.configuration import ConfigurationError, configuration_path, load
    from smtp_filter.configuration.service import service_settings
    from smtp_filter.service.supervisor import StartError

    path = configuration_path(config)
    try:
        return service_settings(load(path), str(path or "no configuration file"))
    except ConfigurationError as error:
        raise StartError("; ".join(str(problem) for problem in error.problems)) from None


def _check(settings: ServiceSettings) -> None:
    import asyncio

    from smtp_filter.service.checking import check_service

    wrong = False
    for finding in asyncio.run(check_service(settings)):
        wrong = wrong or not finding.right
        typer.echo(f"{'ok   ' if finding.right else 'WRONG'}  {finding.what}: {finding.detail}")
    if wrong:
        raise typer.Exit(Exit.USAGE)
