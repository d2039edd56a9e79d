"""Whole watches on a real folder: what happens in it is known and alerted, whatever happens to the watch."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import select

from scanner.judgement.assessment import Severity
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.watching.settings import WatchSettings
from scanner.store import runs
from scanner.store.entry import RunState
from scanner.store.inventory import Signatures
from scanner.store.inventory.tables import file, folder
from scanner.store.ledger import Ledger
from scanner.store.outbox import AlertKind, open_outbox
from scanner.store.outbox.tables import alert
from scanner.store.runs import NewRun, RunError
from tests.shares.plain_inspector import TEST_KEY
from tests.shares.test_nights import Log, Noting
from tests.soak.watch import Storm, differences, settings, started, until_known

SPECIMEN = "QQ123456C"  # published: never issued
PATIENCE = 60.0


@dataclass
class Watched:
    """A folder, a database, and the watches over it."""

    root: Path
    url: str
    said: Path
    processes: list[BaseProcess] = field(default_factory=list)
    address: bytes = b""  # where it is watched, if that is not where it lies
    more: tuple[bytes, ...] = ()

    @property
    def root_name(self) -> str:
        return os.fsdecode(self.address or os.fsencode(self.root))

    def start(self, **changes: object) -> BaseProcess:
        roots = (self.address or os.fsencode(self.root), *self.more)
        process = started(roots, self.url, settings(**changes), self.said)
        self.processes.append(process)
        self.until(lambda: "ready=True" in self.words() or not process.is_alive(), "the watch is ready")
        return process

    def words(self) -> str:
        return self.said.read_text() if self.said.exists() else ""

    def stop(self) -> None:
        for process in self.processes:
            if process.is_alive():
                process.terminate()
            process.join(20)
            assert process.exitcode == 0
        self.processes.clear()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"never: {what}\n{self.words()[-2000:]}"
            time.sleep(0.05)

    def all_known(self) -> None:
        assert until_known(self.root, self.url, self.processes[-1], PATIENCE) == []

    def alerts(self) -> list[tuple[str, str]]:
        """(kind, name) of every alert, in order."""
        return [(str(row["kind"]), Path(str(row["path"])).name) for row in self.told()]

    def told(self) -> list[dict[str, object]]:
        engine = open_outbox(self.url)
        with engine.connect() as connection:
            found = [json.loads(row.told) for row in connection.execute(select(alert).order_by(alert.c.id))]
        engine.dispose()
        return found

    def until_alert(self, kind: AlertKind, name: str, times: int = 1) -> None:
        self.until(lambda: self.alerts().count((kind.value, name)) >= times, f"{kind} of {name}")

    def scanned(self) -> tuple[RunState, list[str]]:
        """One scan of the folder; what it inspected."""
        log = Log()
        engine = open_outbox(self.url)
        stored = runs.start(engine, NewRun((os.fsencode(self.root),), "test", Signatures()))
        chosen = ScanSettings(workers=WorkerSettings(count=1))
        record = scan(Run(chosen, Noting(log=log), TEST_KEY), engine, stored)
        assert Ledger(engine, stored.number).totals().enumerated >= 0
        engine.dispose()
        return record.state, log.names()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    root = tmp_path / "share"
    root.mkdir()
    made = Watched(root, f"sqlite:///{tmp_path / 'dlp.db'}", tmp_path / "said")
    open_outbox(made.url).dispose()
    yield made
    for process in made.processes:
        with contextlib.suppress(ProcessLookupError, ValueError):
            process.kill()
            process.join()


WAYS = pytest.mark.parametrize(
    "way", [{}, {"poll_all": True, "poll": 0.3}], ids=["told by the system", "polled"]
)


@WAYS
def test_what_comes_changes_and_goes_is_known_and_alerted(watched: Watched, way: dict[str, object]) -> None:
    (watched.root / "before.txt").write_text("nothing")
    watched.start(**way)
    (watched.root / "list.txt").write_text(f"x {SPECIMEN}")
    (watched.root / "plain.txt").write_text("nothing")
    watched.until_alert(AlertKind.FINDING, "list.txt")
    watched.all_known()
    (watched.root / "plain.txt").write_text(f"now {SPECIMEN}")
    (watched.root / "before.txt").unlink()
    watched.until_alert(AlertKind.FINDING, "plain.txt")
    watched.all_known()
    (watched.root / "list.txt").write_text(f"longer {SPECIMEN} and as bad as before")
    watched.all_known()
    watched.stop()
    assert watched.alerts() == [("finding", "list.txt"), ("finding", "plain.txt")]
    assert SPECIMEN not in json.dumps(watched.told())
    assert SPECIMEN[:6] not in json.dumps(watched.told())


def test_what_a_watch_read_no_scan_reads_again(watched: Watched) -> None:
    watched.start()
    for number in range(5):
        (watched.root / f"{number}.txt").write_text(f"text {number}")
    watched.all_known()
    time.sleep(2.5)  # what changed within two seconds of being read is looked at twice
    watched.all_known()
    watched.stop()
    assert watched.scanned() == (RunState.FINISHED, [])


def test_on_start_it_catches_up_with_what_changed_meanwhile(watched: Watched) -> None:
    for name in ("stays.txt", "changes.txt", "goes.txt"):
        (watched.root / name).write_text(f"{name}")
    assert watched.scanned()[0] is RunState.FINISHED
    (watched.root / "changes.txt").write_text(f"now {SPECIMEN}")
    (watched.root / "goes.txt").unlink()
    (watched.root / "new").mkdir()
    (watched.root / "new" / "comes.txt").write_text(f"new {SPECIMEN}!")
    watched.start()
    watched.all_known()
    watched.stop()
    assert sorted(watched.alerts()) == [("finding", "changes.txt"), ("finding", "comes.txt")]


def test_a_file_is_read_when_it_is_whole(watched: Watched) -> None:
    watched.start()
    with (watched.root / "slow.txt").open("w") as slow:
        for number in range(12):
            slow.write(f"line {number}\n")
            slow.flush()
            time.sleep(0.15)
        time.sleep(1.5)  # quiet for longer than it takes to settle, and still open
        assert [problem for problem in differences(watched.root, watched.url) if "missed" in problem]
        slow.write(SPECIMEN)
    watched.until_alert(AlertKind.FINDING, "slow.txt")
    watched.all_known()


def test_a_file_that_never_settles_is_read_all_the_same(watched: Watched) -> None:
    watched.start(longest_unsettled=1.0)
    with (watched.root / "server.log").open("w") as log:
        end = time.monotonic() + PATIENCE
        while not watched.alerts():
            log.write(f"{SPECIMEN} at {time.monotonic()}\n")
            log.flush()
            time.sleep(0.1)
            assert time.monotonic() < end, "never read while it was written"


def test_folders_made_in_one_go_and_filled_before_anybody_can_watch_them(watched: Watched) -> None:
    watched.start()
    deep = watched.root
    for level in range(12):
        deep = deep / f"level {level}"
        deep.mkdir()
        (deep / "file.txt").write_text(f"at {level} {SPECIMEN if level == 11 else ''}")
    watched.until_alert(AlertKind.FINDING, "file.txt")
    watched.all_known()


def test_folders_that_are_moved_are_watched_where_they_lie(watched: Watched) -> None:
    (watched.root / "a" / "b").mkdir(parents=True)
    (watched.root / "a" / "b" / "old.txt").write_text(f"old {SPECIMEN}")
    outside = watched.root.parent / "outside"
    watched.start()
    watched.all_known()
    (watched.root / "a").rename(watched.root / "c")
    watched.all_known()
    (watched.root / "c" / "b" / "new.txt").write_text(f"new {SPECIMEN}")
    watched.until_alert(AlertKind.FINDING, "new.txt")
    (watched.root / "c").rename(outside)
    (outside / "b" / "not ours.txt").write_text(f"new {SPECIMEN}")
    watched.all_known()
    outside.rename(watched.root / "back")
    watched.until_alert(AlertKind.FINDING, "not ours.txt")
    (watched.root / "back" / "b" / "last.txt").write_text(f"last {SPECIMEN}")
    watched.until_alert(AlertKind.FINDING, "last.txt")
    watched.all_known()
    # What only moved is no news.
    assert watched.alerts().count(("finding", "old.txt")) == 1


@pytest.mark.parametrize(
    "way",
    [{}, {"poll_all": True, "poll": 3_600.0, "exposure": 0.3}],
    ids=["told by the system", "looked for"],
)
def test_a_sensitive_file_that_is_opened_to_everyone(watched: Watched, way: dict[str, object]) -> None:
    watched.root.chmod(0o755)
    secret, plain = watched.root / "in" / "secret.txt", watched.root / "in" / "plain.txt"
    secret.parent.mkdir(mode=0o755)
    for path, text in ((secret, SPECIMEN), (plain, "nothing")):
        path.write_text(text)
        path.chmod(0o600)
    watched.start(**way)
    watched.until_alert(AlertKind.FINDING, "secret.txt")
    watched.all_known()
    plain.chmod(0o644)
    secret.chmod(0o640)
    secret.chmod(0o644)
    watched.until_alert(AlertKind.EXPOSED, "secret.txt")
    secret.chmod(0o600)
    _wait_for_audience(watched, b"secret.txt", below=3)
    secret.chmod(0o644)
    watched.until_alert(AlertKind.EXPOSED, "secret.txt", times=2)
    # The same by the folder above, which says nothing of the file itself.
    secret.parent.chmod(0o700)
    _wait_for_audience(watched, b"secret.txt", below=3)
    secret.parent.chmod(0o755)
    watched.until_alert(AlertKind.EXPOSED, "secret.txt", times=3)
    assert {name for _, name in watched.alerts()} == {"secret.txt"}
    exposed = next(told for told in watched.told() if told["kind"] == "exposed")
    assert exposed["audience"] == "everyone"
    assert exposed["how"] == "mode: others may read"


def _wait_for_audience(watched: Watched, name: bytes, below: int) -> None:
    engine = open_outbox(watched.url)

    def closed() -> bool:
        with engine.connect() as connection:
            query = select(file.c.audience).where(file.c.entry == name, file.c.ending == 0)
            return all(audience < below for audience in connection.execute(query).scalars())

    watched.until(closed, "known as closed")
    engine.dispose()


def test_a_watch_that_was_killed_goes_on_and_loses_no_alert(watched: Watched) -> None:
    process = watched.start()
    for number in range(30):
        (watched.root / f"{number}.txt").write_text(f"{number} {SPECIMEN}")
        if number % 10 == 5:
            time.sleep(0.8)
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            watched.processes.clear()
            watched.said.unlink()
            process = watched.start()
    watched.all_known()
    watched.until(lambda: len(set(watched.alerts())) == 30, "an alert of each")


def test_a_mount_that_is_lost_is_no_deletion(watched: Watched) -> None:
    for number in range(40):
        (watched.root / f"{number}.txt").write_text(f"{number}")
    watched.start(poll_all=True, poll=0.3)
    watched.all_known()
    away = watched.root.with_name("away")
    watched.root.rename(away)
    watched.root.mkdir()
    watched.until(lambda: "is it mounted?" in watched.words(), "the watch says that the mount is lost")
    time.sleep(1)
    watched.root.rmdir()
    away.rename(watched.root)
    (watched.root / "later.txt").write_text(SPECIMEN)
    watched.until_alert(AlertKind.FINDING, "later.txt")
    watched.all_known()
    assert ("trouble", "share") in watched.alerts()
    engine = open_outbox(watched.url)
    with engine.connect() as connection:
        assert not connection.execute(select(file.c.id).where(file.c.ending == 2)).all()
    engine.dispose()


def test_a_share_that_is_emptied_looks_like_a_lost_mount_to_a_sweep(watched: Watched) -> None:
    for number in range(40):
        (watched.root / f"{number}.txt").write_text(f"{number}")
    watched.start(poll_all=True, poll=0.3)
    watched.all_known()
    for number in range(40):
        (watched.root / f"{number}.txt").unlink()
    watched.until(lambda: "lacks 40 of its 40 known files" in watched.words(), "it says so")


def test_a_watch_gives_way_to_a_scan_and_alerts_beside_it(watched: Watched) -> None:
    watched.start()
    (watched.root / "first.txt").write_text(f"first {SPECIMEN}")
    watched.until_alert(AlertKind.FINDING, "first.txt")
    engine = open_outbox(watched.url)
    stored = runs.start(engine, NewRun((os.fsencode(watched.root),), "test", Signatures()))
    (watched.root / "second.txt").write_text(f"second {SPECIMEN}")
    watched.until_alert(AlertKind.FINDING, "second.txt")
    with engine.connect() as connection:
        known = list(connection.execute(select(file.c.entry, file.c.since)))
    assert [name for name, since in known if since >= stored.number] == []
    assert b"second.txt" not in [name for name, _ in known]
    chosen = ScanSettings(workers=WorkerSettings(count=1))
    log = Log()
    record = scan(Run(chosen, Noting(log=log), TEST_KEY), engine, stored)
    assert record.state is RunState.FINISHED
    # It was judged already: the scan only made sure that it is the same.
    assert "second.txt" not in log.names()
    (watched.root / "third.txt").write_text(f"third {SPECIMEN}")
    watched.until_alert(AlertKind.FINDING, "third.txt")
    watched.until(lambda: "catching up" in watched.words(), "it takes a number of its own again")
    watched.all_known()
    engine.dispose()
    assert len(watched.alerts()) == len(set(watched.alerts())) == 3


def test_an_interrupted_scan_is_resumed_after_a_watch(watched: Watched) -> None:
    (watched.root / "one.txt").write_text("one")
    (watched.root / "two.txt").write_text("two")
    engine = open_outbox(watched.url)
    stored = runs.start(engine, NewRun((os.fsencode(watched.root),), "test", Signatures()))
    runs.close(engine, stored.number, RunState.INTERRUPTED)
    watched.start()
    watched.all_known()
    # While it watches: a watch is no scan, and no reason to refuse one.
    resumed = runs.resume(engine, "")
    assert resumed.number > stored.number
    assert resumed.roots == stored.roots
    chosen = ScanSettings(workers=WorkerSettings(count=1))
    record = scan(Run(chosen, Noting(), TEST_KEY), engine, resumed)
    assert record.state is RunState.FINISHED
    assert Ledger(engine, resumed.number).totals().enumerated == 2
    assert runs.find(engine).number == resumed.number  # and not the watch
    engine.dispose()


def test_two_watches_of_one_folder(watched: Watched) -> None:
    watched.start()
    engine = open_outbox(watched.url)
    inner = os.fsencode(watched.root / "inner")
    with engine.connect() as connection:
        (busy,) = runs.busy(connection, [inner])
    assert busy.options == {runs.WATCH: True}
    with pytest.raises(RunError, match="is busy in the same folders"):
        runs.start(engine, NewRun((inner,), "test", Signatures(), {runs.WATCH: True}))
    engine.dispose()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_is_wholly_known_in_the_end(watched: Watched, seed: int) -> None:
    watched.start()
    Storm(watched.root, random.Random(seed)).rage(1_500)
    watched.all_known()
    watched.stop()


def test_a_storm_with_postgresql(tmp_path: Path, postgres_url: str) -> None:
    root = tmp_path / "share"
    root.mkdir()
    watched = Watched(root, postgres_url, tmp_path / "said")
    open_outbox(postgres_url).dispose()
    process = watched.start()
    try:
        Storm(root, random.Random(4)).rage(500)
        watched.all_known()
        watched.stop()
    finally:
        process.kill()


def test_a_storm_over_few_remembered_names_is_swept(watched: Watched) -> None:
    watched.start(names_held=20)
    Storm(watched.root, random.Random(3)).rage(800)
    watched.all_known()
    watched.stop()


def test_below_the_severity_that_is_worth_an_alert(watched: Watched) -> None:
    watched.start(at_least=Severity.CRITICAL)
    (watched.root / "list.txt").write_text(SPECIMEN)
    watched.all_known()
    watched.stop()
    assert watched.alerts() == []


def test_the_names_of_folders_and_links_and_pipes(watched: Watched) -> None:
    watched.start()
    odd = watched.root / os.fsdecode(b"caf\xe9 \n \xff")
    odd.mkdir()
    (odd / "list\n.txt").write_text(SPECIMEN)
    os.mkfifo(odd / "pipe")
    (odd / "link").symlink_to("/etc/hostname")
    watched.until_alert(AlertKind.FINDING, "list\\x0a.txt")
    engine = open_outbox(watched.url)

    def known() -> set[bytes]:
        with engine.connect() as connection:
            query = select(file.c.entry).join(folder, folder.c.id == file.c.folder_id)
            return {bytes(name) for name in connection.execute(query).scalars()}

    watched.until(lambda: known() == {b"list\n.txt", b"pipe", b"link"}, "all of them are known")
    engine.dispose()
    (odd / "link").unlink()
    (odd / "link").write_text("a file now")
    (odd / "pipe").unlink()
    watched.until(lambda: "gone=1" in watched.words() or not known() - {b"x"}, "noticed")


def test_settings_have_sound_defaults() -> None:
    chosen = WatchSettings()
    assert chosen.exposure < 300  # an alert is due within five minutes
    assert chosen.poll + chosen.settle <= 65
