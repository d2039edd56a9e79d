"""Sweeping: a folder or tree is walked and held against the file table; the names that differ come out.

Nothing is written.  A sweep finds what no event told: what changed while nobody watched, on network mounts,
after an overflow.  Where so much is missing that a mount must be lost, nothing of it is believed.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine

from scanner.shares.deciding import Decider, Decision
from scanner.shares.meeting import VANISHED_FILES, VANISHED_PERCENT_ELSEWHERE, learn_gaps, lies_in
from scanner.shares.sources import SilentError, Walking
from scanner.shares.walk import Listing
from scanner.shares.watching.places import ELSEWHERE, Places
from scanner.store.entry import displayable
from scanner.store.inventory import FileTable, KnownFile, persistently
from scanner.store.inventory.watched import names_in, paths_of

_FOLDERS_PER_TURN = 200
_OBJECTS_PER_TURN = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sweep that is to be made; ``deep``: of everything beneath, too."""

    start: bytes
    deep: bool = True


class Sweep:
    """One sweep on its way; each :meth:`turn` yields names that differ from what is known.

    With ``since`` (seconds since 1970) only what changed later: beside a scan, which meets the rest itself.
    """

    def __init__(
        self,
        engine: Engine,
        table: FileTable,
        decider: Callable[[], Decider],
        places: Places,
        root: bytes,
        wanted: Wanted,
        *,
        vanished_percent: int = 50,
        since: float | None = None,
    ) -> None:
        self.root = root
        self.wanted = wanted
        self.objects = 0
        self.problem = ""
        """Why what is missing was not believed; empty where it was."""
        self._engine = engine
        self._table = table
        self._decider = decider
        self._places = places
        self._vanished_percent = vanished_percent
        self._since = since
        self._walk: Walking | None = None
        self._moved = False
        self._missing = array("q")
        self._listed: set[int] = set()
        # Folders that were not known when they were listed, and may be by the end.
        self._new: set[bytes] = set()
        # A large folder comes in several listings: which of what is known was met in those so far.
        self._parts: dict[bytes, set[int]] = {}
        self._steps = self._run()
        self.done = False

    def turn(self, seconds: float) -> list[bytes]:
        """Some names that differ, after about so long at most."""
        until = time.monotonic() + seconds
        found: list[bytes] = []
        for names in self._steps:
            found.extend(names)
            if time.monotonic() > until or len(found) >= _OBJECTS_PER_TURN:
                return found
        self.done = True
        return found

    def _run(self) -> Iterator[list[bytes]]:
        missing = self._places.missing(self.root)
        whole = self.wanted.start == self.root and self.wanted.deep
        self._moved = whole and missing == ELSEWHERE
        if missing and not self._moved:
            self.problem = f"{displayable(self.root)} {missing}"
            return
        try:
            self._walk = self._places.walk(self.root, self.wanted.start, deep=self.wanted.deep)
            if self._walk is not None:
                yield from self._differing(self._walk)
        except SilentError:
            self.problem = f"{displayable(self.root)} does not answer"
            return
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            self.problem = f"{displayable(self.root)} cannot be walked ({why})"
            return
        if self._walk is not None and self._walk.unlisted and not self._there():
            self.problem = f"{displayable(self.root)} disappeared while it was swept; is it mounted?"
            return
        yield from self._gone()

    def _there(self) -> bool:
        missing = self._places.missing(self.root)
        return not missing or (self._moved and missing == ELSEWHERE)

    # --- what is there -----------------------------------------------------------------------------------

    def _differing(self, walk: Walking) -> Iterator[list[bytes]]:
        batch: list[Listing] = []
        objects = 0
        for listing in walk:
            if listing is None:
                yield []  # nothing came yet
                continue
            batch.append(listing)
            objects += len(listing)
            if objects >= _OBJECTS_PER_TURN or len(batch) >= _FOLDERS_PER_TURN:
                yield self._compared(batch)
                batch, objects = [], 0
        yield self._compared(batch)

    def _compared(self, batch: list[Listing]) -> list[bytes]:
        self.objects += sum(len(listing) for listing in batch)
        return persistently(self._engine, lambda c: self._compare(c, batch), writes=False) if batch else []

    def _compare(self, connection: Connection, batch: list[Listing]) -> list[bytes]:
        decider = replace(self._decider(), asks_rights=False)
        learn_gaps(connection, decider, batch)
        folders = self._table.folders(connection, list({listing.folder for listing in batch}))
        for listing in batch:
            if listing.entered and not listing.last:
                self._parts.setdefault(listing.folder, set())
        whole = [
            number
            for listing in batch
            if (number := folders.get(listing.folder)) is not None and listing.entered and listing.last
            if listing.folder not in self._parts
        ]
        known = self._table.known_in(connection, whole)
        differing: list[bytes] = []
        for listing in batch:
            number = folders.get(listing.folder)
            if number is None:
                rows: list[KnownFile] = []
            elif number in known:
                rows = known[number]
            else:
                names = [name for name, _ in listing.files] + [item.name for item in listing.unopened]
                rows = self._table.known_named(connection, number, names)
            in_parts = listing.entered and listing.folder in self._parts
            decision = Decision()
            decider.decide(listing, rows, decision, whole=not in_parts and listing.entered)
            differing.extend(_paths(listing, rows, decision, self._since))
            self._missing.extend(file_id for file_id, _ in decision.missing)
            if listing.entered and number is not None:
                self._listed.add(number)
            elif listing.entered:
                self._new.add(listing.folder)
            if in_parts:
                met = self._parts[listing.folder]
                met.update(row.file_id for row in rows)
                if listing.last:
                    del self._parts[listing.folder]
                    if number is not None:
                        self._missing.extend(
                            file_id for file_id, _ in names_in(connection, number) if file_id not in met
                        )
        return differing

    # --- what is not -------------------------------------------------------------------------------------

    def _gone(self) -> Iterator[list[bytes]]:
        persistently(self._engine, self._find_unlisted, writes=False)
        if not self._missing:
            return
        if not self._there():
            self.problem = f"{displayable(self.root)} disappeared while it was swept; is it mounted?"
            return
        whole = self.wanted.start == self.root and self.wanted.deep
        if whole and (self._moved or len(self._missing) >= VANISHED_FILES):
            known = persistently(self._engine, lambda c: self._table.count_live(c, self.root), writes=False)
            if self._moved and 100 * len(self._missing) > VANISHED_PERCENT_ELSEWHERE * known:
                self.problem = (
                    f"{displayable(self.root)} is on another file system than before, and "
                    f"{len(self._missing):,} of its {known:,} known files are not there; is it mounted?"
                )
                return
            if 100 * len(self._missing) > self._vanished_percent * max(1, known):
                self.problem = (
                    f"{displayable(self.root)} lacks {len(self._missing):,} of its {known:,} known files; "
                    "was its mount lost? Nothing is taken for deleted (if that is right: dlp scan "
                    "--accept-vanished)"
                )
                return
        for start in range(0, len(self._missing), _OBJECTS_PER_TURN):
            some = list(self._missing[start : start + _OBJECTS_PER_TURN])
            yield persistently(self._engine, lambda c, s=some: paths_of(c, s), writes=False)  # type: ignore[misc]

    def _find_unlisted(self, connection: Connection) -> None:
        """Folders that are known and were not met."""
        walk, start = self._walk, self.wanted.start
        passed_over = {*walk.unlisted, *walk.skipped} if walk is not None else set()
        gone = []
        for number, path in self._table.folders_beneath(connection, start):
            if number in self._listed or path in self._new:
                continue
            if not self.wanted.deep and path != start:
                continue
            if lies_in(path, passed_over, start):
                continue
            gone.append(number)
        self._missing.extend(file_id for file_id, _, _ in self._table.live_in(connection, gone))


def _paths(
    listing: Listing, rows: list[KnownFile], decision: Decision, since: float | None
) -> Iterator[bytes]:
    stem = listing.folder if listing.folder.endswith(b"/") else listing.folder + b"/"
    for change in decision.changes:
        newest = max(change.stat.mtime_ns, change.stat.ctime_ns) / 1e9
        if since is None or newest >= since:
            yield stem + change.name
    if decision.requeued and since is None:
        names = {row.file_id: row.name for row in rows}
        for file_id, _ in decision.requeued:
            yield stem + names[file_id]
