"""Names wait until their files rest, by a clock of the test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.shares.sources import LOCAL
from scanner.shares.watching.settling import Settled, Settling

SPAN = 1_700_000_000.0


@dataclass
class Time:
    now: float = 100.0

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return SPAN + self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def settling(clock: Time) -> Settling:
    return Settling(2.0, 60.0, clock=clock.clock, wall=clock.wall)


def changed(path: Path, clock: Time, size: int = 1) -> bytes:
    path.write_bytes(b"x" * size)
    os.utime(path, (clock.wall(), clock.wall()))
    return os.fsencode(path)


def test_many_events_are_one_name(tmp_path: Path, clock: Time, settling: Settling) -> None:
    path = changed(tmp_path / "a", clock)
    for _ in range(1_000):
        settling.note(path)
    assert len(settling) == 1
    clock.now += 1.9
    assert settling.settled(10) == []
    clock.now += 10  # its ctime is that of the real clock, far ahead: it has to look the same twice
    settling.settled(10)
    clock.now += 3
    assert settling.settled(10) == [Settled(path, again=False)]
    assert len(settling) == 0
    assert settling.next_due is None


def test_what_is_gone_is_settled_at_once(clock: Time, settling: Settling) -> None:
    settling.note(b"/nowhere/at all")
    clock.now += 2.1
    assert settling.settled(10) == [Settled(b"/nowhere/at all", again=False)]


def test_what_grows_waits_and_never_for_ever(tmp_path: Path, clock: Time, settling: Settling) -> None:
    waits = []
    for _ in range(3):
        began, path = clock.now, changed(tmp_path / "log", clock)
        settling.note(path)
        found: list[Settled] = []
        size = 1
        while not found:
            clock.now += 1.0
            size += 1
            changed(tmp_path / "log", clock, size)
            settling.note(path)
            found = settling.settled(10)
        assert found == [Settled(path, again=True)]
        waits.append(clock.now - began)
    assert waits[0] == pytest.approx(60, abs=4)
    assert waits[1] == pytest.approx(120, abs=4)  # a log is read ever more seldom
    assert waits[2] == pytest.approx(240, abs=4)


def test_a_hundred_thousand_events_on_a_thousand_names(clock: Time, settling: Settling) -> None:
    for number in range(100_000):
        settling.note(b"/gone/%d" % (number % 1_000))
    assert len(settling) == 1_000
    clock.now += 3
    found = [item for _ in range(10) for item in settling.settled(100)]
    assert len({item.path for item in found}) == 1_000


def test_asked_again_sooner(clock: Time, settling: Settling) -> None:
    settling.note(b"/gone/x")
    settling.note(b"/gone/x", again=True, after=0.0)
    clock.now += 0.1
    assert settling.settled(10) == [Settled(b"/gone/x", again=True)]
    clock.now += 5
    assert settling.settled(10) == []


def test_whether_somebody_writes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    raw = os.fsencode(path)
    assert not LOCAL.being_written(raw)
    with path.open("a"):
        assert LOCAL.being_written(raw)
    with path.open("rb"):
        assert not LOCAL.being_written(raw)
    assert not LOCAL.being_written(raw)
    path.unlink()
    os.mkfifo(path)
    assert not LOCAL.being_written(raw)  # and does not wait for the other end
    assert not LOCAL.being_written(raw + b" is not there")
