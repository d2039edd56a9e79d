"""The record of an incident for the Commissioner: JSON, or one HTML page that needs nothing else.

It has no matched value: kinds, counts, masks.  The list of people is in it only where the DPO asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from smtp_filter.triage.incidents.causes import causes
from smtp_filter.triage.incidents.model import Affected, Duty, IncidentDetail, Line, LineKind
from smtp_filter.triage.web.safe_text import safe_text

_DUTIES = {
    Duty.UNDECIDED: "not decided yet",
    Duty.NOTIFY: "must be told",
    Duty.NOT_NEEDED: "need not be told",
}
_MOMENTS = frozenset({"at", "aware"})
_WORDS = {
    LineKind.OPENED: "opened",
    LineKind.NOTE: "note",
    LineKind.OWNER: "owner",
    LineKind.CAUSE: "cause",
    LineKind.PEOPLE: "people counted",
    LineKind.AWARE: "aware since",
    LineKind.TOLD: "told",
    LineKind.EFFECTS: "likely consequences",
    LineKind.MEASURES: "measure",
    LineKind.ARTICLE_33: "Article 33 decided",
    LineKind.ARTICLE_34: "Article 34 decided",
    LineKind.REPORTED: "reported to the Commissioner",
    LineKind.RELEASED: "list of people released",
    LineKind.CLOSED: "closed",
    LineKind.REOPENED: "opened again",
}
_FACTS = {
    "source": "source",
    "people": "people",
    "severity": "severity",
    "owner": "owner",
    "kinds": "found",
    "cause": "cause",
    "to": "to",
    "by": "by",
    "at": "at",
    "aware": "aware",
    "decision": "decision",
    "number": "the Commissioner's number",
}


def record(
    detail: IncidentDetail,
    council: str,
    now: float,
    people: Sequence[Affected] = (),
    contact: str = "",
) -> dict[str, Any]:
    """The record as plain values, in the order of Article 33(3).

    ``contact`` is where the data protection officer is reached.
    """
    incident = detail.incident

    def of(*wanted: LineKind) -> list[Line]:
        return [line for line in detail.lines if line.kind in wanted]

    def reasons(kind: LineKind) -> str:
        return next((line.text for line in reversed(of(kind))), "")

    opened = next(iter(of(LineKind.OPENED)), None)
    reports = of(LineKind.REPORTED)
    late = incident.in_time is False

    return {
        "organisation": council,
        "reference": incident.reference,
        "made_at": _iso(now),
        "contact": contact,
        "what": incident.title,
        "how_it_became_known": opened.text if opened else "",
        "kinds_of_data": opened.facts.get("kinds", "") if opened else "",
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
        "reasons_for_delay": reports[-1].text if late and reports else "",
        "commissioner_number": reports[-1].facts.get("number", "") if reports else "",
        "people_affected": {
            "at_least": incident.people.low,
            "at_most": incident.people.high,
            "how_counted": incident.counted,
            "counts": [
                {
                    "at": _iso(line.at),
                    "by": line.actor,
                    "people": line.facts.get("people", ""),
                    "how": line.text
                    if line.kind is LineKind.PEOPLE
                    else line.facts.get("counted", "When the incident was opened."),
                }
                for line in of(LineKind.OPENED, LineKind.PEOPLE)
            ],
        },
        "likely_consequences": reasons(LineKind.EFFECTS),
        "measures": [{"at": _iso(line.at), "what": line.text} for line in of(LineKind.MEASURES)],
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
            for line in of(LineKind.TOLD)
        ],
        "timeline": [
            {
                "at": _iso(line.at),
                "by": line.actor,
                "kind": line.kind.value,
                "text": line.text,
                "facts": {
                    name: _fact(name, value)
                    for name, value in line.facts.items()
                    if value and name != "counted"
                },
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

    def facts(line: Mapping[str, Any]) -> list[str]:
        return [
            f"{_FACTS.get(name, name)}: {when(value) if name in _MOMENTS else value}"
            for name, value in line["facts"].items()
        ]

    environment.filters.update(when=when, safe_text=safe_text, facts=facts)
    words = {kind.value: word for kind, word in _WORDS.items()}
    return environment.get_template("incidents/record.html").render(record=told, words=words)


def _fact(name: str, value: str) -> str:
    """A fact of a line; moments are kept as seconds since 1970."""
    return _iso(float(value)) if name in _MOMENTS else value


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
