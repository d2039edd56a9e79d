"""What is said of each message when it has ended: one line of the log, and the figures.  No personal data."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from smtp_filter.relay import MessageEvent, Result, SessionEvent
from smtp_filter.service.event_log import MESSAGES, log_event
from smtp_filter.service.figures import Figures
from smtp_filter.verdict import Verdict

messages = logging.getLogger(MESSAGES)
sessions = logging.getLogger("smtp_filter.sessions")

# Decisions wait here until their message has ended; more than the sessions of a process there cannot be.
_WAITING = 20_000


class Account:
    """Joins what the filter decided and what the relay saw of a message."""

    def __init__(self, figures: Figures) -> None:
        # The relay's own lines would say the same a second time.
        logging.getLogger("smtp_filter.relay").setLevel(logging.CRITICAL)
        self._figures = figures
        self._decisions: dict[str, dict[str, Any]] = {}

    def decided(self, queue_id: str, **facts: Any) -> None:
        """Remember facts of a decision until its message has ended."""
        if len(self._decisions) < _WAITING:
            self._decisions.setdefault(queue_id, {}).update(facts)

    def judged(self, queue_id: str, verdict: Verdict, counts: dict[str, int]) -> None:
        """Remember a verdict: words, numbers and the names of rules, which are the council's own."""
        unread = sorted({one.reason for one in verdict.not_inspected})
        self.decided(
            queue_id,
            verdict=verdict.word.value,
            action=verdict.action.value,
            severity=verdict.severity.word,
            people=verdict.people.low,
            reasons=[reason.code for reason in verdict.reasons][:20],
            rules=list(verdict.rules),
            findings=counts,
            **({"not_inspected": unread} if unread else {}),
            **(
                {"monitored": [verdict.monitored[0].value, verdict.monitored[1].value]}
                if verdict.monitored
                else {}
            ),
            **({"on_trial": dict(verdict.tried)} if verdict.tried else {}),
        )
        worse = verdict.shadowed is not None and verdict.shadowed > verdict.severity
        for rule, count in verdict.tried:
            self._figures.tried.labels(rule, "worse" if worse else "same").inc()
            self._figures.tried_findings.labels(rule).inc(count)
        if verdict.monitored:
            self._figures.monitored.labels(verdict.monitored[0].value, verdict.monitored[1].value).inc()

    def observe(self, event: MessageEvent | SessionEvent) -> None:
        """The relay's observer."""
        if isinstance(event, SessionEvent):
            self._figures.incidents.labels(event.incident.value).inc()
            level = logging.ERROR if event.reference else logging.INFO
            log_event(sessions, level, "session", **_told(event))
            return
        facts = self._decisions.pop(event.queue_id, {})
        outcome = facts.setdefault("outcome", _outcome(event))
        self._figures.messages.labels(outcome, facts.get("verdict", "none")).inc()
        self._figures.sizes.observe(event.size)
        if event.examine_seconds:
            self._figures.seconds.observe(event.examine_seconds)
        log_event(messages, logging.INFO, "message", **_told(event), **facts)


def _outcome(event: MessageEvent) -> str:
    """In one word, where the filter has not said it: delivered, refused, temporary."""
    if event.result is Result.RELAYED:
        return "delivered"
    return "refused" if event.code >= 500 else "temporary"


def _told(event: MessageEvent | SessionEvent) -> dict[str, Any]:
    """The fields that say something, rounded."""
    told = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if value not in ("", 0, False):
            told[field.name] = round(value, 4) if isinstance(value, float) else value
    return told
