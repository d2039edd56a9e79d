"""``dlp config``: what it shows can be read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.configuration import load

from .conftest import Dlp

EXAMPLE = Path(__file__).parents[2] / "config" / "dlp.example.yaml"


def test_check_says_right(dlp: Dlp) -> None:
    said = dlp("config", "check", EXAMPLE)
    assert (said.code, said.out) == (0, f"{EXAMPLE}: is right\n")
    assert "defaults" in dlp("config", "check").out


def test_check_says_every_problem(dlp: Dlp, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("scan:\n  workers: x\n  fail_onn: low\n")
    said = dlp("config", "check", tmp_path / "x.yaml")
    assert said.code == 2
    assert len(said.err.splitlines()) == 2
    assert all(f"{tmp_path}/x.yaml:" in line for line in said.err.splitlines())


def test_what_show_prints_is_a_configuration(
    dlp: Dlp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLP_SCAN_WORKERS", "7")
    shown = dlp("config", "show", "--config", EXAMPLE)
    assert "(set by DLP_SCAN_WORKERS)" in shown.out
    (tmp_path / "shown.yaml").write_text(shown.out)
    again = load(tmp_path / "shown.yaml", {})
    assert again.scan.workers == 7
    assert again.organisation == load(EXAMPLE, {}).organisation
