"""The small parts of the service: the log, the endpoint, the worker's answer, batches, acquaintances."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from scanner.documents.model import Coverage, Gap, Location, ProtectedPart, Protection, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from smtp_filter.message import Client, Content, Envelope, Message, Recipient
from smtp_filter.service.batches import Batches
from smtp_filter.service.endpoint import Endpoint
from smtp_filter.service.event_log import JsonLines, log_event, set_up_event_log
from smtp_filter.service.examining import GAPS, from_wire, to_wire, unexamined
from smtp_filter.service.records import acquaintance
from smtp_filter.verdict import Action, RecipientVerdict, RouteKind, Verdict, Word

# --- the log ----------------------------------------------------------------------------------------------


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "log"


def written(log_file: Path, work: object) -> list[dict[str, object]]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        set_up_event_log("debug", log_file, messages=True)
        assert callable(work)
        work()
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)
    assert log_file.stat().st_mode & 0o077 == 0
    return [json.loads(line) for line in log_file.read_text().splitlines()]


def test_own_lines_say_what_their_author_put_there(log_file: Path) -> None:
    def work() -> None:
        log_event(logging.getLogger("smtp_filter.x"), logging.INFO, "held", reference="Q-1", odd=object())

    (line,) = written(log_file, work)
    assert (line["event"], line["reference"], line["level"], line["odd"]) == ("held", "Q-1", "info", "object")


def test_other_libraries_say_where_and_no_more(log_file: Path) -> None:
    def work() -> None:
        logging.getLogger("asyncio").error("Task exception: %s", "AB 12 34 56 C of a@example.org")
        try:
            raise ValueError("AB 12 34 56 C")
        except ValueError:
            logging.getLogger("smtp_filter.x").exception("it broke")
        logging.getLogger("smtp_filter.x").info("%d", "no number")
        logging.getLogger("mail.log").info("MAIL FROM:<a@example.org>")

    lines = written(log_file, work)
    said = log_file.read_text()
    assert "AB 12" not in said
    assert "example.org" not in said
    assert [line["event"] for line in lines] == ["said something", "it broke", "unreadable record"]
    assert str(lines[1]["error"]).startswith("ValueError in test_parts.py:")


def test_a_record_is_one_line() -> None:
    record = logging.LogRecord("smtp_filter", 20, "f", 1, "two\nlines", None, None)
    assert "\n" not in JsonLines().format(record)


# --- the endpoint -----------------------------------------------------------------------------------------


REQUESTS = [
    (b"GET /health HTTP/1.1\r\n\r\n", b"200 OK", b"ok\n"),
    (b"GET /ready HTTP/1.0\r\n\r\n", b"503 ", b"not ready\n"),
    (b"GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", b"200 OK", b"figures"),
    (b"GET /other HTTP/1.1\r\n\r\n", b"404 ", b""),
    (b"POST /health HTTP/1.1\r\n\r\n", b"405 ", b""),
    (b"\r\n\r\n", b"405 ", b""),
    (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", b"", b""),
    (b"GET /health", b"", b""),
]


@pytest.mark.parametrize(("request_", "status", "body"), REQUESTS, ids=[str(one[0][:20]) for one in REQUESTS])
def test_the_endpoint_answers_three_questions(request_: bytes, status: bytes, body: bytes) -> None:
    async def healthy() -> str:
        return ""

    async def ask() -> bytes:
        endpoint = Endpoint(healthy, lambda: False, lambda: b"figures")
        server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, limit=8_192)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            writer.write(request_)
            writer.write_eof()
            try:
                return await reader.read()
            except ConnectionError:
                return b""
            finally:
                writer.close()

    answer = asyncio.run(ask())
    if not status:
        assert answer == b""
    else:
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert answer.endswith(body)


# --- the worker's answer ----------------------------------------------------------------------------------


def inspection(gaps: int = 3, parts: int = 2) -> Inspection:
    return Inspection(
        coverage=Coverage(
            Status.PARTIAL,
            "eml",
            tuple(Gap(Location(("a", f"{n}")), Shortfall.NEEDS_OCR, "page") for n in range(gaps)),
            Protection.PARTLY,
            tuple(ProtectedPart(Location((f"{n}",)), Protection.STRONG, "AES", "") for n in range(parts)),
        ),
        assessment=Assessment(Severity.HIGH, PeopleCount(1, 2), (Reason("r", "One.", Severity.HIGH),)),
        findings=(LocatedFinding("UK_NINO", "body", "", 0.9, "** **", "abc", "nino", ("x",), value="v"),),
        counts={"UK_NINO": 1},
        content_hash="",
        size=10,
    )


def test_every_gap_comes_through_where_the_ledger_keeps_the_first_ones() -> None:
    sent = inspection(gaps=300, parts=200)
    back = from_wire(json.loads(json.dumps(to_wire(sent, (("Subject", "x"), ("", "odd"))))))
    assert back.inspection == sent
    assert back.headers == (("Subject", "x"), ("", "odd"))


def test_more_gaps_than_can_be_judged_are_a_gap_of_their_own() -> None:
    back = from_wire(to_wire(inspection(gaps=GAPS + 500), ())).inspection.coverage
    assert len(back.gaps) == GAPS
    assert back.gaps[-1].reason is Shortfall.LIMIT


@pytest.mark.parametrize("missing", ["inspection", "gaps", "protected", "headers"])
def test_an_answer_of_another_shape_is_an_error(missing: str) -> None:
    answer = to_wire(inspection(), ())
    for wrong in ({k: v for k, v in answer.items() if k != missing}, {**answer, missing: [["x"]]}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            from_wire(wrong)


def test_the_unexamined_is_not_inspected() -> None:
    assert unexamined("died", 5).coverage.status is Status.NOT_INSPECTED


# --- batches ----------------------------------------------------------------------------------------------


def test_what_comes_together_is_written_together_and_each_waits_for_its_own() -> None:
    batches: list[list[int]] = []

    async def write(some: Sequence[int]) -> None:
        await asyncio.sleep(0.01)
        batches.append(list(some))
        if 13 in some:
            raise OSError

    async def work() -> None:
        writer = Batches[int](write)
        outcomes = await asyncio.gather(*(writer.put(n) for n in range(12)), return_exceptions=True)
        assert outcomes == [None] * 12
        with pytest.raises(OSError):
            await writer.put(13)
        await writer.put(14)
        writer.add(15)
        await writer.close()

    asyncio.run(work())
    assert [one for batch in batches for one in batch] == [*range(12), 13, 14, 15]
    assert len(batches) <= 5


def test_a_pause_is_cut_short_at_the_end() -> None:
    async def work() -> list[int]:
        done: list[int] = []

        async def write(some: Sequence[int]) -> None:
            done.extend(some)

        writer = Batches[int](write, pause=3600.0)
        writer.add(1)
        await asyncio.sleep(0)
        assert done == []
        await writer.close()
        return done

    assert asyncio.run(work()) == [1]


# --- acquaintances ----------------------------------------------------------------------------------------


def test_outside_recipients_become_known_with_their_names() -> None:
    to = ("Bo@Example.org", "in@council.gov.uk", "c@example.org")
    message = Message(
        Envelope("officer@council.gov.uk", tuple(map(Recipient, to))),
        Content.from_bytes(b""),
        Client("127.0.0.1"),
        0.0,
        "q",
    )
    kinds = (RouteKind.OUTSIDE, RouteKind.INSIDE, RouteKind.SECURE)
    verdict = Verdict(
        Word.DELIVER,
        Action.DELIVER,
        Severity.NONE,
        PeopleCount(0, 0),
        (),
        tuple(RecipientVerdict(one, kind, Word.DELIVER, "") for one, kind in zip(to, kinds, strict=True)),
    )
    sent = acquaintance(
        message, (("To", '"Ng, Bo" <bo@example.org>'), ("Subject", "x <c@example.org>")), verdict
    )
    assert sent is not None
    assert [(address.key, name) for address, name in sent.recipients] == [
        ("bo@example.org", "Ng, Bo"),
        ("c@example.org", ""),
    ]
    bounce = Message(Envelope("", message.envelope.recipients), message.content, message.client, 0.0, "q")
    assert acquaintance(bounce, (), verdict) is None
