"""Files with findings: the list with its filters, one file, counts, what was there on a date.

The file table of :mod:`scanner.store.inventory` says what is (``until`` is ``CURRENT``) and what was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.encoding import Evidence
from scanner.store.entry import Audience, RunState, displayable
from scanner.store.inventory.files import beneath, within
from scanner.store.inventory.tables import CURRENT, ZERO, access, evidence, file, folder, root, run, run_root
from scanner.store.shielding import REASON, REASON_CODE, SHIELDED, hidden
from smtp_filter.quarantine.model import Actor, NotFoundError
from smtp_filter.quarantine.shielding import Shield, SightingKind
from smtp_filter.triage.shares import tables
from smtp_filter.triage.shares.model import (
    Act,
    Counts,
    DecisionLine,
    FileDetail,
    FileLine,
    Filter,
    PastFile,
    PastRun,
    State,
)
from smtp_filter.triage.web.paging import SIZE, page_of

_decision = tables.decision
_DUPLICATES = 50
_ALL = 10_000
_EXPOSED = int(Audience.EVERYONE)


class Places:
    """The shares that were scanned, their departments' paths and who answers for them."""

    def __init__(self, connection: Connection, asset_owners: Mapping[str, str]) -> None:
        roots = connection.execute(select(root.c.path).order_by(root.c.path)).scalars()
        self._roots = {displayable(bytes(path)): bytes(path) for path in roots}
        self._owners = sorted(asset_owners.items(), key=lambda item: -len(item[0]))

    @property
    def shares(self) -> list[str]:
        """The shares, printable."""
        return list(self._roots)

    @property
    def asset_owners(self) -> list[str]:
        """Everybody who answers for something."""
        return sorted({owner for _, owner in self._owners})

    def share_of(self, path: str) -> str:
        """The share that a printable path lies in."""
        return next((share for share in sorted(self._roots, key=len, reverse=True) if _in(path, share)), "")

    def department_of(self, path: str) -> str:
        """The first folder beneath the share."""
        share = self.share_of(path)
        rest = path[len(share) :].strip("/") if share else ""
        return rest.partition("/")[0] if "/" in rest else ""

    def asset_owner(self, path: str) -> str:
        """Who answers for a path: the most particular entry decides."""
        return next((owner for top, owner in self._owners if _in(path, top)), "")

    def conditions(self, wanted: Filter) -> Iterable[ColumnElement[bool]]:
        """The conditions of share, department and asset owner."""
        if wanted.share:
            share = self._roots.get(wanted.share, wanted.share.encode())
            yield within([share])
        if wanted.department:
            shares = [self._roots.get(wanted.share, b"")] if wanted.share else list(self._roots.values())
            yield beneath([share.rstrip(b"/") + b"/" + wanted.department.encode() for share in shares])
        if wanted.asset_owner:
            yield self._owned(wanted.asset_owner)

    def _owned(self, owner: str) -> ColumnElement[bool]:
        mine = [top for top, name in self._owners if name == owner]
        parts = []
        for top in mine:
            # What is more particular and somebody else's is not theirs.
            others = [
                inner for inner, name in self._owners if name != owner and inner != top and _in(inner, top)
            ]
            own = within([top.encode()])
            parts.append(and_(own, not_(within([one.encode() for one in others]))) if others else own)
        return or_(literal(False), *parts)


def files(
    connection: Connection,
    places: Places,
    wanted: Filter,
    now: float,
    after: str = "",
    size: int = SIZE,
) -> tuple[list[FileLine], str]:
    """One page of the files that match, exposed ones first, then the worst; and the next page's cursor."""
    rank = _rank()
    query = _view(now).add_columns(rank).where(*_conditions(places, wanted, now))
    found = page_of(connection, query, (rank, file.c.severity, file.c.id), after=after, size=size)
    return _lines(places, found.rows), found.following


def counts(connection: Connection, places: Places, wanted: Filter, now: float) -> Counts:
    """How the files that match divide, whatever their state."""
    state = _state(now).label("state")
    exposed = case((file.c.audience >= _EXPOSED, 1), else_=0)
    query = (
        select(state, file.c.severity, func.count(), func.sum(exposed))
        .select_from(_joined())
        .where(*_conditions(places, wanted, now, any_state=True))
        .group_by(state, file.c.severity)
    )
    by_state = dict.fromkeys(State, 0)
    severities = dict.fromkeys(Severity, 0)
    open_exposed = 0
    for word, severity, number, seen in connection.execute(query):
        by_state[State(word)] += number
        if word == State.OPEN.value:
            severities[Severity(severity)] += number
            open_exposed += int(seen) if severity >= int(Severity.MEDIUM) else 0
    return Counts(by_state, severities, open_exposed)


def owners(connection: Connection) -> list[str]:
    """The owners of files with findings, for the filter."""
    numbers = select(file.c.access_id).where(file.c.severity > ZERO, file.c.until == CURRENT)
    query = select(access.c.owner).where(access.c.id.in_(numbers)).distinct().order_by(access.c.owner)
    return [owner for owner in connection.execute(query.limit(500)).scalars() if owner]


def evidence_of(connection: Connection, number: int) -> int | None:
    """The evidence of a file's row, by its number."""
    return connection.execute(select(file.c.evidence_id).where(file.c.id == number)).scalar()


def row_of(connection: Connection, number: int, now: float) -> Any:
    """The row of a file that is there now.  Raises ``NotFoundError``."""
    row = connection.execute(_view(now).where(file.c.id == number, file.c.until == CURRENT)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such file, or it has changed since: look for it in the list.")
    return row


def detail(
    connection: Connection, shield: Shield, places: Places, number: int, actor: Actor, now: float
) -> FileDetail:
    """All of one file; covered where it concerns a shielded subject.  Raises ``NotFoundError``."""
    row = row_of(connection, number, now)
    told = Evidence(row.detail)
    covered = shield.hides(connection, SightingKind.EVIDENCE, row.evidence_id, actor, now)
    (line,) = _lines(places, [row], look=covered)
    if covered:
        told = Evidence(_covered(line.severity))
    duplicates: list[FileLine] = []
    if row.content_hash and not covered:
        same = _view(now).where(
            evidence.c.content_hash == row.content_hash, file.c.id != number, file.c.until == CURRENT
        )
        copies = connection.execute(same.order_by(file.c.id).limit(_DUPLICATES)).all()
        duplicates = _lines(places, copies, look=False)
    history = connection.execute(
        select(_decision)
        .where(_decision.c.folder_id == row.folder_id, _decision.c.entry == row.entry)
        .order_by(_decision.c.id.desc())
        .limit(100)
    ).all()
    first = connection.execute(select(run.c.name).where(run.c.id == row.first_seen)).scalar()
    return FileDetail(
        line=line,
        evidence=told,
        how=row.how,
        group=row.owning_group,
        kind="" if covered else row.kind,
        first_seen=first or "",
        duplicates=tuple(duplicates),
        decisions=tuple(
            DecisionLine(
                one.at, one.actor, Act(one.kind), one.reason, one.target, one.expires_at, one.standing
            )
            for one in history
        ),
        seen=history[0].id if history else 0,
    )


def then(connection: Connection, path: str, moment: float, limit: int = _ALL) -> list[PastFile]:
    """What was on a share, a folder or a stick at a moment, as the last run begun by then knew it."""
    rows = connection.execute(then_query(path, moment).limit(limit)).all()
    return [
        PastFile(
            path=SHIELDED if row.shielded else displayable(_path(row)),
            size=row.size,
            mtime=row.mtime_ns / 1e9,
            severity=Severity(row.severity),
            people=PeopleCount(row.people_low or 0, row.people_high or 0),
            audience=Audience(row.audience),
            read=row.evidence_id is not None,
            shielded=bool(row.shielded),
            changed_since=row.mtime_ns / 1e9 > moment,
        )
        for row in rows
    ]


def then_query(path: str, moment: float) -> Select[Any]:
    """The one query of :func:`then`: a row is true from the run ``since`` until the run ``until``."""
    last = select(func.max(run.c.id)).where(run.c.started <= moment).scalar_subquery()
    return (
        select(
            folder.c.path,
            file.c.entry,
            file.c.size,
            file.c.mtime_ns,
            file.c.severity,
            file.c.audience,
            file.c.evidence_id,
            evidence.c.people_low,
            evidence.c.people_high,
            hidden().label("shielded"),
        )
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
        .where(file.c.since <= last, file.c.until > last, within([_raw(path)]))
        .order_by(file.c.severity.desc(), folder.c.path, file.c.entry)
    )


def run_then(connection: Connection, path: str, moment: float) -> PastRun | None:
    """The last run begun by a moment that went over a path, or over anything beneath it.

    ``None``: nobody had looked there by then, so that nothing can be said of it.
    """
    raw = _raw(path)
    tops = [raw]
    while tops[-1] not in (b"/", b""):
        tops.append(tops[-1].rpartition(b"/")[0] or b"/")
    stem = raw.rstrip(b"/") + b"/"
    over = or_(run_root.c.path.in_(tops), and_(run_root.c.path >= stem, run_root.c.path < stem[:-1] + b"0"))
    row = connection.execute(
        select(run.c.name, run.c.started, run.c.finished, run.c.state)
        .where(run.c.started <= moment, run.c.id.in_(select(run_root.c.run_id).where(over)))
        .order_by(run.c.id.desc())
        .limit(1)
    ).one_or_none()
    return PastRun(row.name, row.started, row.finished, RunState(row.state)) if row else None


def _raw(path: str) -> bytes:
    return (path.rstrip("/") or "/").encode("utf-8", "surrogateescape")


def last_finished(connection: Connection) -> int:
    """The number of the last run that read everything it owed; 0 where there is none."""
    query = select(func.max(run.c.id)).where(run.c.state == RunState.FINISHED.value)
    return connection.execute(query).scalar() or 0


# --- pieces -------------------------------------------------------------------------------------------------


def _joined() -> Any:
    standing = and_(
        _decision.c.folder_id == file.c.folder_id, _decision.c.entry == file.c.entry, _decision.c.standing
    )
    return (
        file.join(folder, folder.c.id == file.c.folder_id)
        .join(evidence, evidence.c.id == file.c.evidence_id)
        .join(access, access.c.id == file.c.access_id)
        .outerjoin(_decision, standing)
    )


def _view(now: float) -> Select[Any]:
    return select(
        file.c.id,
        file.c.folder_id,
        file.c.entry,
        file.c.size,
        file.c.mtime_ns,
        file.c.severity,
        file.c.audience,
        file.c.evidence_id,
        file.c.read_at,
        file.c.first_seen,
        folder.c.path,
        evidence.c.kind,
        evidence.c.content_hash,
        evidence.c.people_low,
        evidence.c.people_high,
        evidence.c.detail,
        access.c.owner,
        access.c.owning_group,
        access.c.how,
        _decision.c.expires_at,
        _state(now).label("state"),
        hidden().label("shielded"),
    ).select_from(_joined())


def _rank() -> ColumnElement[int]:
    sensitive = and_(file.c.severity >= int(Severity.MEDIUM), file.c.audience >= _EXPOSED)
    return case((sensitive, 1), else_=0).label("rank")


def _state(now: float) -> ColumnElement[str]:
    """The state of a file, as the decisions on it and on its content have it.

    A false alarm is one of the content, wherever it lies.  Everything else holds for the path, as long as the
    file is no worse and no wider open than when somebody decided, and the decision's time is not over.
    """
    other = _decision.alias("false_alarm")
    alarm = exists(
        select(other.c.id).where(
            other.c.content_hash == evidence.c.content_hash,
            other.c.kind == Act.FALSE_ALARM.value,
            other.c.standing,
            evidence.c.content_hash != "",
        )
    )
    unchanged = and_(
        file.c.severity <= _decision.c.severity,
        file.c.audience <= _decision.c.audience,
        or_(_decision.c.expires_at.is_(None), _decision.c.expires_at > now),
    )
    # What was moved and is still there when the next run has looked was not moved.
    finished = select(func.coalesce(func.max(run.c.id), 0)).where(run.c.state == RunState.FINISHED.value)
    away = finished.scalar_subquery() <= _decision.c.run_id
    return case(
        (alarm, State.FALSE_ALARM.value),
        (and_(_decision.c.kind == Act.ACCEPT.value, unchanged), State.ACCEPTED.value),
        (and_(_decision.c.kind == Act.SEND.value, unchanged), State.SENT.value),
        (and_(_decision.c.kind == Act.MOVE.value, away), State.MOVED.value),
        else_=State.OPEN.value,
    )


def _conditions(
    places: Places, wanted: Filter, now: float, *, any_state: bool = False
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        file.c.until == CURRENT,
        file.c.severity >= max(int(wanted.severity), 1),
        file.c.severity > ZERO,  # as the index of what is sensitive says it
    ]
    if wanted.state is not None and not any_state:
        found.append(_state(now) == wanted.state.value)
    if wanted.exposed:
        found.append(file.c.audience >= _EXPOSED)
    if wanted.audience is not None:
        found.append(file.c.audience == int(wanted.audience))
    if wanted.owner:
        found.append(access.c.owner == wanted.owner)
    found += places.conditions(wanted)
    return found


def _lines(places: Places, rows: Sequence[Any], *, look: bool = True) -> list[FileLine]:
    found = []
    for row in rows:
        path = displayable(_path(row))
        shielded = bool(row.shielded) and look
        found.append(
            FileLine(
                number=row.id,
                path=SHIELDED if shielded else path,
                share=places.share_of(path),
                department=places.department_of(path),
                severity=Severity(row.severity),
                audience=Audience(row.audience),
                people=PeopleCount(row.people_low, row.people_high),
                owner=row.owner,
                asset_owner=places.asset_owner(path),
                state=State(row.state),
                expires_at=row.expires_at,
                read_at=row.read_at,
                size=row.size,
                mtime=row.mtime_ns / 1e9,
                shielded=shielded,
            )
        )
    return found


def _covered(severity: Severity) -> str:
    return json.dumps(
        {
            "reasons": [[REASON_CODE, REASON, int(severity)]],
            "gaps": [],
            "gaps_total": 0,
            "findings": [],
            "counts": {},
        }
    )


def _path(row: Any) -> bytes:
    above = bytes(row.path)
    return (above if above.endswith(b"/") else above + b"/") + bytes(row.entry)


def _in(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")
