"""Which contents concern shielded people; what holds nothing concerns nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column("share_evidence", sa.Column("shielded", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE share_evidence SET shielded = false"
        " WHERE id NOT IN (SELECT evidence_id FROM share_type_count)"
    )
    op.create_index(
        "share_evidence_uncompared",
        "share_evidence",
        ["id"],
        sqlite_where=sa.text("shielded IS NULL"),
        postgresql_where=sa.text("shielded IS NULL"),
    )
    op.create_table(
        "share_shield",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
