"""Incidents with their timeline; decisions on what scans found on shares."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "incident_counter",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "incident",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("reference", sa.String(20), nullable=False, unique=True),
        sa.Column("source_kind", sa.String(12), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("department", sa.String(120), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("aware_at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("people_low", sa.Integer, nullable=False),
        sa.Column("people_high", sa.Integer, nullable=False),
        sa.Column("counted", sa.Text, nullable=False),
        sa.Column("article33", sa.String(12), nullable=False),
        sa.Column("article34", sa.String(12), nullable=False),
        sa.Column("reported_at", sa.Double, nullable=True),
        sa.Column("closed_at", sa.Double, nullable=True),
        sa.Column("shielded", sa.Boolean, nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("title", sa.LargeBinary, nullable=False),
        sa.Column("people", sa.LargeBinary, nullable=True),
    )
    op.create_index("incident_by_state", "incident", ["state", "due_at", "id"])
    op.create_index("incident_by_source", "incident", ["source_kind", "source"])
    op.create_index("incident_by_time", "incident", ["opened_at"])
    op.create_table(
        "incident_line",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("incident_id", _ID, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("incident_line_by_incident", "incident_line", ["incident_id", "id"])
    op.create_table(
        "share_decision",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("folder_id", sa.BigInteger, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("content_hash", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("standing", sa.Boolean, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=True),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("audience", sa.SmallInteger, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
    )
    standing = sa.text("standing")
    op.create_index(
        "share_decision_standing",
        "share_decision",
        ["folder_id", "entry"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("share_decision_by_content", "share_decision", ["content_hash", "kind"])
    op.create_index("share_decision_by_path", "share_decision", ["folder_id", "entry", "id"])
