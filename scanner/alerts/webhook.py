"""The webhook: alerts as JSON by HTTP POST, signed so that the receiver knows who sent them and when.

``X-DLP-Signature`` is ``sha256=`` and the HMAC-SHA256, in hexadecimal, of the ``X-DLP-Timestamp`` header, a
full stop and the body.  The same alert may come twice (its ``number`` is the same): a receiver that answered
2xx too late is asked again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any

from scanner.alerts.channels import ChannelError, Rate, cause_of, trust
from scanner.alerts.settings import WebhookSettings
from scanner.alerts.wording import line
from scanner.store.outbox import Alert


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is signed for one address goes nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class WebhookChannel:
    """Posts to a configured address."""

    name = "webhook"
    at_once = 100

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._rate = Rate(settings.per_minute)

    def waits(self, now: float, since: float, *, urgent: bool) -> bool:
        """Only for the rate."""
        return self._rate.full(now)

    def send(self, alerts: Sequence[Alert], *, now: float, more: int = 0) -> None:
        """One request; raises :class:`ChannelError` for any answer but 2xx."""
        settings = self._settings
        body = json.dumps(
            {"alerts": [alert.to_json() | {"line": line(alert)} for alert in alerts], "more": more}
        ).encode()
        stamp = str(int(time.time()))
        headers = {"Content-Type": "application/json", "User-Agent": "dlp-watch", "X-DLP-Timestamp": stamp}
        try:
            if settings.key_file is not None:
                key = settings.key_file.read_bytes().strip()
                headers["X-DLP-Signature"] = signature(key, stamp, body)
            request = urllib.request.Request(settings.url, body, headers)  # noqa: S310 - scheme is checked
            secured = urllib.request.HTTPSHandler(context=trust(settings.ca_file))
            opener = urllib.request.build_opener(_NoRedirect, secured)
            with opener.open(request, timeout=settings.timeout) as answer:
                answer.read(1)
        except urllib.error.HTTPError as error:
            error.close()
            raise ChannelError(f"webhook answered {error.code}") from None
        except (OSError, HTTPException, ValueError) as error:
            raise ChannelError(f"webhook: {cause_of(error)}") from None
        finally:
            self._rate.count(now)


def signature(key: bytes, stamp: str, body: bytes) -> str:
    """The value of ``X-DLP-Signature``."""
    return "sha256=" + hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
