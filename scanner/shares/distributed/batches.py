"""Batches as jobs of procrastinate: offered, found again, taken back from workers that were lost.

Everything here happens in the caller's transaction, beside what it says in the file table.  Workers of other
rules, readers or keys never see a batch: they listen to queues of another fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from importlib.metadata import version
from typing import Any

from procrastinate import SyncPsycopgConnector
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    Integer,
    String,
    cast,
    column,
    func,
    select,
    table,
)
from sqlalchemy import delete as delete_from
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ENUM, JSONB

from scanner.store.database import serialise
from scanner.store.inventory import persistently

TASK = "dlp.read_batch"

# Batches that wait behind the one that is being read, in each of a server's places.
AHEAD = 2

# A batch that was lost so often is taken apart, and so on until the file is alone; there it has two more.
LOST_WHOLE = 3
LOST_ALONE = 2
_PARTS = 4

# Serialises setting up and taking back (see :func:`scanner.store.database.serialise`).
_SETTING_UP, _TAKING_BACK = 40, 41

_STATUS = ENUM("todo", "doing", name="procrastinate_job_status", create_type=False)
_jobs = table(
    "procrastinate_jobs",
    column("id", BigInteger),
    column("queue_name", String),
    column("task_name", String),
    column("lock", String),
    column("priority", Integer),
    column("args", JSONB),
    column("status", _STATUS),
    column("worker_id", BigInteger),
)
_workers = table(
    "procrastinate_workers", column("id", BigInteger), column("last_heartbeat", DateTime(timezone=True))
)
_manager = JobManager(SyncPsycopgConnector())


class NotDistributedError(Exception):
    """The database cannot carry a distributed scan; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one server, by their numbers in the file table.

    ``place`` is one of the server's places: of each, one batch is read at a time.  ``signature`` is what the
    run read with when it was offered.  ``lost`` counts the workers that were lost with it, ``parted`` says
    that it was taken apart because of that.
    """

    run: int
    server: str
    files: tuple[int, ...]
    signature: int = 0
    place: int = 0
    priority: int = 0
    lost: int = 0
    parted: bool = False

    def args(self) -> dict[str, Any]:
        """As arguments of the job."""
        return {
            "run": self.run,
            "server": self.server,
            "files": list(self.files),
            "signature": self.signature,
            "place": self.place,
            "lost": self.lost,
            "parted": self.parted,
        }

    @classmethod
    def of(cls, args: dict[str, Any], priority: int) -> Batch:
        """The batch of a job."""
        return cls(
            run=int(args["run"]),
            server=str(args["server"]),
            files=tuple(int(number) for number in args["files"]),
            signature=int(args["signature"]),
            place=int(args["place"]),
            priority=priority,
            lost=int(args["lost"]),
            parted=bool(args["parted"]),
        )


def fingerprint(signatures: Iterable[str], key: bytes) -> str:
    """What a coordinator and its workers must have in common as a short word: rules, readers, limits, key."""
    digest = hashlib.blake2b(key=key[:64], digest_size=5)
    for signature in signatures:
        digest.update(f"{signature}\0".encode())
    return digest.hexdigest()


def queue_name(mark: str, server: str) -> str:
    """The queue of one server for those who share a fingerprint."""
    return f"dlp-{mark}-{server}"


# --- setting up ---------------------------------------------------------------------------------------------


def set_up(engine: Engine) -> None:
    """Make or bring up to date the tables of the queue; :class:`NotDistributedError` where that cannot be."""
    if engine.dialect.name != "postgresql":
        raise NotDistributedError(
            "a distributed scan needs PostgreSQL: storage.database: postgresql://user@host/name"
        )
    now = version("procrastinate")

    def work(connection: Connection) -> None:
        serialise(connection, _SETTING_UP)
        there = connection.execute(sql_text("SELECT to_regclass('procrastinate_jobs')::oid")).scalar_one()
        if there is None:
            _run(connection, resources.files("procrastinate.sql").joinpath("schema.sql").read_text())
        else:
            said = connection.execute(
                sql_text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")
            ).scalar_one()
            before = str(said or "")
            if before == now:
                return
            if not before:
                raise NotDistributedError("the database has a job queue of another program (procrastinate)")
            if _numbers(before) > _numbers(now):
                raise NotDistributedError(f"the job queue is of procrastinate {before}, here is {now}")
            for script in _migrations(before, now):
                _run(connection, script)
        _run(connection, f"COMMENT ON TABLE procrastinate_jobs IS '{now}'")

    persistently(engine, work)


def _migrations(before: str, now: str) -> list[str]:
    """The migrations that lead from one version to another, in order (their names begin with the version)."""
    scripts = []
    for script in sorted(resources.files("procrastinate.sql.migrations").iterdir(), key=lambda one: one.name):
        if script.name.endswith(".sql"):
            of = _numbers(script.name.partition("_")[0])
            if _numbers(before) < of <= _numbers(now):
                scripts.append(script.read_text())
    return scripts


def _numbers(written: str) -> tuple[int, ...]:
    return tuple(int(part) for part in written.split(".")[:3] if part.isdigit())


def _run(connection: Connection, script: str) -> None:
    # By the driver's own cursor, without parameters: percent signs and several statements stand as written.
    driver: Any = connection.connection.driver_connection
    driver.execute(script)


# --- offering -----------------------------------------------------------------------------------------------


def offer(connection: Connection, mark: str, batches: Sequence[Batch]) -> None:
    """Offer batches to the workers of a fingerprint, in this transaction."""
    if not batches:
        return
    _manager.batch_defer_jobs(
        [
            Job(
                id=None,
                queue=queue_name(mark, batch.server),
                lock=f"{batch.server}/{batch.place}",
                queueing_lock=None,
                task_name=TASK,
                priority=batch.priority,
                task_kwargs=batch.args(),
            )
            for batch in batches
        ],
        connection=connection.connection.driver_connection,
    )


_of_task = _jobs.c.task_name == TASK
_open = _jobs.c.status.in_(["todo", "doing"])


def _of_run(run: int) -> Any:
    return _jobs.c.args["run"].as_integer() == run


def offered_files(run: int) -> Any:
    """The numbers of all files in batches of a run that have not ended: a subquery."""
    element = func.jsonb_array_elements_text(_jobs.c.args["files"]).label("number")
    inner = select(element).where(_of_task, _open, _of_run(run)).subquery()
    return select(cast(inner.c.number, BigInteger))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Batches of a run that have not ended: how many are being read, and how many each place has."""

    waiting: int
    reading: int
    places: dict[tuple[str, int], int]


def outstanding(connection: Connection, run: int) -> Outstanding:
    """What of a run is offered or being read."""
    query = (
        select(_jobs.c.lock, _jobs.c.status, func.count())
        .where(_of_task, _open, _of_run(run))
        .group_by(_jobs.c.lock, _jobs.c.status)
    )
    waiting = reading = 0
    places: dict[tuple[str, int], int] = {}
    for lock, status, count in connection.execute(query):
        server, _, place = str(lock).rpartition("/")
        places[server, int(place)] = places.get((server, int(place)), 0) + count
        if status == "doing":
            reading += count
        else:
            waiting += count
    return Outstanding(waiting, reading, places)


def withdraw(connection: Connection, run: int) -> int:
    """Take back what no worker has begun; returns how many batches that were."""
    todo = _jobs.c.status == "todo"
    return int(connection.execute(delete_from(_jobs).where(_of_task, todo, _of_run(run))).rowcount)


def queues(connection: Connection, mark: str) -> list[str]:
    """The servers that have batches for a fingerprint."""
    start = queue_name(mark, "")
    query = select(_jobs.c.queue_name).where(_of_task, _open, _jobs.c.queue_name.startswith(start)).distinct()
    return sorted(str(name).removeprefix(start) for name in connection.execute(query).scalars())


def workers_alive(connection: Connection, lease_seconds: float) -> int:
    """How many workers were heard of within a lease."""
    query = select(func.count()).where(_workers.c.last_heartbeat > _before(lease_seconds))
    return int(connection.execute(query).scalar_one())


def _before(seconds: float) -> Any:
    return func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)


# --- taking back --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lost:
    """A batch whose worker was lost, already off the queue; its fingerprint offers it again."""

    mark: str
    batch: Batch


def take_lost(connection: Connection, lease_seconds: float) -> list[Lost]:
    """Take the batches of lost workers off the queue; the caller offers again, in the same transaction."""
    serialise(connection, _TAKING_BACK)
    gone = _workers.c.id.is_(None) | (_workers.c.last_heartbeat < _before(lease_seconds))
    query = (
        select(_jobs.c.id, _jobs.c.queue_name, _jobs.c.args, _jobs.c.priority)
        .select_from(_jobs.outerjoin(_workers, _workers.c.id == _jobs.c.worker_id))
        .where(_of_task, _jobs.c.status == "doing", gone)
        .order_by(_jobs.c.id)
        .with_for_update(of=_jobs, skip_locked=True)
    )
    rows = connection.execute(query).all()
    connection.execute(delete_from(_jobs).where(_jobs.c.id.in_([row.id for row in rows])))
    found = []
    for row in rows:
        batch = Batch.of(row.args, row.priority)
        mark = str(row.queue_name).removeprefix("dlp-").partition("-")[0]
        found.append(Lost(mark, replace(batch, lost=batch.lost + 1)))
    return found


def divided(batch: Batch, owed: Sequence[int]) -> list[Batch]:
    """What is offered again of a lost batch, of which ``owed`` files were not entered yet.

    Lost often enough it is taken apart, the parts at the first loss of their own, so that before long the
    file that takes workers with it stands alone.
    """
    rest = replace(batch, files=tuple(owed))
    if not owed:
        return []
    if len(owed) == 1 or batch.lost < (1 if batch.parted else LOST_WHOLE):
        return [rest]
    size = -(-len(owed) // _PARTS)
    return [
        replace(rest, files=tuple(owed[start : start + size]), lost=0, parted=True)
        for start in range(0, len(owed), size)
    ]


def to_blame(batch: Batch) -> bool:
    """Whether a batch of one file was lost so often that the file is at fault."""
    return len(batch.files) == 1 and batch.lost >= (LOST_ALONE if batch.parted else LOST_WHOLE)
