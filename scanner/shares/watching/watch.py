"""A watch: hears, sweeps, lets names settle, reads, alerts, in turns of one process without threads."""

from __future__ import annotations

import os
import signal
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine

from scanner.judgement.assessment import Severity
from scanner.shares.exposure import Rights
from scanner.shares.mounts import Mounts
from scanner.shares.pace import be_modest
from scanner.shares.sources import is_remote
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
from scanner.store.outbox import Alert
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
# With ``once``, how long a file is waited for that should be looked at again.
_LONGEST_WAIT_ONCE = 5.0
# Names of a root that is not there are looked at so often.
_MUCH_LATER = 15.0
_SECONDS_BETWEEN_KNOCKS = 5.0


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
    compare: Callable[[Connection], object] = lambda _: None


@dataclass(frozen=True, slots=True)
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
    alert: Callable[[Alert], None] = lambda _: None


@dataclass
class _Wanted:
    """Sweeps that are to be made, the first asked for first."""

    starts: OrderedDict[bytes, bool] = field(default_factory=OrderedDict)

    def add(self, start: bytes, root: bytes, *, deep: bool) -> None:
        if len(self.starts) >= _WANTED_AT_ONCE and start not in self.starts:
            self.starts.clear()
            start, deep = root, True
        self.starts[start] = self.starts.get(start, False) or deep

    def pop(self, free: Callable[[bytes], bool]) -> Wanted | None:
        """The first whose root is ``free``."""
        start = next((start for start in self.starts if free(start)), None)
        return None if start is None else Wanted(start, self.starts.pop(start))


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
        self._places = Places(
            run.roots, settings.scan, run.left_out, Rights(settings.scan.exposure), self._known_identity
        )
        systems = {root: self._places.system(root) for root in run.roots}
        # What is not there yet may be a mount when it comes.
        self._polled = [
            root
            for root in run.roots
            if settings.poll_all or systems[root].network or not Path(os.fsdecode(root)).is_dir()
        ]
        self._native = [] if once else [root for root in run.roots if root not in self._polled]
        self._settling = Settling(
            settings.settle,
            settings.longest_unsettled,
            look=self._places.lstat,
            being_written=self._places.being_written,
            own_clock=lambda path: not self._places.system(path).network,
        )
        new = NewRun(run.roots, run.version, run.signatures, {runs.WATCH: True})
        self._recorder = Recorder(
            engine,
            settings,
            self._places,
            new,
            note=self._note,
            owner_of=run.owner_of,
            compare=run.compare,
            tell=observer.alert,
        )
        self._lookout = Lookout(self._native, self._not_heard(mounts))
        self._wanted = _Wanted()
        self._sweeps: dict[bytes, Sweep] = {}  # one of each root: a slow one holds up no other
        self._swept_at: dict[bytes, float] = {}
        self._unwatched: OrderedDict[bytes, None] = OrderedDict()
        # Other file systems inside of watched folders, that do not tell: swept like polled roots.
        self._inner = [
            point
            for point, system in mounts.network()
            if not once and any(point != root and _holds(root, point) for root in self._native)
        ]
        self._rights_at = time.monotonic()
        self._rights_after: int | None = None
        self._beat_at = self._begun_at = self._told_at = 0.0
        self._told_ready = False
        self._troubles: dict[bytes, str] = {}
        self._systems = systems
        self._knocked = 0.0
        self._remembered: dict[bytes, str] = {}

    def _note(self, path: bytes, after: float) -> None:
        # What is to be looked at in ten minutes is not waited for: the next run does, it is marked so.
        if not self._once or after <= _LONGEST_WAIT_ONCE:
            self._settling.note(path, again=True, after=after)

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
            remote=tuple(root for root in self._run.roots if is_remote(root)),
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
            self._places.close()
            signal.signal(signal.SIGIO, before)
        self._recorder.counts.troubles = tuple(self._troubles.values())
        return self._recorder.counts

    def _say_how(self) -> None:
        for root in self._run.roots:
            shown, kind = displayable(root), self._systems[root].kind or "unknown file system"
            if root in self._polled:
                why = "changes made elsewhere are not told"
                if is_remote(root):
                    why = "a server is asked, it does not tell"
                elif self._settings.poll_all and not self._systems[root].network:
                    why = "as asked"
                elif not self._systems[root].network:
                    why = "it was not there at the start"
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
        # Between all that takes its time the readers are looked after: they are what everything waits for.
        busy = self._go_on_sweeping()
        self._hand_out(pool)
        busy |= self._look_at_rights(now)
        self._hand_out(pool)
        busy |= self._enter()
        self._recorder.feed(pool)
        self._give_up_silent(pool, now)
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

    def _hand_out(self, pool: WorkerPool) -> None:
        self._recorder.feed(pool)
        for answer in pool.answers(timeout=0):
            self._recorder.answered(answer)
        self._recorder.feed(pool)

    def _rest(self) -> float:
        due = self._settling.next_due
        return _LONGEST_REST if due is None else min(_LONGEST_REST, max(due, 0.02))

    def _finished(self) -> bool:
        return not (self._sweeps or self._wanted.starts or self._unsettled() or self._recorder.reading)

    def _unsettled(self) -> bool:
        """Whether names wait whose root is there: with ``once`` nobody waits for one that is not."""
        return bool(len(self._settling)) and not (
            self._troubles and all(self._places.root_of(path) in self._troubles for path in self._settling)
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
        until = time.monotonic() + _SWEEP_SECONDS
        self._begin_sweeps()
        while self._sweeps:
            for sweep in list(self._sweeps.values()):
                self._sweep_on(sweep, _SWEEP_SECONDS / len(self._sweeps))
            if time.monotonic() > until or len(self._settling) > self._settings.names_held // 2:
                return True
            self._begin_sweeps()  # many folders are small
        return False

    def _sweep_on(self, sweep: Sweep, seconds: float) -> None:
        for path in sweep.turn(seconds):
            # What rested long enough before is entered at once, see Settling.
            self._settling.note(path, after=0.0)
        if sweep.done:
            del self._sweeps[sweep.root]
            self._swept_at[sweep.wanted.start] = time.monotonic()
            self._note_trouble(sweep.root, sweep.problem)
            if not sweep.problem and sweep.wanted == Wanted(sweep.root):
                self._remember(sweep.root)

    def _begin_sweeps(self) -> None:
        while True:
            wanted = self._wanted.pop(lambda start: self._places.root_of(start) not in self._sweeps)
            if wanted is None:
                return
            root = self._places.root_of(wanted.start)
            if root is None:
                continue
            self._places.renew()
            self._sweeps[root] = Sweep(
                self._engine,
                self._recorder.table,
                self._recorder.decider,
                self._places,
                root,
                wanted,
                vanished_percent=self._settings.scan.vanished_percent,
                since=self._recorder.beside_since,
            )

    def _note_trouble(self, root: bytes, problem: str) -> None:
        if problem:
            if self._troubles.get(root) != problem:
                self._observer.say(f"{problem}; nothing of it is taken for deleted")
                self._recorder.trouble(root, problem)
            self._troubles[root] = problem
            self._swept_at[root] = time.monotonic()
        elif self._troubles.pop(root, None):
            self._observer.say(f"{displayable(root)} is there again, and was caught up with")

    def _remember(self, root: bytes) -> None:
        """All of a root was looked through: what lies there is it."""
        identity = self._places.accept(root)
        if identity and self._remembered.get(root) != identity:
            persistently(self._engine, lambda c: runs.remember_root(c, root, identity))
            self._remembered[root] = identity

    def _known_identity(self, root: bytes) -> str:
        return persistently(self._engine, lambda c: runs.root_identity(c, root), writes=False)

    def _give_up_silent(self, pool: WorkerPool, now: float) -> None:
        """Readers that wait for a root that does not answer are for others; its files are read later."""
        if now - self._knocked < _SECONDS_BETWEEN_KNOCKS:
            return
        self._knocked = now
        for root in self._recorder.slow_roots():
            source = self._places.source(root)
            if source.silent():
                self._recorder.give_up(pool, root)
                self._note_trouble(root, f"{displayable(root)} does not answer")
            else:
                source.knock(root)

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
        there = {root: self._places.there(root) for root in self._run.roots} if files else {}
        for item in files:
            root = self._places.root_of(item.raw_path)
            if root is not None and there[root] and self._opened_or_closed(item):
                self._settling.note(item.raw_path, after=0.0)
        if files:
            self._rights_after = files[-1].file_id
            return True
        self._rights_after, self._rights_at = None, time.monotonic()
        return False

    def _opened_or_closed(self, item: SensitiveFile) -> bool:
        try:
            return self._places.audience(item.raw_path) != item.audience
        except OSError:
            return False  # not there: a sweep says whether it is gone

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
        for items, seconds in ((entered.later, 1.0), (entered.much_later, _MUCH_LATER)):
            for item in items:
                self._settling.note(item.path, again=item.again, after=seconds)
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
                sweeps=len(self._wanted.starts) + len(self._sweeps),
                read=counts.read,
                gone=counts.gone,
                alerts=counts.alerts,
                by_severity=dict(counts.by_severity),
                beside_scan=self._recorder.stored is None,
            )
        )


def _holds(outer: bytes, inner: bytes) -> bool:
    return inner == outer or inner.startswith(outer.rstrip(b"/") + b"/")
