"""The way on: next hops, their connections, and one message's transaction there.

Bytes in, the same bytes out: nothing in this room changes an address or a message.  A failure of ours or of
the next hop is a 4xx ``Reply``, never an exception and never a 250.
"""

from smtp_filter.delivery.connection import Capabilities, LostError, NextHopConnection
from smtp_filter.delivery.courier import Outcome, deliver
from smtp_filter.delivery.pool import NextHopPool
from smtp_filter.delivery.reply import Reply
from smtp_filter.delivery.settings import NextHop
from smtp_filter.delivery.transaction import NextHopTransaction

__all__ = [
    "Capabilities",
    "LostError",
    "NextHop",
    "NextHopConnection",
    "NextHopPool",
    "NextHopTransaction",
    "Outcome",
    "Reply",
    "deliver",
]
