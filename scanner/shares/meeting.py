"""Meeting: the walk of a run's roots, held against the file table batch by batch.

What did not change is not written.  At the end of a root, what is known and was not met is gone, unless so
much is that the mount must be: then the root is lost, nothing of it is believed, and the run says so.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, Engine

from scanner.shares.deciding import Decider, Decision
from scanner.shares.mounts import FileSystem, Mounts
from scanner.shares.replaying.weighing import Verdicts, Weighing
from scanner.shares.settings import ScanSettings
from scanner.shares.sources import SilentError, Source, Sources, Walking
from scanner.shares.walk import Listing
from scanner.store import runs
from scanner.store.entry import Access, displayable
from scanner.store.inventory import EvidenceRow, FileTable, KnownFile, persistently
from scanner.store.inventory.evidence import heads_by_key
from scanner.store.inventory.tables import GONE, LEFT_OUT
from scanner.store.runs import RootState

# Fewer files than this come and go as people work; their share says nothing.
VANISHED_FILES = 20
# On another file system than the last time much less is believed.
VANISHED_PERCENT_ELSEWHERE = 10

_SILENT = "does not answer; nothing of it is taken for deleted"

# Listings in one turn: as many folders as one query asks for.
_FOLDERS_PER_TURN = 200
_CLOSED_PER_TRANSACTION = 5_000


class _Numbers:
    """A set of row numbers, one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 + len(self._bits) // 4 - len(self._bits)))
        self._bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] & 1 << (number & 7))


@dataclass
class Root:
    """One root of a run on its way."""

    path: bytes
    state: RootState
    source: Source
    handle: tuple[int, int] | None = None
    system: FileSystem = field(default_factory=FileSystem)

    @property
    def lost(self) -> bool:
        """Whether nothing beneath it can be believed any more."""
        return bool(self.state.error)

    def holds(self, path: bytes) -> bool:
        """Whether ``path`` is the root or beneath it."""
        return path == self.path or path.startswith(self.path.rstrip(b"/") + b"/")

    def there(self) -> bool:
        """Whether what is at its path is still what was there when the run came to it."""
        try:
            return self.source.handle(self.path) == self.handle
        except OSError:
            return False


class _Walked:
    """What one walk of one root has met so far."""

    def __init__(self, root: bytes, walk: Walking, known: int) -> None:
        self.root = root
        self.walk = walk
        self.known = known  # regular files, before this walk
        self.listings: Iterator[Listing | None] = iter(walk)
        self.folders = _Numbers()
        self.missing: dict[int, bool] = {}
        self.objects = 0
        # Folders that come in several listings: what of them was known and met, and how many objects.
        self.found: dict[bytes, _Numbers] = {}
        self.parts: dict[bytes, int] = {}


class Meeting:
    """Walks the roots of a run one after the other; each :meth:`turn` meets some objects."""

    def __init__(
        self,
        engine: Engine,
        table: FileTable,
        decider: Decider,
        settings: ScanSettings,
        states: Sequence[RootState],
        left_out: Sequence[Path] = (),
        *,
        accept_vanished: bool = False,
        sources: Sources | None = None,
        weighing: Weighing | None = None,
    ) -> None:
        """``weighing`` judges anew what ``decider`` found worth it."""
        self._engine = engine
        self._weighing = weighing
        self._sources = sources or Sources(settings, left_out)
        self._table = table
        self._decider = decider
        self._settings = settings
        self._accept_vanished = accept_vanished
        self._mounts = Mounts()
        self._walked: dict[bytes, _Walked] = {}
        for state in states:  # all at once: several that do not answer are waited for together
            self._sources.of(state.path).knock(state.path)
        self.roots = [self._root(state) for state in states]

    def _root(self, state: RootState) -> Root:
        source = self._sources.of(state.path)
        root = Root(state.path, state, source)
        try:
            root.system = source.system(state.path, self._mounts)
            root.handle = source.handle(state.path)
        except SilentError:
            self._lose(root, _SILENT)
            return root
        except OSError as error:
            self._lose(root, f"is not there ({(error.strerror or '').lower()}); is it mounted?")
            return root
        now = self._identity(root)
        before = persistently(self._engine, lambda c: runs.root_identity(c, state.path), writes=False)
        if state.identity and now not in (state.identity, before):
            # A resumed run goes on with what it met: only if that is still what lies here, or is so again.
            self._lose(root, "is on another file system than when this run came to it; is it mounted?")
        elif state.identity != now:
            root.state = replace(state, identity=now)
            persistently(self._engine, lambda c: runs.enter_root(c, self._table.run_id, root.state))
        return root

    @property
    def walking(self) -> bool:
        """Whether there is more to meet."""
        return any(not root.state.walked and not root.lost for root in self.roots)

    def root_of(self, path: bytes) -> Root | None:
        """The root that ``path`` lies beneath."""
        return next((root for root in self.roots if root.holds(path)), None)

    @property
    def directories(self) -> int:
        """Folders listed so far."""
        return sum(root.state.directories for root in self.roots)

    def turn(self, objects: int, seconds: float) -> Decision:
        """Meet about so many objects, for about so long, and write down what is new about them.

        While a root does not answer the next one is walked.
        """
        for root in self.roots:
            if root.state.walked or root.lost:
                continue
            decision = self._turn(root, objects, seconds)
            if decision is not None:
                return decision
        return Decision()

    def _turn(self, root: Root, objects: int, seconds: float) -> Decision | None:
        """A turn of one root; ``None`` where it has nothing to say yet."""
        walked = self._walked.get(root.path)
        if walked is None:
            known = persistently(self._engine, lambda c: self._table.count_known(c, root.path), writes=False)
            walked = self._walked[root.path] = _Walked(root.path, root.source.walk(root.path), known)
        until = time.monotonic() + seconds
        batch: list[Listing] = []
        met = 0
        ended = False
        try:
            for listing in walked.listings:
                if listing is None:
                    break
                batch.append(listing)
                met += len(listing)
                if met >= objects or len(batch) >= _FOLDERS_PER_TURN or time.monotonic() > until:
                    break
            else:
                ended = True
        except SilentError:
            self._abandon(root, _SILENT)
            return Decision()
        except OSError as error:
            self._abandon(root, f"cannot be walked ({(error.strerror or '').lower()})")
            return Decision()
        if ended:
            decision = self._settle(walked, batch)
            self._end(root, walked)
            self._walked.pop(root.path, None)
            return decision
        if not batch:
            return None
        if walked.walk.unlisted and not root.there():
            self._abandon(root, "disappeared while it was walked")
            return Decision()
        return self._settle(walked, batch)

    def close(self) -> None:
        """Nothing more is asked of the roots."""
        self._sources.close()

    def lost(self, root: Root) -> None:
        """A file of this root could not be read, and the root is not there any more, or silent."""
        self._abandon(root, _SILENT if root.source.silent() else "disappeared while it was read")

    def _abandon(self, root: Root, what: str) -> None:
        self._walked.pop(root.path, None)
        self._lose(root, what)

    def _lose(self, root: Root, what: str) -> None:
        line = f"{displayable(root.path)} {what}"
        root.state = replace(root.state, error=line)
        persistently(
            self._engine, lambda connection: runs.enter_root(connection, self._table.run_id, root.state)
        )

    # --- a batch -----------------------------------------------------------------------------------------

    def _settle(self, walked: _Walked, batch: Sequence[Listing]) -> Decision:
        if not batch:
            return Decision()
        decision = persistently(self._engine, lambda c: self._decide(c, walked, batch), writes=False)
        verdicts = self._weighed(decision)
        walked.objects += decision.objects
        walked.missing.update(decision.missing)
        for number in decision.found:
            walked.missing.pop(number, None)
        if decision.changes or decision.requeued or decision.weighed:
            new = {listing.folder for listing in batch if listing.entered} - set(decision.folders)
            accesses, folders = persistently(self._engine, lambda c: self._enter(c, decision, verdicts, new))
            self._decider.accesses.update(accesses)
            for number in folders:
                walked.folders.add(number)
        for listing in batch:
            if listing.entered and listing.folder in walked.found:
                walked.parts[listing.folder] = walked.parts.get(listing.folder, 0) + len(listing)
                if listing.last:
                    self._end_partial(walked, listing.folder)
        return decision

    def _decide(self, connection: Connection, walked: _Walked, batch: Sequence[Listing]) -> Decision:
        decision = Decision()
        folders = self._table.folders(connection, list({listing.folder for listing in batch}))
        decision.folders = folders
        learn_gaps(connection, self._decider, batch)
        for listing in batch:
            if listing.entered and not listing.last:
                walked.found.setdefault(listing.folder, _Numbers())
        whole = [
            folders[listing.folder]
            for listing in batch
            if listing.entered and listing.folder in folders and listing.folder not in walked.found
        ]
        known = self._table.known_in(connection, whole)
        for listing in batch:
            number = folders.get(listing.folder)
            if number is not None and listing.entered:
                walked.folders.add(number)
            if listing.entered and listing.folder not in walked.found:
                self._decider.decide(listing, known.get(number or 0, ()), decision)
                continue
            rows: list[KnownFile] = []
            if number is not None:
                names = [name for name, _ in listing.files] + [item.name for item in listing.unopened]
                rows = self._table.known_named(connection, number, names)
            if listing.entered:
                for row in rows:
                    walked.found[listing.folder].add(row.file_id)
            self._decider.decide(listing, rows, decision, whole=False)
        return decision

    def _weighed(self, decision: Decision) -> Verdicts:
        """The verdicts that follow from evidence; what must be read after all is added to the decision."""
        weighing = self._weighing
        if weighing is None or not decision.weighed:
            return Verdicts()
        weighed = decision.weighed
        verdicts = persistently(self._engine, lambda c: weighing.weigh(c, weighed), writes=False)
        for item in verdicts.to_read:
            decision.requeued.append((item.file_id, item.priority))
            decision.queued += 1
            decision.queued_bytes += item.size
        return verdicts

    def _enter(
        self, connection: Connection, decision: Decision, verdicts: Verdicts, new: Collection[bytes]
    ) -> tuple[dict[int, Access], list[int]]:
        """Write a decision down; returns the rights that are new, and the numbers of the new folders."""
        self._table.enter(connection, decision.changes, decision.requeued)
        if verdicts.keys:
            self._table.judge_anew(connection, verdicts.keys, verdicts.rows.values())
        known = set(self._decider.accesses.values())
        accesses: dict[int, Access] = {}
        if any(change.access not in known for change in decision.changes):
            accesses = self._table.accesses(connection)
        return accesses, list(self._table.folders(connection, list(new)).values())

    def _end_partial(self, walked: _Walked, folder: bytes) -> None:
        """The last listing of a large folder: what is known of it and was in none of them is missing."""
        found = walked.found.pop(folder)

        def work(connection: Connection) -> tuple[int, dict[int, bool]]:
            number = self._table.folders(connection, [folder]).get(folder)
            if number is None:  # nothing but folders in it
                return 0, {}
            walked.folders.add(number)
            there, missing = 0, {}
            for file_id, before, regular in self._table.live_in(connection, [number]):
                there += 1
                if before and file_id not in found:
                    missing[file_id] = regular
            return there - len(missing), missing

        there, missing = persistently(self._engine, work, writes=False)
        # A folder that changes while it is listed in pieces may show a name twice: the table has it once.
        walked.objects += there - walked.parts.pop(folder)
        walked.missing.update(missing)

    # --- the end of a root -------------------------------------------------------------------------------

    def _end(self, root: Root, walked: _Walked) -> None:
        if not root.there():
            self._lose(root, "disappeared while it was walked")
            return
        missing, left_out = self._unlisted_folders(root, walked)
        missing |= walked.missing
        before = persistently(self._engine, lambda c: runs.root_identity(c, root.path), writes=False)
        now = self._identity(root)
        problem = self._mount_problem(root, walked, missing, moved=bool(before) and before != now)
        if problem:
            self._lose(root, problem)
            return
        for files, ending in ((list(missing), GONE), (left_out, LEFT_OUT)):
            for start in range(0, len(files), _CLOSED_PER_TRANSACTION):
                some = files[start : start + _CLOSED_PER_TRANSACTION]
                persistently(self._engine, lambda c, s=some, e=ending: self._table.gone(c, s, e))  # type: ignore[misc]

        def finish(connection: Connection) -> RootState:
            self._table.follow_moves(connection, [root.path])
            there = self._table.count_live(connection, root.path) if walked.walk.unlisted else walked.objects
            state = replace(
                root.state,
                walked=True,
                directories=walked.walk.directories,
                met=walked.objects,
                kept=max(0, there - walked.objects),
            )
            runs.enter_root(connection, self._table.run_id, state)
            runs.remember_root(connection, root.path, now)
            return state

        root.state = persistently(self._engine, finish)

    def _identity(self, root: Root) -> str:
        try:
            return root.source.identity(root.path)
        except OSError:
            return ""

    def _unlisted_folders(self, root: Root, walked: _Walked) -> tuple[dict[int, bool], list[int]]:
        """The files of folders that are known and were not listed: missing ones, and those left out now."""
        unlisted, skipped = set(walked.walk.unlisted), set(walked.walk.skipped)

        def work(connection: Connection) -> tuple[dict[int, bool], list[int]]:
            gone: list[int] = []
            out: list[int] = []
            for number, path in self._table.folders_beneath(connection, root.path):
                if number in walked.folders or lies_in(path, unlisted, root.path):
                    continue
                (out if lies_in(path, skipped, root.path) else gone).append(number)
            files = self._table.live_in(connection, gone)
            missing = {file_id: regular for file_id, _, regular in files}
            return missing, [file_id for file_id, _, _ in self._table.live_in(connection, out)]

        return persistently(self._engine, work, writes=False)

    def _mount_problem(self, root: Root, walked: _Walked, missing: dict[int, bool], *, moved: bool) -> str:
        """Why the walk cannot be believed; empty where it can."""
        known = walked.known
        if root.path in walked.walk.unlisted and known:
            return "cannot be listed; is it mounted?"
        vanished = sum(missing.values())
        if self._accept_vanished or not vanished:
            return ""
        percent = 100 * vanished / max(1, known)
        advice = "if that is right: --accept-vanished"
        if moved and percent > VANISHED_PERCENT_ELSEWHERE:
            return (
                f"is on another file system than before, and {vanished:,} of its {known:,} known files are "
                f"not there; is it mounted? ({advice})"
            )
        if vanished >= VANISHED_FILES and percent > self._settings.vanished_percent:
            return (
                f"lacks {vanished:,} of its {known:,} known files; was its mount lost? Nothing of it is "
                f"taken for deleted ({advice})"
            )
        return ""


def learn_gaps(connection: Connection, decider: Decider, listings: Iterable[Listing]) -> None:
    """Which evidence says what of objects that are not opened."""
    reasons = {(item.shortfall, item.detail) for listing in listings for item in listing.unopened}
    keys = {EvidenceRow.unopened(*reason).key: reason for reason in reasons - decider.gaps.keys()}
    for key, head in heads_by_key(connection, list(keys)).items():
        decider.gaps[keys[key]] = head.evidence_id


def lies_in(path: bytes, tops: set[bytes], root: bytes) -> bool:
    """Whether ``path`` is one of ``tops`` or lies beneath one."""
    while tops and len(path) >= len(root):
        if path in tops:
            return True
        if path == root:
            return False
        path = path.rpartition(b"/")[0] or b"/"
    return False
