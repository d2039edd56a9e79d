"""``python -m tests.soak.scan``: scans of a generated share, killed at random, end as if undisturbed.

In turn the whole scan is killed, its first process, one of its workers, or its connection to the database
(on SQLite: somebody else locks the file).  When a scan comes to its end all the same, the share changes and
the next night begins; and while a killed scan is dead, every other time, people go on working: files and
folders are edited, deleted, moved, given back their old times, opened to everyone and closed.  After every
kill, what had been entered must still be there, and must not be read again unless somebody touched it; at the
end the ledger must say exactly what an undisturbed scan of the share says.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from sqlalchemy import Engine, make_url, select

from scanner.inspection.model import Inspection
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.store import runs
from scanner.store.entry import RunState
from scanner.store.inventory.tables import file, folder, open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun
from tests.postgres import running_server
from tests.shares.plain_inspector import TEST_KEY, PlainInspector

PROJECT = Path(__file__).parents[2]
VICTIMS = ("everything", "the scan", "a worker", "the database")

# A code of the tests' small inspector; its prefix is never issued.
_CODE = "QQ{number:06}C"


@dataclass
class SlowInspector(PlainInspector):
    """The tests' small inspector, slow enough to be killed at its work."""

    seconds: float = 0.002

    def inspect(self, file: BinaryIO, name: str, size: int, **options: Any) -> Inspection:
        time.sleep(self.seconds)
        return super().inspect(file, name, size, **options)


def make_share(root: Path, files: int, dice: random.Random) -> None:
    """A share with copies, empty files, links, broken readers, deep and large folders."""
    for number in range(files):
        folder = root / f"department {number % 7}" / f"{number % 97}"
        if number % 11 == 0:
            folder = root / "large"
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{number}.txt", number, dice)
    (root / "link").symlink_to("large")
    (root / "large" / "stopped.txt").write_text("!raise")


def _write(path: Path, number: int, dice: random.Random) -> None:
    if number % 53 == 0:
        path.write_text("")
    elif number % 3 == 0:
        path.write_text(
            f"{number} {_CODE.format(number=dice.randrange(10**6))} {'text ' * dice.randrange(50)}"
        )
    elif number % 29 == 0:
        path.with_name("form.txt").write_text("the same form everywhere")
    else:
        path.write_text(f"{number} {'nothing ' * dice.randrange(50)}")


def change_share(root: Path, dice: random.Random, part: float = 0.2) -> frozenset[bytes]:
    """A day's work on ``part`` of the files, and on a folder or two; returns what was touched."""
    files = sorted(path for path in root.rglob("*.txt") if path.is_file())
    touched: set[Path] = set()
    for path in dice.sample(files, min(len(files), max(4, int(len(files) * part)))):
        touched.add(path)
        touched.add(dice.choice(_ACTS)(path, dice))
    folders = sorted(path for path in root.rglob("*") if path.is_dir())
    for path in dice.sample(folders, min(2, len(folders))):
        touched.update(path.rglob("*.txt"))
        what = dice.randrange(4)
        if what == 0:
            moved = root / f"moved {dice.randrange(10**6)}"
            path.rename(moved)
            touched.update(moved.rglob("*.txt"))
        elif what == 1 and len(list(path.iterdir())) < len(files) // 50:
            shutil.rmtree(path)
        else:
            # Who can read what lies beneath changes; none of the files does.
            path.chmod(dice.choice((0o700, 0o755)))
    return frozenset(map(os.fsencode, touched))


def _edit(path: Path, dice: random.Random) -> Path:
    path.write_text(f"changed {dice.random()} {_CODE.format(number=dice.randrange(10**6))}")
    return path


def _clean(path: Path, dice: random.Random) -> Path:
    path.write_text(f"nothing any more {dice.random()}")
    return path


def _edit_secretly(path: Path, dice: random.Random) -> Path:
    """Other content of the same length, under the old time."""
    about = path.stat()
    path.write_bytes(bytes(dice.choices(b"abcdefgh ", k=about.st_size)))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    return path


def _delete(path: Path, _: random.Random) -> Path:
    path.unlink()
    return path


def _move(path: Path, dice: random.Random) -> Path:
    return path.rename(path.with_name(f"moved {dice.randrange(10**6)} {path.name[-12:]}"))


def _move_away(path: Path, dice: random.Random) -> Path:
    others = [
        folder for folder in path.parent.parent.iterdir() if folder.is_dir() and not folder.is_symlink()
    ]
    return path.rename(dice.choice(others) / f"away {dice.randrange(10**6)}.txt")


def _copy(path: Path, dice: random.Random) -> Path:
    return Path(shutil.copy(path, path.with_name(f"Copy of {dice.randrange(100)} {path.name[-12:]}")))


def _add(path: Path, dice: random.Random) -> Path:
    new = path.with_name(f"new {dice.randrange(10**6)}.txt")
    new.write_text(_CODE.format(number=dice.randrange(10**6)))
    return new


def _open_to_all(path: Path, _: random.Random) -> Path:
    path.chmod(0o644)
    return path


def _close(path: Path, _: random.Random) -> Path:
    path.chmod(0o600)
    return path


_ACTS = (
    _edit, _edit, _edit, _clean, _edit_secretly, _delete, _move, _move_away, _copy, _add, _open_to_all,
    _close,
)  # fmt: skip


# --- the scan ----------------------------------------------------------------------------------------------


def read_share(engine: Engine, share: Path, seconds: float) -> None:
    """Go on with the unfinished scan of ``share``, or begin one; until its end."""
    try:
        stored = runs.resume(engine, "")
    except runs.RunError:
        stored = runs.start(engine, NewRun((os.fsencode(share),), "soak"))
    settings = ScanSettings(workers=WorkerSettings(count=2))
    scan(Run(settings, SlowInspector(seconds=seconds), TEST_KEY), engine, stored)


def _child(url: str, share: Path, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.soak.scan", "--child", url, str(share), str(seconds)]
    return subprocess.Popen(command, cwd=PROJECT, start_new_session=True)


def said(ledger: Ledger) -> Counter[tuple[Any, ...]]:
    """What a ledger says of every object."""
    return Counter(
        (
            entry.path,
            entry.status,
            entry.reason,
            entry.severity,
            entry.people,
            tuple(sorted(entry.counts.items())),
            tuple(finding.fingerprint for finding in entry.findings),
            entry.size,
            entry.exposure.audience,
        )
        for entry in ledger.entries()
    )


def entered(engine: Engine) -> dict[bytes, float]:
    """What the latest run has read and entered so far: each path, and when it was read."""
    run = runs.find(engine)
    with engine.connect() as connection:
        query = (
            select(folder.c.path, file.c.entry, file.c.read_at)
            .join(folder, folder.c.id == file.c.folder_id)
            .where(file.c.read_run == run.number, file.c.queued == 0, file.c.ending == 0)
        )
        return {bytes(path) + b"/" + bytes(name): at for path, name, at in connection.execute(query)}


# --- killing -----------------------------------------------------------------------------------------------


def kill(victim: str, process: subprocess.Popen[bytes], url: str, dice: random.Random) -> None:
    """Do away with one of the :data:`VICTIMS`."""
    with contextlib.suppress(ProcessLookupError):
        if victim == "everything":
            os.killpg(process.pid, signal.SIGKILL)
        elif victim == "the scan":
            process.kill()
        elif victim == "a worker":
            workers = _children(process.pid)
            if workers:
                os.kill(dice.choice(workers), signal.SIGKILL)
        else:
            _cut_connection(url)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _cut_connection(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        other = sqlite3.connect(str(parsed.database), timeout=30, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(0.3)
        other.execute("ROLLBACK")
        other.close()
        return
    where = f"host={parsed.query['host']} user={parsed.username} dbname={parsed.database}"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid()"
        )


def killed(done: Counter[str]) -> int:
    """How many kills there were."""
    return sum(done[victim] for victim in VICTIMS)


# --- the soak ----------------------------------------------------------------------------------------------


def soak(
    url: str,
    folder: Path,
    *,
    files: int,
    kills: int,
    seed: int = 1,
    seconds: float = 0.002,
    tell: bool = False,
) -> Counter[str]:
    """Run it; raises ``AssertionError`` where anything was lost, doubled, or read twice."""
    dice = random.Random(seed)
    share = folder / "share"
    share.mkdir()
    make_share(share, files, dice)
    engine = open_inventory(url)
    done: Counter[str] = Counter()
    read: dict[bytes, float] = {}
    touched: set[bytes] = set()
    name = ""
    while killed(done) < kills:
        process = _child(url, share, seconds)
        _wait_for_reading(engine, process)
        while process.poll() is None:
            time.sleep(dice.uniform(0.05, 1.2))
            if process.poll() is None:
                victim = VICTIMS[killed(done) % len(VICTIMS)]
                kill(victim, process, url, dice)
                done[victim] += 1
                if tell:
                    print(f"{killed(done):4} {victim}", flush=True)
                if victim in ("everything", "the scan"):
                    break
        process.wait()
        time.sleep(0.1)  # workers whose scan was killed end by themselves
        now = runs.find(engine)
        if now.name != name:
            name, read, touched = now.name, {}, set()
        then, read = read, entered(engine)
        still = {path: at for path, at in then.items() if path not in touched}
        assert still.items() <= read.items(), "what was entered is lost, or was read again"
        if now.state is RunState.FINISHED:
            done["nights"] += 1
            Ledger(engine, now.number).check()
            change_share(share, dice)
        else:
            assert process.returncode < 0, f"the scan ended by itself with {process.returncode}"
            if dice.random() < 0.5:
                touched |= change_share(share, dice, 0.01)
                done["days between"] += 1
    _end(url, share)
    _end(url, share)
    ours = Ledger(engine, runs.find(engine).number)
    ours.check()
    undisturbed = open_inventory(f"sqlite:///{folder / 'undisturbed.db'}")
    read_share(undisturbed, share, 0.0)
    assert said(ours) == said(Ledger(undisturbed, runs.find(undisturbed).number))
    done["objects"] = ours.totals().enumerated
    return done


def _end(url: str, share: Path) -> None:
    assert _child(url, share, 0.0).wait() == 0


def _wait_for_reading(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    """Until the child is at its run, or gone."""
    while process.poll() is None:
        with contextlib.suppress(runs.RunError):
            run = runs.find(engine)
            if run.state is RunState.RUNNING and runs.record(engine, run.number).alive:
                return
        time.sleep(0.02)


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'dlp.db'}"
        return
    with running_server() as server:
        server.administer("CREATE DATABASE soak")
        yield server.url("soak")


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    options.add_argument("--files", type=int, default=8_000)
    options.add_argument("--kills", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        url, share, seconds = given.child
        read_share(open_inventory(url), Path(share), float(seconds))
        return
    for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        folder = Path(tempfile.mkdtemp(prefix="soak"))
        try:
            started = time.monotonic()
            with _database(kind, folder) as url:
                done = soak(url, folder, files=given.files, kills=given.kills, seed=given.seed, tell=True)
            each = ", ".join(f"{done[victim]} x {victim}" for victim in VICTIMS)
            print(
                f"{kind}: killed {each}; {done['nights']} nights ended; "
                f"{done['days between']} times the share changed in the middle of one; "
                f"{done['objects']:,} objects, ledger equal to an undisturbed scan; "
                f"{time.monotonic() - started:.0f} s",
                flush=True,
            )
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
