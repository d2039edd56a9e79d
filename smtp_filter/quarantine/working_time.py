"""Working days and hours: when a decision is due and when an undecided hold expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England and Wales by the standing rule; a proclaimed one is configuration.

    Source: Banking and Financial Dealings Act 1971 schedule 1, and the yearly proclamations of New Year's Day
    and the first Monday of May; a holiday on a weekend moves to the next free weekday.
    """
    easter = _easter(year)
    days = {
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        _monday(date(year, 5, 1)),
        _monday(date(year, 5, 25)),
        _monday(date(year, 8, 25)),
    }
    for day in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while day.weekday() >= 5 or day in days:
            day += timedelta(days=1)
        days.add(day)
    return frozenset(days)


def _monday(first: date) -> date:
    return first + timedelta(days=-first.weekday() % 7)


def _easter(year: int) -> date:
    # The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    w = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * w) // 451
    month, day = divmod(h + w - 7 * m + 114, 31)
    return date(year, month, day + 1)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The council's office hours; ``closed`` are days beyond weekends and bank holidays."""

    zone: str = "Europe/London"
    opens: int = 9
    closes: int = 17
    closed: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether somebody is there on that day."""
        return day.weekday() < 5 and day not in bank_holidays(day.year) and day not in self.closed

    def after_days(self, moment: float, days: int) -> float:
        """The end of the working day that is ``days`` working days after ``moment`` (seconds since 1970)."""
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(moment, zone).date()
        while days > 0:
            day += timedelta(days=1)
            days -= self.works_on(day)
        return datetime.combine(day, time(self.closes), zone).timestamp()

    def after_hours(self, moment: float, hours: float) -> float:
        """``hours`` of office time after ``moment`` (seconds since 1970)."""
        zone = ZoneInfo(self.zone)
        day, left, start = datetime.fromtimestamp(moment, zone).date(), hours * 3600, moment
        while True:
            if self.works_on(day):
                opens = datetime.combine(day, time(self.opens), zone).timestamp()
                closes = datetime.combine(day, time(self.closes), zone).timestamp()
                begins = max(opens, start)
                if closes - begins >= left:
                    return begins + left
                left -= max(0.0, closes - begins)
            day += timedelta(days=1)
