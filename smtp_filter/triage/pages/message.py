"""One held message: why it was held, what stands in it, masked; a value, the text and the original apart."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from scanner.store.sealing import SealingError
from smtp_filter.quarantine import reading
from smtp_filter.quarantine.exclusions import Effect, ExclusionBook
from smtp_filter.quarantine.model import (
    UNDECIDED,
    ConflictError,
    Decision,
    ForbiddenError,
    GoneError,
    NotFoundError,
    QuarantineError,
    State,
)
from smtp_filter.triage.inbox import disclosing, looking, presenting, queries
from smtp_filter.triage.inbox.carrying_out import USUAL_REASONS, default_advice
from smtp_filter.triage.inbox.filters import InboxFilter, filter_of
from smtp_filter.triage.inbox.preview import text_of as preview_of
from smtp_filter.triage.inbox.proposing import SCOPES, Draft, draft_of, rule_of
from smtp_filter.triage.roles import MAY
from smtp_filter.triage.web.context import (
    DECIDERS,
    READERS,
    Services,
    after,
    form_of,
    requires,
    services_of,
    text_of,
    visitor_of,
)
from smtp_filter.triage.web.rendering import render

SHOWN_SECONDS = 60
# What a refused form had, by field; nothing was refused yet.
_KEPT = ("usual", "reason", "advice", "why", "assignee", "owner", "route", "false_alarm")
_EMPTY: dict[str, Any] = {**dict.fromkeys(("act", *_KEPT), ""), "recipients": None}


@requires(*READERS)
def message(request: Request) -> Response:
    """The page."""
    return message_page(request)


def seen(request: Request) -> str:
    """The message's number, where the visitor sees it.  Raises 404."""
    try:
        return looking.seen(services_of(request), visitor_of(request), str(request.path_params["reference"]))
    except NotFoundError:
        raise HTTPException(404) from None


def came_from(request: Request) -> InboxFilter:
    """The filter of the inbox from which somebody came to a message, and to which they go back."""
    told = request.query_params.get("in", "") or text_of(form_of(request), "in", 2_000)
    return filter_of(told)


def kept(form: FormData, act: str) -> dict[str, Any]:
    """What a refused form had: the page shows it again, so that nobody writes it twice."""
    told: dict[str, Any] = {name: text_of(form, name, 4_000) for name in _KEPT}
    chosen = {str(one) for one in form.getlist("recipient")}
    return {**told, "act": act, "recipients": chosen if text_of(form, "choosing") else None}


def message_page(
    request: Request,
    problem: str = "",
    status: int = 200,
    values: dict[int, str] | None = None,
    form: dict[str, Any] | None = None,
) -> Response:
    """The page of a message with what went wrong, or with values that were revealed."""
    services, visitor = services_of(request), visitor_of(request)
    quarantine = services.quarantine
    reference = seen(request)
    try:
        detail = looking.detail(services, visitor, reference)
    except (GoneError, SealingError) as error:
        return render(request, "inbox/gone.html", 410, reference=reference, problem=str(error))
    with services.engine.connect() as connection:
        history = queries.sender_history(connection, detail.message.id)
        similar = queries.similar(quarantine, connection, detail, visitor.sees)
    now = services.clock()
    one = detail.message
    return render(
        request,
        "inbox/message.html",
        status,
        detail=detail,
        one=one,
        clock=presenting.clock(one, now),
        parts=presenting.parts(detail.inspection.findings),
        protections=presenting.protections(detail.inspection.coverage.protected),
        gaps=presenting.gaps(detail),
        history=history,
        similar=similar,
        problem=problem,
        values=values or {},
        shown_seconds=SHOWN_SECONDS,
        form={**_EMPTY, **(form or {})},
        decides=visitor.has(*DECIDERS) and one.state in UNDECIDED,
        agrees=visitor.has(*MAY["approve"]) and one.state is State.AWAITING_SECOND,
        reopens=visitor.has(*DECIDERS)
        and one.has_body
        and one.state in (State.REJECTED, State.EXPIRED, State.WITHDRAWN),
        looks_inside=visitor.has(*MAY["reveal"]) and one.has_body and not one.shielded,
        downloads=visitor.has(*MAY["download"]) and one.has_body and not one.shielded,
        reasons=[("", "Choose one"), *disclosing.REASONS.items()],
        advice=default_advice(services),
        usual_reasons=USUAL_REASONS,
        sure=presenting.sure(detail.inspection.findings),
        came_from=came_from(request).query,
        ways=presenting.release_ways(services.configuration),
        tags=presenting.STATE_TAGS,
        routes=presenting.ROUTES,
        handovers=presenting.HANDOVERS,
        words=presenting.WORDS,
        acts=presenting.ACTS,
        decisions={
            Decision.RELEASE: "release it",
            Decision.RETURN: "return it",
            Decision.DELETE: "delete it",
        },
        kinds=presenting.kinds,
        people=presenting.people,
        size=presenting.size,
    )


def status_of(error: Exception) -> int:
    """The status of a page that says why something could not be done."""
    if isinstance(error, ForbiddenError):
        return 403
    if isinstance(error, ConflictError):
        return 409
    if isinstance(error, disclosing.TooOftenError):
        return 429
    return 410 if isinstance(error, GoneError) else 400


# --- looking inside ---------------------------------------------------------------------------------------


@requires(*MAY["reveal"])
def reveal(request: Request) -> Response:
    """Show one value, or those of one part, once; the reason is recorded first."""
    services, visitor = services_of(request), visitor_of(request)
    form, reference = form_of(request), seen(request)
    number = text_of(form, "finding", 10)
    try:
        reason = disclosing.full_reason(text_of(form, "why", 20), text_of(form, "reason", 4_000))
        if not (number.isascii() and number.isdigit()):
            raise QuarantineError("Choose a value to show.")
        value = looking.value(services, visitor, reference, int(number), reason)
    except (QuarantineError, SealingError) as error:
        return message_page(request, str(error), status_of(error), form=kept(form, "reveal"))
    return message_page(request, values={int(number): value}, form=kept(form, "reveal"))


@requires(*MAY["preview"])
def text(request: Request) -> Response:
    """The text as our own readers see it; recorded like a value, because values stand in it."""
    services, visitor = services_of(request), visitor_of(request)
    form, reference = form_of(request), seen(request)
    quarantine, actor = services.quarantine, visitor.actor
    try:
        reason = disclosing.full_reason(text_of(form, "why", 20), text_of(form, "reason", 4_000))
        disclosing.allow(quarantine, actor, reference, services.clock())
        with reading.looking_inside(quarantine, reference, actor, "preview", reason) as content:
            preview = preview_of(content)
    except (QuarantineError, SealingError) as error:
        return message_page(request, str(error), status_of(error), form=kept(form, "text"))
    return render(
        request,
        "inbox/text.html",
        reference=reference,
        preview=preview,
        visitor_name=visitor.display,
        shown_seconds=5 * SHOWN_SECONDS,
    )


@requires(*MAY["download"])
def original(request: Request) -> Response:
    """The exact bytes, as a file that no browser opens by itself."""
    services, visitor = services_of(request), visitor_of(request)
    form, reference = form_of(request), seen(request)
    quarantine, actor = services.quarantine, visitor.actor
    try:
        reason = disclosing.full_reason(text_of(form, "why", 20), text_of(form, "reason", 4_000))
        disclosing.allow(quarantine, actor, reference, services.clock())
        pieces = reading.original(quarantine, reference, actor, reason)
        first = next(pieces, b"")
    except (QuarantineError, SealingError) as error:
        return message_page(request, str(error), status_of(error), form=kept(form, "original"))

    def body() -> Any:
        yield first
        yield from pieces

    return StreamingResponse(
        body(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{reference}.eml"'},
    )


# --- false alarms -----------------------------------------------------------------------------------------


@requires(*DECIDERS)
def false_alarm(request: Request) -> Response:
    """Propose that findings of this message no longer count; first shows what that would have changed."""
    services, visitor = services_of(request), visitor_of(request)
    form, reference = form_of(request), seen(request)
    quarantine = services.quarantine
    try:
        detail = reading.show(quarantine, reference, visitor.actor)
    except (GoneError, SealingError) as error:
        return render(request, "inbox/gone.html", 410, reference=reference, problem=str(error))
    draft, problem, effects = Draft(), "", None
    book = ExclusionBook(quarantine)
    if request.method == "POST":
        draft = draft_of(form)
        try:
            rule = rule_of(detail, draft)
            effects = effects_seen(services, book.effect(rule), visitor.sees)
            if text_of(form, "step") == "propose":
                number = book.propose(reference, visitor.actor, rule)
                said = f"Exclusion {number} is proposed. It takes effect when another person has approved it."
                return after(request, f"/messages/{reference}", said)
        except QuarantineError as error:
            problem = str(error)
    return render(
        request,
        "inbox/false_alarm.html",
        400 if problem else 200,
        detail=detail,
        one=detail.message,
        parts=presenting.parts(detail.inspection.findings),
        draft=draft,
        problem=problem,
        effects=effects,
        scopes=list(SCOPES.items()),
        tags=presenting.STATE_TAGS,
    )


def effects_seen(services: Services, some: list[Effect], sees: frozenset[str] | None) -> list[Effect]:
    """Of what a rule would have changed that which somebody of these departments sees."""
    with services.engine.connect() as connection:
        known = set(queries.are_seen(connection, [one.reference for one in some], sees))
    return [one for one in some if one.reference in known]


def routes() -> list[Route]:
    """The pages."""
    one = "/messages/{reference}"
    return [
        Route(one, message, methods=["GET"]),
        Route(f"{one}/reveal", reveal, methods=["POST"]),
        Route(f"{one}/text", text, methods=["POST"]),
        Route(f"{one}/original", original, methods=["POST"]),
        Route(f"{one}/false-alarm", false_alarm, methods=["GET", "POST"]),
    ]
