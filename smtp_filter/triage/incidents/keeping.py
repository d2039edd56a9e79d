"""What people do with an incident; each act is one transaction with its line of the timeline.

Two people at once: the revision that a page showed must still be the incident's, else the second is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, update

from scanner.store.audit import AuditEvent, recordable
from scanner.store.database import writing
from scanner.store.shielding import SHIELDED
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ConflictError, ForbiddenError, QuarantineError
from smtp_filter.triage.incidents import queries, tables
from smtp_filter.triage.incidents.causes import causes
from smtp_filter.triage.incidents.model import CLOCK_SECONDS, Affected, Duty, LineKind
from smtp_filter.triage.incidents.opening import PEOPLE, people_from_bytes
from smtp_filter.triage.incidents.timeline import append

# Who decides under Articles 33 and 34, and to whom the list of people is released.
DECIDING = frozenset({"dpo"})


class IncidentKeeper:
    """The acts on incidents."""

    def __init__(self, quarantine: Quarantine, clock: Callable[[], float] = time.time) -> None:
        self._quarantine = quarantine
        self._clock = clock

    def note(self, reference: str, actor: Actor, text: str) -> None:
        """Add a note; no revision: notes do not contradict each other."""
        _needs(text, "Write what happened.")
        self._change(reference, actor, LineKind.NOTE, text, {}, {}, None)

    def told(self, reference: str, actor: Actor, whom: str, how: str, what: str) -> None:
        """Record who was told what, and how."""
        _needs(whom, "Say who was told.")
        _needs(what, "Say what they were told.")
        facts = {"to": whom[:200], "by": how[:200]}
        self._change(reference, actor, LineKind.TOLD, what, {}, facts, None)

    def effects(self, reference: str, actor: Actor, text: str) -> None:
        """Record what it is likely to mean for the people affected; the latest words stand."""
        _needs(text, "Write what it is likely to mean for the people.")
        self._change(reference, actor, LineKind.EFFECTS, text, {}, {}, None)

    def measures(self, reference: str, actor: Actor, text: str) -> None:
        """Record what was done about it and what will be, one line for each."""
        _needs(text, "Write what was done.")
        self._change(reference, actor, LineKind.MEASURES, text, {}, {}, None)

    def give(self, reference: str, actor: Actor, owner: str, revision: int | None = None) -> None:
        """Give the incident to an owner."""
        _needs(owner, "Say who owns it.")
        owner = recordable(owner, 200)
        self._change(reference, actor, LineKind.OWNER, "", {"owner": owner}, {"owner": owner}, revision)

    def classify(
        self, reference: str, actor: Actor, cause: str, text: str = "", revision: int | None = None
    ) -> None:
        """Set the cause, one of the list's codes."""
        if cause not in causes():
            raise QuarantineError("Choose a cause from the list.")
        facts = {"cause": causes()[cause]}
        self._change(reference, actor, LineKind.CAUSE, text, {"cause": cause}, facts, revision)

    def count(
        self, reference: str, actor: Actor, low: int, high: int, counted: str, revision: int | None = None
    ) -> None:
        """Set how many people are affected: an interval, and how it was counted."""
        if not 0 <= low <= high:
            raise QuarantineError("The least must not be more than the most.")
        _needs(counted, "Say how the people were counted.")
        columns = {"people_low": low, "people_high": high, "counted": recordable(counted, 2000)}
        facts = {"people": f"{low} to {high}"}
        self._change(reference, actor, LineKind.PEOPLE, counted, columns, facts, revision)

    def aware(
        self, reference: str, actor: Actor, at: float, reason: str, revision: int | None = None
    ) -> None:
        """Set when the council became aware: the 72 hours begin then."""
        _needs(reason, "Say how this is known.")
        if at > self._clock():
            raise QuarantineError("Nobody becomes aware in the future.")
        columns = {"aware_at": at, "due_at": at + CLOCK_SECONDS}
        self._change(reference, actor, LineKind.AWARE, reason, columns, {"aware": f"{at:.0f}"}, revision)

    def decide(
        self,
        reference: str,
        actor: Actor,
        article: int,
        duty: Duty,
        reason: str,
        revision: int | None = None,
    ) -> None:
        """Decide under Article 33 (tell the Commissioner) or 34 (tell the people), with the reasons."""
        self._deciding(actor, "decides whether a breach is reported")
        if article not in (33, 34) or duty is Duty.UNDECIDED:
            raise QuarantineError("Choose whether it must be reported.")
        _needs(reason, "Write the reasons: the Commissioner may ask for them.")
        kind = LineKind.ARTICLE_33 if article == 33 else LineKind.ARTICLE_34
        columns = {f"article{article}": duty.value}
        self._change(reference, actor, kind, reason, columns, {"decision": duty.value}, revision)

    def reported(
        self,
        reference: str,
        actor: Actor,
        at: float,
        number: str,
        text: str = "",
        revision: int | None = None,
    ) -> None:
        """Record that the Commissioner was told, when, and under which number: it stops the clock.

        After the 72 hours ``text`` holds the reasons for the delay, which Article 33(1) asks for.
        """
        self._deciding(actor, "records a report to the Commissioner")
        if at > self._clock():
            raise QuarantineError("This time lies in the future.")
        columns = {"reported_at": at, "article33": Duty.NOTIFY.value}
        facts = {"at": f"{at:.0f}", "number": number[:60]}

        def check(row: Any) -> None:
            # Forms know minutes.
            if at < row.aware_at - 60:
                raise QuarantineError(
                    "This is before the council became aware: set that moment first, then record it."
                )
            if at > row.due_at and not text.strip():
                raise QuarantineError("The 72 hours were over: write the reasons for the delay.")

        self._change(reference, actor, LineKind.REPORTED, text, columns, facts, revision, check)

    def close(self, reference: str, actor: Actor, reason: str, revision: int | None = None) -> None:
        """Close it: cause, count and the decision under Article 33 must be there."""
        _needs(reason, "Write why it can be closed.")

        def check(row: Any) -> None:
            missing = [
                word
                for word, there in (
                    ("a cause", row.cause),
                    ("how the people were counted", row.counted),
                    ("the decision under Article 33", row.article33),
                    ("the decision under Article 34", row.article34),
                )
                if not there
            ]
            if row.article33 == Duty.NOTIFY.value and row.reported_at is None:
                missing.append("the report to the Commissioner")
            if missing:
                raise QuarantineError(f"It cannot be closed yet. Missing: {', '.join(missing)}.")

        columns = {"state": "closed", "closed_at": self._clock()}
        self._change(reference, actor, LineKind.CLOSED, reason, columns, {}, revision, check)

    def reopen(self, reference: str, actor: Actor, reason: str, revision: int | None = None) -> None:
        """Open a closed one again."""
        _needs(reason, "Write why it is opened again.")
        columns = {"state": "open", "closed_at": None}
        self._change(reference, actor, LineKind.REOPENED, reason, columns, {}, revision, closed=True)

    def people(self, reference: str, actor: Actor, reason: str) -> tuple[Affected, ...]:
        """The list of the people affected: to the DPO only, with a reason, recorded before it is shown."""
        if actor.role not in DECIDING:
            raise ForbiddenError("The list of people is released to the data protection officer only.")
        _needs(reason, "Write why you need the list.")
        now = self._clock()
        with writing(self._quarantine.engine) as connection:
            row = queries.row_of(connection, reference)
            if queries.hides(self._quarantine, connection, row, actor, now):
                raise ForbiddenError("It concerns a shielded subject: two people have to agree first.")
            key = self._quarantine.sealer.key(connection, row.key_id)
            found = people_from_bytes(key.open(row.people, PEOPLE)) if row.people else ()
            facts = {"people": str(len(found))}
            append(self._quarantine, connection, row, actor, LineKind.RELEASED, reason, facts, now)
        return found

    def viewed(self, reference: str, actor: Actor, act: str = "view", reason: str = "") -> None:
        """Record that somebody looked at an incident or took it away."""
        with writing(self._quarantine.engine) as connection:
            self._quarantine.audit.record(
                connection,
                AuditEvent(
                    actor.name,
                    f"incident.{act}",
                    reference,
                    role=actor.role,
                    origin=actor.origin,
                    reason=reason,
                ),
                at=self._clock(),
            )

    def _deciding(self, actor: Actor, what: str) -> None:
        if actor.role not in DECIDING:
            raise ForbiddenError(f"Only the data protection officer {what}.")

    def _change(
        self,
        reference: str,
        actor: Actor,
        kind: LineKind,
        text: str,
        columns: Mapping[str, Any],
        facts: Mapping[str, str],
        revision: int | None,
        check: Callable[[Any], None] | None = None,
        *,
        closed: bool = False,
    ) -> None:
        now = self._clock()
        with writing(self._quarantine.engine) as connection:
            row = queries.row_of(connection, reference)
            if (row.state == "closed") is not closed:
                word = "closed" if row.state == "closed" else "open"
                raise ConflictError(f"{row.reference} is {word}.")
            if check is not None:
                check(row)
            self._compare_and_set(connection, row, columns, revision)
            append(self._quarantine, connection, row, actor, kind, text, facts, now)

    def _compare_and_set(
        self, connection: Connection, row: Any, columns: Mapping[str, Any], revision: int | None
    ) -> None:
        if not columns:
            return
        table = tables.incident
        changed = connection.execute(
            update(table)
            .where(table.c.id == row.id, table.c.revision == (row.revision if revision is None else revision))
            .values(**columns, revision=row.revision + 1)
        ).rowcount
        if not changed:
            raise ConflictError(
                f"Somebody else has changed {row.reference} meanwhile: look at it again, then decide."
            )


def _needs(text: str, what: str) -> None:
    if not text.strip() or text.strip() == SHIELDED:
        raise QuarantineError(what)
