"""The file table: what is known of each path, what is owed a reading, and how that is written down."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Select,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from scanner.documents.model import Shortfall
from scanner.store.entry import Access, Audience, FileStat
from scanner.store.inventory.evidence import (
    IN_ONE_QUERY,
    EvidenceHead,
    EvidenceRow,
    Sealing,
    heads_by_key,
    keep,
    look_of,
)
from scanner.store.inventory.signatures import Traits
from scanner.store.inventory.tables import CURRENT, GONE, LIVE, REPLACED, ZERO, access, evidence, file, folder


class KnownFile(NamedTuple):
    """What the file table says of a path, as far as it takes to decide whether anything changed."""

    name: bytes
    file_id: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    regular: bool
    access_id: int
    audience: int
    evidence_id: int | None
    severity: int
    signature_id: int
    traits: int
    read_run: int
    queued: int


_KNOWN = (
    file.c.entry,
    file.c.id,
    file.c.size,
    file.c.mtime_ns,
    file.c.ctime_ns,
    file.c.inode,
    file.c.regular,
    file.c.access_id,
    file.c.audience,
    file.c.evidence_id,
    file.c.severity,
    file.c.signature_id,
    file.c.traits,
    file.c.read_run,
    file.c.queued,
)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that is not (any more) as the file table has it.

    ``replaces`` is the number of the row that it takes the place of, 0 for a new path.  With
    ``keeps_evidence`` what was found in it still stands, at least until it is read again.  ``unopened`` says
    why nobody will open it; else it is queued where ``queue`` is set.
    """

    folder: bytes
    name: bytes
    stat: FileStat
    regular: bool
    access: Access
    audience: Audience
    replaces: int = 0
    keeps_evidence: bool = False
    unopened: tuple[Shortfall, str] | None = None
    queue: bool = True
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Queued:
    """A file that is owed a reading, with its number in the file table."""

    file_id: int
    raw_path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    evidence_id: int | None = None

    @property
    def look(self) -> int:
        """What it shares with its copies."""
        return look_of(self.size, self.raw_path.rpartition(b"/")[2])


@dataclass(frozen=True, slots=True)
class Ended:
    """How a queued file ended: under which evidence, and what it looked like after it was read.

    ``stat`` is set where it changed since the walk met it.
    """

    file_id: int
    evidence_key: str
    read_at: float
    unsettled: bool = False
    stat: FileStat | None = None


def beneath(roots: Iterable[bytes]) -> ColumnElement[bool]:
    """The folders at and beneath these paths (a condition on table ``folder``)."""
    conditions = [
        or_(
            folder.c.path == root,
            # Everything that begins with "root/": "0" is the character behind "/".
            and_(folder.c.path >= _with_slash(root), folder.c.path < _with_slash(root)[:-1] + b"0"),
        )
        for root in roots
    ]
    return or_(False, *conditions)


def within(roots: Sequence[bytes]) -> ColumnElement[bool]:
    """The files at and beneath these paths (a condition on ``file`` joined with ``folder``)."""
    named = [
        and_(folder.c.path == (root.rpartition(b"/")[0] or b"/"), file.c.entry == root.rpartition(b"/")[2])
        for root in roots
    ]
    return or_(beneath(roots), *named)


def _with_slash(path: bytes) -> bytes:
    return path if path.endswith(b"/") else path + b"/"


def access_key(value: Access) -> str:
    """A hash of one set of rights."""
    said = (
        f"{value.mode}\0{value.uid}\0{value.gid}\0{int(value.audience)}\0{value.traversal}\0{value.owner}"
        f"\0{value.group}\0{value.how}"
    )
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class FileTable:
    """The file table as one run writes it.  Every method says what is to be: it may be repeated."""

    def __init__(self, run_id: int, signature_id: int, sealing: Sealing | None = None) -> None:
        self.run_id = run_id
        self.signature_id = signature_id
        self._sealing = sealing

    # --- the walk ----------------------------------------------------------------------------------------

    def folders(self, connection: Connection, paths: Sequence[bytes]) -> dict[bytes, int]:
        """The numbers of the folders that are known."""
        found: dict[bytes, int] = {}
        for start in range(0, len(paths), IN_ONE_QUERY):
            query = select(folder.c.path, folder.c.id).where(
                folder.c.path.in_(paths[start : start + IN_ONE_QUERY])
            )
            found.update((bytes(path), number) for path, number in connection.execute(query))
        return found

    def known_in(self, connection: Connection, folders: Sequence[int]) -> dict[int, list[KnownFile]]:
        """What is known in these folders."""
        known: dict[int, list[KnownFile]] = {number: [] for number in folders}
        for start in range(0, len(folders), IN_ONE_QUERY):
            query = select(file.c.folder_id, *_KNOWN).where(
                file.c.folder_id.in_(folders[start : start + IN_ONE_QUERY]), file.c.ending == ZERO
            )
            # All at once: a call for each row costs as much as the row itself.
            for row in connection.execute(query).fetchall():
                known[row[0]].append(KnownFile._make(row[1:]))
        return known

    def known_named(self, connection: Connection, folder_id: int, names: Sequence[bytes]) -> list[KnownFile]:
        """What is known of these names in one folder: for folders too large to be looked at whole."""
        known: list[KnownFile] = []
        for start in range(0, len(names), IN_ONE_QUERY):
            query = select(*_KNOWN).where(
                file.c.folder_id == folder_id,
                file.c.entry.in_(names[start : start + IN_ONE_QUERY]),
                file.c.ending == ZERO,
            )
            known.extend(KnownFile._make(row) for row in connection.execute(query))
        return known

    def accesses(self, connection: Connection) -> dict[int, Access]:
        """Every set of rights that any file had: there are few."""
        return {
            row.id: Access(
                row.mode,
                row.uid,
                row.gid,
                Audience(row.audience),
                row.traversal,
                row.owner,
                row.owning_group,
                row.how,
            )
            for row in connection.execute(select(access))
        }

    def enter(
        self, connection: Connection, changes: Sequence[FileChange], requeued: Sequence[tuple[int, int]]
    ) -> None:
        """Write what the walk found changed; ``requeued`` are (file, priority) to be read as they are."""
        if changes:
            self._enter_changes(connection, changes)
        if requeued:
            connection.execute(
                update(file)
                .where(file.c.id == bindparam("number"))
                .values(queued=self.run_id, priority=bindparam("new_priority")),
                [{"number": number, "new_priority": priority} for number, priority in requeued],
            )

    def _enter_changes(self, connection: Connection, changes: Sequence[FileChange]) -> None:
        folders = self._numbered_folders(connection, {change.folder for change in changes})
        rights = _numbered_accesses(connection, {change.access for change in changes})
        gaps = {
            change.unopened: EvidenceRow.unopened(*change.unopened) for change in changes if change.unopened
        }
        keep(connection, gaps.values())
        heads = heads_by_key(connection, [row.key for row in gaps.values()])
        before = _rows(connection, [change.replaces for change in changes if change.replaces])
        self._close(
            connection, [row["id"] for row in before.values() if row["since"] < self.run_id], REPLACED
        )
        rows = []
        for change in changes:
            head = heads[gaps[change.unopened].key] if change.unopened else None
            old = before.get(change.replaces)
            rows.append(self._row(change, folders[change.folder], rights[change.access], head, old))
        connection.execute(_upsert(connection), rows)

    def _row(
        self,
        change: FileChange,
        folder_id: int,
        access_id: int,
        head: EvidenceHead | None,
        old: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        stands = old if old is not None and change.keeps_evidence else None
        queued = self.run_id if change.queue and change.unopened is None else 0
        return {
            "folder_id": folder_id,
            "entry": change.name,
            "since": self.run_id,
            "until": CURRENT,
            "ending": LIVE,
            "first_seen": old["first_seen"] if old is not None else self.run_id,
            "regular": change.regular,
            "size": change.stat.size,
            "mtime_ns": change.stat.mtime_ns,
            "ctime_ns": change.stat.ctime_ns,
            "inode": change.stat.inode,
            "used": change.stat.used,
            "access_id": access_id,
            "audience": int(change.audience),
            "evidence_id": head.evidence_id if head else stands["evidence_id"] if stands else None,
            "severity": stands["severity"] if stands else 0,
            "signature_id": stands["signature_id"] if stands else self.signature_id,
            "traits": stands["traits"] if stands else 0,
            "read_run": stands["read_run"] if stands else 0,
            "read_at": stands["read_at"] if stands else 0.0,
            "queued": queued,
            "priority": change.priority,
            "moved_from": old["moved_from"] if old is not None else None,
        }

    def _numbered_folders(self, connection: Connection, paths: Collection[bytes]) -> dict[bytes, int]:
        found = self.folders(connection, list(paths))
        missing = [path for path in paths if path not in found]
        if missing:
            connection.execute(
                _insert(connection, folder).on_conflict_do_nothing(), [{"path": path} for path in missing]
            )
            found |= self.folders(connection, missing)
        return found

    def gone(self, connection: Connection, files: Sequence[int], ending: int = GONE) -> None:
        """Files that are not there any more (or left out from now on, see ``ending``)."""
        rows = _rows(connection, files)
        self._close(connection, [row["id"] for row in rows.values() if row["since"] < self.run_id], ending)
        # What came and went within this run was never part of any report.
        young = [row["id"] for row in rows.values() if row["since"] >= self.run_id]
        for start in range(0, len(young), IN_ONE_QUERY):
            connection.execute(file.delete().where(file.c.id.in_(young[start : start + IN_ONE_QUERY])))

    def _close(self, connection: Connection, files: Sequence[int], ending: int) -> None:
        for start in range(0, len(files), IN_ONE_QUERY):
            connection.execute(
                update(file)
                .where(file.c.id.in_(files[start : start + IN_ONE_QUERY]), file.c.ending == ZERO)
                .values(until=self.run_id, ending=ending, queued=0)
            )

    def count_known(self, connection: Connection, root: bytes) -> int:
        """How many regular files are known beneath ``root``."""
        query = (
            select(func.count())
            .select_from(file.join(folder, folder.c.id == file.c.folder_id))
            .where(file.c.ending == ZERO, file.c.regular, within([root]))
        )
        return int(connection.execute(query).scalar_one())

    def folders_beneath(self, connection: Connection, root: bytes) -> Iterator[tuple[int, bytes]]:
        """The folders that are known at and beneath ``root``."""
        query = select(folder.c.id, folder.c.path).where(beneath([root]))
        for number, path in connection.execute(query.execution_options(yield_per=5_000)):
            yield number, bytes(path)

    def live_in(self, connection: Connection, folders: Sequence[int]) -> Iterator[tuple[int, bool, bool]]:
        """The files known in these folders: number, whether from before this run, whether regular."""
        for start in range(0, len(folders), IN_ONE_QUERY):
            query = select(file.c.id, file.c.since < self.run_id, file.c.regular).where(
                file.c.folder_id.in_(folders[start : start + IN_ONE_QUERY]), file.c.ending == ZERO
            )
            for row in connection.execute(query.execution_options(yield_per=5_000)):
                yield row[0], row[1], row[2]

    def count_live(self, connection: Connection, root: bytes) -> int:
        """How many objects are known at and beneath ``root`` now."""
        query = (
            select(func.count())
            .select_from(file.join(folder, folder.c.id == file.c.folder_id))
            .where(file.c.ending == ZERO, within([root]))
        )
        return int(connection.execute(query).scalar_one())

    # --- the queue ---------------------------------------------------------------------------------------

    def take(
        self,
        connection: Connection,
        limit: int,
        taken: Collection[int] = (),
        without: Sequence[bytes] = (),
    ) -> list[Queued]:
        """The most urgent queued files that are neither ``taken`` already nor beneath ``without``."""
        query = (
            select(
                file.c.id,
                folder.c.path,
                file.c.entry,
                file.c.size,
                file.c.mtime_ns,
                file.c.ctime_ns,
                file.c.evidence_id,
            )
            .join(folder, folder.c.id == file.c.folder_id)
            .where(file.c.queued == self.run_id, file.c.queued != ZERO)
            .order_by(file.c.priority.desc(), file.c.id)
            .limit(limit + len(taken))
        )
        if without:
            query = query.where(not_(within(without)))
        waiting = [
            Queued(number, _with_slash(bytes(path)) + bytes(name), *rest)
            for number, path, name, *rest in connection.execute(query)
            if number not in taken
        ]
        return waiting[:limit]

    def owed(self, connection: Connection) -> tuple[int, int]:
        """How many files are queued, and how many bytes."""
        query = select(func.count(), func.coalesce(func.sum(file.c.size), 0)).where(
            file.c.queued == self.run_id, file.c.queued != ZERO
        )
        count, size = connection.execute(query).one()
        return int(count), int(size)

    def finish(self, connection: Connection, ended: Sequence[Ended], found: Iterable[EvidenceRow]) -> None:
        """Enter how queued files ended, with the evidence that is new."""
        keep(connection, found, self._sealing)
        heads = heads_by_key(connection, [end.evidence_key for end in ended])
        before = _rows(connection, [end.file_id for end in ended])
        self._replace(
            connection,
            [
                (old, self._ended_row(old, end, heads[end.evidence_key]))
                for end in ended
                if (old := before.get(end.file_id)) is not None and old["ending"] == LIVE  # else it is gone
            ],
        )

    def judge_anew(
        self, connection: Connection, verdicts: Mapping[int, str], found: Iterable[EvidenceRow]
    ) -> None:
        """Enter other evidence, by its key, for files that nobody read: it follows from what was known."""
        keep(connection, found)
        heads = heads_by_key(connection, list(dict.fromkeys(verdicts.values())))
        before = _rows(connection, list(verdicts))
        rows = []
        for number, key in verdicts.items():
            old, head = before.get(number), heads[key]
            if old is not None and old["ending"] == LIVE:
                traits = head.traits | (Traits(old["traits"]) & Traits.UNSETTLED)
                rows.append((old, {**old, **_of_evidence(head), "traits": int(traits)}))
        self._replace(connection, rows)

    def _replace(
        self, connection: Connection, rows: Sequence[tuple[Mapping[str, Any], dict[str, Any]]]
    ) -> None:
        """Write rows as they are now, in place where no report of an earlier run would notice."""
        in_place: list[dict[str, Any]] = []
        anew: list[dict[str, Any]] = []
        closing: list[int] = []
        for old, new in rows:
            if old["since"] >= self.run_id or _reads_the_same(old, new):
                in_place.append(new)
            else:
                closing.append(old["id"])
                anew.append({**new, "since": self.run_id})
        if in_place:
            changed = [name for name in _ENDED if name != "id"]
            connection.execute(
                update(file)
                .where(file.c.id == bindparam("number"))
                .values({name: bindparam(f"new_{name}") for name in changed}),
                [{"number": row["id"]} | {f"new_{name}": row[name] for name in changed} for row in in_place],
            )
        self._close(connection, closing, REPLACED)
        if anew:
            for row in anew:
                del row["id"]
            connection.execute(_upsert(connection), anew)

    def _ended_row(self, old: Mapping[str, Any], end: Ended, head: EvidenceHead) -> dict[str, Any]:
        traits = head.traits | (Traits.UNSETTLED if end.unsettled else 0)
        row = {
            **old,
            **_of_evidence(head),
            "traits": int(traits),
            "read_run": self.run_id,
            "read_at": end.read_at,
            "queued": 0,
        }
        if end.stat is not None:
            row |= {
                "size": end.stat.size,
                "mtime_ns": end.stat.mtime_ns,
                "ctime_ns": end.stat.ctime_ns,
                "inode": end.stat.inode,
            }
        return row

    def follow_moves(self, connection: Connection, roots: Sequence[bytes]) -> None:
        """Tell files that are new in this run from files that only moved.

        A moved file is the same file of the system (number, size, change time) or the only one of its content
        that went while one with that content came.
        """
        gone = (
            select(
                file.c.id, file.c.inode, file.c.size, file.c.mtime_ns, file.c.evidence_id, file.c.first_seen,
                evidence.c.content_hash,
            )
            .join(folder, folder.c.id == file.c.folder_id)
            .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
            .where(file.c.until == self.run_id, file.c.ending == GONE, file.c.ending != ZERO, file.c.regular)
            .where(within(roots))
        )  # fmt: skip
        by_system: dict[tuple[int, int, int], tuple[int, int]] = {}
        by_content: dict[int, tuple[int, int]] = {}
        for row in connection.execute(gone).all():
            if row.inode:
                by_system[row.inode, row.size, row.mtime_ns] = row.id, row.first_seen
            if row.evidence_id is not None and row.content_hash:
                by_content[row.evidence_id] = row.id, row.first_seen
        if not by_system and not by_content:
            return
        new = (
            select(file.c.id, file.c.inode, file.c.size, file.c.mtime_ns, file.c.evidence_id)
            .where(file.c.since == self.run_id, file.c.ending == ZERO, file.c.regular)
            .where(file.c.first_seen == self.run_id)
        )
        found = []
        for number, inode, size, mtime_ns, evidence_id in connection.execute(new).all():
            origin = by_system.get((inode, size, mtime_ns)) if inode else None
            if origin is None and evidence_id is not None:
                origin = by_content.pop(evidence_id, None)
            if origin is not None:
                found.append({"number": number, "origin": origin[0], "seen": origin[1]})
        if found:
            connection.execute(
                update(file)
                .where(file.c.id == bindparam("number"))
                .values(moved_from=bindparam("origin"), first_seen=bindparam("seen")),
                found,
            )


# What a finished reading changes of a row.
_ENDED = (
    "id",
    "size",
    "mtime_ns",
    "ctime_ns",
    "inode",
    "evidence_id",
    "severity",
    "signature_id",
    "traits",
    "read_run",
    "read_at",
    "queued",
)


def _of_evidence(head: EvidenceHead) -> dict[str, Any]:
    """What a file's row repeats of its evidence, but for the traits: some are the file's own."""
    return {
        "evidence_id": head.evidence_id,
        "severity": head.severity,
        "signature_id": head.signature_id,
    }


def _reads_the_same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a report of an earlier run would say the same of both."""
    return all(old[name] == new[name] for name in ("evidence_id", "size", "mtime_ns"))


def _rows(connection: Connection, files: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(files), IN_ONE_QUERY):
        query = select(file).where(file.c.id.in_(files[start : start + IN_ONE_QUERY]))
        found.update((row["id"], dict(row)) for row in connection.execute(query).mappings())
    return found


def _insert(connection: Connection, table: Any) -> Any:
    return (postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert)(table)


def _upsert(connection: Connection) -> Insert:
    statement = _insert(connection, file)
    changed = {
        column.name: statement.excluded[column.name]
        for column in file.c
        if column.name not in ("id", "folder_id", "entry", "since")
    }
    made: Insert = statement.on_conflict_do_update(
        index_elements=["folder_id", "entry", "since"], set_=changed
    )
    return made


def _numbered_accesses(connection: Connection, values: Collection[Access]) -> dict[Access, int]:
    keys = {access_key(value): value for value in values}
    found = _access_numbers(connection, keys)
    missing = [key for key, value in keys.items() if value not in found]
    if missing:
        connection.execute(
            _insert(connection, access).on_conflict_do_nothing(),
            [
                {
                    "key": key,
                    "mode": keys[key].mode,
                    "uid": keys[key].uid,
                    "gid": keys[key].gid,
                    "audience": int(keys[key].audience),
                    "traversal": keys[key].traversal,
                    "owner": keys[key].owner,
                    "owning_group": keys[key].group,
                    "how": keys[key].how,
                }
                for key in missing
            ],
        )
        found |= _access_numbers(connection, {key: keys[key] for key in missing})
    return found


def _access_numbers(connection: Connection, keys: Mapping[str, Access]) -> dict[Access, int]:
    found: dict[Access, int] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), IN_ONE_QUERY):
        query: Select[Any] = select(access.c.key, access.c.id).where(
            access.c.key.in_(wanted[start : start + IN_ONE_QUERY])
        )
        found.update((keys[row.key], row.id) for row in connection.execute(query))
    return found


__all__ = ["CURRENT", "Ended", "FileChange", "FileTable", "KnownFile", "Queued", "beneath", "within"]
