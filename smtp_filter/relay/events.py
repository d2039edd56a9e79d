"""What is told of sessions and messages: one structured line each, and the same values for metrics.

Nothing here can hold an address, a subject, a name or a word of a message; the only text of a client's is
the upstream's queue id, and only where it looks like one.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import secrets
import traceback
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

_QUEUE_ID = re.compile(r"[A-Za-z0-9]{6,24}")

log = logging.getLogger("smtp_filter.relay")


class Result(StrEnum):
    """What became of a message."""

    RELAYED = "relayed"  # the next hop took it
    NEXT_HOP_REFUSED = "next-hop-refused"  # it said 4xx or 5xx, or could not be reached
    ANSWERED = "answered"  # the filter's own answer: held, refused, try again
    FAILED = "failed"  # an exception of ours, answered 451
    UNWANTED = "unwanted"  # the client was gone, or had been answered 451 for lateness, before the dot
    NOT_TAKEN = "not-taken"  # too large, too long a line, no room: refused while reading


class Incident(StrEnum):
    """What happened to a session."""

    NOT_ALLOWED = "not-allowed"
    BUSY = "busy"
    PIPELINING = "pipelining"
    BARE_LF_COMMAND = "bare-lf-command"
    TLS_FAILED = "tls-failed"
    TIMEOUT = "timeout"
    TOO_MANY_ERRORS = "too-many-errors"
    EXCEPTION = "exception"


@dataclasses.dataclass(frozen=True, slots=True)
class MessageEvent:
    """The end of one message.  Times are in seconds; ``late``: the client had been answered before."""

    queue_id: str
    result: Result
    code: int
    upstream_id: str = ""
    client: str = ""
    tls: str = ""
    size: int = 0
    recipients: int = 0
    route: str = ""
    hops: int = 0
    bare_line_ends: int = 0
    longest_line: int = 0
    receive_seconds: float = 0.0
    examine_seconds: float = 0.0
    deliver_seconds: float = 0.0
    late: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something noteworthy in a session.  ``where`` names source lines, ``kind`` an exception class."""

    incident: Incident
    client: str = ""
    reference: str = ""
    kind: str = ""
    where: str = ""


Observer = Callable[[MessageEvent | SessionEvent], None]


def report(event: MessageEvent | SessionEvent) -> None:
    """Write the event's line to the log."""
    fields = (
        f"{field.name}={value:.3f}" if isinstance(value, float) else f"{field.name}={value}"
        for field in dataclasses.fields(event)
        if (value := getattr(event, field.name)) not in ("", 0, False)
    )
    level = (
        logging.ERROR
        if isinstance(event, SessionEvent) and event.incident is Incident.EXCEPTION
        else logging.INFO
    )
    log.log(level, "%s %s", "message" if isinstance(event, MessageEvent) else "session", " ".join(fields))


def exception_event(error: BaseException, client: str) -> SessionEvent:
    """An exception as class, source lines and a reference; its text may hold anything and is left out."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return SessionEvent(
        Incident.EXCEPTION,
        client,
        reference=secrets.token_hex(2).upper(),
        kind=type(error).__name__,
        where=",".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames),
    )


def upstream_id(value: str) -> str:
    """A queue id as forwarded by XFORWARD IDENT, or nothing."""
    return value if _QUEUE_ID.fullmatch(value) else ""


def silence_aiosmtpd() -> None:
    """Let nothing of aiosmtpd's own log through: it writes senders, recipients and whole messages."""
    theirs = logging.getLogger("mail.log")
    theirs.setLevel(logging.CRITICAL + 1)
    theirs.propagate = False
    if _nothing not in theirs.filters:
        theirs.addFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False
