"""Spreadsheets: nothing becomes a formula, nothing is left out, Excel reads the letters."""

from __future__ import annotations

import csv
import io

import pytest

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.reports import RunSummary, spreadsheet
from scanner.reports.writer import ReportWriter
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger
from tests.reports.sample_run import entry, finding


def rows(writer: ReportWriter, run: Ledger, *entries: LedgerEntry) -> list[dict[str, str]]:
    written = io.StringIO(newline="")
    writer(RunSummary.of(run), iter(entries), written)
    text = written.getvalue()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("=1+1", "'=1+1", "formula"),
        ("+44 7700 900123", "'+44 7700 900123", "a sum to Excel"),
        ("-2", "'-2", "formula"),
        ("@SUM(A1)", "'@SUM(A1)", "old Lotus formula"),
        ("  =1+1", "'  =1+1", "Excel trims before it looks"),
        ("'=1+1", "''=1+1", "some programs drop a leading quote when they read"),
        ("＝1+1", "'＝1+1", "wide equals sign"),
        ("a=b", "a=b", "near miss: not at the start"),
        ("2024-03-14", "2024-03-14", "near miss: a date"),
        ("", "", "empty"),
    ],
)
def test_cells_that_would_be_formulas_are_defused(text: str, expected: str, why: str) -> None:
    assert spreadsheet.cell(text) == expected, why


def test_tabs_and_line_breaks_cannot_start_a_formula_or_a_row() -> None:
    for start in "\t\r\n":
        assert "\n" not in spreadsheet.cell(f"{start}=1+1")
        assert not spreadsheet.cell(f"{start}=1+1").startswith(("\t", "\r", "=", "\n"))


def test_a_row_per_object_with_what_was_not_read(run: Ledger) -> None:
    table = rows(spreadsheet.write_files, run, *run.entries())
    assert [row["severity"] for row in table] == ["critical", "high", "medium", "low", "none", "none", "", ""]
    unread = {row["path"]: row["not read because"] for row in table if row["status"] != "inspected"}
    assert unread == {
        "/share/Old/mixed.zip": "kind not supported",
        "/share/Old/cut.docx": "damaged",
        "/share/Old/locked.zip": "encrypted",
    }
    assert table[0]["hidden findings"] == "2"
    assert table[0]["kinds"] == "1 child at risk or in care, 1 NHS number, 1 name"


def test_a_row_per_finding_and_a_row_for_those_not_listed(run: Ledger) -> None:
    capped = entry(findings=[finding(), finding()], counts={"UK_NHS": 64_002})
    table = rows(spreadsheet.write_findings, run, capped)
    assert [row["type"] for row in table] == ["UK_NHS", "UK_NHS", "(not listed)"]
    assert table[-1]["location"] == "64,000 more findings in this file are counted, not listed"


def test_a_name_in_every_column_is_defused(run: Ledger) -> None:
    evil = "=cmd|' /C calc'!A0"
    bad = entry(path=evil, folder=evil, reasons=[evil], findings=[finding(evil, evil, evil, evil)])
    for writer in (spreadsheet.write_files, spreadsheet.write_findings):
        for row in rows(writer, run, bad):
            assert not any(str(value).startswith("=") for value in row.values())


def test_a_cell_longer_than_excel_takes_is_cut_and_says_so() -> None:
    cut = spreadsheet.cell("x" * 1_000_000)
    assert len(cut) < 32_767
    assert "1,000,000 characters" in cut


def test_an_impossible_time_is_empty(run: Ledger) -> None:
    odd = LedgerEntry("/a", b"/a", "", 1, 1e20, "text", Status.INSPECTED, severity=Severity.LOW)
    assert rows(spreadsheet.write_files, run, odd)[0]["modified (UTC)"] == ""
