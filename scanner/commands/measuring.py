"""Metrics of a scan in a file: a little while it runs, everything at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from scanner.reports.metrics import RunMetrics
    from scanner.shares.scan import Progress
    from scanner.store.ledger import Ledger

# As often as Prometheus usually looks.
_SECONDS_BETWEEN = 15.0


class Measuring:
    """Keeps the metrics file of one scan; without a path it does nothing.

    A file that cannot be written is told once and never stops a scan.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._metrics: RunMetrics | None = None
        self._written = 0.0

    def beside(self, show: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """``show``, and the file now and then."""
        if self._path is None:
            return show

        def both(progress: Progress) -> None:
            show(progress)
            now = time.monotonic()
            if not self._written or now - self._written >= _SECONDS_BETWEEN:
                self._written = now
                self._keep(lambda metrics: metrics.progress(_figures(progress), progress.by_severity))

        return both

    def end(self, ledger: Ledger) -> None:
        """The figures of the whole run."""
        from scanner.reports import RunSummary

        if self._path is not None:
            summary = RunSummary.of(ledger)
            self._keep(lambda metrics: metrics.finished(summary))

    def _keep(self, write: Callable[[RunMetrics], None]) -> None:
        from scanner.reports.metrics import RunMetrics

        if self._path is None:
            return
        if self._metrics is None:
            self._metrics = RunMetrics(self._path)
        try:
            write(self._metrics)
        except OSError as error:
            typer.echo(f"dlp: {self._path} cannot be written ({(error.strerror or '').lower()})", err=True)
            self._path = None


def _figures(progress: Progress) -> dict[str, float]:
    return {
        "paused": progress.paused,
        "objects_met": progress.objects_met,
        "objects_ended": progress.objects_ended,
        "bytes_met": progress.bytes_met,
        "bytes_ended": progress.bytes_ended,
        "bytes_per_second": progress.bytes_per_second,
        "objects_read": progress.objects_ended - progress.objects_known,
        "not_wholly_read": progress.unread,
    }
