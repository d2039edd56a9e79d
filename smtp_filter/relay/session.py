"""One client's session: aiosmtpd's protocol class, with its command loop, parsers and DATA replaced.

Of aiosmtpd remain the life of the connection (made, lost, timed out) and the names of the commands; decision
record 0014 says why so little.
"""

# ruff: noqa: N802 - the names of the commands are aiosmtpd's

from __future__ import annotations

import asyncio
import re
import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, cast

from aiosmtpd.smtp import SMTP

from smtp_filter.crash_points import CrashPoint, crash_point
from smtp_filter.delivery import Capabilities, NextHopTransaction, Reply
from smtp_filter.loopback import is_loopback
from smtp_filter.message import Client, Envelope, Message
from smtp_filter.relay.admission import certificate_fits, certificate_of, contains, matching
from smtp_filter.relay.envelope import MailCommand, parse_mail, parse_rcpt
from smtp_filter.relay.events import Incident, MessageEvent, Result, SessionEvent, exception_event
from smtp_filter.relay.handover import DELIVERY_LATE, INSPECTION_LATE, Handover, Surroundings, internal_error
from smtp_filter.relay.inbox import ClientLostError, Inbox, LineTooLongError
from smtp_filter.relay.incoming import DataDecoder
from smtp_filter.relay.received import hops, received_line
from smtp_filter.relay.settings import RelaySettings
from smtp_filter.relay.spool import MemoryBudget, Spool, has_room, header_block

COMMAND_BYTES = 4096
"""A command line: RFC 5321's 512 and the room that DSN (ORCPT, ENVID) and SMTPUTF8 addresses ask for."""

HEADER_ROOM = 4096
"""Bytes kept of a next hop's size limit for what is put on top of a message."""

LINGER_SECONDS = 2.0
"""How long a closed connection may take to get rid of our last words."""

XFORWARD_NAMES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")

_IDLE = frozenset({"HELO", "EHLO", "LHLO", "NOOP", "RSET", "VRFY", "XFORWARD"})

_HELO = re.compile(r"[!-~]{1,255}")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_XTEXT_BYTE = re.compile(rb"\+([0-9A-Fa-f]{2})")

_OK = Reply(250, "2.0.0 Ok")
_BAD_SYNTAX = Reply(500, "5.5.2 Command not understood")
_NOT_HERE = Reply(502, "5.5.1 Command not implemented")
_NO_ARGUMENT = Reply(501, "5.5.4 No argument expected")
_CLOSING = Reply(421, "4.3.2 Service closing, try again")
_BUSY = Reply(421, "4.3.2 Busy, try again")
_NO_ROOM = Reply(452, "4.3.1 Insufficient storage")
_TOO_BIG = Reply(552, "5.3.4 Message too big")
_LINE_TOO_LONG = Reply(552, "5.3.4 Message has a line that is too long")
_NOT_ALLOWED = Reply(554, "5.7.1 Not allowed to send here")
_NO_CERTIFICATE = Reply(554, "5.7.1 Client certificate not accepted")
_TLS_FIRST = Reply(530, "5.7.0 Must issue a STARTTLS command first")
_PIPELINED = Reply(503, "5.5.1 Pipelining not offered, bytes were waiting")
_BARE_LF = Reply(500, "5.5.2 Commands must end in CR LF")


class SessionEndedError(Exception):
    """The session is over, its last answer is given."""


class House(Protocol):
    """What a session needs of its listener."""

    settings: RelaySettings
    surroundings: Surroundings
    budget: MemoryBudget
    tls_context: ssl.SSLContext | None

    @property
    def stopping(self) -> bool:
        """No new transactions."""
        ...

    def enter(self, session: RelaySession) -> bool:
        """Whether there is room for one more session."""
        ...

    def leave(self, session: RelaySession) -> None:
        """The session is over."""
        ...

    async def capabilities(self) -> Capabilities | None:
        """What the default next hop offers."""
        ...

    async def under_way(self, message: Message) -> bool:
        """Whether the same message is being delivered for a client that has no answer."""
        ...

    def start_handover(self, handover: Handover) -> asyncio.Task[tuple[Reply, ...]]:
        """Run it in a task that outlives the session."""
        ...


class RelaySession(SMTP):
    """A client's conversation with the relay."""

    def __init__(self, house: House) -> None:
        settings = house.settings
        super().__init__(
            None,
            hostname=settings.hostname,
            data_size_limit=settings.limits.message_bytes,
            timeout=settings.deadlines.command_seconds,
            loop=asyncio.get_running_loop(),
        )
        self._house = house
        self._settings = settings
        self._lmtp = settings.placement == "lmtp"
        self._inbox = Inbox()
        self._client = Client("")
        self._extended = False
        self._capabilities: Capabilities | None = None
        self._size_limit = settings.limits.message_bytes
        self._mail: MailCommand | None = None
        self._transaction: NextHopTransaction | None = None
        self._handover: Handover | None = None
        self._errors = 0
        self._idle_commands = 0
        self._names: tuple[str, ...] = ()
        self._clear_writer: asyncio.StreamWriter | None = None

    # The life of the connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._inbox.attach(cast("asyncio.Transport", transport))
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; aiosmtpd's stream reader is passed by."""
        self._inbox.feed(data)

    def eof_received(self) -> bool | None:
        """The client sends no more: taken as gone, as an answer could not be believed to have arrived."""
        self._inbox.end()
        self._forget()
        super().eof_received()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone."""
        self._inbox.end()
        self._forget()
        super().connection_lost(error)

    def _forget(self) -> None:
        if self._handover is not None:
            self._handover.wanted = False

    def _timeout_cb(self) -> None:
        self._observe(SessionEvent(Incident.TIMEOUT, self._client.address))
        self._hang_up(Reply(421, "4.4.2 Timeout, closing"))

    def end_when_idle(self) -> None:
        """Say 421 now, unless a transaction is open; then it may end first."""
        if self._mail is None and self._handover is None:
            self._hang_up(_CLOSING)

    def _hang_up(self, last: Reply | None = None) -> None:
        """Close, with a last answer; a client that does not read is not waited for."""
        if self.transport is None or self.transport.is_closing():
            return
        transport = cast("asyncio.Transport", self.transport)
        if last is not None:
            transport.write(last.wire())
        transport.close()
        if transport.get_write_buffer_size():
            self.loop.call_later(LINGER_SECONDS, transport.abort)

    def abort(self) -> None:
        """Cut the connection."""
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    async def handle_exception(self, error: Exception) -> str:
        """Fixed text for the wire, class and source line for the log."""
        event = exception_event(error, self._client.address)
        self._observe(event)
        reply = internal_error(event.reference)
        return f"{reply.code} {reply.text}"

    async def _handle_client(self) -> None:
        entered = False
        try:
            peer = self.session.peer if self.session is not None else None
            host, port = (str(peer[0]), int(peer[1])) if isinstance(peer, tuple) else ("", 0)
            self._client = Client(host, port)
            if not matching(host, self._settings.allowed):
                self._observe(SessionEvent(Incident.NOT_ALLOWED, host))
                await self._end(_NOT_ALLOWED)
            entered = self._house.enter(self)
            await self._greet(entered)
            while True:
                await self._next_command()
        except (SessionEndedError, ClientLostError, ConnectionError):
            pass
        except Exception as error:
            # Left alone it would be logged by asyncio, with its text.
            self._observe(exception_event(error, self._client.address))
        finally:
            self._end_transaction()
            if entered:
                self._house.leave(self)
            if self._timeout_handle is not None:
                self._timeout_handle.cancel()
            self._hang_up()

    async def _greet(self, entered: bool) -> None:
        if self._house.stopping:
            await self._end(_CLOSING)
        if not entered:
            self._observe(SessionEvent(Incident.BUSY, self._client.address))
            await self._end(_BUSY)
        await self._nothing_waits()
        await self._say(f"220 {self.hostname} {'LMTP' if self._lmtp else 'ESMTP'}\r\n".encode("ascii"))

    async def _next_command(self) -> None:
        if self._house.stopping and self._mail is None:
            await self._end(_CLOSING)
        if self._inbox.waiting:
            await asyncio.sleep(0)  # a client that sends all at once gets no more than its turn
        self._reset_timeout()
        try:
            line = await self._inbox.line(COMMAND_BYTES)
        except LineTooLongError:
            await self._refuse(Reply(500, "5.5.2 Command line too long"))
            return
        if not line.endswith(b"\r\n"):
            self._observe(SessionEvent(Incident.BARE_LF_COMMAND, self._client.address))
            await self._end(_BARE_LF)
        try:
            text = line[:-2].decode("utf-8")
        except UnicodeDecodeError:
            await self._refuse(_BAD_SYNTAX)
            return
        if _CONTROL.search(line[:-2]):
            await self._refuse(_BAD_SYNTAX)
            return
        verb, _, argument = text.partition(" ")
        await self._obey(verb.upper(), argument.strip(" "))

    async def _obey(self, verb: str, argument: str) -> None:
        command = {
            "HELO": self.smtp_HELO,
            "EHLO": self.smtp_EHLO,
            "LHLO": self.smtp_LHLO,
            "STARTTLS": self.smtp_STARTTLS,
            "XFORWARD": self.smtp_XFORWARD,
            "MAIL": self.smtp_MAIL,
            "RCPT": self.smtp_RCPT,
            "DATA": self.smtp_DATA,
            "RSET": self.smtp_RSET,
            "NOOP": self.smtp_NOOP,
            "VRFY": self.smtp_VRFY,
            "QUIT": self.smtp_QUIT,
        }.get(verb)
        if verb in _IDLE:
            self._idle_commands += 1
            if self._idle_commands > self._settings.limits.idle_commands:
                self._observe(SessionEvent(Incident.TOO_MANY_ERRORS, self._client.address))
                await self._end(Reply(421, "4.7.0 Too many commands without a message"))
        try:
            if verb in ("BDAT", "AUTH", "EXPN", "HELP", "ETRN", "TURN", "XCLIENT"):
                await self._refuse(_NOT_HERE)
                if verb == "BDAT":  # what follows is a message, not commands
                    raise SessionEndedError
            elif command is None:
                await self._refuse(_BAD_SYNTAX)
            else:
                await command(argument)
        except (SessionEndedError, ClientLostError, ConnectionError):
            raise
        except Exception as error:
            self._end_transaction()
            await self._say((await self.handle_exception(error)).encode("ascii") + b"\r\n")

    # Commands.

    async def smtp_HELO(self, arg: str) -> None:
        """SMTP without extensions."""
        if self._lmtp:
            await self._refuse(Reply(500, "5.5.1 This is LMTP: say LHLO"))
        elif await self._hello(arg):
            self._extended = False
            await self._say(f"250 {self.hostname}\r\n".encode("ascii"))

    async def smtp_EHLO(self, arg: str) -> None:
        """SMTP with extensions."""
        if self._lmtp:
            await self._refuse(Reply(500, "5.5.1 This is LMTP: say LHLO"))
        else:
            await self._extended_hello(arg)

    async def smtp_LHLO(self, arg: str) -> None:
        """LMTP (RFC 2033)."""
        if self._lmtp:
            await self._extended_hello(arg)
        else:
            await self._refuse(_BAD_SYNTAX)

    async def _extended_hello(self, arg: str) -> None:
        if not await self._hello(arg):
            return
        self._extended = True
        self._capabilities = offered = await self._house.capabilities()
        limit = self._settings.limits.message_bytes
        if offered is not None and offered.size:
            limit = max(min(limit, offered.size - HEADER_ROOM), 1)
        self._size_limit = limit
        lines = [self.hostname, f"SIZE {limit}"]
        if offered is None or offered.eight_bit:
            lines.append("8BITMIME")
        if offered is not None and offered.smtputf8:
            lines.append("SMTPUTF8")
        if offered is not None and offered.dsn:
            lines.append("DSN")
        lines.append("ENHANCEDSTATUSCODES")
        if self._house.tls_context is not None and not self._client.tls:
            lines.append("STARTTLS")
        if contains(self._settings.xforward_peers, self._client.address):
            lines.append("XFORWARD " + " ".join(XFORWARD_NAMES))
        await self._nothing_waits()
        last = len(lines) - 1
        await self._say(
            "".join(
                f"250{' ' if number == last else '-'}{line}\r\n" for number, line in enumerate(lines)
            ).encode("ascii")
        )

    async def _hello(self, arg: str) -> bool:
        await self._nothing_waits()
        if not _HELO.fullmatch(arg):
            await self._refuse(Reply(501, "5.5.4 A host name is needed"))
            return False
        self._end_transaction()
        self._client = replace(self._client, helo=arg)
        return True

    async def smtp_STARTTLS(self, arg: str) -> None:
        """Turn to TLS; after a failed handshake nothing more is said."""
        context = self._house.tls_context
        if context is None or self._client.tls:
            await self._refuse(_NOT_HERE)
            return
        if arg:
            await self._refuse(_NO_ARGUMENT)
            return
        await self._nothing_waits()
        self._end_transaction()
        await self._say(b"220 2.0.0 Ready to start TLS\r\n")
        if self._inbox.waiting:
            # Clear text sent behind STARTTLS must never be taken for something said inside TLS.
            self._observe(SessionEvent(Incident.PIPELINING, self._client.address))
            raise SessionEndedError
        self._reset_timeout(self._settings.deadlines.handshake_seconds)
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                cast("asyncio.WriteTransport", self.transport),
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._settings.deadlines.handshake_seconds,
            )
        except (ssl.SSLError, OSError) as error:
            self._observe(SessionEvent(Incident.TLS_FAILED, self._client.address, kind=type(error).__name__))
            self.abort()
            raise SessionEndedError from None
        if transport is None:  # lost at the very end of the handshake
            raise SessionEndedError
        self.transport = transport
        self._inbox.attach(transport)
        # The old writer closes the transport below when it is forgotten (``StreamWriter.__del__``).
        self._clear_writer = self._writer
        self._writer = asyncio.StreamWriter(transport, self, None, loop)
        tls = self._writer.get_extra_info("ssl_object")
        fingerprint, self._names = certificate_of(tls)
        version = tls.version() if tls is not None else None
        self._client = Client(
            self._client.address, self._client.port, tls=version or "TLS", certificate=fingerprint
        )
        self._extended = False

    async def smtp_XFORWARD(self, arg: str) -> None:
        """What an allowed upstream tells of its own client; forgotten when the transaction ends."""
        if not contains(self._settings.xforward_peers, self._client.address):
            await self._refuse(Reply(554, "5.7.1 XFORWARD not allowed"))
            return
        if self._mail is not None or not self._client.helo:
            await self._refuse(Reply(503, "5.5.1 XFORWARD not now"))
            return
        forwarded = dict(self._client.xforward)
        for word in arg.split():
            name, equals, value = word.partition("=")
            if name.upper() not in XFORWARD_NAMES or not equals or len(value) > 1024:
                await self._refuse(Reply(501, "5.5.4 XFORWARD attribute not understood"))
                return
            forwarded[name.upper()] = _from_xtext(value)
        self._client = replace(self._client, xforward=forwarded)
        await self._answer(_OK)

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Begin a transaction, here and at the next hop."""
        if not await self._may_send():
            return
        if self._mail is not None:
            await self._refuse(Reply(503, "5.5.1 Nested MAIL command"))
            return
        can_utf8 = self._extended and self._capabilities is not None and self._capabilities.smtputf8
        mail = parse_mail(arg or "", can_utf8)
        if isinstance(mail, Reply):
            await self._refuse(mail)
            return
        limits = self._settings.limits
        if mail.size > self._size_limit:
            await self._answer(_TOO_BIG)
            return
        if not has_room(self._settings.spool, mail.size, limits.disk_reserve_bytes):
            await self._answer(_NO_ROOM)
            return
        envelope = Envelope(mail.sender, (), mail.body, mail.smtputf8, mail.ret, mail.envid)
        pool = self._house.surroundings.pools["default"]
        size = mail.size + HEADER_ROOM if mail.size else 0
        transaction = NextHopTransaction(pool, envelope, self._client, size)
        self._stop_timer()
        reply = await transaction.mail()
        if reply.positive:
            self._mail, self._transaction = mail, transaction
        await self._answer(reply)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Ask the next hop about a recipient and return its own answer."""
        if not await self._may_send():
            return
        mail, transaction = self._mail, self._transaction
        if mail is None or transaction is None:
            await self._refuse(Reply(503, "5.5.1 Need MAIL command"))
            return
        recipient = parse_rcpt(arg or "", mail.smtputf8)
        if isinstance(recipient, Reply):
            await self._refuse(recipient)
            return
        if len(transaction.recipients) >= self._settings.limits.recipients:
            await self._answer(Reply(452, "4.5.3 Too many recipients"))
            return
        self._stop_timer()
        await self._answer(await transaction.rcpt(recipient))
        crash_point(CrashPoint.RECIPIENT)

    async def smtp_DATA(self, arg: str) -> None:
        """Take the message, have it examined, and give the next hop's answer or the filter's."""
        if not await self._may_send():
            return
        mail, transaction = self._mail, self._transaction
        if arg:
            await self._refuse(_NO_ARGUMENT)
            return
        if mail is None or transaction is None or not transaction.recipients:
            await self._refuse(Reply(503, "5.5.1 Need RCPT command"))
            return
        await self._nothing_waits()
        await self._say(b"354 End data with <CR><LF>.<CR><LF>\r\n")
        queue_id = secrets.token_hex(8).upper()
        limits = self._settings.limits
        spool = Spool(self._settings.spool, limits.spool_bytes, self._house.budget)
        started = time.monotonic()
        try:
            decoder, trouble = await self._receive(spool)
            if trouble is None:
                content = await spool.content()
                count, ours = hops(header_block(content), self._settings.token)
        except OSError as error:
            spool.close()
            if isinstance(error, ConnectionError):
                raise
            trouble = _NO_ROOM
        except BaseException:
            spool.close()
            raise
        suspicious = self._inbox.waiting > 0
        receive_seconds = time.monotonic() - started
        replies: Sequence[Reply]
        if trouble is not None:
            spool.close()
            self._observe(
                MessageEvent(
                    queue_id,
                    Result.NOT_TAKEN,
                    trouble.code,
                    client=self._client.address,
                    tls=self._client.tls,
                    size=spool.size,
                    recipients=len(transaction.recipients),
                    receive_seconds=receive_seconds,
                )
            )
            replies = (trouble,) * (len(transaction.recipients) if self._lmtp else 1)
        else:
            message = Message(
                Envelope(
                    mail.sender,
                    tuple(transaction.recipients),
                    mail.body,
                    mail.smtputf8,
                    mail.ret,
                    mail.envid,
                ),
                content,
                self._client,
                time.time(),
                queue_id,
                hops=count,
                looped=ours,
                bare_line_ends=decoder.bare_line_ends,
                longest_line=decoder.longest_line,
                per_recipient=self._lmtp,
            )
            line = received_line(
                self.hostname,
                self._settings.token,
                self._client,
                self._protocol_name(mail.smtputf8),
                queue_id,
                message.received,
            )
            if await self._house.under_way(message):
                spool.close()
                replies = (DELIVERY_LATE,) * (len(transaction.recipients) if self._lmtp else 1)
            else:
                self._handover = Handover(
                    message, line, transaction, self._house.surroundings, spool.close, receive_seconds
                )
                replies = await self._await_handover(self._handover, message)
        self._end_transaction()
        self._idle_commands = 0
        await self._say(b"".join(reply.with_enhanced_code().wire() for reply in replies))
        if suspicious:
            # No honest client that was offered no pipelining has more to say before it is answered.
            await self._nothing_waits()

    async def _await_handover(self, handover: Handover, message: Message) -> Sequence[Reply]:
        self._stop_timer()
        task = self._house.start_handover(handover)
        done, _ = await asyncio.wait({task}, timeout=self._settings.deadlines.answer_seconds)
        if done:
            return task.result()
        handover.wanted = False
        late = DELIVERY_LATE if handover.examined else INSPECTION_LATE
        return (late,) * (len(message.envelope.recipients) if self._lmtp else 1)

    async def smtp_RSET(self, arg: str) -> None:
        """Forget the transaction."""
        if arg:
            await self._refuse(_NO_ARGUMENT)
            return
        self._end_transaction()
        await self._answer(_OK)

    async def smtp_NOOP(self, arg: str) -> None:
        """Still there."""
        await self._answer(_OK)

    async def smtp_VRFY(self, arg: str) -> None:
        """Nothing is said about addresses."""
        await self._answer(Reply(252, "2.0.0 Cannot verify, send the message"))

    async def smtp_QUIT(self, arg: str) -> None:
        """Goodbye."""
        await self._end(Reply(221, "2.0.0 Bye"))

    # Steps of the commands.

    async def _may_send(self) -> bool:
        """Greeted, secured and known?  If not, says so."""
        if not self._client.helo:
            await self._refuse(Reply(503, "5.5.1 Say hello first"))
        elif not self._client.tls and self._needs_tls():
            await self._refuse(_TLS_FIRST)
        elif not certificate_fits(
            matching(self._client.address, self._settings.allowed), self._client.certificate, self._names
        ):
            self._observe(SessionEvent(Incident.NOT_ALLOWED, self._client.address))
            await self._end(_NO_CERTIFICATE if self._client.tls else _TLS_FIRST)
        else:
            return True
        return False

    def _needs_tls(self) -> bool:
        tls = self._settings.tls
        if tls is None:
            return False
        return tls.required == "always" or (
            tls.required == "remote" and not is_loopback(self._client.address)
        )

    async def _receive(self, spool: Spool) -> tuple[DataDecoder, Reply | None]:
        """Read to the final dot, whatever comes; the reply is the reason why the message is not taken."""
        limits, deadlines = self._settings.limits, self._settings.deadlines
        decoder, trouble, thrown_away = DataDecoder(), None, 0
        end = time.monotonic() + deadlines.data_seconds
        while not decoder.finished:
            self._reset_timeout(max(min(deadlines.data_block_seconds, end - time.monotonic()), 0.001))
            content = decoder.feed(await self._inbox.some())
            crash_point(CrashPoint.DATA_PART)
            if trouble is None:
                if spool.size + len(content) > self._size_limit:
                    trouble = _TOO_BIG
                elif decoder.longest_line > limits.line_bytes:
                    trouble = _LINE_TOO_LONG
                else:
                    try:
                        await spool.append(content)
                    except OSError:
                        trouble = _NO_ROOM
                if trouble is not None:
                    spool.close()
            else:
                thrown_away += len(content)
                if thrown_away > limits.message_bytes:
                    await self._end(trouble)
        if decoder.rest:
            self._inbox.put_back(decoder.rest)
        return decoder, trouble

    def _protocol_name(self, smtputf8: bool) -> str:
        """The word after ``with`` (RFC 3848, RFC 6531)."""
        if self._lmtp:
            name = "UTF8LMTP" if smtputf8 else "LMTP"
        elif smtputf8:
            name = "UTF8SMTP"
        else:
            name = "ESMTP" if self._extended else "SMTP"
        return name + ("S" if self._client.tls else "")

    def _end_transaction(self) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None and self._handover is None:
            transaction.abandon()
        self._handover = None
        self._mail = None
        if self._client.xforward:
            self._client = replace(self._client, xforward={})

    # Words on the wire.

    async def _say(self, words: bytes) -> None:
        self._reset_timeout()  # a client that reads no answers must not wait for ever either
        self._writer.write(words)
        await self._writer.drain()

    async def _answer(self, reply: Reply) -> None:
        await self._say(reply.with_enhanced_code().wire())

    async def _refuse(self, reply: Reply) -> None:
        """Answer a mistake of the client's; too many of them end the session."""
        self._errors += 1
        if self._errors > self._settings.limits.errors:
            self._observe(SessionEvent(Incident.TOO_MANY_ERRORS, self._client.address))
            await self._end(Reply(421, "4.7.0 Too many errors"))
        await self._answer(reply)

    async def _end(self, reply: Reply) -> None:
        await self._answer(reply)
        raise SessionEndedError

    async def _nothing_waits(self) -> None:
        """The client must wait for our answer here: bytes already there would be read in another state."""
        if self._inbox.waiting:
            self._observe(SessionEvent(Incident.PIPELINING, self._client.address))
            await self._end(_PIPELINED)

    def _stop_timer(self) -> None:
        """While we work the client's deadlines rest; ours have their own."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()

    def _observe(self, event: MessageEvent | SessionEvent) -> None:
        self._house.surroundings.observe(event)


def _from_xtext(value: str) -> str:
    raw = _XTEXT_BYTE.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), value.encode("utf-8"))
    return "".join(letter if letter.isprintable() else "?" for letter in raw.decode("utf-8", "replace"))
