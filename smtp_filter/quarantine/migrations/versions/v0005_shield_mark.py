"""What was compared with the list of shielded people stands beside each content, and not in one mark."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Drop the table."""
    op.drop_table("shield_mark")
