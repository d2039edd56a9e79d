"""Alerts as syslog lines; how they travel is :mod:`scanner.syslog`'s."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from scanner.alerts.channels import ChannelError, Rate, cause_of
from scanner.alerts.settings import SyslogSettings
from scanner.alerts.wording import line
from scanner.judgement.assessment import Severity
from scanner.store.outbox import Alert
from scanner.syslog import SyslogTarget, Transport, syslog_head, syslog_sender

# Severities of RFC 5424 6.2.1, more urgent than those of a report: alert, critical, warning, notice.
_LEVELS = {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 4}
_OTHERWISE = 5
# 32473 is the enterprise number for examples and documentation (RFC 5612): there is none of our own.
_ELEMENT = "dlp@32473"
_PORTS = {Transport.UDP: 514, Transport.TCP: 601, Transport.TLS: 6514}
# What every receiver of UDP must take is 480 octets, what it should is 2048 (RFC 5426 3.2).
_DATAGRAM = 2_048


class SyslogChannel:
    """Writes to a configured receiver."""

    name = "syslog"
    at_once = 100

    def __init__(self, settings: SyslogSettings) -> None:
        self._settings = settings
        self._rate = Rate(settings.per_minute)

    def waits(self, now: float, since: float, *, urgent: bool) -> bool:
        """Only for the rate."""
        return self._rate.full(now)

    def send(self, alerts: Sequence[Alert], *, now: float, more: int = 0) -> None:
        """A line for each; raises :class:`ChannelError` where the receiver is not there."""
        try:
            target = _target(self._settings)
            longest = _DATAGRAM if target.transport is Transport.UDP else None
            with syslog_sender(target) as sender:
                for alert in alerts:
                    sender.transmit(message(alert).encode()[:longest])
        except (OSError, ValueError) as error:
            raise ChannelError(f"syslog: {cause_of(error)}") from None
        self._rate.count(now, len(alerts))


def _target(settings: SyslogSettings) -> SyslogTarget:
    parts = urlsplit(settings.target)
    transport = Transport(parts.scheme)
    if transport is Transport.UNIX:
        return SyslogTarget(parts.path, 0, transport)
    host, port = parts.hostname or "localhost", parts.port or _PORTS[transport]
    return SyslogTarget(host, port, transport, ca_file=settings.ca_file, timeout=settings.timeout)


def message(alert: Alert) -> str:
    """One alert as an RFC 5424 message."""
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(alert.at)) + f".{int(alert.at % 1 * 1000):03d}Z"
    facts = {
        "number": str(alert.number),
        "kind": alert.kind.value,
        "severity": alert.severity.word,
        "path": alert.path,
        "audience": alert.audience,
        "people": str(alert.people[0]),
    }
    data = " ".join(f'{name}="{_quoted(value)}"' for name, value in facts.items() if value)
    level = _LEVELS.get(alert.severity, _OTHERWISE)
    head = syslog_head(level, when, program="dlp-watch", kind=alert.kind.value)
    return f"{head} [{_ELEMENT} {data}] \ufeff{line(alert)}"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
