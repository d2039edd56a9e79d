"""What a watch asks of the file table beyond a scan: who is known where, what is known as sensitive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from scanner.judgement.assessment import Severity
from scanner.store.encoding import Evidence
from scanner.store.entry import Audience, displayable
from scanner.store.inventory.evidence import IN_ONE_QUERY
from scanner.store.inventory.files import within
from scanner.store.inventory.tables import ZERO, access, evidence, file, folder
from scanner.store.shielding import REASON, covered_path, hidden

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SensitiveFile:
    """A known file that holds something, and who can read it as far as is known."""

    file_id: int
    raw_path: bytes
    severity: Severity
    audience: Audience
    access_id: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What an alert tells of a file: what was found, and its rights.

    ``shielded`` is the number of its content where that concerns a shielded person: then there is no path.
    """

    reasons: tuple[str, ...]
    people: tuple[int, int]
    kinds: dict[str, int]
    owner: str = ""
    how: str = ""
    audience: Audience = Audience.UNKNOWN
    shielded: int | None = None

    def path(self, raw: bytes, root: bytes) -> str:
        """The path to tell of a file beneath ``root``."""
        return displayable(raw) if self.shielded is None else covered_path(root, self.shielded)


def sensitive_files(
    connection: Connection, roots: Sequence[bytes], at_least: Severity, after: int = 0
) -> list[SensitiveFile]:
    """Known files at and beneath ``roots`` that are so bad, a few hundred past number ``after``."""
    query = (
        select(file.c.id, folder.c.path, file.c.entry, file.c.severity, file.c.audience)
        .add_columns(file.c.access_id, file.c.size)
        .join(folder, folder.c.id == file.c.folder_id)
        .where(file.c.severity >= int(at_least), file.c.severity > ZERO)
        .where(file.c.ending == ZERO, file.c.id > after, within(roots))
        .order_by(file.c.id)
        .limit(_AT_ONCE)
    )
    return [
        SensitiveFile(number, _joined(path, name), Severity(severity), Audience(audience), access_id, size)
        for number, path, name, severity, audience, access_id, size in connection.execute(query)
    ]


def names_in(connection: Connection, folder_id: int) -> Iterator[tuple[int, bytes]]:
    """The files known in one folder, however many, as (number, name)."""
    query = select(file.c.id, file.c.entry).where(file.c.folder_id == folder_id, file.c.ending == ZERO)
    for number, name in connection.execute(query.execution_options(yield_per=5_000)):
        yield number, bytes(name)


def paths_of(connection: Connection, numbers: Sequence[int]) -> list[bytes]:
    """Where these files are."""
    found: list[bytes] = []
    for start in range(0, len(numbers), IN_ONE_QUERY):
        query = (
            select(folder.c.path, file.c.entry)
            .join(folder, folder.c.id == file.c.folder_id)
            .where(file.c.id.in_(numbers[start : start + IN_ONE_QUERY]))
        )
        found.extend(_joined(path, name) for path, name in connection.execute(query))
    return found


def told_by(detail: str, people: tuple[int, int], shielded: int | None = None) -> Told:
    """What is told of evidence (see ``EvidenceRow.detail``); whose file it is is left open.

    ``shielded`` is its number where it concerns a shielded person.
    """
    if shielded is not None:
        return Told((REASON,), people, {}, shielded=shielded)
    found = Evidence(detail)
    return Told(tuple(reason.text for reason in found.reasons), people, dict(found.counts))


def told_of_file(connection: Connection, path: bytes) -> Told | None:
    """What is told of a known file and of its rights as they are known; ``None`` where nothing is.

    By its path: the number of its row changes with what is known of it.
    """
    above, _, name = path.rpartition(b"/")
    query = (
        select(evidence.c.detail, evidence.c.people_low, evidence.c.people_high)
        .add_columns(access.c.owner, access.c.how, file.c.audience)
        .add_columns(evidence.c.id, hidden().label("hidden"))
        .select_from(file)
        .join(evidence, evidence.c.id == file.c.evidence_id)
        .join(access, access.c.id == file.c.access_id)
        .join(folder, folder.c.id == file.c.folder_id)
        .where(folder.c.path == (above or b"/"), file.c.entry == name, file.c.ending == ZERO)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    told = told_by(row.detail, (row.people_low, row.people_high), row.id if row.hidden else None)
    return replace(told, owner=row.owner, how=row.how, audience=Audience(row.audience))


def _joined(path: bytes, name: bytes) -> bytes:
    path, name = bytes(path), bytes(name)
    return (path if path.endswith(b"/") else path + b"/") + name
