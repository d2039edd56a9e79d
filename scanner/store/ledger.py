"""The coverage ledger of one run: every object it met or knew, how each of them stands, and the sums.

A view of the inventory as it was at the end of the run (as it is now, while the run goes on).  What the run
still owes a reading, and nothing is known of, reads as "interrupted".  Reading streams: no method loads a run
into memory.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Select,
    String,
    Table,
    and_,
    case,
    func,
    literal,
    select,
)

from scanner.documents.model import Protection, Shortfall, Status
from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store import runs, shielding
from scanner.store.asset_owners import AssetOwner, AssetOwners
from scanner.store.comparing import Difference, differences
from scanner.store.encoding import Evidence, gap_to_json
from scanner.store.entry import (
    Audience,
    Exposure,
    FolderTally,
    LedgerEntry,
    RunRecord,
    Tally,
    Totals,
    displayable,
)
from scanner.store.inventory.evidence import Sealing
from scanner.store.inventory.files import within
from scanner.store.inventory.tables import CURRENT, access, evidence, file, folder, run, type_count
from scanner.store.overview import Overview, overview
from scanner.store.paths import department

_READ = (Status.INSPECTED.value, Status.PARTIAL.value)
_CHUNK = 500
_EXPOSED = int(Audience.EVERYONE)
_SENSITIVE = int(Severity.MEDIUM)

# What is sensitive and exposed comes first, whatever else there is; then the worst.
_CLASSES: tuple[tuple[bool | None, Severity], ...] = (
    *((True, level) for level in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)),
    *((False, level) for level in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)),
    (None, Severity.LOW),
    (None, Severity.NONE),
)


class LedgerError(Exception):
    """A ledger that does not add up or has no such object; the message is one line for the user."""


class Ledger:
    """One run's ledger, read by anybody at any time."""

    def __init__(
        self,
        engine: Engine,
        number: int,
        *,
        sealing: Sealing | None = None,
        asset_owners: Sequence[AssetOwner] = (),
    ) -> None:
        self._engine = engine
        self._number = number
        self._sealing = sealing
        # The most particular path decides.
        self._asset_owners = AssetOwners(asset_owners)
        with engine.connect() as connection:
            self._roots = runs.root_paths(connection, number)
            self._names = {row.id: row.name for row in connection.execute(select(run.c.id, run.c.name))}

    def record(self) -> RunRecord:
        """What is known of the run as a whole."""
        return runs.record(self._engine, self._number)

    def entries(
        self,
        *,
        at_least: Severity = Severity.NONE,
        statuses: Collection[Status] = tuple(Status),
    ) -> Iterator[LedgerEntry]:
        """The objects, sensitive and exposed ones first, then the worst (severity, people, path)."""
        words = [status.value for status in statuses]
        for exposed, severity in _CLASSES:
            if severity < at_least:
                return
            yield from self._class(exposed, severity, words)

    def entry(self, object_id: int) -> LedgerEntry:
        """One object by its number; raises :class:`LedgerError` where the run has none."""
        with self._engine.connect() as connection:
            found = self._entries(connection, [object_id])
        if not found:
            raise LedgerError(f"run {self._names[self._number]} has no object {object_id}")
        return found[0]

    def worst(self) -> Severity:
        """The highest severity of all objects."""
        query = self._view(func.max(file.c.severity))
        with self._engine.connect() as connection:
            return Severity(connection.execute(query).scalar_one() or 0)

    def totals(self) -> Totals:
        """The sums of the run."""
        with self._engine.connect() as connection:
            by_status = self._tallies(connection, _status)
            by_shortfall = self._tallies(connection, _shortfall)
            by_severity = self._tallies(connection, file.c.severity, _status.in_(_READ))
            by_kind = self._tallies(connection, evidence.c.kind)
            formats = connection.execute(
                self._view(evidence.c.kind, _status, func.count()).group_by(evidence.c.kind, _status)
            ).all()
            by_audience = self._tallies(connection, file.c.audience, file.c.severity >= _SENSITIVE)
            types = connection.execute(
                self._view(type_count.c.entity_type, func.count(), func.sum(type_count.c.findings))
                .join(type_count, type_count.c.evidence_id == evidence.c.id)
                .group_by(type_count.c.entity_type)
            ).all()
            read_now = connection.execute(
                self._view(func.count()).where(file.c.read_run == self._number)
            ).scalar_one()
        by_format: dict[str, dict[Status, int]] = {}
        for kind, status, count in formats:
            by_format.setdefault(kind or "", {})[Status(status)] = int(count)
        return Totals(
            enumerated=sum(tally.objects for tally in by_status.values()),
            bytes=sum(tally.bytes for tally in by_status.values()),
            by_status={Status(key): tally for key, tally in by_status.items()},
            by_shortfall={Shortfall(key): tally for key, tally in by_shortfall.items() if key},
            by_severity={Severity(key): tally for key, tally in by_severity.items()},
            by_kind={str(key): tally for key, tally in by_kind.items() if key},
            by_type={name: (files, int(findings)) for name, files, findings in types},
            by_audience={Audience(key): tally for key, tally in by_audience.items()},
            by_format=by_format,
            read_now=int(read_now),
        )

    def folders(self, limit: int = 100) -> list[FolderTally]:
        """The first folders beneath the roots, those with the most severe files first."""
        columns: dict[str, ColumnElement[Any]] = {
            level.word: func.sum(case((file.c.severity == int(level), 1), else_=0))
            for level in Severity
            if level is not Severity.NONE
        }
        columns["none"] = func.sum(case((and_(file.c.severity == 0, _status.in_(_READ)), 1), else_=0))
        columns["unread"] = func.sum(case((_status != Status.INSPECTED.value, 1), else_=0))
        columns["objects"] = func.count()
        columns["bytes"] = func.sum(file.c.size)
        columns["shielded"] = shielding.any_hidden()
        query = self._view(folder.c.path, *(column.label(name) for name, column in columns.items())).group_by(
            folder.c.path
        )
        sums: dict[str, dict[str, int]] = {}
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=_CHUNK).execute(query).mappings():
                # A folder may have a person's name: with a shielded one's file it counts for the whole share.
                path = bytes(row["path"])
                path = (shielding.root_of(self._roots, path) or path) if row["shielded"] else path
                tally = sums.setdefault(self._department(path), dict.fromkeys(columns, 0))
                for name in columns:
                    tally[name] += int(row[name])
        worst_first = sorted(
            sums.items(),
            key=lambda item: (*(-item[1][level.word] for level in reversed(Severity) if level), item[0]),
        )
        return [
            FolderTally(
                folder=name,
                objects=tally["objects"],
                bytes=tally["bytes"],
                unread=tally["unread"],
                by_severity={level: tally[level.word] for level in Severity},
            )
            for name, tally in worst_first[:limit]
        ]

    def overview(self) -> Overview:
        """The run from above: by exposure and owner, against earlier runs, copies."""
        now = self.record().finished or time.time()
        return overview(self._engine, self._number, self._department, self._asset_owners.of, now)

    def changes(self) -> Iterator[Difference]:
        """What is not as it was in the run before, all of it; nothing where there was none."""
        earlier = runs.before(self._engine, self._number)
        if earlier is not None:
            yield from differences(self._engine, earlier.number, self._number)

    def check(self) -> None:
        """The run holds every object that it met, and none twice; raises :class:`LedgerError` otherwise."""
        with self._engine.connect() as connection:
            states = runs.root_states(connection, self._number)
            for state in (state for state in states if state.walked):
                query = (
                    select(func.count())
                    .select_from(file.join(folder, folder.c.id == file.c.folder_id))
                    .where(self._then(), within([state.path]))
                )
                there = connection.execute(query).scalar_one()
                if there != state.met + state.kept:
                    raise LedgerError(
                        f"run {self._names[self._number]} met {state.met} objects and kept {state.kept} in "
                        f"{displayable(state.path)}, but {there} are in the ledger; the report is not whole"
                    )

    # --- rows --------------------------------------------------------------------------------------------

    def _then(self) -> ColumnElement[bool]:
        return and_(file.c.since <= self._number, file.c.until > self._number)

    def _view(self, *columns: ColumnElement[Any] | Column[Any] | Table) -> Select[Any]:
        return (
            select(*columns)
            .select_from(file)
            .join(folder, folder.c.id == file.c.folder_id)
            .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
            .where(self._then(), within(self._roots))
        )

    def _tallies(
        self, connection: Connection, column: ColumnElement[Any], *conditions: ColumnElement[bool]
    ) -> dict[Any, Tally]:
        query = (
            self._view(column, func.count(), func.sum(file.c.size), func.sum(evidence.c.people_low))
            .where(*conditions)
            .group_by(column)
        )
        return {
            key: Tally(int(objects), int(size), int(people or 0))
            for key, objects, size, people in connection.execute(query)
        }

    def _class(self, exposed: bool | None, severity: Severity, words: Sequence[str]) -> Iterator[LedgerEntry]:
        query = self._view(file.c.id).where(file.c.severity == int(severity), _status.in_(words))
        if exposed is not None:
            query = query.where(file.c.audience >= _EXPOSED if exposed else file.c.audience < _EXPOSED)
        with self._engine.connect() as connection:
            if severity is Severity.NONE:
                # Most files by far: in the order of their numbers, which nothing has to sort.
                ordered = query.order_by(file.c.id)
            else:
                ordered = query.order_by(evidence.c.people_low.desc(), folder.c.path, file.c.entry)
            numbers = connection.execute(ordered.execution_options(yield_per=_CHUNK)).scalars()
            for some in numbers.partitions(_CHUNK):
                yield from self._entries(connection, some)

    def _entries(self, connection: Connection, numbers: Sequence[int]) -> list[LedgerEntry]:
        query = (
            self._view(file, folder.c.path, evidence, access.c.owner, access.c.owning_group, access.c.how)
            .add_columns(_HIDDEN)
            .join(access, access.c.id == file.c.access_id)
            .where(file.c.id.in_(numbers))
        )
        # Both tables have an id and more of the same names: columns, not names, tell them apart.
        rows = {row._mapping[file.c.id]: row._mapping for row in connection.execute(query)}
        values = self._values(connection, rows)
        return [self._entry(rows[number], values) for number in numbers if number in rows]

    def _values(self, connection: Connection, rows: Mapping[int, Any]) -> dict[int, str]:
        if self._sealing is None:
            return {}
        with_findings = [row[evidence.c.id] for row in rows.values() if row[file.c.severity] is not None]
        return self._sealing.open(connection, [number for number in with_findings if number is not None])

    def _entry(self, row: Any, values: Mapping[int, str]) -> LedgerEntry:
        raw_folder, name = bytes(row[folder.c.path]), bytes(row[file.c.entry])
        raw = (raw_folder if raw_folder.endswith(b"/") else raw_folder + b"/") + name
        pending = row[evidence.c.id] is None
        found = (
            Evidence(gap_to_json(Shortfall.INTERRUPTED))
            if pending
            else Evidence(row[evidence.c.detail], values.get(row[evidence.c.id]))
        )
        path = displayable(raw)
        entry = LedgerEntry(
            path=path,
            raw_path=raw,
            folder=self._department(raw_folder),
            size=row[file.c.size],
            mtime=row[file.c.mtime_ns] / 1e9,
            kind="" if pending else row[evidence.c.kind],
            status=Status.NOT_INSPECTED if pending else Status(row[evidence.c.status]),
            protection=Protection.NONE if pending else Protection(row[evidence.c.protection]),
            gaps=found.gaps,
            gaps_total=found.gaps_total,
            severity=Severity(row[file.c.severity]),
            reasons=found.reasons,
            people=PeopleCount(
                0 if pending else row[evidence.c.people_low], 0 if pending else row[evidence.c.people_high]
            ),
            findings=found.findings,
            counts=found.counts,
            content_hash="" if pending else row[evidence.c.content_hash],
            exposure=Exposure(
                Audience(row[file.c.audience]),
                row[access.c.owner],
                row[access.c.owning_group],
                row[access.c.how],
                self._asset_owners.of(path),
            ),
            used=float(row[file.c.used]),
            read_at=row[file.c.read_at],
            first_seen=self._names.get(row[file.c.first_seen], ""),
        )
        if not row[_HIDDEN]:
            return entry
        root = shielding.root_of(self._roots, raw) or raw_folder
        return shielding.cover(entry, root, row[evidence.c.id])

    def _department(self, path: bytes) -> str:
        return department(self._roots, path)


_HIDDEN = shielding.hidden().label("hidden")
_status = func.coalesce(evidence.c.status, literal(Status.NOT_INSPECTED.value, String))
_shortfall = case(
    (evidence.c.id.is_(None), literal(Shortfall.INTERRUPTED.value, String)), else_=evidence.c.shortfall
)

__all__ = ["CURRENT", "AssetOwner", "Ledger", "LedgerError"]
