"""What the stages of rules make of a run: the severity that decides, and what rules on trial would find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from scanner.judgement.assessment import Severity
from scanner.store import runs
from scanner.store.encoding import Evidence
from scanner.store.inventory.files import within
from scanner.store.inventory.tables import evidence, file, folder

# How the few pieces of evidence are told that say anything of stages (``scanner.store.encoding``).
_WARNED, _TRIED = '%"enforced":%', '%"shadow":{%'
_ROWS = 500


def deciding(engine: Engine, number: int) -> Severity:
    """The highest severity of a run's files, without what only warns."""
    with engine.connect() as connection:
        plain = _of_run(connection, number, func.max(file.c.severity)).where(
            evidence.c.detail.not_like(_WARNED)
        )
        worst = int(connection.execute(plain).scalar_one() or 0)
        warned = (
            _of_run(connection, number, evidence.c.detail)
            .distinct()
            .where(evidence.c.detail.like(_WARNED), file.c.severity > worst)
        )
        for detail in connection.execute(warned.execution_options(yield_per=_ROWS)).scalars():
            worst = max(worst, int(Evidence(detail).enforced or 0))
    return Severity(worst)


def tried(engine: Engine, number: int) -> dict[str, tuple[int, int]]:
    """What rules on trial would have found, by rule: in how many files, how often."""
    files, findings = Counter[str](), Counter[str]()
    for shadow, count in _tried(engine, number):
        for rule, often in shadow.items():
            files[rule] += count
            findings[rule] += often * count
    return {rule: (files[rule], findings[rule]) for rule in sorted(files)}


def _tried(engine: Engine, number: int) -> Iterator[tuple[dict[str, int], int]]:
    with engine.connect() as connection:
        query = (
            _of_run(connection, number, evidence.c.detail, func.count())
            .where(evidence.c.detail.like(_TRIED))
            .group_by(evidence.c.id, evidence.c.detail)
        )
        for detail, count in connection.execute(query.execution_options(yield_per=_ROWS)):
            yield Evidence(detail).shadow, count


def _of_run(connection: Connection, number: int, *columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(file)
        .join(folder, folder.c.id == file.c.folder_id)
        .join(evidence, evidence.c.id == file.c.evidence_id)
        .where(file.c.since <= number, file.c.until > number, within(runs.root_paths(connection, number)))
    )
