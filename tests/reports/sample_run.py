"""A small run in a real ledger, and single entries, to write reports from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scanner.documents.model import Coverage, Gap, Location, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store.entry import LedgerEntry, RunState
from scanner.store.ledger import Ledger
from tests.store.making import database, new_run


def finding(
    entity_type: str = "UK_NHS",
    masked: str = "••• ••• ••19",
    location: str = "page 1",
    hidden: str = "",
    value: str | None = None,
) -> LocatedFinding:
    return LocatedFinding(
        entity_type, location, hidden, 0.951234, masked, "f00d", "uk.nhs", ("label",), value
    )


def entry(
    path: str = "/share/HR/a.docx",
    severity: Severity = Severity.HIGH,
    status: Status = Status.INSPECTED,
    findings: Sequence[LocatedFinding] = (),
    gaps: Sequence[Gap] = (),
    counts: Mapping[str, int] | None = None,
    reasons: Sequence[str] = (),
    people: tuple[int, int] = (1, 1),
    folder: str = "HR",
) -> LedgerEntry:
    if counts is None:
        counts = {}
        for item in findings:
            counts = {**counts, item.entity_type: counts.get(item.entity_type, 0) + 1}
    return LedgerEntry(
        path=path,
        raw_path=path.encode("utf-8", "surrogateescape"),
        folder=folder,
        size=1200,
        mtime=1_741_944_600.0,
        kind="docx",
        status=status,
        gaps=tuple(gaps),
        gaps_total=len(gaps),
        severity=severity,
        reasons=tuple(Reason("code", text, severity) for text in reasons),
        people=PeopleCount(*people),
        findings=tuple(findings),
        counts=counts,
    )


def inspection(
    severity: Severity,
    *,
    status: Status = Status.INSPECTED,
    gap: Shortfall | None = None,
    people: int = 0,
    findings: Sequence[LocatedFinding] = (),
) -> Inspection:
    gaps = (Gap(Location(), gap),) if gap else ()
    counts: dict[str, int] = {}
    for item in findings:
        counts[item.entity_type] = counts.get(item.entity_type, 0) + 1
    reasons = (Reason("code", f"a reason for {severity.word}", severity),) if severity else ()
    return Inspection(
        Coverage(status, "text", gaps),
        Assessment(severity, PeopleCount(people, people), reasons),
        tuple(findings),
        counts,
        "hash",
        100,
    )


# Of eight objects five were read wholly, one in part, one not, one is encrypted.
OBJECTS: tuple[tuple[str, Inspection], ...] = (
    ("Childrens Services/list.xlsx", inspection(
        Severity.CRITICAL, people=12,
        findings=[finding("CHILD_FLAG", "c… p… plan", 'sheet "LAC" (hidden) > B2', "hidden sheet"),
                  finding("PERSON", "A… B…", 'sheet "LAC" (hidden) > A2', "hidden sheet"), finding()])),
    ("HR/sickness.csv", inspection(Severity.HIGH, people=3, findings=[finding(), finding()])),
    ("HR/letter.docx", inspection(Severity.MEDIUM, people=1, findings=[finding("DATE_OF_BIRTH", "••/•71")])),
    ("Planning/objection.eml", inspection(Severity.LOW, people=1, findings=[finding("EMAIL", "•••@•••le")])),
    ("Planning/notice.pdf", inspection(Severity.NONE)),
    ("Old/mixed.zip", inspection(Severity.NONE, status=Status.PARTIAL, gap=Shortfall.UNSUPPORTED_KIND)),
    ("Old/cut.docx", inspection(Severity.NONE, status=Status.NOT_INSPECTED, gap=Shortfall.DAMAGED)),
    ("Old/locked.zip", inspection(Severity.NONE, status=Status.ENCRYPTED, gap=Shortfall.ENCRYPTED)),
)  # fmt: skip


def ledger(
    folder: Path,
    objects: Sequence[tuple[str, Inspection]] = OBJECTS,
    *,
    interrupted: bool = False,
    name: str = "run-1",
    shows_values: bool = False,
) -> Ledger:
    """A finished run over ``/share``."""
    folder.mkdir(parents=True, exist_ok=True)
    made = new_run(
        database(folder), ["/share"], name=name, started=1_741_944_600.0, shows_values=shows_values
    )
    made.meet([f"/share/{path}" for path, _ in objects], size=100)
    made.end([(f"/share/{path}", done) for path, done in objects])
    return made.close(RunState.INTERRUPTED if interrupted else RunState.FINISHED)
