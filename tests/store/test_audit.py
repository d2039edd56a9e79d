"""The audit log: what it records, and that nothing can be changed, put in, taken out or cut off unseen."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from scanner.store.audit import Anchor, AuditEvent, AuditLog
from scanner.store.database import FOUNDATION, open_database, writing

KEY = bytes(range(32))


def event(number: int) -> AuditEvent:
    return AuditEvent(
        actor="a.khan",
        role="triage",
        origin="192.0.2.7",
        act="quarantine.release",
        subject=f"Q-2026-{number:06}",
        reason="right person; manager agrees",
        before={"state": "held"},
        after={"state": "releasing", "recipients": 2},
    )


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_database(database_url, FOUNDATION)


@pytest.fixture
def log(engine: Engine) -> AuditLog:
    """Ten rows."""
    log = AuditLog(KEY)
    with writing(engine) as connection:
        for number in range(10):
            log.record(connection, event(number), at=1000.0 + number)
    return log


def test_events_come_back_as_they_were(engine: Engine, log: AuditLog) -> None:
    with engine.connect() as connection:
        rows = list(log.events(connection))
        assert [row.number for row in rows] == list(range(1, 11))
        assert rows[4].event == event(4)
        assert rows[4].at == 1004.0
        assert len(list(log.events(connection, since=1003, until=1006))) == 3
        assert len(list(log.events(connection, after=7))) == 3
        assert len(list(log.events(connection, subject="Q-2026-000002"))) == 1
        assert len(list(log.events(connection, actor="nobody"))) == 0
        assert len(list(log.events(connection, act="quarantine"))) == 10
        assert len(list(log.events(connection, act="quar"))) == 0
    check = log.verify(engine)
    assert (check.sound, check.rows, check.end.number) == (True, 10, 10)


def test_an_act_that_was_rolled_back_was_never_recorded(engine: Engine, log: AuditLog) -> None:
    connection = engine.connect()
    with connection.begin() as transaction:
        log.record(connection, event(99))
        transaction.rollback()
    connection.close()
    check = log.verify(engine)
    assert (check.sound, check.rows) == (True, 10)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x' WHERE number = 3",
        "DELETE FROM audit WHERE number = 10",
        "DELETE FROM audit",
    ],
)
def test_the_database_itself_refuses(engine: Engine, log: AuditLog, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement))


def unguarded(engine: Engine) -> Connection:
    """What somebody with all rights on the database can do."""
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER audit_is_final"))
        connection.execute(text("DROP TRIGGER audit_is_kept"))
    else:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
    return connection


MANIPULATIONS = [
    # what was done, the first row that the check names
    ("UPDATE audit SET actor = 'm.jones' WHERE number = 3", 3),
    ("UPDATE audit SET at = at + 0.5 WHERE number = 1", 1),
    ("UPDATE audit SET reason = '' WHERE number = 10", 10),
    ("UPDATE audit SET after = replace(after, '2', '3') WHERE number = 6", 6),
    ("UPDATE audit SET mac = (SELECT mac FROM audit WHERE number = 4) WHERE number = 5", 5),
    ("DELETE FROM audit WHERE number = 1", 1),
    ("DELETE FROM audit WHERE number = 5", 5),
    ("DELETE FROM audit WHERE number >= 8", 8),
    ("DELETE FROM audit", 1),
    ("UPDATE audit SET number = number + 100 WHERE number = 7", 7),
    (
        "INSERT INTO audit SELECT 11, at, actor, role, origin, act, subject, reason, before, after, mac "
        "FROM audit WHERE number = 10",
        11,
    ),
    ("UPDATE audit_head SET number = 9, mac = (SELECT mac FROM audit WHERE number = 9)", 10),
    ("UPDATE audit_head SET base_number = 4, base_mac = (SELECT mac FROM audit WHERE number = 4)", 4),
]


@pytest.mark.parametrize(("statement", "row"), MANIPULATIONS)
def test_the_first_broken_row_is_named(engine: Engine, log: AuditLog, statement: str, row: int) -> None:
    with unguarded(engine) as connection:
        connection.execute(text(statement))
        connection.commit()
    check = log.verify(engine)
    assert check.broken == row, check.problem
    assert check.problem


def test_a_log_turned_back_with_its_head_is_seen_against_an_anchor(engine: Engine, log: AuditLog) -> None:
    with engine.connect() as connection:
        anchor = Anchor.parse(str(log.anchor(connection)))
    with unguarded(engine) as connection:
        connection.execute(text("DELETE FROM audit WHERE number > 8"))
        connection.execute(
            text("UPDATE audit_head SET number = 8, mac = (SELECT mac FROM audit WHERE number = 8)")
        )
        connection.commit()
    assert log.verify(engine).sound
    assert log.verify(engine, anchor).broken == 9
    with writing(engine) as connection:  # and going on does not heal it
        for number in range(5):
            log.record(connection, event(number))
    assert log.verify(engine, anchor).broken == 10


def test_an_older_anchor_still_holds(engine: Engine, log: AuditLog) -> None:
    with engine.connect() as connection:
        anchor = log.anchor(connection)
    with writing(engine) as connection:
        log.record(connection, event(1))
    assert log.verify(engine, anchor).sound


def test_another_key_makes_nothing_sound(engine: Engine, log: AuditLog) -> None:
    assert AuditLog(bytes(32)).verify(engine).broken == 1


def test_pruning_leaves_a_log_that_can_be_verified(engine: Engine, log: AuditLog) -> None:
    with writing(engine) as connection:
        assert log.prune(connection, 1004.0) == 4
    check = log.verify(engine)
    assert (check.sound, check.rows) == (True, 6)
    with writing(engine) as connection:
        assert log.prune(connection, 1004.0) == 0
        assert log.prune(connection, 2000.0) == 6
        log.record(connection, event(1))
    check = log.verify(engine)
    assert (check.sound, check.rows, check.end.number) == (True, 1, 11)


def test_a_new_chain_after_the_key_was_lost(engine: Engine, log: AuditLog) -> None:
    new = AuditLog(bytes(reversed(KEY)))
    assert new.verify(engine).broken == 1
    with writing(engine) as connection:
        new.begin_anew(connection)
        new.record(connection, event(1))
    check = new.verify(engine)
    assert (check.sound, check.rows, check.end.number) == (True, 1, 11)
    with engine.connect() as connection:
        assert len(list(new.events(connection))) == 11


HOSTILE: list[tuple[str, Callable[[str], bool]]] = [
    ("two\nlines\r\n", lambda text: "\n" not in text and "\r" not in text),
    ("nul\x00 escape\x1b[31m", lambda text: text.isprintable()),
    ("lone \udc80 surrogate", lambda text: "surrogate" in text),
    ("right to left \u202e", lambda text: "\u202e" not in text),
    ("x" * 10_000, lambda text: len(text) == 4_000),
    ("Siân Llŷr 李", lambda text: text == "Siân Llŷr 李"),
]


@pytest.mark.parametrize(("reason", "holds"), HOSTILE)
def test_hostile_reasons_are_recorded_harmlessly(
    engine: Engine, reason: str, holds: Callable[[str], bool]
) -> None:
    log = AuditLog(KEY)
    with writing(engine) as connection:
        log.record(connection, AuditEvent(actor=reason, act="test", reason=reason))
    with engine.connect() as connection:
        (row,) = log.events(connection)
    assert holds(row.event.reason)
    assert log.verify(engine).sound


def _record_many(url: str) -> None:
    engine, log = open_database(url, FOUNDATION), AuditLog(KEY)
    for number in range(25):
        with writing(engine) as connection:
            log.record(connection, event(number))


def test_writers_at_once_make_one_chain(database_url: str) -> None:
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_record_many, args=(database_url,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    check = AuditLog(KEY).verify(open_database(database_url, FOUNDATION))
    assert (check.sound, check.rows) == (True, 100)
