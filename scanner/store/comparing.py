"""Two runs side by side: what is new, gone, moved or changed, newly exposed, fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import exists

from scanner.judgement.assessment import Severity
from scanner.store import runs
from scanner.store.entry import Audience, displayable
from scanner.store.inventory.evidence import IN_ONE_QUERY
from scanner.store.inventory.files import within
from scanner.store.inventory.tables import GONE, file, folder


class Kind(StrEnum):
    """What happened to a file between two runs."""

    NEW = "new"
    GONE = "gone"
    LEFT_OUT = "left out"  # it may be there, and is not scanned any more
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """How bad a file was in one run, and who could read it."""

    severity: Severity
    audience: Audience

    @property
    def sensitive(self) -> bool:
        """Medium severity or above."""
        return self.severity >= Severity.MEDIUM

    @property
    def exposed(self) -> bool:
        """Sensitive, and open to everyone."""
        return self.sensitive and self.audience.exposed


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that is not the same in both runs; ``moved_from`` is where it was, if it moved."""

    path: str
    kind: Kind
    before: Standing | None
    after: Standing | None
    moved_from: str = ""

    @property
    def newly_sensitive(self) -> bool:
        """It was not sensitive, or not there, and is now."""
        return bool(self.after and self.after.sensitive) and not (self.before and self.before.sensitive)

    @property
    def newly_exposed(self) -> bool:
        """It is sensitive and open to everyone, and was not."""
        return bool(self.after and self.after.exposed) and not (self.before and self.before.exposed)

    @property
    def fixed(self) -> bool:
        """It was sensitive and open to everyone, or sensitive at all, and is not any more."""
        if self.before is None or self.kind is Kind.LEFT_OUT:
            return False
        after = self.after or Standing(Severity.NONE, Audience.UNKNOWN)
        return (self.before.exposed and not after.exposed) or (self.before.sensitive and not after.sensitive)


def differences(engine: Engine, older: int, newer: int) -> Iterator[Difference]:
    """What is not the same in two runs (by number), beneath what both went over; streams.

    Costs what changed between them, and not what they have in common.
    """
    with engine.connect() as connection:
        roots = _common(runs.root_paths(connection, older), runs.root_paths(connection, newer))
        if not roots:
            return
        origins: set[int] = set()
        for row in connection.execution_options(yield_per=IN_ONE_QUERY).execute(_new(older, newer, roots)):
            before = None
            if row.old_severity is not None:
                before = Standing(Severity(row.old_severity), Audience(row.old_audience))
            after = Standing(Severity(row.severity), Audience(row.audience))
            path = _path(row.path, row.entry)
            moved = before is None and row.moved_from is not None
            if moved:
                origin, before = _origin(connection, row.moved_from)
                origins.add(row.moved_from)
                yield Difference(path, Kind.MOVED, before, after, origin)
            else:
                yield Difference(path, Kind.CHANGED if before else Kind.NEW, before, after)
        for row in connection.execution_options(yield_per=IN_ONE_QUERY).execute(_gone(older, newer, roots)):
            if row.id not in origins:
                kind = Kind.GONE if row.ending == GONE else Kind.LEFT_OUT
                before = Standing(Severity(row.severity), Audience(row.audience))
                yield Difference(_path(row.path, row.entry), kind, before, None)


def _new(older: int, newer: int, roots: Sequence[bytes]) -> Select[tuple[object, ...]]:
    """Rows that are true in the newer run and not in the older one, each with its predecessor."""
    before = aliased(file)
    old = and_(
        before.c.folder_id == file.c.folder_id,
        before.c.entry == file.c.entry,
        before.c.since <= older,
        before.c.until > older,
    )
    return (
        select(
            folder.c.path,
            file.c.entry,
            file.c.severity,
            file.c.audience,
            file.c.moved_from,
            before.c.severity.label("old_severity"),
            before.c.audience.label("old_audience"),
        )
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(before, old)
        .where(file.c.since > older, file.c.since <= newer, file.c.until > newer, within(roots))
        .order_by(file.c.severity.desc(), folder.c.path, file.c.entry)
    )


def _gone(older: int, newer: int, roots: Sequence[bytes]) -> Select[tuple[object, ...]]:
    """Rows that are true in the older run, of paths that the newer one does not have."""
    after = aliased(file)
    there: ColumnElement[bool] = exists(
        select(after.c.id).where(
            after.c.folder_id == file.c.folder_id,
            after.c.entry == file.c.entry,
            after.c.since <= newer,
            after.c.until > newer,
        )
    )
    return (
        select(folder.c.path, file.c.id, file.c.entry, file.c.severity, file.c.audience, file.c.ending)
        .join(folder, folder.c.id == file.c.folder_id)
        .where(file.c.since <= older, file.c.until > older, file.c.until <= newer, ~there, within(roots))
        .order_by(file.c.severity.desc(), folder.c.path, file.c.entry)
    )


def _origin(connection: Connection, number: int) -> tuple[str, Standing | None]:
    query = (
        select(folder.c.path, file.c.entry, file.c.severity, file.c.audience)
        .join(folder, folder.c.id == file.c.folder_id)
        .where(file.c.id == number)
    )
    row = connection.execute(query).one_or_none()
    if row is None:  # pruned since
        return "", None
    return _path(row.path, row.entry), Standing(Severity(row.severity), Audience(row.audience))


def _path(above: bytes, name: bytes) -> str:
    return displayable(bytes(above).rstrip(b"/") + b"/" + bytes(name))


def _common(some: Sequence[bytes], others: Sequence[bytes]) -> list[bytes]:
    """The deeper of each two roots of which one holds the other."""
    found = []
    for one in some:
        for other in others:
            for outer, inner in ((one, other), (other, one)):
                if inner == outer or inner.startswith(outer.rstrip(b"/") + b"/"):
                    found.append(inner)
                    break
    return list(dict.fromkeys(found))
