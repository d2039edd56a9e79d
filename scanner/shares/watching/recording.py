"""Recording: what settled is entered into the file table, read, and alerted; beside a scan, only alerted.

A watch writes under a run of its own, the latest of its folders.  As soon as a scan starts in them the watch
gives way: it goes on reading what changes and alerting, keeps the evidence (so that the scan only has to hash
these files), and takes a new number, with a sweep, when the scan has ended.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from scanner.documents.model import Coverage, Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.shares.deciding import Decider, Decision
from scanner.shares.meeting import learn_gaps
from scanner.shares.pace import Pace
from scanner.shares.scan import LOST_WITH_MOUNT, KnownContents
from scanner.shares.watching.places import Look, Places
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.watching.settling import Settled
from scanner.shares.workers import Answer, Job, WorkerPool
from scanner.store import outbox, runs, shielding
from scanner.store.entry import Access, Audience, FileStat, RunState, displayable
from scanner.store.inventory import (
    EvidenceRow,
    FileTable,
    KnownFile,
    Queued,
    Signatures,
    Traits,
    persistently,
)
from scanner.store.inventory.evidence import heads_by_key, keep, look_of, same_looking
from scanner.store.inventory.files import Ended, FileChange
from scanner.store.inventory.watched import Told, told_by, told_of_file
from scanner.store.outbox import Alert, AlertKind
from scanner.store.runs import WATCH, NewRun, RunError, StoredRun

_TAKEN = 200
_ENDED_PER_TRANSACTION = 500
_SECONDS_PER_TRANSACTION = 1.0
_REMEMBERED = 50_000
# A file that a watcher asked for comes before what a first sweep finds.
_URGENT = 100_000
# A file that is read for longer makes us ask whether its root is still there.
_LONG = 20.0
# A file that cannot be read is tried again after one minute, then two more, three, up to this many.
_TRIES = 20
_SECONDS_BETWEEN_TRIES = 60.0
# A file that comes back within a day of its alert is no news.
_SAME_NEWS_SECONDS = 86_400.0
# What changed shortly before a scan was noticed may not have been met by anybody.
_LOOKED_BACK = 300.0
_LONGEST_WORDS = 300


class OvertakenError(Exception):
    """A later run is or was in these folders: nothing was entered."""


@dataclass(slots=True)
class Counts:
    """What a watch did since its start."""

    read: int = 0
    unread: int = 0
    gone: int = 0
    alerts: int = 0
    by_severity: Counter[Severity] = field(default_factory=Counter)
    troubles: tuple[str, ...] = ()
    """What of the roots could not be looked through in the end, in words."""


@dataclass(frozen=True, slots=True)
class _Was:
    """What was known of a file before it changed."""

    severity: Severity = Severity.NONE
    audience: Audience = Audience.OWNER


@dataclass(slots=True)
class _Begun:
    """A file that a worker has."""

    queued: Queued
    settled_ns: int
    since: float
    read_from: float
    rights: tuple[Access, Audience] | None = None  # of a file read beside a scan


@dataclass(slots=True)
class _Done:
    """A file that was read and is not entered yet."""

    begun: _Begun
    row: EvidenceRow | None
    key: str
    ended: Ended


@dataclass(slots=True)
class Entered:
    """What came of some settled names: which are folders, and which are looked at once more later.

    ``much_later`` are those whose root is not there.
    """

    folders: list[bytes] = field(default_factory=list)
    later: list[Settled] = field(default_factory=list)
    much_later: list[Settled] = field(default_factory=list)


class _Memory(OrderedDict[object, object]):
    """A bounded memory."""

    def keep(self, key: object, value: object) -> None:
        self[key] = value
        if len(self) > _REMEMBERED:
            self.popitem(last=False)


class Recorder:
    """Enters, reads and alerts for one watch.

    ``owner_of`` names the information asset owner of a path; ``note`` asks for another look at a path after
    so many seconds; ``compare`` compares what is new with the list of shielded people, before it is told of.
    ``tell`` is told of every alert once it is entered.
    """

    def __init__(
        self,
        engine: Engine,
        settings: WatchSettings,
        places: Places,
        new: NewRun,
        *,
        note: Callable[[bytes, float], None],
        owner_of: Callable[[str], str] = lambda _: "",
        compare: Callable[[Connection], object] = lambda _: None,
        tell: Callable[[Alert], None] = lambda _: None,
    ) -> None:
        self.counts = Counts()
        self.stored: StoredRun | None = None
        """The run under which this watch writes; ``None`` while a scan is in the same folders."""
        self._engine = engine
        self._settings = settings
        self._places = places
        self._new = new
        self._note = note
        self._owner_of = owner_of
        self._compare = compare
        self._tell_of = tell
        self._raised: list[Alert] = []
        self._pace = Pace(settings.scan.pace, settings.scan.workers.effective_count)
        self._backlog: deque[Queued] = deque()
        self._beside: deque[tuple[Queued, tuple[Access, Audience]]] = deque()
        self._more = True
        self._reading: dict[int, _Begun] = {}
        self._busy_paths: Counter[bytes] = Counter()
        self._done: list[_Done] = []
        self._committed = time.monotonic()
        self._known = KnownContents()
        self._was = _Memory()
        self._went = _Memory()
        self._seen = _Memory()
        self._held_by_others = _Memory()
        # Files that could not be reached: not taken again before somebody looked at their names.
        self._held: dict[bytes, int] = {}
        self._last_number = 0
        self._given_way = time.time()
        self._begin_reading(0)

    # --- the run -----------------------------------------------------------------------------------------

    def begin(self) -> bool:
        """Take a number, so that what is read is entered; false while a scan is in the same folders.

        Raises :class:`RunError` where another watch is.
        """
        if self.stored is not None:
            return True
        busy = persistently(self._engine, lambda c: runs.busy(c, self._new.roots), writes=False)
        others = [run for run in busy if run.options.get(WATCH)]
        if others:
            raise RunError(f"{others[0].name} watches in the same folders already")
        if busy:
            return False
        try:
            self.stored = runs.start(self._engine, self._new)
        except RunError:
            return False
        self._begin_reading(self.stored.number)
        return True

    @property
    def beside_since(self) -> float | None:
        """When this watch began to work beside a scan; ``None`` where it does not."""
        return None if self.stored is not None else self._given_way

    def beat(self) -> bool:
        """Say that the watch is alive; false where somebody asked it to stop."""
        if self.stored is None:
            return True
        number = self.stored.number
        state = RunState.RUNNING
        return persistently(self._engine, lambda c: runs.beat(c, number, state)) != "stop"

    def close(self) -> None:
        """The watch ends; what is still queued is owed by whoever looks next."""
        if self.stored is not None:
            number, roots = self.stored.number, list(self._new.roots)
            persistently(self._engine, lambda c: self.table.follow_moves(c, roots))
            runs.close(self._engine, number, RunState.FINISHED)
            self.stored = None

    def _give_way(self) -> None:
        """A scan started: from here on it has the file table."""
        self._given_way = time.time() - _LOOKED_BACK
        if self.stored is not None:
            runs.close(self._engine, self.stored.number, RunState.FINISHED)
            self.stored = None
        for queued in self._backlog:
            self._free(queued.raw_path)
        self._backlog.clear()
        self._begin_reading(0)

    def _begin_reading(self, number: int) -> None:
        signature = persistently(self._engine, lambda c: runs.signature_number(c, self._new.signatures))
        signatures: Mapping[int, Signatures] = persistently(self._engine, runs.all_signatures, writes=False)
        self.table = FileTable(number, signature)
        self._outdated = {
            at: signatures[signature].outdated(before) | Traits.PASSING for at, before in signatures.items()
        }
        self._decider = Decider(
            run_id=number,
            full=False,
            now=signatures[signature],
            signatures=signatures,
            accesses=persistently(self._engine, self.table.accesses, writes=False),
            rights=self._places.rights,
        )
        self._more = True

    def decider(self) -> Decider:
        """What decides for this watch now."""
        return self._decider

    # --- entering ----------------------------------------------------------------------------------------

    @property
    def wants(self) -> bool:
        """Whether more names may be entered: beside a scan they wait in memory."""
        return self.stored is not None or len(self._beside) < _TAKEN

    def enter(self, settled: Sequence[Settled]) -> Entered:
        """What became of names that settled: entered and queued, gone, or nothing."""
        self._places.renew()
        entered = Entered()
        looks = list(self._looks(settled, entered))
        if not looks:
            return entered
        if self.stored is not None:
            stored = self.stored
            try:
                self._entering(lambda c: self._enter(c, stored, looks))
            except OvertakenError:
                self._give_way()
        if self.stored is None:
            self._entering(lambda c: self._enter_beside(c, looks))
        return entered

    def _looks(
        self, settled: Sequence[Settled], entered: Entered
    ) -> Iterator[tuple[bytes, Look, dict[bytes, bool]]]:
        by_folder: dict[tuple[bytes, bytes], dict[bytes, bool]] = {}
        for item in settled:
            folder, _, name = item.path.rpartition(b"/")
            root = self._places.root_of(item.path)
            if root is None or item.path == root:
                continue
            if self._busy_paths[item.path]:
                entered.later.append(item)  # it is being read; then it is seen whether it is the same
                continue
            if self._held.pop(item.path, None) is not None:
                self._more = True
            by_folder.setdefault((root, folder or b"/"), {})[name] = item.again
        for (root, folder), names in by_folder.items():
            look = self._look(root, folder, list(names))
            if look is None:
                later = (Settled(_joined(folder, name), again) for name, again in names.items())
                entered.much_later.extend(later)
                continue
            entered.folders.extend(_joined(folder, name) for name in look.folders)
            yield folder, look, names

    def _look(self, root: bytes, folder: bytes, names: Sequence[bytes]) -> Look | None:
        """What is at these names; ``None`` where their root is not there to say."""
        if not self._places.there(root):
            return None
        try:
            look = self._places.look(root, folder, names)
        except OSError:
            return None
        failed = look.gone or (look.listing is not None and look.listing.unopened)
        return look if not failed or self._places.there(root) else None

    def _enter(
        self,
        connection: Connection,
        stored: StoredRun,
        looks: Sequence[tuple[bytes, Look, dict[bytes, bool]]],
    ) -> None:
        if runs.overtaken(connection, stored):
            raise OvertakenError
        decision, gone, rows = self._decide(connection, looks)
        by_id = {row.file_id: row for row in rows.values()}
        paths = {row.file_id: path for path, row in rows.items()}
        self._remember_gone([by_id[number] for number in gone])
        before: dict[bytes, _Was] = {}
        for change in decision.changes:
            path = _joined(change.folder, change.name)
            row = by_id.get(change.replaces)
            was = self._before(row, change.stat)
            if change.keeps_evidence and row is not None:
                self._exposure_changed(connection, path, row, change)
            if change.queue and change.unopened is None:
                before[path] = was
        for number, _ in decision.requeued:
            row = by_id[number]
            before[paths[number]] = _Was(Severity(row.severity), Audience(row.audience))
        self.table.enter(connection, decision.changes, decision.requeued)
        self.table.gone(connection, gone)
        day_ago = time.time() - _SAME_NEWS_SECONDS
        for number in gone:
            if by_id[number].severity >= self._settings.at_least:
                outbox.rearm(connection, paths[number], raised_before=day_ago)
        known = set(self._decider.accesses.values())
        if any(change.access not in known for change in decision.changes):
            self._decider.accesses.update(self.table.accesses(connection))
        for path, was in before.items():
            if path not in self._was:  # else it changed again before it was read
                self._was.keep(path, was)
        self.counts.gone += len(gone)
        self._more = self._more or decision.queued > 0

    def _decide(
        self, connection: Connection, looks: Sequence[tuple[bytes, Look, dict[bytes, bool]]]
    ) -> tuple[Decision, list[int], dict[bytes, KnownFile]]:
        self._decider.clock = time.time()
        decision = Decision()
        gone: list[int] = []
        asked: list[int] = []
        rows: dict[bytes, KnownFile] = {}
        folders = self.table.folders(connection, [folder for folder, _, _ in looks])
        listings = [look.listing for _, look, _ in looks if look.listing is not None]
        learn_gaps(connection, self._decider, listings)
        for folder, look, names in looks:
            number = folders.get(folder)
            known = self.table.known_named(connection, number, list(names)) if number is not None else []
            rows.update((_joined(folder, row.name), row) for row in known)
            absent = {*look.gone, *look.folders}
            gone.extend(row.file_id for row in known if row.name in absent)
            if look.listing is None:
                continue
            self._decider.decide(look.listing, known, decision, whole=False)
            there = {name for name, _ in look.listing.files}
            asked.extend(row.file_id for row in known if names[row.name] and row.name in there)
        touched = {change.replaces for change in decision.changes}
        touched.update(file_id for file_id, _ in decision.requeued)
        for file_id in asked:
            if file_id not in touched:
                decision.requeued.append((file_id, _URGENT))
                decision.queued += 1
        return decision, gone, rows

    def _remember_gone(self, rows: Sequence[KnownFile]) -> None:
        """A file that goes here may come there: then it was only moved."""
        for row in rows:
            if row.inode and row.severity:
                was = _Was(Severity(row.severity), Audience(row.audience))
                self._went.keep((row.inode, row.size, row.mtime_ns), was)

    def _before(self, row: KnownFile | None, stat: FileStat) -> _Was:
        if row is not None:
            return _Was(Severity(row.severity), Audience(row.audience))
        moved = self._went.get((stat.inode, stat.size, stat.mtime_ns))
        return moved if isinstance(moved, _Was) else _Was()

    def _exposure_changed(
        self, connection: Connection, path: bytes, row: KnownFile, change: FileChange
    ) -> None:
        """Its content stands; who can read it does not."""
        if row.severity < self._settings.at_least:
            return
        if change.audience < row.audience:
            outbox.rearm(connection, path, kinds=(AlertKind.EXPOSED, AlertKind.REACHABLE))
        elif change.audience > row.audience and change.audience.exposed:
            told = told_of_file(connection, path) or Told((), (0, 0), {})
            told = replace(told, owner=change.access.owner, how=change.access.how, audience=change.audience)
            was = f"before: {Audience(row.audience).word}"
            self._alert(connection, path, AlertKind.EXPOSED, Severity(row.severity), told, was)

    # --- beside a scan -----------------------------------------------------------------------------------

    def _enter_beside(
        self, connection: Connection, looks: Sequence[tuple[bytes, Look, dict[bytes, bool]]]
    ) -> None:
        decision, gone, rows = self._decide(connection, looks)
        by_id = {row.file_id: row for row in rows.values()}
        self._remember_gone([by_id[number] for number in gone])
        again = {
            _joined(folder, name) for folder, _, names in looks for name, asked in names.items() if asked
        }
        waiting: list[tuple[Queued, tuple[Access, Audience]]] = []
        number = self._last_number
        for change in decision.changes:
            path = _joined(change.folder, change.name)
            row = by_id.get(change.replaces)
            if change.keeps_evidence and row is not None:
                self._exposure_changed(connection, path, row, change)
            if not change.queue or change.unopened is not None:
                continue
            stat = change.stat
            seen = self._seen.get(path) == (stat.size, stat.mtime_ns, stat.ctime_ns)
            if seen and path not in again:
                continue
            number -= 1
            queued = Queued(number, path, stat.size, stat.mtime_ns, stat.ctime_ns)
            waiting.append((queued, (change.access, change.audience)))
            self._was.keep(path, self._before(row, stat))
        self._last_number = number
        self._beside.extend(waiting)

    # --- reading -----------------------------------------------------------------------------------------

    @property
    def reading(self) -> bool:
        """Whether anything is owed or on its way."""
        return bool(self._reading or self._done or self._beside or self._waiting())

    @property
    def waiting(self) -> int:
        """How many files are being read or stand in line, as far as is known without asking."""
        return len(self._reading) + len(self._backlog) + len(self._beside)

    def _waiting(self) -> bool:
        if self._backlog or not self._more or self.stored is None:
            return bool(self._backlog)
        taken = {*self._reading, *self._held.values(), *(done.ended.file_id for done in self._done)}

        def work(connection: Connection) -> list[Queued]:
            waiting = self.table.take(connection, _TAKEN, taken)
            self._learn_copies(connection, waiting)
            return waiting

        waiting = persistently(self._engine, work, writes=False)
        self._more = len(waiting) == _TAKEN
        self._backlog.extend(waiting)
        self._busy_paths.update(queued.raw_path for queued in waiting)
        return bool(self._backlog)

    def _learn_copies(self, connection: Connection, waiting: Sequence[Queued]) -> None:
        looks = [queued.look for queued in waiting if queued.size]
        for look, found in same_looking(connection, looks).items():
            for content_hash, key, signature_id, traits in found:
                if not traits & self._outdated.get(signature_id, Traits.READ | Traits.GAPS):
                    self._known.add(look, content_hash, key)

    def feed(self, pool: WorkerPool) -> None:
        """Give the readers what waits."""
        while pool.wants and self._pace.may_read():
            rights: tuple[Access, Audience] | None = None
            if self._beside:
                queued, rights = self._beside.popleft()
                self._busy_paths[queued.raw_path] += 1
                persistently(self._engine, lambda c, q=queued: self._learn_copies(c, [q]), writes=False)  # type: ignore[misc]
            elif self._waiting():
                queued = self._backlog.popleft()
            else:
                return
            system = self._places.system(queued.raw_path)
            begun = _Begun(queued, system.settled_ns, time.monotonic(), time.time(), rights)
            self._reading[queued.file_id] = begun
            self._pace.begin(queued.size)
            known = self._known.hashes(queued.look) if queued.size else ()
            pool.submit(Job(queued.file_id, queued.raw_path, queued.size, known))

    def slow_roots(self) -> set[bytes]:
        """Roots of files that are being read for a suspiciously long time."""
        now = time.monotonic()
        slow = (item for item in self._reading.values() if now - item.since > _LONG)
        roots = {self._places.root_of(item.queued.raw_path) for item in slow}
        return {root for root in roots if root is not None}

    def give_up(self, pool: WorkerPool, root: bytes) -> None:
        """What is being read of a root that does not answer is looked at again when it does."""
        of_root = [
            number
            for number, item in self._reading.items()
            if self._places.root_of(item.queued.raw_path) == root
        ]
        for number in pool.give_up(of_root):
            begun = self._reading.pop(number)
            self._pace.end(time.monotonic() - begun.since)
            self._hold(begun, 5.0)

    def _hold(self, begun: _Begun, seconds: float) -> None:
        """It stays queued and is looked at again."""
        path = begun.queued.raw_path
        self._free(path)
        if begun.rights is None:
            self._held[path] = begun.queued.file_id
        self._note(path, seconds)

    def answered(self, answer: Answer) -> None:
        """A reader is done with a file."""
        begun = self._reading.pop(answer.number)
        queued, inspection = begun.queued, answer.inspection
        self._pace.end(time.monotonic() - begun.since)
        row = None
        if inspection is None:
            key = self._known.key(queued.look, answer.same_as)
            if key is None:
                self._put_back(begun)
                return
        else:
            if inspection.coverage.status is Status.NOT_INSPECTED and self._unreachable(begun, answer):
                return
            look = queued.look
            if inspection.size != queued.size:
                look = look_of(inspection.size, queued.raw_path.rpartition(b"/")[2])
            row = EvidenceRow.of(inspection, look, self.table.signature_id)
            key = row.key
            if inspection.content_hash and inspection.size and not row.traits & Traits.PASSING:
                self._known.add(look, inspection.content_hash, key)
            self.counts.unread += bool(inspection.coverage.gaps)
            self._look_again(queued.raw_path, inspection.coverage)
        self.counts.read += 1
        self._done.append(_Done(begun, row, key, self._ending(begun, key)))

    def _look_again(self, path: bytes, coverage: Coverage) -> None:
        """A file that somebody holds for himself alone changes when he opens it, and not when he lets go."""
        if coverage.status is not Status.NOT_INSPECTED or all(
            gap.reason is not Shortfall.IO_ERROR for gap in coverage.gaps
        ):
            self._held_by_others.pop(path, None)
            return
        before = self._held_by_others.get(path, 0)
        tries = before + 1 if isinstance(before, int) else 1
        self._held_by_others.keep(path, tries)
        if tries <= _TRIES:
            self._note(path, _SECONDS_BETWEEN_TRIES * tries)

    def _put_back(self, begun: _Begun) -> None:
        if begun.rights is not None:
            self._free(begun.queued.raw_path)
            self._beside.append((begun.queued, begun.rights))
        else:
            self._backlog.appendleft(begun.queued)

    def _free(self, path: bytes) -> None:
        self._busy_paths[path] -= 1
        if self._busy_paths[path] <= 0:
            del self._busy_paths[path]

    def _unreachable(self, begun: _Begun, answer: Answer) -> bool:
        """A file that went while it waited, or with its mount: it stays queued and is looked at again."""
        gaps = answer.inspection.coverage.gaps if answer.inspection else ()
        reasons = {gap.reason for gap in gaps}
        path = begun.queued.raw_path
        root = self._places.root_of(path)
        lost = bool(reasons & LOST_WITH_MOUNT) and (root is None or not self._places.there(root))
        if not lost and Shortfall.VANISHED not in reasons:
            return False
        self._hold(begun, 5.0 if lost else 0.0)
        return True

    def _ending(self, begun: _Begun, key: str) -> Ended:
        """How a file ended, with another look at it: it may have changed while it was read."""
        queued = begun.queued
        ended = Ended(queued.file_id, key, begun.read_from)
        try:
            about = self._places.lstat(queued.raw_path)
        except OSError:
            self._note(queued.raw_path, 0.0)
            return replace(ended, unsettled=True)
        newest = max(about.st_mtime_ns, about.st_ctime_ns)
        unsettled = newest > begun.read_from * 1e9 - begun.settled_ns
        same = (about.st_size, about.st_mtime_ns, about.st_ctime_ns) == (
            queued.size,
            queued.mtime_ns,
            queued.ctime_ns,
        )
        if not same or unsettled:
            # The next change may bear the same time: looked at once more when that cannot be.
            wait = 0.0 if not same else begun.settled_ns / 1e9
            self._note(queued.raw_path, wait)
        if same:
            return replace(ended, unsettled=unsettled)
        inode = about.st_ino - (1 << 64) if about.st_ino >= 1 << 63 else about.st_ino
        stat = FileStat(about.st_size, about.st_mtime_ns, about.st_ctime_ns, inode)
        return replace(ended, unsettled=True, stat=stat)

    def commit(self, *, force: bool = False) -> None:
        """Enter what was read, with its alerts, once enough of it gathered."""
        waited = time.monotonic() - self._committed
        if not self._done or not (
            force or len(self._done) >= _ENDED_PER_TRANSACTION or waited > _SECONDS_PER_TRANSACTION
        ):
            return
        done, self._done = self._done, []
        self._committed = time.monotonic()
        entered = [item for item in done if item.begun.rights is None]
        beside = [item for item in done if item.begun.rights is not None]
        if entered and self.stored is not None:
            stored = self.stored
            try:
                self._entering(lambda c: self._finish(c, stored, entered))
            except OvertakenError:
                self._give_way()
                beside = done
        elif entered:
            beside = done
        if beside:
            self._entering(lambda c: self._finish_beside(c, beside))
        for item in done:
            self._free(item.begun.queued.raw_path)
            self._was.pop(item.begun.queued.raw_path, None)

    def _finish(self, connection: Connection, stored: StoredRun, done: Sequence[_Done]) -> None:
        if runs.overtaken(connection, stored):
            raise OvertakenError
        found = [item.row for item in done if item.row is not None]
        self.table.finish(connection, [item.ended for item in done], found)
        self._compare(connection)
        heads = heads_by_key(connection, [item.key for item in done])
        for item in done:
            severity = Severity(heads[item.key].severity)
            if self._is_news(item, severity):
                told = told_of_file(connection, item.begun.queued.raw_path)
                if told is not None:
                    self._tell(connection, item, severity, told)
            self._calm(connection, item, severity)

    def _finish_beside(self, connection: Connection, done: Sequence[_Done]) -> None:
        keep(connection, [item.row for item in done if item.row is not None])
        self._compare(connection)
        heads = heads_by_key(connection, [item.key for item in done])
        shielded = shielding.of_these(connection, {head.evidence_id for head in heads.values()})
        for item in done:
            queued = item.begun.queued
            self._seen.keep(queued.raw_path, (queued.size, queued.mtime_ns, queued.ctime_ns))
            severity = Severity(heads[item.key].severity) if item.key in heads else Severity.NONE
            if item.row is None or not self._is_news(item, severity):
                continue
            number = heads[item.key].evidence_id if item.key in heads else None
            people = (item.row.people_low, item.row.people_high)
            told = told_by(item.row.detail, people, number if number in shielded else None)
            if item.begun.rights is not None:
                rights, audience = item.begun.rights
                told = replace(told, owner=rights.owner, how=rights.how, audience=audience)
            self._tell(connection, item, severity, told)

    def _entering(self, work: Callable[[Connection], None]) -> None:
        """One transaction, which may be tried again; its alerts are told when it has come to its end."""

        def attempt(connection: Connection) -> None:
            self._raised = []
            work(connection)

        persistently(self._engine, attempt)
        raised, self._raised = self._raised, []
        self.counts.alerts += len(raised)
        for alert in raised:
            self._tell_of(alert)

    # --- alerting ----------------------------------------------------------------------------------------

    def _is_news(self, item: _Done, severity: Severity) -> bool:
        self.counts.by_severity[severity] += 1
        return bool(severity) and severity >= self._settings.at_least

    def _tell(self, connection: Connection, item: _Done, severity: Severity, told: Told) -> None:
        path = item.begun.queued.raw_path
        was = self._was.get(path)
        before = was if isinstance(was, _Was) else _Was()
        if severity > before.severity:
            detail = f"before: {before.severity.word}" if before.severity else ""
            self._alert(connection, path, AlertKind.FINDING, severity, told, detail)
        elif told.audience.exposed and told.audience > before.audience:
            detail = f"before: {before.audience.word}"
            self._alert(connection, path, AlertKind.EXPOSED, severity, told, detail)

    def _calm(self, connection: Connection, item: _Done, severity: Severity) -> None:
        """A file that holds less than it was alerted for: when it holds as much again, that is news."""
        path = item.begun.queued.raw_path
        was = self._was.get(path)
        if isinstance(was, _Was) and severity < was.severity >= self._settings.at_least:
            outbox.rearm(connection, path)

    def _alert(
        self,
        connection: Connection,
        path: bytes,
        kind: AlertKind,
        severity: Severity,
        told: Told,
        detail: str,
    ) -> None:
        alert = Alert(
            kind,
            severity,
            told.path(path, self._places.root_of(path) or b""),
            detail=detail,
            reasons=tuple(reason[:_LONGEST_WORDS] for reason in told.reasons[:10]),
            people=told.people,
            kinds=told.kinds,
            audience=told.audience.word,
            how=told.how,
            owner=told.owner,
            asset_owner=self._owner_of(displayable(path)),
        )
        if outbox.raise_alert(connection, path, alert, self._settings.channels):
            self._raised.append(alert)

    def trouble(self, path: bytes, line: str) -> None:
        """Something watched cannot be watched: said once a day."""
        alert = Alert(AlertKind.TROUBLE, Severity.MEDIUM, displayable(path), detail=line)
        once = time.strftime("%Y-%m-%d")
        persistently(
            self._engine,
            lambda c: outbox.raise_alert(c, path, alert, self._settings.channels, once=once),
        )


def _joined(folder: bytes, name: bytes) -> bytes:
    return (folder if folder.endswith(b"/") else folder + b"/") + name
