"""Signing in, in a real browser before a running console."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

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
    expect(page.get_by_role("link", name="first.one")).to_be_visible()
