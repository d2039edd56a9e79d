"""Findings on shares: the list, one file, decisions on it, what was on a share or stick on a date."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.judgement.assessment import Severity
from scanner.reports import wording
from scanner.reports.spreadsheet import cell
from scanner.store.database import writing
from scanner.store.entry import Audience
from smtp_filter.quarantine.model import NotFoundError, QuarantineError
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.incidents import NewIncident, open_incident
from smtp_filter.triage.incidents import queries as incident_queries
from smtp_filter.triage.incidents.model import Source
from smtp_filter.triage.incidents.opening import how_counted
from smtp_filter.triage.pages.message import status_of
from smtp_filter.triage.shares import deciding, queries
from smtp_filter.triage.shares.model import Act, FileDetail, Filter, State
from smtp_filter.triage.shield.sweeping import sweep_shares
from smtp_filter.triage.web.context import (
    DECIDERS,
    Link,
    Role,
    Services,
    after,
    audit,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render
from smtp_filter.triage.web.safe_text import safe_text

_READERS = (Role.DPO, Role.TRIAGE, Role.APPROVER, Role.DUTY, Role.VIEWER)
_EXPORTED = 10_000
_SWEPT = 1_000
_HEADS = (
    *("path", "share", "department", "severity", "readable by", "people at least", "people at most"),
    *("owner", "information asset owner", "state", "until"),
)
_TAGS = {
    State.OPEN: "blue",
    State.ACCEPTED: "green",
    State.SENT: "yellow",
    State.MOVED: "purple",
    State.FALSE_ALARM: "grey",
}
_ACTS = {
    Act.ACCEPT: "Accepted",
    Act.SEND: "Sent to its owner",
    Act.MOVE: "Moved",
    Act.FALSE_ALARM: "False alarm",
    Act.REOPEN: "Opened again",
}
_DONE = {
    Act.ACCEPT: "The risk is accepted until the day you gave.",
    Act.SEND: "It is recorded that the owner was told.",
    Act.MOVE: "It is recorded as moved; the next scan looks whether it has gone.",
    Act.FALSE_ALARM: "It is a false alarm, here and wherever the same content lies.",
    Act.REOPEN: "It is open again.",
}


@requires(*_READERS)
def listed(request: Request) -> Response:
    """The list."""
    services = services_of(request)
    wanted = _filter(request)
    now = services.clock()
    # A page waits for no million contents; what it shows is looked through anyway.
    sweep_shares(services.quarantine, most=_SWEPT)
    with services.engine.connect() as connection:
        places = _places(services, connection)
        counts = queries.counts(connection, places, wanted, now)
        lines, following = queries.files(
            connection,
            places,
            wanted,
            now,
            request.query_params.get("after", ""),
        )
        owners = queries.owners(connection)
    query = {name: value for name, value in request.query_params.items() if name != "after" and value}
    return render(
        request,
        "shares/list.html",
        lines=lines,
        following=following,
        after_cursor=request.query_params.get("after", ""),
        query=urlencode(query),
        wanted=wanted,
        counts=counts,
        share_choices=_choices(places.shares),
        owner_choices=_choices(owners),
        asset_owner_choices=_choices(places.asset_owners),
        places=places,
        State=State,
        tags=_TAGS,
        audiences=wording.AUDIENCES,
        Audience=Audience,
    )


@requires(*_READERS)
def exported(request: Request) -> Response:
    """The list as CSV."""
    services, visitor = services_of(request), visitor_of(request)
    wanted = _filter(request)
    with writing(services.engine) as connection:
        audit(services, connection, visitor, "share.export", request.url.query[:200])
    with services.engine.connect() as connection:
        places = _places(services, connection)
        lines, _ = queries.files(connection, places, wanted, services.clock(), size=_EXPORTED)
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(_HEADS)
    for line in lines:
        until = datetime.fromtimestamp(line.expires_at).date().isoformat() if line.expires_at else ""
        cells = [line.path, line.share, line.department, line.severity.word]
        cells += [wording.AUDIENCES.get(line.audience, "not known")]
        cells += [str(line.people.low), str(line.people.high)]
        cells += [line.owner, line.asset_owner, line.state.label, until]
        writer.writerow(map(cell, cells))
    return Response(
        output.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="findings.csv"'},
    )


@requires(*_READERS)
def one(request: Request) -> Response:
    """One file."""
    services, visitor = services_of(request), visitor_of(request)
    detail = _detail(request)
    with writing(services.engine) as connection:
        audit(services, connection, visitor, "share.view", f"file {detail.line.number}")
    return _page(request, detail)


def _refused(request: Request, error: QuarantineError, act: str) -> Response:
    """The page with what was wrong and what was written: nobody writes it twice."""
    told = {name: value for name, value in form_of(request).items() if isinstance(value, str)}
    return _page(request, _detail(request), status_of(error), str(error), {**told, "act": act})


def _page(
    request: Request,
    detail: FileDetail,
    status: int = 200,
    problem: str = "",
    told: Mapping[str, str] | None = None,
) -> Response:
    services, visitor, number = services_of(request), visitor_of(request), detail.line.number
    with services.engine.connect() as connection:
        incidents = incident_queries.of_source(connection, Source.FILE, str(number))
    return render(
        request,
        "shares/file.html",
        status,
        problem=problem,
        told=told or {"act": ""},
        detail=detail,
        line=detail.line,
        incidents=incidents,
        tags=_TAGS,
        acts=_ACTS,
        Act=Act,
        State=State,
        audiences=wording.AUDIENCES,
        kind=wording.kind,
        size=wording.size,
        decides=visitor.has(*DECIDERS),
    )


@requires(*DECIDERS)
def decided(request: Request) -> Response:
    """A decision."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    detail = _detail(request)
    number = detail.line.number
    try:
        act = Act(text_of(form, "act"))
    except ValueError:
        raise HTTPException(400, "There is no such decision.") from None
    days, seen = text_of(form, "days"), text_of(form, "seen")
    try:
        deciding.decide(
            services.quarantine,
            visitor.actor,
            number,
            act,
            text_of(form, "reason"),
            target=text_of(form, "target"),
            days=int(days) if days.isdigit() and len(days) < 6 else 0,
            seen=int(seen) if seen.isdigit() and len(seen) < 18 else None,
            clock=services.clock,
        )
    except QuarantineError as error:
        return _refused(request, error, act.value)
    return after(request, f"/shares/files/{number}", _DONE[act])


@requires(*DECIDERS)
def escalated(request: Request) -> Response:
    """Open an incident."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    detail = _detail(request)
    line = detail.line
    reason = text_of(form, "reason")
    if not reason:
        return _refused(request, QuarantineError("Write why it is an incident."), "escalate")
    with writing(services.engine) as connection:
        shield = services.quarantine.shield
        evidence = queries.evidence_of(connection, line.number) or 0
        shielded = line.shielded or bool(shield.sighted(connection, SightingKind.EVIDENCE, [evidence]))
        reference = open_incident(
            services.quarantine,
            connection,
            visitor.actor,
            NewIncident(
                title=f"A file on {line.share or 'a share'}" if shielded else f"File {line.path}",
                reason=reason,
                source=Source.FILE,
                source_reference=str(line.number),
                severity=line.severity,
                department=line.department,
                owner=text_of(form, "owner") or visitor.name,
                cause="published" if line.audience.exposed else "",
                people=line.people,
                counted=how_counted(
                    detail.evidence.findings, detail.evidence.counts.get("PERSON", 0), line.people
                ),
                shielded=shielded,
                counts=detail.evidence.counts,
            ),
            services.clock(),
        )
    return after(request, f"/incidents/{reference}", f"Incident {reference} is open.")


@requires(*_READERS)
def then(request: Request) -> Response:
    """What was on a share or stick on a date."""
    services, visitor = services_of(request), visitor_of(request)
    path, day = request.query_params.get("path", "").strip(), request.query_params.get("day", "").strip()
    problems: list[tuple[str, str]] = []
    found, run = [], None
    moment = None
    if path or day:
        moment = end_of_day(day, services.settings.zone)
        if not path.startswith("/") and "://" not in path:
            problems.append(("path", "Write the path as it was scanned, beginning with / or such as smb://"))
        if moment is None:
            problems.append(("day", "Write a day"))
    if path and moment is not None and not problems:
        with writing(services.engine) as connection:
            audit(services, connection, visitor, "share.then", path[:200], after={"day": day})
        with services.engine.connect() as connection:
            places = _places(services, connection)
            if visitor.sees is not None and places.department_of(f"{path}/x") not in visitor.sees:
                raise HTTPException(403, "This share is not one of your departments.")
            run = queries.run_then(connection, path, moment)
            found = queries.then(connection, path, moment)
    return render(
        request,
        "shares/then.html",
        400 if problems else 200,
        path_wanted=path,
        day=day,
        found=found,
        run=run,
        asked=moment is not None and not problems,
        problems=problems,
        audiences=wording.AUDIENCES,
        size=wording.size,
    )


def _choices(words: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "All"), *((word, safe_text(word, 60)) for word in words)]


def end_of_day(day: str, zone: str) -> float | None:
    """The last moment of a day written ``2026-11-22``, in seconds since 1970."""
    try:
        begins = datetime.fromisoformat(day).replace(hour=0, minute=0, second=0, tzinfo=ZoneInfo(zone))
        return (begins + timedelta(days=1)).timestamp() - 0.001
    except (ValueError, OverflowError):
        return None


def _filter(request: Request) -> Filter:
    told = request.query_params
    severity, state, audience = told.get("severity", ""), told.get("state", "open"), told.get("audience", "")
    departments = visitor_of(request).sees
    department = told.get("department", "").strip()
    if departments is not None and department not in departments:
        department = sorted(departments)[0] if departments else "-"
    return Filter(
        state=State(state) if state in set(State) else None,
        severity=Severity[severity.upper()] if severity.upper() in Severity.__members__ else Severity.LOW,
        exposed="exposed" in told,
        audience=Audience[audience.upper()] if audience.upper() in Audience.__members__ else None,
        owner=told.get("owner", "").strip(),
        asset_owner=told.get("asset_owner", "").strip(),
        share=told.get("share", "").strip(),
        department=department,
    )


def _places(services: Services, connection: Connection) -> queries.Places:
    return queries.Places(connection, services.configuration.exposure.asset_owners)


def _detail(request: Request) -> FileDetail:
    services, visitor = services_of(request), visitor_of(request)
    try:
        with services.engine.connect() as connection:
            found = queries.detail(
                connection,
                services.quarantine.shield,
                _places(services, connection),
                int(request.path_params["number"]),
                visitor.actor,
                services.clock(),
            )
    except NotFoundError as error:
        raise HTTPException(404, str(error)) from None
    if visitor.sees is not None and found.line.department not in visitor.sees:
        raise HTTPException(404)
    return found


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/shares", listed, methods=["GET"]),
        Route("/shares/findings.csv", exported, methods=["GET"]),
        Route("/shares/then", then, methods=["GET"]),
        Route("/shares/files/{number:int}", one, methods=["GET"]),
        Route("/shares/files/{number:int}/decide", decided, methods=["POST"]),
        Route("/shares/files/{number:int}/escalate", escalated, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """The menu's entry."""
    return [Link("Shares", "/shares", _READERS, order=20)]
