"""The inbox's own tables; what is held lies in the quarantine's."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table
from sqlalchemy import UniqueConstraint as Unique

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")

view = Table(
    "console_view",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("name", String(80), nullable=False),
    Column("query", String(2000), nullable=False),
    Unique("owner", "name"),
)

disclosure = Table(
    "console_disclosure",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("actor", String(200), nullable=False),
    Column("at", Double, nullable=False),
    Index("console_disclosure_by_actor", "actor", "at"),
)
