"""A real Samba share, scanned night after night without a mount."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from scanner.documents.model import Shortfall
from scanner.shares import mounts
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources import Sources, usable
from scanner.shares.sources.walking import RemoteWalk
from scanner.store import runs
from scanner.store.entry import Audience, LedgerEntry, RunRecord, RunState
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun

from ..plain_inspector import TEST_KEY
from ..test_nights import LONG_AGO, SPECIMEN, Log, Noting
from .servers import RunningServer, samba_server, write_credentials


@pytest.fixture(scope="module")
def samba() -> Iterator[RunningServer]:
    with samba_server() as server:
        yield server


class Share:
    """The share, and the nights over it."""

    def __init__(self, server: RunningServer, engine: Engine, name: str = "staff") -> None:
        self.server = server
        self.engine = engine
        self.root = usable(f"smb://127.0.0.1:{server.port}/{name}")
        self.log = Log()

    def write(self, name: str, content: str, mode: int = 0o644) -> Path:
        path = self.server.share / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
        return path

    def night(self, root: bytes = b"") -> tuple[RunRecord, list[str]]:
        self.log.clear()
        stored = runs.start(self.engine, NewRun((root or self.root,), "test"))
        settings = ScanSettings(workers=WorkerSettings(count=2))
        record = scan(Run(settings, Noting(log=self.log), TEST_KEY), self.engine, stored)
        return record, self.log.names()

    def entries(self) -> dict[str, LedgerEntry]:
        ledger = Ledger(self.engine, runs.find(self.engine).number)
        return {entry.path.removeprefix(f"{self.root.decode()}/"): entry for entry in ledger.entries()}


@pytest.fixture
def share(samba: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Share:
    for path in sorted(samba.share.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    write_credentials(tmp_path / "credentials", samba.password)
    monkeypatch.setenv("DLP_CREDENTIALS", str(tmp_path / "credentials"))
    # Ten minutes of a file's quiet are taken for granted: the test does not wait for them.
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
    if samba.process is None:
        samba.start()
    return Share(samba, open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}"))


def test_scanned_end_to_end_and_the_next_night_only_what_changed(share: Share) -> None:
    share.write("letters/one.txt", f"a number {SPECIMEN}")
    share.write("letters/deep/er/two.txt", "plain", mode=0o600)
    share.write("caf\u00e9 & co/three.txt", "plain three")
    share.write("empty.txt", "")

    record, read = share.night()

    assert record.state is RunState.FINISHED
    assert record.errors == ()
    assert read == ["empty.txt", "one.txt", "three.txt", "two.txt"]
    found = share.entries()
    assert sorted(found) == [
        "caf\u00e9 & co/three.txt",
        "empty.txt",
        "letters/deep/er/two.txt",
        "letters/one.txt",
    ]
    assert found["letters/one.txt"].counts == {"UK_NINO": 1}
    assert found["letters/one.txt"].mtime == LONG_AGO / 1e9

    record, read = share.night()
    assert (record.state, read) == (RunState.FINISHED, [])

    share.write("letters/one.txt", "nothing any more")
    (share.server.share / "empty.txt").unlink()
    share.write("new.txt", "new")
    record, read = share.night()
    assert record.state is RunState.FINISHED
    assert read == ["new.txt", "one.txt"]
    assert "empty.txt" not in share.entries()


def test_exposure_comes_from_security_descriptors(share: Share) -> None:
    share.write("open.txt", "x", mode=0o644)
    share.write("closed.txt", SPECIMEN, mode=0o600)
    share.night()
    found = share.entries()
    assert found["open.txt"].exposure.audience is Audience.EVERYONE
    assert found["open.txt"].exposure.how == "access list: Everyone may read"
    assert found["closed.txt"].exposure.audience is Audience.OWNER
    assert found["closed.txt"].exposure.owner.startswith("S-1-")

    # A permission that opens a file is seen without reading the file again.
    (share.server.share / "closed.txt").chmod(0o644)
    _, read = share.night()
    assert share.entries()["closed.txt"].exposure.audience is Audience.EVERYONE
    assert read == []


def test_a_server_that_is_gone_is_an_error_of_the_run_and_no_deletion(share: Share) -> None:
    share.write("one.txt", f"a number {SPECIMEN}")
    share.night()
    share.server.stop()

    record, read = share.night()

    assert record.state is RunState.FAILED
    assert read == []
    assert "connection refused" in record.errors[0]
    share.server.start()
    record, read = share.night()
    assert (record.state, read) == (RunState.FINISHED, [])
    assert share.entries()["one.txt"].counts == {"UK_NINO": 1}


def test_a_server_that_goes_while_files_are_read_is_an_error_of_the_run(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        share.write(f"{number}.txt", f"text {number}")
    stored = runs.start(share.engine, NewRun((share.root,), "test"))
    settings = ScanSettings(workers=WorkerSettings(count=1))
    from scanner.shares.scan import Observer, Progress

    def pull_the_plug(progress: Progress) -> None:
        if progress.objects_ended and share.server.process is not None:
            share.server.stop()

    record = scan(
        Run(settings, Noting(log=share.log), TEST_KEY), share.engine, stored, Observer(pull_the_plug)
    )
    assert record.state is RunState.FAILED
    assert "disappeared while it was read" in record.errors[0]
    share.server.start()

    record, _ = share.night()
    assert record.state is RunState.FINISHED
    assert len(share.entries()) == 30
    assert not any(entry.gaps for entry in share.entries().values())


def test_a_server_that_falls_silent_is_an_error_of_the_run_and_the_others_are_read(
    share: Share, tmp_path: Path
) -> None:
    share.write("one.txt", "plain")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "two.txt").write_text("two")
    stopped = share.server.pause()
    try:
        stored = runs.start(share.engine, NewRun((share.root, os.fsencode(tmp_path / "local")), "test"))
        settings = ScanSettings(workers=WorkerSettings(count=1), silent_seconds=2.0)
        record = scan(Run(settings, Noting(log=share.log), TEST_KEY), share.engine, stored)
    finally:
        share.server.resume(stopped)
    assert record.state is RunState.FAILED
    assert record.errors == (
        f"{os.fsdecode(share.root)} does not answer; nothing of it is taken for deleted",
    )
    assert share.log.names() == ["two.txt"]
    record, read = share.night()
    assert (record.state, read) == (RunState.FINISHED, ["one.txt"])


def test_a_guest_needs_no_credentials(share: Share, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DLP_CREDENTIALS", str(tmp_path / "none"))
    share.write("one.txt", "plain")
    record, read = share.night(usable(f"smb://guest@127.0.0.1:{share.server.port}/public"))
    assert (record.errors, record.state, read) == ((), RunState.FINISHED, ["one.txt"])


@pytest.mark.parametrize(
    ("place", "password", "says"),
    [
        ("staff", "wrong", "login was refused"),
        ("nothere", "", "no such file"),
        ("staff/nothere", "", "no such file"),
    ],
)
def test_what_cannot_be_reached_says_why(
    share: Share, tmp_path: Path, place: str, password: str, says: str
) -> None:
    if password:
        (tmp_path / "credentials").unlink()
        write_credentials(tmp_path / "credentials", password)
    record, _ = share.night(usable(f"smb://127.0.0.1:{share.server.port}/{place}"))
    assert record.state is RunState.FAILED
    assert says in record.errors[0]
    assert share.server.password not in record.errors[0]


def test_one_file_can_be_named(share: Share) -> None:
    share.write("a/one.txt", "plain")
    share.write("a/two.txt", "plain")
    record, read = share.night(share.root + b"/a/one.txt")
    assert (record.state, read) == (RunState.FINISHED, ["one.txt"])


def test_what_may_not_be_read_is_a_gap(share: Share, tmp_path: Path) -> None:
    """A file that somebody holds alone for writing cannot be read now: it is reported, not passed over."""
    from smbclient import open_file

    share.write("held.txt", "plain")
    cache: dict[str, object] = {}
    held = open_file(
        r"\\127.0.0.1\staff\held.txt", mode="r+b", share_access=None, username="games",
        password=share.server.password, port=share.server.port, connection_cache=cache,
    )  # fmt: skip
    with held:
        record, read = share.night()
    assert (record.state, read) == (RunState.FINISHED, [])
    assert share.entries()["held.txt"].shortfall is Shortfall.IO_ERROR


def test_a_walk_may_begin_beneath_its_root_and_stay_there(share: Share) -> None:
    for name in ("a/one.txt", "a/deep/two.txt", "b/three.txt"):
        share.write(name, "plain")
    server = Sources().servers.of(share.root)
    for deep, expected in ((True, ["one.txt", "two.txt"]), (False, ["one.txt"])):
        walk = RemoteWalk(server, share.root, start=share.root + b"/a", deep=deep)
        assert sorted(name.decode() for listing in walk for name, _ in listing.files) == expected


def test_listing_and_looking_agree(share: Share) -> None:
    """Otherwise every file would seem to have changed while it was read."""
    share.write("one.txt", "plain")
    server = Sources().servers.of(share.root)
    ((name, listed),) = server.listing(share.root)
    assert name == b"one.txt"
    about = server.about(share.root + b"/one.txt")
    assert (listed.st_size, listed.st_mtime_ns, listed.st_ctime_ns, listed.st_ino) == (
        about.st_size,
        about.st_mtime_ns,
        about.st_ctime_ns,
        about.st_ino,
    )
