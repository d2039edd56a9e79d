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


class Transport(StrEnum):
    """How lines travel."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    UNIX = "unix"


@dataclass(frozen=True, slots=True)
class SyslogTarget:
    """A receiver; ``ca_file`` holds the authorities trusted for TLS, ``None`` is the system's.

    For ``Transport.UNIX`` the host is the path of a socket, and the port says nothing.
    """

    host: str
    port: int
    transport: Transport = Transport.UDP
    ca_file: Path | None = None
    timeout: float = 30.0


class SyslogSender:
    """An open way to a receiver."""

    def __init__(self, connection: socket.socket, framed: bool) -> None:
        self._connection = connection
        self._framed = framed

    def send(self, text: str, *, at: float, severity: Severity, kind: str) -> None:
        """One line.  Raises ``OSError`` where the receiver is gone, or a datagram would be too large."""
        self.transmit(syslog_message(text, at=at, severity=severity, kind=kind))

    def transmit(self, message: bytes) -> None:
        """One message that is made already; raises as :meth:`send`."""
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
    if target.transport is Transport.UNIX:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.connect(target.host)
            yield SyslogSender(connection, framed=False)
        return
    if target.transport is Transport.UDP:
        family, kind, protocol, _, where = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as connection:
            connection.connect(where)
            yield SyslogSender(connection, framed=False)
        return
    with socket.create_connection(address, target.timeout) as plain:
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
    head = syslog_head(_LEVELS[severity], when, program="dlp", kind=kind)
    return f"{head} - {text}".encode("utf-8", "replace")


def syslog_head(level: int, when: str, *, program: str, kind: str) -> str:
    """What stands before the structured data; ``level`` is a severity of RFC 5424 6.2.1."""
    host = _name(socket.gethostname(), 255)
    return f"<{_FACILITY * 8 + level}>1 {when} {host} {program} {os.getpid()} {_name(kind, 32)}"


def _name(text: str, limit: int) -> str:
    return "".join(char if "!" <= char <= "~" else "_" for char in text)[:limit] or "-"
