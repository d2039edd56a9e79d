"""The coordinator of a distributed scan: walks, offers batches, waits, closes; it reads no file itself.

All that it knows is in the database.  When it dies the workers read on what is offered; resumed, it walks on,
offers what is owed and in no batch, and closes the run when nothing is owed any more.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine

from scanner.shares.deciding import Decider
from scanner.shares.distributed import batches
from scanner.shares.distributed.batches import AHEAD, Batch, Outstanding
from scanner.shares.distributed.owed import bring_back, next_files
from scanner.shares.distributed.servers import server_of
from scanner.shares.distributed.settings import DistributedSettings
from scanner.shares.exposure import Rights
from scanner.shares.meeting import Meeting
from scanner.shares.mounts import Mounts
from scanner.shares.replaying.weighing import Judging, Weighing
from scanner.shares.scan import Observer, Progress
from scanner.shares.settings import ScanSettings
from scanner.store import runs
from scanner.store.entry import RunRecord, RunState
from scanner.store.inventory import FileTable, persistently
from scanner.store.ledger import Ledger
from scanner.store.runs import HEARTBEAT_SECONDS, StoredRun

_OBJECTS_PER_TURN = 5_000
_SECONDS_PER_TURN = 0.3
_SECONDS_BETWEEN_OFFERS = 0.3
_IDLE = 0.1
# Before a stopped run is closed, workers may end the files that they have begun.
_SECONDS_TO_LET_GO = 60.0


def coordinate(
    engine: Engine,
    stored: StoredRun,
    settings: ScanSettings,
    distributed: DistributedSettings,
    mark: str,
    observer: Observer | None = None,
    *,
    left_out: Sequence[Path] = (),
    accept_vanished: bool = False,
    told: Callable[[str], None] = lambda _: None,
    judging: Judging | None = None,
) -> RunRecord:
    """Go on with a distributed run until all is read or something stops it.

    ``mark`` is what workers must have in common with it (:func:`batches.fingerprint`); ``judging`` is what
    evidence is judged anew by.  Raises
    ``NotDistributedError`` for a database that has no job queue, ``StoreLostError`` where it is lost.
    """
    batches.set_up(engine)
    # What an earlier process of this run has offered may ask for rules that are not in force any more.
    persistently(engine, lambda connection: batches.withdraw(connection, stored.number))
    coordinator = _Coordinator(
        engine,
        stored,
        settings,
        distributed,
        mark,
        observer or Observer(),
        told,
        left_out,
        accept_vanished,
        judging,
    )
    return coordinator.execute()


class _Coordinator:
    def __init__(
        self,
        engine: Engine,
        stored: StoredRun,
        settings: ScanSettings,
        distributed: DistributedSettings,
        mark: str,
        observer: Observer,
        told: Callable[[str], None],
        left_out: Sequence[Path],
        accept_vanished: bool,
        judging: Judging | None,
    ) -> None:
        self._engine, self._stored, self._observer = engine, stored, observer
        self._settings, self._distributed, self._mark, self._told = settings, distributed, mark, told
        self._table = FileTable(stored.number, stored.signature_id)
        signatures = persistently(engine, runs.all_signatures, writes=False)
        decider = Decider(
            run_id=stored.number,
            full=stored.full,
            now=signatures[stored.signature_id],
            signatures=signatures,
            accesses=persistently(engine, self._table.accesses, writes=False),
            rights=Rights(settings.exposure),
            weighs=judging is not None,
        )
        states = persistently(engine, lambda c: runs.root_states(c, stored.number), writes=False)
        self._meeting = Meeting(
            engine,
            self._table,
            decider,
            settings,
            states,
            left_out,
            accept_vanished=accept_vanished,
            weighing=Weighing(judging, signatures, stored.signature_id) if judging else None,
        )
        mounts = Mounts()
        self._servers: dict[str, list[bytes]] = defaultdict(list)
        for root in self._meeting.roots:
            self._servers[server_of(root.path, mounts, distributed.servers)].append(root.path)
        self._counts = Counter[str]()
        self._started = time.monotonic()
        self._beaten = self._offered = self._looked = self._warned = 0.0
        self._wanted = ""
        self._paused = self._began = False
        self._outstanding = Outstanding(0, 0, {})
        self._owed = (1, 0)
        for state in states:
            if state.walked:
                self._counts["met"] += state.met

    def execute(self) -> RunRecord:
        stopped = False
        while self._meeting.walking or self._owed[0] or self._outstanding.places:
            self._beat()
            if self._must_stop():
                stopped = True
                break
            self._paused = self._must_wait()
            if not self._paused:
                self._began = True
                self._walk_on()
            self._offer()
            self._look_after()
            self._observer.progress(self._progress())
            if all(root.lost for root in self._meeting.roots):
                break
            if not self._meeting.walking or self._paused:
                time.sleep(_IDLE)
        record = self._close(stopped)
        self._meeting.close()
        return record

    # --- whether to go on --------------------------------------------------------------------------------

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten < min(HEARTBEAT_SECONDS, 1.0) and self._beaten:
            return
        self._beaten = now
        state = RunState.PAUSED if self._paused else RunState.RUNNING
        number = self._stored.number
        self._wanted = persistently(self._engine, lambda connection: runs.beat(connection, number, state))

    def _must_stop(self) -> bool:
        if self._observer.stop() or self._wanted == "stop":
            return True
        return self._began and not self._settings.windows.open_at(self._observer.now())

    def _must_wait(self) -> bool:
        if self._observer.pause() or self._wanted == "pause":
            return True
        return not self._settings.windows.open_at(self._observer.now())

    # --- walking and offering ----------------------------------------------------------------------------

    def _walk_on(self) -> None:
        if self._meeting.walking:
            decision = self._meeting.turn(_OBJECTS_PER_TURN, _SECONDS_PER_TURN)
            self._counts["met"] += decision.objects
            self._counts["bytes met"] += decision.bytes
            self._counts["unread"] += decision.unread

    def _offer(self) -> None:
        now = time.monotonic()
        if now - self._offered < _SECONDS_BETWEEN_OFFERS and self._offered:
            return
        self._offered = now
        number = self._stored.number

        def work(connection: Connection) -> tuple[Outstanding, tuple[int, int]]:
            if self._paused:
                batches.withdraw(connection, number)
            else:
                there = batches.outstanding(connection, number)
                made = [batch for server in self._servers for batch in self._next(connection, server, there)]
                batches.offer(connection, self._mark, made)
            return batches.outstanding(connection, number), self._owed_beneath(connection)

        self._outstanding, self._owed = persistently(self._engine, work)

    def _owed_beneath(self, connection: Connection) -> tuple[int, int]:
        """What is owed; of a root that was lost nothing is waited for."""
        count, size = self._table.owed(connection)
        lost = [root.path for root in self._meeting.roots if root.lost]
        if not lost or not count:
            return count, size
        there = [root.path for root in self._meeting.roots if not root.lost]
        return len(next_files(connection, self._stored.number, there, 1)), size

    def _next(self, connection: Connection, server: str, there: Outstanding) -> list[Batch]:
        """New batches for the places of a server that have too few."""
        roots = [path for path in self._servers[server] if not self._lost(path)]
        free = [
            place
            for ahead in range(AHEAD)
            for place in range(self._distributed.batches_per_server)
            if there.places.get((server, place), 0) <= ahead
        ]
        if not roots or not free:
            return []
        # One server needs no look at where the files lie.
        beneath = roots if len(self._servers) > 1 or len(roots) < len(self._meeting.roots) else []
        number, most = self._stored.number, self._distributed.batch_files
        waiting = next_files(connection, number, beneath, most * len(free))
        if self._meeting.walking and len(waiting) < most and any(key[0] == server for key in there.places):
            return []  # soon there is a whole one
        made: list[Batch] = []
        for place in free:
            files: list[int] = []
            size = 0
            start = sum(len(batch.files) for batch in made)
            for file_id, length, _ in waiting[start : start + most]:
                if files and size + length > self._distributed.batch_bytes:
                    break
                files.append(file_id)
                size += length
            if not files:
                break
            signature, priority = self._stored.signature_id, waiting[start][2]
            made.append(Batch(number, server, tuple(files), signature, place, priority))
        return made

    def _lost(self, path: bytes) -> bool:
        root = self._meeting.root_of(path)
        return root is None or root.lost

    def _look_after(self) -> None:
        """Bring back what workers have lost, and see whether the roots are still there."""
        now, lease = time.monotonic(), self._distributed.lease_seconds
        if now - self._looked < lease / 3:
            return
        self._looked = now
        for root in self._meeting.roots:
            if not root.lost and not root.there():
                self._meeting.lost(root)

        def work(connection: Connection) -> tuple[list[str], int]:
            return bring_back(connection, lease), batches.workers_alive(connection, lease)

        lines, alive = persistently(self._engine, work)
        for line in lines:
            self._told(line)
        if not alive and self._outstanding.waiting and now - self._warned > 60:
            self._warned = now
            self._told("batches wait and no worker was heard of: dlp worker")

    def _progress(self) -> Progress:
        ended = max(0, self._counts["met"] - self._owed[0])
        return Progress(
            seconds=time.monotonic() - self._started,
            walking=self._meeting.walking,
            objects_met=self._counts["met"],
            objects_ended=ended,
            bytes_met=self._counts["bytes met"],
            bytes_ended=max(0, self._counts["bytes met"] - self._owed[1]),
            unread=self._counts["unread"],
            by_severity={},
            paused=self._paused,
        )

    # --- the end -----------------------------------------------------------------------------------------

    def _close(self, stopped: bool) -> RunRecord:
        number = self._stored.number
        if stopped:
            self._let_go()
        state = RunState.INTERRUPTED if stopped else RunState.FINISHED
        if any(root.lost for root in self._meeting.roots):
            state = RunState.FAILED
        roots = [root.path for root in self._meeting.roots if not root.lost]
        persistently(self._engine, lambda connection: batches.withdraw(connection, number))
        persistently(self._engine, lambda connection: self._table.follow_moves(connection, roots))
        runs.close(self._engine, number, state)
        if state is RunState.FINISHED:
            Ledger(self._engine, number).check()
        return runs.record(self._engine, number)

    def _let_go(self) -> None:
        """Withdraw what nobody has begun, and wait a while for what is being read."""
        number = self._stored.number
        # Workers look at the run's state: whoever reads for it ends its batch.
        persistently(self._engine, lambda c: runs.beat(c, number, RunState.PAUSED))
        until = time.monotonic() + _SECONDS_TO_LET_GO
        while time.monotonic() < until:

            def work(connection: Connection) -> int:
                batches.withdraw(connection, number)
                return batches.outstanding(connection, number).reading

            if not persistently(self._engine, work):
                return
            time.sleep(_IDLE)
