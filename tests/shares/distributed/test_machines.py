"""Coordinator and workers on one real PostgreSQL: poison, budgets, missing mounts, other rules, pauses."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

import pytest
from sqlalchemy import Engine, func, select, text

from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.shares.distributed import batches
from scanner.shares.distributed.batches import Batch, NotDistributedError, fingerprint, set_up
from scanner.shares.distributed.coordinating import coordinate
from scanner.shares.distributed.owed import enter_once, next_files, run_at_work
from scanner.shares.distributed.settings import DistributedSettings
from scanner.shares.distributed.working import WorkerTask, work
from scanner.shares.scan import Observer, Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.store import runs
from scanner.store.entry import RunRecord, RunState
from scanner.store.inventory import EvidenceRow, persistently
from scanner.store.inventory.files import Ended
from scanner.store.inventory.tables import evidence, file, open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun
from tests.shares.plain_inspector import TEST_KEY, PlainInspector
from tests.soak.distributed import VICTIMS, soak
from tests.soak.scan import said

MARK = fingerprint(("test",), TEST_KEY)
LONG_AGO = 1_600_000_000
SETTINGS = DistributedSettings(batch_files=12, batches_per_server=2, lease_seconds=1.0)


@dataclass
class Breaking(PlainInspector):
    """Says when it reads what takes a machine with it, counts who reads at once, and may take its time."""

    seconds: float = 0.0
    at_once: Any = None
    most: Any = None
    at_poison: Any = None

    def inspect(self, file: BinaryIO, name: str, size: int, **options: Any) -> Inspection:
        if self.at_once is not None:
            with self.at_once.get_lock():
                self.at_once.value += 1
                self.most.value = max(self.most.value, self.at_once.value)
        time.sleep(self.seconds)
        if self.at_once is not None:
            with self.at_once.get_lock():
                self.at_once.value -= 1
        if file.read(8) == b"!machine":
            self.at_poison.value = 1
            time.sleep(60)
        file.seek(0)
        return super().inspect(file, name, size, **options)


@dataclass
class Site:
    """A share, its database, and machines that are begun again when they die."""

    url: str
    share: Path
    engine: Engine
    settings: DistributedSettings = SETTINGS
    inspector: PlainInspector = field(default_factory=Breaking)
    machines: list[Any] = field(default_factory=list)
    deaths: int = 0

    def make(self, count: int) -> None:
        for number in range(count):
            path = self.share / f"{number % 3}" / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{number} QQ{number:06}C")
            os.utime(path, (LONG_AGO, LONG_AGO))

    def task(self, **changes: Any) -> WorkerTask:
        made = WorkerTask(ScanSettings(), self.settings, self.inspector, TEST_KEY, MARK, 2)
        return replace(made, **changes)

    def begin_machine(self, **changes: Any) -> None:
        machine = multiprocessing.get_context("fork").Process(
            target=_machine, args=(self.url, self.task(**changes)), daemon=False
        )
        machine.start()
        self.machines.append(machine)

    def keep_up(self) -> None:
        """Kill whoever reads poison, as the kernel does when memory runs out, and begin anew what is dead."""
        poison = getattr(self.inspector, "at_poison", None)
        if poison is not None and poison.value:
            poison.value = 0
            for machine in self.machines:
                os.killpg(machine.pid, signal.SIGKILL)
                machine.join()
        for machine in list(self.machines):
            if not machine.is_alive():
                self.machines.remove(machine)
                self.deaths += 1
                self.begin_machine()

    def coordinate(self, observer: Observer | None = None, **options: Any) -> RunRecord:
        new = NewRun((os.fsencode(self.share),), "test")
        return coordinate(
            self.engine,
            runs.start(self.engine, new),
            ScanSettings(),
            self.settings,
            MARK,
            observer,
            **options,
        )

    def ledger(self) -> Ledger:
        return Ledger(self.engine, runs.find(self.engine).number)


def _machine(url: str, task: WorkerTask) -> None:
    os.setsid()
    work(open_inventory(url), task)


@pytest.fixture
def site(postgres_url: str, tmp_path: Path) -> Iterator[Site]:
    share = tmp_path / "share"
    share.mkdir()
    engine = open_inventory(postgres_url)
    set_up(engine)
    made = Site(postgres_url, share, engine)
    yield made
    for machine in made.machines:
        if machine.is_alive():
            os.killpg(machine.pid, signal.SIGKILL)
        machine.join()
    engine.dispose()


def undisturbed(site: Site, tmp_path: Path) -> Ledger:
    engine = open_inventory(f"sqlite:///{tmp_path / 'one.db'}")
    stored = runs.start(engine, NewRun((os.fsencode(site.share),), "test"))
    scan(Run(ScanSettings(workers=WorkerSettings(count=1)), PlainInspector(), TEST_KEY), engine, stored)
    return Ledger(engine, stored.number)


def test_three_machines_say_what_one_says(site: Site, tmp_path: Path) -> None:
    site.make(100)
    for _ in range(3):
        site.begin_machine()
    record = site.coordinate()
    assert record.state is RunState.FINISHED
    assert said(site.ledger()) == said(undisturbed(site, tmp_path))
    with site.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() == 0


def test_a_file_that_takes_machines_with_it_is_found_and_reported(site: Site) -> None:
    site.make(30)
    poison = site.share / "0" / "poison.txt"
    poison.write_text("!machine")
    site.inspector = Breaking(at_poison=multiprocessing.Value("i", 0))
    site.begin_machine()
    told: list[str] = []
    observer = Observer(progress=lambda _: site.keep_up())
    record = site.coordinate(observer, told=told.append)
    entries = {entry.path: entry for entry in site.ledger().entries()}
    assert record.state is RunState.FINISHED
    blamed = entries.pop(str(poison))
    assert blamed.status is Status.NOT_INSPECTED
    assert blamed.shortfall is Shortfall.PARSER_STOPPED
    assert "was lost" in blamed.detail
    assert {entry.status for entry in entries.values()} == {Status.INSPECTED}
    assert len(entries) == 30
    assert 3 <= site.deaths <= 9
    assert not any("poison" in line for line in told)


def test_no_more_than_its_budget_is_read_of_a_server_at_a_time(site: Site) -> None:
    site.make(60)
    site.settings = replace(site.settings, batch_files=3)
    at_once, most = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    site.inspector = Breaking(seconds=0.02, at_once=at_once, most=most)
    for _ in range(3):
        site.begin_machine(concurrency=3)
    site.coordinate()
    assert most.value == site.settings.batches_per_server


def test_a_machine_without_the_mount_leaves_it_to_others(site: Site, tmp_path: Path) -> None:
    site.make(20)
    told: list[str] = []

    def once_known(_: Any) -> None:
        # What the run came to is another folder than what lies there now: as on a machine without the mount.
        if not told:
            told.append("moved")
            with site.engine.begin() as connection:
                connection.execute(text("UPDATE share_run_root SET identity = 'cifs //elsewhere / 1'"))
            work(site.engine, site.task(idle_seconds=1.5, told=told.append, concurrency=1))
            assert any("does not lie here" in line for line in told)
            with site.engine.begin() as connection:
                owed = connection.execute(select(func.count()).where(file.c.queued != 0)).scalar_one()
                assert owed == 20  # nothing was taken for vanished
                connection.execute(
                    text("UPDATE share_run_root SET identity = :there"), {"there": _identity(site.share)}
                )
            site.begin_machine()

    assert site.coordinate(Observer(progress=once_known)).state is RunState.FINISHED
    assert site.ledger().totals().by_status[Status.INSPECTED].objects == 20


def _identity(path: Path) -> str:
    from scanner.shares.mounts import identity

    return identity(os.fsencode(path))


def test_a_worker_of_other_rules_never_sees_a_batch(site: Site) -> None:
    site.make(10)
    looks: list[int] = []

    def look(_: Any) -> None:
        looks.append(1)
        if len(looks) == 1:
            other = site.task(mark=fingerprint(("other rules",), TEST_KEY), idle_seconds=1.0)
            assert work(site.engine, other).batches == 0
            elsewhere = site.task(servers="fs9*", idle_seconds=1.0)
            assert work(site.engine, elsewhere).batches == 0
            site.begin_machine(servers="loc*")

    assert site.coordinate(Observer(progress=look)).state is RunState.FINISHED


def test_a_stopped_run_lets_go_and_its_resumption_reads_only_the_rest(site: Site) -> None:
    site.make(120)
    site.inspector = Breaking(seconds=0.03)
    site.begin_machine()

    def some_read() -> bool:
        with site.engine.connect() as connection:
            return bool(
                connection.execute(select(func.count()).where(file.c.read_run != 0)).scalar_one() >= 12
            )

    record = site.coordinate(Observer(stop=some_read))
    assert record.state is RunState.INTERRUPTED
    with site.engine.connect() as connection:
        there = batches.outstanding(connection, 1)
        query = select(file.c.id, file.c.read_at).where(file.c.read_run != 0)
        before = {row.id: row.read_at for row in connection.execute(query)}
    assert (there.waiting, there.reading) == (0, 0)
    assert 12 <= len(before) < 120
    resumed = runs.resume(site.engine, "")
    assert coordinate(site.engine, resumed, ScanSettings(), site.settings, MARK).state is RunState.FINISHED
    with site.engine.connect() as connection:
        after = {row.id: row.read_at for row in connection.execute(query)}
    assert len(after) == 120
    assert before.items() <= after.items()


def test_whoever_enters_a_file_first_is_believed(site: Site) -> None:
    site.make(1)
    site.begin_machine()
    site.coordinate()
    number = runs.find(site.engine).number
    with site.engine.connect() as connection:
        at_work = run_at_work(connection, number)
        file_id, before = connection.execute(select(file.c.id, file.c.evidence_id)).one()
    assert at_work is not None
    late = EvidenceRow.unopened(Shortfall.IO_ERROR, "too late")
    enter: Callable[[Any], int] = lambda c: enter_once(c, at_work, [Ended(file_id, late.key, 1.0)], [late])  # noqa: E731
    assert persistently(site.engine, enter) == 0
    # Not even while the run goes on: the file is not owed any more.
    persistently(site.engine, lambda c: runs.beat(c, number, RunState.RUNNING))
    assert persistently(site.engine, enter) == 0
    with site.engine.connect() as connection:
        assert connection.execute(select(file.c.evidence_id)).scalar_one() == before
        assert connection.execute(select(func.count()).select_from(evidence)).scalar_one() == 1


def test_files_in_batches_are_not_offered_twice(site: Site) -> None:
    site.make(5)
    stored = runs.start(site.engine, NewRun((os.fsencode(site.share),), "test"))
    seen: list[list[int]] = []

    def look(_: Any) -> None:
        with site.engine.begin() as connection:
            rest = [number for number, _, _ in next_files(connection, stored.number, [], 10)]
            seen.append(rest)
            batches.offer(connection, "other", [Batch(stored.number, "s", tuple(rest[:2]))] if rest else [])

    stop = lambda: len(seen) > 4  # noqa: E731
    settings = replace(site.settings, batch_files=1, batches_per_server=1)
    coordinate(site.engine, stored, ScanSettings(), settings, MARK, Observer(look, stop))
    offered = [number for rest in seen for number in rest[:2]]
    assert len(offered) == len(set(offered))


def test_a_lost_share_fails_the_run_and_takes_nothing_for_deleted(site: Site, tmp_path: Path) -> None:
    site.make(40)
    site.inspector = Breaking(seconds=0.05)
    site.begin_machine()
    thread = Thread(target=lambda: (time.sleep(1.0), site.share.rename(tmp_path / "gone")))
    thread.start()
    record = site.coordinate()
    thread.join()
    assert record.state is RunState.FAILED
    with site.engine.connect() as connection:
        gone = select(func.count()).where(file.c.evidence_id.is_not(None), file.c.severity == 0)
        assert connection.execute(gone).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(file)).scalar_one() == 40
    shutil.rmtree(tmp_path / "gone")


def test_sqlite_cannot_carry_it(tmp_path: Path) -> None:
    with pytest.raises(NotDistributedError, match="PostgreSQL"):
        set_up(open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}"))


def test_the_queue_of_another_program_is_left_alone(postgres_url: str) -> None:
    engine = open_inventory(postgres_url)
    set_up(engine)
    set_up(engine)  # a second time nothing happens
    with engine.begin() as connection:
        connection.execute(text("COMMENT ON TABLE procrastinate_jobs IS NULL"))
    with pytest.raises(NotDistributedError, match="another program"):
        set_up(engine)


def test_killed_and_killed_again_nothing_is_lost_or_doubled(postgres_url: str, tmp_path: Path) -> None:
    done = soak(postgres_url, tmp_path, files=300, kills=4, seconds=0.03)
    assert sum(done[victim] for victim in VICTIMS) >= 4
    assert done["objects"] > 250
