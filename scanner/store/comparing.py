"""Two runs side by side: what is new, gone, moved or changed, newly exposed, fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import exists

from scanner.judgement.assessment import Severity
from scanner.store import runs, shielding
from scanner.store.entry import Audience, displayable
from scanner.store.inventory.evidence import IN_ONE_QUERY
from scanner.store.inventory.files import within
from scanner.store.inventory.tables import GONE, evidence, file, folder
from scanner.store.shielding import SHIELDED, covered_path, root_of


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
                origin, before, shielded = _origin(connection, row.moved_from, roots)
                origins.add(row.moved_from)
                # What it was called while it concerned somebody, it may be called still.
                number = row.evidence_id if row.shielded else shielded
                if number is not None:
                    path = _covered(roots, row.path, number)
                    origin = SHIELDED if origin and shielded is None else origin
                yield Difference(path, Kind.MOVED, before, after, origin)
            else:
                if row.shielded or row.old_shielded:
                    number = row.evidence_id if row.shielded else row.old_evidence_id
                    path = _covered(roots, row.path, number)
                yield Difference(path, Kind.CHANGED if before else Kind.NEW, before, after)
        for row in connection.execution_options(yield_per=IN_ONE_QUERY).execute(_gone(older, newer, roots)):
            if row.id not in origins:
                kind = Kind.GONE if row.ending == GONE else Kind.LEFT_OUT
                before = Standing(Severity(row.severity), Audience(row.audience))
                path = _path(row.path, row.entry)
                if row.shielded:
                    path = _covered(roots, row.path, row.evidence_id)
                yield Difference(path, kind, before, None)


def _new(older: int, newer: int, roots: Sequence[bytes]) -> Select[tuple[object, ...]]:
    """Rows that are true in the newer run and not in the older one, each with its predecessor."""
    before, known = aliased(file), evidence.alias()
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
            file.c.evidence_id,
            before.c.severity.label("old_severity"),
            before.c.audience.label("old_audience"),
            shielding.hidden().label("shielded"),
            before.c.evidence_id.label("old_evidence_id"),
            shielding.hidden(known).label("old_shielded"),
        )
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
        .outerjoin(before, old)
        .outerjoin(known, known.c.id == before.c.evidence_id)
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
        select(
            folder.c.path,
            file.c.id,
            file.c.entry,
            file.c.severity,
            file.c.audience,
            file.c.ending,
            file.c.evidence_id,
            shielding.hidden().label("shielded"),
        )
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
        .where(file.c.since <= older, file.c.until > older, file.c.until <= newer, ~there, within(roots))
        .order_by(file.c.severity.desc(), folder.c.path, file.c.entry)
    )


def _origin(
    connection: Connection, number: int, roots: Sequence[bytes]
) -> tuple[str, Standing | None, int | None]:
    """Where a file was and how it stood; and its content's number where that concerned somebody shielded."""
    query = (
        select(folder.c.path, file.c.entry, file.c.severity, file.c.audience, file.c.evidence_id)
        .add_columns(shielding.hidden().label("shielded"))
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
        .where(file.c.id == number)
    )
    row = connection.execute(query).one_or_none()
    if row is None:  # pruned since
        return "", None, None
    standing = Standing(Severity(row.severity), Audience(row.audience))
    if row.shielded:
        return _covered(roots, row.path, row.evidence_id), standing, row.evidence_id
    return _path(row.path, row.entry), standing, None


def _covered(roots: Sequence[bytes], above: bytes, number: int) -> str:
    return covered_path(root_of(roots, bytes(above)) or bytes(above), number)


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
