"""What a scan of shares can be told: the room's own settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from scanner.documents.isolation import Confinement
from scanner.shares.exposure import ExposureSettings
from scanner.shares.globs import Globs, Selection
from scanner.shares.pace import PaceSettings
from scanner.shares.windows import Windows

# Dense text is read at some 2 MB/s: on a machine half as fast a large honest file must still come to its end.
BYTES_PER_SECOND = 1_000_000
LONGEST_ALLOWANCE = 600.0


def allowance(size: int) -> float:
    """Seconds that a file of ``size`` bytes may take beyond the limits of time, wall-clock and CPU."""
    return min(size / BYTES_PER_SECOND, LONGEST_ALLOWANCE)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How many workers read, and what one file may cost one of them."""

    count: int = 0
    """Worker processes; 0 means one for each core this process may use."""

    seconds_per_file: float = 300.0
    """Wall-clock ceiling of one file.  A large honest workbook takes some ten seconds; what is still not read
    after five minutes lies on a dead mount."""

    confinement: Confinement = field(default_factory=lambda: Confinement(cpu_seconds=90))
    """What a worker takes from itself.  A hundred million characters, the most that is read of one document,
    take under a minute of CPU time; a parser that is busy for longer is in a loop."""

    files_per_worker: int = 5_000
    """A worker is replaced after this many files: parsers written in C leak, and a fork costs 3 ms."""

    @property
    def effective_count(self) -> int:
        """The number of workers that are started."""
        return self.count or len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """What is walked and how it is read."""

    exclude: tuple[str, ...] = ()
    """Globs of objects that are left out; see :class:`scanner.shares.globs.Globs`."""

    include: tuple[str, ...] = ()
    """Where there are any, only files that fit one of these globs are read."""

    largest_mb: int = 0
    """Larger files are left out; 0 means any size."""

    changed_within_days: float = 0.0
    """Files that did not change for longer are left out; 0 means any age."""

    unchanged_for_days: float = 0.0
    """Files that changed more recently are left out; 0 means any age."""

    cross_mounts: bool = True
    """Whether file systems that are mounted inside a root are part of it."""

    vanished_percent: int = 50
    """A root where more of its known files than this are not there any more is taken for a lost mount."""

    files_at_once_per_share: int = 0
    """Files that are read of one root at the same time; 0 means as many as there are workers."""

    silent_seconds: float = 60.0
    """A server or network mount that says nothing for so long is lost; a small question waits half of it."""

    windows: Windows = field(default_factory=Windows)
    pace: PaceSettings = field(default_factory=PaceSettings)
    exposure: ExposureSettings = field(default_factory=ExposureSettings)
    workers: WorkerSettings = field(default_factory=WorkerSettings)

    def selection(self) -> Selection:
        """Which files of a share are read."""
        return Selection(
            exclude=Globs(self.exclude),
            include=Globs(self.include),
            largest=self.largest_mb * 1_000_000,
            oldest_days=self.changed_within_days,
            youngest_days=self.unchanged_for_days,
        )
