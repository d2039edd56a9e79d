"""Runs, the file table and evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite numbers rows by itself only where the key is an INTEGER.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "share_access",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.Integer(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("gid", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.SmallInteger(), nullable=False),
        sa.Column("traversal", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("owning_group", sa.String(length=200), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "share_evidence",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("content_hash", sa.String(length=40), nullable=False),
        sa.Column("look", sa.BigInteger(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("traits", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("shortfall", sa.String(length=40), nullable=True),
        sa.Column("protection", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("people_low", sa.Integer(), nullable=False),
        sa.Column("people_high", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("share_evidence_look", "share_evidence", ["look", "content_hash"], unique=False)
    op.create_table(
        "share_file",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("folder_id", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("ending", sa.SmallInteger(), nullable=False),
        sa.Column("first_seen", sa.Integer(), nullable=False),
        sa.Column("regular", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("ctime_ns", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("access_id", sa.Integer(), nullable=False),
        sa.Column("audience", sa.SmallInteger(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=True),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("traits", sa.SmallInteger(), nullable=False),
        sa.Column("read_run", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.Double(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("moved_from", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("share_file_path", "share_file", ["folder_id", "entry", "since"], unique=True)
    op.create_index(
        "share_file_queue",
        "share_file",
        ["queued", sa.text("priority DESC"), "id"],
        sqlite_where=sa.text("queued != 0"),
        postgresql_where=sa.text("queued != 0"),
    )
    op.create_index(
        "share_file_severity",
        "share_file",
        ["severity"],
        unique=False,
        sqlite_where=sa.text("severity > 0"),
        postgresql_where=sa.text("severity > 0"),
    )
    op.create_index("share_file_since", "share_file", ["since"], unique=False)
    op.create_index(
        "share_file_until",
        "share_file",
        ["until"],
        unique=False,
        sqlite_where=sa.text("ending != 0"),
        postgresql_where=sa.text("ending != 0"),
    )
    op.create_table(
        "share_folder",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_table(
        "share_root",
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_table(
        "share_run",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("roots", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.String(length=12), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=False),
        sa.Column("heartbeat", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=False),
        sa.Column("finished", sa.Double(), nullable=True),
        sa.Column("shows_values", sa.Boolean(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "share_signature",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("readers", sa.String(length=40), nullable=False),
        sa.Column("limits", sa.String(length=40), nullable=False),
        sa.Column("workers", sa.String(length=40), nullable=False),
        sa.Column("detection", sa.String(length=40), nullable=False),
        sa.Column("judgement", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "share_signature_once",
        "share_signature",
        ["readers", "limits", "workers", "detection", "judgement"],
        unique=True,
    )
    op.create_table(
        "share_run_root",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("walked", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("directories", sa.BigInteger(), nullable=False),
        sa.Column("met", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["share_run.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "path"),
    )
    op.create_table(
        "share_sealed",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["share_run.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "evidence_id"),
    )
    op.create_table(
        "share_type_count",
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("entity_type", sa.String(length=120), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["share_evidence.id"],
        ),
        sa.PrimaryKeyConstraint("evidence_id", "entity_type"),
    )
