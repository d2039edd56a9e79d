"""Events as a SIEM takes them: nothing that others wrote breaks out of its field or its line."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from scanner.judgement.assessment import Severity
from scanner.reports.siem import SiemForm, audit_line, finding_line, severity_of_act
from scanner.store.audit import AuditEvent, AuditRow
from scanner.syslog import syslog_message
from tests.reports.sample_run import entry, finding

HOSTILE = 'a|b=c\\d\nCEF:0|x|y\r\n\u2028]" suser=root <script>'
# CEF knows one kind of line break.
BROKEN = HOSTILE.replace("\r\n", "\n")


def row(act: str = "quarantine.release", **changes: object) -> AuditRow:
    told = {"actor": "s.lee", "subject": "Q-2026-000123", "role": "triage", "origin": "192.0.2.7"}
    event = AuditEvent(act=act, **{**told, **changes})  # type: ignore[arg-type]
    return AuditRow(17, 1_800_000_000.25, event)


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """A reader of CEF 0, written after its specification, not after our writer."""
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    pairs: dict[str, str] = {}
    places = [*re.finditer(r"(?:^| )(\w+)=", re.sub(r"\\.", "__", parts[7])), None]
    for one, following in itertools.pairwise(places):
        assert one is not None
        raw = parts[7][one.end() : following.start() if following else None]
        pairs[one[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), raw)
    return parts, pairs


@pytest.mark.parametrize("form", SiemForm)
def test_hostile_words_stay_in_their_field(form: SiemForm) -> None:
    line = audit_line(row(reason=HOSTILE, actor=HOSTILE, subject=HOSTILE, after={"x": HOSTILE}), form)
    assert "\n" not in line
    assert "\r" not in line
    if form is SiemForm.CEF:
        head, pairs = read_cef(line)
        assert head[:3] == ["CEF:0", "council-dlp", "dlp"]
        assert (pairs["suser"], pairs["msg"], pairs["act"]) == (BROKEN, BROKEN, "quarantine.release")
    else:
        told = json.loads(line)
        actor = told["actor"] if form is SiemForm.JSONL else told["actor"]["user"]["name"]
        after = told["after"] if form is SiemForm.JSONL else told["unmapped"]["after"]
        assert (actor, after) == (HOSTILE, {"x": HOSTILE})


def test_jsonl_is_the_row_itself() -> None:
    told = json.loads(audit_line(row(reason=HOSTILE, before={"state": "held"}), SiemForm.JSONL))
    assert (told["number"], told["at"]) == (17, "2027-01-15T08:00:00.250000+00:00")
    assert (told["reason"], told["before"], told["actor"]) == (HOSTILE, {"state": "held"}, "s.lee")


def test_cef() -> None:
    head, pairs = read_cef(audit_line(row("message.reveal", reason="the sender asks = a|b"), SiemForm.CEF))
    assert (head[4], head[5], head[6]) == ("message.reveal", "message reveal", "5")
    assert pairs["rt"] == "1800000000250"
    assert (pairs["suser"], pairs["src"], pairs["cs1"]) == ("s.lee", "192.0.2.7", "Q-2026-000123")
    assert pairs["msg"] == "the sender asks = a|b"
    assert read_cef(audit_line(row(origin="command line, as root"), SiemForm.CEF))[1]["shost"]


CLASSES = (
    ("sign_in", 3002, 1, 1, "a sign-in"),
    ("sign_in.refused", 3002, 1, 2, "a refused one has status failure"),
    ("sign_out", 3002, 2, 1, "a sign-out"),
    ("account.add", 3001, 1, 1, "an account made"),
    ("account.disable", 3001, 5, 1, "an account shut out"),
    ("account.change", 3001, 99, 1, "something else with an account"),
    ("message.view", 3004, 2, 1, "looking is reading"),
    ("quarantine.release", 3004, 3, 1, "a decision is a change"),
)


@pytest.mark.parametrize(("act", "number", "activity", "status", "why"), CLASSES)
def test_ocsf(act: str, number: int, activity: int, status: int, why: str) -> None:
    told = json.loads(audit_line(row(act), SiemForm.OCSF))
    assert (told["class_uid"], told["activity_id"], told["status_id"]) == (number, activity, status), why
    assert told["type_uid"] == number * 100 + activity
    assert told["category_uid"] == number // 1000
    assert told["time"] == 1_800_000_000_250
    assert told["metadata"]["version"] == "1.3.0"
    assert told["metadata"]["uid"] == "17"
    assert told["actor"]["user"]["name"] == "s.lee"
    assert told["src_endpoint"] == {"ip": "192.0.2.7"}


ACTS = (
    ("quarantine.release", Severity.NONE),
    ("message.reveal", Severity.MEDIUM),
    ("sign_in.refused", Severity.MEDIUM),
    ("account.add", Severity.LOW),
    ("emergency.release", Severity.HIGH),
)


@pytest.mark.parametrize(("act", "severity"), ACTS)
def test_what_is_remarkable(act: str, severity: Severity) -> None:
    assert severity_of_act(act) is severity


@pytest.mark.parametrize("form", SiemForm)
def test_a_finding_holds_no_value(form: SiemForm) -> None:
    found = finding(value="943 476 5919")
    line = finding_line(
        entry(findings=[found], reasons=["A strong identifier"], people=(2, 4)),
        "run-1",
        1_800_000_000.0,
        form,
    )
    assert "943 476 5919" not in line
    assert "/share/HR/a.docx" in line
    if form is SiemForm.OCSF:
        told = json.loads(line)
        assert (told["class_uid"], told["severity_id"], told["file"]["name"]) == (2006, 4, "a.docx")
    if form is SiemForm.CEF:
        head, pairs = read_cef(line)
        assert (head[6], pairs["filePath"], pairs["cn1"]) == ("8", "/share/HR/a.docx", "2")


def test_a_syslog_line() -> None:
    line = syslog_message("CEF:0|é", at=1_800_000_000.5, severity=Severity.MEDIUM, kind="a b").decode()
    pattern = r"<108>1 2027-01-15T08:00:00\.500000Z \S+ dlp \d+ a_b - CEF:0\|é"
    assert re.fullmatch(pattern, line)
