"""A real Samba share and a real SSH server, watched without a mount from beginning to end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from smbclient import open_file, reset_connection_cache
from smbclient._io import SMBFileTransaction, SMBRawIO
from smbprotocol.file_info import InfoType
from smbprotocol.open import SMB2SetInfoRequest
from smbprotocol.security_descriptor import AccessAllowedAce, AclPacket, SIDPacket, SMB2CreateSDBuffer
from sqlalchemy import select

from scanner.shares import mounts
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources import usable
from scanner.shares.watching import recording
from scanner.shares.watching.recording import Counts
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.watching.watch import WatchObserver, WatchRun, watch
from scanner.store.inventory import Signatures
from scanner.store.inventory.tables import file
from scanner.store.outbox import AlertKind, open_outbox
from tests.shares.plain_inspector import TEST_KEY, PlainInspector
from tests.shares.sources.servers import USER, RunningServer, samba_server, ssh_server, write_credentials

from .test_watch import SPECIMEN, Watched

# A process of the test needs no half minute to be sure that a server is silent.
QUICK = ScanSettings(workers=WorkerSettings(count=1), silent_seconds=3.0)
POLLED = {"scan": QUICK, "poll": 0.5, "settle": 0.5}


@pytest.fixture(scope="module")
def samba() -> Iterator[RunningServer]:
    with samba_server() as server:
        yield server


@pytest.fixture
def share(samba: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The share is written to through its server, never behind its back."""
    for path in sorted(samba.share.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    write_credentials(tmp_path / "credentials", samba.password)
    monkeypatch.setenv("DLP_CREDENTIALS", str(tmp_path / "credentials"))
    # Ten minutes of a file's quiet are taken for granted: the test does not wait for them.
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
    if samba.process is None:
        samba.start()
    made = Watched(
        Path(os.fsdecode(usable(f"smb://127.0.0.1:{samba.port}/staff"))),
        f"sqlite:///{tmp_path / 'dlp.db'}",
        tmp_path / "said",
        address=usable(f"smb://127.0.0.1:{samba.port}/staff"),
    )
    open_outbox(made.url).dispose()
    yield made
    for process in made.processes:
        with contextlib.suppress(ProcessLookupError, ValueError):
            process.kill()
            process.join()


@pytest.fixture
def client(samba: RunningServer) -> Callable[..., None]:
    """What somebody at a desk does: commands of smbclient."""
    program = shutil.which("smbclient")
    if program is None:
        pytest.skip("no smbclient here (Debian package smbclient)")

    login = ["-p", str(samba.port), "-U", f"{USER}%{samba.password}"]

    def do(*commands: str) -> None:
        done = subprocess.run(
            [program, "//127.0.0.1/staff", *login, "-c", "; ".join(commands)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return do


def open_to_everyone(samba: RunningServer, name: str) -> None:
    """Set a file's access list, as the security tab of its properties does."""
    sid = SIDPacket()
    sid.from_string("S-1-1-0")
    entry = AccessAllowedAce()
    entry["mask"] = 0x00120089  # what "read" is there: FILE_GENERIC_READ
    entry["sid"] = sid
    entries = AclPacket()
    entries["aces"] = [entry]
    descriptor = SMB2CreateSDBuffer()
    descriptor.set_dacl(entries)
    cache: dict[str, Any] = {}
    login: dict[str, Any] = {"username": USER, "password": samba.password, "port": samba.port}
    raw = SMBRawIO(
        rf"\\127.0.0.1\staff\{name}",
        mode="r",
        share_access="rwd",
        desired_access=0x00040000 | 0x00020000,  # WRITE_DAC, READ_CONTROL
        connection_cache=cache,
        **login,
    )
    with SMBFileTransaction(raw) as asking:
        question = SMB2SetInfoRequest()
        question["info_type"] = InfoType.SMB2_0_INFO_SECURITY
        question["additional_information"] = 4  # its access list
        question["file_id"] = raw.fd.file_id
        question["buffer"] = descriptor
        asking += (question, lambda request: raw.fd.connection.receive(request))
    reset_connection_cache(connection_cache=cache)


def known(watched: Watched) -> list[str]:
    engine = open_outbox(watched.url)
    with engine.connect() as connection:
        query = select(file.c.entry).where(file.c.ending == 0, file.c.evidence_id.is_not(None))
        found = sorted(bytes(name).decode() for name in connection.execute(query).scalars())
    engine.dispose()
    return found


def local(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_file_that_comes_through_the_server_is_read_and_alerted(
    share: Watched, client: Callable[..., None], tmp_path: Path
) -> None:
    source = local(tmp_path, "source", f"a list: {SPECIMEN}")
    share.start(**POLLED)
    client("mkdir team", f"put {source} team/list.txt", f"put {local(tmp_path, 'p', 'plain')} plain.txt")
    share.until_alert(AlertKind.FINDING, "list.txt")
    share.until(lambda: known(share) == ["list.txt", "plain.txt"], "both are read")
    told = next(told for told in share.told() if told["kind"] == "finding")
    assert told["path"] == f"{share.root_name}/team/list.txt"
    assert SPECIMEN not in json.dumps(share.told())
    assert "(smb): polled every" in share.words()
    assert "a server is asked, it does not tell" in share.words()

    # Renamed on the server: no news, and known under its new name only.
    client("rename team/list.txt team/people.txt")
    share.until(lambda: known(share) == ["people.txt", "plain.txt"], "the new name is known")
    client(f"put {local(tmp_path, 'q', 'now ' + SPECIMEN)} plain.txt", "del team/people.txt")
    share.until_alert(AlertKind.FINDING, "plain.txt")
    share.until(lambda: known(share) == ["plain.txt"], "what was deleted is gone")
    share.stop()
    assert share.alerts() == [("finding", "list.txt"), ("finding", "plain.txt")]


def test_a_permission_that_opens_a_file_to_everyone_is_alerted(
    share: Watched, samba: RunningServer, client: Callable[..., None], tmp_path: Path
) -> None:
    client(f"put {local(tmp_path, 's', SPECIMEN)} secret.txt", f"put {local(tmp_path, 'p', 'x')} plain.txt")
    for path in samba.share.iterdir():
        path.chmod(0o600)
    share.start(**POLLED | {"poll": 3_600.0, "exposure": 0.5})
    share.until_alert(AlertKind.FINDING, "secret.txt")
    for name in ("secret.txt", "plain.txt"):
        open_to_everyone(samba, name)
    share.until_alert(AlertKind.EXPOSED, "secret.txt")
    exposed = next(told for told in share.told() if told["kind"] == "exposed")
    assert (exposed["audience"], exposed["how"]) == ("everyone", "access list: Everyone may read")
    share.stop()
    assert share.alerts() == [("finding", "secret.txt"), ("exposed", "secret.txt")]


def test_a_server_that_stops_and_starts_loses_nothing(
    share: Watched, samba: RunningServer, client: Callable[..., None], tmp_path: Path
) -> None:
    for number in range(40):
        (samba.share / f"{number}.txt").write_text(f"text {number}")
    share.start(**POLLED)
    share.until(lambda: len(known(share)) == 40, "all are read")
    samba.stop()
    share.until(lambda: "is not there (connection refused)" in share.words(), "it says that it is gone")
    (samba.share / "0.txt").unlink()
    (samba.share / "meanwhile.txt").write_text(f"meanwhile {SPECIMEN}")
    time.sleep(1.5)
    assert len(known(share)) == 40
    samba.start()
    share.until_alert(AlertKind.FINDING, "meanwhile.txt")
    share.until(lambda: len(known(share)) == 40 and "0.txt" not in known(share), "caught up")
    client(f"put {local(tmp_path, 's', SPECIMEN)} after.txt")
    share.until_alert(AlertKind.FINDING, "after.txt")
    share.stop()
    assert "is there again" in share.words()
    engine = open_outbox(share.url)
    with engine.connect() as connection:
        assert len(connection.execute(select(file.c.id).where(file.c.ending == 2)).all()) <= 1
    engine.dispose()


def test_a_server_that_falls_silent_is_waited_for_and_the_others_go_on(
    share: Watched, samba: RunningServer, tmp_path: Path
) -> None:
    for number in range(30):
        (samba.share / f"{number}.txt").write_text(f"text {number}")
    beside = tmp_path / "beside"
    beside.mkdir()
    share.more = (os.fsencode(beside),)
    share.start(**POLLED)
    share.until(lambda: len(known(share)) == 30, "all are read")
    stopped = samba.pause()
    (samba.share / "meanwhile.txt").write_text(f"meanwhile {SPECIMEN}")
    try:
        share.until(lambda: "does not answer; nothing of it is taken" in share.words(), "it says so")
        (beside / "list.txt").write_text(SPECIMEN)
        share.until_alert(AlertKind.FINDING, "list.txt")
        assert ("finding", "meanwhile.txt") not in share.alerts()
    finally:
        samba.resume(stopped)
    share.until_alert(AlertKind.FINDING, "meanwhile.txt")
    share.until(lambda: len(known(share)) == 32, "nothing was lost")
    share.stop()
    assert ("trouble", "staff") in share.alerts()


def test_a_file_that_somebody_holds_for_himself_is_read_when_he_lets_go(
    share: Watched, samba: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_SECONDS_BETWEEN_TRIES", 0.3)
    monkeypatch.setattr(recording, "_TRIES", 1_000)
    (samba.share / "held.txt").write_text(SPECIMEN)
    cache: dict[str, Any] = {}
    held = open_file(
        r"\\127.0.0.1\staff\held.txt", mode="r+b", share_access=None, username=USER,
        password=samba.password, port=samba.port, connection_cache=cache,
    )  # fmt: skip
    with held:
        share.start(**POLLED)
        share.until(lambda: known(share) == ["held.txt"], "it is known as unread")
        assert share.alerts() == []
    share.until_alert(AlertKind.FINDING, "held.txt")
    share.stop()
    reset_connection_cache(connection_cache=cache)


def test_what_changed_while_the_watch_was_down(
    share: Watched, samba: RunningServer, client: Callable[..., None], tmp_path: Path
) -> None:
    source = local(tmp_path, "s", f"x {SPECIMEN}")
    client(f"put {local(tmp_path, 'p', 'plain')} goes.txt", f"put {local(tmp_path, 'q', 'two')} changes.txt")
    share.start(**POLLED)
    share.until(lambda: known(share) == ["changes.txt", "goes.txt"], "both are read")
    share.stop()
    share.said.unlink()
    client("del goes.txt", f"put {source} changes.txt", f"put {source} comes.txt")
    share.start(**POLLED)
    share.until_alert(AlertKind.FINDING, "changes.txt")
    share.until_alert(AlertKind.FINDING, "comes.txt")
    share.until(lambda: known(share) == ["changes.txt", "comes.txt"], "what went is gone")
    share.stop()


def test_once_over_a_server_that_is_away_says_so_and_comes_to_its_end(
    share: Watched, samba: RunningServer
) -> None:
    samba.stop()
    said: list[str] = []
    run = WatchRun((share.address,), WatchSettings(QUICK), PlainInspector(), TEST_KEY, "test", Signatures())
    counts: Counts = watch(run, open_outbox(share.url), WatchObserver(said.append), once=True)
    assert [line for line in counts.troubles if "is not there (connection refused)" in line]
    assert samba.password not in "".join(said)


def test_a_samba_share_that_is_mounted(
    share: Watched, samba: RunningServer, client: Callable[..., None], tmp_path: Path
) -> None:
    point = tmp_path / "mounted"
    point.mkdir()
    options = f"username={USER},password={samba.password},port={samba.port}"
    done = subprocess.run(
        ["mount", "-t", "cifs", "//127.0.0.1/staff", str(point), "-o", options],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"this kernel mounts no CIFS ({done.stderr.strip()[:60]})")
    mounted = Watched(point, share.url, share.said)
    share.processes = mounted.processes
    try:
        mounted.start(**POLLED)
        client(f"put {local(tmp_path, 's', SPECIMEN)} list.txt")
        mounted.until_alert(AlertKind.FINDING, "list.txt")
        assert "(cifs): polled every" in mounted.words()
        mounted.stop()
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


def test_a_folder_over_ssh(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    with ssh_server(home) as server:
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
        (server.share / "secret.txt").write_text(SPECIMEN)
        (server.share / "secret.txt").chmod(0o600)
        address = usable(f"sftp://127.0.0.1:{server.port}{server.share}")
        watched = Watched(
            server.share, f"sqlite:///{tmp_path / 'dlp.db'}", tmp_path / "said", address=address
        )
        open_outbox(watched.url).dispose()
        try:
            watched.start(**POLLED | {"exposure": 0.5})
            watched.until_alert(AlertKind.FINDING, "secret.txt")
            (server.share / "secret.txt").chmod(0o644)
            watched.until_alert(AlertKind.EXPOSED, "secret.txt")
            (server.share / "new").mkdir()
            (server.share / "new" / "list.txt").write_text(f"new {SPECIMEN}")
            watched.until_alert(AlertKind.FINDING, "list.txt")
            shutil.rmtree(server.share / "new")
            watched.until(lambda: known(watched) == ["secret.txt"], "what went is gone")
            stopped = server.pause()
            try:
                watched.until(lambda: "does not answer; nothing" in watched.words(), "it says so")
            finally:
                server.resume(stopped)
            (server.share / "later.txt").write_text(f"later {SPECIMEN}")
            watched.until_alert(AlertKind.FINDING, "later.txt")
            watched.stop()
        finally:
            for process in watched.processes:
                with contextlib.suppress(ProcessLookupError, ValueError):
                    os.kill(process.pid or 0, signal.SIGKILL)
                    process.join()
