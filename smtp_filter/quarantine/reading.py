"""One held message: everything that is known of it, its values where a reason is given, its exact bytes.

A reveal and a download are acts of their own: recorded before anything is shown.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select

from scanner.store.audit import AuditEvent
from scanner.store.database import writing
from smtp_filter.message import Content
from smtp_filter.quarantine import disclosures, tables
from smtp_filter.quarantine.encoding import (
    Whole,
    proposal_from_bytes,
    values_from_bytes,
    whole_from_bytes,
)
from smtp_filter.quarantine.holding import DETAIL, VALUES, Quarantine
from smtp_filter.quarantine.model import (
    SYSTEM,
    Actor,
    GoneError,
    Handover,
    HeldDetail,
    HeldRecipient,
    HistoryLine,
    QuarantineError,
)
from smtp_filter.quarantine.searching import message_row, read_rows
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.verdict.model import RouteKind

PROPOSAL = "held proposal"


def show(quarantine: Quarantine, reference: str, actor: Actor) -> HeldDetail:
    """Everything of one message, masked; that it was looked at is recorded.

    Raises ``NotFoundError``, and :class:`GoneError` once its key was destroyed.
    """
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        detail = read_detail(quarantine, connection, row, actor)
        _record(quarantine, connection, actor, "view", row.reference)
    return detail


def reveal(quarantine: Quarantine, reference: str, actor: Actor, reason: str) -> list[str | None]:
    """The real values of the findings, in the order of ``show``; the reason is recorded first."""
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        _allow_looking_inside(quarantine, connection, row, actor, "reveal", reason)
        sealed = connection.execute(
            select(tables.detail.c["values"]).where(tables.detail.c.message_id == row.id)
        ).scalar()
        key = quarantine.sealer.key(connection, row.body_key)
    return values_from_bytes(key.open(sealed, VALUES)) if sealed else []


def original(quarantine: Quarantine, reference: str, actor: Actor, reason: str) -> Iterator[bytes]:
    """The exact bytes of the message in pieces; the reason is recorded before the first."""
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        _allow_looking_inside(quarantine, connection, row, actor, "download", reason)
    with quarantine.engine.connect() as connection:
        key = quarantine.sealer.key(connection, row.body_key)
        yield from quarantine.bodies.read(connection, row.body, key)


@contextmanager
def looking_inside(
    quarantine: Quarantine, reference: str, actor: Actor, act: str, reason: str
) -> Iterator[Content]:
    """The exact bytes for one who may see them; the act and its reason are recorded before."""
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        _allow_looking_inside(quarantine, connection, row, actor, act, reason)
    with content_of(quarantine, row) as content:
        yield content


@contextmanager
def content_of(quarantine: Quarantine, row: Any) -> Iterator[Content]:
    """The exact bytes as a message's content, for sending: in memory that is no file of any disk."""
    descriptor = os.memfd_create("dlp-release")
    try:
        with quarantine.engine.connect() as connection, os.fdopen(os.dup(descriptor), "wb") as file:
            key = quarantine.sealer.key(connection, row.body_key)
            for piece in quarantine.bodies.read(connection, row.body, key):
                file.write(piece)
        yield Content.from_descriptor(descriptor)
    finally:
        os.close(descriptor)


def read_whole(quarantine: Quarantine, connection: Connection, row: Any) -> Whole:
    """Envelope, inspection and verdict of a row, unsealed."""
    key = quarantine.sealer.keys(connection, [row.key_id]).get(row.key_id)
    sealed = connection.execute(
        select(tables.detail.c.sealed).where(tables.detail.c.message_id == row.id)
    ).scalar()
    if key is None or not sealed:
        raise GoneError(f"{row.reference} was deleted; only its numbers and its log are left")
    return whole_from_bytes(key.open(sealed, DETAIL))


def read_detail(
    quarantine: Quarantine, connection: Connection, row: Any, actor: Actor = SYSTEM
) -> HeldDetail:
    """Everything of a row but its body; covered where it concerns a shielded subject."""
    (message,) = read_rows(quarantine, connection, [row], whole=True)
    whole = read_whole(quarantine, connection, row)
    judged = {one.address: one for one in whole.verdict.recipients}
    handovers = select(tables.recipient.c.number, tables.recipient.c.handover).where(
        tables.recipient.c.message_id == row.id
    )
    handed = {one.number: one.handover for one in connection.execute(handovers)}
    recipients = []
    for index, recipient in enumerate(whole.envelope.recipients):
        one = judged.get(recipient.address)
        recipients.append(
            HeldRecipient(
                recipient.address,
                one.route if one else RouteKind.OUTSIDE,
                one.why if one else "",
                Handover(handed.get(index, Handover.PENDING.value)),
            )
        )
    proposal = None
    if row.proposal:
        key = quarantine.sealer.key(connection, row.key_id)
        proposal = proposal_from_bytes(key.open(row.proposal, PROPOSAL))
    table = tables.transition
    history = connection.execute(select(table).where(table.c.message_id == row.id).order_by(table.c.id))
    others = connection.execute(
        select(tables.message.c.reference)
        .where(tables.message.c.case_id == row.case_id, tables.message.c.id != row.id)
        .order_by(tables.message.c.id)
        .limit(100)
    )
    detail = HeldDetail(
        message=message,
        envelope=whole.envelope,
        recipients=tuple(recipients),
        inspection=whole.inspection,
        verdict=whole.verdict,
        header_from=whole.header_from,
        message_id=whole.message_id,
        client=whole.client,
        proposal=proposal,
        history=tuple(
            HistoryLine(line.at, line.actor, line.act, line.before, line.after, line.reason)
            for line in history
        ),
        others_of_case=tuple(others.scalars()),
    )
    hidden = quarantine.shield.hides(
        connection, SightingKind.MESSAGE, row.id, actor, time.time(), whole.inspection.fingerprints()
    )
    return quarantine.shield.cover_detail(detail) if hidden else detail


def allow_looking_behind(quarantine: Quarantine, connection: Connection, row: Any, actor: Actor) -> None:
    """Raise ``ForbiddenError`` where what is inside concerns a shielded subject and nobody agreed."""
    quarantine.shield.check(connection, SightingKind.MESSAGE, row.id, actor, time.time())


def _allow_looking_inside(
    quarantine: Quarantine, connection: Connection, row: Any, actor: Actor, act: str, reason: str
) -> None:
    if not reason.strip():
        raise QuarantineError(f"a reason is needed to {act} what is in {row.reference}")
    if not row.body:
        raise GoneError(f"the body of {row.reference} was deleted")
    allow_looking_behind(quarantine, connection, row, actor)
    _record(quarantine, connection, actor, act, row.reference, reason)
    most = quarantine.settings.notices.disclosures_per_hour
    disclosures.watch(quarantine.audit, quarantine.outbox, connection, actor, most, time.time())


def _record(
    quarantine: Quarantine,
    connection: Connection,
    actor: Actor,
    act: str,
    reference: str,
    reason: str = "",
) -> None:
    quarantine.audit.record(
        connection,
        AuditEvent(
            actor=actor.name,
            role=actor.role,
            origin=actor.origin,
            act=f"quarantine.{act}",
            subject=reference,
            reason=reason,
        ),
    )
