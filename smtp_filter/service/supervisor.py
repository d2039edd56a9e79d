"""The supervisor: holds the sockets, starts the processes, replaces what dies, stops and reloads gently.

It does no work of its own, so that nothing can break it: it never reads a byte of mail, holds no database
and no thread.  The listening sockets are its own and every process accepts on them; while one process dies or
is replaced, connections wait in the kernel for another one.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import mmap
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeAlias

from smtp_filter.inspection_pool import Examine, PoolSettings, ZygoteRequests, run_zygote
from smtp_filter.process_names import name_process
from smtp_filter.service.event_log import error_place
from smtp_filter.service.systemd import Notifier

logger = logging.getLogger(__name__)

Address: TypeAlias = tuple[str, int]

BACKLOG = 1024
"""Connections that wait in the kernel while all processes are busy or being replaced."""

_BEAT_SECONDS = 2.0
_QUICK_DEATH_SECONDS = 5.0  # dead so soon after its start: the next one waits
_LONGEST_PAUSE = 30.0
_BIND_SECONDS = 10.0  # how long the processes of a supervisor that was killed may still hold its port


class StartError(Exception):
    """The service cannot start or reload; the message is one line for the administrator."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a process is given by the supervisor."""

    sockets: Mapping[Address, socket.socket]
    requests: ZygoteRequests
    lifeline: int
    _status: int
    _board: mmap.mmap

    beat_seconds = _BEAT_SECONDS

    def ready(self) -> None:
        """Say that this process works; to be called once."""
        os.write(self._status, b"R")

    def beat(self) -> None:
        """Say that this process lives; to be called every ``beat_seconds``."""
        with contextlib.suppress(OSError):
            os.write(self._status, b".")

    def fail(self, message: str) -> None:
        """Say in one line why this process cannot work, before it ends."""
        with contextlib.suppress(OSError):
            os.write(self._status, b"F" + message.encode("utf-8", "replace")[:500] + b"\n")

    @property
    def service_ready(self) -> bool:
        """Whether every process of the service works, as the supervisor sees it."""
        return self._board[0] == 1


Body: TypeAlias = Callable[[Place], None]
"""What a process does; returns after SIGTERM, when it has finished what was under way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run: the addresses, the processes by name, and what the zygote loads."""

    listen: tuple[Address, ...]
    processes: Mapping[str, Body]
    examine: Callable[[], Examine]
    pool: PoolSettings
    start_seconds: float = 180.0
    stop_seconds: float = 120.0
    silent_seconds: float = 60.0
    """A process whose event loop stands still for so long is stuck, and is replaced."""
    forget: Callable[[int], None] = lambda pid: None
    """Told of every process that has ended."""


@dataclass(eq=False, slots=True)
class _Process:
    """One child."""

    name: str
    pid: int
    status: int  # the read end of its pipe; -1 for the zygote
    started: float
    heard: float
    ready: bool = False
    said: bytes = b""


@dataclass(eq=False, slots=True)
class _Generation:
    """The processes of one plan."""

    plan: Plan
    requests: ZygoteRequests
    lifeline: tuple[int, int]  # read end, write end; its end ends whoever reads it
    begun: float
    processes: dict[str, _Process] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)  # when a dead one is started again
    pauses: dict[str, float] = field(default_factory=dict)
    failure: str = ""  # why one of its processes cannot work
    serving: bool = False  # all of its processes have worked at the same time
    stopping: float = 0.0  # when it was told to stop

    @property
    def ready(self) -> bool:
        """Whether all processes work."""
        return all(name in self.processes and self.processes[name].ready for name in self.plan.processes)


class Supervisor:
    """Runs a plan until it is told to stop.  Use ``run`` in the main thread of a process without threads.

    ``load`` makes the plan, now and at each reload; it raises :class:`StartError`.
    """

    def __init__(self, load: Callable[[], Plan], notifier: Notifier | None = None) -> None:
        self._load = load
        self._notifier = notifier or Notifier()
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Address, socket.socket] = {}
        self._generations: list[_Generation] = []
        self._board = mmap.mmap(-1, mmap.PAGESIZE)
        self._signals: set[int] = set()
        self._wake = os.pipe()
        self._fed = 0.0

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; raises :class:`StartError` when the first start fails."""
        for end in self._wake:
            os.set_blocking(end, False)
        self._selector.register(self._wake[0], selectors.EVENT_READ)
        previous = {
            number: signal.signal(number, self._note)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        }
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        try:
            self._begin(self._load())
            self._serve()
        finally:
            self._end()
            signal.set_wakeup_fd(-1)
            for number, handler in previous.items():
                signal.signal(number, handler)
            self._selector.close()
            for end in self._wake:
                os.close(end)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it listens, with the ports that the system chose."""
        return tuple(listening.getsockname()[:2] for listening in self._sockets.values())

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signals.add(number)

    # --- the loop ---------------------------------------------------------------------------------------

    def _serve(self) -> None:
        stop_at = 0.0
        while True:
            for key, _ in self._selector.select(_BEAT_SECONDS / 2):
                if key.fd == self._wake[0]:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake[0], 4096)
                else:
                    self._hear(*key.data)
            self._reap()
            now = time.monotonic()
            if self._signals & {signal.SIGTERM, signal.SIGINT}:
                self._signals -= {signal.SIGTERM, signal.SIGINT}
                if not stop_at:
                    self._notifier.stopping()
                    logger.info("stopping: finishing what is under way")
                    for generation in self._generations:
                        self._stop(generation)
                    stop_at = now
            if signal.SIGHUP in self._signals:
                self._signals.discard(signal.SIGHUP)
                if not stop_at:
                    self._reload()
            self._look_after(now)
            if stop_at and not self._generations:
                return

    def _look_after(self, now: float) -> None:
        """Whatever is due: restarts, stuck processes, the end of old generations, what others are told."""
        for generation in list(self._generations):
            if generation.stopping:
                self._end_of(generation, now)
                continue
            for name in [name for name, when in generation.due.items() if when <= now]:
                del generation.due[name]
                self._start(generation, name)
            for process in generation.processes.values():
                if process.ready and now - process.heard > generation.plan.silent_seconds:
                    logger.error("%s stands still and is replaced", process.name)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process.pid, signal.SIGKILL)
        self._succeed(now)
        self._board[0] = any(one.ready for one in self._generations if not one.stopping)
        if self._notifier.watchdog_seconds and now - self._fed > self._notifier.watchdog_seconds / 3:
            self._fed = now
            self._notifier.alive()

    # --- generations ------------------------------------------------------------------------------------

    def _begin(self, plan: Plan) -> None:
        """Start a generation beside those that are there; raises :class:`StartError` for its sockets."""
        for address in plan.listen:
            if address not in self._sockets:
                self._sockets[address] = _listen(address)
        generation = _Generation(plan, ZygoteRequests(), os.pipe(), time.monotonic())
        self._generations.append(generation)
        self._start(generation, _ZYGOTE)
        for name in plan.processes:
            self._start(generation, name)

    def _reload(self) -> None:
        self._notifier.reloading()
        # One change at a time: a reload that is still under way is given up, what serves stays.
        for generation in [one for one in self._generations if not one.serving]:
            self._abandon(generation)
        try:
            self._begin(self._load())
        except StartError as error:
            self._stay(str(error))

    def _stay(self, reason: str) -> None:
        logger.error("reload refused, the service goes on as before: %s", reason)
        self._notifier.ready("reload refused, see the log; going on as before")

    def _succeed(self, now: float) -> None:
        """Let the newest generation take over when it works; give it up when it does not come to that."""
        newest = self._generations[-1] if self._generations else None
        if newest is None or newest.serving or newest.stopping:
            return
        if newest.ready:
            newest.serving = True
            for old in self._generations[:-1]:
                if not old.stopping:
                    self._stop(old)
            logger.info("ready: %d processes", len(newest.plan.processes))
            self._notifier.ready(f"relaying, {len(newest.plan.processes)} processes")
            return
        late = now - newest.begun > newest.plan.start_seconds
        reason = newest.failure or (
            f"not ready within {newest.plan.start_seconds:.0f} seconds" if late else ""
        )
        if reason and self._generations[0] is newest:
            raise StartError(reason)
        if reason:
            self._abandon(newest)
            self._stay(reason)

    def _stop(self, generation: _Generation) -> None:
        generation.stopping = time.monotonic()
        generation.due.clear()
        for process in generation.processes.values():
            if process.name != _ZYGOTE:  # its workers are still needed
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)

    def _end_of(self, generation: _Generation, now: float) -> None:
        """Take a stopping generation away when its processes have ended."""
        left = [one for one in generation.processes.values() if one.name != _ZYGOTE]
        if left and now - generation.stopping <= generation.plan.stop_seconds:
            return
        if left:
            logger.warning("%d processes did not stop in time and are ended", len(left))
        self._abandon(generation)

    def _abandon(self, generation: _Generation) -> None:
        """End every process of a generation at once."""
        for process in list(generation.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            self._forget(generation, process)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, 0)
        generation.requests.close()
        for end in generation.lifeline:
            os.close(end)
        self._generations.remove(generation)
        wanted = {address for one in self._generations for address in one.plan.listen}
        for address in [address for address in self._sockets if address not in wanted]:
            self._sockets.pop(address).close()

    def _end(self) -> None:
        for generation in list(self._generations):
            self._abandon(generation)

    # --- processes --------------------------------------------------------------------------------------

    def _start(self, generation: _Generation, name: str) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        pid = os.fork()
        if pid == 0:
            self._become(generation, name, writing)
        os.close(writing)
        now = time.monotonic()
        process = _Process(name, pid, reading, now, now)
        generation.processes[name] = process
        self._selector.register(reading, selectors.EVENT_READ, (generation, process))

    def _become(self, generation: _Generation, name: str, status: int) -> None:
        """The child's side: let go of what is the supervisor's, do the work.  Never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            # A keyboard's Ctrl-C reaches all of them; the supervisor passes it on in order.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            self._let_go(generation)
            name_process(f"dlp-{name}")
            place = Place(
                {address: self._sockets[address] for address in generation.plan.listen},
                generation.requests,
                generation.lifeline[0],
                status,
                self._board,
            )
            if name == _ZYGOTE:
                self._be_zygote(generation.plan, place)
            else:
                generation.plan.processes[name](place)
            code = 0
        except StartError as error:
            Place({}, generation.requests, -1, status, self._board).fail(str(error))
        except BaseException as error:
            # Only the class and the place: the message may quote what was being worked on.
            logger.error("%s ended by %s", name, error_place(error))
        finally:
            logging.shutdown()
            os._exit(code)

    def _be_zygote(self, plan: Plan, place: Place) -> None:
        def build() -> Examine:
            try:
                examine = plan.examine()
            except StartError as error:
                place.fail(str(error))
                raise
            place.ready()
            return examine

        run_zygote(place.requests, place.lifeline, build, plan.pool, place.beat)

    def _let_go(self, generation: _Generation) -> None:
        for one in self._generations:
            os.close(one.lifeline[1])
            if one is not generation:
                os.close(one.lifeline[0])
                one.requests.close()
            for process in one.processes.values():
                with contextlib.suppress(OSError):
                    os.close(process.status)
        self._selector.close()
        for end in self._wake:
            os.close(end)

    def _hear(self, generation: _Generation, process: _Process) -> None:
        try:
            data = os.read(process.status, 4096)
        except BlockingIOError:
            return
        if not data:
            with contextlib.suppress(KeyError):
                self._selector.unregister(process.status)
            return
        process.heard = time.monotonic()
        process.said = (process.said + data)[-1000:]
        if b"F" in process.said:
            generation.failure = process.said.partition(b"F")[2].decode("utf-8", "replace").strip()
        elif b"R" in data:
            process.ready = True
            generation.pauses.pop(process.name, None)
        else:
            process.said = b""

    def _reap(self) -> None:
        for generation in list(self._generations):
            for process in list(generation.processes.values()):
                try:
                    pid, status = os.waitpid(process.pid, os.WNOHANG)
                except ChildProcessError:
                    pid, status = process.pid, 0
                if pid:
                    self._hear(generation, process)  # what it said last
                    self._died(generation, process, os.waitstatus_to_exitcode(status))

    def _died(self, generation: _Generation, process: _Process, code: int) -> None:
        self._forget(generation, process)
        if generation.stopping:
            return
        now = time.monotonic()
        pause = 0.0
        if now - process.started < _QUICK_DEATH_SECONDS:
            pause = min(_LONGEST_PAUSE, generation.pauses.get(process.name, 0.25) * 2)
            generation.pauses[process.name] = pause
        reason = f" ({generation.failure})" if generation.failure else ""
        logger.error("%s ended with code %d%s; again in %.1f s", process.name, code, reason, pause)
        if generation.serving:
            generation.failure = ""
        generation.due[process.name] = now + pause

    def _forget(self, generation: _Generation, process: _Process) -> None:
        if process.status >= 0:
            with contextlib.suppress(KeyError):
                self._selector.unregister(process.status)
            os.close(process.status)
            process.status = -1
        generation.processes.pop(process.name, None)
        generation.plan.forget(process.pid)


_ZYGOTE = "zygote"


def _listen(address: Address) -> socket.socket:
    host, port = address
    end = time.monotonic() + _BIND_SECONDS
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < end:
                time.sleep(0.05)
                continue
            reason = (error.strerror or "error").lower()
            raise StartError(f"cannot listen on {host} port {port} ({reason})") from None


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(where)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
