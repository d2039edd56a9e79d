"""Acts on held mail: on numbers or on what a filter finds, with a preview and a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from scanner.commands.exits import Exit, fail
from smtp_filter.commands.held.options import Chosen, How, Many, print_json
from smtp_filter.commands.who import acting

if TYPE_CHECKING:
    from smtp_filter.triage.inbox.carrying_out import Done, Wish
    from smtp_filter.triage.inbox.filters import InboxFilter
    from smtp_filter.triage.visiting import Services, Visitor

_SHOWN = 20


def act_on(
    act: str,
    numbers: Sequence[str] | None,
    by: Chosen | None,
    how: How,
    many: Many | None = None,
    **told: Any,
) -> None:
    """Do ``act`` to the numbers, or to all that the filters find, and tell what became of each.

    ``told`` are the other fields of a ``Wish``.  ``many`` is how an act on several is asked about; without it
    the act is done to the numbers as they are.
    """
    from smtp_filter.triage.inbox.carrying_out import Wish, carry_out_many

    wish, chosen = Wish(act, **told), by.filter() if by is not None else None
    with acting(how.config, how.break_glass) as (services, visitor):
        wanted = list(dict.fromkeys(numbers or ()))
        by_filter = chosen is not None and chosen.narrowed
        if bool(wanted) == by_filter:
            fail("give numbers, or a filter (such as --severity low)" + (", not both" if wanted else ""))
        if by_filter and chosen is not None:
            wanted = _found(services, visitor, chosen)
        if many is not None and (many.dry_run or by_filter or len(wanted) > 1):
            wanted = _previewed(services, visitor, wanted, wish, how, many, by_filter=by_filter)
        if wanted:
            _tell(carry_out_many(services, visitor, wanted, wish), how)


def _found(services: Services, visitor: Visitor, chosen: InboxFilter) -> list[str]:
    from smtp_filter.triage.inbox.carrying_out import MOST_AT_ONCE
    from smtp_filter.triage.inbox.looking import numbers_found

    found = numbers_found(services, visitor, chosen, MOST_AT_ONCE)
    if len(found) > MOST_AT_ONCE:
        fail(f"these are more than {MOST_AT_ONCE:,} messages; narrow the filter")
    return found


def _previewed(
    services: Services,
    visitor: Visitor,
    wanted: list[str],
    wish: Wish,
    how: How,
    many: Many,
    *,
    by_filter: bool,
) -> list[str]:
    """What is to be done after all: nothing on a dry run, what somebody said yes to otherwise."""
    from smtp_filter.triage.inbox.carrying_out import preview

    will = preview(services, visitor, wanted, wish.act)
    if many.dry_run:
        if how.as_json:
            print_json({"act": wish.act, **will})
        else:
            _print_preview(will, err=False)
        return []
    # What a filter found and cannot be done is left out, as on the page; numbers were meant, and are told.
    able = will["done"] + will["waits"]
    wanted = able if by_filter else wanted
    if not many.yes:
        _print_preview(will, err=True)
        if wanted and not _agreed(f"{wish.act.capitalize()} {len(wanted)} messages?"):
            fail("nothing was done; --yes does not ask, --dry-run only says what would happen")
    if not wanted:
        if how.as_json:
            print_json([])
        else:
            typer.echo("nothing to do")
    return wanted


def _agreed(question: str) -> bool:
    try:
        return bool(typer.confirm(question, err=True))
    except typer.Abort:
        # Nobody is there to answer.
        typer.echo(err=True)
        return False


def _print_preview(will: Mapping[str, Sequence[str]], *, err: bool) -> None:
    for key, words in (
        ("done", "would be done at once"),
        ("waits", "would wait for a second person"),
        ("refused", "cannot be done by you (decided already, your own mail, or somebody else's)"),
    ):
        numbers = will[key]
        if numbers:
            more = " ..." if len(numbers) > _SHOWN else ""
            typer.echo(f"{len(numbers)} {words}: {', '.join(numbers[:_SHOWN])}{more}", err=err)
    if not any(will.values()):
        typer.echo("no message matches", err=err)


def _tell(outcomes: Sequence[Done], how: How) -> None:
    if how.as_json:
        print_json([_facts(one) for one in outcomes])
    else:
        for one in outcomes:
            if one.problem:
                typer.echo(f"dlp: {one.outcome.reference}: {one.problem}", err=True)
            else:
                typer.echo(one.said)
    if any(one.problem for one in outcomes):
        raise typer.Exit(Exit.FINDINGS)


def _facts(one: Done) -> dict[str, Any]:
    if one.problem:
        return {"reference": one.outcome.reference, "done": False, "problem": one.problem}
    return {
        "reference": one.outcome.reference,
        "done": True,
        "state": one.outcome.state.value,
        "waits_for_second_person": one.outcome.waits,
        **({"incident": one.incident} if one.incident else {}),
    }
