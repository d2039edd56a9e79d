"""Incidents, shares, figures and break-glass in a real browser before a running console."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from scanner.judgement.assessment import Severity
from scanner.store.entry import Audience
from scanner.store.inventory.tables import file
from scanner.store.keys import installation_key
from smtp_filter.triage.roles import Role
from smtp_filter.triage.shield.listing import import_list
from smtp_filter.triage.shield.reading_list import read_list
from tests.smtp_filter.triage.browser import SETUP, Console, accessible, fill, running_console
from tests.smtp_filter.triage.stores import finding, hold, inspection, scanned

HOSTILE = '<script>alert("x")</script>\u202egpj.exe'
FILES = "/srv/shares"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console with held mail, scanned shares and somebody on the list."""
    with running_console(tmp_path_factory.mktemp("console")) as running:
        fill(running)
        key = installation_key(running.folder / "state")
        import_list(running.quarantine, SETUP, key, read_list(b"reference,name\nP-1,Rosalind Quillfeather\n"))
        name, number = finding("PERSON", "Mary Jones", key=key), finding("UK_NHS", "9434765919", key=key)
        shielded = finding("PERSON", "Quillfeather, Rosalind", key=key)
        quarantine = running.quarantine
        running.held.append(hold(quarantine, "people", name, number, subject="Two people"))
        running.held.append(hold(quarantine, "shielded", shielded, subject="Rosalind moves"))
        now = running.services.clock()
        scanned(
            quarantine.engine,
            [
                (f"{FILES}/housing/{HOSTILE}.txt", _found(name, number, content="1"), Audience.EVERYONE),
                (f"{FILES}/housing/rent.xlsx", _found(name, content="2"), Audience.GROUP),
                (f"{FILES}/children/Rosalind.docx", _found(shielded, content="3"), Audience.GROUP),
                *(
                    (f"{FILES}/many/{n}.txt", _found(name, content=f"m{n}"), Audience.GROUP)
                    for n in range(60)
                ),
            ],
            now - 7200,
            FILES,
        )
        yield running


def _found(*findings, content: str):  # type: ignore[no-untyped-def]
    return inspection(*findings, severity=Severity.HIGH, content_hash=content)


def number_of(console: Console, name: str) -> int:
    with console.services.engine.connect() as connection:
        return connection.execute(select(file.c.id).where(file.c.entry == name.encode())).scalar_one()


def test_an_incident_from_opening_to_closing(console: Console, page: Page) -> None:
    console.enter(page, "d.po", Role.DPO)
    page.goto(f"{console.url}/incidents/new")
    accessible(page)
    page.get_by_label("What happened, in one line").fill(f"A stick was lost {HOSTILE}")
    page.get_by_label("What is known").fill("It was found in a car park.")
    page.get_by_label("People affected, at least").fill("twelve")
    page.get_by_role("button", name="Open the incident").click()
    expect(page.get_by_role("alert")).to_contain_text("least and the most")
    expect(page.get_by_label("What is known")).to_have_value("It was found in a car park.")
    accessible(page)
    page.get_by_label("People affected, at least").fill("12")
    page.get_by_role("button", name="Open the incident").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Incident I-\d{4}-\d{4}"))
    reference = page.url.rpartition("/")[2]
    expect(page.get_by_text("hours to tell the Commissioner")).to_be_visible()
    accessible(page)

    page.get_by_label("Note", exact=True).fill("The finder rang.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_role("status")).to_contain_text("The note is added")

    page.get_by_text("Close the incident", exact=True).first.click()
    page.get_by_label("Why it can be closed").fill("It is back.")
    page.get_by_role("button", name="Close the incident").click()
    expect(page.get_by_role("alert")).to_contain_text("a cause, how the people were counted")

    page.get_by_text("Cause", exact=True).last.click()
    page.get_by_label("Cause code").select_option("device_lost")
    page.get_by_role("button", name="Set the cause").click()
    page.get_by_text("People affected", exact=True).last.click()
    page.get_by_label("How were they counted?").fill("The list on the stick has twelve names.")
    page.get_by_role("button", name="Set the count").click()
    for article, button in (
        ("Article 33: tell", "The Commissioner"),
        ("Article 34: tell", "The people affected"),
    ):
        page.get_by_text(article).click()
        page.get_by_label(button, exact=True).select_option("not needed")
        page.get_by_label("Reasons").nth(0 if "33" in article else 1).fill("It was encrypted.")
        page.get_by_role("button", name="Record the decision").click()
        expect(page.get_by_role("status")).to_contain_text("recorded")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the record").click()
    told = Path(waiting.value.path()).read_text("utf-8")
    assert "<script>" not in told
    assert re.search(r"People affected</th><td>12<br>", told)
    page.get_by_text("Close the incident", exact=True).first.click()
    page.get_by_label("Why it can be closed").fill("It is back.")
    page.get_by_role("button", name="Close the incident").click()
    expect(page.get_by_role("status")).to_contain_text("It is closed")
    accessible(page)
    acts = [act for _, act, subject in console.acts() if subject == reference]
    assert acts[0] == "incident.opened"
    assert {"incident.view", "incident.note", "incident.article_33", "incident.export"} <= set(acts)
    assert acts[-2:] == ["incident.closed", "incident.view"]
    page.goto(f"{console.url}/incidents?state=all")
    accessible(page)


def test_only_the_dpo_gets_the_list_of_people(console: Console, page: Page) -> None:
    from scanner.store.database import writing
    from smtp_filter.triage.incidents import open_for_message

    with writing(console.services.engine) as connection:
        reference = open_for_message(
            console.quarantine,
            connection,
            SETUP,
            console.held[-2],
            "sent twice",
            "d.po",
            console.services.clock(),
        )
    console.enter(page, "t.officer", Role.TRIAGE)
    page.goto(f"{console.url}/incidents/{reference}")
    assert page.get_by_text("The list of people affected").count() == 0
    assert "Mary" not in page.content()
    page.context.clear_cookies()
    console.enter(page, "d.po", Role.DPO)
    page.goto(f"{console.url}/incidents/{reference}")
    page.get_by_text("The list of people affected").click()
    page.get_by_label("Why you need it").fill("to write to them")
    page.get_by_role("button", name="Show the list").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"People affected by {reference}")
    expect(page.get_by_text("Mary Jones")).to_be_visible()
    accessible(page)
    assert ("d.po", "incident.list", reference) in console.acts()


def test_findings_on_shares(console: Console, page: Page) -> None:
    console.enter(page, "t.officer", Role.TRIAGE)
    page.goto(f"{console.url}/shares")
    accessible(page)
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(50)
    # Exposed and sensitive comes first; its name is text and turns nothing round.
    expect(rows.first).to_contain_text('<script>alert("x")</script>')
    assert "\u202e" not in page.content()
    assert "Rosalind" not in page.content()
    page.get_by_role("link", name="Next page").click()
    expect(rows).to_have_count(13)
    page.goto(f"{console.url}/shares?department=housing&severity=high")
    expect(rows).to_have_count(2)
    page.get_by_role("link", name=re.compile("rent.xlsx")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("rent.xlsx")
    accessible(page)
    page.get_by_text("Accept the risk", exact=True).first.click()
    page.get_by_label("Why it is acceptable").fill("Needed until the move.")
    page.get_by_role("button", name="Accept the risk").click()
    expect(page.get_by_role("status")).to_contain_text("accepted until")
    expect(page.get_by_text("Needed until the move.")).to_be_visible()
    page.goto(f"{console.url}/shares?state=accepted")
    expect(rows).to_have_count(1)
    number = number_of(console, "rent.xlsx")
    assert ("t.officer", "share.accepted", f"file {number}") in console.acts()


def test_a_stale_page_never_wins(console: Console, page: Page) -> None:
    console.enter(page, "t.officer", Role.TRIAGE)
    address = f"{console.url}/shares/files/{number_of(console, '7.txt')}"
    page.goto(address)
    other = page.context.new_page()
    other.goto(address)
    for shown in (page, other):
        shown.get_by_text("False alarm", exact=True).first.click()
        shown.get_by_label("Why it is none").fill("Test data.")
    page.get_by_role("button", name="Mark as a false alarm").click()
    expect(page.get_by_role("status")).to_contain_text("false alarm")
    other.get_by_role("button", name="Mark as a false alarm").click()
    expect(other.get_by_role("alert")).to_contain_text("Somebody else has decided")
    other.close()


def test_what_was_there_and_an_incident_of_a_file(console: Console, page: Page) -> None:
    console.enter(page, "t.officer", Role.TRIAGE)
    page.goto(f"{console.url}/shares/then?path=nowhere&day=")
    accessible(page)
    page.get_by_label("Path as it was scanned").fill(f"{FILES}/housing")
    page.get_by_role("textbox", name="Day").fill("2099-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    accessible(page)
    page.goto(f"{console.url}/shares/files/{number_of(console, '8.txt')}")
    page.get_by_text("Open an incident", exact=True).first.click()
    page.get_by_label("What happened").fill("It was open for a year.")
    page.get_by_role("button", name="Open an incident").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Incident I-")
    expect(page.get_by_text("8.txt")).to_be_visible()


def test_break_glass(console: Console, page: Page) -> None:
    address = f"{console.url}/shares/files/{number_of(console, 'Rosalind.docx')}"
    console.enter(page, "t.officer", Role.TRIAGE)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Shielded subject")
    assert "Rosalind" not in page.content()
    accessible(page)
    page.get_by_role("link", name="Ask for break-glass").click()
    accessible(page)
    page.get_by_label("Why you must see it").fill("The family is visited tonight.")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("status")).to_contain_text("A second person has to agree")
    page.goto(f"{console.url}/shield")
    expect(page.get_by_role("heading", level=1)).to_contain_text("may not")
    page.context.clear_cookies()

    console.enter(page, "d.uty", Role.DUTY)
    page.goto(f"{console.url}/shield")
    accessible(page)
    page.get_by_role("button", name=re.compile("^Agree")).click()
    expect(page.get_by_role("status")).to_contain_text("may look at")
    page.goto(address)
    assert "Rosalind" not in page.content()
    page.context.clear_cookies()

    console.enter(page, "t.officer")
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rosalind.docx")


def test_the_message_is_shielded_in_the_inbox_too(console: Console, page: Page) -> None:
    console.enter(page, "t.officer", Role.TRIAGE)
    reference = console.held[-1]
    for path in ("/inbox", f"/messages/{reference}"):
        answer = page.goto(console.url + path)
        assert answer is not None
        assert answer.status == 200, console.log.read_text()[-400:]
        content = page.content()
        assert "Rosalind" not in content
        assert "hielded subject" in content


def test_figures(console: Console, page: Page) -> None:
    console.enter(page, "s.iro", Role.SIRO)
    page.goto(f"{console.url}/figures")
    expect(page.get_by_role("img", name=re.compile("Held and released each week"))).to_be_visible()
    assert "council.test" not in page.content()
    accessible(page)
    page.get_by_label("or a quarter").select_option(index=1)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quarterly report")
    accessible(page)
    for name, begins in (("CSV", b"table,row,column,value"), ("PDF", b"%PDF-")):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=name, exact=True).click()
        assert Path(waiting.value.path()).read_bytes().startswith(begins)
    assert {"figures.csv", "figures.pdf"} <= {act for _, act, _ in console.acts(actor="s.iro")}


def test_who_may_not(console: Console, page: Page) -> None:
    console.enter(page, "a.uditor", Role.AUDITOR)
    for path in ("/incidents", "/shares", "/figures", "/shield", "/incidents/new", "/shares/findings.csv"):
        answer = page.goto(console.url + path)
        assert answer is not None
        assert answer.status == 403, path
    assert json.dumps(console.acts("access.refused", "a.uditor")).count("access.refused") == 6
