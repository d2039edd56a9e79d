"""What the client has sent and we have not read yet: lines, pieces of data, and a look at what waits.

asyncio's ``StreamReader`` cannot be asked how much waits, and with aiosmtpd's limit of a thousand bytes it
stops and starts the transport for every line of a message.
"""

from __future__ import annotations

import asyncio

HIGH_WATER = 1 << 17
"""Bytes that may wait before the client is made to wait."""


class ClientLostError(ConnectionError):
    """The client has closed its side; its text is empty."""


class LineTooLongError(ValueError):
    """A command line was longer than allowed and has been thrown away up to its end."""


class Inbox:
    """Bytes received on one connection, in order."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._arrival: asyncio.Future[None] | None = None
        self._ended = False
        self._paused = False
        self._transport: asyncio.Transport | None = None

    @property
    def waiting(self) -> int:
        """Bytes that have arrived and are not read."""
        return len(self._waiting)

    def attach(self, transport: asyncio.Transport) -> None:
        """Take the transport whose reading is stopped while too much waits."""
        self._transport = transport
        self._paused = False

    def feed(self, data: bytes) -> None:
        """Bytes have arrived."""
        self._waiting += data
        self._wake()
        if len(self._waiting) > HIGH_WATER and self._transport is not None and not self._paused:
            self._transport.pause_reading()
            self._paused = True

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._wake()

    async def line(self, limit: int) -> bytes:
        """The next line with its LF.

        Raises ``LineTooLongError`` above ``limit`` bytes, and ``ClientLostError``.
        """
        searched, too_long = 0, False
        while True:
            end = self._waiting.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._waiting[: end + 1])
                del self._waiting[: end + 1]
                self._resume()
                if too_long or len(line) > limit:
                    raise LineTooLongError
                return line
            searched = len(self._waiting)
            if searched > limit:
                too_long = True
                self._waiting.clear()
                searched = 0
            await self._more()

    async def some(self) -> bytes:
        """All that waits, at least one byte.  Raises ``ClientLostError``."""
        while not self._waiting:
            await self._more()
        piece = bytes(self._waiting)
        self._waiting.clear()
        self._resume()
        return piece

    def put_back(self, data: bytes) -> None:
        """Bytes that were read too far."""
        self._waiting[:0] = data

    async def _more(self) -> None:
        if self._ended:
            raise ClientLostError
        self._resume()
        self._arrival = asyncio.get_running_loop().create_future()
        try:
            await self._arrival
        finally:
            self._arrival = None

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _resume(self) -> None:
        if self._paused and self._transport is not None and len(self._waiting) <= HIGH_WATER:
            self._paused = False
            if not self._transport.is_closing():  # uvloop raises for a closed one
                self._transport.resume_reading()
