"""The ledger: what was met has ended, sums agree, nothing is loaded whole, values never lie open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scanner.documents.model import Coverage, Gap, Location, Protection, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store.entry import MetObject, RunRecord, displayable
from scanner.store.ledger import Ledger, LedgerError


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


def record(run_id: str = "r1", **fields: object) -> RunRecord:
    return RunRecord(run_id, ("/srv",), 1_000.0, "0.1", **fields)  # type: ignore[arg-type]


def files(count: int, folder: str = "/srv/a") -> list[MetObject]:
    return [MetObject(f"{folder}/{n}".encode(), folder, 10, 5_000_000_000) for n in range(count)]


def test_a_run_from_met_to_ended(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate(
            [*files(3), MetObject(b"/srv/l", "/srv", 0, 0, Shortfall.NOT_A_FILE, "symbolic link")]
        )
        one, two, three = ledger.pending(0, 10)
        assert [one.raw_path, two.raw_path, three.raw_path] == [b"/srv/a/0", b"/srv/a/1", b"/srv/a/2"]
        gap = Gap(Location(("page 2",)), Shortfall.NEEDS_OCR, "a picture")
        ledger.finish(
            [
                (one.object_id, inspection(Severity.LOW, 1)),
                (two.object_id, inspection(Severity.CRITICAL, 4, (gap, gap), Status.PARTIAL)),
                (three.object_id, inspection()),
            ]
        )
        closed = ledger.finish_run(interrupted=False, directories=2)
        assert (closed.interrupted, closed.directories, closed.roots) == (False, 2, ("/srv",))
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


def test_sums_agree_with_the_entries(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate([*files(5, "/srv/a"), *files(4, "/srv/b")])
        ledger.finish(
            [(o.object_id, inspection(Severity.HIGH, 2)) for o in ledger.pending(0, 2)]
            + [(o.object_id, inspection()) for o in ledger.pending(2, 5)]
        )
        ledger.finish_run(interrupted=True, directories=3)
        totals = ledger.totals()
        assert totals.enumerated == 9 == sum(tally.objects for tally in totals.by_status.values())
        assert totals.by_shortfall[Shortfall.INTERRUPTED].objects == 2
        assert {level: tally.objects for level, tally in totals.by_severity.items()} == {
            Severity.HIGH: 2,
            Severity.NONE: 5,
        }
        assert totals.by_severity[Severity.HIGH].people == 4
        assert totals.by_type == {"UK_NINO": (2, 14)}
        assert totals.bytes == 90
        first, second = ledger.folders()
        assert (first.folder, first.objects, first.unread) == ("/srv/a", 5, 0)
        assert (second.folder, second.objects, second.unread) == ("/srv/b", 4, 2)
        assert first.by_severity[Severity.HIGH] == 2
        assert second.by_severity[Severity.NONE] == 2  # what was not read is not counted as clean
        assert [entry.severity for entry in ledger.entries(at_least=Severity.LOW)] == [Severity.HIGH] * 2
        assert len(list(ledger.entries(statuses=[Status.NOT_INSPECTED]))) == 2


def test_a_lost_object_is_noticed(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate(files(2))
        with pytest.raises(LedgerError, match="met 2 objects but 0 ended"):
            ledger.check()
        ledger.finish_run(interrupted=True, directories=0)
        ledger.check()


def test_unread_is_never_counted_as_clean(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate(files(1))
        gap = (Gap(Location(), Shortfall.DAMAGED),)
        ledger.finish([(1, inspection(gaps=gap, status=Status.NOT_INSPECTED))])
        totals = ledger.totals()
    assert Severity.NONE not in totals.by_severity


def test_gaps_are_capped_but_counted(tmp_path: Path) -> None:
    gaps = tuple(Gap(Location((f"member {n}",)), Shortfall.DAMAGED) for n in range(1_000))
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate(files(1))
        ledger.finish([(1, inspection(gaps=gaps, status=Status.PARTIAL))])
        (entry,) = ledger.entries()
    assert (len(entry.gaps), entry.gaps_total) == (20, 1_000)
    assert entry.reason.endswith("(and 999 more)")


def test_values_are_sealed_under_a_key_of_this_process(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record(shows_values=True)) as ledger:
        ledger.enumerate(files(1))
        ledger.finish([(1, inspection(Severity.HIGH, 1, value="QQ123456C"))])
        (entry,) = ledger.entries()
        assert entry.findings[0].value == "QQ123456C"
        with Ledger.open(ledger.path) as other:
            (entry,) = other.entries()
            assert entry.findings[0].value is None
        assert not any(b"QQ123456C" in path.read_bytes() for path in tmp_path.iterdir())


def test_values_not_asked_for_are_not_kept_at_all(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate(files(1))
        ledger.finish([(1, inspection(Severity.HIGH, 1, value="QQ123456C"))])
        (entry,) = ledger.entries()
    assert entry.findings[0].value is None


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "new", record()) as ledger:
        assert ledger.path.stat().st_mode & 0o077 == 0
        assert (tmp_path / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "no ledger at"),
        (b"not a database, however long this is", "not a readable ledger"),
        (b"", "not a readable ledger"),
    ],
)
def test_what_is_no_ledger_says_so_in_one_line(tmp_path: Path, content: bytes | None, line: str) -> None:
    path = tmp_path / "x.ledger"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LedgerError, match=line) as caught:
        Ledger.open(path)
    assert "\n" not in str(caught.value)


def test_a_reader_may_read_while_the_run_writes(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, record()) as ledger:
        ledger.enumerate(files(1_200))
        ledger.finish([(o.object_id, inspection()) for o in ledger.pending(0, 1_100)])
        with Ledger.open(ledger.path) as reader:
            entries = reader.entries()
            next(entries)
            ledger.finish([(o.object_id, inspection()) for o in ledger.pending(0, 100)])
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
