"""What may fall silent is asked apart: nobody waits for long, and when the answer comes it is there again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from scanner.documents.model import Shortfall
from scanner.shares import mounts
from scanner.shares import scan as scan_module
from scanner.shares.mounts import Mounts
from scanner.shares.scan import Observer, Progress, Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources import LOCAL, SilentError, Sources
from scanner.shares.sources import apart as module
from scanner.shares.sources.apart import ApartSource, real_folder, real_path
from scanner.shares.sources.source import LocalSource
from scanner.store import runs
from scanner.store.entry import RunRecord, RunState
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun

from ..plain_inspector import TEST_KEY
from ..test_nights import LONG_AGO, SPECIMEN, Log, Noting
from .hanging import Hanging, hanging_mount


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
    with hanging_mount(tmp_path) as mounted:
        yield mounted


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def silent(seconds: float) -> ScanSettings:
    return ScanSettings(workers=WorkerSettings(count=2), silent_seconds=seconds)


# --- one root asked apart ----------------------------------------------------------------------------------


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[ApartSource]:
    source = ApartSource(os.fsencode(tmp_path), LocalSource(), 4.0)
    yield source
    source.close()


def test_it_answers_what_the_system_does(apart: ApartSource, tmp_path: Path) -> None:
    write(tmp_path / "a" / "one.txt", "one")
    path = os.fsencode(tmp_path / "a" / "one.txt")
    root = os.fsencode(tmp_path)
    about, system = os.lstat(path), Mounts().at(path)
    assert apart.lstat(path) == about
    assert apart.lstat(path).st_mtime_ns == LONG_AGO
    assert apart.handle(root) == LOCAL.handle(root)
    assert apart.identity(root) == LOCAL.identity(root)
    assert apart.access(path, about, system) == LOCAL.access(path, about, system)
    assert apart.passage(root, os.lstat(root), system) == LOCAL.passage(root, os.lstat(root), system)
    with pytest.raises(FileNotFoundError):
        apart.lstat(path + b"x")
    assert not apart.silent()


@pytest.mark.parametrize("deep", [True, False])
def test_a_walk_apart_is_the_same_walk(apart: ApartSource, tmp_path: Path, deep: bool) -> None:
    for number in range(1_200):
        write(tmp_path / "many" / f"{number % 7}" / f"{number}.txt", "x")
    (tmp_path / "link").symlink_to("many")
    root = os.fsencode(tmp_path)
    there, here = apart.walk(root, deep=deep), LOCAL.walk(root, deep=deep)

    def met(walk: object) -> list[tuple[bytes, list[bytes], list[bytes]]]:
        return [
            (listing.folder, [name for name, _ in listing.files], [item.name for item in listing.unopened])
            for listing in walk  # type: ignore[attr-defined]
            if listing is not None
        ]

    assert met(there) == met(here)
    assert there.directories == here.directories == (9 if deep else 1)


def test_a_second_walk_takes_the_place_of_the_first(apart: ApartSource, tmp_path: Path) -> None:
    for number in range(1_500):
        write(tmp_path / f"{number % 5}" / f"{number}.txt", "x")
    first = iter(apart.walk(os.fsencode(tmp_path)))
    while next(first) is None:
        pass
    second = apart.walk(os.fsencode(tmp_path), os.fsencode(tmp_path / "3"))
    names = [name for listing in second if listing is not None for name, _ in listing.files]
    assert len(names) == 300


def test_a_process_that_dies_is_an_error_and_another_one_takes_over(
    apart: ApartSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = os.fsencode(tmp_path)
    apart.lstat(root)
    os.kill(apart._questions._pid, signal.SIGKILL)
    with pytest.raises(OSError, match="process that asks has ended"):  # not one after the other
        apart.lstat(root)
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_STARTS", 0.0)
    assert apart.lstat(root).st_ino == os.lstat(root).st_ino


# --- a mount that hangs ------------------------------------------------------------------------------------


def test_local_disks_are_asked_directly_and_mounts_apart(mount: Hanging, tmp_path: Path) -> None:
    sources = Sources()
    (tmp_path / "plain").mkdir()
    kinds = {
        name: type(sources.of(os.fsencode(tmp_path / name))).__name__ for name in ("plain", "point", ".")
    }
    sources.close()
    assert kinds["plain"] == "LocalSource"
    assert kinds["point"] == "ApartSource"
    assert type(sources.of(os.fsencode(tmp_path))).__name__ == "ApartSource"  # it holds the mount
    sources.close()


def test_nobody_waits_longer_than_the_patience_and_the_answer_is_heard_after_all(mount: Hanging) -> None:
    write(mount.behind / "one.txt", "one")
    root = os.fsencode(mount.point)
    source = ApartSource(root, LocalSource(), 2.0)
    handle = source.handle(root)
    mount.hang()
    began = time.monotonic()
    with pytest.raises(SilentError):
        source.lstat(root + b"/one.txt")
    for _ in range(50):  # once it is known nobody waits
        with pytest.raises(SilentError):
            source.handle(root)
    assert 0.9 < time.monotonic() - began < 30
    assert source.silent()
    mount.go_on()
    until = time.monotonic() + 30
    while source.silent() and time.monotonic() < until:
        time.sleep(0.05)
    found = None
    while found is None and time.monotonic() < until:
        try:
            found = source.handle(root)
        except OSError:
            time.sleep(0.05)
    assert found == handle
    assert source.lstat(root + b"/one.txt").st_size == 3
    source.close()


def test_a_path_behind_a_mount_that_hangs(mount: Hanging) -> None:
    assert real_folder(mount.point, 10) == mount.point
    assert real_path(mount.point / "nothing", 10) is None
    mount.hang()
    with pytest.raises(SilentError):
        real_folder(mount.point / "below", 0.5)
    mount.go_on()


def night(engine: Engine, roots: list[Path], observer: Observer | None = None) -> tuple[RunRecord, list[str]]:
    log = Log()
    stored = runs.start(engine, NewRun(tuple(map(os.fsencode, roots)), "test"))
    record = scan(Run(silent(2.0), Noting(log=log), TEST_KEY), engine, stored, observer)
    return record, log.names()


def test_a_mount_that_hangs_from_the_start_is_lost_and_the_others_are_scanned(
    mount: Hanging, tmp_path: Path
) -> None:
    engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
    write(mount.behind / "one.txt", f"one {SPECIMEN}")
    write(tmp_path / "local" / "two.txt", "two")
    roots = [mount.point, tmp_path / "local"]
    assert night(engine, roots)[1] == ["one.txt", "two.txt"]
    write(tmp_path / "local" / "three.txt", "three")
    mount.hang()

    record, read = night(engine, roots)

    assert (record.state, read) == (RunState.FAILED, ["three.txt"])
    assert record.errors == (f"{mount.point} does not answer; nothing of it is taken for deleted",)
    mount.go_on()
    record, read = night(engine, roots)
    assert (record.state, record.errors, read) == (RunState.FINISHED, (), [])
    entries = {e.path: e for e in Ledger(engine, runs.find(engine).number).entries()}
    assert entries[str(mount.point / "one.txt")].counts == {"UK_NINO": 1}


def test_a_mount_that_hangs_while_it_is_read_is_lost_and_the_others_are_scanned(
    mount: Hanging, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "_LONG", 1.0)
    engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
    for number in range(200):
        write(mount.behind / f"{number % 9}" / f"{number}.txt", f"text {number}")
        write(tmp_path / "local" / f"l{number}.txt", f"text l{number}")
    roots = [mount.point, tmp_path / "local"]

    def hang(progress: Progress) -> None:
        if progress.objects_ended > 5:
            mount.hang()

    record, read = night(engine, roots, Observer(hang))

    assert record.state is RunState.FAILED
    assert len(record.errors) == 1
    assert "does not answer" in record.errors[0]
    assert sum(name.startswith("l") for name in read) == 200
    mount.go_on()
    record, _ = night(engine, roots)
    assert (record.state, record.errors) == (RunState.FINISHED, ())
    entries = list(Ledger(engine, runs.find(engine).number).entries())
    assert len(entries) == 400
    assert not any(gap.reason is not Shortfall.EMPTY for entry in entries for gap in entry.gaps)
