"""Windows: the hours of the week in which a scan may read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(?:([a-z,\- ]+?) +)?(\d{1,2}):(\d{2}) *- *(\d{1,2}):(\d{2})")
_WEEK = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of the week: ``start`` in minutes since Monday 0:00, local time, and how long it is."""

    start: int
    minutes: int


def parse_window(text: str) -> tuple[Window, ...]:
    """The windows of one line such as ``mon-fri 19:00-07:00``, ``sat,sun 00:00-24:00`` or ``22:00-06:00``.

    Days are those on which it begins; a window that ends before it begins ends on the next day.  Raises
    ``ValueError`` with one line for the user.

    >>> parse_window("sun 23:00-01:00")
    (Window(start=10020, minutes=120),)
    """
    matched = _FORM.fullmatch(text.strip().lower())
    if matched is None:
        raise ValueError("must be written like 'mon-fri 19:00-07:00'")
    days, *times = matched.groups()
    hour, minute, end_hour, end_minute = map(int, times)
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start >= 24 * 60 or end > 24 * 60 or minute > 59 or end_minute > 59:
        raise ValueError("must hold times of day, 00:00 to 24:00")
    length = (end - start) % (24 * 60) or 24 * 60
    return tuple(Window(day * 24 * 60 + start, length) for day in _days(days or "mon-sun"))


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first[:3] not in _DAYS or (last and last[:3] not in _DAYS):
            raise ValueError(f"must name days as {', '.join(_DAYS)}")
        begin = _DAYS.index(first[:3])
        end = _DAYS.index(last[:3]) if last else begin
        days.extend((begin + offset) % 7 for offset in range((end - begin) % 7 + 1))
    return days


@dataclass(frozen=True, slots=True)
class Windows:
    """All windows; none at all means any time."""

    all: tuple[Window, ...] = ()

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Windows:
        """The windows of a configuration; raises ``ValueError``."""
        return cls(tuple(window for line in lines for window in parse_window(line)))

    def open_at(self, now: datetime) -> bool:
        """Whether a scan may read at this moment (local time)."""
        return not self.all or any(self._into(window, now) is not None for window in self.all)

    def opens(self, now: datetime) -> datetime:
        """When the next window opens; ``now`` where one is open."""
        if self.open_at(now):
            return now
        waits = [(window.start - _minute(now)) % _WEEK for window in self.all]
        whole = now.replace(second=0, microsecond=0)
        return whole + timedelta(minutes=min(waits))

    @staticmethod
    def _into(window: Window, now: datetime) -> int | None:
        minutes = (_minute(now) - window.start) % _WEEK
        return minutes if minutes < window.minutes else None


def _minute(now: datetime) -> int:
    return now.weekday() * 24 * 60 + now.hour * 60 + now.minute
