"""Transactions that outlive a lost connection, on a real server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from scanner.store.inventory import StoreLostError, persistently
from scanner.store.inventory.persisting import PATIENCE
from scanner.store.inventory.tables import folder, open_inventory


def enter(connection: Connection, path: bytes) -> None:
    connection.execute(folder.insert().values(path=path))


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(folder)).scalar_one())


def test_a_connection_cut_in_the_middle(postgres_url: str) -> None:
    engine = open_inventory(postgres_url)
    tries: list[int] = []

    def work(connection: Connection) -> str:
        tries.append(1)
        enter(connection, b"/srv")
        if len(tries) < 3:
            own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [own])
        connection.execute(text("SELECT 1"))
        return "done"

    assert persistently(engine, work) == "done"
    assert (len(tries), count(engine)) == (3, 1)


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
    waits: list[float] = []
    calls: list[int] = []

    def work(connection: Connection) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))
        enter(connection, b"/srv")

    persistently(engine, work, wait=waits.append)
    assert (len(calls), len(waits), count(engine)) == (2, 1, 1)


def test_what_trying_again_does_not_mend_is_raised_at_once(database_url: str) -> None:
    engine = open_inventory(database_url)
    persistently(engine, lambda connection: enter(connection, b"/srv"))
    for work, error in (
        (lambda connection: enter(connection, b"/srv"), IntegrityError),
        (lambda connection: connection.execute(text("SELECT nothing FROM nowhere")), DBAPIError),
    ):
        with pytest.raises(error) as caught:
            persistently(engine, work, wait=lambda _: pytest.fail("tried again"))  # type: ignore[arg-type]
        assert not isinstance(caught.value, StoreLostError)
    assert count(engine) == 1


def test_patience_has_an_end_and_says_how_to_go_on(postgres_url: str) -> None:
    engine = open_inventory(postgres_url)
    waited: list[float] = []
    nowhere = create_engine(engine.url.update_query_dict({"host": "/nowhere"}))
    with pytest.raises(StoreLostError, match="dlp scan --resume"):
        persistently(nowhere, lambda connection: None, wait=waited.append)
    assert PATIENCE <= sum(waited) < PATIENCE + 10
