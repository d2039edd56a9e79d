"""The book of accounts: add, change, disable, reset; passwords and second factors.  Each act is audited."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from scanner.store.audit import AuditEvent, AuditLog, Fact
from scanner.store.database import writing
from scanner.store.sealing import DataKey
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.accounts import passwords, queries, time_codes
from smtp_filter.triage.accounts.model import Account, AccountError
from smtp_filter.triage.accounts.sessions import digest
from smtp_filter.triage.roles import Role

ONE_TIME_SECONDS = 24 * 3600.0
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class AccountBook:
    """All accounts; ``key`` seals the seeds of second factors."""

    engine: Engine
    log: AuditLog
    key: DataKey
    clock: Callable[[], float]
    council: str = ""
    password_characters: int = 12

    # --- looking -------------------------------------------------------------------------------------------

    def all(self) -> list[Account]:
        """All of them, by name."""
        with self.engine.connect() as connection:
            return queries.all_accounts(connection)

    def get(self, name: str) -> Account:
        """One of them.  Raises :class:`AccountError`."""
        with self.engine.connect() as connection:
            return self._account(connection, name)

    def names_with_role(self, *roles: Role) -> list[str]:
        """The names of those who hold one of the roles: to whom something can be given."""
        with self.engine.connect() as connection:
            return queries.names_with_role(connection, roles)

    def recovery_codes_left(self, account: Account) -> int:
        """How many recovery codes somebody has left."""
        with self.engine.connect() as connection:
            return queries.recovery_codes_left(connection, account.id)

    # --- what an administrator does ------------------------------------------------------------------------

    def add(
        self,
        actor: Actor,
        name: str,
        roles: Iterable[Role],
        *,
        display: str = "",
        departments: Iterable[str] = (),
        mailboxes: Iterable[str] = (),
        one_time: bool = True,
        issuer: str = "",
        subject: str = "",
    ) -> str:
        """A new account; returns the one-time code for its first sign-in.  Raises :class:`AccountError`."""
        name = name.strip()
        if not re.fullmatch(r"[\w.@+'-]{1,100}", name):
            raise AccountError("A name has letters, figures and . _ - @ + only, 100 at most.")
        wanted = frozenset(roles)
        values: dict[str, Any] = {
            "name": name,
            "folded": queries.fold(name),
            "display": display.strip()[:200],
            "roles": _role_words(wanted),
            "departments": json.dumps(_tidy(departments)),
            "mailboxes": json.dumps([one.casefold() for one in _tidy(mailboxes)]),
            "must_change": True,
            "issuer": issuer,
            "subject": subject,
            "disabled": False,
            "failures": 0,
            "factor_step": 0,
            "made_at": self.clock(),
        }
        with writing(self.engine) as connection:
            if not queries.insert_account(connection, **values):
                raise AccountError(f"There is an account {name} already.")
            made = self._account(connection, name)
            facts: dict[str, Fact] = {"roles": values["roles"], "departments": values["departments"]}
            self._record(connection, actor, "account.add", name, after=facts)
            return self._one_time(connection, made.id) if one_time else ""

    def change(
        self,
        actor: Actor,
        name: str,
        *,
        roles: Iterable[Role] | None = None,
        departments: Iterable[str] | None = None,
        mailboxes: Iterable[str] | None = None,
        display: str | None = None,
    ) -> Account:
        """Change what is given; whoever changes their own roles is refused."""
        with writing(self.engine) as connection:
            account = self._account(connection, name)
            values: dict[str, Any] = {}
            if roles is not None:
                wanted = frozenset(roles)
                if queries.fold(actor.name) == queries.fold(account.name) and wanted != account.roles:
                    raise AccountError("Nobody changes their own roles. Ask another administrator.")
                values["roles"] = _role_words(wanted)
            if departments is not None:
                values["departments"] = json.dumps(_tidy(departments))
            if mailboxes is not None:
                values["mailboxes"] = json.dumps([one.casefold() for one in _tidy(mailboxes)])
            if display is not None:
                values["display"] = display.strip()[:200]
            if values:
                before = queries.account_row_by_id(connection, account.id)
                queries.change_account(connection, account.id, **values)
                told = {key: getattr(before, key) for key in values}
                self._record(connection, actor, "account.change", account.name, before=told, after=values)
            return self._account(connection, name)

    def disable(self, actor: Actor, name: str, reason: str = "", *, disabled: bool = True) -> None:
        """Shut an account out at once, or let it in again."""
        with writing(self.engine) as connection:
            account = self._account(connection, name)
            if disabled and queries.fold(actor.name) == queries.fold(account.name):
                raise AccountError("Nobody disables their own account. Ask another administrator.")
            queries.change_account(connection, account.id, disabled=disabled)
            if disabled:
                queries.end_sessions(connection, account.id)
                queries.forget_one_time(connection, account.id)
            act = "account.disable" if disabled else "account.enable"
            self._record(connection, actor, act, account.name, reason=reason)

    def reset(self, actor: Actor, name: str, reason: str = "") -> str:
        """Take password, second factor, lock and sessions away; returns a one-time code to begin anew."""
        with writing(self.engine) as connection:
            account = self._account(connection, name)
            queries.change_account(
                connection,
                account.id,
                password=None,
                must_change=True,
                factor=None,
                factor_new=None,
                failures=0,
                locked_until=None,
            )
            queries.put_recovery_codes(connection, account.id, ())
            queries.end_sessions(connection, account.id)
            self._record(connection, actor, "account.reset", account.name, reason=reason)
            return self._one_time(connection, account.id)

    def unlock(self, actor: Actor, name: str) -> None:
        """Lift the lock that failed attempts set."""
        with writing(self.engine) as connection:
            account = self._account(connection, name)
            queries.change_account(connection, account.id, failures=0, locked_until=None)
            self._record(connection, actor, "account.unlock", account.name)

    def end_sessions(self, actor: Actor, name: str, but: str = "") -> int:
        """End the sessions of an account, all but one."""
        with writing(self.engine) as connection:
            account = self._account(connection, name)
            ended = queries.end_sessions(connection, account.id, but)
            self._record(connection, actor, "account.sessions_ended", account.name, after={"ended": ended})
            return ended

    # --- what people do with their own ---------------------------------------------------------------------

    def password_is(self, account: Account, password: str) -> bool:
        """Whether it is the password of the account."""
        with self.engine.connect() as connection:
            row = queries.account_row_by_id(connection, account.id)
        return passwords.matches(row.password if row else None, password)

    def set_password(self, actor: Actor, account: Account, password: str, session_id: str) -> None:
        """A new password; every other session of the account ends.  Raises :class:`AccountError`."""
        own = (account.name, account.display, self.council)
        if problem := passwords.problem_with(password, least=self.password_characters, own_words=own):
            raise AccountError(problem)
        stored = passwords.hashed(password)
        with writing(self.engine) as connection:
            queries.change_account(connection, account.id, password=stored, must_change=False)
            queries.forget_one_time(connection, account.id)
            queries.end_sessions(connection, account.id, session_id)
            self._record(connection, actor, "account.password", account.name)

    def begin_factor(self, account: Account) -> bytes:
        """The seed of a new second factor, not in use until a code of it is confirmed."""
        with writing(self.engine) as connection:
            row = queries.account_row_by_id(connection, account.id)
            if row is not None and row.factor_new is not None:
                return self.key.open(row.factor_new, _context(account.id))
            seed = time_codes.new_secret()
            sealed = self.key.seal(seed, _context(account.id))
            queries.change_account(connection, account.id, factor_new=sealed)
            return seed

    def confirm_factor(self, actor: Actor, account: Account, code: str) -> list[str]:
        """Put the new second factor in use; returns the recovery codes.  Raises :class:`AccountError`."""
        codes = [passwords.readable_code(3, 4) for _ in range(RECOVERY_CODES)]
        with writing(self.engine) as connection:
            row = queries.account_row_by_id(connection, account.id)
            if row is None or row.factor_new is None:
                raise AccountError("Begin again: there is no second factor to confirm.")
            seed = self.key.open(row.factor_new, _context(account.id))
            step = time_codes.accepted_step(seed, code, self.clock(), 0)
            if step is None:
                raise AccountError(
                    "The code is not right. Enter the six figures that the application shows now."
                )
            queries.change_account(
                connection, account.id, factor=row.factor_new, factor_new=None, factor_step=step
            )
            queries.put_recovery_codes(connection, account.id, [recovery_digest(code) for code in codes])
            self._record(connection, actor, "account.second_factor", account.name, after={"set": True})
        return codes

    def remove_factor(self, actor: Actor, account: Account) -> None:
        """Take the second factor away."""
        with writing(self.engine) as connection:
            queries.change_account(connection, account.id, factor=None, factor_new=None)
            queries.put_recovery_codes(connection, account.id, ())
            self._record(connection, actor, "account.second_factor", account.name, after={"set": False})

    def code_is_right(self, connection: Connection, account_id: int, code: str) -> bool:
        """Whether it is a code of the second factor, or an unused recovery code; either works once."""
        row = queries.account_row_by_id(connection, account_id)
        if row is None or row.factor is None:
            return False
        seed = self.key.open(row.factor, _context(account_id))
        step = time_codes.accepted_step(seed, code, self.clock(), row.factor_step)
        if step is not None:
            queries.change_account(connection, account_id, factor_step=step)
            return True
        return queries.take_recovery_code(connection, account_id, recovery_digest(code))

    # --- inside --------------------------------------------------------------------------------------------

    def _account(self, connection: Connection, name: str) -> Account:
        row = queries.account_row(connection, name)
        if row is None:
            raise AccountError(f"There is no account {name.strip()[:100]}.")
        return queries.read_account(row)

    def _one_time(self, connection: Connection, account_id: int) -> str:
        code = secrets.token_urlsafe(24)
        queries.put_one_time(connection, digest(code), account_id, self.clock() + ONE_TIME_SECONDS)
        return code

    def _record(
        self,
        connection: Connection,
        actor: Actor,
        act: str,
        subject: str,
        *,
        reason: str = "",
        before: Mapping[str, Fact] | None = None,
        after: Mapping[str, Fact] | None = None,
    ) -> None:
        event = AuditEvent(
            actor.name, act, subject, actor.role, actor.origin, reason, before or {}, after or {}
        )
        self.log.record(connection, event, at=self.clock())


def recovery_digest(code: str) -> bytes:
    """What is stored of a recovery code: 60 random bits, which nobody tries within the rate limit."""
    return digest("".join(char for char in code.casefold() if char.isalnum()))


def _context(account_id: int) -> str:
    return f"second factor {account_id}"


def _role_words(roles: Iterable[Role]) -> str:
    return " ".join(sorted(role.value for role in roles))


def _tidy(words: Iterable[str]) -> list[str]:
    return sorted({word.strip()[:120] for word in words if word.strip()})
