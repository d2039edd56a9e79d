"""``dlp report``: write the reports of a past run again, in any format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP
from scanner.commands.writing import FORMAT_HELP, OUTPUT_HELP

HELP = """Write the report of a past run again, the latest unless you name one.

Values are masked: a run keeps none.

\b
Examples:
  dlp report
  dlp report --list
  dlp report 20261122-034500-1a2b --format html --output report.html
  dlp report --format csv --format jsonl --output reports/
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
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Render a past run."""
    from scanner.commands.preparing import configuration, inventory, state_directory
    from scanner.commands.reading import asset_owners, line, note_old_ledgers
    from scanner.commands.writing import check_writable, destinations, write_reports
    from scanner.store import runs
    from scanner.store.ledger import Ledger

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
    write_reports(ledger, places)
