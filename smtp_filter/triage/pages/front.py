"""The front page: the first entry of the menu that the visitor has."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from smtp_filter.triage.web.context import menu_of, requires


@requires()
def front(request: Request) -> Response:
    """Go to where the visitor works."""
    links = menu_of(request)
    return RedirectResponse(links[0].path if links else "/account", 303)


def routes() -> list[Route]:
    """The page."""
    return [Route("/", front, methods=["GET"])]
