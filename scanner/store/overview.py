"""A run seen from above: by exposure, department and owner, against earlier runs, and its copies.

Every figure is a query over the file table; what is kept in memory is a row for each folder at the top of a
share, each information asset owner and each of a bounded number of examples, however many files there are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select

from scanner.documents.model import Status
from scanner.judgement.assessment import Severity
from scanner.store import runs, shielding
from scanner.store.comparing import Difference, Kind, differences
from scanner.store.entry import Audience, displayable
from scanner.store.inventory.files import within
from scanner.store.inventory.tables import evidence, file, folder, run

# A picture of more nights than this says nothing more; examples fill about a page.
NIGHTS_SHOWN = 14
EXAMPLES = 50
PLACES_SHOWN = 6
# Seven years: the longest usual retention for most council records; older personal data wants a reason.
OLD_YEARS = 7
_YEAR_SECONDS = 31_556_952
_CHUNK = 1_000
_SENSITIVE = int(Severity.MEDIUM)
_EXPOSED = int(Audience.EVERYONE)
_LEVELS = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies in one department, or with one information asset owner.  ``people`` counts file by file.

    ``exposed`` files are sensitive and open to everyone, ``unread`` objects were not read or not wholly.
    """

    name: str
    objects: int = 0
    exposed: int = 0
    critical: int = 0
    high: int = 0
    medium: int = 0
    people: int = 0
    unread: int = 0

    @property
    def sensitive(self) -> int:
        """Files of medium severity or above."""
        return self.critical + self.high + self.medium


@dataclass(frozen=True, slots=True)
class Night:
    """The sums of one run, over the same folders as the run that is reported."""

    run_id: str
    started: float
    whole: bool
    by_severity: Mapping[Severity, int]
    exposed: int = 0
    people: int = 0

    @property
    def sensitive(self) -> int:
        """Files of medium severity or above."""
        return sum(self.by_severity.values())


@dataclass(frozen=True, slots=True)
class Copies:
    """One sensitive document that lies in several places; ``places`` are the first of ``files``."""

    files: int
    exposed: int
    severity: Severity
    people: int
    size: int
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since an earlier run: counts of everything, and the first examples, the worst first.

    ``sensitive_inside`` are newly sensitive and not newly open; ``sensitive_examples`` are of these.
    Of what was fixed, ``closed`` is not open to everyone any more, ``removed`` is gone, ``cleaned`` holds
    nothing sensitive any more.  ``same_rules`` is false where both runs judged by different rules, so that a
    file may be new in the report without being new on the share.
    """

    since_run: str
    since: float
    same_rules: bool = True
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    newly_exposed: int = 0
    newly_sensitive: int = 0
    sensitive_inside: int = 0
    fixed: int = 0
    closed: int = 0
    removed: int = 0
    cleaned: int = 0
    exposed_examples: tuple[Difference, ...] = ()
    sensitive_examples: tuple[Difference, ...] = ()
    fixed_examples: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """A run from above.

    ``nights`` has the runs over the same folders, the oldest first and this one last.  ``copies`` are the
    worst of ``copied_documents``, which lie in ``copied_files`` places.  ``old`` counts sensitive files that
    nobody changed for ``OLD_YEARS``, ``unowned`` those beneath no information asset owner.
    """

    by_exposure: Mapping[tuple[Audience, Severity], int] = field(default_factory=dict)
    departments: tuple[Ground, ...] = ()
    owners: tuple[Ground, ...] = ()
    nights: tuple[Night, ...] = ()
    changes: Changes | None = None
    copies: tuple[Copies, ...] = ()
    copied_documents: int = 0
    copied_files: int = 0
    old: int = 0

    @property
    def exposed(self) -> int:
        """Files that are sensitive and open to everyone or to the public."""
        return sum(count for (audience, _), count in self.by_exposure.items() if audience.exposed)

    def exposed_of(self, severity: Severity) -> int:
        """Of these, those of one severity."""
        return sum(
            count
            for (audience, level), count in self.by_exposure.items()
            if audience.exposed and level is severity
        )

    def readable_by(self, audience: Audience) -> int:
        """Sensitive files that exactly this audience can read."""
        return sum(count for (who, _), count in self.by_exposure.items() if who is audience)

    @property
    def unowned(self) -> int:
        """Sensitive files beneath no information asset owner."""
        return sum(ground.sensitive for ground in self.owners if not ground.name)

    @property
    def previous(self) -> Night | None:
        """The run before this one over the same folders."""
        return self.nights[-2] if len(self.nights) > 1 else None


def overview(
    engine: Engine,
    number: int,
    department: Callable[[bytes], str],
    asset_owner: Callable[[str], str],
    now: float,
) -> Overview:
    """The run with this number from above.

    ``department`` names the part of a share that a folder belongs to, ``asset_owner`` who answers for a path;
    ``now`` (seconds since 1970) is what ages are counted from.
    """
    with engine.connect() as connection:
        roots = runs.root_paths(connection, number)
        then = and_(file.c.since <= number, file.c.until > number, within(roots))
        departments, owners = _grounds(connection, then, roots, department, asset_owner)
        copied_documents, copied_files, copies = _copies(connection, then, roots)
        found = Overview(
            by_exposure=_by_exposure(connection, then),
            departments=departments,
            owners=owners,
            nights=_nights(connection, number, roots),
            copies=copies,
            copied_documents=copied_documents,
            copied_files=copied_files,
            old=_older_than(connection, then, now - OLD_YEARS * _YEAR_SECONDS),
        )
    return replace(found, changes=_changes(engine, number))


# --- as it is -----------------------------------------------------------------------------------------------


def _by_exposure(connection: Connection, then: ColumnElement[bool]) -> dict[tuple[Audience, Severity], int]:
    query = (
        select(file.c.audience, file.c.severity, func.count())
        .join(folder, folder.c.id == file.c.folder_id)
        .where(then, file.c.severity >= _SENSITIVE, file.c.severity > 0)
        .group_by(file.c.audience, file.c.severity)
    )
    return {
        (Audience(audience), Severity(severity)): int(count)
        for audience, severity, count in connection.execute(query)
    }


def _grounds(
    connection: Connection,
    then: ColumnElement[bool],
    roots: Sequence[bytes],
    department: Callable[[bytes], str],
    asset_owner: Callable[[str], str],
) -> tuple[tuple[Ground, ...], tuple[Ground, ...]]:
    """The departments and the owners, those with exposed files first, then the worst."""
    sensitive = file.c.severity >= _SENSITIVE
    figures: dict[str, ColumnElement[Any]] = {
        "objects": func.count(),
        "exposed": _sum_of(and_(sensitive, file.c.audience >= _EXPOSED)),
        **{level.word: _sum_of(file.c.severity == int(level)) for level in _LEVELS},
        "people": func.sum(case((sensitive, func.coalesce(evidence.c.people_low, 0)), else_=0)),
        "unread": _sum_of(or_(evidence.c.id.is_(None), evidence.c.status != Status.INSPECTED.value)),
    }
    query = (
        select(
            folder.c.path,
            shielding.any_hidden().label("shielded"),
            *(column.label(name) for name, column in figures.items()),
        )
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
        .where(then)
        .group_by(folder.c.path)
    )
    departments: dict[str, Counter[str]] = {}
    owners: dict[str, Counter[str]] = {}
    for row in connection.execution_options(yield_per=_CHUNK).execute(query).mappings():
        path = bytes(row["path"])
        counted = {name: int(row[name]) for name in figures}
        # A folder may have a person's name: with a shielded one's file it counts for the whole share.
        told = (shielding.root_of(roots, path) or path) if row["shielded"] else path
        for sums, name in ((departments, department(told)), (owners, asset_owner(displayable(path)))):
            sums.setdefault(name, Counter()).update(counted)
    return _ordered(departments), _ordered(owners)


def _sum_of(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _ordered(sums: Mapping[str, Counter[str]]) -> tuple[Ground, ...]:
    grounds = [Ground(name, **counted) for name, counted in sums.items()]
    return tuple(
        sorted(
            grounds,
            key=lambda item: (-item.exposed, -item.critical, -item.high, -item.medium, item.name),
        )
    )


def _older_than(connection: Connection, then: ColumnElement[bool], moment: float) -> int:
    query = (
        select(func.count())
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .where(then, file.c.severity >= _SENSITIVE, file.c.severity > 0)
        .where(file.c.mtime_ns < int(moment * 1e9))
    )
    return int(connection.execute(query).scalar_one())


def _copies(
    connection: Connection, then: ColumnElement[bool], roots: Sequence[bytes]
) -> tuple[int, int, tuple[Copies, ...]]:
    """How many documents lie in several places, in how many, and the worst of them."""
    exposed = _sum_of(file.c.audience >= _EXPOSED)
    severity = func.max(file.c.severity)
    condition = and_(then, file.c.severity >= _SENSITIVE, file.c.severity > 0, evidence.c.content_hash != "")
    groups = (
        select(
            evidence.c.content_hash,
            func.count().label("files"),
            exposed.label("exposed"),
            severity.label("severity"),
            func.max(evidence.c.people_low).label("people"),
            func.max(file.c.size).label("size"),
            shielding.any_hidden().label("shielded"),
        )
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .join(evidence, evidence.c.id == file.c.evidence_id)
        .where(condition)
        .group_by(evidence.c.content_hash)
        .having(func.count() > 1)
    )
    whole = groups.subquery()
    documents, files = connection.execute(select(func.count(), func.sum(whole.c.files))).one()
    worst = select(whole).order_by(
        (whole.c.exposed > 0).desc(),
        whole.c.severity.desc(),
        whole.c.files.desc(),
        whole.c.people.desc(),
        whole.c.content_hash,
    )
    found = []
    for row in connection.execute(worst.limit(EXAMPLES)).all():
        places = (
            select(folder.c.path, file.c.entry, file.c.evidence_id)
            .select_from(file)
            .join(folder, folder.c.id == file.c.folder_id)
            .join(evidence, evidence.c.id == file.c.evidence_id)
            .where(condition, evidence.c.content_hash == row.content_hash)
            .order_by(file.c.audience.desc(), folder.c.path, file.c.entry)
            .limit(PLACES_SHOWN)
        )
        found.append(
            Copies(
                files=int(row.files),
                exposed=int(row.exposed),
                severity=Severity(row.severity),
                people=int(row.people or 0),
                size=int(row.size),
                places=tuple(
                    _path(above, name, roots, number if row.shielded else None)
                    for above, name, number in connection.execute(places)
                ),
            )
        )
    return int(documents), int(files or 0), tuple(found)


def _path(above: bytes, name: bytes, roots: Sequence[bytes], shielded: int | None) -> str:
    if shielded is not None:
        return shielding.covered_path(shielding.root_of(roots, bytes(above)) or bytes(above), shielded)
    return displayable(bytes(above).rstrip(b"/") + b"/" + bytes(name))


# --- against earlier runs -----------------------------------------------------------------------------------


def _nights(connection: Connection, number: int, roots: Sequence[bytes]) -> tuple[Night, ...]:
    """The run and those before it that went over all of its folders, the oldest first."""
    rows = []
    for row in connection.execute(select(run).where(run.c.id <= number).order_by(run.c.id.desc())):
        ended = row.finished is not None and not json.loads(row.options).get(runs.WATCH)
        if row.id == number or (ended and _covers(runs.root_paths(connection, row.id), roots)):
            rows.append(row)
        if len(rows) == NIGHTS_SHOWN:
            break
    query = (
        select(
            run.c.id,
            file.c.severity,
            func.count(),
            _sum_of(file.c.audience >= _EXPOSED),
            func.sum(func.coalesce(evidence.c.people_low, 0)),
        )
        .select_from(run)
        .join(file, and_(file.c.since <= run.c.id, file.c.until > run.c.id))
        .join(folder, folder.c.id == file.c.folder_id)
        .outerjoin(evidence, evidence.c.id == file.c.evidence_id)
        .where(run.c.id.in_([row.id for row in rows]), within(roots))
        .where(file.c.severity >= _SENSITIVE, file.c.severity > 0)
        .group_by(run.c.id, file.c.severity)
    )
    counts: dict[int, dict[Severity, int]] = {row.id: {} for row in rows}
    exposed, people = Counter[int](), Counter[int]()
    for run_id, severity, files, open_files, persons in connection.execute(query):
        counts[run_id][Severity(severity)] = int(files)
        exposed[run_id] += int(open_files)
        people[run_id] += int(persons or 0)
    return tuple(
        Night(
            run_id=row.name,
            started=row.started,
            whole=row.state == "finished",
            by_severity=counts[row.id],
            exposed=exposed[row.id],
            people=people[row.id],
        )
        for row in reversed(rows)
    )


def _covers(outer: Sequence[bytes], inner: Sequence[bytes]) -> bool:
    return all(
        any(one == other or one.startswith(other.rstrip(b"/") + b"/") for other in outer) for one in inner
    )


def _changes(engine: Engine, number: int) -> Changes | None:
    """What changed since the run before, counted in one pass; ``None`` for the first run in these folders."""
    earlier = runs.before(engine, number)
    if earlier is None:
        return None
    with engine.connect() as connection:
        query = select(run.c.signature_id).where(run.c.id.in_([number, earlier.number]))
        signatures = set(connection.execute(query).scalars())
    kinds, counts = Counter[Kind](), Counter[str]()
    examples: dict[str, list[Difference]] = {"exposed": [], "sensitive": [], "fixed": []}
    for item in differences(engine, earlier.number, number):
        kinds[item.kind] += 1
        inside = item.newly_sensitive and not item.newly_exposed
        said = {"exposed": item.newly_exposed, "sensitive": inside, "fixed": item.fixed}
        counts["newly sensitive"] += item.newly_sensitive
        for word, is_so in said.items():
            if is_so:
                counts[word] += 1
                if len(examples[word]) < EXAMPLES:
                    examples[word].append(item)
        if item.fixed:
            counts[how_fixed(item)] += 1
    return Changes(
        since_run=earlier.name,
        since=runs.record(engine, earlier.number).started,
        same_rules=len(signatures) == 1,
        kinds=dict(kinds),
        newly_exposed=counts["exposed"],
        newly_sensitive=counts["newly sensitive"],
        sensitive_inside=counts["sensitive"],
        fixed=counts["fixed"],
        closed=counts["closed"],
        removed=counts["removed"],
        cleaned=counts["cleaned"],
        exposed_examples=tuple(examples["exposed"]),
        sensitive_examples=tuple(examples["sensitive"]),
        fixed_examples=tuple(examples["fixed"]),
    )


def how_fixed(item: Difference) -> str:
    """In which way a file was fixed: "closed", "removed" or "cleaned"."""
    if item.after is None:
        return "removed"
    return "closed" if item.after.sensitive else "cleaned"
