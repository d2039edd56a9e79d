"""Incidents read: lists with filters, one with its timeline, counts for the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.sealing import DataKey
from scanner.store.shielding import SHIELDED
from smtp_filter.quarantine import tables as held
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import SYSTEM, Actor, NotFoundError
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.incidents import tables
from smtp_filter.triage.incidents.model import Duty, Incident, IncidentDetail, Line, Source
from smtp_filter.triage.incidents.opening import TITLE
from smtp_filter.triage.incidents.timeline import lines_of

_table = tables.incident
LISTED = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """Which incidents; ``departments`` limits what a person of some departments sees, ``None`` is all."""

    state: str = "open"
    severity: Severity = Severity.NONE
    owner: str = ""
    cause: str = ""
    department: str = ""
    late: bool = False
    departments: frozenset[str] | None = None


def incidents(
    quarantine: Quarantine, connection: Connection, wanted: Filter, now: float, limit: int = LISTED
) -> list[Incident]:
    """The incidents that match: open ones by when their 72 hours end, then the latest."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.state in ("open", "closed"):
        conditions.append(_table.c.state == wanted.state)
    if wanted.severity > Severity.NONE:
        conditions.append(_table.c.severity >= int(wanted.severity))
    for column, value in (
        (_table.c.owner, wanted.owner),
        (_table.c.cause, wanted.cause),
        (_table.c.department, wanted.department),
    ):
        if value:
            conditions.append(column == value)
    if wanted.late:
        conditions += [
            _table.c.state == "open",
            _table.c.due_at < now,
            _table.c.reported_at.is_(None),
            _table.c.article33 != Duty.NOT_NEEDED.value,
        ]
    if wanted.departments is not None:
        conditions.append(_table.c.department.in_(sorted(wanted.departments)))
    order = (_table.c.due_at, _table.c.id) if wanted.state == "open" else (_table.c.id.desc(),)
    rows = connection.execute(select(_table).where(*conditions).order_by(*order).limit(limit)).all()
    keys = quarantine.sealer.keys(connection, [row.key_id for row in rows])
    return [_covered(_incident(row, keys[row.key_id])) for row in rows if row.key_id in keys]


def row_of(connection: Connection, reference: str) -> Any:
    """The row of an incident's number as a person writes it.  Raises ``NotFoundError``."""
    row = connection.execute(
        select(_table).where(_table.c.reference == reference.strip().upper()[:20])
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no incident {reference.strip()[:20]!r}")
    return row


def detail(
    quarantine: Quarantine, connection: Connection, reference: str, actor: Actor, now: float
) -> IncidentDetail:
    """One incident with its timeline; covered where it concerns a shielded subject.

    Raises ``NotFoundError``.
    """
    row = row_of(connection, reference)
    key = quarantine.sealer.key(connection, row.key_id)
    lines = connection.execute(
        select(tables.line).where(tables.line.c.incident_id == row.id).order_by(tables.line.c.id)
    ).all()
    found = IncidentDetail(_incident(row, key), lines_of(lines, key))
    if not hides(quarantine, connection, row, actor, now):
        return found
    covered = replace(found.incident, title=SHIELDED, shielded=True)
    return IncidentDetail(covered, tuple(map(_covered_line, found.lines)))


def hides(quarantine: Quarantine, connection: Connection, row: Any, actor: Actor, now: float) -> bool:
    """Whether this person sees no more of an incident than that it concerns a shielded subject."""
    if row.source_kind == Source.MESSAGE.value:
        message = connection.execute(
            select(held.message.c.id).where(held.message.c.reference == row.source)
        ).scalar()
        if message is not None:
            concerned = row.shielded or bool(
                quarantine.shield.sighted(connection, SightingKind.MESSAGE, [message])
            )
            opened = quarantine.shield.opened_for(connection, SightingKind.MESSAGE, message, actor, now)
            return concerned and opened is None
    return bool(row.shielded)


def of_source(connection: Connection, source: Source, reference: str) -> list[str]:
    """The numbers of the incidents of a message or file, the newest first."""
    query = select(_table.c.reference).where(
        _table.c.source_kind == source.value, _table.c.source == reference
    )
    return list(connection.execute(query.order_by(_table.c.id.desc())).scalars())


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """A span of time: opened, closed, reported to the Commissioner and how many of those in time."""

    opened: int
    closed: int
    reported: int
    reported_in_time: int
    people_low: int
    people_high: int
    still_open: int
    by_cause: Mapping[str, int]


def figures(connection: Connection, since: float, until: float) -> IncidentFigures:
    """The figures of the incidents that were opened from ``since`` to ``until`` (seconds since 1970)."""
    span = (_table.c.opened_at >= since, _table.c.opened_at < until)
    in_time = func.sum(case((_table.c.reported_at <= _table.c.due_at, 1), else_=0))
    row = connection.execute(
        select(
            func.count(),
            func.count(_table.c.closed_at),
            func.count(_table.c.reported_at),
            in_time,
            func.sum(_table.c.people_low),
            func.sum(_table.c.people_high),
        ).where(*span)
    ).one()
    causes = connection.execute(
        select(_table.c.cause, func.count())
        .where(*span)
        .group_by(_table.c.cause)
        .order_by(func.count().desc(), _table.c.cause)
    )
    still = select(func.count()).select_from(_table).where(_table.c.state == "open")
    return IncidentFigures(
        opened=row[0],
        closed=row[1],
        reported=row[2],
        reported_in_time=int(row[3] or 0),
        people_low=int(row[4] or 0),
        people_high=int(row[5] or 0),
        still_open=connection.execute(still).scalar_one(),
        by_cause={row[0]: row[1] for row in causes},
    )


def _incident(row: Any, key: DataKey) -> Incident:
    return Incident(
        reference=row.reference,
        source=Source(row.source_kind),
        source_reference=row.source,
        open=row.state == "open",
        revision=row.revision,
        severity=Severity(row.severity),
        department=row.department,
        owner=row.owner,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        aware_at=row.aware_at,
        due_at=row.due_at,
        cause=row.cause,
        people=PeopleCount(row.people_low, row.people_high),
        counted=row.counted,
        article33=Duty(row.article33),
        article34=Duty(row.article34),
        reported_at=row.reported_at,
        closed_at=row.closed_at,
        shielded=row.shielded,
        listed=row.people is not None,
        title=key.open(row.title, TITLE).decode(),
    )


def _covered(incident: Incident) -> Incident:
    return replace(incident, title=SHIELDED) if incident.shielded else incident


def _covered_line(line: Line) -> Line:
    return replace(line, text=SHIELDED if line.text and line.actor != SYSTEM.name else line.text)
