"""Evidence: what an inspection said of one content, kept once whatever number of files hold that content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from scanner.documents.model import Protection, Shortfall, Status
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Assessment
from scanner.store.encoding import Evidence, evidence_to_json, gap_to_json, judged_anew, values_to_json
from scanner.store.inventory.signatures import Traits
from scanner.store.inventory.tables import evidence, sealed, type_count

# SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535; short lists are planned faster.
IN_ONE_QUERY = 500

# What programs put around the name of a copy.
_COPY_BEFORE = re.compile(rb"^copy( \(\d{1,4}\))? of ", re.I)
_COPY_BEHIND = re.compile(rb"( - copy| copy)?( ?\(\d{1,4}\))?(?=(\.[a-z0-9]{1,8})?$)", re.I)


def telling_name(name: bytes) -> bytes:
    """A file's name without what programs add to copies.

    >>> telling_name(b"Copy of List - Copy (2).xlsx"), telling_name(b"List (1).xlsx"), telling_name(b"1 (2)")
    (b'List.xlsx', b'List.xlsx', b'1')
    """
    if b"opy" not in name and b"OPY" not in name and b")" not in name:
        return name
    return _COPY_BEHIND.sub(b"", _COPY_BEFORE.sub(b"", name)) or name


def look_of(size: int, name: bytes) -> int:
    """What copies of one document share before anybody opens them: size and telling name, as a number.

    The name is part of it because a document's name is read like its text.
    """
    digest = hashlib.blake2b(telling_name(name), digest_size=8, key=size.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big", signed=True)


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """An inspection in the form in which it is kept; equal inspections have equal keys.

    ``signature_id`` is the last with which this was found, and no part of the key.
    """

    key: str
    content_hash: str
    look: int
    signature_id: int
    traits: Traits
    kind: str
    status: Status
    shortfall: Shortfall | None
    protection: Protection
    severity: int
    people_low: int
    people_high: int
    detail: str
    counts: Mapping[str, int] = field(default_factory=dict)
    values: str | None = None

    @classmethod
    def of(cls, inspection: Inspection, look: int, signature_id: int) -> EvidenceRow:
        """The row of an inspection; ``look`` is the file's, see :func:`look_of`."""
        coverage, assessment = inspection.coverage, inspection.assessment
        gap = coverage.gaps[0].reason if coverage.gaps else None
        # Without a hash of its content, evidence is nothing to find copies by.
        look = look if inspection.content_hash else 0
        return cls._keyed(
            content_hash=inspection.content_hash,
            look=look,
            signature_id=signature_id,
            traits=Traits.of(inspection),
            kind=coverage.kind,
            status=coverage.status,
            shortfall=gap,
            protection=coverage.protection,
            severity=int(assessment.severity),
            people_low=assessment.people.low,
            people_high=assessment.people.high,
            detail=evidence_to_json(inspection),
            counts=dict(inspection.counts),
            values=values_to_json(inspection),
        )

    @classmethod
    def judged_anew(cls, row: Row[Any], assessment: Assessment | None, signature_id: int) -> EvidenceRow:
        """The row of stored evidence (of :func:`whole`) with another assessment, or confirmed as it is."""
        severity, low, high, detail = row.severity, row.people_low, row.people_high, row.detail
        if assessment is not None:
            severity = int(assessment.severity)
            low, high = assessment.people.low, assessment.people.high
            detail = judged_anew(row.detail, assessment)
        counts = Evidence(detail).counts
        traits = Traits(row.traits) & ~Traits.FINDINGS
        return cls._keyed(
            content_hash=row.content_hash,
            look=row.look,
            signature_id=signature_id,
            traits=traits | Traits.FINDINGS if counts or severity else traits,
            kind=row.kind,
            status=Status(row.status),
            shortfall=Shortfall(row.shortfall) if row.shortfall else None,
            protection=Protection(row.protection),
            severity=severity,
            people_low=low,
            people_high=high,
            detail=detail,
            counts=counts,
        )

    @classmethod
    def unopened(cls, reason: Shortfall, detail: str) -> EvidenceRow:
        """The row of what the walk met and nobody will open."""
        return cls._keyed(
            content_hash="",
            look=0,
            signature_id=0,
            traits=Traits(0),
            kind="",
            status=Status.NOT_INSPECTED,
            shortfall=reason,
            protection=Protection.NONE,
            severity=0,
            people_low=0,
            people_high=0,
            detail=gap_to_json(reason, detail),
        )

    @classmethod
    def _keyed(  # one keyword for each column
        cls,
        *,
        content_hash: str,
        look: int,
        signature_id: int,
        traits: Traits,
        kind: str,
        status: Status,
        shortfall: Shortfall | None,
        protection: Protection,
        severity: int,
        people_low: int,
        people_high: int,
        detail: str,
        counts: Mapping[str, int] | None = None,
        values: str | None = None,
    ) -> EvidenceRow:
        said = (
            f"{content_hash}\0{look}\0{kind}\0{status}\0{protection}\0{severity}\0{people_low}"
            f"\0{people_high}\0{detail}"
        )
        # Letters alone: no number for whoever looks for numbers.
        key = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return cls(
            key.translate(_LETTERS),
            content_hash,
            look,
            signature_id,
            traits,
            kind,
            status,
            shortfall,
            protection,
            severity,
            people_low,
            people_high,
            detail,
            counts or {},
            values,
        )

    def columns(self) -> dict[str, object]:
        """The columns of table ``evidence``."""
        return {
            "key": self.key,
            "content_hash": self.content_hash,
            "look": self.look,
            "signature_id": self.signature_id,
            "traits": int(self.traits),
            "kind": self.kind,
            "status": self.status.value,
            "shortfall": self.shortfall.value if self.shortfall else None,
            "protection": self.protection.value,
            "severity": self.severity,
            "people_low": self.people_low,
            "people_high": self.people_high,
            "detail": self.detail,
            # What holds nothing concerns nobody; everything else is compared with the list, if there is one.
            "shielded": None if self.counts else False,
        }


_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True, slots=True)
class EvidenceHead:
    """What a file's row repeats of its evidence."""

    evidence_id: int
    content_hash: str
    severity: int
    signature_id: int
    traits: Traits


def keep(connection: Connection, rows: Iterable[EvidenceRow], sealing: Sealing | None = None) -> None:
    """Enter evidence that is not there yet; what is there already is the same."""
    once = {row.key: row for row in rows}
    if not once:
        return
    known = heads_by_key(connection, list(once))
    confirmed = [
        {"number": known[key].evidence_id, "newer": row.signature_id}
        for key, row in once.items()
        if key in known and known[key].signature_id != row.signature_id
    ]
    if confirmed:  # the same was found with other rules: it stands for these, too
        connection.execute(
            update(evidence)
            .where(evidence.c.id == bindparam("number"))
            .values(signature_id=bindparam("newer")),
            confirmed,
        )
    new = [row for key, row in once.items() if key not in known]
    if new:
        _insert_new(connection, evidence, [row.columns() for row in new])
        entered = heads_by_key(connection, [row.key for row in new])
        counts = [
            {"evidence_id": entered[row.key].evidence_id, "entity_type": name, "findings": count}
            for row in new
            for name, count in row.counts.items()
        ]
        if counts:
            _insert_new(connection, type_count, counts)
        known |= entered
    if sealing is not None:
        sealing.keep(connection, {known[key].evidence_id: row.values for key, row in once.items()})


def _insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    make = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    connection.execute(make(table).on_conflict_do_nothing(), list(rows))


def heads_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, EvidenceHead]:
    """The evidence that is there under these keys."""
    found: dict[str, EvidenceHead] = {}
    for start in range(0, len(keys), IN_ONE_QUERY):
        query = select(
            evidence.c.key,
            evidence.c.id,
            evidence.c.content_hash,
            evidence.c.severity,
            evidence.c.signature_id,
            evidence.c.traits,
        ).where(evidence.c.key.in_(keys[start : start + IN_ONE_QUERY]))
        for row in connection.execute(query):
            found[row.key] = EvidenceHead(
                row.id, row.content_hash, row.severity, row.signature_id, Traits(row.traits)
            )
    return found


def whole(connection: Connection, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """Stored evidence with all of its columns, by number."""
    found: dict[int, Row[Any]] = {}
    for start in range(0, len(numbers), IN_ONE_QUERY):
        query = select(evidence).where(evidence.c.id.in_(numbers[start : start + IN_ONE_QUERY]))
        found.update((row.id, row) for row in connection.execute(query))
    return found


def same_looking(
    connection: Connection, looks: Sequence[int]
) -> dict[int, list[tuple[str, str, int, Traits]]]:
    """Evidence of contents that may be those of files with these looks, the newest first.

    Each as (content hash, key, signature, traits).
    """
    found: dict[int, list[tuple[str, str, int, Traits]]] = {}
    distinct = list(dict.fromkeys(looks))
    for start in range(0, len(distinct), IN_ONE_QUERY):
        query = (
            select(
                evidence.c.look,
                evidence.c.content_hash,
                evidence.c.key,
                evidence.c.signature_id,
                evidence.c.traits,
            )
            .where(evidence.c.look.in_(distinct[start : start + IN_ONE_QUERY]), evidence.c.content_hash != "")
            .order_by(evidence.c.id.desc())
        )
        for look, content_hash, key, signature_id, traits in connection.execute(query):
            found.setdefault(look, []).append((content_hash, key, signature_id, Traits(traits)))
    return found


class Sealing:
    """Real values for the reports of one run: in the database only under a key that dies with the process."""

    def __init__(self, run_id: int) -> None:
        from cryptography.fernet import Fernet

        self._run_id = run_id
        self._key = Fernet(Fernet.generate_key())

    def keep(self, connection: Connection, values: Mapping[int, str | None]) -> None:
        """Seal the values of each evidence."""
        there = {number for number, value in values.items() if value is not None}
        if not there:
            return
        connection.execute(
            sealed.delete().where(sealed.c.run_id == self._run_id, sealed.c.evidence_id.in_(there))
        )
        connection.execute(
            insert(sealed),
            [
                {"run_id": self._run_id, "evidence_id": number, "data": self._key.encrypt(text.encode())}
                for number, text in values.items()
                if text is not None
            ],
        )

    def open(self, connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
        """The values of these pieces of evidence, as far as there are any."""
        query = select(sealed.c.evidence_id, sealed.c.data).where(
            sealed.c.run_id == self._run_id, sealed.c.evidence_id.in_(numbers)
        )
        return {number: self._key.decrypt(data).decode() for number, data in connection.execute(query)}

    def forget(self, connection: Connection) -> None:
        """Delete what was sealed; without the key it says nothing anyway."""
        connection.execute(sealed.delete().where(sealed.c.run_id == self._run_id))
