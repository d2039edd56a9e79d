"""A run: walk, decide, read what changed, enter, until nothing is owed; progress comes out as values.

Walking and reading take turns in one process, so that the workers, forked from it, never inherit a thread's
lock.  The walk runs ahead of the reading (it costs microseconds per object), which gives the progress its
total and the queue its order.  What ended is entered in batches, each in one transaction: what a crash loses
is read again, and only that.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Severity
from scanner.shares.deciding import Decider
from scanner.shares.exposure import Rights
from scanner.shares.meeting import Meeting, Root
from scanner.shares.pace import PROBE_SECONDS, Pace, be_modest
from scanner.shares.replaying.weighing import Judging, Weighing
from scanner.shares.settings import ScanSettings
from scanner.shares.sources import LOCAL, is_remote
from scanner.shares.worker import FileInspector, Work
from scanner.shares.workers import Answer, Job, WorkerPool
from scanner.store import runs
from scanner.store.entry import FileStat, RunRecord, RunState
from scanner.store.inventory import EvidenceRow, FileTable, Queued, Traits, persistently
from scanner.store.inventory.evidence import Sealing, look_of, same_looking
from scanner.store.inventory.files import Ended
from scanner.store.ledger import Ledger
from scanner.store.runs import HEARTBEAT_SECONDS, StoredRun

# Objects met between two looks at the workers, and how long that may take; more while nobody waits for work.
OBJECTS_PER_TURN = 1_000
SECONDS_PER_TURN = 0.01
OBJECTS_PER_IDLE_TURN = 5_000

# Ended objects per transaction, and the longest that one may wait for it: what a crash can lose.
ENDED_PER_TRANSACTION = 500
SECONDS_PER_TRANSACTION = 2.0

# Files taken from the queue at a time: while the walk goes on something more urgent may still be met.
TAKEN_WHILE_WALKING = 100
TAKEN = 500
# How far behind the most urgent file another one may be begun, while that one has to wait.
LOOKED_AHEAD = 50

# Contents remembered to tell copies: 200 bytes each, and copies mostly lie near each other.
CONTENTS_REMEMBERED = 100_000
CONTENTS_PER_LOOK = 4

# A reader that was stopped may have waited for its mount.
LOST_WITH_MOUNT = {
    Shortfall.VANISHED,
    Shortfall.IO_ERROR,
    Shortfall.NO_PERMISSION,
    Shortfall.PARSER_STOPPED,
}

# A file that is read for longer makes us ask whether its root is still there.
_LONG = 20.0
_SECONDS_BETWEEN_KNOCKS = 2.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.  Bytes are those of regular files; ``seconds`` since the start of the run.

    ``objects_known`` are those that ended without being read, because they had not changed.
    """

    seconds: float
    walking: bool
    objects_met: int
    objects_ended: int
    bytes_met: int
    bytes_ended: int
    unread: int
    by_severity: Mapping[Severity, int]
    objects_known: int = 0
    bytes_known: int = 0
    paused: bool = False

    @property
    def bytes_per_second(self) -> float:
        """The mean rate so far."""
        return (self.bytes_ended - self.bytes_known) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the mean rate, in bytes and in files, the slower of both; ``None`` too early."""
        read, read_bytes = self.objects_ended - self.objects_known, self.bytes_ended - self.bytes_known
        if self.walking or self.paused or self.seconds < 1 or not read:
            return None
        by_objects = (self.objects_met - self.objects_ended) / read
        by_bytes = (self.bytes_met - self.bytes_ended) / read_bytes if read_bytes else 0.0
        return max(by_objects, by_bytes) * self.seconds


@dataclass(frozen=True, slots=True)
class Observer:
    """What a run reports to and asks of its caller, some ten times a second."""

    progress: Callable[[Progress], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False
    pause: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = datetime.now


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a run needs besides its record: what reads, with what settings.

    ``left_out`` are folders of our own that are never read.  ``accept_vanished``: many files that are not
    there any more are deleted, and no lost mount.  ``judging`` is what evidence is judged anew by; without
    it what rules concern is read.
    """

    settings: ScanSettings
    inspector: FileInspector
    key: bytes
    left_out: Sequence[Path] = ()
    accept_vanished: bool = False
    judging: Judging | None = None


def scan(
    run: Run,
    engine: Engine,
    stored: StoredRun,
    observer: Observer | None = None,
    sealing: Sealing | None = None,
) -> RunRecord:
    """Go on with a run until all is read or something stops it; what it says is whole in either case.

    A run that was started or resumed by this process (``scanner.store.runs``).  Raises ``StoreLostError``
    where the database is lost, ``WorkersFailedError`` where no worker can be started.
    """
    return _Scan(run, engine, stored, observer or Observer(), sealing).execute()


@dataclass
class KnownContents:
    """Contents that were judged already, by what a copy shares with them: hash to key of the evidence."""

    by_look: OrderedDict[int, dict[str, str]] = field(default_factory=OrderedDict)

    def hashes(self, look: int) -> tuple[str, ...]:
        """The hashes of contents that look like this."""
        return tuple(self.by_look.get(look, ()))

    def key(self, look: int, content_hash: str) -> str | None:
        """The key of the evidence of one of them, ``None`` where it was forgotten."""
        return self.by_look.get(look, {}).get(content_hash)

    def add(self, look: int, content_hash: str, key: str) -> None:
        """Remember a content."""
        same = self.by_look.setdefault(look, {})
        if len(same) < CONTENTS_PER_LOOK or content_hash in same:
            same[content_hash] = key
        if len(self.by_look) > CONTENTS_REMEMBERED:
            self.by_look.popitem(last=False)


@dataclass(slots=True)
class _Begun:
    """A file that a worker has."""

    queued: Queued
    look: int
    root: Root | None
    since: float
    read_from: float


class _Scan:
    """One run on its way: the state that the turns of its loop share."""

    def __init__(
        self, run: Run, engine: Engine, stored: StoredRun, observer: Observer, sealing: Sealing | None
    ) -> None:
        self._run = run
        self._engine = engine
        self._stored = stored
        self._observer = observer
        settings = run.settings
        self._table = FileTable(stored.number, stored.signature_id, sealing)
        # What is to be read anew, or shown with its values, is not to be known from another run.
        self._asks_store = not stored.full and sealing is None
        signatures = persistently(engine, runs.all_signatures, writes=False)
        self._outdated = {
            number: signatures[stored.signature_id].outdated(before) | Traits.PASSING
            for number, before in signatures.items()
        }
        decider = Decider(
            run_id=stored.number,
            full=stored.full or sealing is not None,
            now=signatures[stored.signature_id],
            signatures=signatures,
            accesses=persistently(engine, self._table.accesses, writes=False),
            rights=Rights(settings.exposure),
            weighs=run.judging is not None,
        )
        weighing = Weighing(run.judging, signatures, stored.signature_id) if run.judging else None
        states = persistently(engine, lambda c: runs.root_states(c, stored.number), writes=False)
        self._meeting = Meeting(
            engine,
            self._table,
            decider,
            settings,
            states,
            run.left_out,
            accept_vanished=run.accept_vanished,
            weighing=weighing,
        )
        self._pace = Pace(settings.pace, settings.workers.effective_count)
        self._probed = self._beaten = self._looked_after = 0.0
        self._backlog: deque[Queued] = deque()
        self._more = True
        self._reading: dict[int, _Begun] = {}
        self._looks: Counter[int] = Counter()
        self._ended: list[Ended] = []
        self._found: dict[str, EvidenceRow] = {}
        self._committed = time.monotonic()
        self._known = KnownContents()
        self._started = time.monotonic()
        self._counts = Counter[str]()
        self._by_severity = Counter[Severity]()
        self._paused = self._began = False
        self._wanted = ""
        self._count_what_is_done(states)

    def _count_what_is_done(self, states: Sequence[runs.RootState]) -> None:
        """A resumed run: what of its walked roots has ended already."""
        met = sum(state.met for state in states if state.walked)
        if met:
            owed, size = persistently(self._engine, self._table.owed, writes=False)
            self._counts.update({"met": met, "known": max(0, met - owed), "bytes met": size})

    def execute(self) -> RunRecord:
        workers = self._run.settings.workers
        work = Work(
            inspector=self._run.inspector,
            key=self._run.key,
            confinement=workers.confinement,
            seconds_per_file=workers.seconds_per_file,
            files_per_worker=workers.files_per_worker,
            remote=tuple(root.path for root in self._meeting.roots if is_remote(root.path)),
        )
        be_modest(self._run.settings.pace)
        try:
            with WorkerPool(work, workers.effective_count) as pool:
                stopped = self._read_all(pool)
            self._commit(force=True)
            self._observer.progress(self._progress())
            return self._close(stopped)
        finally:
            self._meeting.close()

    def _read_all(self, pool: WorkerPool) -> bool:
        """Walk and read until nothing is owed; whether somebody stopped it before."""
        while self._reading or self._ended or self._owes():
            self._beat()
            if self._must_stop():
                return True
            self._paused = self._must_wait()
            if not self._paused:
                self._began = True
                self._walk_on()
                self._feed(pool)
            self._give_up_silent(pool)
            idle = not self._paused and self._meeting.walking
            # While there is more to walk, only look at what has arrived.
            for answer in pool.answers(timeout=0 if idle else 0.05):
                self._end(answer)
            self._commit(force=not self._reading)
            self._observer.progress(self._progress())
        return False

    def _close(self, stopped: bool) -> RunRecord:
        number = self._stored.number
        state = RunState.INTERRUPTED if stopped else RunState.FINISHED
        if any(root.lost for root in self._meeting.roots):
            state = RunState.FAILED
        roots = [root.path for root in self._meeting.roots if not root.lost]
        persistently(self._engine, lambda connection: self._table.follow_moves(connection, roots))
        runs.close(self._engine, number, state)
        if state is RunState.FINISHED:
            Ledger(self._engine, number).check()
        return runs.record(self._engine, number)

    def _owes(self) -> bool:
        return bool(self._backlog) or self._meeting.walking or self._more_queued()

    # --- whether to go on --------------------------------------------------------------------------------

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten < HEARTBEAT_SECONDS and self._beaten:
            return
        self._beaten = now
        state = RunState.PAUSED if self._paused else RunState.RUNNING
        number = self._stored.number
        self._wanted = persistently(self._engine, lambda connection: runs.beat(connection, number, state))

    def _must_stop(self) -> bool:
        if self._observer.stop() or self._wanted == "stop":
            return True
        # The window has closed on a run that was reading: the report is due.  One that waits, waits.
        return self._began and not self._run.settings.windows.open_at(self._observer.now())

    def _must_wait(self) -> bool:
        if self._observer.pause() or self._wanted == "pause":
            return True
        return not self._run.settings.windows.open_at(self._observer.now())

    # --- walking -----------------------------------------------------------------------------------------

    def _walk_on(self) -> None:
        if not self._meeting.walking:
            return
        busy = bool(self._reading or self._backlog)
        decision = self._meeting.turn(
            OBJECTS_PER_TURN if busy else OBJECTS_PER_IDLE_TURN, SECONDS_PER_TURN * (1 if busy else 10)
        )
        self._counts["met"] += decision.objects
        self._counts["bytes met"] += decision.bytes
        self._counts["unread"] += decision.unread
        self._counts["known"] += decision.objects - decision.queued
        self._counts["bytes known"] += decision.bytes - decision.queued_bytes
        self._more = self._more or decision.queued > 0

    # --- reading -----------------------------------------------------------------------------------------

    def _more_queued(self) -> bool:
        """Fill the backlog from the queue, where what was met waits on disk and not in memory."""
        if self._backlog or not self._more:
            return bool(self._backlog)
        limit = TAKEN_WHILE_WALKING if self._meeting.walking else TAKEN
        taken = {*self._reading, *(end.file_id for end in self._ended)}
        without = [root.path for root in self._meeting.roots if root.lost]

        def work(connection: Connection) -> list[Queued]:
            waiting = self._table.take(connection, limit, taken, without)
            if self._asks_store:
                self._learn_copies(connection, waiting)
            return waiting

        waiting = persistently(self._engine, work, writes=False)
        self._more = len(waiting) == limit
        self._backlog.extend(waiting)
        return bool(self._backlog)

    def _learn_copies(self, connection: Connection, waiting: Sequence[Queued]) -> None:
        looks = [queued.look for queued in waiting if queued.size]
        for look, found in same_looking(connection, looks).items():
            for content_hash, key, signature_id, traits in found:
                # What the present rules, readers and limits might judge otherwise is read again.
                if not traits & self._outdated.get(signature_id, Traits.READ | Traits.GAPS):
                    self._known.add(look, content_hash, key)

    def _feed(self, pool: WorkerPool) -> None:
        while pool.wants and self._more_queued() and self._pace.may_read():
            queued = self._next()
            if queued is None:
                return
            look, root = queued.look, self._meeting.root_of(queued.raw_path)
            now = time.monotonic()
            self._reading[queued.file_id] = _Begun(queued, look, root, now, time.time())
            self._looks[look] += 1
            self._pace.begin(queued.size)
            known = self._known.hashes(look) if queued.size else ()
            pool.submit(Job(queued.file_id, queued.raw_path, queued.size, known))

    def _next(self) -> Queued | None:
        """The most urgent file that may begin now."""
        waiting: list[Queued] = []
        found = None
        for _ in range(min(len(self._backlog), LOOKED_AHEAD)):
            queued = self._backlog.popleft()
            root = self._meeting.root_of(queued.raw_path)
            if root is not None and root.lost:
                continue  # it stays in the queue for when the mount is back
            if self._may_begin(queued, root):
                found = queued
                break
            waiting.append(queued)
        self._backlog.extendleft(reversed(waiting))
        return found

    def _may_begin(self, queued: Queued, root: Root | None) -> bool:
        look = queued.look
        # Perhaps a copy of what is being read: soon it is known whether it must be read at all.
        if queued.size and self._looks[look] and not self._known.hashes(look):
            return False
        at_once = self._run.settings.files_at_once_per_share
        return not at_once or sum(begun.root is root for begun in self._reading.values()) < at_once

    def _end(self, answer: Answer) -> None:
        begun = self._reading.pop(answer.number)
        queued = begun.queued
        self._let_go_of(begun)
        now = time.monotonic()
        if begun.root is not None and now - self._probed > PROBE_SECONDS:
            self._probed = now
            self._pace.answered(begun.root.source.probe(begun.root.path))
        if self._lost_with_its_mount(begun, answer.inspection):
            return
        key = self._evidence(begun, answer)
        if key is None:  # forgotten in the meantime: read it after all
            self._backlog.appendleft(queued)
            return
        self._ended.append(self._ending(begun, key))
        self._counts["ended"] += 1
        self._counts["bytes ended"] += queued.size

    def _give_up_silent(self, pool: WorkerPool) -> None:
        """Files that take long, of a root that does not answer any more, wait for another night."""
        now = time.monotonic()
        if now - self._looked_after < _SECONDS_BETWEEN_KNOCKS:
            return
        self._looked_after = now
        for root in {id(b.root): b.root for b in self._reading.values() if b.root is not None}.values():
            slow = [n for n, b in self._reading.items() if b.root is root and now - b.since > _LONG]
            if not slow or root.lost:
                continue
            if root.source.silent():
                self._meeting.lost(root)
            else:
                root.source.knock(root.path)
        lost = [n for n, b in self._reading.items() if b.root is not None and b.root.lost]
        for number in pool.give_up(lost) if lost else ():
            self._let_go_of(self._reading.pop(number))

    def _let_go_of(self, begun: _Begun) -> None:
        self._looks[begun.look] -= 1
        if not self._looks[begun.look]:
            del self._looks[begun.look]
        self._pace.end(time.monotonic() - begun.since)

    def _lost_with_its_mount(self, begun: _Begun, inspection: Inspection | None) -> bool:
        root = begun.root
        if root is None or inspection is None or inspection.coverage.status is not Status.NOT_INSPECTED:
            return False
        if not any(gap.reason in LOST_WITH_MOUNT for gap in inspection.coverage.gaps):
            return False
        if root.lost:
            return True
        if root.there():
            return False
        self._meeting.lost(root)
        return True

    def _evidence(self, begun: _Begun, answer: Answer) -> str | None:
        """The key of the evidence that an answer gives or names."""
        inspection = answer.inspection
        if inspection is None:
            return self._known.key(begun.look, answer.same_as)
        look = begun.look
        if inspection.size != begun.queued.size:
            look = look_of(inspection.size, begun.queued.raw_path.rpartition(b"/")[2])
        row = EvidenceRow.of(inspection, look, self._stored.signature_id)
        self._found[row.key] = row
        if inspection.content_hash and inspection.size and not row.traits & Traits.PASSING:
            self._known.add(look, inspection.content_hash, row.key)
        if inspection.coverage.gaps:
            self._counts["unread"] += 1
        self._by_severity[inspection.assessment.severity] += 1
        return row.key

    def _ending(self, begun: _Begun, key: str) -> Ended:
        """How a file ended, with another look at it: it may have changed while it was read."""
        queued = begun.queued
        ended = Ended(queued.file_id, key, begun.read_from)
        try:
            source = begun.root.source if begun.root else LOCAL
            about = source.lstat(queued.raw_path)
        except OSError:
            return replace(ended, unsettled=True)
        newest = max(about.st_mtime_ns, about.st_ctime_ns)
        settled = begun.root.system.settled_ns if begun.root else 0
        unsettled = newest > begun.read_from * 1e9 - settled
        if (about.st_size, about.st_mtime_ns, about.st_ctime_ns) == (
            queued.size,
            queued.mtime_ns,
            queued.ctime_ns,
        ):
            return replace(ended, unsettled=unsettled)
        stat = FileStat(about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
        return replace(ended, unsettled=True, stat=stat)

    def _commit(self, *, force: bool) -> None:
        waited = time.monotonic() - self._committed
        if not self._ended or not (
            force or len(self._ended) >= ENDED_PER_TRANSACTION or waited > SECONDS_PER_TRANSACTION
        ):
            return
        ended, found = self._ended, list(self._found.values())
        persistently(self._engine, lambda connection: self._table.finish(connection, ended, found))
        self._ended, self._found = [], {}
        self._committed = time.monotonic()

    def _progress(self) -> Progress:
        return Progress(
            seconds=time.monotonic() - self._started,
            walking=self._meeting.walking,
            objects_met=self._counts["met"],
            objects_ended=self._counts["ended"] + self._counts["known"],
            bytes_met=self._counts["bytes met"],
            bytes_ended=self._counts["bytes ended"] + self._counts["bytes known"],
            unread=self._counts["unread"],
            by_severity=dict(self._by_severity),
            objects_known=self._counts["known"],
            bytes_known=self._counts["bytes known"],
            paused=self._paused,
        )
