"""Contact history in the database: the same answers as the one in memory, and nothing in clear."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from smtp_filter.quarantine import tables
from smtp_filter.quarantine.contacts import Sent, StoredContacts
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.journal import Journal
from smtp_filter.verdict.addresses import read_address
from smtp_filter.verdict.contacts import COUNCIL, MemoryContacts, subjects_of

JONES, PATEL, NEAR = (
    read_address(one) for one in ("m.jones@council.test", "j.patel@example.com", "j.patel@exmple.com")
)
DAY = 86_400.0


def test_the_same_answers_as_in_memory(quarantine: Quarantine) -> None:
    stored, memory, now = StoredContacts(quarantine), MemoryContacts(b"k" * 32), time.time()
    sent = Sent(JONES, ((PATEL, "Jay Patel"),))
    for days in (200, 90, 90, 3, 0):
        stored.record([sent], now - days * DAY)
        memory.record(JONES, sent.recipients, now - days * DAY)
    memory.now = now
    for owner in (JONES.key, COUNCIL, "nobody@council.test"):
        for address, name in ((PATEL, "Patel, Jay"), (NEAR, ""), (JONES, "")):
            subjects = subjects_of(address, name)
            expected = memory.strengths(owner, subjects)
            assert list(stored.strengths(owner, subjects)) == pytest.approx(list(expected), abs=1e-4)
    assert stored.strengths(JONES.key, subjects_of(PATEL, ""))[0] == pytest.approx(3.19, abs=0.02)


def test_a_batch_counts_each_message(quarantine: Quarantine) -> None:
    stored = StoredContacts(quarantine, established_after=30)
    assert not stored.established()
    stored.record([Sent(JONES, ((PATEL, ""),))] * 30)
    stored.record([])
    assert stored.strengths(JONES.key, subjects_of(PATEL, ""))[0] == pytest.approx(30, abs=0.01)
    assert stored.established()


def test_nothing_in_clear_and_the_faded_is_forgotten(quarantine: Quarantine) -> None:
    stored, now = StoredContacts(quarantine), time.time()
    stored.record([Sent(JONES, ((PATEL, "Jay Patel"),))], now - 500 * DAY)
    stored.record([Sent(JONES, ((NEAR, ""),))], now)
    with quarantine.engine.connect() as connection:
        assert b"patel" not in repr(connection.execute(select(tables.contact)).all()).encode().lower()
    before = stored.strengths(JONES.key, subjects_of(NEAR, ""))
    assert stored.forget_faded(now) > 5
    assert stored.forget_faded(now) == 0
    assert list(stored.strengths(JONES.key, subjects_of(NEAR, ""))) == pytest.approx(list(before), abs=1e-4)


def test_the_journal_answers_a_retry(quarantine: Quarantine) -> None:
    journal, mine, other = Journal(quarantine), "ab" * 32, "cd" * 32
    assert journal.earlier_reply(mine) is None
    journal.relayed(mine, "250 2.0.0 queued as 4711")
    journal.relayed(mine, "250 again")
    assert journal.earlier_reply(mine) == "250 2.0.0 queued as 4711"
    assert journal.earlier_reply(other) is None
    assert [journal.attempt(other) for _ in range(3)] == [1, 2, 3]
    assert journal.attempt(mine) == 1
