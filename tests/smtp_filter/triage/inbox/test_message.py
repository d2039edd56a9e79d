"""The page of a message over HTTP: masked, in context; behind the mask only with a reason, not too often."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from scanner.documents.model import Gap, Location, ProtectedPart, Protection, Shortfall
from smtp_filter.quarantine.holding import Quarantine
from smtp_filter.triage.inbox import disclosing
from smtp_filter.triage.roles import Role
from smtp_filter.verdict.model import NotInspected
from tests.smtp_filter.quarantine.making import NHS, NINO, PATIENT, hold, inspection, message, raw, verdict
from tests.smtp_filter.triage.serving import Site, post


def words(page: str) -> str:
    """What a person reads of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def held(quarantine: Quarantine, identity: str = "c") -> str:
    """A message whose findings have what stands around them, as the inspector of mail keeps it."""
    plain = inspection()
    first, second = plain.findings
    findings = (
        replace(first, around=("The child A** S****, NHS number", ", lives near"), person=1),
        replace(second, location="Plan.xlsx > sheet Cases > cell C14", person=2, hidden="hidden column"),
    )
    parts = (
        ProtectedPart(Location(("note.zip",)), Protection.STRONG, "ZIP AES-256"),
        ProtectedPart(Location(("old.zip",)), Protection.WEAK, "ZipCrypto"),
        ProtectedPart(
            Location(("open.docx",)), Protection.STRONG, "Office AES", "a password in the same message"
        ),
    )
    coverage = replace(
        plain.coverage, protected=parts, gaps=(Gap(Location(("scan.pdf",)), Shortfall.NEEDS_OCR),)
    )
    return quarantine.hold(
        message(raw(identity=identity)),
        replace(plain, findings=findings, coverage=coverage),
        verdict(not_inspected=(NotInspected("scan.pdf", Shortfall.NEEDS_OCR.value),)),
    ).reference


def test_what_the_page_tells(here: Site) -> None:
    number = held(here.services.quarantine)
    page = here.signed_in("t.officer", Role.TRIAGE).get(f"/messages/{number}")
    told = words(page.text)
    for phrase in (
        "A strong identifier of a child",
        "m.jones@council.test",
        f"{PATIENT} Outside, not secure",
        "… The child A** S****, NHS number masked: *** *** **19 , lives near …",
        "Person 1",
        "Person 2",
        "sheet Cases > cell C14 hidden: hidden column",
        "note.zip : ZIP AES-256. Counts Counts: without its password nobody reads it.",
        "old.zip : ZipCrypto. Does not count Does not count: the method is so weak",
        "open.docx : Office AES. Does not count Does not count: it opened with a password in the same",
        "scan.pdf : No text layer, needs OCR",
        "Nothing else of this sender was ever held.",
    ):
        assert phrase in told, phrase
    for value in (NHS, NINO, NHS.replace(" ", "")):
        assert value not in page.text
    assert [act.act for act in here.acts("quarantine", "t.officer")] == ["quarantine.view"]


def test_the_sender_and_similar_messages(here: Site) -> None:
    first, second = hold(here.services.quarantine, "1"), hold(here.services.quarantine, "2")
    told = words(here.signed_in("t.officer", Role.TRIAGE).get(f"/messages/{second}").text)
    assert "1 other message of this sender was held: 1 not looked at." in told
    assert first in told


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Plan.docx > page 2", "Plan.docx"),
        ("Review 9434765919.docx > page 2", "Review ….docx"),
        ("Review 943 476 5919.docx > page 2", "Review *** *** **19.docx"),
        ("Ann Smith.docx > file name", "Attachment with a masked name (.docx)"),
        ("body > line 1", "Text of the message"),
    ],
)
def test_a_value_in_a_file_name(here: Site, name: str, shown: str) -> None:
    plain = inspection()
    found = replace(plain, findings=(replace(plain.findings[0], location=name),))
    number = here.services.quarantine.hold(message(), found, verdict()).reference
    page = here.signed_in("t.officer", Role.TRIAGE).get(f"/messages/{number}")
    assert shown in page.text
    for secret in ("9434765919", "943 476 5919", "Ann Smith"):
        assert secret not in page.text


def test_a_subject_with_a_finding_is_masked(here: Site) -> None:
    found = inspection(in_subject=True)
    quarantine = here.services.quarantine
    number = quarantine.hold(message(raw(subject=f"About {NINO}")), found, verdict()).reference
    client = here.signed_in("t.officer", Role.TRIAGE)
    for path in ("/inbox", f"/messages/{number}"):
        page = client.get(path)
        assert "Subject masked" in page.text
        assert NINO not in page.text


# --- behind the mask --------------------------------------------------------------------------------------


def test_reveal_one_value_with_a_reason(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("t.officer", Role.TRIAGE)
    path, page = f"/messages/{number}/reveal", f"/messages/{number}"
    for fields, problem in (
        ({"finding": "0"}, "Choose why"),
        ({"finding": "0", "why": "nonsense"}, "Choose why"),
        ({"finding": "0", "why": "other"}, "Write why"),
        ({"why": "check"}, "Choose a value"),
        ({"why": "check", "finding": "-1"}, "Choose a value"),
        ({"why": "check", "finding": "99"}, "was not kept"),
    ):
        refused = post(client, path, page, **fields)
        assert refused.status_code == 400, fields
        assert problem in refused.text
        assert NHS not in refused.text
    shown = post(client, path, page, finding="0", why="sender", reason="says it is a test number")
    assert shown.status_code == 200
    assert NHS in shown.text
    assert NINO not in shown.text
    assert 'data-hide-after="60"' in shown.text
    assert "Shown to t.officer" in shown.text
    assert NHS not in client.get(page).text
    last = here.acts("quarantine.reveal")[-1]
    assert (last.actor, last.subject) == ("t.officer", number)
    assert last.reason == "The sender or their manager asked: says it is a test number (finding 1)"


def test_too_many_reveals(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    client = here.signed_in("t.officer", Role.TRIAGE)
    page = f"/messages/{number}"
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(page).text)
    assert token
    fields = {"csrf_token": token[1], "finding": "0", "why": "check"}
    most = disclosing.LIMITS[0][1]
    statuses = [client.post(f"{page}/reveal", data=fields).status_code for _ in range(most + 1)]
    assert statuses == [200] * most + [429]
    assert client.post(f"{page}/text", data=fields).status_code == 429
    assert [act.actor for act in here.acts("disclosure.refused")] == ["t.officer"] * 2
    # A colleague may, and so may the same person later.
    other = here.signed_in("o.ther", Role.TRIAGE)
    assert post(other, f"{page}/reveal", page, finding="0", why="check").status_code == 200
    here.clock.on = disclosing.LIMITS[0][0] + 1
    client = here.signed_in("t.officer")
    assert post(client, f"{page}/reveal", page, finding="0", why="check").status_code == 200


def test_the_text(here: Site) -> None:
    number = hold(here.services.quarantine, "1", body=f"<b>Hello</b> {NHS}\r\n\u202eevil")
    client = here.signed_in("t.officer", Role.TRIAGE)
    page = f"/messages/{number}"
    assert post(client, f"{page}/text", page).status_code == 400
    shown = post(client, f"{page}/text", page, why="check")
    assert "&lt;b&gt;Hello&lt;/b&gt;" in shown.text
    assert NHS in shown.text
    assert "\u202e" not in shown.text
    assert [act.reason for act in here.acts("quarantine.preview")] == [
        "To check whether the finding is right"
    ]


def test_the_original_is_for_few(here: Site) -> None:
    number = hold(here.services.quarantine, "1")
    page = f"/messages/{number}"
    officer = here.signed_in("t.officer", Role.TRIAGE)
    assert "Download" not in officer.get(page).text
    assert post(officer, f"{page}/original", page, why="check").status_code == 403
    approver = here.signed_in("a.pprover", Role.APPROVER)
    got = post(approver, f"{page}/original", page, why="incident", reason="I-2026-0001")
    assert got.content == raw(body=f"1: NHS number {NHS}")
    assert got.headers["content-disposition"] == f'attachment; filename="{number}.eml"'
    assert got.headers["content-type"] == "application/octet-stream"
    assert [act.reason for act in here.acts("quarantine.download")] == ["For an incident: I-2026-0001"]


@pytest.mark.parametrize("path", ["", "/false-alarm"])
def test_no_such_message(here: Site, path: str) -> None:
    client = here.signed_in("t.officer", Role.TRIAGE)
    assert client.get(f"/messages/Q-2026-999999{path}").status_code == 404


def test_a_message_whose_key_is_gone(here: Site) -> None:
    quarantine = here.services.quarantine
    number = hold(quarantine, "1")
    with quarantine.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM sealing_key WHERE purpose IS NULL")
    client = here.signed_in("t.officer", Role.TRIAGE)
    page = client.get(f"/messages/{number}")
    assert (page.status_code, "cannot be shown" in page.text) == (410, True)
    assert "Deleted: only numbers are left" in client.get("/inbox").text
