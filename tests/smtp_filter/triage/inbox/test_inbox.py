"""The inbox over HTTP: filters that combine, pages, counters, views, acts on many; the queries it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event, update

from scanner.judgement.assessment import Severity
from scanner.store.database import writing
from smtp_filter.quarantine import tables
from smtp_filter.quarantine.deciding import Desk
from smtp_filter.quarantine.model import Actor, State
from smtp_filter.quarantine.reading import show
from smtp_filter.triage.roles import Role
from tests.smtp_filter.quarantine.making import hold
from tests.smtp_filter.triage.serving import SETUP, Site, post, site

OTHER = Actor("o.ther", "triage")


def listed(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text[:500]
    return re.findall(r'href="/messages/(Q-[0-9-]+)[?"]', answer.text)


@contextmanager
def queries(here: Site) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(here.services.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(here.services.engine, "before_cursor_execute", note)


def test_filters_combine(here: Site) -> None:
    quarantine = here.services.quarantine
    first = hold(quarantine, "1", severity=Severity.CRITICAL, department="Housing", subject="Rent arrears")
    second = hold(quarantine, "2", severity=Severity.HIGH, recipients=("b@example.org",), subject="Rent book")
    third = hold(quarantine, "3", severity=Severity.LOW, sender="n.ahmed@council.test", subject="Library")
    client = here.signed_in("t.officer", Role.TRIAGE)
    Desk(quarantine).claim(second, Actor("t.officer"))
    for query, found in (
        ("", [first, second, third]),
        ("q=rent", [first, second]),
        ("q=rent+book", [second]),
        ("q=rent&severity=critical", [first]),
        ("severity=high", [first, second]),
        ("domain=example.org", [second]),
        ("recipient=b@example.org", [second]),
        ("sender=N.Ahmed@council.test", [third]),
        ("department=Housing", [first]),
        ("assigned=me", [second]),
        ("assigned=-", [first, third]),
        ("rule=outside-sensitive&state=in_review", [second]),
        ("rule=no-such", []),
        ("age=1h", []),
        ("age=-1d", [first, second, third]),
        ("q=943", []),
        ("q=9434765919", []),
        ("state=released", []),
    ):
        assert sorted(listed(client.get(f"/inbox?{query}"))) == sorted(found), query


def test_a_search_is_recorded_without_its_words(here: Site) -> None:
    hold(here.services.quarantine, "1", subject="Rent arrears")
    here.signed_in("t.officer", Role.TRIAGE).get("/inbox?q=arrears&sender=a@b.test")
    (done,) = here.acts("inbox.search")
    assert (done.actor, done.after) == ("t.officer", {"fields": "q, sender", "found": 0})


def test_pages_and_the_same_queries_for_any_length(here: Site) -> None:
    """60 lines on two pages; a page of one line asks the database as often as a page of fifty."""
    client = here.signed_in("t.officer", Role.TRIAGE)
    hold(here.services.quarantine, "first")
    client.get("/inbox")
    with queries(here) as for_one:
        client.get("/inbox")
    for number in range(59):
        hold(here.services.quarantine, str(number), department=f"Department {number}")
    with queries(here) as for_fifty:
        page = client.get("/inbox")
    assert len(for_fifty) == len(for_one) <= 16
    found = listed(page)
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert following
    rest = listed(client.get(following[1].replace("&amp;", "&")))
    assert (len(found), len(rest), len({*found, *rest})) == (50, 10, 60)
    assert listed(client.get("/inbox?after=nonsense")) == found


def test_the_page_of_a_message_asks_as_often_for_many_recipients(here: Site) -> None:
    client = here.signed_in("t.officer", Role.TRIAGE)
    one = hold(here.services.quarantine, "1")
    many = hold(here.services.quarantine, "2", recipients=tuple(f"p{i}@example.org" for i in range(40)))
    client.get(f"/messages/{one}")
    with queries(here) as for_one:
        client.get(f"/messages/{one}")
    for number in range(12):
        hold(here.services.quarantine, f"more {number}")
    with queries(here) as for_many:
        assert client.get(f"/messages/{many}").status_code == 200
    # Reading the keys of other messages is one query whatever their number, but none where there is none.
    assert len(for_many) <= len(for_one) + 8


def test_one_line_for_a_case(here: Site) -> None:
    quarantine = here.services.quarantine
    first = hold(quarantine, "1", recipients=("a@example.org",), body="the same")
    second = hold(quarantine, "1", recipients=("b@example.org",), body="the same")
    other = hold(quarantine, "2")
    client = here.signed_in("t.officer", Role.TRIAGE)
    assert sorted(listed(client.get("/inbox"))) == [first, second, other]
    page = client.get("/inbox?grouped=1")
    assert sorted(listed(page)) == [first, other]
    case = re.search(r'/inbox\?case=(\d+)&amp;state=all">2 messages of this case', page.text)
    assert case
    assert sorted(listed(client.get(f"/inbox?case={case[1]}&state=all"))) == [first, second]


def test_counters(here: Site) -> None:
    quarantine = here.services.quarantine
    numbers = [hold(quarantine, str(number), severity=Severity.CRITICAL) for number in range(3)]
    Desk(quarantine).claim(numbers[0], OTHER)
    with writing(quarantine.engine) as connection:
        connection.execute(
            update(tables.message).where(tables.message.c.reference == numbers[1]).values(due_at=1.0)
        )
    page = here.signed_in("t.officer", Role.TRIAGE).get("/inbox").text
    assert re.findall(r'class="amount">(\d+)<', page) == ["3", "1", "2", "0", "3"]


def test_saved_views(here: Site) -> None:
    mine, colleague = here.signed_in("t.officer", Role.TRIAGE), here.signed_in("o.ther", Role.TRIAGE)
    query = "severity=high&q=rent"
    for name, shared in (("<b>Mine</b>", {}), ("Ours", {"shared": "1"})):
        done = post(mine, "/inbox/views", f"/inbox?{query}", name=name, query=query, **shared)
        assert done.status_code == 303
    page = mine.get("/inbox").text
    assert "&lt;b&gt;Mine&lt;/b&gt;" in page
    assert 'href="/inbox?q=rent&amp;severity=high"' in page
    others = colleague.get("/inbox").text
    assert "Ours" in others
    assert "Mine" not in others
    number = re.search(r"/inbox/views/(\d+)/delete", mine.get(f"/inbox?{query}").text)
    assert number
    post(colleague, f"/inbox/views/{number[1]}/delete", "/inbox")
    assert "Mine" in mine.get("/inbox").text
    post(mine, f"/inbox/views/{number[1]}/delete", "/inbox")
    assert "Mine" not in mine.get("/inbox").text


def test_departments_see_their_own(tmp_path: Any) -> None:
    with site(tmp_path, console={"own_departments_only": True}) as here:
        quarantine = here.services.quarantine
        mine = hold(quarantine, "1", department="Housing")
        theirs = hold(quarantine, "2", department="Children")
        here.services.accounts.add(
            SETUP,
            "t.officer",
            [Role.TRIAGE, Role.APPROVER, Role.DPO],
            departments=["Housing"],
            one_time=False,
        )
        client = here.signed_in("t.officer")
        assert listed(client.get("/inbox?state=all")) == [mine]
        assert client.get(f"/messages/{mine}").status_code == 200
        for path in ("", "/false-alarm"):
            assert client.get(f"/messages/{theirs}{path}").status_code == 404
        for path in ("reveal", "text", "original", "decide/release"):
            done = post(client, f"/messages/{theirs}/{path}", "/inbox", why="check", reason="x", revision="1")
            assert done.status_code == 404, path
        page = post(client, "/inbox/many", "/inbox", act="release", reference=[mine, theirs])
        assert theirs not in page.text
        done = post(client, "/inbox/many/done", "/inbox", act="release", reason="x", reference=[mine, theirs])
        assert show(quarantine, theirs, OTHER).message.state is State.HELD
        assert show(quarantine, mine, OTHER).message.state is State.RELEASING


# --- many at once -----------------------------------------------------------------------------------------


def test_a_preview_says_what_will_happen_and_does_nothing(here: Site) -> None:
    quarantine = here.services.quarantine
    plain = [hold(quarantine, f"p{number}") for number in range(4)]
    grave = [hold(quarantine, f"g{number}", severity=Severity.CRITICAL) for number in range(3)]
    here.services.accounts.add(
        SETUP, "t.officer", [Role.TRIAGE], mailboxes=["n.ahmed@council.test"], one_time=False
    )
    own = hold(quarantine, "own", sender="n.ahmed@council.test")
    claimed = hold(quarantine, "claimed")
    Desk(quarantine).claim(claimed, OTHER)
    client = here.signed_in("t.officer")
    everything = [*plain, *grave, own, claimed]
    page = post(client, "/inbox/many", "/inbox", act="release", reference=everything)
    told = re.sub(r"<[^>]+>", "", page.text)
    assert "4 messages are done at once" in told
    assert "3 messages need a second person" in told
    assert "2 messages cannot be done by you" in told
    states = {show(quarantine, one, OTHER).message.state for one in [*plain, *grave, own]}
    assert states == {State.HELD}
    with queries(here) as few:
        post(client, "/inbox/many", "/inbox", act="release", reference=plain[:1])
    with queries(here) as more:
        post(client, "/inbox/many", "/inbox", act="release", reference=everything)
    assert len(more) == len(few)

    done = post(client, "/inbox/many/done", "/inbox", act="release", reference=everything)
    assert done.status_code == 400
    assert "Write a reason" in done.text
    done = post(client, "/inbox/many/done", "/inbox", act="release", reason="all right", reference=everything)
    told = re.sub(r"<[^>]+>", "", done.text)
    assert "not all could be done" in told
    assert "your own mail" in told
    assert {show(quarantine, one, OTHER).message.state for one in plain} == {State.RELEASING}
    assert {show(quarantine, one, OTHER).message.state for one in grave} == {State.AWAITING_SECOND}
    assert show(quarantine, own, OTHER).message.state is State.HELD
    # One row of the log for each.
    assert len(here.acts("quarantine.release")) == 4
    assert len(here.acts("quarantine.propose")) == 3


def test_all_that_match(here: Site) -> None:
    quarantine = here.services.quarantine
    rent = [hold(quarantine, f"r{number}", subject="Rent") for number in range(55)]
    other = hold(quarantine, "o", subject="Library")
    client = here.signed_in("t.officer", Role.TRIAGE)
    page = post(client, "/inbox/many", "/inbox", act="return", query="q=rent", all="1")
    numbers = re.findall(r'name="reference" value="(Q-[0-9-]+)"', page.text)
    assert sorted(numbers) == sorted(rent)
    post(
        client,
        "/inbox/many/done",
        "/inbox",
        act="return",
        reason="no",
        advice="Use the portal.",
        reference=numbers,
    )
    assert {show(quarantine, one, OTHER).message.state for one in rent} == {State.REJECTED}
    assert show(quarantine, other, OTHER).message.state is State.HELD


@pytest.mark.parametrize(
    ("act", "fields", "state", "assignee"),
    [
        ("claim", {}, State.IN_REVIEW, "t.officer"),
        ("assign", {"assignee": "a.khan", "reason": "hers"}, State.IN_REVIEW, "a.khan"),
        ("escalate", {"reason": "a breach?"}, State.IN_REVIEW, "dpo"),
        ("delete", {"reason": "stolen account"}, State.REJECTED, ""),
        ("nonsense", {"reason": "x"}, State.HELD, ""),
    ],
    ids=str,
)
def test_other_acts_on_many(
    here: Site, act: str, fields: dict[str, str], state: State, assignee: str
) -> None:
    quarantine = here.services.quarantine
    number = hold(quarantine, "1")
    client = here.signed_in("t.officer", Role.TRIAGE)
    here.signed_in("a.khan", Role.TRIAGE)
    post(client, "/inbox/many/done", "/inbox", act=act, reference=[number], **fields)
    one = show(quarantine, number, OTHER).message
    assert (one.state, one.assignee) == (state, assignee)


def test_a_viewer_does_nothing(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("v.iewer", Role.VIEWER)
    assert 'name="reference"' not in client.get("/inbox").text
    page = client.get(f"/messages/{number}")
    assert "You may look, but not decide." in page.text
    for path in ("/inbox/many", "/inbox/many/done", f"/messages/{number}/decide/release"):
        assert (
            post(client, path, "/account", act="release", reason="x", reference=[number]).status_code == 403
        )
    assert show(here.services.quarantine, number, OTHER).message.state is State.HELD
