"""Small values for the tests of the verdict: inspections, envelopes, settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from rules.mail import MailRules, load_mail_rules
from rules.mail.loading import DEFAULT_POLICY
from scanner.documents.model import Coverage, Gap, Location, ProtectedPart, Protection, Shortfall, Status
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import Assessment, PeopleCount, Reason, Severity
from smtp_filter.message import Envelope, Recipient
from smtp_filter.verdict import ContactHistory, Verdict, VerdictSettings, judge_message

JO = "jo@council.gov.uk"
RAVI = "ravi@council.gov.uk"
NHS = "duty@nhs.net"
FIRM = "sam@harperlegal.co.uk"
GMAIL = "k.oduya@gmail.com"

Headers = Sequence[tuple[str, str]]


def inspection(
    severity: Severity = Severity.NONE,
    *,
    people: int = 0,
    gaps: Sequence[Gap] = (),
    protected: Sequence[ProtectedPart] = (),
    counts: dict[str, int] | None = None,
    reasons: Sequence[str] = (),
    findings: Sequence[LocatedFinding] = (),
    shadow: dict[str, int] | None = None,
    shadowed: Severity | None = None,
) -> Inspection:
    said = tuple(Reason(code, f"Because of {code}.", severity) for code in reasons)
    return Inspection(
        coverage=Coverage(Status.INSPECTED, "eml", tuple(gaps), Protection.NONE, tuple(protected)),
        assessment=Assessment(severity, PeopleCount(people, people), said, None, shadowed),
        findings=tuple(findings),
        counts=counts or {},
        content_hash="",
        size=1,
        shadow=shadow or {},
    )


def gap(reason: Shortfall, *place: str, detail: str = "") -> Gap:
    return Gap(Location(place or ('attachment "a.bin"',)), reason, detail)


def part(protection: Protection, *place: str, opened: str = "") -> ProtectedPart:
    return ProtectedPart(Location(place or ('attachment "a.zip"',)), protection, "a scheme", opened)


def rules_with(folder: Path, **changes: object) -> MailRules:
    """The shipped policy with some keys replaced."""
    content = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(content | changes), encoding="utf-8")
    return load_mail_rules(path)


def judge(
    what: Inspection,
    *to: str,
    sender: str = JO,
    headers: Headers = (),
    settings: VerdictSettings | None = None,
    history: ContactHistory | None = None,
) -> Verdict:
    envelope = Envelope(sender, tuple(map(Recipient, to)))
    return judge_message(
        envelope, headers, what, settings or VerdictSettings.of(load_mail_rules()), history=history
    )
