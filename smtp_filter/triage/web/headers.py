"""The headers of every answer, and the largest body that is taken."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

# A bulk act names some thousand references; nothing is uploaded.
BODY_BYTES = 2_000_000

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers would send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_HSTS = "max-age=31536000; includeSubDomains"
_STATIC = "/static/"


class SecurityHeaders:
    """Puts the headers on every answer, errors too; pages are never kept by anybody."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._fixed = {**_HEADERS, **({"Strict-Transport-Security": _HSTS} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = scope["path"].startswith(_STATIC) and scope["query_string"].startswith(b"v=")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fixed.items():
                    headers[name] = value
                headers["Cache-Control"] = (
                    "public, max-age=31536000, immutable" if kept and message["status"] == 200 else "no-store"
                )
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses (413) a body beyond :data:`BODY_BYTES`, by its length or as it comes."""

    def __init__(self, app: ASGIApp, limit: int = BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > self._limit:
            await _too_large(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                # In the middle of the application, which makes an answer of it.
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("This is more than the console takes at once.\n", 413)(scope, receive, send)


class Contained:
    """Ends here what the application raised: it has answered and logged; the server would log it whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            # A message may quote what was worked on; the type does not.
            _log.error("a request ended in %s", type(error).__name__)
            if not begun and scope["type"] == "http":
                answer = PlainTextResponse("Sorry, there is a problem with the console.\n", 500)
                await answer(scope, receive, send)
