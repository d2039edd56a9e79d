"""The quarantine: held messages, releases, outbox, contacts, journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "held_body",
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "held_case",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("token", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("size", sa.Integer, nullable=False),
    )
    op.create_table(
        "held_counter",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "mail_attempt",
        sa.Column("fingerprint", sa.LargeBinary(32), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("mail_attempt_by_time", "mail_attempt", ["at"])
    op.create_table(
        "mail_contact",
        sa.Column("place", sa.LargeBinary(16), primary_key=True),
        sa.Column("count", sa.Double, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )
    op.create_table(
        "mail_contact_total",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("messages", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "mail_journal",
        sa.Column("fingerprint", sa.LargeBinary(32), primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
    )
    op.create_index("mail_journal_by_time", "mail_journal", ["at"])
    op.create_table(
        "mail_outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("message_id", _ID, nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("leased_until", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("done_at", sa.Double, nullable=True),
        sa.Column("outcome", sa.String(12), nullable=False),
    )
    op.create_index("mail_outbox_due", "mail_outbox", ["done_at", "next_at"])
    op.create_table(
        "held_message",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("reference", sa.String(20), nullable=False, unique=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("case_id", _ID, sa.ForeignKey("held_case.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("undecided", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("word", sa.String(16), nullable=False),
        sa.Column("people_low", sa.Integer, nullable=False),
        sa.Column("people_high", sa.Integer, nullable=False),
        sa.Column("department", sa.String(120), nullable=False),
        sa.Column("sender", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("held_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("warn_triage_at", sa.Double, nullable=True),
        sa.Column("warn_sender_at", sa.Double, nullable=True),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("decided_at", sa.Double, nullable=True),
        sa.Column("ended_at", sa.Double, nullable=True),
        sa.Column("assignee", sa.String(200), nullable=False),
        sa.Column("claimed_until", sa.Double, nullable=True),
        sa.Column("escalated", sa.Boolean, nullable=False),
        sa.Column("legal_hold", sa.Boolean, nullable=False),
        sa.Column("needs_second", sa.Boolean, nullable=False),
        sa.Column("false_alarm", sa.Boolean, nullable=False),
        sa.Column("notify_sender", sa.Boolean, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("body_key", sa.String(32), nullable=False),
        sa.Column("body", sa.String(8), nullable=False),
        sa.Column("summary", sa.LargeBinary, nullable=False),
        sa.Column("proposal", sa.LargeBinary, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("held_message_by_case", "held_message", ["case_id"])
    op.create_index("held_message_by_end", "held_message", ["body", "ended_at"])
    op.create_index("held_message_by_expiry", "held_message", ["undecided", "expires_at"])
    op.create_index("held_message_by_sender", "held_message", ["sender", "held_at"])
    op.create_index("held_message_by_state", "held_message", ["state", "held_at", "id"])
    op.create_index(
        "held_message_by_time",
        "held_message",
        ["held_at", "id", "undecided", "severity", "state", "department", "assignee", "sender", "due_at"],
    )
    op.create_index(
        "held_message_queue",
        "held_message",
        ["undecided", "due_at", "id", "severity", "state", "department", "assignee", "sender", "held_at"],
    )
    op.create_table(
        "held_detail",
        sa.Column(
            "message_id",
            _ID,
            sa.ForeignKey("held_message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("values", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "held_emergency",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "message_id",
            _ID,
            sa.ForeignKey("held_message.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("confirmed_at", sa.Double, nullable=True),
        sa.Column("confirmed_by", sa.String(200), nullable=False),
        sa.Column("reviewed_at", sa.Double, nullable=True),
        sa.Column("reviewed_by", sa.String(200), nullable=False),
        sa.Column("justified", sa.Boolean, nullable=True),
    )
    op.create_index("held_emergency_to_review", "held_emergency", ["reviewed_at", "confirmed_at"])
    op.create_table(
        "held_recipient",
        sa.Column(
            "message_id",
            _ID,
            sa.ForeignKey("held_message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("handover", sa.String(12), nullable=False),
        sa.Column("reply", sa.Integer, nullable=False),
    )
    op.create_table(
        "held_release",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("message_id", _ID, sa.ForeignKey("held_message.id", ondelete="CASCADE"), nullable=False),
        sa.Column("route", sa.String(20), nullable=False),
        sa.Column("requested_at", sa.Double, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("leased_until", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("dot_sent", sa.Boolean, nullable=False),
        sa.Column("done_at", sa.Double, nullable=True),
        sa.Column("reply", sa.Integer, nullable=False),
    )
    op.create_index("held_release_by_message", "held_release", ["message_id"])
    op.create_index("held_release_due", "held_release", ["done_at", "next_at"])
    op.create_table(
        "held_rule",
        sa.Column("rule", sa.String(120), primary_key=True),
        sa.Column(
            "message_id",
            _ID,
            sa.ForeignKey("held_message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
    )
    op.create_index("held_rule_by_message", "held_rule", ["message_id"])
    op.create_table(
        "held_token",
        sa.Column("token", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "message_id",
            _ID,
            sa.ForeignKey("held_message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("held_token_by_message", "held_token", ["message_id"])
    op.create_table(
        "held_transition",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("message_id", _ID, sa.ForeignKey("held_message.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("act", sa.String(60), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("held_transition_by_message", "held_transition", ["message_id", "id"])
