"""`dlp remedy` and `dlp undo` after a real scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Dlp


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    file = folder / "note.txt"
    file.write_text("Patient NHS number: 943 476 5919, diagnosed with asthma. Date of birth 12/03/1961\n")
    file.chmod(0o644)
    (folder / "plain.txt").write_text("Nothing to see here.\n")
    return folder


def test_a_dry_run_then_done_then_undone(dlp: Dlp, share: Path, tmp_path: Path) -> None:
    dlp("scan", share, "--format", "jsonl", "--no-progress")
    before = (share / "note.txt").stat()
    vault = tmp_path / "vault"

    said = dlp("remedy", "--where", "severity>=low", "--move-to", vault)
    assert said.code == 0
    assert "1 would be moved, 0 left alone" in said.out
    assert "nothing was changed" in said.out
    assert (share / "note.txt").exists()

    said = dlp("remedy", "--where", "severity>=low", "--move-to", vault, "--ask", "Ada", "--apply")
    assert (said.code, "1 moved, 0 left alone" in said.out) == (0, True)
    assert sorted(path.name for path in share.iterdir()) == ["note.txt - moved.txt", "plain.txt"]

    said = dlp("undo", "--list")
    assert "R-000001" in said.out
    assert "move done" in said.out
    said = dlp("undo", "R-000001")
    assert (said.code, said.out.startswith("undone")) == (0, True)
    after = (share / "note.txt").stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert sorted(path.name for path in share.iterdir()) == ["note.txt", "plain.txt"]
    assert dlp("undo", "R-000001").code == 3

    (share / "note.txt").write_text("changed since")
    said = dlp("remedy", "--where", "severity>=low", "--restrict", "--apply")
    assert (said.code, "has changed since the scan" in said.out) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--where", "exposed"), "one of --move-to"),
        (("--where", "exposed", "--tag", "--restrict"), "one of --move-to"),
        (("--where", "all", "--tag"), "is no term"),
        (("--where", "exposed", "--tag"), "no run"),
    ],
)
def test_what_cannot_be_understood(dlp: Dlp, arguments: tuple[str, ...], says: str) -> None:
    said = dlp("remedy", *arguments)
    assert said.code == 2
    assert says in said.err


@pytest.mark.parametrize("arguments", [(), ("R-1", "--run", "x"), ("twelve",), ("R-000009",)])
def test_what_cannot_be_undone(dlp: Dlp, arguments: tuple[str, ...]) -> None:
    assert dlp("undo", *arguments).code == 2
