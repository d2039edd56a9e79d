"""The connections to one next hop: a few are kept and used again."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Coroutine
from typing import Any

from smtp_filter.delivery.connection import Capabilities, LostError, NextHopConnection, tls_context
from smtp_filter.delivery.settings import NextHop

ASK_AGAIN_SECONDS = 10.0
"""A dead next hop is not asked what it offers more often: each asking may take the connect timeout."""


class NextHopPool:
    """Hands out connections to one next hop.

    A connection is used by one transaction at a time.  Reading the certificate files happens here, once, and
    may raise ``OSError`` or ``ssl.SSLError``.
    """

    def __init__(self, hop: NextHop) -> None:
        self.hop = hop
        self._context: ssl.SSLContext | None = tls_context(hop)
        self._idle: list[NextHopConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._capabilities: tuple[float, Capabilities] | None = None
        self._ask_again = 0.0

    async def take(self, fresh: bool = False) -> tuple[NextHopConnection, bool]:
        """A clean connection and whether it has been used before.  Raises ``LostError``."""
        while self._idle and not fresh:
            connection = self._idle.pop()
            if not connection.expired():
                return connection, True
            self._dismiss(connection)
        connection = NextHopConnection(self.hop, self._context)
        await connection.open()
        self._capabilities = (time.monotonic(), connection.capabilities)
        return connection, False

    def give_back(self, connection: NextHopConnection) -> None:
        """Keep a connection for later use; an open transaction on it is reset first, behind the scenes."""
        if not connection.alive:
            return
        if not connection.clean:
            self._later(self._tidy(connection))
            return
        connection.idle_since = time.monotonic()
        if self._closed or len(self._idle) >= self.hop.pool_size or connection.expired():
            self._dismiss(connection)
        else:
            self._idle.append(connection)

    async def capabilities(self, max_age_seconds: float = 300.0) -> Capabilities | None:
        """What the next hop offers, asked for when not known of late; ``None`` if it was never reached."""
        now = time.monotonic()
        known = self._capabilities
        if (known is None or now - known[0] > max_age_seconds) and now >= self._ask_again:
            try:
                connection, _ = await self.take(fresh=True)
            except LostError:
                self._ask_again = now + ASK_AGAIN_SECONDS
            else:
                self.give_back(connection)
        return self._capabilities[1] if self._capabilities else None

    async def close(self) -> None:
        """Say goodbye on all idle connections and wait for what still runs behind the scenes."""
        self._closed = True
        while self._idle:
            self._dismiss(self._idle.pop())
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _tidy(self, connection: NextHopConnection) -> None:
        with contextlib.suppress(LostError):
            await connection.reset()
            self.give_back(connection)

    def _dismiss(self, connection: NextHopConnection) -> None:
        if connection.alive:
            self._later(connection.quit())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
