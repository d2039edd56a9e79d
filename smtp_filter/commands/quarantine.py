"""``dlp quarantine``: look at held mail and decide, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.commands.exits import Exit, fail
from scanner.commands.preparing import CONFIG_HELP
from smtp_filter.commands.opening import AS_HELP, operator, settings_and_quarantine

if TYPE_CHECKING:
    from smtp_filter.quarantine.deciding import Desk, Outcome
    from smtp_filter.quarantine.holding import Quarantine
    from smtp_filter.quarantine.model import Actor, HeldMessage

HELP = """Held mail: list it, look at it, decide.

Everything is masked unless you give a reason to see it; every act is in the audit log under your name.  Some
decisions need a second person: `approve` or `decline` them.

\b
Examples:
  dlp quarantine list --severity high
  dlp quarantine show Q-2026-000123
  dlp quarantine release Q-2026-000123 --reason "right person, agreed with the manager" --route secure
  dlp quarantine return Q-2026-000123 --reason "wrong address" --advice "Use the portal."
"""
LIST_HELP = """List held messages: the undecided ones by when they are due, or all with --all, newest first.

\b
Examples:
  dlp quarantine list --severity critical --overdue
  dlp quarantine list --text "review" --domain example.com
  dlp quarantine list --all --state released --json
"""
SHOW_HELP = """Show one held message: envelope, reasons, findings (masked), history.

Values are shown only with --reveal and a reason, which is recorded.

\b
Examples:
  dlp quarantine show Q-2026-000123
  dlp quarantine show Q-2026-000123 --reveal "the sender disputes the finding"
"""
RELEASE_HELP = """Release messages: the original goes out, to all recipients or to those you name.

\b
Exit codes: 0 all done (or waiting for a second person); 1 some could not be done.

\b
Examples:
  dlp quarantine release Q-2026-000123 --reason "right person"
  dlp quarantine release Q-2026-000123 --reason "only the GP" --to gp@example.nhs.uk --route secure
  dlp quarantine release Q-2026-000123 --reason "test data" --false-alarm
"""
RETURN_HELP = """Return messages to their senders: nobody gets them, the sender is told what to do.

\b
Examples:
  dlp quarantine return Q-2026-000123 --reason "not encrypted" --advice "Send it by the portal."
"""
DELETE_HELP = """Refuse messages and destroy their bodies now; the sender is told.

\b
Examples:
  dlp quarantine delete Q-2026-000123 --reason "sent by a stolen account"
"""
EXPIRE_HELP = """End undecided messages with notice to their senders: those you name, or all that are due.

\b
Examples:
  dlp quarantine expire --due
  dlp quarantine expire Q-2026-000123 --reason "the sender has left"
"""
PURGE_HELP = """Destroy the bodies of ended messages: those you name, or all whose time is over.

The key is deleted: no copy of the body can be read again. A legal hold prevents it.

\b
Examples:
  dlp quarantine purge --due
  dlp quarantine purge Q-2026-000123 --reason "request of the data subject"
"""
ASSIGN_HELP = """Give a message to somebody; `-` gives it back to all.

\b
Examples:
  dlp quarantine assign Q-2026-000123 s.lee
"""
ESCALATE_HELP = """Make messages a matter of the DPO or another owner: each opens an incident, none expires.

\b
Examples:
  dlp quarantine escalate Q-2026-000123 --owner dpo --reason "may be a breach"
"""
APPROVE_HELP = """Agree, as the second person, with what a first one decided.

\b
Examples:
  dlp quarantine approve Q-2026-000123 --reason "checked the address"
"""
DECLINE_HELP = """Disagree with a first decision: the message is in review again.

\b
Examples:
  dlp quarantine decline Q-2026-000123 --reason "not to this address"
"""
REOPEN_HELP = """Undo a return, an expiry or a withdrawal while the body is still there.

\b
Examples:
  dlp quarantine reopen Q-2026-000123 --reason "the wrong one"
"""
KEEP_HELP = """Set a legal hold on messages, or lift it: nothing of them is deleted meanwhile.

\b
Examples:
  dlp quarantine legal-hold Q-2026-000123 --reason "court order 12"
  dlp quarantine legal-hold Q-2026-000123 --reason "order lifted" --lift
"""
EMERGENCY_HELP = """Emergency releases: list what waits, ask with the code of the notice, confirm, review.

\b
Examples:
  dlp quarantine emergency
  dlp quarantine emergency Q-2026-000123 --why "the family is visited tonight" --code ABCD-EFGH
  dlp quarantine emergency Q-2026-000123 --confirm
  dlp quarantine emergency Q-2026-000123 --review justified --reason "spoke to the social worker"
"""
FIGURES_HELP = """Figures over some days: held, decided, false alarms, minutes held, by rule.

\b
Examples:
  dlp quarantine figures --days 90 --json
"""
REKEY_HELP = """Change the master key: a new one is made and every item's key is wrapped by it.

The old key stays in the file until --finish. Bodies are not touched, the relay works meanwhile. See
docs/quarantine.md for keys that come from systemd or the environment, and for a key that is lost.

\b
Examples:
  dlp quarantine rekey
  dlp quarantine rekey --finish
"""

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help=CONFIG_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]
AsOption = Annotated[str, typer.Option("--as", help=AS_HELP)]
References = Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Numbers such as Q-2026-000123.")]
SomeReferences = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Numbers such as Q-2026-000123.")
]
Reference = Annotated[str, typer.Argument(metavar="NUMBER", help="A number such as Q-2026-000123.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; it is recorded.")]


def register(app: typer.Typer) -> None:
    """Add the verb with its sub-verbs."""
    verbs = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
    for name, text, function in (
        ("list", LIST_HELP, show_list),
        ("show", SHOW_HELP, show),
        ("release", RELEASE_HELP, release),
        ("return", RETURN_HELP, give_back),
        ("delete", DELETE_HELP, delete),
        ("expire", EXPIRE_HELP, expire),
        ("assign", ASSIGN_HELP, assign),
        ("escalate", ESCALATE_HELP, escalate),
        ("approve", APPROVE_HELP, approve),
        ("decline", DECLINE_HELP, decline),
        ("reopen", REOPEN_HELP, reopen),
        ("legal-hold", KEEP_HELP, legal_hold),
        ("purge", PURGE_HELP, purge),
        ("emergency", EMERGENCY_HELP, emergency),
        ("figures", FIGURES_HELP, show_figures),
        ("rekey", REKEY_HELP, rekey),
    ):
        verbs.command(name, help=text)(function)
    app.add_typer(verbs, name="quarantine")


# --- looking ----------------------------------------------------------------------------------------------


def show_list(
    state: Annotated[
        list[str] | None, typer.Option("--state", help="Only this state. May be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Decided ones too, the newest first.")] = False,
    severity: Annotated[str, typer.Option("--severity", help="This severity or worse.")] = "none",
    rule: Annotated[str, typer.Option("--rule", help="Held by this rule.")] = "",
    sender: Annotated[str, typer.Option("--sender", help="Whole address of the sender.")] = "",
    recipient: Annotated[str, typer.Option("--recipient", help="Whole address of a recipient.")] = "",
    domain: Annotated[str, typer.Option("--domain", help="Domain of a recipient.")] = "",
    department: Annotated[str, typer.Option("--department", help="Department.")] = "",
    assignee: Annotated[str, typer.Option("--assignee", help="Assigned to; - for nobody.")] = "",
    text: Annotated[str, typer.Option("--text", help="Words of the envelope and the reasons.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    days: Annotated[float | None, typer.Option("--days", help="Held in the last so many days.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """List."""
    import time

    from scanner.judgement.assessment import Severity
    from smtp_filter.quarantine.model import State
    from smtp_filter.quarantine.searching import Filter, list_messages

    states = frozenset(
        _chosen(State, word.replace("-", "_"), "state", [one.value for one in State]) for word in state or ()
    )
    words = {level.word: level for level in Severity}
    if severity not in words:
        fail(f"no severity {severity!r}; choose from {', '.join(words)}")
    settings, quarantine = settings_and_quarantine(config)
    operator(settings, as_account)
    page = list_messages(
        quarantine,
        Filter(
            states=states,
            undecided=not everything,
            severity=words[severity],
            rule=rule,
            sender=sender,
            recipient=recipient,
            domain=domain,
            department=department,
            assignee=assignee,
            text=text,
            overdue=overdue,
            held_after=None if days is None else time.time() - 86_400 * days,
        ),
        limit=limit,
    )
    if as_json:
        _print_json({"total": page.total, "messages": [_listed(one) for one in page.messages]})
        return
    for one in page.messages:
        typer.echo(_line(one))
    more = f", {len(page.messages)} shown" if page.total > len(page.messages) else ""
    typer.echo(f"{page.total} messages{more}")


def show(
    reference: Reference,
    reveal: Annotated[str, typer.Option("--reveal", help="Show values; the reason is recorded.")] = "",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Show one."""
    from scanner.store.sealing import SealingError
    from smtp_filter.quarantine import reading
    from smtp_filter.quarantine.model import QuarantineError

    settings, quarantine = settings_and_quarantine(config)
    actor = operator(settings, as_account)
    try:
        detail = reading.show(quarantine, reference, actor)
        values = reading.reveal(quarantine, reference, actor, reveal) if reveal else []
    except (QuarantineError, SealingError) as error:
        fail(str(error), Exit.FINDINGS)
    told = _detailed(detail, values, revealed=bool(reveal))
    if as_json:
        _print_json(told)
        return
    _print_detail(told)


# --- deciding ---------------------------------------------------------------------------------------------


def release(
    references: References,
    reason: ReasonOption,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Only to this recipient. May be repeated.")
    ] = None,
    route: Annotated[str, typer.Option("--route", help="default, secure or gateway.")] = "default",
    false_alarm: Annotated[bool, typer.Option("--false-alarm", help="It should not have been held.")] = False,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Release."""
    from smtp_filter.quarantine.model import Decision

    def act(desk: Desk, actor: Actor, one: str) -> Outcome:
        return desk.decide(
            one, actor, Decision.RELEASE, reason, recipients=to or (), route=route, false_alarm=false_alarm
        )

    _each(references, act, as_json, as_account, config)


def give_back(
    references: References,
    reason: ReasonOption,
    advice: Annotated[str, typer.Option("--advice", help="What the sender is told, word for word.")] = "",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Return."""
    from smtp_filter.quarantine.model import Decision

    def act(desk: Desk, actor: Actor, one: str) -> Outcome:
        return desk.decide(one, actor, Decision.RETURN, reason, advice=advice)

    _each(references, act, as_json, as_account, config)


def delete(
    references: References,
    reason: ReasonOption,
    advice: Annotated[str, typer.Option("--advice", help="What the sender is told, word for word.")] = "",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Delete."""
    from smtp_filter.quarantine.model import Decision

    def act(desk: Desk, actor: Actor, one: str) -> Outcome:
        return desk.decide(one, actor, Decision.DELETE, reason, advice=advice)

    _each(references, act, as_json, as_account, config, wipe=True)


def expire(
    references: SomeReferences = None,
    reason: ReasonOption = "undecided",
    due: Annotated[bool, typer.Option("--due", help="All whose time is over.")] = False,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Expire."""
    if due or not references:
        _due(due, bool(references), "expired", as_json, as_account, config)
        return
    _each(references, lambda desk, actor, one: desk.expire(one, actor, reason), as_json, as_account, config)


def purge(
    references: SomeReferences = None,
    reason: ReasonOption = "",
    due: Annotated[bool, typer.Option("--due", help="All whose time is over.")] = False,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Purge."""
    if due or not references:
        _due(due, bool(references), "bodies_deleted", as_json, as_account, config)
        return
    _each(
        references,
        lambda desk, actor, one: desk.purge(one, actor, reason),
        as_json,
        as_account,
        config,
        wipe=True,
    )


def assign(
    reference: Reference,
    assignee: Annotated[str, typer.Argument(metavar="WHO", help="A name; - for nobody.")],
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Assign."""
    to = "" if assignee == "-" else assignee
    _each(
        [reference],
        lambda desk, actor, one: desk.assign(one, actor, to, reason),
        as_json,
        as_account,
        config,
    )


def escalate(
    references: References,
    reason: ReasonOption,
    owner: Annotated[str, typer.Option("--owner", help="Whose matter it becomes.")] = "dpo",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Escalate."""
    from smtp_filter.triage.app import MIGRATIONS
    from smtp_filter.triage.inbox.acting import escalate as escalate_message

    def act(desk: Desk, actor: Actor, one: str) -> Outcome:
        return escalate_message(desk.quarantine, one, actor, owner, reason)[0]

    _each(references, act, as_json, as_account, config, migrations=MIGRATIONS)


def approve(
    references: References,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Approve."""
    _each(references, lambda desk, actor, one: desk.approve(one, actor, reason), as_json, as_account, config)


def decline(
    references: References,
    reason: ReasonOption,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Decline."""
    _each(references, lambda desk, actor, one: desk.decline(one, actor, reason), as_json, as_account, config)


def reopen(
    references: References,
    reason: ReasonOption,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Reopen."""
    _each(references, lambda desk, actor, one: desk.reopen(one, actor, reason), as_json, as_account, config)


def legal_hold(
    references: References,
    reason: ReasonOption,
    lift: Annotated[bool, typer.Option("--lift", help="Lift it.")] = False,
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Keep."""
    _each(
        references,
        lambda desk, actor, one: desk.keep(one, actor, reason, legal_hold=not lift),
        as_json,
        as_account,
        config,
    )


def emergency(
    reference: Annotated[
        str, typer.Argument(metavar="[NUMBER]", help="A number such as Q-2026-000123.")
    ] = "",
    why: Annotated[str, typer.Option("--why", help="Ask: why it must go now.")] = "",
    code: Annotated[str, typer.Option("--code", help="The code of the notice to the sender.")] = "",
    confirmed: Annotated[bool, typer.Option("--confirm", help="Confirm: it goes out now.")] = False,
    review: Annotated[str, typer.Option("--review", help="justified or unjustified, the day after.")] = "",
    reason: ReasonOption = "confirmed",
    as_json: JsonOption = False,
    as_account: AsOption = "",
    config: ConfigOption = None,
) -> None:
    """Emergency."""
    from dataclasses import asdict

    from smtp_filter.quarantine import emergency as emergencies
    from smtp_filter.quarantine.model import QuarantineError

    settings, quarantine = settings_and_quarantine(config)
    actor = operator(settings, as_account)
    if not reference:
        lists = {"waiting": emergencies.waiting(quarantine), "to_review": emergencies.to_review(quarantine)}
        if as_json:
            _print_json({name: [asdict(one) for one in found] for name, found in lists.items()})
            return
        for name, found in lists.items():
            for one in found:
                typer.echo(f"{one.reference}  {name.replace('_', ' ')}  asked by {one.asked_by}")
        return
    if [bool(why), confirmed, bool(review)].count(True) != 1:
        fail("give one of --why, --confirm and --review")
    try:
        if why:
            emergencies.ask(quarantine, reference, actor, why, code=code)
        elif confirmed:
            emergencies.confirm(quarantine, reference, actor, reason)
        elif review in ("justified", "unjustified"):
            justified = review == "justified"
            emergencies.review(quarantine, reference, actor, justified=justified, reason=reason)
        else:
            fail("--review is justified or unjustified")
    except QuarantineError as error:
        fail(str(error), Exit.FINDINGS)
    typer.echo(f"{reference}: done")


def show_figures(
    days: Annotated[float, typer.Option("--days", min=0.01, help="The last so many days.")] = 7.0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Figures."""
    import time
    from dataclasses import asdict

    from smtp_filter.quarantine.figures import figures

    _, quarantine = settings_and_quarantine(config)
    found = figures(quarantine, time.time() - 86_400 * days, time.time())
    if as_json:
        told = asdict(found)
        told["by_state"] = {state.value: count for state, count in found.by_state.items()}
        told["by_severity"] = {level.word: count for level, count in found.by_severity.items()}
        _print_json(told)
        return
    median = "-" if found.median_minutes is None else f"{found.median_minutes:.0f}"
    typer.echo(f"held {found.held}   decided {found.decided}   false alarms {found.false_alarms}")
    typer.echo(f"median minutes to a decision {median}   minutes held {found.held_minutes:.0f}")
    typer.echo(f"minutes of false holds {found.false_hold_minutes:.0f}   emergencies {found.emergencies}")
    for rule in found.by_rule:
        typer.echo(f"  {rule.rule}: held {rule.held}, released {rule.released}, false {rule.false_alarms}")


def rekey(
    finish: Annotated[bool, typer.Option("--finish", help="Forget the older keys of the file.")] = False,
    forget_lost: Annotated[
        bool, typer.Option("--forget-lost", help="Give up what a lost key sealed; it cannot be undone.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Change the master key."""
    from scanner.commands.preparing import configuration
    from scanner.store.database import StorageError, open_database, writing
    from scanner.store.sealing import MasterKeySource, SealingError
    from scanner.store.sealing import forget_lost as forget
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.quarantine.holding import MIGRATIONS

    if forget_lost:
        settings = configuration(config)
        source = MasterKeySource.usual(settings.storage.master_key)
        try:
            engine = open_database(settings.storage.url(state_directory(settings)), MIGRATIONS)
            if not source.read():
                source.make_first()
            gone = forget(engine, source)
        except (SealingError, StorageError) as error:
            fail(str(error))
        settings, quarantine = settings_and_quarantine(config)
        with writing(quarantine.engine) as connection:
            quarantine.audit.begin_anew(connection)
        _record_rekey(quarantine, operator(settings), "forget_lost", gone)
        typer.echo(f"{gone} keys were given up with what they sealed; the audit log begins a new chain")
        return
    settings, quarantine = settings_and_quarantine(config)
    actor = operator(settings)
    try:
        sealer = quarantine.sealer
        done = sealer.forget_older(quarantine.engine) if finish else sealer.rotate(quarantine.engine)
    except SealingError as error:
        fail(str(error))
    _record_rekey(quarantine, actor, "finish" if finish else "rotate", done)
    typer.echo(f"{done} keys wrapped anew; the current master key is {sealer.current}")


# --- what they share --------------------------------------------------------------------------------------


def _each(
    references: Iterable[str],
    act: Callable[[Desk, Actor, str], Outcome],
    as_json: bool,
    as_account: str,
    config: Path | None,
    *,
    wipe: bool = False,
    migrations: str = "",
) -> None:
    """Do one act to each message; each is a transaction, and what cannot be done is told at its line.

    ``migrations`` names a room whose tables the act needs beside the quarantine's.
    """
    from scanner.store.database import open_database
    from scanner.store.sealing import SealingError, wipe_remains
    from smtp_filter.configuration.service import state_directory
    from smtp_filter.quarantine.deciding import Desk
    from smtp_filter.quarantine.model import QuarantineError

    settings, quarantine = settings_and_quarantine(config)
    actor = operator(settings, as_account)
    if migrations:
        open_database(settings.storage.url(state_directory(settings)), migrations).dispose()
    desk, outcomes, failed = Desk(quarantine), list[dict[str, Any]](), False
    for reference in references:
        try:
            outcome = act(desk, actor, reference)
        except (QuarantineError, SealingError) as error:
            failed = True
            outcomes.append({"reference": reference, "done": False, "problem": str(error)})
        else:
            outcomes.append(
                {
                    "reference": outcome.reference,
                    "done": True,
                    "state": outcome.state.value,
                    "waits_for_second_person": outcome.waits,
                }
            )
    if wipe:
        wipe_remains(quarantine.engine)
    if as_json:
        _print_json(outcomes)
    else:
        for one in outcomes:
            if not one["done"]:
                typer.echo(f"dlp: {one['problem']}", err=True)
            elif one["waits_for_second_person"]:
                typer.echo(f"{one['reference']}: waits for a second person")
            else:
                typer.echo(f"{one['reference']}: {one['state'].replace('_', ' ')}")
    if failed:
        raise typer.Exit(Exit.FINDINGS)


def _due(due: bool, named: bool, what: str, as_json: bool, as_account: str, config: Path | None) -> None:
    """Do what is due by itself, which the relay does every few minutes too."""
    from dataclasses import asdict

    from smtp_filter.quarantine.housekeeping import tidy

    if due == named:
        fail("give numbers, or --due for all whose time is over")
    settings, quarantine = settings_and_quarantine(config)
    operator(settings, as_account)
    done = asdict(tidy(quarantine))
    if as_json:
        _print_json(done)
    else:
        typer.echo(f"{done[what]} {what.replace('_', ' ')}")


def _record_rekey(quarantine: Quarantine, actor: Actor, what: str, done: int) -> None:
    from scanner.store.audit import AuditEvent
    from scanner.store.database import writing

    with writing(quarantine.engine) as connection:
        quarantine.audit.record(
            connection,
            AuditEvent(
                actor=actor.name,
                act=f"master_key.{what}",
                role=actor.role,
                origin=actor.origin,
                subject=quarantine.sealer.current,
                after={"keys": done},
            ),
        )


def _chosen(kind: Any, word: str, what: str, words: list[str]) -> Any:
    try:
        return kind(word)
    except ValueError:
        fail(f"no {what} {word!r}; choose from {', '.join(words)}")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


# --- words ------------------------------------------------------------------------------------------------


def _listed(one: HeldMessage) -> dict[str, Any]:
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


def _detailed(detail: Any, values: list[str | None], *, revealed: bool) -> dict[str, Any]:
    told = _listed(detail.message)
    if revealed:
        told["subject"] = detail.message.subject
    findings = []
    for index, finding in enumerate(detail.inspection.findings):
        value = values[index] if index < len(values) else None
        findings.append(
            {
                "type": finding.entity_type,
                "where": finding.location,
                "hidden": finding.hidden,
                "masked": finding.masked,
                "confidence": round(finding.confidence, 2),
                "rule": finding.rule,
                **({"value": value} if revealed else {}),
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


def _line(one: HeldMessage) -> str:
    from scanner.reports.wording import moment, shortened

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


def _print_detail(told: dict[str, Any]) -> None:
    from scanner.reports.wording import moment, printable

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
        value = finding.get("value")
        typer.echo(
            f"  {finding['type']}  {printable(value if value is not None else finding['masked'])}"
            f"  at {printable(finding['where'])}"
        )
    if told["proposal"]:
        proposal = told["proposal"]
        typer.echo(f"proposed: {proposal['decision']} by {proposal['by']}: {printable(proposal['reason'])}")
    for line in told["history"]:
        typer.echo(
            f"  {moment(line['at'])}  {line['who']}  {line['act']}  {printable(line['reason'])}".rstrip()
        )
