"""Acts on what a filter finds: the page's filters, the preview, the question, the answers for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.judgement.assessment import Severity
from scanner.store.audit import AuditLog
from smtp_filter.commands.held import options
from smtp_filter.triage.inbox import filters
from smtp_filter.triage.roles import Role
from tests.smtp_filter.commands.test_quarantine import Installation
from tests.smtp_filter.quarantine.making import OTHER, PATIENT, hold

REASON = ("--reason", "agreed list")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    made = Installation(tmp_path, "")
    made.sign_in("s.lee", Role.TRIAGE)
    return made


def filled(here: Installation) -> dict[str, str]:
    """Three messages that differ in everything a filter asks for; their numbers by a letter."""
    held = here.quarantine()
    made = {
        "a": hold(held, "1", severity=Severity.LOW, department="Housing", subject="Rent arrears"),
        "b": hold(held, "2", sender="b@council.test", recipients=(OTHER,), department="Children"),
        "c": hold(held, "3", severity=Severity.CRITICAL, subject="Case conference"),
    }
    here.well("quarantine", "assign", "s.lee", made["a"])
    return made


FILTERS = [
    ((), "abc"),
    (("--severity", "high"), "bc"),
    (("--severity", "CRITICAL"), "c"),
    (("--state", "in-review"), "a"),
    (("--state", "released"), ""),
    (("--sender", "b@council.test"), "b"),
    (("--sender", "B@COUNCIL.TEST"), "b"),
    (("--recipient", OTHER), "b"),
    (("--domain", OTHER.rpartition("@")[2]), "b"),
    (("--domain", PATIENT.rpartition("@")[2], "--severity", "critical"), "c"),
    (("--department", "Housing"), "a"),
    (("--department", "Hous"), ""),
    (("--age", "1h"), ""),
    (("--age", "-1d"), "abc"),
    (("--age", "late"), ""),
    (("--overdue",), ""),
    (("--assigned", "me"), "a"),
    (("--assignee", "s.lee"), "a"),
    (("--assigned", "-"), "bc"),
    (("--assigned", "nobody"), ""),
    (("--text", "rent"), "a"),
    (("--text", "conference case"), "c"),
    (("--text", "confer"), ""),
    (("--rule", "no-such-rule"), ""),
    (("--all",), "abc"),
]


def test_the_filters_are_those_of_the_page(here: Installation) -> None:
    numbers = filled(here)
    for words, expected in FILTERS:
        told = here.json("quarantine", "list", *words)
        found = sorted(
            letter for letter in numbers for one in told["messages"] if one["reference"] == numbers[letter]
        )
        assert (found, told["total"]) == (sorted(expected), len(expected)), words
        if words and expected:
            will = here.json("quarantine", "return", *words, *REASON, "--dry-run")
            assert sorted(will["done"]) == sorted(numbers[letter] for letter in expected), words
    events = [json.loads(line) for line in here.well("audit", "export", "--act", "inbox.search").splitlines()]
    assert {"fields": "sender", "found": 1} in [event["after"] for event in events]
    assert "b@council.test" not in json.dumps(events)


def test_every_choice_of_the_page_is_told_in_the_help() -> None:
    told = {
        word.strip(";,:") for word in f"{options.STATE_WORDS} {options.AGE_WORDS}".replace("-", "_").split()
    }
    for word in (*filters.STATES, *filters.AGES, *filters.NEW, filters.OVERDUE):
        assert not word or word.replace("-", "_") in told


def test_nothing_is_done_before_somebody_said_yes(here: Installation) -> None:
    numbers = filled(here)
    for words in (("--dry-run",), ("--dry-run", "--yes"), ("--dry-run", "--json")):
        assert numbers["b"] in here.well("quarantine", "release", "--severity", "low", *REASON, *words)
    by_filter = ("quarantine", "release", "--severity", "low", *REASON)
    for typed in ("", "n\n"):
        result = here.run(*by_filter, typed=typed)
        assert (result.exit_code, "nothing was done" in result.output) == (2, True)
        assert f"1 would wait for a second person: {numbers['c']}" in result.output
    named = here.run("quarantine", "release", numbers["a"], numbers["b"], *REASON)
    assert named.exit_code == 2
    assert here.json("quarantine", "list")["total"] == 3
    done = here.run(*by_filter, typed="y\n")
    assert (done.exit_code, f"{numbers['c']}: your decision waits" in done.output) == (0, True)
    assert {one["state"] for one in here.json("quarantine", "list", "--all")["messages"]} == {
        "releasing",
        "awaiting_second",
    }


def test_what_cannot_be_done_is_left_out_of_a_filter_and_told_of_a_number(here: Installation) -> None:
    numbers = filled(here)
    held = here.quarantine()
    hold(held, "4", department="Housing")
    here.well("quarantine", "return", numbers["a"], *REASON)
    both = ("--department", "Housing", "--state", "all")
    told = here.json("quarantine", "return", *both, *REASON, "--yes")
    assert [one["done"] for one in told] == [True]
    again = here.run("quarantine", "return", numbers["a"], numbers["b"], *REASON, "--yes", "--json")
    assert again.exit_code == 1
    assert [one["done"] for one in json.loads(again.stdout)] == [False, True]
    nothing = here.run("quarantine", "return", "--department", "Revenues", *REASON, "--yes")
    assert (nothing.exit_code, "nothing to do" in nothing.output) == (0, True)


def test_purge_means_what_has_ended(here: Installation) -> None:
    numbers = filled(here)
    here.well("quarantine", "return", numbers["a"], *REASON)
    refused = here.run("quarantine", "purge", "--severity", "low", *REASON, "--yes")
    assert (refused.exit_code, "does not have the role" in refused.output) == (1, True)
    here.sign_in("d.po", Role.DPO)
    will = here.json("quarantine", "purge", "--severity", "low", *REASON, "--dry-run")
    assert (will["done"], len(will["refused"])) == ([numbers["a"]], 2)
    here.well("quarantine", "purge", "--severity", "low", *REASON, "--yes")
    shown = here.json("quarantine", "list", "--all")["messages"]
    assert [one["has_body"] for one in shown if one["reference"] == numbers["a"]] == [False]
    assert sum(one["has_body"] for one in shown) == 2


def test_the_advice_is_the_page_s_unless_one_writes_better(here: Installation, tmp_path: Path) -> None:
    numbers = filled(here)
    (tmp_path / "advice.txt").write_text("Bitte über das Portal.\n", "utf-8")
    here.well("quarantine", "return", numbers["a"], *REASON)
    here.well("quarantine", "return", numbers["b"], *REASON, "--advice-file", str(tmp_path / "advice.txt"))
    here.well("quarantine", "return", numbers["c"], *REASON, "--advice", "")
    held = here.quarantine()
    notices = held.outbox.take(held.engine, 4e9, 100)
    told = [one.facts["advice"] for one in notices if one.kind == "returned"]
    assert told == [filters_advice(here), "Bitte über das Portal.", ""]


def filters_advice(here: Installation) -> str:
    from smtp_filter.commands.opening import console_services
    from smtp_filter.triage.inbox.carrying_out import default_advice

    with console_services(here.config) as (_, services):
        return default_advice(services)


def test_one_row_of_the_log_for_each_message(here: Installation) -> None:
    numbers = filled(here)
    here.well("quarantine", "escalate", "--severity", "low", *REASON, "--yes")
    held = here.quarantine()
    with held.engine.connect() as connection:
        assert isinstance(held.audit, AuditLog)
        rows = [row.event for row in held.audit.events(connection, act="quarantine.escalate")]
    assert sorted(row.subject for row in rows) == sorted(numbers.values())
    assert {(row.actor, row.role) for row in rows} == {("s.lee", "triage")}
    assert here.json("quarantine", "list", "--assigned", "dpo")["total"] == 3
