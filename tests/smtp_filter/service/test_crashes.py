"""The crash table (2.7) with the whole ``dlp relay``: killed in each place, then the client comes again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtp_filter.crash_points import CrashPoint
from tests.smtp_filter.peers import ScriptedHop, Talk, unique, wait_for
from tests.soak import letters
from tests.soak.programs import Programs


class Crashing(Programs):
    """A ``dlp relay`` in front of a next hop that remembers."""

    def __init__(self, folder: Path, hop: ScriptedHop) -> None:
        super().__init__(folder, 0.0)
        self.hop, self.hop_port = hop, hop.port
        self._crash = folder / "crash"
        self.environment = {"DLP_CRASH_AT": str(self._crash)}
        self.configure(relay={"processes": 1}, notices={"mailbox": "dpo@council.gov.uk"})
        self.start_service()
        asyncio.run(self.ready())

    def crash_at(self, place: CrashPoint) -> None:
        self._crash.write_text(place.value)

    @property
    def crashed(self) -> bool:
        return not self._crash.exists()

    def send(self, content: bytes) -> tuple[int, str]:
        """One try of the sending server; code 0 when the connection was lost."""
        try:
            with Talk(self.port) as talk:
                return talk.send(content, sender=letters.OFFICER)
        except (AssertionError, ConnectionError):
            return 0, ""

    def rows(self, query: str) -> list[str]:
        with sqlite3.connect(self.folder / "state" / "dlp.db", timeout=30) as database:
            return [row[0] for row in database.execute(query)]

    def copies(self, name: str) -> int:
        """How often the next hop has the message."""
        return sum(f"Message-ID: <{name}>".encode() in one.data for one in self.hop.taken)

    def notices(self, reference: str) -> int:
        return sum(reference.encode() in one.data for one in self.hop.taken)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashing]:
    with ScriptedHop() as hop:
        running = Crashing(tmp_path_factory.mktemp("crashes"), hop)
        yield running
        running.close()


PASSED = [
    # place, copies at the end, why
    (CrashPoint.RECIPIENT, 1, "nothing was there yet"),
    (CrashPoint.DATA_COMPLETE, 1, "an unfinished transaction is dropped by the next hop"),
    (CrashPoint.VERDICT, 1, "the next hop has not seen the dot"),
    (CrashPoint.RELAYED, 2, "the next hop has it and the journal does not: a second copy (RFC 1047)"),
    (CrashPoint.JOURNALLED, 1, "the journal answers the retry"),
]


@pytest.mark.parametrize(("place", "expected", "why"), PASSED, ids=[one[0].value for one in PASSED])
def test_a_passed_message_arrives_whatever_is_killed(
    relay: Crashing, place: CrashPoint, expected: int, why: str
) -> None:
    name = f"{unique()}@council.gov.uk"
    content = letters.plain(name, 5_000, 1)
    held = relay.rows("SELECT reference FROM held_message")
    relay.crash_at(place)
    assert relay.send(content)[0] == 0
    assert relay.crashed
    wait_for(lambda: relay.send(content)[0] == 250)
    assert relay.copies(name) == expected, why
    assert relay.rows("SELECT reference FROM held_message") == held


@pytest.mark.parametrize("place", [CrashPoint.BODY_WRITTEN, CrashPoint.ROW_COMMITTED])
def test_a_held_message_is_held_once_and_told_once_whatever_is_killed(
    relay: Crashing, place: CrashPoint
) -> None:
    content = letters.sensitive(f"{unique()}@council.gov.uk", 2)
    before = set(relay.rows("SELECT reference FROM held_message"))
    relay.crash_at(place)
    assert relay.send(content)[0] == 0
    assert relay.crashed
    wait_for(lambda: relay.send(content)[0] == 250)
    reference = relay.send(content)[1].rsplit(" ", 1)[-1]
    assert set(relay.rows("SELECT reference FROM held_message")) - before == {reference}
    wait_for(lambda: relay.notices(reference) == 1)


def test_a_notice_survives_the_death_of_its_sender(relay: Crashing) -> None:
    relay.crash_at(CrashPoint.NOTICE_UNSENT)
    code, text = relay.send(letters.sensitive(f"{unique()}@council.gov.uk", 3))
    assert code == 250
    reference = text.rsplit(" ", 1)[-1]
    wait_for(lambda: relay.crashed)
    assert relay.notices(reference) == 0
    # The lease of the dead one would keep its successor waiting for minutes.
    with sqlite3.connect(relay.folder / "state" / "dlp.db", timeout=30) as database:
        database.execute("UPDATE mail_outbox SET leased_until = 0 WHERE done_at IS NULL")
    wait_for(lambda: relay.notices(reference) == 1)
