"""A sweep says which names differ from what is known, and writes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from scanner.shares.exposure import Rights
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.watching import sweeping
from scanner.shares.watching.places import Places
from scanner.shares.watching.recording import Recorder
from scanner.shares.watching.settings import WatchSettings
from scanner.shares.watching.settling import Settled
from scanner.shares.watching.sweeping import Sweep, Wanted
from scanner.store import runs
from scanner.store.inventory import Signatures
from scanner.store.inventory.tables import file
from scanner.store.outbox import open_outbox
from scanner.store.runs import WATCH, NewRun
from tests.shares.plain_inspector import TEST_KEY, PlainInspector

LONG_AGO = 1_600_000_000_000_000_000


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_outbox(f"sqlite:///{tmp_path / 'dlp.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def share(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scanned share: a few small folders and a large one, which is listed in pieces."""
    monkeypatch.setattr("scanner.shares.deciding._MOMENTARY", 0)
    root = tmp_path / "share"
    for name in ("a/1", "a/2", "a/b/3", "c/4", "left out/5"):
        write(root / name)
    for number in range(1_100):
        write(root / "large" / f"{number}")
    stored = runs.start(engine, NewRun((os.fsencode(root),), "test", Signatures()))
    scan(Run(chosen(), PlainInspector(), TEST_KEY), engine, stored)
    return root


def write(path: Path, text: str = "plain") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def chosen() -> ScanSettings:
    return ScanSettings(workers=WorkerSettings(count=1), exclude=("left out",))


def recorder(engine: Engine, share: Path) -> tuple[Recorder, Places]:
    settings = WatchSettings(scan=chosen())
    places = Places((os.fsencode(share),), settings.scan, (), Rights())
    new = NewRun((os.fsencode(share),), "test", Signatures(), {WATCH: True})
    made = Recorder(engine, settings, places, new, note=lambda *_: None)
    assert made.begin()
    return made, places


def swept(engine: Engine, share: Path, start: str = "", *, deep: bool = True) -> tuple[set[str], str]:
    """The names that differ, beneath the share, and what was not believed."""
    made, places = recorder(engine, share)
    root = os.fsencode(share)
    wanted = Wanted(os.fsencode(share / start) if start else root, deep)
    sweep = Sweep(engine, made.table, made.decider, places, root, wanted)
    found: list[bytes] = []
    while not sweep.done:
        found.extend(sweep.turn(10))
    made.close()
    names = [os.fsdecode(path).removeprefix(f"{share}/") for path in found]
    assert len(names) == len(set(names))
    return set(names), sweep.problem


TABLE: list[tuple[str, Callable[[Path], object], set[str]]] = [
    ("nothing happened", lambda _: None, set()),
    ("written over", lambda p: (p / "a/1").write_text("other"), {"a/1"}),
    ("only its rights", lambda p: (p / "a/1").chmod(0o600), {"a/1"}),
    ("a new one", lambda p: write(p / "a/new"), {"a/new"}),
    ("a new folder", lambda p: write(p / "n/m/new"), {"n/m/new"}),
    ("one went", lambda p: (p / "a/1").unlink(), {"a/1"}),
    ("a folder went", lambda p: shutil.rmtree(p / "a"), {"a/1", "a/2", "a/b/3"}),
    ("a folder moved", lambda p: (p / "a").rename(p / "z"), {"a/1", "a/2", "a/b/3", "z/1", "z/2", "z/b/3"}),
    ("one went in a large folder", lambda p: (p / "large/1034").unlink(), {"large/1034"}),
    ("a new one in a large folder", lambda p: write(p / "large/new"), {"large/new"}),
    ("in a folder that is left out", lambda p: write(p / "left out/new"), set()),
    ("a file is a folder now", lambda p: ((p / "c/4").unlink(), write(p / "c/4/x")), {"c/4", "c/4/x"}),
    ("who gets through a folder", lambda p: (p / "a/b").chmod(0o700), {"a/b/3"}),
]


@pytest.mark.parametrize(("what", "act", "differing"), TABLE, ids=[what for what, *_ in TABLE])
def test_what_differs(
    engine: Engine, share: Path, what: str, act: Callable[[Path], object], differing: set[str]
) -> None:
    act(share)
    with engine.connect() as connection:
        before = connection.execute(select(func.count(), func.max(file.c.id))).one()
    assert swept(engine, share) == (differing, "")
    with engine.connect() as connection:
        assert connection.execute(select(func.count(), func.max(file.c.id))).one() == before


def test_only_a_part(engine: Engine, share: Path) -> None:
    for name in ("a/1", "a/b/3", "c/4"):
        write(share / name, "changed")
    assert swept(engine, share, "a")[0] == {"a/1", "a/b/3"}
    assert swept(engine, share, "a", deep=False)[0] == {"a/1"}
    assert swept(engine, share, "left out")[0] <= {"left out"}


def test_most_of_a_share_is_gone(engine: Engine, share: Path) -> None:
    shutil.rmtree(share / "large")
    names, problem = swept(engine, share)
    assert names == set()
    assert "lacks 1,100 of its" in problem
    # Somebody removed a folder and it was told: then there is no doubt.
    assert len(swept(engine, share, "large")[0]) == 1_100


def test_folders_that_become_known_while_it_sweeps_are_not_missing(
    engine: Engine, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_FOLDERS_PER_TURN", 1)
    for number in range(30):
        write(share / f"new {number}" / "x")
    made, places = recorder(engine, share)
    root = os.fsencode(share)
    sweep = Sweep(engine, made.table, made.decider, places, root, Wanted(root))
    found: list[bytes] = []
    while not sweep.done:
        names = sweep.turn(0)
        made.enter([Settled(name, again=False) for name in names])
        found.extend(names)
    assert sweep.problem == ""
    assert sorted(found) == sorted(os.fsencode(share / f"new {number}" / "x") for number in range(30))
