"""The verdict on a message: routes, encryption, misdirection and the policy, to one word and one action.

``judge_message`` takes the envelope, the message's headers and its inspection, and gives a ``Verdict`` with a
judgement for each recipient.  The room is pure: it opens no file and asks no network; what it knows of
domains and rules is handed to it in ``VerdictSettings``, who wrote to whom before comes through the
``ContactHistory`` protocol.
"""

from smtp_filter.verdict.contacts import ContactHistory, MemoryContacts
from smtp_filter.verdict.judging import judge_message
from smtp_filter.verdict.model import (
    Action,
    NotInspected,
    RecipientVerdict,
    RouteKind,
    Verdict,
    Word,
)
from smtp_filter.verdict.settings import VerdictSettings

__all__ = [
    "Action",
    "ContactHistory",
    "MemoryContacts",
    "NotInspected",
    "RecipientVerdict",
    "RouteKind",
    "Verdict",
    "VerdictSettings",
    "Word",
    "judge_message",
]
