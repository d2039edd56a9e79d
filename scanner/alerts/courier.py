"""The courier: takes what the outbox owes to each channel, within its rate, and notes what became of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine

from scanner.alerts.channels import Channel, ChannelError
from scanner.alerts.mail import MailChannel
from scanner.alerts.settings import AlertSettings
from scanner.alerts.syslog import SyslogChannel
from scanner.alerts.webhook import WebhookChannel
from scanner.judgement.assessment import Severity
from scanner.store import outbox
from scanner.store.inventory import persistently

_SECONDS_BETWEEN_CLEANINGS = 3_600.0
_logger = logging.getLogger(__name__)


def channels(settings: AlertSettings) -> list[Channel]:
    """The configured channels."""
    found: list[Channel] = []
    if settings.mail is not None:
        found.append(MailChannel(settings.mail))
    if settings.webhook is not None:
        found.append(WebhookChannel(settings.webhook))
    if settings.syslog is not None:
        found.append(SyslogChannel(settings.syslog))
    return found


class Courier:
    """Delivers alerts; each :meth:`turn` sends what is due.

    ``note`` is told, in the transaction that enters it, which channel took how many alerts.
    """

    def __init__(
        self,
        engine: Engine,
        ways: Sequence[Channel],
        *,
        keep_days: float = 90.0,
        clock: Callable[[], float] = time.time,
        note: Callable[[Connection, str, int], None] = lambda *_: None,
    ) -> None:
        self._engine = engine
        self._ways = ways
        self._keep_days = keep_days
        self._clock = clock
        self._note = note
        self._cleaned = 0.0
        self._failures: dict[str, tuple[int, float]] = {}

    def turn(self, *, hurry: bool = False) -> int:
        """Send what is due now, with ``hurry`` also what would wait for more; returns how many went."""
        sent = sum(self._serve(way, hurry=hurry) for way in self._ways)
        now = self._clock()
        if now - self._cleaned > _SECONDS_BETWEEN_CLEANINGS:
            self._cleaned = now
            before = now - self._keep_days * 86_400
            persistently(self._engine, lambda connection: outbox.forget_older(connection, before))
        return sent

    def _serve(self, way: Channel, *, hurry: bool) -> int:
        sent = 0
        failures, again_at = self._failures.get(way.name, (0, 0.0))
        while failures == 0 or hurry or self._clock() >= again_at:
            now = self._clock()
            owed = persistently(self._engine, lambda c, n=now: outbox.owed(c, way.name, n), writes=False)  # type: ignore[misc]
            urgent = owed.worst >= Severity.CRITICAL
            if not owed.count or (not hurry and way.waits(now, owed.since, urgent=urgent)):
                return sent
            items = persistently(
                self._engine,
                lambda c, n=now: outbox.due(c, way.name, n, way.at_once),  # type: ignore[misc]
                writes=False,
            )
            alerts = [item.alert for item in items]
            try:
                way.send(alerts, now=now, more=owed.count - len(alerts))
            except ChannelError as error:
                self._refused(way, items, str(error), owed.count)
                return sent
            self._failures.pop(way.name, None)

            def enter(connection: Connection, some: Sequence[outbox.Alert] = alerts, at: float = now) -> None:
                outbox.delivered(connection, way.name, [alert.number for alert in some], at)
                self._note(connection, way.name, len(some))

            persistently(self._engine, enter)
            sent += len(alerts)
        return sent

    def _refused(self, way: Channel, items: Sequence[outbox.Delivery], problem: str, count: int) -> None:
        """The receiver is away: it is asked again later, and ever later, whatever is new by then."""
        _logger.warning("%d alerts are not delivered by %s (%s)", count, way.name, problem)
        now = self._clock()
        failures = self._failures.get(way.name, (0, 0.0))[0] + 1
        self._failures[way.name] = failures, now + outbox.waiting_time(failures - 1)
        persistently(self._engine, lambda c: outbox.failed(c, way.name, items, problem, now))
