"""A relay process: listeners, the filter, a pool of inspection workers, in one event loop."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from scanner.store.database import StorageError
from scanner.store.sealing import SealingError
from smtp_filter.inspection_pool import InspectionFailedError, InspectionPool
from smtp_filter.quarantine import Quarantine
from smtp_filter.relay import Listener
from smtp_filter.service.account import Account
from smtp_filter.service.figures import Figures
from smtp_filter.service.filter import Filter
from smtp_filter.service.records import Records
from smtp_filter.service.settings import ServiceSettings
from smtp_filter.service.supervisor import Place, StartError

# Watchers look every few seconds.
_FIGURES_SECONDS = 1.0


def relay_process(settings: ServiceSettings) -> Callable[[Place], None]:
    """What a relay process does, for the supervisor."""

    def body(place: Place) -> None:
        run_until_stopped(place, lambda stop: _relay(settings, place, stop))

    return body


def run_until_stopped(place: Place, main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run ``main`` in an event loop; the event it is given is set by SIGTERM, or when the supervisor died."""
    import uvloop

    async def inside() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def forsaken() -> None:
            loop.remove_reader(place.lifeline)
            stop.set()

        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_reader(place.lifeline, forsaken)
        await main(stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(inside())


def open_quarantine(settings: ServiceSettings) -> Quarantine:
    """The quarantine of the configuration; raises :class:`StartError` with what to do."""
    try:
        return Quarantine.open(settings.database, settings.master_key, settings.quarantine)
    except (StorageError, SealingError) as error:
        raise StartError(str(error)) from None
    except (OSError, SQLAlchemyError) as error:
        what = getattr(error, "strerror", None) or type(error).__name__
        raise StartError(f"the quarantine cannot be opened ({what.lower()})") from None


async def _relay(settings: ServiceSettings, place: Place, stop: asyncio.Event) -> None:
    figures = Figures()
    account = Account(figures)
    quarantine = open_quarantine(settings)
    pool = InspectionPool(place.requests, settings.pool)
    records = Records(quarantine)
    message_filter = Filter(settings.filter, pool, records, account, figures)
    try:
        listeners = [
            Listener(
                relay,
                settings.next_hops,
                message_filter,
                accepting=lambda: not pool.full,
                observe=account.observe,
            )
            for relay in settings.relays
        ]
    except (OSError, ssl.SSLError) as error:
        raise StartError(_unreadable(settings, error)) from None
    try:
        try:
            await pool.start()
        except InspectionFailedError as error:
            raise StartError(error.reason) from None
        for listener in listeners:
            await listener.start([place.sockets[address] for address in listener.settings.listen])
        place.ready()
        beating = asyncio.create_task(_beat(place, pool, figures))
        await stop.wait()
        await asyncio.gather(*(listener.stop() for listener in listeners))
        beating.cancel()
    finally:
        await pool.close()
        await message_filter.close()
        quarantine.close()


async def _beat(place: Place, pool: InspectionPool, figures: Figures) -> None:
    while True:
        place.beat()
        figures.workers.labels("busy").set(pool.working)
        figures.workers.labels("idle").set(pool.ready - pool.working)
        figures.waiting.set(pool.waiting)
        figures.replaced.set(pool.replaced)
        await asyncio.sleep(min(_FIGURES_SECONDS, place.beat_seconds))


def _unreadable(settings: ServiceSettings, error: OSError) -> str:
    """Which certificate or key it was, as far as that can be told."""
    named = getattr(error, "filename", None)
    if named:
        return f"{named} cannot be read ({(error.strerror or 'error').lower()})"
    reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
    files = [str(relay.tls.certificate) for relay in settings.relays if relay.tls is not None]
    files += [str(hop.ca_file) for hop in settings.next_hops.values() if hop.ca_file]
    return f"a certificate or key cannot be used ({str(reason).lower()}): {', '.join(dict.fromkeys(files))}"
