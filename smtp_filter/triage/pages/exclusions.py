"""Exclusions: what was proposed as a false alarm, what it would have changed, approval by another person."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.store.database import writing
from smtp_filter.quarantine.exclusions import ExclusionBook, ExclusionState
from smtp_filter.quarantine.model import NotFoundError, QuarantineError
from smtp_filter.triage.inbox.presenting import STATE_TAGS
from smtp_filter.triage.pages.message import effects_seen, status_of
from smtp_filter.triage.web.context import (
    Link,
    Role,
    after,
    audit,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

_LOOK = (Role.RULE_EDITOR, Role.APPROVER, Role.TRIAGE, Role.DPO, Role.DUTY)
_APPROVE = (Role.RULE_EDITOR, Role.APPROVER)
_TAGS = {
    ExclusionState.PROPOSED: ("Waits for approval", "yellow"),
    ExclusionState.ACTIVE: ("In force", "green"),
    ExclusionState.REFUSED: ("Refused", "grey"),
    ExclusionState.ENDED: ("Ended", "grey"),
}


@requires(*_LOOK)
def exclusions(request: Request) -> Response:
    """All of them, those that wait first."""
    book = ExclusionBook(services_of(request).quarantine)
    return render(request, "exclusions/list.html", some=book.all(), tags=_TAGS)


@requires(*_LOOK)
def exclusion(request: Request) -> Response:
    """One, with what it would have changed."""
    return _page(request)


def _page(
    request: Request, problem: str = "", status: int = 200, act: str = "", written: str = ""
) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    book = ExclusionBook(services.quarantine)
    try:
        one = book.read(int(request.path_params["number"]))
    except NotFoundError:
        raise HTTPException(404) from None
    with writing(services.engine) as connection:
        audit(services, connection, visitor, "exclusion.view", f"exclusion {one.id}")
    return render(
        request,
        "exclusions/one.html",
        status,
        one=one,
        effects=effects_seen(services, book.effect(one.rule), visitor.sees),
        problem=problem,
        act=act,
        written=written,
        tags=_TAGS,
        states=STATE_TAGS,
        approves=visitor.has(*_APPROVE),
    )


@requires(*_APPROVE)
def decide(request: Request) -> Response:
    """Approve, refuse or end."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    number, act = int(request.path_params["number"]), str(request.path_params["act"])
    reason = text_of(form, "reason", 4_000)
    book = ExclusionBook(services.quarantine)
    try:
        if act == "end":
            book.end(number, visitor.actor, reason)
        elif act in ("approve", "refuse"):
            book.decide(number, visitor.actor, reason, agree=act == "approve")
        else:
            raise HTTPException(404)
    except NotFoundError:
        raise HTTPException(404) from None
    except QuarantineError as error:
        return _page(request, str(error), status_of(error), act, reason)
    said = {"approve": "is in force", "refuse": "is refused", "end": "has ended"}[act]
    return after(request, "/exclusions", f"Exclusion {number} {said}.")


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/exclusions", exclusions, methods=["GET"]),
        Route("/exclusions/{number:int}", exclusion, methods=["GET"]),
        Route("/exclusions/{number:int}/{act}", decide, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """Its place in the menu."""
    return [Link("False alarms", "/exclusions", _LOOK, order=20)]
