"""``dlp worker``: takes batches as long as it is told to, reads them, and brings back what others have lost.

One process without threads: it forks the processes that read.  procrastinate's worker fetches, beats and
ends; where the database is lost it ends, and is begun again here until the database is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker
from sqlalchemy import Engine

from scanner.shares.distributed import batches
from scanner.shares.distributed.batches import Batch
from scanner.shares.distributed.owed import bring_back
from scanner.shares.distributed.reading import Outcome, read_batch
from scanner.shares.distributed.settings import DistributedSettings
from scanner.shares.pace import Pace, be_modest
from scanner.shares.settings import ScanSettings
from scanner.shares.worker import FileInspector, Work
from scanner.shares.workers import WorkerPool
from scanner.store.inventory import StoreLostError, persistently

# New servers, lost batches and idle queues are looked for so often.
_LOOKS = 1.0
# A machine that does not have what a run came to leaves that server to others for so long.
_WITHOUT = 60.0
_AGAIN = 2.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """What a worker is told: what reads, how many processes, which servers, and how it is asked to end.

    ``mark`` is what it has in common with the runs that it reads for (:func:`batches.fingerprint`).
    ``idle_seconds`` ends it where there was nothing to do for so long; ``None``: never.
    """

    scan: ScanSettings
    distributed: DistributedSettings
    inspector: FileInspector
    key: bytes
    mark: str
    concurrency: int = 1
    servers: str = "*"
    stop: Callable[[], bool] = lambda: False
    idle_seconds: float | None = None
    may_read: Callable[[], bool] = lambda: True
    told: Callable[[str], None] = lambda _: None


@dataclass
class Figures:
    """What a worker has done."""

    batches: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)


def work(engine: Engine, task: WorkerTask) -> Figures:
    """Read batches until ``task.stop``; raises ``WorkersFailedError`` where no process can be started."""
    be_modest(task.scan.pace)
    # Its traces tell what every lost connection does to every query; one line of ours is enough.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    told = task.scan.workers
    one = Work(task.inspector, task.key, told.confinement, told.seconds_per_file, told.files_per_worker)
    with _pools(one, task.concurrency) as pools:
        return asyncio.run(_Working(engine, task, pools).run())


@contextmanager
def _pools(one: Work, count: int) -> Iterator[list[WorkerPool]]:
    """One pool of one process for each batch that is read at a time."""
    with ExitStack() as stack:
        yield [stack.enter_context(WorkerPool(one, 1)) for _ in range(max(1, count))]


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A job that could not be ended was lost with a connection, or went to others in the meantime."""
    _logger.info("a job was not ended (%s)", type(context.get("exception")).__name__)


class _Working:
    def __init__(self, engine: Engine, task: WorkerTask, pools: list[WorkerPool]) -> None:
        self._engine = engine
        self._task = task
        self._free = pools
        self._pace = Pace(task.scan.pace, len(pools))
        self._concurrency = len(pools)
        self._without: dict[str, float] = {}
        self._figures = Figures()
        self._busy = time.monotonic()
        self._reading = 0
        self._worker: Worker | None = None

    async def run(self) -> Figures:
        asyncio.get_running_loop().set_exception_handler(_note)
        while not self._ends():
            try:
                await self._serve()
            except (ConnectorException, OSError) as error:
                _logger.warning("database lost (%s), trying again", type(error).__name__)
            if not self._ends():
                await asyncio.sleep(_AGAIN)
        return self._figures

    def _ends(self) -> bool:
        idle = self._task.idle_seconds
        return self._task.stop() or (
            idle is not None and not self._reading and time.monotonic() - self._busy > idle
        )

    async def _serve(self) -> None:
        """Serve until asked to end, or until the database is lost."""
        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4, timeout=10.0))
        app.task(name=batches.TASK, pass_context=True)(self._batch)
        lease = self._task.distributed.lease_seconds
        async with app.open_async():
            worker = Worker(
                app,
                queues=self._queues(),
                name="dlp",
                concurrency=self._concurrency,
                fetch_job_polling_interval=_LOOKS / 2,
                listen_notify=False,  # queues come and go with servers; a second of idling costs nothing
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=lease / 3,
                stalled_worker_timeout=lease,
            )
            self._worker = worker
            watching = asyncio.create_task(self._watch(worker))
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await watching

    async def _watch(self, worker: Worker) -> None:
        """Now and then: which servers there are, what others have lost, whether this is the end."""
        lease, looked = self._task.distributed.lease_seconds, 0.0
        while not self._ends():
            await asyncio.sleep(_LOOKS / 2)
            try:
                worker.queues = self._queues()
                if time.monotonic() - looked > lease / 3:
                    looked = time.monotonic()
                    for line in persistently(self._engine, lambda c: bring_back(c, lease), patience=1.0):
                        self._task.told(line)
            except StoreLostError:
                break
        worker.stop()  # type: ignore[no-untyped-call]

    def _queues(self) -> list[str]:
        now = time.monotonic()
        servers = persistently(
            self._engine, lambda c: batches.queues(c, self._task.mark), writes=False, patience=1.0
        )
        return [
            batches.queue_name(self._task.mark, server)
            for server in servers
            if fnmatchcase(server, self._task.servers) and self._without.get(server, 0.0) < now
        ]

    async def _batch(self, context: JobContext, /, **args: Any) -> None:
        batch = Batch.of(args, context.job.priority)
        pool = self._free.pop()
        self._reading += 1
        try:
            outcome = (
                await read_batch(self._engine, pool, batch, self._pace, self._task.stop, self._task.may_read)
                if self._task.may_read()
                else Outcome.DROPPED
            )
            if outcome is Outcome.GIVEN_BACK:
                self._offer_again(batch)
            elif outcome is Outcome.NOT_HERE:
                self._leave(batch.server)
                self._task.told(
                    f"what run {batch.run} came to on {batch.server} does not lie here; left to others"
                )
                self._offer_again(batch)
            self._figures.batches += 1
            self._figures.outcomes[outcome] = self._figures.outcomes.get(outcome, 0) + 1
        except StoreLostError:
            # What was entered is entered; the batch is brought back when this worker's lease is over.
            _logger.warning("database lost while a batch was read")
        finally:
            self._reading -= 1
            self._busy = time.monotonic()
            self._free.append(pool)

    def _leave(self, server: str) -> None:
        """Take nothing of this server for a while, from now on."""
        self._without[server] = time.monotonic() + _WITHOUT
        if self._worker is not None:
            name = batches.queue_name(self._task.mark, server)
            self._worker.queues = [queue for queue in self._worker.queues or () if queue != name]

    def _offer_again(self, batch: Batch) -> None:
        persistently(self._engine, lambda c: batches.offer(c, self._task.mark, [batch]))
