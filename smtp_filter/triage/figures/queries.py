"""The figures, read: a fixed number of queries, sums made by the database."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from scanner.judgement.assessment import Severity
from scanner.store.entry import Audience, RunState
from scanner.store.inventory.tables import ZERO, file, run
from scanner.store.sealing import SealingError
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.encoding import summary_from_bytes
from smtp_filter.quarantine.holding import SUMMARY, Quarantine
from smtp_filter.quarantine.model import State
from smtp_filter.triage.figures.model import (
    Dashboard,
    DepartmentLine,
    ExposureLine,
    RuleLine,
    SenderLine,
    Week,
)
from smtp_filter.triage.figures.spans import weeks_of
from smtp_filter.triage.incidents import queries as incidents

_message = tables.message
RULES = 15
SENDERS = 10
# Once or twice happens to anybody.
REPEATED = 3
RUNS = 60


def dashboard(
    quarantine: Quarantine,
    connection: Connection,
    since: float,
    until: float,
    zone: str,
    *,
    departments: frozenset[str] | None = None,
    named: bool = False,
) -> Dashboard:
    """All figures of a span; ``named``: the addresses of repeat senders, for whoever may know them."""
    span = [_message.c.held_at >= since, _message.c.held_at < until]
    if departments is not None:
        span.append(_message.c.department.in_(sorted(departments)))
    took = _message.c.decided_at - _message.c.held_at
    sums = connection.execute(
        select(
            func.count(),
            _sum(_message.c.undecided),
            func.count(_message.c.decided_at),
            _sum(_message.c.state == State.RELEASED.value),
            _sum(_message.c.false_alarm),
            func.sum(took),
            func.sum(case((_message.c.false_alarm, took), else_=None)),
        ).where(*span)
    ).one()
    emergencies = connection.execute(
        select(func.count())
        .select_from(tables.emergency)
        .join(_message, _message.c.id == tables.emergency.c.message_id)
        .where(*span, tables.emergency.c.confirmed_at.is_not(None))
    ).scalar_one()
    decided = int(sums[2])
    return Dashboard(
        since=since,
        until=until,
        held=int(sums[0]),
        undecided=int(sums[1] or 0),
        decided=decided,
        released=int(sums[3] or 0),
        false_alarms=int(sums[4] or 0),
        held_minutes=float(sums[5] or 0.0) / 60,
        false_hold_minutes=float(sums[6] or 0.0) / 60,
        median_minutes=_rank(connection, span, decided, 0.5),
        slow_minutes=_rank(connection, span, decided, 0.9),
        emergencies=int(emergencies),
        weeks=_weeks(connection, since, until, zone, departments),
        rules=_rules(connection, span),
        departments=_departments(connection, span),
        senders=_senders(quarantine, connection, span, named=named),
        exposure=exposure(connection, since, until),
        incidents=incidents.figures(connection, since, until),
    )


def exposure(connection: Connection, since: float, until: float) -> tuple[ExposureLine, ...]:
    """The shares as each finished run of the span left them, the oldest first."""
    finished = (
        select(run.c.id, run.c.name, run.c.finished)
        .where(run.c.state == RunState.FINISHED.value, run.c.finished >= since, run.c.finished < until)
        .order_by(run.c.id.desc())
        .limit(RUNS)
    )
    runs = connection.execute(finished).all()
    if not runs:
        return ()
    numbers = [one.id for one in runs]
    seen = case((file.c.audience >= int(Audience.EVERYONE), 1), else_=0)
    query = (
        select(run.c.id, file.c.severity, func.count(), func.sum(seen))
        .select_from(run)
        .join(file, (file.c.since <= run.c.id) & (file.c.until > run.c.id))
        .where(run.c.id.in_(numbers), file.c.severity >= int(Severity.MEDIUM), file.c.severity > ZERO)
        .group_by(run.c.id, file.c.severity)
    )
    severities: dict[int, dict[Severity, int]] = defaultdict(dict)
    exposed: dict[int, int] = defaultdict(int)
    for number, severity, files, seen_files in connection.execute(query):
        severities[number][Severity(severity)] = files
        exposed[number] += int(seen_files)
    return tuple(
        ExposureLine(one.name, one.finished, sum(found.values()), exposed[one.id], found)
        for one in reversed(runs)
        for found in (severities[one.id],)
    )


def _weeks(
    connection: Connection, since: float, until: float, zone: str, departments: frozenset[str] | None
) -> tuple[Week, ...]:
    bounds = weeks_of(since, until, zone)
    last = len(bounds) - 2

    def week(column: ColumnElement[float]) -> ColumnElement[int]:
        return case(*((column < bounds[number + 1], number) for number in range(last)), else_=last)

    own = [] if departments is None else [_message.c.department.in_(sorted(departments))]
    held_week = week(_message.c.held_at).label("week")
    held = connection.execute(
        select(held_week, func.count())
        .where(_message.c.held_at >= since, _message.c.held_at < until, *own)
        .group_by(held_week)
    )
    held_in = {row[0]: row[1] for row in held}
    ended_week = week(_message.c.ended_at).label("week")
    ended_in: dict[tuple[int, str], int] = {}
    for number, state, count in connection.execute(
        select(ended_week, _message.c.state, func.count())
        .where(_message.c.ended_at >= since, _message.c.ended_at < until, *own)
        .group_by(ended_week, _message.c.state)
    ):
        ended_in[number, state] = count
    medians = _medians(connection, week(_message.c.decided_at), since, until, own)
    return tuple(
        Week(
            begins=bounds[number],
            held=held_in.get(number, 0),
            released=ended_in.get((number, State.RELEASED.value), 0),
            returned=ended_in.get((number, State.REJECTED.value), 0),
            expired=ended_in.get((number, State.EXPIRED.value), 0),
            median_minutes=medians.get(number),
        )
        for number in range(last + 1)
    )


def _medians(
    connection: Connection,
    week: ColumnElement[int],
    since: float,
    until: float,
    own: Sequence[ColumnElement[bool]],
) -> dict[int, float]:
    """The median time to a decision of each week in which something was decided, in minutes."""
    took = (_message.c.decided_at - _message.c.held_at).label("took")
    ranked = (
        select(
            week.label("week"),
            took,
            func.row_number().over(partition_by=week, order_by=took).label("place"),
            func.count().over(partition_by=week).label("many"),
        )
        .where(_message.c.decided_at >= since, _message.c.decided_at < until, *own)
        .subquery()
    )
    middle = select(ranked.c.week, ranked.c.took).where(ranked.c.place == (ranked.c.many + 1) // 2)
    return {number: float(value) / 60 for number, value in connection.execute(middle)}


def _rank(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], count: int, part: float
) -> float | None:
    """The time to a decision that so large a part of them did not exceed, in minutes."""
    if not count:
        return None
    took = _message.c.decided_at - _message.c.held_at
    # The nearest rank: always a time that there really was.
    place = max(0, -int(-count * part // 1) - 1)
    found = connection.execute(
        select(took)
        .where(*conditions, _message.c.decided_at.is_not(None))
        .order_by(took)
        .offset(place)
        .limit(1)
    ).scalar_one()
    return float(found) / 60


def _rules(connection: Connection, span: Sequence[ColumnElement[bool]]) -> tuple[RuleLine, ...]:
    table = tables.rule
    query = (
        select(
            table.c.rule,
            func.count().label("held"),
            func.count(_message.c.decided_at),
            _sum(_message.c.state == State.RELEASED.value),
            _sum(_message.c.false_alarm),
        )
        .join(_message, _message.c.id == table.c.message_id)
        .where(*span)
        .group_by(table.c.rule)
        .order_by(func.count().desc(), table.c.rule)
        .limit(RULES)
    )
    return tuple(
        RuleLine(rule, held, decided, int(released or 0), int(false or 0))
        for rule, held, decided, released, false in connection.execute(query)
    )


def _departments(connection: Connection, span: Sequence[ColumnElement[bool]]) -> tuple[DepartmentLine, ...]:
    query = (
        select(
            _message.c.department,
            func.count(),
            _sum(_message.c.state == State.RELEASED.value),
            _sum(_message.c.false_alarm),
        )
        .where(*span)
        .group_by(_message.c.department)
        .order_by(func.count().desc(), _message.c.department)
        .limit(50)
    )
    return tuple(
        DepartmentLine(department, held, int(released or 0), int(false or 0))
        for department, held, released, false in connection.execute(query)
    )


def _senders(
    quarantine: Quarantine, connection: Connection, span: Sequence[ColumnElement[bool]], *, named: bool
) -> tuple[SenderLine, ...]:
    query = (
        select(
            _message.c.sender,
            func.count(),
            _sum(_message.c.false_alarm),
            func.max(_message.c.department),
            func.max(_message.c.id),
        )
        .where(*span)
        .group_by(_message.c.sender)
        .having(func.count() >= REPEATED)
        .order_by(func.count().desc(), _message.c.sender)
        .limit(SENDERS)
    )
    rows = connection.execute(query).all()
    addresses = _addresses(quarantine, connection, [row[4] for row in rows]) if named else {}
    return tuple(
        SenderLine(
            key=sender_key(row[0]),
            held=row[1],
            false_alarms=int(row[2] or 0),
            department=row[3],
            address=addresses.get(row[4], ""),
        )
        for row in rows
    )


def sender_key(token: int) -> str:
    """A short name for a keyed sender, the same in every report of this installation."""
    digest = hashlib.blake2b(token.to_bytes(8, "big", signed=True), digest_size=4).hexdigest()
    return "Sender " + digest.translate(str.maketrans("0123456789abcdef", "abcdefghijkmnpqr")).upper()


def _addresses(quarantine: Quarantine, connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    rows: Sequence[Any] = connection.execute(
        select(_message.c.id, _message.c.key_id, _message.c.summary).where(_message.c.id.in_(numbers))
    ).all()
    keys = quarantine.sealer.keys(connection, [row.key_id for row in rows])
    found = {}
    for row in rows:
        try:
            if row.key_id in keys:
                found[row.id] = summary_from_bytes(keys[row.key_id].open(row.summary, SUMMARY)).sender
        except SealingError:
            continue
    return found


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
