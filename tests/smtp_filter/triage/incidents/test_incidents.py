"""Incidents: opened with what is known, timeline, clock, decisions of the DPO, record, shielded words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.database import writing
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ConflictError, ForbiddenError, NotFoundError, QuarantineError
from smtp_filter.triage.incidents import NewIncident, open_for_message, open_incident, queries, record, tables
from smtp_filter.triage.incidents.causes import causes
from smtp_filter.triage.incidents.keeping import IncidentKeeper
from smtp_filter.triage.incidents.model import Duty, IncidentDetail, LineKind
from smtp_filter.triage.shield.listing import import_list
from smtp_filter.triage.shield.reading_list import read_list
from tests.smtp_filter.triage.stores import KEY, finding, hold, open_stores

LEE = Actor("s.lee", "triage")
DPO = Actor("d.po", "dpo")
HOUR = 3600.0
NOW = 1_800_000_000.0


@dataclass
class Desk:
    quarantine: Quarantine
    now: float = NOW

    @property
    def keeper(self) -> IncidentKeeper:
        return IncidentKeeper(self.quarantine, lambda: self.now)

    def open(self, **changes: object) -> str:
        new = NewIncident(**{"title": "A stick was lost", "reason": "found in a car park", **changes})  # type: ignore[arg-type]
        with writing(self.quarantine.engine) as connection:
            return open_incident(self.quarantine, connection, LEE, new, self.now)

    def of_message(self, reference: str) -> str:
        with writing(self.quarantine.engine) as connection:
            return open_for_message(
                self.quarantine, connection, LEE, reference, "sent twice", "d.po", self.now
            )

    def read(self, reference: str, actor: Actor = LEE) -> IncidentDetail:
        with self.quarantine.engine.connect() as connection:
            return queries.detail(self.quarantine, connection, reference, actor, self.now)

    def decided(self, reference: str) -> None:
        self.keeper.classify(reference, DPO, "mail_wrong_recipient")
        self.keeper.count(reference, DPO, 2, 3, "two named, one of an address only")
        self.keeper.decide(reference, DPO, 34, Duty.NOT_NEEDED, "no high risk")


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    opened = open_stores(database_url, tmp_path)
    yield Desk(opened)
    opened.close()


def test_a_held_message_becomes_an_incident_with_all_that_is_known(desk: Desk) -> None:
    reference = hold(
        desk.quarantine,
        "1",
        finding("PERSON", "Mary Jones", 1),
        finding("UK_NHS", "9434765919", 1),
        finding("PERSON", "Peter Smith", 2),
        finding("UK_POSTCODE", "AB1 2CD", 0),
    )
    number = desk.of_message(reference)
    assert number == "I-2027-0001"
    found = desk.read(number)
    incident = found.incident
    assert (incident.source_reference, incident.owner, incident.severity) == (
        reference,
        "d.po",
        Severity.HIGH,
    )
    assert incident.people == PeopleCount(2, 3)
    assert "at least 2, at most 3" in incident.counted
    assert "Names in what was read: 2" in incident.counted
    assert "sealed list: 2" in incident.counted
    assert (incident.aware_at, incident.due_at) == (NOW, NOW + 72 * HOUR)
    # No name is in what everybody reads.
    assert "Mary" not in repr(found)
    assert desk.of_message(reference) == number  # one open incident for one message
    assert [line.kind for line in desk.read(number).lines] == [LineKind.OPENED, LineKind.NOTE]


def test_the_list_of_people_is_for_the_dpo_only(desk: Desk) -> None:
    reference = hold(
        desk.quarantine, "1", finding("PERSON", "Mary Jones", 1), finding("UK_NHS", "9434765919", 1)
    )
    number = desk.of_message(reference)
    with pytest.raises(ForbiddenError):
        desk.keeper.people(number, LEE, "to write to them")
    with pytest.raises(QuarantineError):
        desk.keeper.people(number, DPO, " ")
    (one,) = desk.keeper.people(number, DPO, "to write to them")
    assert (one.label, one.names, one.kinds) == ("Person 1", ("Mary Jones",), ("PERSON", "UK_NHS"))
    last = desk.read(number).lines[-1]
    assert (last.kind, last.actor, last.text) == (LineKind.RELEASED, "d.po", "to write to them")
    with desk.quarantine.engine.connect() as connection:
        sealed = repr(connection.execute(tables.incident.select()).all())
    assert "Mary" not in sealed


@pytest.mark.parametrize(
    ("hours", "reported", "duty", "clock", "in_time"),
    [
        (71, None, "", "running", None),
        (73, None, "", "late", None),
        (73, None, "not needed", "stopped", None),
        (73, None, "notify", "late", None),
        (80, 71, "notify", "stopped", True),
        (80, 73, "notify", "stopped", False),
    ],
)
def test_the_clock(
    desk: Desk, hours: float, reported: float | None, duty: str, clock: str, in_time: bool | None
) -> None:
    number = desk.open(aware_at=NOW)
    desk.now = NOW + hours * HOUR
    if duty:
        desk.keeper.decide(number, DPO, 33, Duty(duty), "weighed")
    if reported is not None:
        desk.keeper.reported(number, DPO, NOW + reported * HOUR, "IC-1", "The officer was ill.")
    incident = desk.read(number).incident
    assert (incident.clock(desk.now), incident.in_time) == (clock, in_time)


def test_the_clock_begins_when_somebody_was_aware(desk: Desk) -> None:
    number = desk.open()
    desk.keeper.aware(number, LEE, NOW - 50 * HOUR, "the recipient rang on Friday")
    assert desk.read(number).incident.due_at == NOW + 22 * HOUR
    with pytest.raises(QuarantineError):
        desk.keeper.aware(number, LEE, NOW + 1, "tomorrow")


def test_only_the_dpo_decides(desk: Desk) -> None:
    number = desk.open()
    with pytest.raises(ForbiddenError):
        desk.keeper.decide(number, LEE, 33, Duty.NOT_NEEDED, "no risk")
    with pytest.raises(ForbiddenError):
        desk.keeper.reported(number, LEE, NOW, "IC-1")
    assert desk.read(number).incident.article33 is Duty.UNDECIDED


def test_it_closes_only_when_everything_is_there(desk: Desk) -> None:
    number = desk.open()
    with pytest.raises(
        QuarantineError, match="a cause, how the people were counted, the decision under Article 33"
    ):
        desk.keeper.close(number, DPO, "done")
    desk.decided(number)
    desk.keeper.decide(number, DPO, 33, Duty.NOTIFY, "a risk is likely")
    with pytest.raises(QuarantineError, match="the report to the Commissioner"):
        desk.keeper.close(number, DPO, "done")
    desk.keeper.reported(number, DPO, NOW, "IC-1")
    desk.keeper.close(number, DPO, "the recipient deleted it")
    assert not desk.read(number).incident.open
    with pytest.raises(ConflictError):
        desk.keeper.note(number, LEE, "one more thing")
    desk.keeper.reopen(number, DPO, "they did not")
    assert desk.read(number).incident.open


def test_of_two_at_once_one_is_told(desk: Desk) -> None:
    number = desk.open()
    seen = desk.read(number).incident.revision
    desk.keeper.give(number, LEE, "a.first", seen)
    with pytest.raises(ConflictError, match="Somebody else"):
        desk.keeper.give(number, DPO, "a.second", seen)
    assert desk.read(number).incident.owner == "a.first"


def test_numbers_go_on_and_unknown_ones_are_told(desk: Desk) -> None:
    assert [desk.open(), desk.open()] == ["I-2027-0001", "I-2027-0002"]
    with pytest.raises(NotFoundError):
        desk.read("I-2027-0003")


def test_lists_filter(desk: Desk) -> None:
    first = desk.open(severity=Severity.CRITICAL, department="Housing", owner="d.po")
    second = desk.open(severity=Severity.LOW, department="Children", aware_at=NOW - 80 * HOUR)

    def listed(**wanted: object) -> list[str]:
        with desk.quarantine.engine.connect() as connection:
            found = queries.incidents(desk.quarantine, connection, queries.Filter(**wanted), NOW)  # type: ignore[arg-type]
        return [one.reference for one in found]

    assert listed() == [second, first]  # whose 72 hours end first
    assert listed(severity=Severity.HIGH) == [first]
    assert listed(owner="d.po") == [first]
    assert listed(late=True) == [second]
    assert listed(departments=frozenset({"Housing"})) == [first]
    assert listed(state="closed") == []


def test_the_record_for_the_commissioner(desk: Desk) -> None:
    reference = hold(desk.quarantine, "1", finding("PERSON", "Mary Jones", 1))
    number = desk.of_message(reference)
    desk.decided(number)
    desk.keeper.told(number, LEE, "the recipient", "telephone", "<script>alert(1)</script> please delete")
    told = record.record(desk.read(number, DPO), "Anytown Council", NOW)
    assert told["cause"] == causes()["mail_wrong_recipient"]
    affected = told["people_affected"]
    assert (affected["at_least"], affected["at_most"]) == (2, 3)
    assert affected["how_counted"] == "two named, one of an address only"
    # How it was counted first stands beside how it was counted last.
    assert [(one["people"], one["how"][:18]) for one in affected["counts"]] == [
        ("2 to 3", "Counted by machine"),
        ("2 to 3", "two named, one of "),
    ]
    assert told["kinds_of_data"] == "1 name"
    assert (told["contact"], told["likely_consequences"], told["measures"]) == ("", "", [])
    assert told["article_34"] == {"people": "need not be told", "reasons": "no high risk"}
    assert [one["to"] for one in told["told"]] == ["the recipient"]
    assert json.loads(record.as_json(told)) == told
    page = record.as_html(told, "Europe/London")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "Mary" not in page + record.as_json(told)
    listed = desk.keeper.people(number, DPO, "the Commissioner asked")
    assert "Mary Jones" in record.as_html(
        record.record(desk.read(number, DPO), "A", NOW, listed), "Europe/London"
    )


def test_the_record_has_what_article_33_asks_for(desk: Desk) -> None:
    number = desk.open()
    desk.keeper.effects(number, LEE, "little")
    desk.keeper.effects(number, DPO, "They may be found by those they fled from.")
    desk.keeper.measures(number, DPO, "The recipient deleted it.")
    desk.keeper.measures(number, DPO, "The list was taken away.")
    with pytest.raises(QuarantineError, match="before the council became aware"):
        desk.keeper.reported(number, DPO, NOW - 2 * HOUR, "IC-1")
    desk.now = NOW + 80 * HOUR
    with pytest.raises(QuarantineError, match="reasons for the delay"):
        desk.keeper.reported(number, DPO, desk.now, "IC-1")
    desk.keeper.reported(number, DPO, desk.now, "IC-1", "Nobody was in the office.")
    told = record.record(desk.read(number, DPO), "Anytown Council", desk.now, contact="dpo@anytown.test")
    assert told["likely_consequences"] == "They may be found by those they fled from."
    assert [one["what"] for one in told["measures"]] == [
        "The recipient deleted it.",
        "The list was taken away.",
    ]
    assert (told["commissioner_number"], told["reported_within_72_hours"]) == ("IC-1", False)
    assert told["reasons_for_delay"] == "Nobody was in the office."
    assert told["timeline"][-1]["facts"]["at"].startswith("20")
    page = record.as_html(told, "Europe/London")
    for words in (
        "dpo@anytown.test",
        "number IC-1",
        "Reasons for the delay",
        "likely consequences",
        "measure",
    ):
        assert words in page, words


def test_a_changed_line_is_seen_against_the_audit_log(desk: Desk) -> None:
    import hashlib

    number = desk.open()
    desk.keeper.note(number, LEE, "what was said")

    def sound() -> bool:
        with desk.quarantine.engine.connect() as connection:
            rows = connection.execute(tables.line.select().order_by(tables.line.c.id)).all()
            events = quarantine_events(connection)
        return [hashlib.sha256(row.sealed).hexdigest() for row in rows] == events

    def quarantine_events(connection: object) -> list[object]:
        found = desk.quarantine.audit.events(connection, subject=number)  # type: ignore[arg-type]
        return [row.event.after["line"] for row in found if "line" in row.event.after]

    assert sound()
    with writing(desk.quarantine.engine) as connection:
        connection.execute(update(tables.line).where(tables.line.c.kind == "note").values(sealed=b"another"))
    assert not sound()


def test_words_about_a_shielded_subject_are_covered(desk: Desk) -> None:
    quarantine = desk.quarantine
    import_list(quarantine, DPO, KEY, read_list(b"reference,name\nP-1,Mary Jones\n"))
    reference = hold(quarantine, "1", finding("PERSON", "Mary Jones", 1))
    number = desk.of_message(reference)
    desk.keeper.note(number, LEE, "Mary Jones rang")
    for actor in (LEE, DPO):
        found = desk.read(number, actor)
        assert found.incident.shielded
        assert "rang" not in repr(found)
    with pytest.raises(ForbiddenError, match="two people"):
        desk.keeper.people(number, DPO, "to write to them")


def test_figures_by_hand(desk: Desk) -> None:
    one, two, _ = desk.open(people=PeopleCount(2, 3)), desk.open(people=PeopleCount(10, 10)), desk.open()
    desk.now = NOW + 10 * HOUR
    desk.keeper.reported(one, DPO, desk.now, "IC-1", "why")
    desk.now = NOW + 90 * HOUR
    desk.keeper.reported(two, DPO, desk.now, "IC-2", "why")
    desk.keeper.classify(one, DPO, "no_bcc")
    with desk.quarantine.engine.connect() as connection:
        found = queries.figures(connection, NOW - 1, NOW + 1)
        nothing = queries.figures(connection, NOW + 1, NOW + 2)
    assert (found.opened, found.closed, found.reported, found.reported_in_time) == (3, 0, 2, 1)
    assert (found.people_low, found.people_high, found.still_open) == (12, 13, 3)
    assert dict(found.by_cause) == {"": 2, "no_bcc": 1}
    assert (nothing.opened, nothing.people_low, nothing.reported_in_time) == (0, 0, 0)
