"""The whole service: what the supervisor runs, made from the settings."""

from __future__ import annotations

from collections.abc import Callable

from smtp_filter.service.background import background_process
from smtp_filter.service.examining import examiner
from smtp_filter.service.figures import forget_process, shared_folder
from smtp_filter.service.relay_process import relay_process
from smtp_filter.service.settings import ServiceSettings
from smtp_filter.service.supervisor import Body, Plan, Supervisor

# Between the end of the listeners' grace and the end of a process there are still connections to be closed.
_CLOSING_SECONDS = 10.0


def plan_of(settings: ServiceSettings) -> Plan:
    """What is to run."""
    processes: dict[str, Body] = {
        f"relay-{number}": relay_process(settings) for number in range(1, settings.processes + 1)
    }
    processes["background"] = background_process(settings)
    listen = tuple(address for relay in settings.relays for address in relay.listen)
    return Plan(
        listen=listen,
        processes=processes,
        examine=examiner(settings.inspection),
        pool=settings.pool,
        stop_seconds=settings.stop_seconds + _CLOSING_SECONDS,
        forget=forget_process,
    )


def run_service(load: Callable[[], ServiceSettings]) -> None:
    """Run until told to stop; ``load`` reads the configuration, now and at each reload.

    Raises ``StartError`` when the service cannot start.
    """
    with shared_folder():
        Supervisor(lambda: plan_of(load())).run()
