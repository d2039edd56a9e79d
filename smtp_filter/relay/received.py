"""Our ``Received:`` line, the one thing that is added to a message, and what earlier ones say of its way."""

from __future__ import annotations

import re
from email.utils import formatdate

from smtp_filter.message import Client

_FIELD = re.compile(rb"(?im)^received:[^\n]*(?:\n[ \t][^\n]*)*")
_NAME = re.compile(r"[A-Za-z0-9.:_-]{1,255}|\[[0-9A-Fa-f:.IPv]{1,60}\]")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,70}")
_HEADER_VALUE = re.compile(r"[ -~]{0,900}")


def received_line(
    hostname: str, token: str, client: Client, protocol: str, queue_id: str, now: float
) -> bytes:
    """RFC 5321 4.4, without recipients; ``now`` in seconds since 1970."""
    helo = client.helo if _NAME.fullmatch(client.helo) else "unknown"
    address = client.address.partition("%")[0]
    shown = f"IPv6:{address}" if ":" in address else address
    return (
        f"Received: from {helo} ([{shown}])\r\n"
        f"\tby {hostname} (dlp relay {token}) with {protocol} id {queue_id};\r\n"
        f"\t{formatdate(now, localtime=True)}\r\n"
    ).encode("ascii", "replace")


def hops(header: bytes, token: str) -> tuple[int, bool]:
    """How many ``Received:`` lines there are, and whether one is ours."""
    fields: list[bytes] = _FIELD.findall(header)
    mark = f"(dlp relay {token})".encode("ascii", "replace")
    return len(fields), any(mark in b" ".join(field.split()) for field in fields)


def header_lines(headers: tuple[tuple[str, str], ...]) -> bytes:
    """Headers to be put on top.  Raises ``ValueError`` for anything that could become a second line."""
    for name, value in headers:
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise ValueError("a header to be added is not one line of ASCII")
    return b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in headers)
