"""What a refused form had stays in it, on every page with words to write; shielded messages offer no look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from sqlalchemy import select

from scanner.store.entry import Audience
from scanner.store.inventory.tables import file
from scanner.store.keys import installation_key
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.model import Actor
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.roles import Role
from smtp_filter.triage.shield import glass
from smtp_filter.triage.shield.listing import import_list
from smtp_filter.triage.shield.reading_list import read_list
from tests.smtp_filter.quarantine.making import OTHER, PATIENT
from tests.smtp_filter.quarantine.making import hold as hold_message
from tests.smtp_filter.triage.serving import SETUP, Site, post, site
from tests.smtp_filter.triage.stores import finding, hold, inspection, scanned

WORDS = 'Forty words that nobody wants to write twice, with a "quotation" & more.'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("house"), secure_hop={"host": "127.0.0.1"}) as running:
        yield running


def field(page: str, id: str) -> str:
    """What stands in a field of a page."""
    area = re.search(rf'<textarea id="{id}"[^>]*>([^<]*)</textarea>', page)
    line = re.search(rf'<input id="{id}"[^>]* value="([^"]*)"', page)
    found = area or line
    assert found, id
    return unescape(found[1])


def chosen(page: str, id: str) -> bool:
    """Whether a box or a button of a page is checked."""
    found = re.search(rf'<input [^>]*id="{id}"[^>]*>', page)
    assert found, id
    return " checked" in found[0]


@pytest.fixture(scope="module")
def officer(house: Site) -> httpx.Client:
    return house.signed_in("d.po", Role.DPO)


def test_a_decision_on_a_message(house: Site, officer: httpx.Client) -> None:
    number = hold_message(house.services.quarantine, "kept", recipients=(PATIENT, OTHER))
    page = f"/messages/{number}"
    told = {"reason": WORDS, "revision": "99", "route": "secure", "false_alarm": "1", "choosing": "1"}
    answer = post(officer, f"{page}/decide/release", page, recipient=["1"], **told)
    assert (answer.status_code, "changed meanwhile" in answer.text) == (409, True)
    assert field(answer.text, "release-reason") == WORDS
    for id, checked in (
        ("route-secure", True),
        ("route-default", False),
        ("release-false", True),
        ("recipient-0", False),
        ("recipient-1", True),
    ):
        assert chosen(answer.text, id) is checked, id
    # The fields of other forms are as they were.
    assert field(answer.text, "delete-reason") == ""
    answer = post(officer, f"{page}/decide/return", page, reason=WORDS, advice="", revision="99")
    assert (field(answer.text, "return-reason"), field(answer.text, "return-advice")) == (WORDS, "")
    for act in ("reveal", "text", "original"):
        answer = post(officer, f"{page}/{act}", page, reason=WORDS, why="nonsense", finding="0")
        assert (answer.status_code, field(answer.text, f"{act}-more")) == (400, WORDS), act


INCIDENT = [
    # act, what is wrong, what was written, the field of each
    ("told", {"whom": "", "what": WORDS, "how": "by letter"}),
    ("count", {"low": "many", "high": "more", "counted": WORDS}),
    ("aware", {"at": "yesterday", "reason": WORDS}),
    ("reported", {"at": "", "number": "IC-1", "text": WORDS}),
    ("article33", {"decision": "perhaps", "reason": WORDS}),
    ("owner", {"owner": "x", "revision": "99"}),
]


def test_the_acts_on_an_incident(house: Site, officer: httpx.Client) -> None:
    made = post(officer, "/incidents/new", title="A stick was lost", reason="In a car park.")
    page = made.headers["location"]
    for act, told in INCIDENT:
        answer = post(officer, f"{page}/act/{act}", page, **told)
        assert answer.status_code in (400, 409), act
        assert 'role="alert"' in answer.text
        for name, value in told.items():
            if name not in ("decision", "revision"):
                assert field(answer.text, f"{act}-{name}") == value, (act, name)
        assert f'href="#{act}-' in answer.text
        assert answer.text.count("<details open>") == 1
    # Nothing is kept once it is done.
    done = post(officer, f"{page}/act/note", page, text=WORDS)
    assert done.status_code == 303
    assert field(officer.get(page).text, "note-text") == ""


FILE = [
    ({"act": "accepted", "days": "9999", "reason": WORDS}, ("accepted-reason", "accepted-days")),
    ({"act": "moved", "target": "", "reason": WORDS}, ("moved-reason", "moved-target")),
    ({"act": "sent", "target": WORDS, "reason": ""}, ("sent-target", "sent-reason")),
]


def test_the_decisions_on_a_file(house: Site, officer: httpx.Client) -> None:
    quarantine = house.services.quarantine
    found = inspection(finding("UK_NHS", "9434765919"))
    scanned(quarantine.engine, [("/srv/shares/a/b.txt", found, Audience.GROUP)], house.services.clock() - 60)
    with quarantine.engine.connect() as connection:
        number = connection.execute(select(file.c.id).where(file.c.entry == b"b.txt")).scalar_one()
    page = f"/shares/files/{number}"
    for told, ids in FILE:
        answer = post(officer, f"{page}/decide", page, **told)
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True), told
        for id in ids:
            assert field(answer.text, id) == told[id.partition("-")[2]], id
    answer = post(officer, f"{page}/escalate", page, reason="", owner="p.khan")
    assert (answer.status_code, field(answer.text, "escalate-owner")) == (400, "p.khan")


def test_an_emergency(house: Site, officer: httpx.Client) -> None:
    answer = post(officer, "/emergency", reference="Q-1999-000001", why=WORDS, code="ABCD-EFGH")
    assert (answer.status_code, field(answer.text, "why")) == (404, WORDS)
    assert field(answer.text, "reference") == "Q-1999-000001"
    # A code is a secret of the sender's: it is typed anew.
    assert "ABCD-EFGH" not in answer.text


def test_a_shielded_message_offers_no_look_until_two_people_agreed(
    house: Site, officer: httpx.Client
) -> None:
    quarantine = house.services.quarantine
    folder = house.services.configuration.state.directory
    assert folder is not None
    key = installation_key(folder)
    import_list(quarantine, SETUP, key, read_list(b"reference,name\nP-1,Rosalind Quillfeather\n"))
    number = hold(quarantine, "s", finding("PERSON", "Rosalind Quillfeather", key=key))
    offers = ("/reveal", "/text", "/original", "/false-alarm")
    page = officer.get(f"/messages/{number}").text
    for path in offers:
        assert f"{number}{path}" not in page, path
    assert "ask to look behind the shield" in page
    assert f"{number}/decide/release" in page
    refused = post(officer, f"/messages/{number}/text", "/account", why="check", reason="x")
    assert refused.status_code == 403
    with quarantine.engine.connect() as connection:
        item = connection.execute(
            select(tables.message.c.id).where(tables.message.c.reference == number)
        ).scalar_one()
    asking, agreeing = Actor("d.po", "dpo"), Actor("on.duty", "duty")
    glass.ask(quarantine, asking, SightingKind.MESSAGE, item, number, "The family is visited tonight")
    with quarantine.engine.connect() as connection:
        (asked,) = glass.requests(quarantine, connection)
    glass.settle(quarantine, agreeing, asked.number, "checked", agree=True)
    page = officer.get(f"/messages/{number}").text
    for path in offers:
        assert f"{number}{path}" in page, path
    other = house.signed_in("s.lee", Role.TRIAGE).get(f"/messages/{number}").text
    for path in offers:
        assert f"{number}{path}" not in other, path
