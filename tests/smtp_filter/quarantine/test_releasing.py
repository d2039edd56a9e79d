"""Releases: the original bytes, at least once, to whom was decided; real sockets, real kills."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from smtp_filter.delivery import NextHop
from smtp_filter.message import Content
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.marker import HEADER, Marker
from smtp_filter.quarantine.model import Actor, Decision, Handover, State
from smtp_filter.quarantine.reading import original, show
from smtp_filter.quarantine.releasing import ReleaseWorker, passed_before
from smtp_filter.service.background import HopCarrier
from tests.smtp_filter.peers import ScriptedHop
from tests.smtp_filter.quarantine.making import OTHER, PATIENT, SENDER, hold, message, open_quarantine, raw
from tests.smtp_filter.quarantine.test_holding import run

KHAN = Actor("a.khan")
WHY = "right person"


def deliver(quarantine: Quarantine, hops: dict[str, NextHop], now: float | None = None) -> int:
    async def work() -> int:
        carrier = HopCarrier(hops)
        try:
            return await ReleaseWorker(quarantine, carrier).run_once(now)
        finally:
            await carrier.close()

    return asyncio.run(work())


def state(quarantine: Quarantine, reference: str) -> State:
    return show(quarantine, reference, KHAN).message.state


def handed(quarantine: Quarantine, reference: str) -> dict[str, Handover]:
    return {one.address: one.handover for one in show(quarantine, reference, KHAN).recipients}


def acts(quarantine: Quarantine, reference: str) -> list[str]:
    with quarantine.engine.connect() as connection:
        rows = quarantine.audit.events(connection, subject=reference, act="quarantine.release")
        return [row.event.act for row in rows]


@pytest.mark.parametrize("in_database", [0, 1_000_000], ids=["file", "database"])
def test_a_release_is_exact(database_url: str, tmp_path: Path, in_database: int) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=in_database)
    reference = hold(quarantine, recipients=(PATIENT, OTHER), body="x" * 500_000 + "\r\n..\r\n.")
    held = b"".join(original(quarantine, reference, KHAN, "check"))
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY)
    with ScriptedHop() as hop:
        assert deliver(quarantine, {"default": hop.hop()}) == 1
        assert deliver(quarantine, {"default": hop.hop()}) == 0
        (taken,) = hop.taken
    first, _, rest = taken.data.partition(b"\r\n")
    assert first.startswith(f"{HEADER}: release {reference} ".encode())
    assert rest == held
    assert taken.mail.startswith(f"FROM:<{SENDER}>")
    assert "BODY=8BITMIME" in taken.mail
    assert [rcpt.partition(" ")[0] for rcpt in taken.rcpt] == [f"TO:<{PATIENT}>", f"TO:<{OTHER}>"]
    assert all("NOTIFY=SUCCESS" in rcpt and "ORCPT=rfc822;x" in rcpt for rcpt in taken.rcpt)
    assert state(quarantine, reference) is State.RELEASED
    assert set(handed(quarantine, reference).values()) == {Handover.DELIVERED}


def test_only_those_who_were_chosen_and_only_over_the_chosen_route(quarantine: Quarantine) -> None:
    reference = hold(quarantine, recipients=(PATIENT, OTHER))
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY, recipients=[OTHER], route="secure")
    with ScriptedHop() as plain, ScriptedHop() as secure:
        deliver(quarantine, {"default": plain.hop(), "secure": secure.hop()})
        assert (len(plain.taken), len(secure.taken)) == (0, 1)
        assert [rcpt.partition(" ")[0] for rcpt in secure.taken[0].rcpt] == [f"TO:<{OTHER}>"]
    assert handed(quarantine, reference) == {PATIENT: Handover.WITHHELD, OTHER: Handover.DELIVERED}


def test_a_route_that_is_not_there_never_falls_back(quarantine: Quarantine) -> None:
    reference = hold(quarantine)
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY, route="secure")
    with ScriptedHop() as plain:
        assert deliver(quarantine, {"default": plain.hop()}) == 1
        assert plain.taken == []
    assert state(quarantine, reference) is State.RELEASING


ANSWERS: list[tuple[str, dict[str, bytes | Callable[[str], bytes]], State, Handover]] = [
    ("connection refused by answer", {"connect": b"421 4.3.2 busy\r\n"}, State.RELEASING, Handover.PENDING),
    ("later, at MAIL", {"MAIL": b"451 4.3.0 later\r\n"}, State.RELEASING, Handover.PENDING),
    ("later, at RCPT", {"RCPT": b"450 4.2.0 later\r\n"}, State.RELEASING, Handover.PENDING),
    ("later, at the dot", {".": b"451 4.3.0 later\r\n"}, State.RELEASING, Handover.PENDING),
    ("gone before the dot", {"DATA": ScriptedHop.CLOSE}, State.RELEASING, Handover.PENDING),
    ("gone after the dot", {".": ScriptedHop.CLOSE}, State.RELEASING, Handover.PENDING),
    ("never, at MAIL", {"MAIL": b"550 5.7.1 no\r\n"}, State.IN_REVIEW, Handover.PENDING),
    ("never, at RCPT", {"RCPT": b"550 5.1.1 unknown\r\n"}, State.IN_REVIEW, Handover.PENDING),
    ("never, at the dot", {".": b"554 5.6.0 no\r\n"}, State.IN_REVIEW, Handover.PENDING),
]


@pytest.mark.parametrize(("what", "script", "after", "handover"), ANSWERS, ids=[a[0] for a in ANSWERS])
def test_what_the_next_hop_says_decides(
    quarantine: Quarantine,
    what: str,
    script: dict[str, bytes | Callable[[str], bytes]],
    after: State,
    handover: Handover,
) -> None:
    reference = hold(quarantine)
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY)
    with ScriptedHop(script) as hop:
        deliver(quarantine, {"default": hop.hop()})
        assert hop.taken == []
    assert state(quarantine, reference) is after
    assert handed(quarantine, reference) == {PATIENT: handover}
    if after is State.IN_REVIEW:
        Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, "their server is mended")
    with ScriptedHop() as hop:
        deliver(quarantine, {"default": hop.hop()}, now=4e9)
        assert len(hop.taken) == 1
    assert state(quarantine, reference) is State.RELEASED
    assert ("quarantine.release.repeated" in acts(quarantine, reference)) == (what == "gone after the dot")


def test_one_address_refused_and_one_later(quarantine: Quarantine) -> None:
    third = "third@example.net"
    reference = hold(quarantine, recipients=(PATIENT, OTHER, third))
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY)
    answers = {PATIENT: b"550 5.1.1 unknown\r\n", OTHER: b"450 4.2.0 full\r\n", third: b"250 2.1.5 ok\r\n"}
    with ScriptedHop({"RCPT": lambda to: answers[re.findall("<(.*?)>", to)[0]]}) as hop:
        deliver(quarantine, {"default": hop.hop()})
        assert len(hop.taken) == 1
    assert handed(quarantine, reference) == {
        PATIENT: Handover.REFUSED,
        OTHER: Handover.PENDING,
        third: Handover.DELIVERED,
    }
    with ScriptedHop() as hop:
        deliver(quarantine, {"default": hop.hop()}, now=4e9)
        assert [rcpt.partition(" ")[0] for rcpt in hop.taken[0].rcpt] == [f"TO:<{OTHER}>"]
    assert handed(quarantine, reference)[OTHER] is Handover.DELIVERED
    assert state(quarantine, reference) is State.RELEASED


def test_a_release_that_never_goes_comes_back_to_triage(quarantine: Quarantine) -> None:
    reference = hold(quarantine)
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY)
    with quarantine.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE held_release SET requested_at = requested_at - 500000")
    with ScriptedHop({"MAIL": b"451 4.3.0 later\r\n"}) as hop:
        deliver(quarantine, {"default": hop.hop()})
    assert state(quarantine, reference) is State.IN_REVIEW


# --- killed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "first", "repeated"),
    [("releasing", 0, False), ("release-dot-sent", 1, True)],
)
def test_killed_while_releasing(
    database_url: str, tmp_path: Path, point: str, first: int, repeated: bool
) -> None:
    quarantine = open_quarantine(database_url, tmp_path)
    reference = hold(quarantine)
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY)
    with ScriptedHop() as hop:
        dead = run("release", database_url, tmp_path, "1000000", str(hop.port), at=point)
        assert dead.returncode == -signal.SIGKILL, dead.stderr
        assert len(hop.taken) == first
        assert state(quarantine, reference) is State.RELEASING
        # Nobody takes it while the dead one might still be at work; afterwards it goes.
        assert deliver(quarantine, {"default": hop.hop()}) == 0
        assert deliver(quarantine, {"default": hop.hop()}, now=4e9) == 1
        assert len(hop.taken) == first + 1
        bodies = {taken.data.partition(b"\r\n")[2] for taken in hop.taken}
        assert bodies == {b"".join(original(quarantine, reference, KHAN, "check"))}
    assert state(quarantine, reference) is State.RELEASED
    assert ("quarantine.release.repeated" in acts(quarantine, reference)) == repeated


def test_two_workers_send_it_once(database_url: str, tmp_path: Path) -> None:
    quarantine, other = (open_quarantine(database_url, tmp_path) for _ in range(2))
    references = [hold(quarantine, str(number)) for number in range(6)]
    for reference in references:
        Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY)

    async def both(port: int) -> None:
        hops = {"default": NextHop("127.0.0.1", port, "none")}
        carrier = HopCarrier(hops)
        workers = [ReleaseWorker(one, carrier) for one in (quarantine, other)]
        await asyncio.gather(*(worker.run_once() for worker in workers))
        await carrier.close()

    with ScriptedHop() as hop:
        asyncio.run(both(hop.port))
        assert len(hop.taken) == 6
    assert {state(quarantine, reference) for reference in references} == {State.RELEASED}


# --- the mark ----------------------------------------------------------------------------------------------


def released(quarantine: Quarantine) -> bytes:
    reference = hold(quarantine, recipients=(PATIENT, OTHER))
    Desk(quarantine).decide(reference, KHAN, Decision.RELEASE, WHY, recipients=[PATIENT])
    with ScriptedHop() as hop:
        deliver(quarantine, {"default": hop.hop()})
        return bytes(hop.taken[0].data)


def test_a_release_that_comes_round_passes(quarantine: Quarantine) -> None:
    data = released(quarantine)
    on_top = b"Received: from us by egress (Postfix) id 1;\r\n Sun, 22 Nov 2026\r\n" + data
    for wire in (data, on_top):
        mark = passed_before(quarantine, message(wire, recipients=(PATIENT,)))
        assert mark is not None
        assert mark.purpose == "release"


FORGERIES: list[tuple[str, Callable[[bytes], bytes], tuple[str, ...]]] = [
    ("another body", lambda data: data.replace(b"NHS number", b"DOB number"), (PATIENT,)),
    ("a line added", lambda data: data + b"more\r\n", (PATIENT,)),
    ("another subject", lambda data: data.replace(b"Placement", b"Payment"), (PATIENT,)),
    ("another number", lambda data: data.replace(b"-000001 ", b"-000002 "), (PATIENT,)),
    ("the recipient who was withheld", lambda data: data, (OTHER,)),
    ("one recipient more", lambda data: data, (PATIENT, "stranger@example.net")),
    ("no mark", lambda data: data.partition(b"\r\n")[2], (PATIENT,)),
    (
        "a mark that is none",
        lambda data: b"X-DLP-Passed: release x\r\n" + data.partition(b"\r\n")[2],
        (PATIENT,),
    ),
    (
        "the mark in the body",
        lambda data: data.partition(b"\r\n")[2] + data.partition(b"\r\n")[0],
        (PATIENT,),
    ),
]


@pytest.mark.parametrize(("what", "change", "recipients"), FORGERIES, ids=[what for what, *_ in FORGERIES])
def test_a_mark_on_anything_else_is_worth_nothing(
    quarantine: Quarantine, what: str, change: Callable[[bytes], bytes], recipients: tuple[str, ...]
) -> None:
    data = released(quarantine)
    assert passed_before(quarantine, message(change(data), recipients=recipients)) is None


def test_marks_end_and_are_of_one_key() -> None:
    content = Content.from_bytes(raw())
    line = Marker(b"k" * 32).line("release", "Q-1", content, now=1_000_000)
    marked = Content.from_bytes(line + raw())
    day = 86_400
    for key, now, good in [
        (b"k", 1_000_000 + 5 * day, True),
        (b"k", 1_000_000 + 7 * day, False),
        (b"k", 1_000_000 - day, False),
        (b"j", 1_000_000, False),
    ]:
        assert (Marker(key * 32).read(marked, now) is not None) == good
