"""Outside: known sensitive files in published folders are asked for as a stranger on the web would ask.

Only addresses beneath a configured base are asked, by GET without any credential; nothing that comes is kept.
Not every page that a server sends with "200" is what was asked for: see ``stranger``.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from sqlalchemy import Engine

from scanner.judgement.assessment import Severity
from scanner.shares.watching.stranger import Stranger
from scanner.store import outbox
from scanner.store.entry import displayable
from scanner.store.inventory import persistently
from scanner.store.inventory.watched import SensitiveFile, Told, sensitive_files, told_of_file
from scanner.store.outbox import Alert, AlertKind

_logger = logging.getLogger(__name__)


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
        self._stranger = Stranger()
        self._mute: set[str] = set()
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
        if url is None:
            return
        given, why = self._stranger.given(url, item.size)
        if given is None:
            self._not_said(url, why)
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
            detail=self._detail(url, shielded=told.shielded is not None),
            reasons=told.reasons[:10],
            people=told.people,
            kinds=told.kinds,
            audience="public",
            how="asked for without credentials",
            owner=told.owner,
            asset_owner=self._owner_of(displayable(path)),
        )
        persistently(self._engine, lambda c: outbox.raise_alert(c, path, alert, self._channels))

    def _detail(self, url: str, *, shielded: bool) -> str:
        detail = f"given to anybody who asks for {'it' if shielded else url}"
        return f"{detail}, and its folder shows that it is there" if self._stranger.listed(url) else detail

    def _not_said(self, url: str, why: str) -> None:
        """Said once for each server, lest somebody believe that it is looked after."""
        server = "/".join(url.split("/")[:3])
        if server not in self._mute:
            self._mute.add(server)
            _logger.warning("%s cannot be asked for its published files (%s)", server, why)

    def address(self, path: bytes) -> str | None:
        """The web address of a published file, ``None`` for any other."""
        for folder, base in sorted(self._published.items(), key=lambda item: -len(item[0])):
            if path.startswith(folder + b"/"):
                return base.rstrip("/") + "/" + quote(path[len(folder) + 1 :])
        return None
