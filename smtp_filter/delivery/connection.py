"""One connection to a next hop, command by command: greeting, verified TLS, MAIL, RCPT, DATA.

aiosmtplib does the protocol; its ``mail``/``rcpt``/``data`` rewrite addresses and hold the whole message in
memory three times, so the commands are sent one by one with the address as the client wrote it, and the data
piece by piece.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from smtp_filter.crash_points import CrashPoint, crash_point
from smtp_filter.delivery.dots import stuffed
from smtp_filter.delivery.reply import UNAVAILABLE, UNTRUSTED, Reply
from smtp_filter.delivery.settings import NextHop
from smtp_filter.message import Client, Content, Envelope, Recipient

_LOST = (
    aiosmtplib.SMTPServerDisconnected,
    ConnectionError,
    aiosmtplib.SMTPTimeoutError,
    TimeoutError,
    OSError,
)

_XTEXT_UNSAFE = re.compile(rb"[^!-*,-<>-~]")


class LostError(Exception):
    """The next hop is gone, silent, or talks nonsense; ``reply`` is what the client is told.

    Its text is empty: nothing of a next hop's words reaches a log.
    """

    def __init__(self, reply: Reply = UNAVAILABLE) -> None:
        super().__init__()
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a next hop announced in its EHLO answer; ``size`` is 0 where it set no limit (bytes)."""

    size: int = 0
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    xforward: frozenset[str] = frozenset()

    @classmethod
    def of(cls, extensions: Mapping[str, str]) -> Capabilities:
        """From keyword (lower case) to parameters."""
        size = extensions.get("size", "").strip()
        return cls(
            size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else 0,
            eight_bit="8bitmime" in extensions,
            smtputf8="smtputf8" in extensions,
            dsn="dsn" in extensions,
            xforward=frozenset(extensions.get("xforward", "").upper().split()),
        )


def tls_context(hop: NextHop) -> ssl.SSLContext | None:
    """TLS 1.2 or later, certificate and name checked; ``None`` for a next hop without TLS.

    Raises ``OSError`` or ``ssl.SSLError`` when a certificate file cannot be read.
    """
    if hop.tls == "none":
        return None
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=hop.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if hop.certificate is not None:
        context.load_cert_chain(hop.certificate, hop.key)
    return context


class NextHopConnection:
    """An open connection; after a ``LostError`` it is closed for good."""

    def __init__(self, hop: NextHop, context: ssl.SSLContext | None) -> None:
        self._hop = hop
        self._context = context
        self._smtp = aiosmtplib.SMTP(
            hostname=hop.host,
            port=hop.port,
            timeout=hop.connect_seconds,
            local_hostname=hop.helo or "localhost",
            start_tls=False,
            use_tls=False,
            tls_context=context,
        )
        self._writer: asyncio.StreamWriter | None = None
        self.capabilities = Capabilities()
        self.messages = 0
        self.clean = True
        """No transaction is open."""
        self.idle_since = 0.0

    @property
    def alive(self) -> bool:
        """Whether the transport is still open, as far as we have heard."""
        return self._smtp.is_connected

    def close(self) -> None:
        """Close at once: the next hop drops an unfinished transaction."""
        self._smtp.close()

    async def quit(self) -> None:
        """Say goodbye, shortly, and close."""
        with contextlib.suppress(aiosmtplib.SMTPException, *_LOST):
            await self._smtp.quit(timeout=1.0)
        self.close()

    async def open(self) -> None:
        """Connect, greet, and turn to TLS where the settings want it.  Raises ``LostError``."""
        try:
            await self._smtp.connect()
            await self._greet()
            if self._context is not None:
                await self._secure(self._context)
        except LostError:
            self.close()
            raise
        except (aiosmtplib.SMTPException, ValueError, *_LOST):
            self.close()
            raise LostError from None
        except BaseException:
            self.close()
            raise
        protocol, transport = self._smtp.protocol, self._smtp.transport
        if protocol is None or transport is None:
            raise LostError
        writable = cast("asyncio.WriteTransport", transport)
        self._writer = asyncio.StreamWriter(writable, protocol, None, asyncio.get_running_loop())
        self.capabilities = Capabilities.of(self._smtp.esmtp_extensions)

    async def _greet(self) -> None:
        try:
            await self._smtp.ehlo(timeout=self._hop.command_seconds)
        except aiosmtplib.SMTPHeloError:
            await self._smtp.helo(timeout=self._hop.command_seconds)

    async def _secure(self, context: ssl.SSLContext) -> None:
        try:
            await self._smtp.starttls(
                server_hostname=self._hop.name or self._hop.host,
                tls_context=context,
                timeout=self._hop.connect_seconds,
            )
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
            raise LostError(UNTRUSTED) from None
        except (aiosmtplib.SMTPException, ssl.SSLError, ValueError, *_LOST):
            # Not offered, refused, or a certificate that does not verify: never in clear text instead.
            raise LostError(UNTRUSTED) from None
        await self._greet()

    async def _command(self, *words: bytes, seconds: float = 0.0) -> Reply:
        try:
            response = await self._smtp.execute_command(*words, timeout=seconds or self._hop.command_seconds)
        except (aiosmtplib.SMTPException, ValueError, RuntimeError, *_LOST):
            self.close()
            raise LostError from None
        except BaseException:
            self.close()  # cancelled: an answer is still on its way and would be taken for the next one
            raise
        if not _sensible(response.code):
            self.close()
            raise LostError
        return Reply(response.code, response.message)

    async def mail(self, envelope: Envelope, size: int = 0, client: Client | None = None) -> Reply:
        """Begin a transaction; ``size`` in bytes, 0 for unknown.  Raises ``LostError``.

        An address that this next hop cannot carry (SMTPUTF8) is refused here, with 4xx, as it is a matter of
        our set-up.
        """
        if envelope.smtputf8 and not self.capabilities.smtputf8:
            return Reply(451, "4.6.7 Next hop cannot carry this address, try again")
        if client is not None and client.xforward and self.capabilities.xforward:
            await self._forward(client.xforward)
        words = [b"FROM:<" + _octets(envelope.sender) + b">"]
        if size and self.capabilities.size:
            words.append(b"SIZE=%d" % size)
        if envelope.body and self.capabilities.eight_bit:
            words.append(b"BODY=" + envelope.body.encode("ascii"))
        if envelope.smtputf8:
            words.append(b"SMTPUTF8")
        if self.capabilities.dsn:
            if envelope.ret:
                words.append(b"RET=" + envelope.ret.encode("ascii"))
            if envelope.envid:
                words.append(b"ENVID=" + envelope.envid.encode("ascii"))
        self.clean = False
        reply = await self._command(b"MAIL", *words)
        self.clean = not reply.positive
        return reply

    async def _forward(self, attributes: Mapping[str, str]) -> None:
        words = [
            name.encode("ascii") + b"=" + xtext(value)
            for name, value in attributes.items()
            if name in self.capabilities.xforward
        ]
        if words:
            await self._command(b"XFORWARD", *words)

    async def rcpt(self, recipient: Recipient) -> Reply:
        """Name one recipient.  Raises ``LostError``."""
        words = [b"TO:<" + _octets(recipient.address) + b">"]
        if self.capabilities.dsn:
            if recipient.notify:
                words.append(b"NOTIFY=" + recipient.notify.encode("ascii"))
            if recipient.orcpt:
                words.append(b"ORCPT=" + _octets(recipient.orcpt))
        reply = await self._command(b"RCPT", *words)
        return reply

    async def begin_data(self) -> Reply:
        """Say DATA: 354, or the refusal (4xx, 5xx).  Raises ``LostError``."""
        try:
            response = await self._smtp.execute_command(b"DATA", timeout=self._hop.command_seconds)
        except (aiosmtplib.SMTPException, ValueError, RuntimeError, *_LOST):
            self.close()
            raise LostError from None
        except BaseException:
            self.close()  # cancelled: an answer is still on its way and would be taken for the next one
            raise
        if response.code == 421 or not (response.code == 354 or 400 <= response.code <= 599):
            self.close()
            raise LostError
        return Reply(response.code, response.message)

    async def send(self, head: bytes, content: Content, wanted: Callable[[], bool]) -> Reply | None:
        """After 354: the data, the dot, and the answer to it.

        ``wanted`` is asked right before the final dot; when it says no the connection is closed without the
        dot, so that nothing is delivered, and the answer is ``None``.  Raises ``LostError``; after the dot
        that means: not known.
        """
        writer, protocol = self._writer, self._smtp.protocol
        if writer is None or protocol is None:
            raise LostError
        try:
            held = b""
            for piece in stuffed(head, content):
                if held:
                    writer.write(held)
                    await asyncio.wait_for(writer.drain(), self._hop.data_block_seconds)
                held = piece
            if not wanted():
                self.close()
                return None
            writer.write(held + b".\r\n")
            crash_point(CrashPoint.DOT_SENT)
            response = await protocol.read_response(timeout=self._hop.data_done_seconds)
        except (aiosmtplib.SMTPException, ValueError, RuntimeError, *_LOST):
            self.close()
            raise LostError from None
        except BaseException:
            self.close()  # half a message is on the line
            raise
        self.clean = True
        self.messages += 1
        if not _sensible(response.code):
            self.close()
            raise LostError
        return Reply(250 if response.code < 300 else response.code, response.message)

    async def reset(self) -> None:
        """Drop the open transaction.  Raises ``LostError``."""
        if not self.clean:
            reply = await self._command(b"RSET", seconds=5.0)
            if not reply.positive:
                self.close()
                raise LostError
            self.clean = True

    def expired(self) -> bool:
        """Whether it should not be used again."""
        return (
            not self.alive
            or self.messages >= self._hop.messages_per_connection
            or time.monotonic() - self.idle_since > self._hop.idle_seconds
        )


def _sensible(code: int) -> bool:
    """250 to 252, 4xx but 421 (it is closing), 5xx; anything else: the server has lost its place."""
    return code in (250, 251, 252) or (400 <= code <= 599 and code != 421)


def _octets(address: str) -> bytes:
    return address.encode("utf-8", "surrogateescape")


def xtext(value: str) -> bytes:
    """The encoding of RFC 3461 section 4: anything but visible ASCII without ``+`` and ``=`` as ``+XX``."""
    return _XTEXT_UNSAFE.sub(lambda match: b"+%02X" % match[0][0], value.encode("utf-8", "surrogateescape"))
