"""The inspection pool with real processes: answers, deadlines, deaths, lanes, back-pressure."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from scanner.documents.isolation import Confinement
from scanner.documents.limits import Limits
from scanner.documents.model import Coverage, Gap
from scanner.documents.protocol import Source
from scanner.documents.reader import Read
from smtp_filter.inspection_pool import (
    InspectionFailedError,
    InspectionPool,
    PoolFullError,
    PoolSettings,
    ZygoteRequests,
    run_zygote,
)
from smtp_filter.message import Content


def act(file: BinaryIO, size: int, facts: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
    """Do what the message says: the hostile file as a program."""
    content = file.read()
    assert len(content) == size
    match facts.get("do"):
        case "sleep":
            time.sleep(facts["seconds"])
        case "spin":
            while True:
                pass
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "read":
            return {"coverage": [str(gap.reason) for gap in reading(facts["how"], content, read)]}
        case "swallow":
            bytearray(1 << 40)
        case "raise":
            raise ValueError(content.decode())
        case "write":
            os.pwrite(file.fileno(), b"changed!", 0)
        case "write a file":
            folder = Path(tempfile.gettempdir())
            (folder / "file").write_bytes(b"x")
            return {"folder": str(folder)}
        case "write elsewhere":
            Path(facts["where"], f"dlp-test-{os.getpid()}").write_bytes(b"x")
        case "connect":
            socket.create_connection(("127.0.0.1", 9))
        case "nonsense":
            return "not a mapping"  # type: ignore[return-value]
    return {"pid": os.getpid(), "size": len(content), "tail": content[-5:].decode("latin-1")}


def reading(how: str, content: bytes, read: Read) -> tuple[Gap, ...]:
    """Read a document that does something to its reader."""

    def opened() -> BinaryIO:
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(30)
        return io.BytesIO(content)

    *_, coverage = read(Source("", len(content), opened), limits=Limits(), kind="text")
    assert isinstance(coverage, Coverage)
    return coverage.gaps


@contextmanager
def zygote(settings: PoolSettings, build: Callable[[], Any] = lambda: act) -> Iterator[ZygoteRequests]:
    requests = ZygoteRequests()
    lifeline, holding = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(holding)
        run_zygote(requests, lifeline, build, settings)
    os.close(lifeline)
    try:
        yield requests
    finally:
        os.close(holding)
        assert os.waitpid(pid, 0)[1] == 0
        requests.close()


def settings(**changes: Any) -> PoolSettings:
    return PoolSettings(**{"workers": 2, "deadline": 30.0, "large_bytes": 1000, **changes})


def run(told: PoolSettings, work: Callable[[InspectionPool], Awaitable[None]]) -> None:
    async def inside(requests: ZygoteRequests) -> None:
        pool = InspectionPool(requests, told)
        await pool.start()
        try:
            await work(pool)
        finally:
            await pool.close()

    with zygote(told) as requests:
        asyncio.run(inside(requests))


SMALL = Content.from_bytes(b"Dear all,\r\n")
LARGE = Content.from_bytes(b"x" * 2000)


def test_answers_from_memory_and_from_a_file() -> None:
    async def work(pool: InspectionPool) -> None:
        assert (await pool.examine(SMALL, {}))["tail"] == "ll,\r\n"
        with tempfile.TemporaryFile() as file:
            file.write(b"y" * 3_000_000 + b"[end]")
            file.flush()
            content = Content.from_descriptor(file.fileno())
            answers = await asyncio.gather(*(pool.examine(content, {}) for _ in range(4)))
            assert [(a["size"], a["tail"]) for a in answers] == [(3_000_005, "[end]")] * 4
        assert pool.replaced == 0

    run(settings(), work)


def test_many_recipients_do_not_block_the_way() -> None:
    async def work(pool: InspectionPool) -> None:
        facts = {"recipients": [f"someone{n}@example.org" * 5 for n in range(20_000)]}
        assert (await pool.examine(SMALL, facts))["size"] == SMALL.size

    run(settings(), work)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"do": "sleep", "seconds": 60}, "not examined within 1 seconds"),
        ({"do": "die"}, "the inspection worker died twice"),
        ({"do": "swallow"}, "memory limit"),
        ({"do": "raise"}, "ValueError"),  # the class and not the message, which quotes the mail
        ({"do": "nonsense"}, "the inspection worker died twice"),
    ],
    ids=str,
)
def test_what_breaks_a_worker_is_a_failure_and_the_next_message_is_served(
    facts: Mapping[str, Any], reason: str
) -> None:
    async def work(pool: InspectionPool) -> None:
        for _ in range(3):
            with pytest.raises(InspectionFailedError) as caught:
                await pool.examine(SMALL, facts)
            assert (caught.value.reason, caught.value.blame) == (reason, True)
            assert (await pool.examine(SMALL, {}))["size"] == SMALL.size

    run(settings(deadline=1.0) if facts["do"] == "sleep" else settings(), work)


def test_a_worker_in_a_loop_is_ended_by_its_cpu_limit() -> None:
    async def work(pool: InspectionPool) -> None:
        with pytest.raises(InspectionFailedError, match="died twice"):
            await pool.examine(SMALL, {"do": "spin"})

    run(settings(confinement=Confinement(cpu_seconds=1)), work)


def test_a_message_whose_worker_was_killed_is_tried_again() -> None:
    async def work(pool: InspectionPool) -> None:
        pid = (await pool.examine(SMALL, {}))["pid"]
        task = asyncio.ensure_future(pool.examine(SMALL, {"do": "sleep", "seconds": 0.2}))
        await asyncio.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
        assert (await task)["pid"] != pid
        assert pool.replaced == 1

    run(settings(), work)


@pytest.mark.parametrize(("how", "reason"), [("die", "parser stopped"), ("sleep", "limit reached")])
def test_what_a_reader_broke_on_is_a_gap_and_the_rest_is_judged(how: str, reason: str) -> None:
    async def work(pool: InspectionPool) -> None:
        answer = await pool.examine(SMALL, {"do": "read", "how": how})
        assert answer == {"coverage": [reason]}

    run(settings(deadline=2.0) if how == "sleep" else settings(), work)


def test_workers_write_in_their_own_folder_alone_and_nothing_stays() -> None:
    async def work(pool: InspectionPool) -> None:
        folder = Path((await pool.examine(SMALL, {"do": "write a file"}))["folder"])
        assert (folder / "file").read_bytes() == b"x"
        folders.append(folder)
        with pytest.raises(InspectionFailedError, match="PermissionError"):
            await pool.examine(SMALL, {"do": "write elsewhere", "where": str(folder.parent.parent)})
        with pytest.raises(InspectionFailedError, match="PermissionError"):
            await pool.examine(SMALL, {"do": "connect"})

    folders: list[Path] = []
    run(settings(), work)
    assert not folders[0].exists()


def test_idle_workers_that_are_killed_are_replaced_without_a_failure() -> None:
    async def work(pool: InspectionPool) -> None:
        pids = {(await pool.examine(SMALL, {}))["pid"] for _ in range(4)}
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.05)
        assert (await pool.examine(SMALL, {}))["pid"] not in pids

    run(settings(), work)


def test_small_messages_pass_large_ones() -> None:
    async def work(pool: InspectionPool) -> None:
        slow = {"do": "sleep", "seconds": 30}
        large = [asyncio.ensure_future(pool.examine(LARGE, slow)) for _ in range(3)]
        await asyncio.sleep(0)
        for _ in range(5):
            assert (await pool.examine(SMALL, {}))["size"] == SMALL.size
        assert not any(task.done() for task in large)
        assert (pool.working, pool.waiting) == (1, 2)
        for task in large:
            task.cancel()
        await asyncio.gather(*large, return_exceptions=True)
        # A cancelled inspection ends with its worker; the place is free at once.
        assert (await pool.examine(LARGE, {}))["size"] == LARGE.size

    run(settings(), work)


def test_too_many_waiting_are_turned_away() -> None:
    async def work(pool: InspectionPool) -> None:
        while pool.ready < 2:
            await asyncio.sleep(0.01)
        slow = {"do": "sleep", "seconds": 30}
        tasks = [asyncio.ensure_future(pool.examine(SMALL, slow)) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert pool.full
        with pytest.raises(PoolFullError):
            await pool.examine(SMALL, {})
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not pool.full

    run(settings(waiting=3), work)


def test_waiting_counts_towards_the_deadline() -> None:
    async def work(pool: InspectionPool) -> None:
        slow = {"do": "sleep", "seconds": 30}
        outcomes = await asyncio.gather(
            *(pool.examine(SMALL, slow) for _ in range(6)), return_exceptions=True
        )
        assert all(isinstance(one, InspectionFailedError) for one in outcomes)

    run(settings(deadline=1.0), work)


def test_a_worker_cannot_change_what_is_sent() -> None:
    async def work(pool: InspectionPool) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"as inspected")
            file.flush()
            content = Content.from_descriptor(file.fileno())
            with pytest.raises(InspectionFailedError, match="OSError"):
                await pool.examine(content, {"do": "write"})
            assert content.open().read() == b"as inspected"

    run(settings(), work)


def test_workers_are_replaced_after_their_share() -> None:
    async def work(pool: InspectionPool) -> None:
        pids = {(await pool.examine(SMALL, {}))["pid"] for _ in range(12)}
        assert len(pids) >= 4

    run(settings(messages_per_worker=3), work)


def test_closing_fails_whoever_waits() -> None:
    async def work(pool: InspectionPool) -> None:
        slow = {"do": "sleep", "seconds": 30}
        tasks = [asyncio.ensure_future(pool.examine(SMALL, slow)) for _ in range(4)]
        await asyncio.sleep(0.1)
        await pool.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, InspectionFailedError) for one in outcomes), outcomes

    run(settings(), work)


def test_requests_wait_for_a_zygote_that_is_still_loading() -> None:
    told = settings()

    def slowly() -> Any:
        time.sleep(0.5)
        return act

    async def inside(requests: ZygoteRequests) -> None:
        pool = InspectionPool(requests, told)
        await pool.start()
        assert (await pool.examine(SMALL, {}))["size"] == SMALL.size
        await pool.close()

    with zygote(told, slowly) as requests:
        asyncio.run(inside(requests))


def test_without_a_zygote_the_start_fails_and_says_so() -> None:
    async def inside(requests: ZygoteRequests) -> None:
        pool = InspectionPool(requests, settings(start_seconds=0.2))
        with pytest.raises(InspectionFailedError) as caught:
            await pool.start()
        assert not caught.value.blame
        await pool.close()

    requests = ZygoteRequests()
    asyncio.run(inside(requests))
    requests.close()
