"""The database of an installation: SQLite or PostgreSQL, opened durable, private and migrated.

After a commit the data is on disk on both.  Each room brings its own migrations and has its own version
table, so that several rooms share one database.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

FOUNDATION = "scanner.store.migrations"
FILE_NAME = "dlp.db"

# How long a writer waits for another one before it gives up; a client of the relay waits ten times as long.
LOCK_SECONDS = 30
CONNECT_SECONDS = 10
# Advisory locks of PostgreSQL are numbers shared by the whole database: "dlp" and a running number.
_STARTING = 0x646C7000
_WRITES = "dlp_writes"


class StorageError(Exception):
    """The database cannot be opened; the message is one line without user name or password."""


def default_database_url(state: Path) -> str:
    """The SQLite file of a state directory."""
    return URL.create("sqlite", database=str(state.absolute() / FILE_NAME)).render_as_string(
        hide_password=False
    )


def open_database(url: str, migrations: str) -> Engine:
    """An engine for ``url`` (``sqlite:///...`` or ``postgresql://...``), migrated to the newest form.

    ``migrations`` is the dotted name of a room's package that holds ``versions/``; the foundation's own come
    first.  Programs that start together wait for each other.  Raises :class:`StorageError`.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError("storage.database is no URL; see config/dlp.example.yaml") from None
    backend = parsed.get_backend_name()
    rooms = list(dict.fromkeys((FOUNDATION, migrations)))
    try:
        if backend == "sqlite":
            return _open_sqlite(parsed, rooms)
        if backend == "postgresql":
            return _open_postgresql(parsed, rooms)
    except CommandError:
        # Alembic does not know the version that the database says it has.
        what = f"{_shown(parsed)} was written by a newer version of dlp; install that version"
        raise StorageError(what) from None
    except (SQLAlchemyError, OSError) as error:
        raise StorageError(f"{_shown(parsed)} cannot be opened ({_cause(error)})") from None
    raise StorageError(f"storage.database: {backend} is not supported; use sqlite or postgresql")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that means to write: committed at the end, rolled back on an exception.

    On SQLite it takes the write lock at once, so that what was read in it is still true when it writes.
    """
    with engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless it would break a unique constraint; returns whether it was inserted."""
    if connection.dialect.name == "postgresql":
        statement = postgresql.insert(table).values(**values).on_conflict_do_nothing()
        return connection.execute(statement.returning(*table.primary_key.columns)).first() is not None
    return connection.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing()).rowcount > 0


def serialise(connection: Connection, number: int) -> None:
    """Let one transaction at a time past this point, until it ends; ``number`` is below 256, one per use.

    On SQLite a :func:`writing` transaction is alone already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STARTING + 1 + number})


# --- SQLite -------------------------------------------------------------------------------------------------


def _open_sqlite(url: URL, rooms: list[str]) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StorageError("storage.database: a file is needed, such as sqlite:////var/lib/dlp/dlp.db")
    path = Path(url.database).absolute()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The write-ahead log gets the file's permissions: made private before SQLite first opens it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": LOCK_SECONDS, "isolation_level": None},
    )
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    with _alone(path):
        # Changing to WAL needs the file for itself and does not wait; later connections find it changed.
        raw = engine.raw_connection()
        raw.cursor().execute("PRAGMA journal_mode = WAL")
        raw.close()
        with writing(engine) as connection:
            _migrate(connection, rooms)
    return engine


def _tune_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "synchronous = FULL",  # a commit is on disk
        "foreign_keys = ON",
        "secure_delete = ON",  # what is deleted is overwritten
        "temp_store = MEMORY",  # nothing of a query reaches a temporary file
        f"busy_timeout = {LOCK_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # WAL has many readers beside one writer; a reader that turns writer late may find its view outdated.
    immediate = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- PostgreSQL ---------------------------------------------------------------------------------------------


def _open_postgresql(url: URL, rooms: list[str]) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "dlp"},
        pool_pre_ping=True,
    )
    event.listen(engine, "connect", _tune_postgresql)
    with writing(engine) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STARTING})
        _migrate(connection, rooms)
    return engine


def _tune_postgresql(connection: Any, _record: Any) -> None:
    before, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
        cursor.execute(f"SET lock_timeout TO '{LOCK_SECONDS}s'")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = before


# --- migrations ---------------------------------------------------------------------------------------------


def _migrate(connection: Connection, rooms: list[str]) -> None:
    for migrations in rooms:
        config = Config()
        # A percent sign in a path would be taken for a reference to another option.
        for option, place in (
            ("script_location", resources.files("scanner.store") / "migration"),
            ("version_locations", resources.files(migrations) / "versions"),
        ):
            config.set_main_option(option, str(place).replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        config.attributes["connection"] = connection
        config.attributes["version_table"] = f"alembic_version_{_room(migrations)}"
        command.upgrade(config, "head")


def _room(migrations: str) -> str:
    """The room's own name: ``smtp_filter.quarantine.migrations`` is ``quarantine``."""
    return [part for part in migrations.split(".") if part != "migrations"][-1]


def _shown(url: URL) -> str:
    where = url.database or ""
    return where if url.get_backend_name() == "sqlite" else f"{url.host or 'local'}/{where}"


def _cause(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    if isinstance(error, DBAPIError) and error.orig is not None:
        # The first line says what is wrong; the driver does not put the password there.
        return " ".join(str(error.orig).splitlines()[0].split())[:200]
    return type(error).__name__
