"""Signing in over HTTP: who is let in, who is not, and what stops guessing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from smtp_filter.triage.accounts import passwords
from smtp_filter.triage.accounts.time_codes import STEP, code_at
from smtp_filter.triage.roles import Role
from tests.smtp_filter.triage.serving import PASSWORD, SETUP, Site, form_token, post, sign_in, site


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A console on each database, quick to lock."""
    console = {"lock_after": 3, "failures_per_address": 8, "second_factor": ["administrator"]}
    with site(tmp_path, database_url, console=console) as running:
        yield running


def in_(client: httpx.Client) -> bool:
    return client.get("/account").status_code == 200


def test_right_and_wrong(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    client = here.browser()
    refused = sign_in(client, "s.lee", "violet kettle harbou")
    assert (refused.status_code, in_(client)) == (403, False)
    unknown = sign_in(client, "nobody.here", PASSWORD)
    # Nothing tells an account that exists from one that does not.
    assert refused.text.replace("s.lee", "").count("not right") == unknown.text.count("not right") == 1
    answer = sign_in(client, " S.LEE ", PASSWORD)
    assert (answer.status_code, answer.headers["location"], in_(client)) == (303, "/", True)
    assert [event.after["why"] for event in here.acts("sign_in.refused")] == ["wrong", "unknown"]
    # What is typed in place of a name may be a password.
    assert "nobody.here" not in json.dumps([str(event) for event in here.acts()])


def test_the_session_is_new_with_every_sign_in(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    client = here.browser()
    client.cookies.set("dlp-session", "chosen-by-somebody-else")
    sign_in(client, "s.lee")
    values = [cookie.value for cookie in client.cookies.jar if cookie.name == "dlp-session"]
    assert "chosen-by-somebody-else" not in values[-1:]
    cookie = sign_in(here.browser(), "s.lee").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_failures_lock_an_account_for_a_while(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    client = here.browser()
    for _ in range(3):
        assert sign_in(client, "s.lee", "wrong wrong wrong").status_code == 403
    assert here.services.accounts.get("s.lee").locked_until is not None
    # The right one now, and the page says nothing else than before.
    locked = sign_in(client, "s.lee")
    assert (locked.status_code, "not right" in locked.text, in_(client)) == (403, True, False)
    here.clock.on = 16 * 60
    assert sign_in(client, "s.lee").status_code == 303
    assert in_(client)


def test_the_lock_outlives_the_program(tmp_path: Path) -> None:
    with site(tmp_path, console={"lock_after": 3}) as first:
        first.account("s.lee", Role.TRIAGE)
        for _ in range(3):
            sign_in(first.browser(), "s.lee", "wrong wrong wrong")
    with site(tmp_path, console={"lock_after": 3}) as second:
        assert sign_in(second.browser(), "s.lee").status_code == 403


def test_an_address_that_guesses_many_names_is_stopped(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    client = here.browser()
    answers = [sign_in(client, f"name{number}", "wrong wrong wrong").status_code for number in range(10)]
    assert answers == [403] * 8 + [429] * 2
    assert sign_in(client, "s.lee").status_code == 429
    # Who goes on does not fill the log.
    assert [event.after["why"] for event in here.acts("sign_in.refused")].count("too_many") == 1
    here.clock.on = 16 * 60
    assert sign_in(client, "s.lee").status_code == 303


def test_an_administrator_unlocks_and_disables(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    book = here.services.accounts
    client = here.browser()
    sign_in(client, "s.lee")
    assert in_(client)
    book.disable(SETUP, "s.lee", "left")
    assert not in_(client)
    assert sign_in(client, "s.lee").status_code == 403
    book.disable(SETUP, "s.lee", disabled=False)
    assert sign_in(client, "s.lee").status_code == 303


def test_a_one_time_link_works_once_and_for_a_day(here: Site) -> None:
    code = here.services.accounts.add(SETUP, "s.lee", [Role.TRIAGE])
    path = f"/sign-in/once/{code}"
    client = here.browser()
    for _ in range(3):
        # A scanner of links on the way opens, and changes nothing.
        assert here.browser().get(path).status_code == 200
    answer = post(client, path)
    assert answer.headers["location"] == "/account/password"
    assert client.get("/account").headers["location"] == "/account/password"
    assert post(here.browser(), path).status_code == 403
    answer = post(client, "/account/password", new=PASSWORD, again=PASSWORD)
    assert (answer.status_code, in_(client)) == (303, True)
    assert sign_in(here.browser(), "s.lee").status_code == 303

    late = here.services.accounts.reset(SETUP, "s.lee", "forgotten")
    assert not in_(client)
    assert sign_in(here.browser(), "s.lee").status_code == 403
    here.clock.on = 25 * 3600
    assert post(here.browser(), f"/sign-in/once/{late}").status_code == 403


def _enrol(here: Site, client: httpx.Client) -> tuple[bytes, int, list[str]]:
    import base64
    import re

    shown = client.get("/account/second-factor").text
    key = re.search(r'class="key">([A-Z2-7 ]+)<', shown)
    assert key
    text = key[1].replace(" ", "")
    seed = base64.b32decode(text + "=" * (-len(text) % 8))
    step = int(here.clock() // STEP)
    answer = post(client, "/account/second-factor", code=code_at(seed, step))
    assert answer.status_code == 200
    return seed, step, re.findall(r"<li><code>([a-z0-9-]+)</code>", answer.text)


def test_a_role_demands_a_second_factor(here: Site) -> None:
    here.account("an.admin", Role.ADMINISTRATOR)
    client = here.browser()
    answer = sign_in(client, "an.admin")
    assert answer.headers["location"] == "/account/second-factor"
    assert client.get("/accounts").headers["location"] == "/account/second-factor"
    assert post(client, "/account/second-factor", code="000000").status_code == 400
    before = client.cookies.get("dlp-session")
    seed, step, codes = _enrol(here, client)
    assert (len(codes), client.get("/accounts").status_code) == (10, 200)
    assert client.cookies.get("dlp-session") != before

    other = here.browser()
    assert sign_in(other, "an.admin").headers["location"] == "/sign-in/code"
    assert other.get("/accounts").headers["location"] == "/sign-in/code"
    # The code that has been used, a wrong one, one of long ago.
    for wrong in (code_at(seed, step), "123456", code_at(seed, step - 20)):
        assert post(other, "/sign-in/code", code=wrong).status_code == 403, wrong
    here.services.accounts.unlock(SETUP, "an.admin")
    right = code_at(seed, int(here.clock() // STEP) + 1)
    assert post(other, "/sign-in/code", code=right).status_code == 303
    assert other.get("/accounts").status_code == 200

    third = here.browser()
    sign_in(third, "an.admin")
    assert post(third, "/sign-in/code", code=codes[0].upper()).status_code == 303
    fourth = here.browser()
    sign_in(fourth, "an.admin")
    assert post(fourth, "/sign-in/code", code=codes[0]).status_code == 403


def test_codes_cannot_be_guessed_by_signing_in_again(here: Site) -> None:
    here.account("an.admin", Role.ADMINISTRATOR)
    client = here.browser()
    sign_in(client, "an.admin")
    _enrol(here, client)
    for _ in range(3):
        guesser = here.browser()
        sign_in(guesser, "an.admin")
        post(guesser, "/sign-in/code", code="123456")
    # The right password between them has not cleared the count.
    assert sign_in(here.browser(), "an.admin").status_code == 403


def test_changing_a_password_ends_the_other_sessions(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    one, other = here.browser(), here.browser()
    sign_in(one, "s.lee")
    sign_in(other, "s.lee")
    changed = "copper window lantern"
    wrong = post(one, "/account/password", old="not this one", new=changed, again=changed)
    assert (wrong.status_code, in_(other)) == (403, True)
    right = post(one, "/account/password", old=PASSWORD, new=changed, again=changed)
    assert (right.status_code, in_(one), in_(other)) == (303, True, False)
    assert sign_in(here.browser(), "s.lee").status_code == 403


PASSWORDS = (
    ("violet kettle harbour", True, "three random words"),
    ("correct horse battery staple", True, "long"),
    ("pässwört ist länger", True, "no piece of it is on the list"),
    ("short words", False, "eleven characters"),
    ("aaaaaaaaaaaaaaaa", False, "one letter"),
    ("Password123456", False, "what is guessed first"),
    ("my qwerty is long", False, "what is guessed first, within"),
    ("violet lee-stanton kettle", False, "the person's name"),
    ("anytown kettle harbour", False, "the council's name"),
    ("x" * 50 + "violet kettle harbour" * 10, False, "beyond 200 characters"),
)


@pytest.mark.parametrize(("password", "taken", "why"), PASSWORDS)
def test_which_passwords_are_taken(password: str, taken: bool, why: str) -> None:
    own = ("lee-stanton", "Anytown Council")
    assert (passwords.problem_with(password, least=12, own_words=own) == "") is taken, why


def test_passwords_are_kept_as_argon2id(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    with here.services.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT password FROM console_account").scalar_one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_form_token_of_another_visit(here: Site) -> None:
    here.account("s.lee", Role.TRIAGE)
    token = form_token(here.browser())
    client = here.browser()
    client.get("/sign-in")
    answer = client.post("/sign-in", data={"csrf_token": token, "name": "s.lee", "password": PASSWORD})
    assert (answer.status_code, in_(client)) == (403, False)
