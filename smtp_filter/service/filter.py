"""The decision about one message: examined, judged, and then passed, held or returned.

Everything of ours that fails is "try again"; nothing is passed because something of ours broke.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from rules.mail.matching import address_matches
from scanner.documents.mail_headers import Header
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Reason, Severity
from scanner.store.sealing import SealingError
from smtp_filter.inspection_pool import InspectionFailedError, InspectionPool, PoolFullError
from smtp_filter.message import Answer, Deliver, Message
from smtp_filter.quarantine import NoRoomError
from smtp_filter.quarantine.contacts import Sent
from smtp_filter.service.account import Account
from smtp_filter.service.batches import Batches
from smtp_filter.service.event_log import error_place, log_event
from smtp_filter.service.examining import Examined, exclusion_facts, from_wire, unexamined
from smtp_filter.service.figures import Figures
from smtp_filter.service.records import Records, acquaintance
from smtp_filter.verdict import Action, Verdict, VerdictSettings, Word, judge_message
from smtp_filter.verdict.addresses import read_address

logger = logging.getLogger(__name__)

TRY_AGAIN = Answer(451, "4.7.1 Inspection unavailable, try again")
NO_STORE = Answer(451, "4.3.0 Storage unavailable, try again")
NO_ROOM = Answer(452, "4.3.1 Insufficient storage")

# Postfix's own limit (hopcount_limit): a message that passed more servers goes round in circles.
HOPS = 50
# From this size on even hashing is kept off the event loop.
_SMALL = 256_000
_CONTACTS_SECONDS = 2.0
# Messages between verdict and the next hop's answer; those that it refused stay here until pushed out.
_UNDER_WAY = 2_000

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """What the filter is told.

    A message whose examination failed ``attempts`` times is held.  ``council`` and ``help_text`` stand in the
    reply to a returned message (ASCII).
    """

    judging: VerdictSettings
    attempts: int = 3
    council: str = ""
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A message that the next hop has not answered yet: whom it makes known, who is to be told of it."""

    fingerprint: str
    sent: Sent | None
    told: tuple[Verdict, dict[str, int]] | None


class Filter:
    """The service's ``MessageFilter``.  ``close`` it after the last message."""

    def __init__(
        self,
        settings: FilterSettings,
        pool: InspectionPool,
        records: Records,
        account: Account,
        figures: Figures,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._records = records
        self._account = account
        self._figures = figures
        # The database answers in a millisecond or waits for a lock: neither belongs on the event loop.
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="records")
        self._sent: dict[str, _UnderWay] = {}
        self._relayed = Batches[tuple[str, str]](lambda some: self._in_thread(records.note_relayed, some))
        # Who knows whom is worth no waiting, and half a minute of it can be lost.
        self._contacts = Batches[Sent](
            lambda some: self._in_thread(records.note_contacts, some), _CONTACTS_SECONDS
        )

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._relayed.close()
        await self._contacts.close()
        await asyncio.to_thread(self._threads.shutdown)

    # --- the two questions of the relay -------------------------------------------------------------------

    async def examine(self, message: Message) -> Deliver | Answer:
        """See ``MessageFilter``."""
        try:
            return await self._decide(message)
        except (SQLAlchemyError, SealingError, OSError) as error:
            return self._failed("storage", error, NO_STORE)
        except NoRoomError as error:
            return self._failed("disk", error, NO_ROOM)

    async def relayed(self, message: Message, reply: str) -> None:
        """See ``MessageFilter``: the journal that answers a retry of what went out already."""
        known = self._sent.pop(message.queue_id, None)
        fingerprint = known.fingerprint if known else await self._fingerprint(message)
        await self._relayed.put((fingerprint, reply))
        if known is None:
            return
        if known.sent is not None:
            self._contacts.add(known.sent)
        if known.told is not None:
            await self._in_thread(self._records.tell, message, fingerprint, *known.told, delivered=True)

    # --- one message --------------------------------------------------------------------------------------

    async def _decide(self, message: Message) -> Deliver | Answer:
        fingerprint = await self._fingerprint(message)
        if await self._in_thread(self._records.earlier_reply, fingerprint) is not None:
            self._account.decided(message.queue_id, outcome="repeated")
            return Answer(250, "2.0.0 Already relayed")
        if message.looped or message.hops > HOPS:
            return await self._hold_loop(message, fingerprint)
        excluded = await self._in_thread(self._records.exclusions, message)
        try:
            examined = from_wire(await self._pool.examine(message.content, exclusion_facts(excluded)))
        except PoolFullError as error:
            return self._failed("busy", error, TRY_AGAIN)
        except (InspectionFailedError, ValueError, KeyError, TypeError) as error:
            return await self._not_examined(message, fingerprint, error)
        verdict = await self._in_thread(self._judge, message, examined.headers, examined.inspection)
        return await self._act(message, fingerprint, examined, verdict)

    def _judge(self, message: Message, headers: tuple[Header, ...], inspection: Inspection) -> Verdict:
        return judge_message(
            message.envelope,
            headers,
            inspection,
            self._settings.judging,
            history=self._records.contacts,
            today=date.today(),
        )

    async def _act(
        self, message: Message, fingerprint: str, examined: Examined, verdict: Verdict
    ) -> Deliver | Answer:
        self._account.judged(message.queue_id, verdict, dict(examined.inspection.counts))
        stopped = verdict.action in (Action.HOLD, Action.RETURN)
        if stopped and await self._in_thread(self._records.is_our_own, message):
            # A release or a notice that came round: a person has decided, or we have written it.
            self._account.decided(message.queue_id, own=True)
            return Deliver()
        counts = dict(examined.inspection.counts)
        told = (verdict, counts) if verdict.notify or verdict.copy_to else None
        if verdict.action is Action.RETURN and self._ours(message):
            if told is not None:
                await self._in_thread(self._records.tell, message, fingerprint, *told, delivered=False)
            self._account.decided(message.queue_id, outcome="returned")
            return Answer(550, self._refusal(message))
        if stopped:
            return await self._hold(message, fingerprint, examined.inspection, verdict)
        # The relay says so when it went; until then nobody is acquainted.
        sent = acquaintance(message, examined.headers, verdict)
        self._remember(message, _UnderWay(fingerprint, sent, told))
        return Deliver(route=verdict.route, headers=verdict.headers, subject_tag=verdict.subject_tag)

    async def _hold(
        self, message: Message, fingerprint: str, inspection: Inspection, verdict: Verdict
    ) -> Answer:
        policy = self._settings.judging.rules.policy
        sender = message.envelope.sender.lower()
        department = next(
            (one.name for one in policy.departments if address_matches(sender, one.members)), ""
        )
        held = await self._in_thread(
            self._records.hold,
            message,
            inspection,
            verdict,
            department=department,
            fingerprint=fingerprint,
        )
        self._account.decided(message.queue_id, outcome="held", reference=held.reference)
        return Answer(250, f"2.0.0 Held for review as {held.reference}")

    # --- what cannot be examined --------------------------------------------------------------------------

    async def _not_examined(self, message: Message, fingerprint: str, error: Exception) -> Deliver | Answer:
        reason = error.reason if isinstance(error, InspectionFailedError) else type(error).__name__
        if isinstance(error, InspectionFailedError) and not error.blame:
            return self._failed("no worker", error, TRY_AGAIN)
        failures = await self._in_thread(self._records.note_failure, fingerprint)
        if failures >= self._settings.attempts:
            return await self._hold_unexamined(message, fingerprint, reason)
        self._account.decided(message.queue_id, attempt=failures, failure=reason)
        return self._failed("examination", error, TRY_AGAIN)

    async def _hold_unexamined(self, message: Message, fingerprint: str, reason: str) -> Deliver | Answer:
        """A message that breaks its examination is never passed unseen, whatever the policy tolerates."""
        inspection = unexamined(reason, message.content.size)
        verdict = await self._in_thread(self._judge, message, (), inspection)
        if verdict.monitored is None:
            verdict = dataclasses.replace(verdict, word=Word.HOLD, action=Action.HOLD)
        self._account.judged(message.queue_id, verdict, {})
        if verdict.action is Action.HOLD:
            return await self._hold(message, fingerprint, inspection, verdict)
        return Deliver(route=verdict.route, headers=verdict.headers)

    async def _hold_loop(self, message: Message, fingerprint: str) -> Answer:
        """A message that goes round in circles stops here, also in monitor-only mode."""
        inspection = unexamined("it goes round in circles", message.content.size)
        verdict = await self._in_thread(self._judge, message, (), inspection)
        reason = Reason("mail_loop", "The message came back to this relay: a mail loop.", Severity.MEDIUM)
        verdict = dataclasses.replace(
            verdict,
            word=Word.HOLD,
            action=Action.HOLD,
            severity=max(verdict.severity, Severity.MEDIUM),
            reasons=(reason,),
            monitored=None,
        )
        self._account.judged(message.queue_id, verdict, {})
        return await self._hold(message, fingerprint, inspection, verdict)

    # --- small things -------------------------------------------------------------------------------------

    def _ours(self, message: Message) -> bool:
        """Whether the sender is one of the council's own: a refusal quotes the message to the sender."""
        sender = read_address(message.envelope.sender)
        judging = self._settings.judging
        return judging.route_table().inside(judging.own_domains, sender).holds(sender.domain)

    def _refusal(self, message: Message) -> str:
        council = f"{self._settings.council} mail check" if self._settings.council else "Mail check"
        told = f" Help: {self._settings.help_text}" if self._settings.help_text else ""
        text = (
            f"5.7.1 {council}: not sent. It contains personal data and is not encrypted. "
            f"Reference {message.queue_id}.{told}"
        )
        return text.encode("ascii", "replace").decode("ascii")[:480]

    def _remember(self, message: Message, under_way: _UnderWay) -> None:
        """Until the next hop has answered: a message that it does not take leaves nothing behind."""
        if len(self._sent) >= _UNDER_WAY:
            self._sent.pop(next(iter(self._sent)))
        self._sent[message.queue_id] = under_way

    def _failed(self, reason: str, error: Exception, answer: Answer) -> Answer:
        self._figures.failures.labels(reason).inc()
        log_event(logger, logging.WARNING, "try again", failure=reason, error=error_place(error))
        return answer

    async def _fingerprint(self, message: Message) -> str:
        if message.content.size <= _SMALL:
            return message.fingerprint()
        return await asyncio.to_thread(message.fingerprint)

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: call(*args, **named))
