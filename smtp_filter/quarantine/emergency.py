"""Emergency release: what must go tonight goes in seconds, by two people, and is reviewed next day.

The sender says why: over the page, by the command, or with the code of the notice.  Somebody with the right
to approve confirms.  Both are recorded, and the release stays on a list until somebody has reviewed it.
"""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from scanner.store.audit import AuditEvent, recordable
from scanner.store.database import writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk, concerns
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import (
    UNDECIDED,
    Actor,
    ConflictError,
    Decision,
    ForbiddenError,
    QuarantineError,
)
from smtp_filter.quarantine.searching import message_row

CONFIRMING_ROLES = frozenset({"approver", "duty"})
_CONTEXT = "emergency"
_CODE_BYTES = 5  # eight letters; a guess is refused and recorded

_emergency = tables.emergency


@dataclass(frozen=True, slots=True)
class EmergencyRelease:
    """One emergency: who asked when and why, who confirmed, who reviewed and with which result."""

    reference: str
    asked_at: float
    asked_by: str
    why: str
    confirmed_at: float | None
    confirmed_by: str
    reviewed_at: float | None
    reviewed_by: str
    justified: bool | None


def emergency_code(quarantine: Quarantine, reference: str) -> str:
    """The code in the notice to the sender: whoever has it got the notice."""
    digest = hmac.digest(quarantine.emergency_key, reference.encode(), "sha256")
    letters = base64.b32encode(digest[:_CODE_BYTES]).decode()
    return f"{letters[:4]}-{letters[4:]}"


def ask(quarantine: Quarantine, reference: str, actor: Actor, why: str, *, code: str = "") -> None:
    """The sender asks for an emergency release, as themselves or by the code of the notice.

    Raises ``ForbiddenError`` for anybody else, ``ConflictError`` where it is decided already.
    """
    if not why.strip():
        raise QuarantineError("say in one sentence why it must go now")
    now = time.time()
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        by_code = hmac.compare_digest(
            _letters(code).encode(), _letters(emergency_code(quarantine, row.reference)).encode()
        )
        if not by_code and not concerns(quarantine, connection, row, actor.addresses):
            raise ForbiddenError(
                f"only the sender of {row.reference} can ask; the code of the notice is wrong"
            )
        if row.state not in UNDECIDED:
            raise ConflictError(f"{row.reference} is {row.state.replace('_', ' ')} already")
        key = quarantine.sealer.key(connection, row.key_id)
        known = connection.execute(
            select(_emergency.c.id).where(_emergency.c.message_id == row.id)
        ).one_or_none()
        values = {
            "asked_at": now,
            "asked_by": recordable(actor.name, 200),
            "sealed": key.seal(why[:4000].encode("utf-8", "replace"), _CONTEXT),
            "confirmed_by": "",
            "reviewed_by": "",
        }
        if known is None:
            connection.execute(insert(_emergency).values(message_id=row.id, **values))
        else:
            connection.execute(update(_emergency).where(_emergency.c.id == known.id).values(**values))
        quarantine.outbox.put(
            connection,
            f"emergency:{row.id}:{int(now)}",
            "emergency",
            {"reference": row.reference},
            now,
            message_id=row.id,
        )
        _record(quarantine, connection, actor, "emergency.ask", row.reference, why)


def confirm(quarantine: Quarantine, reference: str, actor: Actor, reason: str = "confirmed") -> None:
    """Confirm an emergency: the message goes out now, whatever its severity; it is on the review list."""
    if actor.role not in CONFIRMING_ROLES:
        raise ForbiddenError(f"the role {actor.role!r} cannot confirm an emergency release")
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        asked = connection.execute(select(_emergency).where(_emergency.c.message_id == row.id)).one_or_none()
        if asked is None:
            raise ConflictError(f"nobody has asked for an emergency release of {row.reference}")
        if asked.asked_by == actor.name:
            raise ForbiddenError("whoever asked cannot confirm")
        connection.execute(
            update(_emergency)
            .where(_emergency.c.id == asked.id)
            .values(confirmed_at=time.time(), confirmed_by=recordable(actor.name, 200))
        )
        # The sender is the first person, who confirms is the second.
        Desk(quarantine).decide_within(connection, row, actor, Decision.RELEASE, f"emergency: {reason}")
        _record(quarantine, connection, actor, "emergency.confirm", row.reference, reason)


def to_review(quarantine: Quarantine, limit: int = 1000) -> list[EmergencyRelease]:
    """The confirmed emergencies that nobody has reviewed yet, the oldest first."""
    return _read(
        quarantine, _emergency.c.confirmed_at.is_not(None), _emergency.c.reviewed_at.is_(None), limit
    )


def waiting(quarantine: Quarantine, limit: int = 100) -> list[EmergencyRelease]:
    """The emergencies that wait for somebody to confirm."""
    undecided = tables.message.c.undecided.is_(True)
    return _read(quarantine, _emergency.c.confirmed_at.is_(None), undecided, limit)


def review(quarantine: Quarantine, reference: str, actor: Actor, *, justified: bool, reason: str) -> None:
    """Close an emergency after looking at it; whoever confirmed it cannot."""
    with writing(quarantine.engine) as connection:
        row = message_row(connection, reference)
        known = connection.execute(select(_emergency).where(_emergency.c.message_id == row.id)).one_or_none()
        if known is None or known.confirmed_at is None:
            raise ConflictError(f"there was no emergency release of {row.reference}")
        if actor.name in (known.confirmed_by, known.asked_by):
            raise ForbiddenError("whoever asked or confirmed cannot review")
        connection.execute(
            update(_emergency)
            .where(_emergency.c.id == known.id)
            .values(reviewed_at=time.time(), reviewed_by=recordable(actor.name, 200), justified=justified)
        )
        word = "justified" if justified else "not justified"
        _record(quarantine, connection, actor, "emergency.review", row.reference, f"{word}: {reason}")


def _read(quarantine: Quarantine, *wanted: Any) -> list[EmergencyRelease]:
    *conditions, limit = wanted
    message = tables.message
    query = (
        select(_emergency, message.c.reference, message.c.key_id)
        .join(message, message.c.id == _emergency.c.message_id)
        .where(*conditions)
        .order_by(_emergency.c.asked_at)
        .limit(limit)
    )
    with quarantine.engine.connect() as connection:
        rows = connection.execute(query).all()
        keys = quarantine.sealer.keys(connection, [row.key_id for row in rows])
    return [
        EmergencyRelease(
            reference=row.reference,
            asked_at=row.asked_at,
            asked_by=row.asked_by,
            why=keys[row.key_id].open(row.sealed, _CONTEXT).decode() if row.key_id in keys else "",
            confirmed_at=row.confirmed_at,
            confirmed_by=row.confirmed_by,
            reviewed_at=row.reviewed_at,
            reviewed_by=row.reviewed_by,
            justified=row.justified,
        )
        for row in rows
    ]


def _letters(code: str) -> str:
    return "".join(char for char in code.upper() if char.isalnum())


def _record(
    quarantine: Quarantine, connection: Connection, actor: Actor, act: str, reference: str, reason: str
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
