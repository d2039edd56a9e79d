"""Runs as durable things: started, found, told what to do, resumed, closed, pruned."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, exists, func, insert, select, update

from scanner.store.database import serialise
from scanner.store.entry import RunRecord, RunState, displayable
from scanner.store.inventory.persisting import persistently
from scanner.store.inventory.signatures import ASPECTS, NO_SIGNATURES, Signatures
from scanner.store.inventory.tables import (
    ZERO,
    evidence,
    file,
    root,
    rule_book,
    run,
    run_root,
    sealed,
    signature,
    type_count,
)

# A run says this often that it is alive, and is taken for dead after some silence where nobody can look.
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 60.0

# Serialises the starting of runs (see :func:`scanner.store.database.serialise`).
_STARTING = 7


# The option of a run that is a watch: it lives beside scans and gives way to them.
WATCH = "watch"


class RunError(Exception):
    """A run that cannot be found, started or resumed; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run is started with.  ``options`` is what a resumed run must keep to, as plain JSON values."""

    roots: tuple[bytes, ...]
    version: str
    signatures: Signatures = NO_SIGNATURES
    options: Mapping[str, Any] = field(default_factory=dict)
    full: bool = False
    shows_values: bool = False


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as the database has it, beyond what reports say of it."""

    number: int
    name: str
    roots: tuple[bytes, ...]
    signature_id: int
    options: Mapping[str, Any]
    state: RunState
    wanted: str
    full: bool
    shows_values: bool


@dataclass(frozen=True, slots=True)
class RootState:
    """How far a run is with one of its roots.

    ``met`` counts what the walk met, ``kept`` what is known in folders that could not be listed this time;
    ``identity`` is the file system that was there when the run came to it.
    """

    path: bytes
    walked: bool = False
    error: str = ""
    directories: int = 0
    met: int = 0
    kept: int = 0
    identity: str = ""


def new_run_id(now: float | None = None) -> str:
    """A name that sorts by time and is unique without asking anybody: ``20261122-034500-1a2b``."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(2)}"


# --- starting and resuming ----------------------------------------------------------------------------------


def start(engine: Engine, new: NewRun, *, name: str = "", started: float | None = None) -> StoredRun:
    """A new run; :class:`RunError` where another one is busy in the same folders."""
    name = name or new_run_id(started)
    now = time.time() if started is None else started

    def work(connection: Connection) -> StoredRun:
        serialise(connection, _STARTING)
        again = connection.execute(select(run).where(run.c.name == name)).one_or_none()
        if again is not None:  # the answer to an earlier try was lost
            return _stored(connection, again)
        _refuse_company(connection, new.roots, watches=bool(new.options.get(WATCH)))
        _forget_dead_values(connection)
        signature_id = signature_number(connection, new.signatures)
        return _inserted(connection, new, name, signature_id, now)

    return persistently(engine, work)


def _inserted(connection: Connection, new: NewRun, name: str, signature_id: int, now: float) -> StoredRun:
    number = connection.execute(
        insert(run)
        .values(
            name=name,
            version=new.version,
            roots=json.dumps([displayable(path) for path in new.roots]),
            options=json.dumps(dict(new.options)),
            signature_id=signature_id,
            state=RunState.RUNNING.value,
            process=this_process(),
            heartbeat=time.time(),
            started=now,
            shows_values=new.shows_values,
            full=new.full,
        )
        .returning(run.c.id)
    ).scalar_one()
    connection.execute(insert(run_root), [{"run_id": number, "path": path} for path in new.roots])
    return _stored(connection, connection.execute(select(run).where(run.c.id == number)).one())


def resume(engine: Engine, name: str, signatures: Signatures = NO_SIGNATURES) -> StoredRun:
    """The unfinished run whose name begins with ``name`` (the latest for none), taken up by this process.

    Raises :class:`RunError` where there is none, where its process is still at it, or where a later run has
    been over the same folders.  Where only a watch has been, the run goes on under a new name: what it had
    read is known, and it walks again.
    """
    again = new_run_id()

    def work(connection: Connection) -> StoredRun:
        serialise(connection, _STARTING)
        done = connection.execute(select(run).where(run.c.name == again)).one_or_none()
        if done is not None:  # the answer to an earlier try was lost
            return _stored(connection, done)
        row = _found(connection, name, unfinished=not name)
        if _watches(row):
            raise RunError(f"run {row.name} is a watch; it goes on with `dlp watch`")
        if row.state == RunState.FINISHED.value:
            raise RunError(f"run {row.name} has finished; start a new one with `dlp scan PATH`")
        stored = _stored(connection, row)
        _refuse_company(connection, stored.roots)
        _forget_dead_values(connection)
        later = _later(connection, row.id, stored.roots)
        for other in later:
            if not _watches(other):
                raise RunError(f"run {other.name} is later and was in the same folders; start a new run")
        signature_id = signature_number(connection, signatures)
        if later:
            connection.execute(
                update(run).where(run.c.id == row.id).values(state=RunState.INTERRUPTED.value, wanted="")
            )
            new = NewRun(
                stored.roots, row.version, signatures, stored.options, stored.full, stored.shows_values
            )
            return _inserted(connection, new, again, signature_id, time.time())
        connection.execute(
            update(run)
            .where(run.c.id == row.id)
            .values(
                state=RunState.RUNNING.value,
                wanted="",
                process=this_process(),
                heartbeat=time.time(),
                finished=None,
                signature_id=signature_id,
            )
        )
        connection.execute(update(run_root).where(run_root.c.run_id == row.id).values(error=""))
        return replace(stored, state=RunState.RUNNING, wanted="", signature_id=signature_id)

    return persistently(engine, work)


def _forget_dead_values(connection: Connection) -> None:
    """Values of runs that were killed: their key died with them."""
    holders = connection.execute(select(run).where(run.c.id.in_(select(sealed.c.run_id)))).all()
    dead = [row.id for row in holders if not _is_alive(row)]
    connection.execute(delete(sealed).where(sealed.c.run_id.in_(dead)))


def _refuse_company(connection: Connection, roots: Sequence[bytes], *, watches: bool = False) -> None:
    for row in _busy(connection, roots):
        # A watch gives way to any scan, and not to another watch.
        if watches or not _watches(row):
            raise RunError(
                f"run {row.name} is busy in the same folders (process {row.process.split(':')[1]}); "
                f"stop it first: dlp runs stop {row.name}"
            )


def _busy(connection: Connection, roots: Sequence[bytes]) -> list[Row[Any]]:
    states = (RunState.RUNNING.value, RunState.PAUSED.value)
    return [
        row
        for row in connection.execute(select(run).where(run.c.state.in_(states))).all()
        if _is_alive(row) and _overlap(roots, root_paths(connection, row.id))
    ]


def busy(connection: Connection, roots: Sequence[bytes]) -> list[StoredRun]:
    """The runs that are at work in these folders now, watches among them (see :data:`WATCH`)."""
    return [_stored(connection, row) for row in _busy(connection, roots)]


def overtaken(connection: Connection, stored: StoredRun) -> bool:
    """Whether a later run was or is in the folders of this one: then nothing is entered under it any more.

    Asked in the transaction that enters, no run can start before that has ended.
    """
    serialise(connection, _STARTING)
    return bool(_later(connection, stored.number, stored.roots))


def _later(connection: Connection, number: int, roots: Sequence[bytes]) -> list[Row[Any]]:
    rows = connection.execute(select(run).where(run.c.id > number)).all()
    return [row for row in rows if _overlap(roots, root_paths(connection, row.id))]


def _watches(row: Row[Any]) -> bool:
    return bool(json.loads(row.options).get(WATCH))


def _overlap(some: Sequence[bytes], others: Sequence[bytes]) -> bool:
    def holds(outer: bytes, inner: bytes) -> bool:
        return inner == outer or inner.startswith(outer.rstrip(b"/") + b"/")

    return any(holds(one, other) or holds(other, one) for one in some for other in others)


def this_process() -> str:
    """The mark of this process, by which another one on this machine can tell whether it is still there."""
    return f"{socket.gethostname()}:{os.getpid()}:{_born(os.getpid())}"


def _born(pid: int) -> str:
    """When a process began, as the kernel counts; process numbers come back, this does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_alive(row: Row[Any]) -> bool:
    if row.state not in (RunState.RUNNING.value, RunState.PAUSED.value) or not row.process:
        return False
    host, pid, born = row.process.rsplit(":", 2)
    if host == socket.gethostname():
        return bool(born) and _born(int(pid)) == born
    return bool(time.time() - row.heartbeat < SILENCE_SECONDS)


# --- while it runs ------------------------------------------------------------------------------------------


def beat(connection: Connection, number: int, state: RunState) -> str:
    """Say that the run is alive; returns what somebody wants of it: "", "pause" or "stop"."""
    connection.execute(update(run).where(run.c.id == number).values(heartbeat=time.time(), state=state.value))
    return str(connection.execute(select(run.c.wanted).where(run.c.id == number)).scalar_one())


def ask(engine: Engine, name: str, wanted: str) -> str:
    """Ask a run to "pause", to go on ("") or to "stop"; returns its whole name."""

    def work(connection: Connection) -> str:
        row = _found(connection, name, unfinished=not name)
        if not _is_alive(row):
            raise RunError(f"run {row.name} is not running; resume it with: dlp scan --resume {row.name}")
        connection.execute(update(run).where(run.c.id == row.id).values(wanted=wanted))
        return str(row.name)

    return persistently(engine, work)


def enter_root(connection: Connection, number: int, state: RootState) -> None:
    """Write down how far the run is with a root."""
    connection.execute(
        update(run_root)
        .where(run_root.c.run_id == number, run_root.c.path == state.path)
        .values(
            walked=state.walked,
            error=state.error,
            directories=state.directories,
            met=state.met,
            kept=state.kept,
            identity=state.identity,
        )
    )


def root_states(connection: Connection, number: int) -> list[RootState]:
    """How far the run is with each root."""
    rows = connection.execute(select(run_root).where(run_root.c.run_id == number).order_by(run_root.c.path))
    return [
        RootState(bytes(row.path), row.walked, row.error, row.directories, row.met, row.kept, row.identity)
        for row in rows
    ]


def root_identity(connection: Connection, path: bytes) -> str:
    """What file system was at ``path`` when a walk of it last came to its end; empty where none ever did."""
    return str(
        connection.execute(select(root.c.identity).where(root.c.path == path)).scalar_one_or_none() or ""
    )


def remember_root(connection: Connection, path: bytes, identity: str) -> None:
    """Write down what file system is at ``path``."""
    done = connection.execute(update(root).where(root.c.path == path).values(identity=identity))
    if not done.rowcount:
        connection.execute(insert(root).values(path=path, identity=identity))


def close(engine: Engine, number: int, state: RunState) -> None:
    """The run ends here, for now or for good."""

    def work(connection: Connection) -> None:
        connection.execute(
            update(run).where(run.c.id == number).values(state=state.value, finished=time.time(), wanted="")
        )

    persistently(engine, work)


def signature_number(connection: Connection, value: Signatures) -> int:
    """The number under which these signatures are kept."""
    query = select(signature.c.id).where(
        *(signature.c[aspect] == text for aspect, text in value.values().items())
    )
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return int(known)
    if value.book:
        there = select(rule_book.c.key).where(rule_book.c.key == value.rules)
        if connection.execute(there).one_or_none() is None:
            connection.execute(insert(rule_book).values(key=value.rules, body=value.book))
    return int(
        connection.execute(insert(signature).values(**value.values()).returning(signature.c.id)).scalar_one()
    )


def all_signatures(connection: Connection) -> dict[int, Signatures]:
    """Every signature by its number."""
    query = select(signature, rule_book.c.body).outerjoin(rule_book, rule_book.c.key == signature.c.rules)
    return {
        row.id: Signatures(**{aspect: getattr(row, aspect) for aspect in ASPECTS}, book=row.body or "")
        for row in connection.execute(query)
    }


# --- finding ------------------------------------------------------------------------------------------------


def find(engine: Engine, name: str = "") -> StoredRun:
    """The run whose name begins with ``name``, the latest for none; :class:`RunError` otherwise."""
    with engine.connect() as connection:
        return _stored(connection, _found(connection, name))


def before(engine: Engine, number: int) -> StoredRun | None:
    """The last run before this one that was in the same folders and came to an end."""
    with engine.connect() as connection:
        roots = root_paths(connection, number)
        query = select(run).where(run.c.id < number, run.c.finished.is_not(None)).order_by(run.c.id.desc())
        for row in connection.execute(query).all():
            if _watches(row):
                continue
            if set(roots) <= set(root_paths(connection, row.id)) or _overlap(
                roots, root_paths(connection, row.id)
            ):
                return _stored(connection, row)
    return None


def records(engine: Engine) -> list[RunRecord]:
    """Every run, the latest first."""
    with engine.connect() as connection:
        rows = connection.execute(select(run).order_by(run.c.id.desc())).all()
        return [record_of(connection, row) for row in rows]


def record(engine: Engine, number: int) -> RunRecord:
    """One run by its number."""
    with engine.connect() as connection:
        return record_of(connection, connection.execute(select(run).where(run.c.id == number)).one())


def record_of(connection: Connection, row: Row[Any]) -> RunRecord:
    """A row of table ``run`` as reports see it."""
    states = root_states(connection, row.id)
    state = RunState(row.state)
    return RunRecord(
        run_id=row.name,
        roots=tuple(json.loads(row.roots)),
        started=row.started,
        version=row.version,
        finished=row.finished,
        interrupted=state in (RunState.INTERRUPTED, RunState.FAILED),
        directories=sum(item.directories for item in states),
        shows_values=row.shows_values,
        full=row.full,
        state=state,
        alive=_is_alive(row),
        errors=tuple(item.error for item in states if item.error),
    )


def _found(connection: Connection, name: str, *, unfinished: bool = False) -> Row[Any]:
    query = select(run).order_by(run.c.id.desc())
    if unfinished:
        query = query.where(run.c.state != RunState.FINISHED.value)
    rows = connection.execute(query).all()
    if not name:
        # Who names none means a scan.
        rows = [row for row in rows if not _watches(row)]
    if not rows:
        what = "no unfinished run" if unfinished else "no runs yet"
        raise RunError(f"{what}; start one with `dlp scan PATH`")
    if not name:
        return rows[0]
    matching = [row for row in rows if row.name.startswith(name)]
    if len(matching) != 1:
        how_many = "no run" if not matching else "more than one run"
        raise RunError(f"{how_many} begins with {displayable(name.encode())!r}; see `dlp runs list`")
    return matching[0]


def root_paths(connection: Connection, number: int) -> tuple[bytes, ...]:
    """The roots of a run, as the system spells them."""
    query = select(run_root.c.path).where(run_root.c.run_id == number).order_by(run_root.c.path)
    return tuple(bytes(path) for path in connection.execute(query).scalars())


def _stored(connection: Connection, row: Row[Any]) -> StoredRun:
    return StoredRun(
        number=row.id,
        name=row.name,
        roots=root_paths(connection, row.id),
        signature_id=row.signature_id,
        options=json.loads(row.options),
        state=RunState(row.state),
        wanted=row.wanted,
        full=row.full,
        shows_values=row.shows_values,
    )


# --- pruning ------------------------------------------------------------------------------------------------


def prune(engine: Engine, names: Iterable[str]) -> int:
    """Forget these runs, and everything of files and evidence that no other run's report needs.

    What is known now is kept: the next night still reads only what changed.  Returns how many rows of the
    file table went.  Raises :class:`RunError` for a run that is still at work.
    """
    wanted = list(names)

    def work(connection: Connection) -> int:
        serialise(connection, _STARTING)
        rows = connection.execute(select(run).where(run.c.name.in_(wanted))).all()
        for row in rows:
            if _is_alive(row):
                raise RunError(f"run {row.name} is still at work; stop it first: dlp runs stop {row.name}")
        numbers = [row.id for row in rows]
        for table in (sealed, run_root):
            connection.execute(delete(table).where(table.c.run_id.in_(numbers)))
        connection.execute(delete(run).where(run.c.id.in_(numbers)))
        needed = exists(select(run.c.id).where(run.c.id >= file.c.since, run.c.id < file.c.until))
        gone = connection.execute(delete(file).where(file.c.ending != ZERO, ~needed)).rowcount
        used = select(file.c.evidence_id).where(file.c.evidence_id.is_not(None))
        # The newest stays: on SQLite its number would be given again, and others know contents by number.
        newest = connection.execute(select(func.max(evidence.c.id))).scalar() or 0
        idle = (evidence.c.id.not_in(used), evidence.c.id != newest)
        unused = select(evidence.c.id).where(*idle)
        connection.execute(delete(type_count).where(type_count.c.evidence_id.in_(unused)))
        connection.execute(delete(evidence).where(*idle))
        return int(gone)

    return persistently(engine, work)


def outlived(engine: Engine, *, keep: int | None = None, older_than_days: float | None = None) -> list[str]:
    """The names of runs beyond the latest ``keep``, and of those that ended so many days ago.

    The latest run and what is still at work never are among them.
    """
    with engine.connect() as connection:
        rows = connection.execute(select(run).order_by(run.c.id.desc())).all()
    names = []
    for place, row in enumerate(rows):
        old = older_than_days is not None and row.started < time.time() - older_than_days * 86_400
        if place and not _is_alive(row) and (old or (keep is not None and place >= keep)):
            names.append(str(row.name))
    return names
