"""The figures for the SIRO: the latest weeks or one quarter, as page, CSV and PDF."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.store.database import writing
from smtp_filter.triage.figures import queries
from smtp_filter.triage.figures.model import Dashboard
from smtp_filter.triage.figures.printing import as_pdf
from smtp_filter.triage.figures.spans import last_weeks, quarter, quarters_before
from smtp_filter.triage.figures.tabling import as_csv, headline, tables_of
from smtp_filter.triage.roles import FIGURE_READERS
from smtp_filter.triage.web.context import Link, Role, audit, requires, services_of, visitor_of
from smtp_filter.triage.web.rendering import render

_WEEKS = (4, 13, 26, 52)
_USUAL = 13


@requires(*FIGURE_READERS)
def dashboard(request: Request) -> Response:
    """The page."""
    services = services_of(request)
    figures, title, query = _figures(request)
    zone = services.settings.zone
    return render(
        request,
        "dashboard/dashboard.html",
        figures=figures,
        title=title,
        query=query,
        headline=headline(figures),
        tables=tables_of(figures, zone),
        weeks=_WEEKS,
        quarters=quarters_before(services.clock(), zone, 8),
        wanted=request.query_params.get("quarter", ""),
        wanted_weeks=_weeks(request),
    )


@requires(*FIGURE_READERS)
def table(request: Request) -> Response:
    """The figures as CSV."""
    figures, _, query = _figures(request)
    _record(request, "figures.csv", query)
    content = as_csv(figures, services_of(request).settings.zone)
    return _file(content, "text/csv; charset=utf-8", "figures.csv")


@requires(*FIGURE_READERS)
def printed(request: Request) -> Response:
    """The figures as PDF."""
    services = services_of(request)
    figures, title, query = _figures(request)
    _record(request, "figures.pdf", query)
    settings = services.settings
    content = as_pdf(figures, title, settings.council, settings.zone, services.clock())
    return _file(content, "application/pdf", "figures.pdf")


def _figures(request: Request) -> tuple[Dashboard, str, str]:
    """The figures that the address asks for, their title, and the address's query."""
    services, visitor = services_of(request), visitor_of(request)
    zone = services.settings.zone
    written = request.query_params.get("quarter", "").strip()
    if written:
        try:
            since, until = quarter(written, zone)
        except ValueError as error:
            raise HTTPException(400, f"The address is wrong: {error}.") from None
        # Weeks that are still to come are no weeks without incidents.
        until = min(until, services.clock()) if since < services.clock() else until
        title, query = f"Quarterly report {written.upper()}", f"quarter={written.upper()}"
    else:
        count = _weeks(request)
        since, until = last_weeks(services.clock(), count, zone)
        title, query = f"The latest {count} weeks", f"weeks={count}"
    with services.engine.connect() as connection:
        figures = queries.dashboard(
            services.quarantine,
            connection,
            since,
            until,
            zone,
            departments=visitor.sees,
            named=visitor.has(Role.DPO),
        )
    if visitor.has(Role.DPO) and figures.senders:
        _record(request, "figures.senders", query)
    return figures, title, query


def _weeks(request: Request) -> int:
    written = request.query_params.get("weeks", "")
    return int(written) if written.isdigit() and int(written) in _WEEKS else _USUAL


def _record(request: Request, act: str, query: str) -> None:
    services = services_of(request)
    with writing(services.engine) as connection:
        audit(services, connection, visitor_of(request), act, query)


def _file(content: str | bytes, kind: str, name: str) -> Response:
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def routes() -> list[Route]:
    """The pages."""
    return [
        Route("/figures", dashboard, methods=["GET"]),
        Route("/figures/figures.csv", table, methods=["GET"]),
        Route("/figures/figures.pdf", printed, methods=["GET"]),
    ]


def navigation() -> list[Link]:
    """The menu's entry."""
    return [Link("Figures", "/figures", FIGURE_READERS, order=40)]
