"""Shielded subjects: whom nobody may find in a held message or on a share without two people's agreement."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "shield_subject",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("token", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("made_at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "shield_entry",
        sa.Column("token", sa.LargeBinary(16), primary_key=True),
        sa.Column(
            "subject_id", _ID, sa.ForeignKey("shield_subject.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False),
    )
    op.create_index("shield_entry_by_subject", "shield_entry", ["subject_id"])
    op.create_table(
        "shield_sighting",
        sa.Column("kind", sa.String(12), primary_key=True),
        sa.Column("item", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "subject_id", _ID, sa.ForeignKey("shield_subject.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("shield_sighting_by_time", "shield_sighting", ["at"])
    op.create_table(
        "shield_glass",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("item", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.String(60), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("settled_by", sa.String(200), nullable=False),
        sa.Column("settled_at", sa.Double, nullable=True),
        sa.Column("until", sa.Double, nullable=True),
    )
    op.create_index("shield_glass_by_item", "shield_glass", ["kind", "item", "asked_by"])
    op.create_index("shield_glass_by_time", "shield_glass", ["settled_at", "asked_at"])
    op.create_table(
        "shield_mark",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
