"""The inbox: held messages by filters of the address, counters, saved views, acts on many."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from smtp_filter.quarantine.searching import COUNTED
from smtp_filter.triage.inbox import carrying_out, looking, presenting, queries
from smtp_filter.triage.inbox.carrying_out import (
    BULK_ACTS,
    MOST_AT_ONCE,
    Wish,
    carry_out_many,
    default_advice,
)
from smtp_filter.triage.inbox.filters import AGES, NEW, OVERDUE, STATES, InboxFilter, filter_of
from smtp_filter.triage.web.context import (
    DECIDERS,
    READERS,
    Link,
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


@requires(*READERS)
def inbox(request: Request) -> Response:
    """One page of the messages that match."""
    return _inbox(request, {})


def _inbox(request: Request, problems: dict[str, str], status: int = 200) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    chosen = InboxFilter.of(request.query_params)
    now = services.clock()
    following = request.query_params.get("after", "")
    page = looking.found(services, visitor, chosen, after=following)
    with services.engine.connect() as connection:
        counts = queries.counts(connection, visitor.sees, now)
        views = queries.views(connection, visitor.name)
    lines = [(one, presenting.clock(one, now)) for one in page.messages]
    return render(
        request,
        "inbox/inbox.html",
        status,
        lines=lines,
        page=page,
        counts=counts,
        views=views,
        chosen=chosen,
        after=following,
        problems=problems,
        states=list(STATES.items()),
        severities=[("", "Any"), *_severities()],
        ages=[
            ("", "Any"),
            (OVERDUE, "Past its due time"),
            *((key, words) for key, (words, _) in (*AGES.items(), *NEW.items())),
        ],
        assigned=_assigned(visitor.name, counts.by_assignee, chosen.assigned),
        rules=[("", "Any"), *((rule, safe_text(rule, 60)) for rule in _with(counts.rules, chosen.rule))],
        departments=[
            ("", "Any"),
            *((one, safe_text(one, 60)) for one in _with(counts.departments, chosen.department)),
        ],
        acts=list(BULK_ACTS.items()),
        total_is_capped=page.total >= COUNTED,
        most=MOST_AT_ONCE,
        kinds=presenting.kinds,
        people=presenting.people,
        tags=presenting.STATE_TAGS,
        levels=sorted(counts.by_severity.items(), reverse=True),
    )


def _severities() -> list[tuple[str, str]]:
    told = [("critical", "Critical")]
    for level in (Severity.HIGH, Severity.MEDIUM, Severity.LOW):
        told.append((level.word, f"{level.word.capitalize()} or worse"))
    return told


def _assigned(name: str, by_assignee: object, chosen: str) -> list[tuple[str, str]]:
    people = set(by_assignee) if isinstance(by_assignee, dict) else set()
    others = sorted((people | {chosen}) - {"", name, "me", "-"})
    return [("", "Anybody"), ("me", "Me"), ("-", "Nobody"), *((one, safe_text(one, 60)) for one in others)]


def _with(known: tuple[str, ...], chosen: str) -> list[str]:
    return sorted({*known, chosen} - {""})


# --- many at once -----------------------------------------------------------------------------------------


def _back(query: str) -> str:
    return f"/inbox?{query}" if query else "/inbox"


@requires(*DECIDERS)
def many(request: Request) -> Response:
    """Say what an act on the chosen messages would do; nothing is done yet."""
    services, visitor = services_of(request), visitor_of(request)
    form = form_of(request)
    chosen = filter_of(text_of(form, "query"))
    act = text_of(form, "act")
    if text_of(form, "all"):
        numbers = looking.numbers_found(services, visitor, chosen, MOST_AT_ONCE)
    else:
        numbers = [str(one) for one in form.getlist("reference") if isinstance(one, str)]
    if act not in BULK_ACTS or not numbers:
        problem = "Choose what to do." if numbers else "Choose at least one message."
        return after(request, _back(chosen.query), problem, kind="problem")
    if len(numbers) > MOST_AT_ONCE:
        problem = f"These are more than {MOST_AT_ONCE:,} messages. Narrow the filter first."
        return after(request, _back(chosen.query), problem, kind="problem")
    return _preview(request, numbers, act, chosen.query, {})


def _preview(
    request: Request, numbers: list[str], act: str, query: str, problems: dict[str, str], status: int = 200
) -> Response:
    services, visitor = services_of(request), visitor_of(request)
    will = carrying_out.preview(services, visitor, numbers, act)
    return render(
        request,
        "inbox/many.html",
        status,
        count=sum(map(len, will.values())),
        will=will,
        ways=presenting.release_ways(services.configuration),
        act=act,
        words=BULK_ACTS[act],
        query=query,
        back=_back(query),
        problems=problems,
        reason=text_of(form_of(request), "reason"),
        advice=text_of(form_of(request), "advice") or (default_advice(services) if act == "return" else ""),
    )


@requires(*DECIDERS)
def many_done(request: Request) -> Response:
    """Do it: one transaction and one row of the log for each message."""
    services, visitor = services_of(request), visitor_of(request)
    form = form_of(request)
    act, query = text_of(form, "act"), filter_of(text_of(form, "query")).query
    numbers = [str(one) for one in form.getlist("reference") if isinstance(one, str)][:MOST_AT_ONCE]
    reason = text_of(form, "reason", 4_000)
    ways = {"", *dict(presenting.release_ways(services.configuration))}
    if act not in BULK_ACTS or not numbers or text_of(form, "route") not in ways:
        return after(request, _back(query), "Nothing was chosen.", kind="problem")
    if not reason and act != "claim":
        return _preview(request, numbers, act, query, {"reason": "Write a reason. It is recorded."}, 400)
    wish = Wish(
        act,
        reason,
        text_of(form, "advice", 4_000),
        text_of(form, "assignee", 200),
        route=text_of(form, "route") if act == "release" else "",
    )
    with services.engine.connect() as connection:
        seen = queries.are_seen(connection, numbers, visitor.sees)
    outcomes = [one.outcome for one in carry_out_many(services, visitor, seen, wish)]
    return render(
        request,
        "inbox/many_done.html",
        words=BULK_ACTS[act],
        back=_back(query),
        done=[one for one in outcomes if not one.problem and not one.waits],
        waits=[one for one in outcomes if one.waits],
        failed=[one for one in outcomes if one.problem],
        tags=presenting.STATE_TAGS,
    )


# --- saved views ------------------------------------------------------------------------------------------


@requires(*READERS)
def save_view(request: Request) -> Response:
    """Keep the present filter under a name."""
    services, visitor = services_of(request), visitor_of(request)
    form = form_of(request)
    name = text_of(form, "name", 80)
    query = filter_of(text_of(form, "query")).query
    if not name or not query:
        return after(request, _back(query), "A view needs a name and a filter.", kind="problem")
    shared = bool(text_of(form, "shared"))
    with writing(services.engine) as connection:
        made = queries.save_view(connection, visitor.name, name, query[:2_000], shared=shared)
        if made:
            audit(services, connection, visitor, "view.save", "inbox", after={"shared": shared})
    if not made:
        return after(request, _back(query), "You have a view of this name, or too many.", kind="problem")
    return after(request, _back(query), "The view is saved.")


@requires(*READERS)
def forget_view(request: Request) -> Response:
    """Delete a view of one's own."""
    services, visitor = services_of(request), visitor_of(request)
    with writing(services.engine) as connection:
        if queries.forget_view(connection, visitor.name, int(request.path_params["number"])):
            audit(services, connection, visitor, "view.delete", "inbox")
    return after(request, "/inbox", "The view is deleted.")


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/inbox", inbox, methods=["GET"]),
        Route("/inbox/many", many, methods=["POST"]),
        Route("/inbox/many/done", many_done, methods=["POST"]),
        Route("/inbox/views", save_view, methods=["POST"]),
        Route("/inbox/views/{number:int}/delete", forget_view, methods=["POST"]),
    ]


def navigation() -> list[Link]:
    """Its place in the menu."""
    return [Link("Inbox", "/inbox", READERS, order=10)]
