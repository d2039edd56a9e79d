"""``dlp scan`` from options to exit code, with a small inspector in place of the rules."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanner.commands import inspecting
from scanner.commands.exits import Exit
from scanner.commands.scan import exit_code
from scanner.judgement.assessment import Severity
from tests.shares.plain_inspector import PlainInspector
from tests.store.making import database

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


def written(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file() and "share" not in path.parts]


def test_findings_and_summary(dlp: Dlp, share: Path) -> None:
    said = dlp("scan", share)
    assert said.code == Exit.FINDINGS
    assert "letter.txt" in said.out
    assert SPECIMEN not in said.out + said.err


def test_a_clean_folder(dlp: Dlp, share: Path) -> None:
    (share / "letter.txt").unlink()
    assert dlp("scan", share).code == Exit.CLEAN


def test_json_lines(dlp: Dlp, share: Path) -> None:
    lines = [json.loads(line) for line in dlp("scan", share, "--format", "jsonl").out.splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["letter.txt", "menu.txt"]
    letter = lines[0]
    assert (letter["status"], letter["severity"], letter["people"]) == ("inspected", "high", 1)
    assert [finding["value"] for finding in letter["findings"]] == ["*******6C"]


def test_values_only_where_asked_for_and_never_in_the_state(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    said = dlp("scan", share, "-f", "jsonl", "--show-values")
    assert json.loads(said.out.splitlines()[0])["findings"][0]["value"] == SPECIMEN
    assert SPECIMEN not in dlp("report", "-f", "jsonl").out
    files = written(tmp_path)
    assert any(path.suffix == ".db" for path in files)
    assert [path for path in files if SPECIMEN.encode() in path.read_bytes()] == []


def test_all_formats_into_a_folder_hold_no_values(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    formats = [part for name in ("table", "jsonl", "csv", "findings-csv", "html") for part in ("-f", name)]
    said = dlp("scan", share, *formats, "--output", tmp_path / "reports")
    assert said.code == Exit.FINDINGS
    names = {path.name for path in (tmp_path / "reports").iterdir()}
    assert names == {"summary.txt", "files.jsonl", "files.csv", "findings.csv", "report.html"}
    for path in written(tmp_path):
        assert SPECIMEN.encode() not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0, path


def test_one_format_into_a_file(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    dlp("scan", share, "-f", "csv", "-o", tmp_path / "files.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "files.csv").read_text("utf-8-sig"))))
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("worst", "threshold", "incomplete", "code"),
    [
        (Severity.NONE, Severity.MEDIUM, False, Exit.CLEAN),
        (Severity.LOW, Severity.MEDIUM, False, Exit.CLEAN),
        (Severity.MEDIUM, Severity.MEDIUM, False, Exit.FINDINGS),
        (Severity.CRITICAL, Severity.MEDIUM, False, Exit.FINDINGS),
        (Severity.HIGH, Severity.CRITICAL, False, Exit.CLEAN),
        (Severity.NONE, Severity.MEDIUM, True, Exit.INCOMPLETE),
        (Severity.LOW, Severity.MEDIUM, True, Exit.INCOMPLETE),
        (Severity.HIGH, Severity.MEDIUM, True, Exit.FINDINGS_INCOMPLETE),
        (Severity.NONE, Severity.NONE, False, Exit.CLEAN),
    ],
)
def test_exit_codes(worst: Severity, threshold: Severity, incomplete: bool, code: Exit) -> None:
    assert exit_code(worst, threshold, incomplete=incomplete) is code


def test_something_unread_has_its_own_code(dlp: Dlp, share: Path) -> None:
    (share / "poison.txt").write_text("!raise")
    assert dlp("scan", share).code == Exit.FINDINGS_INCOMPLETE
    assert dlp("scan", share, "--fail-on", "critical").code == Exit.INCOMPLETE
    assert dlp("scan", share, "--ignore-incomplete").code == Exit.FINDINGS


def test_what_never_holds_text_is_not_incomplete(dlp: Dlp, share: Path) -> None:
    (share / "letter.txt").unlink()
    (share / "link").symlink_to(share)
    (share / "empty").touch()
    os.mkfifo(share / "pipe")
    (share / "disk.iso").write_text("x")
    assert dlp("scan", share, "--exclude", "*.iso").code == Exit.CLEAN


def test_excluded_files_are_reported_and_not_read(dlp: Dlp, share: Path) -> None:
    said = dlp("scan", share, "-x", "letter.*", "-f", "jsonl")
    assert said.code == Exit.CLEAN
    by_name = {Path(line["path"]).name: line for line in map(json.loads, said.out.splitlines())}
    assert by_name["letter.txt"]["status"] == "not_inspected"
    assert by_name["letter.txt"]["reason"].startswith("excluded")


def test_the_report_verb_gives_the_same_again(dlp: Dlp, share: Path) -> None:
    first = dlp("scan", share, "-f", "jsonl")
    assert dlp("report", "-f", "jsonl").out == first.out
    listed = dlp("report", "--list").out
    run = listed.split()[0]
    assert dlp("report", run, "-f", "jsonl").out == first.out
    assert str(share) in listed


def test_the_state_inside_the_scanned_tree_is_left_out(dlp: Dlp, share: Path) -> None:
    said = dlp("scan", share, "--state", share / "state", "-f", "jsonl")
    by_name = {Path(line["path"]).name: line for line in map(json.loads, said.out.splitlines())}
    assert set(by_name) == {"letter.txt", "menu.txt", "state"}
    assert by_name["state"]["status"] == "not_inspected"


def test_the_configuration_is_used(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    config = tmp_path / "dlp.yaml"
    config.write_text("scan: {fail_on: critical, exclude: [menu.txt]}\nreports: {formats: [jsonl]}\n")
    said = dlp("scan", share, "--config", config)
    assert said.code == Exit.CLEAN
    assert [json.loads(line)["status"] for line in said.out.splitlines()] == ["inspected", "not_inspected"]


def line(said_err: str) -> str:
    (only,) = said_err.splitlines()
    assert only.startswith("dlp: ")
    return only.removeprefix("dlp: ")


def test_errors_are_one_line_and_code_2(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("scan: {workers: x}\n")
    (tmp_path / "file").touch()
    table = [
        (["scan", tmp_path / "nothing"], f"there is no file or folder {tmp_path}/nothing"),
        (["scan", "/"], "/ is the whole machine; name the folders you mean, or add --yes-really"),
        (["scan", f"{share}/../../../../../../../../.."], "/ is the whole machine"),
        (["scan", share, "--config", tmp_path / "bad.yaml"], f"{tmp_path}/bad.yaml:1: scan.workers: is 'x'"),
        (["scan", share, "--config", tmp_path / "no.yaml"], f"{tmp_path}/no.yaml: cannot be read"),
        (["scan", share, "--format", "docx"], "no report format 'docx'; choose from table, jsonl"),
        (["scan", share, "-f", "csv", "-f", "html"], "several formats need a folder"),
        (["scan", share, "-f", "csv", "-f", "html", "-o", tmp_path / "file"], f"{tmp_path}/file is a file"),
        (["scan", share, "-o", share / "report.txt"], f"{share}/report.txt lies inside {share}, which is"),
        (["scan", share, "--fail-on", "dire"], "--fail-on 'dire' is no severity; choose from none, low"),
        (
            ["scan", share, "--state", tmp_path / "file"],
            f"the state directory {tmp_path}/file cannot be",
        ),
        (["report", "--state", tmp_path], "no runs yet; start one with"),
    ]
    for arguments, expected in table:
        said = dlp(*arguments)
        assert said.code == Exit.USAGE, arguments
        assert line(said.err).startswith(expected)
        assert said.out == ""
    assert not (share / "report.txt").exists()


def test_ctrl_c_ends_cleanly_with_what_was_done(share: Path, tmp_path: Path) -> None:
    (share / "endless.txt").write_text("!loop")
    program = (
        "from scanner.commands import inspecting, main\n"
        "from tests.shares.plain_inspector import PlainInspector\n"
        "inspecting.inspector = lambda settings, key, show_values=False: PlainInspector(show_values)\n"
        "main()\n"
    )
    state = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "scan", share, "-f", "jsonl", "--state", state, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    # What has been read is entered after two seconds at the latest; then only the endless file is left.
    while time.monotonic() < deadline and not _entered(state, 2):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    out, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED
    endings = {Path(entry["path"]).name: entry["reason"] for entry in map(json.loads, out.splitlines())}
    assert endings == {"letter.txt": "", "menu.txt": "", "endless.txt": "interrupted"}
    assert line(err).startswith("interrupted")


def _entered(state: Path, count: int) -> bool:
    from scanner.documents.model import Shortfall
    from scanner.store import runs
    from scanner.store.ledger import Ledger

    if not (state / "dlp.db").exists():
        return False
    engine = database(state)
    try:
        entries = list(Ledger(engine, runs.find(engine).number).entries())
    except runs.RunError:
        return False
    finally:
        engine.dispose()
    return sum(entry.shortfall is not Shortfall.INTERRUPTED for entry in entries) >= count
