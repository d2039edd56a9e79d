"""Working days and hours: weekends, bank holidays and summer time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from smtp_filter.quarantine.working_time import WorkingTime, bank_holidays

LONDON = ZoneInfo("Europe/London")

HOLIDAYS = [
    # as published by the government for England and Wales
    (2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"),
    (2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
    (2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"),
    (2022, "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27"),  # without the jubilee, which was proclaimed
]


@pytest.mark.parametrize(("year", "days"), HOLIDAYS)
def test_bank_holidays(year: int, days: str) -> None:
    assert sorted(bank_holidays(year)) == [date.fromisoformat(f"{year}-{day}") for day in days.split()]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp()


DAYS = [
    # from, working days, end
    ("2026-11-20 14:02", 10, "2026-12-04 17:00"),  # a Friday
    ("2026-11-21 23:00", 1, "2026-11-23 17:00"),  # a Saturday
    ("2026-12-23 10:00", 2, "2026-12-29 17:00"),  # Christmas on a Friday, its second day moves to Monday
    ("2027-03-25 10:00", 1, "2027-03-30 17:00"),  # Easter and the beginning of summer time
]


@pytest.mark.parametrize(("start", "days", "end"), DAYS)
def test_after_working_days(start: str, days: int, end: str) -> None:
    assert WorkingTime().after_days(at(start), days) == at(end)


HOURS = [
    ("2026-11-20 10:00", 4, "2026-11-20 14:00"),
    ("2026-11-20 16:00", 4, "2026-11-23 12:00"),
    ("2026-11-20 07:00", 1, "2026-11-20 10:00"),
    ("2026-11-20 18:30", 1, "2026-11-23 10:00"),
    ("2026-11-21 12:00", 8, "2026-11-23 17:00"),
    ("2026-11-20 09:00", 16, "2026-11-23 17:00"),
    ("2026-10-23 16:00", 2, "2026-10-26 10:00"),  # the clocks go back between them
]


@pytest.mark.parametrize(("start", "hours", "end"), HOURS)
def test_after_working_hours(start: str, hours: float, end: str) -> None:
    assert WorkingTime().after_hours(at(start), hours) == at(end)


def test_a_day_of_its_own() -> None:
    closed = WorkingTime(closed=frozenset({date(2026, 11, 23)}))
    assert closed.after_days(at("2026-11-20 10:00"), 1) == at("2026-11-24 17:00")
