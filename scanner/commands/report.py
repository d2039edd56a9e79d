"""``dlp report``: write the reports of a past run again, in any format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP
from scanner.commands.writing import FORMAT_HELP, OUTPUT_HELP

if TYPE_CHECKING:
    from scanner.store.entry import RunRecord

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
        str, typer.Argument(help="The run, as `dlp report --list` names it [default: the latest].")
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
    from scanner.commands.preparing import configuration, state_directory
    from scanner.commands.writing import check_writable, destinations, write_reports
    from scanner.store.ledger import Ledger, LedgerError
    from scanner.store.runs import find_run, past_runs

    directory = state_directory(state, configuration(config).state.directory)
    try:
        if list_runs:
            for record in past_runs(directory):
                typer.echo(_line(record))
            return
        places = destinations(formats or ["table"], output)
        check_writable(places, ())
        with Ledger.open(find_run(directory, run)) as ledger:
            if ledger.record().finished is None:
                typer.echo(
                    "dlp: this run is still going on, or was killed: the report is not whole", err=True
                )
            write_reports(ledger, places)
    except LedgerError as error:
        fail(str(error))


def _line(record: RunRecord) -> str:
    import time

    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started))
    ending = "interrupted" if record.interrupted else "whole" if record.finished else "not finished"
    return f"{record.run_id}  {when}  {ending:<12}  {', '.join(record.roots)}"
