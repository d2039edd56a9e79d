"""The PDF: a page for the SIRO, tables behind it, whatever names files have."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from scanner.documents.model import Gap, Location, Shortfall, Status
from scanner.judgement.assessment import Severity
from scanner.reports import DOCUMENT_WRITERS, RunSummary
from scanner.reports.print_document import FILES_LISTED, UNREAD_LISTED
from scanner.store.entry import LedgerEntry
from scanner.store.ledger import Ledger
from tests.reports import sample_run, two_nights
from tests.reports.sample_run import entry, finding


def pages(ledger: Ledger, name: str, entries: Iterator[LedgerEntry] | None = None) -> list[str]:
    """The text of each page, on one line."""
    written = io.BytesIO()
    DOCUMENT_WRITERS[name](RunSummary.of(ledger), entries or ledger.entries(), written)
    document = pypdfium2.PdfDocument(written.getvalue())
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


@pytest.mark.parametrize("name", DOCUMENT_WRITERS)
def test_the_first_page_says_what_a_director_asks(tmp_path: Path, name: str) -> None:
    first = pages(two_nights.nights(tmp_path), name)[0]
    for said in (
        "2 sensitive files are open to people who have no need of them",
        "no change since the run before",
        "Take 1 published file down today",
        "What is new",
        "What got better",
        "What must be decided",
        "What was not read",
        "night-2",
    ):
        assert said in first


def test_the_tables_behind_it(tmp_path: Path) -> None:
    text = " ".join(pages(two_nights.nights(tmp_path), "pdf")[1:])
    for said in (
        "By department",
        "Head of People",
        "nobody named",
        "Newly open to everyone",
        "Fixed",
        "Housing/gone.docx",
        "in several places",
        "Old/mine.txt",
        "Sensitive files, those open to everyone first",
    ):
        assert said in text
    assert text.rindex("Web/list.xlsx") < text.rindex("Housing/tenants.xlsx")


def test_the_page_for_the_siro_is_one_page_however_much_there_is_to_say(tmp_path: Path) -> None:
    many = [
        (f"{'very long department name ' * 6}{at}/{'x' * 90}.txt", sample_run.inspection(Severity.HIGH))
        for at in range(60)
    ]
    assert len(pages(sample_run.ledger(tmp_path, many), "siro-pdf")) == 1


@pytest.mark.parametrize("name", DOCUMENT_WRITERS)
@pytest.mark.parametrize("objects", [[], sample_run.OBJECTS])
def test_small_runs(tmp_path: Path, name: str, objects: list[tuple[str, object]]) -> None:
    assert pages(sample_run.ledger(tmp_path, objects), name)  # type: ignore[arg-type]


EVIL = "\x1b[2J\u202e<b>x</i>&amp;{{ 7*7 }}</para><img src='/etc/passwd'/>漢字\udcff\u2028"


def test_hostile_names_stay_text(run: Ledger) -> None:
    bad = entry(
        path=f"/share/{EVIL}",
        folder=EVIL,
        reasons=[EVIL],
        findings=[finding(EVIL, EVIL, EVIL, EVIL)],
        status=Status.PARTIAL,
        gaps=[Gap(Location(), Shortfall.DAMAGED, EVIL)],
    )
    text = " ".join(pages(run, "pdf", iter([bad])))
    assert "<b>x</i>&amp;{{ 7*7 }}</para><img" in text
    assert "\u202e" not in text


def test_no_value_and_no_finding_is_in_it(run: Ledger) -> None:
    with_value = entry(findings=[finding(value="943 476 5919")], counts={"UK_NHS": 1})
    assert "943 476 5919" not in " ".join(pages(run, "pdf", iter([with_value])))


def test_lists_are_bounded_and_say_so(tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[LedgerEntry]:
        nonlocal taken
        while True:
            taken += 1
            unread = taken > FILES_LISTED
            yield entry(
                path=f"/share/{taken}",
                severity=Severity.NONE if unread else Severity.HIGH,
                status=Status.ENCRYPTED if unread else Status.INSPECTED,
            )

    many = [(f"a/{at}.txt", sample_run.inspection(Severity.HIGH)) for at in range(FILES_LISTED + 5)]
    text = " ".join(pages(sample_run.ledger(tmp_path, many), "pdf", endless()))
    assert taken == FILES_LISTED + UNREAD_LISTED
    assert f"The first {FILES_LISTED} of {FILES_LISTED + 5}" in text
