"""A share on two nights: what was opened, closed, removed, added and copied in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Severity
from scanner.store.entry import Audience, FileStat
from scanner.store.inventory import FileChange, persistently
from scanner.store.inventory.tables import file
from scanner.store.ledger import AssetOwner, Ledger
from tests.reports.sample_run import finding, inspection
from tests.store.making import OPEN, MadeRun, database, new_run

FIRST, SECOND = 1_763_700_000.0, 1_763_786_400.0
# Eight years before both: for files that wait for disposal.
LONG_AGO_NS = 1_510_000_000 * 10**9
OWNERS = (
    AssetOwner("/share/HR", "Head of People"),
    AssetOwner("/share/Housing", "Head of Housing"),
)


def found(severity: Severity, people: int, content: str) -> Inspection:
    return replace(inspection(severity, people=people, findings=[finding()]), content_hash=content)


def nights(folder: Path) -> Ledger:
    """The second of two nights over ``/share``.

    =====================  ===================  =====================================
    file                   first night          second night
    =====================  ===================  =====================================
    HR/sick.csv            high, a group        the same
    HR/copy.csv            high, a group        the same content, open to everyone
    Housing/tenants.xlsx   critical, everyone   a group: closed
    Housing/old.docx       medium, a group      the same (of 2017)
    Housing/gone.docx      high, everyone       removed
    Web/list.xlsx          -                    critical, published
    Old/mine.txt           -                    high, a group, the content of sick.csv
    =====================  ===================  =====================================
    """
    engine = database(folder)
    first = new_run(engine, ["/share"], name="night-1", started=FIRST)
    first.meet(["/share/HR/sick.csv", "/share/HR/copy.csv"], mtime_ns=int(FIRST * 1e9))
    first.meet(["/share/Housing/old.docx"], mtime_ns=LONG_AGO_NS)
    opened = ["/share/Housing/tenants.xlsx", "/share/Housing/gone.docx"]
    first.meet(opened, audience=Audience.EVERYONE, mtime_ns=int(FIRST * 1e9))
    sick = found(Severity.HIGH, 3, "same")
    first.end(
        [
            ("/share/HR/sick.csv", sick),
            ("/share/HR/copy.csv", sick),
            ("/share/Housing/tenants.xlsx", found(Severity.CRITICAL, 12, "tenants")),
            ("/share/Housing/old.docx", found(Severity.MEDIUM, 1, "old")),
            ("/share/Housing/gone.docx", found(Severity.HIGH, 2, "gone")),
        ]
    )
    first.close()
    second = new_run(engine, ["/share"], name="night-2", started=SECOND)
    _change(second, "/share/HR/copy.csv", Audience.EVERYONE)
    _change(second, "/share/Housing/tenants.xlsx", Audience.GROUP)
    gone = _number(second, "gone.docx")
    persistently(engine, lambda connection: second.table.gone(connection, [gone]))
    second.meet(["/share/Web/list.xlsx"], audience=Audience.PUBLIC, mtime_ns=int(SECOND * 1e9))
    second.meet(["/share/Old/mine.txt"], mtime_ns=int(SECOND * 1e9))
    second.end(
        [
            ("/share/Web/list.xlsx", found(Severity.CRITICAL, 30, "list")),
            ("/share/Old/mine.txt", sick),
        ]
    )
    second.close()
    return Ledger(engine, second.stored.number, asset_owners=OWNERS)


def _number(run: MadeRun, name: str) -> int:
    with run.engine.connect() as connection:
        query = file.select().where(file.c.entry == name.encode(), file.c.ending == 0)
        return int(connection.execute(query).one().id)


def _change(run: MadeRun, path: str, audience: Audience) -> None:
    """Other rights, the same content."""
    above, _, name = path.rpartition("/")
    change = FileChange(
        folder=above.encode(),
        name=name.encode(),
        stat=FileStat(10, int(FIRST * 1e9)),
        regular=True,
        access=OPEN,
        audience=audience,
        replaces=_number(run, name),
        keeps_evidence=True,
        queue=False,
    )
    persistently(run.engine, lambda connection: run.table.enter(connection, [change], []))
