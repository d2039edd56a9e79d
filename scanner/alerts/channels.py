"""What every way out of here can do: send some alerts, or fail with one line."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from scanner.store.outbox import Alert


class ChannelError(Exception):
    """The receiver did not take it; the message is one line without secrets."""


class Channel(Protocol):
    """One way out."""

    name: str
    at_once: int
    """How many alerts it takes at a time."""

    def send(self, alerts: Sequence[Alert], *, now: float, more: int = 0) -> None:
        """Hand these over as a whole, or raise :class:`ChannelError`; ``more`` are owed beyond them."""
        ...

    def waits(self, now: float, since: float, *, urgent: bool) -> bool:
        """Whether what is owed since ``since`` (seconds since 1970) should wait for more to gather."""
        ...


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whose certificates are believed.  Raises ``OSError`` where the file cannot be used."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def cause_of(error: Exception) -> str:
    """What went wrong, without what a server may have quoted."""
    reason = getattr(error, "reason", None)
    found = reason if isinstance(reason, Exception) else error
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"its certificate is not believed ({found.verify_message.lower()})"
    if isinstance(found, ssl.SSLError):
        return "no secure connection could be agreed on"
    if isinstance(found, TimeoutError):
        return "no answer in time"
    if isinstance(found, OSError) and found.strerror:
        return found.strerror.lower()
    return type(found).__name__


class Rate:
    """At most so many in any minute."""

    def __init__(self, per_minute: int) -> None:
        self._gap = 60.0 / max(1, per_minute)
        self._next = 0.0

    def full(self, now: float) -> bool:
        """Whether nothing may be sent now."""
        return now < self._next

    def count(self, now: float, sent: int = 1) -> None:
        """So many were sent."""
        self._next = max(now, self._next) + self._gap * sent
