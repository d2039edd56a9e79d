"""A run: walk, read, enter, until every object met has ended; progress comes out as values.

Walking and reading take turns in one process, so that the workers, forked from it, never inherit a thread's
lock.
The walk runs ahead of the reading (it costs microseconds per object), which gives the progress its total.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from scanner.documents.model import Coverage
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Assessment, Severity
from scanner.shares.globs import Exclusions
from scanner.shares.settings import ScanSettings
from scanner.shares.walk import Walk
from scanner.shares.worker import FileInspector, Work
from scanner.shares.workers import Answer, Job, WorkerPool
from scanner.store.entry import MetObject, RunRecord
from scanner.store.ledger import Ledger, Pending

# Objects entered between two looks at the workers: about 2 ms of walking, less than they take for two files.
OBJECTS_PER_TURN = 100

# Ended objects per transaction, and the longest that one may wait for it: what a crash can lose.
ENDED_PER_TRANSACTION = 500
SECONDS_PER_TRANSACTION = 2.0

# Contents remembered to tell copies: 100 bytes each, and copies mostly lie near each other.
CONTENTS_REMEMBERED = 100_000
CONTENTS_PER_NAME = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.  Bytes are those of regular files; ``seconds`` since the start of the run."""

    seconds: float
    walking: bool
    objects_met: int
    objects_ended: int
    bytes_met: int
    bytes_ended: int
    unread: int
    by_severity: Mapping[Severity, int]

    @property
    def bytes_per_second(self) -> float:
        """The mean rate so far."""
        return self.bytes_ended / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the mean rate, in bytes and in files, the slower of both; ``None`` too early."""
        if self.walking or self.seconds < 1 or not self.objects_ended:
            return None
        by_objects = (self.objects_met - self.objects_ended) / self.objects_ended
        by_bytes = (self.bytes_met - self.bytes_ended) / self.bytes_ended if self.bytes_ended else 0.0
        return max(by_objects, by_bytes) * self.seconds


@dataclass(frozen=True, slots=True)
class Observer:
    """What a run reports to and asks of its caller, some ten times a second."""

    progress: Callable[[Progress], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a run needs: what to read, with what, and where to write it down.

    ``left_out`` are folders of our own that are never read.
    """

    roots: Sequence[Path]
    settings: ScanSettings
    inspector: FileInspector
    key: bytes
    left_out: Sequence[Path] = ()


def scan(run: Run, ledger: Ledger, observer: Observer | None = None) -> RunRecord:
    """Scan until all is read or the observer says stop; the ledger is whole in either case."""
    return _Scan(run, ledger, observer or Observer()).execute()


@dataclass
class _Known:
    """Contents already judged in this run, found by what a copy shares with them: size and name."""

    by_look: OrderedDict[tuple[int, bytes], dict[str, int]] = field(default_factory=OrderedDict)

    def hashes(self, pending: Pending) -> tuple[str, ...]:
        return tuple(self.by_look.get(_look(pending), ()))

    def number(self, pending: Pending, content_hash: str) -> int | None:
        return self.by_look.get(_look(pending), {}).get(content_hash)

    def add(self, pending: Pending, inspection: Inspection) -> None:
        # A file that changed between being met and being read would be looked for under the wrong size.
        if not inspection.content_hash or not inspection.size or inspection.size != pending.size:
            return
        same = self.by_look.setdefault(_look(pending), {})
        if len(same) < CONTENTS_PER_NAME:
            same[inspection.content_hash] = pending.object_id
        if len(self.by_look) > CONTENTS_REMEMBERED:
            self.by_look.popitem(last=False)


def _look(pending: Pending) -> tuple[int, bytes]:
    # The name is part of it because a document's name is read like its text.
    return pending.size, pending.raw_path.rpartition(b"/")[2]


class _Scan:
    """One run on its way: the state that the turns of its loop share."""

    def __init__(self, run: Run, ledger: Ledger, observer: Observer) -> None:
        self._run = run
        self._ledger = ledger
        self._observer = observer
        settings = run.settings
        self._walk = Walk(run.roots, Exclusions(settings.exclude), run.left_out, settings.cross_mounts)
        self._met: Iterator[MetObject] = iter(self._walk)
        self._walking = True
        self._backlog: deque[Pending] = deque()
        self._last_pending = 0
        self._reading: dict[int, Pending] = {}
        self._ended: list[tuple[Pending, Inspection]] = []
        self._committed = time.monotonic()
        self._known = _Known()
        self._started = time.monotonic()
        self._counts = Counter[str]()
        self._by_severity = Counter[Severity]()

    def execute(self) -> RunRecord:
        workers = self._run.settings.workers
        work = Work(
            inspector=self._run.inspector,
            key=self._run.key,
            confinement=workers.confinement,
            seconds_per_file=workers.seconds_per_file,
            files_per_worker=workers.files_per_worker,
        )
        interrupted = False
        with WorkerPool(work, workers.effective_count) as pool:
            while self._walking or self._backlog or self._more_pending() or pool.busy:
                if self._observer.stop():
                    interrupted = True
                    break
                self._walk_on()
                self._feed(pool)
                # While there is more to walk, only look at what has arrived.
                for answer in pool.answers(timeout=0 if self._walking else 0.1):
                    self._end(answer)
                self._commit(force=False)
                self._observer.progress(self._progress())
        self._commit(force=True)
        self._observer.progress(self._progress())
        return self._ledger.finish_run(interrupted=interrupted, directories=self._walk.directories)

    def _walk_on(self) -> None:
        if not self._walking:
            return
        batch = list(islice(self._met, OBJECTS_PER_TURN))
        self._walking = len(batch) == OBJECTS_PER_TURN
        self._ledger.enumerate(batch)
        for met in batch:
            self._counts["met"] += 1
            self._counts["bytes met"] += met.size
            if met.shortfall is not None:
                self._counts["ended"] += 1
                self._counts["unread"] += 1

    def _more_pending(self) -> bool:
        """Fill the backlog from the ledger, where what was met waits on disk and not in memory."""
        if not self._backlog:
            self._backlog.extend(self._ledger.pending(self._last_pending, ENDED_PER_TRANSACTION))
            if self._backlog:
                self._last_pending = self._backlog[-1].object_id
        return bool(self._backlog)

    def _feed(self, pool: WorkerPool) -> None:
        while pool.wants and self._more_pending():
            pending = self._backlog.popleft()
            self._reading[pending.object_id] = pending
            known = self._known.hashes(pending)
            pool.submit(Job(pending.object_id, pending.raw_path, pending.size, known))

    def _end(self, answer: Answer) -> None:
        pending = self._reading.pop(answer.number)
        inspection = answer.inspection or self._copied(pending, answer.same_as)
        if inspection is None:  # forgotten in the meantime: read it after all
            self._backlog.appendleft(pending)
            return
        self._ended.append((pending, inspection))
        self._counts["ended"] += 1
        self._counts["bytes ended"] += pending.size
        if inspection.coverage.gaps:
            self._counts["unread"] += 1
        self._by_severity[inspection.assessment.severity] += 1

    def _copied(self, pending: Pending, same_as: str) -> Inspection | None:
        """The inspection of the content that this file equals, from the ledger."""
        number = self._known.number(pending, same_as)
        if number is None:
            return None
        entry = self._ledger.entry(number)
        return Inspection(
            coverage=Coverage(entry.status, entry.kind, entry.gaps, entry.protection),
            assessment=Assessment(entry.severity, entry.people, entry.reasons),
            findings=entry.findings,
            counts=entry.counts,
            content_hash=entry.content_hash,
            size=entry.size,
        )

    def _commit(self, *, force: bool) -> None:
        waited = time.monotonic() - self._committed
        if not (force or len(self._ended) >= ENDED_PER_TRANSACTION or waited > SECONDS_PER_TRANSACTION):
            return
        self._ledger.finish([(pending.object_id, inspection) for pending, inspection in self._ended])
        for pending, inspection in self._ended:
            self._known.add(pending, inspection)
        self._ended.clear()
        self._committed = time.monotonic()

    def _progress(self) -> Progress:
        return Progress(
            seconds=time.monotonic() - self._started,
            walking=self._walking,
            objects_met=self._counts["met"],
            objects_ended=self._counts["ended"],
            bytes_met=self._counts["bytes met"],
            bytes_ended=self._counts["bytes ended"],
            unread=self._counts["unread"],
            by_severity=dict(self._by_severity),
        )
