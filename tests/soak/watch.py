"""``python -m tests.soak.watch``: a storm of changes over a watched folder; nothing is missed.

Files are copied, written over, renamed and deleted, folders made, moved and removed, as fast as one process
can, while a watch reads them.  At the end every file that is there must be known with its last content, and
nothing else must be known.  With ``--kills`` the watch is killed and started again on the way.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select

from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.watching.watch import Health, WatchObserver, WatchRun, watch
from scanner.store.inventory import Signatures
from scanner.store.inventory.tables import evidence, file, folder
from scanner.store.keys import content_hash
from scanner.store.outbox import open_outbox
from tests.shares.plain_inspector import TEST_KEY, PlainInspector

# An event of a storm is one act of one program: a copy alone makes the kernel tell of four.
_FOLDERS = 200
_FILES_KEPT = 20_000


@dataclass
class Storm:
    """Acts upon a folder; it knows what must be there in the end."""

    root: Path
    dice: random.Random
    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    made: int = 0

    def rage(self, events: int) -> None:
        """So many acts."""
        self.folders = self.folders or [self.root]
        for _ in range(events):
            self._act()

    def _act(self) -> None:
        choice = self.dice.random()
        if len(self.files) < 10 or (choice < 0.45 and len(self.files) < _FILES_KEPT):
            self._new()
        elif choice < 0.60:
            self.dice.choice(self.files).write_text(self._content())
        elif choice < 0.65:
            self._save_dance(self.dice.choice(self.files))
        elif choice < 0.80:
            place = self.dice.randrange(len(self.files))
            target = self._name()
            self.files[place].rename(target)
            self.files[place] = target
        elif choice < 0.97:
            place = self.dice.randrange(len(self.files))
            self.files[place].unlink()
            self.files[place] = self.files[-1]
            self.files.pop()
        elif choice < 0.999 or len(self.folders) < 3:
            self._folder()
        else:
            self._move_folder()

    def _new(self) -> None:
        path = self._name()
        path.write_text(self._content())
        self.files.append(path)

    def _save_dance(self, path: Path) -> None:
        """As editors save: a draft beside, the old one aside, the draft in its place."""
        draft, aside = path.with_name(f".{path.name}.draft"), path.with_name(f"{path.name}~")
        draft.write_text(self._content())
        path.rename(aside)
        draft.rename(path)
        aside.unlink()

    def _folder(self) -> None:
        if len(self.folders) >= _FOLDERS:
            return
        self.made += 1
        path = self.dice.choice(self.folders) / f"folder {self.made}"
        if len(path.parts) > 40:
            return
        path.mkdir()
        self.folders.append(path)
        for _ in range(3):  # made before anybody can watch it
            self._new_in(path)

    def _new_in(self, path: Path) -> None:
        self.made += 1
        target = path / f"{self.made}.txt"
        target.write_text(self._content())
        self.files.append(target)

    def _move_folder(self) -> None:
        source = self.dice.choice(self.folders[1:])
        targets = [path for path in self.folders if source != path and source not in path.parents]
        self.made += 1
        target = self.dice.choice(targets) / f"moved {self.made}"
        source.rename(target)
        self.files = [_moved(path, source, target) for path in self.files]
        self.folders = [_moved(path, source, target) for path in self.folders]

    def _name(self) -> Path:
        self.made += 1
        return self.dice.choice(self.folders) / f"{self.made}.txt"

    def _content(self) -> str:
        self.made += 1
        code = f" QQ{self.dice.randrange(10**6):06}C" if self.dice.random() < 0.1 else ""
        return f"{self.made}{code} {'text ' * self.dice.randrange(30)}"


def _moved(path: Path, source: Path, target: Path) -> Path:
    # By their text: a storm must not wait for its own bookkeeping.
    if path != source and not str(path).startswith(f"{source}/"):
        return path
    return Path(str(target) + str(path)[len(str(source)) :])


def differences(root: Path, url: str, key: bytes = TEST_KEY) -> list[str]:
    """What of the folder is not known as it is, and what is known that is not there."""
    known: dict[bytes, str | None] = {}
    engine = open_outbox(url)
    with engine.connect() as connection:
        query = (
            select(folder.c.path, file.c.entry, evidence.c.content_hash)
            .select_from(file)
            .join(folder, folder.c.id == file.c.folder_id)
            .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
            .where(file.c.ending == 0)
        )
        problems = []
        for path, name, content in connection.execute(query):
            whole = bytes(path) + b"/" + bytes(name)
            if whole in known:
                problems.append(f"known twice: {os.fsdecode(whole)}")
            known[whole] = content
    engine.dispose()
    for top, _, names in os.walk(os.fsencode(root)):
        for name in names:
            whole = top + b"/" + name
            with Path(os.fsdecode(whole)).open("rb") as opened:
                now = content_hash(key, opened)
            if whole not in known:
                problems.append(f"missed: {os.fsdecode(whole)}")
            elif known[whole] != now:
                problems.append(f"not its last content: {os.fsdecode(whole)}")
            known.pop(whole, None)
    problems.extend(f"gone, and still known: {os.fsdecode(path)}" for path in known)
    return problems


def settings(**changes: object) -> WatchSettings:
    """A watch without any sweep but those that something calls for."""
    scan = ScanSettings(workers=WorkerSettings(count=2))
    return WatchSettings(**{"scan": scan, "settle": 0.5, "also_poll": 0.0, "channels": ("mail",)} | changes)  # type: ignore[arg-type]


def started(
    roots: tuple[bytes, ...], url: str, chosen: WatchSettings, say: Path | None = None
) -> BaseProcess:
    """A watch in a process of its own; SIGTERM ends it."""
    process = multiprocessing.get_context("fork").Process(target=_watch, args=(roots, url, chosen, say))
    process.start()
    return process


def _watch(roots: tuple[bytes, ...], url: str, chosen: WatchSettings, say: Path | None) -> None:
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))

    def write(line: str) -> None:
        if say is not None:
            with say.open("a") as log:
                log.write(line + "\n")

    def health(state: Health) -> None:
        write(f"health: {state}")

    run = WatchRun(roots, chosen, PlainInspector(), TEST_KEY, "test", Signatures())
    counts = watch(run, open_outbox(url), WatchObserver(write, health, lambda: bool(asked)))
    write(f"ended: {counts}")


def until_known(root: Path, url: str, process: BaseProcess, seconds: float) -> list[str]:
    """Wait until everything is known; what is not, after so long."""
    until = time.monotonic() + seconds
    problems = differences(root, url)
    while problems and time.monotonic() < until and process.is_alive():
        time.sleep(0.5)
        problems = differences(root, url)
    return problems


def most_memory(process: BaseProcess) -> int:
    """The most megabytes that a process ever took."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


def main() -> int:
    """Run the storm; 0 where nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--poll", type=float, default=0.0, help="poll with this pause instead of listening")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=900.0, help="longest wait after the storm")
    given = parser.parse_args()
    os.nice(10)
    place = Path(tempfile.mkdtemp(prefix="watch-soak-"))
    root, log = place / "share", place / "log"
    root.mkdir()
    url = f"sqlite:///{place / 'dlp.db'}"
    open_outbox(url).dispose()
    chosen = settings(poll_all=True, poll=given.poll) if given.poll else settings()
    roots = (os.fsencode(root),)
    process = started(roots, url, chosen, log)
    storm = Storm(root, random.Random(given.seed))
    began = time.monotonic()
    for kills in range(given.kills + 1):
        storm.rage(given.events // (given.kills + 1))
        if kills < given.kills:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            process = started(roots, url, chosen, log)
    raged = time.monotonic() - began
    problems = until_known(root, url, process, given.seconds)
    ended = time.monotonic() - began
    print(
        f"{given.events:,} events in {raged:.0f} s, {len(storm.files):,} files in the end; all known after "
        f"{ended - raged:.0f} s more; watch: {most_memory(process)} MB at most"
    )
    process.terminate()
    process.join(30)
    said = [line for line in log.read_text().splitlines() if not line.startswith("health")]
    print("\n".join(said[-10:]))
    for line in problems[:20]:
        print(line, file=sys.stderr)
    print("nothing was missed" if not problems else f"{len(problems):,} problems", flush=True)
    if not problems:
        shutil.rmtree(place)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
