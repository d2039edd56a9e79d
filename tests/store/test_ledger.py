"""The ledger: what was met is there, sums agree, past runs stay as they were, values never lie open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from scanner.documents.model import Coverage, Gap, Location, Protection, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store import runs
from scanner.store.entry import Audience, FileStat, RunState, displayable
from scanner.store.inventory import FileChange, persistently
from scanner.store.inventory.tables import file, open_inventory, sealed
from scanner.store.ledger import AssetOwner, Ledger, LedgerError
from scanner.store.runs import RootState
from tests.store.making import OPEN, database, new_run


def inspection(
    severity: Severity = Severity.NONE,
    people: int = 0,
    gaps: tuple[Gap, ...] = (),
    status: Status = Status.INSPECTED,
    value: str | None = None,
) -> Inspection:
    finding = LocatedFinding("UK_NINO", "line 3", "", 0.91, "*******6C", "f1", "nino", ("label",), value)
    return Inspection(
        coverage=Coverage(status, "text", gaps, Protection.NONE),
        assessment=Assessment(
            severity, PeopleCount(people, people + 1), (Reason("code", "because", severity),)
        ),
        findings=(finding,) if severity else (),
        counts={"UK_NINO": 7} if severity else {},
        content_hash="abc",
        size=10,
    )


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_inventory(database_url)


def files(count: int, folder: str = "/srv/a") -> list[str]:
    return [f"{folder}/{n}" for n in range(count)]


def test_a_run_from_met_to_ended(engine: Engine) -> None:
    made = new_run(engine)
    made.meet(files(3), unopened={"/srv/l": (Shortfall.NOT_A_FILE, "symbolic link")})
    gap = Gap(Location(("page 2",)), Shortfall.NEEDS_OCR, "a picture")
    made.end(
        [
            ("/srv/a/0", inspection(Severity.LOW, 1)),
            ("/srv/a/1", inspection(Severity.CRITICAL, 4, (gap, gap), Status.PARTIAL)),
            ("/srv/a/2", inspection()),
        ]
    )
    ledger = made.close()
    record = ledger.record()
    assert (record.interrupted, record.state, record.roots) == (False, RunState.FINISHED, ("/srv",))
    worst, *rest = ledger.entries()
    assert worst.path == "/srv/a/1"
    assert worst.reason == "no text layer, needs OCR: a picture (and 1 more)"
    assert worst.gaps == (gap, gap)
    assert worst.people == PeopleCount(4, 5)
    assert worst.reasons == (Reason("code", "because", Severity.CRITICAL),)
    assert worst.findings == inspection(Severity.CRITICAL).findings
    assert (worst.mtime, worst.kind, worst.counts) == (5.0, "text", {"UK_NINO": 7})
    assert [entry.path for entry in rest] == ["/srv/a/0", "/srv/a/2", "/srv/l"]
    assert rest[-1].reason == "not a regular file: symbolic link"


def test_sums_agree_with_the_entries(engine: Engine) -> None:
    made = new_run(engine)
    made.meet([*files(5, "/srv/a"), *files(4, "/srv/b")])
    made.end([(path, inspection(Severity.HIGH, 2)) for path in files(2)])
    made.end([(path, inspection()) for path in [*files(5)[2:], *files(2, "/srv/b")]])
    ledger = made.close(RunState.INTERRUPTED)
    totals = ledger.totals()
    assert totals.enumerated == 9 == sum(tally.objects for tally in totals.by_status.values())
    assert totals.by_shortfall[Shortfall.INTERRUPTED].objects == 2
    assert {level: tally.objects for level, tally in totals.by_severity.items()} == {
        Severity.HIGH: 2,
        Severity.NONE: 5,
    }
    assert totals.by_severity[Severity.HIGH].people == 4
    assert totals.by_type == {"UK_NINO": (2, 14)}
    assert (totals.bytes, totals.read_now) == (90, 7)
    assert totals.by_audience[Audience.GROUP].objects == 2
    first, second = ledger.folders()
    assert (first.folder, first.objects, first.unread) == ("/srv/a", 5, 0)
    assert (second.folder, second.objects, second.unread) == ("/srv/b", 4, 2)
    assert first.by_severity[Severity.HIGH] == 2
    assert second.by_severity[Severity.NONE] == 2  # what was not read is not counted as clean
    assert [entry.severity for entry in ledger.entries(at_least=Severity.LOW)] == [Severity.HIGH] * 2
    assert len(list(ledger.entries(statuses=[Status.NOT_INSPECTED]))) == 2
    assert ledger.worst() is Severity.HIGH


def test_sensitive_and_exposed_comes_first(engine: Engine) -> None:
    made = new_run(engine)
    table = [
        ("/srv/closed critical", Severity.CRITICAL, Audience.GROUP),
        ("/srv/open medium", Severity.MEDIUM, Audience.EVERYONE),
        ("/srv/open low", Severity.LOW, Audience.PUBLIC),
        ("/srv/open none", Severity.NONE, Audience.PUBLIC),
        ("/srv/published high", Severity.HIGH, Audience.PUBLIC),
        ("/srv/unknown high", Severity.HIGH, Audience.UNKNOWN),
    ]
    for path, severity, audience in table:
        made.meet([path], audience=audience)
        made.end([(path, inspection(severity))])
    entries = list(made.close().entries())
    assert [entry.path.removeprefix("/srv/") for entry in entries] == [
        "published high",
        "open medium",
        "closed critical",
        "unknown high",
        "open low",
        "open none",
    ]
    assert [entry.exposed for entry in entries] == [True, True, False, False, False, False]


def test_the_folder_is_the_first_beneath_the_root_and_its_owner_is_configured(engine: Engine) -> None:
    made = new_run(engine, ["/srv/share"])
    made.meet(["/srv/share/Housing/2019/a.txt", "/srv/share/top.txt", "/srv/share/Housing2/a.txt"])
    owners = [
        AssetOwner("/srv/share", "Chief Executive"),
        AssetOwner("/srv/share/Housing", "Head of Housing"),
    ]
    ledger = Ledger(engine, made.stored.number, asset_owners=owners)
    found = {entry.path: (entry.folder, entry.exposure.asset_owner) for entry in ledger.entries()}
    assert found == {
        "/srv/share/Housing/2019/a.txt": ("/srv/share/Housing", "Head of Housing"),
        "/srv/share/top.txt": ("/srv/share", "Chief Executive"),
        "/srv/share/Housing2/a.txt": ("/srv/share/Housing2", "Chief Executive"),
    }


def test_a_lost_object_is_noticed(engine: Engine) -> None:
    made = new_run(engine)
    made.meet(files(2))
    state = RootState(b"/srv", walked=True, met=3)
    persistently(engine, lambda connection: runs.enter_root(connection, made.stored.number, state))
    with pytest.raises(LedgerError, match="met 3 objects and kept 0 in /srv, but 2 are in the ledger"):
        made.ledger.check()
    state = RootState(b"/srv", walked=True, met=2)
    persistently(engine, lambda connection: runs.enter_root(connection, made.stored.number, state))
    made.ledger.check()


def test_unread_is_never_counted_as_clean(engine: Engine) -> None:
    made = new_run(engine)
    made.meet(files(2))
    gap = (Gap(Location(), Shortfall.DAMAGED),)
    made.end([inspection(gaps=gap, status=Status.NOT_INSPECTED)])
    assert Severity.NONE not in made.ledger.totals().by_severity


def test_gaps_are_capped_but_counted(engine: Engine) -> None:
    gaps = tuple(Gap(Location((f"member {n}",)), Shortfall.DAMAGED) for n in range(1_000))
    made = new_run(engine)
    made.meet(files(1))
    made.end([inspection(gaps=gaps, status=Status.PARTIAL)])
    (entry,) = made.ledger.entries()
    assert (len(entry.gaps), entry.gaps_total) == (20, 1_000)
    assert entry.reason.endswith("(and 999 more)")


def test_values_are_sealed_under_a_key_of_this_process(tmp_path: Path) -> None:
    made = new_run(database(tmp_path), shows_values=True)
    made.meet(files(1))
    made.end([inspection(Severity.HIGH, 1, value="QQ123456C")])
    (entry,) = made.ledger.entries()
    assert entry.findings[0].value == "QQ123456C"
    (entry,) = Ledger(made.engine, made.stored.number).entries()
    assert entry.findings[0].value is None
    assert not any(b"QQ123456C" in path.read_bytes() for path in tmp_path.iterdir())


def test_values_not_asked_for_are_not_kept_at_all(engine: Engine) -> None:
    made = new_run(engine)
    made.meet(files(1))
    made.end([inspection(Severity.HIGH, 1, value="QQ123456C")])
    (entry,) = made.ledger.entries()
    assert entry.findings[0].value is None
    with engine.connect() as connection:
        assert connection.execute(select(sealed)).all() == []


def test_one_entry_by_its_number(engine: Engine) -> None:
    made = new_run(engine)
    made.meet(files(1))
    made.end([inspection(Severity.HIGH)])
    assert made.ledger.entry(1).path == "/srv/a/0"
    with pytest.raises(LedgerError, match="has no object 2"):
        made.ledger.entry(2)


def test_a_past_run_is_reported_as_it_was(engine: Engine) -> None:
    first = new_run(engine)
    first.meet(files(3))
    first.end([inspection(Severity.HIGH, 2), inspection(), inspection()])
    first.close()
    before = [(entry.path, entry.severity) for entry in first.ledger.entries()]
    totals = first.ledger.totals()
    second = new_run(engine)
    with engine.connect() as connection:
        numbers = {bytes(row.entry): row.id for row in connection.execute(select(file))}
    change = FileChange(b"/srv/a", b"0", FileStat(11, 6), True, OPEN, Audience.PUBLIC, numbers[b"0"])

    def work(connection: Connection) -> None:
        second.table.enter(connection, [change], [])
        second.table.gone(connection, [numbers[b"1"]])

    for _ in range(2):  # what is written twice is there once
        persistently(engine, work)
    second.end([("/srv/a/0", inspection(Severity.LOW, 1))])
    second.close()
    assert [(entry.path, entry.severity) for entry in first.ledger.entries()] == before
    assert first.ledger.totals() == totals
    now = [(entry.path, entry.severity, entry.first_seen) for entry in second.ledger.entries()]
    assert now == [
        ("/srv/a/0", Severity.LOW, first.stored.name),
        ("/srv/a/2", Severity.NONE, first.stored.name),
    ]
    assert second.ledger.totals().read_now == 1


def test_a_reader_may_read_while_the_run_writes(engine: Engine) -> None:
    made = new_run(engine)
    made.meet(files(1_200))
    made.end([inspection()] * 1_100)
    entries = made.ledger.entries(statuses=[Status.INSPECTED])
    next(entries)
    made.end([inspection()] * 100)
    assert 1_099 <= sum(1 for _ in entries) <= 1_199


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain.txt", "plain.txt"),
        ("Zoë's büro £.txt".encode(), "Zoë's büro £.txt"),
        ("二〇二六".encode(), "二〇二六"),
        (b"caf\xe9", "caf\\xe9"),
        (b"a\nb", "a\\x0ab"),
        (b"\x1b[2J", "\\x1b[2J"),
        ("cod\u202etxt.exe".encode(), "cod\\u202etxt.exe"),  # text direction turned around
        ("zero\u200bwidth".encode(), "zero\\u200bwidth"),
        (b"two  spaces", "two  spaces"),
    ],
)
def test_paths_are_safe_to_show(raw: bytes, shown: str) -> None:
    assert displayable(raw) == shown
    assert displayable(os.fsencode(os.fsdecode(raw))) == shown
