"""Contents that concern shielded people: what is told of their files, and which were not compared yet."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from scanner.documents.model import Coverage, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from scanner.store import runs, shielding
from scanner.store.comparing import differences
from scanner.store.database import writing
from scanner.store.entry import Audience
from scanner.store.inventory.tables import evidence, file, open_inventory
from tests.store.making import MadeRun, new_run

OWN = "/srv/a/Mary Jones/plan.txt"
OTHER = "/srv/a/housing/rent.txt"
LATER = "/srv/a/housing/later.txt"


def inspection(content_hash: str, *, found: bool = True) -> Inspection:
    finding = LocatedFinding("PERSON", "Mary Jones.docx > line 1", "", 0.9, "M*** J****", "abc", "names")
    severity = Severity.HIGH if found else Severity.NONE
    return Inspection(
        Coverage(Status.INSPECTED, "text"),
        Assessment(severity, PeopleCount(2, 2), (Reason("contact", "Data of one person.", severity),)),
        (finding,) if found else (),
        {"PERSON": 1} if found else {},
        content_hash,
        10,
    )


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_inventory(database_url)


def scanned(engine: Engine, *paths: str) -> MadeRun:
    made = new_run(engine, ("/srv/a",))
    made.meet(list(paths), audience=Audience.EVERYONE)
    made.end([(path, inspection(path)) for path in paths])
    return made


def number_of(engine: Engine, path: str) -> int:
    with engine.connect() as connection:
        query = select(evidence.c.id).where(evidence.c.content_hash == path)
        return int(connection.execute(query).scalar_one())


def mark(engine: Engine, answers: dict[str, bool]) -> None:
    with writing(engine) as connection:
        shielding.put_in_force(connection, True)
        shielding.compared(connection, {number_of(engine, path): told for path, told in answers.items()})


def paths(made: MadeRun) -> list[str]:
    return sorted(entry.path for entry in made.ledger.entries())


@pytest.mark.parametrize(
    ("in_force", "answers", "named", "why"),
    [
        (False, {}, [OWN, OTHER], "there is no list"),
        (True, {}, [], "nothing was compared yet"),
        (True, {OWN: True, OTHER: False}, [OTHER], "one concerns somebody"),
        (True, {OTHER: False}, [OTHER], "one was not compared yet"),
        (False, {OWN: True, OTHER: False}, [OTHER], "what concerned somebody still does"),
    ],
)
def test_whose_path_is_told(
    engine: Engine, in_force: bool, answers: dict[str, bool], named: list[str], why: str
) -> None:
    made = scanned(engine, OWN, OTHER)
    mark(engine, answers)
    with writing(engine) as connection:
        shielding.put_in_force(connection, in_force)
    told = paths(made)
    assert [path for path in told if not path.startswith("/srv/a/Shielded subject (content ")] == sorted(
        named
    ), why
    assert len(told) == 2


def test_an_entry_keeps_how_grave_it_is_and_no_more(engine: Engine) -> None:
    made = scanned(engine, OWN)
    mark(engine, {OWN: True})
    (entry,) = made.ledger.entries()
    assert (entry.severity, entry.people.low, entry.exposure.audience) == (
        Severity.HIGH,
        2,
        Audience.EVERYONE,
    )
    assert (entry.folder, entry.counts, entry.content_hash) == ("/srv/a", {}, "")
    assert entry.raw_path == OWN.encode(), "whoever moves the file has to find it"
    assert "Mary" not in repr([entry.path, entry.folder, entry.reasons, entry.findings, entry.gaps])


def test_no_sum_of_a_folder_names_them(engine: Engine) -> None:
    made = scanned(engine, OWN, OTHER)
    mark(engine, {OWN: True, OTHER: False})
    assert {tally.folder for tally in made.ledger.folders()} == {"/srv/a", "/srv/a/housing"}
    seen = made.ledger.overview()
    assert {ground.name for ground in seen.departments} == {"/srv/a", "/srv/a/housing"}


def test_places_of_copies_are_covered_all_together(engine: Engine) -> None:
    made = new_run(engine, ("/srv/a",))
    made.meet([OWN, OTHER], audience=Audience.EVERYONE)
    made.end([(path, inspection("same")) for path in (OWN, OTHER)])
    with writing(engine) as connection:
        numbers = connection.execute(select(evidence.c.id)).scalars().all()
        shielding.compared(connection, dict.fromkeys(numbers, False) | {numbers[0]: True})
    (copies,) = made.ledger.overview().copies
    assert all("Shielded subject" in place for place in copies.places)


def test_differences_are_covered_by_what_was_and_by_what_is(engine: Engine) -> None:
    first = scanned(engine, OWN, OTHER)
    first.close()
    second = new_run(engine, ("/srv/a",))
    second.meet([LATER])
    second.end([(LATER, inspection(LATER))])
    second.close()
    for answers, named in (
        ({OWN: True, OTHER: False, LATER: False}, True),
        ({OWN: True, OTHER: False, LATER: True}, False),
    ):
        mark(engine, answers)
        told = [item.path for item in differences(engine, first.stored.number, second.stored.number)]
        assert (LATER in told) is named
        assert OWN not in told


def test_what_holds_nothing_is_never_compared(engine: Engine) -> None:
    made = new_run(engine, ("/srv/a",))
    made.meet([OTHER])
    made.end([(OTHER, inspection("x", found=False))])
    with writing(engine) as connection:
        shielding.put_in_force(connection, True)
        assert shielding.uncompared(connection, 10) == []
    assert paths(made) == [OTHER]


def test_another_list_compares_anew(engine: Engine) -> None:
    scanned(engine, OWN, OTHER)
    mark(engine, {OWN: True, OTHER: False})
    with writing(engine) as connection:
        assert shielding.uncompared(connection, 10) == []
        shielding.compare_anew(connection, [number_of(engine, OTHER)])
        assert [one.content_hash for one in shielding.uncompared(connection, 10)] == [OTHER]
        shielding.compare_anew(connection)
        assert len(shielding.uncompared(connection, 10)) == 2
        assert len(shielding.uncompared(connection, 1)) == 1


def test_the_number_of_a_content_is_never_given_again(engine: Engine) -> None:
    made = scanned(engine, OWN)
    made.close()
    before = number_of(engine, OWN)
    with writing(engine) as connection:
        connection.execute(file.update().values(evidence_id=None))
    runs.prune(engine, [])
    scanned(engine, LATER).close()
    assert number_of(engine, LATER) > before
