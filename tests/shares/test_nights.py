"""Night after night: what is read again and what is not; nothing is lost when a night is cut short."""

from __future__ import annotations

import contextlib
import mmap
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import Engine, select, text

from scanner.documents.model import Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Severity
from scanner.shares import scan as scan_module
from scanner.shares import walk
from scanner.shares.mounts import FileSystem
from scanner.shares.scan import Observer, Progress, Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.windows import Windows
from scanner.store import runs
from scanner.store.entry import Audience, LedgerEntry, RunRecord, RunState
from scanner.store.inventory import Signatures
from scanner.store.inventory.tables import file, open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun

from .plain_inspector import TEST_KEY, PlainInspector

SPECIMEN = "QQ123456C"  # published: never issued
LONG_AGO = 1_600_000_000_000_000_000


class Log:
    """Names, written by workers that may write no file, read by the test."""

    def __init__(self) -> None:
        self._text = mmap.mmap(-1, 1 << 18)
        self._end = multiprocessing.Value("i", 0)

    def add(self, name: str) -> None:
        line = name.encode() + b"\n"
        with self._end.get_lock():
            start = self._end.value
            self._text[start : start + len(line)] = line
            self._end.value += len(line)

    def names(self) -> list[str]:
        return sorted(self._text[: self._end.value].decode().split())

    def clear(self) -> None:
        self._end.value = 0


@dataclass
class Noting(PlainInspector):
    """Notes what it inspects."""

    log: Log = field(default_factory=Log)

    def inspect(self, file: BinaryIO, name: str, size: int, **options: Any) -> Inspection:
        self.log.add(name)
        return super().inspect(file, name, size, **options)


@dataclass
class Nights:
    """A share, a database, and the nights over it."""

    share: Path
    engine: Engine
    log: Log = field(default_factory=Log)

    def write(self, name: str, content: str = "plain") -> Path:
        path = self.share / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
        return path

    def night(
        self,
        *,
        full: bool = False,
        signatures: Signatures | None = None,
        observer: Observer | None = None,
        settings: ScanSettings | None = None,
        resume: bool = False,
        root: Path | None = None,
    ) -> tuple[RunRecord, list[str]]:
        """One scan; the names of the files that were inspected in it, sorted."""
        self.log.clear()
        if resume:
            stored = runs.resume(self.engine, "", signatures or Signatures())
        else:
            new = NewRun((os.fsencode(root or self.share),), "test", signatures or Signatures(), full=full)
            stored = runs.start(self.engine, new)
        given = settings or ScanSettings(workers=WorkerSettings(count=2))
        record = scan(Run(given, Noting(log=self.log), TEST_KEY), self.engine, stored, observer)
        return record, self.log.names()

    def entries(self) -> dict[str, LedgerEntry]:
        ledger = Ledger(self.engine, runs.find(self.engine).number)
        entries = list(ledger.entries())
        named = {entry.path.removeprefix(f"{self.share}/"): entry for entry in entries}
        assert len(named) == len(entries) == ledger.totals().enumerated
        return named

    def rows(self) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(file.c.id)).all())


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    (tmp_path / "share").mkdir()
    # What was changed a moment ago is looked at once more the next night: here that would be everything.
    monkeypatch.setattr(FileSystem, "settled_ns", 0)
    return Nights(tmp_path / "share", open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}"))


def test_a_second_night_over_the_same_share_reads_and_writes_nothing(nights: Nights) -> None:
    for number in range(50):
        nights.write(f"{number % 5}/{number}.txt", f"{number} {SPECIMEN}")
    (nights.share / "link").symlink_to("nowhere")
    first, read = nights.night()
    assert (first.state, len(read)) == (RunState.FINISHED, 50)
    before, rows = nights.entries(), nights.rows()
    second, read = nights.night()
    assert (second.state, read) == (RunState.FINISHED, [])
    assert nights.entries() == before
    assert nights.rows() == rows


CHANGES: list[tuple[str, Callable[[Path], object], list[str], str]] = [
    ("touched", lambda path: os.utime(path), [], "same content: hashed, not judged again"),
    ("chmod", lambda path: path.chmod(0o600), [], "who may read it changed, its content did not"),
    ("appended", lambda path: path.write_text("plain and more"), ["b.txt"], "another size"),
    (
        "restored time",
        lambda path: (path.write_text("PLAIN"), os.utime(path, ns=(LONG_AGO, LONG_AGO))),
        ["b.txt"],
        "same size and time of change: its ctime tells",
    ),
    (
        "exchanged",
        lambda path: (path.with_name("x").write_text("OTHER"), path.with_name("x").rename(path)),
        ["b.txt"],
        "another file under its name",
    ),
    ("deleted", lambda path: path.unlink(), [], "gone"),
    ("to a folder", lambda path: path.rename(path.parent / "moved" / "b.txt"), [], "moved, the same content"),
    ("renamed", lambda path: path.rename(path.parent / "c.txt"), ["c.txt"], "a name is read like the text"),
]


@pytest.mark.parametrize(("what", "change", "read_again", "why"), CHANGES, ids=[row[0] for row in CHANGES])
def test_what_is_read_again(
    nights: Nights, what: str, change: Callable[[Path], object], read_again: list[str], why: str
) -> None:
    nights.write("moved/other.txt", "something else")
    nights.write("a.txt", SPECIMEN)
    path = nights.write("b.txt")
    nights.night()
    change(path)
    _, read = nights.night()
    assert read == read_again, why
    _, read = nights.night()
    assert read == [], "the third night knows"
    assert ("b.txt" in nights.entries()) == (what not in ("deleted", "to a folder", "renamed"))


def test_copies_anywhere_are_judged_once(nights: Nights) -> None:
    nights.write("a/form.txt", SPECIMEN)
    nights.write("b/form.txt", SPECIMEN)
    nights.write("c/Copy of form (2).txt", SPECIMEN)
    _, read = nights.night()
    assert len(read) == 1
    nights.write("d/form - Copy.txt", SPECIMEN)
    nights.write("e/form.txt", "QQ123456D")
    _, read = nights.night()
    assert read == ["form.txt"]
    assert {entry.severity for entry in nights.entries().values()} == {Severity.HIGH}
    assert nights.entries()["e/form.txt"].findings[0].masked == "*******6D"


def test_a_moved_file_is_known_since_it_was_first_seen(nights: Nights) -> None:
    path = nights.write("a/form.txt", SPECIMEN)
    first, _ = nights.night()
    (nights.share / "b").mkdir()
    path.rename(nights.share / "b" / "renamed.txt")
    nights.night()
    (entry,) = nights.entries().values()
    assert (entry.path.endswith("b/renamed.txt"), entry.first_seen) == (True, first.run_id)


def test_a_change_in_the_moment_of_reading_is_looked_at_once_more(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSystem, "settled_ns", 3_600_000_000_000)
    nights.write("a.txt", SPECIMEN)
    nights.night()
    monkeypatch.setattr(FileSystem, "settled_ns", 0)
    with nights.engine.connect() as connection:
        inode = (nights.share / "a.txt").stat().st_ino
        about = (nights.share / "a.txt").stat()
        assert connection.execute(select(file.c.inode)).scalar_one() == inode
    # Changed within the same tick of the clock: the system shows no difference.
    (nights.share / "a.txt").write_text("QQ123456D")
    os.utime(nights.share / "a.txt", ns=(LONG_AGO, LONG_AGO))
    with nights.engine.begin() as connection:
        connection.execute(
            file.update().values(ctime_ns=(nights.share / "a.txt").stat().st_ctime_ns, size=about.st_size)
        )
    _, read = nights.night()
    assert read == ["a.txt"]
    assert nights.entries()["a.txt"].findings[0].masked == "*******6D"
    assert nights.night()[1] == []


ASPECTS = [
    # which signature changed, what is read again
    ("readers", ["broken.txt", "clean.txt", "cut.txt", "sensitive.txt", "stopped.txt"]),
    ("detection", ["clean.txt", "cut.txt", "sensitive.txt"]),
    ("judgement", ["sensitive.txt"]),
    ("limits", ["broken.txt", "cut.txt", "stopped.txt"]),
    ("workers", ["stopped.txt"]),
]


@pytest.mark.parametrize(("aspect", "read_again"), ASPECTS)
def test_changed_rules_force_the_right_readings_and_no_more(
    nights: Nights, aspect: str, read_again: list[str]
) -> None:
    nights.write("clean.txt")
    nights.write("sensitive.txt", SPECIMEN)
    nights.write("cut.txt", "x" * 1_000_001)
    nights.write("stopped.txt", "!raise")
    nights.write("broken.txt", "")
    os.mkfifo(nights.share / "pipe")
    nights.night()
    changed = Signatures(**{aspect: "new"})
    rows = nights.rows()
    assert nights.night(signatures=changed)[1] == read_again
    assert nights.rows() == rows  # the same verdicts: nothing of it is written anew
    assert nights.night(signatures=changed)[1] == []


def test_full_reads_everything_once(nights: Nights) -> None:
    for number in range(20):
        nights.write(f"{number}.txt", f"{number}")
    nights.night()
    record, read = nights.night(full=True)
    assert (record.full, len(read)) == (True, 20)
    assert nights.night()[1] == []


def test_what_passes_by_itself_is_tried_again(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = nights.write("closed.txt", SPECIMEN)
    path.chmod(0)
    nights.night()
    assert nights.entries()["closed.txt"].shortfall is Shortfall.NO_PERMISSION
    path.chmod(0o600)
    assert nights.night()[1] == ["closed.txt"]


def test_folders_of_every_size(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    from scanner.shares import walk

    monkeypatch.setattr(walk, "LISTED", 7)
    monkeypatch.setattr(walk, "NAMES_SORTED", 20)
    for number in range(70):
        nights.write(f"large/{number}.txt", f"{number}")
        nights.write(f"small/{number // 3}/{number}.txt", f"small {number}")
    _, read = nights.night()
    assert len(read) == 140
    before = nights.entries()
    assert nights.night()[1] == []
    assert nights.entries() == before
    for number in (0, 33, 69):
        (nights.share / f"large/{number}.txt").unlink()
    for number in (0, 1, 2):
        (nights.share / f"small/0/{number}.txt").unlink()
    (nights.share / "small/0").rmdir()
    nights.write("large/new.txt", "new")
    assert nights.night()[1] == ["new.txt"]
    assert len(nights.entries()) == 135
    assert set(before) - set(nights.entries()) == {
        "large/0.txt", "large/33.txt", "large/69.txt", "small/0/0.txt", "small/0/1.txt", "small/0/2.txt",
    }  # fmt: skip


def test_a_stopped_night_goes_on_and_reads_nothing_twice(nights: Nights) -> None:
    for number in range(400):
        nights.write(f"{number % 9}/{number}.txt", f"{number} {SPECIMEN if number % 7 == 0 else ''}")
    seen: list[Progress] = []
    read: list[str] = []
    for enough in (50, 150, 300):
        stop = Observer(seen.append, lambda e=enough: bool(seen) and seen[-1].objects_ended >= e)  # type: ignore[misc]
        record, some = nights.night(observer=stop, resume=bool(read))
        assert record.state is RunState.INTERRUPTED
        read += some
        ended = [entry.shortfall for entry in nights.entries().values()].count(None)
        assert ended < 400
    record, some = nights.night(resume=True)
    assert record.state is RunState.FINISHED
    read += some
    # What was being read at the moment of a stop is read again; nothing that was entered is.
    assert len(read) <= 400 + 3 * 4
    assert set(read) == {f"{number}.txt" for number in range(400)}
    totals = Ledger(nights.engine, runs.find(nights.engine).number).totals()
    assert (totals.enumerated, totals.by_severity[Severity.HIGH].objects) == (400, 58)
    assert nights.night()[1] == []


def test_the_next_night_reads_what_a_stopped_one_owed(nights: Nights) -> None:
    for number in range(300):
        nights.write(f"{number}.txt", f"{number}")
    seen: list[Progress] = []
    _, some = nights.night(
        observer=Observer(seen.append, lambda: bool(seen) and seen[-1].objects_ended >= 100)
    )
    first = runs.find(nights.engine)
    owed = Ledger(nights.engine, first.number).totals().by_shortfall[Shortfall.INTERRUPTED].objects
    _, rest = nights.night()
    assert set(some) | set(rest) == {f"{number}.txt" for number in range(300)}
    assert len(rest) <= owed
    # And the report of the stopped night still says what it said.
    assert Ledger(nights.engine, first.number).totals().by_shortfall[Shortfall.INTERRUPTED].objects == owed


def test_the_most_exposed_and_the_newest_are_read_first(nights: Nights) -> None:
    for number in range(40):
        nights.write(f"old/{number}.txt", f"old {number}").chmod(0o600)
    for number in range(3):
        nights.write(f"open/{number}.txt", f"open {number}").chmod(0o644)
    for number in range(3):
        path = nights.write(f"new/{number}.txt", f"new {number}")
        path.chmod(0o600)
        os.utime(path)
    nights.night()
    with nights.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT f.path, e.priority FROM share_file e JOIN share_folder f ON f.id = e.folder_id "
                "ORDER BY e.priority DESC, e.id"
            )
        ).all()
    folders = [Path(os.fsdecode(bytes(row.path))).name for row in rows]
    assert folders == ["open"] * 3 + ["new"] * 3 + ["old"] * 40


def test_a_mount_that_vanishes_while_it_is_read(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        nights.write(f"{number:02}.txt", f"{number} {SPECIMEN}")
    away = nights.share.with_name("away")
    seen: list[Progress] = []

    def vanish(progress: Progress) -> None:
        seen.append(progress)
        if progress.objects_ended >= 10 and not away.exists():
            nights.share.rename(away)

    record, some = nights.night(observer=Observer(progress=vanish))
    assert record.state is RunState.FAILED
    assert "disappeared while it was read" in record.errors[0]
    entries = nights.entries()
    assert len(entries) == 60
    assert {entry.shortfall for entry in entries.values()} == {None, Shortfall.INTERRUPTED}
    away.rename(nights.share)
    record, rest = nights.night(resume=True)
    assert record.state is RunState.FINISHED
    assert {ending.shortfall for ending in nights.entries().values()} == {None}
    assert set(some) | set(rest) == {f"{number:02}.txt" for number in range(60)}


def test_a_mount_that_is_not_there_when_the_run_is_resumed(nights: Nights) -> None:
    for number in range(60):
        nights.write(f"{number}.txt", f"{number}")
    seen: list[Progress] = []
    nights.night(observer=Observer(seen.append, lambda: bool(seen) and seen[-1].objects_ended >= 10))
    nights.share.rename(nights.share.with_name("away"))
    for exists in (False, True):
        if exists:
            nights.share.mkdir()
        record, read = nights.night(resume=True)
        assert (record.state, read) == (RunState.FAILED, [])
        assert "is it mounted?" in record.errors[0]
    nights.share.rmdir()
    nights.share.with_name("away").rename(nights.share)
    assert nights.night(resume=True)[0].state is RunState.FINISHED
    assert {entry.status for entry in nights.entries().values()} == {Status.INSPECTED}


def test_a_folder_that_cannot_be_listed_keeps_what_is_known_of_it(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        nights.write(f"shut/deep/{number}.txt", SPECIMEN)
    nights.write("open.txt")
    nights.night()
    real = walk.Walk._list

    def refuse(self: Any, folder: Any, pending: Any) -> Any:
        if folder.path.endswith(b"/shut"):
            self.unlisted.append(folder.path)
            return iter([self._add(folder, Shortfall.NO_PERMISSION, "folder cannot be opened")])
        return real(self, folder, pending)

    monkeypatch.setattr(walk.Walk, "_list", refuse)
    record, _ = nights.night()
    assert record.state is RunState.FINISHED
    entries = nights.entries()
    assert entries["shut"].shortfall is Shortfall.NO_PERMISSION
    assert entries["shut/deep/0.txt"].severity is Severity.HIGH
    assert len(entries) == 7
    monkeypatch.setattr(walk.Walk, "_list", real)
    assert nights.night()[1] == []
    assert "shut" not in nights.entries()


def test_what_is_left_out_from_now_on_is_not_called_deleted(nights: Nights) -> None:
    nights.write("private/a.txt", SPECIMEN)
    nights.write("b.txt")
    nights.night()
    leaving = ScanSettings(exclude=("private",), workers=WorkerSettings(count=1))
    nights.night(settings=leaving)
    entries = nights.entries()
    assert entries["private"].shortfall is Shortfall.EXCLUDED
    assert set(entries) == {"private", "b.txt"}
    with nights.engine.connect() as connection:
        endings = connection.execute(text("SELECT ending FROM share_file WHERE ending != 0")).scalars().all()
    assert endings == [3]
    # The verdict on its content is still known.
    assert nights.night()[1] == []


def test_only_part_of_a_share(nights: Nights) -> None:
    nights.write("Housing/a.txt", SPECIMEN)
    nights.write("Planning/b.txt", "plans")
    nights.night()
    (nights.share / "Planning" / "b.txt").unlink()
    assert nights.night(root=nights.share / "Housing")[1] == []
    assert list(nights.entries()) == ["Housing/a.txt"]
    nights.night()
    assert list(nights.entries()) == ["Housing/a.txt"]


def test_exposure_is_seen_without_reading(nights: Nights) -> None:
    path = nights.write("closed/a.txt", SPECIMEN)
    path.parent.chmod(0o700)
    nights.night()
    assert nights.entries()["closed/a.txt"].exposure.audience is Audience.OWNER
    path.parent.chmod(0o755)  # the folder opens: of the file itself nothing has changed
    assert nights.night()[1] == []
    entry = nights.entries()["closed/a.txt"]
    assert (entry.exposure.audience, entry.exposed) == (Audience.EVERYONE, True)
    assert entry.exposure.how == "mode: others may read"


def test_a_pause_from_outside_and_a_stop(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "HEARTBEAT_SECONDS", 0.0)
    for number in range(200):
        nights.write(f"{number}.txt", f"{number}")
    told: list[str] = []
    paused_at: list[int] = []

    def watch(progress: Progress) -> None:
        name = runs.find(nights.engine).name
        if progress.objects_ended >= 50 and not told:
            told.append(runs.ask(nights.engine, name, "pause"))
        elif progress.paused:
            paused_at.append(progress.objects_ended)
            assert runs.record(nights.engine, runs.find(nights.engine).number).alive
            if len(paused_at) == 5:
                told.append(runs.ask(nights.engine, name, "stop"))

    record, read = nights.night(observer=Observer(progress=watch))
    assert record.state is RunState.INTERRUPTED
    assert len(told) == 2
    assert len(read) < 200


def test_the_window_closes_and_opens(nights: Nights) -> None:
    for number in range(200):
        nights.write(f"{number}.txt", f"{number}")
    windows = Windows.parse(["mon 19:00-20:00"])
    settings = ScanSettings(windows=windows, workers=WorkerSettings(count=1))
    clock = [datetime(2026, 11, 23, 18, 59)]  # a Monday
    seen: list[Progress] = []

    def tick(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            assert progress.objects_met == 0  # it waits
            clock[0] = datetime(2026, 11, 23, 19, 0)
        if progress.objects_ended >= 30:
            clock[0] = datetime(2026, 11, 23, 20, 0)

    observer = Observer(progress=tick, now=lambda: clock[0])
    record, read = nights.night(settings=settings, observer=observer)
    assert record.state is RunState.INTERRUPTED
    assert 0 < len(read) < 200


def test_killed_at_any_moment_it_goes_on(nights: Nights) -> None:
    for number in range(150):
        nights.write(f"{number % 4}/{number}.txt", f"{number} {SPECIMEN if number % 5 == 0 else ''}")
    resume = False
    for delay in (0.05, 0.1, 0.2):
        nights.engine.dispose()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            try:
                engine = open_inventory(str(nights.engine.url))
                Nights(nights.share, engine, nights.log).night(resume=resume)
            finally:
                os._exit(0)
        time.sleep(delay + 0.2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        unfinished = [record for record in runs.records(nights.engine) if record.state is RunState.RUNNING]
        resume = bool(unfinished)
    nights.night(resume=resume)
    totals = Ledger(nights.engine, runs.find(nights.engine).number).totals()
    assert (totals.enumerated, totals.by_severity[Severity.HIGH].objects) == (150, 30)


def test_a_real_mount_that_comes_and_goes(nights: Nights, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number in range(300):
        (data / f"{number % 9}").mkdir(parents=True, exist_ok=True)
        (data / f"{number % 9}" / f"{number}.txt").write_text(f"{number} {SPECIMEN}")

    def mount(*arguments: object) -> bool:
        command = [str(argument) for argument in arguments]
        return subprocess.run(command, capture_output=True).returncode == 0

    def mounted() -> bool:
        return (nights.share / "0").exists()

    if os.geteuid() != 0 or not mount("mount", "--bind", data, nights.share):
        pytest.skip("mounting needs root and its rights")
    seen: list[Progress] = []

    def unmount(progress: Progress) -> None:
        seen.append(progress)
        if progress.objects_ended >= 5 and mounted():
            mount("umount", "-l", nights.share)

    try:
        record, some = nights.night(observer=Observer(progress=unmount))
        assert (record.state, mounted()) == (RunState.FAILED, False)
        assert nights.night(resume=True)[0].state is RunState.FAILED  # the empty mount point is no share
        assert mount("mount", "--bind", data, nights.share)
        record, rest = nights.night(resume=True)
        assert record.state is RunState.FINISHED
        assert set(some) | set(rest) == {f"{number}.txt" for number in range(300)}
        assert {entry.severity for entry in nights.entries().values()} == {Severity.HIGH}
        assert nights.night()[1] == []
        mount("umount", "-l", nights.share)
        record, _ = nights.night()
        assert record.state is RunState.FAILED
        assert "on another file system than before" in record.errors[0]
        assert len(nights.entries()) == 300  # nothing is taken for deleted
    finally:
        mount("umount", "-l", nights.share)
