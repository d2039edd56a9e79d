"""The same act on many messages: a transaction each, and what could not be done is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.store.sealing import SealingError
from smtp_filter.quarantine.deciding import Desk, Outcome
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, Decision, QuarantineError, State
from smtp_filter.triage.inbox.acting import escalate

BULK_ACTS: Mapping[str, str] = {
    "claim": "Take them to look at",
    "assign": "Assign to somebody",
    "release": "Release",
    "return": "Return to the senders",
    "delete": "Delete",
    "escalate": "Escalate to the data protection officer",
}


@dataclass(frozen=True, slots=True)
class AllOf:
    """What is done to each; ``advice``, ``assignee`` and ``route`` are for the acts that use them."""

    act: str
    reason: str
    advice: str = ""
    assignee: str = ""
    route: str = "default"


def act_on_many(
    quarantine: Quarantine, actor: Actor, references: Iterable[str], told: AllOf
) -> list[Outcome]:
    """Act on each; the outcomes in order, a problem where it could not be done."""
    desk = Desk(quarantine)
    outcomes: list[Outcome] = []
    for reference in references:
        try:
            outcomes.append(_act(quarantine, desk, actor, reference, told))
        except (QuarantineError, SealingError) as error:
            outcomes.append(Outcome(reference, State.HELD, problem=str(error)))
    return outcomes


def _act(quarantine: Quarantine, desk: Desk, actor: Actor, reference: str, told: AllOf) -> Outcome:
    if told.act == "claim":
        return desk.claim(reference, actor)
    if told.act == "assign":
        return desk.assign(reference, actor, told.assignee, told.reason)
    if told.act == "escalate":
        return escalate(quarantine, reference, actor, told.assignee or "dpo", told.reason)[0]
    route = told.route if told.act == "release" else "default"
    return desk.decide(
        reference, actor, Decision(told.act), told.reason, route=route or "default", advice=told.advice
    )
