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

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(program(), [*words, "--config", str(self.config)])

    def well(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.output

    def json(self, *words: str) -> Any:
        return json.loads(self.well(*words, "--json"))

    def quarantine(self) -> Quarantine:
        from smtp_filter.commands.opening import settings_and_quarantine

        return settings_and_quarantine(self.config)[1]


@pytest.fixture
def here(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Installation(tmp_path, database_url)


def test_from_list_to_decision(here: Installation) -> None:
    held = here.quarantine()
    first = hold(held, "1", recipients=(PATIENT, OTHER))
    second = hold(held, "2", severity=Severity.CRITICAL)
    assert here.well("quarantine", "list").splitlines()[-1] == "2 messages"
    listed = here.json("quarantine", "list", "--severity", "critical")
    assert [one["reference"] for one in listed["messages"]] == [second]
    shown = here.well("quarantine", "show", first)
    for expected in (PATIENT, "UK_NHS  *** *** **19", "because: A strong identifier of a child"):
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
    own = here.run("quarantine", "approve", second)
    assert (own.exit_code, "another one" in own.output) == (1, True)
    here.well("quarantine", "decline", second, "--reason", "after all not")
    here.well("quarantine", "return", second, "--reason", "no", "--advice", "by the portal")
    assert here.json("quarantine", "list")["total"] == 0
    assert here.json("quarantine", "list", "--all", "--state", "rejected")["total"] == 1
    here.well("quarantine", "reopen", second, "--reason", "wrong one")
    here.well("quarantine", "assign", second, "s.lee")
    here.well("quarantine", "escalate", second, "--reason", "breach")
    assert here.json("quarantine", "list", "--assignee", "dpo")["total"] == 1
    events = [json.loads(line) for line in here.well("audit", "export").splitlines()]
    assert {one["actor"] for one in events} == {"dlp", ME}
    assert [one["act"] for one in events if one["subject"] == second] == [
        f"quarantine.{act}"
        for act in ("hold", "propose", "decline", "return", "reopen", "assign", "escalate")
    ]


def test_values_only_for_a_reason(here: Installation) -> None:
    held = here.quarantine()
    data = raw(subject=f"About {NHS}")
    reference = held.hold(message(data), inspection(in_subject=True), verdict()).reference
    masked = here.well("quarantine", "show", reference) + here.well("quarantine", "list", "--json")
    masked += here.well("quarantine", "show", reference, "--json")
    assert NHS not in masked
    assert NINO not in masked
    shown = here.well("quarantine", "show", reference, "--reveal", "complaint 12")
    assert NHS in shown
    assert NINO in shown
    (event,) = map(json.loads, here.well("audit", "export", "--act", "quarantine.reveal").splitlines())
    assert (event["actor"], event["reason"]) == (ME, "complaint 12")


def test_hostile_words_do_not_reach_the_terminal(here: Installation) -> None:
    held = here.quarantine()
    hold(held, subject="\x1b[2J\u202efdp.exe", sender='"\x1b[31m"@council.test')
    reference = here.json("quarantine", "list")["messages"][0]["reference"]
    for words in (("list",), ("show", reference)):
        output = here.well("quarantine", *words)
        assert "\x1b" not in output
        assert "\u202e" not in output


WRONG = [
    (("release", "Q-2026-000001", "--reason", "x", "--as", "boss"), 2, "--as is refused"),
    (("release", "Q-1999-000001", "--reason", "x"), 1, "there is no message"),
    (("release", "Q-1999-000001"), 2, "reason"),
    (("show", "Q-1999-000001"), 1, "there is no message"),
    (("list", "--severity", "awful"), 2, "no severity"),
    (("list", "--state", "lost"), 2, "no state"),
    (("expire",), 2, "--due"),
    (("purge", "Q-2026-000001", "--due"), 2, "--due"),
    (("emergency", "Q-2026-000001"), 2, "give one of"),
]


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    here = Installation(tmp_path, f"sqlite:///{tmp_path}/state/dlp.db")
    for words, code, says in WRONG:
        result = here.run("quarantine", *words)
        assert (result.exit_code, says in result.output) == (code, True), result.output


def test_some_done_and_some_not(here: Installation) -> None:
    held = here.quarantine()
    first, second = hold(held, "1"), hold(held, "2")
    here.well("quarantine", "return", second, "--reason", "no")
    result = here.run("quarantine", "return", first, second, "--reason", "no", "--json")
    assert result.exit_code == 1
    assert [one["done"] for one in json.loads(result.stdout)] == [True, False]
    here.well("quarantine", "legal-hold", first, "--reason", "order")
    assert here.run("quarantine", "purge", first, second, "--reason", "x").exit_code == 1
    here.well("quarantine", "legal-hold", first, "--reason", "order", "--lift")
    here.well("quarantine", "purge", first, "--reason", "x")
    assert here.json("quarantine", "expire", "--due")["expired"] == 0
    assert here.json("quarantine", "figures")["held"] == 2


def test_an_emergency_over_the_command_line(here: Installation) -> None:
    from smtp_filter.quarantine.emergency import emergency_code

    held = here.quarantine()
    reference = hold(held, severity=Severity.CRITICAL)
    code = emergency_code(held, reference)
    assert here.run("quarantine", "emergency", reference, "--why", "tonight", "--code", "x").exit_code == 1
    here.well("quarantine", "emergency", reference, "--why", "tonight", "--code", code)
    assert here.json("quarantine", "emergency")["waiting"][0]["why"] == "tonight"
    result = here.run("quarantine", "emergency", reference, "--confirm")
    assert (result.exit_code, "whoever asked" in result.output) == (1, True)


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
    assert "wrapped anew" in here.well("quarantine", "rekey")
    assert len(MasterKeySource(key, {}).read()) == 2
    here.well("quarantine", "rekey", "--finish")
    assert len(MasterKeySource(key, {}).read()) == 1
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    here.well("quarantine", "show", reference, "--reveal", "still there?")
    key.unlink()
    lost = here.run("quarantine", "list")
    assert (lost.exit_code, "is missing" in lost.output) == (2, True)
    assert not key.exists()
    here.well("quarantine", "rekey", "--forget-lost")
    assert here.json("quarantine", "list")["messages"][0]["sender"] == ""
    gone = here.run("quarantine", "show", reference)
    assert (gone.exit_code, "was deleted" in gone.output) == (1, True)
    assert "sound" in here.well("audit", "verify")
