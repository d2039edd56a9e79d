"""``dlp runs`` and the second night, from the command line."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scanner.commands import inspecting
from scanner.commands.exits import Exit
from scanner.commands.scan import _told_by_signals
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
    (root / "letter.txt").chmod(0o600)
    return root


def test_two_nights_side_by_side(dlp: Dlp, share: Path) -> None:
    dlp("scan", share)
    (share / "letter.txt").chmod(0o644)  # open to everyone now, with the same content
    (share / "menu.txt").rename(share / "lunch.txt")
    (share / "new.txt").write_text(f"another {SPECIMEN}")
    first = dlp("scan", share, "-f", "jsonl")
    lines = [json.loads(line) for line in dlp("runs", "diff", "--json").out.splitlines()]
    found = {Path(line["path"]).name: line for line in lines}
    assert set(found) == {"letter.txt", "lunch.txt", "new.txt"}
    assert (found["letter.txt"]["kind"], found["letter.txt"]["newly_exposed"]) == ("changed", True)
    assert not found["letter.txt"]["newly_sensitive"]
    assert (found["lunch.txt"]["kind"], Path(found["lunch.txt"]["moved_from"]).name) == ("moved", "menu.txt")
    assert (found["new.txt"]["kind"], found["new.txt"]["newly_sensitive"]) == ("new", True)
    said = dlp("runs", "diff").out
    assert "1 changed, 2 newly exposed, 1 new, 1 newly sensitive, 1 moved" in said
    (share / "new.txt").unlink()
    dlp("scan", share)
    gone = json.loads(dlp("runs", "diff", "--json").out)
    assert (gone["kind"], gone["fixed"], gone["after"]) == ("gone", True, None)
    # The report of the second night is what it was.
    second = dlp("runs", "list").out.splitlines()[1].split()[0]
    assert dlp("report", second, "-f", "jsonl").out == first.out


def test_list_and_show(dlp: Dlp, share: Path) -> None:
    assert dlp("runs", "list").out == ""
    dlp("scan", share)
    dlp("scan", share, "--full")
    listed = json.loads(dlp("runs", "list", "--json").out)
    assert [(run["state"], run["full"]) for run in listed] == [("whole", True), ("whole", False)]
    shown = json.loads(dlp("runs", "show", "--json").out)
    assert (shown["objects"], shown["read_by_this_run"], shown["owed"]) == (2, 2, 0)
    assert shown["severity"] == {"none": 1, "high": 1}
    assert shown["folders"] == [{"path": str(share), "walked": True, "objects": 2, "error": ""}]
    said = dlp("runs", "show").out
    assert "read by this run: 2" in said
    assert SPECIMEN not in said


def test_prune(dlp: Dlp, share: Path) -> None:
    for _ in range(3):
        dlp("scan", share)
    assert len(dlp("runs", "prune", "--keep", "1", "--dry-run").out.splitlines()) == 2
    assert len(dlp("runs", "list").out.splitlines()) == 3
    dlp("runs", "prune", "--keep", "1")
    assert len(dlp("runs", "list").out.splitlines()) == 1
    assert dlp("scan", share).code == Exit.FINDINGS  # what is known is still known


def test_what_cannot_be_done_is_said_in_one_line(dlp: Dlp, share: Path) -> None:
    table = [
        (["scan"], "name the folders to scan, or go on with an unfinished run: --resume"),
        (["scan", "--resume"], "no unfinished run; start one with"),
        (["runs", "show"], "no runs yet; start one with"),
        (["runs", "prune"], "say which runs: --keep NUMBER or --older-than DAYS"),
        (["runs", "pause"], "no unfinished run; start one with"),
        (["scan", "--resume", "a", "b"], "--resume goes on with one run; its folders are known"),
    ]
    for arguments, expected in table:
        said = dlp(*arguments)
        assert said.code == Exit.USAGE, arguments
        assert said.err.startswith(f"dlp: {expected}"), said.err
    dlp("scan", share)
    assert dlp("runs", "diff").err.startswith("dlp: no run before")
    assert dlp("scan", "--resume", dlp("runs", "list").out.split()[0]).err.endswith(
        "has finished; start a new one with `dlp scan PATH`\n"
    )


def test_ledgers_of_earlier_versions_are_owned_up_to(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    (tmp_path / "state" / "runs").mkdir(parents=True)
    (tmp_path / "state" / "runs" / "20260101-000000-aaaa.ledger").touch()
    said = dlp("scan", share, "--state", tmp_path / "state")
    assert said.err.startswith("dlp: 1 runs of an earlier version in ")


def test_a_lost_mount_is_an_error_and_nothing_is_taken_for_deleted(dlp: Dlp, share: Path) -> None:
    for number in range(30):
        (share / f"{number}.txt").write_text(f"{number}")
    dlp("scan", share)
    share.rename(share.with_name("elsewhere"))
    share.mkdir()  # the mount point, without its mount
    lost = dlp("scan", share, "--fail-on", "critical")
    assert lost.code == Exit.INCOMPLETE
    assert "known files" in lost.err
    assert "is it mounted?" in lost.err
    listed = json.loads(dlp("runs", "list", "--json").out)
    assert [run["state"] for run in listed] == ["failed", "whole"]
    assert dlp("runs", "diff", "--json").out == ""  # nothing is gone
    share.rmdir()
    share.with_name("elsewhere").rename(share)
    back = dlp("scan", "--resume", "-f", "jsonl", "--fail-on", "critical")
    assert (back.code, len(back.out.splitlines())) == (Exit.CLEAN, 32)


def test_most_files_deleted_on_purpose(dlp: Dlp, share: Path) -> None:
    for number in range(30):
        (share / f"{number}.txt").write_text(f"{number}")
    dlp("scan", share)
    for number in range(30):
        (share / f"{number}.txt").unlink()
    assert "lacks 30 of its 32 known files" in dlp("scan", share).err
    said = dlp("scan", share, "--accept-vanished", "-f", "jsonl")
    assert len(said.out.splitlines()) == 2


def test_exposed_files_come_first_with_their_owner(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    (share / "open").mkdir()
    (share / "open" / "list.txt").write_text(SPECIMEN)
    config = tmp_path / "dlp.yaml"
    config.write_text(f'exposure: {{asset_owners: {{"{share}/open": "Head of Housing"}}}}\n')
    said = dlp("scan", share, "--config", config, "-f", "jsonl")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [(Path(line["path"]).name, line["audience"], line["asset_owner"]) for line in lines[:2]] == [
        ("list.txt", "everyone", "Head of Housing"),
        ("letter.txt", "owner", ""),
    ]
    assert "readable by everyone" in dlp("report", "--config", config).out


def test_values_that_are_asked_for_are_read_anew(dlp: Dlp, share: Path) -> None:
    dlp("scan", share)
    shown = dlp("scan", share, "-f", "jsonl", "--show-values")
    assert json.loads(shown.out.splitlines()[0])["findings"][0]["value"] == SPECIMEN
    assert SPECIMEN not in dlp("scan", share, "-f", "jsonl").out


def test_a_signal_pauses_and_goes_on() -> None:
    with _told_by_signals() as (stop, pause):
        assert (stop(), pause()) == (False, False)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert pause()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert (stop(), pause()) == (False, False)
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_windows_make_a_scan_wait_unless_told_otherwise(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    config = tmp_path / "dlp.yaml"
    tomorrow = (datetime.now() + timedelta(days=3)).strftime("%a").lower()
    config.write_text(f'manners: {{windows: ["{tomorrow} 01:00-02:00"]}}\n')
    assert dlp("scan", share, "--config", config, "--now").code == Exit.FINDINGS
    config.write_text('manners: {windows: ["at night"]}\n')
    assert "must be written like 'mon-fri 19:00-07:00'" in dlp("scan", share, "--config", config).err
