"""Shielded subjects: what they were seen in, and break-glass: asking, agreeing, refusing."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smtp_filter.quarantine.model import NotFoundError, QuarantineError
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.inbox import queries as inbox_queries
from smtp_filter.triage.shares import queries as share_queries
from smtp_filter.triage.shield import glass, listing
from smtp_filter.triage.web.context import (
    DECIDERS,
    Link,
    Role,
    Visitor,
    after,
    form_of,
    local_path,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

_SETTLING = (Role.DPO, Role.DUTY)


@requires(*_SETTLING)
def overview(request: Request) -> Response:
    """Requests that wait, those that are open, the latest sightings."""
    services = services_of(request)
    with services.engine.connect() as connection:
        return render(
            request,
            "shield/overview.html",
            requests=glass.requests(services.quarantine, connection),
            sightings=glass.sightings(connection),
            count=listing.count(connection),
        )


@requires(*DECIDERS)
def ask(request: Request) -> Response:
    """The form, and asking."""
    services, visitor = services_of(request), visitor_of(request)
    form = form_of(request)
    posted = request.method == "POST"
    told = form if posted else request.query_params
    kind, reference = str(told.get("kind", "")), str(told.get("reference", ""))[:60].strip()
    found = _item(request, visitor, kind, reference)
    path = f"/messages/{reference}" if found[0] is SightingKind.MESSAGE else f"/shares/files/{reference}"
    problems: list[tuple[str, str]] = []
    if posted:
        try:
            glass.ask(
                services.quarantine, visitor.actor, found[0], found[1], reference, text_of(form, "reason")
            )
        except QuarantineError as error:
            problems = [("reason", str(error))]
        else:
            return after(
                request, local_path(path), "Asked. A second person has to agree; the duty officer was told."
            )
    return render(
        request,
        "shield/ask.html",
        400 if problems else 200,
        kind=kind,
        reference=reference,
        back=path,
        problems=problems,
        reason=text_of(form, "reason"),
    )


@requires(*_SETTLING)
def settle(request: Request) -> Response:
    """Agree or refuse."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    agree = text_of(form, "answer") == "agree"
    try:
        asked = glass.settle(
            services.quarantine,
            visitor.actor,
            int(request.path_params["number"]),
            text_of(form, "reason"),
            agree=agree,
        )
    except QuarantineError as error:
        return after(request, "/shield", str(error), kind="problem")
    if agree:
        return after(request, "/shield", f"{asked.asked_by} may look at {asked.reference} for 30 minutes.")
    return after(request, "/shield", "Refused.")


@requires(*DECIDERS)
def close(request: Request) -> Response:
    """End an open one now."""
    services = services_of(request)
    try:
        glass.close(services.quarantine, visitor_of(request).actor, int(request.path_params["number"]))
    except QuarantineError as error:
        return after(request, "/shield", str(error), kind="problem")
    return after(request, "/shield", "It is closed.")


def _item(request: Request, visitor: Visitor, kind: str, reference: str) -> tuple[SightingKind, int]:
    """What is asked for, if the visitor may know that it is there."""
    services = services_of(request)
    with services.engine.connect() as connection:
        if kind == SightingKind.MESSAGE.value:
            try:
                return SightingKind.MESSAGE, inbox_queries.is_seen(connection, reference, visitor.sees)
            except NotFoundError:
                raise HTTPException(404) from None
        if kind == "file" and reference.isdigit() and len(reference) < 18:
            evidence = share_queries.evidence_of(connection, int(reference))
            if evidence is not None:
                return SightingKind.EVIDENCE, evidence
    raise HTTPException(404)


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/shield", overview, methods=["GET"]),
        Route("/shield/ask", ask, methods=["GET", "POST"]),
        Route("/shield/requests/{number:int}/settle", settle, methods=["POST"]),
        Route("/shield/requests/{number:int}/close", close, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """The menu's entry."""
    return [Link("Shielded", "/shield", _SETTLING, order=60)]
