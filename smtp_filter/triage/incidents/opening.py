"""Opening an incident, in the transaction of whatever makes it one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from scanner.inspection.model import LocatedFinding
from scanner.judgement.assessment import PeopleCount, Severity
from scanner.reports.wording import kinds, plural
from scanner.store.audit import recordable
from scanner.store.entry import NOBODY
from smtp_filter.quarantine import tables as held
from smtp_filter.quarantine.encoding import values_from_bytes
from smtp_filter.quarantine.holding import VALUES, Quarantine
from smtp_filter.quarantine.model import Actor
from smtp_filter.quarantine.reading import read_whole
from smtp_filter.quarantine.searching import message_row
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.incidents import tables
from smtp_filter.triage.incidents.model import CLOCK_SECONDS, Affected, LineKind, Source
from smtp_filter.triage.incidents.timeline import append

TITLE = "incident title"
PEOPLE = "incident people"


@dataclass(frozen=True, slots=True)
class NewIncident:
    """What is known when an incident is opened.

    ``aware_at`` is when the council became aware (seconds since 1970), which starts the 72 hours: when
    somebody was reasonably certain that personal data were compromised, not when the mail was sent.
    ``counts`` are the findings by entity type.
    """

    title: str
    reason: str
    source: Source = Source.OTHER
    source_reference: str = ""
    severity: Severity = Severity.HIGH
    department: str = ""
    owner: str = ""
    aware_at: float | None = None
    cause: str = ""
    people: PeopleCount = NOBODY
    counted: str = ""
    affected: Sequence[Affected] = ()
    shielded: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)


def open_incident(
    quarantine: Quarantine, connection: Connection, actor: Actor, new: NewIncident, now: float
) -> str:
    """Open an incident in the caller's ``writing`` transaction; returns its number (``I-2026-0001``).

    A source that has an open incident keeps it: its number is returned, and the reason becomes a note.
    """
    known = _of_source(connection, new) if new.source_reference else None
    if known is not None:
        append(quarantine, connection, known, actor, LineKind.NOTE, new.reason, {}, now)
        return str(known.reference)
    key = quarantine.sealer.new_key(connection)
    reference = _number(connection, now)
    aware = min(new.aware_at, now) if new.aware_at is not None else now
    connection.execute(
        insert(tables.incident).values(
            reference=reference,
            source_kind=new.source.value,
            source=recordable(new.source_reference, 60),
            state="open",
            revision=1,
            severity=int(new.severity),
            department=recordable(new.department, 120),
            owner=recordable(new.owner, 200),
            opened_by=recordable(actor.name, 200),
            opened_at=now,
            aware_at=aware,
            due_at=aware + CLOCK_SECONDS,
            cause=new.cause,
            people_low=new.people.low,
            people_high=new.people.high,
            counted=new.counted,
            article33="",
            article34="",
            shielded=new.shielded,
            key_id=key.id,
            title=key.seal(new.title[:400].encode("utf-8", "replace"), TITLE),
            people=key.seal(people_to_bytes(new.affected), PEOPLE) if new.affected else None,
        )
    )
    row = connection.execute(select(tables.incident).where(tables.incident.c.reference == reference)).one()
    facts = {
        "source": new.source_reference or new.source.value,
        "people": f"{new.people.low} to {new.people.high}",
        "severity": new.severity.word,
        "owner": new.owner,
    }
    if new.counts and not new.shielded:
        facts["kinds"] = kinds(new.counts)
    if new.source is not Source.OTHER and new.counted:
        # The machine's own words: what people write may name people, and facts stand in the audit log.
        facts["counted"] = new.counted
    append(quarantine, connection, row, actor, LineKind.OPENED, new.reason, facts, now)
    quarantine.outbox.put(
        connection, f"incident:{row.id}", "escalated", {"reference": reference, "owner": new.owner}, now
    )
    return reference


def open_for_message(
    quarantine: Quarantine,
    connection: Connection,
    actor: Actor,
    reference: str,
    reason: str,
    owner: str,
    now: float,
) -> str:
    """Open the incident of a held message, with all that is known of it; returns the incident's number.

    Raises ``NotFoundError``, and ``GoneError`` once the message's key was destroyed.
    """
    row = message_row(connection, reference)
    whole = read_whole(quarantine, connection, row)
    inspection = whole.inspection
    people = whole.verdict.people
    return open_incident(
        quarantine,
        connection,
        actor,
        NewIncident(
            title=f"Held message {row.reference} to {plural(len(whole.envelope.recipients), 'recipient')}",
            reason=reason,
            source=Source.MESSAGE,
            source_reference=row.reference,
            severity=Severity(row.severity),
            department=row.department,
            owner=owner,
            people=people,
            counted=how_counted(
                inspection.findings, inspection.counts.get("PERSON", 0), people, inspection.in_role
            ),
            counts=inspection.counts,
            affected=_affected(inspection.findings, _values(quarantine, connection, row), inspection.in_role),
            shielded=bool(
                quarantine.shield.sighted(connection, SightingKind.MESSAGE, [row.id])
                or quarantine.shield.matches(connection, inspection.fingerprints())
            ),
        ),
        now,
    )


def how_counted(
    findings: Sequence[LocatedFinding],
    names: int,
    people: PeopleCount,
    in_role: Collection[int] = frozenset(),
) -> str:
    """Where the interval comes from, in words that can be put before the Commissioner.

    ``in_role`` are the numbers of those who are there in their role only.
    """
    numbered = len({finding.person for finding in findings if finding.person} - set(in_role))
    told = [
        f"Counted by machine: at least {people.low}, at most {people.high} different people.",
        "The lower figure counts people whose names, numbers or dates of birth cannot belong to one person; "
        "the upper one counts everybody who could not be shown to be somebody already counted.",
    ]
    if in_role:
        told.append(
            f"Not counted: {plural(len(in_role), 'person', 'people')} named in a role only, such as the "
            "writer and those who handled it."
        )
    if names:
        told.append(f"Names in what was read: {names:,}, repeated ones included.")
    if numbered:
        told.append(f"People on the sealed list: {numbered}.")
    return " ".join(told)


def people_to_bytes(people: Sequence[Affected]) -> bytes:
    """The list of people, to be sealed."""
    return json.dumps([asdict(one) for one in people]).encode("ascii")


def people_from_bytes(data: bytes) -> tuple[Affected, ...]:
    """The list of :func:`people_to_bytes`."""
    return tuple(Affected(one["label"], tuple(one["names"]), tuple(one["kinds"])) for one in json.loads(data))


def _affected(
    findings: Sequence[LocatedFinding], values: Sequence[str | None], in_role: Collection[int]
) -> list[Affected]:
    """The people that the inspection told apart; names as they stand where values were kept, else masked.

    Who is there in a role only (``in_role``) is not affected; numbers are those of the message's page.
    """
    names: dict[int, dict[str, None]] = defaultdict(dict)
    told: dict[int, dict[str, None]] = defaultdict(dict)
    for index, finding in enumerate(findings):
        if not finding.person or finding.person in in_role:
            continue
        told[finding.person][finding.entity_type] = None
        if finding.entity_type == "PERSON":
            value = values[index] if index < len(values) else None
            names[finding.person][value or finding.masked] = None
    return [
        Affected(f"Person {number}", tuple(names[number]), tuple(told[number])) for number in sorted(told)
    ]


def _values(quarantine: Quarantine, connection: Connection, row: Any) -> list[str | None]:
    sealed = connection.execute(
        select(held.detail.c["values"]).where(held.detail.c.message_id == row.id)
    ).scalar()
    if not sealed:
        return []
    key = quarantine.sealer.keys(connection, [row.body_key]).get(row.body_key)
    return values_from_bytes(key.open(sealed, VALUES)) if key else []


def _of_source(connection: Connection, new: NewIncident) -> Any:
    table = tables.incident
    return connection.execute(
        select(table)
        .where(
            table.c.source_kind == new.source.value,
            table.c.source == recordable(new.source_reference, 60),
            table.c.state == "open",
        )
        .limit(1)
    ).one_or_none()


def _number(connection: Connection, now: float) -> str:
    year, table = datetime.fromtimestamp(now, UTC).year, tables.counter
    changed = connection.execute(
        update(table).where(table.c.year == year).values(last=table.c.last + 1)
    ).rowcount
    if not changed:
        connection.execute(insert(table).values(year=year, last=1))
    last = connection.execute(select(table.c.last).where(table.c.year == year)).scalar_one()
    return f"I-{year}-{last:04d}"
