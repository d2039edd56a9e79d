"""Who asks, what they may do, and the record of it: the contract of every page.

A page module ``pages/<family>.py`` has ``routes()`` and, where it stands in the menu, ``navigation()``:

    @requires(Role.TRIAGE, Role.APPROVER)
    def message(request: Request) -> Response:
        visitor, services = visitor_of(request), services_of(request)
        reference = request.path_params["reference"]
        with writing(services.engine) as connection:
            audit(services, connection, visitor, "message.view", reference)
        return render(request, "inbox/message.html", message=...)

    def routes() -> list[Route]:
        return [Route("/messages/{reference}", message, methods=["GET"])]

    def navigation() -> list[Link]:
        return [Link("Inbox", "/inbox", READERS, order=10)]

- Handlers are plain functions of the request; they run in the thread pool.  ``requires()`` without roles is
  anybody who is signed in.  An ``async`` handler is refused at import.
- Every method but GET and HEAD has its CSRF token and origin checked before the handler runs.  Put
  ``{{ csrf_field() }}`` inside each form, or send ``X-CSRF-Token`` (``<meta name="csrf-token">``).
- ``form_of(request)`` is the posted form, already read; ``text_of(form, "reason")`` one field, stripped.
- Handlers raise ``HTTPException(404)`` and ``HTTPException(403, "one line")``; what the pages of errors show
  is that line.  ``QuarantineError`` is for the handler to show in an error summary.
- ``after(request, "/inbox", "Released.")`` is the answer to a POST: a redirect (303) with a message on the
  next page.
- ``render(request, "family/page.html", **values)``: templates have ``visitor``, ``settings``, ``navigation``,
  ``path``, ``csrf_token``, ``csrf_field()``, ``flash``, ``asset(name)`` and the filters ``safe_text`` (every
  word that came from a message, a file or a person), ``when``, ``day``, ``ago``, ``number``, ``plural``.
- ``may(Role.X, ...)`` in a template says whether the visitor has one of the roles.
- No inline script, no inline style, no ``style=``: the policy refuses them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from smtp_filter.quarantine.model import ForbiddenError
from smtp_filter.triage.accounts.model import Session, Stage
from smtp_filter.triage.roles import DECIDERS, READERS, Role
from smtp_filter.triage.visiting import Services, Visitor, audit, in_role, visitor_of_account
from smtp_filter.triage.web import cookies, csrf
from smtp_filter.triage.web.forwarding import client_address

__all__ = [
    "DECIDERS",
    "READERS",
    "Link",
    "Role",
    "Services",
    "Visitor",
    "after",
    "audit",
    "everyone",
    "form_of",
    "requires",
    "services_of",
    "text_of",
    "visitor_of",
]

Handler = Callable[[Request], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

# A form with reasons and advice is some kilobytes; bulk acts name up to some thousand references.
FIELDS = 12_000
FIELD_BYTES = 200_000
STAGE_PAGES = {
    Stage.SECOND_FACTOR: "/sign-in/code",
    Stage.ENROL: "/account/second-factor",
    Stage.PASSWORD: "/account/password",
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu, for those who hold one of the roles."""

    label: str
    path: str
    roles: tuple[Role, ...]
    order: int = 100


def services_of(request: Request) -> Services:
    """The services of the application."""
    return cast(Services, request.app.state.services)


def visitor_of(request: Request) -> Visitor:
    """Who asks; only behind :func:`requires`."""
    visitor = request.scope.get("dlp.visitor")
    if not isinstance(visitor, Visitor):
        raise HTTPException(401)
    return visitor


def session_of(request: Request) -> Session | None:
    """The session of the request, whatever its stage."""
    return cast("Session | None", request.scope.get("dlp.session"))


def form_of(request: Request) -> FormData:
    """The posted form."""
    return cast(FormData, request.scope.get("dlp.form") or FormData())


def text_of(form: FormData, name: str, limit: int = 10_000) -> str:
    """One field as text without space around it; empty where it is missing or a file."""
    value = form.get(name)
    return value.strip()[:limit] if isinstance(value, str) else ""


def requires(*roles: Role) -> Callable[[Handler], Endpoint]:
    """A handler for those who hold one of ``roles``; without roles for everybody who is signed in."""
    return _door(roles, frozenset({Stage.WHOLE}))


def stages(*allowed: Stage) -> Callable[[Handler], Endpoint]:
    """A handler for those who are on their way in: the pages of the second factor and the password."""
    return _door((), frozenset(allowed))


def everyone(handler: Handler) -> Endpoint:
    """A handler for everybody, signed in or not: the sign-in pages."""
    return _door((), frozenset())(handler)


def _door(roles: Sequence[Role], allowed: frozenset[Stage]) -> Callable[[Handler], Endpoint]:
    def decorate(handler: Handler) -> Endpoint:
        if inspect.iscoroutinefunction(handler):
            raise TypeError(f"{handler.__name__}: handlers are plain functions")

        @functools.wraps(handler)
        async def endpoint(request: Request) -> Response:
            if request.method not in ("GET", "HEAD"):
                request.scope["dlp.form"] = await request.form(
                    max_files=20, max_fields=FIELDS, max_part_size=FIELD_BYTES
                )
            return await run_in_threadpool(_enter, request, handler, roles, allowed)

        return endpoint

    return decorate


def _enter(request: Request, handler: Handler, roles: Sequence[Role], allowed: frozenset[Stage]) -> Response:
    services = services_of(request)
    settings = services.settings
    address = client_address(request, settings.trusted_proxies)
    request.scope["dlp.address"] = address
    token = cookies.session_token(request, settings)
    session = services.sessions.find(token) if token else None
    request.scope["dlp.session"] = session
    if request.method not in ("GET", "HEAD"):
        if token and session is None and allowed:
            # Expired: the form's token went with the session, and nothing is done.
            return _to_sign_in(request, expired=True)
        bound = token if session else cookies.visit(request, settings)
        csrf.check(request, form_of(request), services.sessions.form_token(bound), settings)
    if session is not None and session.stage is Stage.WHOLE:
        request.scope["dlp.visitor"] = visitor_of_account(session.account, settings, address, session.id)
    if not allowed:
        return handler(request)
    if session is None:
        return _to_sign_in(request, expired=bool(token))
    if session.stage not in allowed:
        if session.stage is Stage.WHOLE:
            return RedirectResponse("/", 303)
        return RedirectResponse(STAGE_PAGES[session.stage], 303)
    if roles:
        try:
            visitor = in_role(services, visitor_of(request), roles, request.url.path)
        except ForbiddenError:
            raise HTTPException(403, "Your account does not have the role for this page.") from None
        request.scope["dlp.visitor"] = visitor
    return handler(request)


def _to_sign_in(request: Request, *, expired: bool) -> Response:
    from urllib.parse import urlencode

    query = {"next": _here(request)}
    if expired:
        query["expired"] = "1"
    return RedirectResponse(f"/sign-in?{urlencode(query)}", 303)


def _here(request: Request) -> str:
    if request.method != "GET":
        return "/"
    path, query = request.url.path, request.url.query
    return f"{path}?{query}" if query else path


def after(request: Request, path: str, message: str = "", *, kind: str = "success") -> Response:
    """The answer to a POST: go to ``path`` of this console, and show ``message`` there once."""
    session = session_of(request)
    if message and session is not None:
        services_of(request).sessions.leave_flash(session.id, kind, message)
    return RedirectResponse(local_path(path), 303)


def local_path(path: str) -> str:
    """The path, where it is one of this console; else the front page (no open redirect)."""
    sane = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if sane else "/"


def menu_of(request: Request) -> list[Link]:
    """The entries of the menu that the visitor has."""
    visitor = request.scope.get("dlp.visitor")
    if not isinstance(visitor, Visitor):
        return []
    return [link for link in request.app.state.navigation if visitor.has(*link.roles)]


def template_values(request: Request) -> dict[str, Any]:
    """What every template has."""
    services = services_of(request)
    settings = services.settings
    session = session_of(request)
    visitor = request.scope.get("dlp.visitor")
    bound = cookies.session_token(request, settings) if session else cookies.visit(request, settings)
    return {
        "visitor": visitor,
        "settings": settings,
        "navigation": menu_of(request),
        "path": request.url.path,
        "csrf_token": services.sessions.form_token(bound),
        "flash": services.sessions.take_flash(session.id) if session and session.has_flash else None,
        "now": services.clock(),
        "may": visitor.has if visitor else (lambda *_: False),
        "Role": Role,
    }
