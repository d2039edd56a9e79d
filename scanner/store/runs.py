"""The runs of a state directory: naming a new one, listing and finding past ones."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from scanner.store.entry import RunRecord
from scanner.store.ledger import SUFFIX, Ledger, LedgerError

RUNS = "runs"


def new_run_id(now: float | None = None) -> str:
    """A name that sorts by time and is unique without asking anybody: ``20261122-034500-1a2b``."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(2)}"


def runs_directory(state: Path) -> Path:
    """Where the ledgers lie in a state directory."""
    return state / RUNS


def past_runs(state: Path) -> Iterator[RunRecord]:
    """The runs of a state directory, the latest first; ledgers that cannot be read are passed over."""
    for path in _ledgers(state):
        try:
            with Ledger.open(path) as ledger:
                yield ledger.record()
        except LedgerError:
            continue


def find_run(state: Path, name: str = "") -> Path:
    """The ledger of the run whose id begins with ``name``, the latest for none.

    Raises :class:`LedgerError` where there is no such run, or more than one.
    """
    ledgers = _ledgers(state)
    if not ledgers:
        raise LedgerError(f"no runs in {state}; start one with `dlp scan PATH`")
    if not name:
        return ledgers[0]
    matching = [path for path in ledgers if path.stem.startswith(name)]
    if len(matching) != 1:
        how_many = "no run" if not matching else "more than one run"
        raise LedgerError(f"{how_many} begins with {name!r}; see `dlp report --list`")
    return matching[0]


def _ledgers(state: Path) -> list[Path]:
    return sorted(runs_directory(state).glob(f"*{SUFFIX}"), reverse=True)
