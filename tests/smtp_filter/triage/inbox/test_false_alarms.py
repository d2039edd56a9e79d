"""False alarms over HTTP: from a finding to a narrow rule, seen with its effect, approved by another."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from smtp_filter.quarantine.exclusions import ExclusionBook, ExclusionState
from smtp_filter.triage.roles import Role
from tests.smtp_filter.quarantine.making import OTHER, PATIENT, SENDER, SUBJECT, hold, message, raw
from tests.smtp_filter.triage.inbox.test_message import words
from tests.smtp_filter.triage.serving import Site, post


def propose(client: httpx.Client, number: str, step: str = "propose", **fields: Any) -> httpx.Response:
    path = f"/messages/{number}/false-alarm"
    told: dict[str, Any] = {
        "finding": ["0"],
        "what": "values",
        "scope": "recipient",
        "template": "1",
        "why": "a test number",
    }
    return post(client, path, **{**told, **fields, "step": step})


def test_from_the_finding_to_the_relay(here: Site) -> None:
    quarantine = here.services.quarantine
    number = hold(quarantine, "1")
    hold(quarantine, "2", recipients=(OTHER,))
    first = here.signed_in("f.irst", Role.TRIAGE, Role.APPROVER)
    second = here.signed_in("s.econd", Role.RULE_EDITOR)
    look = propose(first, number, "look")
    assert "it would have changed 1." in words(look.text)
    assert here.acts("exclusion") == []
    assert propose(first, number).status_code == 303
    book = ExclusionBook(quarantine)
    (one,) = book.all()
    assert (one.rule.sender, one.rule.recipient, one.rule.subject) == (SENDER, PATIENT, SUBJECT.casefold())
    assert book.counting_out(message()) is None
    page = f"/exclusions/{one.id}"
    assert "Somebody else has to approve it." in first.get(page).text
    own = post(first, f"{page}/approve", page, reason="mine")
    assert (own.status_code, "somebody else" in own.text) == (403, True)
    shown = words(second.get(page).text)
    assert "NHS number *** *** **19" in shown
    assert "a test number" in shown
    assert post(second, f"{page}/approve", page, reason="").status_code == 400
    assert post(second, f"{page}/approve", page, reason="checked").status_code == 303
    found = ExclusionBook(quarantine).counting_out(message())
    assert found is not None
    assert found.values == {"aaaa"}
    assert ExclusionBook(quarantine).counting_out(message(raw(subject="Another"))) is None
    assert post(second, f"{page}/end", page, reason="over").status_code == 303
    assert book.read(one.id).state is ExclusionState.ENDED


@pytest.mark.parametrize(
    ("recipients", "fields", "problem"),
    [
        ((PATIENT,), {"finding": []}, "Choose at least one finding"),
        ((PATIENT,), {"finding": ["99"]}, "Choose at least one finding"),
        ((PATIENT,), {"why": ""}, "Write why"),
        ((PATIENT, OTHER), {}, "more than one recipient"),
        ((PATIENT, OTHER), {"scope": "domain"}, "more than one domain"),
        ((PATIENT, OTHER), {"scope": "sender"}, ""),
        ((PATIENT,), {"what": "rules", "scope": "domain", "template": ""}, ""),
    ],
    ids=str,
)
def test_what_can_be_proposed(
    here: Site, recipients: tuple[str, ...], fields: dict[str, Any], problem: str
) -> None:
    number = hold(here.services.quarantine, "1", recipients=recipients)
    done = propose(here.signed_in("f.irst", Role.TRIAGE), number, **fields)
    assert done.status_code == (400 if problem else 303)
    assert problem in done.text
    assert bool(ExclusionBook(here.services.quarantine).all()) is not bool(problem)


def test_who_approves(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    officer = here.signed_in("f.irst", Role.TRIAGE)
    propose(officer, number)
    page = "/exclusions/1"
    other = here.signed_in("o.ther", Role.TRIAGE)
    assert post(other, f"{page}/approve", page, reason="x").status_code == 403
    assert officer.get("/exclusions/99").status_code == 404
    assert here.signed_in("a.uditor", Role.AUDITOR).get(page).status_code == 403
    assert re.search(r'href="/exclusions/1">', officer.get("/exclusions").text)
