"""The values of accounts: who, in which session, and what can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from smtp_filter.triage.roles import Role


class Stage(StrEnum):
    """How far somebody has come: only the last one opens anything."""

    SECOND_FACTOR = "second_factor"  # the password was right, the code is to come
    PASSWORD = "password"  # a password is to be chosen  # noqa: S105
    ENROL = "enrol"  # a second factor is demanded and not set up yet
    WHOLE = "whole"


class Method(StrEnum):
    """How somebody signed in."""

    PASSWORD = "password"  # noqa: S105
    ONE_TIME = "one_time"
    OPENID = "openid"


class AccountError(Exception):
    """It cannot be done; the message is one line for the person."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may use the console; times in seconds since 1970.

    ``mailboxes`` are the person's own mail addresses; ``departments`` may hold ``*`` for all.
    """

    id: int
    name: str
    display: str
    roles: frozenset[Role]
    departments: tuple[str, ...]
    mailboxes: frozenset[str]
    has_password: bool
    must_change: bool
    issuer: str
    disabled: bool
    locked_until: float | None
    has_factor: bool
    made_at: float
    seen_at: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session of somebody; ``id`` is no secret."""

    id: str
    account: Account
    stage: Stage
    method: Method
    address: str
    made_at: float
    has_flash: bool


@dataclass(frozen=True, slots=True)
class Flash:
    """A message for the next page."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Signed in, at least so far: the secret for the browser, and what comes next."""

    token: str
    session_id: str
    account: Account
    stage: Stage


class Refusal(StrEnum):
    """Why somebody was not let in; the page says the same of the first three."""

    WRONG = "wrong"
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    LOCKED = "locked"
    TOO_MANY = "too_many"
    USED = "used"
    NO_ROLE = "no_role"
    PROVIDER = "provider"
