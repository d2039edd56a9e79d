"""Whole runs with real workers: whatever is on the share, every object ends, and the run goes on."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import Engine, select

from scanner.documents.isolation import Confinement
from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Severity
from scanner.shares import worker as worker_module
from scanner.shares.scan import Observer, Progress, Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.worker import FileInspector
from scanner.shares.workers import WorkersFailedError
from scanner.store import runs
from scanner.store.entry import LedgerEntry
from scanner.store.inventory import persistently
from scanner.store.inventory.evidence import Sealing
from scanner.store.inventory.tables import sealed
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun, StoredRun
from tests.store.making import database

from .plain_inspector import TEST_KEY, PlainInspector

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="dropping rights needs root")
SPECIMEN = "QQ123456C"  # published: never issued


@pytest.fixture
def share(tmp_path: Path) -> Path:
    root = tmp_path / "share"
    root.mkdir()
    return root


@dataclass
class Started:
    """A run that has begun over the share, and the ledger that reads it."""

    engine: Engine
    stored: StoredRun
    sealing: Sealing | None = None

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.engine, self.stored.number, sealing=self.sealing)


def begin(engine: Engine, share: Path, *, full: bool = False, shows_values: bool = False) -> Started:
    new = NewRun((os.fsencode(share),), "test", full=full, shows_values=shows_values)
    stored = runs.start(engine, new)
    return Started(engine, stored, Sealing(stored.number) if shows_values else None)


@pytest.fixture
def started(share: Path, tmp_path: Path) -> Started:
    return begin(database(tmp_path / "state"), share)


def settings(**workers: object) -> ScanSettings:
    return ScanSettings(workers=WorkerSettings(**({"count": 2} | workers)))  # type: ignore[arg-type]


def run(
    share: Path,
    started: Started,
    *,
    given: ScanSettings | None = None,
    inspector: FileInspector | None = None,
    observer: Observer | None = None,
    accept_vanished: bool = False,
) -> dict[str, LedgerEntry]:
    """Scan ``share``; the entries by their path beneath it."""
    reading = Run(
        given or settings(), inspector or PlainInspector(), TEST_KEY, accept_vanished=accept_vanished
    )
    scan(reading, started.engine, started.stored, observer, started.sealing)
    ledger = started.ledger
    entries = list(ledger.entries())
    named = {entry.path.removeprefix(f"{share}/"): entry for entry in entries}
    assert len(named) == len(entries) == ledger.totals().enumerated
    return named


def ending(entry: LedgerEntry) -> tuple[Status, Shortfall | None]:
    return entry.status, entry.shortfall


def test_findings_reach_the_ledger_masked(share: Path, started: Started) -> None:
    (share / "letter.txt").write_text(f"Her number is {SPECIMEN}.")
    (share / "menu.txt").write_text("Fish and chips")
    entries = run(share, started)
    assert ending(entries["menu.txt"]) == (Status.INSPECTED, None)
    letter = entries["letter.txt"]
    assert (letter.severity, letter.counts, letter.people.low) == (Severity.HIGH, {"UK_NINO": 1}, 1)
    assert [finding.masked for finding in letter.findings] == ["*******6C"]
    assert [finding.value for finding in letter.findings] == [None]
    assert next(started.ledger.entries()).path == letter.path  # the worst first


def test_many_files_over_several_batches(share: Path, started: Started) -> None:
    for number in range(1_234):
        folder = share / f"{number % 7}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(f"{number} {SPECIMEN if number % 10 == 0 else ''}")
    seen: list[Progress] = []
    entries = run(share, started, observer=Observer(progress=seen.append))
    assert len(entries) == 1_234
    totals = started.ledger.totals()
    assert totals.by_severity[Severity.HIGH].objects == 124
    assert totals.by_status[Status.INSPECTED].objects == 1_234
    last = seen[-1]
    assert (last.objects_met, last.objects_ended, last.walking) == (1_234, 1_234, False)
    assert last.bytes_ended == last.bytes_met == totals.bytes
    assert sum(tally.objects for tally in started.ledger.folders()) == 1_234


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        ("!die", "its worker ended twice: killed (memory, or by the run)"),
        ("!exit", "its worker ended twice: exit code 3"),
        ("!memory", "memory limit"),
        (f"!raise {SPECIMEN}", "ValueError"),
        ("!loop", "time limit of 1 s"),
        ("!spin", "CPU limit"),
        ("!swallow", "memory limit"),
    ],
)
def test_a_file_that_breaks_its_reader_costs_only_itself(
    share: Path, started: Started, content: str, detail: str
) -> None:
    (share / "m_poison.txt").write_text(content)
    for number in range(30):
        (share / f"{'az'[number % 2]}{number}.txt").write_text(SPECIMEN)
    limits = Confinement(memory_bytes=500_000_000, cpu_seconds=1)
    ceiling = 1 if content == "!loop" else 60
    entries = run(share, started, given=settings(seconds_per_file=ceiling, confinement=limits))
    poison = entries.pop("m_poison.txt")
    assert ending(poison) == (Status.NOT_INSPECTED, Shortfall.PARSER_STOPPED)
    assert poison.detail == detail
    assert {ending(entry) for entry in entries.values()} == {(Status.INSPECTED, None)}


def test_nothing_but_poison(share: Path, started: Started) -> None:
    for number in range(20):
        (share / f"{number}.txt").write_text("!die")
    entries = run(share, started)
    assert {entry.shortfall for entry in entries.values()} == {Shortfall.PARSER_STOPPED}


def test_worn_workers_are_replaced(share: Path, started: Started) -> None:
    for number in range(40):
        (share / f"{number}.txt").write_text("plain")
    entries = run(share, started, given=settings(files_per_worker=3))
    assert {ending(entry) for entry in entries.values()} == {(Status.INSPECTED, None)}


def test_workers_that_cannot_start_end_the_run_with_a_line(
    share: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    (share / "a.txt").write_text("plain")

    def confine(_: Confinement, _folder: Path) -> None:
        raise OSError("this machine does not let go")

    monkeypatch.setattr(worker_module, "confine", confine)
    with pytest.raises(WorkersFailedError, match="dlp doctor"):
        run(share, started)


def test_strange_objects_in_one_run(share: Path, started: Started) -> None:
    (share / "empty.txt").touch()
    os.mkfifo(share / "pipe")
    (share / "loop").symlink_to(share)
    (share / os.fsdecode(b"caf\xe9.txt")).write_text(SPECIMEN)
    (share / "line\nbreak.txt").write_text(SPECIMEN)
    entries = run(share, started)
    assert ending(entries["empty.txt"]) == (Status.NOT_INSPECTED, Shortfall.EMPTY)
    assert ending(entries["pipe"]) == (Status.NOT_INSPECTED, Shortfall.NOT_A_FILE)
    assert ending(entries["loop"]) == (Status.NOT_INSPECTED, Shortfall.NOT_A_FILE)
    assert entries["caf\\xe9.txt"].raw_path == os.fsencode(share) + b"/caf\xe9.txt"
    assert entries["caf\\xe9.txt"].severity is Severity.HIGH
    assert entries["line\\x0abreak.txt"].severity is Severity.HIGH


def test_large_files_in_bounded_time_and_memory(share: Path, started: Started) -> None:
    with (share / "sparse.bin").open("wb") as file:
        file.truncate(4_000_000_000)
    with (share / "line.txt").open("wb") as file:
        file.write(b"x" * 100_000_000)
    entries = run(share, started)
    assert entries["sparse.bin"].size == 4_000_000_000
    assert {ending(entry) for entry in entries.values()} == {(Status.PARTIAL, Shortfall.LIMIT)}


def test_a_file_that_vanishes_or_changes_between_walk_and_read(share: Path, started: Started) -> None:
    class Waiting(PlainInspector):
        """Is busy with the first file until the others are not what they were."""

        def inspect(self, file: BinaryIO, name: str, size: int, **_: Any) -> Inspection:
            until = time.monotonic() + 20
            while name == "a_first.txt" and not met.exists() and time.monotonic() < until:
                time.sleep(0.01)
            return super().inspect(file, name, size)

    met = share.parent / "met"

    def meddle(_: Progress) -> None:
        if not met.exists():
            (share / "gone.txt").unlink()
            (share / "swapped.txt").unlink()
            os.mkfifo(share / "swapped.txt")
            met.touch()

    for name in ("a_first.txt", "gone.txt", "swapped.txt"):
        (share / name).write_text("plain")
    observer = Observer(progress=meddle)
    entries = run(share, started, given=settings(count=1), inspector=Waiting(), observer=observer)
    assert ending(entries["gone.txt"]) == (Status.NOT_INSPECTED, Shortfall.VANISHED)
    assert ending(entries["swapped.txt"]) == (Status.NOT_INSPECTED, Shortfall.NOT_A_FILE)
    assert entries["swapped.txt"].detail == "became a named pipe"


@needs_root
def test_unreadable_files_as_an_ordinary_user() -> None:
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o777)
        root = Path(base) / "share"
        root.mkdir()
        (root / "open.txt").write_text(SPECIMEN)
        (root / "secret.txt").write_text(SPECIMEN)
        (root / "secret.txt").chmod(0o600)
        root.chmod(0o755)
        state = Path(base) / "state"
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.setgid(65534)
                os.setuid(65534)
                run(root, begin(database(state), root))
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        past = Ledger(database(state), 1)
        entries = {Path(entry.path).name: entry for entry in past.entries()}
    assert ending(entries["open.txt"]) == (Status.INSPECTED, None)
    assert ending(entries["secret.txt"]) == (Status.NOT_INSPECTED, Shortfall.NO_PERMISSION)


def test_interrupted_run_is_whole(share: Path, started: Started) -> None:
    for number in range(2_000):
        (share / f"{number:04}.txt").write_text("plain")
    (share / "9999.txt").write_text("!loop")  # still being read when the run is stopped
    seen: list[Progress] = []

    def stop() -> bool:
        return bool(seen) and seen[-1].objects_ended >= 300

    entries = run(share, started, observer=Observer(progress=seen.append, stop=stop))
    record = started.ledger.record()
    assert record.interrupted
    assert record.finished is not None
    endings = [ending(entry) for entry in entries.values()]
    done = endings.count((Status.INSPECTED, None))
    assert done >= 300
    assert endings.count((Status.NOT_INSPECTED, Shortfall.INTERRUPTED)) == len(endings) - done > 0


def test_copies_are_judged_once(share: Path, started: Started) -> None:
    # Memory that workers share: they can write to no file.
    judged = {name: multiprocessing.Value("i", 0) for name in ("form.txt", "other.txt")}

    class Counting(PlainInspector):
        def inspect(self, file: BinaryIO, name: str, size: int, **_: Any) -> Inspection:
            with judged[name].get_lock():
                judged[name].value += 1
            return super().inspect(file, name, size)

    for number in range(1_200):  # more than one transaction: copies are told from what is entered already
        (share / f"{number:04}").mkdir()
        (share / f"{number:04}" / "form.txt").write_text(SPECIMEN)
    (share / "1198" / "other.txt").write_text(SPECIMEN)  # a name is part of a document
    (share / "1199" / "form.txt").write_text(SPECIMEN.replace("C", "D"))  # same size and name, other content
    entries = run(share, started, inspector=Counting())
    assert {entry.severity for entry in entries.values()} == {Severity.HIGH}
    assert entries["1197/form.txt"].findings[0].masked == "*******6C"
    assert entries["1199/form.txt"].findings[0].masked == "*******6D"
    assert judged["other.txt"].value == 1
    assert judged["form.txt"].value < 700


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything about a tree that a scan must leave alone."""
    taken: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for name in [".", *folders, *files]:
            path = Path(folder) / name
            about = path.lstat()
            digest = ""
            if stat.S_ISREG(about.st_mode):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOATIME)
                with os.fdopen(descriptor, "rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
            taken[str(path)] = (digest, about.st_mode, about.st_size, about.st_mtime_ns, about.st_ino)
    return taken


def test_the_tree_is_not_touched(share: Path, started: Started) -> None:
    for number in range(50):
        folder = share / f"{number % 3}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(f"{SPECIMEN} {number}")
    (share / "0" / "poison.txt").write_text("!die")
    (share / "link").symlink_to(share)
    before = snapshot(share)
    paths = [Path(name) for name in before if not Path(name).is_symlink()]
    long_ago = 1_000_000_000_000_000_000
    for path in paths:  # access times older than changes: a plain read would renew them
        os.utime(path, ns=(long_ago, path.stat().st_mtime_ns))
    run(share, started)
    assert [path for path in paths if path.stat().st_atime_ns != long_ago] == []
    assert snapshot(share) == before


def test_values_reach_neither_state_nor_output_nor_log(
    share: Path, tmp_path: Path, started: Started, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger().addHandler(handler := logging.FileHandler(tmp_path / "log"))
    try:
        (share / "a.txt").write_text(f"!print {SPECIMEN}")
        (share / "b.txt").write_text(f"!raise {SPECIMEN}")
        (share / "c.txt").write_text(SPECIMEN)
        run(share, started)
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    said = capfd.readouterr()
    assert SPECIMEN not in said.out + said.err
    written = [path for path in tmp_path.rglob("*") if path.is_file() and share not in path.parents]
    assert any(path.suffix == ".db" for path in written)
    for path in written:
        assert SPECIMEN.encode() not in path.read_bytes(), path


def test_values_that_were_asked_for_are_sealed_and_then_gone(share: Path, tmp_path: Path) -> None:
    (share / "a.txt").write_text(SPECIMEN)
    shown = begin(database(tmp_path / "state"), share, shows_values=True)
    entries = run(share, shown, inspector=PlainInspector(show_values=True))
    assert [finding.value for finding in entries["a.txt"].findings] == [SPECIMEN]
    written = [path.read_bytes() for path in (tmp_path / "state").iterdir()]
    assert written
    assert not any(SPECIMEN.encode() in data for data in written)
    other = Ledger(shown.engine, shown.stored.number)
    assert [finding.value for entry in other.entries() for finding in entry.findings] == [None]
    assert shown.sealing is not None
    persistently(shown.engine, shown.sealing.forget)
    with shown.engine.connect() as connection:
        assert connection.execute(select(sealed)).all() == []


def test_copies_have_the_values_that_were_asked_for(share: Path, tmp_path: Path) -> None:
    for number in range(1_100):
        (share / f"{number}").mkdir()
        (share / f"{number}" / "form.txt").write_text(SPECIMEN)
    shown = begin(database(tmp_path / "state"), share, shows_values=True)
    entries = run(share, shown, inspector=PlainInspector(show_values=True))
    assert {entry.findings[0].value for entry in entries.values()} == {SPECIMEN}


def test_nothing_waits_behind_a_file_that_takes_long(share: Path, started: Started) -> None:
    for number in range(4):
        (share / f"{number}.txt").write_text("!loop" if number == 0 else "plain")
    seen: list[Progress] = []

    def stop() -> bool:  # the run can only get here while the first file is still being read
        return bool(seen) and seen[-1].objects_ended >= 3

    entries = run(share, started, observer=Observer(seen.append, stop))
    assert ending(entries["0.txt"]) == (Status.NOT_INSPECTED, Shortfall.INTERRUPTED)
    assert {ending(entries[f"{number}.txt"]) for number in (1, 2, 3)} == {(Status.INSPECTED, None)}
