"""The tables of the alerts, beside the inventory in the same database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    literal_column,
)

from scanner.store.database import open_database
from scanner.store.inventory import open_inventory

MIGRATIONS = "scanner.store.outbox.migrations"

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

alert = Table(
    "alert",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),  # what makes it the same news
    Column("subject", String(40), nullable=False),  # a hash of the path
    Column("kind", String(20), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("told", Text, nullable=False),  # JSON: everything that is told, never a value
)
Index("alert_subject", alert.c.subject)
Index("alert_at", alert.c.at)
delivery = Table(
    "alert_delivery",
    metadata,
    Column("alert_id", BigInteger, ForeignKey("alert.id"), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("state", String(12), nullable=False),  # due, sent, given up
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("ended", Double, nullable=False),
    Column("problem", Text, nullable=False),
)
_DUE: ColumnElement[Any] = literal_column("state = 'due'")
Index("alert_delivery_due", delivery.c.channel, delivery.c.next_at, sqlite_where=_DUE, postgresql_where=_DUE)


def open_outbox(url: str) -> Engine:
    """The database at ``url`` with the inventory and the alerts; raises ``StorageError`` in one line."""
    open_inventory(url).dispose()
    return open_database(url, MIGRATIONS)
