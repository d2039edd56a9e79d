"""What every report writer takes: the sums of a run, its entries, and a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, TextIO

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.store.comparing import Difference
from scanner.store.entry import FolderTally, LedgerEntry, RunRecord, Totals
from scanner.store.ledger import Ledger
from scanner.store.overview import Overview

# More folders than this are not a picture any more; the ledger hands the worst over first.
FOLDERS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The sums that stand at the head of a report.

    ``folders`` holds the worst, at most ``FOLDERS_SHOWN``; ``more_folders`` says that there are others.
    ``changes`` gives everything that changed since the run before, as a stream.
    """

    record: RunRecord
    totals: Totals
    folders: tuple[FolderTally, ...] = ()
    more_folders: bool = False
    overview: Overview = field(default_factory=Overview)
    changes: Callable[[], Iterator[Difference]] = lambda: iter(())

    @classmethod
    def of(cls, ledger: Ledger) -> RunSummary:
        """The summary of a ledger as it stands."""
        folders = ledger.folders(limit=FOLDERS_SHOWN + 1)
        return cls(
            ledger.record(),
            ledger.totals(),
            tuple(folders[:FOLDERS_SHOWN]),
            len(folders) > FOLDERS_SHOWN,
            ledger.overview(),
            ledger.changes,
        )

    def objects(self, status: Status) -> int:
        """How many objects ended with ``status``."""
        tally = self.totals.by_status.get(status)
        return tally.objects if tally else 0

    def files(self, severity: Severity) -> int:
        """How many of the files that were read are of this severity."""
        tally = self.totals.by_severity.get(severity)
        return tally.objects if tally else 0

    def people(self, severity: Severity) -> int:
        """At least so many people stand in the files of this severity, counted file by file."""
        tally = self.totals.by_severity.get(severity)
        return tally.people if tally else 0

    @property
    def sensitive(self) -> int:
        """Files of medium severity or above."""
        return sum(self.files(severity) for severity in Severity if severity >= Severity.MEDIUM)

    @property
    def not_wholly_read(self) -> int:
        """Objects of which something, or all, was not read."""
        return self.totals.enumerated - self.objects(Status.INSPECTED)

    @property
    def incomplete(self) -> bool:
        """Whether the report cannot speak for everything that was met."""
        return self.record.interrupted or bool(self.record.errors) or self.not_wholly_read > 0


class ReportWriter(Protocol):
    """Writes one report.

    ``entries`` come the worst first and are read once.  ``stream`` is UTF-8 text, opened with ``newline=""``
    where it is a file.  Raises only what the stream raises.
    """

    def __call__(self, summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
        """Write the report to ``stream``."""


class DocumentWriter(Protocol):
    """Writes one report whose bytes are no text (a PDF); otherwise as :class:`ReportWriter`."""

    def __call__(self, summary: RunSummary, entries: Iterable[LedgerEntry], stream: BinaryIO, /) -> None:
        """Write the report to ``stream``."""
