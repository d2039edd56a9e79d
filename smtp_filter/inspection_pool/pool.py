"""The event loop's side of the workers: who gets the next one, deadlines, failures, replacements."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scanner.shares.temporary import PrivateFolders
from scanner.shares.wire import Inbox, WireError
from smtp_filter.inspection_pool.settings import PoolSettings
from smtp_filter.inspection_pool.worker import LENGTH
from smtp_filter.inspection_pool.zygote import ZygoteRequests
from smtp_filter.message import Content

# Between two tries to get a worker while none can be had.
_PAUSE = 0.5


class PoolFullError(Exception):
    """Too many messages wait already; the sender's server shall come back."""


class InspectionFailedError(Exception):
    """A message could not be examined; ``reason`` says why in fixed words, never in the message's.

    ``blame`` is false where the message cannot be at fault (no worker was to be had).
    """

    def __init__(self, reason: str, *, blame: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blame = blame


class _WorkerDiedError(Exception):
    """The worker ended, or spoke nonsense, in the middle of a message."""


@dataclass(eq=False, slots=True)
class _Worker:
    """One worker process; ``process`` is a descriptor of it, which stays its own when it has ended."""

    connection: socket.socket
    process: int
    folder: Path
    inbox: Inbox = field(default_factory=Inbox)

    def alive(self) -> bool:
        """Whether it still holds its end; only while it has nothing to say."""
        try:
            self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False  # gone, or speaking out of turn

    def kill(self) -> None:
        """Kill it if it lives; whoever waits for its answer sees it end."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.process, signal.SIGKILL)

    def end(self) -> None:
        """Kill it if it lives, and let go of it."""
        self.kill()
        os.close(self.process)
        self.connection.close()


@dataclass(frozen=True, slots=True)
class _Job:
    """A message on its way to a worker; ``until`` is in the event loop's time."""

    descriptor: int
    facts: Mapping[str, Any]
    until: float
    alone: bool = False  # its first worker died


@dataclass(eq=False, slots=True)
class _Waiter:
    large: bool
    worker: asyncio.Future[_Worker]


class InspectionPool:
    """The workers of one relay process.  ``start`` and ``close`` in its event loop."""

    def __init__(self, requests: ZygoteRequests, settings: PoolSettings) -> None:
        self._requests = requests
        self._settings = settings
        self._idle: deque[_Worker] = deque()
        self._working: set[_Worker] = set()
        self._waiting: deque[_Waiter] = deque()
        self._large = 0  # large messages being examined
        self._starting: set[asyncio.Task[None]] = set()
        self._first = asyncio.Event()
        self._folders = PrivateFolders()
        self._closed = False
        self.replaced = 0
        """Workers that were killed or died and were replaced, since the start."""

    async def start(self) -> None:
        """Ask for the workers and wait until the first is ready.

        Raises :class:`InspectionFailedError` when none becomes ready in ``start_seconds``.
        """
        for _ in range(self._settings.effective_workers):
            self._replace()
        try:
            async with asyncio.timeout(self._settings.start_seconds):
                await self._first.wait()
        except TimeoutError:
            raise InspectionFailedError("no inspection worker could be started", blame=False) from None

    async def close(self) -> None:
        """End every worker; whoever still waits is told that it failed."""
        if self._closed:
            return
        self._closed = True
        for task in list(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for worker in (*self._idle, *self._working):
            worker.kill()
        for worker in self._idle:
            self._end(worker)
        self._idle.clear()
        for waiter in self._waiting:
            if not waiter.worker.done():
                waiter.worker.set_exception(_stopping())
        self._waiting.clear()
        # Whoever waits for a killed worker sees its end and gives it back.
        while self._working:
            await asyncio.sleep(0.001)
        self._folders.close()

    @property
    def waiting(self) -> int:
        """Messages that wait for a worker."""
        return len(self._waiting)

    @property
    def working(self) -> int:
        """Workers that are busy."""
        return len(self._working)

    @property
    def ready(self) -> int:
        """Workers that live, busy or idle."""
        return len(self._working) + len(self._idle)

    @property
    def full(self) -> bool:
        """Whether the next message would be turned away."""
        return len(self._waiting) >= self._settings.waiting

    async def examine(self, content: Content, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The worker's answer for a message; ``facts`` is what else it needs to know, as JSON.

        Raises :class:`PoolFullError` at once where too many wait, :class:`InspectionFailedError` at the
        deadline or when a worker broke.  A message whose worker died is tried once more, read by a process
        of its own: what it reads before it dies as well is judged.
        """
        if self.full:
            raise PoolFullError
        large = content.size >= self._settings.large_bytes
        job = _Job(_as_file(content), facts, asyncio.get_running_loop().time() + self._settings.deadline)
        try:
            async with asyncio.timeout_at(job.until):
                try:
                    return await self._once(job, large)
                except _WorkerDiedError:
                    return await self._once(replace(job, alone=True), large)
        except TimeoutError:
            reason = f"not examined within {self._settings.deadline:.0f} seconds"
            raise InspectionFailedError(reason) from None
        except _WorkerDiedError:
            raise InspectionFailedError("the inspection worker died twice") from None
        finally:
            os.close(job.descriptor)

    async def _once(self, job: _Job, large: bool) -> dict[str, Any]:
        worker = await self._take(large)
        fit = False
        try:
            answer = await _ask(worker, job)
            fit = not answer.get("last", True)
        finally:
            # Also at the deadline and when the caller was cancelled: it must not go on in the background.
            self._give_back(worker, large, fit=fit)
        if "failed" in answer:
            raise InspectionFailedError(str(answer["failed"]))
        result = answer.get("answer")
        if not isinstance(result, dict):
            raise _WorkerDiedError
        return result

    # --- who gets which worker ---------------------------------------------------------------------------

    def _may_start(self, large: bool) -> bool:
        return not large or self._large < self._settings.effective_workers - 1

    async def _take(self, large: bool) -> _Worker:
        if self._closed:
            raise _stopping()
        waiter = _Waiter(large, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._hand_out()
        try:
            return await waiter.worker
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif waiter.worker.done() and not waiter.worker.cancelled() and not waiter.worker.exception():
                self._give_back(waiter.worker.result(), large, fit=True)
            raise

    def _hand_out(self) -> None:
        """Give idle workers to those who wait, in their order; small messages may pass large ones."""
        while self._idle:
            waiter = next((one for one in self._waiting if self._may_start(one.large)), None)
            if waiter is None:
                return
            # The one that rested last: its memory is warm.
            worker = self._idle.pop()
            if not worker.alive():
                self._drop(worker)
                continue
            self._waiting.remove(waiter)
            if waiter.worker.done():  # cancelled meanwhile
                self._idle.append(worker)
                continue
            self._working.add(worker)
            self._large += waiter.large
            waiter.worker.set_result(worker)

    def _give_back(self, worker: _Worker, large: bool, *, fit: bool) -> None:
        self._working.discard(worker)
        self._large -= large
        if fit and not self._closed:
            self._idle.append(worker)
        else:
            self._drop(worker)
        self._hand_out()

    def _end(self, worker: _Worker) -> None:
        worker.end()
        self._folders.remove(worker.folder)

    def _drop(self, worker: _Worker) -> None:
        self._end(worker)
        self.replaced += 1
        self._replace()

    def _replace(self) -> None:
        if not self._closed:
            task = asyncio.get_running_loop().create_task(self._start_worker())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _start_worker(self) -> None:
        """Try until there is a worker: without them nothing can be examined, and mail waits upstream."""
        while True:
            try:
                worker = await self._new_worker()
            except (OSError, TimeoutError, WireError):
                await asyncio.sleep(_PAUSE)
                continue
            self._idle.append(worker)
            self._first.set()
            self._hand_out()
            return

    async def _new_worker(self) -> _Worker:
        folder = self._folders.new()
        connection: socket.socket | None = None
        try:
            connection = self._requests.new_worker(folder)
            connection.setblocking(False)
            async with asyncio.timeout(self._settings.start_seconds):
                inbox = Inbox()
                hello = await _message(connection, inbox)
            # It spoke a moment ago and waits for us: the number is surely still its own.
            process = os.pidfd_open(int(hello["ready"]))
        except BaseException as error:
            if connection is not None:
                connection.close()
            self._folders.remove(folder)
            if isinstance(error, (_WorkerDiedError, KeyError, ValueError, TypeError)):
                raise WireError("a worker did not start") from None
            raise
        return _Worker(connection, process, folder, inbox)


def _stopping() -> InspectionFailedError:
    return InspectionFailedError("the relay is stopping", blame=False)


async def _ask(worker: _Worker, job: _Job) -> dict[str, Any]:
    """Send a message to a worker and wait for what it says."""
    loop = asyncio.get_running_loop()
    asked = json.dumps(
        {"facts": job.facts, "seconds": job.until - loop.time(), "alone": job.alone}, separators=(",", ":")
    ).encode("ascii")
    try:
        # A descriptor goes with the first bytes; the buffer is empty, so these few always fit.
        socket.send_fds(worker.connection, [LENGTH.pack(len(asked))], [job.descriptor])
        await loop.sock_sendall(worker.connection, asked)
        return await _message(worker.connection, worker.inbox)
    except (OSError, WireError):
        raise _WorkerDiedError from None


async def _message(connection: socket.socket, inbox: Inbox) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    while True:
        data = await loop.sock_recv(connection, 1 << 18)
        if not data:
            raise _WorkerDiedError
        if messages := inbox.feed(data):
            if len(messages) > 1:
                raise WireError("answers what was not asked")
            return messages[0]


def _as_file(content: Content) -> int:
    """A descriptor to read the content by, which the caller closes.

    Whatever a worker does with it, the bytes that are sent on stay what they are: it is a copy, or cannot
    be written by.
    """
    if content.descriptor is not None:
        return os.open(f"/proc/self/fd/{content.descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    assert content.data is not None
    descriptor = os.memfd_create("message", os.MFD_CLOEXEC)
    try:
        view = memoryview(content.data)
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.ENOSPC, errno.ENOMEM):
            raise InspectionFailedError("no memory for the message", blame=False) from None
        raise
    return descriptor
