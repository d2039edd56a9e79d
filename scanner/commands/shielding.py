"""The list of shielded people, which another program may keep: compared with new files before any report."""

from __future__ import annotations

import importlib
import importlib.util
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# Each has a function ``comparer(engine, source)``.  What that returns compares new evidence in the
# transaction of its caller, at most so many pieces, alerts of sightings, and says how many it compared.
LISTS = ("smtp_filter.triage.shield.comparing",)
_AT_ONCE = 200


class Compare(Protocol):
    """What compares new evidence."""

    def __call__(self, connection: Connection, most: int) -> int:
        """Compare at most so many pieces in the caller's transaction; says how many there were."""


class Comparing:
    """Compares what is new with the list, if there is one; opened once it is needed.

    ``master_key`` is the configured file of the key that opens the list.  Where the list cannot be compared,
    what is new counts as shielded, and one line on standard error says so.
    """

    def __init__(self, engine: Engine, master_key: Path | None) -> None:
        self._engine = engine
        self._master_key = master_key
        self._compare: Compare | None = None
        self._problem = ""

    def __call__(self, connection: Connection) -> None:
        """Compare all that is new in the caller's transaction."""
        from scanner.store import shielding

        if not shielding.in_force(connection) or not shielding.uncompared(connection, 1):
            return
        while (compare := self._opened()) is not None and compare(connection, _AT_ONCE) == _AT_ONCE:
            pass

    def all(self) -> None:
        """Compare all that is new, in transactions of their own."""
        from scanner.store import shielding
        from scanner.store.inventory import persistently

        while True:
            with self._engine.connect() as connection:
                if not shielding.in_force(connection) or not shielding.uncompared(connection, 1):
                    return
            compare = self._opened()
            if compare is None:
                return
            persistently(self._engine, partial(compare, most=_AT_ONCE))

    def _opened(self) -> Compare | None:
        from scanner.store.sealing import MasterKeySource, SealingError

        if self._compare is not None:
            return self._compare
        problem = "the program that keeps it is not installed here"
        try:
            for name in LISTS:
                if _installed(name):
                    made = importlib.import_module(name).comparer(
                        self._engine, MasterKeySource.usual(self._master_key)
                    )
                    self._compare = made
                    return self._compare
        except SealingError as error:
            problem = str(error)
        if problem != self._problem:
            self._problem = problem
            typer.echo(
                f"dlp: the list of shielded people cannot be compared ({problem}); what is new shows as "
                "shielded until it was",
                err=True,
            )
        return None


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
