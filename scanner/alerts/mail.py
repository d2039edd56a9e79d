"""The digest by e-mail: one message for what gathered, plain text, no path in its subject."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from scanner.alerts.channels import ChannelError, cause_of, trust
from scanner.alerts.settings import MailSettings
from scanner.alerts.wording import digest, subject
from scanner.store.outbox import Alert


class MailChannel:
    """Sends digests to a configured host."""

    name = "mail"
    # A person reads this many before a list is better than a letter.
    at_once = 50

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._sent = 0.0

    def waits(self, now: float, since: float, *, urgent: bool) -> bool:
        """Until the digest is due; what is critical waits only for the message before it."""
        gap = self._settings.urgent_seconds if urgent else self._settings.digest_seconds
        return now < self._sent + gap or (not urgent and now < since + self._settings.digest_seconds)

    def send(self, alerts: Sequence[Alert], *, now: float, more: int = 0) -> None:
        """One digest; raises :class:`ChannelError` unless the host took it for every receiver."""
        settings = self._settings
        message = EmailMessage()
        message["Subject"] = subject(alerts, more)
        message["From"] = settings.sender
        message["To"] = ", ".join(settings.to)
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid("dlp", domain=settings.sender.rpartition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(digest(alerts, more))
        try:
            with self._connected() as host:
                refused = host.send_message(message, settings.sender, list(settings.to))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise ChannelError(f"{settings.host}:{settings.port}: {_cause(error)}") from None
        if refused:
            raise ChannelError(f"{settings.host}:{settings.port}: {len(refused)} receivers were refused")
        self._sent = now

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "tls":
            context = trust(settings.ca_file)
            host: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout, context=context
            )
        else:
            host = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
        try:
            if settings.security == "starttls":
                host.starttls(context=trust(settings.ca_file))
            if settings.user and settings.password_file is not None:
                host.login(settings.user, settings.password_file.read_text("utf-8").strip())
        except BaseException:
            host.close()
            raise
        return host


def _cause(error: Exception) -> str:
    """What went wrong, without what a server may have quoted."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return cause_of(error)
