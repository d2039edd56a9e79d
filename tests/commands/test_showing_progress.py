"""Progress as one line of text."""

from __future__ import annotations

import pytest

from scanner.commands.showing_progress import progress_bar, share_done, status_line
from scanner.judgement.assessment import Severity
from scanner.shares.scan import Progress


def progress(**given: object) -> Progress:
    values: dict[str, object] = {
        "seconds": 10.0,
        "walking": False,
        "objects_met": 1_000,
        "objects_ended": 250,
        "bytes_met": 4_000_000,
        "bytes_ended": 2_000_000,
        "unread": 0,
        "by_severity": {},
    }
    return Progress(**(values | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "250/1,000 files  2.0 MB/4.0 MB  200 kB/s  30 s left  no findings yet"),
        ({"walking": True}, "250/1,000 files  2.0 MB/4.0 MB  200 kB/s  no findings yet"),
        (
            {"by_severity": {Severity.LOW: 2, Severity.CRITICAL: 1, Severity.NONE: 9}, "unread": 3},
            "250/1,000 files  2.0 MB/4.0 MB  200 kB/s  30 s left  1 critical, 2 low  3 not wholly read",
        ),
        (
            {"objects_ended": 0, "bytes_ended": 0, "seconds": 0.0},
            "0/1,000 files  0 B/4.0 MB  0 B/s  no findings yet",
        ),
        (
            {"bytes_met": 7_000_000_000_000, "seconds": 3600.0, "objects_ended": 999},
            "999/1,000 files  2.0 MB/7.0 TB  556 B/s  3499999 h 00 min left  no findings yet",
        ),
    ],
)
def test_status_line(given: dict[str, object], line: str) -> None:
    assert status_line(progress(**given)) == line


def test_share_done() -> None:
    assert share_done(progress()) == pytest.approx((0.25 + 0.5) / 2)
    assert share_done(progress(bytes_met=0, bytes_ended=0)) == pytest.approx(0.25)
    assert share_done(progress(objects_met=0, objects_ended=0, bytes_met=0)) == 0


def test_quiet_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with progress_bar(wanted=True) as show:
        show(progress())
    assert capfd.readouterr() == ("", "")
