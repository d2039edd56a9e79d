"""The officer's way in a real browser: find, look, reveal, decide; the message arrives at a real server."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Dialog, Page

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine.emergency import ask, emergency_code
from smtp_filter.quarantine.exclusions import ExclusionBook
from smtp_filter.quarantine.model import Actor, State
from smtp_filter.quarantine.reading import show
from smtp_filter.quarantine.releasing import ReleaseWorker
from smtp_filter.service.background import HopCarrier
from smtp_filter.triage.roles import Role
from tests.smtp_filter.peers import ScriptedHop
from tests.smtp_filter.quarantine.making import NHS, PATIENT, SENDER, inspection, message, raw, verdict
from tests.smtp_filter.triage.browser import Console, accessible, pictures, violations

PASSWORD = "violet kettle harbour"
LOOK = Actor("look")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'\u202egnp.exe\u2066\x07"


def state(console: Console, number: str) -> State:
    return show(console.quarantine, number, LOOK).message.state


def release_all(console: Console, hop: ScriptedHop) -> None:
    """What the relay does in the background."""

    async def work() -> None:
        carrier = HopCarrier({"default": hop.hop(), "secure": hop.hop()})
        try:
            await ReleaseWorker(console.quarantine, carrier).run_once()
        finally:
            await carrier.close()

    # The browser's driver keeps a loop on this thread.
    thread = Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()


def test_from_signing_in_to_the_recipient(console: Console, page: Page) -> None:
    """Sign in by form, filter, open, reveal with a reason, release; the exact bytes arrive."""
    number = console.hold(
        "flow", subject="Tenancy of flat seven", body=f"NHS number {NHS}", department="Housing"
    )
    console.account("f.low", Role.TRIAGE, password=PASSWORD)
    page.goto(f"{console.url}/inbox")
    page.get_by_label("Name", exact=True).fill("f.low")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Inbox").wait_for()

    page.get_by_label("Words of the envelope").fill("tenancy seven")
    page.get_by_label("Severity", exact=True).select_option("high")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("heading", name="1 message").wait_for()
    assert "q=tenancy+seven" in page.url
    assert "severity=high" in page.url
    page.get_by_role("link", name=number).click()

    page.get_by_role("heading", name="Why it was held").wait_for()
    assert NHS not in page.content()
    page.get_by_label("Why you need to see it").first.select_option("check")
    page.get_by_role("button", name="Show finding 1").click()
    page.get_by_text(NHS).wait_for()
    page.goto(f"{console.url}/messages/{number}")
    assert NHS not in page.content()
    assert (("f.low", "quarantine.reveal", number)) in console.acts("quarantine.reveal", "f.low")

    page.locator("summary", has_text="Release").click()
    page.locator("#release-reason").fill("the right person")
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_text(f"{number}: on its way.").wait_for()
    with ScriptedHop() as hop:
        release_all(console, hop)
        (taken,) = [one for one in hop.taken if b"Tenancy of flat seven" in one.data]
    assert taken.data.partition(b"\r\n")[2] == raw("Tenancy of flat seven", f"NHS number {NHS}", "flow")
    assert taken.mail.startswith(f"FROM:<{SENDER}>")
    assert [one.partition(" ")[0] for one in taken.rcpt] == [f"TO:<{PATIENT}>"]
    page.goto(f"{console.url}/messages/{number}")
    page.get_by_text("It is decided.").wait_for()
    assert state(console, number) is State.RELEASED


def test_by_keys_alone(console: Console, page: Page) -> None:
    number = console.hold("keys", subject="Keyboard only")
    console.enter(page, "k.eys", Role.TRIAGE)
    page.goto(f"{console.url}/inbox?q=keyboard")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#chosen").inner_text() == "1"
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Why it was held").wait_for()
    page.keyboard.press("?")
    assert page.get_by_text("back to the sender").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    assert page.evaluate("document.activeElement.id") == "return-usual"
    assert "[SECURE]" in page.locator("#return-advice").input_value()
    # A letter chooses the reason, and the form is sent.
    page.keyboard.type("n")
    assert page.locator("#return-usual").input_value() == "clear"
    page.keyboard.press("Control+Enter")
    page.get_by_text(f"{number}: not sent.").wait_for()
    assert state(console, number) is State.REJECTED


def test_two_people(console: Console, page: Page, browser: Browser) -> None:
    number = console.hold("two", severity=Severity.CRITICAL)
    console.enter(page, "t.first", Role.TRIAGE)
    page.goto(f"{console.url}/messages/{number}")
    page.keyboard.press("r")
    page.keyboard.press("Tab")
    page.keyboard.type("the GP asked for it")
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_text("your decision waits for a second person").wait_for()
    assert state(console, number) is State.AWAITING_SECOND
    context = browser.new_context()
    second = context.new_page()
    console.enter(second, "t.second", Role.APPROVER)
    second.goto(f"{console.url}/messages/{number}")
    second.get_by_text("the GP asked for it").first.wait_for()
    accessible(second)
    second.get_by_label("Agree").fill("rang the practice")
    second.get_by_role("button", name="Agree and carry it out").click()
    second.get_by_text(f"{number}: on its way.").wait_for()
    context.close()
    assert state(console, number) is State.RELEASING


def test_who_comes_second_is_told(console: Console, page: Page, browser: Browser) -> None:
    """Two officers on the same page: one returns it, the other one's release changes nothing and says so."""
    number = console.hold("race")
    console.enter(page, "r.ace1", Role.TRIAGE)
    context = browser.new_context()
    other = context.new_page()
    console.enter(other, "r.ace2", Role.TRIAGE)
    for one in (page, other):
        one.goto(f"{console.url}/messages/{number}")
    page.keyboard.press("b")
    page.locator("#return-reason").fill("wrong address")
    page.get_by_role("button", name="Return it").click()
    page.get_by_text(f"{number}: not sent.").wait_for()
    other.keyboard.press("r")
    other.keyboard.press("Tab")
    other.keyboard.type("looks right")
    other.get_by_role("button", name="Release", exact=True).click()
    other.get_by_text("changed meanwhile; look at it again").wait_for()
    assert violations(other) == []
    context.close()
    assert state(console, number) is State.REJECTED


def test_hostile_words_are_words(console: Console, page: Page) -> None:
    """Script, marks that turn text round, a megabyte in a line: in subject, names, files, findings, text."""
    plain = inspection()
    first, second = plain.findings
    findings = (
        replace(first, location=f"{HOSTILE}.docx > page 1", around=(HOSTILE, HOSTILE), masked=HOSTILE),
        replace(second, hidden=HOSTILE, rule=HOSTILE, value=HOSTILE),
    )
    data = raw(HOSTILE.replace("\x07", ""), f"{HOSTILE}\r\n{'A' * 1_000_000}\r\n", "hostile", SENDER)
    number = console.quarantine.hold(
        message(data, recipients=('"<script>alert(3)</script>"@example.com',)),
        replace(plain, findings=findings),
        verdict(Severity.HIGH, rules=(HOSTILE[:60],)),
    ).reference
    alerts: list[str] = []

    def told(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", told)
    console.enter(page, "h.ostile", Role.TRIAGE)
    for path in ("/inbox", f"/messages/{number}", f"/messages/{number}/false-alarm"):
        page.goto(f"{console.url}{path}")
        harmless(page)
    page.goto(f"{console.url}/messages/{number}")
    page.get_by_label("Why you need to see it").first.select_option("check")
    page.get_by_role("button", name="Show finding 2").click()
    page.locator(".revealed").wait_for()
    harmless(page)
    page.locator("summary", has_text="Show the text").click()
    page.locator("#text-why").select_option("check")
    page.get_by_role("button", name="Show the text").click()
    page.get_by_role("heading", name=f"Text of {number}").wait_for()
    harmless(page)
    assert "characters)" in page.locator("pre.untrusted").last.inner_text()
    assert alerts == []


def harmless(page: Page) -> None:
    """The words stand there as words: no element came of them, nothing turns round."""
    text = page.locator("main").inner_text()
    assert "<script>" in text
    for mark in ("\u202e", "\u2066", "\x07"):
        assert mark not in text
    assert page.locator("main script, main img").count() == 0
    assert len(page.content()) < 500_000


def test_false_alarm_and_its_approval(console: Console, page: Page, browser: Browser) -> None:
    number = console.hold("false", subject="Weekly return 12")
    console.enter(page, "a.larm", Role.TRIAGE)
    page.goto(f"{console.url}/messages/{number}")
    page.keyboard.press("f")
    page.get_by_role("heading", name="A false alarm that should not come back").wait_for()
    page.locator("#finding-0").check()
    page.get_by_label("Why it is a false alarm").fill("our published test number")
    page.get_by_role("button", name="Show what it would have changed").click()
    page.get_by_role("heading", name="What it would have changed").wait_for()
    accessible(page)
    page.get_by_role("button", name="Propose it").click()
    page.get_by_text("It takes effect when another person has approved it.").wait_for()
    context = browser.new_context()
    second = context.new_page()
    console.enter(second, "a.pproves", Role.RULE_EDITOR)
    second.goto(f"{console.url}/exclusions")
    second.get_by_role("link", name="Exclusion").first.click()
    second.get_by_label("What you checked").fill("it is ours")
    accessible(second)
    second.get_by_role("button", name="Approve").click()
    second.get_by_text("is in force").wait_for()
    context.close()
    book = ExclusionBook(console.quarantine)
    assert book.counting_out(message(raw(subject="Weekly return 13"))) is not None


@pytest.mark.parametrize(
    "path",
    [
        "/inbox",
        "/inbox?state=all&severity=high&q=case&sender=a@b.test&rule=outside-sensitive&grouped=1",
        "/inbox?q=nothing-matches-this",
        "/messages/{number}",
        "/messages/{number}/false-alarm",
        "/exclusions",
        "/emergency",
    ],
)
def test_every_page_is_accessible(console: Console, page: Page, path: str) -> None:
    """Light, dark, narrow; with details open, because what is closed is not looked at."""
    number = console.held[1]
    if path == "/emergency":
        code = emergency_code(console.quarantine, number)
        ask(console.quarantine, number, Actor("sender"), "tonight", code=code)
    console.enter(page, "a.ccess", Role.TRIAGE, Role.APPROVER)
    page.goto(console.url + path.replace("{number}", number))
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    accessible(page)
    if folder := os.environ.get("DLP_TEST_PICTURES"):
        name = path.strip("/").partition("?")[0].replace("/", "-").replace("{number}", "open")
        pictures(page, Path(folder), name if "?" not in path else f"{name}-{len(path)}")


def test_many_at_once(console: Console, page: Page) -> None:
    for number in range(4):
        severity = Severity.CRITICAL if number < 3 else Severity.LOW
        console.hold(f"bulk{number}", subject="Bulk seaside", severity=severity)
    console.enter(page, "b.ulk", Role.TRIAGE)
    page.goto(f"{console.url}/inbox?q=seaside")
    page.get_by_label("Select all on this page").check()
    assert page.locator("#chosen").inner_text() == "4"
    page.locator("#act").select_option("release")
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_text("3 messages").first.wait_for()
    assert "need a second person" in page.locator("main").inner_text()
    accessible(page)
    page.get_by_label("Why").fill("all checked")
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_role("heading", name="Release: done").wait_for()
    assert "3 messages waiting for a second person" in page.locator("main").inner_text()
    accessible(page)


def test_three_keys_a_message(console: Console, page: Page) -> None:
    """Through a pile by r, a letter and Ctrl+Enter; the next one opens by itself, of the same filter."""
    numbers = [console.hold(f"pile{number}", subject="Lighthouse rota") for number in range(4)]
    other = console.hold("pile of another", subject="Something else")
    mine = console.hold("pile of mine", subject="Lighthouse rota", sender="p.ile@council.test")
    console.enter(page, "p.ile", Role.TRIAGE, mailboxes=["p.ile@council.test"])
    page.goto(f"{console.url}/inbox?q=lighthouse")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Why it was held").wait_for()
    for left in (3, 2, 1, 0):
        here = page.get_by_role("heading", level=1).inner_text().split()[0]
        page.keyboard.press("r")
        page.keyboard.press("t")
        page.keyboard.press("Control+Enter")
        page.get_by_text(f"{here}: on its way.").wait_for()
        assert ("This is the next one." in page.locator("main").inner_text()) is bool(left)
        numbers.remove(here)
    assert numbers == []
    # What is left of the filter is nobody's to decide but somebody else's.
    assert page.url.endswith("/inbox?q=lighthouse")
    assert state(console, mine) is State.HELD
    assert state(console, other) is State.HELD
    history = show(console.quarantine, here, LOOK).history
    assert [line.reason for line in history if line.act == "release"] == ["Test data"]
    # Neither chosen nor written: the page says so, at the field.
    page.goto(f"{console.url}/messages/{other}")
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="a reason is needed").click()
    assert page.evaluate("document.activeElement.id") == "release-usual"
