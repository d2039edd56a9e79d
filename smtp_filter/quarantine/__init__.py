"""The quarantine: held mail, sealed; decisions of people; releases, notices and a log of it all.

A held message is ours from the moment :meth:`Quarantine.hold` returns: it ends released, rejected or expired,
each with a line in the log and a notice to its sender, and never silently.
"""

from smtp_filter.quarantine.carrying import Carrier
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import (
    Actor,
    Decision,
    HeldDetail,
    HeldMessage,
    HoldReference,
    NoRoomError,
    QuarantineError,
    State,
)
from smtp_filter.quarantine.searching import Filter, Page, list_messages
from smtp_filter.quarantine.settings import NoticeSettings, QuarantineSettings

__all__ = [
    "Actor",
    "Carrier",
    "Decision",
    "Desk",
    "Filter",
    "HeldDetail",
    "HeldMessage",
    "HoldReference",
    "NoRoomError",
    "NoticeSettings",
    "Page",
    "Quarantine",
    "QuarantineError",
    "QuarantineSettings",
    "State",
    "list_messages",
]
