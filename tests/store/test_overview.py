"""A run from above: every figure of a share that two runs went over."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.judgement.assessment import Severity
from scanner.store.comparing import Kind
from scanner.store.entry import Audience, RunState
from scanner.store.ledger import Ledger
from scanner.store.overview import EXAMPLES, PLACES_SHOWN, Overview
from tests.reports import two_nights
from tests.reports.two_nights import found
from tests.store.making import database, new_run


@pytest.fixture
def second(tmp_path: Path) -> Overview:
    return two_nights.nights(tmp_path).overview()


def test_who_can_read_the_sensitive_files(second: Overview) -> None:
    assert second.by_exposure == {
        (Audience.PUBLIC, Severity.CRITICAL): 1,
        (Audience.EVERYONE, Severity.HIGH): 1,
        (Audience.GROUP, Severity.CRITICAL): 1,
        (Audience.GROUP, Severity.HIGH): 2,
        (Audience.GROUP, Severity.MEDIUM): 1,
    }
    assert (second.exposed, second.exposed_of(Severity.CRITICAL), second.readable_by(Audience.GROUP)) == (
        2,
        1,
        4,
    )


def test_departments_come_with_what_is_open_first(second: Overview) -> None:
    told = [
        (item.name, item.objects, item.exposed, item.sensitive, item.people) for item in second.departments
    ]
    assert told == [
        ("/share/Web", 1, 1, 1, 30),
        ("/share/HR", 2, 1, 2, 6),
        ("/share/Housing", 2, 0, 2, 13),
        ("/share/Old", 1, 0, 1, 3),
    ]


def test_owners_and_what_nobody_answers_for(second: Overview) -> None:
    told = {item.name: (item.exposed, item.critical, item.high, item.medium) for item in second.owners}
    assert told == {"": (1, 1, 1, 0), "Head of People": (1, 0, 2, 0), "Head of Housing": (0, 1, 0, 1)}
    assert second.unowned == 2


def test_nights_are_as_they_were_then(second: Overview) -> None:
    told = [(night.run_id, night.sensitive, night.exposed, night.people) for night in second.nights]
    assert told == [("night-1", 5, 2, 21), ("night-2", 6, 2, 52)]
    assert second.previous is not None
    assert second.previous.run_id == "night-1"


def test_what_changed_and_how_it_was_mended(second: Overview) -> None:
    changes = second.changes
    assert changes is not None
    assert (changes.since_run, changes.since, changes.same_rules) == ("night-1", two_nights.FIRST, True)
    assert changes.kinds == {Kind.NEW: 2, Kind.CHANGED: 2, Kind.GONE: 1}
    assert (changes.newly_exposed, changes.newly_sensitive, changes.fixed) == (2, 2, 2)
    assert (changes.sensitive_inside, [item.path for item in changes.sensitive_examples]) == (
        1,
        ["/share/Old/mine.txt"],
    )
    assert (changes.closed, changes.removed, changes.cleaned) == (1, 1, 0)
    assert [item.path for item in changes.exposed_examples] == ["/share/Web/list.xlsx", "/share/HR/copy.csv"]
    assert {item.path for item in changes.fixed_examples} == {
        "/share/Housing/tenants.xlsx",
        "/share/Housing/gone.docx",
    }


def test_copies_are_one_document_with_its_open_place_first(second: Overview) -> None:
    assert (second.copied_documents, second.copied_files) == (1, 3)
    (copies,) = second.copies
    assert (copies.files, copies.exposed, copies.severity, copies.people) == (3, 1, Severity.HIGH, 3)
    assert copies.places == ("/share/HR/copy.csv", "/share/HR/sick.csv", "/share/Old/mine.txt")


def test_old_files(second: Overview) -> None:
    assert second.old == 1


def test_the_first_run_has_nothing_to_compare_with(tmp_path: Path) -> None:
    two_nights.nights(tmp_path)
    first = Ledger(database(tmp_path), 1).overview()
    assert first.changes is None
    assert first.previous is None
    # The later run's rows are not the earlier one's.
    assert (first.exposed, sum(first.by_exposure.values())) == (2, 5)


def test_a_run_over_other_folders_is_no_night_of_this_one(tmp_path: Path) -> None:
    engine = database(tmp_path)
    for name, root in (("other", "/elsewhere"), ("deeper", "/share/HR"), ("wider", "/"), ("this", "/share")):
        new_run(engine, [root], name=name).close()
    assert [night.run_id for night in Ledger(engine, 4).overview().nights] == ["wider", "this"]


def test_other_rules_are_owned_up_to(tmp_path: Path) -> None:
    from scanner.store.inventory import Signatures

    engine = database(tmp_path)
    new_run(engine, name="a", signatures=Signatures(detection="1")).close(RunState.INTERRUPTED)
    ledger = new_run(engine, name="b", signatures=Signatures(detection="2")).close()
    overview = ledger.overview()
    assert overview.changes is not None
    assert not overview.changes.same_rules
    assert overview.previous is not None
    assert not overview.previous.whole


def test_examples_are_bounded_and_counts_are_not(tmp_path: Path) -> None:
    engine = database(tmp_path)
    new_run(engine, ["/share"], name="a").close()
    made = new_run(engine, ["/share"], name="b")
    many = [f"/share/{place:03}.txt" for place in range(EXAMPLES + 25)]
    made.meet(many, audience=Audience.EVERYONE)
    made.end([(path, found(Severity.HIGH, 1, "one")) for path in many])
    overview = made.close().overview()
    assert overview.changes is not None
    assert (overview.changes.newly_exposed, len(overview.changes.exposed_examples)) == (len(many), EXAMPLES)
    (copies,) = overview.copies
    assert (copies.files, len(copies.places)) == (len(many), PLACES_SHOWN)
