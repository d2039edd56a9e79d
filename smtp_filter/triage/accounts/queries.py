"""The queries of accounts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from scanner.store.database import insert_new
from smtp_filter.triage.accounts.model import Account, Flash, Method, Session, Stage
from smtp_filter.triage.accounts.tables import (
    account,
    failure,
    one_time,
    openid_visit,
    recovery_code,
    session,
)
from smtp_filter.triage.roles import Role


def fold(name: str) -> str:
    """An account's name as it is looked up."""
    return name.strip().casefold()


def read_account(row: Any) -> Account:
    """The account of a row."""
    known = {role.value for role in Role}
    return Account(
        id=row.id,
        name=row.name,
        display=row.display,
        roles=frozenset(Role(word) for word in row.roles.split() if word in known),
        departments=tuple(json.loads(row.departments)),
        mailboxes=frozenset(json.loads(row.mailboxes)),
        has_password=row.password is not None,
        must_change=row.must_change,
        issuer=row.issuer,
        disabled=row.disabled,
        locked_until=row.locked_until,
        has_factor=row.factor is not None,
        made_at=row.made_at,
        seen_at=row.seen_at,
    )


# --- accounts -----------------------------------------------------------------------------------------------


def account_row(connection: Connection, name: str) -> Row[Any] | None:
    """The row of a name."""
    return connection.execute(select(account).where(account.c.folded == fold(name))).one_or_none()


def account_row_by_id(connection: Connection, account_id: int) -> Row[Any] | None:
    """The row of an id."""
    return connection.execute(select(account).where(account.c.id == account_id)).one_or_none()


def account_row_by_subject(connection: Connection, issuer: str, subject: str) -> Row[Any] | None:
    """The row of somebody whom a provider of OpenID Connect knows."""
    return connection.execute(
        select(account).where(account.c.issuer == issuer, account.c.subject == subject)
    ).one_or_none()


def all_accounts(connection: Connection) -> list[Account]:
    """All of them, by name."""
    return [read_account(row) for row in connection.execute(select(account).order_by(account.c.folded))]


def names_with_role(connection: Connection, roles: Iterable[Role]) -> list[str]:
    """The names of those who hold one of the roles and are not disabled."""
    wanted = set(roles)
    return [one.name for one in all_accounts(connection) if not one.disabled and one.roles & wanted]


def insert_account(connection: Connection, **values: Any) -> bool:
    """A new row; ``False`` where the name is taken."""
    return insert_new(connection, account, **values)


def change_account(connection: Connection, account_id: int, **values: Any) -> None:
    """Set columns of a row."""
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def count_failure(connection: Connection, account_id: int) -> int:
    """One more failure; returns how many there are in a row."""
    connection.execute(
        update(account).where(account.c.id == account_id).values(failures=account.c.failures + 1)
    )
    return int(connection.execute(select(account.c.failures).where(account.c.id == account_id)).scalar_one())


# --- sessions -----------------------------------------------------------------------------------------------


def insert_session(connection: Connection, **values: Any) -> None:
    """A new session."""
    connection.execute(insert(session).values(flash_kind="", flash="", **values))


def session_by_token(connection: Connection, token: bytes) -> tuple[Session, float] | None:
    """The session of a token's digest with its account, in one query; and when it was last used."""
    wanted = [session.c.id.label("session_id"), session.c.stage, session.c.method, session.c.address]
    times = [session.c.made_at.label("begun_at"), session.c.seen_at.label("used_at"), session.c.flash]
    row = connection.execute(
        select(account, *wanted, *times)
        .join(session, session.c.account_id == account.c.id)
        .where(session.c.token == token)
    ).one_or_none()
    if row is None:
        return None
    found = Session(
        id=row.session_id,
        account=read_account(row),
        stage=Stage(row.stage),
        method=Method(row.method),
        address=row.address,
        made_at=row.begun_at,
        has_flash=bool(row.flash),
    )
    return found, row.used_at


def sessions_of(connection: Connection, account_id: int) -> list[Any]:
    """The sessions of an account, the newest first."""
    query = select(session).where(session.c.account_id == account_id).order_by(session.c.made_at.desc())
    return list(connection.execute(query))


def touch_session(connection: Connection, session_id: str, now: float) -> None:
    """It was used."""
    connection.execute(update(session).where(session.c.id == session_id).values(seen_at=now))


def change_session(connection: Connection, session_id: str, **values: Any) -> None:
    """Set columns of a session."""
    connection.execute(update(session).where(session.c.id == session_id).values(**values))


def end_session(connection: Connection, session_id: str) -> None:
    """Delete a session."""
    connection.execute(delete(session).where(session.c.id == session_id))


def end_sessions(connection: Connection, account_id: int, but: str = "") -> int:
    """Delete the sessions of an account, all but one; returns how many."""
    statement = delete(session).where(session.c.account_id == account_id, session.c.id != but)
    return connection.execute(statement).rowcount


def end_stale_sessions(connection: Connection, used_before: float, made_before: float) -> None:
    """Delete what has expired."""
    connection.execute(
        delete(session).where(or_(session.c.seen_at < used_before, session.c.made_at < made_before))
    )


def take_flash(connection: Connection, session_id: str) -> Flash | None:
    """The message for the next page, once."""
    row = connection.execute(
        select(session.c.flash_kind, session.c.flash).where(session.c.id == session_id)
    ).one_or_none()
    if row is None or not row.flash:
        return None
    change_session(connection, session_id, flash="", flash_kind="")
    return Flash(row.flash_kind, row.flash)


# --- one-time links and recovery codes ----------------------------------------------------------------------


def put_one_time(connection: Connection, token: bytes, account_id: int, expires_at: float) -> None:
    """A new one-time code; it replaces older ones of the account."""
    connection.execute(delete(one_time).where(one_time.c.account_id == account_id))
    connection.execute(insert(one_time).values(token=token, account_id=account_id, expires_at=expires_at))


def forget_one_time(connection: Connection, account_id: int) -> None:
    """Delete the one-time code of an account."""
    connection.execute(delete(one_time).where(one_time.c.account_id == account_id))


def take_one_time(connection: Connection, token: bytes, now: float) -> int | None:
    """The account of a one-time code, which is used up with this; ``None`` where it is not valid."""
    row = connection.execute(select(one_time).where(one_time.c.token == token)).one_or_none()
    if row is None:
        return None
    gone = connection.execute(delete(one_time).where(one_time.c.token == token)).rowcount
    return int(row.account_id) if gone and row.expires_at > now else None


def put_recovery_codes(connection: Connection, account_id: int, codes: Sequence[bytes]) -> None:
    """The recovery codes of an account, in place of older ones."""
    connection.execute(delete(recovery_code).where(recovery_code.c.account_id == account_id))
    if codes:
        rows = [{"account_id": account_id, "code": code} for code in codes]
        connection.execute(insert(recovery_code), rows)


def take_recovery_code(connection: Connection, account_id: int, code: bytes) -> bool:
    """Use a recovery code up."""
    statement = delete(recovery_code).where(
        recovery_code.c.account_id == account_id, recovery_code.c.code == code
    )
    return connection.execute(statement).rowcount > 0


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """How many are left."""
    query = select(func.count()).select_from(recovery_code).where(recovery_code.c.account_id == account_id)
    return int(connection.execute(query).scalar_one())


# --- failures of an address, visits to a provider -----------------------------------------------------------


def note_failure(connection: Connection, address: str, now: float, forget_before: float) -> None:
    """A failed attempt from an address; older ones are forgotten."""
    connection.execute(delete(failure).where(failure.c.at < forget_before))
    connection.execute(insert(failure).values(address=address[:60], at=now))


def failures_of_address(connection: Connection, address: str, since: float) -> int:
    """How many attempts failed from an address."""
    query = select(func.count()).select_from(failure)
    wanted = query.where(failure.c.address == address[:60], failure.c.at >= since)
    return int(connection.execute(wanted).scalar_one())


def put_openid_visit(connection: Connection, now: float, **values: Any) -> None:
    """Somebody was sent to the provider."""
    connection.execute(delete(openid_visit).where(openid_visit.c.expires_at < now))
    connection.execute(insert(openid_visit).values(**values))


def take_openid_visit(connection: Connection, state: bytes, visit: bytes, now: float) -> Row[Any] | None:
    """Somebody came back from the provider, in the same browser; once."""
    row = connection.execute(
        select(openid_visit).where(openid_visit.c.state == state, openid_visit.c.visit == visit)
    ).one_or_none()
    if row is None:
        return None
    gone = connection.execute(delete(openid_visit).where(openid_visit.c.state == state)).rowcount
    return row if gone and row.expires_at > now else None
