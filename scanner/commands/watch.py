"""``dlp watch``: read what changes in some folders as it changes, and alert."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scanner.configuration import Configuration
    from scanner.shares.watching.recording import Counts
    from scanner.shares.watching.watch import Health, WatchObserver
    from scanner.store.outbox import Alert

HELP = """Watch the folders PATH: read what changes as soon as it settles, alert when it holds people's data.

Local disks tell of changes themselves; network mounts and servers (smb://, sftp://, with the credentials of
`dlp scan`) do not tell what others do there and are polled: the first lines say which, and why. At the start
it catches up with what changed while it was down. What it reads is known to the next `dlp scan`. A share that
is lost or does not answer is said to be, and never taken for deleted; the others go on. Files that are known
to be sensitive and are opened to everyone are alerted as well. Alerts go where the section `alerts` of the
configuration says: e-mail, webhook, syslog; they never hold a value. Beside a scan of the same folders it
gives way: the scan enters what it meets, the watch only alerts. SIGTERM or Ctrl-C end it.

\b
Exit codes:
  0    with --once: all that changed was read and no alert was due; else: it was stopped
  1    with --once: alerts were due
  2    wrong options or configuration, or another watch is in the same folders
  3    the database was lost; with --once: a folder was not there or did not answer (4: and alerts were due)
  70   a fault of dlp itself

\b
Examples:
  dlp watch /srv/shares/housing
  dlp watch
  dlp watch smb://files01/finance sftp://web01/srv/publish
  dlp watch /mnt/finance --poll 15
  dlp watch /srv/shares --once
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("watch", help=HELP)(watch)


def watch(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Folders to watch, or addresses: smb://server/share, sftp://server/path "
            "[default: watch.paths].",
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Catch up with what changed, deliver the alerts, and end.")
    ] = False,
    poll: Annotated[
        float | None,
        typer.Option("--poll", min=0.1, metavar="SECONDS", help="Poll everything, with this pause."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-j", min=1, help="Worker processes [default: one for each core]."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but alerts.")] = False,
) -> None:
    """Watch until it is stopped."""
    from scanner.commands.preparing import configuration, set_up_logging, state_directory

    settings = configuration(config)
    set_up_logging(settings.logging.level, settings.logging.file)
    changes: dict[str, object] = {"workers": workers or settings.scan.workers}
    settings = settings.model_copy(update={"scan": settings.scan.model_copy(update=changes)})
    if poll is not None:
        polling = settings.watch.model_copy(update={"poll_everything": True, "poll_seconds": poll})
        settings = settings.model_copy(update={"watch": polling})
    roots = _roots(paths or (), settings.watch.paths, settings.scan.silent_seconds / 2)
    directory = state_directory(state, settings.state.directory)
    engine = _database(settings, directory)
    counts = _watch(settings, engine, directory, roots, once=once, quiet=quiet)
    typer.echo(f"dlp: read {counts.read:,} files, {counts.alerts:,} alerts", err=True)
    raise typer.Exit(_exit_code(counts) if once else Exit.CLEAN)


def _exit_code(counts: Counts) -> Exit:
    if counts.troubles:
        return Exit.FINDINGS_INCOMPLETE if counts.alerts else Exit.INCOMPLETE
    return Exit.FINDINGS if counts.alerts else Exit.CLEAN


def _roots(named: Sequence[str], configured: Sequence[str], patience: float) -> tuple[bytes, ...]:
    """What to watch; ends the program where it cannot be.

    What is named on the command line must be there.  What is configured may come later: a mount that is
    missing when the machine starts must not end the watch of the others.
    """
    from scanner.shares.sources import SourceError, distinct, is_remote, usable
    from scanner.shares.walk import distinct_roots

    if not named and not configured:
        fail("name the folders to watch, on the command line or as watch.paths in the configuration")
    local: list[Path] = []
    remote: list[bytes] = []
    for written in named or configured:
        if not is_remote(written):
            local.append(_folder(Path(written), patience, must_be_there=bool(named)))
        elif written.startswith("image:"):
            fail("a disk image does not change: dlp scan, or dlp certificate")
        else:
            try:
                remote.append(usable(written))
            except SourceError as error:
                fail(str(error))
    return (*map(os.fsencode, distinct_roots(local)), *distinct(remote))


def _folder(path: Path, patience: float, *, must_be_there: bool) -> Path:
    from scanner.shares.sources import SilentError
    from scanner.shares.sources.apart import real_folder
    from scanner.store.entry import displayable

    absolute = Path.cwd() / path
    try:
        found = real_folder(path, patience)
    except SilentError:
        return absolute  # the watch says so, and goes on with the others
    if found is None:
        line = f"{displayable(os.fsencode(path))} is no folder, or is not there; is it mounted?"
        if must_be_there:
            fail(line)
        typer.echo(f"dlp: {line}", err=True)
    if found == Path("/"):
        fail("/ is the whole machine; name the folders you mean")
    return found or absolute


def _database(settings: Configuration, directory: Path) -> Engine:
    from scanner.commands.preparing import inventory
    from scanner.store.database import StorageError
    from scanner.store.outbox import open_outbox

    inventory(settings, directory).dispose()
    try:
        return open_outbox(settings.storage.url(directory))
    except StorageError as error:
        fail(str(error))


def _watch(
    settings: Configuration,
    engine: Engine,
    directory: Path,
    roots: tuple[bytes, ...],
    *,
    once: bool,
    quiet: bool,
) -> Counts:
    from scanner.commands import errands
    from scanner.commands.inspecting import inspector
    from scanner.commands.reading import asset_owner_of
    from scanner.commands.shielding import Comparing
    from scanner.commands.version import program_version
    from scanner.configuration.signatures import signatures
    from scanner.shares.watching.watch import WatchRun
    from scanner.shares.watching.watch import watch as run_watch
    from scanner.shares.workers import WorkersFailedError
    from scanner.store.inventory import StoreLostError
    from scanner.store.keys import InstallationKeyError, installation_key
    from scanner.store.runs import RunError
    from scanner.store.sealing import SealingError

    try:
        key = installation_key(directory)
        courier = errands.courier(settings, engine)
        inspecting = inspector(settings, key)
        inspecting.warm()
        run = WatchRun(
            roots=roots,
            settings=settings.watching(),
            inspector=inspecting,
            key=key,
            version=program_version(),
            signatures=signatures(settings),
            left_out=(directory,),
            owner_of=asset_owner_of(settings),
            compare=Comparing(engine, settings.storage.master_key),
        )
        with ExitStack() as stack:
            if not once:
                stack.enter_context(errands.running(settings, directory))
            observer = stack.enter_context(_observer(settings, quiet=quiet))
            if not once:
                _say_whom_it_asks_and_tells(settings, observer)
            counts = run_watch(run, engine, observer, once=once)
        if once:
            courier.turn(hurry=True)
        return counts
    except (InstallationKeyError, SealingError, WorkersFailedError, RunError) as error:
        fail(str(error))
    except StoreLostError as error:
        fail(str(error), Exit.INCOMPLETE)


def _say_whom_it_asks_and_tells(settings: Configuration, observer: WatchObserver) -> None:
    for folder, base in settings.watch.published.items():
        pause = settings.watch.probe_minutes
        observer.say(
            f"{folder}: its sensitive files are asked for at {base} every {pause:g} min, as by a stranger"
        )
    channels = settings.watching().channels
    if channels:
        observer.say(f"alerts from {settings.alerts.at_least} on go to: {', '.join(channels)}")
    else:
        observer.say(
            "nobody is told of what is found: no receiver is configured (section alerts); "
            f"what is {settings.alerts.at_least} or worse is said here"
        )


class Herald:
    """Says alerts as they are raised; of a flood the first of each minute, and how many there were."""

    def __init__(
        self, say: Callable[[str], None], per_minute: int = 20, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._per_minute = per_minute
        self._clock = clock
        self._since = clock()
        self._count = 0

    def __call__(self, alert: Alert) -> None:
        """Say it, or count it."""
        from scanner.alerts.wording import line

        now = self._clock()
        if now - self._since >= 60:
            self._since, self._count = now, 0
        self._count += 1
        if self._count <= self._per_minute:
            self._say(line(alert))
        elif self._count == self._per_minute + 1:
            self._say("and more in this minute, which are not said one by one; see: dlp report")


@contextmanager
def _observer(settings: Configuration, *, quiet: bool) -> Iterator[WatchObserver]:
    """Says lines on standard error, writes the metrics, and stops at a signal (a second Ctrl-C at once)."""
    import signal
    from types import FrameType

    from scanner.shares.watching.watch import WatchObserver

    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def say(line: str) -> None:
        typer.echo(f"dlp: {line}", err=True)

    measure = _metrics(settings)
    said: list[str] = []

    def health(state: Health) -> None:
        measure(state)
        line = health_line(state)
        if not quiet and [line] != said:
            said[:] = [line]
            say(line)

    watched = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, note) for number in watched}
    try:
        yield WatchObserver(
            say=(lambda _: None) if quiet else say,
            alert=Herald(say),
            health=health,
            stop=lambda: bool(asked),
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def health_line(state: Health) -> str:
    """How the watch is doing, in one line."""
    from scanner.judgement.assessment import Severity

    parts = [f"{state.native} watched, {state.polled} polled", f"{state.read:,} files read"]
    found = [
        f"{state.by_severity[level]:,} {level.word}"
        for level in sorted(Severity, reverse=True)
        if level >= Severity.LOW and state.by_severity.get(level)
    ]
    parts.append(", ".join(found) or "no findings yet")
    if state.names or state.waiting or state.sweeps:
        parts.append(f"{state.names + state.waiting:,} waiting, {state.sweeps} sweeps")
    if state.alerts:
        parts.append(f"{state.alerts:,} alerts")
    if not state.ready:
        parts.append("still setting up")
    if state.beside_scan:
        parts.append("beside a scan")
    return "  ".join(parts)


def _metrics(settings: Configuration) -> Callable[[Health], None]:
    """What writes the figures for Prometheus' textfile collector."""
    path = settings.watch.metrics_file
    if path is None:
        return lambda _: None

    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()
    gauges = {
        name: Gauge(f"dlp_watch_{name}", meaning, registry=registry)
        for name, meaning in (
            ("read_files", "Files read since the start of the watch"),
            ("gone_files", "Files that went since the start of the watch"),
            ("alerts", "Alerts raised since the start of the watch"),
            ("names_settling", "Changed names that wait until their files settle"),
            ("files_waiting", "Files that are being read or stand in line"),
            ("sweeps_waiting", "Folders and trees that are to be swept"),
            ("ready", "Whether every folder is watched"),
            ("last_seen_seconds", "When the watch last wrote this, in seconds since 1970"),
        )
    }

    def write(state: Health) -> None:
        gauges["read_files"].set(state.read)
        gauges["gone_files"].set(state.gone)
        gauges["alerts"].set(state.alerts)
        gauges["names_settling"].set(state.names)
        gauges["files_waiting"].set(state.waiting)
        gauges["sweeps_waiting"].set(state.sweeps)
        gauges["ready"].set(state.ready)
        gauges["last_seen_seconds"].set_to_current_time()
        try:
            write_to_textfile(str(path), registry)
        except OSError as error:
            typer.echo(f"dlp: {path} cannot be written ({(error.strerror or '').lower()})", err=True)

    return write
