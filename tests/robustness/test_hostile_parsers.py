"""Parsers that spin, swallow memory, abort, call home or leave things behind, in real workers.

What they yielded before must be found, what they left must be gone, and nothing may be called clean.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from scanner.documents import registry
from scanner.documents.isolation import Confinement
from scanner.documents.model import Shortfall, Status
from scanner.inspection import InspectionSettings, Inspector
from scanner.inspection.model import Inspection
from scanner.shares.worker import Work
from scanner.shares.workers import Job, WorkerPool

KEY = bytes(32)
SPECIMEN = "JG121316A"
PROSE = "The clerk saw the form and filed it."


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector.build(InspectionSettings(key=KEY))


@pytest.fixture(autouse=True)
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    parsers = {**registry.PARSERS, "text": "tests.robustness.hostile_parser:HostileParser"}
    monkeypatch.setattr(registry, "PARSERS", parsers)
    registry.parser_for.cache_clear()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("DLP_TEST_RUN", str(os.getpid()))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    registry.parser_for.cache_clear()


def inspected(
    inspector: Inspector, paths: Sequence[Path], *, seconds: float = 60.0, cpu_seconds: int = 1
) -> list[Inspection]:
    """Read files with one worker; their inspections in the order of the files."""
    confinement = Confinement(memory_bytes=1_500_000_000, cpu_seconds=cpu_seconds)
    found: dict[int, Inspection] = {}
    waiting = [Job(number, os.fsencode(path), path.stat().st_size) for number, path in enumerate(paths)]
    with WorkerPool(Work(inspector, KEY, confinement, seconds, 1_000), 1) as pool:
        while waiting or pool.busy:
            while waiting and pool.wants:
                pool.submit(waiting.pop(0))
            for answer in pool.answers(1):
                assert answer.inspection is not None
                found[answer.number] = answer.inspection
    return [found[number] for number in range(len(paths))]


@pytest.mark.parametrize(
    ("deed", "reason", "detail"),
    [
        ("spin", Shortfall.LIMIT, "CPU time for one file"),
        ("swallow-the-interruption", Shortfall.LIMIT, "CPU time for one file"),
        ("swallow-each-interruption", Shortfall.PARSER_STOPPED, "CPU limit"),
        ("swallow-the-interruption-and-end", Shortfall.LIMIT, "CPU time for one file"),
        ("spin-in-a-library", Shortfall.PARSER_STOPPED, "CPU limit"),
        ("swallow", Shortfall.PARSER_STOPPED, "MemoryError"),
        ("abort", Shortfall.PARSER_STOPPED, "signal SIGABRT"),
        ("exit", Shortfall.PARSER_STOPPED, "exit code 7"),
        ("leave-files", Shortfall.PARSER_STOPPED, "signal SIGABRT"),
        ("connect", Shortfall.DAMAGED, "PermissionError"),
        ("listen", Shortfall.DAMAGED, "PermissionError"),
        ("write-elsewhere", Shortfall.DAMAGED, "PermissionError"),
        ("kill-the-run", Shortfall.DAMAGED, "PermissionError"),
    ],
)
def test_what_was_read_before_is_kept(
    inspector: Inspector, tmp_path: Path, deed: str, reason: Shortfall, detail: str
) -> None:
    poison, good = tmp_path / "poison.txt", tmp_path / "good.txt"
    poison.write_text(f"Her NI number is {SPECIMEN}.\n!{deed}\nNever read: {SPECIMEN}\n")
    good.write_text(f"{PROSE}\n")
    broken, whole = inspected(inspector, [poison, good])
    assert broken.coverage.status is Status.PARTIAL
    assert broken.coverage.kind == "text"
    assert broken.counts == {"UK_NINO": 1}
    gap = broken.coverage.gaps[0]
    assert gap.reason is reason
    assert detail in gap.detail
    assert (whole.coverage.status, whole.counts) == (Status.INSPECTED, {})
    assert list((tmp_path / "tmp").iterdir()) == []


def test_time_that_passes_without_work_ends_the_reading(inspector: Inspector, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"Her NI number is {SPECIMEN}.\n!rest\n")
    (broken,) = inspected(inspector, [tmp_path / "a.txt"], seconds=2)
    assert (broken.coverage.status, broken.counts) == (Status.PARTIAL, {"UK_NINO": 1})
    gap = broken.coverage.gaps[0]
    assert (gap.reason, gap.detail) == (Shortfall.LIMIT, "time for one file")


def test_nothing_read_before_is_not_inspected(inspector: Inspector, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("!abort\n")
    (broken,) = inspected(inspector, [tmp_path / "a.txt"])
    assert broken.coverage.gaps[0].reason is Shortfall.PARSER_STOPPED
    assert broken.coverage.status is not Status.INSPECTED


def test_long_documents_are_told_of_while_they_are_read(
    inspector: Inspector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is killed from outside (no memory on the machine) does not take everything with it."""
    monkeypatch.setattr("scanner.shares.worker.SECONDS_BETWEEN_PARTS", 0.0)
    path = tmp_path / "long.txt"
    line = f"{PROSE * 20}\n"
    path.write_text(f"Her NI number is {SPECIMEN}.\n" + line * 3_500 + "!rest\n")
    with WorkerPool(Work(inspector, KEY, Confinement(), 120, 1_000), 1) as pool:
        pool.submit(Job(1, os.fsencode(path), alone=True))  # it has died once
        (worker,) = pool._workers
        while worker.so_far is None:
            assert pool.answers(0.1) == []
        os.kill(worker.pid, signal.SIGKILL)
        while not (answers := pool.answers(1)):
            continue
    inspection = answers[0].inspection
    assert inspection is not None
    assert (inspection.coverage.status, inspection.counts) == (Status.PARTIAL, {"UK_NINO": 1})
    assert inspection.coverage.gaps[0].detail == "its worker ended twice: killed (memory, or by the run)"


def test_what_a_killed_run_left_is_removed_by_the_next(inspector: Inspector, tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from scanner.shares.temporary import PrivateFolders\n"
        "folders = PrivateFolders()\n"
        "(folders.new() / 'left').write_text('x')\n"
        "print('made', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"made\n"
        inspected(inspector, [])
        assert len(list((tmp_path / "tmp").iterdir())) == 1, "a run that lives keeps its folder"
        process.kill()
    inspected(inspector, [])
    assert list((tmp_path / "tmp").iterdir()) == []
