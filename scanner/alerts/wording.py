"""Alerts in words: one line for a log, a paragraph for a person."""

from __future__ import annotations

import time
from collections.abc import Sequence

from scanner.store.outbox import Alert, AlertKind

_HEADINGS = {
    AlertKind.FINDING: "holds people's data",
    AlertKind.EXPOSED: "is sensitive and was opened to more people than anybody counted",
    AlertKind.REACHABLE: "is sensitive and strangers on the web are given it",
    AlertKind.TROUBLE: "is not watched as it should be",
}
_REASONS_TOLD = 3
_KINDS_TOLD = 6


def line(alert: Alert) -> str:
    """One alert in one line."""
    parts = [f"{alert.severity.word}: {alert.path} {_HEADINGS[alert.kind]}"]
    if alert.people[1]:
        parts.append(_people(alert))
    if alert.detail:
        parts.append(alert.detail)
    if alert.audience:
        parts.append(f"readable by {_audience(alert)}")
    return "; ".join(parts)


def paragraph(alert: Alert) -> str:
    """One alert for a person who has to act on it."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(alert.at))
    lines = [f"{alert.severity.word.upper()}  {alert.path}", f"    {_HEADINGS[alert.kind]} ({when})"]
    if alert.detail:
        lines.append(f"    {alert.detail}")
    if alert.people[1]:
        lines.append(f"    {_people(alert)}")
    lines.extend(f"    - {reason}" for reason in alert.reasons[:_REASONS_TOLD])
    if alert.kinds:
        most = sorted(alert.kinds.items(), key=lambda item: -item[1])[:_KINDS_TOLD]
        lines.append("    " + ", ".join(f"{name} x {count:,}" for name, count in most))
    if alert.audience:
        lines.append(f"    readable by {_audience(alert)}{f' ({alert.how})' if alert.how else ''}")
    owners = [f"owner {alert.owner}"] if alert.owner else []
    owners += [f"information asset owner {alert.asset_owner}"] if alert.asset_owner else []
    if owners:
        lines.append("    " + ", ".join(owners))
    return "\n".join(lines)


def subject(alerts: Sequence[Alert], more: int) -> str:
    """The subject of a digest: the worst, and how many; no path, for subjects are read over shoulders."""
    count = len(alerts) + more
    worst = max(alert.severity for alert in alerts)
    exposed = sum(alert.kind in (AlertKind.EXPOSED, AlertKind.REACHABLE) for alert in alerts)
    what = f"{count:,} alert{'' if count == 1 else 's'}, worst: {worst.word}"
    return f"dlp watch: {what}{f', {exposed} newly exposed' if exposed else ''}"


def digest(alerts: Sequence[Alert], more: int) -> str:
    """The body of a digest."""
    parts = [paragraph(alert) for alert in alerts]
    if more:
        parts.append(f"... and {more:,} more, in the next message.")
    parts.append("Values are never sent. Look at a file's findings with: dlp report")
    return "\n\n".join(parts) + "\n"


def _people(alert: Alert) -> str:
    low, high = alert.people
    count = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{count} {'person' if (low, high) == (1, 1) else 'people'}"


def _audience(alert: Alert) -> str:
    return {
        "owner": "its owner only",
        "unknown": "nobody knows whom",
        "group": "a group",
        "everyone": "everyone",
        "public": "the public",
    }.get(alert.audience, alert.audience)
