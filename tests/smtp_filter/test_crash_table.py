"""The crash table (``mail_filtering`` 2.7), row by row: the real ``dlp relay`` is killed in each place.

Upstream is a real Postfix queue (after-queue), which tries again; behind the relay is Postfix's re-injection
port and a sink.  One service serves all rows: its supervisor starts a killed process again, and a file says
where the next kill is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from smtp_filter.crash_points import CrashPoint
from tests.ports import HERE
from tests.smtp_filter.peers import Postfix, Sink, Talk, unique, wait_for
from tests.soak import letters
from tests.soak.programs import Programs


@dataclass
class Service:
    """A running ``dlp relay``; ``order`` is the file that names the next kill."""

    programs: Programs
    order: Path

    def held(self) -> Counter[str]:
        """References of held messages."""
        engine = create_engine(f"sqlite:///{self.programs.folder / 'state' / 'dlp.db'}")
        with engine.connect() as connection:
            found = Counter(connection.execute(text("SELECT reference FROM held_message")).scalars())
        engine.dispose()
        return found

    def let_leases_end(self) -> None:
        """A killed process's notices are taken up after five minutes; let them be over."""
        engine = create_engine(f"sqlite:///{self.programs.folder / 'state' / 'dlp.db'}")
        with engine.begin() as connection:
            connection.execute(text("UPDATE mail_outbox SET leased_until = 0"))
        engine.dispose()

    def kill_at(self, place: CrashPoint) -> None:
        self.order.with_suffix(".new").write_text(place)
        self.order.with_suffix(".new").rename(self.order)


@pytest.fixture(scope="module")
def service(postfix: Postfix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    programs, order = Programs(folder, 0.0), folder / "kill-at"
    programs.configure(
        relay={"listen": [f"{HERE}:{postfix.port['filter']}"], "processes": 1},
        next_hop={"port": postfix.port["reinject"]},
        notices={"mailbox": "dlp@council.gov.uk"},
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "scanner.commands", "relay", "--config", str(programs.configuration)],
        env={**os.environ, "DLP_CRASH_AT": str(order)},
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("wb"),
    )

    def ready() -> bool:
        assert process.poll() is None, (folder / "stderr").read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"http://{HERE}:{programs.watch_port}/ready", timeout=5):
                return True
        except OSError:
            return False

    try:
        wait_for(ready, 120)
        yield Service(programs, order)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def put_in(postfix: Postfix, letter: bytes) -> None:
    """Into the upstream's queue: from here on the message is Postfix's to care for."""
    with Talk(postfix.port["after_queue"]) as talk:
        talk.envelope(letters.OUTSIDE, sender=letters.OFFICER)
        assert talk.data(letter)[0] == 250


def arrived(sink: Sink, name: str) -> list[bytes]:
    mark = f"Message-ID: <{name}>".encode()
    return [message for message in sink.messages() if mark in message]


def until_the_queue_is_empty(postfix: Postfix) -> None:
    """The upstream tries again (more often than a real one would) until nothing is left."""

    def empty() -> bool:
        if "Mail queue is empty" in postfix.queue():
            return True
        postfix.flush()
        time.sleep(0.3)
        return False

    wait_for(empty, 60)


PASSED = [
    # place, and how many copies there may be
    (CrashPoint.RECIPIENT, {1}, "nothing on disk, no reply: it comes again"),
    (CrashPoint.DATA_PART, {1}, "a part of the message is nothing"),
    (CrashPoint.DATA_COMPLETE, {1}, "inspection begins anew"),
    (CrashPoint.VERDICT, {1}, "the next hop drops an unfinished transaction"),
    (CrashPoint.DOT_SENT, {1, 2}, "a duplicate cannot be avoided in SMTP (RFC 1047)"),
    (CrashPoint.RELAYED, {1, 2}, "the journal does not know yet"),
    (CrashPoint.JOURNALLED, {1}, "answered from the journal, no second copy"),
]
HELD = [
    (CrashPoint.BODY_WRITTEN, "an orphan body, held at the second try"),
    (CrashPoint.ROW_COMMITTED, "the same hold again"),
    (CrashPoint.NOTICE_UNSENT, "the outbox sends it when it is back"),
]


@pytest.mark.parametrize(("place", "copies", "why"), PASSED)
def test_a_message_that_passes(
    service: Service, postfix: Postfix, sink: Sink, place: CrashPoint, copies: set[int], why: str
) -> None:
    name = unique("passes") + "@council.gov.uk"
    service.kill_at(place)
    put_in(postfix, letters.plain(name, 3_000, 1))
    wait_for(lambda: not service.order.exists(), 60)
    until_the_queue_is_empty(postfix)
    wait_for(lambda: arrived(sink, name))
    assert len(arrived(sink, name)) in copies, why
    assert not service.held()


def notices(sink: Sink, reference: str) -> list[bytes]:
    """Messages to the sender that name the reference."""
    return [
        raw
        for raw in sink.raw()
        if reference.encode() in raw and f"X-Rcpt-Args: <{letters.OFFICER}>".encode() in raw
    ]


@pytest.mark.parametrize(("place", "why"), HELD)
def test_a_message_that_is_held(
    service: Service, postfix: Postfix, sink: Sink, place: CrashPoint, why: str
) -> None:
    name = unique("held") + "@council.gov.uk"
    before = service.held()
    service.kill_at(place)
    put_in(postfix, letters.sensitive(name, 7))
    wait_for(lambda: not service.order.exists(), 60)
    until_the_queue_is_empty(postfix)
    new = service.held() - before
    assert list(new.values()) == [1], why
    service.let_leases_end()
    wait_for(lambda: notices(sink, *new), 60)
    assert len(notices(sink, *new)) == 1, "one notice"
    assert not arrived(sink, name)


def test_every_place_of_the_relay_has_a_row() -> None:
    """Releases are killed in the tests of the quarantine."""
    rows = {place for place, *_ in PASSED} | {place for place, _ in HELD}
    assert set(CrashPoint) - rows == {CrashPoint.RELEASING, CrashPoint.RELEASE_DOT_SENT}
