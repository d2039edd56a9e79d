"""Deciding on one message, and emergency releases: each act a POST, each refusal told on its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.store.sealing import SealingError
from smtp_filter.quarantine import emergency
from smtp_filter.quarantine.deciding import Desk, Outcome
from smtp_filter.quarantine.model import Decision, NotFoundError, QuarantineError
from smtp_filter.triage.inbox import acting, queries
from smtp_filter.triage.inbox.presenting import STATE_TAGS, release_ways
from smtp_filter.triage.pages.message import message_page, seen, status_of
from smtp_filter.triage.web.context import (
    DECIDERS,
    READERS,
    Link,
    Role,
    Services,
    Visitor,
    after,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

_KEPT = ("act", "reason", "advice", "why", "assignee", "owner")


def _revision(form: FormData) -> int:
    """The revision that the page showed: a decision is on what was seen."""
    told = text_of(form, "revision", 12)
    if not (told.isascii() and told.isdigit()):
        raise QuarantineError("The page was too old. Look at it again.")
    return int(told)


def _claim(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
    Desk(services.quarantine).claim(reference, visitor.actor, _revision(form))
    return f"{reference} is yours to look at."


def _assign(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
    to = text_of(form, "assignee", 200)
    known = {account.name for account in services.accounts.all() if not account.disabled}
    if to and to not in known:
        raise QuarantineError("There is no account of this name.")
    Desk(services.quarantine).assign(
        reference, visitor.actor, to, text_of(form, "reason", 4_000), _revision(form)
    )
    return f"{reference} is assigned to {to}." if to else f"{reference} is given back to all."


def _decide(decision: Decision) -> Callable[[Services, Visitor, str, FormData], str]:
    def act(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
        some = [str(one) for one in form.getlist("recipient") if isinstance(one, str)]
        if decision is Decision.RELEASE and text_of(form, "choosing") and not some:
            raise QuarantineError("Choose at least one recipient.")
        route = text_of(form, "route", 20) or "default"
        if route not in dict(release_ways(services.configuration)):
            raise QuarantineError("This way out is not set up here.")
        addresses = _chosen(services, visitor, reference, some) if some else []
        outcome = Desk(services.quarantine).decide(
            reference,
            visitor.actor,
            decision,
            text_of(form, "reason", 4_000),
            recipients=addresses,
            route=route,
            advice=text_of(form, "advice", 4_000),
            false_alarm=bool(text_of(form, "false_alarm")),
            revision=_revision(form),
        )
        return _said(outcome)

    return act


def _chosen(services: Services, visitor: Visitor, reference: str, places: list[str]) -> list[str]:
    """The addresses at the chosen places; none where all were chosen."""
    with services.engine.connect() as connection:
        addresses = queries.recipients_of(services.quarantine, connection, reference)
    numbers = {int(one) for one in places if one.isascii() and one.isdigit() and len(one) < 6}
    if not numbers or max(numbers) >= len(addresses):
        raise QuarantineError("The page was too old. Look at it again.")
    return [] if len(numbers) == len(addresses) else [addresses[number] for number in sorted(numbers)]


def _said(outcome: Outcome) -> str:
    if outcome.waits:
        return f"{outcome.reference}: your decision waits for a second person."
    word, _ = STATE_TAGS[outcome.state]
    return f"{outcome.reference}: {word.lower()}."


def _escalate(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
    owner = text_of(form, "owner", 200) or "dpo"
    _, number = acting.escalate(
        services.quarantine,
        reference,
        visitor.actor,
        owner,
        text_of(form, "reason", 4_000),
        _revision(form),
    )
    return f"{reference} is escalated to {owner} as incident {number}."


def _approve(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
    if not visitor.has(Role.APPROVER, Role.DPO):
        raise HTTPException(403, "Your account does not have the role of an approver.")
    reason = text_of(form, "reason", 4_000)
    return _said(Desk(services.quarantine).approve(reference, visitor.actor, reason, _revision(form)))


def _decline(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
    reason = text_of(form, "reason", 4_000)
    Desk(services.quarantine).decline(reference, visitor.actor, reason, _revision(form))
    return f"{reference} is in review again."


def _reopen(services: Services, visitor: Visitor, reference: str, form: FormData) -> str:
    reason = text_of(form, "reason", 4_000)
    Desk(services.quarantine).reopen(reference, visitor.actor, reason, _revision(form))
    return f"{reference} is in review again."


# What stays on the message's page: there is more to do with it.
_STAYS = frozenset({"claim", "assign", "decline", "reopen"})
_ACTS: Mapping[str, Callable[[Services, Visitor, str, FormData], str]] = {
    "claim": _claim,
    "assign": _assign,
    "release": _decide(Decision.RELEASE),
    "return": _decide(Decision.RETURN),
    "delete": _decide(Decision.DELETE),
    "escalate": _escalate,
    "approve": _approve,
    "decline": _decline,
    "reopen": _reopen,
}


@requires(*DECIDERS)
def decide(request: Request) -> Response:
    """Carry out one act; what hinders it is told, and nothing was changed."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    reference = seen(request)
    act = _ACTS.get(str(request.path_params["act"]))
    if act is None:
        raise HTTPException(404)
    try:
        said = act(services, visitor, reference, form)
    except (QuarantineError, SealingError) as error:
        kept = {name: text_of(form, name, 4_000) for name in _KEPT}
        kept["act"] = str(request.path_params["act"])
        return message_page(request, str(error), status_of(error), form=kept)
    stays = request.path_params["act"] in _STAYS
    return after(request, f"/messages/{reference}" if stays else "/inbox", said)


# --- emergencies ------------------------------------------------------------------------------------------

_EMERGENCY_ROLES = (Role.DUTY, Role.APPROVER)


def _emergencies(request: Request, problem: str = "", status: int = 200) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    waiting = emergency.waiting(services.quarantine)
    to_review = emergency.to_review(services.quarantine, 200)
    if visitor.sees is not None:
        with services.engine.connect() as connection:
            numbers = [one.reference for one in (*waiting, *to_review)]
            known = set(queries.are_seen(connection, numbers, visitor.sees))
        waiting = [one for one in waiting if one.reference in known]
        to_review = [one for one in to_review if one.reference in known]
    return render(
        request,
        "inbox/emergency.html",
        status,
        waiting=waiting,
        to_review=to_review,
        problem=problem,
        confirms=visitor.has(*_EMERGENCY_ROLES),
        me=visitor.name,
    )


@requires(*READERS)
def emergencies(request: Request) -> Response:
    """What waits for somebody to confirm, and what waits for a review."""
    return _emergencies(request)


@requires(*DECIDERS)
def ask_emergency(request: Request) -> Response:
    """Write down the sender's request: they read the code of their notice out on the telephone."""
    form = form_of(request)
    actor = visitor_of(request).actor
    return _emergency(
        request,
        text_of(form, "reference", 20),
        lambda services, reference: emergency.ask(
            services.quarantine,
            reference,
            actor,
            text_of(form, "why", 4_000),
            code=text_of(form, "code", 20),
        ),
        "The request is written down. Somebody else must confirm it.",
    )


@requires(*_EMERGENCY_ROLES)
def confirm_emergency(request: Request) -> Response:
    """Confirm: it goes out now."""
    reason = text_of(form_of(request), "reason", 4_000) or "confirmed"
    return _emergency(
        request,
        str(request.path_params["reference"]),
        lambda services, reference: emergency.confirm(
            services.quarantine, reference, visitor_of(request).actor, reason
        ),
        "The message goes out now. It stays on this list until somebody has reviewed it.",
    )


@requires(Role.DPO, Role.APPROVER, Role.DUTY)
def review_emergency(request: Request) -> Response:
    """Say afterwards whether it was one."""
    form = form_of(request)
    word = text_of(form, "justified", 10)

    def act(services: Services, reference: str) -> None:
        if word not in ("yes", "no"):
            raise QuarantineError("Choose whether it was justified.")
        reason = text_of(form, "reason", 4_000)
        if not reason:
            raise QuarantineError("Write what you found.")
        actor = visitor_of(request).actor
        emergency.review(services.quarantine, reference, actor, justified=word == "yes", reason=reason)

    return _emergency(request, str(request.path_params["reference"]), act, "The review is recorded.")


def _emergency(request: Request, reference: str, act: Callable[[Services, str], None], said: str) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    try:
        with services.engine.connect() as connection:
            queries.is_seen(connection, reference, visitor.sees)
        act(services, reference)
    except NotFoundError as error:
        return _emergencies(request, str(error), 404)
    except (QuarantineError, SealingError) as error:
        return _emergencies(request, str(error), status_of(error))
    return after(request, "/emergency", said)


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/messages/{reference}/decide/{act}", decide, methods=["POST"]),
        Route("/emergency", emergencies, methods=["GET"]),
        Route("/emergency", ask_emergency, methods=["POST"]),
        Route("/emergency/{reference}/confirm", confirm_emergency, methods=["POST"]),
        Route("/emergency/{reference}/review", review_emergency, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """Its place in the menu."""
    return [Link("Emergencies", "/emergency", (Role.TRIAGE, *_EMERGENCY_ROLES, Role.DPO), order=15)]
