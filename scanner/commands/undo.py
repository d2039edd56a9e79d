"""``dlp undo``: take back what ``dlp remedy`` did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

HELP = """Take back what `dlp remedy` did: one act, or all of a run. The latest comes first.

A moved file is put back as it was: content, name, owner, mode, access list, attributes, times. What does not
fit any more (something else lies in its place, somebody has changed its rights) is left alone, and the line
says so.

\b
Exit codes:
  0  everything was undone
  2  wrong options or configuration, nothing was undone
  3  something was left as it is; each line says why

\b
Examples:
  dlp undo --list
  dlp undo R-000012
  dlp undo --run 20261122-034500-1a2b
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("undo", help=HELP)(undo)


def undo(
    acts: Annotated[
        list[str] | None, typer.Argument(metavar="ACT...", help="Acts, such as R-000012.")
    ] = None,
    run: Annotated[str, typer.Option("--run", help="All acts after this run.")] = "",
    list_acts: Annotated[bool, typer.Option("--list", help="List what was done and stop.")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Find the acts, and undo them."""
    import time

    from scanner.commands.preparing import configuration, inventory, state_directory
    from scanner.commands.remedy import remedying, tell
    from scanner.store import runs
    from scanner.store.entry import displayable
    from scanner.store.remedies import Act, ActState

    if not list_acts and bool(acts) == bool(run):
        fail("name the acts, or a run: dlp undo R-000012, or dlp undo --run RUN; see dlp undo --list")
    numbers = [_number(written) for written in acts or ()]
    settings = configuration(config)
    directory = state_directory(state, settings.state.directory)
    engine = inventory(settings, directory)
    with remedying(settings, engine, directory) as (acting, journal):
        if list_acts:
            for act in journal.acts():
                when = time.strftime("%Y-%m-%d %H:%M", time.localtime(act.at))
                typer.echo(f"{act.reference}  {when}  {act.kind} {act.state}  {displayable(act.path)}")
            return
        tell(acting.recover())
        wanted: list[Act] = []
        for number in numbers:
            found = journal.acts(number=number)
            if not found:
                fail(f"there is no act {number}; see dlp undo --list")
            wanted += found
        if run:
            try:
                wanted = journal.acts(run=runs.find(engine, run).name, states=(ActState.DONE,))
            except runs.RunError as error:
                fail(str(error))
            if not wanted:
                typer.echo("there is nothing to undo")
        left = 0
        for outcome in acting.undo(wanted):
            reference = outcome.act.reference if outcome.act else ""
            if outcome.refused:
                left += 1
                typer.echo(f"left alone  {reference}  {outcome.path}: {outcome.refused}")
            else:
                typer.echo(f"undone  {reference}  {outcome.path}")
    if left:
        raise typer.Exit(Exit.INCOMPLETE)


def _number(written: str) -> int:
    digits = written.upper().removeprefix("R-")
    if not digits.isascii() or not digits.isdigit():
        fail(f"{written!r} is no act; they are called like R-000012")
    return int(digits)
