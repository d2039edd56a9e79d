"""Outside: known sensitive files in published folders are asked for as a stranger on the web would ask.

Only addresses beneath a configured base are asked, by GET without any credential, of one byte; nothing that
comes is kept.  A redirect is not followed: it mostly leads to a sign-in.
"""

from __future__ import annotations

import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine

from scanner.judgement.assessment import Severity
from scanner.store import outbox
from scanner.store.entry import displayable
from scanner.store.inventory import persistently
from scanner.store.inventory.watched import SensitiveFile, Told, sensitive_files, told_of_file
from scanner.store.outbox import Alert, AlertKind

# A web server that does not answer must not hold up the alerts.
_TIMEOUT = 5.0
_logger = logging.getLogger(__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Outsider:
    """Probes published sensitive files, some in each :meth:`turn`, all of them every ``pause`` seconds.

    ``published`` maps a folder to the address of its files.  ``owner_of`` names the information asset owner
    of a printable path.
    """

    def __init__(
        self,
        engine: Engine,
        published: Mapping[str, str],
        at_least: Severity,
        channels: Sequence[str],
        *,
        pause: float = 300.0,
        per_minute: int = 60,
        owner_of: Callable[[str], str] = lambda _: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._published = {os.fsencode(folder.rstrip("/")): base for folder, base in published.items()}
        self._at_least = at_least
        self._channels = channels
        self._pause = pause
        self._gap = 60.0 / per_minute
        self._owner_of = owner_of
        self._clock = clock
        # No proxy and no cookie: what the world would be given, and nothing that is ours to get.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        self._waiting: list[SensitiveFile] = []
        self._after: int | None = 0
        self._again_at = 0.0
        self._next_at = 0.0

    def turn(self) -> bool:
        """Probe one file if one is due; returns whether it did."""
        now = self._clock()
        if not self._published or now < self._next_at:
            return False
        if not self._waiting:
            self._refill(now)
        if not self._waiting:
            return False
        self._next_at = now + self._gap
        self._look(self._waiting.pop(0))
        return True

    def _refill(self, now: float) -> None:
        if self._after is None:
            if now < self._again_at:
                return
            self._after = 0
        after, roots = self._after, list(self._published)
        self._waiting = persistently(
            self._engine, lambda c: sensitive_files(c, roots, self._at_least, after), writes=False
        )
        if self._waiting:
            self._after = self._waiting[-1].file_id
        else:
            self._after, self._again_at = None, now + self._pause

    def _look(self, item: SensitiveFile) -> None:
        url = self.address(item.raw_path)
        if url is None or not os.path.lexists(item.raw_path):
            return
        given = self.given(url)
        if given is None:
            return
        path = item.raw_path
        if not given:
            kinds = (AlertKind.REACHABLE,)
            persistently(self._engine, lambda c: outbox.rearm(c, path, kinds=kinds))
            return
        told = persistently(self._engine, lambda c: told_of_file(c, item.raw_path), writes=False)
        told = told or Told((), (0, 0), {})
        root = max((folder for folder in self._published if path.startswith(folder + b"/")), key=len)
        alert = Alert(
            AlertKind.REACHABLE,
            item.severity,
            told.path(path, root),
            detail=f"given to anybody who asks for {url if told.shielded is None else 'it'}",
            reasons=told.reasons[:10],
            people=told.people,
            kinds=told.kinds,
            audience="public",
            how="asked for without credentials",
            owner=told.owner,
            asset_owner=self._owner_of(displayable(path)),
        )
        persistently(self._engine, lambda c: outbox.raise_alert(c, path, alert, self._channels))

    def address(self, path: bytes) -> str | None:
        """The web address of a published file, ``None`` for any other."""
        for folder, base in sorted(self._published.items(), key=lambda item: -len(item[0])):
            if path.startswith(folder + b"/"):
                return base.rstrip("/") + "/" + quote(path[len(folder) + 1 :])
        return None

    def given(self, url: str) -> bool | None:
        """Whether a stranger is given the file; ``None`` where the server did not say."""
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked with the configuration
            url, headers={"User-Agent": "dlp-watch", "Range": "bytes=0-0"}
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return answer.status in (200, 206) and len(answer.read(1)) == 1
        except urllib.error.HTTPError as error:
            error.close()
            # Ill, or tired of us: that says nothing of the file.
            return None if error.code >= 500 or error.code == 429 else False
        except (OSError, HTTPException, ValueError) as error:
            _logger.info("a published folder cannot be probed (%s)", type(error).__name__)
            return None
