"""How fast a scan may read, on a clock of the test."""

from __future__ import annotations

import os

import pytest

from scanner.shares.pace import Pace, PaceSettings, be_modest, probe


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def read(pace: Pace, clock: Clock, seconds: float, size: int, each: float) -> int:
    """How many files of ``size`` bytes that take ``each`` second are read in ``seconds``."""
    count, end = 0, clock.now + seconds
    while clock.now < end:
        if pace.may_read():
            pace.begin(size)
            clock.now += each
            pace.end(each)
            count += 1
        else:
            clock.now += 0.001
    return count


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        (PaceSettings(), 1_000),
        (PaceSettings(megabytes_per_second=1.0), 100),  # of 100 kB each
        (PaceSettings(files_per_second=50.0), 500),
        (PaceSettings(cpu_percent=25), 250),
        (PaceSettings(megabytes_per_second=1.0, files_per_second=5.0), 50),  # the slower one counts
    ],
)
def test_limits_are_kept(settings: PaceSettings, files: int) -> None:
    clock = Clock()
    assert read(Pace(settings, clock=clock), clock, 10, 100_000, 0.01) == pytest.approx(files, rel=0.1)


def test_a_large_file_is_paid_for_before_the_next_one() -> None:
    clock = Clock()
    pace = Pace(PaceSettings(megabytes_per_second=10.0), clock=clock)
    pace.begin(50_000_000)
    clock.now += 4.9
    assert not pace.may_read()
    clock.now += 0.2
    assert pace.may_read()


def test_a_server_that_becomes_slow_gets_rest_and_then_no_more() -> None:
    clock = Clock()
    pace = Pace(PaceSettings(), clock=clock)
    for _ in range(5):
        pace.answered(0.002)
    fast = read(pace, clock, 10, 1, 0.01)
    for _ in range(4):
        pace.answered(0.5)
    assert pace.backing_off
    slow = read(pace, clock, 10, 1, 0.01)
    for _ in range(10):
        pace.answered(0.002)
    assert not pace.backing_off
    assert slow < fast / 3
    assert read(pace, clock, 10, 1, 0.01) == pytest.approx(fast, rel=0.05)


def test_a_server_that_always_was_slow_is_as_usual() -> None:
    pace = Pace(PaceSettings(), clock=Clock())
    for _ in range(20):
        pace.answered(0.2)
    assert not pace.backing_off


def test_modesty_is_taken_on_and_inherited() -> None:
    pid = os.fork()
    if pid == 0:
        before = os.nice(0)
        be_modest(PaceSettings(nice=3, io_class="idle"))
        os._exit(0 if os.nice(0) == min(19, before + 3) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_probe_measures_and_never_raises() -> None:
    assert probe(b"/") >= 0
    assert probe(b"/nothing/there") >= 0
