"""The table of decisions on files: one standing decision for each path, the earlier ones are history."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

decision = Table(
    "share_decision",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    # The file by its path, which the file table's folders and names make up, and by its content.
    Column("folder_id", BigInteger, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("content_hash", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("standing", Boolean, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("at", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("target", Text, nullable=False),  # to whom it was sent, where it was moved
    Column("expires_at", Double, nullable=True),
    # How it was when somebody decided: what is worse than that is open again.
    Column("severity", SmallInteger, nullable=False),
    Column("audience", SmallInteger, nullable=False),
    Column("run_id", Integer, nullable=False),
    Index(
        "share_decision_standing",
        "folder_id",
        "entry",
        unique=True,
        sqlite_where=text("standing"),
        postgresql_where=text("standing"),
    ),
    Index("share_decision_by_content", "content_hash", "kind"),
    Index("share_decision_by_path", "folder_id", "entry", "id"),
)
