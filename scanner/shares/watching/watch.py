"""A watch: hears, sweeps, lets names settle, reads, alerts, in turns of one process without threads."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine

from scanner.judgement.assessment import Severity
from scanner.shares.exposure import Rights, effective
from scanner.shares.mounts import Mounts
from scanner.shares.pace import be_modest
from scanner.shares.watching.lookout import Lookout
from scanner.shares.watching.notes import Note, What
from scanner.shares.watching.places import Places
from scanner.shares.watching.recording import Counts, Recorder
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.watching.settling import Settling
from scanner.shares.watching.sweeping import Sweep, Wanted
from scanner.shares.worker import FileInspector, Work
from scanner.shares.workers import WorkerPool
from scanner.store import runs
from scanner.store.entry import displayable
from scanner.store.inventory import Signatures, persistently
from scanner.store.inventory.watched import SensitiveFile, sensitive_files
from scanner.store.runs import NewRun

# Names entered in one transaction.
_ENTERED_AT_ONCE = 500
_SWEEP_SECONDS = 0.05
_BEAT_SECONDS = 15.0
_BEGIN_AGAIN_SECONDS = 5.0
_HEALTH_SECONDS = 60.0
_LONGEST_REST = 0.5
# Wanted sweeps that are remembered one by one; beyond that the whole root is swept.
_WANTED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class WatchRun:
    """Everything a watch needs: what it watches, what reads, with what.

    ``left_out`` are our own folders.  ``version`` and ``signatures`` go into the run that it writes under.
    ``owner_of`` names the information asset owner of a printable path, ``compare`` compares what is new with
    the list of shielded people in the transaction that enters it.
    """

    roots: tuple[bytes, ...]
    settings: WatchSettings
    inspector: FileInspector
    key: bytes
    version: str
    signatures: Signatures
    left_out: Sequence[Path] = ()
    owner_of: Callable[[str], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
    compare: Callable[[Connection], object] = lambda _: None
class Health:
    """How a watch is doing.  ``polled`` and ``native`` are roots, ``names`` those that wait to settle."""

    native: int
    polled: int
    ready: bool
    names: int
    waiting: int
    sweeps: int
    read: int
    gone: int
    alerts: int
    by_severity: Mapping[Severity, int]
    beside_scan: bool


@dataclass(frozen=True, slots=True)
class WatchObserver:
    """What a watch tells and asks of its caller."""

    say: Callable[[str], None] = lambda _: None
    health: Callable[[Health], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class _Wanted:
    """Sweeps that are to be made, the first asked for first."""

    starts: OrderedDict[bytes, bool] = field(default_factory=OrderedDict)

    def add(self, start: bytes, root: bytes, *, deep: bool) -> None:
        if len(self.starts) >= _WANTED_AT_ONCE and start not in self.starts:
            self.starts.clear()
            start, deep = root, True
        self.starts[start] = self.starts.get(start, False) or deep

    def pop(self) -> Wanted:
        return Wanted(*self.starts.popitem(last=False))


def watch(
    run: WatchRun, engine: Engine, observer: WatchObserver | None = None, *, once: bool = False
) -> Counts:
    """Watch until told to stop; with ``once`` catch up with what changed, read it, and end.

    Raises ``RunError`` where another watch is in the same folders, ``StoreLostError`` where the database is
    lost, ``WorkersFailedError`` where no reader can be started.
    """
    return _Watch(run, engine, observer or WatchObserver(), once=once).execute()


class _Watch:
    """One watch on its way: the state that the turns of its loop share."""

    def __init__(self, run: WatchRun, engine: Engine, observer: WatchObserver, *, once: bool) -> None:
        self._run = run
        self._engine = engine
        self._observer = observer
        self._once = once
        settings = run.settings
        self._settings = settings
        mounts = Mounts()
        systems = {root: mounts.at(os.path.realpath(root)) for root in run.roots}
        self._polled = [root for root in run.roots if settings.poll_all or systems[root].network]
        self._native = [] if once else [root for root in run.roots if root not in self._polled]
        self._rights = Rights(settings.scan.exposure)
        self._places = Places(run.roots, settings.scan, run.left_out, self._rights)
        self._settling = Settling(settings.settle, settings.longest_unsettled)
        new = NewRun(run.roots, run.version, run.signatures, {runs.WATCH: True})
        self._recorder = Recorder(
            engine,
            settings,
            self._places,
            new,
            note=lambda path, after: self._settling.note(path, again=True, after=after),
            owner_of=run.owner_of,
        )
        self._lookout = Lookout(self._native, self._not_heard(mounts))
        self._wanted = _Wanted()
        self._sweep: Sweep | None = None
        self._swept_at: dict[bytes, float] = {}
        self._unwatched: OrderedDict[bytes, None] = OrderedDict()
        # Other file systems inside of watched folders, that do not tell: swept like polled roots.
        self._inner = [
            point
            for point, system in mounts.network()
            compare=run.compare,
            if not once and any(point != root and _holds(root, point) for root in self._native)
        ]
        self._rights_at = time.monotonic()
        self._rights_after: int | None = None
        self._beat_at = self._begun_at = self._told_at = 0.0
        self._told_ready = False
        self._troubles: dict[bytes, str] = {}
        self._systems = systems

    def _not_heard(self, mounts: Mounts) -> list[bytes]:
        """Folders that the eyes leave alone: our own, the kernel's, and mounts that do not tell."""
        own = [os.fsencode(path) for path in self._run.left_out]
        return [*own, *mounts.kernel(), *(point for point, _ in mounts.network())]

    def execute(self) -> Counts:
        workers = self._settings.scan.workers
        work = Work(
            inspector=self._run.inspector,
            key=self._run.key,
            confinement=workers.confinement,
            seconds_per_file=workers.seconds_per_file,
            files_per_worker=workers.files_per_worker,
        )
        be_modest(self._settings.scan.pace)
        # Whoever opens a file for writing while it is asked whether somebody does would end us by this.
        before = signal.signal(signal.SIGIO, signal.SIG_IGN)
        self._recorder.begin()
        try:
            self._say_how()
            with WorkerPool(work, workers.effective_count) as pool, self._lookout:
                for root in self._run.roots:
                    self._wanted.add(root, root, deep=True)
                while not self._observer.stop() and self._turn(pool):
                    pass
            self._recorder.commit(force=True)
            self._tell_health(force=True)
        finally:
            self._recorder.close()
            signal.signal(signal.SIGIO, before)
        return self._recorder.counts

    def _say_how(self) -> None:
        for root in self._run.roots:
            shown, kind = displayable(root), self._systems[root].kind or "unknown file system"
            if root in self._polled:
                why = "as asked" if self._settings.poll_all else "changes made elsewhere are not told"
                self._observer.say(f"{shown} ({kind}): polled every {self._settings.poll:.0f} s, {why}")
            elif root in self._native:
                also = self._settings.also_poll
                more = f", swept every {also / 60:.0f} min as well" if also else ""
                self._observer.say(f"{shown} ({kind}): told by the system as it happens{more}")
        for point in self._inner:
            self._observer.say(
                f"{displayable(point)}: mounted inside, polled every {self._settings.poll:.0f} s"
            )

    # --- a turn ------------------------------------------------------------------------------------------

    def _turn(self, pool: WorkerPool) -> bool:
        """One round; false where there is nothing more to do."""
        now = time.monotonic()
        for note in self._lookout.hear():
            self._heard(note)
        if not self._lives(now):
            return False
        self._want_sweeps(now)
        busy = self._go_on_sweeping()
        busy |= self._look_at_rights(now)
        busy |= self._enter()
        self._recorder.feed(pool)
        rest = 0.0 if busy else self._rest()
        if self._recorder.waiting:
            for answer in pool.answers(timeout=min(rest, 0.05)):
                self._recorder.answered(answer)
        else:
            for answer in pool.answers(timeout=0):
                self._recorder.answered(answer)
            if rest:
                self._lookout.wait(rest)
        self._recorder.commit(force=not self._recorder.waiting)
        self._tell_health()
        return not (self._once and self._finished())

    def _rest(self) -> float:
        due = self._settling.next_due
        return _LONGEST_REST if due is None else min(_LONGEST_REST, max(due, 0.02))

    def _finished(self) -> bool:
        return not (
            self._sweep is not None or self._wanted.starts or len(self._settling) or self._recorder.reading
        )

    def _lives(self, now: float) -> bool:
        if now - self._beat_at > _BEAT_SECONDS:
            self._beat_at = now
            if not self._recorder.beat():
                return False
        if self._recorder.stored is None and now - self._begun_at > _BEGIN_AGAIN_SECONDS:
            self._begun_at = now
            if self._recorder.begin():
                self._observer.say("the scan has ended; catching up")
                for root in self._run.roots:
                    self._wanted.add(root, root, deep=True)
        return True

    def _heard(self, note: Note) -> None:
        root = self._places.root_of(note.path)
        if note.what is What.READY or root is None:
            return
        if note.what is What.CHANGED:
            self._changed(note.path, root)
        elif note.what is What.FOLDER:
            self._wanted.add(note.path, root, deep=False)
        elif note.what is What.UNWATCHED:
            if not self._unwatched:
                self._observer.say(
                    f"{displayable(note.path)} cannot be watched, the limit of watches is reached "
                    "(sysctl fs.inotify.max_user_watches); folders without a watch are polled"
                )
            if len(self._unwatched) < _WANTED_AT_ONCE:
                self._unwatched[note.path] = None
            else:
                self._unwatched = OrderedDict.fromkeys(self._native)
        else:
            if note.what is What.OVERFLOW:
                self._observer.say(f"{displayable(note.path)}: more changes than could be told; swept")
            self._wanted.add(note.path, root, deep=True)

    def _changed(self, path: bytes, root: bytes) -> None:
        if len(self._settling) < self._settings.names_held:
            self._settling.note(path)
        else:
            self._wanted.add(path.rpartition(b"/")[0] or b"/", root, deep=False)

    # --- sweeping ----------------------------------------------------------------------------------------

    def _want_sweeps(self, now: float) -> None:
        if self._once:
            return
        settings = self._settings
        # What was not believed is looked at again until it is clear.
        often = [*self._polled, *self._inner, *self._unwatched, *self._troubles]
        pauses = dict.fromkeys(often, settings.poll)
        if settings.also_poll:
            pauses.update({root: settings.also_poll for root in self._native if root not in pauses})
        for start, pause in pauses.items():
            if now - self._swept_at.setdefault(start, now) > pause and start not in self._wanted.starts:
                root = self._places.root_of(start)
                if root is not None:
                    self._wanted.add(start, root, deep=True)
                self._swept_at[start] = now

    def _go_on_sweeping(self) -> bool:
        # What a sweep finds must settle and be read: it waits while there is enough of it.
        if len(self._settling) > self._settings.names_held // 2 or not self._lookout.ready:
            return False
        if self._sweep is None:
            if not self._wanted.starts:
                return False
            wanted = self._wanted.pop()
            root = self._places.root_of(wanted.start)
            if root is None:
                return False
            self._places.renew()
            self._sweep = Sweep(
                self._engine,
                self._recorder.table,
                self._recorder.decider,
                self._places,
                root,
                wanted,
                vanished_percent=self._settings.scan.vanished_percent,
                since=self._recorder.beside_since,
            )
        sweep = self._sweep
        for path in sweep.turn(_SWEEP_SECONDS):
            # What rested long enough before is entered at once, see Settling.
            self._settling.note(path, after=0.0)
        if sweep.done:
            self._sweep = None
            self._swept_at[sweep.wanted.start] = time.monotonic()
            self._note_trouble(sweep.root, sweep.problem)
        return True

    def _note_trouble(self, root: bytes, problem: str) -> None:
        if problem and self._troubles.get(root) != problem:
            self._observer.say(problem)
            self._recorder.trouble(root, problem)
            self._swept_at[root] = time.monotonic()
        if problem:
            self._troubles[root] = problem
        else:
            self._troubles.pop(root, None)

    # --- rights ------------------------------------------------------------------------------------------

    def _look_at_rights(self, now: float) -> bool:
        """Hold the rights of known sensitive files against what is there: nothing tells of some changes."""
        if self._rights_after is None:
            if now - self._rights_at < self._settings.exposure or self._once:
                return False
            self._rights_after = 0
            self._places.renew()
        after = self._rights_after

        def work(connection: Connection) -> list[SensitiveFile]:
            return sensitive_files(connection, self._run.roots, self._settings.at_least, after)

        files = persistently(self._engine, work, writes=False)
        for item in files:
            if self._opened_or_closed(item):
                self._settling.note(item.raw_path, after=0.0)
        if files:
            self._rights_after = files[-1].file_id
            return True
        self._rights_after, self._rights_at = None, time.monotonic()
        return False

    def _opened_or_closed(self, item: SensitiveFile) -> bool:
        root = self._places.root_of(item.raw_path)
        folder = item.raw_path.rpartition(b"/")[0] or b"/"
        place = self._places.place(root, folder) if root is not None else None
        if place is None:
            return False  # not there: a sweep says whether it is gone
        try:
            about = os.lstat(item.raw_path)
        except OSError:
            return False
        if not stat.S_ISREG(about.st_mode):
            return True
        access = self._rights.of(item.raw_path, about, place.system)
        published = self._rights.published(folder)
        return effective(access, place.passage, published=published) != item.audience

    # --- entering ----------------------------------------------------------------------------------------

    def _enter(self) -> bool:
        if not self._recorder.wants:
            return False
        settled = self._settling.settled(_ENTERED_AT_ONCE)
        if not settled:
            return False
        entered = self._recorder.enter(settled)
        for path in entered.folders:
            root = self._places.root_of(path)
            if root is not None:
                self._wanted.add(path, root, deep=True)
        for item in entered.later:
            self._settling.note(item.path, again=item.again, after=1.0)
        return len(settled) == _ENTERED_AT_ONCE

    def _tell_health(self, *, force: bool = False) -> None:
        now = time.monotonic()
        news = self._lookout.ready and not self._told_ready
        if not force and not news and now - self._told_at < _HEALTH_SECONDS:
            return
        self._told_at, self._told_ready = now, self._lookout.ready
        counts = self._recorder.counts
        self._observer.health(
            Health(
                native=len(self._native),
                polled=len(self._polled) + len(self._inner) + len(self._unwatched),
                ready=self._lookout.ready,
                names=len(self._settling),
                waiting=self._recorder.waiting,
                sweeps=len(self._wanted.starts) + (self._sweep is not None),
                read=counts.read,
                gone=counts.gone,
                alerts=counts.alerts,
                by_severity=dict(counts.by_severity),
                beside_scan=self._recorder.stored is None,
            )
        )


def _holds(outer: bytes, inner: bytes) -> bool:
    return inner == outer or inner.startswith(outer.rstrip(b"/") + b"/")
