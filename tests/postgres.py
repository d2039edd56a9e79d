"""A private PostgreSQL for tests: real, in a temporary directory, reached through a unix socket only."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

OWNER = "postgres"


@dataclass(frozen=True, slots=True)
class Server:
    """A running instance: its programs, its data, the folder of its socket."""

    programs: Path
    data: Path
    socket: Path

    def administer(self, statement: str) -> None:
        """Run one statement as the owner."""
        where = f"host={self.socket} user={OWNER} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def url(self, database: str) -> str:
        """What the product is told."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.socket}"


def _programs() -> Path | None:
    # Debian keeps initdb and pg_ctl out of the path.
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


def _run(*command: str | Path) -> None:
    # PostgreSQL refuses to run as root.
    as_owner = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*as_owner, *map(str, command)], capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


class MissingError(Exception):
    """What a private instance needs is not installed; the message names the Debian package."""


@contextmanager
def running_server() -> Iterator[Server]:
    """A private instance while the context lasts."""
    programs = _programs()
    if programs is None:
        raise MissingError("PostgreSQL is not installed (Debian package: postgresql)")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        raise MissingError("runuser is missing (Debian package: util-linux); PostgreSQL does not run as root")
    base = Path(tempfile.mkdtemp(prefix="pg"))
    data, socket = base / "data", base / "s"
    socket.mkdir()
    base.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(base, OWNER)
        shutil.chown(socket, OWNER)
    try:
        _run(
            *(programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C"),
            "--no-sync",
        )
        # The tests kill clients, never the machine: the server need not wait for the disk.
        options = (
            f"-c listen_addresses='' -c unix_socket_directories='{socket}' -c fsync=off "
            "-c full_page_writes=off -c shared_buffers=16MB -c max_connections=60 -c autovacuum=off"
        )
        _run(programs / "pg_ctl", "-D", data, "-w", "-s", "-l", base / "log", "-o", options, "start")
        try:
            yield Server(programs, data, socket)
        finally:
            _run(programs / "pg_ctl", "-D", data, "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One instance for each worker of the test run."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_server())
        except MissingError as error:
            pytest.skip(str(error))
        yield server


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """A new empty database, dropped afterwards."""
    name = f"test_{next(_numbers)}"
    postgres_server.administer(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.administer(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new empty database of each kind that the product works with."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'database' / 'dlp.db'}"
    return str(request.getfixturevalue("postgres_url"))
