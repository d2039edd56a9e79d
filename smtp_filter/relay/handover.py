"""One message from its final dot to the answer: examined, handed on, journalled.

Runs in a task of its own, so that a client that goes away cannot cut it in half (``mail_filtering`` 2.7).
As long as the dot has not gone out, a client that is gone, or was told to try again, means that nothing is
delivered: it will come again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from smtp_filter.crash_points import CrashPoint, crash_point
from smtp_filter.delivery import NextHopPool, NextHopTransaction, Reply
from smtp_filter.message import Answer, Deliver, Message, MessageFilter
from smtp_filter.relay.events import (
    MessageEvent,
    Observer,
    Result,
    SessionEvent,
    exception_event,
    upstream_id,
)
from smtp_filter.relay.received import header_lines
from smtp_filter.relay.tagging import tagged

INSPECTION_LATE = Reply(451, "4.7.1 Inspection unavailable, try again")
DELIVERY_LATE = Reply(451, "4.4.1 Next hop unavailable, try again")
RECIPIENTS_DIFFER = Reply(451, "4.4.1 Next hop answers differently now, try again")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a handover needs of the listener."""

    message_filter: MessageFilter
    pools: Mapping[str, NextHopPool]
    observe: Observer


class Handover:
    """``run`` it once.  ``wanted`` may be set to false from outside at any time."""

    def __init__(
        self,
        message: Message,
        received_line: bytes,
        mirrored: NextHopTransaction,
        surroundings: Surroundings,
        release: Callable[[], None],
        receive_seconds: float = 0.0,
    ) -> None:
        """``release`` frees the content; it is called when nobody reads it any more."""
        self._message = message
        self._received_line = received_line
        self._mirrored = mirrored
        self._around = surroundings
        self._release = release
        self._event = MessageEvent(
            message.queue_id,
            Result.FAILED,
            451,
            upstream_id=upstream_id(message.client.xforward.get("IDENT", "")),
            client=message.client.address,
            tls=message.client.tls,
            size=message.content.size,
            recipients=len(message.envelope.recipients),
            hops=message.hops,
            bare_line_ends=message.bare_line_ends,
            longest_line=message.longest_line,
            receive_seconds=receive_seconds,
        )
        self.wanted = True
        self.examined = False

    def could_deliver(self, message: Message) -> bool:
        """Whether this one is past its examination, nobody waits for it, and its message may be the same."""
        mine = self._message
        return (
            self.examined
            and not self.wanted
            and mine.envelope.sender == message.envelope.sender
            and mine.content.size == message.content.size
        )

    def fingerprint(self) -> str:
        """The message's; raises ``OSError`` or ``ValueError`` when the handover has ended meanwhile."""
        return self._message.fingerprint()

    async def run(self) -> tuple[Reply, ...]:
        """The answers: one, or for LMTP one for each recipient in their order.  Never raises."""
        try:
            replies = await self._examine_and_deliver()
        except Exception as error:
            event = exception_event(error, self._message.client.address)
            self._observe(event)
            replies = self._for_all(internal_error(event.reference))
            self._note(Result.FAILED, replies[0])
        finally:
            self._mirrored.abandon()
            self._release()
        self._event = replace(self._event, late=not self.wanted)
        self._observe(self._event)
        return replies

    async def _examine_and_deliver(self) -> tuple[Reply, ...]:
        crash_point(CrashPoint.DATA_COMPLETE)
        started = time.monotonic()
        decision = await self._around.message_filter.examine(self._message)
        self.examined = True
        self._event = replace(self._event, examine_seconds=time.monotonic() - started)
        if isinstance(decision, Answer):
            reply = Reply(decision.code, decision.text)
            self._note(Result.ANSWERED, reply)
            return self._for_all(reply)
        if not self.wanted:
            self._note(Result.UNWANTED, INSPECTION_LATE)
            return self._for_all(INSPECTION_LATE)
        crash_point(CrashPoint.VERDICT)
        return await self._deliver(decision)

    async def _deliver(self, decision: Deliver) -> tuple[Reply, ...]:
        self._event = replace(self._event, route=decision.route)
        answers = {address: Reply(answer.code, answer.text) for address, answer in decision.refused.items()}
        if answers and not self._message.per_recipient:
            raise ValueError("answers for single recipients where the client takes one for all")
        head = self._received_line + header_lines(decision.headers)
        transaction = self._mirrored
        if decision.route != "default" or answers:
            self._mirrored.abandon()
            opened = await self._open(decision.route, answers)
            if isinstance(opened, Reply):
                self._note(Result.NEXT_HOP_REFUSED, opened)
                return self._for_all(opened, answers)
            transaction = opened
        started = time.monotonic()
        try:
            content = self._message.content
            if decision.subject_tag:
                tag_head, content = tagged(content, decision.subject_tag)
                head += tag_head
            reply = await transaction.send(head, content, lambda: self.wanted)
        finally:
            transaction.abandon()
        self._event = replace(self._event, deliver_seconds=time.monotonic() - started)
        if reply is None:
            self._note(Result.UNWANTED, DELIVERY_LATE)
            return self._for_all(DELIVERY_LATE)
        if reply.positive:
            self._note(Result.RELAYED, reply)
            await self._journal(reply)
        else:
            self._note(Result.NEXT_HOP_REFUSED, reply)
        return self._for_all(reply, answers)

    async def _open(self, route: str, answers: dict[str, Reply]) -> NextHopTransaction | Reply:
        """The same envelope on another route; with LMTP a refused recipient is answered alone."""
        message = self._message
        transaction = NextHopTransaction(
            self._around.pools[route], message.envelope, message.client, message.content.size
        )
        reply = await transaction.mail()
        if not reply.positive:
            return reply
        for recipient in message.envelope.recipients:
            if recipient.address in answers:
                continue
            reply = await transaction.rcpt(recipient)
            if not reply.positive and not message.per_recipient:
                transaction.abandon()
                return RECIPIENTS_DIFFER
            if not reply.positive:
                answers[recipient.address] = reply
        if not transaction.recipients:
            transaction.abandon()
            return reply
        return transaction

    async def _journal(self, reply: Reply) -> None:
        crash_point(CrashPoint.RELAYED)
        try:
            await self._around.message_filter.relayed(self._message, f"{reply.code} {reply.text}")
        except Exception as error:
            # The next hop has it: whatever became of the journal, the answer is 250.
            self._observe(exception_event(error, self._message.client.address))
        crash_point(CrashPoint.JOURNALLED)

    def _for_all(self, reply: Reply, single: Mapping[str, Reply] | None = None) -> tuple[Reply, ...]:
        if not self._message.per_recipient:
            return (reply,)
        answers = single or {}
        return tuple(answers.get(one.address, reply) for one in self._message.envelope.recipients)

    def _note(self, result: Result, reply: Reply) -> None:
        self._event = replace(self._event, result=result, code=reply.code)

    def _observe(self, event: MessageEvent | SessionEvent) -> None:
        self._around.observe(event)


def internal_error(reference: str) -> Reply:
    """An exception, as the client may see it."""
    return Reply(451, f"4.3.0 Internal error, reference {reference}")
