"""Where reports go: the terminal, one file, or a folder with a file per format."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.commands.exits import fail

if TYPE_CHECKING:
    from scanner.store.ledger import Ledger

FORMATS = (
    "table", "jsonl", "csv", "findings-csv", "changes-csv", "html", "pdf", "siro-pdf", "cef", "ocsf",
)  # fmt: skip
FORMAT_HELP = (
    "Report format: table, jsonl, csv (a row per file), findings-csv, changes-csv (against the run before), "
    "html, pdf, siro-pdf (one page), cef, ocsf. May be repeated."
)
OUTPUT_HELP = "Write here instead of to standard output: a file, or a folder for several formats."

# Not text: nothing to look at on a terminal.
BINARY = ("pdf", "siro-pdf")

_FILE_NAMES = {
    "table": "summary.txt",
    "jsonl": "files.jsonl",
    "csv": "files.csv",
    "findings-csv": "findings.csv",
    "changes-csv": "changes.csv",
    "html": "report.html",
    "pdf": "report.pdf",
    "siro-pdf": "siro.pdf",
    "cef": "findings.cef",
    "ocsf": "findings.ocsf.jsonl",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """One report: its format and its file; ``None`` is standard output."""

    format: str
    path: Path | None


def destinations(formats: Sequence[str], output: Path | None) -> list[Destination]:
    """Where each report goes; ends the program where that is not clear."""
    wanted = list(dict.fromkeys(formats))
    for name in wanted:
        if name not in FORMATS:
            fail(f"no report format {name!r}; choose from {', '.join(FORMATS)}")
    if output is None:
        if len(wanted) > 1:
            fail("several formats need a folder to be written to: add --output FOLDER")
        if wanted[0] in BINARY and sys.stdout.isatty():
            fail(f"{wanted[0]} is not for a terminal: add --output FILE")
        return [Destination(wanted[0], None)]
    # A single format goes into the file that was named, unless a folder was named.
    if len(wanted) == 1 and not output.is_dir() and not str(output).endswith(os.sep):
        return [Destination(wanted[0], output)]
    if output.exists() and not output.is_dir():
        fail(f"{output} is a file; several formats need a folder")
    return [Destination(name, output / _FILE_NAMES[name]) for name in wanted]


def check_writable(places: Sequence[Destination], roots: Sequence[Path]) -> None:
    """End the program now, and not after hours of scanning, where a report could not be written.

    A report inside what is scanned is refused: the scanned tree is never written to.
    """
    for place in places:
        if place.path is None:
            continue
        resolved = Path(os.path.realpath(place.path))
        around = (resolved, *resolved.parents)
        # Only of those is anything asked: another root may not answer.
        inside = next((root for root in roots if root in around and root.is_dir()), None)
        if inside is not None:
            fail(f"{place.path} lies inside {inside}, which is being scanned; choose a place outside of it")
        folder = next(parent for parent in resolved.parents if parent.exists())
        if not os.access(resolved if resolved.exists() else folder, os.W_OK):
            fail(f"{place.path} cannot be written (no permission for {folder})")


def write_reports(ledger: Ledger, places: Sequence[Destination]) -> None:
    """Write every report; files are readable by their owner only."""
    from scanner.reports import DOCUMENT_WRITERS, WRITERS, RunSummary

    summary = RunSummary.of(ledger)
    for place in places:
        document = DOCUMENT_WRITERS.get(place.format)
        if place.path is None:
            if document is not None:
                document(summary, ledger.entries(), sys.stdout.buffer)
            else:
                WRITERS[place.format](summary, ledger.entries(), sys.stdout)
            sys.stdout.flush()
            continue
        try:
            place.path.parent.mkdir(parents=True, exist_ok=True)
            draft = place.path.with_name(place.path.name + ".part")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            if document is not None:
                with os.fdopen(descriptor, "wb") as stream:
                    document(summary, ledger.entries(), stream)
            else:
                with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as text:
                    WRITERS[place.format](summary, ledger.entries(), text)
            draft.replace(place.path)
        except OSError as error:
            fail(f"{place.path} cannot be written ({(error.strerror or 'write error').lower()})")
