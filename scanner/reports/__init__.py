"""Reports of a run, one module per format behind one tiny protocol (:class:`ReportWriter`).

A writer takes the run's summary and its ledger entries (the worst first), reads each entry once, keeps a
bounded number of them, and writes text.  Values arrive masked; where a run was asked to show values the
entries carry them, and every format that lists findings shows them.  What was not read is always told apart
from what was read and found clean.

Formats: ``table`` for the terminal, ``jsonl`` for programs, ``csv`` (a row per file), ``findings-csv`` (a row
per finding) and ``changes-csv`` (a row for each file that is not as it was) for spreadsheets, ``html`` for
people, ``pdf`` for paper, ``siro-pdf`` for the senior information risk owner (one page), ``cef`` and ``ocsf``
for a SIEM.
"""

from scanner.reports.formats import DOCUMENT_WRITERS, WRITERS
from scanner.reports.writer import DocumentWriter, ReportWriter, RunSummary

__all__ = ["DOCUMENT_WRITERS", "WRITERS", "DocumentWriter", "ReportWriter", "RunSummary"]
