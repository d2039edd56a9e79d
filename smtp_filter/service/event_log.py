"""The log: one JSON object a line, made of facts that are nobody's.

A line of our own holds what its author put there and nothing else.  What other libraries say may quote a
command, an address or a line of a message, and exceptions quote what they choked on: of those only the place
and the class are kept.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

OWN = ("smtp_filter", "scanner", "rules")
MESSAGES = "smtp_filter.messages"
"""The logger of the line about each message."""

_FACTS = "facts"


def log_event(logger: logging.Logger, level: int, event: str, **facts: Any) -> None:
    """Write a line: fixed words and facts that are no personal data (counts, times, ids of our own)."""
    logger.log(level, event, extra={_FACTS: facts})


def set_up_event_log(level: str, file: Path | None, *, messages: bool) -> None:
    """Send everything to standard error, or to a file that only its owner may read.

    ``messages`` turns on the line about each message, whatever ``level`` is.  Raises ``OSError``.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        file.touch(mode=0o600, exist_ok=True)
        # Re-opened when logrotate has moved it.
        handler = logging.handlers.WatchedFileHandler(file, encoding="utf-8")
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("smtp_filter").setLevel(min(logging.INFO, root.level))
    logging.getLogger(MESSAGES).setLevel(logging.INFO if messages else logging.WARNING)
    # aiosmtpd tells every command and, below that, every line of a message.
    logging.getLogger("mail").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; never raises, whatever the record holds."""
        own = record.name.partition(".")[0] in OWN
        line: dict[str, Any] = {
            "time": _timestamp(record.created),
            "level": record.levelname.lower(),
            "event": _words(record) if own else "said something",
            "logger": record.name,
            "pid": record.process,
        }
        if not own:
            line["place"] = f"{record.filename}:{record.lineno}"
        if record.exc_info:
            line["error"] = error_place(record.exc_info[1])
        line.update(getattr(record, _FACTS, {}))
        return json.dumps(line, ensure_ascii=True, default=lambda value: type(value).__name__)


def error_place(error: BaseException | None) -> str:
    """The class of an exception and where it was raised; not its message, which may quote a mail."""
    if error is None:
        return ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


def _timestamp(seconds: float) -> str:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{moment}.{int(seconds * 1000) % 1000:03d}Z"


def _words(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        return "unreadable record"
