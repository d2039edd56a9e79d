"""The inbox's counters come out of one index, in its order."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index."""
    columns = ["undecided", "state", "severity", "assignee", "department", "due_at"]
    op.create_index("held_message_counts", "held_message", columns)
