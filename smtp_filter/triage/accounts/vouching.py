"""People whom a provider of OpenID Connect vouches for: sent there, come back, let in with its roles."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from scanner.store.database import writing
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.accounts import queries
from smtp_filter.triage.accounts.book import AccountBook
from smtp_filter.triage.accounts.model import Account, AccountError, Entered, Method, Refusal
from smtp_filter.triage.accounts.openid import Person, Provider, ProviderError, new_errand
from smtp_filter.triage.accounts.sessions import digest
from smtp_filter.triage.accounts.signing_in import Door
from smtp_filter.triage.roles import Role

_VISIT_SECONDS = 600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vouching:
    """Signing in by a provider."""

    engine: Engine
    provider: Provider
    door: Door
    book: AccountBook
    clock: Callable[[], float]

    def send(self, visit: str, back: str, following: str) -> str:
        """Where to send the browser of a visit.  Raises :class:`ProviderError`."""
        errand, now = new_errand(), self.clock()
        address = self.provider.address_to_visit(errand, back)
        with writing(self.engine) as connection:
            queries.put_openid_visit(
                connection,
                now,
                state=digest(errand.state),
                visit=digest(visit),
                nonce=errand.nonce,
                verifier=errand.verifier,
                next=following[:2_000],
                expires_at=now + _VISIT_SECONDS,
            )
        return address

    def leave(self, back: str) -> str | None:
        """Where to send the browser of somebody who signed out here; ``None`` where nowhere."""
        try:
            return self.provider.address_to_leave(back)
        except ProviderError as error:
            _log.warning("sign-out by OpenID Connect: %s", error)
            return None

    def receive(
        self, visit: str, state: str, code: str, back: str, address: str
    ) -> tuple[Entered, str] | Refusal:
        """Somebody came back: let in, with where they wanted to go, or refused."""
        with writing(self.engine) as connection:
            errand = queries.take_openid_visit(connection, digest(state), digest(visit), self.clock())
        if errand is None or not code:
            return self.door.refuse_provider("", address, Refusal.PROVIDER)
        try:
            person = self.provider.person(code, errand.verifier, errand.nonce, back)
        except ProviderError as error:
            _log.warning("sign-in by OpenID Connect: %s", error)
            return self.door.refuse_provider("", address, Refusal.PROVIDER)
        meant = self.provider.settings.roles
        roles = frozenset(role for claim in person.roles for role in meant.get(claim, frozenset()))
        if not roles:
            return self.door.refuse_provider(person.name, address, Refusal.NO_ROLE)
        try:
            account = self._account(person, roles, address)
        except AccountError:
            # The name belongs to somebody else here: a provider never takes an account over.
            return self.door.refuse_provider(person.name, address, Refusal.NO_ROLE)
        if account.disabled:
            return self.door.refuse_provider(account.name, address, Refusal.DISABLED)
        with writing(self.engine) as connection:
            entered = self.door.enter(
                connection, account, Method.OPENID, address, factor_shown=person.second_factor
            )
        return entered, errand.next

    def _account(self, person: Person, roles: frozenset[Role], address: str) -> Account:
        """The account of a person, made or brought up to date with what the provider says."""
        actor = Actor(person.name, "openid", address)
        with self.engine.connect() as connection:
            known = self._known(connection, person)
        if known is None:
            self.book.add(
                actor,
                person.name,
                roles,
                display=person.display,
                departments=person.departments,
                mailboxes=person.mailboxes,
                one_time=False,
                issuer=person.issuer,
                subject=person.subject,
            )
            return self.book.get(person.name)
        told = json.dumps(sorted(person.departments)), frozenset(person.mailboxes), person.display, roles
        has = json.dumps(sorted(known.departments)), known.mailboxes, known.display, known.roles
        if told == has:
            return known
        return self.book.change(
            Actor("openid", "openid", address),
            known.name,
            roles=roles,
            departments=person.departments,
            mailboxes=person.mailboxes,
            display=person.display,
        )

    @staticmethod
    def _known(connection: Connection, person: Person) -> Account | None:
        row = queries.account_row_by_subject(connection, person.issuer, person.subject)
        return None if row is None else queries.read_account(row)
