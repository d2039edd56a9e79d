"""Accounts of the console: people, sessions, one-time links, second factors, failed attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "console_account",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("folded", sa.String(200), nullable=False, unique=True),
        sa.Column("display", sa.String(200), nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("departments", sa.Text, nullable=False),
        sa.Column("mailboxes", sa.Text, nullable=False),
        sa.Column("password", sa.String(200), nullable=True),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("issuer", sa.String(400), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.Double, nullable=True),
        sa.Column("factor", sa.LargeBinary, nullable=True),
        sa.Column("factor_new", sa.LargeBinary, nullable=True),
        sa.Column("factor_step", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=True),
    )
    op.create_index("console_account_by_subject", "console_account", ["issuer", "subject"])
    op.create_table(
        "console_session",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("token", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("account_id", _ID, sa.ForeignKey("console_account.id"), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("flash_kind", sa.String(16), nullable=False),
        sa.Column("flash", sa.Text, nullable=False),
    )
    op.create_index("console_session_by_account", "console_session", ["account_id"])
    op.create_index("console_session_by_use", "console_session", ["seen_at"])
    op.create_table(
        "console_one_time",
        sa.Column("token", sa.LargeBinary(32), primary_key=True),
        sa.Column("account_id", _ID, sa.ForeignKey("console_account.id"), nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.create_index("console_one_time_by_account", "console_one_time", ["account_id"])
    op.create_table(
        "console_recovery_code",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("account_id", _ID, sa.ForeignKey("console_account.id"), nullable=False),
        sa.Column("code", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("account_id", "code"),
    )
    op.create_table(
        "console_failure",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("address", sa.String(60), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("console_failure_by_address", "console_failure", ["address", "at"])
    op.create_table(
        "console_openid_visit",
        sa.Column("state", sa.LargeBinary(32), primary_key=True),
        sa.Column("visit", sa.LargeBinary(32), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("next", sa.String(2000), nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
