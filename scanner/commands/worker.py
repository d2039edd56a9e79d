"""``dlp worker``: read batches of distributed scans, on as many machines as there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP, STATE_HELP

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """Read what `dlp scan --distributed` gives out, until it is stopped; on any number of machines.

The shares must be mounted at the same paths as where the scan walks. Rules, configuration and the key of the
installation (DLP_KEY, or the file in the state directory) must be the same: a worker sees only the batches of
scans with which it shares all of them. Ctrl-C or SIGTERM ends it after the files that it has begun; what it
had not read goes to others, also when it is killed or its machine is lost.

\b
Exit codes:
  0    stopped, or idle for --exit-when-idle
  2    wrong options or configuration, or a database that cannot carry a distributed scan
  3    the database was lost

\b
Examples:
  dlp worker
  dlp worker --concurrency 8
  dlp worker --servers 'fs1*'
  dlp worker --exit-when-idle 60
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("worker", help=HELP)(worker)


def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency", "-j", min=1, max=1024, help="Files read at a time [default: one for each core]."
        ),
    ] = None,
    servers: Annotated[
        str, typer.Option("--servers", help="Read only of servers whose name fits this glob.")
    ] = "*",
    exit_when_idle: Annotated[
        float | None,
        typer.Option("--exit-when-idle", min=0, help="End after so many seconds without work."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
    state: Annotated[Path | None, typer.Option("--state", help=STATE_HELP)] = None,
) -> None:
    """Read batches until asked to stop."""
    from datetime import datetime

    from scanner.commands.inspecting import inspector
    from scanner.commands.preparing import configuration, inventory, set_up_logging, state_directory
    from scanner.configuration.signatures import signatures
    from scanner.shares.distributed.batches import NotDistributedError, fingerprint, set_up
    from scanner.shares.distributed.working import WorkerTask, work
    from scanner.shares.workers import WorkersFailedError
    from scanner.store.inventory import StoreLostError
    from scanner.store.keys import InstallationKeyError, installation_key

    settings = configuration(config)
    set_up_logging(settings.logging.level, settings.logging.file)
    directory = state_directory(state, settings.state.directory)
    engine = inventory(settings, directory)
    scanning = settings.scanning()
    try:
        set_up(engine)
        key = installation_key(directory)
        inspecting = inspector(settings, key)
        inspecting.warm()
        with _told_to_stop() as stop:
            task = WorkerTask(
                scan=scanning,
                distributed=settings.distributed.settings(),
                inspector=inspecting,
                key=key,
                mark=fingerprint(signatures(settings).values().values(), key),
                concurrency=concurrency or scanning.workers.effective_count,
                servers=servers,
                stop=stop,
                idle_seconds=exit_when_idle,
                may_read=lambda: scanning.windows.open_at(datetime.now()),
                told=lambda line: typer.echo(f"dlp: {line}", err=True),
            )
            done = work(engine, task)
    except (NotDistributedError, InstallationKeyError, WorkersFailedError) as error:
        fail(str(error))
    except StoreLostError as error:
        fail(str(error), Exit.INCOMPLETE)
    typer.echo(f"{done.batches} batches read")


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether a signal asked for the end; a second one ends at once."""
    import signal
    from types import FrameType

    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
