"""The migrations make the tables that the code works with, and its queries find their indexes."""

from __future__ import annotations

import pytest
from sqlalchemy import event, inspect, text

from scanner.store.inventory import FileTable
from scanner.store.inventory.tables import metadata, open_inventory
from tests.store.making import new_run


def test_the_migrations_make_what_the_code_expects(database_url: str) -> None:
    made = inspect(open_inventory(database_url))
    for name, table in metadata.tables.items():
        columns = {column["name"]: column["nullable"] for column in made.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
        with made.bind.connect() as connection:
            there = (
                connection.execute(
                    text("SELECT name FROM sqlite_master WHERE type = 'index'")
                    if made.bind.dialect.name == "sqlite"
                    else text("SELECT indexname FROM pg_indexes")
                )
                .scalars()
                .all()
            )
        assert {str(index.name) for index in table.indexes} <= set(there), name


@pytest.mark.parametrize(("what", "index"), [("take", "share_file_queue"), ("known_in", "share_file_path")])
def test_no_query_of_the_run_reads_the_whole_table(database_url: str, what: str, index: str) -> None:
    engine = open_inventory(database_url)
    made = new_run(engine)
    made.meet([f"/srv/{number % 50}/{number}" for number in range(3_000)])
    # Most files have been read and are owed no more.
    with engine.begin() as connection:
        connection.execute(text("UPDATE share_file SET queued = 0 WHERE id > 20"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE share_file"))
    plans: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(_c: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if not statement.startswith("SELECT"):
            return
        word = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
        cursor.execute(word + statement, parameters)  # type: ignore[attr-defined]
        plans.extend(str(row) for row in cursor.fetchall())  # type: ignore[attr-defined]

    table = FileTable(made.stored.number, made.stored.signature_id)
    with engine.connect() as connection:
        if what == "take":
            table.take(connection, 5)
        else:
            table.known_in(connection, [1, 2, 3])
    assert index in "\n".join(plans)
