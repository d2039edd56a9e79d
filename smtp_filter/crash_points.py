"""Named places where a test kills the process: the rows of the crash table (``mail_filtering`` 2.7).

Off unless the environment variable ``DLP_CRASH_AT`` names one when the process starts; then the process ends by
``SIGKILL`` the first time it comes there, as by a power cut.  Never set it outside of a test.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum


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
    if place == _WANTED:
        os.kill(os.getpid(), signal.SIGKILL)
