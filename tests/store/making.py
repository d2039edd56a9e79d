"""Runs made without a share: files met and inspected as a test says, in a real database."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from scanner.documents.model import Shortfall
from scanner.inspection.model import Inspection
from scanner.store import runs
from scanner.store.entry import Access, Audience, FileStat, RunState
from scanner.store.inventory import EvidenceRow, FileChange, FileTable, Signatures, persistently
from scanner.store.inventory.evidence import Sealing, look_of
from scanner.store.inventory.files import Ended
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun, StoredRun

OPEN = Access(0o100644, 0, 0, Audience.EVERYONE, owner="root", group="root", how="mode: others may read")


def database(folder: Path) -> Engine:
    """An own SQLite database."""
    return open_inventory(f"sqlite:///{folder / 'dlp.db'}")


@dataclass
class MadeRun:
    """A run as its parts are made by a test."""

    engine: Engine
    stored: StoredRun
    sealing: Sealing | None = None
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def table(self) -> FileTable:
        return FileTable(self.stored.number, self.stored.signature_id, self.sealing)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.engine, self.stored.number, sealing=self.sealing)

    def meet(
        self,
        paths: Sequence[str],
        *,
        size: int = 10,
        mtime_ns: int = 5_000_000_000,
        access: Access = OPEN,
        audience: Audience = Audience.GROUP,
        unopened: Mapping[str, tuple[Shortfall, str]] | None = None,
        priority: int = 0,
    ) -> None:
        """New files, and things that nobody opens."""
        reasons = dict(unopened or {})
        changes = [
            FileChange(
                folder=path.rpartition("/")[0].encode(),
                name=path.rpartition("/")[2].encode("utf-8", "surrogateescape"),
                stat=FileStat(size if path not in reasons else 0, mtime_ns),
                regular=path not in reasons,
                access=access,
                audience=audience,
                unopened=reasons.get(path),
                priority=priority,
            )
            for path in [*paths, *reasons]
        ]
        persistently(self.engine, lambda connection: self.table.enter(connection, changes, []))

    def end(self, inspections: Sequence[Inspection | tuple[str, Inspection]]) -> None:
        """Inspect queued files: those named, else the next ones in the order of the queue."""
        queued = persistently(self.engine, lambda c: self.table.take(c, 1_000_000), writes=False)
        by_path = {item.raw_path.decode("utf-8", "surrogateescape"): item for item in queued}
        ended, found = [], []
        for place, given in enumerate(inspections):
            item = by_path[given[0]] if isinstance(given, tuple) else queued[place]
            inspection = given[1] if isinstance(given, tuple) else given
            look = look_of(item.size, item.raw_path.rpartition(b"/")[2])
            row = EvidenceRow.of(inspection, look, self.stored.signature_id)
            ended.append(Ended(item.file_id, row.key, time.time()))
            found.append(row)
        persistently(self.engine, lambda connection: self.table.finish(connection, ended, found))

    def close(self, state: RunState = RunState.FINISHED) -> Ledger:
        """The end of the run."""
        runs.close(self.engine, self.stored.number, state)
        return self.ledger


def new_run(
    engine: Engine,
    roots: Sequence[str] = ("/srv",),
    *,
    name: str = "",
    started: float | None = None,
    signatures: Signatures | None = None,
    full: bool = False,
    shows_values: bool = False,
) -> MadeRun:
    """A run that has begun."""
    new = NewRun(
        roots=tuple(root.encode() for root in roots),
        version="0.1",
        signatures=signatures or Signatures(),
        full=full,
        shows_values=shows_values,
    )
    stored = runs.start(engine, new, name=name, started=started)
    return MadeRun(engine, stored, Sealing(stored.number) if shows_values else None)
