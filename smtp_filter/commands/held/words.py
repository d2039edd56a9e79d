"""How held messages are written: a line of a list, one message, and both as facts for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from scanner.reports.wording import moment, printable, shortened
from smtp_filter.quarantine.model import HeldDetail, HeldMessage


def listed(one: HeldMessage) -> dict[str, Any]:
    """What a list says of a message."""
    return {
        "reference": one.reference,
        "state": one.state.value,
        "severity": one.severity.word,
        "verdict": one.word.value,
        "people": [one.people.low, one.people.high],
        "sender": one.sender,
        "recipients": [recipient.address for recipient in one.recipients],
        "recipients_total": one.recipients_total,
        "subject": one.subject if one.subject_is_clean else None,
        "rules": list(one.rules),
        "reasons": list(one.reasons),
        "counts": dict(one.counts),
        "department": one.department,
        "assignee": one.assignee,
        "held_at": one.held_at,
        "due_at": one.due_at,
        "expires_at": one.expires_at,
        "ended_at": one.ended_at,
        "case": one.case,
        "case_size": one.case_size,
        "size": one.size,
        "escalated": one.escalated,
        "legal_hold": one.legal_hold,
        "needs_second_person": one.needs_second,
        "false_alarm": one.false_alarm,
        "has_body": one.has_body,
        "revision": one.revision,
    }


def detailed(detail: HeldDetail, values: Mapping[int, str]) -> dict[str, Any]:
    """Everything of one message, masked but for ``values`` (by their place in the list of findings)."""
    told = listed(detail.message)
    findings = []
    for index, finding in enumerate(detail.inspection.findings):
        findings.append(
            {
                "number": index + 1,
                "type": finding.entity_type,
                "where": finding.location,
                "hidden": finding.hidden,
                "masked": finding.masked,
                "confidence": round(finding.confidence, 2),
                "rule": finding.rule,
                **({"value": values[index]} if index in values else {}),
            }
        )
    proposal = detail.proposal
    told |= {
        "recipients": [
            {
                "address": one.address,
                "route": one.route.value,
                "why": one.why,
                "handover": one.handover.value,
            }
            for one in detail.recipients
        ],
        "reasons": [reason.text for reason in detail.verdict.reasons],
        "not_inspected": [
            {"place": one.place, "reason": one.reason, "detail": one.detail}
            for one in detail.verdict.not_inspected
        ],
        "findings": findings,
        "client": detail.client,
        "others_of_case": list(detail.others_of_case),
        "proposal": None
        if proposal is None
        else {"decision": proposal.decision.value, "by": proposal.actor, "reason": proposal.reason},
        "history": [
            {"at": line.at, "who": line.actor, "act": line.act, "state": line.after, "reason": line.reason}
            for line in detail.history
        ],
    }
    return told


def line(one: HeldMessage) -> str:
    """A message as a line: number, severity, state, marks, time, from, to."""
    to = shortened(one.recipients[0].address, 40) if one.recipients else "-"
    more = f" +{one.recipients_total - 1}" if one.recipients_total > 1 else ""
    marks = "".join(
        mark
        for mark, there in (("2", one.needs_second), ("!", one.escalated), ("L", one.legal_hold))
        if there
    )
    return (
        f"{one.reference}  {one.severity.word:<8} {one.state.value.replace('_', ' '):<15} {marks:<3} "
        f"{moment(one.held_at)}  {shortened(one.sender, 40)} -> {to}{more}"
    )


def print_detail(told: Mapping[str, Any]) -> None:
    """Write one message for people."""
    subject = printable(told["subject"]) if told["subject"] is not None else "(masked: it holds a finding)"
    typer.echo(f"{told['reference']}  {told['state'].replace('_', ' ')}  severity {told['severity']}")
    typer.echo(f"from: {printable(told['sender'])}")
    for one in told["recipients"]:
        typer.echo(f"to:   {printable(one['address'])}  [{one['route']}, {one['handover']}] {one['why']}")
    typer.echo(f"subject: {subject}")
    typer.echo(f"held {moment(told['held_at'])}, due {moment(told['due_at'])}")
    typer.echo(f"people: {told['people'][0]} to {told['people'][1]}")
    for reason in told["reasons"]:
        typer.echo(f"  because: {printable(reason)}")
    for part in told["not_inspected"]:
        typer.echo(f"  not inspected: {printable(part['place'])}: {part['reason']} {part['detail']}".rstrip())
    for finding in told["findings"]:
        value = printable(finding.get("value", finding["masked"]))
        typer.echo(f"  {finding['number']}. {finding['type']}  {value}  at {printable(finding['where'])}")
    if told["proposal"]:
        proposal = told["proposal"]
        typer.echo(f"proposed: {proposal['decision']} by {proposal['by']}: {printable(proposal['reason'])}")
    for line in told["history"]:
        typer.echo(
            f"  {moment(line['at'])}  {line['who']}  {line['act']}  {printable(line['reason'])}".rstrip()
        )
