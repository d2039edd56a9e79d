"""Decisions over HTTP: with a reason, on what was seen, by who may; two people; two at once; incidents."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from scanner.judgement.assessment import Severity
from smtp_filter.quarantine import emergency
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, HeldDetail, State
from smtp_filter.quarantine.reading import show
from smtp_filter.quarantine.releasing import ReleaseWorker
from smtp_filter.service.background import HopCarrier
from smtp_filter.triage.roles import Role
from tests.smtp_filter.peers import ScriptedHop
from tests.smtp_filter.quarantine.making import OTHER, PATIENT, SENDER, hold
from tests.smtp_filter.triage.inbox.test_message import words
from tests.smtp_filter.triage.serving import SETUP, Site, post

LOOK = Actor("look")


def seen(here: Site, number: str) -> HeldDetail:
    return show(here.services.quarantine, number, LOOK)


def decide(client: httpx.Client, number: str, act: str, revision: int = 1, **fields: Any) -> httpx.Response:
    page = f"/messages/{number}"
    return post(
        client, f"{page}/decide/{act}", page, **{"revision": str(revision), "reason": "why", **fields}
    )


def send(quarantine: Quarantine, default: ScriptedHop, secure: ScriptedHop) -> None:
    """The real worker, the real client, two real next hops."""

    async def work() -> None:
        carrier = HopCarrier({"default": default.hop(), "secure": secure.hop()})
        try:
            await ReleaseWorker(quarantine, carrier).run_once()
        finally:
            await carrier.close()

    asyncio.run(work())


def test_release_to_some_over_the_secure_route(here: Site) -> None:
    quarantine = here.services.quarantine
    number = hold(quarantine, "1", recipients=(PATIENT, OTHER))
    client = here.signed_in("t.officer", Role.TRIAGE)
    none = decide(client, number, "release", choosing="1")
    assert "Choose at least one recipient." in none.text
    done = decide(client, number, "release", choosing="1", recipient=["1"], route="secure")
    assert (done.status_code, done.headers["location"]) == (303, "/inbox")
    with ScriptedHop() as default, ScriptedHop() as secure:
        send(quarantine, default, secure)
        assert default.taken == []
        (taken,) = secure.taken
    assert [rcpt.partition(" ")[0] for rcpt in taken.rcpt] == [f"TO:<{OTHER}>"]
    told = words(client.get(f"/messages/{number}").text)
    assert "not released to them" in told
    assert "delivered" in told


@pytest.mark.parametrize(
    ("act", "fields", "state"),
    [
        ("release", {}, State.RELEASING),
        ("release", {"false_alarm": "1"}, State.RELEASING),
        ("return", {"advice": "Use the portal."}, State.REJECTED),
        ("delete", {}, State.REJECTED),
        ("claim", {}, State.IN_REVIEW),
        ("assign", {"assignee": "t.officer"}, State.IN_REVIEW),
        ("assign", {"assignee": "nobody.here"}, State.HELD),
        ("release", {"reason": " "}, State.HELD),
        ("release", {"revision": "7"}, State.HELD),
        ("release", {"revision": "x"}, State.HELD),
        ("release", {"route": "pigeon"}, State.HELD),
        ("release", {"route": "gateway"}, State.HELD),
        ("release", {"route": "secure"}, State.RELEASING),
        ("release", {"recipient": ["9"]}, State.HELD),
        ("approve", {}, State.HELD),
        ("reopen", {}, State.HELD),
        ("nonsense", {}, State.HELD),
    ],
    ids=str,
)
def test_acts(house: Site, act: str, fields: dict[str, Any], state: State) -> None:
    number = hold(house.services.quarantine, secrets.token_hex(4))
    client = house.signed_in("t.officer", Role.TRIAGE, Role.APPROVER)
    done = decide(client, number, act, **fields)
    one = seen(house, number).message
    assert one.state is state
    assert (done.status_code == 303) is (state is not State.HELD)
    assert one.false_alarm is ("false_alarm" in fields)
    if done.status_code not in (303, 404):
        assert "This could not be done" in done.text


def test_what_was_written_is_not_lost(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("t.officer", Role.TRIAGE)
    page = decide(client, number, "return", revision=9, advice="Long <advice>", reason="because")
    assert page.status_code == 409
    assert "changed meanwhile" in page.text
    assert "Long &lt;advice&gt;" in page.text
    assert "because" in page.text


def test_nothing_decides_by_get(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("t.officer", *Role)
    for act in ("release", "delete", "approve"):
        assert client.get(f"/messages/{number}/decide/{act}?reason=x&revision=1").status_code == 405
    assert seen(here, number).message.state is State.HELD


def test_undo(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("t.officer", Role.TRIAGE)
    decide(client, number, "return")
    assert "Back into review" in client.get(f"/messages/{number}").text
    decide(client, number, "reopen", revision=2)
    assert seen(here, number).message.state is State.IN_REVIEW
    # What was deleted cannot be undone, and the page does not offer it.
    decide(client, number, "delete", revision=3)
    assert "Back into review" not in client.get(f"/messages/{number}").text


# --- two people -------------------------------------------------------------------------------------------


def test_two_people(here: Site) -> None:
    number = hold(here.services.quarantine, "1", severity=Severity.CRITICAL)
    first = here.signed_in("f.irst", Role.TRIAGE, Role.APPROVER)
    second = here.signed_in("s.econd", Role.APPROVER)
    officer = here.signed_in("o.fficer", Role.TRIAGE)
    decide(first, number, "release", reason="the <GP> asked")
    assert seen(here, number).message.state is State.AWAITING_SECOND
    assert "the &lt;GP&gt; asked" in second.get(f"/messages/{number}").text
    assert "Agree and carry it out" not in first.get(f"/messages/{number}").text
    own = decide(first, number, "approve", revision=2)
    assert (own.status_code, "must be another one" in own.text) == (403, True)
    assert decide(officer, number, "approve", revision=2).status_code == 403
    assert decide(officer, number, "release", revision=2).status_code == 409
    assert decide(second, number, "approve", revision=2).status_code == 303
    assert seen(here, number).message.state is State.RELEASING
    assert [(one.actor, one.act) for one in here.acts("quarantine") if one.act in _TWO] == [
        ("f.irst", "quarantine.propose"),
        ("s.econd", "quarantine.release"),
    ]


_TWO = ("quarantine.propose", "quarantine.release")


def test_disagreeing(here: Site) -> None:
    number = hold(here.services.quarantine, "1", severity=Severity.CRITICAL)
    decide(here.signed_in("f.irst", Role.TRIAGE), number, "delete")
    decide(here.signed_in("s.econd", Role.APPROVER), number, "decline", revision=2, reason="needed")
    assert seen(here, number).message.state is State.IN_REVIEW


@pytest.mark.parametrize("mailbox", [SENDER, PATIENT], ids=["wrote it", "gets it"])
def test_nobody_decides_on_their_own_mail(here: Site, mailbox: str) -> None:
    quarantine = here.services.quarantine
    plain, grave = hold(quarantine, "1"), hold(quarantine, "2", severity=Severity.CRITICAL)
    book = here.services.accounts
    book.add(SETUP, "own", [Role.TRIAGE, Role.APPROVER], mailboxes=[mailbox], one_time=False)
    own = here.signed_in("own")
    refused = decide(own, plain, "release")
    assert (refused.status_code, "your own mail" in refused.text) == (403, True)
    decide(here.signed_in("f.irst", Role.TRIAGE), grave, "release")
    assert decide(own, grave, "approve", revision=2).status_code == 403
    assert [seen(here, one).message.state for one in (plain, grave)] == [State.HELD, State.AWAITING_SECOND]


def test_of_two_at_once_one_wins(here: Site) -> None:
    """Eight rounds, both decide the opposite on the page that both saw: one is done, the other is told."""
    clients = [here.signed_in(name, Role.TRIAGE) for name in ("f.irst", "s.econd")]
    for turn in range(8):
        number = hold(here.services.quarantine, str(turn))
        with ThreadPoolExecutor(2) as pool:
            acts = ("release", "return")
            told = [pool.submit(decide, one, number, act) for one, act in zip(clients, acts, strict=True)]
            answers = [one.result() for one in told]
        assert sorted(one.status_code for one in answers) == [303, 409]
        (loser,) = [one for one in answers if one.status_code == 409]
        assert "look at it again" in loser.text or "cannot be done" in loser.text
        won = "release" if answers[0].status_code == 303 else "return"
        state = seen(here, number).message.state
        assert state is (State.RELEASING if won == "release" else State.REJECTED)


# --- escalation, emergencies ------------------------------------------------------------------------------


def test_escalating_opens_one_incident(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("t.officer", Role.TRIAGE)
    done = decide(client, number, "escalate", reason="sent to the wrong clinic", owner="dpo")
    assert done.status_code == 303
    one = seen(here, number).message
    assert (one.escalated, one.assignee) == (True, "dpo")
    assert "as incident I-" in client.get("/inbox").text
    # Without a reason there is neither.
    other = hold(here.services.quarantine, "2")
    assert decide(client, other, "escalate", reason="").status_code == 400
    assert seen(here, other).message.escalated is False
    with here.services.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM incident").scalar_one() == 1


def test_emergency(here: Site) -> None:
    quarantine = here.services.quarantine
    number = hold(quarantine, "1", severity=Severity.CRITICAL)
    officer = here.signed_in("t.officer", Role.TRIAGE)
    duty = here.signed_in("d.uty", Role.DUTY)
    dpo = here.signed_in("d.po", Role.DPO)
    ask = {"reference": number, "why": "<i>tonight</i>"}
    wrong = post(officer, "/emergency", **ask, code="AAAA-AAAA")
    assert (wrong.status_code, "code of the notice is wrong" in wrong.text) == (403, True)
    code = emergency.emergency_code(quarantine, number)
    assert post(officer, "/emergency", **ask, code=code.lower()).status_code == 303
    assert "&lt;i&gt;tonight&lt;/i&gt;" in duty.get("/emergency").text
    assert post(officer, f"/emergency/{number}/confirm", "/emergency", reason="x").status_code == 403
    assert post(duty, f"/emergency/{number}/confirm", "/emergency", reason="rang them").status_code == 303
    assert seen(here, number).message.state is State.RELEASING
    own = post(duty, f"/emergency/{number}/review", "/emergency", justified="yes", reason="x")
    assert own.status_code == 403
    empty = post(dpo, f"/emergency/{number}/review", "/emergency", justified="yes")
    assert empty.status_code == 400
    done = post(dpo, f"/emergency/{number}/review", "/emergency", justified="no", reason="could wait")
    assert done.status_code == 303
    assert emergency.to_review(quarantine) == []
    assert post(duty, "/emergency/Q-2026-999999/confirm", "/emergency", reason="x").status_code == 404
