"""Looking at held mail as somebody: lists, one message, one value; role and departments are checked here."""

from __future__ import annotations

from scanner.store.audit import Fact
from scanner.store.database import writing
from smtp_filter.quarantine import reading
from smtp_filter.quarantine.model import ForbiddenError, HeldDetail, NotFoundError, QuarantineError
from smtp_filter.quarantine.searching import PAGE, Page, list_messages, references
from smtp_filter.triage.inbox import disclosing, queries
from smtp_filter.triage.inbox.filters import InboxFilter
from smtp_filter.triage.roles import MAY, WITHOUT_ACCOUNT
from smtp_filter.triage.visiting import Services, Visitor, audit, in_role


def allowed(services: Services, visitor: Visitor, act: str, subject: str = "") -> Visitor:
    """The visitor in the role in which they do ``act`` (a key of ``MAY``).

    Raises ``ForbiddenError``, which is recorded.
    """
    if visitor.without_account:
        if act in WITHOUT_ACCOUNT:
            return visitor
        with writing(services.engine) as connection:
            audit(services, connection, visitor, "access.refused", subject or act)
        raise ForbiddenError("Without an account this cannot be done, in an emergency either.")
    return in_role(services, visitor, MAY[act], subject or act)


def seen(services: Services, visitor: Visitor, reference: str) -> str:
    """The number of a message that the visitor sees.  Raises ``NotFoundError``, also for others' items."""
    number = reference.strip().upper()
    with services.engine.connect() as connection:
        queries.is_seen(connection, number, visitor.sees)
    return number


def found(
    services: Services, visitor: Visitor, chosen: InboxFilter, *, after: str = "", limit: int = PAGE
) -> Page:
    """One page of what matches and the visitor sees; that somebody was searched for is recorded.

    A cursor that is none gives the first page.
    """
    visitor = allowed(services, visitor, "look", "inbox")
    wanted = chosen.wanted(visitor.name, visitor.sees, services.clock())
    try:
        page = list_messages(services.quarantine, wanted, limit=limit, after=after)
    except NotFoundError:
        page = list_messages(services.quarantine, wanted, limit=limit)
    _record_search(services, visitor, chosen, page.total)
    return page


def numbers_found(services: Services, visitor: Visitor, chosen: InboxFilter, most: int) -> list[str]:
    """The numbers of all that match, one more than ``most`` at the most: for an act on all of them."""
    visitor = allowed(services, visitor, "look", "inbox")
    wanted = chosen.wanted(visitor.name, visitor.sees, services.clock())
    numbers = references(services.quarantine, wanted, most + 1)
    _record_search(services, visitor, chosen, len(numbers))
    return numbers


def _record_search(services: Services, visitor: Visitor, chosen: InboxFilter, total: int) -> None:
    if not chosen.searched:
        return
    facts: dict[str, Fact] = {"fields": ", ".join(chosen.searched), "found": total}
    with writing(services.engine) as connection:
        audit(services, connection, visitor, "inbox.search", "inbox", after=facts)


def detail(services: Services, visitor: Visitor, reference: str) -> HeldDetail:
    """Everything of one message, masked; recorded.  Raises ``NotFoundError``, ``GoneError``."""
    visitor = allowed(services, visitor, "look", reference)
    return reading.show(services.quarantine, seen(services, visitor, reference), visitor.actor)


def value(services: Services, visitor: Visitor, reference: str, place: int, reason: str) -> str:
    """The value of one finding, by its place in the list; the reason is recorded first.

    Raises ``ForbiddenError``, ``TooOftenError``, ``GoneError``, and ``QuarantineError`` where none was kept.
    """
    visitor = allowed(services, visitor, "reveal", reference)
    number = seen(services, visitor, reference)
    disclosing.allow(services.quarantine, visitor.actor, number, services.clock())
    told = f"{reason} (finding {place + 1})"
    values = reading.reveal(services.quarantine, number, visitor.actor, told)
    shown = values[place] if 0 <= place < len(values) else None
    if shown is None:
        raise QuarantineError("The value was not kept.")
    return shown
