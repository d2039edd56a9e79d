"""The judgement of one message: who gets it, what is in it, what is closed, what the policy says.

``judge_message`` is pure: it parses nothing but the headers it is handed, and those in linear time, so that
it may run on an event loop.  Each recipient is judged as if it were alone; the strictest word and the
strictest action are the message's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rules.mail import Facts, MailPolicy, PolicyRule, matches
from rules.mail.schema import Effect
from scanner.documents.mail_headers import Header
from scanner.inspection.model import Inspection
from scanner.judgement.assessment import Reason, Severity
from smtp_filter.message import Envelope
from smtp_filter.verdict.addresses import Address, read_address
from smtp_filter.verdict.affected import people_affected
from smtp_filter.verdict.contacts import ContactHistory
from smtp_filter.verdict.misdirection import Correspondence, Sign, signs
from smtp_filter.verdict.model import Action, RecipientVerdict, RouteKind, Verdict, Word
from smtp_filter.verdict.routes import (
    DEFAULT_EXIT,
    SECURE_EXIT,
    GatewayWish,
    Route,
    gateway_wish,
    tagged_in_vain,
)
from smtp_filter.verdict.sealing import Sealing, part_names, sealing_of
from smtp_filter.verdict.settings import VerdictSettings

# The strictest first.
_WORDS = (Word.BLOCK, Word.HOLD, Word.SECURE_ROUTE, Word.ENCRYPTED, Word.DELIVER)
_ACTIONS = (Action.HOLD, Action.RETURN, Action.DELIVER_SECURE, Action.DELIVER)
_STOPPED = frozenset({Word.BLOCK, Word.HOLD})
_STOPS = frozenset({Action.HOLD, Action.RETURN})
# What is signed must not be touched, not even its subject.
_SIGNATURES = frozenset({"dkim-signature", "arc-message-signature", "domainkey-signature"})
_SIGNED_TYPES = (
    "multipart/signed",
    "multipart/encrypted",
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
)


@dataclass(frozen=True, slots=True)
class _Content:
    """What is known of the message before anybody's address is looked at."""

    severity: Severity
    sensitive: bool
    sealing: Sealing


@dataclass(frozen=True, slots=True)
class _Recipient:
    """One recipient judged on its own; ``stopping`` are the signs of misdirection that stop it."""

    address: Address
    written: str
    route: Route
    word: Word
    why: str
    stopping: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the policy makes of one recipient: the word as it stands after it, and the rules that fired."""

    word: Word
    action: Action
    rules: tuple[PolicyRule, ...] = ()


_Signs = Sequence[tuple[Sign, Effect]]


def judge_message(
    envelope: Envelope,
    headers: Sequence[Header],
    inspection: Inspection,
    settings: VerdictSettings,
    *,
    history: ContactHistory | None = None,
    today: date | None = None,
) -> Verdict:
    """Judge one message; never raises for what is in it.

    ``headers`` are those of ``scanner.documents.mail_headers.message_headers``; ``inspection`` is of the
    whole message, read as mail.  Without ``history`` the rules that need one see nothing; ``today`` ends
    rules that hold until a day.
    """
    policy = settings.rules.policy
    table = settings.route_table()
    sender = read_address(envelope.sender)
    inside = table.inside(settings.own_domains, sender)
    wish = gateway_wish(headers, policy.gateways, settings.exits)
    gateway = wish.gateway if wish is not None and wish.usable else None
    addresses = [(read_address(one.address), one.address) for one in envelope.recipients]
    content = _content(inspection, policy)
    case = Correspondence(
        sender=sender,
        recipients=[address for address, _ in addresses],
        headers=headers,
        inspection=inspection,
        inside=inside,
        domains=settings.rules.domains,
        settings=policy.misdirection,
        sensitive=content.sensitive,
        history=history,
    )
    seen = [(sign, effect) for sign in signs(case) if (effect := _effect(policy, sign)) is not Effect.OFF]
    recipients = [
        _judged(address, written, table.route(address, inside, gateway), content, seen)
        for address, written in addresses
    ]
    severity = _severity(content, seen, recipients, case)
    facts = [_facts(one, case, content, severity, seen) for one in recipients]
    outcomes = [_outcome(policy, one, fact, today) for one, fact in zip(recipients, facts, strict=True)]
    word, action = _strictest(outcomes)
    notes: list[Reason] = [*_wish_notes(wish, case.subject, word)]

    if action is Action.RETURN and not inside.holds(sender.domain):
        # A bounce would carry the message to a stranger (``mail_filtering`` 2.4).
        action = Action.HOLD
    route = _exit(action, recipients, outcomes)
    if route not in settings.exits:
        word, action, route = Word.HOLD, Action.HOLD, DEFAULT_EXIT
        text = "It would have to leave by an exit that is not set up."
        notes.append(Reason("exit_missing", text, severity))
    wished = (word, action)
    if any(rule.monitor for rule in policy.rules):
        pairs = zip(recipients, facts, strict=True)
        wished = _strictest([_outcome(policy, one, fact, today, monitored=True) for one, fact in pairs])
    if policy.monitor_only and action in _STOPS:
        word, action = Word.DELIVER, Action.DELIVER
    told = [rule for outcome in outcomes for rule in outcome.rules if not rule.monitor]
    tags = [rule.then.tag_subject for rule in told if rule.then.tag_subject]
    return Verdict(
        word=word,
        action=action,
        severity=severity,
        people=people_affected(inspection, case.colleagues),
        reasons=(
            *_leading(wished[0], recipients, content),
            *(_sign_note(sign, effect, severity) for sign, effect in seen),
            *notes,
            *_rule_notes(told),
            *inspection.assessment.reasons,
        ),
        recipients=tuple(
            RecipientVerdict(one.written, one.route.kind, outcome.word, _why(one, outcome))
            for one, outcome in zip(recipients, outcomes, strict=True)
        ),
        not_inspected=(*content.sealing.unread, *content.sealing.tolerated),
        rules=tuple(dict.fromkeys(rule.id for outcome in outcomes for rule in outcome.rules)),
        headers=tuple(dict.fromkeys(item for rule in told for item in rule.then.headers.items())),
        notify=tuple(dict.fromkeys(name for rule in told for name in rule.then.notify)),
        copy_to=tuple(dict.fromkeys(name for rule in told for name in rule.then.copy_to)),
        route=route,
        monitored=wished if wished != (word, action) else None,
        subject_tag=tags[0] if tags and action not in _STOPS and not _is_signed(headers) else "",
        tried=tuple(sorted(inspection.shadow.items())),
        shadowed=inspection.assessment.shadowed,
    )


def _content(inspection: Inspection, policy: MailPolicy) -> _Content:
    severity = inspection.assessment.severity
    # What only warns is told and holds nothing.
    sensitive = inspection.assessment.binding >= Severity[policy.sensitive_from.upper()]
    return _Content(severity, sensitive, sealing_of(inspection.coverage, policy))


def _effect(policy: MailPolicy, sign: Sign) -> Effect:
    effect = getattr(policy.misdirection, sign.rule)
    assert isinstance(effect, Effect)
    return effect


def _judged(address: Address, written: str, route: Route, content: _Content, seen: _Signs) -> _Recipient:
    """One recipient as if it were alone; the order of the questions is that of decision 0015."""

    def judged(word: Word, why: str, stopping: Iterable[str] = ()) -> _Recipient:
        return _Recipient(address, written, route, word, why, frozenset(stopping))

    if route.kind is RouteKind.INSIDE:
        return judged(Word.DELIVER, route.why)
    about = [(sign, effect) for sign, effect in seen if not sign.domains or address.domain in sign.domains]
    blocking = [sign for sign, effect in about if effect is Effect.BLOCK]
    holding = [
        sign
        for sign, effect in about
        if effect is Effect.HOLD or (effect is Effect.HOLD_IF_SENSITIVE and content.sensitive)
    ]
    if content.sensitive and route.kind is RouteKind.OUTSIDE:
        why = f"{route.why} Personal data in the message could be read there, and on the way."
        return judged(Word.BLOCK, why, [sign.rule for sign in (*blocking, *holding)])
    if blocking:
        return judged(Word.BLOCK, blocking[0].text, [sign.rule for sign in blocking])
    if route.fault:
        return judged(Word.HOLD, route.why)
    if holding:
        return judged(Word.HOLD, holding[0].text, [sign.rule for sign in holding])
    if content.sealing.unread:
        return judged(Word.HOLD, "Not all of the message could be inspected.")
    if content.sensitive:
        return judged(Word.SECURE_ROUTE, route.why)
    if content.sealing.sealed:
        return judged(
            Word.ENCRYPTED, "What could matter is encrypted, and nothing around it gives anything away."
        )
    return judged(Word.DELIVER, f"{route.why} Nothing sensitive was found.")


def _severity(
    content: _Content, seen: _Signs, recipients: Sequence[_Recipient], case: Correspondence
) -> Severity:
    """The severity for whoever has to decide: a first contact raises it, the unseen has one by its route."""
    severity = content.severity
    if content.sensitive and any(effect is Effect.RAISE for _, effect in seen):
        severity = Severity(min(severity + 1, Severity.CRITICAL))
    if content.sealing.unread and any(one.word in _STOPPED for one in recipients):
        private = any(one.word in _STOPPED and case.private(one.address) for one in recipients)
        severity = max(severity, Severity.HIGH if private else Severity.MEDIUM)
    return severity


def _facts(
    one: _Recipient, case: Correspondence, content: _Content, severity: Severity, seen: _Signs
) -> Facts:
    inspection = case.inspection
    return Facts(
        sender=case.sender.key,
        recipient=one.address.key,
        route=one.route.kind.value,
        word=one.word.value,
        severity=severity.word,
        people=inspection.assessment.people.low,
        reasons=frozenset(reason.code for reason in inspection.assessment.reasons),
        entity_types=frozenset(inspection.counts),
        rules=frozenset(finding.rule for finding in inspection.findings),
        subject=case.subject,
        misdirection=frozenset(sign.rule for sign, _ in seen),
        unread=frozenset(entry.reason for entry in content.sealing.unread),
        unread_names=part_names(content.sealing.unread),
        protection=content.sealing.protection,
    )


def _outcome(
    policy: MailPolicy, one: _Recipient, facts: Facts, today: date | None, *, monitored: bool = False
) -> _Outcome:
    """What the rules make of a recipient; ``monitored`` rules decide only where asked for."""
    fired = [
        rule
        for rule in policy.rules
        if matches(rule, facts, policy, today)
        # What looks misdirected passes by a rule only where the rule names that sign.
        and not (rule.then.action == "deliver" and one.stopping - set(rule.when.misdirection))
    ]
    deciding = next((rule for rule in fired if rule.then.action and (monitored or not rule.monitor)), None)
    if deciding is None or deciding.then.action is None:
        return _Outcome(one.word, _default_action(policy, one), tuple(fired))
    action = Action(deciding.then.action)
    word = one.word
    if action in _STOPS and word not in _STOPPED:
        word = Word.HOLD
    elif action not in _STOPS and word in _STOPPED:
        word = Word.SECURE_ROUTE if action is Action.DELIVER_SECURE else Word.DELIVER
    elif action is Action.DELIVER_SECURE and word is Word.DELIVER:
        word = Word.SECURE_ROUTE
    return _Outcome(word, action, tuple(fired))


def _default_action(policy: MailPolicy, one: _Recipient) -> Action:
    if one.route.kind is RouteKind.INSIDE:
        return Action.DELIVER
    if one.word is Word.SECURE_ROUTE and one.route.exit == DEFAULT_EXIT:
        return Action.DELIVER
    return Action(getattr(policy.actions, one.word.value.replace("-", "_")))


def _strictest(outcomes: Sequence[_Outcome]) -> tuple[Word, Action]:
    words = {outcome.word for outcome in outcomes}
    actions = {outcome.action for outcome in outcomes}
    return (
        next((word for word in _WORDS if word in words), Word.DELIVER),
        next((action for action in _ACTIONS if action in actions), Action.DELIVER),
    )


def _exit(action: Action, recipients: Sequence[_Recipient], outcomes: Sequence[_Outcome]) -> str:
    """The exit by which the message leaves: a gateway before the secure one, as it encrypts for all."""
    if action is not Action.DELIVER_SECURE:
        return DEFAULT_EXIT
    wanted = [
        one.route.exit
        for one, outcome in zip(recipients, outcomes, strict=True)
        if outcome.action is Action.DELIVER_SECURE and one.route.exit != DEFAULT_EXIT
    ]
    gateways = [name for name in wanted if name != SECURE_EXIT]
    return (gateways or wanted or [SECURE_EXIT])[0]


def _is_signed(headers: Sequence[Header]) -> bool:
    return any(
        name.lower() in _SIGNATURES
        or (name.lower() == "content-type" and value.strip().lower().startswith(_SIGNED_TYPES))
        for name, value in headers
    )


# --- words for people ------------------------------------------------------------------------------------


def _leading(word: Word, recipients: Sequence[_Recipient], content: _Content) -> Iterator[Reason]:
    """The first reasons: what decided, in a sentence each."""
    sealing = content.sealing
    if sealing.undone:
        text = "An encrypted part could be opened by anybody, so it was read like the rest."
        if sealing.password_inside:
            text = "An encrypted part opens with a password from this same message, so it was read."
        yield Reason("encryption_undone", text, content.severity)
    outside = [one for one in recipients if one.route.kind is not RouteKind.INSIDE]
    if not outside:
        yield Reason("inside_only", "It stays inside: nobody outside gets it.", Severity.NONE)
        return
    if content.sensitive and any(one.word is Word.BLOCK for one in outside):
        text = (
            "Personal data in it could be read outside: it is not encrypted, and no secure route leads there."
        )
        yield Reason("readable_outside", text, content.severity)
    if sealing.unread:
        count = "One part of it" if len(sealing.unread) == 1 else f"{len(sealing.unread)} parts of it"
        text = f"{count} could not be inspected, so a person has to look before it goes."
        yield Reason("not_inspected", text, Severity.MEDIUM)
    if any(one.route.fault for one in outside):
        text = "The address of a recipient is written in a way that does not tell where it leads."
        yield Reason("address_unclear", text, Severity.LOW)
    if closed := next((one for one in outside if one.route.retired), None):
        yield Reason("retired_domain", f"{closed.written}: {closed.route.why}", Severity.LOW)
    if word is Word.SECURE_ROUTE:
        text = "Personal data in it goes to people outside over secure routes only."
        yield Reason("secure_route", text, content.severity)
    if word is Word.DELIVER:
        yield Reason("nothing_sensitive", "Nothing sensitive was found in it.", Severity.NONE)
    if word is Word.ENCRYPTED:
        text = "What could matter in it is properly encrypted, and nothing around it gives anything away."
        yield Reason("encrypted", text, Severity.NONE)


def _sign_note(sign: Sign, effect: Effect, severity: Severity) -> Reason:
    weight = Severity.LOW if effect is Effect.WARN else max(severity, Severity.MEDIUM)
    return Reason(f"misdirected_{sign.rule}", sign.text, weight)


def _wish_notes(wish: GatewayWish | None, subject: str, word: Word) -> Iterator[Reason]:
    if wish is not None and not wish.usable:
        text = f"It asks for the gateway {wish.gateway.name} by {wish.sign}, but that gateway is not set up."
        yield Reason("gateway_missing", text, Severity.LOW)
    elif wish is None and word in _STOPPED and tagged_in_vain(subject):
        text = "The tag in its subject encrypts nothing here: no gateway for it is set up."
        yield Reason("tag_in_vain", text, Severity.LOW)


def _rule_notes(told: Sequence[PolicyRule]) -> Iterator[Reason]:
    for rule in dict.fromkeys(rule.id for rule in told if rule.then.action):
        title = next(one.title for one in told if one.id == rule)
        yield Reason(f"policy_{rule}", title, Severity.NONE)


def _why(one: _Recipient, outcome: _Outcome) -> str:
    if outcome.word is one.word:
        return one.why
    rule = next(rule for rule in outcome.rules if rule.then.action and not rule.monitor)
    return f"{one.why} The policy's rule {rule.id} decides otherwise."
