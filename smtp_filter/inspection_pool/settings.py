"""What the inspection pool is told: how many workers, and what one message may cost."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from scanner.documents.isolation import Confinement


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Settings of one relay process's pool."""

    workers: int = 0
    """Worker processes; 0 means one for each core this process may use, and at least two."""

    deadline: float = 60.0
    """Seconds from the call to the answer, waiting included; then the worker is killed.  Postfix's
    before-queue filter gives up after 100 s, and handing on the message takes some of that."""

    large_bytes: int = 2_000_000
    """From this size on a message is large: large ones together never hold the last worker."""

    waiting: int = 100
    """Messages that wait for a worker; beyond that a message is turned away for now.  As many as a process
    has sessions: a mail server that is turned away comes back after minutes, one that waits is served in
    seconds."""

    confinement: Confinement = field(
        default_factory=lambda: Confinement(cpu_seconds=60, open_files=128, niceness=3)
    )
    """What a worker takes from itself.  Its CPU time is that of one message."""

    messages_per_worker: int = 2_000
    """A worker is replaced after this many messages: parsers written in C leak, and a fork costs 3 ms."""

    start_seconds: float = 120.0
    """A worker that is not ready by then (the zygote may still be loading) is given up."""

    @property
    def effective_workers(self) -> int:
        """The number of workers that are started: never one alone, which a large message could hold."""
        return max(2, self.workers or len(os.sched_getaffinity(0)))
