"""The background process: releases, notices, expiry, retention; and the answers to those who watch.

One for each service.  Its work is leased row by row in the database, so that several on several machines, or
an old and a new one during a reload, do not do the same thing twice.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from scanner.store.sealing import SealingError
from smtp_filter.delivery import NextHop, NextHopPool, Outcome, Reply, deliver
from smtp_filter.message import Content, Envelope
from smtp_filter.quarantine import NoRoomError, Quarantine, State
from smtp_filter.quarantine.contacts import StoredContacts
from smtp_filter.quarantine.housekeeping import tidy
from smtp_filter.quarantine.notices import NoticeTemplateError
from smtp_filter.quarantine.posting import NoticeWorker
from smtp_filter.quarantine.releasing import ReleaseWorker
from smtp_filter.quarantine.tables import message
from smtp_filter.service.endpoint import Endpoint, start_endpoint
from smtp_filter.service.event_log import error_place, log_event
from smtp_filter.service.figures import Figures
from smtp_filter.service.relay_process import open_quarantine, run_until_stopped
from smtp_filter.service.settings import ServiceSettings
from smtp_filter.service.supervisor import Place, StartError

logger = logging.getLogger(__name__)

NOT_CONFIGURED = Reply(451, "4.4.1 No such route is configured")


class HopCarrier:
    """Carries releases and notices to the next hops of the configuration (``quarantine.carrying``)."""

    def __init__(self, hops: dict[str, NextHop]) -> None:
        self._pools = {route: NextHopPool(hop) for route, hop in hops.items()}

    async def carry(
        self,
        envelope: Envelope,
        content: Content,
        route: str,
        head: bytes = b"",
        before_dot: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        """See ``Carrier``."""
        pool = self._pools.get(route)
        if pool is None:
            return Outcome(NOT_CONFIGURED)
        return await deliver(pool, envelope, content, head, before_dot)

    async def close(self) -> None:
        """Close what is idle."""
        for pool in self._pools.values():
            await pool.close()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done again and again: its name, its pause in seconds, and the work, which counts."""

    name: str
    every: float
    work: Callable[[], Awaitable[int]]


def background_process(settings: ServiceSettings) -> Callable[[Place], None]:
    """What the background process does, for the supervisor."""

    def body(place: Place) -> None:
        run_until_stopped(place, lambda stop: _background(settings, place, stop))

    return body


def chores(quarantine: Quarantine, carrier: HopCarrier, figures: Figures) -> tuple[Chore, ...]:
    """All background work of the quarantine."""
    try:
        notices = NoticeWorker(quarantine, carrier)
    except NoticeTemplateError as error:
        raise StartError(str(error)) from None
    releases = ReleaseWorker(quarantine, carrier)
    contacts = StoredContacts(quarantine)

    async def tidied() -> int:
        return sum(dataclasses.astuple(await asyncio.to_thread(tidy, quarantine)))

    async def states() -> int:
        counts = await asyncio.to_thread(_states, quarantine)
        for state in State:
            figures.held.labels(state.value).set(counts.get(state.value, 0))
        return 0

    return (
        Chore("release", 1.0, releases.run_once),
        Chore("notice", 1.0, notices.run_once),
        Chore("tidy", 120.0, tidied),
        Chore("contacts", 6 * 3600.0, lambda: asyncio.to_thread(contacts.forget_faded)),
        Chore("figures", 30.0, states),
    )


def _states(quarantine: Quarantine) -> dict[str, int]:
    """How many messages are in each state."""
    state = message.c.state
    with quarantine.engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(select(state, func.count()).group_by(state))}


async def _background(settings: ServiceSettings, place: Place, stop: asyncio.Event) -> None:
    figures = Figures()
    quarantine = open_quarantine(settings)
    carrier = HopCarrier(dict(settings.next_hops))
    endpoint = Endpoint(
        lambda: asyncio.to_thread(_health, quarantine), lambda: place.service_ready, figures.text
    )
    server: asyncio.Server | None = None
    if settings.metrics is not None:
        host, port = settings.metrics
        try:
            server = await start_endpoint(endpoint, host, port)
        except OSError as error:
            reason = (error.strerror or "error").lower()
            raise StartError(f"metrics.listen: cannot listen on {host} port {port} ({reason})") from None
    tasks = [
        asyncio.create_task(_again_and_again(chore, figures, stop))
        for chore in chores(quarantine, carrier, figures)
    ]
    place.ready()
    try:
        while not stop.is_set():
            place.beat()
            await _pause(stop, place.beat_seconds)
        # What has been begun is finished: a lease that is left lying delays it by minutes.
        await asyncio.gather(*tasks)
    finally:
        if server is not None:
            server.close()
        await carrier.close()
        quarantine.close()


async def _again_and_again(chore: Chore, figures: Figures, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            done = await chore.work()
            if done:
                figures.background.labels(chore.name, "done").inc(done)
        except (SQLAlchemyError, SealingError, OSError) as error:
            figures.background.labels(chore.name, "failed").inc()
            log_event(logger, logging.ERROR, "background", work=chore.name, error=error_place(error))
        await _pause(stop, chore.every)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _health(quarantine: Quarantine) -> str:
    """What is wrong with what the service stands on; empty: nothing."""
    try:
        with quarantine.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        quarantine.check_room(quarantine.settings.reserve // 10)
    except SQLAlchemyError:
        return "the database does not answer"
    except NoRoomError:
        return "the disk is below its reserve"
    except OSError:
        return "the folder of held messages cannot be used"
    return ""
