"""A false alarm from the held letter to the next one: a running relay, a running console, a browser."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from smtp_filter.triage.roles import Role
from tests.benchmarks.council_text import nhs_number
from tests.smtp_filter.peers import PATIENCE, unique, wait_for
from tests.smtp_filter.quarantine.making import NHS
from tests.smtp_filter.service.test_program import Service, service_in
from tests.smtp_filter.triage.browser import Console, console_on
from tests.soak import letters

TO, OTHER = "training@example.org", "somebody@example.com"
WEEK = "Training record, week {}"


@dataclass
class Site:
    """A relay that holds and a console that decides, on one store."""

    relay: Service
    console: Console

    def send(self, number: str, subject: str, *, to: str = TO, sender: str = letters.OFFICER) -> str:
        """Send a letter; the number under which it was held, empty where it went out."""
        words = f"Please use the record with the NHS number {number} in the training system this week."
        name = f"{unique()}@council.gov.uk"
        content = letters.letter(name, letters.crlf(words), to=to, sender=sender, headers=letters.PLAIN)
        content = content.replace(
            f"Subject: Note {name.partition('@')[0]}".encode(), f"Subject: {subject}".encode()
        )
        before = len(self.relay.hop.taken)
        code, text = self.relay.send(content, to, sender=sender)
        assert code == 250
        if "Held for review as" in text:
            assert len(self.relay.hop.taken) == before
            return text.rsplit(" ", 1)[-1]
        assert self.relay.hop.taken[-1].data.endswith(content)
        return ""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("whole")
    with (
        service_in(folder, console={"listen": "127.0.0.1:0"}) as relay,
        console_on(relay.configuration) as console,
    ):
        yield Site(relay, console)


# The relay is started before the browser, which keeps an event loop on this thread.
def test_a_false_alarm_does_not_come_back_and_a_near_miss_does(
    here: Site, browser: Browser, page: Page
) -> None:
    console = here.console
    earlier, number = here.send(NHS, WEEK.format(10)), here.send(NHS, WEEK.format(11))
    another = here.send(NHS, "Something else")
    assert all((earlier, number, another))

    console.enter(page, "f.irst", Role.TRIAGE, Role.RULE_EDITOR)
    page.goto(f"{console.url}/messages/{number}")
    page.keyboard.press("f")
    expect(page.get_by_role("heading", level=1)).to_have_text("A false alarm that should not come back")
    page.get_by_role("checkbox", name=re.compile("^NHS number")).check()
    page.get_by_label("Why it is a false alarm").fill("the published number of the training system")
    page.get_by_role("button", name="Show what it would have changed").click()
    effect = page.get_by_role("region", name="What it would have changed")
    # The letters of the weeks, and not the one with another subject.
    expect(effect).to_contain_text(earlier)
    expect(effect).to_contain_text(number)
    expect(effect).not_to_contain_text(another)
    expect(effect.get_by_text("nothing left")).to_have_count(2)
    page.get_by_role("button", name="Propose it").click()
    page.get_by_text("It takes effect when another person has approved it.").wait_for()

    # Proposed is not approved, and nobody approves their own.
    assert here.send(NHS, WEEK.format(12))
    page.goto(f"{console.url}/exclusions/1")
    expect(page.get_by_text("Somebody else has to approve it.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    context = browser.new_context()
    second = context.new_page()
    console.enter(second, "s.econd", Role.RULE_EDITOR)
    second.goto(f"{console.url}/exclusions/1")
    expect(second.locator("main")).to_contain_text("the published number of the training system")
    expect(second.get_by_role("region", name="What it would have changed")).to_contain_text(earlier)
    assert NHS not in second.content()
    second.get_by_label("What you checked").fill("it is the published one")
    second.get_by_role("button", name="Approve").click()
    second.get_by_text("Exclusion 1 is in force.").wait_for()
    context.close()

    # The relay looks again within some seconds.
    wait_for(lambda: not here.send(NHS, WEEK.format(13)), PATIENCE)
    made = random.Random(7)
    for near_miss in (
        here.send(nhs_number(made), WEEK.format(14)),
        here.send(f"{NHS} and {nhs_number(made)}", WEEK.format(14)),
        here.send(NHS, "Training record, once more"),
        here.send(NHS, WEEK.format(14), to=OTHER),
        here.send(NHS, WEEK.format(14), sender="another.officer@council.gov.uk"),
    ):
        assert near_miss
    assert not here.send(NHS, WEEK.format(15))
    acts = [act for _, act, _ in console.acts("exclusion") if act != "exclusion.view"]
    assert acts == ["exclusion.propose", "exclusion.active"]
