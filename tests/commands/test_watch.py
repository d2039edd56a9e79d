"""``dlp watch`` as a person runs it."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from scanner.commands.watch import Herald, health_line
from scanner.judgement.assessment import Severity
from scanner.shares.watching.watch import Health
from scanner.store.outbox import Alert, AlertKind
from tests.benchmarks.council_text import nhs_number

from .conftest import Dlp

# Made for this run: numbers for tests (999) and specimens are passed over.
NUMBER = nhs_number(random.Random(18))
LETTER = f"Dear Mr Robert Patel, NHS number {NUMBER}, NINO QQ 12 34 56 C, has asthma.\n"


def watch_options(tmp_path: Path) -> tuple[object, ...]:
    return ("--state", tmp_path / "state", "--workers", 1)


def test_once_reads_what_is_new_and_a_second_time_nothing(dlp: Dlp, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "letter.txt").write_text(LETTER)
    os.utime(share / "letter.txt", (1_600_000_000, 1_600_000_000))
    time.sleep(2.1)  # its ctime is now, and what is younger than two seconds is looked at twice
    first = dlp("watch", share, "--once", *watch_options(tmp_path))
    assert first.code == 1, first.err
    assert "read 1 files, 1 alerts" in first.err
    again = dlp("watch", share, "--once", *watch_options(tmp_path))
    assert again.code == 0
    assert "read 0 files, 0 alerts" in again.err
    # What the watch read is known to a scan, and a report without a name means a scan.
    scanned = dlp("scan", share, "--state", tmp_path / "state", "--no-progress", "--format", "jsonl")
    assert json.loads(scanned.out.splitlines()[0])
    assert NUMBER.replace(" ", "") not in (first.out + first.err).replace(" ", "")


def test_what_is_found_is_said_at_once_also_where_nobody_is_configured(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    command = [sys.executable, "-m", "scanner.commands", "watch", str(share)]
    process = subprocess.Popen(
        [*command, *map(str, watch_options(tmp_path))],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith("dlp: nobody is told of what is found: no receiver is configured")
        while "findings yet" not in said or "setting up" in said:
            said = process.stderr.readline()
            assert said, "it ended"
        (share / "letter.txt").write_text(LETTER)
        while "holds people's data" not in said:
            said = process.stderr.readline()
            assert said, "it ended"
        assert said.startswith(f"dlp: high: {share / 'letter.txt'} holds people's data; 1 person; ")
        assert NUMBER not in said
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
    assert process.returncode == 0
    assert rest.endswith("dlp: read 1 files, 1 alerts\n")


def test_a_configured_folder_that_is_not_there_yet_ends_no_watch(dlp: Dlp, tmp_path: Path) -> None:
    share, config = tmp_path / "share", tmp_path / "dlp.yaml"
    share.mkdir()
    (share / "letter.txt").write_text(LETTER)
    config.write_text(f"watch:\n  paths: ['{tmp_path / 'mount'}', '{share}']\n")
    said = dlp("watch", "--config", config, "--once", *watch_options(tmp_path))
    assert said.code == 4  # an alert, and not all of it
    assert f"{tmp_path / 'mount'} is not there" in said.err
    assert f"high: {share / 'letter.txt'} holds people's data" in said.err


def test_a_flood_is_not_said_one_by_one() -> None:
    said: list[str] = []
    clock = [0.0]
    herald = Herald(said.append, per_minute=2, clock=lambda: clock[0])
    for number in range(5):
        herald(Alert(AlertKind.FINDING, Severity.HIGH, f"/srv/{number}"))
    assert [line.partition(" holds")[0] for line in said[:2]] == ["high: /srv/0", "high: /srv/1"]
    assert said[2:] == ["and more in this minute, which are not said one by one; see: dlp report"]
    clock[0] = 61.0
    herald(Alert(AlertKind.FINDING, Severity.HIGH, "/srv/later"))
    assert "/srv/later" in said[-1]


USAGE = [
    ((), "name the folders to watch"),
    (("smb://files01",), "smb: name the share, too: smb://server/share"),
    (("smb://scan:secret@files01/staff",), "a password does not belong into an address"),
    (("image:///srv/laptop.dd",), "a disk image does not change"),
    (("nowhere",), "is no folder, or is not there; is it mounted?"),
    (("/",), "/ is the whole machine"),
]


@pytest.mark.parametrize(("paths", "line"), USAGE)
def test_wrong_use(dlp: Dlp, tmp_path: Path, paths: tuple[str, ...], line: str) -> None:
    said = dlp("watch", *paths, *watch_options(tmp_path))
    assert said.code == 2
    assert line in said.err


def test_it_watches_alerts_and_ends_at_sigterm(tmp_path: Path) -> None:
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    share, config, metrics = tmp_path / "share", tmp_path / "dlp.yaml", tmp_path / "dlp.prom"
    share.mkdir()
    config.write_text(
        f"watch:\n  paths: ['{share}']\n  metrics_file: {metrics}\n"
        f"alerts:\n  webhook: http://127.0.0.1:{server.server_address[1]}/\n"
        f"exposure:\n  asset_owners: {{'{share}': Head of Housing}}\n"
    )
    command = [sys.executable, "-m", "scanner.commands", "watch", "--config", str(config)]
    process = subprocess.Popen(
        [*command, *map(str, watch_options(tmp_path))],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stderr is not None
        assert "alerts from high on go to: webhook" in process.stderr.readline()
        assert "told by the system as it happens" in process.stderr.readline()
        (share / "letter.txt").write_text(LETTER)
        end = time.monotonic() + 120
        while not got:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
        server.shutdown()
    assert process.returncode == 0, said
    (told,) = got
    assert told["path"] == str(share / "letter.txt")
    assert told["asset_owner"] == "Head of Housing"
    assert "QQ" not in json.dumps(told)
    assert "dlp_watch_ready 1.0" in metrics.read_text()
    with sqlite3.connect(tmp_path / "state" / "dlp.db") as database:
        assert database.execute("SELECT act, subject FROM audit").fetchall() == [("alert.sent", "webhook")]
        assert database.execute("SELECT state FROM share_run").fetchall() == [("finished",)]


def test_how_it_is_doing_in_one_line() -> None:
    quiet = Health(1, 2, True, 0, 0, 0, 1_200, 3, 0, {}, beside_scan=False)
    assert health_line(quiet) == "1 watched, 2 polled  1,200 files read  no findings yet"
    busy = Health(1, 0, False, 5, 2, 1, 9, 0, 4, {Severity.HIGH: 4}, beside_scan=True)
    assert health_line(busy) == (
        "1 watched, 0 polled  9 files read  4 high  7 waiting, 1 sweeps  4 alerts  still setting up  "
        "beside a scan"
    )
