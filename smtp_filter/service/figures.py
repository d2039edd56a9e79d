"""The figures of the service for Prometheus: counts and times, no label that could name a person.

Several processes count into files of one folder, whose path the supervisor puts into the environment before
it starts them; whoever is asked adds them up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scanner.shares.temporary import PrivateFolders

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# Reading mail: most takes some milliseconds, the mail server's patience ends at a hundred seconds.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 90.0)
_BYTES = (2_000, 10_000, 50_000, 200_000, 1_000_000, 5_000_000, 20_000_000, 50_000_000)

Outcome = Literal["delivered", "held", "returned", "refused", "temporary", "repeated"]


@contextmanager
def shared_folder() -> Iterator[None]:
    """Make the folder into which the processes count; what a killed service left is removed by the next."""
    folders = PrivateFolders()
    os.environ[FOLDER_VARIABLE] = str(folders.new())
    try:
        yield
    finally:
        os.environ.pop(FOLDER_VARIABLE, None)
        folders.close()


class Figures:
    """The counters and gauges of one process."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = registry = CollectorRegistry()
        self.messages = Counter(
            "dlp_messages", "Messages by what became of them.", ["outcome", "verdict"], registry=registry
        )
        self.monitored = Counter(
            "dlp_monitored",
            "Messages delivered in monitor-only mode that would have been stopped.",
            ["verdict", "action"],
            registry=registry,
        )
        self.tried = Counter(
            "dlp_trial_messages",
            "Messages in which a rule on trial would have found something, by whether that makes them worse.",
            ["rule", "severity"],
            registry=registry,
        )
        self.tried_findings = Counter(
            "dlp_trial_findings", "What rules on trial would have found.", ["rule"], registry=registry
        )
        self.incidents = Counter(
            "dlp_session_incidents", "What happened to sessions, by kind.", ["incident"], registry=registry
        )
        self.failures = Counter(
            "dlp_failures", "Our own failures, answered with 'try again'.", ["reason"], registry=registry
        )
        self.seconds = Histogram(
            "dlp_decision_seconds",
            "Time from the whole message to the decision.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.sizes = Histogram("dlp_message_bytes", "Size of messages.", buckets=_BYTES, registry=registry)
        self.workers = Gauge(
            "dlp_inspection_workers",
            "Inspection workers by state.",
            ["state"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.waiting = Gauge(
            "dlp_inspection_waiting",
            "Messages that wait for a worker.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.replaced = Gauge(
            "dlp_inspection_workers_replaced",
            "Workers that died or were killed since their relay process started.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.background = Counter(
            "dlp_background", "Background work done.", ["work", "outcome"], registry=registry
        )
        self.held = Gauge(
            "dlp_quarantine_messages",
            "Messages in the quarantine by state.",
            ["state"],
            registry=registry,
            multiprocess_mode="livemostrecent",
        )

    def text(self) -> bytes:
        """All figures of the service in Prometheus' text form."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry: CollectorRegistry = self.registry
        if os.environ.get(FOLDER_VARIABLE):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def forget_process(pid: int) -> None:
    """Leave a dead process out of the gauges; what it counted stays counted.

    Does what ``prometheus_client.multiprocess.mark_process_dead`` does, without loading that library into the
    supervisor.
    """
    if folder := os.environ.get(FOLDER_VARIABLE):
        for file in Path(folder).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)
