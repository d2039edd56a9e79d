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

    from sqlalchemy import Engine

    from scanner.commands.measuring import Measuring
    from scanner.configuration import Configuration
    from scanner.judgement.assessment import Severity
    from scanner.store.entry import RunRecord
    from scanner.store.inventory.evidence import Sealing
    from scanner.store.ledger import Ledger
    from scanner.store.runs import NewRun, StoredRun

HELP = """Find the files beneath PATH that hold people's data: which kinds, how many people, how bad, where.

Nothing beneath PATH is changed, not even an access time where the system allows it. What could not be read is
reported with its reason, never as clean. Only what is new or changed since the last scan is read; what was
known before is in the report all the same. Ctrl-C stops; what was done until then is reported and is not done
again by --resume, nor by the next scan. SIGUSR1 pauses and continues.

\b
Exit codes:
  0    everything was read, nothing is as bad as --fail-on
  1    everything was read, something is as bad as --fail-on or worse
  2    wrong options or configuration, nothing was scanned
  3    something was not read or not wholly, or a mount was lost; nothing else is as bad as --fail-on
  4    something was not read or not wholly, and something is as bad as --fail-on
  70   a fault of dlp itself; nothing is said about the files
  130  stopped by Ctrl-C or by `dlp runs stop`; the report says what was done until then
Links, devices, pipes, empty files and what you exclude do not make a scan incomplete.

\b
Examples:
  dlp scan /srv/shares/housing
  dlp scan ~/Documents --format html --output report.html
  dlp scan /srv/a /srv/b --format jsonl --format csv --output reports/
  dlp scan smb://files01/housing sftp://intranet/srv/published
  dlp scan . --format jsonl --show-values --exclude '*.iso' > files.jsonl
  dlp scan /srv/outbox --fail-on high --no-progress || echo "look at it"
  dlp scan --resume
  dlp scan --resume 20261122-034500-1a2b --format html --output report.html
  dlp scan /srv/shares/housing --full
  dlp scan /mnt/fs1 /mnt/fs2 --distributed
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("scan", help=HELP)(scan)


def scan(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Folders and files, also smb://, sftp://, s3://; with --resume: the run, or none.",
        ),
    ] = None,
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
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Read only what matches this glob; added to the configuration's."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished run: the one named, else the latest.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, also what has not changed since the last scan.")
    ] = False,
    accept_vanished: Annotated[
        bool,
        typer.Option(
            "--accept-vanished", help="Most files of a share are gone, and that is right: no mount was lost."
        ),
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait for the windows of the configuration.")
    ] = False,
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
    distributed: Annotated[
        bool,
        typer.Option(
            "--distributed", help="Walk, and leave reading to `dlp worker` on any machines (PostgreSQL)."
        ),
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
    import os

    from scanner.commands.measuring import Measuring
    from scanner.commands.preparing import configuration, inventory, set_up_logging, state_directory
    from scanner.commands.reading import asset_owners, note_old_ledgers
    from scanner.commands.shielding import Comparing
    from scanner.commands.writing import check_writable, destinations, write_reports
    from scanner.store.ledger import Ledger
    from scanner.store.stages import deciding

    settings = configuration(config)
    threshold = _severity(fail_on or settings.scan.fail_on)
    if not resume and not paths:
        fail("name the folders to scan, or go on with an unfinished run: --resume")
    roots, remote = (
        ([], []) if resume else _roots(paths or (), settings.scan.silent_seconds / 2, yes_really=yes_really)
    )
    places = destinations(formats or list(settings.reports.formats), output)
    check_writable(places, roots)
    set_up_logging(settings.logging.level, settings.logging.file)
    directory = state_directory(state, settings.state.directory)
    changes: dict[str, object] = {
        "exclude": (*settings.scan.exclude, *(exclude or ())),
        "include": (*settings.scan.include, *(include or ())),
        "workers": workers or settings.scan.workers,
    }
    settings = settings.model_copy(update={"scan": settings.scan.model_copy(update=changes)})
    if now:
        manners = settings.manners.model_copy(update={"windows": ()})
        settings = settings.model_copy(update={"manners": manners})

    engine = inventory(settings, directory)
    note_old_ledgers(directory)
    if resume:
        stored = _resumed(engine, settings, paths or ())
        check_writable(places, [Path(os.fsdecode(root)) for root in stored.roots if root.startswith(b"/")])
        settings = _as_it_began(settings, stored)
    else:
        new = new_run(settings, roots, remote, full=full, shows_values=show_values)
        if distributed or settings.distributed.enabled:
            new = _for_machines(engine, new)
        stored = _started(engine, new)
    sealing = _sealing(stored)
    measuring = Measuring(settings.reports.metrics_file)
    record = run_to_its_end(
        engine,
        stored,
        settings,
        directory,
        sealing,
        accept_vanished=accept_vanished,
        progress=not no_progress,
        measuring=measuring,
    )
    Comparing(engine, settings.storage.master_key).all()
    ledger = Ledger(engine, stored.number, sealing=sealing, asset_owners=asset_owners(settings))
    measuring.end(ledger)
    write_reports(ledger, places)
    _forget_values(engine, sealing)
    for place in places:
        if place.path is not None:
            typer.echo(f"{place.format}: {place.path}")
    for line in record.errors:
        typer.echo(f"dlp: {line}", err=True)
    if record.errors:
        typer.echo(f"dlp: the run can go on when that is mended: dlp scan --resume {record.run_id}", err=True)
    elif record.interrupted:
        typer.echo(
            f"dlp: interrupted; the report has what was read; go on with: dlp scan --resume {record.run_id}",
            err=True,
        )
        raise typer.Exit(Exit.INTERRUPTED)
    incomplete = bool(record.errors) or _incomplete(ledger)
    # What rules on trial or on warning say decides nothing.
    worst = deciding(engine, stored.number)
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


def _roots(paths: Sequence[str], patience: float, *, yes_really: bool) -> tuple[list[Path], list[bytes]]:
    """What to scan: absolute paths, and addresses; ends the program where one is missing or is all of it.

    Whether a server answers is seen by the run: one that does not is an error of its own share only.
    """
    from scanner.shares.sources import SilentError, SourceError, is_remote, usable
    from scanner.shares.sources.apart import real_path

    roots: list[Path] = []
    remote: list[bytes] = []
    for written in paths:
        if is_remote(written):
            try:
                remote.append(usable(written))
            except SourceError as error:
                fail(str(error))
            continue
        path = Path(written)
        try:
            root = real_path(path, patience)
        except SilentError:
            root = Path.cwd() / path  # the run says so, and goes on with the others
        if root is None:
            fail(f"there is no file or folder {_printable(path)}")
        if root == Path("/") and not yes_really:
            fail("/ is the whole machine; name the folders you mean, or add --yes-really")
        roots.append(root)
    return roots, remote


def _printable(path: Path) -> str:
    import os

    from scanner.store.entry import displayable

    return displayable(os.fsencode(path))


# What a resumed run must keep to, whatever the configuration says by then.
_KEPT = ("exclude", "include", "largest_mb", "changed_within_days", "unchanged_for_days", "cross_mounts")


def new_run(
    settings: Configuration,
    roots: Sequence[Path],
    remote: Sequence[bytes],
    *,
    full: bool,
    shows_values: bool,
) -> NewRun:
    """What a run over these folders and addresses is started with."""
    import os

    from scanner.commands.version import program_version
    from scanner.configuration.signatures import signatures
    from scanner.shares.sources import distinct
    from scanner.shares.walk import distinct_roots
    from scanner.store.runs import NewRun

    return NewRun(
        roots=(*(os.fsencode(root) for root in distinct_roots(roots)), *distinct(remote)),
        version=program_version(),
        signatures=signatures(settings),
        options={name: getattr(settings.scan, name) for name in _KEPT},
        full=full,
        shows_values=shows_values,
    )


# The option of a run that leaves reading to workers; resumed, it does so again.
_DISTRIBUTED = "distributed"


def _for_machines(engine: Engine, new: NewRun) -> NewRun:
    """The run as one that is distributed; ends the program where it cannot be."""
    from dataclasses import replace

    if not all(root.startswith(b"/") for root in new.roots):
        fail(
            "a distributed scan reads what is mounted on every machine; scan addresses without --distributed"
        )

    from scanner.shares.distributed.batches import NotDistributedError, set_up

    if new.shows_values:
        fail("--show-values needs one process that keeps the values: scan without --distributed")
    try:
        set_up(engine)
    except NotDistributedError as error:
        fail(str(error))
    return replace(new, options={**new.options, _DISTRIBUTED: True})


def _started(engine: Engine, new: NewRun) -> StoredRun:
    from scanner.store import runs

    try:
        return runs.start(engine, new)
    except runs.RunError as error:
        fail(str(error))


def _resumed(engine: Engine, settings: Configuration, named: Sequence[str]) -> StoredRun:
    from scanner.configuration.signatures import signatures
    from scanner.store import runs

    if len(named) > 1:
        fail("--resume goes on with one run; its folders are known")
    try:
        return runs.resume(engine, named[0] if named else "", signatures(settings))
    except runs.RunError as error:
        fail(str(error))


def _as_it_began(settings: Configuration, stored: StoredRun) -> Configuration:
    kept = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.options.items()
        if name in _KEPT
    }
    return settings.model_copy(update={"scan": settings.scan.model_copy(update=kept)})


def _sealing(stored: StoredRun) -> Sealing | None:
    from scanner.store.inventory.evidence import Sealing

    return Sealing(stored.number) if stored.shows_values else None


def _forget_values(engine: Engine, sealing: Sealing | None) -> None:
    from scanner.store.inventory import persistently

    if sealing is not None:
        persistently(engine, sealing.forget)


def run_to_its_end(
    engine: Engine,
    stored: StoredRun,
    settings: Configuration,
    state: Path,
    sealing: Sealing | None,
    *,
    accept_vanished: bool,
    progress: bool,
    measuring: Measuring | None = None,
) -> RunRecord:
    """Go on with a run until it ends; ends the program where it cannot go on."""
    from sqlalchemy.exc import DBAPIError

    from scanner.commands.inspecting import inspector, judging
    from scanner.commands.measuring import Measuring
    from scanner.commands.showing_progress import progress_bar
    from scanner.shares.scan import Observer, Run
    from scanner.shares.scan import scan as run_scan
    from scanner.shares.workers import WorkersFailedError
    from scanner.store.inventory import StoreLostError
    from scanner.store.keys import InstallationKeyError, installation_key
    from scanner.store.ledger import LedgerError

    measuring = measuring or Measuring(None)
    try:
        key = installation_key(state)
        if stored.options.get(_DISTRIBUTED):
            return _coordinate(
                engine,
                stored,
                settings,
                state,
                key,
                measuring,
                accept_vanished=accept_vanished,
                progress=progress,
            )
        inspecting = inspector(settings, key, show_values=stored.shows_values)
        inspecting.warm()
        run = Run(
            settings=settings.scanning(),
            inspector=inspecting,
            key=key,
            left_out=(state,),
            accept_vanished=accept_vanished,
            judging=judging(settings),
        )
        _say_when(settings)
        with _told_by_signals() as (stop, pause), progress_bar(progress) as show:
            return run_scan(run, engine, stored, Observer(measuring.beside(show), stop, pause), sealing)
    except (InstallationKeyError, WorkersFailedError) as error:
        fail(str(error))
    except LedgerError as error:
        fail(str(error), Exit.INTERNAL)
    except StoreLostError as error:
        fail(str(error), Exit.INCOMPLETE)
    except DBAPIError as error:
        what = " ".join(str(error.orig).split())[:200]
        fail(
            f"the database cannot be written ({what}); go on with: dlp scan --resume {stored.name}",
            Exit.INCOMPLETE,
        )


def _coordinate(
    engine: Engine,
    stored: StoredRun,
    settings: Configuration,
    state: Path,
    key: bytes,
    measuring: Measuring,
    *,
    accept_vanished: bool,
    progress: bool,
) -> RunRecord:
    from scanner.commands.inspecting import judging
    from scanner.commands.showing_progress import progress_bar
    from scanner.configuration.signatures import signatures
    from scanner.shares.distributed.batches import NotDistributedError, fingerprint
    from scanner.shares.distributed.coordinating import coordinate
    from scanner.shares.scan import Observer

    _say_when(settings)
    try:
        with _told_by_signals() as (stop, pause), progress_bar(progress) as show:
            return coordinate(
                engine,
                stored,
                settings.scanning(),
                settings.distributed.settings(),
                fingerprint(signatures(settings).values().values(), key),
                Observer(measuring.beside(show), stop, pause),
                left_out=(state,),
                accept_vanished=accept_vanished,
                told=lambda line: typer.echo(f"dlp: {line}", err=True),
                judging=judging(settings),
            )
    except NotDistributedError as error:
        fail(str(error))


def _say_when(settings: Configuration) -> None:
    """One line where the windows of the configuration make the scan wait."""
    from datetime import datetime

    windows = settings.scanning().windows
    moment = datetime.now()
    if not windows.open_at(moment):
        typer.echo(
            f"dlp: waiting for its window, {windows.opens(moment):%A %H:%M} (--now does not)", err=True
        )


@contextmanager
def _told_by_signals() -> Iterator[tuple[Callable[[], bool], Callable[[], bool]]]:
    """Whether somebody asked for an end (Ctrl-C, a signal; a second Ctrl-C ends at once), or for a pause."""
    import signal
    from types import FrameType

    asked: list[int] = []
    pauses: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def turn(number: int, _frame: FrameType | None) -> None:
        pauses.append(number)

    # What is ignored stays ignored: under nohup a run goes on when the terminal hangs up.
    watched = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, note) for number in watched}
    before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, turn)
    try:
        yield lambda: bool(asked), lambda: len(pauses) % 2 == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _incomplete(ledger: Ledger) -> bool:
    """Whether something that could hold text was not read, or not wholly."""
    from scanner.documents.model import Shortfall

    # Never text, nothing in it, or left out on purpose.
    harmless = {Shortfall.NOT_A_FILE, Shortfall.EMPTY, Shortfall.EXCLUDED}
    return any(reason not in harmless for reason in ledger.totals().by_shortfall)
