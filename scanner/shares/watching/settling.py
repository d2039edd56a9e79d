"""Settling: changed names wait until their files stop changing, so that nothing half-written is read.

A name is held once, whatever number of events tell of it; a file that comes and goes again is never opened.
"""

from __future__ import annotations

import heapq
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# A log that is always being written is read after one minute, then two, four, up to this.
_LONGEST_PATIENCE = 900.0
_RESTLESS_REMEMBERED = 10_000
# How many seconds a server's clock may be behind ours before a file that is being written passes for old.
_CLOCKS_APART = 60.0


@dataclass(slots=True)
class _Name:
    """One changed name: when it is looked at next, since when it waits, what it looked like last."""

    due: float
    since: float
    look: tuple[int, int, int] | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """A name whose file settled, or is gone.  ``again``: read it even where nothing seems to have changed."""

    path: bytes
    again: bool


class Settling:
    """The names that wait.

    ``look`` is what tells of a file, ``being_written`` whether somebody has it open for writing,
    ``own_clock`` whether its times are of this machine's clock.
    """

    def __init__(
        self,
        settle: float,
        longest: float,
        *,
        look: Callable[[bytes], os.stat_result] = os.lstat,
        being_written: Callable[[bytes], bool] = lambda _: False,
        own_clock: Callable[[bytes], bool] = lambda _: True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settle = settle
        self._look = look
        self._being_written = being_written
        self._own_clock = own_clock
        self._longest = longest
        self._clock = clock
        self._wall = wall
        self._names: dict[bytes, _Name] = {}
        self._order: list[tuple[float, bytes]] = []
        self._restless: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._names)

    @property
    def next_due(self) -> float | None:
        """Seconds until a name is due, ``None`` where none waits."""
        return max(0.0, self._order[0][0] - self._clock()) if self._order else None

    def note(self, path: bytes, *, again: bool = False, after: float | None = None) -> None:
        """The name changed; it is looked at after ``after`` seconds (default: the time to settle)."""
        now = self._clock()
        due = now + (self._settle if after is None else after)
        name = self._names.get(path)
        if name is None:
            self._names[path] = _Name(due, now, None, again)
            heapq.heappush(self._order, (due, path))
            return
        name.again |= again
        # Events put it off, but never beyond the longest wait: it is looked at by then.
        name.due = max(name.due, due) if after is None else min(name.due, due)
        if after is not None:
            heapq.heappush(self._order, (due, path))

    def settled(self, most: int) -> list[Settled]:
        """Names that are due and whose files do not change any more, at most so many."""
        found: list[Settled] = []
        now = self._clock()
        looks = 0
        while self._order and self._order[0][0] <= now and len(found) < most and looks < 4 * most:
            _, path = heapq.heappop(self._order)
            name = self._names.get(path)
            if name is None:
                continue
            patience = self._restless.get(path, self._longest)
            if name.due > now and now - name.since < patience:
                heapq.heappush(self._order, (min(name.due, name.since + patience), path))
                continue
            looks += 1
            if self._rests(path, name):
                self._restless.pop(path, None)
            elif now - name.since < patience:
                name.due = now + self._settle
                heapq.heappush(self._order, (min(name.due, name.since + patience), path))
                continue
            else:
                self._restless[path] = min(patience * 2, _LONGEST_PATIENCE)
                if len(self._restless) > _RESTLESS_REMEMBERED:
                    self._restless.popitem(last=False)
                name.again = True
            del self._names[path]
            found.append(Settled(path, name.again))
        if not self._names:
            self._order.clear()
        return found

    def _rests(self, path: bytes, name: _Name) -> bool:
        """Whether the file did not change for long enough and nobody has it open for writing."""
        try:
            about = self._look(path)
        except OSError:
            return True
        if not stat.S_ISREG(about.st_mode):
            return True
        look = about.st_size, about.st_mtime_ns, about.st_ctime_ns
        rest = self._settle if self._own_clock(path) else max(self._settle, _CLOCKS_APART)
        old = self._wall() - max(about.st_mtime, about.st_ctime) >= rest
        same, name.look = name.look == look, look
        return (old or same) and not self._being_written(path)
