"""The migrations make the tables that incidents, decisions on shares and the shield work with."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from smtp_filter.quarantine import tables as held
from smtp_filter.triage.incidents import tables as incidents
from smtp_filter.triage.shares import tables as shares
from tests.smtp_filter.triage.stores import open_stores


def test_the_migrations_make_what_the_code_expects(database_url: str, tmp_path: Path) -> None:
    quarantine = open_stores(database_url, tmp_path)
    made = inspect(quarantine.engine)
    shield = {name: table for name, table in held.metadata.tables.items() if name.startswith("shield_")}
    for name, table in {**shield, **incidents.metadata.tables, **shares.metadata.tables}.items():
        columns = {column["name"]: column["nullable"] for column in made.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
    for name, index in (
        ("shield_sighting", "shield_sighting_by_time"),
        ("shield_glass", "shield_glass_by_item"),
        ("share_decision", "share_decision_standing"),
        ("incident", "incident_by_source"),
    ):
        assert index in {str(one["name"]) for one in made.get_indexes(name)}
    quarantine.close()
