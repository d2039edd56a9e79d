"""The summary in the terminal."""

from __future__ import annotations

import io
from pathlib import Path

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.reports import RunSummary, table
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger
from tests.reports import sample_run
from tests.reports.two_nights import nights


def written(run: Ledger, *entries: LedgerEntry) -> str:
    stream = io.StringIO()
    table.write(RunSummary.of(run), iter(entries or tuple(run.entries())), stream)
    return stream.getvalue()


def test_coverage_is_one_sentence_that_adds_up(run: Ledger) -> None:
    assert (
        "8 objects met (800 bytes): 5 inspected, 1 inspected in part, 1 not inspected, 1 encrypted."
        in written(run)
    )
    assert "INCOMPLETE: 3 objects could not be read, or not wholly." in written(run)


def test_a_run_without_gaps_is_not_called_incomplete(tmp_path: Path) -> None:
    run = sample_run.ledger(tmp_path, sample_run.OBJECTS[:5])
    text = written(run)
    assert "INCOMPLETE" not in text
    assert "Not read" not in text


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    run = sample_run.ledger(tmp_path, sample_run.OBJECTS[:5], interrupted=True)
    assert "The scan was interrupted" in written(run)


def test_the_worst_files_stand_first_with_kinds_and_the_first_reason(run: Ledger) -> None:
    text = written(run)
    places = [
        text.index(name) for name in ("Childrens Services/list.xlsx", "HR/sickness.csv", "HR/letter.docx")
    ]
    assert places == sorted(places)
    assert "2 NHS numbers" in text
    assert "a reason for critical" in text
    assert "/share/HR" not in text  # the scanned folder itself is not repeated
    assert "Planning/notice.pdf" not in text  # holds nothing


def test_no_escape_sequences_off_a_terminal(run: Ledger) -> None:
    assert "\x1b" not in written(run)


def test_more_files_than_a_screenful_are_owned_up_to(tmp_path: Path) -> None:
    many = [(f"HR/{at}.csv", sample_run.inspection(Severity.HIGH, people=1)) for at in range(50)]
    run = sample_run.ledger(tmp_path, many)
    assert "The 20 worst of 50 files with personal data" in written(run)


def test_markup_in_a_name_stays_text(run: Ledger) -> None:
    assert "[red]x[/red] :boom:" in written(run, sample_run.entry(path="/share/[red]x[/red] :boom:"))


def test_formats_stand_with_how_far_their_files_were_read(run: Ledger) -> None:
    assert run.totals().by_format == {
        "text": {Status.INSPECTED: 5, Status.PARTIAL: 1, Status.NOT_INSPECTED: 1, Status.ENCRYPTED: 1}
    }
    lines = [line.split() for line in written(run).splitlines()]
    assert ["Format", "Read", "Partly", "read", "Encrypted", "Unreadable"] in lines
    assert ["text", "5", "1", "1", "1"] in lines


def test_how_it_stands_against_the_night_before(tmp_path: Path) -> None:
    text = " ".join(written(nights(tmp_path)).split())
    assert "Since 21 Nov 2025 04:40: 6 sensitive files (1 more), 2 of them open (no change)" in text
    assert "newly open" in text


def test_a_first_night_has_nothing_to_stand_against(run: Ledger) -> None:
    assert "Since " not in written(run)
