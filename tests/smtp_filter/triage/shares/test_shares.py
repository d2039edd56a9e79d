"""Findings on shares: filters, decisions that outlive the next run, what was there on a date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from scanner.judgement.assessment import PeopleCount, Severity
from scanner.store.entry import Audience, FileStat
from scanner.store.inventory import FileChange, persistently
from scanner.store.inventory.tables import CURRENT, file, folder
from scanner.store.shielding import SHIELDED
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor, ConflictError, NotFoundError, QuarantineError
from smtp_filter.triage.shares import deciding, queries
from smtp_filter.triage.shares.model import Act, FileDetail, Filter, State
from smtp_filter.triage.shield.listing import import_list
from smtp_filter.triage.shield.reading_list import read_list
from tests.smtp_filter.triage.stores import KEY, finding, inspection, open_stores, scanned
from tests.store.making import OPEN, new_run

LEE = Actor("s.lee", "triage")
DAY = 86_400.0
FIRST = 1_800_000_000.0
HOUSING, CHILDREN = "/srv/shares/housing/rent.xlsx", "/srv/shares/children/cases/case.docx"
PUBLIC = "/srv/shares/web/minutes.pdf"
OWNERS = {"/srv/shares": "The SIRO", "/srv/shares/children": "Head of Children"}


@dataclass
class Shares:
    quarantine: Quarantine
    now: float = FIRST + DAY

    def listed(self, **wanted: object) -> list[str]:
        with self.quarantine.engine.connect() as connection:
            places = queries.Places(connection, OWNERS)
            shown = Filter(**wanted)  # type: ignore[arg-type]
            lines, _ = queries.files(connection, places, shown, self.now)
        return [line.path for line in lines]

    def number(self, path: str) -> int:
        above, _, name = path.rpartition("/")
        with self.quarantine.engine.connect() as connection:
            return connection.execute(
                select(file.c.id)
                .join(folder, folder.c.id == file.c.folder_id)
                .where(
                    folder.c.path == above.encode(), file.c.entry == name.encode(), file.c.until == CURRENT
                )
            ).scalar_one()

    def decide(self, path: str, act: Act, **how: object) -> None:
        deciding.decide(
            self.quarantine,
            LEE,
            self.number(path),
            act,
            "agreed",
            clock=lambda: self.now,
            **how,  # type: ignore[arg-type]
        )

    def state(self, path: str) -> State:
        return self.detail(path).line.state

    def detail(self, path: str, actor: Actor = LEE) -> FileDetail:
        with self.quarantine.engine.connect() as connection:
            places = queries.Places(connection, OWNERS)
            return queries.detail(
                connection, self.quarantine.shield, places, self.number(path), actor, self.now
            )

    def run_again(
        self,
        path: str = "",
        severity: Severity = Severity.HIGH,
        audience: Audience = Audience.GROUP,
        content: str = "h",
        started: float = FIRST + DAY,
    ) -> None:
        """The next night; ``path`` has changed, where one is named."""
        made = new_run(self.quarantine.engine, ("/srv/shares",), started=started)
        if path:
            number = self.number(path)
            above, _, name = path.rpartition("/")
            change = FileChange(
                above.encode(), name.encode(), FileStat(11, 6_000_000_000), True, OPEN, audience, number
            )

            def work(connection: Connection) -> None:
                made.table.enter(connection, [change], [])

            persistently(self.quarantine.engine, work)
            made.end([(path, inspection(finding("PERSON", "A B"), severity=severity, content_hash=content))])
        made.close()


@pytest.fixture
def shares(database_url: str, tmp_path: Path) -> Iterator[Shares]:
    quarantine = open_stores(database_url, tmp_path)
    name = finding("PERSON", "Mary Jones")
    scanned(
        quarantine.engine,
        [
            (HOUSING, inspection(name, severity=Severity.CRITICAL, content_hash="h"), Audience.GROUP),
            (CHILDREN, inspection(name, severity=Severity.HIGH, content_hash="c"), Audience.OWNER),
            (PUBLIC, inspection(name, severity=Severity.MEDIUM, content_hash="p"), Audience.PUBLIC),
            (
                "/srv/shares/web/low.txt",
                inspection(name, severity=Severity.LOW, content_hash="l"),
                Audience.GROUP,
            ),
            (
                "/srv/shares/web/none.txt",
                inspection(severity=Severity.NONE, content_hash="n"),
                Audience.PUBLIC,
            ),
        ],
        FIRST,
    )
    yield Shares(quarantine)
    quarantine.close()


@pytest.mark.parametrize(
    ("wanted", "paths", "why"),
    [
        ({}, [PUBLIC, HOUSING, CHILDREN, "/srv/shares/web/low.txt"], "exposed first, then the worst"),
        ({"severity": Severity.HIGH}, [HOUSING, CHILDREN], "severity"),
        ({"exposed": True}, [PUBLIC], "exposed"),
        ({"audience": Audience.OWNER}, [CHILDREN], "readable by"),
        ({"owner": "root", "severity": Severity.CRITICAL}, [HOUSING], "owner"),
        ({"owner": "nobody"}, [], "another owner"),
        ({"asset_owner": "Head of Children"}, [CHILDREN], "information asset owner"),
        (
            {"asset_owner": "The SIRO", "severity": Severity.MEDIUM},
            [PUBLIC, HOUSING],
            "what is more particular is not theirs",
        ),
        ({"share": "/srv/shares", "severity": Severity.HIGH}, [HOUSING, CHILDREN], "share"),
        ({"share": "/srv/other"}, [], "another share"),
        ({"department": "children"}, [CHILDREN], "department"),
        ({"department": "child"}, [], "not the beginning of a name"),
        ({"state": State.ACCEPTED}, [], "state"),
    ],
)
def test_filters(shares: Shares, wanted: dict[str, object], paths: list[str], why: str) -> None:
    assert shares.listed(**wanted) == paths, why


def test_pages_are_whole(shares: Shares) -> None:
    seen: list[str] = []
    after = ""
    with shares.quarantine.engine.connect() as connection:
        places = queries.Places(connection, {})
        for _ in range(10):
            lines, after = queries.files(connection, places, Filter(), shares.now, after, size=1)
            seen += [line.path for line in lines]
            if not after:
                break
    assert seen == shares.listed()


def test_an_accepted_risk_ends(shares: Shares) -> None:
    with pytest.raises(QuarantineError, match="how many days"):
        shares.decide(HOUSING, Act.ACCEPT)
    shares.decide(HOUSING, Act.ACCEPT, days=30)
    assert shares.state(HOUSING) is State.ACCEPTED
    shares.now += 29 * DAY
    assert shares.state(HOUSING) is State.ACCEPTED
    shares.now += 2 * DAY
    assert shares.state(HOUSING) is State.OPEN
    assert HOUSING in shares.listed()


@pytest.mark.parametrize(
    ("changed", "state", "why"),
    [
        ({}, State.ACCEPTED, "nothing changed"),
        ({"severity": Severity.HIGH, "content": "new"}, State.ACCEPTED, "changed, and no worse"),
        ({"severity": Severity.CRITICAL, "audience": Audience.EVERYONE}, State.OPEN, "wider open"),
    ],
)
def test_a_decision_outlives_the_next_run_unless_it_gets_worse(
    shares: Shares, changed: dict[str, object], state: State, why: str
) -> None:
    shares.decide(HOUSING, Act.ACCEPT, days=30)
    shares.run_again(HOUSING if changed else "", **changed)  # type: ignore[arg-type]
    assert shares.state(HOUSING) is state, why


def test_worse_than_accepted_is_open(shares: Shares) -> None:
    shares.decide(CHILDREN, Act.SEND, target="Head of Children")
    assert shares.state(CHILDREN) is State.SENT
    shares.run_again(CHILDREN, Severity.CRITICAL)
    assert shares.state(CHILDREN) is State.OPEN


def test_a_false_alarm_is_one_wherever_the_content_lies(shares: Shares) -> None:
    shares.decide(HOUSING, Act.FALSE_ALARM)
    copy = "/srv/shares/web/copy of rent.xlsx"
    made = new_run(shares.quarantine.engine, ("/srv/shares",), started=FIRST + DAY)
    made.meet([copy])
    made.end([(copy, inspection(finding("PERSON", "A B"), content_hash="h"))])
    made.close()
    assert shares.state(copy) is State.FALSE_ALARM
    assert [one.path for one in shares.detail(HOUSING).duplicates] == [copy]
    # New content at the same place is none.
    shares.run_again(HOUSING, content="new", started=FIRST + 2 * DAY)
    assert shares.state(HOUSING) is State.OPEN
    shares.decide(copy, Act.REOPEN)
    assert shares.state(copy) is State.OPEN


def test_moved_and_still_there_is_open_after_the_next_run(shares: Shares) -> None:
    with pytest.raises(QuarantineError, match="where it was moved"):
        shares.decide(HOUSING, Act.MOVE)
    shares.decide(HOUSING, Act.MOVE, target="the case system")
    assert shares.state(HOUSING) is State.MOVED
    shares.run_again()
    assert shares.state(HOUSING) is State.OPEN


def test_counts_show_decisions(shares: Shares) -> None:
    shares.decide(HOUSING, Act.ACCEPT, days=30)
    shares.decide(CHILDREN, Act.FALSE_ALARM)
    with shares.quarantine.engine.connect() as connection:
        found = queries.counts(connection, queries.Places(connection, {}), Filter(), shares.now)
    assert {state: number for state, number in found.by_state.items() if number} == {
        State.OPEN: 2,
        State.ACCEPTED: 1,
        State.FALSE_ALARM: 1,
    }
    assert found.exposed == 1
    assert (found.open_by_severity[Severity.MEDIUM], found.open_by_severity[Severity.CRITICAL]) == (1, 0)


def test_of_two_at_once_one_is_told(shares: Shares) -> None:
    shares.decide(HOUSING, Act.ACCEPT, days=30, seen=0)
    with pytest.raises(ConflictError, match="Somebody else"):
        shares.decide(HOUSING, Act.SEND, target="somebody", seen=0)
    latest = shares.detail(HOUSING).seen
    shares.decide(HOUSING, Act.SEND, target="somebody", seen=latest)
    detail = shares.detail(HOUSING)
    assert [(one.act, one.standing) for one in detail.decisions] == [(Act.SEND, True), (Act.ACCEPT, False)]
    with shares.quarantine.engine.connect() as connection:
        acts = [row.event.act for row in shares.quarantine.audit.events(connection)]
    assert acts[-2:] == ["share.accepted", "share.sent"]


def test_what_was_there_on_a_date(shares: Shares) -> None:
    shares.run_again(HOUSING, Severity.LOW, started=FIRST + 10 * DAY)

    def then(path: str, moment: float) -> list[tuple[str, Severity]]:
        with shares.quarantine.engine.connect() as connection:
            found = queries.then(connection, path, moment)
        return [(one.path, one.severity) for one in found]

    assert then("/srv/shares/housing", FIRST + 9 * DAY) == [(HOUSING, Severity.CRITICAL)]
    assert then("/srv/shares/housing/", FIRST + 11 * DAY) == [(HOUSING, Severity.LOW)]
    assert then("/srv/shares/housing", FIRST - 1) == []
    assert len(then("/srv/shares", FIRST + 9 * DAY)) == 5  # what has no finding was there, too
    assert then("/srv/share", FIRST + 9 * DAY) == []


def test_a_row_that_is_no_more_is_not_decided(shares: Shares) -> None:
    number = shares.number(HOUSING)
    shares.run_again(HOUSING, Severity.CRITICAL)
    with pytest.raises(NotFoundError):
        deciding.decide(shares.quarantine, LEE, number, Act.ACCEPT, "agreed", days=3)


def test_shielded_files_have_no_name(shares: Shares) -> None:
    people = read_list(b"reference,name\nP-1,Mary Jones\n")
    import_list(shares.quarantine, LEE, KEY, people)
    assert set(shares.listed()) == {SHIELDED}
    detail = shares.detail(HOUSING)
    assert (detail.line.path, detail.line.shielded, detail.evidence.findings) == (SHIELDED, True, ())
    assert "Mary" not in repr(detail.evidence.reasons)
    with shares.quarantine.engine.connect() as connection:
        (one,) = queries.then(connection, "/srv/shares/housing", shares.now)
    assert (one.path, one.people) == (SHIELDED, PeopleCount(1, 2))
