"""Reading past runs: what the verbs share that look at the database of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.configuration import Configuration
    from scanner.store.asset_owners import AssetOwner
    from scanner.store.entry import RunRecord


def asset_owners(settings: Configuration) -> list[AssetOwner]:
    """Who answers for which paths, after the configuration."""
    from scanner.store.asset_owners import AssetOwner

    return [AssetOwner(path, owner) for path, owner in settings.exposure.asset_owners.items()]


def asset_owner_of(settings: Configuration) -> Callable[[str], str]:
    """Who answers for a printable path, after the configuration; empty where nobody does."""
    from scanner.store.asset_owners import AssetOwners

    return AssetOwners(asset_owners(settings)).of


def note_old_ledgers(state: Path) -> None:
    """One line about ledgers of versions that kept a file for each run: they are not read any more."""
    old = len(list((state / "runs").glob("*.ledger")))
    if old:
        typer.echo(
            f"dlp: {old} runs of an earlier version in {state / 'runs'} are not read any more; delete them",
            err=True,
        )


def line(record: RunRecord) -> str:
    """One run in one line: name, when, how it stands, what it read."""
    import time

    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started))
    kind = "full" if record.full else ""
    return f"{record.run_id}  {when}  {standing(record):<12}  {kind:<4}  {', '.join(record.roots)}"


def standing(record: RunRecord) -> str:
    """How a run stands, in a word: what was killed is "not finished"."""
    from scanner.store.entry import RunState

    if record.state in (RunState.RUNNING, RunState.PAUSED):
        return record.state.value if record.alive else "not finished"
    return {RunState.FINISHED: "whole"}.get(record.state, record.state.value)
