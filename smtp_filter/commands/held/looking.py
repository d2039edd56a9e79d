"""Looking at held mail: lists, one message, emergencies, figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from scanner.commands.exits import fail
from smtp_filter.commands.held.options import Chosen, How, Reference, print_json, shared
from smtp_filter.commands.who import acting

LIST_HELP = """List held messages: the undecided ones by when they are due, or all with --all, newest first.

You see what you see on the page: the items of your departments.  A search is recorded.

\b
Examples:
  dlp quarantine list --severity critical --overdue
  dlp quarantine list --text "review" --domain example.com --age 4h
  dlp quarantine list --state released --json
"""
SHOW_HELP = """Show one held message: envelope, reasons, findings (masked), history.

A value is shown with --reveal, a reason, and --finding, its number; each is recorded and counted,
as on the page.

\b
Examples:
  dlp quarantine show Q-2026-000123
  dlp quarantine show Q-2026-000123 --reveal "the sender disputes it" --finding 2
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


@shared(Chosen, How)
def show_list(
    chosen: Chosen,
    how: How,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
) -> None:
    """List."""
    from smtp_filter.commands.held.words import line, listed
    from smtp_filter.triage.inbox.looking import found

    wanted = chosen.filter()
    with acting(how.config, how.break_glass) as (services, visitor):
        page = found(services, visitor, wanted, limit=limit)
    if how.as_json:
        print_json({"total": page.total, "messages": [listed(one) for one in page.messages]})
        return
    for one in page.messages:
        typer.echo(line(one))
    more = f", {len(page.messages)} shown" if page.total > len(page.messages) else ""
    typer.echo(f"{page.total} messages{more}")


@shared(How)
def show(
    how: How,
    reference: Reference,
    reveal: Annotated[str, typer.Option("--reveal", help="Show values; the reason is recorded.")] = "",
    finding: Annotated[
        list[int] | None, typer.Option("--finding", min=1, help="Number of a finding. May be repeated.")
    ] = None,
) -> None:
    """Show one."""
    from smtp_filter.commands.held.words import detailed, print_detail
    from smtp_filter.triage.inbox import looking

    if bool(reveal) != bool(finding):
        fail("a value is shown with --reveal REASON and --finding NUMBER")
    with acting(how.config, how.break_glass) as (services, visitor):
        detail = looking.detail(services, visitor, reference)
        values = {
            number - 1: looking.value(services, visitor, reference, number - 1, reveal)
            for number in dict.fromkeys(finding or ())
        }
    told = detailed(detail, values)
    if how.as_json:
        print_json(told)
        return
    print_detail(told)


@shared(How)
def emergency(
    how: How,
    reference: Annotated[
        str, typer.Argument(metavar="[NUMBER]", help="A number such as Q-2026-000123.")
    ] = "",
    why: Annotated[str, typer.Option("--why", help="Ask: why it must go now.")] = "",
    code: Annotated[str, typer.Option("--code", help="The code of the notice to the sender.")] = "",
    confirmed: Annotated[bool, typer.Option("--confirm", help="Confirm: it goes out now.")] = False,
    review: Annotated[str, typer.Option("--review", help="justified or unjustified, the day after.")] = "",
    reason: Annotated[str, typer.Option("--reason", "-r", help="What you checked or found.")] = "",
) -> None:
    """Emergency."""
    from smtp_filter.triage.inbox import emergencies

    if reference and [bool(why), confirmed, bool(review)].count(True) != 1:
        fail("give one of --why, --confirm and --review")
    if review not in ("", "justified", "unjustified"):
        fail("--review is justified or unjustified")
    with acting(how.config, how.break_glass) as (services, visitor):
        if not reference:
            waiting, to_review = emergencies.lists(services, visitor)
        elif why:
            emergencies.ask(services, visitor, reference, why, code)
        elif confirmed:
            emergencies.confirm(services, visitor, reference, reason)
        else:
            emergencies.review(services, visitor, reference, review == "justified", reason)
    if reference:
        typer.echo(f"{reference}: done")
        return
    lists = {"waiting": waiting, "to_review": to_review}
    if how.as_json:
        print_json({name: [asdict(one) for one in found] for name, found in lists.items()})
        return
    for name, found in lists.items():
        for one in found:
            typer.echo(f"{one.reference}  {name.replace('_', ' ')}  asked by {one.asked_by}")


@shared(How)
def show_figures(
    how: How,
    days: Annotated[float, typer.Option("--days", min=0.01, help="The last so many days.")] = 7.0,
) -> None:
    """Figures."""
    import time

    from smtp_filter.quarantine.figures import figures
    from smtp_filter.triage.inbox.looking import allowed

    with acting(how.config, how.break_glass) as (services, visitor):
        allowed(services, visitor, "figures")
        found = figures(services.quarantine, time.time() - 86_400 * days, time.time())
    if how.as_json:
        told = asdict(found)
        told["by_state"] = {state.value: count for state, count in found.by_state.items()}
        told["by_severity"] = {level.word: count for level, count in found.by_severity.items()}
        print_json(told)
        return
    median = "-" if found.median_minutes is None else f"{found.median_minutes:.0f}"
    typer.echo(f"held {found.held}   decided {found.decided}   false alarms {found.false_alarms}")
    typer.echo(f"median minutes to a decision {median}   minutes held {found.held_minutes:.0f}")
    typer.echo(f"minutes of false holds {found.false_hold_minutes:.0f}   emergencies {found.emergencies}")
    for rule in found.by_rule:
        typer.echo(f"  {rule.rule}: held {rule.held}, released {rule.released}, false {rule.false_alarms}")
