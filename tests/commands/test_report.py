"""``dlp report``: the new formats, events to a receiver of syslog, metrics of a scan."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path

import pytest

from scanner.commands import inspecting
from scanner.store.outbox import open_outbox
from tests.shares.plain_inspector import PlainInspector

from .conftest import Dlp

SPECIMEN = "QQ123456C"  # published: never issued


@pytest.fixture(autouse=True)
def _small_inspector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        inspecting, "inspector", lambda _settings, _key, show_values=False: PlainInspector(show_values)
    )


@pytest.fixture
def share(tmp_path: Path) -> Path:
    root = tmp_path / "share"
    root.mkdir()
    (root / "letter.txt").write_text(f"Number {SPECIMEN}")
    (root / "menu.txt").write_text("Fish and chips")
    return root


def receiver() -> tuple[int, list[bytes], threading.Thread]:
    """A receiver of syslog over TCP that takes one connection."""
    listening = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def take() -> None:
        with listening, listening.accept()[0] as connection:
            while piece := connection.recv(65_536):
                got.append(piece)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return listening.getsockname()[1], got, thread


def test_findings_go_to_a_siem_and_that_is_recorded(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    dlp("scan", share, "--state", tmp_path / "state")
    port, got, thread = receiver()
    to = f"tcp://127.0.0.1:{port}"
    said = dlp("report", "--state", tmp_path / "state", "-f", "ocsf", "--syslog", to, "--at-least", "low")
    assert (said.code, said.out.split()[:3]) == (0, ["1", "events", "sent"])
    thread.join(10)
    sent = b"".join(got).decode()
    length, _, rest = sent.partition(" ")
    assert int(length) == len(rest.encode())
    event = json.loads(rest[rest.index("{") :])
    assert (event["class_uid"], event["file"]["name"]) == (2006, "letter.txt")
    assert SPECIMEN not in sent
    with open_outbox(f"sqlite:///{tmp_path / 'state' / 'dlp.db'}").connect() as connection:
        row = connection.exec_driver_sql("SELECT act, after FROM audit").one()
    assert row.act == "report.export"
    assert json.loads(row.after) == {"format": "ocsf", "events": 1, "to": to, "whole": True}


def test_a_receiver_that_is_not_there_is_told(dlp: Dlp, share: Path) -> None:
    dlp("scan", share)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = dlp("report", "-f", "cef", "--syslog", f"tcp://127.0.0.1:{port}")
    assert said.code == 3
    assert "did not take all of it" in said.err


@pytest.mark.parametrize(
    "options",
    [
        ("-f", "html", "--syslog", "tcp://siem:601"),
        ("-f", "cef", "--syslog", "siem"),
        ("-f", "cef", "--syslog", "carrier-pigeon://siem:1"),
        ("-f", "cef", "--syslog", "tcp://siem:port"),
        ("-f", "cef", "--syslog", "udp://siem:514", "--output", "x"),
        ("--ca", "ca.pem"),
        ("--at-least", "dreadful"),
    ],
)
def test_wrong_options(dlp: Dlp, options: tuple[str, ...]) -> None:
    assert dlp("report", *options).code == 2


def test_every_format_into_a_folder(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    from scanner.commands.writing import FORMATS

    dlp("scan", share)
    wanted = [word for name in FORMATS for word in ("--format", name)]
    assert dlp("report", *wanted, "--output", tmp_path / "out").code == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(written) == len(FORMATS)
    assert written["report.pdf"].startswith(b"%PDF-")
    assert written["siro.pdf"].startswith(b"%PDF-")
    assert written["findings.cef"].startswith(b"CEF:0|")
    assert not any(SPECIMEN.encode() in content for content in written.values())


def test_a_scan_leaves_its_metrics(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    settings = tmp_path / "dlp.yaml"
    settings.write_text(f"reports: {{metrics_file: '{tmp_path / 'dlp.prom'}'}}\n")
    dlp("scan", share, "--config", settings)
    assert (tmp_path / "dlp.prom").stat().st_mode & 0o777 == 0o644
    text = (tmp_path / "dlp.prom").read_text()
    figures = dict(re.findall(r"^(dlp_scan_\S+) (\S+)$", text, re.M))
    assert figures["dlp_scan_objects_met"] == "2.0"
    assert (figures["dlp_scan_running"], figures["dlp_scan_complete"]) == ("0.0", "1.0")
    assert sum(float(value) for name, value in figures.items() if "severity=" in name) == 2
    assert float(figures["dlp_scan_finished_seconds"]) >= float(figures["dlp_scan_started_seconds"])


def test_metrics_that_cannot_be_written_stop_no_scan(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    settings = tmp_path / "dlp.yaml"
    settings.write_text(f"reports: {{metrics_file: '{tmp_path / 'nowhere' / 'dlp.prom'}'}}\n")
    said = dlp("scan", share, "--config", settings)
    assert said.code in (0, 1)
    assert said.err.count("cannot be written") == 1
