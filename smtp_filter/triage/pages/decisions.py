"""Deciding on one message, and emergency releases: each act a POST, each refusal told on its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.store.sealing import SealingError
from smtp_filter.quarantine.model import Decision, NotFoundError, QuarantineError
from smtp_filter.triage.inbox import emergencies as known
from smtp_filter.triage.inbox import queries
from smtp_filter.triage.inbox.carrying_out import Wish, carry_out, next_to_decide, reason_of
from smtp_filter.triage.pages.message import came_from, kept, message_page, seen, status_of
from smtp_filter.triage.roles import MAY
from smtp_filter.triage.web.context import (
    DECIDERS,
    READERS,
    Link,
    Services,
    after,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render


def _revision(form: FormData) -> int:
    """The revision that the page showed: a decision is on what was seen."""
    told = text_of(form, "revision", 12)
    if not (told.isascii() and told.isdigit()):
        raise QuarantineError("The page was too old. Look at it again.")
    return int(told)


def _wish(services: Services, reference: str, act: str, form: FormData) -> Wish:
    """What a form of the page asks for."""
    some = [str(one) for one in form.getlist("recipient") if isinstance(one, str)]
    releases = act == Decision.RELEASE.value
    if releases and text_of(form, "choosing") and not some:
        raise QuarantineError("Choose at least one recipient.")
    return Wish(
        act,
        reason=reason_of(act, text_of(form, "usual", 20), text_of(form, "reason", 4_000)),
        advice=text_of(form, "advice", 4_000),
        to=text_of(form, "owner" if act == "escalate" else "assignee", 200),
        recipients=_chosen(services, reference, some) if releases and some else (),
        route=text_of(form, "route", 20) if releases else "",
        false_alarm=bool(text_of(form, "false_alarm")),
        revision=_revision(form),
    )


def _chosen(services: Services, reference: str, places: list[str]) -> list[str]:
    """The addresses at the chosen places; none where all were chosen."""
    with services.engine.connect() as connection:
        addresses = queries.recipients_of(services.quarantine, connection, reference)
    numbers = {int(one) for one in places if one.isascii() and one.isdigit() and len(one) < 6}
    if not numbers or max(numbers) >= len(addresses):
        raise QuarantineError("The page was too old. Look at it again.")
    return [] if len(numbers) == len(addresses) else [addresses[number] for number in sorted(numbers)]


# What stays on the message's page: there is more to do with it.
_STAYS = frozenset({"claim", "assign", "decline", "reopen"})
_GOES_ON = frozenset({"release", "return", "delete", "escalate"})
_ACTS = frozenset(
    {"claim", "assign", "release", "return", "delete", "escalate", "approve", "decline", "reopen"}
)


@requires(*DECIDERS)
def decide(request: Request) -> Response:
    """Carry out one act; what hinders it is told, and nothing was changed."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    reference = seen(request)
    act = str(request.path_params["act"])
    if act not in _ACTS:
        raise HTTPException(404)
    try:
        done = carry_out(services, visitor, reference, _wish(services, reference, act, form))
    except (QuarantineError, SealingError) as error:
        return message_page(request, str(error), status_of(error), form=kept(form, act))
    if act in _STAYS:
        return after(request, f"/messages/{reference}", done.said)
    # On to the next one: an officer with forty before lunch goes through them one after the other.
    chosen = came_from(request)
    query = f"?{chosen.query}" if chosen.query else ""
    following = next_to_decide(services, visitor, chosen, reference) if act in _GOES_ON else ""
    if not following:
        return after(request, f"/inbox{query}", done.said)
    back = f"?{urlencode({'in': chosen.query})}" if chosen.query else ""
    return after(request, f"/messages/{following}{back}", f"{done.said} This is the next one.")


# --- emergencies ------------------------------------------------------------------------------------------


def _emergencies(
    request: Request, problem: str = "", status: int = 200, form: Mapping[str, str] | None = None
) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    waiting, to_review = known.lists(services, visitor)
    return render(
        request,
        "inbox/emergency.html",
        status,
        waiting=waiting,
        to_review=to_review,
        problem=problem,
        form={**dict.fromkeys(("of", "reference", "why", "reason", "justified"), ""), **(form or {})},
        confirms=visitor.has(*MAY["emergency.confirm"]),
        me=visitor.name,
    )


@requires(*READERS)
def emergencies(request: Request) -> Response:
    """What waits for somebody to confirm, and what waits for a review."""
    return _emergencies(request)


@requires(*MAY["emergency.ask"])
def ask_emergency(request: Request) -> Response:
    """Write down the sender's request: they read the code of their notice out on the telephone."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    reference, why = text_of(form, "reference", 20), text_of(form, "why", 4_000)
    code = text_of(form, "code", 20)
    return _emergency(
        request,
        lambda: known.ask(services, visitor, reference, why, code),
        "The request is written down. Somebody else must confirm it.",
        {"reference": reference, "why": why},
    )


@requires(*MAY["emergency.confirm"])
def confirm_emergency(request: Request) -> Response:
    """Confirm: it goes out now."""
    services, visitor = services_of(request), visitor_of(request)
    reference, reason = str(request.path_params["reference"]), text_of(form_of(request), "reason", 4_000)
    return _emergency(
        request,
        lambda: known.confirm(services, visitor, reference, reason),
        "The message goes out now. It stays on this list until somebody has reviewed it.",
        {"of": reference, "reason": reason},
    )


@requires(*MAY["emergency.review"])
def review_emergency(request: Request) -> Response:
    """Say afterwards whether it was one."""
    services, visitor, form = services_of(request), visitor_of(request), form_of(request)
    reference, reason = str(request.path_params["reference"]), text_of(form, "reason", 4_000)
    justified = {"yes": True, "no": False}.get(text_of(form, "justified", 10))
    return _emergency(
        request,
        lambda: known.review(services, visitor, reference, justified, reason),
        "The review is recorded.",
        {"of": reference, "reason": reason, "justified": text_of(form, "justified", 10)},
    )


def _emergency(request: Request, act: Callable[[], None], said: str, form: Mapping[str, str]) -> Response:
    try:
        act()
    except NotFoundError as error:
        return _emergencies(request, str(error), 404, form)
    except (QuarantineError, SealingError) as error:
        return _emergencies(request, str(error), status_of(error), form)
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
    return [Link("Emergencies", "/emergency", DECIDERS, order=15)]
