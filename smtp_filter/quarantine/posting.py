"""The worker that sends what is in the outbox, until each notice went or was given up."""

from __future__ import annotations

import logging
import time

from jinja2 import TemplateError
from sqlalchemy import func, select

from smtp_filter.crash_points import CrashPoint, crash_point
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.carrying import Carrier
from smtp_filter.quarantine.emergency import emergency_code
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.notices import Notices
from smtp_filter.quarantine.outbox import Notice
from smtp_filter.quarantine.releasing import marker_of

logger = logging.getLogger(__name__)


class NoticeWorker:
    """Sends notices; several may run."""

    def __init__(self, quarantine: Quarantine, carrier: Carrier) -> None:
        self._quarantine = quarantine
        self._carrier = carrier
        self._notices = notices_of(quarantine)

    async def run_once(self, now: float | None = None) -> int:
        """Send all that is due; returns how many were tried."""
        tried = 0
        while notices := self._quarantine.outbox.take(
            self._quarantine.engine, time.time() if now is None else now
        ):
            for notice in notices:
                await self._send(notice, time.time() if now is None else now)
            tried += len(notices)
        return tried

    async def _send(self, notice: Notice, now: float) -> None:
        quarantine = self._quarantine
        reference = str(notice.facts.get("reference", ""))
        page = quarantine.settings.notices.page.replace("{reference}", reference) if reference else ""
        try:
            letter = self._notices.letter(
                self._counted(notice), page=page, code=emergency_code(quarantine, reference)
            )
        except (ValueError, TypeError, LookupError, TemplateError) as error:
            # One notice that cannot be written must not keep the others; the words may be mended meanwhile.
            logger.error("notice %s cannot be written (%s)", notice.kind, type(error).__name__)
            quarantine.outbox.again(quarantine.engine, notice, now)
            return
        if letter is None:
            quarantine.outbox.end(quarantine.engine, notice, "nobody", now)
            return
        crash_point(CrashPoint.NOTICE_UNSENT)
        outcome = await self._carrier.carry(letter.envelope, letter.content, "default", letter.head)
        if outcome.delivered:
            quarantine.outbox.end(quarantine.engine, notice, "sent", now)
        elif outcome.reply.permanent:
            quarantine.outbox.end(quarantine.engine, notice, "refused", now)
        else:
            quarantine.outbox.again(quarantine.engine, notice, now)

    def _counted(self, notice: Notice) -> Notice:
        """A summary with its number, which is known only now."""
        if notice.kind != "summary":
            return notice
        facts, table = notice.facts, tables.message
        query = select(func.count()).where(
            table.c.sender == facts["sender"],
            table.c.held_at >= facts["since"] - self._quarantine.settings.notices.rate_seconds,
            table.c.held_at < facts["until"],
        )
        with self._quarantine.engine.connect() as connection:
            count = connection.execute(query).scalar_one()
        return Notice(
            notice.id,
            notice.key,
            notice.kind,
            {**facts, "count": count},
            notice.made_at,
            notice.attempts,
        )


def notices_of(quarantine: Quarantine) -> Notices:
    """The notices of an installation; raises ``NoticeTemplateError`` for a template that cannot be used."""
    return Notices(
        quarantine.settings.notices,
        marker_of(quarantine),
        quarantine.sealer.named(quarantine.engine, "marker"),
        quarantine.settings.working.zone,
    )
