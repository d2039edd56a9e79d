"""Runs: named by time, found by the beginning of their names, resumed, asked, pruned."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from scanner.store import runs
from scanner.store.entry import RunState
from scanner.store.inventory.tables import evidence, file, open_inventory, run
from scanner.store.runs import RunError
from tests.store.making import MadeRun, new_run
from tests.store.test_ledger import inspection

NAMES = ("20260101-000000-aaaa", "20260102-000000-bbbb", "20260102-000000-cccc")


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_inventory(database_url)


@pytest.fixture
def three(engine: Engine) -> Engine:
    for name in NAMES:
        new_run(engine, name=name).close()
    return engine


def kill(made: MadeRun) -> None:
    """As if the process of the run had died."""
    child = subprocess.Popen(["true"])
    child.wait()
    dead = runs.this_process().rsplit(":", 2)[0] + f":{child.pid}:1"
    with made.engine.begin() as connection:
        connection.execute(update(run).where(run.c.id == made.stored.number).values(process=dead))


def test_names_sort_by_time() -> None:
    assert runs.new_run_id(0).startswith("19700101-000000-")
    assert runs.new_run_id(1_000_000_000) < runs.new_run_id(1_000_000_001)


def test_the_latest_first(three: Engine) -> None:
    assert [record.run_id[-4:] for record in runs.records(three)] == ["cccc", "bbbb", "aaaa"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("", "cccc"), ("20260101", "aaaa"), ("20260102-000000-b", "bbbb")],
)
def test_find(three: Engine, name: str, found: str) -> None:
    assert runs.find(three, name).name.endswith(found)


@pytest.mark.parametrize(
    ("name", "line"), [("2025", "no run begins with '2025'"), ("20260102", "more than one run begins with")]
)
def test_not_found(three: Engine, name: str, line: str) -> None:
    with pytest.raises(RunError, match=line):
        runs.find(three, name)


def test_no_runs_at_all(engine: Engine) -> None:
    with pytest.raises(RunError, match="start one with"):
        runs.find(engine)
    assert runs.records(engine) == []


def test_a_run_at_work_has_its_folders_for_itself(engine: Engine) -> None:
    busy = new_run(engine, ["/srv/a"])
    for roots in (["/srv/a"], ["/srv"], ["/srv/a/b"], ["/other", "/srv/a"]):
        with pytest.raises(RunError, match="is busy in the same folders"):
            new_run(engine, roots)
    new_run(engine, ["/srv/ab"])  # the same beginning is not the same folder
    busy.close()
    new_run(engine, ["/srv/a/b"])


def test_the_folders_of_a_dead_run_are_free_and_the_run_goes_on(engine: Engine) -> None:
    dead = new_run(engine, ["/srv/a"])
    with pytest.raises(RunError, match="is busy"):
        runs.resume(engine, dead.stored.name)
    kill(dead)
    again = runs.resume(engine, "")
    assert (again.number, again.roots) == (dead.stored.number, (b"/srv/a",))
    assert runs.record(engine, again.number).alive


def test_what_cannot_be_resumed(engine: Engine) -> None:
    whole = new_run(engine)
    whole.close()
    with pytest.raises(RunError, match="no unfinished run"):
        runs.resume(engine, "")
    with pytest.raises(RunError, match="has finished"):
        runs.resume(engine, whole.stored.name)
    cut = new_run(engine)
    cut.close(RunState.INTERRUPTED)
    new_run(engine).close()
    with pytest.raises(RunError, match="is later and was in the same folders"):
        runs.resume(engine, cut.stored.name)


def test_somebody_asks_a_run(engine: Engine) -> None:
    made = new_run(engine)
    assert runs.ask(engine, "", "pause") == made.stored.name
    with engine.begin() as connection:
        assert runs.beat(connection, made.stored.number, RunState.PAUSED) == "pause"
    kill(made)
    with pytest.raises(RunError, match="is not running"):
        runs.ask(engine, made.stored.name, "stop")


def test_pruned_runs_take_only_what_no_other_report_needs(engine: Engine) -> None:
    first = new_run(engine, started=1_000.0)
    first.meet(["/srv/kept.txt", "/srv/gone.txt"])
    first.end([("/srv/kept.txt", inspection()), ("/srv/gone.txt", inspection(people=3))])
    first.close()
    second = new_run(engine)
    with engine.connect() as connection:
        numbers = {bytes(row.entry): row.id for row in connection.execute(select(file))}
    with engine.begin() as connection:
        second.table.gone(connection, [numbers[b"gone.txt"]])
    second.close()
    assert sorted(entry.path for entry in first.ledger.entries()) == ["/srv/gone.txt", "/srv/kept.txt"]
    assert runs.outlived(engine, keep=1) == runs.outlived(engine, older_than_days=1) == [first.stored.name]
    assert runs.prune(engine, [first.stored.name]) == 1
    assert [entry.path for entry in second.ledger.entries()] == ["/srv/kept.txt"]
    with engine.connect() as connection:
        assert len(connection.execute(select(file)).all()) == 1
        used = {row.evidence_id for row in connection.execute(select(file))}
        left = {row.id for row in connection.execute(select(evidence))}
    # The newest stays though nothing uses it: on SQLite its number would be given again.
    assert left == used | {max(left)}
    # A number that was given once is never given again: rows say since which run they are true.
    assert new_run(engine, ["/x"]).stored.number == 3


def test_a_run_at_work_is_not_pruned(engine: Engine) -> None:
    made = new_run(engine)
    assert runs.outlived(engine, keep=0) == []
    with pytest.raises(RunError, match="still at work"):
        runs.prune(engine, [made.stored.name])


def test_this_process_is_alive_and_no_other_is_taken_for_it(tmp_path: Path) -> None:
    host, pid, born = runs.this_process().rsplit(":", 2)
    assert (int(pid), bool(host), born.isdigit()) == (os.getpid(), True, True)
