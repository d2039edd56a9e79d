"""The database: migrated, durable, private, on SQLite and on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from scanner.store.database import FOUNDATION, StorageError, default_database_url, open_database, writing


def test_opening_migrates_and_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        engine = open_database(database_url, FOUNDATION)
        assert {"audit", "audit_head", "sealing_key", "alembic_version_store"} <= set(
            inspect(engine).get_table_names()
        )
        engine.dispose()


def test_commits_are_durable(database_url: str) -> None:
    engine = open_database(database_url, FOUNDATION)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def _start(url: str, barrier: multiprocessing.synchronize.Barrier) -> None:
    barrier.wait()
    open_database(url, FOUNDATION).dispose()


def test_programs_that_start_together_wait_for_each_other(database_url: str) -> None:
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(4)
    children = [fork.Process(target=_start, args=(database_url, barrier)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0, 0]


def test_a_failed_writing_leaves_nothing(database_url: str) -> None:
    engine = open_database(database_url, FOUNDATION)

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("UPDATE audit_head SET number = 9"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT number FROM audit_head")).scalar() == 0


def test_sqlite_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        engine = open_database(default_database_url(tmp_path / "state"), FOUNDATION)
        with writing(engine) as connection:
            connection.execute(text("UPDATE audit_head SET base_number = 0"))
            modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    finally:
        os.umask(before)
    assert set(modes) >= {"dlp.db", "dlp.db-wal", "dlp.db-shm"}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_a_database_of_a_newer_program_is_refused(database_url: str) -> None:
    engine = open_database(database_url, FOUNDATION)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version_store SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageError, match="newer version"):
        open_database(database_url, FOUNDATION)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "no URL"),
        ("mysql://root:hidden@db/dlp", "mysql is not supported"),
        ("sqlite://", "a file is needed"),
        ("sqlite:////proc/no/such/place/dlp.db", "cannot be opened"),
        ("postgresql://dlp:hidden@/dlp?host=/nowhere-at-all", "cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_one_line_without_password(url: str, says: str) -> None:
    with pytest.raises(StorageError, match=says) as caught:
        open_database(url, FOUNDATION)
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)
