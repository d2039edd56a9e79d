"""Held messages as JSON, to be sealed: the summary that lists need, and the whole that one page needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from scanner.documents.model import Location
from scanner.inspection.model import Inspection, LocatedFinding
from scanner.judgement.assessment import PeopleCount, Reason, Severity
from scanner.store.encoding import inspection_from_json, inspection_to_json
from smtp_filter.message import Envelope, Message, Recipient
from smtp_filter.quarantine.head import Head
from smtp_filter.quarantine.model import Decision, Proposal
from smtp_filter.verdict.model import Action, NotInspected, RecipientVerdict, RouteKind, Verdict, Word

# What a list shows of the recipients; one page shows them all.
RECIPIENTS_SHOWN = 20
REASONS_SHOWN = 5
# How the place of a name ends; shorter values found elsewhere may be words of our own for places.
_IN_A_NAME = "file name"
_TELLING = 6
_ENVELOPE = ("sender", "body", "smtputf8", "ret", "envid")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list tells of a message; ``recipients`` are the first (address, route, why)."""

    subject: str
    subject_is_clean: bool
    sender: str
    recipients: tuple[tuple[str, RouteKind, str], ...]
    counts: Mapping[str, int]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """What one page tells of a message."""

    envelope: Envelope
    inspection: Inspection
    verdict: Verdict
    header_from: str
    message_id: str
    references: str
    client: str


def summary_of(message: Message, head: Head, inspection: Inspection, verdict: Verdict) -> Summary:
    """The summary of a message that is being held."""
    judged = {one.address: one for one in verdict.recipients}
    shown = []
    for recipient in message.envelope.recipients[:RECIPIENTS_SHOWN]:
        one = judged.get(recipient.address)
        shown.append((recipient.address, one.route if one else RouteKind.OUTSIDE, one.why if one else ""))
    return Summary(
        subject=head.subject,
        subject_is_clean=not any(
            finding.location.casefold().endswith("header subject") for finding in inspection.findings
        ),
        sender=message.envelope.sender,
        recipients=tuple(shown),
        counts=dict(inspection.counts),
        reasons=tuple(reason.text for reason in verdict.reasons[:REASONS_SHOWN]),
    )


def summary_to_bytes(summary: Summary) -> bytes:
    """The summary as bytes."""
    return _dumped(asdict(summary))


def summary_from_bytes(data: bytes) -> Summary:
    """The summary of :func:`summary_to_bytes`."""
    told = json.loads(data)
    return Summary(
        subject=told["subject"],
        subject_is_clean=told["subject_is_clean"],
        sender=told["sender"],
        recipients=tuple((address, RouteKind(route), why) for address, route, why in told["recipients"]),
        counts=told["counts"],
        reasons=tuple(told["reasons"]),
    )


def whole_of(message: Message, head: Head, inspection: Inspection, verdict: Verdict) -> Whole:
    """All but the body of a message that is being held; values of findings are not among it.

    Nor do they stand in its places: what was found is masked in the names of files, sheets and fields.
    """
    shown = _masked_names(inspection.findings)
    coverage = inspection.coverage
    return Whole(
        envelope=message.envelope,
        inspection=replace(
            inspection,
            findings=tuple(
                replace(finding, value=None, location=shown(finding.location))
                for finding in inspection.findings
            ),
            coverage=replace(
                coverage,
                gaps=tuple(
                    replace(gap, location=_shown_location(gap.location, shown)) for gap in coverage.gaps
                ),
                protected=tuple(
                    replace(part, location=_shown_location(part.location, shown))
                    for part in coverage.protected
                ),
            ),
        ),
        verdict=replace(
            verdict,
            not_inspected=tuple(replace(part, place=shown(part.place)) for part in verdict.not_inspected),
        ),
        header_from=head.header_from,
        message_id=head.message_id,
        references=head.references,
        client=message.client.address,
    )


def _masked_names(findings: Sequence[LocatedFinding]) -> Callable[[str], str]:
    """What to do with a place, so that names of files, sheets and fields do not tell what was found."""
    masks = {
        finding.value: finding.masked
        for finding in findings
        if finding.value
        and finding.value != finding.masked
        and (len(finding.value) >= _TELLING or finding.location.endswith(_IN_A_NAME))
    }
    if not masks:
        return str
    longest_first = sorted(masks, key=lambda value: (-len(value), value))
    found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    return lambda place: found.sub(lambda match: masks[match[0]], place)


def _shown_location(location: Location, shown: Callable[[str], str]) -> Location:
    return Location(tuple(map(shown, location.parts)))


def values_of(inspection: Inspection) -> bytes | None:
    """The real values of the findings in their order, ``None`` where the inspector did not keep them."""
    values = [finding.value for finding in inspection.findings]
    return _dumped(values) if any(value is not None for value in values) else None


def values_from_bytes(data: bytes) -> list[str | None]:
    """The values of :func:`values_of`."""
    return list(json.loads(data))


def whole_to_bytes(whole: Whole) -> bytes:
    """All but the body as bytes."""
    envelope = whole.envelope
    return _dumped(
        {
            "envelope": {name: getattr(envelope, name) for name in _ENVELOPE},
            "recipients": [[one.address, one.notify, one.orcpt] for one in envelope.recipients],
            "inspection": inspection_to_json(whole.inspection),
            "verdict": _verdict_to_json(whole.verdict),
            "header_from": whole.header_from,
            "message_id": whole.message_id,
            "references": whole.references,
            "client": whole.client,
        }
    )


def whole_from_bytes(data: bytes) -> Whole:
    """The whole of :func:`whole_to_bytes`."""
    told = json.loads(data)
    return Whole(
        envelope=Envelope(
            recipients=tuple(Recipient(*one) for one in told["recipients"]), **told["envelope"]
        ),
        inspection=inspection_from_json(told["inspection"]),
        verdict=_verdict_from_json(told["verdict"]),
        header_from=told["header_from"],
        message_id=told["message_id"],
        references=told["references"],
        client=told["client"],
    )


def proposal_to_bytes(proposal: Proposal) -> bytes:
    """A first decision as bytes."""
    return _dumped(asdict(proposal))


def proposal_from_bytes(data: bytes) -> Proposal:
    """The decision of :func:`proposal_to_bytes`."""
    told = json.loads(data)
    told["decision"] = Decision(told["decision"])
    told["recipients"] = tuple(told["recipients"])
    return Proposal(**told)


def _verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "word": verdict.word,
        "action": verdict.action,
        "severity": int(verdict.severity),
        "people": [verdict.people.low, verdict.people.high],
        "reasons": [[reason.code, reason.text, int(reason.severity)] for reason in verdict.reasons],
        "recipients": [[one.address, one.route, one.word, one.why] for one in verdict.recipients],
        "not_inspected": [[one.place, one.reason, one.detail] for one in verdict.not_inspected],
        "rules": verdict.rules,
        "headers": verdict.headers,
        "notify": verdict.notify,
        "copy_to": verdict.copy_to,
        "route": verdict.route,
        "monitored": verdict.monitored,
    }


def _verdict_from_json(told: Mapping[str, Any]) -> Verdict:
    monitored: Sequence[str] | None = told["monitored"]
    return Verdict(
        word=Word(told["word"]),
        action=Action(told["action"]),
        severity=Severity(told["severity"]),
        people=PeopleCount(*told["people"]),
        reasons=tuple(Reason(code, text, Severity(level)) for code, text, level in told["reasons"]),
        recipients=tuple(
            RecipientVerdict(address, RouteKind(route), Word(word), why)
            for address, route, word, why in told["recipients"]
        ),
        not_inspected=tuple(NotInspected(*one) for one in told["not_inspected"]),
        rules=tuple(told["rules"]),
        headers=tuple((name, value) for name, value in told["headers"]),
        notify=tuple(told["notify"]),
        copy_to=tuple(told["copy_to"]),
        route=told["route"],
        monitored=(Word(monitored[0]), Action(monitored[1])) if monitored else None,
    )


def _dumped(value: Any) -> bytes:
    # ensure_ascii keeps lone surrogates of odd addresses, which UTF-8 cannot.
    return json.dumps(value, separators=(",", ":")).encode("ascii")
