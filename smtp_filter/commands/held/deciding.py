"""Deciding on held mail: one verb for each act, all through the acts of the console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from scanner.commands.exits import fail
from smtp_filter.commands.held.acting import act_on
from smtp_filter.commands.held.options import (
    Chosen,
    How,
    Many,
    ReasonOption,
    References,
    SomeReferences,
    shared,
)
from smtp_filter.commands.held.upkeep import do_what_is_due

_SEVERAL = """Name messages, or choose them by the filters of `list`.  Of several you are shown what would
happen and asked; --dry-run stops there, --yes does not ask.

\b
Exit codes: 0 all done (or waiting for a second person); 1 some could not be done; 2 nothing was done: wrong
options, nobody signed in, or the answer was no.
"""
RELEASE_HELP = f"""Release messages: the original goes out, to all recipients or to those you name.

{_SEVERAL}
\b
Examples:
  dlp quarantine release Q-2026-000123 --reason "right person"
  dlp quarantine release Q-2026-000123 --reason "only the GP" --to gp@example.nhs.uk --route secure
  dlp quarantine release Q-2026-000123 --reason "test data" --false-alarm
  dlp quarantine release --severity low --domain example.org --reason "agreed list" --dry-run
"""
RETURN_HELP = f"""Return messages to their senders: nobody gets them, the sender is told what to do.

Without --advice they are advised what the page proposes; --advice "" says nothing.

{_SEVERAL}
\b
Examples:
  dlp quarantine return Q-2026-000123 --reason "not encrypted" --advice "Send it by the portal."
  dlp quarantine return --sender j.smith@example.gov.uk --reason "not encrypted" --advice-file advice.txt
"""
DELETE_HELP = f"""Refuse messages and destroy their bodies now; the sender is told, with your advice.

{_SEVERAL}
\b
Examples:
  dlp quarantine delete Q-2026-000123 --reason "sent by a stolen account"
"""
ASSIGN_HELP = f"""Give messages to somebody, by the name of their account; `-` gives them back to all.

{_SEVERAL}
\b
Examples:
  dlp quarantine assign s.lee Q-2026-000123
  dlp quarantine assign s.lee --department Housing --assigned - --yes
"""
ESCALATE_HELP = f"""Make messages a matter of the DPO or another owner: each opens an incident, none expires.

{_SEVERAL}
\b
Examples:
  dlp quarantine escalate Q-2026-000123 --owner dpo --reason "may be a breach"
"""
EXPIRE_HELP = """End undecided messages with notice to their senders: those you name, or all that are due.

\b
Examples:
  dlp quarantine expire --due
  dlp quarantine expire Q-2026-000123 --reason "the sender has left"
"""
PURGE_HELP = f"""Destroy the bodies of ended messages: those you name, or all whose time is over.

The key is deleted: no copy of the body can be read again. A legal hold prevents it.

{_SEVERAL}
\b
Examples:
  dlp quarantine purge --due
  dlp quarantine purge Q-2026-000123 --reason "request of the data subject"
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

AdviceOption = Annotated[str | None, typer.Option("--advice", help="What the sender is told, word for word.")]
AdviceFile = Annotated[
    Path | None, typer.Option("--advice-file", help="A text file with the advice.", dir_okay=False)
]
DueOption = Annotated[bool, typer.Option("--due", help="All whose time is over, as the relay does itself.")]


@shared(Chosen, Many, How)
def release(
    chosen: Chosen,
    many: Many,
    how: How,
    references: SomeReferences = None,
    reason: ReasonOption = ...,  # type: ignore[assignment]
    to: Annotated[
        list[str] | None, typer.Option("--to", help="Only to this recipient. May be repeated.")
    ] = None,
    route: Annotated[str, typer.Option("--route", help="default, secure or gateway.")] = "default",
    false_alarm: Annotated[bool, typer.Option("--false-alarm", help="It should not have been held.")] = False,
) -> None:
    """Release."""
    if to and len(references or ()) != 1:
        fail("--to is for one message")
    told = {"reason": reason, "recipients": tuple(to or ()), "route": route, "false_alarm": false_alarm}
    act_on("release", references, chosen, how, many, **told)


@shared(Chosen, Many, How)
def give_back(
    chosen: Chosen,
    many: Many,
    how: How,
    references: SomeReferences = None,
    reason: ReasonOption = ...,  # type: ignore[assignment]
    advice: AdviceOption = None,
    advice_file: AdviceFile = None,
) -> None:
    """Return."""
    act_on("return", references, chosen, how, many, reason=reason, advice=_advice(advice, advice_file))


@shared(Chosen, Many, How)
def delete(
    chosen: Chosen,
    many: Many,
    how: How,
    references: SomeReferences = None,
    reason: ReasonOption = ...,  # type: ignore[assignment]
    advice: AdviceOption = None,
    advice_file: AdviceFile = None,
) -> None:
    """Delete."""
    told = _advice(advice, advice_file) or ""
    act_on("delete", references, chosen, how, many, reason=reason, advice=told)


@shared(Chosen, Many, How)
def assign(
    chosen: Chosen,
    many: Many,
    how: How,
    assignee: Annotated[str, typer.Argument(metavar="WHO", help="An account's name; - for nobody.")],
    references: SomeReferences = None,
    reason: ReasonOption = "",
) -> None:
    """Assign."""
    to = "" if assignee == "-" else assignee
    act_on("assign", references, chosen, how, many, reason=reason, to=to)


@shared(Chosen, Many, How)
def escalate(
    chosen: Chosen,
    many: Many,
    how: How,
    references: SomeReferences = None,
    reason: ReasonOption = ...,  # type: ignore[assignment]
    owner: Annotated[str, typer.Option("--owner", help="Whose matter it becomes.")] = "dpo",
) -> None:
    """Escalate."""
    act_on("escalate", references, chosen, how, many, reason=reason, to=owner)


@shared(Chosen, Many, How)
def purge(
    chosen: Chosen,
    many: Many,
    how: How,
    references: SomeReferences = None,
    reason: ReasonOption = "",
    due: DueOption = False,
) -> None:
    """Purge."""
    if due:
        do_what_is_due("bodies_deleted", how, named=bool(references) or chosen.filter().narrowed)
        return
    if chosen.filter().narrowed and not chosen.state:
        # What waits for a decision has a body to keep: a filter means what has ended.
        chosen = replace(chosen, everything=True)
    act_on("purge", references, chosen, how, many, reason=reason)


@shared(How)
def expire(
    how: How, references: SomeReferences = None, reason: ReasonOption = "undecided", due: DueOption = False
) -> None:
    """Expire."""
    if due or not references:
        do_what_is_due("expired", how, named=bool(references) or not due)
        return
    act_on("expire", references, None, how, reason=reason)


@shared(How)
def approve(how: How, references: References, reason: ReasonOption = "") -> None:
    """Approve."""
    act_on("approve", references, None, how, reason=reason)


def _with_reason(act: str) -> Callable[..., None]:
    @shared(How)
    def verb(how: How, references: References, reason: ReasonOption) -> None:
        act_on(act, references, None, how, reason=reason)

    return verb


@shared(How)
def legal_hold(
    how: How,
    references: References,
    reason: ReasonOption,
    lift: Annotated[bool, typer.Option("--lift", help="Lift it.")] = False,
) -> None:
    """Keep."""
    act_on("unkeep" if lift else "keep", references, None, how, reason=reason)


def _advice(advice: str | None, file: Path | None) -> str | None:
    """What is told to the sender; ``None`` where nothing was said about it."""
    if advice is not None and file is not None:
        fail("give --advice or --advice-file")
    if file is None:
        return advice
    try:
        return file.read_text("utf-8").strip()[:4_000]
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read ({getattr(error, 'strerror', None) or 'no text'})")


VERBS = (
    ("release", RELEASE_HELP, release),
    ("return", RETURN_HELP, give_back),
    ("delete", DELETE_HELP, delete),
    ("expire", EXPIRE_HELP, expire),
    ("assign", ASSIGN_HELP, assign),
    ("escalate", ESCALATE_HELP, escalate),
    ("approve", APPROVE_HELP, approve),
    ("decline", DECLINE_HELP, _with_reason("decline")),
    ("reopen", REOPEN_HELP, _with_reason("reopen")),
    ("legal-hold", KEEP_HELP, legal_hold),
    ("purge", PURGE_HELP, purge),
)
