"""Spans of time: quarters and weeks as the council's calendar has them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def quarter(written: str, zone: str) -> tuple[float, float]:
    """Begin and end of a quarter written ``2026-Q3``, in seconds since 1970.  Raises ``ValueError``."""
    found = re.fullmatch(r"(\d{4})-?[Qq]([1-4])", written.strip())
    if not found or int(found[1]) < 1970:
        raise ValueError("a quarter is written like 2026-Q3")
    year, number = int(found[1]), int(found[2])
    first = date(year, 3 * number - 2, 1)
    after = date(year + number // 4, 3 * number % 12 + 1, 1)
    return _moment(first, zone), _moment(after, zone)


def quarter_of(moment: float, zone: str) -> str:
    """The quarter that a moment lies in: ``2026-Q4``."""
    day = datetime.fromtimestamp(moment, ZoneInfo(zone)).date()
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarters_before(moment: float, zone: str, count: int) -> list[str]:
    """The latest quarters, the present one first."""
    named = quarter_of(moment, zone)
    year, number = int(named[:4]), int(named[-1])
    found = []
    for _ in range(count):
        found.append(f"{year}-Q{number}")
        year, number = (year - 1, 4) if number == 1 else (year, number - 1)
    return found


def weeks_of(since: float, until: float, zone: str) -> list[float]:
    """The beginnings of the weeks of a span: its own, then each Monday's midnight, then its end."""
    clock = ZoneInfo(zone)
    day = datetime.fromtimestamp(since, clock).date()
    bounds = [since]
    monday = day + timedelta(days=7 - day.weekday())
    while (moment := _moment(monday, zone)) < until:
        bounds.append(moment)
        monday += timedelta(days=7)
    return [*bounds, until]


def last_weeks(now: float, count: int, zone: str) -> tuple[float, float]:
    """The span of the latest weeks, this one among them: from a Monday's midnight until now."""
    day = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    monday = day - timedelta(days=day.weekday() + 7 * (count - 1))
    return _moment(monday, zone), now


def _moment(day: date, zone: str) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()
