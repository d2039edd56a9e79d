"""The wire between the run and a worker: length-prefixed JSON, read without trust in the other side.

A worker handles hostile files, so nothing that it sends is unpickled or believed: a message has a bounded
length and must have the expected shape.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

# A capped list of findings with its evidence is some 200 kB; a worker that says more is not itself.
MESSAGE_BYTES = 8_000_000

_LENGTH = struct.Struct(">I")


class WireError(Exception):
    """The other side sent something that is no message."""


def encode(message: dict[str, Any]) -> bytes:
    """A message as bytes."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return _LENGTH.pack(len(body)) + body


class Inbox:
    """Bytes as they arrive, messages as they become whole."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages completed by ``data``; raises :class:`WireError` for nonsense."""
        self._buffer += data
        messages: list[dict[str, Any]] = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MESSAGE_BYTES:
                raise WireError("message too long")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            try:
                message = json.loads(self._buffer[_LENGTH.size : end])
            except (ValueError, RecursionError):
                raise WireError("not JSON") from None
            del self._buffer[:end]
            if not isinstance(message, dict):
                raise WireError("not an object")
            messages.append(message)
        return messages


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Wait for one message; ``None`` when the other side is gone."""
    head = _exactly(connection, _LENGTH.size)
    if head is None:
        return None
    body = _exactly(connection, _LENGTH.unpack(head)[0])
    return None if body is None else dict(json.loads(body))


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return bytes(data)
