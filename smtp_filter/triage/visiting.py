"""Who asks and what they work with, the same for the pages and for the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine

from scanner.configuration import Configuration
from scanner.store.audit import AuditEvent, Fact
from scanner.store.database import writing
from scanner.store.sealing import Sealer
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ForbiddenError
from smtp_filter.triage.accounts.book import AccountBook
from smtp_filter.triage.accounts.model import Account
from smtp_filter.triage.accounts.sessions import Sessions
from smtp_filter.triage.accounts.signing_in import Door
from smtp_filter.triage.accounts.vouching import Vouching
from smtp_filter.triage.roles import Role
from smtp_filter.triage.settings import ConsoleSettings

# The role in the log of whoever acts without an account.
BREAK_GLASS = "break_glass"


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with, the same for all requests."""

    engine: Engine
    quarantine: Quarantine
    sealing: Sealer
    settings: ConsoleSettings
    configuration: Configuration
    accounts: AccountBook
    sessions: Sessions
    door: Door
    vouching: Vouching | None
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in.

    ``address`` is the network address they come from, ``mailboxes`` their own mail addresses (nobody decides
    on mail from or to these), ``acting`` the role in which they came through the door of this page.
    ``without_account``: nobody of the console, but whoever has the server, in an emergency.
    """

    name: str
    roles: frozenset[Role]
    departments: tuple[str, ...] = ()
    session_id: str = ""
    address: str = ""
    mailboxes: frozenset[str] = frozenset()
    display: str = ""
    acting: Role | None = None
    own_departments_only: bool = False
    without_account: bool = False

    @property
    def sees(self) -> frozenset[str] | None:
        """The departments whose items they see; ``None`` is all (as ``quarantine.Filter.departments``)."""
        if not self.own_departments_only or "*" in self.departments:
            return None
        return frozenset(self.departments)

    @property
    def actor(self) -> Actor:
        """The same person as the quarantine knows people."""
        role = self.acting.value if self.acting else ""
        if self.without_account:
            role = BREAK_GLASS
        return Actor(self.name, role, self.address, self.mailboxes)

    def has(self, *roles: Role) -> bool:
        """Whether they hold one of the roles."""
        return bool(self.roles.intersection(roles))


def audit(
    services: Services,
    connection: Connection,
    visitor: Visitor,
    act: str,
    subject: str = "",
    reason: str = "",
    before: Mapping[str, Fact] | None = None,
    after: Mapping[str, Fact] | None = None,
) -> int:
    """Record an act in the caller's ``writing`` transaction; returns its number.

    ``act`` is a dotted word (``message.reveal``), ``subject`` names its object; ``before`` and ``after`` hold
    facts and masks, never a value.
    """
    return services.quarantine.audit.record(
        connection,
        AuditEvent(
            actor=visitor.name,
            act=act,
            subject=subject,
            role=visitor.actor.role,
            origin=visitor.address,
            reason=reason,
            before=before or {},
            after=after or {},
        ),
        at=services.clock(),
    )


def visitor_of_account(
    account: Account, settings: ConsoleSettings, address: str, session_id: str = ""
) -> Visitor:
    """Somebody with an account, from an address; not yet in a role."""
    return Visitor(
        name=account.name,
        roles=account.roles,
        departments=account.departments,
        session_id=session_id,
        address=address,
        mailboxes=account.mailboxes,
        display=account.display or account.name,
        acting=next((role for role in Role if role in account.roles), None),
        own_departments_only=settings.own_departments_only,
    )


def in_role(services: Services, visitor: Visitor, roles: Sequence[Role], subject: str) -> Visitor:
    """The visitor in the first of ``roles`` that they hold.

    Raises ``ForbiddenError`` where they hold none, which is recorded.
    """
    acting = next((role for role in roles if role in visitor.roles), None)
    if acting is None:
        with writing(services.engine) as connection:
            audit(services, connection, visitor, "access.refused", subject[:200])
        raise ForbiddenError("Your account does not have the role for this.")
    return replace(visitor, acting=acting)
