"""The record of an incident for the Commissioner: JSON, or one HTML page that needs nothing else.

It has no matched value: kinds, counts, masks.  The list of people is in it only where the DPO asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from smtp_filter.triage.incidents.causes import causes
from smtp_filter.triage.incidents.model import Affected, Duty, IncidentDetail, LineKind
from smtp_filter.triage.web.safe_text import safe_text

_DUTIES = {
    Duty.UNDECIDED: "not decided yet",
    Duty.NOTIFY: "must be told",
    Duty.NOT_NEEDED: "need not be told",
}


def record(
    detail: IncidentDetail, council: str, now: float, people: Sequence[Affected] = ()
) -> dict[str, Any]:
    """The record as plain values."""
    incident = detail.incident
    told = [line for line in detail.lines if line.kind is LineKind.TOLD]

    def reasons(kind: LineKind) -> str:
        return next((line.text for line in reversed(detail.lines) if line.kind is kind), "")

    return {
        "organisation": council,
        "reference": incident.reference,
        "made_at": _iso(now),
        "what": incident.title,
        "state": "open" if incident.open else "closed",
        "severity": incident.severity.word,
        "department": incident.department,
        "owner": incident.owner,
        "source": incident.source_reference or incident.source.value,
        "cause": causes().get(incident.cause, "not settled yet"),
        "cause_code": incident.cause,
        "aware_at": _iso(incident.aware_at),
        "report_due_at": _iso(incident.due_at),
        "reported_at": _iso(incident.reported_at) if incident.reported_at else None,
        "reported_within_72_hours": incident.in_time,
        "people_affected": {
            "at_least": incident.people.low,
            "at_most": incident.people.high,
            "how_counted": incident.counted,
        },
        "article_33": {
            "commissioner": _DUTIES[incident.article33],
            "reasons": reasons(LineKind.ARTICLE_33),
        },
        "article_34": {"people": _DUTIES[incident.article34], "reasons": reasons(LineKind.ARTICLE_34)},
        "told": [
            {
                "at": _iso(line.at),
                "to": line.facts.get("to", ""),
                "by": line.facts.get("by", ""),
                "what": line.text,
            }
            for line in told
        ],
        "timeline": [
            {
                "at": _iso(line.at),
                "by": line.actor,
                "kind": line.kind.value,
                "text": line.text,
                "facts": dict(line.facts),
            }
            for line in detail.lines
        ],
        "opened_at": _iso(incident.opened_at),
        "opened_by": incident.opened_by,
        "closed_at": _iso(incident.closed_at) if incident.closed_at else None,
        "closed_because": reasons(LineKind.CLOSED),
        "people": [
            {"person": one.label, "names": list(one.names), "kinds": list(one.kinds)} for one in people
        ],
    }


def as_json(told: dict[str, Any]) -> str:
    """The record as JSON."""
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def as_html(told: dict[str, Any], zone: str) -> str:
    """The record as a page of its own, to be printed or sent."""
    environment = Environment(
        loader=PackageLoader("smtp_filter.triage"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    clock = ZoneInfo(zone)

    def when(written: str | None) -> str:
        if not written:
            return ""
        return datetime.fromisoformat(written).astimezone(clock).strftime("%d %B %Y, %H:%M").lstrip("0")

    environment.filters.update(when=when, safe_text=safe_text)
    return environment.get_template("incidents/record.html").render(record=told)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
