"""Alerts as syslog lines (RFC 5424) over UDP (RFC 5426), counted TCP (RFC 6587) or TLS (RFC 5425)."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from scanner.alerts.channels import ChannelError, Rate
from scanner.alerts.settings import SyslogSettings
from scanner.alerts.wording import line
from scanner.judgement.assessment import Severity
from scanner.store.outbox import Alert

# Facility 13, "log audit"; severities of RFC 5424 6.2.1: alert, critical, warning, notice.
_FACILITY = 13
_LEVELS = {Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 4}
_OTHERWISE = 5
# 32473 is the enterprise number for examples and documentation (RFC 5612): there is none of our own.
_ELEMENT = "dlp@32473"
_PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
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
            self._send([message(alert).encode() for alert in alerts])
        except (OSError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise ChannelError(f"syslog: {cause.lower()}") from None
        self._rate.count(now, len(alerts))

    def _send(self, lines: Sequence[bytes]) -> None:
        target = urlsplit(self._settings.target)
        if target.scheme == "unix":
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.connect(target.path)
                for text in lines:
                    connection.send(text)
            return
        where = (target.hostname or "localhost", target.port or _PORTS[target.scheme])
        if target.scheme == "udp":
            family, _, _, _, address = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, socket.SOCK_DGRAM) as connection:
                for text in lines:
                    connection.sendto(text[:_DATAGRAM], address)
            return
        with socket.create_connection(where, self._settings.timeout) as plain:
            framed = b"".join(b"%d %b" % (len(text), text) for text in lines)
            if target.scheme == "tls":
                context = ssl.create_default_context()
                with context.wrap_socket(plain, server_hostname=where[0]) as secured:
                    secured.sendall(framed)
            else:
                plain.sendall(framed)


def message(alert: Alert) -> str:
    """One alert as an RFC 5424 message."""
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(alert.at)) + f".{int(alert.at % 1 * 1000):03d}Z"
    host = socket.gethostname().encode("ascii", "replace").decode().replace(" ", "_") or "-"
    facts = {
        "number": str(alert.number),
        "kind": alert.kind.value,
        "severity": alert.severity.word,
        "path": alert.path,
        "audience": alert.audience,
        "people": str(alert.people[0]),
    }
    data = " ".join(f'{name}="{_quoted(value)}"' for name, value in facts.items() if value)
    priority = _FACILITY * 8 + _LEVELS.get(alert.severity, _OTHERWISE)
    head = f"<{priority}>1 {when} {host} dlp-watch {os.getpid()} {alert.kind.value}"
    return f"{head} [{_ELEMENT} {data}] \ufeff{line(alert)}"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
