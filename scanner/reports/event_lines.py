"""The files with findings of a run as events for a SIEM, a line for each, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import TextIO

from scanner.judgement.assessment import Severity
from scanner.reports.siem import SiemForm, finding_line
from scanner.reports.wording import printable
from scanner.reports.writer import RunSummary
from scanner.store.entry import LedgerEntry


def write_cef(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """ArcSight's Common Event Format."""
    for _, line in events(summary, entries, SiemForm.CEF):
        stream.write(printable(line) + "\n")


def write_ocsf(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """Open Cybersecurity Schema Framework, as JSON Lines."""
    for _, line in events(summary, entries, SiemForm.OCSF):
        stream.write(line + "\n")


def events(
    summary: RunSummary,
    entries: Iterable[LedgerEntry],
    form: SiemForm,
    at_least: Severity = Severity.LOW,
) -> Iterator[tuple[LedgerEntry, str]]:
    """Each file of this severity or worse, with its line; always masked, whatever the run shows."""
    run, at = summary.record.run_id, summary.record.finished or summary.record.started
    # What holds nothing comes last, and is most of a share.
    for entry in takewhile(lambda item: item.severity > Severity.NONE, entries):
        if entry.severity >= at_least:
            yield entry, finding_line(entry, run, at, form)
