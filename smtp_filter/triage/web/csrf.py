"""Whether a form was sent from a page of ours: the session's token, and the origin that browsers tell."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from smtp_filter.triage.settings import ConsoleSettings

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_REFUSED = "The form was not sent from a page of this console, or the page was too old. Nothing was changed."


def check(request: Request, form: FormData, expected: str, settings: ConsoleSettings) -> None:
    """Refuse (403) what did not come from our own page."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, _REFUSED)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc not in _own(request, settings):
        raise HTTPException(403, _REFUSED)
    value = form.get(FIELD)
    told = value if isinstance(value, str) else request.headers.get(HEADER, "")
    if not hmac.compare_digest(told.encode(), expected.encode()):
        raise HTTPException(403, _REFUSED)


def _own(request: Request, settings: ConsoleSettings) -> set[str]:
    own = {request.headers.get("host", "")}
    if settings.address:
        own.add(urlsplit(settings.address).netloc)
    return own - {""}
