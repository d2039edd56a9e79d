"""The auditor's page: the log with its filters, a check of the whole chain, an export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypedDict
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from scanner.reports.siem import SiemForm, audit_line
from scanner.store.audit import Fact
from scanner.store.database import writing
from smtp_filter.triage.roles import Role
from smtp_filter.triage.web.context import (
    Link,
    Services,
    after,
    audit,
    form_of,
    requires,
    services_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

SIZE = 100
_FIELDS = ("actor", "act", "subject", "since", "until")
_TYPES = {SiemForm.JSONL: "application/jsonl", SiemForm.OCSF: "application/jsonl", SiemForm.CEF: "text/plain"}


class _Wanted(TypedDict):
    since: float | None
    until: float | None
    actor: str
    act: str
    subject: str


@requires(Role.AUDITOR)
def log(request: Request) -> Response:
    """The newest events that match."""
    services, visitor = services_of(request), visitor_of(request)
    told, wanted, problems = _filter(request.query_params, services.settings.zone)
    before = request.query_params.get("after", "")
    if before and not before.isdecimal():
        raise HTTPException(400, "This page of the list does not exist.")
    with writing(services.engine) as connection:
        rows = services.quarantine.audit.latest(
            connection, limit=SIZE + 1, before=int(before[:18]) if before else None, **wanted
        )
        facts: dict[str, Fact] = {key: value for key, value in told.items() if value}
        audit(services, connection, visitor, "audit.view", after=facts)
    following = str(rows[SIZE - 1].number) if len(rows) > SIZE else ""
    query = urlencode({key: value for key, value in told.items() if value})
    return render(
        request,
        "audit/log.html",
        400 if problems else 200,
        rows=rows[:SIZE],
        told=told,
        problems=problems,
        query=query,
        following=following,
        before=before,
        forms=[(form.value, _NAMES[form]) for form in SiemForm],
    )


_NAMES = {SiemForm.JSONL: "JSON Lines", SiemForm.CEF: "CEF", SiemForm.OCSF: "OCSF"}


@requires(Role.AUDITOR)
def verify(request: Request) -> Response:
    """Check that nothing in the whole log was changed, put in, taken out or cut off."""
    services, visitor = services_of(request), visitor_of(request)
    check = services.quarantine.audit.verify(services.engine)
    with writing(services.engine) as connection:
        facts: dict[str, Fact] = {"sound": check.sound, "rows": check.rows}
        audit(services, connection, visitor, "audit.verify", after=facts)
    if check.sound:
        return after(request, "/audit", f"The log is sound: {check.rows:,} rows, end {check.end}.")
    what = f"The log is broken: row {check.broken} {check.problem}."
    return after(request, "/audit", what, kind="problem")


@requires(Role.AUDITOR)
def export(request: Request) -> Response:
    """The events that match as a file."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    told, wanted, problems = _filter(form, services.settings.zone)
    try:
        written = SiemForm(str(form.get("format", "jsonl")))
    except ValueError:
        raise HTTPException(400, "There is no such format.") from None
    if problems:
        raise HTTPException(400, "The dates are not dates.")
    facts: dict[str, Fact] = {key: value for key, value in told.items() if value}
    with writing(services.engine) as connection:
        audit(services, connection, visitor, "audit.export", after={"format": written.value, **facts})
    name = f"audit-{datetime.now(ZoneInfo(services.settings.zone)):%Y%m%d-%H%M}.{_ending(written)}"
    return StreamingResponse(
        _lines(services, wanted, written),
        media_type=_TYPES[written],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _ending(form: SiemForm) -> str:
    return "cef" if form is SiemForm.CEF else "jsonl"


def _lines(services: Services, wanted: _Wanted, form: SiemForm) -> Iterator[str]:
    with services.engine.connect() as connection:
        for row in services.quarantine.audit.events(connection, **wanted):
            yield audit_line(row, form) + "\n"


def _filter(
    given: QueryParams | FormData, zone: str
) -> tuple[dict[str, str], _Wanted, list[tuple[str, str]]]:
    told = {field: str(given.get(field, "")).strip()[:200] for field in _FIELDS}
    problems: list[tuple[str, str]] = []
    moments: dict[str, float | None] = {}
    for field, days, label in (("since", 0, "From"), ("until", 1, "Until")):
        moments[field] = None
        if told[field]:
            try:
                day = datetime.fromisoformat(told[field]) + timedelta(days=days)
                moments[field] = day.replace(tzinfo=ZoneInfo(zone)).timestamp()
            except (ValueError, OverflowError):
                problems.append((field, f"{label} must be a date, such as 2026-11-01."))
    wanted = _Wanted(
        since=moments["since"],
        until=moments["until"],
        actor=told["actor"],
        act=told["act"],
        subject=told["subject"],
    )
    return told, wanted, problems


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/audit", log, methods=["GET"]),
        Route("/audit/verify", verify, methods=["POST"]),
        Route("/audit/export", export, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """The entry of the menu."""
    return [Link("Audit log", "/audit", (Role.AUDITOR,), order=80)]
