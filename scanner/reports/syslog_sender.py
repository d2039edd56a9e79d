"""Lines to a syslog receiver: RFC 5424 over UDP (RFC 5426), TCP or TLS with octet counting (6587, 5425)."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from scanner.judgement.assessment import Severity

# Facility 13, "log audit" (RFC 5424 6.2.1).
_FACILITY = 13
_LEVELS = {Severity.CRITICAL: 2, Severity.HIGH: 3, Severity.MEDIUM: 4, Severity.LOW: 5, Severity.NONE: 6}
# The largest that a datagram carries over IPv4, with room for the head.
_DATAGRAM = 65_000
_TIMEOUT = 30.0


class Transport(StrEnum):
    """How lines travel."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class SyslogTarget:
    """A receiver; ``ca_file`` holds the authorities trusted for TLS, ``None`` is the system's."""

    host: str
    port: int
    transport: Transport = Transport.UDP
    ca_file: Path | None = None


class SyslogSender:
    """An open way to a receiver."""

    def __init__(self, connection: socket.socket, framed: bool) -> None:
        self._connection = connection
        self._framed = framed

    def send(self, text: str, *, at: float, severity: Severity, kind: str) -> None:
        """One line.  Raises ``OSError`` where the receiver is gone, or a datagram would be too large."""
        message = syslog_message(text, at=at, severity=severity, kind=kind)
        if self._framed:
            self._connection.sendall(b"%d %b" % (len(message), message))
        elif len(message) > _DATAGRAM:
            raise OSError(f"a line of {len(message):,} bytes does not fit into a datagram: use TCP or TLS")
        else:
            self._connection.send(message)


@contextmanager
def syslog_sender(target: SyslogTarget) -> Iterator[SyslogSender]:
    """A sender for a while.  Raises ``OSError`` (``ssl.SSLError`` is one) where there is no way."""
    address = (target.host, target.port)
    if target.transport is Transport.UDP:
        family, kind, protocol, _, where = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as connection:
            connection.connect(where)
            yield SyslogSender(connection, framed=False)
        return
    with socket.create_connection(address, _TIMEOUT) as plain:
        if target.transport is Transport.TCP:
            yield SyslogSender(plain, framed=True)
            plain.shutdown(socket.SHUT_WR)
            return
        context = ssl.create_default_context(cafile=str(target.ca_file) if target.ca_file else None)
        with context.wrap_socket(plain, server_hostname=target.host) as secured:
            yield SyslogSender(secured, framed=True)
            # Says that this was all; what the receiver did not get is seen here.
            secured.unwrap()


def syslog_message(text: str, *, at: float, severity: Severity, kind: str) -> bytes:
    """The line as RFC 5424 has it, without a frame."""
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    host = _name(socket.gethostname(), 255)
    head = f"<{_FACILITY * 8 + _LEVELS[severity]}>1 {when} {host} dlp {os.getpid()} {_name(kind, 32)} -"
    return f"{head} {text}".encode("utf-8", "replace")


def _name(text: str, limit: int) -> str:
    return "".join(char if "!" <= char <= "~" else "_" for char in text)[:limit] or "-"
