"""The application, put together from its parts: services, page modules, middleware."""

from __future__ import annotations

import importlib
import logging
import mimetypes
import pkgutil
import secrets
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from types import ModuleType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from scanner.configuration import Configuration
from scanner.store.database import open_database
from scanner.store.inventory import open_inventory
from scanner.store.sealing import DataKey
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.triage import pages
from smtp_filter.triage.accounts.book import AccountBook
from smtp_filter.triage.accounts.openid import Provider
from smtp_filter.triage.accounts.sessions import Sessions
from smtp_filter.triage.accounts.signing_in import Door
from smtp_filter.triage.accounts.vouching import Vouching
from smtp_filter.triage.settings import ConsoleSettings
from smtp_filter.triage.web.context import Link, Services, everyone
from smtp_filter.triage.web.headers import BodyLimit, Contained, SecurityHeaders
from smtp_filter.triage.web.rendering import render

MIGRATIONS = "smtp_filter.triage.migrations"

_log = logging.getLogger(__name__)

# The machine's own table of types may say anything.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/css", ".css")


def open_services(
    quarantine: Quarantine,
    settings: ConsoleSettings,
    configuration: Configuration,
    url: str,
    clock: Callable[[], float] = time.time,
) -> Services:
    """What handlers work with, on the quarantine's database (``url``), which gets the console's tables.

    Raises ``StorageError``.
    """
    open_database(url, MIGRATIONS).dispose()
    # What scans found lies in the same database, whoever was first.
    open_inventory(url).dispose()
    engine, sealer = quarantine.engine, quarantine.sealer
    book = AccountBook(
        engine,
        quarantine.audit,
        DataKey("console", sealer.named(engine, "console")),
        clock,
        council=settings.council,
        password_characters=settings.password_characters,
    )
    sessions = Sessions(engine, sealer.named(engine, "console forms"), settings.sessions, clock)
    door = Door(
        engine,
        quarantine.audit,
        book,
        sessions,
        settings.guessing,
        settings.second_factor_roles,
        clock,
    )
    vouching = (
        Vouching(engine, Provider(settings.openid, clock), door, book, clock) if settings.openid else None
    )
    return Services(
        engine=engine,
        quarantine=quarantine,
        sealing=sealer,
        settings=settings,
        configuration=configuration,
        accounts=book,
        sessions=sessions,
        door=door,
        vouching=vouching,
        clock=clock,
    )


def build(services: Services) -> ASGIApp:
    """The application."""
    routes: list[BaseRoute] = [
        Mount("/static", StaticFiles(directory=Path(str(resources.files("smtp_filter.triage") / "static"))))
    ]
    navigation: list[Link] = []
    for module in page_modules():
        routes += module.routes()
        navigation += getattr(module, "navigation", list)()
    application = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _http_error, Exception: _fault},
    )
    application.state.services = services
    application.state.navigation = sorted(navigation, key=lambda link: (link.order, link.label))
    # Outside of the application, so that its errors bear the headers, too.
    return SecurityHeaders(Contained(BodyLimit(application)), services.settings.secure)


def page_modules() -> Iterator[ModuleType]:
    """The modules of ``pages``, by name."""
    for found in sorted(pkgutil.iter_modules(pages.__path__), key=lambda one: one.name):
        yield importlib.import_module(f"{pages.__name__}.{found.name}")


_TITLES = {
    400: "There is a problem with this address or form",
    401: "You are not signed in",
    403: "You may not do this",
    404: "Page not found",
    405: "This cannot be done here",
    409: "Somebody else was first",
    413: "This is too large",
    429: "Too many attempts",
}


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    # Starlette's own detail is the standard's phrase, which the heading says better.
    own = detail if detail and " " in detail and detail.endswith(".") else ""
    title = _TITLES.get(status, "Something is wrong")
    return await _page(request, "errors/error.html", status, title=title, detail=own)


async def _fault(request: Request, error: Exception) -> Response:
    number = secrets.token_hex(4)
    place = traceback.extract_tb(error.__traceback__)[-1]
    # The message of an exception may quote what it worked on; the place does not.
    _log.error("fault %s: %s in %s:%s", number, type(error).__name__, Path(place.filename).name, place.lineno)
    return await _page(request, "errors/fault.html", 500, number=number)


async def _page(request: Request, template: str, status: int, **values: str) -> Response:
    # Through the door, so that the page knows who asks; the method does not matter to it.
    request.scope["method"] = "GET"
    shown = everyone(lambda asked: render(asked, template, status, **values))
    return await shown(request)


def routes_of(application: Starlette) -> list[Route]:
    """The routes of pages, for the tests that go through all of them."""
    return [route for route in application.routes if isinstance(route, Route)]
