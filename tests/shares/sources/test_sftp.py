"""A real SSH server's folders, scanned night after night; its host key must be known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from scanner.shares import mounts
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources import usable
from scanner.store import runs
from scanner.store.entry import Audience, RunRecord, RunState
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun

from ..plain_inspector import TEST_KEY
from ..test_nights import LONG_AGO, SPECIMEN, Log, Noting
from .servers import RunningServer, ssh_server


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    home = tmp_path_factory.mktemp("home")
    with ssh_server(home) as server:
        yield server, home


@pytest.fixture
def server(ssh: tuple[RunningServer, Path], monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    running, home = ssh
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
    return running


def _night(engine: Engine, root: bytes) -> tuple[RunRecord, list[str]]:
    log = Log()
    stored = runs.start(engine, NewRun((root,), "test"))
    settings = ScanSettings(workers=WorkerSettings(count=2))
    record = scan(Run(settings, Noting(log=log), TEST_KEY), engine, stored)
    return record, log.names()


def _write(path: Path, content: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def test_scanned_end_to_end_and_the_next_night_only_what_changed(
    server: RunningServer, tmp_path: Path
) -> None:
    engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
    _write(server.share / "a/one.txt", f"a number {SPECIMEN}")
    _write(server.share / "a/two.txt", "plain", mode=0o600)
    (server.share / "link").symlink_to("a")
    root = usable(f"sftp://127.0.0.1:{server.port}{server.share}/")

    record, read = _night(engine, root)

    assert (record.errors, record.state, read) == ((), RunState.FINISHED, ["one.txt", "two.txt"])
    entries = {e.path.rpartition("/")[2]: e for e in Ledger(engine, runs.find(engine).number).entries()}
    assert entries["one.txt"].counts == {"UK_NINO": 1}
    assert entries["one.txt"].exposure.audience is Audience.EVERYONE
    assert entries["two.txt"].exposure.audience is Audience.OWNER
    assert entries["link"].detail == "symbolic link"

    _write(server.share / "a/two.txt", "other words", mode=0o600)
    record, read = _night(engine, root)
    assert (record.state, read) == (RunState.FINISHED, ["two.txt"])

    server.stop()
    record, read = _night(engine, root)
    assert (record.state, read) == (RunState.FAILED, [])
    server.start()


def test_a_server_with_another_key_is_not_believed(
    server: RunningServer, ssh: tuple[RunningServer, Path], tmp_path: Path
) -> None:
    known = ssh[1] / ".ssh" / "known_hosts"
    before = known.read_text()
    known.write_text("")
    try:
        engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
        record, _ = _night(engine, usable(f"sftp://127.0.0.1:{server.port}{server.share}"))
    finally:
        known.write_text(before)
    assert record.state is RunState.FAILED
    assert "host key is not known" in record.errors[0]
