"""The sums at the head of a report, and that every format tells what was not read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.reports import WRITERS, RunSummary
from scanner.reports.writer import FOLDERS_SHOWN
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger
from tests.reports import sample_run


def test_sums_add_up(run: Ledger) -> None:
    summary = RunSummary.of(run)
    assert summary.totals.enumerated == 8 == sum(summary.objects(status) for status in Status)
    assert {level.word: summary.files(level) for level in Severity} == {
        "none": 2, "low": 1, "medium": 1, "high": 1, "critical": 1,
    }  # fmt: skip
    assert (summary.sensitive, summary.not_wholly_read, summary.people(Severity.CRITICAL)) == (3, 3, 12)
    assert summary.incomplete
    assert not summary.more_folders


def test_everything_read_is_complete_unless_interrupted(tmp_path: Path) -> None:
    clean = sample_run.OBJECTS[:5]
    ledger = sample_run.ledger(tmp_path / "whole", clean)
    assert not RunSummary.of(ledger).incomplete
    ledger = sample_run.ledger(tmp_path / "cut", clean, interrupted=True)
    assert RunSummary.of(ledger).incomplete


def test_more_folders_than_shown_are_owned_up_to(tmp_path: Path) -> None:
    many = [(f"folder {at}/a.txt", sample_run.inspection(Severity.NONE)) for at in range(FOLDERS_SHOWN + 1)]
    ledger = sample_run.ledger(tmp_path, many)
    summary = RunSummary.of(ledger)
    assert (len(summary.folders), summary.more_folders) == (FOLDERS_SHOWN, True)


@pytest.mark.parametrize("name", ["table", "jsonl", "csv", "html"])
def test_every_format_tells_unread_from_clean(run: Ledger, name: str) -> None:
    written = io.StringIO()
    WRITERS[name](RunSummary.of(run), run.entries(), written)
    assert "damaged" in written.getvalue()
    assert "encrypted" in written.getvalue()


@pytest.mark.parametrize("name", WRITERS)
def test_an_empty_run_makes_a_report(tmp_path: Path, name: str) -> None:
    written = io.StringIO()
    ledger = sample_run.ledger(tmp_path, [])
    WRITERS[name](RunSummary.of(ledger), ledger.entries(), written)
    if name not in ("jsonl", "cef", "ocsf"):
        assert written.getvalue()


@pytest.mark.parametrize("name", WRITERS)
def test_entries_are_read_once_and_lazily(run: Ledger, name: str) -> None:
    """A writer may take an iterator that can be walked just once, and writes UTF-8."""

    def once() -> Iterator[LedgerEntry]:
        yield from run.entries()

    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    WRITERS[name](RunSummary.of(run), once(), written)
    written.flush()


@pytest.mark.parametrize("name", WRITERS)
def test_hostile_text_neither_breaks_a_format_nor_steers_a_terminal(run: Ledger, name: str) -> None:
    evil = "\x1b[2J\u202e<script>alert(1)</script>\udcff[red]{{ 7*7 }}\u2028=1+1"
    bad = sample_run.entry(
        reasons=[evil],
        findings=[sample_run.finding(masked=evil, location=evil, hidden=evil)],
        status=Status.PARTIAL,
        gaps=[sample_run.Gap(sample_run.Location((evil,)), sample_run.Shortfall.DAMAGED, evil)],
    )
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    WRITERS[name](RunSummary.of(run), iter([bad]), written)
    written.seek(0)
    text = written.read()
    assert not any(char in text for char in "\x1b\u202e\u2028")
