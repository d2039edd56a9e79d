"""``dlp scan``: read everything beneath some paths and report what personal data is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP
from scanner.commands.writing import FORMAT_HELP, OUTPUT_HELP

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.configuration import Configuration
    from scanner.judgement.assessment import Severity
    from scanner.store.entry import RunRecord
    from scanner.store.ledger import Ledger

HELP = """Find the files beneath PATH that hold people's data: which kinds, how many people, how bad, where.

Nothing beneath PATH is changed, not even an access time where the system allows it. What could not be read is
reported with its reason, never as clean. Ctrl-C stops; what was done until then is reported.

\b
Exit codes:
  0    everything was read, nothing is as bad as --fail-on
  1    everything was read, something is as bad as --fail-on or worse
  2    wrong options or configuration, nothing was scanned
  3    something was not read or not wholly; nothing in the rest is as bad as --fail-on
  4    something was not read or not wholly, and something is as bad as --fail-on
  70   a fault of dlp itself; nothing is said about the files
  130  stopped by Ctrl-C; the report says what was done until then
Links, devices, pipes, empty files and what you exclude do not make a scan incomplete.

\b
Examples:
  dlp scan /srv/shares/housing
  dlp scan ~/Documents --format html --output report.html
  dlp scan /srv/a /srv/b --format jsonl --format csv --output reports/
  dlp scan . --format jsonl --show-values --exclude '*.iso' > files.jsonl
  dlp scan /srv/outbox --fail-on high --no-progress || echo "look at it"
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("scan", help=HELP)(scan)


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders and files to scan.")],
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", help=f"{FORMAT_HELP} [default: table]")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT_HELP)] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude", "-x", help="Leave out what matches this glob; added to the configuration's."
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            help="Exit with 1 from this severity on: low, medium, high, critical. [default: medium]",
        ),
    ] = None,
    ignore_incomplete: Annotated[
        bool, typer.Option("--ignore-incomplete", help="Exit with 0 or 1 where it would be 3 or 4.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-j", min=1, help="Worker processes [default: one for each core]."),
    ] = None,
    show_values: Annotated[
        bool,
        typer.Option(
            "--show-values", help="Put real values into this report (never into the state directory)."
        ),
    ] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")] = False,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
    yes_really: Annotated[
        bool, typer.Option("--yes-really", help="Scan even the whole machine, from / on.")
    ] = False,
) -> None:
    """Scan, report, and end with the exit code."""
    from scanner.commands.preparing import configuration, set_up_logging, state_directory
    from scanner.commands.writing import check_writable, destinations, write_reports
    from scanner.judgement.assessment import Severity

    settings = configuration(config)
    threshold = _severity(fail_on or settings.scan.fail_on)
    roots = _roots(paths, yes_really=yes_really)
    places = destinations(formats or list(settings.reports.formats), output)
    check_writable(places, roots)
    set_up_logging(settings.logging.level, settings.logging.file)
    directory = state_directory(state, settings.state.directory)
    changes = {
        "exclude": (*settings.scan.exclude, *(exclude or ())),
        "workers": workers or settings.scan.workers,
    }
    settings = settings.model_copy(update={"scan": settings.scan.model_copy(update=changes)})

    with _new_ledger(directory, roots, shows_values=show_values) as ledger:
        record = _run(ledger, settings, roots, directory, progress=not no_progress)
        write_reports(ledger, places)
        worst = next((entry.severity for entry in ledger.entries()), Severity.NONE)
        incomplete = _incomplete(ledger)
    for place in places:
        if place.path is not None:
            typer.echo(f"{place.format}: {place.path}")
    if record.interrupted:
        typer.echo("dlp: interrupted; the report covers what was read until then", err=True)
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(exit_code(worst, threshold, incomplete=incomplete and not ignore_incomplete))


def exit_code(worst: Severity, threshold: Severity, *, incomplete: bool) -> Exit:
    """The exit code of a run that came to its end."""
    if worst and worst >= threshold:
        return Exit.FINDINGS_INCOMPLETE if incomplete else Exit.FINDINGS
    return Exit.INCOMPLETE if incomplete else Exit.CLEAN


def _severity(word: str) -> Severity:
    from scanner.judgement.assessment import Severity

    words = [level.word for level in Severity]
    if word not in words:
        fail(f"--fail-on {word!r} is no severity; choose from {', '.join(words)}")
    return Severity[word.upper()]


def _roots(paths: Sequence[Path], *, yes_really: bool) -> list[Path]:
    """The paths to scan, absolute; ends the program where one is missing or is the whole machine."""
    import os

    roots = []
    for path in paths:
        if not os.path.lexists(path):
            fail(f"there is no file or folder {_printable(path)}")
        root = Path(os.path.realpath(path))
        if root == Path("/") and not yes_really:
            fail("/ is the whole machine; name the folders you mean, or add --yes-really")
        roots.append(root)
    return roots


def _printable(path: Path) -> str:
    import os

    from scanner.store.entry import displayable

    return displayable(os.fsencode(path))


def _new_ledger(state: Path, roots: Sequence[Path], *, shows_values: bool) -> Ledger:
    import time

    from scanner.commands.version import program_version
    from scanner.store.entry import RunRecord
    from scanner.store.ledger import Ledger
    from scanner.store.runs import new_run_id, runs_directory

    record = RunRecord(
        run_id=new_run_id(),
        roots=tuple(_printable(root) for root in roots),
        started=time.time(),
        version=program_version(),
        shows_values=shows_values,
    )
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Ledger.create(runs_directory(state), record)
    except OSError as error:
        reason = (error.strerror or "write error").lower()
        fail(f"the state directory {state} cannot be used ({reason}); choose another with --state")


def _run(
    ledger: Ledger, settings: Configuration, roots: Sequence[Path], state: Path, *, progress: bool
) -> RunRecord:
    from sqlalchemy.exc import DBAPIError

    from scanner.commands.inspecting import inspector
    from scanner.commands.showing_progress import progress_bar
    from scanner.shares.scan import Observer, Run
    from scanner.shares.scan import scan as run_scan
    from scanner.shares.workers import WorkersFailedError
    from scanner.store.keys import InstallationKeyError, installation_key
    from scanner.store.ledger import LedgerError

    try:
        key = installation_key(state)
        inspecting = inspector(settings, key, show_values=ledger.record().shows_values)
        inspecting.warm()
        run = Run(
            roots=roots,
            settings=settings.scan.settings(),
            inspector=inspecting,
            key=key,
            left_out=(state,),
        )
        with _stopped_by_signals() as stop, progress_bar(progress) as show:
            return run_scan(run, ledger, Observer(show, stop))
    except (InstallationKeyError, WorkersFailedError) as error:
        fail(str(error))
    except LedgerError as error:
        fail(str(error), Exit.INTERNAL)
    except DBAPIError as error:
        fail(f"the ledger in {state} cannot be written ({error.orig}); nothing is reported", Exit.INCOMPLETE)


@contextmanager
def _stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether somebody asked for an end, by Ctrl-C or by a signal; a second Ctrl-C ends at once."""
    import signal
    from types import FrameType

    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # What is ignored stays ignored: under nohup a run goes on when the terminal hangs up.
    watched = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, note) for number in watched}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _incomplete(ledger: Ledger) -> bool:
    """Whether something that could hold text was not read, or not wholly."""
    from scanner.documents.model import Shortfall

    # Never text, nothing in it, or left out on purpose.
    harmless = {Shortfall.NOT_A_FILE, Shortfall.EMPTY, Shortfall.EXCLUDED}
    return any(reason not in harmless for reason in ledger.totals().by_shortfall)
