"""``python -m tests.soak.distributed``: three workers and a coordinator, killed at random, as if undisturbed.

Each worker and the coordinator is a process group of its own on one PostgreSQL, as on machines of their own.
In turn a whole worker is killed, one of the processes that read for it, the coordinator, or every connection
to the database.  What had been entered must still be there and must not be read again; at the end the ledger
must say exactly what an undisturbed scan on one machine says.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from scanner.shares.distributed.batches import fingerprint, set_up
from scanner.shares.distributed.coordinating import coordinate
from scanner.shares.distributed.settings import DistributedSettings
from scanner.shares.distributed.working import WorkerTask, work
from scanner.shares.scan import Observer
from scanner.shares.settings import ScanSettings
from scanner.store import runs
from scanner.store.entry import RunState
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun
from tests.postgres import running_server
from tests.shares.plain_inspector import TEST_KEY
from tests.soak.scan import (
    PROJECT,
    SlowInspector,
    _children,
    _cut_connection,
    _wait_for_reading,
    change_share,
    entered,
    make_share,
    read_share,
    said,
)

VICTIMS = ("a worker", "a reader", "the coordinator", "the database")
MARK = fingerprint(("soak",), TEST_KEY)
SETTINGS = DistributedSettings(batch_files=40, batches_per_server=4, lease_seconds=1.5)


def coordinate_share(engine: Engine, share: Path) -> None:
    """Go on with the unfinished scan of ``share``, or begin one; until its end."""
    set_up(engine)
    try:
        stored = runs.resume(engine, "")
    except runs.RunError:
        stored = runs.start(engine, NewRun((os.fsencode(share),), "soak"))
    coordinate(engine, stored, ScanSettings(), SETTINGS, MARK, Observer())


def serve(engine: Engine, seconds: float, concurrency: int = 2) -> None:
    """A worker, until SIGTERM."""
    stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stop.append(number))
    set_up(engine)
    inspector = SlowInspector(seconds=seconds)
    work(
        engine,
        WorkerTask(ScanSettings(), SETTINGS, inspector, TEST_KEY, MARK, concurrency, stop=lambda: bool(stop)),
    )


def _child(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.soak.distributed", "--child", *arguments]
    return subprocess.Popen(command, cwd=PROJECT, start_new_session=True)


@dataclass
class Machines:
    """The processes of one soak; what is dead is begun again."""

    url: str
    share: Path
    seconds: float
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    coordinator: subprocess.Popen[bytes] | None = None

    def keep_up(self, count: int) -> None:
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < count:
            self.workers.append(_child("worker", self.url, str(self.seconds)))

    def begin(self) -> subprocess.Popen[bytes]:
        self.coordinator = _child("coordinator", self.url, str(self.share))
        return self.coordinator

    def kill(self, victim: str, dice: random.Random) -> None:
        with contextlib.suppress(ProcessLookupError):
            if victim == "a worker":
                os.killpg(dice.choice(self.workers).pid, signal.SIGKILL)
            elif victim == "a reader":
                readers = _children(dice.choice(self.workers).pid)
                if readers:
                    os.kill(dice.choice(readers), signal.SIGKILL)
            elif victim == "the coordinator" and self.coordinator is not None:
                os.killpg(self.coordinator.pid, signal.SIGKILL)
            else:
                _cut_connection(self.url)

    def end(self) -> list[int]:
        """Ask the workers to end; their exit codes."""
        for one in self.workers:
            one.send_signal(signal.SIGTERM)
        codes = [one.wait(60) for one in self.workers]
        if self.coordinator is not None and self.coordinator.poll() is None:
            os.killpg(self.coordinator.pid, signal.SIGKILL)
        return codes

    def kill_all(self) -> None:
        for one in (*self.workers, *filter(None, [self.coordinator])):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()


def soak(
    url: str,
    folder: Path,
    *,
    files: int,
    kills: int,
    workers: int = 3,
    seed: int = 1,
    seconds: float = 0.02,
    tell: Callable[[str], None] = lambda _: None,
) -> Counter[str]:
    """Run it; raises ``AssertionError`` where anything was lost, doubled, or read twice."""
    dice = random.Random(seed)
    share = folder / "share"
    share.mkdir()
    make_share(share, files, dice)
    engine = open_inventory(url)
    set_up(engine)
    machines = Machines(url, share, seconds)
    done: Counter[str] = Counter()
    try:
        name, read = "", dict[int, float]()
        while sum(done[victim] for victim in VICTIMS) < kills or not done["nights"]:
            machines.keep_up(workers)
            coordinator = machines.begin()
            _wait_for_reading(engine, coordinator)
            while coordinator.poll() is None:
                time.sleep(dice.uniform(0.2, 1.5))
                machines.keep_up(workers)
                if sum(done[victim] for victim in VICTIMS) >= kills or coordinator.poll() is not None:
                    continue
                victim = VICTIMS[done.total() % len(VICTIMS)]
                machines.kill(victim, dice)
                done[victim] += 1
                tell(f"{done.total():4} {victim}")
            now = runs.find(engine)
            if now.name != name:
                name, read = now.name, {}
            then, read = read, entered(engine)
            assert then.items() <= read.items(), "what was entered is lost, or was read again"
            if now.state is RunState.FINISHED:
                done["nights"] += 1
                Ledger(engine, now.number).check()
                change_share(share, dice)
            else:
                assert coordinator.returncode < 0, f"the coordinator ended with {coordinator.returncode}"
        # Twice: what changed in the last moments before it was read is looked at once more.
        for _ in range(2):
            machines.keep_up(workers)
            assert machines.begin().wait() == 0
        assert machines.end() == [0] * workers
    finally:
        machines.kill_all()
    ours = Ledger(engine, runs.find(engine).number)
    ours.check()
    undisturbed = open_inventory(f"sqlite:///{folder / 'undisturbed.db'}")
    read_share(undisturbed, share, 0.0)
    assert said(ours) == said(Ledger(undisturbed, runs.find(undisturbed).number))
    done["objects"] = ours.totals().enumerated
    return done


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=8_000)
    options.add_argument("--kills", type=int, default=60)
    options.add_argument("--workers", type=int, default=3)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        what, url, argument = given.child
        if what == "worker":
            serve(open_inventory(url), float(argument))
        else:
            coordinate_share(open_inventory(url), Path(argument))
        return
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    try:
        started = time.monotonic()
        with running_server() as server:
            server.administer("CREATE DATABASE soak")
            done = soak(
                server.url("soak"),
                folder,
                files=given.files,
                kills=given.kills,
                workers=given.workers,
                seed=given.seed,
                tell=lambda line: print(line, flush=True),
            )
        killed = ", ".join(f"{done[victim]} x {victim}" for victim in VICTIMS)
        print(
            f"killed {killed}; {done['nights']} nights ended; {done['objects']:,} objects, ledger equal to "
            f"an undisturbed scan on one machine; {time.monotonic() - started:.0f} s",
            flush=True,
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
