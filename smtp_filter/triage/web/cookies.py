"""The two cookies: the session of somebody who is signed in, and the visit of somebody who is not yet."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from smtp_filter.triage.settings import ConsoleSettings

_SESSION = "dlp-session"
_VISIT = "dlp-visit"


def _name(name: str, settings: ConsoleSettings) -> str:
    # Browsers take a cookie of this prefix from the host itself over TLS only.
    return f"__Host-{name}" if settings.secure else name


def session_token(request: Request, settings: ConsoleSettings) -> str:
    """The secret of the session, or nothing."""
    return request.cookies.get(_name(_SESSION, settings), "")[:200]


def set_session(response: Response, token: str, settings: ConsoleSettings) -> None:
    """Hand a session's secret to the browser, until it is closed."""
    _set(response, _name(_SESSION, settings), token, settings)


def forget_session(response: Response, settings: ConsoleSettings) -> None:
    """Take it back."""
    response.delete_cookie(
        _name(_SESSION, settings), path="/", secure=settings.secure, httponly=True, samesite="lax"
    )


def visit(request: Request, settings: ConsoleSettings) -> str:
    """The visit of somebody who is not signed in; made where there is none."""
    known = request.cookies.get(_name(_VISIT, settings), "")[:200]
    made = known or str(request.scope.setdefault("dlp.visit", secrets.token_urlsafe(24)))
    return made


def set_visit(request: Request, response: Response, settings: ConsoleSettings) -> None:
    """Hand a new visit to the browser where a page was made for it."""
    if made := request.scope.get("dlp.visit"):
        _set(response, _name(_VISIT, settings), str(made), settings)


def _set(response: Response, name: str, value: str, settings: ConsoleSettings) -> None:
    response.set_cookie(name, value, path="/", secure=settings.secure, httponly=True, samesite="lax")
