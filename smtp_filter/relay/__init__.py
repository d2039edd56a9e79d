"""The SMTP and LMTP listener: takes a message, asks a ``MessageFilter``, and does what it says.

There is no queue: the answer to the final dot is the next hop's own, or the filter's.  Every failure of ours
is 4xx; 250 is said only when the next hop has said it or the filter has.
"""

from smtp_filter.relay.events import Incident, MessageEvent, Observer, Result, SessionEvent
from smtp_filter.relay.listener import Listener, ListenerState
from smtp_filter.relay.settings import AllowedClient, Deadlines, Limits, ListenerTls, RelaySettings

__all__ = [
    "AllowedClient",
    "Deadlines",
    "Incident",
    "Limits",
    "Listener",
    "ListenerState",
    "ListenerTls",
    "MessageEvent",
    "Observer",
    "RelaySettings",
    "Result",
    "SessionEvent",
]
