"""The coverage ledger: every object a run met and how each of them ended, in one SQLite file per run.

An object enters the ledger when the walk meets it and is *pending* until it ends, so that whatever stops a
run nothing that was met can be forgotten: what is still pending is closed as "interrupted".  Writes come in
batches, one transaction each.  Reading streams: no method loads a run into memory.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    case,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError

from scanner.documents.model import Protection, Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.encoding import Evidence, evidence_to_json, gap_to_json, values_to_json
from scanner.store.entry import FolderTally, LedgerEntry, MetObject, RunRecord, Tally, Totals, displayable

__all__ = ["FolderTally", "Ledger", "LedgerEntry", "LedgerError", "MetObject", "RunRecord", "Tally", "Totals"]

SCHEMA_VERSION = 1
SUFFIX = ".ledger"

_metadata = MetaData()
_run = Table(
    "run",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("roots", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("finished", Float),
    Column("interrupted", Boolean, nullable=False, default=False),
    Column("directories", BigInteger, nullable=False, default=0),
    Column("enumerated", BigInteger, nullable=False, default=0),
    Column("shows_values", Boolean, nullable=False, default=False),
)
_object = Table(
    "object",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("raw_path", LargeBinary, nullable=False),
    Column("folder", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("kind", String, nullable=False, default=""),
    Column("status", String),  # NULL while pending
    Column("shortfall", String),
    Column("protection", String, nullable=False, default=Protection.NONE.value),
    Column("severity", Integer, nullable=False, default=0),
    Column("people_low", Integer, nullable=False, default=0),
    Column("people_high", Integer, nullable=False, default=0),
    Column("content_hash", String, nullable=False, default=""),
    Column("evidence", Text),
    Column("sealed", LargeBinary),
)
_count = Table(
    "type_count",
    _metadata,
    Column("object_id", Integer, nullable=False),
    Column("entity_type", String, nullable=False),
    Column("findings", Integer, nullable=False),
)
Index("object_pending", _object.c.id, sqlite_where=_object.c.status.is_(None))
Index("object_severity", _object.c.severity.desc(), _object.c.people_low.desc(), _object.c.id)

_READ = (Status.INSPECTED.value, Status.PARTIAL.value)


class LedgerError(Exception):
    """A ledger that cannot be opened or does not add up; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An object that waits to be read, with its number in the ledger."""

    object_id: int
    raw_path: bytes
    size: int


class Ledger:
    """One run's ledger.  Use it as a context manager; one process writes, any number read."""

    def __init__(self, engine: Engine, path: Path, run_id: str, *, keep_values: bool = False) -> None:
        self.path = path
        self.run_id = run_id
        self._engine = engine
        # Values live in the file only under this key, which dies with the process.
        self._seal = Fernet(Fernet.generate_key()) if keep_values else None

    @classmethod
    def create(cls, directory: Path, record: RunRecord) -> Ledger:
        """A new ledger ``<run_id>.ledger`` in ``directory``; the file is readable by its owner only."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = directory / f"{record.run_id}{SUFFIX}"
        path.touch(mode=0o600, exist_ok=False)
        engine = _engine(path, writes=True)
        _metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(
                insert(_run).values(
                    run_id=record.run_id,
                    schema_version=SCHEMA_VERSION,
                    version=record.version,
                    roots=json.dumps(record.roots),
                    started=record.started,
                    shows_values=record.shows_values,
                )
            )
        return cls(engine, path, record.run_id, keep_values=record.shows_values)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """An existing ledger; :class:`LedgerError` where it is missing, damaged or of another version."""
        if not path.is_file():
            raise LedgerError(f"no ledger at {path}")
        engine = _engine(path)
        try:
            with engine.connect() as connection:
                row = connection.execute(select(_run.c.run_id, _run.c.schema_version)).one_or_none()
        except DBAPIError as error:
            engine.dispose()
            raise LedgerError(f"{path} is not a readable ledger ({error.orig})") from None
        if row is None or row.schema_version != SCHEMA_VERSION:
            engine.dispose()
            raise LedgerError(f"{path} was written by another version of dlp; scan again")
        return cls(engine, path, row.run_id)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget sealed values (their key is lost anyway) and let go of the file."""
        if self._seal is not None:
            # On a full disk they stay; without the key they say nothing.
            with contextlib.suppress(DBAPIError), self._engine.begin() as connection:
                connection.execute(update(_object).where(_object.c.sealed.is_not(None)).values(sealed=None))
            self._seal = None
        self._engine.dispose()

    # --- writing -----------------------------------------------------------------------------------------

    def enumerate(self, objects: Sequence[MetObject]) -> None:
        """Enter objects as met; those with a shortfall end at once, the others are pending."""
        if not objects:
            return
        with self._engine.begin() as connection:
            connection.execute(insert(_object), [_met_row(met) for met in objects])
            connection.execute(update(_run).values(enumerated=_run.c.enumerated + len(objects)))

    def pending(self, after: int, limit: int) -> list[Pending]:
        """The next pending objects behind number ``after``, in the order in which they were met."""
        query = (
            select(_object.c.id, _object.c.raw_path, _object.c.size)
            .where(_object.c.status.is_(None), _object.c.id > after)
            .order_by(_object.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [Pending(row.id, row.raw_path, row.size) for row in connection.execute(query)]

    def finish(self, ended: Sequence[tuple[int, Inspection]]) -> None:
        """Enter how pending objects ended, in one transaction."""
        if not ended:
            return
        rows = [self._ended_row(object_id, inspection) for object_id, inspection in ended]
        counts = [
            {"object_id": object_id, "entity_type": name, "findings": count}
            for object_id, inspection in ended
            for name, count in inspection.counts.items()
        ]
        statement = (
            update(_object)
            .where(_object.c.id == bindparam("object_id"))
            .values({name: bindparam(f"new_{name}") for name in _ENDED_COLUMNS})
        )
        with self._engine.begin() as connection:
            connection.execute(statement, rows)
            if counts:
                connection.execute(insert(_count), counts)

    def finish_run(self, *, interrupted: bool, directories: int) -> RunRecord:
        """Close the run: whatever is still pending ends as "interrupted"; then the sums must agree."""
        evidence = gap_to_json(Shortfall.INTERRUPTED)
        with self._engine.begin() as connection:
            connection.execute(
                update(_object)
                .where(_object.c.status.is_(None))
                .values(
                    status=Status.NOT_INSPECTED.value,
                    shortfall=Shortfall.INTERRUPTED.value,
                    evidence=evidence,
                )
            )
            connection.execute(
                update(_run).values(finished=time.time(), interrupted=interrupted, directories=directories)
            )
        self.check()
        return self.record()

    # --- reading -----------------------------------------------------------------------------------------

    def record(self) -> RunRecord:
        """What is known of the run as a whole."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_run)).one()
        return RunRecord(
            run_id=row.run_id,
            roots=tuple(json.loads(row.roots)),
            started=row.started,
            version=row.version,
            finished=row.finished,
            interrupted=row.interrupted,
            directories=row.directories,
            shows_values=row.shows_values,
        )

    def entries(
        self,
        *,
        at_least: Severity = Severity.NONE,
        statuses: Collection[Status] = tuple(Status),
    ) -> Iterator[LedgerEntry]:
        """Ended objects, the worst first (severity, people, then in the order in which they were met)."""
        query = (
            select(_object)
            .where(
                _object.c.severity >= int(at_least),
                _object.c.status.in_([status.value for status in statuses]),
            )
            .order_by(_object.c.severity.desc(), _object.c.people_low.desc(), _object.c.id)
        )
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=500).execute(query):
                yield self._entry(row)

    def entry(self, object_id: int) -> LedgerEntry:
        """One ended object by its number; raises :class:`LedgerError` where there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_object).where(_object.c.id == object_id)).one_or_none()
        if row is None or row.status is None:
            raise LedgerError(f"object {object_id} has not ended in run {self.run_id}")
        return self._entry(row)

    def totals(self) -> Totals:
        """The sums of the run, over ended objects."""
        with self._engine.connect() as connection:
            by_status = _tallies(connection, _object.c.status)
            by_shortfall = _tallies(connection, _object.c.shortfall)
            by_severity = _tallies(connection, _object.c.severity, only_read=True)
            by_kind = _tallies(connection, _object.c.kind)
            types = connection.execute(
                select(_count.c.entity_type, func.count(), func.sum(_count.c.findings)).group_by(
                    _count.c.entity_type
                )
            ).all()
            enumerated = connection.execute(select(_run.c.enumerated)).scalar_one()
        return Totals(
            enumerated=enumerated,
            bytes=sum(tally.bytes for tally in by_status.values()),
            by_status={Status(key): tally for key, tally in by_status.items()},
            by_shortfall={Shortfall(key): tally for key, tally in by_shortfall.items()},
            by_severity={Severity(key): tally for key, tally in by_severity.items()},
            by_kind={str(key): tally for key, tally in by_kind.items() if key},
            by_type={name: (files, findings) for name, files, findings in types},
        )

    def folders(self, limit: int = 100) -> list[FolderTally]:
        """The folders beneath the roots, those with the most severe files first."""
        severity_counts = [
            func.sum(case((_object.c.severity == int(level), 1), else_=0)).label(level.word)
            for level in Severity
            if level is not Severity.NONE
        ]
        unread = func.sum(case((_object.c.status != Status.INSPECTED.value, 1), else_=0)).label("unread")
        clean = func.sum(case(((_object.c.severity == 0) & _object.c.status.in_(_READ), 1), else_=0)).label(
            "none"
        )
        query = (
            select(
                _object.c.folder,
                func.count().label("objects"),
                func.sum(_object.c.size).label("bytes"),
                unread,
                clean,
                *severity_counts,
            )
            .where(_object.c.status.is_not(None))
            .group_by(_object.c.folder)
            .order_by(*(column.desc() for column in reversed(severity_counts)), _object.c.folder)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [
                FolderTally(
                    folder=row.folder,
                    objects=row.objects,
                    bytes=row.bytes,
                    unread=row.unread,
                    by_severity={level: getattr(row, level.word) for level in Severity},
                )
                for row in connection.execute(query)
            ]

    def check(self) -> None:
        """Every object that was met has ended, and none twice; raises :class:`LedgerError` otherwise."""
        with self._engine.connect() as connection:
            met = connection.execute(select(_run.c.enumerated)).scalar_one()
            ended = connection.execute(
                select(func.count()).select_from(_object).where(_object.c.status.is_not(None))
            ).scalar_one()
        if met != ended:
            raise LedgerError(
                f"run {self.run_id} met {met} objects but {ended} ended; the report is not whole"
            )

    # --- rows --------------------------------------------------------------------------------------------

    def _ended_row(self, object_id: int, inspection: Inspection) -> dict[str, Any]:
        coverage, assessment = inspection.coverage, inspection.assessment
        values = values_to_json(inspection) if self._seal is not None else None
        row: dict[str, Any] = {
            "size": inspection.size,
            "kind": coverage.kind,
            "status": coverage.status.value,
            "shortfall": coverage.gaps[0].reason.value if coverage.gaps else None,
            "protection": coverage.protection.value,
            "severity": int(assessment.severity),
            "people_low": assessment.people.low,
            "people_high": assessment.people.high,
            "content_hash": inspection.content_hash,
            "evidence": evidence_to_json(inspection),
            "sealed": self._seal.encrypt(values.encode()) if self._seal and values else None,
        }
        return {f"new_{name}": value for name, value in row.items()} | {"object_id": object_id}

    def _entry(self, row: Any) -> LedgerEntry:
        values = self._seal.decrypt(row.sealed).decode() if self._seal and row.sealed else None
        evidence = Evidence(row.evidence, values)
        return LedgerEntry(
            path=displayable(row.raw_path),
            raw_path=row.raw_path,
            folder=row.folder,
            size=row.size,
            mtime=row.mtime_ns / 1e9,
            kind=row.kind,
            status=Status(row.status),
            protection=Protection(row.protection),
            gaps=evidence.gaps,
            gaps_total=evidence.gaps_total,
            severity=Severity(row.severity),
            reasons=evidence.reasons,
            people=PeopleCount(row.people_low, row.people_high),
            findings=evidence.findings,
            counts=evidence.counts,
            content_hash=row.content_hash,
        )


_ENDED_COLUMNS = (
    "size",
    "kind",
    "status",
    "shortfall",
    "protection",
    "severity",
    "people_low",
    "people_high",
    "content_hash",
    "evidence",
    "sealed",
)


def _met_row(met: MetObject) -> dict[str, Any]:
    ended = met.shortfall is not None
    return {
        "raw_path": met.raw_path,
        "folder": met.folder,
        "size": met.size,
        "mtime_ns": met.mtime_ns,
        "status": Status.NOT_INSPECTED.value if ended else None,
        "shortfall": met.shortfall.value if met.shortfall is not None else None,
        "evidence": gap_to_json(met.shortfall, met.detail) if met.shortfall is not None else None,
    }


def _tallies(connection: Connection, column: Column[Any], *, only_read: bool = False) -> dict[Any, Tally]:
    query = (
        select(column, func.count(), func.sum(_object.c.size), func.sum(_object.c.people_low))
        .where(_object.c.status.is_not(None), column.is_not(None))
        .group_by(column)
    )
    if only_read:
        query = query.where(_object.c.status.in_(_READ))
    return {key: Tally(objects, size, people) for key, objects, size, people in connection.execute(query)}


def _engine(path: Path, *, writes: bool = False) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    if writes:
        event.listen(engine, "connect", _tune_for_writing)
    return engine


def _tune_for_writing(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL: a report may read while the run writes; NORMAL: a batch survives the death of the process, and
    # power loss costs at most the last batch, which a new run reads again.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()
