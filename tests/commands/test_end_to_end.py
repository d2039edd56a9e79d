"""The whole program on the demo's share: nothing is touched, nothing is lost, no value is written down."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.configuration import load
from scanner.inspection import Inspector

PROJECT = Path(__file__).parents[2]
FORMATS = ("table", "jsonl", "csv", "findings-csv", "html")


@dataclass(frozen=True)
class Scanned:
    """A share, what is known of it, and everything that a scan of it wrote."""

    share: Path
    planted: frozenset[str]
    before: dict[str, str]
    written: tuple[Path, ...]
    reports: Path
    said: str
    code: int


def content(root: Path) -> dict[str, str]:
    """Hash and change time of every file, by path."""
    return {
        str(path): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        for path in root.rglob("*")
        if path.is_file()
    }


def dlp(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scanner.commands", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    base = tmp_path_factory.mktemp("council")
    share, state, reports, log = base / "share", base / "state", base / "reports", base / "dlp.log"
    tool = [sys.executable, str(PROJECT / "tools" / "demo_share.py")]
    subprocess.run([*tool, str(share), "--seed", "7"], check=True, capture_output=True)
    expected = json.loads((base / "expected.json").read_text())
    # The phrases of the rules ("child protection plan") are shown as they stand; very short values would be
    # found by accident.
    values = [
        value
        for file in expected["files"]
        for kind, values in file["planted"].items()
        for value in values
        if kind != "CHILD_FLAG" and len(value) > 5
    ]
    before = content(share)
    formats = [part for name in FORMATS for part in ("--format", name)]
    done = dlp(
        "scan", share, "--state", state, *formats, "--output", f"{reports}/",
        DLP_LOGGING_LEVEL="debug", DLP_LOGGING_FILE=str(log),
    )  # fmt: skip
    written = tuple(path for place in (state, reports) for path in place.rglob("*") if path.is_file())
    return Scanned(
        share, frozenset(values), before, (*written, log), reports, done.stdout + done.stderr, done.returncode
    )


def test_every_file_is_in_the_report_once(scanned: Scanned) -> None:
    assert scanned.code == 4, scanned.said  # the share holds an encrypted file, among others
    lines = [json.loads(line) for line in (scanned.reports / "files.jsonl").read_text().splitlines()]
    assert sorted(line["path"] for line in lines) == sorted(scanned.before)
    assert all(line["reason"] for line in lines if line["status"] != "inspected")
    assert {"none", "low", "medium", "high", "critical"} == {line["severity"] for line in lines}


def test_the_share_is_untouched(scanned: Scanned) -> None:
    assert content(scanned.share) == scanned.before


def test_no_planted_value_is_written_down(scanned: Scanned, tmp_path: Path) -> None:
    # With --show-values they are there: the search below can find them.
    shown = dlp("scan", scanned.share, "--state", tmp_path, "-f", "jsonl", "--show-values").stdout
    assert sum(value in shown for value in scanned.planted) > 50
    names = "\n".join(scanned.before)  # a file's name is shown as it is, or nobody would find the file
    secret = {value for value in scanned.planted if value not in names}
    assert len(scanned.written) > len(FORMATS)
    for path in [*scanned.written, *(path for path in tmp_path.rglob("*") if path.is_file())]:
        data = path.read_bytes()
        leaked = [value for value in secret if value.encode() in data or value.encode("utf-16-le") in data]
        assert leaked == [], path.name
    assert [value for value in secret if value in scanned.said] == []


def test_our_own_detector_finds_nothing_in_what_we_write(scanned: Scanned) -> None:
    inspector = Inspector.build(load(None, {}).inspection(bytes(32)))
    found = {}
    for path in scanned.written:
        with path.open("rb") as file:
            inspection = inspector.inspect(file, path.name, path.stat().st_size)
        if inspection.findings:
            found[path.name] = [(f.entity_type, f.location, f.confidence) for f in inspection.findings]
    assert found == {}


def test_the_same_report_again_from_the_ledger(scanned: Scanned) -> None:
    state = next(path for path in scanned.written if path.suffix == ".db").parent
    again = dlp("report", "--state", state, "--format", "jsonl")
    assert again.stdout == (scanned.reports / "files.jsonl").read_text()
