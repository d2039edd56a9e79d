"""Reports of a run, one module per format behind one tiny protocol (:class:`ReportWriter`).

A writer takes the run's summary and its ledger entries (the worst first), reads each entry once, keeps a
bounded number of them, and writes text.  Values arrive masked; where a run was asked to show values the
entries carry them, and every format that lists findings shows them.  What was not read is always told apart
from what was read and found clean.

Formats: ``table`` for the terminal, ``jsonl`` for programs, ``csv`` (a row per file) and ``findings-csv`` (a
row per finding) for spreadsheets, ``html`` for people.
"""

from scanner.reports.formats import WRITERS
from scanner.reports.writer import ReportWriter, RunSummary

__all__ = ["WRITERS", "ReportWriter", "RunSummary"]
