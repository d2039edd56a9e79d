"""Who acts at the command line: sign-in, the operating-system user, break-glass, and what they may not."""

from __future__ import annotations

import json
import os
import pwd
import time
from pathlib import Path

import pytest

from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from smtp_filter.commands.opening import console_services
from smtp_filter.commands.who import login_user, session_file
from smtp_filter.quarantine.model import Actor
from smtp_filter.quarantine.posting import notices_of
from smtp_filter.triage.accounts import time_codes
from smtp_filter.triage.accounts.model import Method, Stage
from smtp_filter.triage.roles import Role
from tests.smtp_filter.commands.test_quarantine import ME, PASSWORD, Installation
from tests.smtp_filter.quarantine.making import NHS, OTHER, hold

UNSET = str(2**32 - 1)
DAEMON = pwd.getpwuid(1)
USERS = [
    # (login number, uid of the program, environment), user, why
    (("1", 0, {}), DAEMON.pw_name, "sudo: who logged in"),
    (("1", 0, {"SUDO_USER": "somebody"}), DAEMON.pw_name, "an environment is anybody's to write"),
    ((UNSET, 1, {"SUDO_USER": "somebody"}), DAEMON.pw_name, "no login: the program's user, who is not root"),
    ((UNSET, 0, {"SUDO_USER": "somebody"}), "somebody", "no login, root: whom sudo names"),
    ((UNSET, 0, {}), "root", "root alone"),
    (("", 1, {}), DAEMON.pw_name, "no such file: no audit in the kernel"),
    (("4000000000", 1, {}), DAEMON.pw_name, "a login whose user was deleted"),
    ((UNSET, 3_999_999_999, {}), "uid 3999999999", "nobody in the table of users"),
]


@pytest.mark.parametrize(("given", "user", "why"), USERS)
def test_the_user_behind_a_program(given: tuple[str, int, dict[str, str]], user: str, why: str) -> None:
    assert login_user(*given) == user, why


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return Installation(tmp_path, "")


def test_nobody_acts_unless_they_say_who_they_are(here: Installation) -> None:
    reference = hold(here.quarantine())
    for words in (("list",), ("show", reference), ("release", reference, "--reason", "x"), ("figures",)):
        result = here.run("quarantine", *words)
        assert (result.exit_code, "dlp console sign-in NAME" in result.output) == (2, True)
    # Nothing was recorded but the hold.
    assert len(here.well("audit", "export").splitlines()) == 1


def test_a_sign_in_is_the_door_of_the_page(here: Installation) -> None:
    here.account("s.lee", Role.TRIAGE)
    wrong = here.run("console", "sign-in", "s.lee", typed="no\n")
    assert (wrong.exit_code, "are not right" in wrong.output) == (1, True)
    unknown = here.run("console", "sign-in", "nobody", typed=f"{PASSWORD}\n")
    assert unknown.output == wrong.output
    here.sign_in("s.lee")
    kept = session_file(os.environ, ME)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in kept.read_text()
    here.well("quarantine", "list")
    # Somebody else could have read the secret: it is not used.
    kept.chmod(0o644)
    assert "can be read by others" in here.run("quarantine", "list").output
    kept.chmod(0o600)
    assert "Signed out" in here.well("console", "sign-out")
    assert not kept.exists()
    assert here.run("quarantine", "list").exit_code == 2
    events = [json.loads(line) for line in here.well("audit", "export").splitlines()]
    events = [event for event in events if event["act"].startswith("sign_")]
    assert [event["act"] for event in events] == ["sign_in.refused", "sign_in.refused", "sign_in", "sign_out"]
    assert {event["origin"] for event in events} == {f"command line, {ME}"}
    # The lock of the account counts what is tried here, too.
    for _ in range(10):
        here.run("console", "sign-in", "s.lee", typed="no\n")
    assert here.run("console", "sign-in", "s.lee", typed=f"{PASSWORD}\n").exit_code == 1


def test_a_session_ends_with_its_account(here: Installation) -> None:
    here.sign_in("s.lee", Role.TRIAGE)
    here.well("quarantine", "list")
    here.well("console", "user", "disable", "s.lee", "--reason", "left")
    gone = here.run("quarantine", "list")
    assert (gone.exit_code, "your sign-in is over" in gone.output) == (2, True)


def test_a_secret_of_a_browser_is_none_of_the_command_line(here: Installation) -> None:
    here.sign_in("s.lee", Role.TRIAGE)
    with console_services(here.config) as (_, services), writing(services.engine) as connection:
        account = services.accounts.get("s.lee")
        token, _ = services.sessions.begin(connection, account.id, Stage.WHOLE, Method.PASSWORD, "192.0.2.1")
    session_file(os.environ, ME).write_text(token)
    assert here.run("quarantine", "list").exit_code == 2


def test_the_second_factor_is_asked_for(here: Installation) -> None:
    here.account("s.lee", Role.APPROVER)
    actor = Actor("s.lee")
    with console_services(here.config) as (_, services):
        account = services.accounts.get("s.lee")
        seed = services.accounts.begin_factor(account)
        codes = services.accounts.confirm_factor(
            actor, account, time_codes.code_at(seed, int(time.time()) // 30)
        )
    wrong = here.run("console", "sign-in", "s.lee", typed=f"{PASSWORD}\n000000\n")
    assert wrong.exit_code == 1
    assert here.run("quarantine", "list").exit_code == 2
    here.well("console", "sign-in", "s.lee", typed=f"{PASSWORD}\n{codes[0]}\n")
    here.well("quarantine", "list")


def test_a_role_that_demands_a_second_factor_without_one(here: Installation) -> None:
    here.account("s.lee", Role.APPROVER)
    with here.config.open("a") as file:
        file.write(f"console: {{second_factor: [approver], command_accounts: {{'{ME}x': s.lee}}}}\n")
    result = here.run("console", "sign-in", "s.lee", typed=f"{PASSWORD}\n")
    assert (result.exit_code, "in the console first" in result.output) == (1, True)
    assert here.run("quarantine", "list").exit_code == 2


def test_the_code_of_the_page(here: Installation) -> None:
    here.account("s.lee", Role.TRIAGE)
    with console_services(here.config) as (_, services):
        account = services.accounts.get("s.lee")
        with writing(services.engine) as connection:
            token, _ = services.sessions.begin(
                connection, account.id, Stage.WHOLE, Method.OPENID, "192.0.2.1"
            )
        session = services.sessions.find(token)
        assert session is not None
        code = services.door.for_commands(session, "192.0.2.1")
    assert here.run("console", "sign-in", "--code", typed=f"{token}\n").exit_code == 1
    assert "Signed in as s.lee" in here.well("console", "sign-in", "--code", typed=f"{code}\n")
    here.well("quarantine", "list")
    # The code works once.
    assert here.run("console", "sign-in", "--code", typed=f"{code}\n").exit_code == 1
    assert here.run("console", "sign-in").exit_code == 2


MAPPED = [
    # (roles, more of the account, section), exit code, what is said
    ((Role.TRIAGE,), {}, "", 0, "0 messages"),
    ((Role.AUDITOR,), {}, "", 1, "does not have the role"),
    ((Role.TRIAGE,), {"issuer": "https://login.test", "subject": "1"}, "", 2, "work account"),
    ((Role.TRIAGE,), {}, "second_factor: [triage], ", 2, "needs its second factor"),
]


@pytest.mark.parametrize(("roles", "more", "section", "code", "said"), MAPPED)
def test_an_operating_system_user_that_is_an_account(
    here: Installation,
    monkeypatch: pytest.MonkeyPatch,
    roles: tuple[Role, ...],
    more: dict[str, str],
    section: str,
    code: int,
    said: str,
) -> None:
    # What sudo leaves where nobody logged in on a terminal; root itself is never mapped.
    user = ME
    if ME == "root":
        monkeypatch.setenv("SUDO_USER", user := "s.lee")
    with console_services(here.config) as (_, services):
        services.accounts.add(Actor("setup"), "sam", roles, one_time=False, **more)
    with here.config.open("a") as file:
        file.write(f"console: {{{section}command_accounts: {{{user}: sam}}}}\n")
    result = here.run("quarantine", "list")
    assert (result.exit_code, said in result.output) == (code, True), result.output
    here.well("console", "user", "disable", "sam", "--reason", "left")
    assert here.run("quarantine", "list").exit_code != 0


def test_root_is_no_person(here: Installation) -> None:
    with here.config.open("a") as file:
        file.write("console: {command_accounts: {root: sam}}\n")
    result = here.run("quarantine", "list")
    assert (result.exit_code, "root is no person" in result.output) == (2, True)


def test_departments_and_own_mail(here: Installation) -> None:
    with here.config.open("a") as file:
        file.write("console: {own_departments_only: true}\n")
    held = here.quarantine()
    mine = hold(held, "1", department="Housing", recipients=(OTHER,))
    others, theirs = hold(held, "2", department="Housing"), hold(held, "3", department="Children")
    here.sign_in("s.lee", Role.DPO, departments=["Housing"], mailboxes=[OTHER])
    assert {one["reference"] for one in here.json("quarantine", "list")["messages"]} == {mine, others}
    reason = ("--reason", "x")
    for words in (("show", theirs), ("release", theirs, *reason), ("assign", "s.lee", theirs)):
        result = here.run("quarantine", *words)
        assert (result.exit_code, "there is no message" in result.output) == (1, True), words
    for act in ("release", "return", "delete", "expire", "legal-hold"):
        result = here.run("quarantine", act, mine, *reason)
        assert (result.exit_code, "your own mail" in result.output) == (1, True), act
    here.well("quarantine", "return", others, *reason)


def test_break_glass_is_named_recorded_told_and_narrow(here: Installation) -> None:
    held = here.quarantine()
    plain, critical = (
        hold(held, "1", sender=f"{ME}@council.test"),
        hold(held, "2", severity=Severity.CRITICAL),
    )
    other = hold(held, "3")
    glass = ("--break-glass", "the console is down")
    assert NHS not in here.well("quarantine", "show", other, *glass)
    refused = (
        (("show", other, "--reveal", "x", "--finding", "1"), "Without an account"),
        (("delete", other, "--reason", "x"), "Without an account"),
        (("purge", other, "--reason", "x"), "Without an account"),
        (("approve", critical), "Without an account"),
        (("legal-hold", other, "--lift", "--reason", "x"), "Without an account"),
        (("emergency", other, "--confirm"), "Without an account"),
        (("release", critical, "--reason", "x"), "needs two people"),
        (("release", plain, "--reason", "x"), "your own mail"),
    )
    for words, said in refused:
        result = here.run("quarantine", *words, *glass)
        assert (result.exit_code, said in result.output) == (1, True), result.output
    will = here.json("quarantine", "release", "--all", "--reason", "x", "--dry-run", *glass)
    assert (will["done"], sorted(will["refused"])) == ([other], sorted((plain, critical)))
    here.well("quarantine", "release", other, "--reason", "x", *glass)
    events = [json.loads(line) for line in here.well("audit", "export").splitlines()]
    (released,) = [event for event in events if event["act"] == "quarantine.release"]
    assert (released["actor"], released["role"]) == (f"break-glass:{ME}", "break_glass")
    used = [event for event in events if event["act"] == "command.break_glass"]
    assert {event["reason"] for event in used} == {"the console is down"}
    assert len(used) == len(refused) + 3
    # The duty role is told, once an hour.
    told = [one for one in held.outbox.take(held.engine, time.time(), 100) if one.kind == "break_glass"]
    assert 1 <= len(told) <= 2
    subject, text = notices_of(held).render("break_glass", "en", told[0].facts)
    assert "without an account" in subject
    assert ME in text
    assert here.run("quarantine", "list", "--break-glass", " ").exit_code == 2
