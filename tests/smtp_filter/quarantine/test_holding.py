"""Holding: durable before the answer, one number for one message, nothing readable at rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, event, func, select

from scanner.documents.model import Gap, Location, ProtectedPart, Protection, Shortfall
from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from scanner.store.sealing import SealingError
from smtp_filter.message import Content
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, GoneError, NoRoomError, State
from smtp_filter.quarantine.reading import original, reveal, show
from smtp_filter.quarantine.searching import Filter, list_messages
from smtp_filter.verdict.model import NotInspected
from tests.schema import differences
from tests.smtp_filter.quarantine.making import (
    NHS,
    NINO,
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

OFFICER = Actor("a.khan")


def count(quarantine: Quarantine, table: object) -> int:
    with quarantine.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_the_tables_are_those_of_the_migrations(quarantine: Quarantine) -> None:
    assert differences(quarantine.engine, tables.metadata) == []


@pytest.mark.parametrize("in_database", [0, 1_000_000], ids=["file", "database"])
@pytest.mark.parametrize("size", [0, 300_000, 3_000_000])
def test_what_was_held_comes_back(database_url: str, tmp_path: Path, in_database: int, size: int) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=in_database)
    data = raw() + os.urandom(size)
    given = message(data, recipients=(PATIENT, OTHER))
    answer = quarantine.hold(given, inspection(), verdict(recipients=(PATIENT, OTHER)))
    assert answer.new
    assert answer.reference == f"Q-{time.gmtime().tm_year}-000001"
    detail = show(quarantine, answer.reference, OFFICER)
    assert detail.envelope == given.envelope
    assert detail.verdict == verdict(recipients=(PATIENT, OTHER))
    assert detail.message.subject == SUBJECT
    assert detail.message.state is State.HELD
    assert [one.address for one in detail.recipients] == [PATIENT, OTHER]
    assert b"".join(original(quarantine, answer.reference, OFFICER, "complaint")) == data
    files = len(list((tmp_path / "held").iterdir()))
    assert files == (1 if len(data) > in_database else 0)


def test_findings_are_masked_until_they_are_revealed(quarantine: Quarantine) -> None:
    reference = hold(quarantine)
    detail = show(quarantine, reference, OFFICER)
    assert NHS not in repr(detail)
    assert NINO not in repr(detail)
    assert [finding.value for finding in detail.inspection.findings] == [None, None]
    assert reveal(quarantine, reference, OFFICER, "sender asked which number") == [NHS, NINO]
    with quarantine.engine.connect() as connection:
        acts = [row.event for row in quarantine.audit.events(connection, subject=reference)]
    assert [event.act for event in acts] == ["quarantine.hold", "quarantine.view", "quarantine.reveal"]
    assert acts[-1].reason == "sender asked which number"
    with pytest.raises(Exception, match="reason"):
        reveal(quarantine, reference, OFFICER, "  ")


def test_what_a_file_name_tells_is_masked_in_every_place(quarantine: Quarantine) -> None:
    name = f'attachment "Ann Poole {NINO} Annual.zip"'
    found = inspection()
    number = replace(found.findings[1], location=f"{name} > file name")
    person = replace(number, entity_type="PERSON", masked="A** P****", value="Ann", fingerprint="cccc")
    inside = replace(found.findings[0], location=f"{name} > letter.docx > paragraph 1")
    gap = Gap(Location((name, "plan.dwg")), Shortfall.UNSUPPORTED_KIND, "drawing")
    closed = ProtectedPart(Location((name, "safe.zip")), Protection.STRONG, "AES-256")
    given = replace(
        found,
        findings=(person, number, inside),
        coverage=replace(found.coverage, gaps=(gap,), protected=(closed,)),
    )
    told = verdict(not_inspected=(NotInspected(f"{name} > plan.dwg", "kind not supported"),))
    reference = quarantine.hold(message(), given, told).reference
    detail = show(quarantine, reference, OFFICER)
    masked = 'attachment "A** P**** Poole ** ** ** ** C Annual.zip"'
    assert [one.location for one in detail.inspection.findings] == [
        f"{masked} > file name",
        f"{masked} > file name",
        f"{masked} > letter.docx > paragraph 1",
    ]
    assert detail.inspection.coverage.gaps[0].location.parts == (masked, "plan.dwg")
    assert detail.inspection.coverage.protected[0].location.parts == (masked, "safe.zip")
    assert detail.verdict.not_inspected[0].place == f"{masked} > plan.dwg"
    # Who has a reason sees the numbers themselves, as before.
    assert reveal(quarantine, reference, OFFICER, "which file") == ["Ann", NINO, NHS]


@pytest.mark.parametrize(
    ("place", "shown", "why"),
    [
        (f'sheet "{NINO}" > B2', 'sheet "** ** ** ** C" > B2', "found in a cell, and the sheet is called so"),
        ('attachment "Rota.xlsx" > B2', 'attachment "Rota.xlsx" > B2', "nothing of it was found"),
        (f'attachment "{NINO}7.pdf" > page 1', f'attachment "{NINO}7.pdf" > page 1', "a longer word"),
    ],
)
def test_places_show_no_value(quarantine: Quarantine, place: str, shown: str, why: str) -> None:
    found = inspection()
    given = replace(found, findings=(replace(found.findings[1], location=place),))
    reference = quarantine.hold(message(), given, verdict()).reference
    assert show(quarantine, reference, OFFICER).inspection.findings[0].location == shown, why


def test_a_retry_gets_the_same_number_and_no_second_notice(quarantine: Quarantine) -> None:
    first = quarantine.hold(message(), inspection(), verdict())
    again = quarantine.hold(message(), inspection(), verdict())
    assert (first.reference, first.new) == (again.reference, not again.new)
    assert count(quarantine, tables.message) == 1
    assert count(quarantine, tables.outbox) == 2  # the sender and, as it is high, triage


def test_transactions_of_one_human_message_are_one_case_with_one_notice(quarantine: Quarantine) -> None:
    data = raw()
    parts = [data, b"Received: by another queue item\r\n" + data]
    for number, part in enumerate(parts):
        recipients = (f"r{number}@example.com",)
        quarantine.hold(message(part, recipients=recipients), inspection(), verdict(recipients=recipients))
    other = hold(quarantine, "2")
    first, second, third = list_messages(quarantine, Filter()).messages
    assert first.case == second.case != third.case
    assert (first.case_size, third.case_size) == (2, 1)
    assert third.reference == other
    assert show(quarantine, first.reference, OFFICER).others_of_case == (second.reference,)
    with quarantine.engine.connect() as connection:
        kinds = list(connection.execute(select(tables.outbox.c.kind)).scalars())
    assert sorted(kinds) == ["alert", "alert", "hold", "hold"]


def test_numbers_of_many_at_once_are_without_gap_or_double(database_url: str, tmp_path: Path) -> None:
    opened = [open_quarantine(database_url, tmp_path) for _ in range(4)]
    found: list[str] = []

    def work(one: Quarantine, name: int) -> None:
        found.extend(hold(one, f"{name}-{number}") for number in range(8))

    threads = [threading.Thread(target=work, args=(one, name)) for name, one in enumerate(opened)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    year = time.gmtime().tm_year
    assert sorted(found) == [f"Q-{year}-{number:06d}" for number in range(1, 33)]
    assert opened[0].audit.verify(opened[0].engine).sound


def test_one_message_over_two_relays_at_once_is_held_once(database_url: str, tmp_path: Path) -> None:
    opened = [open_quarantine(database_url, tmp_path, in_database=0) for _ in range(4)]
    barrier, answers = threading.Barrier(4), []

    def work(one: Quarantine) -> None:
        barrier.wait()
        answers.append(one.hold(message(), inspection(), verdict()))

    threads = [threading.Thread(target=work, args=(one,)) for one in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.reference for answer in answers}) == 1
    assert [answer.new for answer in answers].count(True) == 1
    assert len(list((tmp_path / "held").iterdir())) == 1
    assert b"".join(original(opened[0], answers[0].reference, OFFICER, "check")) == raw()


# --- at rest --------------------------------------------------------------------------------------------


def stored(connection: Connection) -> bytes:
    """Every cell of every table."""
    found = MetaData()
    found.reflect(connection)
    cells: list[bytes] = []
    for table in found.tables.values():
        for row in connection.execute(select(table)):
            cells.extend(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
    return b"\n".join(cells)


def test_nothing_personal_can_be_read_at_rest(quarantine: Quarantine, tmp_path: Path) -> None:
    hold(quarantine)
    hold(quarantine, "2", body="x" * 400_000 + NHS)
    with quarantine.engine.connect() as connection:
        everything = stored(connection)
    for folder in ("held", "database"):
        if (tmp_path / folder).exists():
            everything += b"".join(path.read_bytes() for path in (tmp_path / folder).iterdir())
    assert b"outside-sensitive" in everything  # the search itself works
    for secret in (NHS, NINO, SENDER, "jones", "patel", "example.com", "Okafor", "Placement", "9434765919"):
        assert secret.encode() not in everything, secret


@pytest.mark.parametrize("in_database", [0, 1_000_000], ids=["file", "database"])
def test_a_body_that_was_changed_is_not_shown(database_url: str, tmp_path: Path, in_database: int) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=in_database)
    reference = hold(quarantine)
    if in_database:
        with writing(quarantine.engine) as connection:
            sealed = connection.execute(select(tables.body.c.sealed)).scalar_one()
            connection.execute(tables.body.update().values(sealed=sealed[:-1] + b"\0"))
    else:
        (path,) = (tmp_path / "held").iterdir()
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(SealingError, match="damaged"):
        list(original(quarantine, reference, OFFICER, "check"))


def test_a_missing_body_is_said_to_be_missing(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=0)
    reference = hold(quarantine)
    next((tmp_path / "held").iterdir()).unlink()
    with pytest.raises(GoneError):
        list(original(quarantine, reference, OFFICER, "check"))


# --- what goes wrong --------------------------------------------------------------------------------------


def test_below_the_reserve_nothing_is_taken(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, reserve=1 << 60)
    with pytest.raises(NoRoomError):
        quarantine.hold(message(), inspection(), verdict())
    assert count(quarantine, tables.message) == 0


def test_a_folder_that_cannot_be_written_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    quarantine = open_quarantine(database_url, tmp_path, in_database=0)
    (tmp_path / "held").rmdir()
    with pytest.raises(OSError, match="held"):
        quarantine.hold(message(), inspection(), verdict())
    (tmp_path / "held").mkdir()
    assert count(quarantine, tables.message) == 0
    assert hold(quarantine).endswith("000001")


def test_a_sweep_by_a_clock_that_jumped_loses_nothing(database_url: str, tmp_path: Path) -> None:
    quarantine, other = (open_quarantine(database_url, tmp_path, in_database=0) for _ in range(2))
    swept: list[int] = []

    def sweep(_connection: object) -> None:
        if not swept:
            swept.append(0)
            with other.engine.connect() as connection:
                swept[0] = quarantine.bodies.sweep(connection, time.time() + 86_400)

    event.listen(quarantine.engine, "commit", sweep)
    reference = hold(quarantine)
    assert swept == [1]
    assert NHS.encode() in b"".join(original(quarantine, reference, OFFICER, "check"))


HOSTILE = [
    ("no head", b"just text without any header\r\n"),
    ("empty", b""),
    ("nothing but binary", bytes(range(256)) * 40),
    ("NUL and escapes in the head", b"Subject: a\0b\x1b[31m\r\nFrom: \0\r\n\r\nx"),
    ("head without end", b"Subject: x\r\n" * 5_000),
    ("one line of a megabyte", b"Subject: " + b"y" * 1_000_000 + b"\r\n\r\nx"),
    ("odd bytes in the subject", b"Subject: \xff\xfe\xed\xa0\x80\r\n\r\nx"),
    ("broken encoded words", b"Subject: =?utf-8?b?////?= =?x-unknown?q?=zz?=\r\n\r\nx"),
    ("right to left", "Subject: \u202egnp.exe\r\n\r\nx".encode()),
]


@pytest.mark.parametrize(("what", "data"), HOSTILE, ids=[what for what, _ in HOSTILE])
def test_hostile_messages_are_held_like_any_other(quarantine: Quarantine, what: str, data: bytes) -> None:
    senders = [SENDER, "", "\udcff@council.test", '"a\0b"@council.test', "x" * 5_000]
    for sender in senders:
        answer = quarantine.hold(message(data, sender=sender), inspection(), verdict())
        assert show(quarantine, answer.reference, OFFICER).envelope.sender == sender
        assert b"".join(original(quarantine, answer.reference, OFFICER, "check")) == data
    assert len(list_messages(quarantine, Filter()).messages) == len(senders)


def test_five_thousand_recipients(quarantine: Quarantine) -> None:
    recipients = tuple(f"r{number}@example.com" for number in range(5_000))
    answer = quarantine.hold(message(recipients=recipients), inspection(), verdict(recipients=recipients))
    (listed,) = list_messages(quarantine, Filter(recipient="R4321@EXAMPLE.com")).messages
    assert (listed.reference, listed.recipients_total, len(listed.recipients)) == (
        answer.reference,
        5_000,
        20,
    )
    assert len(show(quarantine, answer.reference, OFFICER).recipients) == 5_000


def test_a_body_from_a_file_is_read_from_its_beginning(quarantine: Quarantine, tmp_path: Path) -> None:
    path = tmp_path / "spool"
    path.write_bytes(raw())
    with path.open("rb") as file:
        given = replace(message(), content=Content.from_descriptor(file.fileno()))
        reference = quarantine.hold(given, inspection(), verdict()).reference
    assert b"".join(original(quarantine, reference, OFFICER, "check")) == raw()


def test_severity_decides_how_soon_and_by_how_many(quarantine: Quarantine) -> None:
    for severity in (Severity.LOW, Severity.CRITICAL, Severity.MEDIUM):
        hold(quarantine, severity.word, severity=severity)
    listed = list_messages(quarantine, Filter()).messages
    assert [one.severity for one in listed] == [Severity.CRITICAL, Severity.MEDIUM, Severity.LOW]
    assert [one.needs_second for one in listed] == [True, False, False]


# --- killed ------------------------------------------------------------------------------------------------


def run(what: str, url: str, folder: Path, *more: str, at: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.smtp_filter.quarantine.killed", what, url, str(folder), *more]
    environment = {**os.environ, "DLP_CRASH_AT": at}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.parametrize(
    ("point", "place", "held", "files"),
    [
        # what is there after the kill: rows and body files; then the client tries again
        ("body-written", "0", 0, 1),
        ("body-written", "1000000", 0, 0),
        ("row-committed", "0", 1, 1),
        ("row-committed", "1000000", 1, 0),
    ],
)
def test_killed_while_holding(
    database_url: str, tmp_path: Path, point: str, place: str, held: int, files: int
) -> None:
    dead = run("hold", database_url, tmp_path, place, at=point)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    quarantine = open_quarantine(database_url, tmp_path, in_database=int(place))
    assert count(quarantine, tables.message) == held
    assert len(list((tmp_path / "held").iterdir())) == files
    reference = hold(quarantine)  # the client tries again
    assert reference.endswith("000001")
    assert count(quarantine, tables.message) == 1
    with quarantine.engine.connect() as connection:
        kinds = sorted(connection.execute(select(tables.outbox.c.kind)).scalars())
        swept = quarantine.bodies.sweep(connection, time.time() + 1)
    assert kinds == ["alert", "hold"]
    assert swept == (1 if point == "body-written" and files else 0)
    assert NHS.encode() in b"".join(original(quarantine, reference, OFFICER, "check"))
    assert quarantine.audit.verify(quarantine.engine).sound
