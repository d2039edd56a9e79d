"""A verdict as JSON: what ``dlp rules test-mail`` writes."""

from __future__ import annotations

from typing import Any

from smtp_filter.verdict.model import Verdict


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as one JSON object: addresses as given, names of parts, never a value that was found."""
    return {
        "verdict": verdict.word.value,
        "action": verdict.action.value,
        "severity": verdict.severity.word,
        "people": [verdict.people.low, verdict.people.high],
        "reasons": list(dict.fromkeys(reason.text for reason in verdict.reasons)),
        "reason_codes": list(dict.fromkeys(reason.code for reason in verdict.reasons)),
        "recipients": [
            {"address": one.address, "route": one.route.value, "verdict": one.word.value, "why": one.why}
            for one in verdict.recipients
        ],
        "not_inspected": [
            {"part": one.place, "reason": one.reason, "detail": one.detail} for one in verdict.not_inspected
        ],
        "rules": list(verdict.rules),
        "route": verdict.route,
        "notify": list(verdict.notify),
        "copy_to": list(verdict.copy_to),
        "headers": dict(verdict.headers),
        "subject_tag": verdict.subject_tag,
        "monitored": [part.value for part in verdict.monitored] if verdict.monitored else None,
        "on_trial": dict(verdict.tried),
        "severity_with_trial": verdict.shadowed.word if verdict.shadowed is not None else None,
    }
