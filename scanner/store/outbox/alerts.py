"""Raising, handing over, forgetting of alerts."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, String, cast, delete, func, insert, literal, select, update

from scanner.judgement.assessment import Severity
from scanner.store.database import insert_new
from scanner.store.outbox.tables import alert, delivery

# A receiver that is down over a long weekend still gets everything.
GIVEN_UP_AFTER = 5 * 86_400.0
_ANY_TIME = 1e15
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 1_800.0


class AlertKind(StrEnum):
    """What happened."""

    FINDING = "finding"  # a file holds more than was known of it
    EXPOSED = "exposed"  # a file that is known to be sensitive was opened to everyone
    REACHABLE = "reachable"  # a stranger on the web was given a sensitive file
    TROUBLE = "trouble"  # something watched cannot be watched any more


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that somebody should know now.  It never holds a value, nor a part of one.

    ``path`` is printable.  ``people`` are the least and the most that the file may tell of; ``kinds`` counts
    findings by entity type, ``reasons`` are sentences.  ``detail`` says what changed.  ``at`` is seconds
    since 1970.
    """

    kind: AlertKind
    severity: Severity
    path: str
    detail: str = ""
    reasons: tuple[str, ...] = ()
    people: tuple[int, int] = (0, 0)
    kinds: Mapping[str, int] = field(default_factory=dict)
    audience: str = ""
    how: str = ""
    owner: str = ""
    asset_owner: str = ""
    at: float = 0.0
    number: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a webhook or the database."""
        told = asdict(self)
        told["severity"] = self.severity.word
        told["kind"] = self.kind.value
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Alert:
        """What :meth:`to_json` made."""
        return cls(
            **{
                **told,
                "kind": AlertKind(told["kind"]),
                "severity": Severity[str(told["severity"]).upper()],
                "reasons": tuple(told["reasons"]),
                "people": tuple(told["people"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert that is owed to a channel, and how often it was tried."""

    alert: Alert
    attempts: int


def subject_of(path: bytes) -> str:
    """A path as the table of alerts knows it."""
    return hashlib.blake2b(path, digest_size=16).hexdigest()


def raise_alert(
    connection: Connection, path: bytes, news: Alert, channels: Sequence[str], *, once: str = ""
) -> bool:
    """Enter an alert, owed to each channel, in the caller's transaction; false where it is no news.

    ``once`` tells states of one file apart beyond kind, severity and audience.
    """
    subject = subject_of(path)
    at = news.at or time.time()
    said = "\0".join((news.kind.value, news.severity.word, news.audience, once))
    key = f"{subject}:{hashlib.blake2b(said.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
    told = {**news.to_json(), "at": at}
    new = insert_new(
        connection,
        alert,
        key=key,
        subject=subject,
        kind=news.kind.value,
        severity=int(news.severity),
        at=at,
        told=json.dumps(told, separators=(",", ":")),
    )
    if not new or not channels:
        return new
    number = connection.execute(select(alert.c.id).where(alert.c.key == key)).scalar_one()
    connection.execute(
        insert(delivery),
        [
            {
                "alert_id": number,
                "channel": channel,
                "state": "due",
                "attempts": 0,
                "next_at": at,
                "ended": 0.0,
                "problem": "",
            }
            for channel in channels
        ],
    )
    return True


def rearm(
    connection: Connection,
    path: bytes,
    *,
    kinds: Sequence[AlertKind] = tuple(AlertKind),
    raised_before: float | None = None,
) -> None:
    """The state that these alerts told of has ended: when it comes again it is news again.

    With ``raised_before`` (seconds since 1970) younger alerts still count.
    """
    number = cast(alert.c.id, String)
    connection.execute(
        update(alert)
        .where(
            alert.c.subject == subject_of(path),
            alert.c.kind.in_([kind.value for kind in kinds]),
            alert.c.key.like("%:%"),
            alert.c.at < (raised_before if raised_before is not None else _ANY_TIME),
        )
        .values(key=literal("over ", String) + number)
    )


def due(connection: Connection, channel: str, now: float, limit: int) -> list[Delivery]:
    """What a channel is owed by now, the worst first."""
    query = (
        select(alert.c.id, alert.c.told, delivery.c.attempts)
        .join(delivery, delivery.c.alert_id == alert.c.id)
        .where(delivery.c.channel == channel, delivery.c.state == "due", delivery.c.next_at <= now)
        .order_by(alert.c.severity.desc(), alert.c.id)
        .limit(limit)
    )
    return [
        Delivery(Alert.from_json({**json.loads(told), "number": number}), attempts)
        for number, told, attempts in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a channel is owed in all: how many, the worst, since when (seconds since 1970)."""

    count: int
    worst: Severity
    since: float


def owed(connection: Connection, channel: str, now: float) -> Owed:
    """How much a channel is owed by ``now``."""
    query = (
        select(func.count(), func.max(alert.c.severity), func.min(alert.c.at))
        .join(delivery, delivery.c.alert_id == alert.c.id)
        .where(delivery.c.channel == channel, delivery.c.state == "due", delivery.c.next_at <= now)
    )
    count, worst, since = connection.execute(query).one()
    return Owed(int(count), Severity(worst or 0), float(since or 0.0))


def delivered(connection: Connection, channel: str, numbers: Sequence[int], now: float) -> None:
    """The receiver took these."""
    connection.execute(
        update(delivery)
        .where(delivery.c.channel == channel, delivery.c.alert_id.in_(numbers))
        .values(state="sent", ended=now, problem="")
    )


def failed(
    connection: Connection, channel: str, deliveries: Sequence[Delivery], problem: str, now: float
) -> None:
    """The receiver did not take these: later, and ever later, until it is hopeless."""
    for item in deliveries:
        hopeless = now - item.alert.at > GIVEN_UP_AFTER
        connection.execute(
            update(delivery)
            .where(delivery.c.channel == channel, delivery.c.alert_id == item.alert.number)
            .values(
                state="given up" if hopeless else "due",
                attempts=item.attempts + 1,
                next_at=now + waiting_time(item.attempts),
                ended=now if hopeless else 0.0,
                problem=problem[:300],
            )
        )


def waiting_time(failures: int) -> float:
    """Seconds until a receiver that failed so often before is asked again."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * float(1 << min(failures, 20)))


def forget_older(connection: Connection, before: float) -> int:
    """Delete alerts from before this moment (seconds since 1970) that nobody is owed any more.

    What they told of counts as news again.
    """
    waiting = select(delivery.c.alert_id).where(delivery.c.state == "due")
    old = select(alert.c.id).where(alert.c.at < before, alert.c.id.not_in(waiting))
    connection.execute(delete(delivery).where(delivery.c.alert_id.in_(old)))
    return connection.execute(delete(alert).where(alert.c.at < before, alert.c.id.not_in(waiting))).rowcount
