"""The runs of a state directory: named by time, found by the beginning of their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.store.entry import RunRecord
from scanner.store.ledger import Ledger, LedgerError
from scanner.store.runs import find_run, new_run_id, past_runs, runs_directory


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for run_id in ("20260101-000000-aaaa", "20260102-000000-bbbb", "20260102-000000-cccc"):
        with Ledger.create(runs_directory(tmp_path), RunRecord(run_id, ("/srv",), 0.0, "0")):
            pass
    return tmp_path


def test_names_sort_by_time() -> None:
    assert new_run_id(0).startswith("19700101-000000-")
    assert new_run_id(1_000_000_000) < new_run_id(1_000_000_001)


def test_the_latest_first_and_damaged_ones_passed_over(state: Path) -> None:
    (runs_directory(state) / "20270101-000000-dddd.ledger").write_bytes(b"not a ledger")
    assert [record.run_id[-4:] for record in past_runs(state)] == ["cccc", "bbbb", "aaaa"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("", "cccc"), ("20260101", "aaaa"), ("20260102-000000-b", "bbbb")],
)
def test_find(state: Path, name: str, found: str) -> None:
    assert find_run(state, name).stem.endswith(found)


@pytest.mark.parametrize(
    ("name", "line"), [("2025", "no run begins with '2025'"), ("20260102", "more than one run begins with")]
)
def test_not_found(state: Path, name: str, line: str) -> None:
    with pytest.raises(LedgerError, match=line):
        find_run(state, name)


def test_no_runs_at_all(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="start one with"):
        find_run(tmp_path)
    assert list(past_runs(tmp_path)) == []
