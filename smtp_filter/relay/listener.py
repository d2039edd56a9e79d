"""The listener: sockets, who is let in, the sessions that run, and their graceful end."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from smtp_filter.delivery import Capabilities, NextHop, NextHopPool, Reply
from smtp_filter.message import Message, MessageFilter
from smtp_filter.relay.admission import server_context
from smtp_filter.relay.events import (
    MessageEvent,
    Observer,
    SessionEvent,
    exception_event,
    report,
    silence_aiosmtpd,
)
from smtp_filter.relay.handover import Handover, Surroundings
from smtp_filter.relay.session import RelaySession
from smtp_filter.relay.settings import RelaySettings
from smtp_filter.relay.spool import MemoryBudget

BACKLOG = 256


@dataclass(frozen=True, slots=True)
class ListenerState:
    """How busy the listener is: sessions, messages between final dot and answer, message bytes in memory."""

    sessions: int
    handovers: int
    memory_bytes: int
    stopping: bool


class Listener:
    """Accepts mail and hands it on as a ``MessageFilter`` says.

    ``next_hops`` maps route names to next hops; ``default`` must be there.  ``accepting`` is asked at each
    connection: when it says no (the inspection workers are all busy, say) the client is told 421.
    ``observe`` gets every event besides the log.  Reading certificate files may raise ``OSError`` or
    ``ssl.SSLError``; a missing ``default`` is a ``ValueError``.
    """

    def __init__(
        self,
        settings: RelaySettings,
        next_hops: Mapping[str, NextHop],
        message_filter: MessageFilter,
        accepting: Callable[[], bool] = lambda: True,
        observe: Observer = lambda event: None,
    ) -> None:
        if "default" not in next_hops:
            raise ValueError("a next hop named default is needed")
        silence_aiosmtpd()
        token = settings.token or hashlib.sha256(settings.hostname.encode()).hexdigest()[:12]
        self.settings = replace(settings, token=token)
        self.budget = MemoryBudget(settings.limits.memory_bytes)
        self.tls_context = server_context(settings.tls) if settings.tls is not None else None
        self.pools = {
            route: NextHopPool(replace(hop, helo=hop.helo or settings.hostname))
            for route, hop in next_hops.items()
        }
        self._observer = observe
        self.surroundings = Surroundings(message_filter, self.pools, self._observe)
        self._accepting = accepting
        self._servers: list[asyncio.Server] = []
        self._sessions: set[RelaySession] = set()
        self._handovers: dict[asyncio.Task[tuple[Reply, ...]], Handover] = {}
        self._stopping = False

    async def start(self, sockets: Sequence[socket.socket] = ()) -> None:
        """Accept on ``settings.listen``, or on sockets that are bound already.  Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        bound = list(sockets) or [self._bind(host, port) for host, port in self.settings.listen]
        for one in bound:
            self._servers.append(
                await loop.create_server(lambda: RelaySession(self), sock=one, backlog=BACKLOG)
            )

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Where the listener can be reached."""
        names = [one.getsockname() for server in self._servers for one in server.sockets]
        return tuple((name[0], name[1]) for name in names)

    @property
    def state(self) -> ListenerState:
        """How busy it is now."""
        return ListenerState(len(self._sessions), len(self._handovers), self.budget.used, self._stopping)

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Accept no more, let transactions end, then close; what is not done after the grace is cut off.

        A message that was cut off has had no answer: its sender's server will send it again.
        """
        self._stopping = True
        for server in self._servers:
            server.close()
        for session in tuple(self._sessions):
            session.end_when_idle()
        grace = self.settings.deadlines.grace_seconds if grace_seconds is None else grace_seconds
        end = asyncio.get_running_loop().time() + grace
        while (self._sessions or self._handovers) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        for session in tuple(self._sessions):
            session.abort()
        for task in tuple(self._handovers):
            task.cancel()
        if self._handovers:
            await asyncio.wait(self._handovers)
        for pool in self.pools.values():
            await pool.close()

    # What sessions ask (``session.House``).

    @property
    def stopping(self) -> bool:
        """No new transactions."""
        return self._stopping

    def enter(self, session: RelaySession) -> bool:
        """Whether there is room for one more session."""
        if len(self._sessions) >= self.settings.limits.sessions or self.budget.full or not self._accepting():
            return False
        self._sessions.add(session)
        return True

    def leave(self, session: RelaySession) -> None:
        """The session is over."""
        self._sessions.discard(session)

    async def capabilities(self) -> Capabilities | None:
        """What the default next hop offers."""
        return await self.pools["default"].capabilities()

    async def under_way(self, message: Message) -> bool:
        """Whether the same message is being delivered for a client that has no answer.

        That client comes again while the next hop may be about to take the first copy; a second one must
        wait until the journal knows.
        """
        for task, handover in tuple(self._handovers.items()):
            if handover.could_deliver(message):
                try:
                    theirs = await asyncio.to_thread(handover.fingerprint)
                except (OSError, ValueError):
                    continue
                if theirs == await asyncio.to_thread(message.fingerprint) and not task.done():
                    return True
        return False

    def start_handover(self, handover: Handover) -> asyncio.Task[tuple[Reply, ...]]:
        """Run it in a task that outlives the session."""
        task = asyncio.get_running_loop().create_task(handover.run())
        self._handovers[task] = handover
        task.add_done_callback(lambda done: self._handovers.pop(done))
        return task

    def _observe(self, event: MessageEvent | SessionEvent) -> None:
        report(event)
        try:
            self._observer(event)
        except Exception as error:
            # A figure that cannot be kept must not turn the answer to a delivered message into 451.
            report(exception_event(error, event.client))

    def _bind(self, host: str, port: int) -> socket.socket:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        one = socket.socket(family, kind, protocol)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self.settings.reuse_port:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
        except OSError:
            one.close()
            raise
        return one
