"""``dlp console`` and its accounts: the whole way over the command line, and the program on its socket."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.smtp_filter.commands.test_quarantine import ME, Installation


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Installation(tmp_path, "")


def test_accounts(here: Installation) -> None:
    assert here.well("console", "user", "list") == ""
    made = here.well(
        *("console", "user", "add", "s.lee", "--role", "triage", "--role", "rule-editor"),
        *("--mailbox", "S.Lee@council.test", "--department", "Housing", "--one-time"),
    )
    link = re.search(r"http://127\.0\.0\.1:8440/sign-in/once/[\w-]{32}\n", made)
    assert link
    (account,) = [json.loads(line) for line in here.well("console", "user", "list", "--json").splitlines()]
    assert account["roles"] == ["rule_editor", "triage"]
    assert (account["mailboxes"], account["departments"]) == (["s.lee@council.test"], ["Housing"])
    # No password is there before its owner has chosen one.
    assert account["state"] == "not signed in yet"

    again = here.run("console", "user", "add", "S.Lee")
    assert (again.exit_code, "already" in again.output) == (1, True)
    assert "viewer" in here.well("console", "user", "roles", "s.lee", "--role", "viewer")
    here.well("console", "user", "disable", "s.lee", "--reason", "left")
    assert "[disabled]" in here.well("console", "user", "list")
    here.well("console", "user", "disable", "s.lee", "--enable")
    other = re.search(r"/once/\S+", here.well("console", "user", "reset", "s.lee", "--reason", "lost"))
    assert other
    assert other[0] not in link[0]
    missing = here.run("console", "user", "reset", "nobody")
    assert (missing.exit_code, "no account nobody" in missing.output) == (1, True)

    events = [json.loads(line) for line in here.well("audit", "export", "--act", "account").splitlines()]
    assert [event["act"] for event in events] == [
        *("account.add", "account.change", "account.disable", "account.enable", "account.reset"),
    ]
    assert {event["actor"] for event in events} == {ME}
    assert other[0].rpartition("/")[2] not in json.dumps(events)


WRONG = (
    (("add", "s.lee", "--role", "king"), 2, "there are viewer, triage"),
    (("add", "s lee"), 1, "letters, figures"),
    (("add", "<b>"), 1, "letters, figures"),
)


@pytest.mark.parametrize(("words", "code", "told"), WRONG)
def test_wrong_words(here: Installation, words: tuple[str, ...], code: int, told: str) -> None:
    result = here.run("console", "user", *words)
    assert (result.exit_code, told in result.output) == (code, True)


@contextmanager
def running(here: Installation, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with here.config.open("a") as file:
        file.write("\n".join(("console:", "  listen: '127.0.0.1:0'", *more)) + "\n")
    program = subprocess.Popen(
        [sys.executable, "-m", "scanner.commands", "console", "--config", str(here.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        found = re.fullmatch(r"The console is at (\S+)\n", line)
        assert found, line + program.stdout.read()
        yield program, found[1]
    finally:
        program.kill()
        program.wait()


def test_it_runs_until_it_is_told_to_stop(here: Installation) -> None:
    with running(here) as (program, address):
        assert program.stdout is not None
        # There is no default account and no default password.
        assert "no account yet" in program.stdout.readline()
        with httpx.Client(base_url=address) as client:
            assert client.get("/sign-in").status_code == 200
            assert client.get("/").status_code == 303
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 0


def test_over_tls(here: Installation, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl (Debian package openssl)")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    subprocess.run(
        ["openssl", "req", "-x509", *kind, "-keyout", str(key), "-out", str(certificate), *names],
        check=True,
        capture_output=True,
    )
    with running(here, f"  tls_certificate: {certificate}", f"  tls_key: {key}") as (_, address):
        assert address.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(base_url=address, verify=context) as client:
            answer = client.get("/sign-in")
    assert answer.headers["strict-transport-security"]
    assert answer.headers["set-cookie"].startswith("__Host-dlp-visit=")
    assert "secure" in answer.headers["set-cookie"].lower()


STARTS = (
    ("console: {listen: '0.0.0.0:8440'}", "beyond this machine the console needs TLS"),
    ("console: {tls_key: /nowhere}", "belong together"),
    ("console: {address: 'https://dlp.council.test/path'}", "without a path"),
    ("openid: {issuer: 'http://login.council.test', client_id: x, roles: {a: [viewer]}}", "https"),
    ("openid: {issuer: 'https://login.council.test'}", "needs client_id and roles"),
    ("console: {tls_certificate: /nowhere.pem, tls_key: /nowhere.key}", "cannot be used"),
)


@pytest.mark.parametrize(("section", "told"), STARTS)
def test_what_it_does_not_start_with(here: Installation, section: str, told: str) -> None:
    with here.config.open("a") as file:
        file.write(section + "\n")
    result = here.run("console")
    assert (result.exit_code, told in result.output) == (2, True), result.output


def test_a_port_that_is_taken(here: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with here.config.open("a") as file:
            file.write(f"console: {{listen: '127.0.0.1:{taken.getsockname()[1]}'}}\n")
        result = here.run("console")
    assert (result.exit_code, "cannot be used" in result.output) == (2, True)
