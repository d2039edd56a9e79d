"""The console as a program: a socket, TLS, and the application on it until a signal comes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from smtp_filter.triage.settings import ConsoleSettings

# A slow page is finished before a stop; a browser that only waits is not.
_STOP_SECONDS = 10


def listen(settings: ConsoleSettings) -> socket.socket:
    """The listening socket.  Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError:
        listening.close()
        raise
    return listening


def address_of(settings: ConsoleSettings, listening: socket.socket) -> str:
    """What people type: the configured address, or where the socket is."""
    if settings.address:
        return settings.address
    host, port = listening.getsockname()[:2]
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def serve(
    application: ASGIApp, settings: ConsoleSettings, listening: socket.socket, ready: Callable[[], None]
) -> None:
    """Answer requests until SIGTERM or SIGINT; ``ready`` is called once it does.

    Raises ``OSError`` (also ``ssl.SSLError``) where certificate and key cannot be used.
    """
    config = configured(application, settings)
    config.load()
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server raises a signal again once it has stopped: that would end the program as if by force.
        signal.signal(number, lambda *_: None)
    _Announcing(config, ready).run(sockets=[listening])


def configured(application: ASGIApp, settings: ConsoleSettings) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who speaks for whom is decided by the console itself.
        proxy_headers=False,
        ssl_certfile=str(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
        timeout_graceful_shutdown=_STOP_SECONDS,
        h11_max_incomplete_event_size=64_000,
    )


class _Announcing(uvicorn.Server):
    """Says when it has started."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._ready()
