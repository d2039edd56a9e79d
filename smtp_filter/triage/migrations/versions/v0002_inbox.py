"""The tables of the inbox: saved views, and who disclosed something when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "console_view",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("query", sa.String(2000), nullable=False),
        sa.UniqueConstraint("owner", "name"),
    )
    op.create_table(
        "console_disclosure",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("console_disclosure_by_actor", "console_disclosure", ["actor", "at"])
