"""``python -m tests.benchmarks.nights``: walking, deciding "unchanged", and the second night over a share.

Against ``find`` (names and attributes of every file) and plain ``os.scandir`` with stat, in one run on the
same generated share; read the ratios.  The first night is written into the file table directly, as if every
file had been read: what is measured is what a night costs in which nothing changed.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, func, select, update

from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.walk import Walk
from scanner.store import runs
from scanner.store.entry import RunRecord, RunState
from scanner.store.inventory import EvidenceRow
from scanner.store.inventory.evidence import heads_by_key, keep
from scanner.store.inventory.signatures import Traits
from scanner.store.inventory.tables import file, open_inventory
from scanner.store.runs import NewRun
from tests.shares.plain_inspector import TEST_KEY, PlainInspector

FILES_PER_FOLDER = 100


def make_share(root: Path, files: int) -> None:
    """So many empty files, a hundred to a folder: their size costs nothing to a walk."""
    for number in range(0, files, FILES_PER_FOLDER):
        folder = root / f"{number // (FILES_PER_FOLDER * 50)}" / f"{number}"
        folder.mkdir(parents=True, exist_ok=True)
        for at in range(number, min(files, number + FILES_PER_FOLDER)):
            (folder / f"letter {at}.docx").touch()


def with_find(root: Path) -> int:
    """What ``find`` counts when it has to ask for every file's attributes."""
    found = subprocess.run(
        ["find", str(root), "-type", "f", "-printf", "%s %T@ %i %p\n"], capture_output=True, check=True
    )
    return found.stdout.count(b"\n")


def with_scandir(root: Path) -> int:
    """Plain ``os.scandir`` with stat."""
    count, pending = 0, [str(root)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count


def with_our_walk(root: Path) -> int:
    """Our walk alone."""
    return sum(len(listing) for listing in Walk(root))


def night(engine: Engine, root: Path) -> RunRecord:
    """One scan."""
    stored = runs.start(engine, NewRun((os.fsencode(root),), "bench"))
    settings = ScanSettings(workers=WorkerSettings(count=1))
    return scan(Run(settings, PlainInspector(), TEST_KEY), engine, stored)


def read_all(engine: Engine, root: Path) -> None:
    """The first night: everything is met and queued; then entered as read, in one stroke."""
    stored = runs.start(engine, NewRun((os.fsencode(root),), "bench"))
    from scanner.shares.deciding import Decider
    from scanner.shares.exposure import Rights
    from scanner.shares.meeting import Meeting
    from scanner.store.inventory import NO_SIGNATURES, FileTable, persistently
    from scanner.store.runs import RootState
    from tests.store.test_ledger import inspection

    table = FileTable(stored.number, stored.signature_id)
    signatures = persistently(engine, runs.all_signatures, writes=False)
    decider = Decider(stored.number, False, NO_SIGNATURES, signatures, {}, Rights())
    meeting = Meeting(engine, table, decider, ScanSettings(), [RootState(os.fsencode(root))])
    while meeting.walking:
        meeting.turn(5_000, 1.0)
    with engine.begin() as connection:
        row = EvidenceRow.of(inspection(), 0, stored.signature_id)
        keep(connection, [row])
        number = heads_by_key(connection, [row.key])[row.key].evidence_id
        connection.execute(
            update(file).values(
                evidence_id=number,
                queued=0,
                traits=int(Traits.READ),
                read_run=stored.number,
                read_at=time.time(),
            )
        )
    runs.close(engine, stored.number, RunState.FINISHED)


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """Wall-clock and CPU seconds (children too), and what came out."""

    def cpu() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    began, spent = time.monotonic(), cpu()
    result = work()
    return time.monotonic() - began, cpu() - spent, result


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=1_000_000)
    options.add_argument("--database", default="", help="URL of an empty database [default: SQLite]")
    options.add_argument("--folder", type=Path, help="where to make the share [default: a temporary folder]")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nights", dir=given.folder))
    try:
        root = folder / "share"
        make_share(root, given.files)
        engine = open_inventory(given.database or f"sqlite:///{folder / 'dlp.db'}")
        with_find(root)  # warms the caches for all
        figures: dict[str, float] = {}
        works: dict[str, Callable[[], object]] = {
            "find -printf": lambda: with_find(root),
            "os.scandir with stat": lambda: with_scandir(root),
            "our walk": lambda: with_our_walk(root),
            "first night: met, decided, entered": lambda: read_all(engine, root),
            "second night, all unchanged": lambda: night(engine, root),
        }
        for name, work in works.items():
            wall, cpu, result = timed(work)
            figures[name] = cpu
            ratio = f"{cpu / figures['find -printf']:6.1f} x find"
            micro = cpu / given.files * 1e6
            print(f"{name:<38} {wall:7.1f} s {cpu:7.1f} s CPU {micro:7.1f} us/file {ratio}", flush=True)
            if isinstance(result, RunRecord):
                assert result.state is RunState.FINISHED
                print(f"{'':<38} {given.files / wall:,.0f} files/s", flush=True)
        with engine.connect() as connection:
            rows = connection.execute(select(func.count()).select_from(file)).scalar_one()
        assert rows == given.files, "an unchanged share wrote rows"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        size = sum(path.stat().st_size for path in folder.glob("dlp.db*")) / 1e6
        print(f"memory at its highest {peak:,.0f} MB; database {size:,.0f} MB for {rows:,} files")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
