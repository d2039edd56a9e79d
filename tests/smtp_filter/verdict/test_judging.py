"""The verdict: every word, the order of the questions, mixed recipients, policy rules, monitor-only."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rules.mail import load_mail_rules
from scanner.documents.model import Gap, Location, ProtectedPart, Protection, Shortfall
from scanner.judgement.assessment import Severity
from smtp_filter.message import Envelope, Recipient
from smtp_filter.verdict import Action, RouteKind, VerdictSettings, Word, judge_message

from .making import FIRM, GMAIL, JO, NHS, RAVI, gap, inspection, judge, part, rules_with

HIGH = inspection(Severity.HIGH, people=1, reasons=["strong_identifier"])
MEDIUM = inspection(Severity.MEDIUM, people=1)
LOW = inspection(Severity.LOW, people=1)
CLEAN = inspection()
SEALED = inspection(
    gaps=[gap(Shortfall.ENCRYPTED, 'attachment "a.zip"', "list.csv")], protected=[part(Protection.STRONG)]
)


@pytest.mark.parametrize(
    ("what", "to", "word", "action", "why"),
    [
        (CLEAN, [FIRM], Word.DELIVER, Action.DELIVER, "nothing in it"),
        (LOW, [GMAIL], Word.DELIVER, Action.DELIVER, "low is not sensitive"),
        (MEDIUM, [GMAIL], Word.BLOCK, Action.HOLD, "medium is"),
        (HIGH, [RAVI], Word.DELIVER, Action.DELIVER, "inside"),
        (HIGH, ["x@housing.council.gov.uk"], Word.DELIVER, Action.DELIVER, "beneath the own domain"),
        (HIGH, [FIRM], Word.BLOCK, Action.HOLD, "outside"),
        (HIGH, [NHS], Word.SECURE_ROUTE, Action.DELIVER_SECURE, "the secure list and the secure exit"),
        (HIGH, ["x@leeds.gov.uk"], Word.SECURE_ROUTE, Action.DELIVER_SECURE, "beneath .gov.uk"),
        (HIGH, ["x@leedsgov.uk"], Word.BLOCK, Action.HOLD, "not beneath it"),
        (HIGH, ["x@gov.uk.example.com"], Word.BLOCK, Action.HOLD, "gov.uk in front"),
        (HIGH, [NHS, RAVI], Word.SECURE_ROUTE, Action.DELIVER_SECURE, "inside does not change it"),
        (HIGH, [NHS, GMAIL], Word.BLOCK, Action.HOLD, "the strictest wins"),
        (HIGH, ["x@trust.nhs.uk"], Word.BLOCK, Action.HOLD, "only accredited trusts"),
        (HIGH, ["x@leeds.gcsx.gov.uk"], Word.BLOCK, Action.HOLD, "a closed network"),
        (HIGH, ["x@cjsm.net"], Word.BLOCK, Action.HOLD, "only through the own CJSM connection"),
        (CLEAN, ["x%gmail.com@council.gov.uk"], Word.HOLD, Action.HOLD, "nobody can say where it goes"),
        (HIGH, ["x@[192.0.2.1]"], Word.BLOCK, Action.HOLD, "a literal is outside"),
        (SEALED, [FIRM], Word.ENCRYPTED, Action.DELIVER, "closed, and clean around"),
        (SEALED, [RAVI], Word.DELIVER, Action.DELIVER, "inside"),
        (SEALED, [NHS], Word.ENCRYPTED, Action.DELIVER, "closed is closed on a secure route, too"),
        (CLEAN, ["x@council.gov.uk.", NHS], Word.DELIVER, Action.DELIVER, "a trailing dot"),
    ],
)
def test_words(what: Any, to: list[str], word: Word, action: Action, why: str) -> None:
    verdict = judge(what, *to)
    assert (verdict.word, verdict.action) == (word, action), why
    assert len(verdict.recipients) == len(to)
    assert all(one.why for one in verdict.recipients)


@pytest.mark.parametrize(
    ("gaps", "protected", "severity", "word", "why"),
    [
        ([], [part(Protection.STRONG)], Severity.HIGH, Word.BLOCK, "something readable is sensitive as well"),
        ([gap(Shortfall.ENCRYPTED)], [], Severity.NONE, Word.HOLD, "encrypted, and nobody knows how"),
        (
            [gap(Shortfall.ENCRYPTED)],
            [part(Protection.STRONG)],
            Severity.NONE,
            Word.HOLD,
            "the gap is another part",
        ),
        ([], [part(Protection.WEAK)], Severity.NONE, Word.HOLD, "weak does not count"),
        ([], [part(Protection.UNKNOWN)], Severity.NONE, Word.HOLD, "unknown"),
        (
            [],
            [part(Protection.WEAK, opened="empty password")],
            Severity.NONE,
            Word.DELIVER,
            "opened and read",
        ),
        (
            [],
            [part(Protection.STRONG, opened="a password in the same message")],
            Severity.HIGH,
            Word.BLOCK,
            "undone",
        ),
        (
            [],
            [part(Protection.STRONG), part(Protection.WEAK, "b")],
            Severity.NONE,
            Word.HOLD,
            "one excuses no other",
        ),
        ([gap(Shortfall.DAMAGED)], [], Severity.NONE, Word.HOLD, "damaged"),
        (
            [gap(Shortfall.LIMIT)],
            [part(Protection.STRONG)],
            Severity.NONE,
            Word.HOLD,
            "a limit beside a sealed part",
        ),
        ([gap(Shortfall.PARSER_STOPPED)], [], Severity.HIGH, Word.BLOCK, "what was read is enough"),
        ([gap(Shortfall.EMPTY)], [], Severity.NONE, Word.DELIVER, "nothing to read"),
        (
            [gap(Shortfall.NEEDS_OCR, 'attachment "Scan_0001.jpg"')],
            [],
            Severity.NONE,
            Word.HOLD,
            "a scan by name",
        ),
        ([gap(Shortfall.NEEDS_OCR, 'attachment "logo.png"')], [], Severity.NONE, Word.DELIVER, "a picture"),
        (
            [gap(Shortfall.NEEDS_OCR, 'attachment "scan.pdf"', "page 1")],
            [],
            Severity.NONE,
            Word.HOLD,
            "a scan",
        ),
    ],
)
def test_parts_that_were_not_read(
    gaps: list[Gap], protected: list[ProtectedPart], severity: Severity, word: Word, why: str
) -> None:
    assert judge(inspection(severity, gaps=gaps, protected=protected), FIRM).word is word, why
    assert judge(inspection(severity, gaps=gaps, protected=protected), RAVI).word is Word.DELIVER, "inside"


def test_weak_encryption_counts_where_the_policy_says_so(tmp_path: Path) -> None:
    what = inspection(
        gaps=[gap(Shortfall.ENCRYPTED, 'attachment "a.zip"')], protected=[part(Protection.WEAK)]
    )
    settings = VerdictSettings.of(rules_with(tmp_path, weak_encryption_counts=True))
    assert judge(what, FIRM, settings=settings).word is Word.ENCRYPTED
    assert judge(what, FIRM).word is Word.HOLD


def test_pictures_and_scans_as_the_policy_says(tmp_path: Path) -> None:
    picture = inspection(gaps=[gap(Shortfall.NEEDS_OCR, 'attachment "photo.jpg"')])
    scan = inspection(gaps=[gap(Shortfall.NEEDS_OCR, 'attachment "letter.pdf"', "page 1")])
    settings = VerdictSettings.of(rules_with(tmp_path, unread_pictures="hold", unread_scans="deliver"))
    assert judge(picture, FIRM, settings=settings).word is Word.HOLD
    verdict = judge(scan, FIRM, settings=settings)
    assert verdict.word is Word.DELIVER
    assert verdict.not_inspected, "it is named all the same"


def test_not_inspected_names_the_part_and_severity_goes_by_route() -> None:
    what = inspection(gaps=[gap(Shortfall.DAMAGED, 'attachment "plan.zip"', detail="zip")])
    verdict = judge(what, NHS)
    assert [(one.place, one.reason) for one in verdict.not_inspected] == [
        ('attachment "plan.zip"', "damaged")
    ]
    assert verdict.severity is Severity.MEDIUM
    assert judge(what, GMAIL).severity is Severity.HIGH
    assert judge(what, RAVI).severity is Severity.NONE


def test_a_whole_message_that_is_encrypted_holds_its_gap() -> None:
    what = inspection(
        gaps=[Gap(Location(), Shortfall.ENCRYPTED)], protected=[ProtectedPart(Location(), Protection.STRONG)]
    )
    assert judge(what, FIRM).word is Word.ENCRYPTED


@pytest.mark.parametrize(
    ("sender", "to", "kind", "why"),
    [
        ("a@council.gov.uk", "b@council.gov.uk", RouteKind.INSIDE, "the sender's organisation"),
        ("a@housing.council.gov.uk", "b@council.gov.uk", RouteKind.INSIDE, "a department's domain"),
        ("a@council.example.org", "b@gp.example.org", RouteKind.OUTSIDE, "nobody said that they are one"),
        ("a@firm.co.uk", "b@london.firm.co.uk", RouteKind.INSIDE, "beneath the sender's domain"),
        ("a@london.firm.co.uk", "b@firm.co.uk", RouteKind.OUTSIDE, "above it, and not among councils"),
        ("a@gmail.com", "b@gmail.com", RouteKind.OUTSIDE, "a mail provider is nobody's organisation"),
        ("a@nhs.net", "b@nhs.net", RouteKind.SECURE, "a service of many"),
        ("a@gov.uk", "b@leeds.gov.uk", RouteKind.SECURE, "a registry"),
        ("", "b@council.gov.uk", RouteKind.SECURE, "the null sender has no organisation"),
        ("a%b@council.gov.uk", "b@council.gov.uk", RouteKind.SECURE, "an unclear sender has none either"),
    ],
)
def test_own_domains_that_nobody_named(sender: str, to: str, kind: RouteKind, why: str) -> None:
    assert judge(HIGH, to, sender=sender).recipients[0].route is kind, why


def test_named_domains_are_the_only_inside() -> None:
    settings = VerdictSettings.of(load_mail_rules(), ["council.gov.uk", "ourtrust.org.uk"])
    assert judge(HIGH, "a@ourtrust.org.uk", settings=settings).word is Word.DELIVER
    assert judge(HIGH, "a@partner.co.uk", sender="b@partner.co.uk", settings=settings).word is Word.BLOCK


def test_without_a_secure_exit_an_assumed_route_is_a_wish(tmp_path: Path) -> None:
    settings = VerdictSettings.of(load_mail_rules(), exits=[])
    verdict = judge(HIGH, NHS, settings=settings)
    assert (verdict.word, verdict.action) == (Word.BLOCK, Action.HOLD)
    assert "no secure exit" in verdict.recipients[0].why


def test_a_stated_enforcement_needs_no_exit(tmp_path: Path) -> None:
    line = {
        "domain": "nhs.net",
        "enforced": "verified-tls",
        "source": "our mail server",
        "date": "2026-11-02",
    }
    settings = VerdictSettings.of(rules_with(tmp_path, routes=[line], exits=[]))
    verdict = judge(HIGH, NHS, settings=settings)
    assert (verdict.word, verdict.action, verdict.route) == (Word.SECURE_ROUTE, Action.DELIVER, "default")


def test_an_exception_from_a_wider_line(tmp_path: Path) -> None:
    line = {"domain": "old.gov.uk", "secure": False, "source": "no TLS there", "date": "2026-11-02"}
    settings = VerdictSettings.of(rules_with(tmp_path, routes=[line]))
    assert judge(HIGH, "a@old.gov.uk", settings=settings).word is Word.BLOCK
    assert judge(HIGH, "a@new.gov.uk", settings=settings).word is Word.SECURE_ROUTE


GATEWAY = {"name": "Egress", "tags": ["[secure]"], "headers": {"X-Encrypt": "yes"}, "labels": ["1f-2a"]}


@pytest.mark.parametrize(
    ("headers", "exits", "word", "route", "why"),
    [
        ([("Subject", "[SECURE] Visit")], ["gateway"], Word.SECURE_ROUTE, "gateway", "the tag, in any case"),
        (
            [("Subject", "=?utf-8?q?=5Bsecure=5D?= Visit")],
            ["gateway"],
            Word.SECURE_ROUTE,
            "gateway",
            "encoded",
        ),
        ([("X-ENCRYPT", "Yes")], ["gateway"], Word.SECURE_ROUTE, "gateway", "a header"),
        (
            [("msip_labels", "MSIP_Label_1f-2a_Enabled=True; x=y")],
            ["gateway"],
            Word.SECURE_ROUTE,
            "gateway",
            "our label",
        ),
        (
            [("msip_labels", "MSIP_Label_9c-9c_Enabled=True")],
            ["gateway"],
            Word.BLOCK,
            "default",
            "a stranger's label",
        ),
        ([("Subject", "Re: [secure] Visit")], ["gateway"], Word.BLOCK, "default", "not at the start"),
        ([("Subject", "[SECURE] Visit")], ["secure"], Word.BLOCK, "default", "the gateway is not there"),
        ([("Subject", "Visit")], ["gateway"], Word.BLOCK, "default", "nobody asked"),
    ],
)
def test_gateways(
    tmp_path: Path, headers: list[tuple[str, str]], exits: list[str], word: Word, route: str, why: str
) -> None:
    settings = VerdictSettings.of(rules_with(tmp_path, gateways=[GATEWAY]), exits=exits)
    verdict = judge(HIGH, FIRM, headers=headers, settings=settings)
    assert (verdict.word, verdict.route) == (word, route), why


def test_a_tag_without_any_gateway_is_explained() -> None:
    codes = [reason.code for reason in judge(HIGH, FIRM, headers=[("Subject", "[secure] x")]).reasons]
    assert "tag_in_vain" in codes


def test_a_closed_network_is_explained() -> None:
    verdict = judge(CLEAN, "duty@leeds.gcsx.gov.uk")
    assert verdict.word is Word.DELIVER
    assert any("@leeds.gov.uk" in reason.text for reason in verdict.reasons)


def rule(identity: str, when: dict[str, Any], then: dict[str, Any], **more: Any) -> dict[str, Any]:
    examples = {"match": [{}], "no_match": [{}]}
    return {"id": identity, "title": identity, "when": when, "then": then, "examples": examples, **more}


def test_the_first_rule_with_an_action_decides_and_others_add(tmp_path: Path) -> None:
    rules = [
        rule("header", {"words": ["block"]}, {"headers": {"X-DLP": "seen"}, "copy_to": ["dpo"]}),
        rule("return", {"words": ["block"], "senders": ["jo@council.gov.uk"]}, {"action": "return"}),
        rule("hold", {"words": ["block"]}, {"action": "hold"}),
    ]
    settings = VerdictSettings.of(rules_with(tmp_path, rules=rules))
    verdict = judge(HIGH, FIRM, settings=settings)
    assert (verdict.word, verdict.action) == (Word.BLOCK, Action.RETURN)
    assert verdict.headers == (("X-DLP", "seen"),)
    assert (verdict.copy_to, verdict.rules) == (("dpo",), ("header", "return", "hold"))
    assert judge(HIGH, FIRM, sender="li@council.gov.uk", settings=settings).action is Action.HOLD


def test_nothing_is_returned_to_a_stranger(tmp_path: Path) -> None:
    settings = VerdictSettings.of(
        rules_with(tmp_path, rules=[rule("return", {"words": ["block"]}, {"action": "return"})]),
        ["council.gov.uk"],
    )
    assert judge(HIGH, FIRM, settings=settings).action is Action.RETURN
    assert judge(HIGH, FIRM, sender="x@elsewhere.org", settings=settings).action is Action.HOLD


def test_an_exception_for_a_kind_of_unread_part(tmp_path: Path) -> None:
    exception = rule(
        "drawings",
        {"recipients": ["architect.co.uk"], "unread": ["kind not supported"], "unread_names": [".dwg"]},
        {"action": "deliver"},
        owner="Head of Property",
        until="2027-03-31",
    )
    settings = VerdictSettings.of(rules_with(tmp_path, rules=[exception]))
    drawing = inspection(gaps=[gap(Shortfall.UNSUPPORTED_KIND, 'attachment "plan.dwg"')])

    def word(what: Any, to: str, today: date = date(2026, 11, 3), headers: Any = ()) -> Word:
        envelope = Envelope(JO, (Recipient(to),))
        return judge_message(envelope, headers, what, settings, today=today).word

    assert word(drawing, "a@architect.co.uk") is Word.DELIVER
    assert word(drawing, "a@another.co.uk") is Word.HOLD, "somebody else"
    assert word(drawing, "a@architect.co.uk", date(2027, 4, 1)) is Word.HOLD, "past its last day"
    two = inspection(gaps=[*drawing.coverage.gaps, gap(Shortfall.DAMAGED, 'attachment "a.zip"')])
    assert word(two, "a@architect.co.uk") is Word.HOLD, "another part as well"
    private = ", ".join(f"p{n}@gmail.com" for n in range(6))
    assert word(drawing, "a@architect.co.uk", headers=[("To", private)]) is Word.BLOCK, (
        "an open list passes by no such rule"
    )


def test_monitor_only_delivers_and_remembers(tmp_path: Path) -> None:
    settings = VerdictSettings.of(rules_with(tmp_path, monitor_only=True))
    verdict = judge(HIGH, FIRM, settings=settings)
    assert (verdict.word, verdict.action) == (Word.DELIVER, Action.DELIVER)
    assert verdict.monitored == (Word.BLOCK, Action.HOLD)
    assert verdict.recipients[0].word is Word.BLOCK, "what each recipient would have met stays said"
    assert judge(CLEAN, FIRM, settings=settings).monitored is None
    assert judge(HIGH, NHS, settings=settings).action is Action.DELIVER_SECURE, (
        "a secure exit is nobody's delay"
    )


def test_a_monitored_rule_does_nothing_and_is_remembered(tmp_path: Path) -> None:
    rules = [rule("watch", {"severity": "low"}, {"action": "hold", "headers": {"X-A": "b"}}, monitor=True)]
    verdict = judge(LOW, FIRM, settings=VerdictSettings.of(rules_with(tmp_path, rules=rules)))
    assert (verdict.word, verdict.action, verdict.headers) == (Word.DELIVER, Action.DELIVER, ())
    assert (verdict.monitored, verdict.rules) == ((Word.HOLD, Action.HOLD), ("watch",))


def test_content_encryption_demanded_on_a_secure_route(tmp_path: Path) -> None:
    rules = [rule("children", {"routes": ["secure"], "reasons": ["child_at_risk"]}, {"action": "hold"})]
    settings = VerdictSettings.of(rules_with(tmp_path, rules=rules))
    child = inspection(Severity.CRITICAL, reasons=["child_at_risk"])
    assert judge(child, NHS, settings=settings).word is Word.HOLD
    assert judge(HIGH, NHS, settings=settings).word is Word.SECURE_ROUTE


def test_an_exit_that_is_not_there_holds(tmp_path: Path) -> None:
    rules = [rule("out", {"severity": "high"}, {"action": "deliver-secure"})]
    settings = VerdictSettings.of(rules_with(tmp_path, rules=rules), exits=[])
    verdict = judge(HIGH, FIRM, settings=settings)
    assert (verdict.action, verdict.route) == (Action.HOLD, "default")
    settings = VerdictSettings.of(rules_with(tmp_path, rules=rules))
    verdict = judge(HIGH, FIRM, settings=settings)
    assert (verdict.word, verdict.action, verdict.route) == (
        Word.SECURE_ROUTE,
        Action.DELIVER_SECURE,
        "secure",
    )


@pytest.mark.parametrize(
    ("headers", "tag", "why"),
    [
        ([("Subject", "x")], "[checked]", "an ordinary message"),
        ([("DKIM-Signature", "v=1")], "", "signed by a server"),
        ([("Content-Type", 'multipart/signed; protocol="x"')], "", "signed by its author"),
        ([("content-type", "application/pkcs7-mime")], "", "S/MIME"),
    ],
)
def test_signed_mail_is_not_tagged(
    tmp_path: Path, headers: list[tuple[str, str]], tag: str, why: str
) -> None:
    rules = [rule("tag", {}, {"tag_subject": "[checked]"})]
    settings = VerdictSettings.of(rules_with(tmp_path, rules=rules))
    assert judge(CLEAN, FIRM, headers=headers, settings=settings).subject_tag == tag, why


def test_reasons_hold_no_value_and_no_jargon() -> None:
    for what in (HIGH, SEALED, inspection(gaps=[gap(Shortfall.DAMAGED)])):
        for reason in judge(what, FIRM).reasons:
            assert reason.text.endswith(".")
            assert "_" not in reason.text or "Because of" in reason.text


def test_who_is_told_by_the_shipped_policy() -> None:
    critical = inspection(Severity.CRITICAL, reasons=["child_at_risk"])
    verdict = judge(critical, FIRM)
    assert (verdict.notify, verdict.copy_to) == (("triage", "sender"), ("dpo",))
    assert judge(HIGH, FIRM).copy_to == ()
