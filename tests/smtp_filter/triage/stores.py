"""A quarantine with the console's and the scans' tables, and what is put into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, update

from scanner.documents.model import Coverage, Status
from scanner.inspection.fingerprints import fingerprint
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store.database import open_database, writing
from scanner.store.entry import Audience
from scanner.store.inventory import open_inventory
from scanner.store.inventory.tables import run
from scanner.store.ledger import Ledger
from scanner.store.runs import remember_root
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.triage.app import MIGRATIONS
from tests.smtp_filter.quarantine import making
from tests.store.making import MadeRun, new_run

KEY = b"k" * 32


def open_stores(url: str, folder: Path) -> Quarantine:
    """All in one database."""
    quarantine = making.open_quarantine(url, folder)
    open_database(url, MIGRATIONS).dispose()
    open_inventory(url).dispose()
    return quarantine


def finding(entity_type: str, value: str, person: int = 1, key: bytes = KEY) -> LocatedFinding:
    """A finding as the inspector makes it: masked, with the fingerprint of its value."""
    mark = fingerprint(key, entity_type, value)
    return LocatedFinding(
        entity_type,
        "body > line 1",
        "",
        0.95,
        "*" * len(value),
        mark,
        "rule",
        (),
        value,
        ("standing ahead", "standing behind"),
        person,
    )


def inspection(
    *findings: LocatedFinding,
    severity: Severity = Severity.HIGH,
    content_hash: str = "hash",
    people: PeopleCount = PeopleCount(1, 2),  # noqa: B008
) -> Inspection:
    """An inspection with these findings."""
    counts: dict[str, int] = {}
    for one in findings:
        counts[one.entity_type] = counts.get(one.entity_type, 0) + 1
    reasons = (Reason("strong_identifier", "A strong identifier of Mary Jones", severity),)
    return Inspection(
        Coverage(Status.INSPECTED, "text"),
        Assessment(severity, people, reasons),
        findings,
        counts,
        content_hash,
        100,
    )


def hold(
    quarantine: Quarantine, identity: str, *findings: LocatedFinding, subject: str = "Mary Jones"
) -> str:
    """Hold a message with these findings."""
    data = making.raw(subject, f"{identity}: text", identity)
    answer = quarantine.hold(making.message(data), inspection(*findings), making.verdict())
    return answer.reference


def scanned(
    engine: Engine,
    files: Sequence[tuple[str, Inspection, Audience]],
    started: float,
    root: str = "/srv/shares",
) -> Ledger:
    """A finished run that met these files for the first time."""
    made: MadeRun = new_run(engine, (root,), started=started)
    with writing(engine) as connection:
        remember_root(connection, root.encode(), "file system 1")
    for path, _, audience in files:
        made.meet([path], audience=audience)
    made.end([(path, found) for path, found, _ in files])
    ledger = made.close()
    with writing(engine) as connection:
        connection.execute(update(run).where(run.c.id == made.stored.number).values(finished=started + 60))
    return ledger
