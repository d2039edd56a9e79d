"""The hours in which a scan may read."""

from __future__ import annotations

from datetime import datetime

import pytest

from scanner.shares.windows import Windows, parse_window

# 23 November 2026 is a Monday.
NIGHTS = ["mon-fri 19:00-07:00", "sat,sun 00:00-24:00"]


@pytest.mark.parametrize(
    ("lines", "moment", "is_open", "opens"),
    [
        (NIGHTS, "2026-11-23 18:59", False, "2026-11-23 19:00"),
        (NIGHTS, "2026-11-23 19:00", True, "2026-11-23 19:00"),
        (NIGHTS, "2026-11-24 06:59", True, "2026-11-24 06:59"),
        (NIGHTS, "2026-11-24 07:00", False, "2026-11-24 19:00"),
        (NIGHTS, "2026-11-23 03:00", False, "2026-11-23 19:00"),  # Sunday ends at midnight
        (NIGHTS, "2026-11-28 03:00", True, "2026-11-28 03:00"),  # Friday's night
        (NIGHTS, "2026-11-28 12:00", True, "2026-11-28 12:00"),  # a Saturday
        (["sun 22:00-02:00"], "2026-11-30 01:00", True, "2026-11-30 01:00"),  # over the end of the week
        (["22:00-06:00"], "2026-11-25 21:00", False, "2026-11-25 22:00"),
        (["fri-mon 08:00-09:00"], "2026-11-29 08:30", True, "2026-11-29 08:30"),
        ([], "2026-11-25 21:00", True, "2026-11-25 21:00"),
        (["tue 09:00-09:00"], "2026-11-25 08:59", True, "2026-11-25 08:59"),  # the whole day
    ],
)
def test_open(lines: list[str], moment: str, is_open: bool, opens: str) -> None:
    windows, now = Windows.parse(lines), datetime.fromisoformat(moment)
    assert windows.open_at(now) is is_open
    assert windows.opens(now) == datetime.fromisoformat(opens)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("at night", "must be written like"),
        ("mon 25:00-07:00", "times of day"),
        ("mon 19:60-20:00", "times of day"),
        ("moon 19:00-07:00", "must name days"),
        ("mon-xyz 19:00-07:00", "must name days"),
        ("mon 19-7", "must be written like"),
    ],
)
def test_what_is_no_window(line: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_window(line)
