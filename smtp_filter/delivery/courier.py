"""Delivery of a stored or home-made message: a release from the quarantine, a notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from smtp_filter.delivery.pool import NextHopPool
from smtp_filter.delivery.reply import UNAVAILABLE, Reply
from smtp_filter.delivery.transaction import NextHopTransaction
from smtp_filter.message import Content, Envelope, Recipient


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the next hop said.

    ``reply`` is its answer to the message (or to MAIL, or to the last recipient when it took none);
    ``refused`` holds the answer to each recipient that it did not take, who has got nothing.  ``dot_sent``
    says that the final dot went out: with a ``reply`` that is not positive the message may then have been
    taken all the same (RFC 1047).
    """

    reply: Reply
    refused: Mapping[Recipient, Reply] = field(default_factory=dict)
    dot_sent: bool = False

    @property
    def delivered(self) -> bool:
        """The next hop took it, for all recipients that are not in ``refused``."""
        return self.reply.positive and self.dot_sent


async def deliver(
    pool: NextHopPool,
    envelope: Envelope,
    content: Content,
    head: bytes = b"",
    before_dot: Callable[[], bool] = lambda: True,
) -> Outcome:
    """Send one message to all of ``envelope.recipients``; never raises for anything the next hop does.

    ``head`` are whole header lines to be put on top.  ``before_dot`` is called right before the final dot
    (so that "dot sent" can be written down first); when it returns false nothing is delivered and ``reply``
    is 451.
    """
    dot_sent = False

    def wanted() -> bool:
        nonlocal dot_sent
        dot_sent = before_dot()
        return dot_sent

    transaction = NextHopTransaction(pool, envelope, size=len(head) + content.size)
    reply = await transaction.mail()
    if not reply.positive:
        return Outcome(reply)
    refused: dict[Recipient, Reply] = {}
    try:
        for recipient in envelope.recipients:
            reply = await transaction.rcpt(recipient)
            if not reply.positive:
                refused[recipient] = reply
        if not transaction.recipients:
            return Outcome(reply, refused)
        answer = await transaction.send(head, content, wanted)
    finally:
        transaction.abandon()
    return Outcome(answer or UNAVAILABLE, refused, dot_sent)
