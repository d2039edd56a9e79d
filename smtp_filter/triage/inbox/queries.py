"""What the inbox asks of the database beside the quarantine's own lists; a fixed number of queries each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select
from sqlalchemy import Integer as SqlInteger

from scanner.judgement.assessment import Severity
from scanner.store.database import insert_new
from smtp_filter.quarantine import tables as held
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import HeldDetail, HeldMessage, NotFoundError, State
from smtp_filter.quarantine.reading import read_whole
from smtp_filter.quarantine.searching import message_row, read_rows
from smtp_filter.triage.inbox import tables

SIMILAR = 6
_message = held.message


# --- counters ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """The inbox in numbers, and the departments and people that stand in it."""

    undecided: int
    overdue: int
    unassigned: int
    second: int
    by_severity: Mapping[Severity, int]
    by_assignee: Mapping[str, int]
    departments: tuple[str, ...]
    rules: tuple[str, ...]


def counts(connection: Connection, departments: frozenset[str] | None, now: float) -> Counts:
    """The numbers over what is undecided, in two queries: one pass of one index, and the rules' names."""
    column = _message.c
    late = func.sum(case((column.due_at < now, 1), else_=0)).cast(SqlInteger)
    query = (
        select(
            column.state,
            column.severity,
            column.assignee,
            column.department,
            func.count(),
            late.label("late"),
        )
        .where(column.undecided.is_(True))
        .group_by(column.state, column.severity, column.assignee, column.department)
    )
    if departments is not None:
        query = query.where(column.department.in_(sorted(departments)))
    undecided = overdue = unassigned = second = 0
    by_severity: dict[Severity, int] = defaultdict(int)
    by_assignee: dict[str, int] = defaultdict(int)
    found: set[str] = set()
    for state, severity, assignee, department, count, is_late in connection.execute(query):
        undecided += count
        overdue += is_late
        unassigned += 0 if assignee else count
        second += count if state == State.AWAITING_SECOND.value else 0
        by_severity[Severity(severity)] += count
        by_assignee[assignee] += count
        found.add(department)
    return Counts(
        undecided,
        overdue,
        unassigned,
        second,
        dict(by_severity),
        dict(by_assignee),
        tuple(sorted(found - {""})),
        _rules(connection),
    )


def _rules(connection: Connection) -> tuple[str, ...]:
    """The rules that ever held something: one step of the index for each, not one for each message."""
    name = held.rule.c.rule
    first = select(func.min(name).label("rule")).cte("rules", recursive=True)
    following = select(func.min(name)).where(name > first.c.rule).scalar_subquery()
    steps = first.union_all(select(following).where(first.c.rule.is_not(None)))
    query = select(steps.c.rule).where(steps.c.rule.is_not(None)).limit(300)
    return tuple(connection.execute(query).scalars())


# --- one message among others -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SenderHistory:
    """How many messages of a sender were held, and what became of them."""

    held: int
    by_state: Mapping[State, int]
    false_alarms: int


def is_seen(connection: Connection, reference: str, departments: frozenset[str] | None) -> int:
    """The id of a message that somebody of these departments sees.  Raises ``NotFoundError``."""
    query = select(_message.c.id, _message.c.department).where(
        _message.c.reference == reference.strip().upper()
    )
    row = connection.execute(query).one_or_none()
    if row is None or (departments is not None and row.department not in departments):
        raise NotFoundError(f"there is no message {reference.strip()[:20]!r} in the quarantine")
    return int(row.id)


def needs_second(connection: Connection, reference: str) -> bool:
    """Whether two people decide on a message."""
    return bool(message_row(connection, reference).needs_second)


def are_seen(
    connection: Connection, references: Collection[str], departments: frozenset[str] | None
) -> list[str]:
    """Those of the references that somebody of these departments sees, in the order given."""
    found: set[str] = set()
    numbers = list(dict.fromkeys(references))
    for start in range(0, len(numbers), 500):
        query = select(_message.c.reference).where(_message.c.reference.in_(numbers[start : start + 500]))
        if departments is not None:
            query = query.where(_message.c.department.in_(sorted(departments)))
        found.update(connection.execute(query).scalars())
    return [number for number in numbers if number in found]


def recipients_of(quarantine: Quarantine, connection: Connection, reference: str) -> list[str]:
    """The addresses of a message's recipients, in their order."""
    row = message_row(connection, reference)
    return [one.address for one in read_whole(quarantine, connection, row).envelope.recipients]


def sender_history(connection: Connection, message_id: int) -> SenderHistory:
    """The other messages of the same sender."""
    sender = select(_message.c.sender).where(_message.c.id == message_id).scalar_subquery()
    query = (
        select(
            _message.c.state,
            func.count(),
            func.sum(case((_message.c.false_alarm.is_(True), 1), else_=0)).cast(SqlInteger),
        )
        .where(_message.c.sender == sender, _message.c.id != message_id)
        .group_by(_message.c.state)
    )
    by_state: dict[State, int] = {}
    false_alarms = 0
    for state, count, wrong in connection.execute(query):
        by_state[State(state)] = count
        false_alarms += wrong
    return SenderHistory(sum(by_state.values()), by_state, false_alarms)


def similar(
    quarantine: Quarantine, connection: Connection, detail: HeldDetail, departments: frozenset[str] | None
) -> list[HeldMessage]:
    """The latest messages of the same sender, or to the same first recipients, held by one of its rules."""
    tokens = [quarantine.tokens.recipient(one.address) for one in detail.recipients[:5]]
    to_them = select(held.token.c.message_id).where(held.token.c.token.in_(tokens)).limit(2_000)
    of_rules = select(held.rule.c.message_id).where(
        held.rule.c.message_id == _message.c.id, held.rule.c.rule.in_(detail.message.rules)
    )
    conditions = [
        or_(
            _message.c.sender == quarantine.tokens.sender(detail.envelope.sender),
            _message.c.id.in_(to_them),
        ),
        _message.c.id != detail.message.id,
    ]
    if detail.message.rules:
        conditions.append(of_rules.exists())
    if departments is not None:
        conditions.append(_message.c.department.in_(sorted(departments)))
    rows = connection.execute(
        select(_message).where(and_(*conditions)).order_by(_message.c.held_at.desc()).limit(SIMILAR)
    ).all()
    return list(read_rows(quarantine, connection, rows))


# --- saved views ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter with a name; ``mine`` says that the visitor made it."""

    id: int
    name: str
    query: str
    shared: bool
    mine: bool


VIEWS = 40


def views(connection: Connection, name: str) -> list[SavedView]:
    """The views of somebody and those that others share."""
    table = tables.view
    query = (
        select(table)
        .where(or_(table.c.owner == name, table.c.shared.is_(True)))
        .order_by(table.c.shared, table.c.name)
        .limit(2 * VIEWS)
    )
    return [
        SavedView(row.id, row.name, row.query, row.shared, row.owner == name)
        for row in connection.execute(query)
    ]


def save_view(connection: Connection, owner: str, name: str, query: str, *, shared: bool) -> bool:
    """Keep a view; false where the owner has one of this name, or too many."""
    table = tables.view
    count = connection.execute(select(func.count()).select_from(table).where(table.c.owner == owner))
    if count.scalar_one() >= VIEWS:
        return False
    return insert_new(connection, table, owner=owner, name=name, query=query, shared=shared)


def forget_view(connection: Connection, owner: str, number: int) -> bool:
    """Delete one's own view; false where there is none."""
    table = tables.view
    return connection.execute(delete(table).where(table.c.id == number, table.c.owner == owner)).rowcount > 0


# --- what was disclosed -----------------------------------------------------------------------------------


def disclosures(connection: Connection, actor: str, since: float) -> int:
    """How often somebody looked at values since a moment."""
    table = tables.disclosure
    query = select(func.count()).select_from(table).where(table.c.actor == actor, table.c.at > since)
    return int(connection.execute(query).scalar_one())


def note_disclosure(connection: Connection, actor: str, at: float) -> None:
    """Count one more; what is long past is forgotten."""
    table = tables.disclosure
    connection.execute(delete(table).where(table.c.actor == actor, table.c.at < at - 2 * 86_400))
    connection.execute(insert(table).values(actor=actor, at=at))
