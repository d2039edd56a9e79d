"""``dlp shield``, ``dlp incidents``, ``dlp siro-report``: the whole way, on a real store."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.store.entry import Audience
from scanner.store.keys import installation_key
from smtp_filter.triage.roles import Role
from tests.smtp_filter.commands.test_quarantine import ME, Installation
from tests.smtp_filter.triage.stores import finding, hold, inspection, scanned

LIST = b"reference,name,date_of_birth\nP-1,Rosalind Quillfeather,2012-04-03\n"


@pytest.fixture
def here(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    made = Installation(tmp_path, database_url)
    made.quarantine().close()
    made.sign_in("s.lee", Role.TRIAGE)
    return made


def test_the_shield_from_import_to_removal(here: Installation) -> None:
    here.well("shield", "count")
    key = installation_key(here.folder / "state")
    quarantine = here.quarantine()
    shielded = finding("PERSON", "Rosalind Quillfeather", key=key)
    reference = hold(quarantine, "1", shielded, subject="Rosalind moves")
    scanned(quarantine.engine, [("/srv/shares/a.txt", inspection(shielded), Audience.GROUP)], 1_800_000_000.0)
    assert "Rosalind" in here.well("quarantine", "show", reference)

    named = here.folder / "secret names.csv"
    named.write_bytes(LIST)
    said = here.well("shield", "import", str(named))
    assert "1 person new" in said
    assert "2 held messages and documents" in said
    assert json.loads(here.well("shield", "count", "--json"))["messages"] == 1
    for words in (("quarantine", "show", reference), ("quarantine", "list")):
        shown = here.well(*words)
        assert "Rosalind" not in shown
        assert ("Shielded subject" if "show" in words else "(shielded)@") in shown
    assert here.run("quarantine", "show", reference, "--reveal", "to look", "--finding", "1").exit_code == 1
    contents = here.well("incidents", "contents", "/srv/shares", "--on", "2099-01-01", "--json")
    assert json.loads(contents)["path"] == "Shielded subject"
    assert "secret names" not in here.well("audit", "export")
    assert here.run("shield", "remove", "P-1").exit_code == 1  # a reason is needed
    here.well("shield", "remove", "P-1", "--reason", "no longer at risk")
    assert "Rosalind" in here.well("quarantine", "show", reference)
    assert "0 documents" in here.well("shield", "sweep")


def test_a_bad_list_is_told_without_a_value(here: Installation, tmp_path: Path) -> None:
    bad = tmp_path / "list.csv"
    bad.write_bytes(b"name\nRosalind\n")
    result = here.run("shield", "import", str(bad))
    assert result.exit_code == 2
    assert "line 2: a name needs a first name and a surname" in result.output
    assert "Rosalind" not in result.output
    assert here.run("shield", "import", str(tmp_path / "no such file")).exit_code == 2


def test_incidents_from_the_command_line(here: Installation) -> None:
    here.well("shield", "count")
    reference = hold(here.quarantine(), "1", finding("PERSON", "Mary Jones"))
    here.well("quarantine", "escalate", reference, "--reason", "sent twice")
    (one,) = [json.loads(line) for line in here.well("incidents", "list", "--json").splitlines()]
    number = one["reference"]
    assert (one["source"], one["owner"], one["clock"], one["people"]) == (reference, "dpo", "running", [2, 3])
    assert number in here.well("incidents", "list")
    assert here.well("incidents", "list", "--late") == ""
    assert "sent twice" in here.well("incidents", "show", number)
    page = here.folder / "record.html"
    here.well("incidents", "export", number, "--output", str(page))
    written = page.read_text("utf-8")
    assert page.stat().st_mode & 0o077 == 0
    assert number in written
    assert "Mary" not in written
    told = json.loads(here.well("incidents", "export", number, "--format", "json"))
    assert told["people_affected"]["at_least"] == 2
    assert told["people"] == []
    assert here.run("incidents", "show", "I-2020-0001").exit_code == 1
    acts = [json.loads(line) for line in here.well("audit", "export").splitlines()]
    assert [one["act"] for one in acts if one["subject"] == number] == [
        *("incident.opened", "incident.view", "incident.export", "incident.export")
    ]


def test_the_quarterly_report(here: Installation) -> None:
    here.well("shield", "count")
    hold(here.quarantine(), "1", finding("PERSON", "Mary Jones"))
    now = datetime.now(UTC)
    quarter = f"{now.year}-Q{(now.month + 2) // 3}"
    said = here.well("siro-report", "--quarter", quarter)
    assert f"Quarterly report {quarter}" in said
    assert "held: 1\n" in said
    here.well("siro-report", "--quarter", quarter, "--output", str(here.folder / "report.pdf"))
    assert (here.folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    here.well("siro-report", "--quarter", quarter, "--output", str(here.folder / "report.csv"))
    assert "sum,,held,1" in (here.folder / "report.csv").read_text()
    assert "held: 0\n" in here.well("siro-report")  # the last quarter that is over
    assert here.run("siro-report", "--quarter", "soon").exit_code == 2
    acts = [json.loads(line) for line in here.well("audit", "export").splitlines()]
    reports = [one for one in acts if one["act"] == "figures.report"]
    assert [one["actor"] for one in reports] == [ME] * 4
