"""``dlp report``: write the reports of a past run again, in any format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP
from scanner.commands.writing import FORMAT_HELP, OUTPUT_HELP

if TYPE_CHECKING:
    from scanner.configuration import Configuration
    from scanner.judgement.assessment import Severity
    from scanner.store.audit import Fact
    from scanner.store.ledger import Ledger
    from scanner.syslog import SyslogTarget

HELP = """Write the report of a past run again, the latest unless you name one.

Values are masked: a run keeps none. With --syslog the files with findings are sent to a SIEM as CEF or OCSF,
the worst first, a message of RFC 5424 for each, and that is written to the audit log.

\b
Examples:
  dlp report
  dlp report --list
  dlp report 20261122-034500-1a2b --format html --output report.html
  dlp report --format csv --format jsonl --output reports/
  dlp report --format siro-pdf --output siro.pdf
  dlp report --format ocsf --syslog tls://siem.example.gov.uk:6514 --at-least high
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("report", help=HELP)(report)


def report(
    run: Annotated[
        str, typer.Argument(help="The run, as `dlp runs list` names it [default: the latest].")
    ] = "",
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", help=f"{FORMAT_HELP} [default: table]")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    list_runs: Annotated[bool, typer.Option("--list", help="List past runs and stop.")] = False,
    syslog: Annotated[
        str,
        typer.Option(
            "--syslog", help="Send cef or ocsf to udp://HOST:514, tcp://HOST:601 or tls://HOST:6514."
        ),
    ] = "",
    ca: Annotated[
        Path | None,
        typer.Option("--ca", help="Authorities trusted for tls:// (PEM) [default: the system's]."),
    ] = None,
    at_least: Annotated[
        str, typer.Option("--at-least", help="With --syslog: only what is so bad or worse.")
    ] = "medium",
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Render a past run."""
    from scanner.commands.preparing import configuration, inventory, state_directory
    from scanner.commands.reading import asset_owners, line, note_old_ledgers
    from scanner.commands.writing import check_writable, destinations, write_reports
    from scanner.store import runs
    from scanner.store.ledger import Ledger

    target = _target(syslog, formats or [], output, ca)
    threshold = _severity(at_least)
    settings = configuration(config)
    directory = state_directory(state, settings.state.directory)
    places = destinations(formats or ["table"], output)
    check_writable(places, ())
    engine = inventory(settings, directory)
    note_old_ledgers(directory)
    if list_runs:
        for record in runs.records(engine):
            typer.echo(line(record))
        return
    try:
        stored = runs.find(engine, run)
    except runs.RunError as error:
        fail(str(error))
    ledger = Ledger(engine, stored.number, asset_owners=asset_owners(settings))
    if ledger.record().finished is None:
        typer.echo("dlp: this run is still going on, or was killed: the report is not whole", err=True)
    if target is None:
        write_reports(ledger, places)
    else:
        _send(ledger, target, threshold, places[0].format, settings, directory)


def _target(syslog: str, formats: Sequence[str], output: Path | None, ca: Path | None) -> SyslogTarget | None:
    from urllib.parse import urlsplit

    from scanner.syslog import SyslogTarget, Transport

    if not syslog:
        if ca is not None:
            fail("--ca needs --syslog")
        return None
    if list(formats) not in (["cef"], ["ocsf"]) or output is not None:
        fail("--syslog needs --format cef or --format ocsf, and no --output")
    try:
        parts = urlsplit(syslog)
        transport, host, port = Transport(parts.scheme), parts.hostname, parts.port
    except ValueError:
        transport, host, port = Transport.UDP, None, None
    if not host or not port:
        fail("--syslog: must be such as udp://host:514, tcp://host:601 or tls://host:6514")
    return SyslogTarget(host, port, transport, ca)


def _severity(word: str) -> Severity:
    from scanner.judgement.assessment import Severity

    words = [level.word for level in Severity]
    if word not in words:
        fail(f"--at-least {word!r} is no severity; choose from {', '.join(words)}")
    return Severity[word.upper()]


def _send(
    ledger: Ledger, target: SyslogTarget, threshold: Severity, form: str, settings: Configuration, state: Path
) -> None:
    """Send the events, and write down that they were sent and how many."""
    from scanner.reports import RunSummary
    from scanner.reports.event_lines import events
    from scanner.reports.siem import SiemForm
    from scanner.syslog import syslog_sender

    summary = RunSummary.of(ledger)
    at = summary.record.finished or summary.record.started
    sent, problem = 0, ""
    try:
        with syslog_sender(target) as sender:
            for entry, line in events(summary, ledger.entries(), SiemForm(form), threshold):
                sender.send(line, at=at, severity=entry.severity, kind="share.finding")
                sent += 1
    except OSError as error:
        problem = (error.strerror or str(error) or type(error).__name__).lower()
    _note(settings, state, summary.record.run_id, {
        "format": form, "events": sent, "to": f"{target.transport.value}://{target.host}:{target.port}",
        "whole": not problem,
    })  # fmt: skip
    if problem:
        fail(f"--syslog: {target.host} did not take all of it ({problem})", Exit.INCOMPLETE)
    typer.echo(f"{sent:,} events sent to {target.host}:{target.port}")


def _note(settings: Configuration, state: Path, run: str, facts: dict[str, Fact]) -> None:
    import getpass

    from scanner.store.audit import AuditEvent, AuditLog
    from scanner.store.database import StorageError, writing
    from scanner.store.outbox import open_outbox
    from scanner.store.sealing import MasterKeySource, Sealer, SealingError

    try:
        engine = open_outbox(settings.storage.url(state))
        source = MasterKeySource.usual(settings.storage.master_key)
        audit = AuditLog(Sealer.open(engine, source).named(engine, "audit"))
        with writing(engine) as connection:
            audit.record(connection, AuditEvent(getpass.getuser(), "report.export", run, after=facts))
    except (StorageError, SealingError) as error:
        fail(f"the audit log cannot be written: {error}", Exit.INCOMPLETE)
