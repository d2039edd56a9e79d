"""The figures of a run for Prometheus, as a file for node_exporter's textfile collector.

A file and no port: nothing listens, the figures of the last run stay there after it, and a scan that hangs or
never started is seen by the age of ``dlp_scan_last_seen_seconds`` and ``dlp_scan_finished_seconds``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from scanner.judgement.assessment import Severity
from scanner.reports.writer import RunSummary


class RunMetrics:
    """The file of one run; each method writes it anew, whole, and raises ``OSError`` where it cannot be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}

    def progress(self, figures: Mapping[str, float], by_severity: Mapping[Severity, int]) -> None:
        """While it runs; ``figures`` are names of ``MEANINGS`` with their values."""
        for name, value in figures.items():
            self._set(name, value)
        self._severities(by_severity)
        self._set("running", 1)
        self._write()

    def finished(self, summary: RunSummary) -> None:
        """What it came to."""
        record, overview = summary.record, summary.overview
        self._severities({level: summary.files(level) for level in Severity})
        changes = overview.changes
        for name, value in (
            ("running", 0),
            ("complete", int(not summary.record.interrupted and not summary.record.errors)),
            ("objects_met", summary.totals.enumerated),
            ("objects_ended", summary.totals.enumerated),
            ("bytes_met", summary.totals.bytes),
            ("bytes_ended", summary.totals.bytes),
            ("objects_read", summary.totals.read_now),
            ("not_wholly_read", summary.not_wholly_read),
            ("exposed_files", overview.exposed),
            ("newly_exposed_files", changes.newly_exposed if changes else 0),
            ("fixed_files", changes.fixed if changes else 0),
            ("started_seconds", record.started),
            ("finished_seconds", record.finished or 0),
        ):
            self._set(name, value)
        self._write()

    def _severities(self, counts: Mapping[Severity, int]) -> None:
        gauge = self._gauges.get("files")
        if gauge is None:
            gauge = Gauge(
                "dlp_scan_files", "Files that were read, by severity", ["severity"], registry=self._registry
            )
            self._gauges["files"] = gauge
        for level in Severity:
            gauge.labels(level.word).set(counts.get(level, 0))

    def _set(self, name: str, value: float) -> None:
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"dlp_scan_{name}", MEANINGS[name], registry=self._registry)
        self._gauges[name].set(value)

    def _write(self) -> None:
        if "last_seen_seconds" not in self._gauges:
            self._set("last_seen_seconds", 0)
        self._gauges["last_seen_seconds"].set_to_current_time()
        # Written beside it and renamed: the collector never reads half a file.
        write_to_textfile(str(self._path), self._registry)
        # Counts and times: the collector runs under another account, whatever our umask is.
        self._path.chmod(0o644)


MEANINGS: Mapping[str, str] = {
    "running": "Whether a scan is at work",
    "paused": "Whether it is paused, or waits for its window",
    "complete": "Whether the last scan came to its end and lost no share",
    "objects_met": "Objects that the walk met",
    "objects_ended": "Objects that are done with, read or known from before",
    "bytes_met": "Bytes of what the walk met",
    "bytes_ended": "Bytes of what is done with",
    "bytes_per_second": "Mean rate of reading",
    "objects_read": "Objects that this scan itself read",
    "not_wholly_read": "Objects that were not read, or not wholly",
    "exposed_files": "Sensitive files that everyone or the public can read",
    "newly_exposed_files": "Of these, those that were not so in the run before",
    "fixed_files": "Files that were sensitive or open in the run before and are not any more",
    "started_seconds": "When the scan began, in seconds since 1970",
    "finished_seconds": "When it ended, in seconds since 1970",
    "last_seen_seconds": "When this file was written, in seconds since 1970",
}
