"""The HTTP endpoint for those who watch the service: /health, /ready, /metrics.  Nothing else, only GET."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus

_HEAD_BYTES = 8_192
_SECONDS = 5.0
_TEXT = "text/plain; charset=utf-8"
_FIGURES = "text/plain; version=0.0.4; charset=utf-8"


class Endpoint:
    """Answers watchers.

    ``health`` tells what is wrong with the process and what it stands on (empty: nothing), ``ready`` whether
    mail is taken, ``figures`` gives the metrics.
    """

    def __init__(
        self,
        health: Callable[[], Awaitable[str]],
        ready: Callable[[], bool],
        figures: Callable[[], bytes],
    ) -> None:
        self._health = health
        self._ready = ready
        self._figures = figures

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = await self._answer(head)
                writer.write(_response(status, kind, body))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, head: bytes) -> tuple[HTTPStatus, str, bytes]:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b"only GET\n"
        match path:
            case b"/health":
                problem = await self._health()
                status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
                return status, _TEXT, (problem or "ok").encode() + b"\n"
            case b"/ready":
                if self._ready():
                    return HTTPStatus.OK, _TEXT, b"ready\n"
                return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"not ready\n"
            case b"/metrics":
                return HTTPStatus.OK, _FIGURES, self._figures()
        return HTTPStatus.NOT_FOUND, _TEXT, b"/health, /ready or /metrics\n"


async def start_endpoint(endpoint: Endpoint, host: str, port: int) -> asyncio.Server:
    """Listen; raises ``OSError``."""
    return await asyncio.start_server(endpoint.serve, host, port, limit=_HEAD_BYTES, reuse_port=True)


def _response(status: HTTPStatus, kind: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
