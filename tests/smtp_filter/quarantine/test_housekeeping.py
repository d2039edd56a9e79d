"""What happens by itself: warnings, expiry with notice, deletion after its time, the sweep, the digest."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scanner.store.database import writing
from scanner.store.sealing import MasterKeySource, forget_lost
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.housekeeping import Tidied, put_digest, tidy
from smtp_filter.quarantine.model import Actor, Decision, GoneError, NotFoundError, State
from smtp_filter.quarantine.reading import original, show
from smtp_filter.quarantine.searching import Filter, list_messages
from tests.smtp_filter.quarantine.making import NOTICES, SENDER, hold, open_quarantine

KHAN = Actor("a.khan")
DAY = 86_400.0


def kinds(quarantine: Quarantine) -> list[str]:
    with quarantine.engine.connect() as connection:
        query = select(tables.outbox.c.kind).where(tables.outbox.c.kind != "digest")
        return sorted(connection.execute(query).scalars())


def test_an_undecided_hold_warns_and_expires_and_never_goes_out(quarantine: Quarantine) -> None:
    reference, working, now = hold(quarantine), quarantine.settings.working, time.time()
    for days, counted, notices in [
        (0, Tidied(), ["alert", "hold"]),
        (5, Tidied(triage_warned=1), ["alert", "hold", "undecided"]),
        (8, Tidied(senders_warned=1), ["alert", "hold", "undecided", "warning"]),
        (9, Tidied(), ["alert", "hold", "undecided", "warning"]),
        (10, Tidied(expired=1), ["alert", "expired", "hold", "undecided", "warning"]),
        (11, Tidied(), ["alert", "expired", "hold", "undecided", "warning"]),
    ]:
        at = working.after_days(now, days) + 1 if days else now
        assert tidy(quarantine, at) == counted, days
        assert kinds(quarantine) == notices
    assert show(quarantine, reference, KHAN).message.state is State.EXPIRED
    with quarantine.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.release)).scalar() == 0


@pytest.mark.parametrize("act", ["escalate", "keep", "decide"])
def test_what_does_not_expire(quarantine: Quarantine, act: str) -> None:
    reference, desk = hold(quarantine), Desk(quarantine)
    if act == "escalate":
        desk.escalate(reference, KHAN, "dpo", "breach")
    elif act == "keep":
        desk.keep(reference, KHAN, "court order")
    else:
        desk.decide(reference, KHAN, Decision.RELEASE, "fine")
    before = show(quarantine, reference, KHAN).message.state
    assert tidy(quarantine, time.time() + 40 * DAY).expired == 0
    assert show(quarantine, reference, KHAN).message.state is before


@pytest.mark.parametrize("in_database", [0, 1_000_000], ids=["file", "database"])
def test_body_and_record_are_deleted_after_their_time(
    database_url: str, tmp_path: Path, in_database: int
) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=in_database)
    returned, kept, undecided, now = *(hold(quarantine, str(n)) for n in range(3)), time.time()
    desk = Desk(quarantine)
    for reference in (returned, kept):
        desk.decide(reference, KHAN, Decision.RETURN, "no")
    desk.keep(kept, KHAN, "court order")
    desk.escalate(undecided, KHAN, "dpo", "breach")
    assert tidy(quarantine, now + 29 * DAY).bodies_deleted == 0
    assert tidy(quarantine, now + 31 * DAY).bodies_deleted == 1
    assert show(quarantine, returned, KHAN).message.has_body is False
    with pytest.raises(GoneError):
        list(original(quarantine, returned, KHAN, "check"))
    for reference in (kept, undecided):
        assert list(original(quarantine, reference, KHAN, "check"))
    assert tidy(quarantine, now + 731 * DAY).messages_deleted == 1
    with pytest.raises(NotFoundError):
        show(quarantine, returned, KHAN)
    show(quarantine, kept, KHAN)
    with quarantine.engine.connect() as connection:
        acts = [row.event.act for row in quarantine.audit.events(connection, subject=returned)]
        keys = connection.exec_driver_sql("SELECT count(*) FROM sealing_key WHERE purpose IS NULL").scalar()
    assert acts[-2:] == ["quarantine.body_deleted", "quarantine.deleted"] or "quarantine.deleted" in acts
    assert keys == 4  # two for each of the two that are left
    files = len(list((tmp_path / "held").iterdir()))
    assert files == (0 if in_database else 2)


def test_the_sweep_takes_only_old_orphans(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=0)
    reference, folder = hold(quarantine), tmp_path / "held"
    (mine,) = folder.iterdir()
    old, fresh, draft, foreign = (folder / n for n in ("aa.sealed", "bb.sealed", "cc.part", "README"))
    for path in (old, fresh, draft, foreign):
        path.write_bytes(b"x")
    yesterday = time.time() - 2 * DAY
    for path in (old, draft, foreign, mine):
        os.utime(path, (yesterday, yesterday))
    assert tidy(quarantine).orphans == 2
    assert {path.name for path in folder.iterdir()} == {mine.name, "bb.sealed", "README"}
    assert list(original(quarantine, reference, KHAN, "check"))


def moment(hour: int, day: int = 23) -> float:
    return datetime(2026, 11, day, hour, 5, tzinfo=UTC).timestamp()  # the 23rd is a Monday, London is on UTC


DIGESTS = [
    # when, held, is there one, why
    (moment(7), True, False, "before the first hour"),
    (moment(8), True, True, "at its hour"),
    (moment(11), True, True, "late, because nothing ran at its hour"),
    (moment(8), False, False, "nothing to do"),
    (moment(8, 22), True, False, "a Sunday"),
    (datetime(2026, 12, 25, 9, tzinfo=UTC).timestamp(), True, False, "a bank holiday"),
]


@pytest.mark.parametrize(("now", "held", "sent", "why"), DIGESTS, ids=[why for *_, why in DIGESTS])
def test_the_digest(quarantine: Quarantine, now: float, held: bool, sent: bool, why: str) -> None:
    if held:
        hold(quarantine)
    with writing(quarantine.engine) as connection:
        assert put_digest(quarantine, connection, now) is sent
        assert put_digest(quarantine, connection, now + 60) is False


def test_two_digests_a_day(quarantine: Quarantine) -> None:
    hold(quarantine)
    with writing(quarantine.engine) as connection:
        sent = [put_digest(quarantine, connection, moment(hour)) for hour in (8, 9, 13, 14, 20)]
    assert sent == [True, False, True, False, False]


def test_after_the_loss_of_the_key_the_rest_goes_on(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path)
    lost = hold(quarantine, "1")
    key = tmp_path / "keys" / "master.key"
    key.unlink()
    source = MasterKeySource(key, {})
    source.make_first()
    assert forget_lost(quarantine.engine, source) > 0
    quarantine.close()
    quarantine = open_quarantine(database_url, tmp_path)
    with writing(quarantine.engine) as connection:
        quarantine.audit.begin_anew(connection)
    kept = hold(quarantine, "2")
    listed = {one.reference: one for one in list_messages(quarantine, Filter()).messages}
    assert (listed[lost].sealed_away, listed[lost].sender) == (True, "")
    assert (listed[kept].sealed_away, listed[kept].sender) == (False, SENDER)
    assert [notice.kind for notice in quarantine.outbox.take(quarantine.engine, time.time())] == [
        "alert",
        "hold",
    ]
    done = tidy(quarantine, time.time() + 30 * DAY)
    assert (done.senders_warned, done.expired) == (2, 2)
    assert quarantine.audit.verify(quarantine.engine).sound


def test_a_crowd_of_old_ones_is_done_in_one_round(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, notices=replace(NOTICES, domains=frozenset()))
    for number in range(5):
        Desk(quarantine).decide(hold(quarantine, str(number)), KHAN, Decision.RETURN, "no")
    assert tidy(quarantine, time.time() + 800 * DAY).messages_deleted == 5
    with quarantine.engine.connect() as connection:
        for table in (
            tables.message,
            tables.detail,
            tables.token,
            tables.recipient,
            tables.case,
            tables.body,
        ):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0, table.name
    assert quarantine.audit.verify(quarantine.engine).sound
