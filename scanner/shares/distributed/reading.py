"""Reading one batch: file after file by one process, entered in small transactions, each file once."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from sqlalchemy import Connection, Engine, select

from scanner.documents.model import Status
from scanner.inspection.model import Inspection
from scanner.shares.distributed.batches import Batch
from scanner.shares.distributed.owed import RunAtWork, enter_once, run_at_work, still_owed
from scanner.shares.mounts import Mounts, identity
from scanner.shares.pace import Pace
from scanner.shares.scan import LOST_WITH_MOUNT, KnownContents
from scanner.shares.workers import Answer, Job, WorkerPool
from scanner.store.entry import FileStat
from scanner.store.inventory import EvidenceRow, Queued, Traits, persistently
from scanner.store.inventory.evidence import look_of, same_looking
from scanner.store.inventory.files import Ended
from scanner.store.inventory.signatures import Signatures
from scanner.store.inventory.tables import run_root
from scanner.store.runs import all_signatures

SECONDS_PER_TRANSACTION = 2.0
_WAITS = 0.05


class Outcome(Enum):
    """How a batch ended for this worker."""

    DONE = auto()  # every file entered, or owed to nobody any more
    GIVEN_BACK = auto()  # this worker is to stop
    DROPPED = auto()  # the run is paused, stopped or over: it offers anew what it still owes
    NOT_HERE = auto()  # what the run came to does not lie here, or not any more


@dataclass(frozen=True, slots=True)
class _Place:
    path: bytes
    identity: str

    def holds(self, path: bytes) -> bool:
        return path == self.path or path.startswith(self.path.rstrip(b"/") + b"/")

    def here(self) -> bool:
        """Whether here lies what the run came to."""
        try:
            return identity(self.path, Mounts()) == self.identity
        except OSError:
            return False


async def read_batch(
    engine: Engine,
    pool: WorkerPool,
    batch: Batch,
    pace: Pace,
    stop: Callable[[], bool],
    may_read: Callable[[], bool],
) -> Outcome:
    """Read what is still owed of a batch by the one process of ``pool``.

    ``stop`` asks this worker to end, ``may_read`` says whether this machine's window is open.
    """
    reading = _begun(engine, pool, batch, pace)
    return reading if isinstance(reading, Outcome) else await reading.run(stop, may_read)


def _begun(engine: Engine, pool: WorkerPool, batch: Batch, pace: Pace) -> _Reading | Outcome:
    def work(
        connection: Connection,
    ) -> tuple[RunAtWork | None, list[Queued], list[_Place], dict[int, Signatures]]:
        at_work = run_at_work(connection, batch.run)
        if at_work is None or not at_work.reads or at_work.signature_id != batch.signature:
            return None, [], [], {}
        owed = still_owed(connection, batch.run, batch.files)
        query = select(run_root.c.path, run_root.c.identity, run_root.c.error).where(
            run_root.c.run_id == batch.run
        )
        places = [_Place(bytes(row.path), row.identity) for row in connection.execute(query) if not row.error]
        return at_work, owed, places, all_signatures(connection)

    at_work, owed, places, signatures = persistently(engine, work, writes=False)
    if at_work is None:
        return Outcome.DROPPED
    used = [place for place in places if any(place.holds(queued.raw_path) for queued in owed)]
    owed = [queued for queued in owed if any(place.holds(queued.raw_path) for place in used)]
    if not all(place.here() for place in used):
        return Outcome.NOT_HERE
    if not owed:
        return Outcome.DONE
    reading = _Reading(engine, pool, batch, pace, at_work, owed, used)
    if not at_work.full:
        reading.learn_copies(signatures)
    return reading


@dataclass
class _Reading:
    engine: Engine
    pool: WorkerPool
    batch: Batch
    pace: Pace
    at_work: RunAtWork
    owed: list[Queued]
    places: Sequence[_Place]
    _known: KnownContents = field(default_factory=KnownContents)
    _mounts: Mounts = field(default_factory=Mounts)
    _begun: dict[int, tuple[Queued, float]] = field(default_factory=dict)
    _ended: list[Ended] = field(default_factory=list)
    _found: dict[str, EvidenceRow] = field(default_factory=dict)
    _committed: float = field(default_factory=time.monotonic)
    _again: list[Queued] = field(default_factory=list)

    def learn_copies(self, signatures: dict[int, Signatures]) -> None:
        """Remember contents that were judged as they would be now and may be those of this batch."""
        now = signatures[self.at_work.signature_id]
        looks = [queued.look for queued in self.owed if queued.size]
        found = persistently(self.engine, lambda c: same_looking(c, looks), writes=False)
        for look, contents in found.items():
            for content_hash, key, signature_id, traits in contents:
                before = signatures.get(signature_id)
                outdated = now.outdated(before) | Traits.PASSING if before else Traits.READ | Traits.GAPS
                if not traits & outdated:
                    self._known.add(look, content_hash, key)

    async def run(self, stop: Callable[[], bool], may_read: Callable[[], bool]) -> Outcome:
        outcome = Outcome.DONE
        waiting = list(reversed(self.owed))
        try:
            while waiting or self._begun or self._again:
                if stop():
                    outcome = Outcome.GIVEN_BACK
                    break
                waiting.extend(self._again)
                self._again = []
                while waiting and self.pool.wants and self.pace.may_read():
                    self._begin(waiting.pop())
                for answer in await self._answers():
                    if not self._end(answer):
                        outcome = Outcome.NOT_HERE
                if outcome is not Outcome.DONE:
                    break
                if self._enter(force=False) and not (self._reads() and may_read()):
                    outcome = Outcome.DROPPED
                    break
        finally:
            if self._begun:
                # Whatever its process still says belongs to a batch that is over.
                await self._drain()
        self._enter(force=True)
        return outcome

    def _begin(self, queued: Queued) -> None:
        known = self._known.hashes(queued.look) if queued.size else ()
        self._begun[queued.file_id] = queued, time.time()
        self.pace.begin(queued.size)
        self.pool.submit(Job(queued.file_id, queued.raw_path, queued.size, known))

    async def _answers(self) -> list[Answer]:
        """What was answered, after a short wait where nothing was; the loop goes on with other things."""
        answers = self.pool.answers(timeout=0)
        if not answers:
            loop = asyncio.get_running_loop()
            ready = asyncio.Event()
            loop.add_reader(self.pool.fileno(), ready.set)
            try:
                async with asyncio.timeout(_WAITS):
                    await ready.wait()
            except TimeoutError:
                pass
            finally:
                loop.remove_reader(self.pool.fileno())
            answers = self.pool.answers(timeout=0)
        else:
            await asyncio.sleep(0)
        return answers

    async def _drain(self) -> None:
        """Let the process end what it has begun; what it says is taken, files are small on the whole."""
        while self._begun:
            for answer in await self._answers():
                self._end(answer)

    def _end(self, answer: Answer) -> bool:
        """Take an answer; false where the file was lost with its mount."""
        queued, read_from = self._begun.pop(answer.number)
        self.pace.end(time.time() - read_from)
        if answer.inspection is not None and self._lost(queued, answer.inspection):
            return False
        key = self._key(queued, answer)
        if key is None:
            self._again.append(queued)
        else:
            self._ended.append(self._ending(queued, key, read_from))
        return True

    def _lost(self, queued: Queued, inspection: Inspection) -> bool:
        if inspection.coverage.status is not Status.NOT_INSPECTED:
            return False
        if not any(gap.reason in LOST_WITH_MOUNT for gap in inspection.coverage.gaps):
            return False
        return not all(place.here() for place in self.places if place.holds(queued.raw_path))

    def _key(self, queued: Queued, answer: Answer) -> str | None:
        inspection = answer.inspection
        if inspection is None:
            return self._known.key(queued.look, answer.same_as)
        look = queued.look
        if inspection.size != queued.size:
            look = look_of(inspection.size, queued.raw_path.rpartition(b"/")[2])
        row = EvidenceRow.of(inspection, look, self.at_work.signature_id)
        self._found[row.key] = row
        if inspection.content_hash and inspection.size and not row.traits & Traits.PASSING:
            self._known.add(look, inspection.content_hash, row.key)
        return row.key

    def _ending(self, queued: Queued, key: str, read_from: float) -> Ended:
        """How a file ended, with another look at it: it may have changed while it was read."""
        ended = Ended(queued.file_id, key, read_from)
        try:
            about = os.lstat(queued.raw_path)
        except OSError:
            return replace(ended, unsettled=True)
        settled = self._mounts.at(queued.raw_path).settled_ns
        newest = max(about.st_mtime_ns, about.st_ctime_ns)
        unsettled = newest > read_from * 1e9 - settled
        if (about.st_size, about.st_mtime_ns, about.st_ctime_ns) == (
            queued.size,
            queued.mtime_ns,
            queued.ctime_ns,
        ):
            return replace(ended, unsettled=unsettled)
        stat = FileStat(about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
        return replace(ended, unsettled=True, stat=stat)

    def _enter(self, *, force: bool) -> bool:
        """Enter what has ended, where that is due; returns whether it was."""
        # What may take this worker with it must not take what was read before.
        suspect = self.batch.lost or self.batch.parted
        due = suspect or time.monotonic() - self._committed > SECONDS_PER_TRANSACTION
        if not (force or due):
            return False
        self._committed = time.monotonic()
        if self._ended:
            ended, found = self._ended, list(self._found.values())
            persistently(self.engine, lambda connection: enter_once(connection, self.at_work, ended, found))
            self._ended = []
            self._found = {}
        return True

    def _reads(self) -> bool:
        now = persistently(self.engine, lambda c: run_at_work(c, self.batch.run), writes=False)
        return now is not None and now.reads and now.signature_id == self.at_work.signature_id
