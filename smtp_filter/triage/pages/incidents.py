"""Incidents: the list with its clocks, one incident with its timeline, the acts on it, its record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.database import writing
from smtp_filter.quarantine.model import NotFoundError, QuarantineError
from smtp_filter.triage.incidents import NewIncident, open_incident, queries, record
from smtp_filter.triage.incidents.causes import causes
from smtp_filter.triage.incidents.keeping import IncidentKeeper
from smtp_filter.triage.incidents.model import Affected, Duty, IncidentDetail, Source
from smtp_filter.triage.pages.message import status_of
from smtp_filter.triage.web.context import (
    DECIDERS,
    Link,
    Role,
    Services,
    after,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

# The DPO first: who holds several roles acts as the one that may most.
_READERS = (Role.DPO, Role.DUTY, Role.APPROVER, Role.TRIAGE, Role.VIEWER, Role.SIRO)
_KEEPERS = (Role.DPO, *(role for role in DECIDERS if role is not Role.DPO))
_NEW = ("title", "reason", "owner", "department", "aware", "cause", "low", "high", "counted", "severity")
_LINES = {
    "opened": "Opened",
    "note": "Note",
    "owner": "Owner",
    "cause": "Cause",
    "people": "People counted",
    "aware": "Aware since",
    "told": "Told",
    "effects": "Likely consequences",
    "measures": "Measure",
    "article 33": "Article 33",
    "article 34": "Article 34",
    "reported": "Reported to the Commissioner",
    "list": "List of people released",
    "closed": "Closed",
    "reopened": "Opened again",
}


@requires(*_READERS)
def listed(request: Request) -> Response:
    """The list."""
    services, visitor = services_of(request), visitor_of(request)
    told = request.query_params
    severity = told.get("severity", "")
    wanted = queries.Filter(
        state=told.get("state", "open"),
        severity=Severity[severity.upper()] if severity.upper() in Severity.__members__ else Severity.NONE,
        owner=told.get("owner", "").strip(),
        cause=told.get("cause", ""),
        department=told.get("department", "").strip(),
        late="late" in told,
        departments=visitor.sees,
    )
    now = services.clock()
    with services.engine.connect() as connection:
        found = queries.incidents(services.quarantine, connection, wanted, now)
    return render(
        request, "incidents/list.html", incidents=found, wanted=wanted, severity=severity, causes=causes()
    )


@requires(*_KEEPERS)
def new(request: Request) -> Response:
    """The form for an incident that comes from elsewhere."""
    return render(request, "incidents/new.html", causes=causes(), problems=[], told=dict.fromkeys(_NEW, ""))


@requires(*_KEEPERS)
def opened(request: Request) -> Response:
    """Open it."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    told = {name: text_of(form, name) for name in _NEW}
    problems: list[tuple[str, str]] = []
    if not told["title"]:
        problems.append(("title", "Say in one line what happened"))
    if not told["reason"]:
        problems.append(("reason", "Write what is known"))
    aware = _moment(services, told["aware"])
    if told["aware"] and (aware is None or aware > services.clock()):
        problems.append(("aware", "Write a time that has passed"))
    people = _interval(told["low"], told["high"])
    if people is None:
        problems.append(("low", "Write the least and the most number of people"))
    if problems or people is None:
        values = {"causes": causes(), "problems": problems, "told": told}
        return render(request, "incidents/new.html", 400, **values)
    severity = told["severity"].upper()
    with writing(services.engine) as connection:
        reference = open_incident(
            services.quarantine,
            connection,
            visitor.actor,
            NewIncident(
                title=told["title"],
                reason=told["reason"],
                severity=Severity[severity] if severity in Severity.__members__ else Severity.HIGH,
                department=told["department"],
                owner=told["owner"] or visitor.name,
                aware_at=aware,
                cause=told["cause"] if told["cause"] in causes() else "",
                people=people,
                counted=told["counted"],
            ),
            services.clock(),
        )
    return after(request, f"/incidents/{reference}", f"Incident {reference} is open.")


@requires(*_READERS)
def incident(request: Request) -> Response:
    """One incident."""
    detail = _detail(request)
    _keeper(request).viewed(detail.incident.reference, visitor_of(request).actor)
    return _page(request, detail)


@requires(*_KEEPERS)
def act(request: Request) -> Response:
    """Any of the acts on an incident."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    reference = _detail(request).incident.reference
    keeper, actor = _keeper(request), visitor.actor
    written = text_of(form, "revision")
    revision = int(written) if written.isdigit() else None

    def field(name: str) -> str:
        return text_of(form, name)

    def moment(name: str) -> float:
        found = _moment(services, field(name))
        if found is None:
            raise QuarantineError("Write the day and the time.")
        return found

    def number(name: str) -> int:
        if not field(name).isdigit() or len(field(name)) > 9:
            raise QuarantineError("Write the number of people in digits.")
        return int(field(name))

    def duty() -> Duty:
        try:
            return Duty(field("decision"))
        except ValueError:
            raise QuarantineError("Choose whether it must be reported.") from None

    acts: dict[str, tuple[Callable[[], None], str]] = {
        "note": (lambda: keeper.note(reference, actor, field("text")), "The note is added."),
        "told": (
            lambda: keeper.told(reference, actor, field("whom"), field("how"), field("what")),
            "It is recorded who was told.",
        ),
        "effects": (lambda: keeper.effects(reference, actor, field("text")), "It is recorded."),
        "measures": (lambda: keeper.measures(reference, actor, field("text")), "It is recorded."),
        "owner": (lambda: keeper.give(reference, actor, field("owner"), revision), "The owner is set."),
        "cause": (
            lambda: keeper.classify(reference, actor, field("cause"), field("text"), revision),
            "The cause is set.",
        ),
        "count": (
            lambda: keeper.count(reference, actor, number("low"), number("high"), field("counted"), revision),
            "The count is set.",
        ),
        "aware": (
            lambda: keeper.aware(reference, actor, moment("at"), field("reason"), revision),
            "The clock is set.",
        ),
        "article33": (
            lambda: keeper.decide(reference, actor, 33, duty(), field("reason"), revision),
            "The decision is recorded.",
        ),
        "article34": (
            lambda: keeper.decide(reference, actor, 34, duty(), field("reason"), revision),
            "The decision is recorded.",
        ),
        "reported": (
            lambda: keeper.reported(reference, actor, moment("at"), field("number"), field("text"), revision),
            "The report is recorded.",
        ),
        "close": (lambda: keeper.close(reference, actor, field("reason"), revision), "It is closed."),
        "reopen": (lambda: keeper.reopen(reference, actor, field("reason"), revision), "It is open again."),
    }
    wanted = acts.get(request.path_params["act"])
    if wanted is None:
        raise HTTPException(404)
    try:
        wanted[0]()
    except QuarantineError as error:
        return _refused(request, error, str(request.path_params["act"]))
    return after(request, f"/incidents/{reference}", wanted[1])


@requires(Role.DPO)
def people(request: Request) -> Response:
    """The list of the people affected, shown once."""
    reference = _detail(request).incident.reference
    reason = text_of(form_of(request), "reason")
    try:
        found = _keeper(request).people(reference, visitor_of(request).actor, reason)
    except QuarantineError as error:
        return _refused(request, error, "people")
    return render(request, "incidents/people.html", reference=reference, people=found, reason=reason)


@requires(*_READERS)
def export(request: Request) -> Response:
    """The record, as a file; with the list of people only for the DPO and with a reason."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    detail, keeper = _detail(request), _keeper(request)
    reference, reason = detail.incident.reference, text_of(form, "reason")
    listed: tuple[Affected, ...] = ()
    try:
        if text_of(form, "people"):
            listed = keeper.people(reference, visitor.actor, reason)
    except QuarantineError as error:
        return _refused(request, error, "export")
    keeper.viewed(reference, visitor.actor, "export", reason)
    contact = ", ".join(services.quarantine.settings.notices.dpo)
    told = record.record(detail, services.settings.council, services.clock(), listed, contact)
    as_json = text_of(form, "format") == "json"
    content = record.as_json(told) if as_json else record.as_html(told, services.settings.zone)
    suffix, kind = ("json", "application/json") if as_json else ("html", "text/html; charset=utf-8")
    # A file to be kept, and never a page of ours: whatever stands in it runs nowhere near a session.
    headers = {"Content-Disposition": f'attachment; filename="{reference}.{suffix}"'}
    return Response(content, media_type=kind, headers=headers)


def _refused(request: Request, error: QuarantineError, act: str) -> Response:
    """The page with what was wrong and what was written: nobody writes it twice."""
    form = form_of(request)
    # As it is now: the next attempt is on what the page shows.
    detail = _detail(request)
    told = {name: value for name, value in form.items() if isinstance(value, str)}
    return _page(request, detail, status_of(error), str(error), {**told, "act": act})


def _page(
    request: Request,
    detail: IncidentDetail,
    status: int = 200,
    problem: str = "",
    told: Mapping[str, str] | None = None,
) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    now = services.clock()
    found = detail.incident
    return render(
        request,
        "incidents/incident.html",
        status,
        problem=problem,
        told=told or {"act": ""},
        incident=found,
        lines=detail.lines,
        words=_LINES,
        clock=found.clock(now),
        left=found.due_at - now,
        causes=causes(),
        Duty=Duty,
        decides=visitor.has(Role.DPO),
        keeps=visitor.has(*_KEEPERS),
        from_message=found.source is Source.MESSAGE and visitor.has(*DECIDERS, Role.VIEWER),
        here=datetime.fromtimestamp(now, ZoneInfo(services.settings.zone)).strftime("%Y-%m-%dT%H:%M"),
        ask=urlencode({"kind": "message", "reference": found.source_reference}),
    )


def _detail(request: Request) -> IncidentDetail:
    services, visitor = services_of(request), visitor_of(request)
    reference = request.path_params["reference"]
    try:
        with services.engine.connect() as connection:
            found = queries.detail(
                services.quarantine, connection, reference, visitor.actor, services.clock()
            )
    except NotFoundError:
        raise HTTPException(404) from None
    if visitor.sees is not None and found.incident.department not in visitor.sees:
        raise HTTPException(404)
    return found


def _keeper(request: Request) -> IncidentKeeper:
    services = services_of(request)
    return IncidentKeeper(services.quarantine, services.clock)


def _moment(services: Services, written: str) -> float | None:
    """A local time as a form gives it (``2026-11-22T07:45``), in seconds since 1970."""
    try:
        moment = datetime.fromisoformat(written)
        return moment.replace(tzinfo=ZoneInfo(services.settings.zone)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _interval(low: str, high: str) -> PeopleCount | None:
    if not low and not high:
        return PeopleCount(0, 0)
    if not (low.isdigit() and (high or low).isdigit()) or len(low) > 9 or len(high) > 9:
        return None
    least, most = int(low), int(high or low)
    return PeopleCount(least, most) if least <= most else None


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/incidents", listed, methods=["GET"]),
        Route("/incidents/new", new, methods=["GET"]),
        Route("/incidents/new", opened, methods=["POST"]),
        Route("/incidents/{reference}", incident, methods=["GET"]),
        Route("/incidents/{reference}/people", people, methods=["POST"]),
        Route("/incidents/{reference}/export", export, methods=["POST"]),
        Route("/incidents/{reference}/act/{act}", act, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """The menu's entry."""
    return [Link("Incidents", "/incidents", _READERS, order=30)]
