"""Whom to alert, and how often: the room's own settings.

``ca_file`` holds the authorities (PEM) that certificates of receivers must come from; ``None``: the system's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scanner.judgement.assessment import Severity


@dataclass(frozen=True, slots=True)
class MailSettings:
    """A digest by plain SMTP.  ``security`` is "none", "starttls" or "tls".

    ``digest_seconds`` is the longest that an alert waits for others; ``urgent_seconds`` the least between two
    messages that do not wait because something is critical.
    """

    host: str
    to: tuple[str, ...]
    sender: str
    port: int = 25
    security: str = "none"
    user: str = ""
    password_file: Path | None = None
    digest_seconds: float = 300.0
    urgent_seconds: float = 60.0
    timeout: float = 30.0
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """JSON by HTTP POST, signed with the key in ``key_file``; at most ``per_minute`` requests."""

    url: str
    key_file: Path | None = None
    per_minute: int = 60
    timeout: float = 15.0
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SyslogSettings:
    """RFC 5424 lines to ``udp://host:514``, ``tcp://host:601``, ``tls://host:6514`` or ``unix:/dev/log``."""

    target: str
    per_minute: int = 600
    timeout: float = 10.0
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What is worth an alert, and the channels that are configured."""

    at_least: Severity = Severity.HIGH
    mail: MailSettings | None = None
    webhook: WebhookSettings | None = None
    syslog: SyslogSettings | None = None
    keep_days: float = 90.0

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, as the outbox knows them."""
        named = (("mail", self.mail), ("webhook", self.webhook), ("syslog", self.syslog))
        return tuple(name for name, settings in named if settings is not None)
