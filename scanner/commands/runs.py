"""``dlp runs``: list, show, compare, pause, stop and prune the runs of this installation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scanner.configuration import Configuration
    from scanner.store.comparing import Difference
    from scanner.store.entry import RunRecord
    from scanner.store.runs import StoredRun

HELP = """Look at runs, compare them, pause or stop one that is at work, forget old ones.

\b
Examples:
  dlp runs list
  dlp runs show
  dlp runs diff
  dlp runs pause
  dlp runs prune --keep 90
"""
LIST_HELP = """List every run, the latest first: name, when it began, how it stands, what it went over.

"whole" has read everything that it owed; "interrupted", "failed" and "not finished" can go on with
`dlp scan --resume`.

\b
Examples:
  dlp runs list
  dlp runs list --json
"""
SHOW_HELP = """Show one run, the latest unless you name one: its folders, what it read and what it still owes.

\b
Examples:
  dlp runs show
  dlp runs show 20261122-034500-1a2b --json
"""
DIFF_HELP = """Say what changed between two runs: new, gone, moved, changed, newly exposed and fixed files.

Without names: the latest run and the one before it in the same folders. With --json: one line for each file.

\b
Examples:
  dlp runs diff
  dlp runs diff 20261121 20261122
  dlp runs diff --json > changes.jsonl
"""
PRUNE_HELP = """Forget old runs. What is known of files that are there is kept, and so is the latest run.

\b
Examples:
  dlp runs prune --keep 90
  dlp runs prune --older-than 365 --dry-run
"""
PAUSE_HELP = """Pause a run that is at work: it ends the files that it has begun and waits.

\b
Examples:
  dlp runs pause
  dlp runs pause 20261122-034500-1a2b
"""
CONTINUE_HELP = """Let a paused run go on.

\b
Examples:
  dlp runs continue
"""
STOP_HELP = """Stop a run: it writes its report and can be resumed.

\b
Examples:
  dlp runs stop
  dlp runs stop 20261122-034500-1a2b
"""
RUN_HELP = "The run, or how its name begins [default: the latest]."
JSON_HELP = "Print JSON for programs."

# A screenful or two; --json has all.
_SHOWN = 60

Run = Annotated[str, typer.Argument(help=RUN_HELP)]
Json = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
Config = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]
State = Annotated[Path | None, typer.Option("--state", help=STATE_HELP)]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    group.command("list", help=LIST_HELP)(list_runs)
    group.command("show", help=SHOW_HELP)(show)
    group.command("diff", help=DIFF_HELP)(diff)
    group.command("prune", help=PRUNE_HELP)(prune)
    group.command("pause", help=PAUSE_HELP)(pause)
    group.command("continue", help=CONTINUE_HELP)(go_on)
    group.command("stop", help=STOP_HELP)(stop)
    app.add_typer(group, name="runs")


def list_runs(as_json: Json = False, config: Config = None, state: State = None) -> None:
    """Print every run."""
    import json

    from scanner.commands.reading import line
    from scanner.store import runs

    engine, _ = _store(config, state)
    records = runs.records(engine)
    if as_json:
        typer.echo(json.dumps([_described(record) for record in records], indent=2))
        return
    for record in records:
        typer.echo(line(record))


def show(run: Run = "", as_json: Json = False, config: Config = None, state: State = None) -> None:
    """Print one run."""
    import json

    from scanner.commands.reading import line
    from scanner.store import runs
    from scanner.store.entry import displayable
    from scanner.store.inventory import FileTable
    from scanner.store.ledger import Ledger
    from scanner.store.stages import tried

    engine, _ = _store(config, state)
    stored = _found(engine, run)
    record, totals = runs.record(engine, stored.number), Ledger(engine, stored.number).totals()
    with engine.connect() as connection:
        owed, owed_bytes = FileTable(stored.number, stored.signature_id).owed(connection)
        roots = runs.root_states(connection, stored.number)
    facts: dict[str, Any] = {
        **_described(record),
        "objects": totals.enumerated,
        "bytes": totals.bytes,
        "read_by_this_run": totals.read_now,
        "owed": owed,
        "owed_bytes": owed_bytes,
        "severity": {level.word: tally.objects for level, tally in totals.by_severity.items()},
        "not_read": {reason.value: tally.objects for reason, tally in totals.by_shortfall.items()},
        "sensitive_by_audience": {who.word: tally.objects for who, tally in totals.by_audience.items()},
        "folders": [
            {
                "path": displayable(root.path),
                "walked": root.walked,
                "objects": root.met,
                "error": root.error,
            }
            for root in roots
        ],
        "tried": {
            rule: {"files": files, "findings": findings}
            for rule, (files, findings) in tried(engine, stored.number).items()
        },
        "options": dict(stored.options),
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo(line(record))
    for rule, found in facts["tried"].items():
        typer.echo(f"  rule {rule} on trial: {found['findings']:,} findings in {found['files']:,} files")
    for name in ("objects", "bytes", "read_by_this_run", "owed"):
        typer.echo(f"  {name.replace('_', ' ')}: {facts[name]:,}")
    for name in ("severity", "not_read", "sensitive_by_audience"):
        parts = ", ".join(f"{count:,} {word}" for word, count in facts[name].items())
        typer.echo(f"  {name.replace('_', ' ')}: {parts or 'none'}")
    for root in facts["folders"]:
        standing = root["error"] or ("walked" if root["walked"] else "not walked to its end")
        typer.echo(f"  {root['path']}: {root['objects']:,} objects, {standing}")


def diff(
    older: Annotated[str, typer.Argument(help="The earlier run [default: the one before the later].")] = "",
    newer: Annotated[str, typer.Argument(help="The later run [default: the latest].")] = "",
    as_json: Json = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Print what changed."""
    import json
    from collections import Counter

    from scanner.store import runs
    from scanner.store.comparing import differences

    engine, _ = _store(config, state)
    late = _found(engine, newer)
    early = _found(engine, older) if older else runs.before(engine, late.number)
    if early is None:
        fail(f"no run before {late.name} went over the same folders")
    if early.number > late.number:
        early, late = late, early
    counts = Counter[str]()
    shown: list[str] = []
    for item in differences(engine, early.number, late.number):
        if as_json:
            typer.echo(json.dumps(_difference(item)))
            continue
        counts[item.kind.value] += 1
        for word in _words(item):
            counts[word] += 1
        if _words(item) and len(shown) < _SHOWN:
            shown.append(f"  {', '.join(_words(item))}: {item.path} ({item.kind.value}{_from(item)})")
    if as_json:
        return
    typer.echo(f"{early.name} to {late.name}")
    typer.echo("  " + (", ".join(f"{count:,} {word}" for word, count in counts.items()) or "no difference"))
    for text in shown:
        typer.echo(text)
    if (
        sum(counts[word] > 0 for word in ("newly exposed", "newly sensitive", "fixed"))
        and len(shown) == _SHOWN
    ):
        typer.echo("  ... more with --json")


def prune(
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Keep so many of the latest runs.")
    ] = None,
    older_than: Annotated[
        float | None, typer.Option("--older-than", min=0, help="Forget runs that began so many days ago.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which runs it would be.")] = False,
    config: Config = None,
    state: State = None,
) -> None:
    """Forget old runs."""
    from scanner.store import runs

    if keep is None and older_than is None:
        fail("say which runs: --keep NUMBER or --older-than DAYS")
    engine, _ = _store(config, state)
    names = runs.outlived(engine, keep=keep, older_than_days=older_than)
    for name in names:
        typer.echo(name)
    if dry_run or not names:
        return
    try:
        rows = runs.prune(engine, names)
    except runs.RunError as error:
        fail(str(error))
    typer.echo(f"{len(names)} runs forgotten, {rows:,} superseded entries with them")


def pause(run: Run = "", config: Config = None, state: State = None) -> None:
    """Ask a run to pause."""
    _ask(run, "pause", "pauses", config, state)


def go_on(run: Run = "", config: Config = None, state: State = None) -> None:
    """Ask a run to go on."""
    _ask(run, "", "goes on", config, state)


def stop(run: Run = "", config: Config = None, state: State = None) -> None:
    """Ask a run to stop."""
    _ask(run, "stop", "stops", config, state)


def _ask(run: str, wanted: str, what: str, config: Path | None, state: Path | None) -> None:
    from scanner.store import runs

    engine, _ = _store(config, state)
    try:
        name = runs.ask(engine, run, wanted)
    except runs.RunError as error:
        fail(str(error))
    typer.echo(f"{name} {what} within some seconds")


def _store(config: Path | None, state: Path | None) -> tuple[Engine, Configuration]:
    from scanner.commands.preparing import configuration, inventory, state_directory
    from scanner.commands.reading import note_old_ledgers

    settings = configuration(config)
    directory = state_directory(state, settings.state.directory)
    engine = inventory(settings, directory)
    note_old_ledgers(directory)
    return engine, settings


def _found(engine: Engine, name: str) -> StoredRun:
    from scanner.store import runs

    try:
        return runs.find(engine, name)
    except runs.RunError as error:
        fail(str(error))


def _described(record: RunRecord) -> dict[str, Any]:
    from scanner.commands.reading import standing

    return {
        "run": record.run_id,
        "state": standing(record),
        "started": record.started,
        "finished": record.finished,
        "roots": list(record.roots),
        "full": record.full,
        "version": record.version,
        "errors": list(record.errors),
    }


def _difference(item: Difference) -> dict[str, Any]:
    def standing(side: str) -> dict[str, str] | None:
        found = getattr(item, side)
        return {"severity": found.severity.word, "audience": found.audience.word} if found else None

    return {
        "path": item.path,
        "kind": item.kind.value,
        "moved_from": item.moved_from,
        "before": standing("before"),
        "after": standing("after"),
        "newly_sensitive": item.newly_sensitive,
        "newly_exposed": item.newly_exposed,
        "fixed": item.fixed,
    }


def _words(item: Difference) -> list[str]:
    said = {
        "newly exposed": item.newly_exposed,
        "newly sensitive": item.newly_sensitive,
        "fixed": item.fixed,
    }
    return [word for word, is_so in said.items() if is_so]


def _from(item: Difference) -> str:
    return f" from {item.moved_from}" if item.moved_from else ""
