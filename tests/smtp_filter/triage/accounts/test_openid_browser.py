"""Signing in at a real provider and out of it again, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from smtp_filter.triage.roles import Role
from tests.smtp_filter.triage.accounts.test_openid import Provider, here, provider
from tests.smtp_filter.triage.browser import accessible
from tests.smtp_filter.triage.serving import Site, post

__all__ = ["here", "provider"]


@pytest.mark.parametrize("confirmed", [True, False])
def test_signing_out_there_too(here: Site, provider: Provider, page: Page, confirmed: bool) -> None:
    provider.person("subject-1", preferred_username="s.lee", roles=["DLP Triage"])
    page.goto(f"{here.url}/sign-in")
    page.get_by_role("link", name=re.compile("your work account")).click()
    page.locator("input[name=sub]").fill("subject-1")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    page.get_by_role("button", name="Sign out", exact=True).click()
    # The console's session is over before the provider is asked.
    page.wait_for_url(f"{provider.url}/oauth2/end_session?**")
    assert [event.act for event in here.acts("sign_out")] == ["sign_out"]
    if confirmed:
        page.get_by_role("button", name="End session").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        accessible(page)
    page.goto(f"{here.url}/inbox")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_password_is_nothing_to_the_provider(here: Site, provider: Provider) -> None:
    client = here.signed_in("a.local", Role.TRIAGE)
    answer = post(client, "/sign-out", "/account")
    assert answer.headers["location"] == "/sign-in"


def test_a_provider_without_such_a_page_or_that_is_away(here: Site) -> None:
    client = here.browser()
    vouching = here.services.vouching
    assert vouching is not None
    assert 'http-equiv="refresh"' in client.get("/sign-out/leaving").text
    told = {**vouching.provider._told}
    told.pop("end_session_endpoint")
    for description in (told, {**told, "end_session_endpoint": "javascript:alert(1)"}):
        vouching.provider._told = description
        assert 'http-equiv="refresh"' not in client.get("/sign-out/leaving").text
        assert client.get("/sign-out/openid").headers["location"] == "/sign-out/done"
    assert client.get("/sign-out/done").status_code == 200
