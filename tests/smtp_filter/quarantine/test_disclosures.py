"""One person looks behind the mask unusually often: duty is told once for each burst, and it is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.store.audit import AuditEvent
from scanner.store.database import writing
from smtp_filter.quarantine import disclosures, reading
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.quarantine.model import Actor
from tests.smtp_filter.quarantine.making import NOTICES, hold, open_quarantine
from tests.smtp_filter.quarantine.test_notices import parsed, posted, text_of

LEE = Actor("s.lee", "triage")
KHAN = Actor("p.khan", "approver")
NOON = 1_800_000_000.0
MINUTE = 60.0


def made(database_url: str, folder: Path, most: int = 3) -> Quarantine:
    notices = replace(
        NOTICES, disclosures_per_hour=most, duty=("duty@council.test",), dpo=("dpo@council.test",)
    )
    return open_quarantine(database_url, folder, notices=notices)


def looked(
    quarantine: Quarantine, actor: Actor, at: float, act: str = "quarantine.reveal", most: int = 3
) -> bool:
    with writing(quarantine.engine) as connection:
        quarantine.audit.record(connection, AuditEvent(actor.name, act, "Q-1", reason="to look"), at=at)
        return disclosures.watch(quarantine.audit, quarantine.outbox, connection, actor, most, at)


@pytest.mark.parametrize(
    ("minutes", "told", "why"),
    [
        ((0, 1), [], "two are fewer than three"),
        ((0, 1, 2), [2], "three within an hour"),
        ((0, 30, 61), [], "the first was more than an hour ago"),
        ((0, 30, 59), [59], "just within the hour"),
        ((0, 1, 2, 3, 4, 50, 100), [2], "one burst goes on, however long"),
        ((0, 1, 2, 70, 71, 72), [2, 72], "after an hour without any it is another one"),
        ((0, 1, 2, 70, 71), [2], "two after the pause are fewer than three"),
    ],
)
def test_a_burst_is_told_once(
    database_url: str, tmp_path: Path, minutes: tuple[int, ...], told: list[int], why: str
) -> None:
    quarantine = made(database_url, tmp_path)
    answers = {minute: looked(quarantine, LEE, NOON + minute * MINUTE) for minute in minutes}
    assert [minute for minute, answer in answers.items() if answer] == told, why
    with quarantine.engine.connect() as connection:
        rows = list(quarantine.audit.events(connection, act="disclosure.unusual"))
        assert [row.event.subject for row in rows] == ["s.lee"] * len(told)
        assert all(row.event.after["count"] == 3 for row in rows)
        assert quarantine.outbox.waiting(connection, "revealed") == len(told)


@pytest.mark.parametrize(
    ("acts", "told", "why"),
    [
        (("reveal", "preview", "download"), True, "every way of looking counts"),
        (("reveal", "reveal", "release"), False, "a decision is none"),
        (("reveal", "reveal", "show"), False, "what is masked is none"),
    ],
)
def test_what_counts(database_url: str, tmp_path: Path, acts: tuple[str, ...], told: bool, why: str) -> None:
    quarantine = made(database_url, tmp_path)
    answers = [looked(quarantine, LEE, NOON + n, f"quarantine.{act}") for n, act in enumerate(acts)]
    assert any(answers) is told, why


def test_each_person_by_themselves_and_nobody_where_it_is_off(database_url: str, tmp_path: Path) -> None:
    quarantine = made(database_url, tmp_path)
    assert not any(looked(quarantine, actor, NOON + n) for n, actor in enumerate((LEE, KHAN, LEE, KHAN)))
    assert not any(looked(quarantine, LEE, NOON + 10 + n, most=0) for n in range(20))


def test_duty_and_dpo_get_a_mail_that_names_the_officer(database_url: str, tmp_path: Path) -> None:
    quarantine = made(database_url, tmp_path, most=2)
    reference = hold(quarantine)
    for _ in range(4):
        assert reading.reveal(quarantine, reference, LEE, "to check the finding")
    taken = [one for one in posted(quarantine) if "looked behind" in str(parsed(one)["Subject"])]
    assert len(taken) == 1
    assert str(parsed(taken[0])["To"]) == "duty@council.test, dpo@council.test"
    assert str(parsed(taken[0])["Subject"]) == "s.lee has looked behind the mask 2 times within an hour"
    assert "Nothing was stopped" in text_of(taken[0])
