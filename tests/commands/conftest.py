"""The program as a person runs it, in-process, with its state and configuration in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scanner.commands.root import program


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Dlp = Callable[..., Said]


@pytest.fixture
def dlp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dlp:
    """Runs ``dlp`` with arguments; nothing of this machine's own configuration is seen."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "DLP_CONFIG", "DLP_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Said:
        result = CliRunner().invoke(program(), [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run
