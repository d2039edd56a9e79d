"""Figures of the quarantine for the SIRO and for metrics: what was held, how long, how often in vain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import State

_message = tables.message


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule: how many messages it held, how many of these were released, and as a false alarm."""

    rule: str
    held: int
    released: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A span of time.

    ``held_minutes`` sums the time from hold to decision; ``false_hold_minutes`` the same for messages that
    were false alarms: what over-blocking cost others.  ``median_minutes`` is the median time to a decision.
    """

    held: int
    by_state: Mapping[State, int]
    by_severity: Mapping[Severity, int]
    decided: int
    false_alarms: int
    held_minutes: float
    false_hold_minutes: float
    median_minutes: float | None
    emergencies: int
    by_rule: tuple[RuleFigures, ...]


def figures(quarantine: Quarantine, since: float, until: float) -> Figures:
    """The figures of the messages that were held from ``since`` to ``until`` (seconds since 1970)."""
    span = (_message.c.held_at >= since, _message.c.held_at < until)
    took = _message.c.decided_at - _message.c.held_at
    with quarantine.engine.connect() as connection:
        groups = connection.execute(
            select(
                _message.c.state,
                _message.c.severity,
                _message.c.false_alarm,
                func.count(),
                func.count(_message.c.decided_at),
                func.coalesce(func.sum(took), 0.0),
            )
            .where(*span)
            .group_by(_message.c.state, _message.c.severity, _message.c.false_alarm)
        ).all()
        decided = sum(group[4] for group in groups)
        median = None
        if decided:
            median = connection.execute(
                select(took)
                .where(*span, _message.c.decided_at.is_not(None))
                .order_by(took)
                .offset((decided - 1) // 2)
                .limit(1)
            ).scalar()
        table = tables.rule
        by_rule = connection.execute(
            select(
                table.c.rule,
                func.count(),
                func.sum(case((_message.c.state == State.RELEASED.value, 1), else_=0)),
                func.sum(case((_message.c.false_alarm, 1), else_=0)),
            )
            .join(_message, _message.c.id == table.c.message_id)
            .where(*span)
            .group_by(table.c.rule)
            .order_by(func.count().desc(), table.c.rule)
        ).all()
        emergencies = connection.execute(
            select(func.count())
            .select_from(tables.emergency)
            .join(_message, _message.c.id == tables.emergency.c.message_id)
            .where(*span, tables.emergency.c.confirmed_at.is_not(None))
        ).scalar_one()
    by_state: dict[State, int] = {}
    by_severity: dict[Severity, int] = {}
    for state, severity, _, count, _, _ in groups:
        by_state[State(state)] = by_state.get(State(state), 0) + count
        by_severity[Severity(severity)] = by_severity.get(Severity(severity), 0) + count
    return Figures(
        held=sum(group[3] for group in groups),
        by_state=by_state,
        by_severity=by_severity,
        decided=decided,
        false_alarms=sum(count for _, _, false, count, _, _ in groups if false),
        held_minutes=sum(group[5] for group in groups) / 60,
        false_hold_minutes=sum(group[5] for group in groups if group[2]) / 60,
        median_minutes=None if median is None else median / 60,
        emergencies=emergencies,
        by_rule=tuple(RuleFigures(rule, held, released, false) for rule, held, released, false in by_rule),
    )
