"""Acts on held mail as somebody: the one way of the pages and of the commands to decide.

Role, departments, the accounts and the ways out that there are are checked here; own mail, claims, the second
person and the record are the quarantine's (``Desk``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from scanner.store.sealing import SealingError, wipe_remains
from smtp_filter.quarantine.deciding import Desk, Outcome
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, Decision, ForbiddenError, QuarantineError, State
from smtp_filter.quarantine.searching import references
from smtp_filter.triage.inbox import queries
from smtp_filter.triage.inbox.filters import InboxFilter
from smtp_filter.triage.inbox.looking import allowed, seen
from smtp_filter.triage.inbox.presenting import STATE_TAGS, release_ways
from smtp_filter.triage.incidents.opening import open_for_message
from smtp_filter.triage.visiting import Services, Visitor

# Whoever acts on more at once narrows the filter first.
MOST_AT_ONCE = 1_000
# Among so many the next one is looked for; beyond them are other people's.
_AHEAD = 50
BULK_ACTS: Mapping[str, str] = {
    "claim": "Take them to look at",
    "assign": "Assign to somebody",
    "release": "Release",
    "return": "Return to the senders",
    "delete": "Delete",
    "escalate": "Escalate to the data protection officer",
}
# What people write most often; each begins with another letter, which is enough to choose it by key.
USUAL_REASONS: Mapping[str, Mapping[str, str]] = {
    "release": {
        "right": "Right recipient, who needs it",
        "own": "Own data of the recipient",
        "agreed": "Agreed by the person whom it is about",
        "nothing": "Nothing confidential in it",
        "test": "Test data",
    },
    "return": {
        "clear": "Not encrypted",
        "wrong": "Wrong recipient",
        "more": "More personal data than is needed",
    },
}
ADVICE = (
    "Please check that the recipient may have this. Then send it again with {tag} at the beginning of the "
    "subject, or without the personal details."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done: an act (a key of ``MAY``), and what the acts need that use it.

    ``to`` is the assignee or the new owner; ``recipients`` empty is all of them; ``advice``
    ``None`` is what a sender is usually advised; ``revision`` is what the person saw, where it is compared.
    """

    act: str
    reason: str = ""
    advice: str | None = ""
    to: str = ""
    recipients: Sequence[str] = ()
    route: str = ""
    false_alarm: bool = False
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a wish, in words and as its outcome; ``incident``: the number of one that was opened."""

    outcome: Outcome
    said: str
    incident: str = ""

    @property
    def problem(self) -> str:
        """Why it was not done; empty where it was."""
        return self.outcome.problem


def carry_out(services: Services, visitor: Visitor, reference: str, wish: Wish) -> Done:
    """Do it, or raise ``QuarantineError`` (or ``SealingError``) and change nothing."""
    visitor = allowed(services, visitor, wish.act, reference)
    number = seen(services, visitor, reference)
    if visitor.without_account and wish.act == Decision.RELEASE.value:
        with services.engine.connect() as connection:
            if queries.needs_second(connection, number):
                raise ForbiddenError(f"{number} needs two people, each with an account.")
    return _ACTS[wish.act](services, visitor, number, wish)


def carry_out_many(services: Services, visitor: Visitor, numbers: Iterable[str], wish: Wish) -> list[Done]:
    """Do it to each, a transaction each; what cannot be done has its problem in the outcome."""
    done: list[Done] = []
    for number in numbers:
        try:
            done.append(carry_out(services, visitor, number, wish))
        except (QuarantineError, SealingError) as error:
            done.append(Done(Outcome(number, State.HELD, problem=str(error)), ""))
    if wish.act in ("delete", "purge"):
        wipe_remains(services.engine)
    return done


def preview(services: Services, visitor: Visitor, numbers: Iterable[str], act: str) -> dict[str, list[str]]:
    """What would become of some messages: ``done``, ``waits`` for a second person, ``refused``.

    Those that the visitor does not see are in none.  Raises ``ForbiddenError``.
    """
    visitor = allowed(services, visitor, act)
    with services.engine.connect() as connection:
        known = queries.are_seen(connection, list(numbers), visitor.sees)
    found = Desk(services.quarantine).preview(known, visitor.actor, act)
    if visitor.without_account and act == Decision.RELEASE.value:
        found["refused"] += found["waits"]
        found["waits"] = []
    return found


def reason_of(act: str, usual: str, written: str) -> str:
    """The reason as it is recorded: a usual one that was chosen, what was written, or both."""
    chosen = USUAL_REASONS.get(act, {}).get(usual, "")
    return f"{chosen}: {written}" if chosen and written else chosen or written


def next_to_decide(services: Services, visitor: Visitor, chosen: InboxFilter, but: str) -> str:
    """The number of the first message of a filter on which the visitor can decide, or nothing."""
    wanted = chosen.wanted(visitor.name, visitor.sees, services.clock())
    first = [one for one in references(services.quarantine, wanted, _AHEAD) if one != but]
    found = Desk(services.quarantine).preview(first, visitor.actor, Decision.RELEASE)
    able = {*found["done"], *found["waits"]}
    return next((one for one in first if one in able), "")


def default_advice(services: Services) -> str:
    """What a sender is advised unless somebody writes better."""
    return ADVICE.format(tag=services.quarantine.settings.notices.secure_tag)


# --- the acts ---------------------------------------------------------------------------------------------


def _claim(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    outcome = Desk(services.quarantine).claim(number, visitor.actor, wish.revision)
    return Done(outcome, f"{number} is yours to look at.")


def _assign(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    known = {account.name for account in services.accounts.all() if not account.disabled}
    if wish.to and wish.to not in known:
        raise QuarantineError("There is no account of this name.")
    outcome = Desk(services.quarantine).assign(number, visitor.actor, wish.to, wish.reason, wish.revision)
    said = f"{number} is assigned to {wish.to}." if wish.to else f"{number} is given back to all."
    return Done(outcome, said)


def _decide(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    route = wish.route or "default"
    if route not in dict(release_ways(services.configuration)):
        raise QuarantineError("This way out is not set up here.")
    outcome = Desk(services.quarantine).decide(
        number,
        visitor.actor,
        Decision(wish.act),
        wish.reason,
        recipients=wish.recipients,
        route=route,
        advice=default_advice(services) if wish.advice is None else wish.advice,
        false_alarm=wish.false_alarm,
        revision=wish.revision,
    )
    return Done(outcome, _said(outcome))


def _escalate(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    owner = wish.to or "dpo"
    outcome, incident = escalate(
        services.quarantine, number, visitor.actor, owner, wish.reason, wish.revision
    )
    return Done(outcome, f"{number} is escalated to {owner} as incident {incident}.", incident)


def escalate(
    quarantine: Quarantine,
    reference: str,
    actor: Actor,
    owner: str,
    reason: str,
    revision: int | None = None,
) -> tuple[Outcome, str]:
    """Escalate a held message; the outcome, and the number of its incident.

    Both are there, or neither is.
    """
    opened: list[str] = []

    def also(connection: Connection) -> None:
        opened.append(open_for_message(quarantine, connection, actor, reference, reason, owner, time.time()))

    outcome = Desk(quarantine).escalate(reference, actor, owner, reason, revision, also)
    return outcome, opened[0]


def _approve(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    outcome = Desk(services.quarantine).approve(number, visitor.actor, wish.reason, wish.revision)
    return Done(outcome, _said(outcome))


def _decline(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    outcome = Desk(services.quarantine).decline(number, visitor.actor, wish.reason, wish.revision)
    return Done(outcome, f"{number} is in review again.")


def _reopen(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    outcome = Desk(services.quarantine).reopen(number, visitor.actor, wish.reason, wish.revision)
    return Done(outcome, f"{number} is in review again.")


def _expire(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    outcome = Desk(services.quarantine).expire(number, visitor.actor, wish.reason)
    return Done(outcome, _said(outcome))


def _purge(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    outcome = Desk(services.quarantine).purge(number, visitor.actor, wish.reason)
    return Done(outcome, f"{number}: its body is destroyed.")


def _keep(services: Services, visitor: Visitor, number: str, wish: Wish) -> Done:
    kept = wish.act == "keep"
    outcome = Desk(services.quarantine).keep(number, visitor.actor, wish.reason, legal_hold=kept)
    return Done(outcome, f"{number}: legal hold {'set' if kept else 'lifted'}.")


def _said(outcome: Outcome) -> str:
    if outcome.waits:
        return f"{outcome.reference}: your decision waits for a second person."
    word, _ = STATE_TAGS[outcome.state]
    return f"{outcome.reference}: {word.lower()}."


_ACTS: Mapping[str, Callable[[Services, Visitor, str, Wish], Done]] = {
    "claim": _claim,
    "assign": _assign,
    "release": _decide,
    "return": _decide,
    "delete": _decide,
    "escalate": _escalate,
    "approve": _approve,
    "decline": _decline,
    "reopen": _reopen,
    "expire": _expire,
    "purge": _purge,
    "keep": _keep,
    "unkeep": _keep,
}
