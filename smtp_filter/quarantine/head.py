"""What the quarantine reads of a message's head: subject, author, Message-ID, and a hash of the body."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from scanner.documents.mail_headers import HEADER_BLOCK, decoded_words, split_headers
from smtp_filter.message import Content

# Longer ones are attempts; what is cut is still in the body.
_SUBJECT = 2_000
_FROM = 2_000
_ID = 998
_MACHINES = frozenset({"bulk", "list", "junk", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Head:
    """``body_hash`` is over the bytes behind the head: transactions of one human message share it.

    ``automatic`` says that a program wrote it: nobody is there to read an answer (RFC 3834).
    """

    subject: str
    header_from: str
    message_id: str
    references: str
    automatic: bool
    body_hash: bytes


def read_head(content: Content) -> Head:
    """Read the head of a message; never raises for what is in it."""
    with content.open() as file:
        start = file.read(HEADER_BLOCK)
        fields, begin = split_headers(start, 0, len(start))
        digest = hashlib.sha256(start[begin:])
        while piece := file.read(1 << 20):
            digest.update(piece)
    first: dict[str, str] = {}
    for name, value in fields:
        first.setdefault(name.lower(), value)
    automatic = (
        first.get("auto-submitted", "no").strip().lower() != "no"
        or first.get("precedence", "").strip().lower() in _MACHINES
        or "x-auto-response-suppress" in first
        or "list-id" in first
    )
    return Head(
        subject=" ".join(decoded_words(first.get("subject", "")).split())[:_SUBJECT],
        header_from=" ".join(decoded_words(first.get("from", "")).split())[:_FROM],
        message_id=first.get("message-id", "").strip()[:_ID],
        references=first.get("references", "").strip()[:_ID],
        automatic=automatic,
        body_hash=digest.digest(),
    )


def stands_in_head(location: str) -> bool:
    """Whether a place is a field of the head, where addresses and names stand anyway; the subject is none.

    >>> stands_in_head("header From"), stands_in_head("header Subject"), stands_in_head("body > line 3")
    (True, False, False)
    """
    first = location.partition(" > ")[0]
    return first.startswith("header ") and first != "header Subject"
