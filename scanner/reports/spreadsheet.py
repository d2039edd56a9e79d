"""CSV for spreadsheets: a row per file, or a row per finding; no cell can become a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from scanner.reports.wording import kinds, number, shortened, shown, unlisted
from scanner.reports.writer import RunSummary
from scanner.store.entry import LedgerEntry

# Excel takes UTF-8 for the local code page unless the file begins with this.
_BYTE_ORDER_MARK = "\ufeff"
# Excel's limit for a cell is 32,767 characters; what is longer is cut in the middle and says so.
_CELL_LIMIT = 32_000
# A cell that begins with one of these is a formula to Excel, LibreOffice or Google Sheets; the wide forms are
# taken for the plain ones by some versions.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

FILE_COLUMNS = (
    "severity",
    "status",
    "not read because",
    "path",
    "folder",
    "kind",
    "size (bytes)",
    "modified (UTC)",
    "people (at least)",
    "people (at most)",
    "findings",
    "hidden findings",
    "kinds",
    "reasons",
    "protection",
    "readable by",
    "owner",
    "information asset owner",
    "last used (UTC)",
    "first seen in run",
    "content",  # a keyed hash: equal in copies
)
FINDING_COLUMNS = (
    "severity",
    "path",
    "type",
    "value",
    "location",
    "hidden",
    "confidence",
    "rule",
    "evidence",
    "fingerprint",
)
CHANGE_COLUMNS = (
    "what",
    "path",
    "change",
    "moved from",
    "severity before",
    "severity now",
    "readable by, before",
    "readable by, now",
)


def write_files(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """One row per object that the run met."""
    del summary  # sums are the spreadsheet's own business
    stream.write(_BYTE_ORDER_MARK)
    rows = csv.writer(stream, lineterminator="\r\n")
    rows.writerow(FILE_COLUMNS)
    for entry in entries:
        rows.writerow(
            [
                entry.severity.word if entry.status.value in ("inspected", "partial") else "",
                entry.status.value,
                cell(entry.reason),
                cell(entry.path),
                cell(entry.folder),
                cell(entry.kind),
                entry.size,
                _stamp(entry.mtime),
                entry.people.low,
                entry.people.high,
                sum(entry.counts.values()),
                sum(1 for finding in entry.findings if finding.hidden),
                cell(kinds(entry.counts)),
                cell("; ".join(reason.text for reason in entry.reasons)),
                entry.protection.value,
                entry.exposure.audience.word,
                cell(entry.exposure.owner),
                cell(entry.exposure.asset_owner),
                _stamp(entry.used) if entry.used else "",
                cell(entry.first_seen),
                entry.content_hash,
            ]
        )


def write_findings(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """One row per listed finding; findings that are only counted get one row per file that says how many."""
    del summary
    stream.write(_BYTE_ORDER_MARK)
    rows = csv.writer(stream, lineterminator="\r\n")
    rows.writerow(FINDING_COLUMNS)
    for entry in entries:
        severity, path = entry.severity.word, cell(entry.path)
        for finding in entry.findings:
            rows.writerow(
                [
                    severity,
                    path,
                    cell(finding.entity_type),
                    cell(shown(finding)),
                    cell(finding.location),
                    cell(finding.hidden),
                    round(finding.confidence, 2),
                    cell(finding.rule),
                    cell("; ".join(finding.evidence)),
                    finding.fingerprint,
                ]
            )
        more = unlisted(entry.counts, len(entry.findings))
        if more:
            note = f"{number(more)} more findings in this file are counted, not listed"
            rows.writerow([severity, path, "(not listed)", "", note, "", "", "", "", ""])


def write_changes(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """One row for each file that is not as it was in the run before; "what" says why it matters."""
    del entries
    stream.write(_BYTE_ORDER_MARK)
    rows = csv.writer(stream, lineterminator="\r\n")
    rows.writerow(CHANGE_COLUMNS)
    for item in summary.changes():
        said = (
            ("newly exposed", item.newly_exposed),
            ("newly sensitive", item.newly_sensitive),
            ("fixed", item.fixed),
        )
        sides = (item.before, item.after)
        rows.writerow(
            [
                ", ".join(word for word, is_so in said if is_so),
                cell(item.path),
                item.kind.value,
                cell(item.moved_from),
                *(side.severity.word if side else "" for side in sides),
                *(side.audience.word if side else "" for side in sides),
            ]
        )


def cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, without line breaks, within a cell's limit."""
    plain = shortened(text, _CELL_LIMIT)
    return f"'{plain}" if plain.lstrip(" \u00a0'").startswith(_FORMULA_STARTS) else plain


def _stamp(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return ""
