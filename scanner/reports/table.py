"""The summary for the terminal: coverage, severities, reasons, kinds, and the worst files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.reports.wording import (
    FORMAT_COLUMNS,
    STATUSES,
    beneath,
    duration,
    exposure,
    formats,
    interval,
    kind,
    kinds,
    moved,
    night,
    number,
    plural,
    shortened,
    size,
)
from scanner.reports.writer import RunSummary
from scanner.store.entry import LedgerEntry

# A screenful; the other formats have all of them.
_FILES_SHOWN = 20
_KINDS_SHOWN = 15
_PATH_LIMIT = 300
_STYLES = {
    Severity.CRITICAL: "bold white on dark_red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold dark_orange",
    Severity.LOW: "yellow",
    Severity.NONE: "",
}
_WIDTH_OFF_TERMINAL = 120


def write(summary: RunSummary, entries: Iterable[LedgerEntry], stream: TextIO, /) -> None:
    """Write the summary; colours only where ``stream`` is a terminal."""
    console = Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if stream.isatty() else _WIDTH_OFF_TERMINAL,
    )
    # The worst come first: only the head of the entries is ever read.
    worst = list(islice(takewhile(lambda entry: entry.severity > Severity.NONE, entries), _FILES_SHOWN))
    if worst:
        console.print(
            _files(summary, worst, sum(summary.files(level) for level in Severity if level > Severity.NONE))
        )
    if summary.totals.by_type:
        console.print(_kinds(summary))
    console.print(_severities(summary))
    if summary.totals.by_format:
        console.print(_formats(summary))
    if summary.totals.by_shortfall:
        console.print(_shortfalls(summary))
    console.print(_coverage(summary))


def coverage_line(summary: RunSummary) -> str:
    """What was met and how it ended, in one sentence whose parts add up."""
    parts = ", ".join(f"{number(summary.objects(status))} {STATUSES[status]}" for status in Status)
    return f"{plural(summary.totals.enumerated, 'object')} met ({size(summary.totals.bytes)}): {parts}."


def since(summary: RunSummary) -> Iterator[str]:
    """How it stands against the run before, in a line or two; nothing where there was none."""
    before, changes = summary.overview.previous, summary.overview.changes
    if before is None or changes is None:
        return
    sensitive = (
        f"{plural(summary.sensitive, 'sensitive file')} ({moved(summary.sensitive, before.sensitive)})"
    )
    exposed = (
        f"{number(summary.overview.exposed)} of them open ({moved(summary.overview.exposed, before.exposed)})"
    )
    news = f"{number(changes.newly_exposed)} newly open, {number(changes.newly_sensitive)} newly sensitive"
    yield f"Since {night(before.started)}: {sensitive}, {exposed}; {news}, {number(changes.fixed)} fixed."
    if not changes.same_rules:
        yield "The rules changed in between: some of this may be judged anew, and not be new on the share."
    if not before.whole:
        yield "The run before did not come to its end: some of what is new here was there."


def _files(summary: RunSummary, worst: list[LedgerEntry], total: int) -> Table:
    title = f"Files with personal data ({number(total)})"
    if total > len(worst):
        title = f"The {len(worst)} worst of {number(total)} files with personal data"
    grid = _grid(title)
    grid.add_column("Severity", no_wrap=True)
    grid.add_column("People", justify="right")
    grid.add_column("File", ratio=5, overflow="fold")
    grid.add_column("What and why", ratio=6)
    for entry in worst:
        why = Text(kinds(entry.counts))
        if entry.reasons:
            why.append(f"\n{shortened(entry.reasons[0].text, _PATH_LIMIT)}", style="dim")
        if entry.exposed:
            why.append(f"\n{exposure(entry.exposure)}", style="bold red")
        if entry.status is not Status.INSPECTED:
            why.append(f"\n{STATUSES[entry.status]}: {shortened(entry.reason, _PATH_LIMIT)}", style="bold")
        grid.add_row(
            Text(entry.severity.word, style=_STYLES[entry.severity]),
            interval(entry.people.low, entry.people.high),
            Text(shortened(beneath(entry.path, summary.record.roots), _PATH_LIMIT)),
            why,
        )
    return grid


def _kinds(summary: RunSummary) -> Table:
    ordered = sorted(summary.totals.by_type.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    grid = _grid("Kinds of personal data", expand=False)
    grid.add_column("Kind")
    grid.add_column("Files", justify="right")
    grid.add_column("Findings", justify="right")
    for entity_type, (files, findings) in ordered[:_KINDS_SHOWN]:
        grid.add_row(kind(entity_type), number(files), number(findings))
    if rest := ordered[_KINDS_SHOWN:]:
        grid.add_row(f"{len(rest)} more kinds", "", number(sum(findings for _, (_, findings) in rest)))
    return grid


def _severities(summary: RunSummary) -> Table:
    grid = _grid("Severity of what was read", expand=False)
    grid.add_column("Severity")
    grid.add_column("Files", justify="right")
    grid.add_column("People, file by file", justify="right")
    for severity in reversed(Severity):
        grid.add_row(
            Text(severity.word, style=_STYLES[severity]),
            number(summary.files(severity)),
            number(summary.people(severity)),
        )
    return grid


def _formats(summary: RunSummary) -> Table:
    grid = _grid("Formats, and how far their files were read", expand=False)
    grid.add_column("Format")
    for heading in FORMAT_COLUMNS.values():
        grid.add_column(heading, justify="right")
    for name, counts in formats(summary.totals.by_format):
        grid.add_row(name, *(number(counts.get(status, 0)) for status in FORMAT_COLUMNS))
    return grid


def _shortfalls(summary: RunSummary) -> Table:
    grid = _grid("Not read, or not wholly: these may hold personal data", expand=False)
    grid.add_column("Reason")
    grid.add_column("Objects", justify="right")
    grid.add_column("Size", justify="right")
    ordered = sorted(summary.totals.by_shortfall.items(), key=lambda item: (-item[1].objects, item[0]))
    for reason, tally in ordered:
        grid.add_row(reason.value, number(tally.objects), size(tally.bytes))
    return grid


def _coverage(summary: RunSummary) -> Text:
    record = summary.record
    lines = Text(coverage_line(summary), style="bold")
    for error in record.errors:
        lines.append(f"\n{shortened(error, _PATH_LIMIT)}", style="bold red")
    if record.interrupted:
        lines.append("\nThe scan was interrupted: this is what was done until then.", style="bold red")
    elif summary.incomplete:
        lines.append(
            f"\nINCOMPLETE: {plural(summary.not_wholly_read, 'object')} could not be read, or not wholly.",
            style="bold red",
        )
    if summary.totals.read_now < summary.totals.enumerated:
        known = summary.totals.enumerated - summary.totals.read_now
        lines.append(
            f"\n{plural(summary.totals.read_now, 'object')} read by this scan; "
            f"{number(known)} known from before or not opened.",
            style="not bold",
        )
    for line in since(summary):
        lines.append(f"\n{line}", style="not bold")
    if record.finished is not None:
        lines.append(f"\nTook {duration(record.finished - record.started)}.", style="not bold")
    return lines


def _grid(title: str, *, expand: bool = True) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=expand,
        pad_edge=False,
    )
