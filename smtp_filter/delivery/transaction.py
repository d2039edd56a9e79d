"""One message's transaction at a next hop: opened while the client speaks, opened again when lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smtp_filter.delivery.connection import LostError, NextHopConnection
from smtp_filter.delivery.pool import NextHopPool
from smtp_filter.delivery.reply import UNAVAILABLE, Reply
from smtp_filter.message import Client, Content, Envelope, Recipient


class NextHopTransaction:
    """MAIL, RCPT... and DATA of one message, mirrored to a next hop.

    ``mail`` and ``rcpt`` return the next hop's own answer, or 4xx when it cannot be asked.  ``recipients``
    are those it took.  ``send`` repeats MAIL and RCPT on a new connection when the old one died before any
    byte of the message was sent; when the recipients' answers differ then, the message is answered 451.
    """

    def __init__(
        self, pool: NextHopPool, envelope: Envelope, client: Client | None = None, size: int = 0
    ) -> None:
        """``envelope.recipients`` is not read, they come one by one; ``size`` in bytes, 0 for unknown."""
        self._pool = pool
        self._envelope = envelope
        self._client = client
        self._size = size
        self._connection: NextHopConnection | None = None
        self.recipients: list[Recipient] = []

    async def mail(self) -> Reply:
        """Open the transaction."""
        try:
            connection, used = await self._pool.take()
            try:
                reply = await connection.mail(self._envelope, self._size, self._client)
            except LostError:
                if not used:
                    raise
                # An old connection may have been closed from the other side: that says nothing about the
                # next hop.
                connection, _ = await self._pool.take(fresh=True)
                reply = await connection.mail(self._envelope, self._size, self._client)
        except LostError as lost:
            return lost.reply
        if reply.positive:
            self._connection = connection
        else:
            self._pool.give_back(connection)
        return reply

    async def rcpt(self, recipient: Recipient) -> Reply:
        """Ask about one recipient."""
        try:
            reply = await self._ask(recipient)
        except LostError:
            reply = await self._again(self.recipients)
            if not reply.positive:
                return reply
            try:
                reply = await self._ask(recipient)
            except LostError as lost:
                return lost.reply
        if reply.positive:
            self.recipients.append(recipient)
        return reply

    async def send(self, head: bytes, content: Content, wanted: Callable[[], bool]) -> Reply | None:
        """Hand over the message; the answer, 451 when it is not known, ``None`` when no longer wanted."""
        try:
            started = await self._begin()
            if started is not None:
                self.abandon()
                return started
            assert self._connection is not None
            reply = await self._connection.send(head, content, wanted)
        except LostError as lost:
            return lost.reply
        self.abandon()
        return reply

    def abandon(self) -> None:
        """Drop the transaction, if one is open, and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection)

    async def _ask(self, recipient: Recipient) -> Reply:
        if self._connection is None or not self._connection.alive:
            raise LostError
        return await self._connection.rcpt(recipient)

    async def _begin(self) -> Reply | None:
        """Until 354: ``None``; otherwise the answer that ends the matter.  Raises ``LostError``."""
        for attempt in (1, 2):
            try:
                if self._connection is None or not self._connection.alive:
                    raise LostError
                reply = await self._connection.begin_data()
                return None if reply.code == 354 else reply
            except LostError as lost:
                if attempt == 2:
                    return lost.reply
                again = await self._again(self.recipients)
                if not again.positive:
                    return again
        return UNAVAILABLE

    async def _again(self, recipients: Sequence[Recipient]) -> Reply:
        """MAIL and RCPT once more on a new connection; 451 unless each recipient is taken as before."""
        self._connection = None
        try:
            connection, _ = await self._pool.take(fresh=True)
            reply = await connection.mail(self._envelope, self._size, self._client)
            for recipient in recipients:
                if not reply.positive:
                    break
                reply = await connection.rcpt(recipient)
        except LostError as lost:
            return lost.reply
        if not reply.positive:
            self._pool.give_back(connection)
            return UNAVAILABLE
        self._connection = connection
        return reply
