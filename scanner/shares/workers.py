"""The pool of worker processes: forked warm, fed one file ahead, replaced when a file breaks them.

The pool never trusts a worker to answer in time, in form, or at all.  The file at the head of a worker's
queue is the one it is reading: when the worker dies or is stopped, that file is to blame, what waited behind
it goes to another.  A file whose worker died is tried once more, alone in a fresh worker, which has it read
by a process of its own and keeps what that says before it dies; a file over the ceiling of wall-clock time is
not (it lies on a mount that does not answer).  What a worker told of a long file before it was lost is kept.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scanner.documents.isolation import ended_by
from scanner.documents.model import Gap, Location, Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.shares.settings import allowance
from scanner.shares.temporary import PrivateFolders
from scanner.shares.wire import Inbox, WireError, encode
from scanner.shares.worker import Work, serve, unread
from scanner.store.encoding import inspection_from_json

# One file being read and one waiting: a worker never idles for want of the run's attention, and little waits
# behind a file that takes long.
JOBS_PER_WORKER = 2


# Seconds that a file waits behind another one while there are idle workers.
PATIENCE = 0.5

# Workers that die one after the other before they are ready: the machine is at fault and not a file.
STARTS_ALLOWED = 5

# Seconds to wait for a killed worker.  One that the kernel holds (reading from a dead mount) takes its time.
SECONDS_TO_DIE = 2.0


class WorkersFailedError(Exception):
    """No worker can be started; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read.  ``number`` comes back with the answer; ``known`` are hashes it may be equal to."""

    number: int
    path: bytes
    size: int = 0
    known: tuple[str, ...] = ()
    alone: bool = False  # its first worker died: nothing else may be lost if this one does


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a job: an inspection, or the hash of known content that it equals."""

    number: int
    inspection: Inspection | None
    same_as: str = ""


@dataclass(eq=False, slots=True)
class _Worker:
    """The run's side of one worker process."""

    pid: int
    connection: socket.socket
    folder: Path
    inbox: Inbox = field(default_factory=Inbox)
    jobs: deque[Job] = field(default_factory=deque)
    head_since: float = 0.0
    so_far: Inspection | None = None  # what was found in the head's file until now, as the worker told
    ready: bool = False
    fresh: bool = True
    leaving: bool = False
    taken_over: set[int] = field(default_factory=set)  # waiting here in vain: another worker reads them

    @property
    def own(self) -> list[Job]:
        return [job for job in self.jobs if job.number not in self.taken_over]

    def send(self, job: Job) -> None:
        if not self.jobs:
            self.head_since = time.monotonic()
        self.jobs.append(job)
        self.fresh = False
        with contextlib.suppress(OSError):  # a dead worker is noticed where answers are collected
            self.connection.sendall(
                encode(
                    {
                        "number": job.number,
                        "path": os.fsdecode(job.path),
                        "size": job.size,
                        "known": job.known,
                        "alone": job.alone,
                    }
                )
            )


class WorkerPool:
    """``count`` workers doing ``work``.  Use it as a context manager; leaving it stops every worker."""

    def __init__(self, work: Work, count: int) -> None:
        self._work = work
        self._selector = selectors.EpollSelector()
        self._workers: list[_Worker] = []
        self._again: deque[Job] = deque()
        self._unready = 0
        self._dying: list[_Worker] = []
        self._folders = PrivateFolders()
        # What is loaded now is shared with every fork; the collector must not touch (and so copy) it.
        gc.collect()
        gc.freeze()
        for _ in range(max(1, count)):
            self._start()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def busy(self) -> bool:
        """Whether any job has not been answered."""
        return bool(self._again) or any(worker.own for worker in self._workers)

    @property
    def wants(self) -> bool:
        """Whether :meth:`submit` may be called now; the back-pressure that keeps memory bounded."""
        return self._least_loaded() is not None

    def fileno(self) -> int:
        """Readable when a worker may have answered: for those who wait for other things as well."""
        return self._selector.fileno()

    def submit(self, job: Job) -> None:
        """Give a job to the worker with the least to do; only while :attr:`wants` is true."""
        worker = self._least_loaded()
        if worker is None:
            raise RuntimeError("no worker has room")
        worker.send(job)

    def give_up(self, numbers: Collection[int]) -> list[int]:
        """Stop reading these files, which will not be answered; returns those that had not been before.

        Whoever reads one is replaced; what one of them waits behind must be among them or comes to its end.
        """
        wanted = set(numbers)
        given_up = [job.number for job in self._again if job.number in wanted]
        self._again = deque(job for job in self._again if job.number not in wanted)
        for worker in list(self._workers):
            if worker.jobs and worker.jobs[0].number in wanted:
                given_up += [job.number for job in worker.own if job.number in wanted]
                self._again.extend(job for job in worker.own if job.number not in wanted)
                self._remove(worker, kill=True)
                self._start()
        return given_up

    def answers(self, timeout: float) -> list[Answer]:
        """What has been answered since the last call; waits up to ``timeout`` seconds for the first."""
        answers: list[Answer] = []
        for key, _ in self._selector.select(timeout):
            self._collect(key.data, answers)
        now = time.monotonic()
        for worker in list(self._workers):
            if not worker.jobs:
                continue
            ceiling = self._work.seconds_per_file + allowance(worker.jobs[0].size)
            if now - worker.head_since > ceiling:
                self._replace(worker, answers, f"time limit of {ceiling:.0f} s", kill=True)
        self._place_again()
        self._take_over(now)
        return answers

    def close(self) -> None:
        """Stop every worker at once; what they were reading stays unanswered."""
        for worker in list(self._workers):
            self._remove(worker, kill=True)
        self._folders.close()
        self._selector.close()
        gc.unfreeze()

    # --- one worker --------------------------------------------------------------------------------------

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        folder = self._folders.new()
        pid = os.fork()
        if pid == 0:
            serve(theirs, self._work, folder)
        theirs.close()
        worker = _Worker(pid, ours, folder)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def _remove(self, worker: _Worker, *, kill: bool) -> int:
        """Take a worker out of the pool; returns its wait status."""
        self._workers.remove(worker)
        self._selector.unregister(worker.connection)
        worker.connection.close()
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
        status = _waited_for(worker.pid, SECONDS_TO_DIE)
        if status is None:
            self._dying.append(worker)
        self._folders.remove(worker.folder)
        self._dying = [dying for dying in self._dying if _waited_for(dying.pid, 0) is None]
        return status or 0

    def _least_loaded(self) -> _Worker | None:
        # While a file is being tried alone it must stay alone.
        free = [
            worker
            for worker in self._workers
            if not worker.leaving
            and len(worker.jobs) < JOBS_PER_WORKER
            and not any(job.alone for job in worker.jobs)
        ]
        return min(free, key=lambda worker: len(worker.jobs), default=None)

    # --- answers -----------------------------------------------------------------------------------------

    def _collect(self, worker: _Worker, answers: list[Answer]) -> None:
        try:
            data = worker.connection.recv(1 << 18)
            messages = worker.inbox.feed(data)
            for message in messages:
                if not worker.ready:
                    worker.ready = True
                    self._unready = 0
                else:
                    answer = _answer(worker, message)
                    if answer is None:
                        continue
                    if answer.number in worker.taken_over:
                        worker.taken_over.discard(answer.number)
                    else:
                        answers.append(answer)
        except ConnectionResetError:
            data = b""
        except WireError:
            if worker.jobs:
                self._replace(worker, answers, "gave no sensible answer", kill=True)
            else:
                self._remove(worker, kill=True)
                self._start()
            return
        if not data:
            self._gone(worker, answers)

    def _gone(self, worker: _Worker, answers: list[Answer]) -> None:
        if not worker.ready:
            self._unready += 1
            if self._unready > STARTS_ALLOWED:
                raise WorkersFailedError("worker processes end before they can start; see `dlp doctor`")
        if worker.leaving or not worker.ready or not worker.jobs:
            self._again.extend(worker.own)
            self._remove(worker, kill=True)
            self._start()
        else:
            self._replace(worker, answers, "", kill=False)

    def _replace(self, worker: _Worker, answers: list[Answer], what: str, *, kill: bool) -> None:
        """A worker failed at the head of its queue: blame that file, save the others, start anew."""
        status = self._remove(worker, kill=kill)
        head = worker.jobs[0]
        self._again.extend(job for job in worker.own if job is not head)
        if head.number in worker.taken_over:
            pass  # whoever reads it now will answer for it
        elif not head.alone and not kill:
            self._again.appendleft(Job(head.number, head.path, head.size, alone=True))
        else:
            answers.append(Answer(head.number, _stopped(worker.so_far, _died_of(status, what))))
        self._start()

    def _place_again(self) -> None:
        """Hand out what came back from failed workers, before anything new."""
        for _ in range(len(self._again)):
            job = self._again.popleft()
            worker = self._fresh() if job.alone else self._least_loaded()
            if worker is None:
                self._again.append(job)
            else:
                worker.send(job)

    def _take_over(self, now: float) -> None:
        """Let an idle worker read what waits behind a file that takes long; the later answer is dropped."""
        idle = [worker for worker in self._workers if worker.ready and not worker.jobs and not worker.leaving]
        for worker in self._workers:
            if not idle:
                return
            if len(worker.jobs) > 1 and now - worker.head_since > PATIENCE:
                for job in worker.own:
                    if idle and job is not worker.jobs[0]:
                        worker.taken_over.add(job.number)
                        idle.pop().send(job)

    def _fresh(self) -> _Worker | None:
        """A worker that has read nothing yet, made from an idle one if there is none."""
        fresh = next((worker for worker in self._workers if worker.fresh), None)
        if fresh is None:
            idle = next((worker for worker in self._workers if not worker.jobs), None)
            if idle is not None:
                self._remove(idle, kill=True)
                fresh = self._start()
        return fresh


def _waited_for(pid: int, seconds: float) -> int | None:
    """The wait status of a process that is ending, ``None`` when it has not within ``seconds``."""
    until = time.monotonic() + seconds
    while True:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        if ended:
            return status
        if time.monotonic() >= until:
            return None
        time.sleep(0.001)


def _stopped(so_far: Inspection | None, detail: str) -> Inspection:
    """The inspection of a file whose worker was lost: what it had told until then, and the gap."""
    if so_far is None:
        return unread(Shortfall.PARSER_STOPPED, detail)
    gap = Gap(Location(), Shortfall.PARSER_STOPPED, detail)
    return replace(so_far, coverage=replace(so_far.coverage, status=Status.PARTIAL, gaps=(gap,)))


def _answer(worker: _Worker, message: dict[str, Any]) -> Answer | None:
    """A message as the answer to the worker's head job, ``None`` where there is more to come.

    Raises :class:`WireError` where it is no answer.
    """
    if not worker.jobs or message.get("number") != worker.jobs[0].number:
        raise WireError("answers what was not asked")
    number = worker.jobs[0].number
    try:
        if "so_far" in message:
            worker.so_far = inspection_from_json(message["so_far"])
            return None
        same_as = str(message.get("same_as", ""))
        if same_as and same_as not in worker.jobs[0].known:
            raise WireError("equal to unknown content")
        answer = (
            Answer(number, None, same_as)
            if same_as
            else Answer(number, inspection_from_json(message["inspection"]))
        )
        leaving = bool(message["last"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise WireError("not an inspection") from None
    worker.jobs.popleft()
    worker.so_far = None
    worker.leaving = leaving
    worker.head_since = time.monotonic()
    return answer


def _died_of(status: int, what: str) -> str:
    """Why a file is not inspected, in words."""
    if what:
        return what
    ending = ended_by(os.waitstatus_to_exitcode(status))
    return ending if _out_of_cpu(status) else f"its worker ended twice: {ending}"


def _out_of_cpu(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
