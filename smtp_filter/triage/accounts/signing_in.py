"""Signing in: by password, by one-time link, by a second factor; and what stops guessing.

Failures are counted in the database, by account and by address, so that neither a restart nor a second
process forgets them.  What the person is told does not say whether an account exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from scanner.store.audit import AuditEvent, AuditLog, Fact
from scanner.store.database import writing
from smtp_filter.triage.accounts import passwords, queries
from smtp_filter.triage.accounts.book import AccountBook
from smtp_filter.triage.accounts.model import Account, Entered, Method, Refusal, Session, Stage
from smtp_filter.triage.accounts.sessions import FOR_COMMANDS, Sessions, digest
from smtp_filter.triage.roles import Role
from smtp_filter.triage.settings import GuessingSettings


@dataclass(frozen=True, slots=True)
class Door:
    """Lets people in."""

    engine: Engine
    log: AuditLog
    book: AccountBook
    sessions: Sessions
    guessing: GuessingSettings
    second_factor_roles: frozenset[Role]
    clock: Callable[[], float]

    def by_password(self, name: str, password: str, address: str) -> Entered | Refusal:
        """Somebody tells a name and a password."""
        if self._too_many(address):
            return self._refuse(name, address, Refusal.TOO_MANY)
        with self.engine.connect() as connection:
            row = queries.account_row(connection, name)
        stored = row.password if row is not None else None
        locked = row is not None and _is_locked(row.locked_until, self.clock())
        # Always reckoned, so that the time taken does not tell whether the account exists or is locked.
        right = passwords.matches(stored, password)
        if row is None:
            return self._refuse(name, address, Refusal.UNKNOWN)
        if locked:
            return self._refuse(row.name, address, Refusal.LOCKED)
        if not right:
            return self._refuse(row.name, address, Refusal.WRONG, count=row.id)
        if row.disabled:
            return self._refuse(row.name, address, Refusal.DISABLED)
        fresh = passwords.hashed(password) if passwords.is_outdated(stored or "") else None
        with writing(self.engine) as connection:
            if fresh:
                queries.change_account(connection, row.id, password=fresh)
            return self.enter(connection, queries.read_account(row), Method.PASSWORD, address)

    def by_one_time(self, code: str, address: str) -> Entered | Refusal:
        """Somebody shows the code of a one-time link."""
        if self._too_many(address):
            return self._refuse("", address, Refusal.TOO_MANY)
        with writing(self.engine) as connection:
            account_id = queries.take_one_time(connection, digest(code.strip()), self.clock())
            row = queries.account_row_by_id(connection, account_id) if account_id is not None else None
            if row is not None and not row.disabled:
                queries.change_account(connection, row.id, must_change=True)
                row = queries.account_row_by_id(connection, row.id)
                return self.enter(connection, queries.read_account(row), Method.ONE_TIME, address)
        return self._refuse("", address, Refusal.USED)

    def by_code(self, session: Session, code: str, address: str) -> Entered | Refusal:
        """Somebody whose password was right tells the code of their second factor."""
        account = session.account
        if self._too_many(address):
            return self._refuse(account.name, address, Refusal.TOO_MANY)
        if _is_locked(account.locked_until, self.clock()):
            return self._refuse(account.name, address, Refusal.LOCKED)
        with writing(self.engine) as connection:
            if self.book.code_is_right(connection, account.id, code):
                queries.change_account(connection, account.id, failures=0)
                return self.go_on(connection, session, address, factor_shown=True)
        return self._refuse(account.name, address, Refusal.WRONG, count=account.id)

    def enter(
        self,
        connection: Connection,
        account: Account,
        method: Method,
        address: str,
        *,
        factor_shown: bool = False,
    ) -> Entered:
        """Begin a session at the stage that the account has reached."""
        stage = self._stage(account, method, factor_shown=factor_shown)
        token, session_id = self.sessions.begin(connection, account.id, stage, method, address)
        if stage is not Stage.SECOND_FACTOR:
            # Without this a right password would clear what a wrong code has counted.
            queries.change_account(
                connection, account.id, failures=0, locked_until=None, seen_at=self.clock()
            )
        facts: dict[str, Fact] = {"method": method.value, "stage": stage.value, "session": session_id}
        self._record(connection, account.name, "sign_in", address, facts)
        return Entered(token, session_id, account, stage)

    def go_on(self, connection: Connection, session: Session, address: str, *, factor_shown: bool) -> Entered:
        """Bring a session to its next stage, under a new secret."""
        row = queries.account_row_by_id(connection, session.account.id)
        account = queries.read_account(row)
        stage = self._stage(account, session.method, factor_shown=factor_shown)
        token = self.sessions.renew(connection, session.id, stage)
        queries.change_account(connection, account.id, seen_at=self.clock())
        self._record(connection, account.name, "sign_in.stage", address, {"stage": stage.value})
        return Entered(token, session.id, account, stage)

    def for_commands(self, session: Session, address: str) -> str:
        """Begin a session for the command line of somebody who is signed in; its secret, to be shown once."""
        with writing(self.engine) as connection:
            token, session_id = self.sessions.begin(
                connection, session.account.id, Stage.WHOLE, session.method, FOR_COMMANDS
            )
            self._record(
                connection, session.account.name, "sign_in.command_line", address, {"session": session_id}
            )
        return token

    def leave(self, session: Session, address: str) -> None:
        """End a session."""
        with writing(self.engine) as connection:
            queries.end_session(connection, session.id)
            self._record(connection, session.account.name, "sign_out", address, {"session": session.id})

    def refuse_provider(self, name: str, address: str, refusal: Refusal) -> Refusal:
        """Somebody came from the provider of OpenID Connect and is not let in."""
        return self._refuse(name, address, refusal)

    # --- inside --------------------------------------------------------------------------------------------

    def _stage(self, account: Account, method: Method, *, factor_shown: bool) -> Stage:
        if account.has_factor and not factor_shown:
            return Stage.SECOND_FACTOR
        if account.must_change and method is not Method.OPENID:
            return Stage.PASSWORD
        if account.roles & self.second_factor_roles and not (account.has_factor or factor_shown):
            return Stage.ENROL
        return Stage.WHOLE

    def _too_many(self, address: str) -> bool:
        return self._failed(address) >= self.guessing.address_failures

    def _failed(self, address: str) -> int:
        since = self.clock() - self.guessing.address_window
        with self.engine.connect() as connection:
            return queries.failures_of_address(connection, address, since)

    def _refuse(self, name: str, address: str, refusal: Refusal, count: int | None = None) -> Refusal:
        now = self.clock()
        if refusal is Refusal.TOO_MANY and self._failed(address) > self.guessing.address_failures:
            # Recorded once: who goes on must not fill the log.
            return refusal
        with writing(self.engine) as connection:
            queries.note_failure(connection, address, now, now - self.guessing.address_window)
            facts: dict[str, Fact] = {"why": refusal.value}
            if count is not None:
                failures = queries.count_failure(connection, count)
                if failures >= self.guessing.failures:
                    until = now + self.guessing.locked
                    queries.change_account(connection, count, failures=0, locked_until=until)
                    facts["locked"] = True
            # A name that is no account's may be a password typed into the wrong field.
            known = refusal not in (Refusal.UNKNOWN, Refusal.USED)
            self._record(connection, name if known else "", "sign_in.refused", address, facts)
        return refusal

    def _record(
        self, connection: Connection, name: str, act: str, address: str, facts: dict[str, Fact]
    ) -> None:
        event = AuditEvent(name or "-", act, name, "", address, after=facts)
        self.log.record(connection, event, at=self.clock())


def _is_locked(until: float | None, now: float) -> bool:
    return until is not None and until > now
