"""Asking apart: processes that ask one root's file system or server, so that its silence holds up no other.

A network mount whose server is gone holds whoever touches it in the kernel, where no signal reaches; a server
may take a question and never answer.  Each such root has a process for small questions and one that walks,
and whoever waits for them gives up in time.  They are left waiting: when the answer comes after all, the root
is there again.  The run's own process holds no connection, and has no library's threads when it forks.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NoReturn

from scanner.documents.isolation import die_with_parent
from scanner.shares.letting_go import let_go
from scanner.shares.mounts import FileSystem, Mounts
from scanner.shares.sources.address import SourceError, is_remote
from scanner.shares.sources.source import SilentError, Source, Walking
from scanner.shares.walk import Listing
from scanner.store.entry import Access, Audience

# What one step of a walk gathers at most: objects, folders, seconds.
_OBJECTS_PER_STEP = 1_000
_FOLDERS_PER_STEP = 200
_SECONDS_PER_STEP = 0.2
# How long a walk is waited for before there is time for other things.
_SECONDS_OF_WAITING = 0.02
# Processes that die at once must not be a loop of processes.
_SECONDS_BETWEEN_STARTS = 5.0
_SECONDS_TO_DIE = 0.5
_SECONDS_FOR_ANOTHER = 0.2
# After so many times the patience a process that waits is given up.
_PATIENCES = 10


@dataclass(frozen=True, slots=True)
class _Walk:
    """Which walk is meant."""

    number: int
    root: bytes
    start: bytes
    deep: bool
    passage: Audience


@dataclass(slots=True)
class _Step:
    """What came of one step of a walk; ``unlisted`` and ``skipped`` are what was added to them."""

    listings: list[Listing] = field(default_factory=list)
    directories: int = 0
    unlisted: list[bytes] = field(default_factory=list)
    skipped: list[bytes] = field(default_factory=list)
    done: bool = False


class Asker:
    """One process that asks ``source``, one question after the other, and whoever waits for its answers.

    What fails there fails here, as ``OSError``.  ``patience`` is in seconds.
    """

    def __init__(self, source: Source, patience: float) -> None:
        self._source = source
        self._patience = patience
        self._connection: Connection | None = None
        self._pid = 0
        self._numbers = count(1)
        self._asked: deque[tuple[int, float]] = deque()
        self._heard = 0.0
        self._answers: dict[int, Any] = {}
        self._wanted: set[int] = set()
        self._started = 0.0

    def begin(self, what: str, *details: Any) -> int:
        """Ask; the number is for :meth:`done` and :meth:`take`.  Raises ``OSError`` where nobody can."""
        if self._connection is None:
            self._start()
        number = next(self._numbers)
        self._asked.append((number, time.monotonic()))
        self._wanted.add(number)
        try:
            assert self._connection is not None
            self._connection.send_bytes(pickle.dumps((number, what, details)))
        except OSError:
            self._ended()
        return number

    def done(self, number: int, seconds: float = 0.0) -> bool:
        """Whether the answer is there, after so many seconds at most.  :class:`SilentError`: it is late."""
        until = time.monotonic() + seconds
        while number not in self._answers:
            left = max(0.0, until - time.monotonic())
            if not self._receive(left):
                if self.late:
                    self._wanted.discard(number)
                    raise SilentError
                if left <= 0:
                    return False
        return True

    def take(self, number: int) -> Any:
        """The answer, which is there; raises what was raised."""
        self._wanted.discard(number)
        answer = self._answers.pop(number)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def ask(self, what: str, *details: Any) -> Any:
        """Ask and wait.  One who does not answer others is not asked more."""
        if self.waiting and self.late:
            raise SilentError
        number = self.begin(what, *details)
        while not self.done(number, self._patience):
            pass
        return self.take(number)

    @property
    def late(self) -> bool:
        """Whether the oldest question has waited for its answer for too long."""
        return bool(self._asked) and (time.monotonic() - max(self._asked[0][1], self._heard) > self._patience)

    @property
    def waiting(self) -> bool:
        """Whether something was asked and not answered, as far as was heard until now."""
        while self._receive(0):
            pass
        if self._asked and time.monotonic() - self._asked[0][1] > _PATIENCES * self._patience:
            self._give_up()
        return bool(self._asked)

    def close(self) -> None:
        """End the process; one that the kernel holds ends when it lets go."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        _waited_for(self._pid)

    def _give_up(self) -> None:
        """Try with another process, perhaps over another connection, if the kernel lets this one go."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        if _waited_for(self._pid):
            self._ended()

    def _receive(self, seconds: float) -> bool:
        """Take one answer, wanted or not."""
        if self._connection is None:
            return False
        # No longer than until it would be late.
        if self._asked:
            late_in = max(self._asked[0][1], self._heard) + self._patience - time.monotonic()
            seconds = min(seconds, max(0.0, late_in + 0.01))
        try:
            if not self._connection.poll(seconds):
                return False
            number, answer = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - our own fork
        except (EOFError, OSError):
            self._ended()
            return False
        self._heard = time.monotonic()
        while self._asked and self._asked[0][0] <= number:
            self._asked.popleft()
        if number in self._wanted:
            self._answers[number] = answer
        return True

    def _ended(self) -> None:
        """The process is gone: what it was asked fails, and the next question starts another one."""
        for number, _ in self._asked:
            if number in self._wanted:
                self._answers[number] = OSError(errno.EIO, "the process that asks has ended")
        self._asked.clear()
        self.close()

    def _start(self) -> None:
        now = time.monotonic()
        if self._started and now - self._started < _SECONDS_BETWEEN_STARTS:
            raise OSError(errno.EIO, "the process that asks has ended")
        self._started = now
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            # Whatever happens, this copy of the run's process must not go on as if it were the run.
            try:
                gc.freeze()  # what is loaded stays shared with the run
                die_with_parent()
                let_go(keep=theirs.fileno())
                _serve(theirs, self._source)
            finally:
                os._exit(1)
        theirs.close()
        self._connection, self._pid, self._heard = ours, pid, now


def _waited_for(pid: int) -> bool:
    """Whether a killed process has ended."""
    until = time.monotonic() + _SECONDS_TO_DIE
    with contextlib.suppress(ChildProcessError):
        while not os.waitpid(pid, os.WNOHANG)[0]:
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
    return True


def _serve(connection: Connection, source: Source) -> NoReturn:
    walks = _Walks(source)
    while True:
        try:
            number, what, details = pickle.loads(connection.recv_bytes())  # noqa: S301 - our own parent
        except (EOFError, OSError):
            os._exit(0)
        answer: Any
        try:
            answer = walks.step(*details) if what == "step" else getattr(source, what)(*details)
        except OSError as error:
            answer = OSError(error.errno or errno.EIO, error.strerror or type(error).__name__)
        except SourceError as error:
            answer = OSError(errno.EACCES, str(error))
        except Exception as error:
            # A fault of a library must not end the watch of a share; its message may quote anything.
            answer = OSError(errno.EIO, type(error).__name__)
        connection.send_bytes(pickle.dumps((number, answer)))


class _Walks:
    """The asking process' side of walks: one at a time, some listings in each step."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._number = 0
        self._walk: Walking | None = None
        self._listings: Iterator[Listing | None] = iter(())
        self._told = [0, 0]

    def step(self, wanted: _Walk) -> _Step:
        if wanted.number != self._number:
            self._number, self._told = wanted.number, [0, 0]
            self._walk = self._source.walk(
                wanted.root, wanted.start, deep=wanted.deep, passage=wanted.passage
            )
            self._listings = iter(self._walk)
        step = _Step(done=True)
        until = time.monotonic() + _SECONDS_PER_STEP
        objects = 0
        for listing in self._listings:
            if listing is None:
                continue
            listing.access = None
            step.listings.append(listing)
            objects += len(listing)
            if (
                objects >= _OBJECTS_PER_STEP
                or len(step.listings) >= _FOLDERS_PER_STEP
                or time.monotonic() > until
            ):
                step.done = False
                break
        if self._walk is not None:
            step.directories = self._walk.directories
            step.unlisted = self._walk.unlisted[self._told[0] :]
            step.skipped = self._walk.skipped[self._told[1] :]
            self._told = [len(self._walk.unlisted), len(self._walk.skipped)]
        return step


class ApartSource:
    """A root that may fall silent.  ``source`` knows how to ask; forks of this process have it do so."""

    def __init__(self, root: bytes, source: Source, silent_seconds: float) -> None:
        self._root = root
        self._local = not is_remote(root)
        self._source = source
        self._questions = Asker(source, silent_seconds / 2)
        self._walker = Asker(source, silent_seconds)
        self._numbers = count(1)
        self._system: FileSystem | None = None
        self._trouble: OSError | None = None
        self._asked_again = 0

    def system(self, path: bytes, mounts: Mounts) -> FileSystem:
        """The kernel's answer, which waits for no server, or the server's."""
        if self._local:
            return mounts.at(path)
        if self._system is None:
            found: FileSystem = self._questions.ask("system", self._root, None)
            self._system = found
        return self._system

    def handle(self, path: bytes) -> tuple[int, int]:
        """Asked apart.  Where it failed nobody waits for it again: that holds until another answer comes."""
        try:
            found: tuple[int, int]
            found = self._questions.ask("handle", path) if self._trouble is None else self._again(path)
        except OSError as error:
            self._trouble = error
            raise
        self._trouble = None
        return found

    def _again(self, path: bytes) -> tuple[int, int]:
        trouble = self._trouble or SilentError()
        if not self._asked_again:
            if self._questions.waiting:  # for what was asked before
                raise trouble
            self._asked_again = self._questions.begin("handle", path)
        try:
            if not self._questions.done(self._asked_again, _SECONDS_FOR_ANOTHER):
                raise trouble
        except SilentError:
            self._asked_again = 0
            raise
        number, self._asked_again = self._asked_again, 0
        found: tuple[int, int] = self._questions.take(number)
        return found

    def identity(self, path: bytes) -> str:
        """Asked apart."""
        return str(self._questions.ask("identity", path))

    def lstat(self, path: bytes) -> os.stat_result:
        """Asked apart."""
        found: os.stat_result = self._questions.ask("lstat", path)
        return found

    def probe(self, path: bytes) -> float:
        """Asked apart."""
        with contextlib.suppress(OSError):
            return float(self._questions.ask("probe", path))
        return 0.0

    def access(self, path: bytes, about: os.stat_result, system: FileSystem) -> Access:
        """Asked apart; unknown, until it is asked again, where there is no answer."""
        try:
            found: Access = self._questions.ask("access", path, about, system)
            return found
        except OSError:
            return Access(0, 0, 0, Audience.UNKNOWN, False, how="was not answered")

    def asking(self, system: FileSystem) -> Callable[[bytes, os.stat_result], Access] | None:
        """Asked apart."""
        return lambda path, about: self.access(path, about, system)

    def passage(self, path: bytes, about: os.stat_result, system: FileSystem) -> Audience:
        """Asked apart."""
        found: Audience = self._questions.ask("passage", path, about, system)
        return found

    def being_written(self, path: bytes) -> bool:
        """Network mounts do not tell: a lease is refused there whoever has the file open."""
        return False

    def walk(
        self, root: bytes, start: bytes = b"", *, deep: bool = True, passage: Audience = Audience.PUBLIC
    ) -> Walking:
        """A walk that goes on apart."""
        return ApartWalk(self._walker, _Walk(next(self._numbers), root, start, deep, passage), self.asking)

    def knock(self, path: bytes) -> None:
        """Ask whether anybody is there."""
        if not self._questions.waiting:
            with contextlib.suppress(OSError):
                self._questions.begin("handle", path)

    def silent(self) -> bool:
        """Whether the last question has not been answered for too long."""
        return self._questions.waiting and self._questions.late

    def close(self) -> None:
        """End both processes."""
        self._questions.close()
        self._walker.close()


class ApartWalk:
    """A walk by another process; iterate it once."""

    def __init__(
        self,
        walker: Asker,
        wanted: _Walk,
        asking: Callable[[FileSystem], Callable[[bytes, os.stat_result], Access] | None],
    ) -> None:
        self.directories = 0
        self.unlisted: list[bytes] = []
        self.skipped: list[bytes] = []
        self._walker = walker
        self._wanted = wanted
        self._asking = asking

    def __iter__(self) -> Iterator[Listing | None]:
        walker, done = self._walker, False
        if walker.waiting and walker.late:
            raise SilentError
        number = walker.begin("step", self._wanted)
        while not done:
            while not walker.done(number, _SECONDS_OF_WAITING):
                yield None
            step: _Step = walker.take(number)
            done = step.done
            if not done:  # it goes on while this is looked at
                number = walker.begin("step", self._wanted)
            self.directories = step.directories
            self.unlisted += step.unlisted
            self.skipped += step.skipped
            for listing in step.listings:
                listing.access = self._asking(listing.system)
                yield listing


def real_folder(path: Path, seconds: float) -> Path | None:
    """The folder behind ``path`` without links, ``None`` where there is none.

    Raises :class:`SilentError` where something that is mounted on its way does not answer.
    """
    return _found(path, seconds, folders_only=True)


def real_path(path: Path, seconds: float) -> Path | None:
    """What is behind ``path``, ``None`` where there is nothing; raises as :func:`real_folder`."""
    return _found(path, seconds, folders_only=False)


def _found(path: Path, seconds: float, *, folders_only: bool) -> Path | None:
    if not Mounts().network():
        return _resolved(path, folders_only=folders_only)
    ours, theirs = Pipe(duplex=False)
    pid = os.fork()
    if pid == 0:
        try:
            found = _resolved(path, folders_only=folders_only)
            theirs.send_bytes(os.fsencode(found) if found is not None else b"")
        finally:
            os._exit(0)
    theirs.close()
    try:
        if not ours.poll(seconds):
            os.kill(pid, signal.SIGKILL)
            raise SilentError
        answer = ours.recv_bytes()
        os.waitpid(pid, 0)
    except EOFError:
        os.waitpid(pid, 0)
        answer = b""
    finally:
        ours.close()
    return Path(os.fsdecode(answer)) if answer else None


def _resolved(path: Path, *, folders_only: bool) -> Path | None:
    if folders_only and not path.is_dir():
        return None
    return Path(os.path.realpath(path)) if os.path.lexists(path) else None
