"""From a false alarm to a narrow rule: what is chosen on the page, and the exclusion that it makes."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import FormData

from scanner.reports import wording
from smtp_filter.quarantine.exclusions import ExclusionRule, subject_shape
from smtp_filter.quarantine.model import HeldDetail, QuarantineError
from smtp_filter.verdict.addresses import read_address

# What a rule covers, the narrowest first.
SCOPES = {
    "recipient": "Mail of this sender to this recipient",
    "domain": "Mail of this sender to anybody at the recipient's domain",
    "sender": "All mail of this sender",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is chosen on the page; ``findings`` are places in the list of the message's findings."""

    findings: tuple[int, ...] = ()
    what: str = "values"
    scope: str = "recipient"
    template: bool = True
    why: str = ""


def draft_of(form: FormData) -> Draft:
    """The draft in a posted form; what is no choice of ours becomes the narrowest."""
    numbers = {str(one) for one in form.getlist("finding")}

    def text(name: str) -> str:
        value = form.get(name)
        return value.strip()[:4_000] if isinstance(value, str) else ""

    return Draft(
        tuple(sorted(int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) < 6)),
        text("what") if text("what") in ("values", "rules") else "values",
        text("scope") if text("scope") in SCOPES else "recipient",
        bool(text("template")),
        text("why"),
    )


def rule_of(detail: HeldDetail, draft: Draft) -> ExclusionRule:
    """The rule.  Raises ``QuarantineError`` where something is missing."""
    listed = detail.inspection.findings
    chosen = [listed[number] for number in draft.findings if number < len(listed)]
    chosen = [one for one in chosen if one.fingerprint and one.rule]
    if not chosen:
        raise QuarantineError("Choose at least one finding that is a false alarm.")
    if not draft.why:
        raise QuarantineError("Write why it is a false alarm. Whoever approves reads it.")
    recipients = {one.address for one in detail.recipients}
    domains = {read_address(one).domain for one in recipients}
    if draft.scope == "recipient" and len(recipients) != 1:
        raise QuarantineError("It has more than one recipient: choose their domain, or the sender alone.")
    if draft.scope == "domain" and len(domains) != 1:
        raise QuarantineError("Its recipients have more than one domain: choose the sender alone.")
    by_value = draft.what == "values"
    told = dict.fromkeys(
        f"{wording.kind(one.entity_type)} {one.masked}" if by_value else f"rule {one.rule}" for one in chosen
    )
    return ExclusionRule(
        sender=detail.envelope.sender,
        values=tuple(dict.fromkeys(one.fingerprint for one in chosen)) if by_value else (),
        rules=() if by_value else tuple(dict.fromkeys(one.rule for one in chosen)),
        told=tuple(told),
        recipient=next(iter(recipients)) if draft.scope == "recipient" else "",
        domain=next(iter(domains)) if draft.scope == "domain" else "",
        subject=subject_shape(detail.message.subject) if draft.template else "",
        why=draft.why,
    )
