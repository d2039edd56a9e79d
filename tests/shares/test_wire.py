"""The wire: messages in pieces are whole again, nonsense is refused."""

from __future__ import annotations

import json
import socket
import struct

import pytest

from scanner.shares.wire import MESSAGE_BYTES, Inbox, WireError, encode, receive

MESSAGES = [{"number": 1}, {"path": "caf\udce9 – 'x'\n"}, {"long": "x" * 100_000}]


@pytest.mark.parametrize("piece", [1, 3, 4, 7, 1_000, 1_000_000])
def test_messages_arrive_whole_whatever_the_pieces(piece: int) -> None:
    data = b"".join(map(encode, MESSAGES))
    inbox = Inbox()
    arrived = [m for start in range(0, len(data), piece) for m in inbox.feed(data[start : start + piece])]
    assert arrived == MESSAGES


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (struct.pack(">I", MESSAGE_BYTES + 1), "too long, before any of it is stored"),
        (framed(b"no json"), "not JSON"),
        (framed(b"[1]"), "not an object"),
        (framed(b'"text"'), "not an object"),
        (framed(b"\xff\xfe"), "not text"),
        (framed(b""), "empty"),
        (framed(b"[" * 100_000), "nested without end"),
    ],
)
def test_nonsense_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(WireError):
        Inbox().feed(data)


def test_receive_waits_for_the_whole_message_and_notices_the_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(encode({"a": 1}) + encode({"b": 2}) + struct.pack(">I", 10) + b"cut")
        theirs.shutdown(socket.SHUT_WR)
        assert [receive(ours), receive(ours), receive(ours)] == [{"a": 1}, {"b": 2}, None]


def test_undecodable_names_survive() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    body = encode({"path": name})[4:]
    assert json.loads(body)["path"] == name
