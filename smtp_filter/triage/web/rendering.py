"""Templates to pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from smtp_filter.triage.web import cookies, csrf
from smtp_filter.triage.web.context import services_of, template_values
from smtp_filter.triage.web.safe_text import safe_text

_PACKAGE = "smtp_filter.triage"


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; ``values`` are the template's, beside those that every template has."""
    services = services_of(request)
    every = template_values(request)
    token = every["csrf_token"]
    every["csrf_field"] = lambda: Markup('<input type="hidden" name="{}" value="{}">').format(
        csrf.FIELD, token
    )
    environment = _environment(services.settings.zone)
    response = HTMLResponse(environment.get_template(template).render({**every, **values}), status)
    cookies.set_visit(request, response, services.settings)
    return response


@cache
def _environment(zone: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    clock = ZoneInfo(zone)
    environment.filters.update(
        safe_text=safe_text,
        when=lambda at: _when(at, clock),
        day=lambda at: _day(at, clock),
        ago=_span,
        number=lambda value: f"{value:,}",
        plural=_plural,
        labelled=_labelled,
        iso=lambda at: datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
    )
    environment.globals["asset"] = asset
    return environment


@cache
def asset(name: str) -> str:
    """The address of a file of ours; it changes with the content, so that browsers may keep it."""
    content = (resources.files(_PACKAGE) / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _when(at: float | None, zone: ZoneInfo) -> str:
    """A moment as people write it: ``22 November 2026 at 7:45am``."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at, zone)
    hour = moment.hour % 12 or 12
    return f"{_date(moment)} at {hour}:{moment:%M}{'am' if moment.hour < 12 else 'pm'}"


def _day(at: float | None, zone: ZoneInfo) -> str:
    return "" if at is None else _date(datetime.fromtimestamp(at, zone))


def _date(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _span(seconds: float) -> str:
    """A stretch of time in its largest unit: ``3 hours``, ``2 days``."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if abs(seconds) >= size:
            return _plural(int(abs(seconds) // size), name)
    return "less than a minute"


def _plural(count: int, one: str, many: str = "") -> str:
    """The count with its noun: ``1 message``, ``2 messages``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


_CELLS = re.compile(r"<(tr|td|th)\b")


def _labelled(rows: Markup, heads: Sequence[str]) -> Markup:
    """The rows of a table, each cell with the head of its column: on a narrow screen each row is a card.

    The roles say once more what the elements are: browsers forget it where the style makes no table of them.
    Words of others are escaped in ``rows``: no element is theirs.
    """
    column = -1

    def name(found: re.Match[str]) -> str:
        nonlocal column
        if found[1] == "tr":
            column = -1
            return '<tr role="row"'
        column += 1
        label = escape(heads[column]) if column < len(heads) else ""
        role = "rowheader" if found[1] == "th" else "cell"
        return f'<{found[1]} role="{role}"' + (f' data-label="{label}"' if label else "")

    return Markup(_CELLS.sub(name, rows))  # noqa: S704 - what came in is marked up already
