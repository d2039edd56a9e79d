"""Reading in a process of its own: what it sent before it died is kept, and what others can read of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator

import pytest

from scanner.documents import Limits, Source
from scanner.documents.apart import reading_apart
from scanner.documents.model import Coverage, Gap, Location, Segment, Shortfall, Status

FRONT = Segment("front", Location(("page 1",)))
BEHIND = Segment("behind", Location(("form",)))
LEFT_OUT = Gap(Location(("a.pdf",)), Shortfall.PARSER_STOPPED, "pages are not read")


def reader_that(*, dies_with_pages: bool, dies_without: bool):  # type: ignore[no-untyped-def]
    def read(
        source: Source, *, limits: Limits | None = None, kind: str | None = None
    ) -> Generator[Segment | Coverage, None, None]:
        with_pages = limits is None or limits.page_engine
        yield FRONT
        if dies_with_pages if with_pages else dies_without:
            os.kill(os.getpid(), signal.SIGKILL)
        yield BEHIND
        yield Coverage(
            Status.INSPECTED if with_pages else Status.PARTIAL, "pdf", () if with_pages else (LEFT_OUT,)
        )

    return reading_apart(lambda: None, read)


@pytest.mark.parametrize(
    ("with_pages", "without", "texts", "details", "why"),
    [
        (False, False, ["front", "behind"], [], "it lives"),
        (
            True,
            False,
            ["front", "behind"],
            [
                "pdfium was left out after its reader ended twice: killed (memory, or by the run)",
                "pages are not read",
            ],
            "the page engine killed it: the rest is read, nothing is told twice",
        ),
        (
            True,
            True,
            ["front"],
            ["its reader ended twice: killed (memory, or by the run)"],
            "something else killed it",
        ),
    ],
)
def test_what_is_kept(
    with_pages: bool, without: bool, texts: list[str], details: list[str], why: str
) -> None:
    read = reader_that(dies_with_pages=with_pages, dies_without=without)
    *segments, coverage = read(Source.from_bytes(b"%PDF-1.7"))
    assert [one.text for one in segments if isinstance(one, Segment)] == texts, why
    assert isinstance(coverage, Coverage)
    assert [gap.detail for gap in coverage.gaps] == details, why
    assert (coverage.status is Status.INSPECTED) == (not details), why


def test_kinds_without_pages_are_not_read_a_third_time() -> None:
    read = reader_that(dies_with_pages=True, dies_without=False)
    *segments, coverage = read(Source.from_bytes(b"Just a line of text.\n"))
    assert [one.text for one in segments if isinstance(one, Segment)] == ["front"]
    assert isinstance(coverage, Coverage)
    assert (coverage.kind, coverage.status) == ("text", Status.PARTIAL)
