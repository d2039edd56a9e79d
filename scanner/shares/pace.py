"""Pace: how fast a scan may read, so that people who work on the same server do not notice it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Asked this often, a server that answers slowly is noticed within half a minute.
PROBE_SECONDS = 5.0
# A healthy server answers within a millisecond or two; what is below this is never called slow.
_SLOW_SECONDS = 0.05
_SLOWER_THAN_USUAL = 5.0
_LONGEST_REST = 4.0

# ioprio_set of linux/ioprio.h has no wrapper in the C library.
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30}
_IO_CLASSES = {"best-effort": (2, 7), "idle": (3, 0)}


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """How gently to read.

    ``megabytes_per_second`` and ``files_per_second`` limit reading (0: no limit); ``cpu_percent`` is the part
    of the time in which workers are busy; ``nice`` is added to the priority of the process; ``io_class`` is
    "best-effort" (last of its class), "idle" or "" (as it is).
    """

    megabytes_per_second: float = 0.0
    files_per_second: float = 0.0
    cpu_percent: int = 100
    nice: int = 0
    io_class: str = ""


@dataclass
class Pace:
    """Says when the next file may be read.

    It keeps debts: each file read is charged its bytes, itself, and the rest that its reading time calls for;
    nothing new begins while a debt is not paid off by time.
    """

    settings: PaceSettings
    workers: int = 1
    clock: Callable[[], float] = time.monotonic
    _free_at: dict[str, float] = field(default_factory=dict)
    _usual: float = 0.0
    _slowness: float = 0.0

    def may_read(self) -> bool:
        """Whether another file may begin now."""
        now = self.clock()
        return all(now >= moment for moment in self._free_at.values())

    def begin(self, size: int) -> None:
        """A file of ``size`` bytes begins."""
        limits = self.settings
        if limits.megabytes_per_second:
            self._charge("bytes", size / (limits.megabytes_per_second * 1e6))
        if limits.files_per_second:
            self._charge("files", 1 / limits.files_per_second)

    def end(self, seconds: float) -> None:
        """A file took one worker ``seconds``."""
        percent = min(100, max(1, self.settings.cpu_percent))
        rest = seconds * (100 / percent - 1) + seconds * self._slowness
        if rest > 0:
            self._charge("rest", rest / max(1, self.workers))

    def answered(self, seconds: float) -> None:
        """The server answered a small question after ``seconds``: slower than usual means more rest."""
        if not self._usual:
            self._usual = seconds
        if seconds > max(_SLOW_SECONDS, self._usual * _SLOWER_THAN_USUAL):
            self._slowness = min(_LONGEST_REST, self._slowness * 2 or 0.5)
        else:
            self._slowness = self._slowness / 2 if self._slowness > 0.1 else 0.0
            # The usual follows slowly, and down faster than up.
            self._usual += (seconds - self._usual) * (0.2 if seconds < self._usual else 0.02)

    @property
    def backing_off(self) -> bool:
        """Whether the server is slow at present."""
        return self._slowness > 0

    def _charge(self, what: str, seconds: float) -> None:
        self._free_at[what] = max(self._free_at.get(what, 0.0), self.clock()) + seconds


def probe(path: bytes) -> float:
    """Seconds that the server of ``path`` takes to say how full it is: a question no cache answers."""
    started = time.monotonic()
    with contextlib.suppress(OSError):
        os.statvfs(path)
    return time.monotonic() - started


def be_modest(settings: PaceSettings) -> None:
    """Take the priorities of the settings; workers that are forked later inherit them."""
    if settings.nice:
        with contextlib.suppress(OSError):
            os.nice(settings.nice)
    number = _IOPRIO_SET.get(platform.machine())
    if settings.io_class in _IO_CLASSES and number is not None:
        kind, level = _IO_CLASSES[settings.io_class]
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).syscall(number, 1, 0, kind << 13 | level)
