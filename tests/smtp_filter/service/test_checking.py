"""``dlp relay --check``: what is wrong is named, nothing is relayed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.smtp_filter.peers import Certificates, ScriptedHop
from tests.soak.programs import Programs


def check(folder: Path, port: int, **changes: dict[str, Any]) -> tuple[int, str]:
    programs = Programs(folder, 0.0)
    programs.hop_port = port
    programs.configure(**changes)
    command = [sys.executable, "-m", "scanner.commands", "relay", "--check", "--config"]
    done = subprocess.run(
        [*command, str(programs.configuration)], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def test_all_is_right(tmp_path: Path, certificates: Certificates) -> None:
    tls = {
        "tls_certificate": str(certificates.folder / "good.pem"),
        "tls_key": str(certificates.folder / "good.key"),
    }
    with ScriptedHop() as hop:
        code, said = check(tmp_path, hop.port, relay=tls, notices={"mailbox": "dpo@council.gov.uk"})
        assert (code, "WRONG" in said) == (0, False), said
        for what in (
            "good until",
            "database and keys open",
            "MB free",
            "DSN",
            "says 250 to a notice",
            "policy 'default'",
        ):
            assert what in said
        assert hop.taken == []
        assert any(command.startswith("RCPT TO:<dpo@council.gov.uk>") for command in hop.commands)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    readable = tmp_path / "no-key"
    readable.write_text("ab" * 32)
    readable.chmod(0o644)
    wrong: dict[str, dict[str, Any]] = {
        "relay": {
            "listen": ["192.0.2.1:10025"],
            "spool": str(tmp_path / "none"),
            "tls_certificate": str(readable),
            "tls_key": str(readable),
        },
        "next_hop": {"port": 9},
        "storage": {"master_key": str(readable)},
        "rules": {"packs": [str(tmp_path / "none.yaml")]},
    }
    with ScriptedHop() as hop:
        code, said = check(tmp_path, hop.port, **wrong)
    assert code == 2
    lines = said.splitlines()
    for named in (
        "relay.listen 192.0.2.1 port 10025",
        "relay.spool",
        "relay.tls_certificate",
        "next_hop 127.0.0.1 port 9",
        "may be read by others",
        "rules",
    ):
        assert any(line.startswith("WRONG") and named in line for line in lines), said


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"next_hop": {"host": None}}, "next_hop.host: must say where mail goes on to"),
        ({"next_hop": {"host": "mx.example.org", "tls": "none"}}, "only for a server on this machine"),
        ({"relay": {"listen": []}}, "relay.listen: must hold at least one address"),
        ({"mail": {"policy": "/nonexistent/policy.yaml"}}, "mail.policy"),
    ],
    ids=["no next hop", "clear text", "no listener", "no policy"],
)
def test_a_configuration_that_cannot_work_is_told_before_anything_is_tried(
    tmp_path: Path, changes: dict[str, dict[str, Any]], named: str
) -> None:
    code, said = check(tmp_path, 25, **changes)
    assert code == 2
    assert any(line.startswith("dlp: ") and named in line for line in said.splitlines()), said
