"""Contents that concern shielded people: what reads files shows them as "shielded subject" and as no more.

Who is shielded is not known here.  A list that is kept elsewhere is compared with the fingerprints of each
piece of evidence, and the answer stands beside it; every reader of this store covers what it concerns.
While a list is in force, what was not compared with it yet counts as shielded: a report that comes first
tells too little, and never too much.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from scanner.documents.model import Gap, Location
from scanner.inspection.model import LocatedFinding
from scanner.judgement.assessment import Reason
from scanner.store.database import insert_new
from scanner.store.entry import LedgerEntry, displayable
from scanner.store.inventory.evidence import IN_ONE_QUERY
from scanner.store.inventory.tables import evidence, shield, type_count

SHIELDED = "Shielded subject"
SHIELDED_TYPE = "SHIELDED_SUBJECT"
REASON_CODE = "shielded_subject"
REASON = "It concerns a shielded subject."

_IN_FORCE = 1


def hidden(of: FromClause = evidence) -> ColumnElement[bool]:
    """The condition on rows of ``evidence``, or of an alias of it, of which nobody is told more."""
    list_in_force = exists(select(shield.c.id).where(shield.c.id == _IN_FORCE))
    return and_(
        of.c.id.is_not(None),
        or_(of.c.shielded.is_(True), and_(of.c.shielded.is_(None), list_in_force)),
    )


def any_hidden() -> ColumnElement[int]:
    """Whether any row of a group is such a one, as a sum."""
    return func.max(case((hidden(), 1), else_=0))


def of_these(connection: Connection, numbers: Collection[int]) -> frozenset[int]:
    """Those pieces of evidence of which nobody is told more."""
    wanted, found = sorted(numbers), set[int]()
    for start in range(0, len(wanted), IN_ONE_QUERY):
        some = evidence.c.id.in_(wanted[start : start + IN_ONE_QUERY])
        found.update(connection.execute(select(evidence.c.id).where(some, hidden())).scalars())
    return frozenset(found)


# --- covering -----------------------------------------------------------------------------------------------


def covered_path(root: bytes, number: int) -> str:
    """What stands for the path of a file: the share, and the number of its content to ask with.

    >>> covered_path(b"/srv/shares/", 17)
    '/srv/shares/Shielded subject (content 17)'
    """
    return f"{displayable(root.rstrip(b'/'))}/{SHIELDED} ({reference(number)})"


def reference(number: int) -> str:
    """How people name a content of which nothing else is told."""
    return f"content {number}"


def cover(entry: LedgerEntry, root: bytes, number: int) -> LedgerEntry:
    """The entry with nothing that says whom it is about; severity, people, size and exposure stay.

    ``raw_path`` stays, too, for what moves or opens the file: it is never told.
    """
    gaps = tuple(Gap(Location(), gap.reason) for gap in entry.gaps)
    return replace(
        entry,
        path=covered_path(root, number),
        folder=displayable(root),
        gaps=gaps,
        reasons=(Reason(REASON_CODE, REASON, entry.severity),),
        findings=(LocatedFinding(SHIELDED_TYPE, "", "", 1.0, SHIELDED, "", "shield"),),
        counts={},
        content_hash="",
    )


def root_of(roots: Collection[bytes], path: bytes) -> bytes:
    """The innermost of ``roots`` that a path lies in; empty where it lies in none."""
    holding = [root for root in roots if path == root or path.startswith(root.rstrip(b"/") + b"/")]
    return max(holding, key=len, default=b"")


# --- comparing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Uncompared:
    """A piece of evidence that was not compared with the list yet; ``detail`` is as the evidence has it."""

    number: int
    content_hash: str
    look: int
    detail: str


def in_force(connection: Connection) -> bool:
    """Whether there is a list."""
    return connection.execute(select(shield.c.id).where(shield.c.id == _IN_FORCE)).first() is not None


def put_in_force(connection: Connection, there: bool) -> None:
    """Say whether there is a list, in the transaction that changes it."""
    if there:
        insert_new(connection, shield, id=_IN_FORCE)
    else:
        connection.execute(delete(shield))


def uncompared(connection: Connection, most: int) -> list[Uncompared]:
    """The first pieces of evidence that were not compared yet."""
    query = (
        select(evidence.c.id, evidence.c.content_hash, evidence.c.look, evidence.c.detail)
        .where(evidence.c.shielded.is_(None))
        .order_by(evidence.c.id)
        .limit(most)
    )
    return [Uncompared(row.id, row.content_hash, row.look, row.detail) for row in connection.execute(query)]


def compared(connection: Connection, answers: Mapping[int, bool]) -> None:
    """Enter which pieces of evidence concern somebody on the list, by their numbers."""
    for answer in (True, False):
        numbers = sorted(number for number, concerns in answers.items() if concerns is answer)
        for start in range(0, len(numbers), IN_ONE_QUERY):
            some = evidence.c.id.in_(numbers[start : start + IN_ONE_QUERY])
            connection.execute(update(evidence).where(some).values(shielded=answer))


def compare_anew(connection: Connection, numbers: Collection[int] | None = None) -> None:
    """The list is another one: what was compared with the old one, or these pieces, is compared again."""
    if numbers is None:
        found = or_(evidence.c.shielded.is_(True), evidence.c.id.in_(select(type_count.c.evidence_id)))
        connection.execute(update(evidence).where(found).values(shielded=None))
        return
    wanted = sorted(numbers)
    for start in range(0, len(wanted), IN_ONE_QUERY):
        some = evidence.c.id.in_(wanted[start : start + IN_ONE_QUERY])
        connection.execute(update(evidence).where(some).values(shielded=None))
