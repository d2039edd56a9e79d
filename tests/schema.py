"""Holds the tables that the code describes against those that the migrations make."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData


def differences(engine: Engine, described: MetaData) -> list[Any]:
    """What would have to be changed in the database for the described tables; other tables are left out."""
    known = set(described.tables)

    def concerns(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or name in known

    with engine.connect() as connection:
        return list(
            compare_metadata(
                MigrationContext.configure(connection, opts={"include_name": concerns}), described
            )
        )
