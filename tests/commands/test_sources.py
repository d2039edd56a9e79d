"""`dlp scan` of a real Samba share, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.shares.sources.servers import samba_server, write_credentials

from .conftest import Dlp


def test_scan_of_a_samba_share(dlp: Dlp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with samba_server() as server:
        write_credentials(tmp_path / "credentials", server.password)
        monkeypatch.setenv("DLP_CREDENTIALS", str(tmp_path / "credentials"))
        (server.share / "note.txt").write_text("National Insurance number QQ 12 34 56 C\n")
        (server.share / "plain.txt").write_text("Nothing to see here.\n")
        said = dlp("scan", f"smb://127.0.0.1:{server.port}/staff", "--format", "jsonl", "--no-progress")
        assert said.code in (0, 1)
        files = [json.loads(line) for line in said.out.splitlines()]
        paths = {file["path"].rpartition("/")[2] for file in files if "path" in file}
        assert paths == {"note.txt", "plain.txt"}
        assert server.password not in said.out + said.err


def test_a_wrong_address_is_one_line(dlp: Dlp) -> None:
    said = dlp("scan", "smb://user:secret@files01/share")
    assert said.code == 2
    assert "password does not belong" in said.err
    assert "secret@" not in said.err
