"""The administrator's and the auditor's pages, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from smtp_filter.quarantine.model import Actor
from smtp_filter.triage.roles import Role
from tests.smtp_filter.triage.browser import Console, accessible

# Turned round, a script, a megabyte.
HOSTILE = "<script>window.hit=1</script>\u202egpj.exe" + "x" * 3_000


def test_an_account_from_birth_to_its_end(console: Console, page: Page) -> None:
    console.enter(page, "an.admin", Role.ADMINISTRATOR)
    page.goto(console.url + "/")
    # Administrators see accounts, and no items.
    assert page.get_by_role("navigation", name="Menu").get_by_role("link").all_inner_texts() == ["Accounts"]
    page.get_by_role("link", name="Add an account").click()
    accessible(page)
    page.get_by_label("Name", exact=True).fill("an.admin")
    page.get_by_label("Auditor", exact=True).check()
    page.get_by_role("button", name="Add the account").click()
    expect(page.get_by_role("alert")).to_contain_text("already")
    assert page.get_by_label("Auditor", exact=True).is_checked()
    accessible(page)
    page.get_by_label("Name", exact=True).fill("new.person")
    page.get_by_label("Own mail addresses").fill("New.Person@council.test")
    page.get_by_role("button", name="Add the account").click()
    link = page.locator("code.once").inner_text()
    assert link.startswith(f"{console.url}/sign-in/once/")
    accessible(page)
    page.get_by_role("link", name="Go to the account").click()
    accessible(page)
    assert console.services.accounts.get("new.person").mailboxes == {"new.person@council.test"}
    page.get_by_label("Triage officer").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("changed")
    accessible(page)
    assert console.services.accounts.get("new.person").roles == {Role.AUDITOR, Role.TRIAGE}

    page.get_by_text("Disable the account").click()
    page.locator("#disable-reason").fill("left the council")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    page.goto(console.url + "/accounts")
    accessible(page)
    acts = [act for _, act, subject in console.acts("account", "an.admin") if subject == "new.person"]
    assert acts == ["account.add", "account.change", "account.disable"]


def test_nobody_gives_themselves_a_role(console: Console, page: Page) -> None:
    console.enter(page, "an.admin", Role.ADMINISTRATOR)
    page.goto(console.url + "/accounts/an.admin")
    page.get_by_label("Data protection officer").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody changes their own roles")
    accessible(page)
    assert console.services.accounts.get("an.admin").roles == {Role.ADMINISTRATOR}


def test_the_audit_log_shows_filters_checks_and_exports(console: Console, page: Page) -> None:
    console.services.accounts.add(
        Actor(HOSTILE, "test", HOSTILE), "hostile", [Role.VIEWER], display=HOSTILE, departments=[HOSTILE]
    )
    console.services.accounts.disable(Actor(HOSTILE, "test", HOSTILE), "hostile", HOSTILE)
    console.enter(page, "an.auditor", Role.AUDITOR)
    page.goto(console.url + "/audit")
    assert page.evaluate("window.hit") is None
    assert "\u202e" not in page.content()
    accessible(page)
    page.get_by_label("Act").fill("quarantine")
    page.get_by_role("button", name="Filter").click()
    assert "act=quarantine" in page.url
    acts = set(page.locator("tbody tr td:nth-child(4)").all_inner_texts())
    assert acts == {"quarantine.hold"}
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == len(console.held)
    assert re.fullmatch(r"audit-\d{8}-\d{4}\.jsonl", download.value.suggested_filename)
    page.get_by_role("button", name="Check the whole log").click()
    expect(page.get_by_role("status")).to_contain_text("The log is sound")
    accessible(page)
    told = [act for _, act, _ in console.acts("audit", "an.auditor")]
    assert told == ["audit.view", "audit.view", "audit.export", "audit.verify", "audit.view"]


def test_the_audit_log_has_pages(console: Console, page: Page) -> None:
    console.enter(page, "an.auditor", Role.AUDITOR)
    for _ in range(120):
        console.services.accounts.unlock(Actor("many", "test", "test"), "an.auditor")
    page.goto(console.url + "/audit?actor=many")
    first = page.locator("tbody tr td:first-child").all_inner_texts()
    page.get_by_role("link", name="Next page").click()
    second = page.locator("tbody tr td:first-child").all_inner_texts()
    assert (len(first), len(second), set(first) & set(second)) == (100, 20, set())


def test_keys(console: Console, page: Page) -> None:
    console.enter(page, "an.admin", Role.ADMINISTRATOR)
    console.account("second.one", Role.VIEWER)
    page.goto(console.url + "/accounts")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    name = page.locator("tr.here a").inner_text()
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert page.locator("tr.here a").inner_text() == name
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Account {name}")
    page.go_back()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add an account")
    # What is typed into a field is text.
    page.get_by_label("Name", exact=True).press_sequentially("jk?x")
    assert page.get_by_label("Name", exact=True).input_value() == "jk?x"


ERRORS = (("/nowhere", "Page not found"), ("/audit", "You may not do this"))


@pytest.mark.parametrize(("path", "heading"), ERRORS)
def test_error_pages(console: Console, page: Page, path: str, heading: str) -> None:
    console.enter(page, "an.admin", Role.ADMINISTRATOR)
    page.goto(console.url + path)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    accessible(page)


def test_without_script(console: Console, page: Page) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    console.enter(plain, "an.admin", Role.ADMINISTRATOR)
    plain.goto(console.url + "/accounts/new")
    plain.get_by_label("Name", exact=True).fill("without.script")
    plain.get_by_role("button", name="Add the account").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Hand over this link")
    context.close()
