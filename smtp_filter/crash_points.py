"""Named places where a test kills the process: the rows of the crash table (``mail_filtering`` 2.7).

Off unless the environment variable ``DLP_CRASH_AT`` is set when the process starts: to one of the names, and
the process ends by ``SIGKILL`` when it comes there, as by a power cut; or to the path of a file, and the
place that the file names kills once, as the file is taken away before.  Never set it outside of a test.
"""

from __future__ import annotations

import contextlib
import os
import signal
from enum import StrEnum
from pathlib import Path


class CrashPoint(StrEnum):
    """Where to die."""

    RECIPIENT = "recipient"  # MAIL and RCPT answered
    DATA_PART = "data-part"  # a part of the message read
    DATA_COMPLETE = "data-complete"  # all of it read, inspection not begun
    VERDICT = "verdict"  # judged "pass", the next hop has not seen the dot
    DOT_SENT = "dot-sent"  # dot sent to the next hop, its answer not read
    RELAYED = "relayed"  # the next hop said 250, the journal does not know
    JOURNALLED = "journalled"  # the journal knows, our 250 is not sent
    BODY_WRITTEN = "body-written"  # hold: body on disk, no row
    ROW_COMMITTED = "row-committed"  # hold: row committed, no 250
    NOTICE_UNSENT = "notice-unsent"  # hold answered, notice still in the outbox
    RELEASING = "releasing"  # release: intent written, before the dot
    RELEASE_DOT_SENT = "release-dot-sent"  # release: dot sent, its answer unknown


_WANTED = os.environ.get("DLP_CRASH_AT", "")


def crash_point(place: CrashPoint) -> None:
    """End the process here if a test asked for it."""
    if _WANTED and (place == _WANTED or _ordered(place)):
        os.kill(os.getpid(), signal.SIGKILL)


def _ordered(place: CrashPoint) -> bool:
    if os.sep in _WANTED:
        order = Path(_WANTED)
        with contextlib.suppress(OSError):
            if order.read_text() == place:
                order.unlink()
                return True
    return False
