"""The figures against sums made by hand; spans of the calendar; CSV and PDF that say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from sqlalchemy import update

from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from scanner.store.entry import Audience
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.triage.figures import queries, spans
from smtp_filter.triage.figures.charts import Series, bars, lines
from smtp_filter.triage.figures.model import Dashboard
from smtp_filter.triage.figures.printing import as_pdf
from smtp_filter.triage.figures.tabling import as_csv, as_text, tables_of
from tests.smtp_filter.quarantine import making
from tests.smtp_filter.triage.stores import finding, inspection, open_stores, scanned

LONDON = "Europe/London"


def at(written: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(LONDON)).timestamp()


# Held when; decided after so many minutes, in which state, as a false alarm; department; sender.
MAIL = [
    ("2026-10-05T09:00", 10, "released", True, "Housing", "a"),
    ("2026-10-05T10:00", 20, "released", False, "Housing", "a"),
    ("2026-10-06T09:00", 60, "rejected", False, "Children", "a"),
    ("2026-10-12T00:00", 30, "released", True, "Housing", "b"),
    ("2026-10-11T23:59", 5, "released", False, "", "b"),  # a Sunday: still the week before
    ("2026-10-13T09:00", None, "held", False, "Children", "c"),
    ("2026-09-30T23:59", 15, "released", False, "Housing", "a"),  # the quarter before
]


@pytest.fixture
def quarantine(database_url: str, tmp_path: Path) -> Iterator[Quarantine]:
    opened = open_stores(database_url, tmp_path)
    yield opened
    opened.close()


def fill(quarantine: Quarantine) -> None:
    for number, (held, minutes, state, false, department, sender) in enumerate(MAIL):
        reference = making.hold(
            quarantine, str(number), sender=f"{sender}@council.test", department=department
        )
        moment = at(held)
        ended = None if minutes is None else moment + minutes * 60
        with writing(quarantine.engine) as connection:
            connection.execute(
                update(tables.message)
                .where(tables.message.c.reference == reference)
                .values(
                    held_at=moment,
                    decided_at=ended,
                    ended_at=ended,
                    state=state,
                    undecided=ended is None,
                    false_alarm=false,
                )
            )


def read(
    quarantine: Quarantine, *, named: bool = False, departments: frozenset[str] | None = None
) -> Dashboard:
    since, until = spans.quarter("2026-Q4", LONDON)
    with quarantine.engine.connect() as connection:
        return queries.dashboard(
            quarantine, connection, since, until, LONDON, named=named, departments=departments
        )


def test_sums_by_hand(quarantine: Quarantine) -> None:
    fill(quarantine)
    found = read(quarantine)
    assert (found.held, found.undecided, found.decided, found.released, found.false_alarms) == (6, 1, 5, 4, 2)
    # 10 + 20 + 60 + 30 + 5, and of that 10 + 30 in vain.
    assert (found.held_minutes, found.false_hold_minutes) == (125.0, 40.0)
    assert (found.median_minutes, found.slow_minutes) == (20.0, 60.0)
    assert found.false_rate == 0.4
    (rule,) = found.rules
    assert (rule.rule, rule.held, rule.decided, rule.released, rule.false_alarms) == (
        *("outside-sensitive", 6, 5, 4, 2),
    )
    assert [(one.department, one.held, one.released, one.false_alarms) for one in found.departments] == [
        ("Housing", 3, 3, 2),
        ("Children", 2, 0, 0),
        ("", 1, 1, 0),
    ]


def test_weeks_by_hand(quarantine: Quarantine) -> None:
    fill(quarantine)
    first, second, third, *rest = read(quarantine).weeks
    assert [one.begins for one in (first, second, third)] == [
        *(at("2026-10-01T00:00"), at("2026-10-05T00:00"), at("2026-10-12T00:00")),
    ]
    # Held on the last evening before the quarter, released in its first minutes.
    assert (first.held, first.released, first.median_minutes) == (0, 1, 15.0)
    assert (second.held, second.released, second.returned) == (4, 2, 1)
    assert second.median_minutes == 20.0  # of 10, 20, 60; the one of Sunday night was decided on Monday
    assert (third.held, third.released, third.median_minutes) == (2, 2, 5.0)  # of 5 and 30: the lower
    assert all((one.held, one.released, one.median_minutes) == (0, 0, None) for one in rest)


def test_repeat_senders_have_a_name_for_the_dpo_only(quarantine: Quarantine) -> None:
    fill(quarantine)
    (one,) = read(quarantine).senders
    assert (one.held, one.false_alarms, one.address) == (3, 1, "")
    assert one.key.startswith("Sender ")
    assert "council.test" not in as_csv(read(quarantine), LONDON)
    (named,) = read(quarantine, named=True).senders
    assert (named.key, named.address) == (one.key, "a@council.test")


def test_own_departments_only(quarantine: Quarantine) -> None:
    fill(quarantine)
    found = read(quarantine, departments=frozenset({"Children"}))
    assert (found.held, found.decided, found.median_minutes) == (2, 1, 60.0)
    assert sum(week.held for week in found.weeks) == 2


def test_nothing_at_all(quarantine: Quarantine) -> None:
    found = read(quarantine)
    assert (found.held, found.median_minutes, found.false_rate, found.rules, found.exposure) == (
        *(0, None, None, (), ()),
    )
    assert "nothing in this time" in as_text(found, "Q4", LONDON)
    assert as_pdf(found, "Q4", "Anytown Council", LONDON, at("2027-01-02T09:00")).startswith(b"%PDF")


def test_exposure_is_what_each_run_left(quarantine: Quarantine) -> None:
    name = finding("PERSON", "A B")
    severities = [
        (Severity.CRITICAL, Audience.PUBLIC),
        (Severity.MEDIUM, Audience.GROUP),
        (Severity.LOW, Audience.PUBLIC),
    ]
    for night, count in ((at("2026-10-02T01:00"), 2), (at("2026-11-02T01:00"), 3)):
        files = [
            (
                f"/srv/shares/{night}/{number}",
                inspection(name, severity=severity, content_hash=f"{night}{number}"),
                audience,
            )
            for number, (severity, audience) in enumerate(severities[:count])
        ]
        scanned(quarantine.engine, files, night)
    found = read(quarantine).exposure
    # The second run met new files; the first one's are still there.
    assert [(one.sensitive, one.exposed) for one in found] == [(2, 1), (4, 2)]
    assert found[1].by_severity == {Severity.CRITICAL: 2, Severity.MEDIUM: 2}


def test_csv_and_pdf_say_the_same(quarantine: Quarantine) -> None:
    fill(quarantine)
    found = read(quarantine)
    rows = list(csv.reader(io.StringIO(as_csv(found, LONDON))))
    told = {tuple(row[:3]): row[3] for row in rows[1:]}
    assert told["sum", "", "held minutes"] == "125.00"
    assert told["weeks", "5 Oct", "Held"] == "4"
    assert told["rules", "outside-sensitive", "False-alarm rate"] == "40.0 %"
    pdf = as_pdf(found, "Quarterly report 2026-Q4", "Anytown <Council>", LONDON, at("2027-01-02T09:00"))
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    for words in ("Quarterly report 2026-Q4", "Anytown <Council>", "outside-sensitive", "40.0 %", "Page 1"):
        assert words in text, words


def test_a_cell_is_no_formula(quarantine: Quarantine) -> None:
    making.hold(quarantine, "1", department="=1+1")
    with writing(quarantine.engine) as connection:
        connection.execute(update(tables.message).values(held_at=at("2026-10-05T09:00")))
    cells = [cell for row in csv.reader(io.StringIO(as_csv(read(quarantine), LONDON))) for cell in row]
    assert "'=1+1" in cells
    assert "=1+1" not in cells


@pytest.mark.parametrize(
    ("written", "since", "until"),
    [
        ("2026-Q1", "2026-01-01T00:00", "2026-04-01T00:00"),
        ("2026Q2", "2026-04-01T00:00", "2026-07-01T00:00"),
        ("2026-q4", "2026-10-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_quarters(written: str, since: str, until: str) -> None:
    assert spans.quarter(written, LONDON) == (at(since), at(until))


@pytest.mark.parametrize("written", ["2026", "2026-Q5", "Q4", "0001-Q1", "2026-Q4 "[:6], ""])
def test_no_quarters(written: str) -> None:
    with pytest.raises(ValueError, match="2026-Q3"):
        spans.quarter(written, LONDON)


def test_a_week_in_which_the_clocks_change_is_one_week() -> None:
    bounds = spans.weeks_of(at("2026-10-19T00:00"), at("2026-11-02T00:00"), LONDON)
    assert bounds == [at("2026-10-19T00:00"), at("2026-10-26T00:00"), at("2026-11-02T00:00")]
    assert (bounds[1] - bounds[0]) / 3600 == 169


def test_quarters_before() -> None:
    assert spans.quarters_before(at("2026-02-14T12:00"), LONDON, 3) == ["2026-Q1", "2025-Q4", "2025-Q3"]


def test_charts_are_harmless_and_scaled() -> None:
    drawn = str(bars('<b>"x"', ["<i>"], [Series("<s>", [7]), Series("two", [None])]))
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "<s>" not in drawn
    assert drawn.count('class="chart-1"') == 2  # the bar and its key
    assert ">8<" in drawn
    assert ">10<" not in drawn
    drawn = str(lines("t", ["a", "b", "c"], [Series("s", [1, None, 3])]))
    assert "polyline" not in drawn  # a gap is not drawn through
    assert drawn.count("<circle") == 3


def test_the_page_and_the_printed_report_have_the_same_tables(quarantine: Quarantine) -> None:
    fill(quarantine)
    for table in tables_of(read(quarantine), LONDON):
        assert all(len(row) == len(table.heads) for row in table.rows), table.name
