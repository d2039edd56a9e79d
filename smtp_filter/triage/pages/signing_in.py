"""Signing in and out: name and password, one-time link, the code of the second factor."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from smtp_filter.triage.accounts.model import Entered, Method, Refusal, Stage
from smtp_filter.triage.accounts.openid import ProviderError
from smtp_filter.triage.web import cookies
from smtp_filter.triage.web.context import (
    STAGE_PAGES,
    everyone,
    form_of,
    local_path,
    services_of,
    session_of,
    stages,
    text_of,
)
from smtp_filter.triage.web.rendering import render

_log = logging.getLogger(__name__)
_WRONG = "The name or the password is not right."
_PROBLEMS = {
    Refusal.WRONG: _WRONG,
    Refusal.UNKNOWN: _WRONG,
    Refusal.DISABLED: _WRONG,
    # The same words, or guessing would tell which accounts exist; the administrator sees the lock.
    Refusal.LOCKED: _WRONG,
    Refusal.TOO_MANY: "There were too many failed attempts. Wait 15 minutes and try again.",
    Refusal.USED: "This link has been used, or it has expired. Ask your administrator for another one.",
    Refusal.NO_ROLE: "Your work account has no role in this console. Ask your administrator.",
    Refusal.PROVIDER: "Your organisation's sign-in did not work. Try again, or ask your administrator.",
}


def _refused(refusal: Refusal) -> int:
    return 429 if refusal is Refusal.TOO_MANY else 403


@everyone
def sign_in(request: Request) -> Response:
    """Ask for name and password, or look at them."""
    services = services_of(request)
    session = session_of(request)
    following = local_path(request.query_params.get("next", "/"))
    if request.method == "GET":
        if session is not None:
            return RedirectResponse(STAGE_PAGES.get(session.stage, following), 303)
        expired = "expired" in request.query_params
        return render(request, "account/sign_in.html", name="", next=following, problem="", expired=expired)
    form = form_of(request)
    name, following = text_of(form, "name", 200), local_path(text_of(form, "next") or "/")
    # A password may begin or end with a space.
    password = form.get("password")
    entered = services.door.by_password(
        name, password if isinstance(password, str) else "", request.scope["dlp.address"]
    )
    if isinstance(entered, Refusal):
        problem = _PROBLEMS[entered]
        return render(
            request,
            "account/sign_in.html",
            _refused(entered),
            name=name,
            next=following,
            problem=problem,
            expired=False,
        )
    return let_in(request, entered, following)


@everyone
def one_time(request: Request) -> Response:
    """Show a button, so that whoever opens links on the way does not use it up; then let them in."""
    code = request.path_params["code"]
    if request.method == "GET":
        return render(request, "account/one_time.html", problem="")
    entered = services_of(request).door.by_one_time(code, request.scope["dlp.address"])
    if isinstance(entered, Refusal):
        return render(request, "account/one_time.html", _refused(entered), problem=_PROBLEMS[entered])
    return let_in(request, entered, "/")


@stages(Stage.SECOND_FACTOR)
def code(request: Request) -> Response:
    """Ask for the code of the second factor, or look at it."""
    following = local_path(request.query_params.get("next", "/"))
    if request.method == "GET":
        return render(request, "account/code.html", problem="", next=following)
    form = form_of(request)
    session = session_of(request)
    if session is None:
        return RedirectResponse("/sign-in", 303)
    entered = services_of(request).door.by_code(
        session, text_of(form, "code", 40), request.scope["dlp.address"]
    )
    following = local_path(text_of(form, "next") or "/")
    if isinstance(entered, Refusal):
        problem = (
            _PROBLEMS[entered]
            if entered is Refusal.TOO_MANY
            else "The code is not right. Enter the six figures that the application shows now."
        )
        return render(request, "account/code.html", _refused(entered), problem=problem, next=following)
    return let_in(request, entered, following)


@everyone
def sign_out(request: Request) -> Response:
    """End the session."""
    services = services_of(request)
    session = session_of(request)
    if session is not None:
        services.door.leave(session, request.scope["dlp.address"])
    by_provider = session is not None and session.method is Method.OPENID
    # Not straight to the issuer: what a form leads to stays here (form-action of the policy).
    response = RedirectResponse("/sign-out/leaving" if by_provider else "/sign-in", 303)
    cookies.forget_session(response, services.settings)
    return response


@everyone
def leaving(request: Request) -> Response:
    """Signed out here; the page goes on to the issuer by itself, where the issuer has a page for it."""
    vouching = services_of(request).vouching
    leads = vouching is not None and vouching.leave(_base(request)) is not None
    return render(request, "account/signed_out.html", leads=leads)


@everyone
def leave_provider(request: Request) -> Response:
    """Send the browser to the issuer, to sign out there, too."""
    vouching = services_of(request).vouching
    address = vouching.leave(f"{_base(request)}/sign-out/done") if vouching is not None else None
    return RedirectResponse(address or "/sign-out/done", 303)


@everyone
def left(request: Request) -> Response:
    """Back from the issuer."""
    return render(request, "account/signed_out.html", leads=False)


def let_in(request: Request, entered: Entered, following: str) -> Response:
    """Hand the browser its session, and go on to its next stage or to where it wanted."""
    from urllib.parse import urlencode

    where = following
    if entered.stage is not Stage.WHOLE:
        where = STAGE_PAGES[entered.stage]
        if following != "/":
            where = f"{where}?{urlencode({'next': following})}"
    response = RedirectResponse(where, 303)
    cookies.set_session(response, entered.token, services_of(request).settings)
    return response


@everyone
def to_provider(request: Request) -> Response:
    """Send the browser to the provider of OpenID Connect."""
    services = services_of(request)
    if services.vouching is None:
        raise HTTPException(404)
    following = local_path(request.query_params.get("next", "/"))
    try:
        address = services.vouching.send(
            cookies.visit(request, services.settings), _way_back(request), following
        )
    except ProviderError as error:
        _log.warning("sign-in by OpenID Connect: %s", error)
        return _at_sign_in(request, Refusal.PROVIDER, following)
    response = RedirectResponse(address, 303)
    cookies.set_visit(request, response, services.settings)
    return response


@everyone
def from_provider(request: Request) -> Response:
    """Somebody comes back from the provider."""
    services = services_of(request)
    if services.vouching is None:
        raise HTTPException(404)
    told = request.query_params
    came = services.vouching.receive(
        cookies.visit(request, services.settings),
        told.get("state", ""),
        "" if "error" in told else told.get("code", ""),
        _way_back(request),
        request.scope["dlp.address"],
    )
    if isinstance(came, Refusal):
        return _at_sign_in(request, came, "/")
    entered, following = came
    return let_in(request, entered, local_path(following))


def _base(request: Request) -> str:
    return services_of(request).settings.address or str(request.base_url).rstrip("/")


def _way_back(request: Request) -> str:
    return f"{_base(request)}/sign-in/openid/done"


def _at_sign_in(request: Request, refusal: Refusal, following: str) -> Response:
    return render(
        request,
        "account/sign_in.html",
        _refused(refusal),
        name="",
        next=following,
        problem=_PROBLEMS[refusal],
        expired=False,
    )


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/sign-in/openid", to_provider, methods=["GET"]),
        Route("/sign-in/openid/done", from_provider, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["GET", "POST"]),
        Route("/sign-in/once/{code}", one_time, methods=["GET", "POST"]),
        Route("/sign-in/code", code, methods=["GET", "POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Route("/sign-out/leaving", leaving, methods=["GET"]),
        Route("/sign-out/openid", leave_provider, methods=["GET"]),
        Route("/sign-out/done", left, methods=["GET"]),
    ]
