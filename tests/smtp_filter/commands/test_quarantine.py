"""``dlp quarantine`` and ``dlp audit``: the whole way over the command line, on a real store."""

from __future__ import annotations

import json
import os
import pwd
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scanner.commands.root import program
from scanner.judgement.assessment import Severity
from scanner.store.sealing import MasterKeySource
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.roles import Role
from tests.smtp_filter.quarantine.making import (
    NHS,
    NINO,
    OTHER,
    PATIENT,
    hold,
    inspection,
    message,
    raw,
    verdict,
)

PASSWORD = "violet kettle harbour"
ME = pwd.getpwuid(os.getuid()).pw_name


class Installation:
    """A configuration with its store, and the program run on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.config = folder / "dlp.yaml"
        self.config.write_text(
            f"organisation:\n  names: [Anytown]\n  domains: [council.test]\n"
            f"state:\n  directory: {folder}/state\n"
            f"storage:\n  database: '{url}'\n  master_key: {folder}/keys/master.key\n"
        )
        self.url = url

    def run(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(program(), [*words, "--config", str(self.config)], input=typed)

    def well(self, *words: str, typed: str = "") -> str:
        result = self.run(*words, typed=typed)
        assert result.exit_code == 0, result.output
        return result.output

    def json(self, *words: str) -> Any:
        return json.loads(self.well(*words, "--json"))

    def quarantine(self) -> Quarantine:
        from smtp_filter.commands.opening import settings_and_quarantine

        return settings_and_quarantine(self.config)[1]

    def account(self, name: str, *roles: Role, **more: Any) -> str:
        """An account with a password."""
        from smtp_filter.commands.opening import console_services

        setup = Actor("setup", "test", "test")
        with console_services(self.config) as (_, services):
            services.accounts.add(setup, name, roles, one_time=False, **more)
            services.accounts.set_password(setup, services.accounts.get(name), PASSWORD, "")
        return name

    def sign_in(self, name: str, *roles: Role, **more: Any) -> None:
        """Sign somebody in at the command line, with a new account where roles are given."""
        if roles:
            self.account(name, *roles, **more)
        assert f"Signed in as {name}" in self.well("console", "sign-in", name, typed=f"{PASSWORD}\n")


@pytest.fixture
def here(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    made = Installation(tmp_path, database_url)
    made.quarantine().close()
    return made


def test_from_list_to_decision(here: Installation) -> None:
    held = here.quarantine()
    here.account("k.approver", Role.APPROVER)
    here.sign_in("s.lee", Role.TRIAGE)
    with here.config.open("a") as file:
        file.write("secure_hop: {host: 127.0.0.1}\n")
    first = hold(held, "1", recipients=(PATIENT, OTHER))
    second = hold(held, "2", severity=Severity.CRITICAL)
    assert here.well("quarantine", "list").splitlines()[-1] == "2 messages"
    listed = here.json("quarantine", "list", "--severity", "critical")
    assert [one["reference"] for one in listed["messages"]] == [second]
    shown = here.well("quarantine", "show", first)
    for expected in (PATIENT, "1. UK_NHS  *** *** **19", "because: A strong identifier of a child"):
        assert expected in shown
    assert here.json(
        "quarantine", "release", first, "--reason", "fine", "--to", OTHER, "--route", "secure"
    ) == [{"reference": first, "done": True, "state": "releasing", "waits_for_second_person": False}]
    told = here.json("quarantine", "show", first)
    assert {one["address"]: one["handover"] for one in told["recipients"]} == {
        PATIENT: "withheld",
        OTHER: "pending",
    }
    assert "waits for a second person" in here.well("quarantine", "delete", second, "--reason", "x")
    # A triage officer is no approver; an approver who decided first is no second person.
    own = here.run("quarantine", "approve", second)
    assert (own.exit_code, "does not have the role" in own.output) == (1, True)
    here.well("quarantine", "decline", second, "--reason", "after all not")
    here.sign_in("k.approver")
    here.well("quarantine", "delete", second, "--reason", "x")
    own = here.run("quarantine", "approve", second)
    assert (own.exit_code, "another one" in own.output) == (1, True)
    here.well("quarantine", "decline", second, "--reason", "after all not")
    here.sign_in("s.lee")
    here.well("quarantine", "return", second, "--reason", "no", "--advice", "by the portal")
    assert here.json("quarantine", "list")["total"] == 0
    assert here.json("quarantine", "list", "--all", "--state", "rejected")["total"] == 1
    here.well("quarantine", "reopen", second, "--reason", "wrong one")
    here.well("quarantine", "assign", "s.lee", second)
    assert "as incident I-" in here.well("quarantine", "escalate", second, "--reason", "breach")
    assert here.json("quarantine", "list", "--assignee", "dpo")["total"] == 1
    events = [json.loads(line) for line in here.well("audit", "export").splitlines()]
    assert {one["actor"] for one in events} == {"dlp", "setup", "s.lee", "k.approver"}
    told = [(one["actor"], one["act"]) for one in events if one["subject"] == second]
    assert told[1:] == [
        ("s.lee", "quarantine.propose"),
        ("s.lee", "access.refused"),
        ("s.lee", "quarantine.decline"),
        ("k.approver", "quarantine.propose"),
        ("k.approver", "quarantine.decline"),
        ("s.lee", "quarantine.return"),
        ("s.lee", "quarantine.reopen"),
        ("s.lee", "quarantine.assign"),
        ("s.lee", "quarantine.escalate"),
    ]
    (released,) = [one for one in events if one["act"] == "quarantine.release"]
    assert (released["role"], released["origin"]) == ("triage", f"command line, {ME}")


def test_values_only_for_a_reason(here: Installation) -> None:
    held = here.quarantine()
    data = raw(subject=f"About {NHS}")
    reference = held.hold(message(data), inspection(in_subject=True), verdict()).reference
    here.sign_in("s.lee", Role.TRIAGE)
    masked = here.well("quarantine", "show", reference) + here.well("quarantine", "list", "--json")
    masked += here.well("quarantine", "show", reference, "--json")
    assert NHS not in masked
    assert NINO not in masked
    shown = here.well("quarantine", "show", reference, "--reveal", "complaint 12", "--finding", "1")
    assert (NHS in shown, NINO in shown) == (True, False)
    (event,) = map(json.loads, here.well("audit", "export", "--act", "quarantine.reveal").splitlines())
    assert (event["actor"], event["reason"]) == ("s.lee", "complaint 12 (finding 1)")
    for words in (("--finding", "1"), ("--reveal", "why")):
        assert here.run("quarantine", "show", reference, *words).exit_code == 2
    missing = here.run("quarantine", "show", reference, "--reveal", "why", "--finding", "99")
    assert (missing.exit_code, "was not kept" in missing.output) == (1, True)
    # As many values as on the page, and no more: the page counts these, too.
    for _ in range(28):
        here.well("quarantine", "show", reference, "--reveal", "again", "--finding", "1")
    much = here.run("quarantine", "show", reference, "--reveal", "again", "--finding", "1")
    assert (much.exit_code, "many values" in much.output, NHS in much.output) == (1, True, False)


def test_hostile_words_do_not_reach_the_terminal(here: Installation) -> None:
    held = here.quarantine()
    here.sign_in("s.lee", Role.TRIAGE)
    hold(held, subject="\x1b[2J\u202efdp.exe", sender='"\x1b[31m"@council.test')
    reference = here.json("quarantine", "list")["messages"][0]["reference"]
    for words in (("list",), ("show", reference)):
        output = here.well("quarantine", *words)
        assert "\x1b" not in output
        assert "\u202e" not in output


WRONG = [
    (("release", "Q-1999-000001", "--reason", "x"), 1, "there is no message"),
    (("release", "Q-1999-000001"), 2, "reason"),
    (("show", "Q-1999-000001"), 1, "there is no message"),
    (("list", "--severity", "awful"), 2, "no severity"),
    (("list", "--state", "lost"), 2, "no state"),
    (("expire",), 2, "--due"),
    (("purge", "Q-2026-000001", "--due"), 2, "--due"),
    (("emergency", "Q-2026-000001"), 2, "give one of"),
    (("release", "--reason", "x"), 2, "give numbers, or a filter"),
    (("release", "Q-2026-000001", "--severity", "low", "--reason", "x"), 2, "not both"),
    (("release", "Q-2026-000001", "Q-2026-000002", "--to", "a@b.c", "--reason", "x"), 2, "one message"),
    (("list", "--age", "2h"), 2, "no age"),
    (("list", "--case", "x"), 2, "no case"),
    (("return", "Q-2026-000001", "--reason", "x", "--advice-file", "/nowhere"), 2, "cannot be read"),
    (("assign", "nobody", "Q-2026-000001", "--break-glass", "the console is down"), 1, "there is no message"),
]


def test_what_is_wrong_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    here = Installation(tmp_path, f"sqlite:///{tmp_path}/state/dlp.db")
    here.sign_in("s.lee", Role.TRIAGE)
    for words, code, says in WRONG:
        result = here.run("quarantine", *words)
        assert (result.exit_code, says in result.output) == (code, True), result.output


def test_some_done_and_some_not(here: Installation) -> None:
    held = here.quarantine()
    here.sign_in("s.lee", Role.DPO)
    first, second = hold(held, "1"), hold(held, "2")
    here.well("quarantine", "return", second, "--reason", "no")
    result = here.run("quarantine", "return", first, second, "--reason", "no", "--json", "--yes")
    assert result.exit_code == 1
    assert [one["done"] for one in json.loads(result.stdout)] == [True, False]
    here.well("quarantine", "legal-hold", first, "--reason", "order")
    assert here.run("quarantine", "purge", first, second, "--reason", "x", "--yes").exit_code == 1
    here.well("quarantine", "legal-hold", first, "--reason", "order", "--lift")
    here.well("quarantine", "purge", first, "--reason", "x")
    assert here.json("quarantine", "expire", "--due")["expired"] == 0
    assert here.json("quarantine", "figures")["held"] == 2


def test_an_emergency_over_the_command_line(here: Installation) -> None:
    from smtp_filter.quarantine.emergency import emergency_code

    held = here.quarantine()
    reference = hold(held, severity=Severity.CRITICAL)
    code = emergency_code(held, reference)
    here.account("on.duty", Role.DUTY)
    here.sign_in("s.lee", Role.TRIAGE)
    assert here.run("quarantine", "emergency", reference, "--why", "tonight", "--code", "x").exit_code == 1
    here.well("quarantine", "emergency", reference, "--why", "tonight", "--code", code)
    assert here.json("quarantine", "emergency")["waiting"][0]["why"] == "tonight"
    result = here.run("quarantine", "emergency", reference, "--confirm")
    assert (result.exit_code, "the role" in result.output) == (1, True)
    here.sign_in("on.duty")
    here.well("quarantine", "emergency", reference, "--confirm")
    assert here.json("quarantine", "emergency")["to_review"][0]["confirmed_by"] == "on.duty"
    result = here.run("quarantine", "emergency", reference, "--review", "justified", "--reason", "x")
    assert (result.exit_code, "cannot review" in result.output) == (1, True)


def test_the_audit_log_is_verified_against_its_anchor(here: Installation, tmp_path: Path) -> None:
    held, anchor = here.quarantine(), tmp_path / "dlp.anchor"
    hold(held)
    assert "1 rows, sound" in here.well("audit", "verify", "--anchor", str(anchor))
    hold(held, "2")
    assert here.json("audit", "verify", "--anchor", str(anchor))["sound"] is True
    assert anchor.read_text().startswith("2:")
    with held.engine.begin() as connection:
        if held.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER audit_is_final")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE audit SET actor = 'somebody' WHERE number = 2")
    result = here.run("audit", "verify", "--anchor", str(anchor))
    assert (result.exit_code, "row 2 was changed" in result.output) == (1, True)
    assert anchor.read_text().startswith("2:")


def test_changing_and_losing_the_master_key(here: Installation) -> None:
    held, key = here.quarantine(), here.folder / "keys" / "master.key"
    reference = hold(held)
    here.sign_in("s.lee", Role.TRIAGE)
    assert "wrapped anew" in here.well("quarantine", "rekey")
    assert len(MasterKeySource(key, {}).read()) == 2
    here.well("quarantine", "rekey", "--finish")
    assert len(MasterKeySource(key, {}).read()) == 1
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    here.well("quarantine", "show", reference, "--reveal", "still there?", "--finding", "1")
    key.unlink()
    lost = here.run("quarantine", "list")
    assert (lost.exit_code, "is missing" in lost.output) == (2, True)
    assert not key.exists()
    here.well("quarantine", "rekey", "--forget-lost")
    assert here.json("quarantine", "list")["messages"][0]["sender"] == ""
    gone = here.run("quarantine", "show", reference)
    assert (gone.exit_code, "was deleted" in gone.output) == (1, True)
    assert "sound" in here.well("audit", "verify")
