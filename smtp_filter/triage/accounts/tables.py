"""The tables of accounts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")

account = Table(
    "console_account",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("folded", String(200), nullable=False, unique=True),
    Column("display", String(200), nullable=False),
    Column("roles", Text, nullable=False),
    Column("departments", Text, nullable=False),
    Column("mailboxes", Text, nullable=False),
    Column("password", String(200), nullable=True),
    Column("must_change", Boolean, nullable=False),
    Column("issuer", String(400), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Double, nullable=True),
    Column("factor", LargeBinary, nullable=True),
    Column("factor_new", LargeBinary, nullable=True),
    Column("factor_step", BigInteger, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("seen_at", Double, nullable=True),
    Index("console_account_by_subject", "issuer", "subject"),
)

session = Table(
    "console_session",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("token", LargeBinary(32), nullable=False, unique=True),
    Column("account_id", _ID, ForeignKey("console_account.id"), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("address", String(60), nullable=False),
    Column("made_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("flash_kind", String(16), nullable=False),
    Column("flash", Text, nullable=False),
    Index("console_session_by_account", "account_id"),
    Index("console_session_by_use", "seen_at"),
)

one_time = Table(
    "console_one_time",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column("account_id", _ID, ForeignKey("console_account.id"), nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("console_one_time_by_account", "account_id"),
)

recovery_code = Table(
    "console_recovery_code",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", _ID, ForeignKey("console_account.id"), nullable=False),
    Column("code", LargeBinary(32), nullable=False),
    UniqueConstraint("account_id", "code"),
)

failure = Table(
    "console_failure",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("address", String(60), nullable=False),
    Column("at", Double, nullable=False),
    Index("console_failure_by_address", "address", "at"),
)

openid_visit = Table(
    "console_openid_visit",
    metadata,
    Column("state", LargeBinary(32), primary_key=True),
    Column("visit", LargeBinary(32), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("next", String(2000), nullable=False),
    Column("expires_at", Double, nullable=False),
)
