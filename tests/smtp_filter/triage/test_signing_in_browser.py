"""Signing in, in a real browser before a running console."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from smtp_filter.triage.accounts.time_codes import STEP, code_at
from smtp_filter.triage.roles import Role
from tests.smtp_filter.triage.browser import SETUP, Console, accessible

PASSWORD = "violet kettle harbour"


def test_first_sign_in_with_a_one_time_link(console: Console, page: Page) -> None:
    code = console.services.accounts.add(SETUP, "first.one", [Role.ADMINISTRATOR])
    page.goto(f"{console.url}/sign-in/once/{code}")
    accessible(page)
    # Opening the link uses nothing up: something on the way may have looked at it.
    page.reload()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile("/account/password"))
    accessible(page)
    page.get_by_label("New password", exact=True).fill("too short")
    page.get_by_label("New password again").fill("too short")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("alert")).to_contain_text("12 characters or more")
    accessible(page)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()
    page.goto(f"{console.url}/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

    page.goto(f"{console.url}/sign-in/once/{code}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("has been used")
    accessible(page)

    page.goto(f"{console.url}/sign-in")
    accessible(page)
    page.get_by_label("Name").fill("first.one")
    page.get_by_label("Password").fill("not the one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    accessible(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner").get_by_role("link", name="first.one")).to_be_visible()


def scanned(page: Page, folder: Path) -> str:
    """What a reader of QR codes sees on the page, in dark colours, too."""
    read = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        picture = folder / f"{scheme}.png"
        page.screenshot(path=picture)
        command = ["zbarimg", "--quiet", "--raw", str(picture)]
        read.add(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    page.emulate_media(color_scheme="light")
    (address,) = read
    assert address.startswith("otpauth://totp/DLP%20console%20Anytown%20Council%3Awith.factor?")
    return address


def test_second_factor_from_set_up_to_recovery(console: Console, page: Page, tmp_path: Path) -> None:
    console.account("with.factor", Role.VIEWER, password=PASSWORD)
    console.enter(page, "with.factor")
    page.goto(f"{console.url}/account")
    page.get_by_role("link", name="Set up a second factor").click()
    accessible(page)
    page.get_by_text("I cannot scan it").click()
    accessible(page)
    key = page.locator("code.key").inner_text().replace(" ", "")
    if shutil.which("zbarimg"):
        assert f"secret={key}&" in scanned(page, tmp_path)
    seed = base64.b32decode(key + "=" * (-len(key) % 8))
    step = int(time.time() // STEP)
    page.get_by_label("Enter the code").fill(code_at(seed, step))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    accessible(page)
    code = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    page.goto(f"{console.url}/account")
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.get_by_label("Name").fill("with.factor")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    accessible(page)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.goto(f"{console.url}/account")
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()


def test_a_session_that_expired_under_a_form(console: Console, page: Page) -> None:
    console.enter(page, "an.expired", Role.ADMINISTRATOR)
    page.goto(f"{console.url}/accounts/new")
    page.get_by_label("Name", exact=True).fill("too.late")
    console.services.accounts.end_sessions(SETUP, "an.expired")
    page.get_by_role("button", name="Add the account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_text("You were signed out")).to_be_visible()
    accessible(page)
    assert "too.late" not in {account.name for account in console.services.accounts.all()}


def test_a_form_of_another_page_is_refused(console: Console, page: Page) -> None:
    """A page of somebody else sends our form with the visitor's cookies: the browser itself tells on it."""
    console.enter(page, "an.admin", Role.ADMINISTRATOR)
    page.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{console.url}/accounts/new">'
            '<input name="name" value="forged"><button>Win</button></form>',
        ),
    )
    page.goto("http://elsewhere.test/")
    page.get_by_role("button").click()
    page.wait_for_url(f"{console.url}/**")
    assert "forged" not in {account.name for account in console.services.accounts.all()}
    assert page.get_by_role("heading", level=1).inner_text() in ("You may not do this", "Sign in")
