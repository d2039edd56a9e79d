"""The pool: what a worker that does not keep to the wire costs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from scanner.documents.isolation import Confinement
from scanner.documents.model import Shortfall
from scanner.inspection.model import Inspection
from scanner.shares.wire import encode
from scanner.shares.worker import Work
from scanner.shares.workers import Answer, Job, WorkerPool

from .plain_inspector import TEST_KEY, PlainInspector

LIES = {
    "bytes": b"\xff\xff\xff\xff this is no message",
    "shape": encode({"number": 1, "inspection": {"status": "splendid"}, "last": False}),
    "number": encode({"number": 99, "same_as": "", "last": False}),
    "hash": encode({"number": 1, "same_as": "never told", "last": False}),
    "twice": encode({"ready": True}) + encode({"ready": True}),
}


class Lying(PlainInspector):
    """A parser taken over by its file: it finds the worker's own line to the run and talks on it."""

    def inspect(self, file: BinaryIO, name: str, size: int, **_: Any) -> Inspection:
        lie = LIES.get(name)
        if lie is not None:
            for descriptor in range(3, 256):
                if descriptor != file.fileno():
                    try:
                        os.write(descriptor, lie)
                    except OSError:
                        continue
            time.sleep(60)
        return super().inspect(file, name, size)


def pool_of(count: int) -> WorkerPool:
    return WorkerPool(Work(Lying(), TEST_KEY, Confinement(), 60, 1_000), count)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with pool_of(1) as pool:
        yield pool


def all_answers(pool: WorkerPool) -> dict[int, Answer]:
    answers: dict[int, Answer] = {}
    while pool.busy:
        for answer in pool.answers(1):
            assert answer.number not in answers
            answers[answer.number] = answer
    return answers


@pytest.mark.parametrize("lie", LIES)
def test_a_worker_that_lies_is_replaced(tmp_path: Path, pool: WorkerPool, lie: str) -> None:
    (tmp_path / lie).write_text("x")
    (tmp_path / "honest").write_text("x")
    pool.submit(Job(1, os.fsencode(tmp_path / lie), known=("hash",)))
    pool.submit(Job(2, os.fsencode(tmp_path / "honest")))
    answers = all_answers(pool)
    lied, honest = answers[1].inspection, answers[2].inspection
    assert lied is not None
    assert (lied.coverage.gaps[0].reason, lied.coverage.gaps[0].detail) == (
        Shortfall.PARSER_STOPPED,
        "gave no sensible answer",
    )
    assert honest is not None
    assert honest.coverage.gaps == ()


def test_back_pressure(tmp_path: Path, pool: WorkerPool) -> None:
    (tmp_path / "a").write_text("x")
    submitted = 0
    while pool.wants:
        submitted += 1
        pool.submit(Job(submitted, os.fsencode(tmp_path / "a")))
    assert submitted == 2
    with pytest.raises(RuntimeError):
        pool.submit(Job(3, b"x"))
    assert set(all_answers(pool)) == {1, 2}
    assert pool.wants


def test_closing_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("!loop")
    before = children()
    pool = pool_of(3)
    pool.submit(Job(1, os.fsencode(tmp_path / "a")))
    assert len(children() - before) == 3
    pool.close()
    assert children() == before


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return {int(number) for number in listed.split()}
