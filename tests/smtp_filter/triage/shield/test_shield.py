"""Shielded subjects: recognised in every form, covered for everybody, opened by two people, for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.configuration.schema import Configuration
from scanner.inspection.inspector import Inspector
from scanner.store.database import writing
from scanner.store.entry import Audience
from scanner.store.shielding import SHIELDED
from smtp_filter.quarantine import reading, searching, tables
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ConflictError, ForbiddenError, NotFoundError, QuarantineError
from smtp_filter.quarantine.searching import Filter
from smtp_filter.quarantine.shielding import SightingKind
from smtp_filter.triage.shield import glass, listing
from smtp_filter.triage.shield.listing import import_list, remove
from smtp_filter.triage.shield.reading_list import ListError, read_list
from smtp_filter.triage.shield.sweeping import sweep, sweep_shares
from tests.smtp_filter.triage.stores import KEY, finding, hold, inspection, open_stores, scanned

LEE = Actor("s.lee", "triage")
KHAN = Actor("p.khan", "duty")
DPO = Actor("d.po", "dpo")
# The name and the telephone number are nobody's; the NHS number is the published specimen.
LIST = b"""reference,name,alias,date_of_birth,nhs_number,address
P-1,Mary Ann Jones,"Baker, Mary",2012-04-03,943 476 5919,"12 Acacia Avenue, Anytown, AB1 2CD"
"""


@pytest.fixture
def quarantine(database_url: str, tmp_path: Path) -> Iterator[Quarantine]:
    opened = open_stores(database_url, tmp_path)
    yield opened
    opened.close()


def load(quarantine: Quarantine, data: bytes = LIST, *, whole: bool = False) -> listing.Imported:
    return import_list(quarantine, DPO, KEY, read_list(data), whole=whole)


@pytest.mark.parametrize(
    ("found", "concerned", "why"),
    [
        ([("PERSON", "Mary Jones")], True, "first name and surname"),
        ([("PERSON", "JONES, Mary")], True, "as a register writes it"),
        ([("PERSON", "Mary A. Jones")], True, "with the initial of the second name"),
        ([("PERSON", "mary ann jones")], True, "in small letters"),
        ([("PERSON", "Mary Baker")], True, "the alias"),
        ([("UK_NHS", "9434765919")], True, "the number without its spaces"),
        ([("UK_ADDRESS", "12 Acacia Avenue")], True, "the street without the town"),
        ([("UK_ADDRESS", "12 Acacia Avenue, Anytown AB1 2CD")], True, "the whole address"),
        ([("DATE_OF_BIRTH", "3 April 2012"), ("UK_POSTCODE", "AB1 2CD")], True, "two weak ones together"),
        ([("DATE_OF_BIRTH", "03/04/12"), ("PERSON", "M. Jones")], True, "initials and a date of birth"),
        ([("PERSON", "Mary Johnson")], False, "somebody else"),
        ([("PERSON", "Ann Baker")], False, "a first name of one and a surname of the other"),
        ([("PERSON", "M Jones")], False, "initials alone are many people's"),
        ([("DATE_OF_BIRTH", "03/04/2012")], False, "a date of birth alone is many people's"),
        ([("DATE_OF_BIRTH", "03/04/2012"), ("DATE_OF_BIRTH", "3rd April 2012")], False, "the same, twice"),
        ([("UK_POSTCODE", "AB1 2CD")], False, "a postcode alone is a street's"),
        ([("UK_CHI", "9434765919")], False, "another kind of number"),
        ([("UK_ADDRESS", "14 Acacia Avenue, Anytown, AB1 2CD")], False, "the house next door"),
    ],
)
def test_who_is_recognised(
    quarantine: Quarantine, found: list[tuple[str, str]], concerned: bool, why: str
) -> None:
    load(quarantine)
    findings = [finding(kind, value).fingerprint for kind, value in found]
    with quarantine.engine.connect() as connection:
        assert bool(quarantine.shield.matches(connection, findings)) is concerned, why


def test_forms_agree_with_what_the_detector_finds(tmp_path: Path) -> None:
    """The list hashes values exactly as inspection does: real text, the real detector, the real list."""
    text = (
        b"Re: JONES, Mary Ann (DOB: 3rd April 2012), NHS number 943 476 5919\n"
        b"Address: 12 Acacia Avenue, Anytown, AB1 2CD\n"
    )
    found = Inspector.build(Configuration().inspection(KEY, use="mail")).inspect_bytes(text, "note.txt")
    quarantine = open_stores(f"sqlite:///{tmp_path / 'dlp.db'}", tmp_path)
    load(quarantine)
    with quarantine.engine.connect() as connection:
        for kind in ("PERSON", "UK_NHS", "UK_ADDRESS"):
            one = [finding.fingerprint for finding in found.findings if finding.entity_type == kind]
            assert one
            assert quarantine.shield.matches(connection, one), kind
    quarantine.close()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"hair,eyes\nbrown,blue\n", "column 1"),
        (b"reference\nP-1\n", "must name the columns"),
        (b"name\nMary\n", "line 2: a name needs"),
        (b"name,date_of_birth\nMary Jones,soon\n", "line 2: a date of birth"),
        (b"name,date_of_birth\nMary Jones,31/02/2012\n", "line 2: a date of birth"),
        (b"reference,name\nP-1,\n", "line 2: there is no name"),
    ],
)
def test_a_list_that_cannot_be_used_says_where_and_no_value(data: bytes, problem: str) -> None:
    with pytest.raises(ListError, match=problem) as raised:
        read_list(data)
    assert "Mary" not in str(raised.value)


def test_only_keyed_hashes_are_kept(quarantine: Quarantine) -> None:
    done = load(quarantine)
    assert (done.new, done.replaced, done.removed) == (1, 0, 0)
    assert done.hashes > 50
    with quarantine.engine.connect() as connection:
        stored = repr([list(connection.execute(table.select())) for table in tables.metadata.sorted_tables])
        audit = repr([row.event for row in quarantine.audit.events(connection)])
    for word in ("Mary", "Jones", "Acacia", "9434765919", "P-1", finding("PERSON", "Mary Jones").fingerprint):
        assert word not in stored
        assert word not in audit


def test_a_list_is_replaced_as_a_whole(quarantine: Quarantine) -> None:
    load(quarantine)
    done = load(quarantine, b"reference,name\nP-2,Peter Smith\n", whole=True)
    assert (done.new, done.removed) == (1, 1)
    with quarantine.engine.connect() as connection:
        assert not quarantine.shield.matches(connection, [finding("PERSON", "Mary Jones").fingerprint])
        assert quarantine.shield.matches(connection, [finding("PERSON", "Smith, Peter").fingerprint])
        assert listing.count(connection).people == 1


def test_held_mail_is_covered_for_everybody(quarantine: Quarantine) -> None:
    load(quarantine)
    shielded = hold(quarantine, "1", finding("PERSON", "Mary Jones"), finding("UK_NINO", "QQ123456C"))
    other = hold(quarantine, "2", finding("PERSON", "Peter Smith"), subject="Rent")
    lines = {one.reference: one for one in searching.list_messages(quarantine, Filter()).messages}
    assert (lines[shielded].subject, lines[shielded].shielded) == (SHIELDED, True)
    assert (lines[other].subject, lines[other].shielded) == ("Rent", False)
    for actor in (LEE, KHAN, DPO):
        detail = reading.show(quarantine, shielded, actor)
        # The sender stays: somebody has to be asked.
        assert detail.envelope.sender
        said = repr(detail)
        for word in ("Mary", "Jones", "j.patel", "line 1", "standing ahead", "QQ", "NINO", "identifier"):
            assert word not in said, word
        with pytest.raises(ForbiddenError):
            reading.reveal(quarantine, shielded, actor, "to look")
        with pytest.raises(ForbiddenError):
            list(reading.original(quarantine, shielded, actor, "to look"))
    assert "Smith" not in repr(reading.show(quarantine, other, LEE).message)
    assert reading.show(quarantine, other, LEE).inspection.counts == {"PERSON": 1}


def test_nobody_finds_it_by_its_words(quarantine: Quarantine) -> None:
    hold(quarantine, "1", finding("PERSON", "Mary Jones"), subject="Mary Jones moves")
    assert len(searching.list_messages(quarantine, Filter(text="jones")).messages) == 1
    load(quarantine)
    sweep(quarantine)
    assert len(searching.list_messages(quarantine, Filter(text="jones")).messages) == 0
    assert len(searching.list_messages(quarantine, Filter(recipient="j.patel@example.com")).messages) == 0
    (found,) = searching.list_messages(quarantine, Filter()).messages
    assert len(searching.list_messages(quarantine, Filter(text=found.reference)).messages) == 1


def test_each_sighting_alerts_the_duty_role_once(quarantine: Quarantine) -> None:
    load(quarantine)
    reference = hold(quarantine, "1", finding("PERSON", "Mary Jones"))
    sweep(quarantine)
    with quarantine.engine.connect() as connection:
        acts = [row.event.subject for row in quarantine.audit.events(connection, act="shield.sighting")]
        assert quarantine.outbox.waiting(connection, "shielded") == 1
    assert acts == [reference]


def test_break_glass_takes_two_and_ends(quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
    load(quarantine)
    reference = hold(quarantine, "1", finding("PERSON", "Mary Jones"))
    with quarantine.engine.connect() as connection:
        item = searching.message_row(connection, reference).id
    kind = SightingKind.MESSAGE
    with pytest.raises(QuarantineError):
        glass.ask(quarantine, LEE, kind, item, reference, "please")
    glass.ask(quarantine, LEE, kind, item, reference, "The family is visited tonight")
    with pytest.raises(ConflictError):
        glass.ask(quarantine, LEE, kind, item, reference, "The family is visited tonight")
    with quarantine.engine.connect() as connection:
        (asked,) = glass.requests(quarantine, connection)
    for actor in (Actor("s.lee", "duty"), Actor("a.nother", "triage")):
        with pytest.raises(ForbiddenError):
            glass.settle(quarantine, actor, asked.number, "", agree=True)
    assert "Mary" not in repr(reading.show(quarantine, reference, LEE))
    glass.settle(quarantine, KHAN, asked.number, "agreed by telephone", agree=True)
    with pytest.raises(ConflictError):
        glass.settle(quarantine, DPO, asked.number, "", agree=False)
    assert "Mary Jones" in repr(reading.show(quarantine, reference, LEE))
    assert reading.reveal(quarantine, reference, LEE, "to look") == ["Mary Jones"]
    # Neither who agreed nor anybody else sees it.
    assert "Mary" not in repr(reading.show(quarantine, reference, KHAN))
    glass.close(quarantine, LEE, asked.number)
    assert "Mary" not in repr(reading.show(quarantine, reference, LEE))
    with quarantine.engine.connect() as connection:
        acts = [row.event.act for row in quarantine.audit.events(connection, subject=reference)]
    assert [act for act in acts if act.startswith("shield.glass")] == [
        *("shield.glass.ask", "shield.glass.agree", "shield.glass.close")
    ]


def test_an_open_one_ends_by_itself(quarantine: Quarantine) -> None:
    load(quarantine)
    reference = hold(quarantine, "1", finding("PERSON", "Mary Jones"))
    with quarantine.engine.connect() as connection:
        item = searching.message_row(connection, reference).id
    glass.ask(quarantine, LEE, SightingKind.MESSAGE, item, reference, "The family is visited tonight")
    glass.settle(quarantine, DPO, 1, "", agree=True)
    with quarantine.engine.connect() as connection:
        (asked,) = glass.requests(quarantine, connection)
        assert asked.until is not None
        hides = quarantine.shield.hides
        assert not hides(connection, SightingKind.MESSAGE, item, LEE, asked.until - 1)
        assert hides(connection, SightingKind.MESSAGE, item, LEE, asked.until + 1)
        assert asked.state(asked.until + 1) == "over"


def test_documents_on_shares_are_seen_once(quarantine: Quarantine) -> None:
    load(quarantine)
    scanned(
        quarantine.engine,
        [
            (
                "/srv/shares/a/1",
                inspection(finding("PERSON", "Mary Jones"), content_hash="1"),
                Audience.GROUP,
            ),
            ("/srv/shares/a/2", inspection(finding("PERSON", "Ann Other"), content_hash="2"), Audience.GROUP),
        ],
        1_800_000_000.0,
    )
    assert sweep_shares(quarantine) == 1
    assert sweep_shares(quarantine) == 0
    with quarantine.engine.connect() as connection:
        assert listing.count(connection).contents == 1
        assert quarantine.outbox.waiting(connection, "shielded") == 1


def test_off_the_list_shows_again(quarantine: Quarantine) -> None:
    load(quarantine)
    reference = hold(quarantine, "1", finding("PERSON", "Mary Jones"))
    with pytest.raises(NotFoundError):
        remove(quarantine, DPO, "P-9", "no longer at risk")
    remove(quarantine, DPO, "P-1", "no longer at risk")
    assert "Mary Jones" in repr(reading.show(quarantine, reference, LEE))
    with writing(quarantine.engine) as connection:
        assert json.dumps(listing.count(connection).people) == "0"
