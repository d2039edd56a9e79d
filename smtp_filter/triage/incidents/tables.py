"""The tables of the incidents: what people write and who is affected lie sealed, a key for each incident."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")

counter = Table(
    "incident_counter",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("reference", String(20), nullable=False, unique=True),
    Column("source_kind", String(12), nullable=False),
    Column("source", String(60), nullable=False),
    Column("state", String(12), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("department", String(120), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("opened_by", String(200), nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("aware_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("cause", String(40), nullable=False),
    Column("people_low", Integer, nullable=False),
    Column("people_high", Integer, nullable=False),
    Column("counted", Text, nullable=False),
    Column("article33", String(12), nullable=False),
    Column("article34", String(12), nullable=False),
    Column("reported_at", Double, nullable=True),
    Column("closed_at", Double, nullable=True),
    Column("shielded", Boolean, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("title", LargeBinary, nullable=False),
    Column("people", LargeBinary, nullable=True),
)

# Appended to, never changed; each line's audit row bears a hash of it.
line = Table(
    "incident_line",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("incident_id", _ID, ForeignKey("incident.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
