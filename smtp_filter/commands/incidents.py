"""``dlp incidents``: list and show incidents, export their records, say what was on a share on a date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.opening import operator, triage_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from scanner.configuration import Configuration
    from smtp_filter.triage.incidents.model import Incident
    from smtp_filter.triage.shares.model import PastFile, PastRun

HELP = """Incidents: what happened, to how many people, and the 72 hours to tell the Commissioner.

They are decided in the console; every look is in the audit log.

\b
Examples:
  dlp incidents list --late
  dlp incidents show I-2026-0001
  dlp incidents export I-2026-0001 --output I-2026-0001.html
  dlp incidents contents /media/stick --on 2026-11-03
"""
LIST_HELP = """List incidents, the open ones by when their 72 hours end.

\b
Examples:
  dlp incidents list
  dlp incidents list --state all --severity high --json
"""
SHOW_HELP = """Show one incident with its timeline.

\b
Examples:
  dlp incidents show I-2026-0001
"""
EXPORT_HELP = """Write the record of an incident for the Commissioner: one HTML page, or JSON.

It has kinds and counts and no value.  The list of the people affected is released in the console only, to
the data protection officer.

\b
Examples:
  dlp incidents export I-2026-0001 --output I-2026-0001.html
  dlp incidents export I-2026-0001 --format json
"""
CONTENTS_HELP = """Say what was on a share, in a folder or on a stick on a date, as scans had found it.

It is what the last run begun by the end of that day knew, also of files that were changed, moved or deleted
since. A stick that is gone is named by the path under which it was scanned.

\b
Examples:
  dlp incidents contents /srv/shares/housing --on 2026-11-03
  dlp incidents contents /media/stick --on 2026-11-03 --json
  dlp incidents contents /srv/shares/housing --on 2026-11-03T17:30
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON object a line.")]
Reference = Annotated[str, typer.Argument(help="The incident's number.")]


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verbs."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    verbs.command("list", help=LIST_HELP)(list_)
    verbs.command("show", help=SHOW_HELP)(show)
    verbs.command("export", help=EXPORT_HELP)(export)
    verbs.command("contents", help=CONTENTS_HELP)(contents)
    app.add_typer(verbs, name="incidents")


def list_(
    state: Annotated[str, typer.Option("--state", help="open, closed or all.")] = "open",
    severity: Annotated[str, typer.Option("--severity", help="At least: low, medium, high, critical.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="Only those of this owner.")] = "",
    late: Annotated[bool, typer.Option("--late", help="Only those whose 72 hours are over.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List."""
    import time

    from scanner.judgement.assessment import Severity
    from smtp_filter.triage.incidents import queries

    if severity and severity.upper() not in Severity.__members__:
        fail("--severity: low, medium, high or critical")
    wanted = queries.Filter(
        state=state,
        severity=Severity[severity.upper()] if severity else Severity.NONE,
        owner=owner,
        late=late,
    )
    with triage_store(config) as (_, quarantine), quarantine.engine.connect() as connection:
        now = time.time()
        for incident in queries.incidents(quarantine, connection, wanted, now):
            typer.echo(json.dumps(_facts(incident, now)) if as_json else _line(incident, now))


def show(reference: Reference, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show."""
    told = _record(reference, "view", config)
    if as_json:
        typer.echo(json.dumps(told))
        return
    for name in ("reference", "what", "state", "severity", "owner", "cause", "aware_at", "report_due_at"):
        typer.echo(f"{name.replace('_', ' ')}: {told[name]}")
    people = told["people_affected"]
    typer.echo(f"people affected: {people['at_least']} to {people['at_most']}")
    typer.echo(f"counted: {people['how_counted']}")
    for article, key in ((33, "commissioner"), (34, "people")):
        typer.echo(f"Article {article}: {told[f'article_{article}'][key]}")
    for line in told["timeline"]:
        typer.echo(f"{line['at']}  {line['by']}  {line['kind']}  {line['text']}")


def export(
    reference: Reference,
    form: Annotated[str, typer.Option("--format", "-f", help="html or json.")] = "html",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    config: ConfigOption = None,
) -> None:
    """Export."""
    from smtp_filter.configuration import QuarantineSection
    from smtp_filter.triage.incidents import record

    if form not in ("html", "json"):
        fail("--format: html or json")
    zone = ""
    told = _record(reference, "export", config)
    if form == "html":
        from scanner.commands.preparing import configuration

        zone = configuration(config).section(QuarantineSection).zone
    written = record.as_json(told) if form == "json" else record.as_html(told, zone)
    write_out(written.encode("utf-8"), output)


def contents(
    path: Annotated[str, typer.Argument(help="The share, folder or stick, as it was scanned.")],
    on: Annotated[str, typer.Option("--on", help="The day, such as 2026-11-03, or the moment.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What was there."""
    from zoneinfo import ZoneInfo

    from scanner.reports.wording import plural
    from scanner.store.audit import AuditEvent
    from scanner.store.database import writing
    from smtp_filter.configuration import QuarantineSection
    from smtp_filter.triage.shares import queries

    with triage_store(config) as (settings, quarantine):
        zone = ZoneInfo(settings.section(QuarantineSection).zone)
        moment = _moment(on, zone)
        actor = operator(settings)
        path = _as_scanned(path)
        with writing(quarantine.engine) as connection:
            event = AuditEvent(
                actor.name, "share.then", path, role=actor.role, origin=actor.origin, after={"day": on}
            )
            quarantine.audit.record(connection, event)
        with quarantine.engine.connect() as connection:
            run = queries.run_then(connection, path, moment)
            found = queries.then(connection, path, moment, limit=10_000_000)
    if run is None and not found:
        fail(
            f"nobody had looked at {_printable(path)} by then, as far as runs are kept: dlp runs list",
            Exit.FINDINGS,
        )
    if not as_json:
        _tell_contents(path, run, found, zone)
    for one in found:
        if as_json:
            told = {
                "path": one.path,
                "severity": one.severity.word,
                "people": [one.people.low, one.people.high],
                "readable_by": one.audience.word,
                "bytes": one.size,
                "changed": one.mtime,
                "read": one.read,
                "changed_since": one.changed_since,
            }
            typer.echo(json.dumps(told))
        else:
            word = one.severity.word if one.read else "not read"
            people = plural(one.people.low, "person", "people") if one.people.high else ""
            if one.people.high > one.people.low:
                people = f"{one.people.low} to {one.people.high} people"
            later = "  (changed since)" if one.changed_since else ""
            typer.echo(f"{word:9} {people:>18}  {one.audience.word:9} {one.path}{later}")


def _moment(written: str, zone: ZoneInfo) -> float:
    """The end of a day, or the moment itself where there is a time; ends the program where it is neither."""
    from datetime import datetime, timedelta

    try:
        at = datetime.fromisoformat(written.strip())
    except ValueError:
        fail("--on: a day is written like 2026-11-03, a moment like 2026-11-03T17:30")
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    whole_day = len(written.strip()) <= len("2026-11-03")
    return (at + timedelta(days=1)).timestamp() - 0.001 if whole_day else at.timestamp()


def _as_scanned(written: str) -> str:
    """The path as a scan would have spelt it: an address as it is, a path from the root on, without links."""
    import os

    from scanner.shares.sources import is_remote

    return written if is_remote(written) else os.path.realpath(Path(written).expanduser())


def _printable(path: str) -> str:
    import os

    from scanner.store.entry import displayable

    return displayable(os.fsencode(path))


def _tell_contents(path: str, run: PastRun | None, found: Sequence[PastFile], zone: ZoneInfo) -> None:
    """What was there in sum, and on what that rests."""
    from datetime import datetime

    from scanner.judgement.assessment import Severity
    from scanner.reports.wording import plural

    holding = [one for one in found if one.severity > Severity.NONE]
    low, high = sum(one.people.low for one in holding), sum(one.people.high for one in holding)
    unread = sum(not one.read for one in found)
    typer.echo(f"{_printable(path)}: {plural(len(found), 'file')}, {len(holding)} of them with personal data")
    if holding:
        typer.echo(f"people, file by file: {low:,} to {high:,}; one person in two files counts twice")
    if unread:
        typer.echo(f"{plural(unread, 'file')} had not been read: what is in them is not known")
    if run is not None:
        began = datetime.fromtimestamp(run.started, zone).strftime("%d %B %Y %H:%M").lstrip("0")
        whole = "" if run.whole else ", which did not read everything"
        typer.echo(f"as run {run.name} of {began} knew it{whole}")


def write_out(content: bytes, output: Path | None) -> None:
    """Write to a file that only its owner may read, or to standard output."""
    import os
    import sys

    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        fail(f"{output} cannot be written ({(error.strerror or 'error').lower()})")


def _record(reference: str, act: str, config: Path | None) -> dict[str, Any]:
    import time

    from smtp_filter.quarantine.model import QuarantineError
    from smtp_filter.triage.incidents import queries, record
    from smtp_filter.triage.incidents.keeping import IncidentKeeper

    with triage_store(config) as (settings, quarantine):
        actor, now = operator(settings), time.time()
        try:
            with quarantine.engine.connect() as connection:
                detail = queries.detail(quarantine, connection, reference, actor, now)
        except QuarantineError as error:
            fail(str(error), Exit.FINDINGS)
        IncidentKeeper(quarantine).viewed(detail.incident.reference, actor, act)
        contact = ", ".join(quarantine.settings.notices.dpo)
        return record.record(detail, _council(settings), now, contact=contact)


def _council(settings: Configuration) -> str:
    names = settings.organisation.names
    return names[0] if names else "The council"


def _line(incident: Incident, now: float) -> str:
    people = f"{incident.people.low}-{incident.people.high} people"
    clock = incident.clock(now)
    if clock != "stopped":
        hours = abs(incident.due_at - now) / 3600
        clock = f"{hours:.0f} h left" if clock == "running" else f"{hours:.0f} h over"
    owner = incident.owner or "nobody"
    return f"{incident.reference}  {incident.severity.word}  {clock}  {people}  {owner}  {incident.title}"


def _facts(incident: Incident, now: float) -> dict[str, object]:
    return {
        "reference": incident.reference,
        "title": incident.title,
        "state": "open" if incident.open else "closed",
        "severity": incident.severity.word,
        "owner": incident.owner,
        "department": incident.department,
        "cause": incident.cause,
        "source": incident.source_reference or incident.source.value,
        "people": [incident.people.low, incident.people.high],
        "aware_at": incident.aware_at,
        "due_at": incident.due_at,
        "clock": incident.clock(now),
        "reported_at": incident.reported_at,
        "article_33": incident.article33.value,
        "article_34": incident.article34.value,
        "shielded": incident.shielded,
    }
