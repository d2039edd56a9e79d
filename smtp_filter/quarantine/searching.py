"""Lists of held messages: filters that combine, pages that cost the same however long the list, counters.

Whatever a page shows comes in a fixed number of queries.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.sealing import DataKey, SealingError
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.encoding import RECIPIENTS_SHOWN, Summary, summary_from_bytes
from smtp_filter.quarantine.holding import SUMMARY, Quarantine
from smtp_filter.quarantine.model import Handover, HeldMessage, HeldRecipient, NotFoundError, State
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.quarantine.tokens import words_of
from smtp_filter.verdict.model import Word

PAGE = 50
# Nobody turns so many pages; counting on would cost more than the page.
COUNTED = 10_000
NOBODY = "-"

_message = tables.message


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; all that is given must hold.

    ``states`` empty and ``undecided`` set is the inbox.  ``text`` is words of the envelope and the reasons,
    all of which must occur, whole.  ``assignee`` may be ``-`` for nobody.  ``held_after`` and ``held_before``
    are seconds since 1970.  ``departments`` limits what a person of some departments sees; ``None`` is all.
    ``first_of_case`` leaves out the later messages of a case, undecided ones where that is what is listed.
    """

    states: frozenset[State] = frozenset()
    undecided: bool = True
    severity: Severity = Severity.NONE
    severities: frozenset[Severity] = frozenset()
    rule: str = ""
    sender: str = ""
    recipient: str = ""
    domain: str = ""
    department: str = ""
    departments: frozenset[str] | None = None
    assignee: str = ""
    text: str = ""
    case: int | None = None
    held_after: float | None = None
    held_before: float | None = None
    overdue: bool = False
    escalated: bool | None = None
    legal_hold: bool | None = None
    needs_second: bool | None = None
    first_of_case: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page: ``total`` stops at 10,000; ``following`` is the next page's cursor, empty on the last."""

    messages: tuple[HeldMessage, ...]
    total: int
    following: str


@dataclass(frozen=True, slots=True)
class Counters:
    """How many messages are undecided and how they divide, how many are overdue, the oldest's time."""

    undecided: int
    overdue: int
    by_state: Mapping[State, int]
    by_severity: Mapping[Severity, int]
    by_assignee: Mapping[str, int]
    oldest: float | None


def list_messages(
    quarantine: Quarantine, wanted: Filter, *, limit: int = PAGE, after: str = "", count: bool = True
) -> Page:
    """One page of the messages that match: undecided ones by when they are due, others the newest first."""
    by_due = _is_queue(wanted)
    column = _message.c.due_at if by_due else _message.c.held_at
    conditions = _conditions(quarantine, wanted)
    query = select(_message).where(*conditions)
    if after:
        moment, number = _cursor(after)
        beyond = column > moment if by_due else column < moment
        later = _message.c.id > number if by_due else _message.c.id < number
        query = query.where(or_(beyond, and_(column == moment, later)))
    order = (column, _message.c.id) if by_due else (column.desc(), _message.c.id.desc())
    with quarantine.engine.connect() as connection:
        rows = connection.execute(query.order_by(*order).limit(limit + 1)).all()
        total = _counted(connection, conditions) if count else 0
        shown = rows[:limit]
        messages = tuple(read_rows(quarantine, connection, shown))
    following = ""
    if len(rows) > limit:
        last = shown[-1]
        following = f"{(last.due_at if by_due else last.held_at)!r}:{last.id}"
    return Page(messages, total, following)


def references(quarantine: Quarantine, wanted: Filter, limit: int = COUNTED) -> list[str]:
    """The numbers of all messages that match, for an act on all of them."""
    query = select(_message.c.reference).where(*_conditions(quarantine, wanted))
    with quarantine.engine.connect() as connection:
        return list(
            connection.execute(query.order_by(_message.c.due_at, _message.c.id).limit(limit)).scalars()
        )


def counters(quarantine: Quarantine, departments: frozenset[str] | None = None) -> Counters:
    """The numbers over the inbox."""
    conditions = _conditions(quarantine, Filter(departments=departments))
    groups = select(
        _message.c.state, _message.c.severity, _message.c.assignee, func.count(), func.min(_message.c.held_at)
    ).where(*conditions)
    late = select(func.count()).select_from(_message).where(*conditions, _message.c.due_at < time.time())
    by_state: dict[State, int] = defaultdict(int)
    by_severity: dict[Severity, int] = defaultdict(int)
    by_assignee: dict[str, int] = defaultdict(int)
    oldest: list[float] = []
    with quarantine.engine.connect() as connection:
        for state, severity, assignee, count, first in connection.execute(
            groups.group_by(_message.c.state, _message.c.severity, _message.c.assignee)
        ):
            by_state[State(state)] += count
            by_severity[Severity(severity)] += count
            by_assignee[assignee] += count
            oldest.append(first)
        overdue = connection.execute(late).scalar_one()
    return Counters(
        undecided=sum(by_state.values()),
        overdue=overdue,
        by_state=dict(by_state),
        by_severity=dict(by_severity),
        by_assignee=dict(by_assignee),
        oldest=min(oldest, default=None),
    )


def message_row(connection: Connection, reference: str) -> Any:
    """The row of a number as a person writes it.  Raises :class:`NotFoundError`."""
    row = connection.execute(
        select(_message).where(_message.c.reference == reference.strip().upper())
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no message {reference.strip()[:20]!r} in the quarantine")
    return row


def read_rows(
    quarantine: Quarantine, connection: Connection, rows: Sequence[Any], *, whole: bool = False
) -> Iterable[HeldMessage]:
    """The values of some rows, unsealed, in their order; ``whole``: shielded ones are not covered."""
    if not rows:
        return
    numbers = [row.id for row in rows]
    keys = quarantine.sealer.keys(connection, [row.key_id for row in rows])
    rules: dict[int, list[str]] = defaultdict(list)
    for number, rule in connection.execute(
        select(tables.rule.c.message_id, tables.rule.c.rule).where(tables.rule.c.message_id.in_(numbers))
    ):
        rules[number].append(rule)
    sizes = select(tables.case.c.id, tables.case.c.size).where(
        tables.case.c.id.in_({row.case_id for row in rows})
    )
    cases = {row.id: row.size for row in connection.execute(sizes)}
    handed: dict[int, dict[int, Handover]] = defaultdict(dict)
    for number, index, handover in connection.execute(
        select(tables.recipient.c.message_id, tables.recipient.c.number, tables.recipient.c.handover).where(
            tables.recipient.c.message_id.in_(numbers), tables.recipient.c.number < RECIPIENTS_SHOWN
        )
    ):
        handed[number][index] = Handover(handover)
    shielded = quarantine.shield.sighted(connection, SightingKind.MESSAGE, numbers)
    for row in rows:
        key = keys.get(row.key_id)
        summary = _summary(key, row.summary)
        message = HeldMessage(
            id=row.id,
            reference=row.reference,
            case=row.case_id,
            case_size=cases.get(row.case_id, 1),
            state=State(row.state),
            revision=row.revision,
            severity=Severity(row.severity),
            word=Word(row.word),
            people=PeopleCount(row.people_low, row.people_high),
            department=row.department,
            size=row.size,
            held_at=row.held_at,
            due_at=row.due_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
            assignee=row.assignee,
            claimed_until=row.claimed_until,
            escalated=row.escalated,
            legal_hold=row.legal_hold,
            needs_second=row.needs_second,
            false_alarm=row.false_alarm,
            rules=tuple(sorted(rules[row.id])),
            subject=summary.subject if summary else "",
            sender=summary.sender if summary else "",
            recipients=tuple(
                HeldRecipient(address, route, why, handed[row.id].get(index, Handover.PENDING))
                for index, (address, route, why) in enumerate(summary.recipients if summary else ())
            ),
            recipients_total=row.recipients,
            counts=summary.counts if summary else {},
            reasons=summary.reasons if summary else (),
            subject_is_clean=summary is not None and summary.subject_is_clean,
            has_body=row.body != "",
            sealed_away=summary is None,
        )
        yield quarantine.shield.cover_message(message) if row.id in shielded and not whole else message


def _summary(key: DataKey | None, sealed: bytes) -> Summary | None:
    """What a list tells, ``None`` once the key is gone or where the row was damaged: the others are shown."""
    try:
        return summary_from_bytes(key.open(sealed, SUMMARY)) if key else None
    except SealingError:
        return None


def _is_queue(wanted: Filter) -> bool:
    return wanted.undecided and not wanted.states


def _conditions(quarantine: Quarantine, wanted: Filter) -> list[ColumnElement[bool]]:
    tokens, column = quarantine.tokens, _message.c
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(column.state.in_([state.value for state in wanted.states]))
    elif wanted.undecided:
        found.append(column.undecided.is_(True))
    if wanted.severity > Severity.NONE:
        found.append(column.severity >= int(wanted.severity))
    if wanted.severities:
        found.append(column.severity.in_([int(level) for level in wanted.severities]))
    if wanted.rule:
        rules = select(tables.rule.c.message_id).where(tables.rule.c.rule == wanted.rule)
        found.append(column.id.in_(rules))
    if wanted.sender:
        found.append(column.sender == tokens.sender(wanted.sender))
    if wanted.recipient:
        found.append(_has(tokens.recipient(wanted.recipient)))
    if wanted.domain:
        found.append(_has(tokens.domain(wanted.domain)))
    if wanted.department:
        found.append(column.department == wanted.department)
    if wanted.departments is not None:
        found.append(column.department.in_(sorted(wanted.departments)))
    if wanted.assignee:
        found.append(column.assignee == ("" if wanted.assignee == NOBODY else wanted.assignee))
    if wanted.recipient or any(not term.casefold().startswith("q-") for term in wanted.text.split()):
        # Whoever finds a shielded message by its words knows what it says.
        found.append(quarantine.shield.not_sighted())
    for term in wanted.text.split():
        whole = term.casefold()
        words = [whole] if "@" in whole or whole.startswith("q-") else words_of(term)
        found.extend(_has(tokens.of("word", word)) for word in words)
    if wanted.case is not None:
        found.append(column.case_id == wanted.case)
    if wanted.held_after is not None:
        found.append(column.held_at >= wanted.held_after)
    if wanted.held_before is not None:
        found.append(column.held_at < wanted.held_before)
    if wanted.overdue:
        found.append(column.due_at < time.time())
    if wanted.first_of_case:
        other = _message.alias("other")
        earlier = select(other.c.id).where(other.c.case_id == column.case_id, other.c.id < column.id)
        if _is_queue(wanted):
            earlier = earlier.where(other.c.undecided.is_(True))
        found.append(~earlier.exists())
    for flag, value in (
        (column.escalated, wanted.escalated),
        (column.legal_hold, wanted.legal_hold),
        (column.needs_second, wanted.needs_second),
    ):
        if value is not None:
            found.append(flag.is_(value))
    return found


def _has(token: int) -> ColumnElement[bool]:
    return _message.c.id.in_(select(tables.token.c.message_id).where(tables.token.c.token == token))


def _counted(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    some: Select[Any] = select(_message.c.id).where(*conditions).limit(COUNTED)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def _cursor(written: str) -> tuple[float, int]:
    moment, _, number = written.partition(":")
    try:
        return float(moment), int(number)
    except ValueError:
        raise NotFoundError("there is no such page") from None
