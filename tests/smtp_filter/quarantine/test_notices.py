"""Notices: one per case, to our own people only, in their language, never with a value."""

from __future__ import annotations

import asyncio
import email
import signal
import time
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from scanner.documents.model import Shortfall
from smtp_filter.delivery import NextHop
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.marker import Marker
from smtp_filter.quarantine.model import Actor, Decision
from smtp_filter.quarantine.notices import KINDS, NAMES, Notices, NoticeTemplateError
from smtp_filter.quarantine.outbox import Notice
from smtp_filter.quarantine.posting import NoticeWorker
from smtp_filter.quarantine.releasing import passed_before
from smtp_filter.quarantine.telling import Passing, file_name, tell_of_passing
from smtp_filter.service.background import HopCarrier
from smtp_filter.verdict.model import NotInspected, Word
from tests.smtp_filter.peers import ScriptedHop, Taken
from tests.smtp_filter.quarantine.making import (
    NHS,
    NINO,
    NOTICES,
    OTHER,
    PATIENT,
    SENDER,
    SUBJECT,
    hold,
    inspection,
    message,
    open_quarantine,
    raw,
    verdict,
)
from tests.smtp_filter.quarantine.test_holding import run

KHAN = Actor("a.khan")
LATER = 4e9


def post(quarantine: Quarantine, hop: NextHop, now: float | None = None) -> int:
    async def work() -> int:
        carrier = HopCarrier({"default": hop})
        try:
            return await NoticeWorker(quarantine, carrier).run_once(now)
        finally:
            await carrier.close()

    return asyncio.run(work())


def posted(quarantine: Quarantine, now: float | None = None) -> list[Taken]:
    with ScriptedHop() as hop:
        post(quarantine, hop.hop(), now)
        return hop.taken


def parsed(taken: Taken) -> EmailMessage:
    found = email.message_from_bytes(taken.data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(taken: Taken) -> str:
    part = parsed(taken).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def to_sender(taken: list[Taken]) -> list[Taken]:
    return [one for one in taken if f"<{SENDER}>" in one.rcpt[0]]


def test_what_the_sender_is_told(quarantine: Quarantine) -> None:
    reference = hold(quarantine, recipients=(PATIENT, OTHER))
    (taken,) = to_sender(posted(quarantine))
    told = parsed(taken)
    assert taken.mail.startswith("FROM:<>")
    assert told["From"] == "mail-check@council.test"
    assert told["To"] == SENDER
    assert told["Subject"] == f"Not sent yet: your email to {PATIENT} and 1 more"
    assert told["Auto-Submitted"] == "auto-replied"
    assert told["In-Reply-To"] == told["References"] == "<1@council.test>"
    text = text_of(taken)
    for expected in (
        "has NOT been delivered",
        SUBJECT,
        "1 NHS number, 1 National Insurance number, 3 names (in Review ….docx)",
        "[SECURE]",
        f"https://dlp.council.test/c/{reference}",
        "01632 960111",
        "it is deleted on",
        f"Reference {reference}",
    ):
        assert expected in text
    html = parsed(taken).get_body(("html",))
    assert html is not None
    assert "<img" not in html.get_content()
    assert "<form" not in html.get_content()
    assert not list(parsed(taken).iter_attachments())


def test_triage_is_told_at_once_of_what_is_grave_and_without_content(quarantine: Quarantine) -> None:
    hold(quarantine)
    (alert,) = [one for one in posted(quarantine) if "<triage@council.test>" in one.rcpt[0]]
    assert len(alert.rcpt) == 2
    everything = alert.data.decode()
    for secret in (SUBJECT, SENDER, PATIENT, "Review", NHS):
        assert secret not in everything
    assert parsed(alert)["Auto-Submitted"] == "auto-generated"


# --- never a value -----------------------------------------------------------------------------------------


def test_no_notice_of_any_kind_holds_a_value(database_url: str, tmp_path: Path) -> None:
    notices = replace(NOTICES, languages=("en", "cy"))
    quarantine = open_quarantine(database_url, tmp_path, notices=notices)
    desk = Desk(quarantine)
    data = raw(subject=f"Review {NHS}", identity="v")
    not_inspected = (NotInspected(f"Sheet {NINO}.xlsx > Sheet1", Shortfall.ENCRYPTED.value),)
    held = [
        quarantine.hold(
            message(data + bytes([65 + number])),
            inspection(in_subject=True),
            replace(verdict(), word=Word.HOLD, not_inspected=not_inspected),
        ).reference
        for number in range(4)
    ]
    desk.decide(held[0], KHAN, Decision.RETURN, "no", advice="send it by the portal")
    desk.decide(held[1], KHAN, Decision.DELETE, "no")
    desk.escalate(held[2], KHAN, "dpo", "breach")
    desk.expire(held[3])
    sent = posted(quarantine, LATER)
    assert len(sent) >= 8
    for taken in sent:
        everything = " ".join(part.get_content() for part in parsed(taken).walk() if not part.is_multipart())
        everything += str(parsed(taken)["Subject"])
        for value in (NHS, NINO, "9434765919", NHS.replace(" ", "")):
            assert value not in everything


def test_templates_can_ask_for_nothing_but_the_fixed_names(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    for written, says in [
        ("Subject: x\n{{ findings }}", "asks for findings"),
        ("Subject: x\n{{ inspection.findings[0].value }}", "asks for inspection"),
        ("Subject: x\n{% for f in values %}{{ f }}{% endfor %}", "asks for values"),
        ("Subject: x\n{{ unfinished", "is no template"),
        ("no subject\n", "must begin"),
    ]:
        (folder / "hold.txt").write_text(written)
        with pytest.raises(NoticeTemplateError, match=says):
            make(templates=tmp_path / "templates")
    assert not NAMES & {"value", "values", "findings", "finding", "inspection", "message", "body"}


def make(**changes: Any) -> Notices:
    return Notices(replace(NOTICES, **changes), Marker(b"k" * 32), b"i" * 32, "Europe/London")


EVERYTHING: dict[str, Any] = {
    "to": SENDER,
    "reference": "Q-2026-000001",
    "subject": "",
    "recipients": [PATIENT, OTHER, "x@example.com"],
    "recipients_total": 7,
    "held": 1_800_000_000.0,
    "due": 1_800_003_600.0,
    "expires": 1_801_000_000.0,
    "kinds": [["UK_NHS", 1], ["DATE_OF_BIRTH", 3], ["LIBRARY_CARD", 2]],
    "delivered": [PATIENT],
    "undelivered": [OTHER],
    "withheld": ["x@example.com"],
    "severity": "critical",
    "count": 37,
    "since": 1_800_000_000.0,
}


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_template_renders(kind: str, language: str) -> None:
    notices = make(languages=("en", "cy"))
    for facts in (EVERYTHING, {"reference": "Q-2026-000001"}):
        subject, text = notices.render(kind, language, facts, page="https://x.test/c", code="ABCD-EFGH")
        assert subject
        assert "{" not in text
        assert "\n\n\n" not in text
        assert text.strip()


def test_a_council_replaces_words_and_one_template(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    (folder / "hold.txt").write_text("Subject: Hello\n\nOur own words about {{ to_whom }}.\n")
    subject, text = make(templates=tmp_path / "templates").render("hold", "en", EVERYTHING)
    assert (subject, text) == ("Hello", f"Our own words about {PATIENT} and 6 more.\n")
    assert (
        make(templates=tmp_path / "templates").render("expired", "en", EVERYTHING)[0].startswith("Not sent")
    )


def test_welsh_and_english_in_one_notice(database_url: str, tmp_path: Path) -> None:
    notices = replace(NOTICES, languages=("cy", "en"))
    quarantine = open_quarantine(database_url, tmp_path, notices=notices)
    hold(quarantine)
    (taken,) = to_sender(posted(quarantine))
    told, text = parsed(taken), text_of(taken)
    assert str(told["Subject"]).startswith("Heb ei anfon eto")
    assert "rhif GIG (1), rhif Yswiriant Gwladol (1), enw (3)" in text
    assert text.index("NID yw eich e-bost") < text.index("has NOT been delivered")
    html = told.get_body(("html",))
    assert html is not None
    assert '<div lang="cy">' in html.get_content()


def test_hostile_words_are_harmless() -> None:
    facts = EVERYTHING | {"subject": "<script>alert(1)</script> {{ 7*7 }}", "advice": "<b>&</b>"}
    notice = Notice(1, "returned:1", "returned", facts, 1_800_000_000.0, 1)
    letter = make().letter(notice)
    assert letter is not None
    assert letter.content.data is not None
    html = email.message_from_bytes(letter.content.data, policy=default).get_body(("html",))  # type: ignore[attr-defined]
    assert "<script>" not in html.get_content()
    assert "&lt;b&gt;" in html.get_content()
    assert "49" not in make().render("hold", "en", facts)[1]


PLACES = [
    # a place of the inspection, what the sender is told
    ("Report.docx > page 2", "Report.docx"),
    ('Budget "2".xlsx > sheet "Kids" > C14', 'Budget "…".xlsx'),
    ("plan.9434765919", "plan.…"),
    ("plan.94347", "plan.…"),
    ("Child 9434765919 plan.pdf", "Child …plan.pdf"),
    ("QQ 12 34 56 C.mp3", "QQ …C.mp3"),
    ("no suffix 12", "no suffix …"),
    ("body > line 3", ""),
    ("body (HTML) > line 3", ""),
    ("header Subject", ""),
    ("attachment 2 > page 1", ""),
    ("", ""),
]


@pytest.mark.parametrize(("place", "told"), PLACES)
def test_places_are_told_by_file_name_without_numbers(place: str, told: str) -> None:
    assert file_name(place) == told


# --- to whom -----------------------------------------------------------------------------------------------

BACKSCATTER = [
    # envelope sender, head, is a notice sent, why
    (SENDER, f"From: {SENDER}", True, "one of ours"),
    ("m@housing.council.test", "From: M <m@housing.council.test>", True, "a department of ours"),
    (SENDER, "From: Mary <stranger@example.com>", False, "written in another name"),
    ("stranger@example.com", f"From: {SENDER}", False, "forwarded from outside"),
    ("m@notcouncil.test", "From: m@notcouncil.test", False, "looks like ours"),
    ("", f"From: {SENDER}", False, "a bounce"),
    (SENDER, "X-Nothing: at all", False, "no author"),
    (SENDER, f"From: {SENDER}\r\nAuto-Submitted: auto-replied", False, "an out-of-office reply"),
    (SENDER, f"From: {SENDER}\r\nAuto-Submitted: no", True, "written by a person, and says so"),
    (SENDER, f"From: {SENDER}\r\nPrecedence: bulk", False, "a mailing"),
    (SENDER, f"From: {SENDER}\r\nList-Id: <x.council.test>", False, "a list"),
    ("SRS0=x=y=example.com=a@council.test", "From: a@example.com", False, "rewritten by a forwarder"),
]


@pytest.mark.parametrize(("sender", "head", "sent", "why"), BACKSCATTER, ids=[b[-1] for b in BACKSCATTER])
def test_only_our_own_people_are_written_to(
    quarantine: Quarantine, sender: str, head: str, sent: bool, why: str
) -> None:
    data = f"{head}\r\nSubject: x\r\n\r\nx\r\n".encode()
    quarantine.hold(message(data, sender=sender), inspection(), verdict())
    taken = [one for one in posted(quarantine) if "<triage@" not in one.rcpt[0]]
    assert [one.rcpt[0].partition(" ")[0] for one in taken] == ([f"TO:<{sender}>"] if sent else [])


def test_many_holds_of_one_sender_make_one_summary(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, notices=replace(NOTICES, rate=3))
    for number in range(8):
        hold(quarantine, str(number))
    hold(quarantine, "other", sender="other@council.test")
    subjects = [str(parsed(one)["Subject"]) for one in to_sender(posted(quarantine))]
    assert len(subjects) == 3
    later = posted(quarantine, time.time() + 601)
    (summary,) = to_sender(later)
    assert "8 of your emails since" in text_of(summary)


# --- sending -----------------------------------------------------------------------------------------------


def outcomes(quarantine: Quarantine) -> list[str]:
    with quarantine.engine.connect() as connection:
        query = select(tables.outbox.c.outcome).order_by(tables.outbox.c.id)
        return list(connection.execute(query).scalars())


def test_what_is_not_taken_is_tried_again_and_what_is_refused_is_not(quarantine: Quarantine) -> None:
    hold(quarantine)
    with ScriptedHop({"MAIL": b"451 4.3.0 later\r\n"}) as hop:
        assert post(quarantine, hop.hop()) == 2
        assert post(quarantine, hop.hop()) == 0
    assert outcomes(quarantine) == ["", ""]
    with ScriptedHop({"MAIL": b"550 5.7.1 never\r\n"}) as hop:
        assert post(quarantine, hop.hop(), time.time() + 120) == 2
    assert outcomes(quarantine) == ["refused", "refused"]


def test_what_was_sent_is_wiped_and_marked_as_ours(quarantine: Quarantine) -> None:
    hold(quarantine)
    (taken,) = to_sender(posted(quarantine))
    assert outcomes(quarantine) == ["sent", "sent"]
    with quarantine.engine.connect() as connection:
        assert set(connection.execute(select(tables.outbox.c.sealed)).scalars()) == {b""}
    mark = passed_before(quarantine, message(taken.data, sender="", recipients=(SENDER,)))
    assert mark is not None
    assert mark.purpose == "notice"


def test_killed_before_a_notice_went(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path)
    hold(quarantine)
    with ScriptedHop() as hop:
        dead = run("notices", database_url, tmp_path, "1000000", str(hop.port), at="notice-unsent")
        assert dead.returncode == -signal.SIGKILL, dead.stderr
        assert hop.taken == []
        assert post(quarantine, hop.hop(), time.time() + 400) == 2
        assert len(to_sender(hop.taken)) == 1


def test_a_notice_sent_twice_is_the_same_message(quarantine: Quarantine) -> None:
    hold(quarantine)
    first = to_sender(posted(quarantine))[0]
    notices = make()
    notice = Notice(7, "hold:case:1", "hold", EVERYTHING, 1_800_000_000.0, 1)
    letters = [notices.letter(notice) for _ in range(2)]
    assert letters[0] is not None
    assert letters[1] is not None
    assert letters[0].content.data == letters[1].content.data
    assert str(parsed(first)["Message-ID"]).endswith("@council.test>")


def test_odd_advice_is_sent_and_a_broken_template_keeps_nobody_waiting(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    (folder / "refused.txt").write_text("Subject: {{ advice.nothing.here }}\n\nx\n")
    notices = replace(NOTICES, templates=tmp_path / "templates")
    quarantine = open_quarantine(database_url, tmp_path, notices=notices)
    desk, first, second = Desk(quarantine), hold(quarantine, "1"), hold(quarantine, "2")
    desk.decide(first, KHAN, Decision.DELETE, "no\x00\udcff")
    desk.decide(second, KHAN, Decision.RETURN, "no", advice="see \udcff\x00\u202e the portal")
    kinds = [str(parsed(one)["Subject"]) for one in to_sender(posted(quarantine))]
    assert kinds[-1].startswith("Please send again")
    assert outcomes(quarantine).count("") == 1


def test_without_a_mailbox_nobody_is_told_and_nothing_waits(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, notices=replace(NOTICES, mailbox=""))
    hold(quarantine)
    assert posted(quarantine) == []
    assert outcomes(quarantine) == ["nobody", "nobody"]


DPO = "dpo@council.test"
OFFICER = "ig@council.test"


@pytest.mark.parametrize(
    ("delivered", "notify", "copy_to", "told"),
    [
        (True, ("sender",), (), {SENDER: "Please note"}),
        (True, ("sender", "triage"), ("dpo",), {SENDER: "Please note", DPO: "was delivered"}),
        (False, ("sender",), ("dpo", OFFICER), {DPO: "was returned", OFFICER: "was returned"}),
        (True, (), (), {}),
    ],
)
def test_of_what_was_not_held_those_are_told_whom_the_rules_name(
    database_url: str,
    tmp_path: Path,
    delivered: bool,
    notify: tuple[str, ...],
    copy_to: tuple[str, ...],
    told: dict[str, str],
) -> None:
    quarantine = open_quarantine(database_url, tmp_path, notices=replace(NOTICES, dpo=(DPO,), triage=(DPO,)))
    judged = replace(verdict(recipients=(PATIENT,)), notify=notify, copy_to=copy_to)
    passing = Passing(
        *("f" * 40, "R-1", delivered, SENDER, (PATIENT,), "<1@council.test>", True),
        {"UK_NHS": 1},
        judged,
        time.time(),
    )
    tell_of_passing(quarantine, passing, time.time())
    tell_of_passing(quarantine, passing, time.time())
    found = {}
    for taken in posted(quarantine):
        assert NHS.encode() not in taken.data
        for recipient in taken.rcpt:
            address = recipient.partition("<")[2].partition(">")[0]
            assert address not in found, "once each"
            found[address] = str(parsed(taken)["Subject"])
    assert found.keys() == told.keys()
    assert all(words in found[address] for address, words in told.items())


def test_a_hold_is_copied_to_whom_the_rules_name(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, notices=replace(NOTICES, dpo=(DPO,)))
    held = replace(verdict(recipients=(PATIENT,)), copy_to=("dpo",))
    reference = quarantine.hold(message(raw()), inspection(), held).reference
    (copy,) = [one for one in posted(quarantine) if f"<{DPO}>" in one.rcpt[0]]
    assert reference in str(parsed(copy)["Subject"])
    assert NHS not in text_of(copy)
