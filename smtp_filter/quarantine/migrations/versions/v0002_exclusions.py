"""What no longer counts: exclusions, proposed by one person and approved by another."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "mail_exclusion",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sender", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("proposed_at", sa.Double, nullable=False),
        sa.Column("proposed_by", sa.String(200), nullable=False),
        sa.Column("decided_at", sa.Double, nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_why", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_index("mail_exclusion_by_state", "mail_exclusion", ["state", "id"])
