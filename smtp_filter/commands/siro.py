"""``dlp siro-report``: the quarter's figures for the senior information risk owner."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from scanner.commands.exits import fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.incidents import write_out
from smtp_filter.commands.opening import operator, triage_store

HELP = """The quarterly report for the SIRO: mail held and released, false alarms, shares, incidents.

Without --quarter it is the last quarter that is over.

\b
Examples:
  dlp siro-report --output report.pdf
  dlp siro-report --quarter 2026-Q3 --format csv --output 2026-Q3.csv
"""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("siro-report", help=HELP)(siro_report)


def siro_report(
    quarter: Annotated[str, typer.Option("--quarter", help="Such as 2026-Q3.")] = "",
    form: Annotated[
        str,
        typer.Option("--format", "-f", help="pdf, csv or text [default: by the output's name, else text]"),
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)] = None,
) -> None:
    """Report."""
    from scanner.store.audit import AuditEvent
    from scanner.store.database import writing
    from smtp_filter.configuration import QuarantineSection
    from smtp_filter.triage.figures import queries, spans
    from smtp_filter.triage.figures.printing import as_pdf
    from smtp_filter.triage.figures.tabling import as_csv, as_text

    suffix = output.suffix.lower().lstrip(".") if output else ""
    chosen = form or (suffix if suffix in ("pdf", "csv") else "text")
    if chosen not in ("pdf", "csv", "text"):
        fail("--format: pdf, csv or text")
    with triage_store(config) as (settings, quarantine):
        zone = settings.section(QuarantineSection).zone
        now = time.time()
        named = quarter or spans.quarters_before(now, zone, 2)[1]
        try:
            since, until = spans.quarter(named, zone)
            # Weeks that are still to come are no weeks without incidents.
            until = min(until, now) if since < now else until
        except ValueError as error:
            fail(f"--quarter: {error}")
        actor = operator(settings)
        with writing(quarantine.engine) as connection:
            event = AuditEvent(
                actor.name, "figures.report", named.upper(), role=actor.role, origin=actor.origin
            )
            quarantine.audit.record(connection, event)
        with quarantine.engine.connect() as connection:
            figures = queries.dashboard(quarantine, connection, since, until, zone)
    title = f"Quarterly report {named.upper()}"
    names = settings.organisation.names
    council = names[0] if names else "The council"
    if chosen == "pdf":
        write_out(as_pdf(figures, title, council, zone, now), output)
    elif chosen == "csv":
        write_out(as_csv(figures, zone).encode("utf-8"), output)
    else:
        write_out(as_text(figures, title, zone).encode("utf-8"), output)
