"""The rules of each signature, so that a later run can hold its own against them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ASPECTS = ["readers", "limits", "workers", "detection", "judgement"]


def upgrade() -> None:
    """Add them; what is there has unknown rules, and is read again as rules differ."""
    op.add_column(
        "share_signature", sa.Column("rules", sa.String(length=40), nullable=False, server_default="")
    )
    op.drop_index("share_signature_once", table_name="share_signature")
    op.create_index("share_signature_once", "share_signature", [*_ASPECTS, "rules"], unique=True)
    op.create_table(
        "share_rule_book",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
