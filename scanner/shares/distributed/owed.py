"""What a distributed run asks of the file table: the next files to offer, and entering each file once."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from scanner.documents.model import Shortfall
from scanner.shares.distributed.batches import (
    LOST_WHOLE,
    Batch,
    Lost,
    divided,
    offer,
    offered_files,
    take_lost,
    to_blame,
)
from scanner.shares.worker import unread
from scanner.store.entry import RunState
from scanner.store.inventory import EvidenceRow, FileTable, Queued
from scanner.store.inventory.evidence import look_of
from scanner.store.inventory.files import Ended, within
from scanner.store.inventory.tables import ZERO, file, folder, run

_COLUMNS = (
    file.c.id,
    folder.c.path,
    file.c.entry,
    file.c.size,
    file.c.mtime_ns,
    file.c.ctime_ns,
    file.c.evidence_id,
)


@dataclass(frozen=True, slots=True)
class RunAtWork:
    """What a worker must know of the run that a batch belongs to."""

    number: int
    name: str
    signature_id: int
    state: RunState
    wanted: str
    full: bool

    @property
    def goes_on(self) -> bool:
        """Whether it has not come to an end."""
        return self.state in (RunState.RUNNING, RunState.PAUSED)

    @property
    def reads(self) -> bool:
        """Whether its files are to be read now."""
        return self.state is RunState.RUNNING and not self.wanted


def run_at_work(connection: Connection, number: int) -> RunAtWork | None:
    """The run of a batch, ``None`` where it was forgotten."""
    row = connection.execute(select(run).where(run.c.id == number)).one_or_none()
    if row is None:
        return None
    state = RunState(row.state)
    return RunAtWork(row.id, row.name, row.signature_id, state, row.wanted, row.full)


def next_files(
    connection: Connection, number: int, roots: Sequence[bytes], limit: int
) -> list[tuple[int, int, int]]:
    """The most urgent queued files beneath ``roots`` that are in no batch: number, size, priority.

    Without ``roots``: of the whole run.
    """
    query = (
        select(file.c.id, file.c.size, file.c.priority)
        .where(file.c.queued == number, file.c.queued != ZERO, file.c.id.not_in(offered_files(number)))
        .order_by(file.c.priority.desc(), file.c.id)
        .limit(limit)
    )
    if roots:
        query = query.join(folder, folder.c.id == file.c.folder_id).where(within(roots))
    return [(row.id, row.size, row.priority) for row in connection.execute(query)]


def still_owed(
    connection: Connection, number: int, files: Collection[int], *, lock: bool = False
) -> list[Queued]:
    """Those of ``files`` that the run still owes, in the order in which they were given.

    With ``lock`` nobody else enters them until the transaction ends.
    """
    query = (
        select(*_COLUMNS)
        .join(folder, folder.c.id == file.c.folder_id)
        .where(file.c.id.in_(files), file.c.queued == number, file.c.queued != ZERO)
        .order_by(file.c.id)
    )
    if lock:
        query = query.with_for_update(of=file)
    found = {
        row[0]: Queued(row[0], _joined(bytes(row[1]), bytes(row[2])), *row[3:])
        for row in connection.execute(query)
    }
    return [found[number] for number in files if number in found]


def _joined(path: bytes, name: bytes) -> bytes:
    return (path if path.endswith(b"/") else path + b"/") + name


def enter_once(
    connection: Connection, at_work: RunAtWork, ended: Sequence[Ended], found: Sequence[EvidenceRow]
) -> int:
    """Enter how files ended, but for those that somebody else has entered before; returns how many it was.

    Nothing is entered where the run ended in the meantime, or goes on with other rules.
    """
    now = run_at_work(connection, at_work.number)
    if now is None or not now.goes_on or now.signature_id != at_work.signature_id:
        return 0
    owed = {
        queued.file_id
        for queued in still_owed(connection, at_work.number, [e.file_id for e in ended], lock=True)
    }
    own = [end for end in ended if end.file_id in owed]
    if own:
        # In one order everywhere: transactions that enter the same evidence wait and do not lock each other.
        rows = sorted(found, key=lambda row: row.key)
        FileTable(at_work.number, at_work.signature_id).finish(connection, own, rows)
    return len(own)


def bring_back(connection: Connection, lease_seconds: float) -> list[str]:
    """Offer the batches of lost workers again, taken apart where they were lost too often.

    A file that was lost too often by itself is entered as not inspected.  Returns a line about each of those
    (by number: a path may hold a name).
    """
    blamed: list[str] = []
    again: dict[str, list[Batch]] = {}
    for lost in take_lost(connection, lease_seconds):
        at_work = run_at_work(connection, lost.batch.run)
        if at_work is None or not at_work.goes_on or at_work.signature_id != lost.batch.signature:
            continue  # what it owes is owed still; a resumed run offers it anew
        owed = still_owed(connection, lost.batch.run, lost.batch.files)
        if to_blame(replace(lost.batch, files=tuple(queued.file_id for queued in owed))):
            blamed.append(_blame(connection, at_work, owed[0], lost))
            continue
        parts = divided(lost.batch, [queued.file_id for queued in owed])
        again.setdefault(lost.mark, []).extend(parts)
    for mark, batches in again.items():
        offer(connection, mark, batches)
    return blamed


def _blame(connection: Connection, at_work: RunAtWork, queued: Queued, lost: Lost) -> str:
    often = lost.batch.lost + (LOST_WHOLE if lost.batch.parted else 0)
    detail = f"the worker that read it was lost, {often} times at the least"
    row = EvidenceRow.of(
        unread(Shortfall.PARSER_STOPPED, detail, queued.size),
        look_of(queued.size, queued.raw_path.rpartition(b"/")[2]),
        at_work.signature_id,
    )
    enter_once(connection, at_work, [Ended(queued.file_id, row.key, time.time())], [row])
    return f"run {at_work.name}: object {queued.file_id} is not inspected: {detail}"
