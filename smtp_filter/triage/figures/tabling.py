"""The figures as tables of words: what the page, the CSV and the PDF show alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from scanner.reports.spreadsheet import cell
from smtp_filter.triage.figures.charts import Series, bars, lines
from smtp_filter.triage.figures.model import Dashboard
from smtp_filter.triage.incidents.causes import causes
from smtp_filter.triage.incidents.queries import IncidentFigures


@dataclass(frozen=True, slots=True)
class Tabled:
    """One part of the report: a heading, a table, words beneath it and, where it has one, its chart."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    chart: Markup | None = None
    # For the printed chart: labels and series.
    labels: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()


def minutes(value: float | None) -> str:
    """A stretch of time in words: minutes, from two hours on hours, from two days on days.

    >>> minutes(3.0), minutes(180.0), minutes(4320.0), minutes(None)
    ('3 minutes', '3.0 hours', '3.0 days', 'none')
    """
    if value is None:
        return "none"
    if value >= 2 * 1440:
        return f"{value / 1440:,.1f} days"
    if value >= 120:
        return f"{value / 60:,.1f} hours"
    return f"{value:,.0f} minutes"


def percent(value: float | None) -> str:
    """A part in percent.

    >>> percent(0.125), percent(None)
    ('12.5 %', 'none')
    """
    return "none" if value is None else f"{value * 100:.1f} %"


def headline(figures: Dashboard) -> tuple[tuple[str, str], ...]:
    """The figures over the tables: name and value."""
    return (
        ("held", f"{figures.held:,}"),
        ("released", f"{figures.released:,}"),
        ("not decided yet", f"{figures.undecided:,}"),
        ("median time to a decision", minutes(figures.median_minutes)),
        ("nine of ten decided within", minutes(figures.slow_minutes)),
        ("false alarms among what was decided", percent(figures.false_rate)),
        ("time that mail was held until it was decided", minutes(figures.held_minutes)),
        ("of that for false alarms", minutes(figures.false_hold_minutes)),
        ("emergency releases", f"{figures.emergencies:,}"),
        ("incidents opened", f"{figures.incidents.opened:,}"),
        ("reported to the Commissioner", _in_time(figures.incidents)),
    )


def tables_of(figures: Dashboard, zone: str) -> tuple[Tabled, ...]:
    """All tables in the order of the report."""
    return (
        _weeks(figures, zone),
        _rules(figures),
        _departments(figures),
        _senders(figures),
        _exposure(figures, zone),
        _incidents(figures),
    )


def as_csv(figures: Dashboard, zone: str) -> str:
    """All figures, one a line: table, row, column, value."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(("table", "row", "column", "value"))
    clock = ZoneInfo(zone)
    for name, moment in (("since", figures.since), ("until", figures.until)):
        writer.writerow(("span", "", name, datetime.fromtimestamp(moment, clock).isoformat("T", "minutes")))
    for column, value in _sums(figures):
        writer.writerow(("sum", "", column, value))
    for table in tables_of(figures, zone):
        for row in table.rows:
            for head, value in zip(table.heads[1:], row[1:], strict=True):
                writer.writerow((table.name, cell(row[0]), head, cell(value.replace(",", ""))))
    return output.getvalue()


def _sums(figures: Dashboard) -> tuple[tuple[str, str], ...]:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    return (
        ("held", str(figures.held)),
        ("undecided", str(figures.undecided)),
        ("decided", str(figures.decided)),
        ("released", str(figures.released)),
        ("false alarms", str(figures.false_alarms)),
        ("false alarm rate", "" if figures.false_rate is None else f"{figures.false_rate:.4f}"),
        ("median minutes", number(figures.median_minutes)),
        ("90th percentile minutes", number(figures.slow_minutes)),
        ("held minutes", number(figures.held_minutes)),
        ("false hold minutes", number(figures.false_hold_minutes)),
        ("emergency releases", str(figures.emergencies)),
    )


def _weeks(figures: Dashboard, zone: str) -> Tabled:
    labels = _days([week.begins for week in figures.weeks], zone)
    series = (
        Series("Held", [week.held for week in figures.weeks]),
        Series("Released", [week.released for week in figures.weeks]),
        Series("Returned or refused", [week.returned for week in figures.weeks]),
    )
    return Tabled(
        "weeks",
        "Held and released each week",
        ("Week from", "Held", "Released", "Returned or refused", "Expired", "Median time to a decision"),
        tuple(
            (
                label,
                *_numbers(week.held, week.released, week.returned, week.expired),
                minutes(week.median_minutes),
            )
            for label, week in zip(labels, figures.weeks, strict=True)
        ),
        "Held counts in the week in which it was held, everything else in the week in which it ended.",
        bars("Held and released each week", labels, series),
        labels,
        series,
    )


def _rules(figures: Dashboard) -> Tabled:
    return Tabled(
        "rules",
        "Rules that held most",
        ("Rule", "Held", "Decided", "Released", "False alarms", "False-alarm rate"),
        tuple(
            (
                one.rule,
                *_numbers(one.held, one.decided, one.released, one.false_alarms),
                percent(one.false_rate),
            )
            for one in figures.rules
        ),
        "The rate is false alarms among what was decided. A message that several rules held counts for each.",
    )


def _departments(figures: Dashboard) -> Tabled:
    return Tabled(
        "departments",
        "Departments",
        ("Department", "Held", "Released", "False alarms"),
        tuple(
            (one.department or "not known", *_numbers(one.held, one.released, one.false_alarms))
            for one in figures.departments
        ),
    )


def _senders(figures: Dashboard) -> Tabled:
    return Tabled(
        "senders",
        "Senders whose mail is held again and again",
        ("Sender", "Department", "Held", "False alarms"),
        tuple(
            (one.address or one.key, one.department or "not known", *_numbers(one.held, one.false_alarms))
            for one in figures.senders
        ),
        "Three times or more. Only the data protection officer sees names here.",
    )


def _exposure(figures: Dashboard, zone: str) -> Tabled:
    labels = _days([one.at for one in figures.exposure], zone)
    series = (
        Series("Sensitive files", [one.sensitive for one in figures.exposure]),
        Series("of these exposed", [one.exposed for one in figures.exposure]),
    )
    return Tabled(
        "shares",
        "Sensitive files on shares",
        ("Scan of", "Sensitive files", "Exposed"),
        tuple(
            (label, *_numbers(one.sensitive, one.exposed))
            for label, one in zip(labels, figures.exposure, strict=True)
        ),
        "As each finished scan left them: medium or worse; exposed is readable by everyone or the public.",
        lines("Sensitive files on shares", labels, series) if labels else None,
        labels,
        series if labels else (),
    )


def _incidents(figures: Dashboard) -> Tabled:
    told = figures.incidents
    people = f"{told.people_low:,} to {told.people_high:,}"
    late = told.reported - told.reported_in_time
    rows = [
        ("Opened", f"{told.opened:,}"),
        ("of these closed", f"{told.closed:,}"),
        ("of these reported to the Commissioner", f"{told.reported:,}"),
        ("of these within 72 hours", f"{told.reported_in_time:,}"),
        ("of these after more than 72 hours", f"{late:,}"),
        ("People affected, at least and at most", people if told.opened else "0"),
        ("Open today, from whatever time", f"{told.still_open:,}"),
    ]
    rows += [
        (f"Cause: {causes().get(code, 'not settled yet')}", f"{number:,}")
        for code, number in told.by_cause.items()
    ]
    note = "People are summed incident by incident: somebody in two of them counts twice."
    return Tabled("incidents", "Incidents", ("Figure", "Number"), tuple(rows), note if told.opened else "")


def _in_time(told: IncidentFigures) -> str:
    late = told.reported - told.reported_in_time
    return f"{told.reported:,}, {late:,} of them late" if late else f"{told.reported:,}"


def _days(moments: Sequence[float], zone: str) -> tuple[str, ...]:
    clock = ZoneInfo(zone)
    days = [datetime.fromtimestamp(moment, clock) for moment in moments]
    several = len({day.year for day in days}) > 1
    return tuple(f"{day.day} {day:%b}" + (f" {day:%y}" if several else "") for day in days)


def _numbers(*values: int) -> tuple[str, ...]:
    return tuple(f"{value:,}" for value in values)


def as_text(figures: Dashboard, title: str, zone: str) -> str:
    """All figures as plain text for a terminal or a mail."""
    clock = ZoneInfo(zone)
    first, last = (datetime.fromtimestamp(moment, clock) for moment in (figures.since, figures.until - 1))
    span = f"From {first.day} {first:%B %Y} until {last.day} {last:%B %Y}"
    lines_of_text = [title, span, ""]
    lines_of_text += [f"{name}: {value}" for name, value in headline(figures)]
    for table in tables_of(figures, zone):
        lines_of_text += ["", table.title]
        rows = [table.heads, *table.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(table.heads))]
        for row in rows if table.rows else []:
            cells = (
                text.ljust(width) if column == 0 else text.rjust(width)
                for column, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            lines_of_text.append("  " + "  ".join(cells).rstrip())
        if not table.rows:
            lines_of_text.append("  nothing in this time")
        if table.note:
            lines_of_text.append(f"  {table.note}")
    return "\n".join(lines_of_text) + "\n"
